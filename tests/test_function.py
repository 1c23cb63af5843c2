"""Fitted models as functions, and derivatives of predictions by the features."""

import pickle
import re
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import check_grad, minimize
from sklearn.exceptions import NotFittedError

from pmm_sklearn import (
    PMMClassifier,
    PMMEmulator,
    PMMRegressor,
    UnitaryPMMEmulator,
)
from pmm_sklearn.model import READOUTS, observable_pmm

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

STRUCTURES = [
    {},
    {"matrix_type": "symmetric"},
    {"matrix_size": (3, 2)},
    {"rank": 2},
    {"which": "LA"},
    {"which": "LM", "matrix_type": "symmetric"},
]
QUICK = {"matrix_size": 4, "n_eigenvectors": 2, "n_init": 1, "random_state": 0}


def features(n_samples=30):
    return np.random.RandomState(0).uniform(-1, 1, size=(n_samples, 3))


def targets(X, n_outputs):
    y = np.column_stack([np.sin(X[:, 0] + X[:, 1]), X[:, 2] ** 2])
    return y[:, 0] if n_outputs == 1 else y


def fitted(estimator, n_outputs=1, **parameters):
    """Estimator, and its method that `as_function` and the gradient are of."""
    X = features()
    if estimator is PMMClassifier:
        y = np.digitize(X[:, 0] + X[:, 1], [0.0] if n_outputs == 1 else [-0.5, 0.5])
    else:
        y = targets(X, n_outputs)
    model = estimator(**{**QUICK, "max_iter": 5, **parameters}).fit(X, y)
    if estimator is PMMClassifier:
        return model, model.decision_function, model.decision_function_gradient
    return model, model.predict, model.predict_gradient


def finite_differences(function, X, step=1e-6):
    """Derivatives along the last axis."""
    return np.stack(
        [(function(X + d) - function(X - d)) / (2 * step) for d in step * np.eye(3)],
        axis=-1,
    )


@pytest.mark.parametrize("estimator", [PMMRegressor, PMMClassifier])
@pytest.mark.parametrize("n_outputs", [1, 2])
@pytest.mark.parametrize("readout", READOUTS)
@pytest.mark.parametrize("structure", STRUCTURES)
class TestEveryStructure:
    def test_gradient_is_that_of_finite_differences(
        self, estimator, n_outputs, readout, structure
    ):
        _, value, gradient = fitted(estimator, n_outputs, readout=readout, **structure)
        X = features(7)
        expected = finite_differences(value, X)
        assert gradient(X).shape == expected.shape
        assert_allclose(gradient(X), expected, rtol=1e-5, atol=1e-6)

    def test_function_is_the_prediction(self, estimator, n_outputs, readout, structure):
        model, value, gradient = fitted(
            estimator, n_outputs, readout=readout, **structure
        )
        X = features(7)
        assert_allclose(model.as_function()(X), value(X), rtol=0, atol=1e-12)
        batch = model.as_function(gradient=True)(X)
        row = model.as_function(gradient=True)(X[3])
        assert_allclose(model.as_function()(X[3]), value(X)[3], rtol=0, atol=1e-12)
        for own, from_batch, expected in zip(
            row, batch, (value(X), gradient(X)), strict=True
        ):
            assert_allclose(from_batch, expected, rtol=0, atol=1e-11)
            assert_allclose(own, expected[3], rtol=0, atol=1e-11)
            assert np.shape(own) == expected.shape[1:]


def emulator(degree=1, **parameters):
    X = np.random.RandomState(0).uniform(-1, 1, size=(12, 2))
    y = np.column_stack([np.hypot(X[:, 0], 0.5), np.sin(X[:, 1])])
    settings = {"max_iter": 5, "n_init": 1, "random_state": 0, **parameters}
    return X, PMMEmulator(3, degree=degree, **settings).fit(X, y)


