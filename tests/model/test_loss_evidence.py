"""Losses that are likelihoods: their derivatives, and those of their evidence."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pmm_sklearn import model as m
from pmm_sklearn.model.losses import (
    AbsoluteError,
    Gamma,
    Huber,
    Loss,
    OwnLoss,
    Penalised,
    PointwiseLoss,
    Poisson,
    Quantile,
)

OWN = PointwiseLoss(
    lambda y, f: np.logaddexp(3 * (f - y), 3 * (y - f)),
    lambda y, f: 3 * np.tanh(3 * (f - y)),
    lambda y, f: 9 / np.cosh(3 * (f - y)) ** 2,
)
NOISE = np.array([0.5, 2.0])
LOSSES = {
    "huber": Huber(NOISE),
    "absolute_error": AbsoluteError(NOISE),
    "quantile": Quantile(NOISE, 0.9),
    "poisson": Poisson(np.array([2.0, 3.0])),
    "gamma": Gamma(np.array([2.0, 3.0]), NOISE),
    "own": OwnLoss(OWN, np.array([0.5, 1.0]), np.array([1.0, 2.0])),
}
EACH = pytest.mark.parametrize("name", LOSSES)
STEP = 1e-6


def table(name):
    """Features, targets of two outputs, and weights."""
    rng = np.random.RandomState(0)
    X = rng.uniform(-1, 1, (40, 2))
    f = np.stack([np.sin(2 * X[:, 0]) * X[:, 1], X[:, 0] ** 2], axis=1)
    y = f + 0.3 * rng.standard_normal(f.shape)
    y[::5] += 3.0
    if name == "poisson":
        y = rng.poisson(3 * np.exp(f)).astype(float)
    if name == "gamma":
        y = np.exp(f) * rng.gamma(5.0, 0.2, f.shape)
    return X, y, rng.uniform(0.5, 2.0, (40, 1))


def outputs_and_targets(name):
    _, y, _ = table(name)
    return np.random.RandomState(1).standard_normal(y.shape), y


@EACH
def test_slope_and_curvature(name):
    loss, (z, y) = LOSSES[name], outputs_and_targets(name)
    assert isinstance(loss, Loss)
    slope = (loss.value(z + STEP, y) - loss.value(z - STEP, y)) / (2 * STEP)
    assert_allclose(loss.slope(z, y), slope, rtol=1e-6, atol=1e-6)
    curvature = (loss.slope(z + STEP, y) - loss.slope(z - STEP, y)) / (4 * STEP)
    assert_allclose(loss.curvature(z, y), curvature, rtol=1e-6, atol=1e-6)


@EACH
def test_information_slope(name):
    loss, (z, y) = LOSSES[name], outputs_and_targets(name)
    ahead, behind = (np.log(loss.information(z + s, y)) for s in (STEP, -STEP))
    slope = loss.information_slope(z, y)
    assert_allclose(slope, (ahead - behind) / (2 * STEP), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["huber", "absolute_error", "quantile"])
def test_majorant_is_nowhere_below(name):
    loss, (z, y) = LOSSES[name], outputs_and_targets(name)
    for step in (-2.0, -0.1, 0.05, 1.0):
        parabola = loss.value(z, y) + step * loss.slope(z, y)
        parabola = parabola + 0.5 * step**2 * loss.majorant(z, y)
        assert np.all(loss.value(z + step, y) <= parabola + 1e-12)


@pytest.mark.parametrize("loss", [AbsoluteError(np.ones(1)), Quantile(np.ones(1), 0.8)])
def test_information_is_the_mean_curvature(loss):
    """Of normal noise, at the quantile of the loss."""
    from scipy.stats import norm

    share = getattr(loss, "quantile", 0.5)
    y = norm.ppf((np.arange(200_000)[:, np.newaxis] + 0.5) / 200_000)
    z = np.full_like(y, norm.ppf(share))
    mean = 2 * np.mean(loss.curvature(z, y))
    assert mean == pytest.approx(loss.information(z, y)[0, 0], rel=2e-2)
    # What slopes scatter by is as much, so that errors are of the right size.
    assert np.mean(loss.slope(z, y) ** 2) == pytest.approx(
        mean, rel=0.1
    )  # the parabola


@EACH
def test_penalised_is_not_negative(name):
    if name == "own":
        return  # its value is the user's
    loss, (z, y) = Penalised(LOSSES[name]), outputs_and_targets(name)
    assert np.all(loss.value(z, y) >= -1e-12)
    assert np.all(loss.curvature(z, y) > 0)


@pytest.mark.parametrize("loss", [Huber(np.ones(1)), AbsoluteError(np.ones(1))])
def test_noise_hardly_depends_on_outliers(loss):
    rng = np.random.RandomState(0)
    y = 0.3 * rng.standard_normal((2000, 1))
    y[:400] += 30.0
    weight, left = np.ones((2000, 1)), np.array([2000.0])
    noise = loss.fitted_noise(np.zeros_like(y), y, weight, left)
    assert np.sqrt(noise[0]) == pytest.approx(0.3, rel=0.06)
    twice = loss.fitted_noise(np.zeros_like(y[::2]), y[::2], 2 * weight[::2], left)
    rows = np.repeat(y[::2], 2, axis=0)
    assert_allclose(twice, loss.fitted_noise(np.zeros_like(rows), rows, weight, left))


def test_noise_of_gamma_is_the_most_probable_dispersion():
    rng = np.random.RandomState(0)
    for shape in (0.7, 8.0, 300.0):
        y = rng.gamma(shape, 1 / shape, (500, 1))
        weight, loss = np.ones((500, 1)), Gamma(np.ones(1))
        z = np.log(np.mean(y)) * np.ones_like(y)
        best = loss.fitted_noise(z, y, weight, np.array([500.0]))
        values = [
            np.sum(Gamma(np.ones(1), f * best).value(z, y)) for f in (0.99, 1, 1.01)
        ]
        assert values[1] == min(values)


def evidence(name, readout):
    X, y, weight = table(name)
    pmm = m.observable_pmm(
        2, 2, (3,), 1, level_spacing=1.0, readout=readout, smearing=0.2
    )
    return m.LossEvidence(pmm, X, y, weight, LOSSES[name])


@EACH
@pytest.mark.parametrize("readout", ["expectation", "density"])
def test_gradient_of_the_evidence(name, readout):
    objective = evidence(name, readout)
    theta = objective.initial(np.random.RandomState(1), noise=0.3)
    n_varied = objective.size + objective.n_matrices + objective.n_scales
    steps = np.random.RandomState(2).standard_normal((3, len(theta)))
    # The noise is no minimum of the value, and the potential has other variances.
    steps[:, n_varied:] = 0.0
    _, gradient = objective.value_and_gradient(theta)
    assert_allclose(steps @ gradient, differences(objective.value, theta, steps), 1e-6)
    steps[:, objective.size :] = 0.0
    of_matrices = objective.in_turn(theta).matrices.gradient
    found = steps[:, : objective.size] @ of_matrices
    assert_allclose(found, differences(objective.potential, theta, steps), 1e-6)


def differences(function, theta, steps):
    """Directional derivatives."""
    steps = 1e-5 * steps
    return [(function(theta + s) - function(theta - s)) / 2e-5 for s in steps]


@EACH
def test_observables_are_where_the_potential_is_least(name):
    objective = evidence(name, "expectation")
    theta = objective.initial(np.random.RandomState(1), noise=0.3)
    point = objective._at(theta)
    slopes = point._slopes(point.b, point.z)
    assert np.max(np.abs(slopes)) < 1e-6 * np.sum(point.scales**2)


def test_squares_of_a_wide_huber_loss_have_the_evidence_of_squares():
    X, y, weight = table("huber")
    pmm = m.observable_pmm(2, 2, (3,), 1, level_spacing=1.0)
    squares = m.EvidenceObjective(pmm, X, y, weight)
    theta = squares.initial(np.random.RandomState(1), noise=0.3)
    wide = m.LossEvidence(pmm, X, y, weight, Huber(np.ones(2), 1e6))
    constant = 0.5 * np.log(2 * np.pi) * 2 * weight.sum()
    assert wide.value(theta) + constant == pytest.approx(squares.value(theta), rel=1e-9)
    ours, theirs = (o.value_and_gradient(theta)[1][:-2] for o in (wide, squares))
    assert_allclose(ours, theirs, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("wrong", ["value", "slope", "curvature"])
def test_own_loss_names_what_is_wrong(wrong):
    functions = {n: getattr(OWN, n) for n in ("value", "slope", "curvature")}
    right = functions[wrong]
    functions[wrong] = lambda y, f: 1.1 * right(y, f) + (wrong == "value") * f
    named = {"value": "slope", "slope": "slope", "curvature": "curvature"}[wrong]
    OWN.check(np.arange(10.0), 1.0)
    with pytest.raises(ValueError, match=f"^{named} of PointwiseLoss is not"):
        PointwiseLoss(**functions).check(np.arange(10.0), 1.0)


@pytest.mark.parametrize("distance", [300.0, 1e30])
@EACH
def test_value_does_not_depend_on_the_last_point(name, distance):
    """Observables of another point may be of no use, as those of a step too far."""
    objective = evidence(name, "expectation")
    theta = objective.initial(np.random.RandomState(0))
    value = objective.value(theta)
    objective.value(theta + 1e-3)
    sign = np.random.RandomState(1).choice([-1.0, 1.0], objective.nearby.shape)
    objective.nearby = distance * sign
    assert objective.value(theta) == pytest.approx(value, rel=1e-9)


def test_noise_keeps_digits_for_the_observables():
    """Of residuals that vanish, as those of most targets of few values."""
    model = m.observable_pmm(1, 1, (3,), 1)
    X = np.linspace(-1, 1, 20)[:, np.newaxis]
    objective = m.LossEvidence(model, X, 0.0 * X, np.ones((20, 1)), Huber(np.ones(1)))
    theta = objective.initial(np.random.RandomState(0))
    for _ in range(40):
        theta = objective.settled(theta)
    assert np.exp(theta[-1]) == pytest.approx(1e-12)
    assert np.isfinite(objective.value(theta))
