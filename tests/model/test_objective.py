"""The objective: invariances, chunks, equations for the step."""

import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pmm_sklearn.model import (
    READOUTS,
    NoisePenalty,
    Objective,
    Parameters,
    RidgePenalty,
    SquaredError,
    _chunks,
    observable_pmm,
)

from ..problems import make_objective, random_unitary

CASES = pytest.mark.parametrize("readout", READOUTS)


@CASES
def test_split_and_join_are_inverse(readout):
    objective, theta = make_objective(readout, "hermitian", {"block_sizes": (3, 2)})
    model = objective.model
    assert_allclose(model.join(model.split(theta)), theta, atol=1e-14)


@CASES
def test_change_of_basis_changes_nothing(readout):
    objective, theta = make_objective(readout, "hermitian", {"block_sizes": (4,)})
    model = objective.model
    matrices, observables, intercept = model.split(theta)
    U = random_unitary(3, 4)[0]
    rotated = Parameters(
        U @ matrices @ U.conj().T, U @ observables @ U.conj().T, intercept
    )
    assert_allclose(
        model.predict(rotated, objective.X),
        model.predict(model.split(theta), objective.X),
        rtol=1e-11,
    )
    # The penalty is a Frobenius norm, so the objective does not change either.
    assert_allclose(objective.value(model.join(rotated)), objective.value(theta))


@CASES
def test_integer_weights_are_repetitions(readout):
    objective, theta = make_objective(readout, "hermitian", {"block_sizes": (4,)})
    repeats = np.arange(9) % 3 + 1
    weighted = Objective(
        objective.model,
        SquaredError(),
        objective.X,
        objective.y,
        repeats[:, np.newaxis].astype(float),
        RidgePenalty(0.1),
    )
    repeated = Objective(
        objective.model,
        SquaredError(),
        np.repeat(objective.X, repeats, axis=0),
        np.repeat(objective.y, repeats, axis=0),
        np.ones((repeats.sum(), 1)),
        RidgePenalty(0.1),
    )
    for actual, expected in zip(
        weighted.value_and_gradient(theta),
        repeated.value_and_gradient(theta),
        strict=True,
    ):
        assert_allclose(actual, expected, rtol=1e-11, atol=1e-11)


@CASES
@pytest.mark.parametrize("n_samples", [9, 150])
def test_chunks_do_not_matter(readout, n_samples, monkeypatch):
    rng = np.random.RandomState(0)
    X, y = rng.uniform(-1, 1, (n_samples, 2)), rng.standard_normal((n_samples, 2))
    model = observable_pmm(2, 2, (4,), 2, readout=readout)
    theta = model.initial(rng)

    def results():
        objective = Objective(
            model, SquaredError(), X, y, np.ones((n_samples, 1)), RidgePenalty(0.1)
        )
        value, gradient = objective.value_and_gradient(theta)
        step = objective.quadratic_model(theta).step(1.0)
        return objective.value(theta), value, gradient, step

    whole = results()
    monkeypatch.setattr(_chunks, "_LARGEST_CHUNK", 4)
    assert len(_chunks.chunks(n_samples, 1)) > 2
    for actual, expected in zip(results(), whole, strict=True):
        assert_allclose(actual, expected, rtol=1e-10, atol=1e-10)


@CASES
@pytest.mark.parametrize("n_samples", [9, 150])
def test_step_solves_the_damped_least_squares_problem(readout, n_samples):
    """Both forms of the step against a dense least squares solver."""
    rng = np.random.RandomState(0)
    alpha, damping = 0.2, 0.7
    X, y = rng.uniform(-1, 1, (n_samples, 2)), rng.standard_normal((n_samples, 1))
    model = observable_pmm(2, 1, (4,), 2, readout=readout)
    theta = model.initial(rng)
    objective = Objective(
        model, SquaredError(), X, y, np.ones((n_samples, 1)), RidgePenalty(alpha)
    )
    residuals, jacobian = objective.residuals_and_jacobian(theta)
    identity = np.eye(theta.size)
    # The penalty acts on the parameters, the damping on all components of the step;
    # that of the intercept is damped by alpha too, which moves no minimum.
    stacked = np.concatenate([jacobian, np.sqrt(alpha + damping) * identity])
    target = -np.concatenate(
        [residuals, alpha / np.sqrt(alpha + damping) * model.without_intercepts(theta)]
    )
    expected = np.linalg.lstsq(stacked, target, rcond=None)[0]
    quadratic = objective.quadratic_model(theta)
    assert_allclose(quadratic.step(damping), expected, rtol=1e-8, atol=1e-10)
    assert_allclose(
        2 * quadratic.gradient, objective.value_and_gradient(theta)[1], atol=1e-9
    )
    scale = np.mean(np.sum(jacobian**2, axis=0))
    assert quadratic.scale == pytest.approx(scale)


def test_memory_does_not_grow_with_the_samples():
    model = observable_pmm(3, 1, (5,), 2)
    theta = model.initial(np.random.RandomState(0))

    def peak(n_samples):
        X = np.random.RandomState(1).uniform(-1, 1, (n_samples, 3))
        objective = Objective(
            model,
            SquaredError(),
            X,
            X[:, :1],
            np.ones((n_samples, 1)),
            RidgePenalty(0.1),
        )
        tracemalloc.start()
        objective.value(theta)
        objective.value_and_gradient(theta)
        objective.quadratic_model(theta)
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    assert peak(80_000) < 1.2 * peak(20_000)


def test_intercepts_are_not_penalised():
    objective, theta = make_objective("expectation", "hermitian", {"block_sizes": (4,)})
    n_outputs = objective.model.n_outputs
    penalised = objective.model.without_intercepts(theta + 1.0)
    assert np.all(penalised[-n_outputs:] == 0)
    assert_allclose(penalised[:-n_outputs], (theta + 1.0)[:-n_outputs])


class TestNoisePenalty:
    def test_noise_is_known_to_be_there(self):
        """Below, the ratio of the slopes is that of a known variance."""
        penalty = NoisePenalty(10, 4.0, least_variance=0.5)
        data, norm = penalty.slopes(1.0, 3.0)
        assert norm / data == pytest.approx(0.5 / 4.0)
        assert penalty.slopes(7.0, 3.0) == NoisePenalty(10, 4.0).slopes(7.0, 3.0)
        assert penalty.total(7.0, 3.0) == NoisePenalty(10, 4.0).total(7.0, 3.0)

    def test_no_jump_where_the_noise_begins_to_be_estimated(self):
        penalty = NoisePenalty(10, 4.0, least_variance=0.5)
        below, above = 5 * (1 - 1e-12), 5 * (1 + 1e-12)
        assert penalty.total(below, 3.0) == pytest.approx(penalty.total(above, 3.0))
        assert_allclose(penalty.slopes(below, 3.0), penalty.slopes(above, 3.0))

    def test_widened(self):
        wider = NoisePenalty(10, 4.0, least_variance=0.5).widened(3.0)
        assert wider.slopes(1.0, 2.0) == NoisePenalty(10, 12.0, 0.5).slopes(1.0, 2.0)
