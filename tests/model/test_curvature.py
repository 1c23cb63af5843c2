"""Products of the Gauss-Newton matrix against the matrix itself."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pmm_sklearn.model import (
    READOUTS,
    CrossEntropy,
    Objective,
    RidgePenalty,
    SquaredError,
    curvature,
    observable_pmm,
)

N_SAMPLES, N_OUTPUTS = 23, 3
STRUCTURES = {
    "full": {},
    "blocks": {"block_sizes": (3, 2)},
    "symmetric": {"matrix_type": "symmetric"},
    "low rank": {"rank": (1, 2)},
    "levels": {"level_spacing": 3.0},
    "low rank and levels": {"rank": (1, None), "level_spacing": 3.0},
}


def make_objective(readout, structure, loss):
    rng = np.random.RandomState(0)
    structure = {"block_sizes": (4,), **STRUCTURES[structure]}
    model = observable_pmm(2, N_OUTPUTS, n_eigenvectors=2, readout=readout, **structure)
    y = np.eye(N_OUTPUTS)[rng.randint(N_OUTPUTS, size=N_SAMPLES)]
    X, weight = rng.uniform(-1, 1, (N_SAMPLES, 2)), rng.uniform(1, 2, (N_SAMPLES, 1))
    objective = Objective(model, loss, X, y, weight, RidgePenalty(0.3))
    return objective, model.initial(rng)


@pytest.mark.parametrize("loss", [SquaredError(), CrossEntropy(unit=2.0)])
@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("readout", READOUTS)
def test_products_are_those_of_the_jacobian(readout, structure, loss):
    objective, theta = make_objective(readout, structure, loss)
    residuals, jacobian = objective.residuals_and_jacobian(theta)
    model = objective.matrix_free_model(theta)
    vector = np.random.RandomState(1).standard_normal(len(theta))
    expected = jacobian.T @ (jacobian @ vector)
    size = np.max(np.abs(expected))
    assert_allclose(model.product(vector), expected, atol=1e-10 * size)
    penalised = objective.model.without_intercepts(theta)
    assert_allclose(
        model.gradient,
        jacobian.T @ residuals + 0.3 * penalised,
    )


def test_products_for_two_classes():
    rng = np.random.RandomState(0)
    model = observable_pmm(2, 1, (3,), 2)
    X, y = rng.uniform(-1, 1, (N_SAMPLES, 2)), rng.randint(2, size=(N_SAMPLES, 1))
    objective = Objective(
        model, CrossEntropy(), X, y, np.ones((N_SAMPLES, 1)), RidgePenalty(0.0)
    )
    theta, vector = model.initial(rng), rng.standard_normal(model.n_parameters)
    _, jacobian = objective.residuals_and_jacobian(theta)
    product = objective.matrix_free_model(theta).product(vector)
    assert_allclose(product, jacobian.T @ (jacobian @ vector), atol=1e-12)


def test_step_is_nearly_that_of_the_normal_equations(monkeypatch):
    monkeypatch.setattr("pmm_sklearn.model.equations._TOLERANCE", 1e-12)
    objective, theta = make_objective("transition", "full", SquaredError())
    step = objective.matrix_free_model(theta).step(0.5)
    assert_allclose(step, objective.quadratic_model(theta).step(0.5), atol=1e-9)


def test_some_chunks_stand_for_all_if_they_are_many(monkeypatch):
    model = observable_pmm(2, 1, (3,), 2)
    rng = np.random.RandomState(0)
    X = np.tile(rng.uniform(-1, 1, (1024, 2)), (4, 1))
    objective = Objective(
        model, SquaredError(), X, X[:, :1], np.ones((len(X), 1)), RidgePenalty(0.1)
    )
    theta, vector = model.initial(rng), rng.standard_normal(model.n_parameters)
    expected = objective.matrix_free_model(theta).product(vector)
    monkeypatch.setattr(curvature, "_LARGEST_LINEARISATION", 100_000)
    model = objective.matrix_free_model(theta)
    assert len(model.product._shares) < 4
    # Every chunk has the same samples.
    assert_allclose(model.product(vector), expected)
