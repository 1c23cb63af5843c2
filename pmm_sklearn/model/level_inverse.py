"""Where a level that rises with a feature has a given value."""

import numpy as np

# Eigenvalues of a definite matrix that count as zero, relative to the largest.
_NULL = 1e-13


def level_inverse(matrices, slope, level, values):
    r"""Solutions of :math:`\lambda_k(A + x B) = z` for a positive semidefinite ``B``.

    For a definite matrix, :math:`A - z + x B` has as many negative eigenvalues as
    :math:`B^{-1/2} (A - z) B^{-1/2} + x` (Sylvester's law of inertia), so that

    .. math:: x = \lambda_{n-1-k}\bigl( B^{-1/2} (z - A) B^{-1/2} \bigr) .

    What ``B`` does not act on is eliminated before, by a Schur complement.  It leaves
    levels that do not rise beyond all bounds.

    Parameters
    ----------
    matrices : ndarray of shape (n_samples, n, n)
        The Hermitian matrices ``A``.
    slope : ndarray of shape (n, n)
        The matrix ``B``.
    level : int
        The number ``k`` of the level, from the lowest.
    values : ndarray of shape (n_samples,)
        The numbers ``z``.

    Returns
    -------
    ndarray of shape (n_samples,)
        The numbers ``x``; infinite where the level is less than ``z`` (positive) or
        more (negative) for all of them.

    References
    ----------
    R. Horn and C. Johnson, "Matrix analysis", Cambridge (2013), section 4.5.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import level_inverse
    >>> A, B = np.array([[[0.0, 1.0], [1.0, 0.0]]]), np.diag([1.0, 3.0])
    >>> x = level_inverse(A, B, 1, np.array([4.0]))
    >>> round(float(np.linalg.eigvalsh(A[0] + x * B)[1]), 12)
    4.0
    >>> level_inverse(A, np.diag([1.0, 0.0]), 0, np.array([4.0]))
    array([inf])
    """
    lengths, vectors = np.linalg.eigh(slope)
    acts = lengths > _NULL * max(lengths[-1], np.finfo(np.float64).tiny)
    shifted = matrices - values[:, np.newaxis, np.newaxis] * np.eye(len(slope))
    shifted = vectors.conj().T @ shifted @ vectors
    own = shifted[:, acts][:, :, acts]
    n_below = np.zeros(len(values), dtype=np.intp)
    if not np.all(acts):
        rest, mixed = shifted[:, ~acts][:, :, ~acts], shifted[:, acts][:, :, ~acts]
        n_below = np.sum(np.linalg.eigvalsh(rest) < 0, axis=1)
        own = own - mixed @ np.linalg.solve(rest, mixed.conj().swapaxes(1, 2))
    roots = 1.0 / np.sqrt(lengths[acts])
    points = -np.linalg.eigvalsh(roots[:, np.newaxis] * own * roots)
    number = level - n_below
    found = np.where(number < 0, np.inf, -np.inf)
    inside = (number >= 0) & (number < points.shape[1])
    found[inside] = points[inside, number[inside]]
    return found