@pytest.mark.parametrize("degree", [1, 3])
def test_function_of_an_emulator(degree):
    X, model = emulator(degree)
    value, gradient = model.as_function(gradient=True)(X)
    assert_allclose(model.as_function()(X[0]), model.predict(X)[0], rtol=0, atol=1e-12)
    assert_allclose(value, model.predict(X), rtol=0, atol=1e-12)
    assert_allclose(gradient, model.predict_gradient(X), rtol=0, atol=1e-12)
    f = model.as_function(gradient=True)
    for k in range(2):
        error = check_grad(
            lambda x, k=k: f(x)[0][k], lambda x, k=k: f(x)[1][k], [0.3, 0.1]
        )
        assert error < 1e-5


def test_function_of_a_unitary_emulator():
    X = np.array([[0.1], [0.2], [0.3]])
    model = UnitaryPMMEmulator(2, max_iter=5, n_init=1, random_state=0)
    model.fit(X, -1 + 0.1 * X[:, 0] ** 2)
    f = model.as_function()
    assert_allclose(f(X), model.predict(X), rtol=0, atol=1e-12)
    assert_allclose(f([0.0]), model.predict([[0.0]])[0], rtol=0, atol=1e-12)


def test_value_is_a_number_where_y_was_one_dimensional():
    model, *_ = fitted(PMMRegressor)
    assert isinstance(model.as_function()([0.1, 0.2, 0.3]), float)
    value, gradient = model.as_function(gradient=True)([0.1, 0.2, 0.3])
    assert isinstance(value, float)
    assert gradient.shape == (3,)


@pytest.mark.parametrize("n_outputs", [1, 2])
@pytest.mark.parametrize("settings", [{}, {"n_init": 3, "n_average": 2}])
@pytest.mark.parametrize("alpha", ["auto", 0.1])
def test_standard_deviations_of_a_function(settings, n_outputs, alpha):
    model, *_ = fitted(PMMRegressor, n_outputs, alpha=alpha, **settings)
    X = features(40) * 1.2
    expected = model.predict(X, return_std=True)
    f = model.as_function(return_std=True)
    for found, right in zip(f(X), expected, strict=True):
        assert_allclose(found, right, rtol=1e-9)
    for found, right in zip(f(X[7]), expected, strict=True):
        assert_allclose(found, right[7], rtol=1e-9)
        assert np.shape(found) == np.shape(right[7])
    value, gradient, std = model.as_function(gradient=True, return_std=True)(X)
    assert_allclose(value, expected[0], rtol=1e-9)
    assert_allclose(gradient, model.predict_gradient(X), rtol=1e-9, atol=1e-12)
    assert_allclose(std, expected[1], rtol=1e-9)


def test_standard_deviations_of_a_function_of_an_emulator():
    X, model = emulator(1)
    f = pickle.loads(pickle.dumps(model.as_function(return_std=True)))
    for found, right in zip(f(X), model.predict(X, return_std=True), strict=True):
        assert_allclose(found, right, rtol=1e-9)


def test_function_without_error_bars_says_so():
    model = PMMRegressor(**QUICK).partial_fit(features(), targets(features(), 1))
    with pytest.raises(ValueError, match="not after partial_fit"):
        model.as_function(return_std=True)


@pytest.mark.parametrize("gradient", [False, True])
@pytest.mark.parametrize("shape", [(), (0,), (1,), (2,), (4, 2), (4, 1), (2, 1, 3)])
def test_function_of_another_shape(shape, gradient):
    f = fitted(PMMRegressor)[0].as_function(gradient=gradient)
    expected = r"x must have shape \(3,\) or \(n_samples, 3\), .* got shape "
    with pytest.raises(ValueError, match=expected + re.escape(str(shape))):
        f(np.zeros(shape))


def test_optimiser_takes_value_and_gradient():
    X = features(80)
    y = np.sum((X - [0.2, -0.3, 0.1]) ** 2, axis=1)
    model = PMMRegressor(5, 2, n_init=1, random_state=0).fit(X, y)
    found = minimize(model.as_function(gradient=True), np.zeros(3), jac=True)
    assert_allclose(found.x, [0.2, -0.3, 0.1], atol=0.05)
    assert np.linalg.norm(found.jac) < 1e-4


