"""Estimators with the readout "density"."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from pmm_sklearn import PMMClassifier, PMMRegressor
from pmm_sklearn.inspection import canonical_gauge

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

ALPHAS = pytest.mark.parametrize("alpha", [0.01, "auto"])


def regressor(**parameters):
    defaults = {"matrix_size": 4, "n_eigenvectors": 2, "n_init": 2, "random_state": 0}
    return PMMRegressor(readout="density", **{**defaults, **parameters})


@pytest.fixture(scope="module")
def noisy():
    rng = np.random.RandomState(0)
    X = rng.uniform(-1, 1, size=(120, 2))
    y = np.sin(2 * X[:, 0]) + X[:, 1] ** 2
    return X, y + 0.1 * rng.standard_normal(120)


@ALPHAS
@pytest.mark.parametrize("structure", [{}, {"matrix_size": (3, 2)}], ids=str)
@pytest.mark.parametrize("matrix_type", ["hermitian", "symmetric"])
def test_learns(noisy, alpha, structure, matrix_type):
    X, y = noisy
    model = regressor(alpha=alpha, max_iter=60, matrix_type=matrix_type, **structure)
    model.fit(X[:80], y[:80])
    assert model.observables_.shape[:2] == (1, 1)
    mean, std = model.predict(X[80:], return_std=True)
    assert np.sqrt(np.mean((mean - y[80:]) ** 2)) < 0.14
    assert np.mean(np.abs(mean - y[80:]) < 1.96 * std) > 0.8


@ALPHAS
def test_units_do_not_matter(noisy, alpha):
    X, y = noisy
    model = regressor(alpha=alpha, max_iter=10).fit(X, y)
    scales, shifts = np.array([1e3, 1e-6]), np.array([-70.0, 0.0])
    other = regressor(alpha=alpha, max_iter=10).fit(X * scales + shifts, 1e4 * y - 3)
    predicted = other.predict(X * scales + shifts)
    assert_allclose(predicted, 1e4 * model.predict(X) - 3, rtol=1e-5, atol=1e-2)


@ALPHAS
def test_what_a_fitted_model_can_do(noisy, alpha):
    X, y = noisy
    model = regressor(alpha=alpha, max_iter=15).fit(X, y)
    expected = model.predict(X[:9], return_std=True)
    again = pickle.loads(pickle.dumps(model)).predict(X[:9], return_std=True)
    assert_array_equal(again, expected)
    value, gradient = model.as_function(gradient=True)(X[:9])
    assert_allclose(value, expected[0])
    step = 1e-5 * np.eye(2)
    numerical = [(model.predict(X[:9] + h) - model.predict(X[:9] - h)) for h in step]
    assert_allclose(gradient, np.transpose(numerical) / 2e-5, atol=1e-7)
    assert_allclose(canonical_gauge(model).predict(X[:9]), expected[0])
    assert model.sample_y(X[:9], 3).shape == (9, 3)


@ALPHAS
def test_warm_start_goes_on(noisy, alpha):
    X, y = noisy
    model = regressor(alpha=alpha, n_init=1, max_iter=12, warm_start=True).fit(X, y)
    before = model.loss_
    assert model.fit(X, y).loss_ < before + 5
    model.set_params(smearing=0.5)
    with pytest.raises(ValueError, match="smearing=0.125, got 0.5"):
        model.fit(X, y)


def test_smearing_of_other_readouts_says_nothing(noisy):
    X, y = noisy
    fits = [
        PMMRegressor(3, 1, smearing=s, max_iter=5, n_init=1, random_state=0).fit(X, y)
        for s in (0.1, 2.0)
    ]
    assert_array_equal(fits[0].predict(X), fits[1].predict(X))


def test_batches(noisy):
    X, y = noisy
    model = regressor(batch_size=16, alpha=1e-3)
    for _ in range(60):
        model.partial_fit(X, y)
    assert model.score(X, y) > 0.9


def test_the_evidence_prefers_low_temperatures_where_there_is_none():
    """An avoided crossing of two levels, exact at the temperature zero."""
    x = np.linspace(-1, 1, 12)
    X, y = x[:, np.newaxis], -x / np.sqrt(x**2 + 0.04)
    fits = [
        regressor(alpha="auto", matrix_size=2, n_eigenvectors=1, smearing=kT)
        for kT in (1 / 64, 1 / 4)
    ]
    cold, warm = [model.fit(X, y) for model in fits]
    assert cold.log_evidence_ > warm.log_evidence_ + 10
    assert cold.predict([[2.0]]) == pytest.approx(-0.995037, abs=1e-4)


def test_levels_that_cross_at_the_edge_make_no_jumps():
    """Sectors whose levels cross, of which others read a state out or do not."""
    X = np.linspace(-1, 1, 41)[:, np.newaxis]
    jumps = {}
    for readout in ("expectation", "density"):
        model = PMMRegressor((1, 1), 1, readout=readout, n_init=1, random_state=0)
        model.set_params(max_iter=1, smearing=0.5).fit(X, X[:, 0])
        model.matrices_ = np.array([np.diag([0.5, 0.5]), np.diag([1.0, -1.0])])
        model.observables_ = np.diag([1.0, -1.0])[np.newaxis, np.newaxis]
        fine = np.linspace(-1e-3, 1e-3, 11)[:, np.newaxis]
        jumps[readout] = np.max(np.abs(np.diff(model.predict(fine))))
    assert jumps["expectation"] > 1
    assert jumps["density"] < 1e-3


def test_classes():
    rng = np.random.RandomState(0)
    X = rng.uniform(-1, 1, (150, 2))
    y = (X[:, 0] * X[:, 1] > 0).astype(int) + (X[:, 0] > 0.5)
    model = PMMClassifier(readout="density", n_init=2, random_state=0)
    model.fit(X[:100], y[:100])
    assert model.score(X[100:], y[100:]) > 0.85
    assert_allclose(canonical_gauge(model).predict_proba(X), model.predict_proba(X))
