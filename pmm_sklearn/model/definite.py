"""Definite matrices: terms that all levels rise with, or that all fall with."""

import numpy as np

from .spaces import HermitianSpace


class Definite:
    r"""Matrices :math:`M = \pm (c^2\,1 + L L^\dagger)`, of blocks with a ``c`` each.

    By Weyl's inequality no level falls if such a matrix is added with the sign
    :math:`+`, and none rises with :math:`-`.  The numbers ``c``, one for each block,
    are the first coordinates; the others are the real and imaginary parts of the
    elements of ``L``, a square matrix with the same blocks.  Their squared length is
    the trace of :math:`L L^\dagger`: a penalty favours low rank.

    Derivatives vanish where ``c`` and ``L`` are zero: do not start there.

    Parameters
    ----------
    block_sizes : tuple of int
        Sides of the diagonal blocks.
    matrix_type : {"hermitian", "symmetric"}, default="hermitian"
        Complex Hermitian or real symmetric matrices.
    sign : {1, -1}, default=1
        Positive or negative semidefinite matrices.

    Attributes
    ----------
    side, size, dtype, degree, start_scale, n_gauge, n_shifts, ambient, base, factor
        See ``Space``; `start_scale` has a number for each coordinate.
    sign : int
        The argument.

    References
    ----------
    H. Weyl, Math. Ann. 71, 441 (1912).

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import Definite
    >>> space = Definite((2,), "symmetric")
    >>> space.matrices(np.array([1.0, 2.0, 0.0, 0.0, 0.0]))
    array([[5., 0.],
           [0., 1.]])
    >>> float(space.coordinates(np.diag([5.0, 1.0]))[0])  # the root of 1
    1.0
    """

    degree = 2
    factor = 1.0

    def __init__(self, block_sizes, matrix_type="hermitian", sign=1):
        self.ambient = HermitianSpace(block_sizes, matrix_type)
        self.sign = sign
        self.block_sizes = self.ambient.block_sizes
        self.side = self.ambient.side
        self.dtype = self.ambient.dtype
        is_complex = matrix_type == "hermitian"
        sizes = np.array(self.block_sizes)
        self.n_shifts = len(sizes)
        self._sector = np.repeat(np.arange(len(sizes)), sizes)
        inside = self._sector[:, np.newaxis] == self._sector
        places = np.flatnonzero(inside) * (self.dtype.itemsize // 8)
        parts = [places, places + 1] if is_complex else [places]
        # Positions in the flat matrix L seen as real numbers.
        self._positions = np.concatenate(parts)
        self.size = self.n_shifts + self._positions.size
        # Rotations of the columns of L; and what ``c`` does, so can ``L``.
        gauge = sizes**2 if is_complex else sizes * (sizes - 1) // 2
        self.n_gauge = int(np.sum(gauge)) + self.n_shifts
        # As large a trace as that of the magnitude of a random Hermitian matrix.
        root = (self.ambient.size / self.side) ** 0.25
        self.start_scale = np.full(self.size, root * self.side**0.5 / self._norm())
        self.start_scale[: self.n_shifts] = 1.0

    def _norm(self):
        """Root of the expected trace for standard normal elements of ``L``."""
        return np.sqrt(self._positions.size)

    @property
    def base(self):
        """The space itself."""
        return self

    def matrices(self, coordinates):
        """Matrices of shape (..., n, n) with given coordinates, (..., size)."""
        shifts, factors = self.split(coordinates)
        products = factors @ factors.conj().swapaxes(-1, -2)
        return self.sign * self.with_shifts(products, shifts**2)

    def coordinates(self, matrices):
        """Coordinates of definite matrices; of others, of nearby ones, (..., size)."""
        matrices = self.sign * np.asarray(matrices)
        shape = matrices.shape[:-2]
        shifts = np.empty((*shape, self.n_shifts))
        factors = np.zeros(matrices.shape, self.dtype)
        for number in range(self.n_shifts):
            block = np.flatnonzero(self._sector == number)
            block = slice(block[0], block[-1] + 1)
            values, vectors = np.linalg.eigh(matrices[..., block, block])
            values = np.maximum(values, 0.0)
            shifts[..., number] = np.sqrt(values[..., 0])
            lengths = np.sqrt(values - values[..., :1])
            factors[..., block, block] = vectors * lengths[..., np.newaxis, :]
        flat = factors.reshape(*shape, -1).view(np.float64)
        return np.concatenate([shifts, flat[..., self._positions]], axis=-1)

    def tangent(self, coordinates):
        """Changes at given coordinates, (..., size): see ``Tangent``."""
        return DefiniteTangent(self, *self.split(coordinates))

    def split(self, coordinates):
        """The numbers ``c``, (..., n_blocks), and the matrices ``L``, (..., n, n)."""
        coordinates = np.asarray(coordinates, dtype=np.float64)
        shape = coordinates.shape[:-1]
        factors = np.zeros((*shape, self.side**2), self.dtype)
        factors.view(np.float64)[..., self._positions] = coordinates[
            ..., self.n_shifts :
        ]
        factors = factors.reshape(*shape, self.side, self.side)
        return coordinates[..., : self.n_shifts], factors

    def join(self, shifts, factors):
        """Coordinates: the inverse of :meth:`split`."""
        flat = np.ascontiguousarray(factors).reshape(*factors.shape[:-2], -1)
        numbers = flat.view(np.float64)[..., self._positions]
        return np.concatenate([shifts, numbers], axis=-1)

    def with_shifts(self, matrices, shifts):
        """Matrices plus a multiple of the identity in each block."""
        diagonal = shifts[..., self._sector]
        return matrices + diagonal[..., np.newaxis] * np.eye(self.side)

    def traces(self, matrices):
        """Traces of the blocks, (..., n_blocks)."""
        diagonal = np.diagonal(matrices, axis1=-2, axis2=-1).real
        indicator = self._sector[:, np.newaxis] == np.arange(self.n_shifts)
        return diagonal @ indicator.astype(np.float64)


class DefiniteTangent:
    r"""Changes :math:`\pm (2 c\,dc\,1 + dL\,L^\dagger + L\,dL^\dagger)`.

    Parameters
    ----------
    space : Definite
        The space.
    shifts : ndarray of shape (..., n_blocks)
        The numbers ``c``.
    factors : ndarray of shape (..., n, n)
        The matrices ``L``.
    """

    def __init__(self, space, shifts, factors):
        self._space = space
        self._shifts = shifts
        self._factors = factors

    def matrices(self, changes):
        """Changes of the matrices: see ``Tangent``."""
        space = self._space
        shifts, factors = space.split(changes)
        half = factors @ self._factors.conj().swapaxes(-1, -2)
        whole = half + half.conj().swapaxes(-1, -2)
        return space.sign * space.with_shifts(whole, 2.0 * self._shifts * shifts)

    def adjoint(self, gradients):
        """Derivatives by the coordinates: ``2 c tr G`` and ``2 G L``."""
        space = self._space
        own = 2.0 * space.sign * (gradients @ self._factors)
        shifts = 2.0 * space.sign * self._shifts * space.traces(gradients)
        return space.join(shifts, own)

    def adjoint_of_coordinates(self, gradients):
        """The same of coordinates of the gradients in the ambient space."""
        return self.adjoint(self._space.ambient.matrices(gradients))
