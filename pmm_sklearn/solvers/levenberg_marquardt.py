"""Levenberg-Marquardt, with equations that are solved or only applied."""

import numpy as np

from ._overflow import or_infinity
from ._result import StopReason

INITIAL_DAMPING = 1e-2
_LEAST_DAMPING = 1e-12
LARGEST_DAMPING = 1e16
_DECREASE = 5.0
_INCREASE = 4.0


def minimize_lm(objective, theta, progress):
    r"""Minimise a sum of squares with damped Gauss-Newton steps.

    The step is :math:`-(J^T J + (\alpha + \mu \bar d) I)^{-1} g` with
    :math:`\bar d` the mean of the diagonal of :math:`J^T J`.  The damping
    :math:`\mu` is divided by 5 after a step that decreases the objective and
    multiplied by 4 after one that does not.  Damping all directions alike also
    takes care of the gauge directions, in which ``J`` is rank-deficient.

    Parameters
    ----------
    objective : ObjectiveProtocol
        Offers ``value(theta)`` and ``quadratic_model(theta)``.
    theta : ndarray of shape (n_parameters,)
        Starting point.
    progress : Progress
        Records the iterations and decides when to stop.

    Returns
    -------
    SolverResult

    References
    ----------
    K. Levenberg, Quart. Appl. Math. 2, 164 (1944); D. W. Marquardt, J. Soc. Indust.
    Appl. Math. 11, 431 (1963).

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import model as m
    >>> from pmm_sklearn import solvers
    >>> X = np.linspace(-1, 1, 10)[:, np.newaxis]
    >>> pmm = m.observable_pmm(1, 1, (2,), 1)
    >>> data = X, X**2, np.ones((10, 1))
    >>> objective = m.Objective(pmm, m.SquaredError(), *data, m.RidgePenalty(1e-6))
    >>> theta = pmm.initial(np.random.RandomState(0))
    >>> progress = solvers.Progress(solvers.StoppingRule(tol=1e-2, max_iter=50))
    >>> result = solvers.minimize_lm(objective, theta, progress)
    >>> bool(result.loss < 1e-2 * objective.value(theta))
    True
    """
    return minimize_by_models(objective, objective.quadratic_model, theta, progress)


def minimize_newton_cg(objective, theta, progress):
    """Minimise with damped Gauss-Newton steps from conjugate gradients.

    As :func:`minimize_lm`, but its matrix is never formed: for many parameters.

    Parameters
    ----------
    objective : ObjectiveProtocol
        Offers ``value(theta)`` and ``matrix_free_model(theta)``.
    theta, progress
        As for :func:`minimize_lm`.

    Returns
    -------
    SolverResult

    References
    ----------
    J. Nocedal and S. J. Wright, "Numerical optimization", Springer (2006), chapter 7.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import model as m
    >>> from pmm_sklearn import solvers
    >>> X = np.linspace(-1, 1, 10)[:, np.newaxis]
    >>> pmm = m.observable_pmm(1, 1, (2,), 1)
    >>> data = X, X**2, np.ones((10, 1))
    >>> objective = m.Objective(pmm, m.SquaredError(), *data, m.RidgePenalty(1e-6))
    >>> theta = pmm.initial(np.random.RandomState(0))
    >>> progress = solvers.Progress(solvers.StoppingRule(tol=1e-2, max_iter=50))
    >>> result = solvers.minimize_newton_cg(objective, theta, progress)
    >>> bool(result.loss < 1e-2 * objective.value(theta))
    True
    """
    return minimize_by_models(objective, objective.matrix_free_model, theta, progress)


def minimize_by_models(objective, quadratic_model, theta, progress, decrease=_DECREASE):
    """Minimise with damped steps of a model of the objective.

    Parameters
    ----------
    objective, theta, progress
        As for :func:`minimize_lm`.
    quadratic_model : callable
        ``quadratic_model(theta)`` returns a `QuadraticModel`.
    decrease : float, default=5
        By which the damping is divided after a step: the smaller, the fewer trials.

    Returns
    -------
    SolverResult
    """
    damping = INITIAL_DAMPING if progress.memory is None else progress.memory
    try:
        loss = or_infinity(objective.value, theta)
        reason = progress.start(theta, loss)
        while reason is None:
            model = quadratic_model(theta)
            theta, loss, damping = descend(objective.value, model, theta, loss, damping)
            if damping > LARGEST_DAMPING:
                reason = StopReason.STATIONARY
            else:
                damping = decreased(damping, decrease)
                reason = progress.record(theta, loss, damping)
    except KeyboardInterrupt:
        reason = progress.interrupted()
    return progress.result(reason)


def decreased(damping, decrease):
    """Damping after a step that has decreased the loss."""
    return max(damping / decrease, _LEAST_DAMPING)


def descend(value, model, theta, loss, damping):
    """Raise the damping until a step decreases a function."""
    scale = model.scale if model.scale > 0 else 1.0
    while damping <= LARGEST_DAMPING:
        try:
            trial = theta + model.step(damping * scale)
            trial_loss = value(trial)
        except np.linalg.LinAlgError:
            trial_loss = np.inf
        if trial_loss < loss:
            return trial, trial_loss, damping
        damping *= _INCREASE
    return theta, loss, damping
