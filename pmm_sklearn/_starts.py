"""Training from several random starts."""

from dataclasses import replace

import numpy as np
from sklearn.utils.parallel import Parallel, delayed

from ._threads import single_blas_thread
from .solvers import SOLVERS, Progress, StopReason

#: Iterations after which the starts are compared.
SCREENING_ITERATIONS = 20


def train(objective, starts, solver, settings, *, n_jobs=None, on_iteration=None):
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
    screened, interrupted = _screen(objective, starts, solver, screening, n_jobs)
    best = min(screened, key=lambda result: result.score)
    scores = [result.score for result in screened]
    if interrupted:
        best = replace(best, reason=StopReason.INTERRUPTED)
    elif best.reason is StopReason.MAX_ITER and best.n_iter < max_iter:
        left = {**settings, "max_iter": max_iter - best.n_iter}
        rest = minimise(objective, best.theta, solver, left, on_iteration)
        best = best.followed_by(rest)
    return best, scores


def minimise(objective, start, solver, settings, on_iteration=None):
    """Run one solver from one start; a task for any worker."""
    # A trial step may overflow; its loss is then not less than the present one.
    with single_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
        progress = Progress(**settings, on_iteration=on_iteration)
        return SOLVERS[solver](objective, start, progress)


def _screen(objective, starts, solver, settings, n_jobs):
    """Results of the starts, and whether an interruption cut the list short."""
    parallel = Parallel(n_jobs=n_jobs, return_as="generator")
    tasks = (delayed(minimise)(objective, start, solver, settings) for start in starts)
    results = []
    try:
        for result in parallel(tasks):
            results.append(result)
            if result.reason is StopReason.INTERRUPTED:
                return results, True
    except KeyboardInterrupt:
        if not results:
            raise
        return results, True
    return results, False
