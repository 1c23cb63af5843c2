"""Solvers on problems with known answers, and every reason for stopping."""

import warnings
from functools import partial
from types import SimpleNamespace
from typing import get_type_hints

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from pmm_sklearn.model import (
    NormalEquations,
    Objective,
    RidgePenalty,
    SquaredError,
    observable_pmm,
)
from pmm_sklearn.model.equations import MatrixFreeEquations
from pmm_sklearn.solvers import (
    SOLVERS,
    Interruption,
    ObjectiveProtocol,
    Progress,
    Schedule,
    StoppingRule,
    StopReason,
)
from pmm_sklearn.training import minimise, train

from ..problems import make_objective

ALL_SOLVERS = pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS)


class Rosenbrock:
    """Sum of squares with a curved valley and its minimum 0 at (1, 1)."""

    # Each residual is a sample.
    n_samples = 2
    total_weight = 2.0

    def residuals(self, theta):
        return np.array([10 * (theta[1] - theta[0] ** 2), 1 - theta[0]])

    def jacobian(self, theta):
        return np.array([[-20 * theta[0], 10.0], [-1.0, 0.0]])

    def value(self, theta):
        return float(np.sum(self.residuals(theta) ** 2))

    def value_and_gradient(self, theta):
        return self.sampled_gradient(theta, np.arange(2))

    def sampled_gradient(self, theta, samples):
        residuals, jacobian = self.residuals(theta), self.jacobian(theta)
        factor = self.n_samples / len(samples)
        gradient = 2 * factor * jacobian[samples].T @ residuals[samples]
        return float(factor * np.sum(residuals[samples] ** 2)), gradient

    def quadratic_model(self, theta):
        jacobian = self.jacobian(theta)
        return NormalEquations(
            jacobian.T @ jacobian, jacobian.T @ self.residuals(theta), alpha=0.0
        )

    def matrix_free_model(self, theta):
        jacobian = self.jacobian(theta)
        gradient = jacobian.T @ self.residuals(theta)
        return MatrixFreeEquations(
            lambda v: jacobian.T @ (jacobian @ v), gradient, alpha=0.0
        )


class Interrupted:
    """An objective during whose n-th evaluation Ctrl-C is pressed."""

    def __init__(self, objective, n):
        self._objective, self._left = objective, n

    def __getattr__(self, name):
        found = getattr(self._objective, name)
        return partial(self._call, found) if callable(found) else found

    def _call(self, method, *args):
        self._left -= 1
        if self._left == 0:
            raise KeyboardInterrupt
        return method(*args)


START = np.array([-1.2, 1.0])
SETTINGS = {"tol": 0.0, "max_iter": 500}


def function_of(solver, n_epochs, batch_size=100):
    """Function of objective, start and progress; epochs are of one batch."""
    if not solver.is_scheduled:
        return solver.minimise
    schedule = Schedule(batch_size, learning_rate=0.1, n_epochs=n_epochs, seed=0)
    return partial(solver.minimise, schedule=schedule)


def rule_of(solver, **settings):
    settings = {**SETTINGS, **settings}
    return StoppingRule(**settings, is_scheduled=solver.is_scheduled)


def run(solver, objective=None, start=START, n_epochs=500, settings=(), **others):
    """Run it on the test problem; schedules are longer than what stops them."""
    progress = Progress(rule_of(solver, **dict(settings)), **others)
    function = function_of(solver, n_epochs)
    return function(objective or Rosenbrock(), start, progress)


def loss_at(solver, points, n_iter):
    """The loss that belongs to an iteration, given the starting point and all later.

    That of the steps of a schedule is estimated before each of them.
    """
    return Rosenbrock().value(points[n_iter - 1 if solver.is_scheduled else n_iter])


