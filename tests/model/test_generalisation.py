"""The loss to expect of new data, estimated from the training data."""

import numpy as np
import pytest

from pmm_sklearn.model import (
    CrossEntropy,
    Objective,
    RidgePenalty,
    SquaredError,
    expected_loss,
    observable_pmm,
)
from pmm_sklearn.model.generalisation import effective_parameters

MODEL = observable_pmm(2, 2, (3,), 2)  # 27 + 36 + 2 parameters


def data(n_samples, seed=0):
    rng = np.random.RandomState(seed)
    weight = rng.randint(1, 4, size=(n_samples, 1)).astype(float)
    return rng.standard_normal((n_samples, 2)), rng.rand(n_samples, 2), weight


def objective(samples, alpha, loss=None):
    return Objective(MODEL, loss or SquaredError(), *samples, RidgePenalty(alpha))


def theta():
    return MODEL.initial(np.random.RandomState(1))


def traced(problem, alpha):
    """Trace of the matrix that takes targets to predictions."""
    _, J = problem.residuals_and_jacobian(theta())
    return np.trace(J @ np.linalg.solve(J.T @ J + alpha * np.eye(J.shape[1]), J.T))


@pytest.mark.parametrize("n_samples", [20, 60])
@pytest.mark.parametrize("alpha", [1e-3, 1.0, 100.0])
def test_effective_parameters_are_a_trace(n_samples, alpha):
    problem = objective(data(n_samples), alpha)
    assert problem.is_dual == (n_samples == 20)
    assert effective_parameters(problem, theta()) == pytest.approx(
        traced(problem, alpha), rel=1e-6
    )


def test_changes_of_basis_are_not_determined():
    count = effective_parameters(objective(data(200), 0.0), theta())
    assert count <= MODEL.n_parameters - 6  # of 3 x 3 unitary matrices, without phases


@pytest.mark.parametrize("loss", [SquaredError(), CrossEntropy(3.0)])
def test_weights_are_repetitions(loss):
    X, y, weight = data(30)
    y = (y == y.max(axis=1, keepdims=True)).astype(float)
    repeated = np.repeat(np.arange(30), weight[:, 0].astype(int))
    ones = np.ones((len(repeated), 1))
    expected = expected_loss(
        objective((X[repeated], y[repeated], ones), 0.3, loss), theta()
    )
    found = expected_loss(objective((X, y, weight), 0.3, loss), theta())
    assert found == pytest.approx(expected, rel=1e-9)


def test_leaving_out_of_a_linear_model():
    """Ridge regression on the Jacobian, with every sample left out once."""
    samples = data(400)
    problem, alpha = objective(samples, 5.0), 5.0
    residuals, J = problem.residuals_and_jacobian(theta())
    hat = J @ np.linalg.solve(J.T @ J + alpha * np.eye(J.shape[1]), J.T)
    targets = J @ theta() - residuals
    fitted = targets - hat @ targets
    left_out = np.mean((fitted / (1 - np.diag(hat))) ** 2)
    n = len(residuals)
    expected = SquaredError.expected(
        fitted @ fitted, np.empty((n, 1)), np.ones((n, 1)), np.trace(hat)
    )
    assert expected == pytest.approx(left_out, rel=0.05)
    assert expected > 1.05 * (fitted @ fitted) / n


def test_cross_entropy_counts_parameters():
    X, y, weight = data(100)
    problem = objective((X, y, weight), 2.0, CrossEntropy())
    count, n = effective_parameters(problem, theta()), weight.sum()
    value = problem.loss_and_norm(theta())[0]
    expected = (value + count * np.log(np.log(n))) / n
    assert expected_loss(problem, theta())[0] == pytest.approx(expected)


def test_nothing_is_promised_where_nothing_is_finite():
    X, y, weight = data(10)
    problem = objective((X, 1e200 * y, weight), 1.0)
    with np.errstate(over="ignore"):
        assert expected_loss(problem, theta())[0] == np.inf
