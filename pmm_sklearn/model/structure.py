"""Linear spaces of Hermitian matrices and their real coordinates."""

import numpy as np
import scipy.linalg

#: Complex Hermitian matrices, or real symmetric ones (time reversal).
MATRIX_TYPES = ("hermitian", "symmetric")


class HermitianSpace:
    r"""Orthonormal coordinates of a linear space of Hermitian matrices.

    A matrix of the space is :math:`M = \sum_a \theta_a E_a` with real
    :math:`\theta_a` and :math:`\operatorname{tr}(E_a E_b) = \delta_{ab}`.  The
    Euclidean norm of the coordinates is therefore the Frobenius norm of the
    matrix, whatever the basis in which the matrix is written, and the gradient
    with respect to the coordinates is a plain projection.

    Parameters
    ----------
    block_sizes : tuple of int
        Sides of the diagonal blocks ("sectors" of a conserved quantity).  One
        number stands for a matrix without block structure.
    matrix_type : {"hermitian", "symmetric"}, default="hermitian"
        Complex Hermitian matrices, or real symmetric ones (time reversal).

    Attributes
    ----------
    side : int
        Side ``n`` of the matrices.
    size : int
        Dimension of the space: the number of real coordinates.
    dtype : numpy.dtype
        ``complex128`` or ``float64``.
    columns : None
        A basis of the space, for a :class:`Subspace`.

    Examples
    --------
    >>> from pmm_sklearn.model import HermitianSpace
    >>> space = HermitianSpace((2, 1), "symmetric")
    >>> space.size
    4
    >>> space.matrices([1.0, 2.0, 3.0, 0.0])
    array([[1., 0., 0.],
           [0., 2., 0.],
           [0., 0., 3.]])
    """

    columns = None

    def __init__(self, block_sizes, matrix_type="hermitian"):
        self.block_sizes = tuple(block_sizes)
        self.matrix_type = matrix_type
        self.side = sum(self.block_sizes)
        is_complex = matrix_type == "hermitian"
        self.dtype = np.dtype(np.complex128 if is_complex else np.float64)

        sector = np.repeat(np.arange(len(self.block_sizes)), self.block_sizes)
        allowed = sector[:, np.newaxis] == sector
        row, column = np.nonzero(np.triu(allowed, k=1))
        diagonal = np.arange(self.side) * (self.side + 1)
        upper = row * self.side + column
        # Positions in the flat matrix seen as real numbers: a complex element
        # takes two places, its real part first.
        places = self.dtype.itemsize // 8
        parts = [diagonal * places, upper * places]
        if is_complex:
            parts.append(upper * places + 1)
        self._positions = np.concatenate(parts)
        self.size = self._positions.size
        self._scale = np.full(self.size, np.sqrt(2.0))
        self._scale[: self.side] = 1.0
        self._upper = row, column
        self._half_scale = np.full(self.size, np.sqrt(0.5))
        self._half_scale[: self.side] = 0.5

    def matrices(self, coordinates):
        """Hermitian matrices with the given coordinates.

        Parameters
        ----------
        coordinates : array-like of shape (..., size)
            Real coordinates.

        Returns
        -------
        ndarray of shape (..., side, side)
            The matrices, of type `dtype`.
        """
        coordinates = np.asarray(coordinates, dtype=np.float64)
        shape = coordinates.shape[:-1]
        half = np.zeros((*shape, self.side**2), dtype=self.dtype)
        # The adjoint added below doubles the diagonal and fills the lower triangle.
        half.view(np.float64)[..., self._positions] = coordinates * self._half_scale
        half = half.reshape(*shape, self.side, self.side)
        return half + half.conj().swapaxes(-1, -2)

    def coordinates(self, matrices):
        r"""Coordinates of Hermitian matrices, :math:`\operatorname{tr}(E_a M)`.

        Elements outside the space (other blocks) do not count: this is the
        orthogonal projection on the space.

        Parameters
        ----------
        matrices : ndarray of shape (..., side, side)
            Hermitian matrices of type `dtype`.

        Returns
        -------
        ndarray of shape (..., size)
            Real coordinates.
        """
        flat = np.ascontiguousarray(matrices, dtype=self.dtype)
        flat = flat.reshape(*flat.shape[:-2], -1).view(np.float64)
        return np.take(flat, self._positions, axis=-1) * self._scale

    def dyads(self, left, right):
        r"""Coordinates of the matrices :math:`u w^\dagger + w u^\dagger`.

        Parameters
        ----------
        left, right : ndarray of shape (..., side, n_samples)
            Vectors ``u`` and ``w`` of type `dtype`; leading axes are broadcast.

        Returns
        -------
        ndarray of shape (..., size, n_samples)
            Real coordinates.
        """
        row, column = self._upper
        diagonal = left.real * right.real
        upper = left[..., row, :] * right.conj()[..., column, :]
        upper += right[..., row, :] * left.conj()[..., column, :]
        parts = [2.0 * diagonal, np.sqrt(2.0) * upper.real]
        if self.matrix_type == "hermitian":
            parts[0] += 2.0 * left.imag * right.imag
            parts.append(np.sqrt(2.0) * upper.imag)
        return np.concatenate(parts, axis=-2)


class Subspace:
    """Subspace of a space of Hermitian matrices, with orthonormal coordinates.

    Parameters
    ----------
    space : HermitianSpace or Subspace
        The larger space.
    columns : ndarray of shape (space.size, size)
        Orthonormal basis of the subspace, in coordinates of `space`.

    Attributes
    ----------
    side, size, dtype
        As for :class:`HermitianSpace`.
    columns : ndarray of shape (n, size)
        The basis in coordinates of the `HermitianSpace`, of size ``n``, that contains
        all others.

    Examples
    --------
    Diagonal matrices whose two elements are equal:

    >>> import numpy as np
    >>> from pmm_sklearn.model import HermitianSpace, Subspace
    >>> space = HermitianSpace((2,), "symmetric")
    >>> basis = space.coordinates(np.eye(2) / np.sqrt(2))[:, np.newaxis]
    >>> Subspace(space, basis).coordinates(np.diag([1.0, 3.0])).round(6)
    array([2.828427])
    """

    def __init__(self, space, columns):
        if isinstance(space, Subspace):
            space, columns = space._space, space.columns @ columns
        self._space = space
        self.columns = columns
        self.side = space.side
        self.dtype = space.dtype
        self.size = columns.shape[1]

    def matrices(self, coordinates):
        """Hermitian matrices with the given coordinates of shape (..., size)."""
        return self._space.matrices(np.asarray(coordinates) @ self.columns.T)

    def coordinates(self, matrices):
        """Coordinates of the orthogonal projection on the subspace."""
        return self._space.coordinates(matrices) @ self.columns


def solutions(space, linear_map):
    """Matrices of a space that a linear map takes to zero.

    Parameters
    ----------
    space : HermitianSpace or Subspace
        Where to look.
    linear_map : callable
        From matrices of shape (m, n, n) to an array of shape (m, ...), real or
        complex, linear over the real numbers.

    Returns
    -------
    Subspace

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import HermitianSpace, solutions
    >>> parity = np.diag([1.0, 1.0, -1.0])
    >>> space = HermitianSpace((3,), "symmetric")
    >>> solutions(space, lambda M: M @ parity - parity @ M).size
    4
    """
    images = np.asarray(linear_map(space.matrices(np.eye(space.size))))
    images = images.reshape(space.size, -1)
    equations = np.concatenate([images.real, images.imag], axis=1).T
    return Subspace(space, scipy.linalg.null_space(equations))
