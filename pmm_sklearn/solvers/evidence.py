"""Maximise an evidence: matrices and variances in turn, then together.

Together they take the largest steps, but from a random start the variances would fit
the matrices of that moment: features that do not matter yet get priors that keep them
from ever mattering.  In turn, and with half steps, variances follow slowly.  The
potential that matrices then minimise lacks the determinant, so that the evidence falls
again after a while; it is where to change over.
"""

from ._overflow import or_infinity
from ._result import StopReason
from .levenberg_marquardt import (
    INITIAL_DAMPING,
    LARGEST_DAMPING,
    decreased,
    descend,
    minimize_by_models,
)

#: Iterations of matrices and variances in turn.
IN_TURN = 30
# From then on noise and observables change, and widths of the priors of the matrices.
_FIRST_SCALES, _FIRST_WIDTHS = 3, 10
# Of the damping after a step: trials that fail take most of the time.
_DECREASE = 2.0


def maximize_evidence(objective, theta, progress):
    """Minimise the negative logarithm of an evidence.

    Parameters
    ----------
    objective : EvidenceObjective or JointEvidence
        If its ``is_far`` is true, starts may be far from a maximum: the first
        iterations take matrices and variances in turn; all of them do if its
        ``has_slope`` is false.
    theta : ndarray of shape (n_parameters,)
        Starting point.
    progress : Progress
        Records the iterations and decides when to stop.

    Returns
    -------
    SolverResult

    References
    ----------
    D. MacKay, "Bayesian interpolation", Neural Comput. 4, 415 (1992).

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import model as m
    >>> from pmm_sklearn import solvers
    >>> X = np.linspace(-1, 1, 20)[:, np.newaxis]
    >>> pmm = m.observable_pmm(1, 1, (3,), 1, level_spacing=1.0)
    >>> objective = m.EvidenceObjective(pmm, X, X**2, np.ones((20, 1)))
    >>> theta = objective.initial(np.random.RandomState(0))
    >>> rule = solvers.StoppingRule(tol=0.5, max_iter=200, is_logarithm=True)
    >>> result = solvers.maximize_evidence(objective, theta, solvers.Progress(rule))
    >>> result.reason.converged
    True
    """
    n_turns = IN_TURN if objective.is_far else 0
    reason = None
    if not objective.has_slope or len(progress.loss_curve) < n_turns:
        theta, reason = _in_turn(objective, theta, progress, n_turns)
    if reason is not None:
        return progress.result(reason)
    if objective.settles:
        return _settling(objective, theta, progress)
    model = objective.quadratic_model
    return minimize_by_models(objective, model, theta, progress, _DECREASE)


def _settling(objective, theta, progress):
    """Steps together, after each of which the noise follows from the residuals."""
    damping = INITIAL_DAMPING if progress.memory is None else progress.memory
    try:
        reason = progress.start(theta, or_infinity(objective.judged, theta))
        while reason is None:
            model = objective.quadratic_model(theta)
            before = objective.value(theta)
            theta, _, damping = descend(objective.value, model, theta, before, damping)
            theta = objective.settled(theta)
            damping = decreased(min(damping, INITIAL_DAMPING), _DECREASE)
            loss = or_infinity(objective.judged, theta)
            reason = progress.record(theta, loss, damping)
            if reason is StopReason.STOPPED_EARLY:
                reason = StopReason.CONVERGED
    except KeyboardInterrupt:
        reason = progress.interrupted()
    return progress.result(reason)


def _in_turn(objective, theta, progress, n_turns):
    """Iterations in turn: where they end, and why if nothing comes after them."""
    damping = INITIAL_DAMPING if progress.memory is None else progress.memory
    n_iter = len(progress.loss_curve)
    try:
        reason = progress.start(theta, or_infinity(objective.judged, theta))
        while reason is None and (n_iter < n_turns or not objective.has_slope):
            n_iter += 1
            shift = 0 if objective.is_far else _FIRST_WIDTHS
            theta, damping = _iteration(objective, theta, damping, n_iter + shift)
            loss = or_infinity(objective.judged, theta)
            is_last = objective.has_slope and n_iter == n_turns
            memory = None if is_last else damping
            reason = progress.record(theta, loss, memory, settles=n_iter > n_turns)
            if reason is StopReason.STOPPED_EARLY:
                # The evidence falls again, as it may in turn: the best is known.
                reason = StopReason.CONVERGED
    except KeyboardInterrupt:
        reason = progress.interrupted()
    return theta, reason


def _iteration(objective, theta, damping, n_iter):
    """A step of the matrices, then half a step of the variances."""
    turn = objective.in_turn(theta)
    theta, _, damping = descend(
        objective.potential, turn.matrices, theta, turn.potential, damping
    )
    if n_iter > _FIRST_SCALES:
        theta = theta + 0.5 * turn.scales
    if n_iter > _FIRST_WIDTHS:
        theta = theta + 0.5 * turn.widths
    return theta, decreased(min(damping, LARGEST_DAMPING), _DECREASE)
