"""Levenberg-Marquardt on the evidence: matrices, and variances between the steps."""

import numpy as np

from ._result import StopReason
from .levenberg_marquardt import INITIAL_DAMPING, LARGEST_DAMPING, decreased, descend

# So often no step may have been found for variances that were adapted after it.
_MOST_FAILURES = 3


def minimize_evidence(objective, theta, progress):
    r"""Maximise an evidence by damped Gauss-Newton steps and fixed-point updates.

    Parameters
    ----------
    objective : EvidenceObjective
        Offers ``value``, ``quadratic_model``, ``adapted`` and
        ``negative_log_evidence``, which is what is recorded.
    theta : ndarray of shape (n_parameters,)
        Starting point.
    progress : Progress
        Records the iterations and decides when to stop.

    Returns
    -------
    SolverResult

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import model as m
    >>> from pmm_sklearn import solvers
    >>> X = np.linspace(-1, 1, 20)[:, np.newaxis]
    >>> pmm = m.observable_pmm(1, 1, (3,), 1, level_spacing=1.0)
    >>> objective = m.EvidenceObjective(pmm, X, X**2, np.ones((20, 1)))
    >>> theta = objective.initial(np.random.RandomState(0))
    >>> rule = solvers.StoppingRule(tol=0.05, max_iter=100, is_logarithm=True)
    >>> result = solvers.minimize_evidence(objective, theta, solvers.Progress(rule))
    >>> bool(objective.log_evidence(result.theta) > objective.log_evidence(theta))
    True
    """
    damping, n_failures = progress.memory or (INITIAL_DAMPING, 0)
    reason = None
    try:
        equations, evidence = _at(objective, theta)
        reason = progress.start(theta, evidence)
        while reason is None:
            loss = objective.value(theta)
            theta, _, damping = descend(objective, equations, theta, loss, damping)
            if damping > LARGEST_DAMPING:
                damping, n_failures = INITIAL_DAMPING, n_failures + 1
            damping = decreased(damping)
            n_iter = len(progress.loss_curve) + 1
            theta = objective.adapted(theta, equations, n_iter)
            equations, evidence = _at(objective, theta)
            reason = progress.record(theta, evidence, (damping, n_failures))
            if reason is None and (equations is None or n_failures >= _MOST_FAILURES):
                reason = StopReason.STATIONARY
    except KeyboardInterrupt:
        reason = progress.interrupted()
    return progress.result(reason)


def _at(objective, theta):
    """Equations and negative logarithm of the evidence; infinite if there is none."""
    try:
        equations = objective.quadratic_model(theta)
        return equations, objective.negative_log_evidence(theta, equations)
    except np.linalg.LinAlgError:
        return None, np.inf
