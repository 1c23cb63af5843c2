r"""The evidence of a model at a solution of its least-squares problem.

For emulators the evidence is not what is maximised: from random matrices it leads to
weak couplings, which explain few data well and others badly.  It compares solutions.
With coordinates ``t`` in which the prior, that starts are drawn from, is standard
normal, and singular values :math:`s_i` of the Jacobian by these,

.. math::

    -2 \ln P = \frac{\chi^2}{\sigma^2} + N \ln 2 \pi \sigma^2 + \sum_i
    t_i^2 + \sum_i \ln \Bigl( 1 + \frac{s_i^2}{\sigma^2} \Bigr) .

Changes of basis have no curvature, and take no part in it.
"""

from typing import NamedTuple

import numpy as np
import scipy.linalg

# Standard deviation of the noise in units of the spread of the targets, at least.
_LEAST_NOISE = 1e-5
_N_UPDATES = 20
_LN_2_PI = np.log(2 * np.pi)


class SolutionEvidence(NamedTuple):
    """What data say of a model at one solution.

    Attributes
    ----------
    log_evidence : float
        Logarithm of the probability of the data, in their standardised units.
    n_effective : float
        Number of parameters that they determine.
    noise : float
        Standard deviation of the residuals, as noise.
    """

    log_evidence: float
    n_effective: float
    noise: float


def evidence_of_solution(
    residuals, jacobian, standard, n_observed, least_noise=_LEAST_NOISE
):
    """Laplace's approximation around a solution, the noise being the most probable.

    Parameters
    ----------
    residuals : ndarray of shape (n_residuals,)
        What is left at the solution.
    jacobian : ndarray of shape (n_residuals, n_parameters)
        Their derivatives, by coordinates whose prior is standard normal.
    standard : ndarray of shape (n_parameters,)
        The solution in these coordinates.
    n_observed : float
        Number of observations.
    least_noise : float, default=1e-5
        Its standard deviation at least; known errors are noise, and the model may have
        some of its own.

    Returns
    -------
    SolutionEvidence

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import model as m
    >>> pmm = m.observable_pmm(1, 1, (2,), 1)
    >>> data = np.array([[0.0], [1.0]]), np.array([[1.0], [2.0]]), np.ones((2, 1))
    >>> objective = m.Objective(pmm, m.SquaredError(), *data, m.RidgePenalty(0.0))
    >>> theta = pmm.initial(np.random.RandomState(0))
    >>> residuals, jacobian = objective.residuals_and_jacobian(theta)
    >>> found = m.evidence_of_solution(residuals, jacobian, theta, n_observed=2)
    >>> bool(found.n_effective <= 2)
    True
    """
    singular = scipy.linalg.svd(jacobian, compute_uv=False, check_finite=False)
    squares, chi_square = singular**2, float(residuals @ residuals)
    variance = max(chi_square, 1e-300) / n_observed
    for _ in range(_N_UPDATES):
        free = max(n_observed - np.sum(squares / (squares + variance)), 1e-9)
        variance = max(chi_square / free, least_noise**2)
    found = chi_square / variance + n_observed * (np.log(variance) + _LN_2_PI)
    found += np.sum(standard**2) + np.sum(np.log1p(squares / variance))
    n_effective = float(np.sum(squares / (squares + variance)))
    return SolutionEvidence(-0.5 * float(found), n_effective, float(np.sqrt(variance)))
