"""Every derivative of the core against finite differences."""

import numpy as np
import pytest

from pmm_sklearn.model import (
    NoisePenalty,
    Objective,
    RidgePenalty,
    SquaredError,
    observable_pmm,
)

STRUCTURES = [
    {"block_sizes": (4,)},
    {"block_sizes": (3, 2)},
    {"block_sizes": (2, 1, 2), "which": "LA"},
    {"block_sizes": (4,), "which": "LM"},
    {"block_sizes": (4,), "which": "SM"},
]


def make_objective(
    readout, matrix_type, structure, n_outputs=2, n_eigenvectors=2, penalty=None
):
    rng = np.random.RandomState(0)
    model = observable_pmm(
        2,
        n_outputs,
        n_eigenvectors=n_eigenvectors,
        readout=readout,
        matrix_type=matrix_type,
        **structure,
    )
    X = rng.uniform(-1, 1, size=(9, 2))
    y = rng.standard_normal((9, n_outputs))
    weight = rng.uniform(0.5, 2.0, size=(9, n_outputs))
    objective = Objective(
        model, SquaredError(), X, y, weight, penalty or RidgePenalty(0.3)
    )
    return objective, model.initial(rng)


def central_difference(function, theta, direction, step=2e-4):
    """Five-point stencil along a direction, an error of fourth order."""
    values = [function(theta + k * step * direction) for k in (-2, -1, 1, 2)]
    return (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * step)


@pytest.mark.parametrize("readout", ["expectation", "transition"])
@pytest.mark.parametrize("matrix_type", ["hermitian", "symmetric"])
@pytest.mark.parametrize("structure", STRUCTURES, ids=str)
class TestObjective:
    @pytest.mark.parametrize("penalty", [RidgePenalty(0.3), NoisePenalty(20.0, 2.0)])
    def test_gradient(self, readout, matrix_type, structure, penalty):
        objective, theta = make_objective(
            readout, matrix_type, structure, penalty=penalty
        )
        value, gradient = objective.value_and_gradient(theta)
        assert value == pytest.approx(objective.value(theta), rel=1e-14)
        numerical = [
            central_difference(objective.value, theta, direction)
            for direction in np.eye(theta.size)
        ]
        np.testing.assert_allclose(gradient, numerical, rtol=1e-6, atol=1e-5)

    def test_jacobian(self, readout, matrix_type, structure):
        objective, theta = make_objective(readout, matrix_type, structure)
        _, jacobian = objective.residuals_and_jacobian(theta)
        for column, direction in enumerate(np.eye(theta.size)):
            numerical = central_difference(
                lambda t: objective.residuals_and_jacobian(t)[0], theta, direction
            )
            np.testing.assert_allclose(
                jacobian[:, column], numerical, rtol=1e-6, atol=1e-6
            )