@ALL_SOLVERS
def test_finds_the_minimum(solver):
    result = run(solver)
    # Steps of a schedule are not made to fit the curvature.
    atol = 0.2 if solver.is_scheduled else 1e-6
    assert_allclose(result.theta, [1, 1], atol=atol)
    assert result.loss == pytest.approx(0, abs=atol**2)
    ends = StopReason.COMPLETED if solver.is_scheduled else StopReason.STATIONARY
    assert result.reason is ends
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
    settings = {"max_iter": 1000}
    theta = model.initial(rng)
    result = run(solver, objective, theta, n_epochs=1000, settings=settings)
    _, gradient = objective.value_and_gradient(result.theta)
    assert result.loss > 0.01
    # A schedule ends where it is, near it.
    largest = 0.2 if solver.is_scheduled else 0.1
    assert np.linalg.norm(gradient) < largest * result.loss
    assert solver.is_scheduled or np.all(np.diff(result.loss_curve) <= 0)


@ALL_SOLVERS
def test_converged(solver):
    """A schedule is followed to the end, however little is gained."""
    result = run(solver, settings={"tol": 0.9, "n_iter_no_change": 2})
    objective, theta = make_objective("expectation", "hermitian", {"block_sizes": (3,)})
    of_model = run(solver, objective, theta, settings={"tol": 0.1})
    if solver.is_scheduled:
        assert result.reason is of_model.reason is StopReason.COMPLETED
        return
    assert result.reason is of_model.reason is StopReason.CONVERGED
    before, *_, last = result.loss_curve[-3:]
    assert before - last < 0.9 * before
    before, last = of_model.loss_curve[-11], of_model.loss_curve[-1]
    assert before - last < 0.1 * before


@ALL_SOLVERS
def test_floor_counts_as_zero(solver):
    floor = 0.1 if solver.is_scheduled else 1e-3
    result = run(solver, settings={"floor": floor})
    assert result.reason is StopReason.STATIONARY
    assert result.loss <= floor < result.loss_curve[-2]
    again = run(solver, start=result.theta, settings={"floor": floor})
    assert again.reason is StopReason.STATIONARY
    assert again.n_iter == 0


@ALL_SOLVERS
def test_max_iter(solver):
    result = run(solver, settings={"max_iter": 3})
    assert result.reason is StopReason.MAX_ITER
    assert result.n_iter == 3
    assert not result.reason.converged
    assert "increase max_iter" in result.reason.value


@ALL_SOLVERS
def test_callback_sees_each_iteration_and_can_stop(solver):
    seen, points = [], [START]

    def on_iteration(n_iter, theta, loss, score):
        seen.append((n_iter, loss))
        points.append(theta)
        assert loss_at(solver, points, n_iter) == pytest.approx(loss)
        return n_iter == 4

    result = run(solver, on_iteration=on_iteration)
    assert result.reason is StopReason.CALLBACK
    assert [n for n, _ in seen] == [1, 2, 3, 4]
    assert [loss for _, loss in seen] == result.loss_curve


@ALL_SOLVERS
def test_interruption_keeps_the_best_point(solver):
    points = [START]

    def on_iteration(n_iter, theta, loss, score):
        points.append(theta)
        if n_iter == 5:
            raise KeyboardInterrupt

    result = run(solver, on_iteration=on_iteration)
    assert result.reason is StopReason.INTERRUPTED
    assert result.n_iter == 5
    assert result.loss == result.loss_curve[-1] < Rosenbrock().value(START)
    assert loss_at(solver, points, 5) == pytest.approx(result.loss)
    assert_array_equal(result.theta, points[-1])


@ALL_SOLVERS
def test_interruption_before_there_is_anything(solver):
    """It is not counted either: whoever catches it next does so."""
    interruption = Interruption()
    with pytest.raises(KeyboardInterrupt):
        run(solver, Interrupted(Rosenbrock(), 1), interruption=interruption)
    assert interruption.latest == -np.inf


@ALL_SOLVERS
def test_interruption_in_the_first_iteration_keeps_the_start(solver):
    result = run(solver, Interrupted(Rosenbrock(), 2))
    assert result.reason is StopReason.INTERRUPTED
    assert_array_equal(result.theta, START)
    assert result.loss == Rosenbrock().value(START)
    assert result.n_iter == 0


