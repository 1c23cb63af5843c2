r"""Sets of Hermitian matrices and their real coordinates.

A ``Space`` is where a matrix of the model is learned.  Most are linear; in one of
low rank a matrix is a quadratic function of its coordinates.  Derivatives are taken in
the linear space of changes at a point, a ``Tangent``; a linear space is its own.
"""

from typing import Protocol, runtime_checkable

import numpy as np

#: Complex Hermitian matrices, or real symmetric ones (time reversal).
MATRIX_TYPES = ("hermitian", "symmetric")


@runtime_checkable
class Tangent(Protocol):
    """Linear maps between changes of coordinates and changes of matrices.

    Leading axes of all arguments are broadcast against those of the point.
    """

    def matrices(self, changes):
        """Changes of matrices, (..., n, n), for those of coordinates, (..., size)."""

    def adjoint(self, gradients):
        r"""Derivatives by the coordinates, shape (..., size).

        The argument is the Hermitian ``G``, (..., n, n), with :math:`dz =
        \operatorname{tr}(G\, dM)`.
        """

    def adjoint_of_coordinates(self, gradients):
        """The same of gradients that are given by their coordinates in `ambient`."""


@runtime_checkable
class Space(Protocol):
    r"""Where a matrix is learned: matrices as a function of real coordinates.

    Attributes
    ----------
    side : int
        Side ``n`` of the matrices.
    size : int
        Number of real coordinates.
    dtype : numpy.dtype
        Type of the elements.
    degree : {1, 2}
        Matrices are homogeneous functions of the coordinates, of this degree.
    start_scale : float or ndarray of shape (size,)
        Normal coordinates with this standard deviation make matrices as large as
        standard normal coordinates of all Hermitian matrices do.
    n_gauge : int
        Number of independent changes of the coordinates that change no matrix.
    n_shifts : int
        Number of coordinates, the first ones, that are multiples of the identity and
        count as intercepts, which no penalty or prior holds back.
    ambient : HermitianSpace
        Contains all matrices of this space.
    base : Space
        The space without its scale.
    factor : float
        Coordinates times this are those in `base`.
    """

    side: int
    size: int
    dtype: np.dtype
    degree: int
    start_scale: float
    n_gauge: int
    n_shifts: int
    ambient: "HermitianSpace"
    base: "Space"
    factor: float

    def matrices(self, coordinates):
        """Matrices of shape (..., n, n) with given coordinates, (..., size)."""

    def coordinates(self, matrices):
        """Coordinates of matrices, or of the nearest ones in this space."""

    def tangent(self, coordinates):
        """The ``Tangent`` at given coordinates; a linear space returns itself."""


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
    degree, start_scale, n_gauge, n_shifts, ambient, base, factor
        See ``Space``.
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

    degree = 1
    start_scale = factor = 1.0
    n_gauge = n_shifts = 0
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

    @property
    def ambient(self):
        """The space itself."""
        return self

    @property
    def base(self):
        """The space itself."""
        return self

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

    def tangent(self, coordinates):
        """The space itself, which is linear."""
        return self

    def adjoint(self, gradients):
        """Derivatives by the coordinates, which are coordinates of the gradients."""
        return self.coordinates(gradients)

    def adjoint_of_coordinates(self, gradients):
        """The gradients themselves."""
        return gradients

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
    space : HermitianSpace, Subspace or Scaled
        The larger space, which is linear.
    columns : ndarray of shape (space.size, size)
        Orthonormal basis of the subspace, in coordinates of `space`.

    Attributes
    ----------
    side, size, dtype, degree, start_scale, n_gauge, n_shifts, ambient, base, factor
        See ``Space``.
    columns : ndarray of shape (n, size)
        The basis in coordinates of the space, of size ``n``, that is no subspace of
        another.

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

    degree = 1
    start_scale = factor = 1.0
    n_gauge = n_shifts = 0

    def __init__(self, space, columns):
        if space.degree != 1:
            raise ValueError(f"{space!r} is not linear: it has no subspaces.")
        if isinstance(space, Subspace):
            space, columns = space._space, space.columns @ columns
        self._space = space
        self.columns = columns
        self.side = space.side
        self.dtype = space.dtype
        self.ambient = space.ambient
        self.size = columns.shape[1]

    @property
    def base(self):
        """The space itself."""
        return self

    def matrices(self, coordinates):
        """Hermitian matrices with the given coordinates of shape (..., size)."""
        return self._space.matrices(np.asarray(coordinates) @ self.columns.T)

    def coordinates(self, matrices):
        """Coordinates of the orthogonal projection on the subspace."""
        return self._space.coordinates(matrices) @ self.columns

    def tangent(self, coordinates):
        """The space itself, which is linear."""
        return self

    def adjoint(self, gradients):
        """Derivatives by the coordinates: see ``Tangent``."""
        return self._space.adjoint(gradients) @ self.columns

    def adjoint_of_coordinates(self, gradients):
        """The same of coordinates of the gradients in `ambient`."""
        return self._space.adjoint_of_coordinates(gradients) @ self.columns
