"""Estimators as transformers, in front of others."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

from pmm_sklearn import PMMClassifier, PMMEmulator, PMMRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X = np.linspace(-1, 1, 30)[:, np.newaxis]


@pytest.mark.parametrize(
    "model",
    [
        PMMRegressor((2, 1), 1, n_init=1, max_iter=5, random_state=0),
        PMMClassifier((2, 1), 1, n_init=1, max_iter=5, random_state=0),
        PMMEmulator((2, 1), n_init=1, max_iter=5, random_state=0),
    ],
)
def test_features_are_levels_with_names(model):
    y = X[:, 0] > 0 if isinstance(model, PMMClassifier) else X[:, 0] ** 2
    if isinstance(model, PMMEmulator):
        model.set_params(matrix_size=3)
    levels = model.fit_transform(X, y)
    assert_allclose(levels, model.model_.levels(X))
    frame = model.set_output(transform="pandas").transform(X)
    assert list(frame.columns) == list(model.get_feature_names_out())
    sectors = {name.split("_")[0] for name in frame.columns}
    is_split = len(model.model_.block_sizes) > 1
    assert sectors == ({"sector0", "sector1"} if is_split else set(frame.columns))


def test_levels_are_good_features():
    y = np.hypot(1, 3 * X[:, 0])
    model = PMMRegressor(2, 1, n_init=2, random_state=0)
    pipeline = make_pipeline(model, LinearRegression()).fit(X, y)
    assert pipeline.score(X, y) > LinearRegression().fit(X, y).score(X, y) + 0.5
