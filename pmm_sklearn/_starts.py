"""Training from several random starts."""

from dataclasses import replace

import numpy as np
from joblib.parallel import get_active_backend
from sklearn.utils.parallel import Parallel, delayed

from ._threads import single_blas_thread
from .solvers import SOLVERS, Progress, StopReason

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
    solver : {"lm", "lbfgs"}
        Name of the solver.
    settings : dict
        Keyword arguments of `Progress`.
    n_jobs : int, optional
        Number of starts that are screened at the same time.
    on_start : callable, optional
        ``on_start(result)``, called with the result of each start's screening.
    on_iteration : callable, optional
        See `Progress`; called for the start that is left in the end.

    Returns
    -------
    result : SolverResult
        Best result, its curves beginning with the screening.
    start_losses : list of float
        Loss of every start at the first comparison.
    """
    if len(starts) == 1:
        result = minimise(objective, starts[0], solver, settings, on_iteration)
        return result, [result.score]
    limit = min(SCREENING_ITERATIONS, settings["max_iter"])
    tasks = [(start, {**settings, "max_iter": limit}) for start in starts]
    results, interrupted = _run(objective, tasks, solver, n_jobs, on_start)
    if not results:
        raise KeyboardInterrupt
    start_losses = [result.score for result in results]
    while len(results) > 1 and not interrupted:
        results.sort(key=lambda result: result.score)
        results = results[: max(1, len(results) // _REDUCTION)]
        limit = min(_REDUCTION * limit, settings["max_iter"])
        if len(results) > 1:
            results, interrupted = _continue(
                objective, results, solver, settings, limit, n_jobs
            )
    best = min(results, key=lambda result: result.score)
    if interrupted:
        best = replace(best, reason=StopReason.INTERRUPTED)
    elif best.is_unfinished(settings["max_iter"]):
        left = {**settings, "max_iter": settings["max_iter"] - best.n_iter}
        count = _offset(on_iteration, best.n_iter)
        rest = minimise(objective, best.theta, solver, left, count)
        best = best.followed_by(rest)
    return best, start_losses


def minimise(objective, start, solver, settings, on_iteration=None):
    """Run one solver from one start; a task for any worker."""
    # A trial step may overflow; its loss is then not less than the present one.
    with single_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
        progress = Progress(**settings, on_iteration=on_iteration)
        return SOLVERS[solver](objective, start, progress)


def _continue(objective, results, solver, settings, limit, n_jobs):
    """Continue results up to a number of iterations; those that ended stay."""
    unfinished = [i for i, result in enumerate(results) if result.is_unfinished(limit)]
    tasks = [
        (results[i].theta, {**settings, "max_iter": limit - results[i].n_iter})
        for i in unfinished
    ]
    rests, interrupted = _run(objective, tasks, solver, n_jobs)
    results = list(results)
    for i, rest in zip(unfinished, rests, strict=False):
        results[i] = results[i].followed_by(rest)
    return results, interrupted


def _run(objective, tasks, solver, n_jobs, on_result=None):
    """Results of several tasks in their order, and whether they were interrupted."""
    # With results one by one, an interruption costs only those not yet there.
    backend, _ = get_active_backend()
    one_by_one = backend.supports_return_generator
    parallel = Parallel(n_jobs=n_jobs, return_as="generator" if one_by_one else "list")
    results = parallel(
        delayed(minimise)(objective, start, solver, settings)
        for start, settings in tasks
    )
    return _collect(results, on_result)


def _collect(results, on_result):
    """List of results, and whether an interruption cut it short."""
    collected = []
    try:
        for result in results:
            collected.append(result)
            if result.reason is StopReason.INTERRUPTED:
                return collected, True
            if on_result is not None:
                on_result(result)
    except KeyboardInterrupt:
        return collected, True
    return collected, False


def _offset(on_iteration, n_previous):
    """Count the iterations of the screening."""
    if on_iteration is None:
        return None
    return lambda n_iter, *state: on_iteration(n_previous + n_iter, *state)
