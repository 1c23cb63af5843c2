"""Matrices of low rank and a multiple of the identity, which moves all levels alike."""

import numpy as np

from .low_rank import LowRank


class ShiftedLowRank:
    r"""Hermitian matrices :math:`M = c\,1 + \sum_k s_k u_k u_k^\dagger`.

    What a coupling does to a few levels: it moves all of them, and changes them by as
    many vectors as the rank.  The first coordinate is `c`; the others are those of
    `LowRank`, whose arguments these are.

    Parameters
    ----------
    side : int
        Side ``n`` of the matrices.
    rank : int
        Number of vectors, less than `side`.
    matrix_type : {"hermitian", "symmetric"}, default="hermitian"
        Complex vectors, or real ones.

    Attributes
    ----------
    side, size, dtype, degree, start_scale, ambient, base, factor
        See ``Space``; `start_scale` has a number for each coordinate.
    rank : int
        The argument.
    n_gauge : int
        See `LowRank`.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import ShiftedLowRank
    >>> space = ShiftedLowRank(3, 1, "symmetric")
    >>> matrix = space.matrices(np.array([-1.0, 2.0, 0.0, 0.0]))
    >>> matrix
    array([[ 3.,  0.,  0.],
           [ 0., -1.,  0.],
           [ 0.,  0., -1.]])
    >>> space.coordinates(matrix).round(6)
    array([-1.,  2.,  0.,  0.])
    """

    degree = 2
    factor = 1.0
    # The penalty of emulators holds all coordinates.
    n_shifts = 0

    def __init__(self, side, rank, matrix_type="hermitian"):
        self._low_rank = LowRank(side, rank, matrix_type)
        self.side = side
        self.rank = rank
        self.dtype = self._low_rank.dtype
        self.ambient = self._low_rank.ambient
        self.size = 1 + self._low_rank.size
        self.n_gauge = self._low_rank.n_gauge
        self.start_scale = np.full(self.size, self._low_rank.start_scale)
        # As the mean of the eigenvalues of a random matrix.
        self.start_scale[0] = 1 / np.sqrt(side)

    @property
    def base(self):
        """The space itself."""
        return self

    def matrices(self, coordinates):
        """Matrices of shape (..., n, n) with given coordinates, (..., size)."""
        coordinates = np.asarray(coordinates)
        return _with_shift(self._low_rank.matrices(coordinates[..., 1:]), coordinates)

    def coordinates(self, matrices):
        """Those of the nearest matrices of this form, (..., size).

        The middle eigenvalues become their mean, the others stay.
        """
        n_above = int(np.sum(self._low_rank.signs > 0))
        n_below = self.rank - n_above
        middle = np.linalg.eigvalsh(matrices)[..., n_below : self.side - n_above]
        shift = middle.mean(axis=-1)[..., np.newaxis]
        rest = matrices - shift[..., np.newaxis] * np.eye(self.side)
        return np.concatenate([shift, self._low_rank.coordinates(rest)], axis=-1)

    def tangent(self, coordinates):
        """Changes at given coordinates, (..., size): see ``Tangent``."""
        return _ShiftedTangent(self, self._low_rank.tangent(coordinates[..., 1:]))


class _ShiftedTangent:
    """Changes of the shift, and those of a matrix of low rank: see ``Tangent``."""

    def __init__(self, space, tangent):
        self._space = space
        self._tangent = tangent

    def matrices(self, changes):
        changes = np.asarray(changes)
        return _with_shift(self._tangent.matrices(changes[..., 1:]), changes)

    def adjoint(self, gradients):
        of_vectors = self._tangent.adjoint(gradients)
        trace = np.trace(gradients, axis1=-2, axis2=-1).real[..., np.newaxis]
        of_shift = np.broadcast_to(trace, (*of_vectors.shape[:-1], 1))
        return np.concatenate([of_shift, of_vectors], axis=-1)

    def adjoint_of_coordinates(self, gradients):
        return self.adjoint(self._space.ambient.matrices(gradients))


def _with_shift(matrices, coordinates):
    """Matrices plus the first coordinate times the identity."""
    shift = coordinates[..., 0, np.newaxis, np.newaxis]
    return matrices + shift * np.eye(matrices.shape[-1])
