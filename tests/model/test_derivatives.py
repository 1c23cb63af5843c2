"""Every derivative of the core against finite differences."""

import numpy as np
import pytest

from pmm_sklearn.model import READOUTS, NoisePenalty, RidgePenalty

from ..problems import central_difference, make_objective, random_directions

STRUCTURES = [
    {"block_sizes": (4,)},
    {"block_sizes": (3, 2)},
    {"block_sizes": (2, 1, 2), "which": "LA"},
    {"block_sizes": (4,), "which": "LM"},
    {"block_sizes": (4,), "which": "SM"},
]


@pytest.mark.parametrize("readout", READOUTS)
@pytest.mark.parametrize("matrix_type", ["hermitian", "symmetric"])
@pytest.mark.parametrize("structure", STRUCTURES, ids=str)
class TestObjective:
    @pytest.mark.parametrize(
        "penalty",
        [RidgePenalty(0.3), NoisePenalty(20.0, 2.0), NoisePenalty(20.0, 2.0, 100.0)],
    )
    def test_gradient(self, readout, matrix_type, structure, penalty):
        objective, theta = make_objective(
            readout, matrix_type, structure, penalty=penalty
        )
        value, gradient = objective.value_and_gradient(theta)
        assert value == pytest.approx(objective.value(theta), rel=1e-14)
        directions = random_directions(theta.size)
        numerical = [
            central_difference(objective.value, theta, direction)
            for direction in directions
        ]
        np.testing.assert_allclose(
            directions @ gradient, numerical, rtol=1e-6, atol=1e-5
        )

    def test_jacobian(self, readout, matrix_type, structure):
        objective, theta = make_objective(readout, matrix_type, structure)
        _, jacobian = objective.residuals_and_jacobian(theta)
        for direction in random_directions(theta.size):
            numerical = central_difference(
                lambda t: objective.residuals_and_jacobian(t)[0], theta, direction
            )
            np.testing.assert_allclose(
                jacobian @ direction, numerical, rtol=1e-6, atol=1e-6
            )
