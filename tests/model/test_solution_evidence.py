"""The evidence at a solution against its definition."""

import numpy as np
import pytest

from pmm_sklearn.model import (
    Objective,
    RidgePenalty,
    SquaredError,
    evidence_of_solution,
    spectrum_pmm,
)


def make(n_samples=9, matrix_type="hermitian"):
    rng = np.random.RandomState(0)
    model = spectrum_pmm(
        n_features=2,
        degree=1,
        block_sizes=(3,),
        matrix_type=matrix_type,
        outputs=[("level", "", ((0, 0),)), ("observable", "o", ((0, 0), (0, 0)))],
    )
    X, y = rng.uniform(-1, 1, (n_samples, 2)), rng.standard_normal((n_samples, 2))
    data = model, SquaredError(), X, y, np.ones((n_samples, 2)), RidgePenalty(0.0)
    deviations = rng.uniform(0.5, 2.0, model.n_parameters)
    theta = rng.standard_normal(model.n_parameters)
    return Objective(*data), theta, deviations


def evidence_at(objective, theta, deviations, *observed):
    residuals, jacobian = objective.residuals_and_jacobian(theta)
    return evidence_of_solution(
        residuals, jacobian * deviations, theta / deviations, *observed
    )


@pytest.mark.parametrize("n_samples", [4, 40])
def test_it_is_the_probability_of_linearised_data(n_samples):
    objective, theta, deviations = make(n_samples)
    number = 2 * n_samples
    found = evidence_at(objective, theta, deviations, number, 0.3)
    noise = found.noise
    residuals, jacobian = objective.residuals_and_jacobian(theta)
    # Of data that are a linear function of the parameters: their distribution is known,
    # and at its most probable parameters Laplace's approximation is exact.
    covariance = (jacobian * deviations**2) @ jacobian.T + noise**2 * np.eye(number)
    data = jacobian @ theta - residuals
    _, log_determinant = np.linalg.slogdet(2 * np.pi * covariance)
    expected = -0.5 * (data @ np.linalg.solve(covariance, data) + log_determinant)
    precision = jacobian.T @ jacobian / noise**2 + np.diag(deviations**-2)
    best = np.linalg.solve(precision, jacobian.T @ data / noise**2)
    misfit = np.sum((data - jacobian @ theta) ** 2) - np.sum(
        (data - jacobian @ best) ** 2
    )
    misfit = misfit / noise**2
    misfit += np.sum((theta / deviations) ** 2) - np.sum((best / deviations) ** 2)
    assert found.log_evidence + 0.5 * misfit == pytest.approx(expected, rel=1e-9)
    n_effective = np.trace(np.linalg.solve(precision, jacobian.T @ jacobian)) / noise**2
    assert found.n_effective == pytest.approx(n_effective, rel=1e-9)


@pytest.mark.parametrize("matrix_type", ["hermitian", "symmetric"])
def test_changes_of_basis_do_not_count(matrix_type):
    objective, theta, deviations = make(200, matrix_type)
    model = objective.model
    exact = Objective(
        model,
        SquaredError(),
        objective.X,
        model.predict(model.split(theta), objective.X),
        objective.weight,
        RidgePenalty(0.0),
    )
    found = evidence_at(exact, theta, deviations, 400)
    assert found.n_effective <= model.n_free + 1e-6
    assert found.n_effective > model.n_free - 1e-2
    gauge = 8 if matrix_type == "hermitian" else 3
    assert model.n_free == model.n_parameters - gauge


def test_noise_is_that_of_the_residuals_left():
    objective, theta, deviations = make(40)
    found = evidence_at(objective, theta, deviations, 80)
    residuals, _ = objective.residuals_and_jacobian(theta)
    free = 80 - found.n_effective
    assert found.noise == pytest.approx(np.sqrt(residuals @ residuals / free), rel=1e-2)


def test_known_errors_are_the_least_noise():
    objective, theta, deviations = make(40)
    estimated = evidence_at(objective, theta, deviations, 80)
    smaller = evidence_at(objective, theta, deviations, 80, 0.5 * estimated.noise)
    assert smaller == estimated
    larger = evidence_at(objective, theta, deviations, 80, 2.0 * estimated.noise)
    assert larger.noise == 2.0 * estimated.noise
    assert larger.log_evidence < estimated.log_evidence
