"""Training from several random starts."""

from dataclasses import replace

import numpy as np
from joblib.parallel import get_active_backend
from sklearn.utils.parallel import Parallel, delayed

from ._threads import single_blas_thread
from .solvers import SOLVERS, Progress, StopReason

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
        ``on_start(result)``, called with the result of each start's screening.
    on_iteration : callable, optional
        See `Progress`; called for the start that is continued.

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
    results = _screen(objective, starts, solver, screening, n_jobs)
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


def _screen(objective, starts, solver, settings, n_jobs):
    """Results of the starts, in their order."""
    # With results one by one, an interruption costs only those not yet there.
    backend, _ = get_active_backend()
    one_by_one = backend.supports_return_generator
    parallel = Parallel(n_jobs=n_jobs, return_as="generator" if one_by_one else "list")
    return parallel(
        delayed(minimise)(objective, start, solver, settings) for start in starts
    )


def _collect(results, on_start):
    """List of results, and whether an interruption cut it short."""
    collected = []
    try:
        for result in results:
            collected.append(result)
            if result.reason is StopReason.INTERRUPTED:
                return collected, True
            if on_start is not None:
                on_start(result)
    except KeyboardInterrupt:
        if not collected:
            raise
        return collected, True
    return collected, False
