"""Variances of noise and parameters that make the data most probable."""

import numpy as np

_LEAST_NORM = 1e-30
_EPS = np.finfo(np.float64).eps
_MAX_UPDATES = 200


def estimate_variances(curvatures, loss, squared_norm, n_observations, noise=None):
    r"""Variances of the noise and of the parameters, the most probable ones.

    They maximise the probability of the data ("evidence") while the parameters are
    kept: with :math:`\gamma = \sum_i s_i / (s_i + \sigma^2 / v)`, the number of
    parameters that the data determine, :math:`\sigma^2 = L / (m - \gamma)` and
    :math:`v = \|\theta\|^2 / \gamma`.

    Parameters
    ----------
    curvatures : ndarray of shape (k,)
        Eigenvalues ``s`` of the Gauss-Newton matrix, but for zeros.
    loss : float
        Weighted sum of squared residuals ``L``.
    squared_norm : float
        Squared norm of the parameters.
    n_observations : float
        The number ``m``.
    noise : float, optional
        Variance of the noise, if it is known.

    Returns
    -------
    noise, prior : float
        The variances.

    References
    ----------
    D. MacKay, "Bayesian interpolation", Neural Comput. 4, 415 (1992).

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model.variances import estimate_variances
    >>> noise, prior = estimate_variances(np.full(2, 1e6), 8.0, 18.0, 10)
    >>> round(noise, 3), round(prior, 3)  # 8 / (10 - 2), 18 / 2
    (1.0, 9.0)
    """
    is_known = noise is not None
    if not is_known:
        noise = loss / n_observations
    squared_norm = max(squared_norm, _LEAST_NORM)
    prior = squared_norm / max(len(curvatures), 1)
    for _ in range(_MAX_UPDATES):
        before = np.array([noise, prior])
        ratio = noise / prior
        prior = squared_norm / max(np.sum(curvatures / (curvatures + ratio)), 1.0)
        if not is_known:
            # m - gamma without cancellation.
            free = max(n_observations - len(curvatures), 0.0)
            free += np.sum(ratio / (curvatures + ratio))
            estimate = loss / max(free, _EPS)
            # The mean of logarithms: for a perfect fit the estimate is proportional
            # to the inverse of the previous one.
            noise = np.sqrt(noise * estimate)
        if np.allclose([noise, prior], before, rtol=1e-6, atol=0.0):
            break
    return float(noise), float(prior)


def mean_squares(objective, theta, counts):
    """Mean squared residual of each output.

    Parameters
    ----------
    objective : Objective
        Has the data.
    theta : ndarray of shape (n_parameters,)
        Parameters.
    counts : ndarray of shape (n_samples, 1) or (n_samples, n_outputs)
        How many observations each datum is.

    Returns
    -------
    ndarray of shape (n_outputs,)
    """
    parameters = objective.model.split(theta)
    squares, numbers = 0.0, 0.0
    for chunk in objective.chunks:
        outputs, _ = objective.forward(theta, parameters, chunk)
        count = np.broadcast_to(counts[chunk], outputs.shape)
        residuals = outputs - objective.y[chunk]
        squares = squares + np.sum(count * residuals**2, axis=0)
        numbers = numbers + np.sum(count, axis=0)
    return squares / numbers
