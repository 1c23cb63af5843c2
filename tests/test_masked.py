"""Masked arrays: what is masked is never used."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from pmm_sklearn import (
    PMMClassifier,
    PMMEmulator,
    PMMImageClassifier,
    PMMRegressor,
    UnitaryPMMEmulator,
)

X = np.linspace(-1, 1, 12)[:, np.newaxis]
QUICK = {"max_iter": 3, "n_init": 1, "random_state": 0}

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def masked(array):
    """The same with an absurd value behind the mask of its second element."""
    array = np.ma.masked_array(array, mask=np.zeros(np.shape(array), bool))
    array[1] = -1e6
    array[1] = np.ma.masked
    return array


@pytest.mark.parametrize("name", ["X", "y", "sample_weight", "y_err"])
def test_regressor_refuses(name):
    values = {"X": X, "y": X[:, 0] ** 2, "sample_weight": np.ones(12)}
    if name == "y_err":
        values["y_err"] = np.full(12, 0.1)
    values[name] = masked(values[name])
    with pytest.raises(ValueError, match=f"{name} must not be a masked array .* got 1"):
        PMMRegressor(3, 1, **QUICK).fit(**values)


def test_prediction_refuses():
    model = PMMRegressor(3, 1, **QUICK).fit(X, X[:, 0] ** 2)
    with pytest.raises(ValueError, match="X must not be a masked array"):
        model.predict(masked(X))


def test_classifiers_refuse():
    labels = np.arange(12) % 2
    with pytest.raises(ValueError, match="y must not be a masked array"):
        PMMClassifier(3, 1, **QUICK).fit(X, masked(labels))
    images = np.random.RandomState(0).uniform(size=(12, 4, 4))
    with pytest.raises(ValueError, match="y must not be a masked array"):
        PMMImageClassifier(max_iter=1).fit(images, masked(labels))


@pytest.mark.parametrize("kind", [PMMEmulator, UnitaryPMMEmulator])
def test_targets_of_emulators_that_are_masked_are_not_known(kind):
    x = X / 10 if kind is UnitaryPMMEmulator else X
    y = -np.hypot(1, x[:, 0])
    unknown = y.copy()
    unknown[1] = np.nan
    expected = kind(2, **QUICK).fit(x, unknown)
    model = kind(2, **QUICK).fit(x, masked(y))
    assert_array_equal(model.predict(x), expected.predict(x))
    assert model.score(x, masked(y)) == expected.score(x, unknown)


def test_a_mask_that_hides_nothing_is_an_array():
    model = PMMRegressor(3, 1, **QUICK)
    expected = model.fit(X, X[:, 0] ** 2).predict(X)
    found = model.fit(np.ma.masked_array(X), np.ma.masked_array(X[:, 0] ** 2))
    assert_array_equal(found.predict(np.ma.masked_array(X)), expected)
