"""Matrices of low rank: sums of projectors on learned vectors, with signs."""

import numpy as np

from .spaces import HermitianSpace


class LowRank:
    r"""Hermitian matrices :math:`M = \sum_k s_k u_k u_k^\dagger` of given rank.

    The vectors :math:`u_k` are learned: coordinates are the real and imaginary parts
    of their elements, in which matrices are quadratic.  The signs :math:`s_k` are
    fixed.  Among all vectors of the same matrix, those that are orthogonal are the
    shortest; :math:`\sum_k |u_k|^2` is then the sum of the magnitudes of the
    eigenvalues.

    Parameters
    ----------
    side : int
        Side ``n`` of the matrices.
    rank : int
        Number of vectors.
    matrix_type : {"hermitian", "symmetric"}, default="hermitian"
        Complex vectors, or real ones.
    signs : array-like of shape (rank,), optional
        The numbers 1 or -1; by default :math:`+, -, +, \dots`

    Attributes
    ----------
    side, size, dtype, degree, start_scale, ambient, base, factor
        See ``Space``.
    rank : int
        The argument.
    signs : ndarray of shape (rank,)
        The signs.
    n_gauge : int
        Number of independent changes of the vectors that leave the matrix as it is:
        phases, rotations, and boosts between different signs.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import LowRank
    >>> space = LowRank(3, 2, "symmetric")
    >>> matrix = space.matrices(np.array([2.0, 0.0, 0.0, 0.0, 1.0, 1.0]))
    >>> matrix
    array([[ 4.,  0.,  0.],
           [ 0., -1., -1.],
           [ 0., -1., -1.]])
    >>> np.abs(space.coordinates(matrix)).round(6)
    array([2., 0., 0., 0., 1., 1.])
    """

    degree = 2
    factor = 1.0
    n_shifts = 0

    def __init__(self, side, rank, matrix_type="hermitian", signs=None):
        self.ambient = HermitianSpace((side,), matrix_type)
        self.side = side
        self.rank = rank
        self.dtype = self.ambient.dtype
        if signs is None:
            signs = (-1.0) ** np.arange(rank)
        self.signs = np.asarray(signs, dtype=np.float64)
        if self.signs.shape != (rank,) or np.any(np.abs(self.signs) != 1):
            raise ValueError(f"signs must be {rank} numbers 1 or -1, got {signs!r}.")
        self.size = rank * side * (self.dtype.itemsize // 8)
        is_complex = matrix_type == "hermitian"
        self.n_gauge = rank**2 if is_complex else rank * (rank - 1) // 2
        # A normal vector of d coordinates has E|u|^4 = d (d + 2).
        n_coordinates = self.size // rank
        fourth_moment = rank * n_coordinates * (n_coordinates + 2)
        self.start_scale = (self.ambient.size / fourth_moment) ** 0.25

    @property
    def base(self):
        """The space itself."""
        return self

    def vectors(self, coordinates):
        """Vectors of shape (..., rank, n) from coordinates (..., size)."""
        coordinates = np.array(coordinates, dtype=np.float64, order="C")
        return coordinates.view(self.dtype).reshape(
            *coordinates.shape[:-1], self.rank, self.side
        )

    def matrices(self, coordinates):
        """Matrices of shape (..., n, n) with given coordinates, (..., size)."""
        vectors = self.vectors(coordinates)
        return _products(self.signs, vectors, vectors)

    def coordinates(self, matrices):
        """Orthogonal vectors, as numbers, of the nearest matrices of this form.

        Parameters
        ----------
        matrices : ndarray of shape (..., n, n)
            Hermitian matrices.

        Returns
        -------
        ndarray of shape (..., size)
        """
        values, vectors = np.linalg.eigh(matrices)
        positive, negative = np.sum(self.signs > 0), np.sum(self.signs < 0)
        chosen = np.empty(self.rank, dtype=np.intp)
        chosen[self.signs > 0] = np.arange(self.side)[::-1][:positive]
        chosen[self.signs < 0] = np.arange(negative)
        lengths = np.sqrt(np.maximum(self.signs * values[..., chosen], 0.0))
        nearest = lengths[..., np.newaxis, :] * vectors[..., :, chosen]
        return _numbers(nearest.swapaxes(-1, -2).astype(self.dtype))

    def tangent(self, coordinates):
        """Changes at given coordinates, (..., size): see ``Tangent``."""
        return LowRankTangent(self, self.vectors(coordinates))


class LowRankTangent:
    r"""Changes :math:`\sum_k s_k (du_k u_k^\dagger + u_k du_k^\dagger)`.

    Parameters
    ----------
    space : LowRank
        The space.
    vectors : ndarray of shape (..., rank, n)
        The point.
    """

    def __init__(self, space, vectors):
        self._space = space
        self._vectors = vectors

    def matrices(self, changes):
        """Changes of the matrices: see ``Tangent``."""
        change = self._space.vectors(changes)
        half = _products(self._space.signs, change, self._vectors)
        return half + half.conj().swapaxes(-1, -2)

    def adjoint(self, gradients):
        """Derivatives by the coordinates, those of the vectors ``2 s_k G u_k``."""
        signed = 2.0 * self._space.signs[:, np.newaxis] * self._vectors
        return _numbers(signed @ gradients.swapaxes(-1, -2))

    def adjoint_of_coordinates(self, gradients):
        """The same of coordinates of the gradients in the ambient space."""
        return self.adjoint(self._space.ambient.matrices(gradients))


def _products(signs, left, right):
    """Sums of dyads of vectors, (..., rank, n) -> (..., n, n)."""
    signed = signs[:, np.newaxis] * left
    return signed.swapaxes(-1, -2) @ right.conj()


def _numbers(vectors):
    """Vectors (..., rank, n) as real numbers, (..., size)."""
    vectors = np.ascontiguousarray(vectors)
    return vectors.reshape(*vectors.shape[:-2], -1).view(np.float64)
