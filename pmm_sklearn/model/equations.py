"""Linear equations for a damped Gauss-Newton step, in two forms."""

import numpy as np
import scipy.linalg


class NormalEquations:
    r"""Gauss-Newton model as :math:`A = J^T J`, :math:`g = J^T r + \alpha\theta'`.

    Parameters
    ----------
    matrix : ndarray of shape (n_parameters, n_parameters)
        ``A``, of which only the lower triangle is read.
    gradient : ndarray of shape (n_parameters,)
        ``g``, half the gradient of the objective.
    alpha : float
        Weight of the penalty.
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


def _solve_positive_definite(matrix, right):
    factor = scipy.linalg.cho_factor(
        matrix, lower=True, overwrite_a=True, check_finite=False
    )
    return scipy.linalg.cho_solve(factor, right, check_finite=False)
