"""Training from several random starts."""

from dataclasses import replace
from functools import partial

import numpy as np
from joblib import effective_n_jobs
from joblib.parallel import get_active_backend
from sklearn.utils.parallel import Parallel, delayed

from ._threads import single_blas_thread
from .solvers import Progress, StopReason, interrupted

#: Iterations after which the starts are compared for the first time.
SCREENING_ITERATIONS = 20
# The best third goes on, for three times as many iterations.
_REDUCTION = 3


def train(
    objective,
    starts,
    solver,
    settings,
    *,
    n_jobs=None,
    on_start=None,
    on_screening=None,
    on_iteration=None,
):
    """Compare the starts again and again, continue the better ones.

    After 20, 60, 180 ... iterations the best third of the starts is kept, until one
    is left ("successive halving", by thirds).

    Parameters
    ----------
    objective : Objective
        What is minimised.
    starts : list of ndarray of shape (n_parameters,)
        Starting points.
    solver : callable
        ``solver(objective, theta, progress)``: see `pmm_sklearn.solvers`.
    settings : dict
        Keyword arguments of `Progress`.
    n_jobs : int, optional
        Number of starts that are screened at the same time.
    on_start : callable, optional
        ``on_start(number, result)``, called with the result of each start's
        screening; numbers begin with 1.
    on_screening : callable, optional
        ``on_screening(number, n_iter, theta, loss, score)`` after each iteration of the
        screening, unless starts are screened in parallel.
    on_iteration : callable, optional
        See `Progress`; called for the start that is left, once it is the only one.

    Returns
    -------
    result : SolverResult
        Best result, its curves beginning with the screening, with the curves of all
        starts.
    start_losses : list of float
        Loss of every start at the first comparison.
    """
    max_iter = settings["max_iter"]
    if len(starts) == 1:
        result = minimise(objective, starts[0], solver, settings, on_iteration)
        return replace(result, start_curves=[result.loss_curve]), [result.score]
    limit = min(SCREENING_ITERATIONS, max_iter)
    workers = _Workers(partial(_continue, objective, solver, settings), n_jobs)
    screening = [(start, limit, None) for start in starts]
    results, was_interrupted = workers.run(screening, on_start, on_screening)
    scores = [result.score for result in results]
    latest = results = dict(enumerate(results))
    while len(results) > 1 and not was_interrupted:
        kept = sorted(results, key=lambda number: results[number].score)
        kept = kept[: max(1, len(results) // _REDUCTION)]
        results = {number: results[number] for number in kept}
        limit = min(_REDUCTION * limit, max_iter)
        if len(results) > 1:
            longer = [number for number in kept if results[number].is_unfinished(limit)]
            tasks = [(results[k].resume.theta, limit, results[k]) for k in longer]
            continued, was_interrupted = workers.run(tasks)
            # After an interruption some of them have not been continued.
            results.update(zip(longer, continued, strict=False))
            latest = {**latest, **results}
    number = min(results, key=lambda number: results[number].score)
    best = results[number]
    if was_interrupted:
        best = replace(best, reason=StopReason.INTERRUPTED)
    elif best.is_unfinished(max_iter):
        start = best.resume.theta
        best = minimise(objective, start, solver, settings, on_iteration, best)
    latest = {**latest, number: best}
    best = replace(best, start_curves=[latest[k].loss_curve for k in sorted(latest)])
    return best, scores


def minimise(objective, start, solver, settings, on_iteration=None, previous=None):
    """Run one solver from one start; a task for any worker."""
    # A trial step may overflow; its loss is then not less than the present one.
    with single_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
        progress = Progress(**settings, on_iteration=on_iteration, previous=previous)
        return solver(objective, start, progress)


def _continue(objective, solver, settings, task, on_iteration=None):
    """Run the solver for a task: a start, the last iteration, a previous result."""
    start, max_iter, previous = task
    settings = {**settings, "max_iter": max_iter}
    return minimise(objective, start, solver, settings, on_iteration, previous)


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
        """Results of the tasks in order, and whether an interruption cut them short.

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
    """List of results, and whether an interruption cut it short."""
    collected = []
    try:
        for number, result in enumerate(results, 1):
            collected.append(result)
            if result.reason is StopReason.INTERRUPTED:
                return collected, True
            if on_result is not None:
                on_result(number, result)
    except KeyboardInterrupt:
        if not collected:
            raise
        interrupted()
        return collected, True
    return collected, False
