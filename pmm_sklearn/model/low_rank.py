"""Matrices of low rank: sums of projectors on learned vectors, with signs."""

import numpy as np

from .primary import AffineMatrix
from .structure import HermitianSpace


class LowRankForm:
    r"""Hermitian matrices :math:`M = \sum_k s_k u_k u_k^\dagger` of given rank.

    The vectors :math:`u_k` are learned; the signs :math:`s_k = +, -, +, \dots` are
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

    Attributes
    ----------
    size : int
        Number of real coordinates of a matrix: real and imaginary parts of the
        elements of the vectors.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import LowRankForm
    >>> form = LowRankForm(3, 2, "symmetric")
    >>> factors = form.factors(np.array([2.0, 0.0, 0.0, 0.0, 1.0, 1.0]))
    >>> form.matrices(factors)
    array([[ 4.,  0.,  0.],
           [ 0., -1., -1.],
           [ 0., -1., -1.]])
    """

    def __init__(self, side, rank, matrix_type="hermitian"):
        space = HermitianSpace((side,), matrix_type)
        self.side = side
        self.rank = rank
        self.dtype = space.dtype
        self.signs = (-1.0) ** np.arange(rank)
        self.size = rank * side * (self.dtype.itemsize // 8)
        # A normal vector of d coordinates has E|u|^4 = d (d + 2).
        n_coordinates = self.size // rank
        fourth_moment = rank * n_coordinates * (n_coordinates + 2)
        self._start_scale = (space.size / fourth_moment) ** 0.25

    def factors(self, coordinates):
        """Vectors of shape (..., rank, n) from coordinates (..., size)."""
        coordinates = np.array(coordinates, dtype=np.float64)
        return coordinates.view(self.dtype).reshape(
            *coordinates.shape[:-1], self.rank, self.side
        )

    def coordinates(self, factors):
        """Coordinates of shape (..., size): the inverse of :meth:`factors`."""
        factors = np.ascontiguousarray(factors, dtype=self.dtype)
        return factors.reshape(*factors.shape[:-2], -1).view(np.float64)

    def matrices(self, factors):
        """Matrices of shape (..., n, n) of vectors of shape (..., rank, n)."""
        signed = self.signs[:, np.newaxis] * factors
        return signed.swapaxes(-1, -2) @ factors.conj()

    def nearest(self, matrices):
        """Orthogonal vectors of the nearest matrices that have this form.

        Parameters
        ----------
        matrices : ndarray of shape (..., n, n)
            Hermitian matrices.

        Returns
        -------
        ndarray of shape (..., rank, n)
        """
        values, vectors = np.linalg.eigh(matrices)
        positive, negative = np.sum(self.signs > 0), np.sum(self.signs < 0)
        chosen = np.empty(self.rank, dtype=np.intp)
        chosen[self.signs > 0] = np.arange(self.side)[::-1][:positive]
        chosen[self.signs < 0] = np.arange(negative)
        lengths = np.sqrt(np.maximum(self.signs * values[..., chosen], 0.0))
        factors = lengths[..., np.newaxis, :] * vectors[..., :, chosen]
        return factors.swapaxes(-1, -2).astype(self.dtype)

    def gradient(self, factors, gradients):
        r"""Derivative by the coordinates, :math:`2 s_k G u_k`.

        Parameters
        ----------
        factors : ndarray of shape (..., rank, n)
            The vectors.
        gradients : ndarray of shape (..., n, n)
            Hermitian ``G`` with :math:`dz = \operatorname{tr}(G\, dM)`.

        Returns
        -------
        ndarray of shape (..., size)
            Leading axes are broadcast.
        """
        signed = 2.0 * self.signs[:, np.newaxis] * factors
        return self.coordinates(signed @ gradients.swapaxes(-1, -2))

    def tangent(self, factors, coordinates):
        """Change of the matrices for a change of the coordinates, (..., size)."""
        change = self.factors(coordinates)
        signed = self.signs[:, np.newaxis] * change
        half = signed.swapaxes(-1, -2) @ factors.conj()
        return half + half.conj().swapaxes(-1, -2)

    def initial(self, shape, random_state):
        """Normal coordinates ``(*shape, size)`` of matrices as large as full ones.

        Their mean squared Frobenius norm is that of a full matrix with standard
        normal coordinates.
        """
        return self._start_scale * random_state.standard_normal((*shape, self.size))


class LowRankMatrix(AffineMatrix):
    r"""Primary matrix :math:`H(x) = \sum_l \phi_l(x) M_l` with ``M_l`` of low rank.

    What is learned are the vectors of :class:`LowRankForm`, an array of shape
    (n_matrices, rank, n).

    Parameters
    ----------
    monomials : Monomials
        The functions :math:`\phi_l`, the constant first.
    space : HermitianSpace
        One block, in which the matrices lie.
    rank : int
        Rank of each of the matrices.
    offsets : ndarray of shape (n_matrices, n, n), optional
        Constant parts of the matrices, which do not count for the rank.

    Examples
    --------
    >>> from pmm_sklearn.model import HermitianSpace, LowRankMatrix, Monomials
    >>> LowRankMatrix(Monomials(2048), HermitianSpace((17,)), rank=1).size
    69666
    """

    def __init__(self, monomials, space, rank, offsets=None):
        super().__init__(monomials, space, offsets)
        self.form = LowRankForm(space.side, rank, space.matrix_type)
        self.size = self.n_matrices * self.form.size

    def split(self, theta):
        """Vectors of shape (n_matrices, rank, n) from coordinates (size,)."""
        return self.form.factors(theta.reshape(self.n_matrices, -1))

    def join(self, factors):
        """Coordinates of given vectors: the inverse of :meth:`split`."""
        return self.form.coordinates(factors).ravel()

    def total(self, factors):
        """The matrices, which multiply the monomials."""
        matrices = self.form.matrices(factors)
        return matrices if self.offsets is None else matrices + self.offsets

    def without_terms(self, total):
        """Vectors of the matrices, or of the nearest ones of this rank."""
        return self.form.nearest(
            total if self.offsets is None else total - self.offsets
        )

    def initial(self, random_state):
        """Random coordinates: see :meth:`AffineMatrix.initial`."""
        theta = self.form.initial((self.n_matrices,), random_state)
        theta[1:] /= (self.n_matrices - 1) ** 0.25
        return theta.ravel()

    def forward(self, factors, inputs):
        """Primary matrices: see :meth:`AffineMatrix.forward`."""
        assembled, _ = super().forward(self.total(factors), inputs)
        return assembled, (factors, inputs)

    def _matrix_tangents(self, factors, direction):
        return self.form.tangent(factors, direction.reshape(self.n_matrices, -1))

    def gradient(self, saved, gradients):
        """Gradient of a sum over samples: see :meth:`AffineMatrix.gradient`."""
        factors, inputs = saved
        flat = np.ascontiguousarray(gradients, dtype=self.dtype)
        flat = flat.reshape(len(inputs), -1).view(np.float64)
        by_matrix = (inputs.T @ flat).view(self.dtype)
        by_matrix = by_matrix.reshape(-1, self.side, self.side)
        return self.form.gradient(factors, by_matrix).ravel()

    def jacobian(self, saved, gradients, out):
        """Derivative of every output: see :meth:`AffineMatrix.jacobian`."""
        factors, inputs = saved
        derivatives = self.form.gradient(factors, gradients[:, :, np.newaxis])
        derivatives *= inputs[:, np.newaxis, :, np.newaxis]
        out[...] = derivatives.reshape(out.shape)
