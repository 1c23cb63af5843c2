"""Training from several random starts, by thirds."""

from copy import copy
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from .._threads import single_blas_thread
from ..solvers import Progress, SolverResult, StopReason
from .watcher import Watcher
from .workers import Workers

# The best third goes on, for three times as many iterations.
_REDUCTION = 3


@dataclass(frozen=True)
class Training:
    """What several starts have come to.

    Attributes
    ----------
    members : list of SolverResult
        Those that were trained to the end, best first, their curves beginning with the
        screening.
    start_losses : list of float
        Loss of every start at the first comparison, or at the end if all were members.
    starts : list of SolverResult
        How far every start has come.
    """

    members: list[SolverResult]
    start_losses: list[float]
    starts: list[SolverResult]


def train(
    objective,
    starts,
    solver,
    rule,
    *,
    validation_loss=None,
    n_members=1,
    is_worth=None,
    screened=(),
    n_jobs=None,
    watcher=None,
):
    """Compare the starts again and again, continue the better ones.

    After `n_iter_screening` iterations, three times as many and so on the best third of
    the starts goes on, until `n_members` are left ("successive halving", by thirds);
    these are trained to the end.

    Parameters
    ----------
    objective : Objective
        What is minimised.
    starts : list of ndarray of shape (n_parameters,)
        Starting points.
    solver : callable
        ``solver(objective, theta, progress)``: see `pmm_sklearn.solvers`.
    rule : StoppingRule
        When a start has converged.
    validation_loss : callable, optional
        ``validation_loss(theta)``, which then says what is best.
    n_members : int, default=1
        Number of starts that are trained to the end.
    is_worth : callable, optional
        ``is_worth(scores)`` says of ranked starts at the first comparison which are
        worth to be trained to the end; by default all are.
    screened : sequence of SolverResult
        How far the first starts have come already, in so many iterations as starts are
        compared after.
    n_jobs : int, optional
        Number of starts that are trained at the same time.
    watcher : Watcher, optional
        Sees the progress.  If it asks callbacks, members are trained in this process.

    Returns
    -------
    Training
    """
    watcher = (watcher or Watcher()).of(len(starts), n_members)
    fixed = objective, validation_loss, solver, rule, watcher.interruption
    run_task = partial(_continue, fixed)
    workers = Workers(run_task, n_jobs, watcher.interruption)
    # The only start that is left may have threads instead, and shows its progress.
    is_here = watcher.has_callbacks or n_members == 1
    last_workers = workers
    if is_here:
        last_workers = Workers(run_task, 1, watcher.interruption)
    if len(starts) <= n_members and is_worth is None and not screened:
        tasks = [(start, rule.max_iter, None) for start in starts]
        results, stop = last_workers.run(tasks, None, watcher.on_iteration)
        results = _numbered(results)
        losses = [result.score for result in results]
        return Training(_ranked(results, n_members, stop), losses, results)
    limit = min(rule.n_iter_screening, rule.max_iter)
    screening = [(start, limit, None) for start in starts[len(screened) :]]
    results, stop = workers.run(
        screening,
        watcher.on_start,
        watcher.on_screening,
        goes_on=len(screened) > 0,
    )
    results = _numbered([*screened, *results])
    losses = [result.score for result in results]
    latest = list(results)
    if is_worth is not None and stop is None:
        ranked = _ranked(results, len(results))
        worth = is_worth([result.score for result in ranked])
        results = [ranked[i] for i in np.flatnonzero(worth)]
        n_members = min(n_members, len(results))
    while len(results) > n_members and stop is None:
        results = _ranked(results, max(n_members, len(results) // _REDUCTION))
        limit = min(_REDUCTION * limit, rule.max_iter)
        if len(results) > n_members:
            results, stop = _longer(workers, results, limit, latest)
    if stop is None:
        results, stop = _longer(
            last_workers, results, rule.max_iter, latest, watcher.on_iteration
        )
    if n_members >= len(starts):
        losses = [result.score for result in latest]
    return Training(_ranked(results, n_members, stop), losses, latest)


def _longer(workers, results, max_iter, latest, on_iteration=None):
    """Results continued where they are not finished, and what stopped this early."""
    ended = [r for r in results if not r.is_unfinished(max_iter)]
    waiting = [r for r in results if r.is_unfinished(max_iter)]
    tasks = [(result.resume.theta, max_iter, result) for result in waiting]
    continued, stop = workers.run(tasks, None, on_iteration, goes_on=True)
    for i, result in enumerate(continued):
        continued[i] = replace(result, start=waiting[i].start)
        latest[waiting[i].start] = continued[i]
    return ended + continued + waiting[len(continued) :], stop


def _numbered(results):
    return [replace(result, start=i) for i, result in enumerate(results)]


def _ranked(results, number, stop=None):
    """The best results; all of them ended for the reason that stopped them early."""
    usable = [r for r in results if r.reason is not StopReason.NON_FINITE] or results
    ranked = sorted(usable, key=lambda result: result.score)[:number]
    return [replace(r, reason=stop) for r in ranked] if stop else ranked


def minimise(
    objective,
    start,
    solver,
    rule,
    *,
    validation_loss=None,
    on_iteration=None,
    previous=None,
    interruption=None,
):
    """Run one solver from one start; a task for any worker."""
    # A trial step may overflow; its loss is then not less than the present one.
    with single_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
        progress = Progress(
            rule,
            validation_loss=validation_loss,
            on_iteration=on_iteration,
            previous=previous,
            interruption=interruption,
        )
        return solver(objective, start, progress)


def _continue(fixed, task, on_iteration=None):
    """Run the solver for a task: a start, the last iteration, a previous result."""
    objective, validation_loss, solver, rule, interruption = fixed
    start, max_iter, previous = task
    # What an objective remembers of its last point is neither shared between threads
    # nor that of another start.
    return minimise(
        copy(objective),
        start,
        solver,
        replace(rule, max_iter=max_iter),
        validation_loss=validation_loss,
        on_iteration=on_iteration,
        previous=previous,
        interruption=interruption,
    )
