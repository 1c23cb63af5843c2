"""Training from several random starts."""

from dataclasses import replace
from functools import partial

import numpy as np
from joblib import effective_n_jobs
from joblib.parallel import get_active_backend
from sklearn.utils.parallel import Parallel, delayed

from ._threads import single_blas_thread
from .solvers import SOLVERS, Progress, StopReason, interrupted

#: Iterations after which the starts are compared.
SCREENING_ITERATIONS = 20


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
    """Screen the starts for a few iterations and continue the best one.

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
        ``on_start(number, result)``, called with the result of each start's
        screening; numbers begin with 1.
    on_screening : callable, optional
        ``on_screening(number, n_iter, theta, loss)`` after each iteration of the
        screening, unless starts are screened in parallel.
    on_iteration : callable, optional
        See `Progress`; called for the start that is continued, after its screening.

    Returns
    -------
    result : SolverResult
        Best result, its curves beginning with the screening.
    start_losses : list of float
        Loss of every start after screening, that by which they were compared.
    """
    max_iter = settings["max_iter"]
    if len(starts) == 1:
        result = minimise(objective, starts[0], solver, settings, on_iteration)
        return result, [result.score]
    screening = {**settings, "max_iter": min(SCREENING_ITERATIONS, max_iter)}
    task = partial(minimise, objective, solver=solver, settings=screening)
    results = _screen(task, starts, n_jobs, on_screening)
    screened, interrupted = _collect(results, on_start)
    best = min(screened, key=lambda result: result.score)
    scores = [result.score for result in screened]
    if interrupted:
        best = replace(best, reason=StopReason.INTERRUPTED)
    elif best.reason is StopReason.MAX_ITER and best.n_iter < max_iter:
        start = best.resume.theta
        best = minimise(objective, start, solver, settings, on_iteration, best)
    return best, scores


def minimise(objective, start, solver, settings, on_iteration=None, previous=None):
    """Run one solver from one start; a task for any worker."""
    # A trial step may overflow; its loss is then not less than the present one.
    with single_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
        progress = Progress(**settings, on_iteration=on_iteration, previous=previous)
        return SOLVERS[solver](objective, start, progress)


def _screen(task, starts, n_jobs, on_screening):
    """Results of the starts, in their order."""
    if effective_n_jobs(n_jobs) == 1:
        return _screen_here(task, starts, on_screening)
    # With results one by one, an interruption costs only those not yet there.
    backend, _ = get_active_backend()
    one_by_one = backend.supports_return_generator
    parallel = Parallel(n_jobs=n_jobs, return_as="generator" if one_by_one else "list")
    return parallel(delayed(task)(start) for start in starts)


def _screen_here(task, starts, on_screening):
    for number, start in enumerate(starts, 1):
        show = on_screening and partial(on_screening, number)
        yield task(start, on_iteration=show)


def _collect(results, on_start):
    """List of results, and whether an interruption cut it short."""
    collected = []
    try:
        for number, result in enumerate(results, 1):
            collected.append(result)
            if result.reason is StopReason.INTERRUPTED:
                return collected, True
            if on_start is not None:
                on_start(number, result)
    except KeyboardInterrupt:
        if not collected:
            raise
        interrupted()
        return collected, True
    return collected, False