@ALL_SOLVERS
@pytest.mark.parametrize("n", [1, 2, 3])
def test_interruption_of_a_continued_run_keeps_the_earlier_result(solver, n):
    first = run(solver, settings={"max_iter": 4})
    objective = Interrupted(Rosenbrock(), n)
    result = run(solver, objective, first.resume.theta, previous=first)
    assert result.reason is StopReason.INTERRUPTED
    assert result.loss_curve[:4] == first.loss_curve
    if result.n_iter == 4:
        assert_array_equal(result.theta, first.theta)
        assert_array_equal(result.resume.theta, first.resume.theta)


@ALL_SOLVERS
@pytest.mark.parametrize("n", range(2, 14))
def test_an_interrupted_run_can_be_continued(solver, n):
    """Wherever that was: what it had begun is begun again."""
    whole = run(solver, n_epochs=30)
    part = run(solver, Interrupted(Rosenbrock(), n), n_epochs=30)
    result = run(solver, start=part.resume.theta, previous=part, n_epochs=30)
    n_same = part.n_iter if part.resume.memory is None else None
    assert result.loss_curve[:n_same] == whole.loss_curve[:n_same]
    if n_same is None:
        assert result.reason is whole.reason


@ALL_SOLVERS
def test_a_second_interruption_ends_the_caller(solver):
    """If both fits know of each other, and it comes soon."""
    shared, patient = Interruption(), Interruption(window=0.0)
    for interruption in (shared, patient, patient, Interruption()):
        objective = Interrupted(Rosenbrock(), 5)
        result = run(solver, objective, interruption=interruption)
        assert result.reason is StopReason.INTERRUPTED
    with pytest.raises(KeyboardInterrupt):
        run(solver, Interrupted(Rosenbrock(), 5), interruption=shared)


@ALL_SOLVERS
def test_early_stopping_returns_the_best_validated_point(solver):
    points = [START]

    def validation_loss(theta):
        return (theta[0] + 0.5) ** 2

    result = run(
        solver,
        validation_loss=validation_loss,
        on_iteration=lambda n_iter, theta, *_: points.append(theta),
        settings={"n_iter_no_change": 3},
    )
    assert result.reason is StopReason.STOPPED_EARLY
    assert validation_loss(result.theta) == result.score
    assert result.score == min(result.validation_curve)
    assert len(result.validation_curve) == result.n_iter
    best = int(np.argmin(result.validation_curve)) + 1
    assert result.n_iter == best + 3
    assert loss_at(solver, points, best) == pytest.approx(result.loss)


@ALL_SOLVERS
@pytest.mark.parametrize("validation_loss", [None, Rosenbrock().value])
def test_non_finite_start(solver, validation_loss):
    start = np.array([np.nan, 1.0])
    with np.errstate(all="ignore"):
        result = run(solver, start=start, validation_loss=validation_loss)
    assert result.reason is StopReason.NON_FINITE


@ALL_SOLVERS
@pytest.mark.parametrize("is_validated", [False, True])
@pytest.mark.parametrize("size", [1e160, 1e307, np.inf])
def test_overflow_is_silent(solver, size, is_validated):
    objective, theta = make_objective("expectation", "hermitian", {"block_sizes": (3,)})
    with np.errstate(invalid="ignore"):
        start = size * theta
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = minimise(
            objective,
            start,
            function_of(solver, 20),
            rule_of(solver, max_iter=20),
            validation_loss=objective.value if is_validated else None,
        )
    assert result.reason is StopReason.NON_FINITE


