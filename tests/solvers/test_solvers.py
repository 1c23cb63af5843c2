"""Solvers on problems with known answers, and every reason for stopping."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from pmm_sklearn._starts import minimise, train
from pmm_sklearn.model import (
    NormalEquations,
    Objective,
    RidgePenalty,
    SquaredError,
    observable_pmm,
)
from pmm_sklearn.solvers import SOLVERS, Progress, StoppingRule, StopReason

from ..problems import make_objective

ALL_SOLVERS = pytest.mark.parametrize("solver", ["lm", "lbfgs"])


class Rosenbrock:
    """Sum of squares with a curved valley and its minimum 0 at (1, 1)."""

    def residuals(self, theta):
        return np.array([10 * (theta[1] - theta[0] ** 2), 1 - theta[0]])

    def jacobian(self, theta):
        return np.array([[-20 * theta[0], 10.0], [-1.0, 0.0]])

    def value(self, theta):
        return float(np.sum(self.residuals(theta) ** 2))

    def value_and_gradient(self, theta):
        gradient = 2 * self.jacobian(theta).T @ self.residuals(theta)
        return self.value(theta), gradient

    def quadratic_model(self, theta):
        jacobian = self.jacobian(theta)
        return NormalEquations(
            jacobian.T @ jacobian, jacobian.T @ self.residuals(theta), alpha=0.0
        )


START = np.array([-1.2, 1.0])


def run(solver, objective=None, start=START, **settings):
    settings = {"tol": 0.0, "max_iter": 500, **settings}
    others = "validation_loss", "on_iteration", "previous"
    others = {name: settings.pop(name) for name in others if name in settings}
    progress = Progress(StoppingRule(**settings), **others)
    return SOLVERS[solver].minimise(objective or Rosenbrock(), start, progress)


@ALL_SOLVERS
def test_finds_the_minimum(solver):
    result = run(solver)
    assert_allclose(result.theta, [1, 1], atol=1e-6)
    assert result.loss == pytest.approx(0, abs=1e-12)
    assert result.reason is StopReason.STATIONARY
    assert result.n_iter == len(result.loss_curve) > 5


@ALL_SOLVERS
@pytest.mark.parametrize("readout", ["expectation", "transition"])
def test_ends_at_a_stationary_point_of_a_model(solver, readout):
    """Without penalty: eigenvectors do not notice the scale of the matrix, so a
    penalty has no minimum along it."""
    rng = np.random.RandomState(0)
    X = np.linspace(-1, 1, 30)[:, np.newaxis]
    model = observable_pmm(1, 1, (2,), 1, readout=readout, matrix_type="symmetric")
    objective = Objective(
        model, SquaredError(), X, np.sin(4 * X), np.ones((30, 1)), RidgePenalty(0.0)
    )
    result = run(solver, objective, model.initial(rng), max_iter=2000)
    _, gradient = objective.value_and_gradient(result.theta)
    assert result.loss > 0.01
    assert np.linalg.norm(gradient) < 0.1 * result.loss
    assert np.all(np.diff(result.loss_curve) <= 0)


@ALL_SOLVERS
def test_converged(solver):
    result = run(solver, tol=0.9, n_iter_no_change=2)
    assert result.reason is StopReason.CONVERGED
    before, _, last = result.loss_curve
    assert before - last < 0.9 * before
    objective, theta = make_objective("expectation", "hermitian", {"block_sizes": (3,)})
    result = run(solver, objective, theta, tol=0.1)
    assert result.reason is StopReason.CONVERGED
    before, last = result.loss_curve[-11], result.loss_curve[-1]
    assert before - last < 0.1 * before


@ALL_SOLVERS
def test_floor_counts_as_zero(solver):
    result = run(solver, floor=1e-3)
    assert result.reason is StopReason.STATIONARY
    assert result.loss <= 1e-3 < result.loss_curve[-2]
    again = run(solver, floor=1e-3, start=result.theta)
    assert again.reason is StopReason.STATIONARY
    assert again.n_iter == 0


@ALL_SOLVERS
def test_max_iter(solver):
    result = run(solver, max_iter=3)
    assert result.reason is StopReason.MAX_ITER
    assert result.n_iter == 3
    assert not result.reason.converged
    assert "increase max_iter" in result.reason.value


@ALL_SOLVERS
def test_callback_sees_each_iteration_and_can_stop(solver):
    seen = []

    def on_iteration(n_iter, theta, loss, score):
        seen.append((n_iter, loss))
        assert Rosenbrock().value(theta) == pytest.approx(loss)
        return n_iter == 4

    result = run(solver, on_iteration=on_iteration)
    assert result.reason is StopReason.CALLBACK
    assert [n for n, _ in seen] == [1, 2, 3, 4]
    assert [loss for _, loss in seen] == result.loss_curve


@ALL_SOLVERS
def test_interruption_keeps_the_best_point(solver):
    def on_iteration(n_iter, theta, loss, score):
        if n_iter == 5:
            raise KeyboardInterrupt

    result = run(solver, on_iteration=on_iteration)
    assert result.reason is StopReason.INTERRUPTED
    assert result.n_iter == 5
    assert result.loss == result.loss_curve[-1] < Rosenbrock().value(START)
    assert Rosenbrock().value(result.theta) == pytest.approx(result.loss)


@ALL_SOLVERS
def test_early_stopping_returns_the_best_validated_point(solver):
    def validation_loss(theta):
        return (theta[0] + 0.5) ** 2

    result = run(solver, validation_loss=validation_loss, n_iter_no_change=3)
    assert result.reason is StopReason.STOPPED_EARLY
    assert validation_loss(result.theta) == result.score
    assert result.score == min(result.validation_curve)
    assert len(result.validation_curve) == result.n_iter
    assert Rosenbrock().value(result.theta) == pytest.approx(result.loss)


@ALL_SOLVERS
def test_non_finite_start(solver):
    with np.errstate(all="ignore"):
        result = run(solver, start=np.array([np.nan, 1.0]))
    assert result.reason is StopReason.NON_FINITE


@ALL_SOLVERS
@pytest.mark.parametrize("size", [1e160, 1e307])
def test_overflow_is_silent(solver, size):
    objective, theta = make_objective("expectation", "hermitian", {"block_sizes": (3,)})
    rule = StoppingRule(tol=0.0, max_iter=20)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = minimise(objective, size * theta, SOLVERS[solver].minimise, rule)
    assert isinstance(result.reason, StopReason)


def same(result, other):
    assert_array_equal(result.theta, other.theta)
    assert result.loss_curve == other.loss_curve
    assert result.validation_curve == other.validation_curve
    assert (result.score, result.reason) == (other.score, other.reason)


def test_a_continued_run_is_one_that_did_not_stop():
    """The damping is carried over, and so are tol's window and the first loss."""
    first = run("lm", max_iter=4)
    again = run("lm", start=first.resume.theta, previous=first)
    same(again, run("lm"))


