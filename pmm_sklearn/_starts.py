"""Training from several random starts."""

from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
from joblib import effective_n_jobs
from joblib.parallel import get_active_backend
from sklearn.utils.parallel import Parallel, delayed

from ._threads import single_blas_thread
from .solvers import Interruption, Progress, StopReason

#: The keyboard belongs to the process: fits that follow each other share it.
KEYBOARD = Interruption()
#: Iterations after which the starts are compared for the first time.
SCREENING_ITERATIONS = 20
# The best third goes on, for three times as many iterations.
_REDUCTION = 3


class Training(NamedTuple):
    """What several starts have come to.

    Attributes
    ----------
    results : list of SolverResult
        Those that were kept, best first, their curves beginning with the screening.
    start_losses : list of float
        Loss of every start at the first comparison, or at the end if all were kept.
    latest : list of SolverResult
        How far every start has come.
    """

    results: list
    start_losses: list
    latest: list


def train(
    objective,
    starts,
    solver,
    rule,
    *,
    validation_loss=None,
    n_kept=1,
    previous=None,
    n_jobs=None,
    is_watched=False,
    on_start=None,
    on_screening=None,
    on_iteration=None,
):
    """Compare the starts again and again, continue the better ones.

    After 20, 60, 180 ... iterations the best third of the starts is kept, until
    `n_kept` are left ("successive halving", by thirds); these are trained to the end.

    Parameters
    ----------
    objective : Objective
        What is minimised.
    starts : list of ndarray of shape (n_parameters,)
        Starting points.
    solver : callable
        ``solver(objective, theta, progress)``: see `pmm_sklearn.solvers`.
    rule : StoppingRule
        When the starts that are kept end.
    validation_loss : callable, optional
        ``validation_loss(theta)``: see `Progress`.
    n_kept : int, default=1
        Number of starts that are trained to the end.
    previous : Training, optional
        That of the same starts and fewer kept ones, which goes on.
    n_jobs : int, optional
        Number of starts that are trained at the same time.
    is_watched : bool, default=False
        Whether the starts that are kept are trained in this process, where
        `on_iteration` is called.
    on_start : callable, optional
        ``on_start(number, result)``, called with the result of each start's
        screening; numbers begin with 1.
    on_screening : callable, optional
        ``on_screening(number, n_iter, theta, loss, score)`` after each iteration of the
        screening, unless starts are screened in parallel.
    on_iteration : callable, optional
        The same for the starts that are kept; a true return value ends the training
        of all.

    Returns
    -------
    Training
    """
    max_iter = rule.max_iter
    run_task = partial(_continue, objective, solver, rule, validation_loss)
    workers = _Workers(run_task, n_jobs)
    # The only start that is left may have threads instead, and shows its progress.
    is_here = is_watched or n_kept == 1
    last_workers = _Workers(run_task, 1) if is_here else workers
    if len(starts) <= n_kept and previous is None:
        tasks = [(start, max_iter, None) for start in starts]
        results, cut = last_workers.run(tasks, None, on_iteration)
        results = _numbered(results)
        losses = [result.score for result in results]
        return Training(_ranked(results, n_kept, cut), losses, results)
    limit, cut = min(SCREENING_ITERATIONS, max_iter), None
    if previous is None:
        screening = [(start, limit, None) for start in starts]
        results, cut = workers.run(screening, on_start, on_screening)
        results = _numbered(results)
        losses = [result.score for result in results]
    else:
        results, losses = previous.latest, previous.start_losses
    latest = list(results)
    while len(results) > n_kept and cut is None:
        results = _ranked(results, max(n_kept, len(results) // _REDUCTION))
        limit = min(_REDUCTION * limit, max_iter)
        if len(results) > n_kept:
            results, cut = _longer(workers, results, limit, latest)
    if cut is None:
        results, cut = _longer(last_workers, results, max_iter, latest, on_iteration)
    if n_kept >= len(starts):
        losses = [result.score for result in latest]
    return Training(_ranked(results, n_kept, cut), losses, latest)


def _longer(workers, results, max_iter, latest, on_iteration=None):
    """Results continued where they are not finished, and what cut this short."""
    ended = [r for r in results if not r.is_unfinished(max_iter)]
    waiting = [r for r in results if r.is_unfinished(max_iter)]
    tasks = [(result.resume.theta, max_iter, result) for result in waiting]
    continued, cut = workers.run(tasks, None, on_iteration)
    for i, result in enumerate(continued):
        continued[i] = replace(result, start=waiting[i].start)
        latest[waiting[i].start] = continued[i]
    return ended + continued + waiting[len(continued) :], cut


def _numbered(results):
    return [replace(result, start=i) for i, result in enumerate(results)]


def _ranked(results, number, cut=None):
    """The best results; all of them ended for the reason that cut them short."""
    usable = [r for r in results if r.reason is not StopReason.NON_FINITE] or results
    ranked = sorted(usable, key=lambda result: result.score)[:number]
    return [replace(r, reason=cut) for r in ranked] if cut else ranked


def minimise(
    objective,
    start,
    solver,
    rule,
    *,
    validation_loss=None,
    on_iteration=None,
    previous=None,
):
    """Run one solver from one start; a task for any worker."""
    progress = Progress(
        rule,
        validation_loss=validation_loss,
        on_iteration=on_iteration,
        previous=previous,
        interruption=KEYBOARD,
    )
    # A trial step may overflow; its loss is then not less than the present one.
    with single_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
        return solver(objective, start, progress)


def _continue(objective, solver, rule, validation_loss, task, on_iteration=None):
    """Run the solver for a task: a start, the last iteration, a previous result."""
    start, max_iter, previous = task
    return minimise(
        objective,
        start,
        solver,
        replace(rule, max_iter=max_iter),
        validation_loss=validation_loss,
        on_iteration=on_iteration,
        previous=previous,
    )


class _Workers:
    """Those of the active joblib backend, or this process for one job.

    Parameters
    ----------
    run_task : callable
        ``run_task(task, on_iteration=None)``, what is common to all tasks.
    n_jobs : int or None
        Number of tasks at the same time.
    """

    def __init__(self, run_task, n_jobs):
        self._backend, _ = get_active_backend()
        self._n_jobs = n_jobs
        self._is_here = effective_n_jobs(n_jobs) == 1
        self._run_task = run_task
        client = getattr(self._backend, "client", None)  # only dask has one
        if client is not None and not self._is_here:
            # As the result of a task it is sent once, and computed again where a
            # worker is lost; what joblib scatters by itself would be lost with it.
            options = self._backend.submit_kwargs
            self._run_task = client.submit(_itself, run_task, pure=False, **options)

    def run(self, tasks, on_result=None, on_iteration=None):
        """Results of the tasks in order, and what cut them short, if anything did.

        Parameters
        ----------
        tasks : list of tuple
            What each worker is given.  (Arrays that are arguments themselves would
            be scattered.)
        on_result : callable, optional
            ``on_result(number, result)``.
        on_iteration : callable, optional
            ``on_iteration(number, ...)``, called in this process only.
        """
        if self._is_here:
            return _collect(self._run_here(tasks, on_iteration), on_result)
        # With results one by one, an interruption costs only those not yet there.
        one_by_one = self._backend.supports_return_generator
        parallel = Parallel(
            n_jobs=self._n_jobs, return_as="generator" if one_by_one else "list"
        )
        results = parallel(delayed(_call)(self._run_task, task) for task in tasks)
        return _collect(results, on_result)

    def _run_here(self, tasks, on_iteration):
        for number, task in enumerate(tasks, 1):
            show = on_iteration and partial(on_iteration, number)
            yield self._run_task(task, on_iteration=show)


def _itself(value):
    return value


def _call(run_task, task):
    if not callable(run_task):
        # A future: joblib stays here if the cluster has shrunk to one core.
        run_task = run_task.result()
    return run_task(task)


def _collect(results, on_result):
    """List of results, and the `StopReason` that cut it short or None."""
    collected = []
    try:
        for number, result in enumerate(results, 1):
            collected.append(result)
            if result.reason in (StopReason.INTERRUPTED, StopReason.CALLBACK):
                return collected, result.reason
            if on_result is not None:
                on_result(number, result)
    except KeyboardInterrupt:
        if not collected:
            raise
        return collected, KEYBOARD.reason()
    return collected, None
