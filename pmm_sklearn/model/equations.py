"""Linear equations for a damped Gauss-Newton step, in four forms."""

from functools import cached_property

import numpy as np
import scipy.linalg
import scipy.sparse.linalg
from scipy.linalg.lapack import dpotri

# Residual of the conjugate gradients that ends them, relative to the gradient.
_TOLERANCE = 0.1
_MAX_PRODUCTS = 100


class NormalEquations:
    r"""Gauss-Newton model as :math:`A = J^T J`, :math:`g = J^T r + \alpha\theta'`.

    Parameters
    ----------
    matrix : ndarray of shape (n_parameters, n_parameters)
        ``A``.
    gradient : ndarray of shape (n_parameters,)
        ``g``, half the gradient of the objective.
    alpha : float
        Weight of the penalty.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import NormalEquations
    >>> J, r = np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([1.0, 4.0])
    >>> NormalEquations(J.T @ J, J.T @ r, alpha=0.0).step(damping=0.0)
    array([-1., -2.])
    """

    def __init__(self, matrix, gradient, alpha):
        self.matrix = matrix
        self.gradient = gradient
        self.alpha = alpha
        self.scale = np.trace(matrix) / len(matrix)

    def step(self, damping):
        r"""Damped step, :math:`-(A + (\alpha + \mu) I)^{-1} g`.

        Raises
        ------
        numpy.linalg.LinAlgError
            If the damped matrix is not positive definite in floating point.
        """
        damped = self.matrix.copy()
        damped[np.diag_indices_from(damped)] += self.alpha + damping
        return -_solve_positive_definite(damped, self.gradient)


class DualEquations:
    r"""The same model held as ``J`` and ``r``, for few residuals.

    The step is that of :class:`NormalEquations`, rearranged so that a system of
    the size of the residuals is solved:
    :math:`\delta = -u - J^T (J J^T + D I)^{-1} (r - J u)` with
    :math:`D = \alpha + \mu`, :math:`u = \alpha \theta' / D`.

    Parameters
    ----------
    residuals : ndarray of shape (m,)
        ``r``.
    jacobian : ndarray of shape (m, n_parameters)
        ``J``.
    penalised : ndarray of shape (n_parameters,)
        Penalty's half gradient, ``alpha * theta'``.
    alpha : float
        Weight of the penalty.

    Examples
    --------
    One residual and three parameters; both forms give the same step:

    >>> import numpy as np
    >>> from pmm_sklearn.model import DualEquations, NormalEquations
    >>> J, r, theta = np.array([[1.0, 2.0, 0.0]]), np.array([3.0]), np.ones(3)
    >>> dual = DualEquations(r, J, 0.1 * theta, alpha=0.1)
    >>> normal = NormalEquations(J.T @ J, J.T @ r + 0.1 * theta, alpha=0.1)
    >>> np.allclose(dual.step(0.5), normal.step(0.5))
    True
    """

    def __init__(self, residuals, jacobian, penalised, alpha):
        self.residuals = residuals
        self.jacobian = jacobian
        self.penalised = penalised
        self.alpha = alpha
        self.gram = jacobian @ jacobian.T
        self.gradient = jacobian.T @ residuals + penalised
        self.scale = np.trace(self.gram) / jacobian.shape[1]

    def step(self, damping):
        """Damped step; raises as :meth:`NormalEquations.step`."""
        shift = self.alpha + damping
        offset = self.penalised / shift
        damped = self.gram.copy()
        damped[np.diag_indices_from(damped)] += shift
        right = self.residuals - self.jacobian @ offset
        return -offset - self.jacobian.T @ _solve_positive_definite(damped, right)


class MatrixFreeEquations:
    r"""The same model held as products :math:`A v`, for many parameters.

    Steps are approximate: conjugate gradients stop once the residual of the damped
    equations is a small part of the gradient.

    Parameters
    ----------
    product : callable
        ``product(v)`` returns :math:`A v` for a vector of shape (n_parameters,).
    gradient : ndarray of shape (n_parameters,)
        ``g``, half the gradient of the objective.
    alpha : float
        Weight of the penalty.
    """

    def __init__(self, product, gradient, alpha):
        self.product = product
        self.gradient = gradient
        self.alpha = alpha
        # Of a random vector: the mean eigenvalue, whatever the eigenvectors.
        probe = np.random.RandomState(0).standard_normal(len(gradient))
        self.scale = probe @ product(probe) / (probe @ probe)

    def step(self, damping):
        """Damped step, nearly that of :class:`NormalEquations`."""
        shift = self.alpha + damping
        damped = scipy.sparse.linalg.LinearOperator(
            (len(self.gradient),) * 2, lambda v: self.product(v) + shift * v
        )
        step, _ = scipy.sparse.linalg.cg(
            damped, -self.gradient, rtol=_TOLERANCE, maxiter=_MAX_PRODUCTS
        )
        return step


class EvidenceEquations:
    r"""Gauss-Newton model of the evidence around a point.

    Parameters
    ----------
    curvature : ndarray of shape (n, n)
        The matrix ``H`` without prior.
    gradient : ndarray of shape (n,)
        Gradient of ``f`` by the coordinates of the matrices.
    precision : ndarray of shape (n,)
        Of their prior, :math:`\Lambda`.
    n_parameters : int
        Length of the vector of which these coordinates are the beginning.
    """

    def __init__(self, curvature, gradient, precision, n_parameters):
        self.curvature = curvature
        self.gradient = gradient
        self.precision = precision
        self.scale = np.trace(curvature) / len(curvature)
        self._n_parameters = n_parameters

    def step(self, damping):
        r"""Damped step :math:`-(H + \Lambda + \mu)^{-1} g`; variances stay.

        Raises
        ------
        numpy.linalg.LinAlgError
            If the damped matrix is not positive definite in floating point.
        """
        factor = scipy.linalg.cho_factor(
            self._damped(damping), lower=True, overwrite_a=True, check_finite=False
        )
        step = np.zeros(self._n_parameters)
        solved = scipy.linalg.cho_solve(factor, self.gradient, check_finite=False)
        step[: len(solved)] = -solved
        return step

    def _damped(self, damping):
        damped = self.curvature.copy()
        damped[np.diag_indices_from(damped)] += self.precision + damping
        return damped

    @cached_property
    def _factor(self):
        return scipy.linalg.cholesky(
            self._damped(0.0), lower=True, overwrite_a=True, check_finite=False
        )

    @property
    def log_determinant(self):
        r"""Logarithm of the determinant of :math:`H + \Lambda`."""
        return 2.0 * np.sum(np.log(np.diag(self._factor)))

    @cached_property
    def variances(self):
        """Variances of the coordinates, given the data."""
        inverse, _ = dpotri(self._factor, lower=1)
        return np.diag(inverse)

    @property
    def determined(self):
        """Number of coordinates that the data determine, not the prior."""
        return float(np.sum(1.0 - self.precision * self.variances))


def _solve_positive_definite(matrix, right):
    factor = scipy.linalg.cho_factor(
        matrix, lower=True, overwrite_a=True, check_finite=False
    )
    return scipy.linalg.cho_solve(factor, right, check_finite=False)