@ALL_SOLVERS
def test_overflow_on_the_way(solver):
    """Where steps have a length of their own nothing can be saved."""
    structure = {"block_sizes": (3,)}
    objective, theta = make_objective(
        "expectation", "hermitian", structure, penalty=RidgePenalty(0.0)
    )
    function = function_of(solver, 20)
    if solver.is_scheduled:
        schedule = Schedule(4, learning_rate=1e308, n_epochs=20, seed=0)
        function = partial(solver.minimise, schedule=schedule)
    settings = rule_of(solver, max_iter=20)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if solver.is_scheduled:
            with pytest.raises(ValueError, match="reduce learning_rate"):
                minimise(objective, theta, function, settings)
        else:
            result = minimise(objective, 1e150 * theta, function, settings)
            assert np.isfinite(result.loss)


def same(result, other):
    assert_array_equal(result.theta, other.theta)
    assert result.loss_curve == other.loss_curve
    assert result.validation_curve == other.validation_curve
    assert (result.score, result.reason) == (other.score, other.reason)


@ALL_SOLVERS
def test_a_continued_run_is_one_that_did_not_stop(solver):
    """What a solver remembers is carried over, and so are tol's window and the first
    loss; and the result that is continued may be so again."""
    whole = run(solver)
    first = run(solver, settings={"max_iter": 4})
    for _ in range(2):
        again = run(solver, start=first.resume.theta, previous=first)
        assert again.loss_curve[:4] == whole.loss_curve[:4]
        # L-BFGS forgets the past gradients.
        if first.resume.memory is None:
            assert again.reason is whole.reason
        else:
            same(again, whole)


@ALL_SOLVERS
def test_a_continued_run_goes_on_from_the_last_point_and_keeps_its_patience(solver):
    def validation_loss(theta):
        return (theta[0] + 0.5) ** 2

    others = {"validation_loss": validation_loss}
    settings = {"n_iter_no_change": 5}
    whole = run(solver, settings=settings, **others)
    best = int(np.argmin(whole.validation_curve)) + 1
    first = run(solver, settings={**settings, "max_iter": best + 2}, **others)
    assert not np.array_equal(first.resume.theta, first.theta)
    again = run(
        solver, start=first.resume.theta, previous=first, settings=settings, **others
    )
    assert whole.n_iter == again.n_iter == best + 5
    if first.resume.memory is not None:
        same(again, whole)


@ALL_SOLVERS
def test_screening_leaves_no_trace_in_the_winning_start(solver):
    objective, theta = make_objective("expectation", "hermitian", {"block_sizes": (3,)})
    function, rule = function_of(solver, 40), rule_of(solver, max_iter=40)
    (result,) = train(objective, [theta, 1e3 * theta], function, rule).members
    whole = minimise(objective, theta, function, rule)
    assert result.n_iter == whole.n_iter == 40
    # L-BFGS forgets the past gradients, and only them.
    n_same = 20 if result.resume.memory is None else 40
    assert result.loss_curve[:n_same] == whole.loss_curve[:n_same]
    assert solver.is_scheduled or np.all(np.diff(result.loss_curve) <= 0)


class TestNeeds:
    @ALL_SOLVERS
    def test_are_enough(self, solver):
        objective = offering(*solver.needs)
        solver.check(objective)
        assert run(solver, objective, settings={"max_iter": 3}).n_iter == 3

    @pytest.mark.parametrize(
        ("solver", "name"),
        [(solver, name) for solver in SOLVERS.values() for name in solver.needs],
    )
    def test_are_all_used(self, solver, name):
        objective = offering(*(other for other in solver.needs if other != name))
        with pytest.raises(TypeError, match=f"SimpleNamespace has no {name}: add it"):
            solver.check(objective)
        with pytest.raises(AttributeError, match=f"'{name}'"):
            run(solver, objective, settings={"max_iter": 3})

    def test_are_what_the_protocol_describes(self):
        needs = {name for solver in SOLVERS.values() for name in solver.needs}
        methods = {name for name in vars(ObjectiveProtocol) if name[0] != "_"}
        assert needs == methods | set(get_type_hints(ObjectiveProtocol))


def offering(*names):
    return SimpleNamespace(**{name: getattr(Rosenbrock(), name) for name in names})