def test_a_continued_run_goes_on_from_the_last_point_and_keeps_its_patience():
    def validation_loss(theta):
        return (theta[0] + 0.5) ** 2

    settings = {"validation_loss": validation_loss, "n_iter_no_change": 5}
    whole = run("lm", **settings)
    best = int(np.argmin(whole.validation_curve)) + 1
    first = run("lm", **settings, max_iter=best + 2)
    assert not np.array_equal(first.resume.theta, first.theta)
    same(run("lm", start=first.resume.theta, previous=first, **settings), whole)
    assert whole.n_iter == best + 5


@ALL_SOLVERS
def test_screening_leaves_no_trace_in_the_winning_start(solver):
    objective, theta = make_objective("expectation", "hermitian", {"block_sizes": (3,)})
    rule = StoppingRule(tol=0.0, max_iter=40)
    (result,), *_ = train(
        objective, [theta, 1e3 * theta], SOLVERS[solver].minimise, rule
    )
    whole = minimise(objective, theta, SOLVERS[solver].minimise, rule)
    assert result.n_iter == whole.n_iter == 40
    # L-BFGS forgets the past gradients, and only them.
    n_same = 40 if solver == "lm" else 20
    assert result.loss_curve[:n_same] == whole.loss_curve[:n_same]
    assert np.all(np.diff(result.loss_curve) <= 0)
