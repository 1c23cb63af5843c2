"""Derivatives as data of the evidence, against its definition and differences."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from pmm_sklearn.model import DerivativeData, EvidenceObjective, observable_pmm
from pmm_sklearn.model import evidence as module

from ..problems import central_difference, random_directions

STRUCTURES = [
    {"block_sizes": (4,)},
    {"block_sizes": (3, 2), "matrix_type": "symmetric"},
    {"block_sizes": (4,), "rank": (2, None)},
    {"block_sizes": (4,), "readout": "density"},
]
# With known errors of values, of derivatives, of both or of none.
CASES = [(structure, (False, False)) for structure in STRUCTURES]
CASES += [(STRUCTURES[0], known) for known in [(True, False), (False, True)]]
CASES += [(STRUCTURES[1], (True, True))]


def make_data(errors=False, learns_noise=True, n_outputs=2, n_samples=9, weight=None):
    """Derivatives, of which a third is not known."""
    rng = np.random.RandomState(1)
    y_gradient = 2.0 * rng.standard_normal((n_samples, n_outputs, 2))
    y_gradient[rng.uniform(size=y_gradient.shape) < 0.3] = np.nan
    if weight is None:
        weight = rng.uniform(0.5, 2.0, (n_samples, 1))
    errors = rng.uniform(0.1, 0.5, y_gradient.shape) if errors else None
    return y_gradient, weight, errors, learns_noise


def make_objective(structure=STRUCTURES[0], errors=(False, False), side=None, **given):
    """Objective on random data with derivatives, and parameters with some noise."""
    rng = np.random.RandomState(0)
    y_gradient, weight, of_derivatives, learns_noise = make_data(errors[1], **given)
    n_samples, n_outputs, _ = y_gradient.shape
    X = rng.uniform(-1, 1, (n_samples, 2))
    y = rng.standard_normal((n_samples, n_outputs))
    of_values = rng.uniform(0.1, 0.5, y.shape) if errors[0] else None
    options = {"n_eigenvectors": 2, "level_spacing": 1.0, **structure}
    model = observable_pmm(2, n_outputs, **options)
    derivatives = DerivativeData(y_gradient, weight, of_derivatives, learns_noise)
    objective = EvidenceObjective(
        model, X, y, weight, of_values, derivatives=derivatives
    )
    coordinates, variances = objective.split(objective.initial(rng))
    variances = variances._replace(
        noise=rng.uniform(0.05, 0.2, 2 * n_outputs),
        observables=rng.uniform(0.5, 2.0, n_outputs),
    )
    return objective, objective.join(coordinates, variances)


def joint_outputs(objective, coordinates):
    """Outputs and their analytic derivatives, the rows of the objective."""
    model, data = objective.model, objective.derivatives
    outputs, gradient = model.predict_gradient(model.split(coordinates), objective.X)
    return np.concatenate([outputs, gradient[data.samples, :, data.features]])


def joint_jacobian(objective, coordinates):
    columns = [
        central_difference(lambda c: joint_outputs(objective, c), coordinates, e)
        for e in np.eye(len(coordinates))
    ]
    return np.stack(columns, axis=-1)


@pytest.mark.parametrize(("structure", "errors"), CASES, ids=str)
def test_value_is_that_of_laplaces_approximation(structure, errors):
    """Of values and analytic derivatives, as if they were any other linear data."""
    objective, theta = make_objective(structure, errors)
    model, data = objective.model, objective.derivatives
    n_features, n_outputs = objective.n_features, objective.n_outputs
    coordinates, variances = objective.split(theta)
    joint = model.join(objective.parameters(theta))
    joint[: objective.size] = coordinates
    outputs, jacobian = (
        joint_outputs(objective, joint),
        joint_jacobian(objective, joint),
    )
    noise = np.repeat(
        variances.noise.reshape(2, -1), [len(objective.X), len(data)], axis=0
    )
    noise = noise + np.broadcast_to(objective.squared_errors, noise.shape)
    precision = objective.weight / noise
    prior = np.concatenate(
        [
            1.0 / variances.matrices[objective.block_of],
            np.repeat(1.0 / variances.observables, n_features),
        ]
    )
    free = slice(0, len(prior))  # without intercepts
    expected = np.sum(precision * (objective.y - outputs) ** 2)
    expected += prior @ joint[free] ** 2 - np.sum(np.log(prior))
    expected += np.sum(objective.weight * np.log(2 * np.pi * noise))
    rows = (np.sqrt(precision)[..., np.newaxis] * jacobian[..., free]).reshape(
        -1, len(prior)
    )
    matrix = rows.T @ rows + np.diag(prior)
    expected += np.linalg.slogdet(matrix)[1]
    assert len(rows) == n_outputs * objective.n_rows
    assert_allclose(objective.value(theta), 0.5 * expected, rtol=1e-7)
    factor = objective.joint_factor(theta)[:, free]
    assert_allclose(factor.T @ factor, matrix, rtol=1e-6, atol=1e-6 * matrix.max())


@pytest.mark.parametrize(("structure", "errors"), CASES, ids=str)
def test_gradient(structure, errors):
    """By matrices and variances, that of the determinant included."""
    objective, theta = make_objective(structure, errors)
    value, gradient = objective.value_and_gradient(theta)
    assert value == objective.value(theta)
    directions = random_directions(theta.size)
    numerical = [central_difference(objective.value, theta, d) for d in directions]
    largest = np.max(np.abs(numerical))
    assert_allclose(directions @ gradient, numerical, rtol=1e-5, atol=1e-6 * largest)


@pytest.mark.parametrize("structure", STRUCTURES, ids=str)
def test_gradient_of_the_potential(structure):
    objective, theta = make_objective(structure)
    directions = random_directions(theta.size)
    directions[:, objective.size :] = 0.0
    numerical = [central_difference(objective.potential, theta, d) for d in directions]
    gradient = objective.in_turn(theta).matrices.gradient
    expected = directions[:, : objective.size] @ gradient
    assert_allclose(expected, numerical, rtol=1e-5, atol=1e-5)


def test_wide_data(monkeypatch):
    """Most of the parameters are not determined: a basis of the rows is enough."""
    wide, theta = make_objective({"block_sizes": (7,)}, n_samples=3, n_outputs=1)
    assert wide.is_wide
    monkeypatch.setattr(module, "_MANY_TIMES", np.inf)
    full, _ = make_objective({"block_sizes": (7,)}, n_samples=3, n_outputs=1)
    assert not full.is_wide
    assert_allclose(wide.value(theta), full.value(theta))
    _, gradient = wide.value_and_gradient(theta)
    _, other = full.value_and_gradient(theta)
    assert_allclose(gradient, other, rtol=1e-6, atol=1e-6 * np.max(np.abs(other)))


def test_chunks_do_not_matter(monkeypatch):
    objective, theta = make_objective()
    value, gradient = objective.value_and_gradient(theta)
    monkeypatch.setattr(module, "_LARGEST_CHUNK", 1000)
    monkeypatch.setattr(module, "_LARGEST_MEMORY", 0)
    chunked, _ = make_objective()
    assert len(chunked.chunks) > 3
    assert not chunked.remembers
    again, other = chunked.value_and_gradient(theta)
    assert_allclose(again, value, rtol=1e-12)
    # Differences of differences leave half of the digits.
    assert_allclose(other, gradient, rtol=1e-5, atol=1e-5 * np.max(np.abs(gradient)))


def test_weights_are_repetitions():
    """Of the samples, with their derivatives."""
    weight = np.array([[1.0], [2.0], [3.0]])
    objective, theta = make_objective(n_samples=3, weight=weight)
    y_gradient, *_ = make_data(n_samples=3)
    rows = np.repeat(np.arange(3), [1, 2, 3])
    ones = np.ones((6, 1))
    repeated = EvidenceObjective(
        objective.model,
        objective.X[rows],
        objective.y[:3][rows],
        ones,
        derivatives=DerivativeData(y_gradient[rows], ones),
    )
    assert repeated.n_observed == objective.n_observed
    assert_allclose(repeated.noise_units, objective.noise_units)
    for one, other in zip(
        objective.value_and_gradient(theta),
        repeated.value_and_gradient(theta),
        strict=True,
    ):
        assert_allclose(one, other, rtol=1e-5, atol=1e-5 * np.max(np.abs(one)))


@pytest.mark.parametrize("structure", STRUCTURES, ids=str)
def test_finite_where_levels_are_degenerate(structure):
    """All of them, those of the readout included."""
    objective, theta = make_objective(structure)
    coordinates, variances = objective.split(theta)
    model = objective.model
    matrices = model.primary.split(0.0 * coordinates)
    if "rank" not in structure:
        coordinates = model.primary.join(np.zeros_like(matrices))
        matrices = model.primary.split(coordinates)
        assert_allclose(np.linalg.eigvalsh(matrices[0]), 0.0, atol=1e-12)
    value, gradient = objective.value_and_gradient(
        objective.join(coordinates, variances)
    )
    assert np.isfinite(value)
    assert np.all(np.isfinite(gradient))


def test_noise_of_known_errors_fades():
    objective, theta = make_objective(errors=(False, True), learns_noise=False)
    assert_array_equal(objective.is_learned, [True, True, False, False])
    steps = objective.in_turn(theta).scales
    assert_array_equal(steps[-2:], -3.0)
    assert np.all(steps[-4:-2] > -3.0)


def test_bounds_of_noise_follow_the_size_of_the_derivatives():
    y_gradient, weight, *_ = make_data()
    units = DerivativeData(y_gradient, weight).units
    assert_allclose(DerivativeData(1e6 * y_gradient, weight).units, 1e6 * units)
    assert_array_equal(DerivativeData(0.0 * y_gradient, weight).units, 1.0)
    y_gradient[:, 1] = np.nan
    data = DerivativeData(y_gradient, weight)
    assert_array_equal(data.units[1], 1.0)
    assert np.all(np.isfinite(data.y))
