"""Triangular factors of least-squares problems, row after row.

The factor ``R`` of the rows seen so far is all that has to be kept of them.  Normal
equations would square its condition, and with it lose what tells an exact function from
a noisy one.
"""

import numpy as np
import scipy.linalg
from scipy.linalg.lapack import dtpqrt

# Columns that LAPACK treats together.
_BLOCK = 32


def absorbed(triangle, rows):
    r"""Factor of a triangle and more rows, :math:`R'^T R' = R^T R + A^T A`.

    Parameters
    ----------
    triangle : ndarray of shape (n, n)
        Upper triangle ``R``; what is below is not read.
    rows : ndarray of shape (m, n)
        The rows ``A``, best in Fortran order.

    Returns
    -------
    ndarray of shape (n, n)
        ``R'``, with zeros below the diagonal.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model.triangles import absorbed
    >>> R = absorbed(np.diag([3.0, 1.0]), np.array([[4.0, 0.0]]))
    >>> np.abs(R)
    array([[5., 0.],
           [0., 1.]])
    """
    n = len(triangle)
    factor, *_ = dtpqrt(0, min(_BLOCK, n), triangle, rows)
    return np.triu(factor)


def triangle_operations(n_rows, n_columns):
    """About how many multiplications a factor takes, with that of a prior."""
    return (n_rows + n_columns) * n_columns**2


def solve(triangle, right):
    """``R^-1`` times something."""
    return scipy.linalg.solve_triangular(triangle, right, check_finite=False)


def solve_transposed(triangle, right):
    """``R^-T`` times something."""
    return scipy.linalg.solve_triangular(triangle, right, trans=1, check_finite=False)


def log_determinant(triangle):
    """Logarithm of the magnitude of the determinant.

    Raises
    ------
    numpy.linalg.LinAlgError
        If it is zero or no number.
    """
    diagonal = np.abs(np.diag(triangle))
    if not (np.all(diagonal > 0) and np.all(np.isfinite(diagonal))):
        raise np.linalg.LinAlgError("A triangular factor is singular.")
    return float(np.sum(np.log(diagonal)))


def inverse_root(triangle):
    """Lower triangle ``L`` with ``L @ L.T`` the inverse of ``R.T @ R``.

    Parameters
    ----------
    triangle : ndarray of shape (n, n)
        ``R``, or any matrix of which it is the factor.
    """
    n = len(triangle)
    flipped = np.asfortranarray(triangle[:, ::-1])
    factor = absorbed(np.zeros((n, n), order="F"), flipped)
    inverse = scipy.linalg.solve_triangular(factor, np.eye(n), check_finite=False)
    return np.asfortranarray(inverse[::-1, ::-1])
