"""The loss that a fit would have on new data, estimated from the training data."""

import numpy as np
import scipy.linalg

# Training ends long before it has made use of directions of less curvature than this,
# in the units of standardised data.
_LEAST_CURVATURE = 1e-8


def effective_parameters(objective, theta):
    r"""Number of parameters that the data determine, the penalty does not.

    With the eigenvalues :math:`s_i` of the Gauss-Newton matrix :math:`J^T J` and the
    weight :math:`\alpha` of the penalty, :math:`\gamma = \sum_i s_i / (s_i + \alpha)`.
    For a smaller :math:`\alpha` than 1e-8, this number takes its place.  Intercepts are
    counted as if they were penalised, which misses a small part of one for each.

    Parameters
    ----------
    objective : Objective
        What was minimised.
    theta : ndarray of shape (n_parameters,)
        Where it is least.

    Returns
    -------
    float
        Between 0 and the number of parameters.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import model as m
    >>> from pmm_sklearn.model.generalisation import effective_parameters
    >>> pmm = m.observable_pmm(1, 1, (2,), 1)
    >>> data = np.zeros((10, 1)), np.ones((10, 1)), np.ones((10, 1))
    >>> objective = m.Objective(pmm, m.SquaredError(), *data, m.RidgePenalty(1e-3))
    >>> theta = np.zeros(pmm.n_parameters)
    >>> round(effective_parameters(objective, theta), 3)  # a mean, nothing else
    1.0
    """
    equations = objective.quadratic_model(theta)
    alpha = max(equations.alpha, _LEAST_CURVATURE)
    matrix = equations.gram if objective.is_dual else equations.matrix
    curvatures = scipy.linalg.eigvalsh(matrix, overwrite_a=True, check_finite=False)
    curvatures = np.maximum(curvatures, 0.0)  # but for rounding errors
    return float(np.sum(curvatures / (curvatures + alpha)))


def mean_loss(objective, theta, n_effective=0.0):
    """Loss of an observation: of these, or to expect of new ones.

    Parameters
    ----------
    objective : Objective
        Has the observations.
    theta : ndarray of shape (n_parameters,)
        Parameters.
    n_effective : float, default=0.0
        How many of them these observations determine: none if they were set aside.

    Returns
    -------
    float
        Infinite where no number can be found.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import model as m
    >>> from pmm_sklearn.model.generalisation import mean_loss
    >>> pmm = m.observable_pmm(1, 1, (2,), 1)
    >>> data = np.zeros((10, 1)), np.full((10, 1), 3.0), np.ones((10, 1))
    >>> objective = m.Objective(pmm, m.SquaredError(), *data, m.RidgePenalty(1e-3))
    >>> mean_loss(objective, np.zeros(pmm.n_parameters))
    9.0
    """
    value, _ = objective.loss_and_norm(theta)
    y, weight = objective.y, objective.weight
    expected = objective.loss.expected(value, y, weight, n_effective)
    return float(expected) if np.isfinite(expected) else np.inf


def expected_loss(objective, theta):
    r"""Mean loss of new data, to compare fits with different penalties.

    For squared errors it is that of generalised cross-validation [1]_, for the
    cross-entropy the information criterion of Hannan and Quinn [2]_ per sample, both
    with the number of `effective_parameters`.

    Parameters
    ----------
    objective : Objective
        What was minimised.
    theta : ndarray of shape (n_parameters,)
        Where it is least.

    Returns
    -------
    loss : float
        Infinite where no number can be found.
    determined : float
        Effective parameters over observations.  Near 1 the fit interpolates, and the
        loss of squared errors is a ratio of two small numbers.

    References
    ----------
    .. [1] P. Craven, G. Wahba, "Smoothing noisy data with spline functions", Numer.
       Math. 31, 377 (1979).
    .. [2] E. J. Hannan, B. G. Quinn, "The determination of the order of an
       autoregression", J. R. Stat. Soc. B 41, 190 (1979).

    Examples
    --------
    The mean of ten numbers is left nine degrees of freedom:

    >>> import numpy as np
    >>> from pmm_sklearn import model as m
    >>> pmm = m.observable_pmm(1, 1, (2,), 1)
    >>> y = np.array([[1.0], [-1.0]] * 5)
    >>> data = np.zeros((10, 1)), y, np.ones((10, 1))
    >>> objective = m.Objective(pmm, m.SquaredError(), *data, m.RidgePenalty(1e-9))
    >>> theta = np.zeros(pmm.n_parameters)
    >>> loss, determined = m.expected_loss(objective, theta)
    >>> round(loss, 6), round(determined, 6)  # 1 / 0.9**2, and 1 of 10
    (1.234568, 0.1)
    """
    try:
        n_effective = effective_parameters(objective, theta)
    except np.linalg.LinAlgError:
        return np.inf, 0.0
    n_observations = np.broadcast_to(objective.weight, objective.y.shape).sum()
    loss = mean_loss(objective, theta, n_effective)
    return loss, float(n_effective / n_observations)