@pytest.mark.parametrize("gradient", [False, True])
@pytest.mark.parametrize("readout", READOUTS)
def test_function_can_be_pickled(tmp_path, readout, gradient):
    model, *_ = fitted(PMMRegressor, 2, readout=readout)
    f, X = model.as_function(gradient=gradient), features(4)
    file = tmp_path / "function.joblib"
    joblib.dump(f, file)
    for copy in (pickle.loads(pickle.dumps(f)), joblib.load(file)):
        for own, other in zip(f(X), copy(X), strict=True):
            assert_array_equal(own, other)


def test_threads_may_share_a_function():
    model, *_ = fitted(PMMRegressor, readout="transition")
    f, X = model.as_function(gradient=True), features(200)
    values, gradients = f(X)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(f, X))
    assert_allclose([value for value, _ in results], values, atol=1e-12)
    assert_allclose([gradient for _, gradient in results], gradients, atol=1e-11)


def test_later_fits_do_not_change_a_function():
    model, predict, _ = fitted(PMMRegressor)
    f, X = model.as_function(), features(4)
    before = predict(X)
    model.matrices_ *= 2.0
    model.set_params(n_eigenvectors=1).fit(X, X[:, 0])
    assert_array_equal(f(X), before)


def test_predictions_follow_changed_matrices():
    """What `predict` keeps between calls does not depend on the matrices."""
    model, predict, _ = fitted(PMMRegressor, readout="transition")
    X = features(4)
    before = predict(X) - model.intercept_
    model.observables_ *= 2.0
    assert_allclose(predict(X) - model.intercept_, 4.0 * before, rtol=1e-12)


@pytest.mark.parametrize("estimator", [PMMRegressor, PMMClassifier, PMMEmulator])
def test_function_needs_a_fit(estimator):
    with pytest.raises(NotFittedError):
        estimator().as_function()


def test_gradient_is_checked_like_predictions():
    _, predict, gradient = fitted(PMMRegressor)
    for bad in ([[np.nan] * 3], [[1.0, 2.0]], np.ones(3), [[1e308] * 3]):
        with pytest.raises(ValueError, match="X|array") as expected:
            predict(bad)
        with pytest.raises(ValueError, match="X|array") as error:
            gradient(bad)
        assert str(error.value) == str(expected.value)


def test_arrays_and_lists_are_checked_alike():
    _, predict, _ = fitted(PMMRegressor)
    assert_array_equal(predict(features(3)), predict(features(3).tolist()))
    for bad in (np.full((1, 3), np.nan), np.ones((1, 2)), np.ones((0, 3))):
        with pytest.raises(ValueError, match="X|array"):
            predict(bad)


def test_gradient_is_finite_at_a_degeneracy():
    """Two sectors whose levels cross where the feature is zero."""
    X = np.linspace(-1, 1, 9)[:, np.newaxis]
    model = PMMRegressor((1, 1), 1, n_init=1, random_state=0).fit(X, X[:, 0])
    model.matrices_ = np.array([np.zeros((2, 2)), np.diag([1.0, -1.0])], complex)
    assert np.all(np.isfinite(model.predict_gradient([[0.0]])))


def test_many_samples_come_in_chunks(monkeypatch):
    """Results do not depend on the number of samples of a chunk."""
    _, predict, gradient = fitted(PMMRegressor, 2)
    X = features(50)
    before = predict(X), gradient(X)
    monkeypatch.setattr("pmm_sklearn.model._chunks._LARGEST_CHUNK", 7)
    assert_allclose(predict(X), before[0], atol=1e-12)
    assert_allclose(gradient(X), before[1], atol=1e-11)


def test_gradient_of_a_model_is_as_large_as_asked_for():
    model = observable_pmm(2, 3, (4,), 2, readout="transition")
    parameters = model.split(model.initial(np.random.RandomState(0)))
    value, gradient = model.predict_gradient(parameters, np.zeros((0, 2)))
    assert value.shape == (0, 3)
    assert gradient.shape == (0, 3, 2)
