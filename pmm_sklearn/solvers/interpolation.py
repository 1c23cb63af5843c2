"""Least squares first, then with a penalty: for few data, which a penalty would shrink.

From random matrices residuals are large, and a penalty that follows them draws the
matrices to zero before they have learned anything.  A solution of the plain least
squares is where the penalty finds the size of the residuals.
"""

from dataclasses import replace

from ._progress import Progress
from ._result import StopReason
from .levenberg_marquardt import minimize_lm

# Iterations without penalty, and what ten of them have to gain.
_MAX_ITER, _TOL = 60, 1e-2


def minimize_from_interpolation(objective, theta, progress):
    """Minimise a penalised sum of squares from a minimum of the sum of squares.

    Parameters
    ----------
    objective : Objective
        What is minimised; with its penalty only the iterations are recorded.
    theta, progress
        As for :func:`minimize_lm`.

    Returns
    -------
    SolverResult

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import model as m
    >>> from pmm_sklearn import solvers
    >>> X = np.linspace(-1, 1, 10)[:, np.newaxis]
    >>> pmm = m.observable_pmm(1, 1, (2,), 1)
    >>> data = X, X**2, np.ones((10, 1))
    >>> objective = m.Objective(pmm, m.SquaredError(), *data, m.NoisePenalty(10, 100.0))
    >>> theta = pmm.initial(np.random.RandomState(0))
    >>> progress = solvers.Progress(solvers.StoppingRule(tol=1e-2, max_iter=50))
    >>> result = solvers.minimize_from_interpolation(objective, theta, progress)
    >>> bool(result.loss < objective.value(theta))
    True
    """
    if not progress.loss_curve:
        n_iter = min(progress.rule.max_iter, _MAX_ITER)
        rule = replace(progress.rule, max_iter=n_iter, tol=_TOL)
        first = Progress(rule, interruption=progress.interruption)
        result = minimize_lm(objective.without_penalty(), theta, first)
        if result.reason is StopReason.INTERRUPTED:
            return result
        theta = result.theta
    return minimize_lm(objective, theta, progress)
