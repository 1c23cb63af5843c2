"""Fitted estimators in files of skops, which ask for trust in every class."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pmm_sklearn import (
    EigenvectorContinuation,
    PMMClassifier,
    PMMEmulator,
    PMMImageClassifier,
    PMMRegressor,
    UnitaryPMMEmulator,
)
from pmm_sklearn.targets import Level, Observable

skops_io = pytest.importorskip("skops.io", reason="needs skops")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = np.linspace(-1, 1, 12)[:, np.newaxis]
LEVEL = -np.sqrt(1 + X[:, 0] ** 2)
PARITY = np.diag([1.0, -1.0, 1.0])
SHORT = {"n_init": 1, "max_iter": 5, "random_state": 0}


def through_skops(estimator):
    """The estimator read from a file, and the classes that the file asks for."""
    text = skops_io.dumps(estimator)
    names = skops_io.get_untrusted_types(data=text)
    return skops_io.loads(text, trusted=names), names


def name_of(estimator):
    return f"{type(estimator).__module__}.{type(estimator).__name__}"


@pytest.mark.parametrize(
    "model",
    [
        PMMRegressor(2, 1, **SHORT),
        PMMRegressor(2, 1, rank=1, **SHORT),
        PMMRegressor(2, 1, **{**SHORT, "n_init": 2}, n_average=2),
        PMMEmulator(2, **SHORT),
        PMMEmulator(3, commutator=0.1, **SHORT),
        PMMEmulator(3, parity=PARITY, fixed={1: np.zeros((3, 3))}, **SHORT),
        PMMEmulator((2, 1), commutes_with=PARITY, parity=PARITY, **SHORT),
        UnitaryPMMEmulator(2, n_factors=2, **SHORT),
    ],
    ids=str,
)
@pytest.mark.parametrize("n_rows", [12, 120])
def test_error_bars_need_trust_in_the_estimator_only(model, n_rows):
    """With few and with many data, which have other forms of the covariance."""
    rows = np.arange(n_rows) % 12
    model.fit(X[rows], LEVEL[rows])
    loaded, names = through_skops(model)
    assert names == [name_of(model)]
    for option in ("return_std", "return_cov"):
        pairs = zip(
            loaded.predict(X, **{option: True}),
            model.predict(X, **{option: True}),
            strict=True,
        )
        for again, expected in pairs:
            assert_array_equal(again, expected)
    assert_array_equal(loaded.sample_y(X, 2), model.sample_y(X, 2))


def test_targets_of_the_user_are_asked_for():
    targets = [Level(0), Observable("n")]
    model = PMMEmulator(2, targets=targets, **SHORT)
    loaded, names = through_skops(model.fit(X, np.column_stack([LEVEL, X])))
    assert {name.rpartition(".")[2] for name in names} == {
        "PMMEmulator",
        "Level",
        "Observable",
    }
    assert loaded.targets == loaded.targets_ == targets


def test_classifiers_need_trust_in_themselves_only():
    images, labels = load_digits(n_class=2, return_X_y=True)
    images, labels = images[:40].reshape(-1, 8, 8), labels[:40]
    models = [
        PMMClassifier(2, 1, n_average=2, n_init=2, max_iter=5).fit(X, X[:, 0] > 0),
        PMMImageClassifier(4, 2, 3, 3, 1, max_iter=1).fit(images, labels),
    ]
    for model, data in zip(models, (X, images), strict=True):
        loaded, names = through_skops(model)
        assert names == [name_of(model)]
        assert_array_equal(loaded.predict_proba(data), model.predict_proba(data))


def test_eigenvector_continuation_needs_trust_in_itself_only():
    hamiltonian = np.array([np.diag([0.0, 1.0]), [[0.0, 1.0], [1.0, 0.0]]])
    model = EigenvectorContinuation(hamiltonian).fit(X)
    loaded, names = through_skops(model)
    assert names == [name_of(model)]
    assert_array_equal(loaded.predict(X), model.predict(X))


@pytest.mark.parametrize("kind", [PMMRegressor, PMMClassifier])
def test_training_batch_by_batch_goes_on(kind):
    y = X[:, 0] if kind is PMMRegressor else X[:, 0] > 0
    classes = {} if kind is PMMRegressor else {"classes": [False, True]}
    model = kind(2, 1, random_state=0).partial_fit(X, y, **classes)
    loaded, _ = through_skops(model)
    assert_array_equal(
        loaded.partial_fit(X, y).matrices_, model.partial_fit(X, y).matrices_
    )


def test_in_a_pipeline():
    pipeline = make_pipeline(StandardScaler(), PMMRegressor(2, 1, **SHORT))
    loaded, names = through_skops(pipeline.fit(X, LEVEL))
    assert names == [name_of(pipeline[-1])]
    assert_array_equal(loaded.predict(X), pipeline.predict(X))
