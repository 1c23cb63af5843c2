"""Exceptional points: complex parameters at which two levels coincide."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..checks.dtypes import check_numbers

# Difference of two levels at the first estimates, in units of the spectrum.
_DIFFERENCE = 1e-4
_NEWTON_STEPS = 10
# A residual above is no double eigenvalue with one eigenvector.
_CONVERGED = 1e-8
# Differences of eigenvalues of the slope that are smaller count as none.
_DEGENERATE = 1e-10
# Parameters beyond belong to matrices without a finite exceptional point.
_INFINITE = 1e8


class ExceptionalPoints(NamedTuple):
    r"""Parameters at which two levels coincide.

    Attributes
    ----------
    x : ndarray of complex of shape (m,)
        The parameters, by ascending real part.
    energies : ndarray of complex of shape (m,)
        The double level at each of them.
    residual : ndarray of shape (m,)
        Zero exactly where the level is a double one: the smallest singular value
        of :math:`H - \lambda`, relative to the norms of constant and slope, plus the
        smaller of the second smallest and of the overlap of left and right
        eigenvector.

    References
    ----------
    .. [1] T. Kato, "Perturbation theory for linear operators", Springer (1966).

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.inspection import exceptional_points
    >>> points = exceptional_points(np.diag([1.0, -1.0]), [[0.0, 1.0], [1.0, 0.0]])
    >>> type(points).__name__, points.energies.round(6) + 0.0
    ('ExceptionalPoints', array([0.+0.j, 0.+0.j]))
    """

    x: np.ndarray
    energies: np.ndarray
    residual: np.ndarray


def exceptional_points(constant: ArrayLike, slope: ArrayLike) -> ExceptionalPoints:
    r"""All parameters at which two levels of a linear pencil coincide.

    Parameters
    ----------
    constant, slope : array-like of shape (n, n)
        Hermitian matrices of :math:`H(x) = A + x B`.

    Returns
    -------
    ExceptionalPoints
        ``n * (n - 1)`` points in general, in conjugate pairs.  Levels that cross at
        a real parameter without a gap ("diabolic points") count twice.  There are
        fewer if `slope` has degenerate eigenvalues.

    Raises
    ------
    TypeError, ValueError
        If the matrices do not hold numbers, or are not square, finite and of one shape.

    Notes
    -----
    The discriminant is zero where two levels coincide, but as the determinant of a
    linear pencil it is hard to come by: :math:`H \otimes 1 - 1 \otimes H^T`, whose
    eigenvalues are all differences of levels, is always singular.  A difference of
    :math:`\delta` instead of zero makes it regular:

    .. math::

        \det(H(x) \otimes 1 - 1 \otimes H(x)^T - \delta)
        = (-\delta)^n \prod_{i<j} (\delta^2 - (\lambda_i - \lambda_j)^2)

    is a polynomial of degree :math:`n(n-1)` in ``x``, with one root within
    :math:`O(\delta^2)` of each exceptional point.  In the eigenbasis of the slope the
    ``n`` infinite eigenvalues of this pencil are eliminated exactly, and the finite
    ones are those of one matrix of side :math:`n(n-1)`.  Newton's method for a double
    eigenvalue then makes them exact.

    References
    ----------
    .. [1] E. Jarlebring, S. Kvaal, W. Michiels, "Computing all pairs (lambda, mu)
       such that lambda is a double eigenvalue of A + mu B", SIAM J. Matrix Anal.
       Appl. 32, 902 (2011).

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.inspection import exceptional_points
    >>> points = exceptional_points(np.diag([1.0, -1.0]), [[0.0, 1.0], [1.0, 0.0]])
    >>> np.allclose(points.x, [-1j, 1j])
    True
    """
    A, B = _check("constant", constant), _check("slope", slope)
    if A.shape != B.shape:
        raise ValueError(
            f"slope must have the shape {A.shape} of constant, got {B.shape}."
        )
    with np.errstate(over="ignore"):
        unit, slope_unit = _unit(A), _unit(B)
        x_unit = unit / slope_unit
    if not np.isfinite(x_unit):
        raise ValueError(
            f"constant must not be beyond floating point in units of slope, got "
            f"elements up to {np.abs(A).max():.3g} and {np.abs(B).max():.3g}: check "
            f"their units."
        )
    points = _points(A / unit, B / slope_unit)
    return points._replace(x=x_unit * points.x, energies=unit * points.energies)


def _unit(matrix):
    """A power of two about as large as its elements: no other digits by it."""
    size = np.abs(matrix).max()
    return 2.0 ** np.floor(np.log2(size)) if size > 0 else 1.0


def _points(A, B):
    """The same for matrices that are neither large nor small."""
    A, B, units = _normalised(A, B)
    if units is None:
        return ExceptionalPoints(
            np.empty(0, complex), np.empty(0, complex), np.empty(0)
        )
    x = _estimates(A, B)
    x, levels, residual = _best_of(A, B, _branch_point_step, x)
    crossing = residual > _CONVERGED
    if np.any(crossing):
        found = _best_of(A, B, _crossing_step, x[crossing])
        x[crossing], levels[crossing], residual[crossing] = found
    order = np.lexsort((x.imag, x.real.round(10)))
    x, levels, residual = x[order], levels[order], residual[order]
    x_shift, x_scale, e_scale, constant_shift, slope_shift = units
    x = x_shift + x_scale * x
    return ExceptionalPoints(
        x, e_scale * levels + constant_shift + slope_shift * x, residual
    )


def _check(name, matrix):
    matrix = check_numbers(name, matrix)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.size == 0:
        raise ValueError(f"{name} must be a square matrix, got shape {matrix.shape}.")
    if not np.all(np.isfinite(matrix)):
        raise ValueError(f"{name} has NaN or infinite elements: correct them.")
    return matrix.astype(np.complex128)


def _normalised(A, B):
    """Traceless matrices of one size, orthogonal to each other, and the units."""
    n = len(A)
    identity = np.eye(n)
    shifts = np.trace(A).real / n, np.trace(B).real / n
    A, B = A - shifts[0] * identity, B - shifts[1] * identity
    b = np.linalg.norm(B)
    if n == 1 or b <= _DEGENERATE * abs(shifts[1]) or b == 0:
        return A, B, None
    x_shift = -np.vdot(B, A).real / b**2
    size = np.linalg.norm(A)
    A = A + x_shift * B
    a = np.linalg.norm(A)
    if a <= _DEGENERATE * size or a == 0:
        a = b  # multiples of one matrix: all levels meet at the shift
    scale = np.sqrt(n)
    units = (x_shift, a / b, a / scale, *shifts)
    return scale * A / a, scale * B / b, units


def _estimates(A, B):
    """Parameters at which two levels differ by a small given number."""
    n = len(A)
    values, vectors = np.linalg.eigh(B)
    A = vectors.conj().T @ A @ vectors
    identity = np.eye(n)
    pencil = np.kron(A, identity) - np.kron(identity, A.T)
    pencil -= _DIFFERENCE * np.eye(n * n)
    differences = (values[:, np.newaxis] - values).ravel()
    finite = np.abs(differences) > _DEGENERATE
    rest = ~finite
    to_rest = pencil[np.ix_(rest, finite)]
    eliminated = np.linalg.solve(pencil[np.ix_(rest, rest)], to_rest)
    reduced = pencil[np.ix_(finite, finite)] - pencil[np.ix_(finite, rest)] @ eliminated
    x = np.linalg.eigvals(-reduced / differences[finite, np.newaxis])
    return x[np.abs(x) < _INFINITE]


def _best_of(A, B, step, x):
    """Iterate a step for parameters and levels; keep the smallest residuals."""
    levels = _closest_levels(A, B, x)
    best = x.copy(), levels.copy(), _residuals(A, B, x, levels)
    for _ in range(_NEWTON_STEPS):
        change_x, change_level = step(A, B, x, levels)
        # Far away there is nothing to find, and squares would overflow.
        small = np.abs(change_x) < 1.0 + np.abs(x)
        x = np.where(small, x + change_x, x)
        levels = np.where(small, levels + change_level, levels)
        residual = _residuals(A, B, x, levels)
        better = residual < best[2]
        for kept, new in zip(best, (x, levels, residual), strict=True):
            kept[better] = new[better]
    return best


def _closest_levels(A, B, x):
    """Mean of the two levels that are closest, for each parameter."""
    values = np.linalg.eigvals(_matrices(A, B, x))
    rows, i, j = _closest_pair(values)
    return 0.5 * (values[rows, i] + values[rows, j])


def _closest_pair(values):
    n = values.shape[1]
    distances = np.abs(values[:, :, np.newaxis] - values[:, np.newaxis])
    distances[:, np.arange(n), np.arange(n)] = np.inf
    nearest = np.argmin(distances.reshape(len(values), -1), axis=1)
    return np.arange(len(values)), *np.unravel_index(nearest, (n, n))


def _branch_point_step(A, B, x, levels):
    r"""Step of Newton's method for :math:`F = \partial F / \partial\lambda = 0`.

    ``F`` is the last element of the inverse of the bordered matrix
    :math:`((H - \lambda, b), (c^\dagger, 0))`, which vanishes with the determinant of
    :math:`H - \lambda`; ``b`` and ``c`` are singular vectors.
    """
    shifted = _matrices(A, B, x) - levels[:, np.newaxis, np.newaxis] * np.eye(len(A))
    left, singular, right = np.linalg.svd(shifted)
    smallest, v, w = singular[:, -1], right[:, -1].conj(), left[:, :, -1].conj()
    # The inverse without the smallest singular value is that of the bordered matrix.
    floor = np.finfo(np.float64).eps * singular[:, :1]
    reciprocal = 1.0 / np.maximum(singular[:, :-1], floor)
    inverse = (right[:, :-1].conj().swapaxes(1, 2) * reciprocal[:, np.newaxis]) @ (
        left[:, :, :-1].conj().swapaxes(1, 2)
    )
    Bv, wB = v @ B.T, w @ B
    inverse_v = np.einsum("mij,mj->mi", inverse, v)
    inverse_Bv = np.einsum("mij,mj->mi", inverse, Bv)
    by_x = _dot(w, Bv)
    by_level = -_dot(w, v)
    second = -2.0 * _dot(w, inverse_v)
    mixed = _dot(w, inverse_Bv) + _dot(wB, inverse_v)
    determinant = by_x * second - by_level * mixed
    determinant = np.where(determinant == 0, np.finfo(np.float64).eps, determinant)
    change_x = -(second * smallest - by_level**2) / determinant
    change_level = -(by_x * by_level - mixed * smallest) / determinant
    return change_x, change_level


def _crossing_step(A, B, x, levels):
    """Step of Newton's method for two levels that cross without a branch point."""
    values, right = np.linalg.eig(_matrices(A, B, x))
    # A pseudo-inverse, for right eigenvectors may be parallel.
    slopes = np.einsum("mij,jk,mki->mi", np.linalg.pinv(right), B, right)
    rows, i, j = _closest_pair(values)
    closing = slopes[rows, i] - slopes[rows, j]
    closing = np.where(np.abs(closing) < _DEGENERATE, np.inf, closing)
    change_x = -(values[rows, i] - values[rows, j]) / closing
    middle = 0.5 * (values[rows, i] + values[rows, j])
    change = 0.5 * change_x * (slopes[rows, i] + slopes[rows, j])
    return change_x, middle + change - levels


def _dot(left, right):
    return np.einsum("mi,mi->m", left, right)


def _residuals(A, B, x, levels):
    """How far a level is from a double one: see `ExceptionalPoints`."""
    norms = np.linalg.norm(B) * (1.0 + np.abs(x))  # both are of one size
    shifted = _matrices(A, B, x) - levels[:, np.newaxis, np.newaxis] * np.eye(len(A))
    left, singular, right = np.linalg.svd(shifted)
    overlap = np.abs(_dot(left[:, :, -1].conj(), right[:, -1].conj()))
    singular = singular / norms[:, np.newaxis]
    return singular[:, -1] + np.minimum(overlap, singular[:, -2])


def _matrices(A, B, x):
    return A + x[:, np.newaxis, np.newaxis] * B
