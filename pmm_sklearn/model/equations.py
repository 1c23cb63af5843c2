"""Linear equations for a damped Gauss-Newton step, in five forms."""

import numpy as np
import scipy.sparse.linalg
from scipy.linalg.lapack import dposv

# Residual of the conjugate gradients that ends them, relative to the gradient.
_TOLERANCE = 0.1
_MAX_PRODUCTS = 100
# Curvature that damping of an evidence is measured by, at least.
_LEAST_SCALE = 1e-6


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
        shift = self.alpha + damping
        return -solve_positive_definite(self.matrix, shift, self.gradient)


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
        right = self.residuals - self.jacobian @ offset
        solved = solve_positive_definite(self.gram, shift, right)
        return -offset - self.jacobian.T @ solved


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
    triangle : ndarray of shape (n, n)
        Factor ``T`` of the Gauss-Newton matrix of the matrices, their prior included.
    precision : ndarray of shape (n,)
        Of the prior.
    gradient : ndarray of shape (n,)
        Gradient by the coordinates of the matrices.
    variance_steps : ndarray of shape (n_variances,)
        Changes of the logarithms of the variances without damping.
    """

    def __init__(self, triangle, precision, gradient, variance_steps):
        self.matrix = triangle.T @ triangle
        self.gradient = gradient
        self.variance_steps = variance_steps
        curvature = np.trace(self.matrix) - np.sum(precision)
        self.scale = max(curvature / len(precision), _LEAST_SCALE)

    def step(self, damping):
        r"""Damped step :math:`-(T^T T + \mu)^{-1} g`; variances go a part of theirs.

        Raises
        ------
        numpy.linalg.LinAlgError
            If the damped matrix is not positive definite in floating point.
        """
        step = -solve_positive_definite(self.matrix, damping, self.gradient)
        part = 1.0 / (1.0 + damping / self.scale)
        return np.concatenate([step, part * self.variance_steps])


class WideEquations:
    r"""The same where few targets tell of many coordinates: see `RowSpace`.

    Coordinates are damped in units of their prior.

    Parameters
    ----------
    triangle : ndarray of shape (n, n)
        Factor ``T`` of the Gauss-Newton matrix in the row space, prior included.
    basis : ndarray of shape (size, n)
        Its basis ``Q``, orthonormal.
    deviations : ndarray of shape (size,)
        Of the prior, :math:`\tau`.
    n_observed : float
        Number of observations, repetitions included.
    gradient : ndarray of shape (size,)
        Gradient by all coordinates.
    variance_steps : ndarray of shape (n_variances,)
        As for `EvidenceEquations`.
    """

    def __init__(
        self, triangle, basis, deviations, n_observed, gradient, variance_steps
    ):
        self.matrix = triangle.T @ triangle
        self.gradient = gradient
        self.variance_steps = variance_steps
        self._basis = basis
        self._deviations = deviations
        scaled = deviations * gradient
        self._inside = basis.T @ scaled
        self._outside = scaled - basis @ self._inside
        curvature = np.trace(self.matrix) - len(triangle)
        self.scale = max(curvature / n_observed, _LEAST_SCALE)

    def step(self, damping):
        r"""Damped step of coordinates; variances go a part of theirs.

        The former is :math:`-\tau (Q (T^T T + \mu)^{-1} Q^T + (1 - Q Q^T) /
        (1 + \mu)) \tau g`.

        Raises
        ------
        numpy.linalg.LinAlgError
            If the damped matrix is not positive definite in floating point.
        """
        inside = solve_positive_definite(self.matrix, damping, self._inside)
        whole = self._basis @ inside + self._outside / (1.0 + damping)
        part = 1.0 / (1.0 + damping / self.scale)
        step = -self._deviations * whole
        return np.concatenate([step, part * self.variance_steps])


def solve_positive_definite(matrix, shift, right):
    """Solution with the shift added to the diagonal."""
    damped = matrix.copy(order="C")
    damped.reshape(-1)[:: len(matrix) + 1] += shift
    # The transpose is the same matrix, in the order of LAPACK.
    _, solution, info = dposv(damped.T, right, overwrite_a=True)
    if info > 0:
        raise np.linalg.LinAlgError(f"{info}-th leading minor is not positive definite")
    return solution
