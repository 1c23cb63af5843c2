"""Hermitian matrices as multiples of the identity and traceless matrices."""

import numpy as np

from .spaces import HermitianSpace


class ShiftedSpace:
    r"""Hermitian matrices :math:`M = c\,1 + A`, of blocks with a ``c`` and ``A`` each.

    The multiples of the identity move all levels of a block alike: what a level depends
    on linearly is in them.  They are the first coordinates, one for each block; the
    others are those of traceless matrices in an orthonormal basis.

    Parameters
    ----------
    block_sizes : tuple of int
        Sides of the diagonal blocks.
    matrix_type : {"hermitian", "symmetric"}, default="hermitian"
        Complex Hermitian or real symmetric matrices.

    Attributes
    ----------
    side, size, dtype, degree, start_scale, n_gauge, n_shifts, ambient, base, factor
        See ``Space``.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import ShiftedSpace
    >>> space = ShiftedSpace((2,), "symmetric")
    >>> float(space.coordinates(np.diag([1.0, 4.0]))[0])  # the mean of the levels
    2.5
    >>> space.matrices(np.array([2.5, 0.0, 0.0]))
    array([[2.5, 0. ],
           [0. , 2.5]])
    """

    degree = 1
    start_scale = factor = 1.0
    n_gauge = 0

    def __init__(self, block_sizes, matrix_type="hermitian"):
        self.ambient = HermitianSpace(block_sizes, matrix_type)
        self.side = self.ambient.side
        self.size = self.ambient.size
        self.dtype = self.ambient.dtype
        self.n_shifts = len(self.ambient.block_sizes)
        identities, traceless = _diagonals(self.ambient.block_sizes)
        self._diagonals = np.hstack([identities, traceless])
        means = identities / np.sum(identities, axis=0)
        self._inverse = np.hstack([means, traceless])

    @property
    def base(self):
        """The space itself."""
        return self

    def matrices(self, coordinates):
        """Hermitian matrices with the given coordinates of shape (..., size)."""
        return self.ambient.matrices(self._changed(coordinates, self._diagonals.T))

    def coordinates(self, matrices):
        """Coordinates of Hermitian matrices; elements between blocks do not count."""
        return self._changed(self.ambient.coordinates(matrices), self._inverse)

    def tangent(self, coordinates):
        """The space itself, which is linear."""
        return self

    def adjoint(self, gradients):
        """Derivatives by the coordinates: see ``Tangent``."""
        return self.adjoint_of_coordinates(self.ambient.coordinates(gradients))

    def adjoint_of_coordinates(self, gradients):
        """The same of coordinates of the gradients in `ambient`."""
        return self._changed(gradients, self._diagonals)

    def _changed(self, coordinates, matrix):
        """Those of the diagonal, which are the first, in another basis."""
        changed = np.array(coordinates, dtype=np.float64)
        changed[..., : self.side] = changed[..., : self.side] @ matrix
        return changed


def _diagonals(block_sizes):
    """Identity of each block, and an orthonormal basis of traceless diagonals.

    Returns
    -------
    identities : ndarray of shape (side, n_blocks)
    traceless : ndarray of shape (side, side - n_blocks)
    """
    sector = np.repeat(np.arange(len(block_sizes)), block_sizes)
    identities = (sector[:, np.newaxis] == np.arange(len(block_sizes))).astype(float)
    columns = []
    for start, size in zip(
        np.cumsum(block_sizes) - block_sizes, block_sizes, strict=True
    ):
        for k in range(1, size):
            column = np.zeros(len(sector))
            column[start : start + k] = 1.0
            column[start + k] = -k
            columns.append(column / np.sqrt(k * (k + 1)))
    traceless = np.array(columns).reshape(-1, len(sector)).T
    return identities, traceless
