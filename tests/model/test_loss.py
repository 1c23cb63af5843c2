"""Losses: derivatives, Gauss-Newton matrices, extreme outputs."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import expit, softmax

from pmm_sklearn.model import (
    CrossEntropy,
    NoisePenalty,
    Objective,
    RidgePenalty,
    SquaredError,
    WeightedLoss,
    observable_pmm,
)
from pmm_sklearn.model.losses import Loss

from ..problems import central_difference

OUTPUTS = pytest.mark.parametrize("n_outputs", [1, 3])
WEIGHTED = WeightedLoss(CrossEntropy())
LOSSES = [SquaredError(), CrossEntropy(), CrossEntropy(3.0)]


def data(n_outputs, n_samples=7, size=2.0):
    """Outputs, indicators of classes, weights and a Jacobian."""
    rng = np.random.RandomState(0)
    labels = rng.randint(max(n_outputs, 2), size=n_samples)
    targets = labels[:, np.newaxis] == np.arange(n_outputs)
    if n_outputs == 1:
        targets = labels[:, np.newaxis]
    return (
        size * rng.standard_normal((n_samples, n_outputs)),
        targets.astype(float),
        rng.uniform(0.5, 2.0, (n_samples, 1)),
        rng.standard_normal((n_samples, n_outputs, 5)),
    )


@OUTPUTS
def test_value_is_the_weighted_negative_log_likelihood(n_outputs):
    z, y, weight, _ = data(n_outputs)
    if n_outputs == 1:
        likelihood = np.where(y == 1, expit(z), 1 - expit(z))[:, 0]
    else:
        likelihood = np.sum(y * softmax(z, axis=1), axis=1)
    expected = -np.sum(weight[:, 0] * np.log(likelihood))
    assert WEIGHTED.value(z, y, weight) == pytest.approx(expected, rel=1e-12)


@OUTPUTS
def test_gradient(n_outputs):
    z, y, weight, _ = data(n_outputs)
    loss = WEIGHTED

    def value(flat):
        return loss.value(flat.reshape(z.shape), y, weight)

    numerical = [central_difference(value, z.ravel(), e) for e in np.eye(z.size)]
    assert_allclose(loss.gradient(z, y, weight).ravel(), numerical, atol=1e-9)


@OUTPUTS
@pytest.mark.parametrize("size", [2.0, 20.0])
def test_sum_of_squares_has_the_derivatives_of_the_loss(n_outputs, size):
    z, y, weight, slopes = data(n_outputs, size=size)
    loss = WEIGHTED
    expected = np.einsum("sk,skp->p", loss.gradient(z, y, weight), slopes)
    p = CrossEntropy().probabilities(z)
    if n_outputs == 1:
        curvature = (p * (1 - p))[:, :, np.newaxis]
    else:
        curvature = p[:, :, np.newaxis] * np.eye(n_outputs)
        curvature = curvature - p[:, :, np.newaxis] * p[:, np.newaxis]
    curvature = weight[:, :, np.newaxis] * curvature
    hessian = np.einsum("skp,skl,slq->pq", slopes, curvature, slopes)
    residuals, jacobian = loss.linearised(z, y, weight, slopes.copy())
    jacobian = jacobian.reshape(-1, 5)
    assert_allclose(2 * jacobian.T @ residuals.ravel(), expected, rtol=1e-9, atol=1e-9)
    assert_allclose(2 * jacobian.T @ jacobian, hessian, rtol=1e-9, atol=1e-12)


@OUTPUTS
@pytest.mark.parametrize("matrix_type", ["hermitian", "symmetric"])
def test_objective_of_a_model(n_outputs, matrix_type):
    _, y, weight, _ = data(n_outputs)
    rng = np.random.RandomState(1)
    X = rng.uniform(-1, 1, (len(y), 2))
    model = observable_pmm(2, n_outputs, (4,), 2, matrix_type=matrix_type)
    theta = model.initial(rng)
    objective = Objective(model, CrossEntropy(), X, y, weight, RidgePenalty(0.3))
    numerical = [
        central_difference(objective.value, theta, e) for e in np.eye(len(theta))
    ]
    gradient = objective.value_and_gradient(theta)[1]
    assert_allclose(gradient, numerical, rtol=1e-6, atol=1e-6)
    quadratic = objective.quadratic_model(theta)
    assert_allclose(2 * quadratic.gradient, gradient, rtol=1e-9, atol=1e-9)


@OUTPUTS
def test_extreme_outputs(n_outputs):
    """A class that is certain, rightly or wrongly: finite numbers, no warnings."""
    z, y, weight, slopes = data(n_outputs)
    z = np.where(z > 0, 1e6, -1e6)
    with warnings.catch_warnings(), np.errstate(all="raise", under="ignore"):
        warnings.simplefilter("error")
        value = WEIGHTED.value(z, y, weight)
        gradient = WEIGHTED.gradient(z, y, weight)
        residuals, jacobian = WEIGHTED.linearised(z, y, weight, slopes.copy())
    margins = (1 - 2 * y) * z if n_outputs == 1 else (1 - y) * z - y * z
    assert np.any(margins > 0)
    if n_outputs == 1:
        assert value == pytest.approx(np.sum(weight * np.maximum(margins, 0)))
    assert 1e5 < value < 1e8
    for array in (gradient, residuals, jacobian):
        assert np.all(np.isfinite(array))
    expected = np.einsum("sk,skp->p", gradient, slopes)
    actual = 2 * np.einsum("sk,skp->p", residuals, jacobian)
    assert_allclose(actual, expected, rtol=1e-9, atol=1e-9)


def test_single_output_is_a_softmax_of_two():
    z, y, weight, _ = data(1)
    pair = np.hstack([np.zeros_like(z), z])
    indicators = np.hstack([1 - y, y])
    loss = WEIGHTED
    assert loss.value(z, y, weight) == pytest.approx(
        loss.value(pair, indicators, weight)
    )
    assert_allclose(
        loss.gradient(z, y, weight), loss.gradient(pair, indicators, weight)[:, 1:]
    )


@OUTPUTS
@pytest.mark.parametrize("loss", LOSSES)
class TestProtocol:
    def test_methods(self, loss, n_outputs):
        assert isinstance(loss, Loss)

    def test_slope_and_curvature(self, loss, n_outputs):
        z, y, _, _ = data(n_outputs)
        direction = np.random.RandomState(1).standard_normal(z.shape)

        def values(z):
            return loss.value(z, y).sum(axis=1)

        numerical = central_difference(values, z, direction)
        assert_allclose(
            (loss.slope(z, y) * direction).sum(axis=1), numerical, atol=1e-9
        )
        numerical = central_difference(lambda z: loss.slope(z, y), z, direction)
        unit = np.ones((len(z), 1))
        found = WeightedLoss(loss).curvature(z, y, unit, direction)
        assert_allclose(2.0 * found, numerical, atol=1e-8)

    def test_sum_of_squares_has_the_derivatives(self, loss, n_outputs):
        z, y, weight, slopes = data(n_outputs)
        weighted = WeightedLoss(loss)
        residuals, jacobian = weighted.linearised(z, y, weight, slopes.copy())
        found = 2.0 * np.einsum("sk,skp->p", residuals, jacobian)
        expected = np.einsum("sk,skp->p", weighted.gradient(z, y, weight), slopes)
        assert_allclose(found, expected, atol=1e-10)
        for column in range(slopes.shape[2]):
            tangents = weighted.curvature(z, y, weight, slopes[:, :, column])
            expected = np.einsum("sk,skp->p", tangents, slopes)
            found = np.einsum("sk,skp->p", jacobian[:, :, column], jacobian)
            assert_allclose(found, expected, atol=1e-10)


@pytest.mark.parametrize("n_samples", [7, 100])
@pytest.mark.parametrize("loss", LOSSES)
def test_alpha_of_the_equations_is_that_of_the_objective(loss, n_samples):
    """Both forms, for losses that are no sums of squares too."""
    _, y, weight, _ = data(3, n_samples)
    rng = np.random.RandomState(1)
    X = rng.uniform(-1, 1, (n_samples, 2))
    model = observable_pmm(2, 3, (4,), 2)
    objective = Objective(model, loss, X, y, weight, NoisePenalty(3 * n_samples, 2.0))
    theta = model.initial(rng)
    assert objective.is_dual == (n_samples == 7)
    expected = pytest.approx(objective.alpha(theta), rel=1e-12)
    assert objective.quadratic_model(theta).alpha == expected
    assert objective.matrix_free_model(theta).alpha == expected
