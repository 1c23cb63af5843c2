"""Limited-memory BFGS, through `scipy.optimize.minimize`."""

import numpy as np
import scipy.optimize

from ._overflow import or_infinity
from ._result import StopReason

_MEMORY = 20


def minimize_lbfgs(objective, theta, progress):
    """Minimise any differentiable objective with SciPy's L-BFGS-B.

    Parameters
    ----------
    objective : ObjectiveProtocol
        Offers ``value_and_gradient(theta)``.
    theta : ndarray of shape (n_parameters,)
        Starting point.
    progress : Progress
        Records the iterations and decides when to stop.

    Returns
    -------
    SolverResult

    References
    ----------
    D. C. Liu and J. Nocedal, Math. Program. 45, 503 (1989).

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
    >>> result = solvers.minimize_lbfgs(objective, theta, progress)
    >>> bool(result.loss < 1e-2 * objective.value(theta))
    True
    """
    reason = None

    def callback(intermediate_result):
        nonlocal reason
        reason = progress.record(intermediate_result.x.copy(), intermediate_result.fun)
        if reason is not None:
            raise StopIteration

    try:
        reason = progress.start(theta, or_infinity(objective.value, theta))
        if reason is None:
            scipy.optimize.minimize(
                objective.value_and_gradient,
                theta,
                jac=True,
                method="L-BFGS-B",
                callback=callback,
                options={
                    "maxiter": progress.rule.max_iter,
                    "maxfun": 20 * progress.rule.max_iter,
                    "maxcor": _MEMORY,
                    "ftol": 0.0,
                    "gtol": 0.0,
                },
            )
    except KeyboardInterrupt:
        reason = progress.interrupted()
    except np.linalg.LinAlgError:
        # The line search went to numbers that are too large for LAPACK.
        reason = StopReason.STATIONARY
    # Without a reason of ours the line search found no lower point.
    return progress.result(reason or StopReason.STATIONARY)
