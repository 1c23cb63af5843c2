r"""In which coordinates the matrices of an evidence are solved for.

Few targets tell little of many coordinates: all that they say is in the space of their
derivatives.  With deviations :math:`\tau` of the prior, an orthonormal basis ``Q`` of
these in units of it, and :math:`M = \tau (Q v + \dots)`, the rest keeps its prior, and
equations are as large as the number of targets:

.. math::

    J \tau = L Q^T , \qquad \Lambda + J^T J
        = \tau^{-1} \bigl( 1 - Q Q^T + Q (1 + L^T L) Q^T \bigr) \tau^{-1} .
"""

import numpy as np
import scipy.linalg

from .equations import EvidenceEquations, WideEquations


class AllCoordinates:
    """Those of the matrices themselves.

    Parameters
    ----------
    deviations : ndarray of shape (size,)
        Of their prior.

    Attributes
    ----------
    prior : ndarray of shape (n, n)
        Factor of the precision of the prior, for ``n`` coordinates to solve for.
    log_determinant : float
        What the logarithm of the determinant of all has beside that of these.
    """

    log_determinant = 0.0

    def __init__(self, deviations):
        self._precision = 1.0 / deviations**2
        self.prior = np.diag(1.0 / deviations)

    def lifted(self, solutions):
        """All coordinates (size, n_samples) of solutions (n, n_samples)."""
        return solutions

    def parts(self, rows, solutions):
        """Of each of all coordinates, the products of rows and solutions, summed."""
        return np.einsum("ps,ps->p", rows, solutions)

    def factor(self, triangle):
        """Of the Gauss-Newton matrix of all coordinates, from that of these."""
        return triangle

    def mixed(self, rows):
        """Rows of other factors, by all coordinates."""
        return rows

    def equations(self, triangle, gradient, variance_steps):
        """Equations for a damped step of all coordinates and of variances."""
        return EvidenceEquations(triangle, self._precision, gradient, variance_steps)


class RowSpace:
    """Those that few targets tell something of.

    Parameters
    ----------
    rows : ndarray of shape (n_targets, size)
        Derivatives of all targets by all coordinates.
    deviations : ndarray of shape (size,)
        Of their prior.
    n_observed : float
        Number of observations, repetitions included.

    Attributes
    ----------
    rows : ndarray of shape (n_targets, n)
        Derivatives by the coordinates to solve for.
    prior, log_determinant
        As for `AllCoordinates`.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model.coordinates import RowSpace
    >>> space = RowSpace(np.array([[3.0, 4.0]]), np.array([1.0, 0.5]), 1)
    >>> np.abs(space.rows).round(3)  # the root of 3**2 + (4 / 2)**2
    array([[3.606]])
    """

    def __init__(self, rows, deviations, n_observed):
        self._deviations = deviations
        self._n_observed = n_observed
        self._basis, triangle = scipy.linalg.qr(
            (rows * deviations).T, mode="economic", overwrite_a=True, check_finite=False
        )
        self.rows = np.asfortranarray(triangle.T)
        self.prior = np.eye(self._basis.shape[1])
        self.log_determinant = -float(np.sum(np.log(deviations)))

    def lifted(self, solutions):
        """All coordinates (size, n_samples) of solutions (n, n_samples)."""
        return self._deviations[:, np.newaxis] * (self._basis @ solutions)

    def parts(self, rows, solutions):
        """Of each of all coordinates, the products of rows and solutions, summed."""
        return np.einsum("ps,ps->p", self._basis @ rows, self._basis @ solutions)

    def factor(self, triangle):
        """Of the Gauss-Newton matrix of all coordinates, from that of these."""
        change = self._basis @ (triangle - self.prior) @ self._basis.T
        change.reshape(-1)[:: len(change) + 1] += 1.0
        return change / self._deviations

    def mixed(self, rows):
        """Rows of other factors, by all coordinates."""
        return (rows @ self._basis.T) / self._deviations

    def equations(self, triangle, gradient, variance_steps):
        """Equations for a damped step of all coordinates and of variances."""
        prior = self._basis, self._deviations, self._n_observed
        return WideEquations(triangle, *prior, gradient, variance_steps)
