"""Learned outputs: observables and an intercept for each of them."""

import numpy as np

from .low_rank import LowRankForm, LowRankMatrix
from .pmm import PMM
from .polynomial import Monomials
from .primary import AffineMatrix
from .readout import READOUTS
from .states import Extremes
from .structure import HermitianSpace


class LearnedOutputs:
    r"""Outputs :math:`z_k = g_k + f(v_1 \dots v_r; D_k)` with own observables.

    Parameters
    ----------
    readout : {"expectation", "transition"}
        The function ``f``: see :data:`READOUTS`.
    n_outputs : int
        Number of outputs.
    n_eigenvectors : int
        Number ``r`` of selected eigenvectors.
    block_sizes : tuple of int
        Sides of the diagonal blocks of the primary matrix.
    matrix_type : {"hermitian", "symmetric"}
        Complex Hermitian or real symmetric observables.

    Attributes
    ----------
    size : int
        Number of real parameters; the intercepts are the last of them.
    n_intercepts : int
        Number of parameters that are not penalised.
    working_size : int
        Numbers per sample in the temporary arrays.

    Examples
    --------
    The expectation value of one matrix in the lowest state, plus a constant:

    >>> import numpy as np
    >>> from pmm_sklearn import model as m
    >>> outputs = m.LearnedOutputs("expectation", 1, 1, (2,), "symmetric")
    >>> outputs.size
    4
    >>> eigensystem = m.Eigensystem(np.diag([1.0, 4.0])[np.newaxis], m.Extremes(1))
    >>> observable = np.diag([5.0, 6.0])[np.newaxis, np.newaxis]
    >>> outputs.forward(eigensystem, observable, np.array([0.5]))[0]
    array([[5.5]])
    """

    def __init__(self, readout, n_outputs, n_eigenvectors, block_sizes, matrix_type):
        self.formula = READOUTS[readout]()
        self.n_outputs = self.n_intercepts = n_outputs
        self.n_observables = self.formula.n_observables(n_eigenvectors)
        self.space = HermitianSpace(self.formula.block_sizes(block_sizes), matrix_type)
        self._per_output = self.n_observables * self.space.size
        self.size = n_outputs * (self._per_output + 1)
        self.working_size = 2 * n_outputs * self.n_observables * self.space.side

    def split(self, theta):
        """Observables and intercepts from a vector of coordinates."""
        coordinates = theta[: -self.n_intercepts]
        coordinates = coordinates.reshape(self.n_outputs, self.n_observables, -1)
        return self.space.matrices(coordinates), theta[-self.n_intercepts :].copy()

    def join(self, observables, intercept):
        """Vector of coordinates: the inverse of :meth:`split`."""
        return np.concatenate([self.space.coordinates(observables).ravel(), intercept])

    def total(self, observables):
        """The matrices that are read out: these, as they are learned."""
        return observables

    def without_terms(self, total):
        """Inverse of :meth:`total`."""
        return total

    def initial(self, random_state):
        """Standard normal coordinates and intercepts of zero."""
        theta = random_state.standard_normal(self.size)
        theta[-self.n_intercepts :] = 0.0
        return theta

    def constants(self, observables):
        """What depends on the observables only: see :meth:`PMM.constants`."""
        return self.formula.constants(self.total(observables))

    def forward(self, eigensystem, observables, intercept, constants=None):
        """Outputs of shape (n_samples, n_outputs), and what derivatives need."""
        outputs, saved = self.formula.forward(
            eigensystem.selected, self.total(observables), constants
        )
        return outputs + intercept, (saved, observables)

    def cotangents(self, saved):
        """Derivatives of the outputs by eigenvalues (none) and by eigenvectors.

        Returns
        -------
        None
            Outputs do not depend on the eigenvalues.
        ndarray of shape (n_samples, n, n_outputs, r)
        """
        return None, self.formula.vector_cotangents(saved[0])

    def summed_cotangents(self, saved, cotangents):
        """The same of the sums over outputs that cotangents weigh.

        Parameters
        ----------
        saved : tuple
            From :meth:`forward`.
        cotangents : ndarray of shape (n_samples, n_outputs)
            The weights.

        Returns
        -------
        None
        ndarray of shape (n_samples, n, r)
        """
        return None, self.formula.summed_cotangents(saved[0], cotangents)

    def tangent(self, saved, direction):
        """Change of the outputs for a change of these parameters, (size,).

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
        """
        coordinates, intercept = np.split(direction, [-self.n_intercepts])
        coordinates = coordinates.reshape(self.n_outputs, self.n_observables, -1)
        change = self._observable_tangents(saved[1], coordinates)
        return self.formula.tangent(saved[0], change) + intercept

    def _observable_tangents(self, observables, coordinates):
        return self.space.matrices(coordinates)

    def gradient(self, saved, cotangents):
        r"""Gradient of :math:`\sum_{sk} c_{sk} z_{sk}`, shape (size,)."""
        own = self._summed_gradients(saved, cotangents)
        return np.concatenate([own.ravel(), cotangents.sum(axis=0)])

    def jacobian(self, saved, out):
        """Write the derivatives by these parameters, (n_samples, n_outputs, size)."""
        own = self._observable_gradients(saved)
        own = own.reshape(*own.shape[:2], -1)
        if self.n_outputs > 1:
            out[...] = 0.0
        for output in range(self.n_outputs):
            part = slice(output * self._per_output, (output + 1) * self._per_output)
            out[:, output, part] = own[:, min(output, own.shape[1] - 1)]
            out[:, output, output - self.n_intercepts] = 1.0

    def _summed_gradients(self, saved, cotangents):
        """Gradient by the observables, shape (n_outputs, n_observables, ...)."""
        return self.formula.summed_gradients(saved[0], cotangents, self.space)

    def _observable_gradients(self, saved):
        """Derivatives of each output by its own observables; one if all are equal."""
        return self.formula.observable_gradients(saved[0], self.space)


class LowRankOutputs(LearnedOutputs):
    """Outputs whose observables are of low rank.

    What is learned are the vectors of :class:`LowRankForm`, an array of shape
    (n_outputs, n_observables, rank, n).

    Parameters
    ----------
    readout, n_outputs, n_eigenvectors, block_sizes, matrix_type
        As for :class:`LearnedOutputs`, with one block.
    rank : int
        Rank of each of the observables.

    Examples
    --------
    >>> from pmm_sklearn.model import LowRankOutputs
    >>> LowRankOutputs("transition", 10, 5, (17,), "hermitian", rank=5).size
    25510
    """

    def __init__(
        self, readout, n_outputs, n_eigenvectors, block_sizes, matrix_type, rank
    ):
        super().__init__(readout, n_outputs, n_eigenvectors, block_sizes, matrix_type)
        self.form = LowRankForm(self.space.side, rank, matrix_type)
        self._per_output = self.n_observables * self.form.size
        self.size = n_outputs * (self._per_output + 1)

    def split(self, theta):
        """Vectors and intercepts from a vector of coordinates."""
        coordinates = theta[: -self.n_intercepts]
        coordinates = coordinates.reshape(self.n_outputs, self.n_observables, -1)
        return self.form.factors(coordinates), theta[-self.n_intercepts :].copy()

    def join(self, factors, intercept):
        """Vector of coordinates: the inverse of :meth:`split`."""
        return np.concatenate([self.form.coordinates(factors).ravel(), intercept])

    def total(self, factors):
        """The matrices that are read out."""
        return self.form.matrices(factors)

    def without_terms(self, total):
        """Vectors of the matrices, or of the nearest ones of this rank."""
        return self.form.nearest(total)

    def initial(self, random_state):
        """Observables as large as full ones, and intercepts of zero."""
        shape = (self.n_outputs, self.n_observables)
        coordinates = self.form.initial(shape, random_state).ravel()
        return np.concatenate([coordinates, np.zeros(self.n_intercepts)])

    def _observable_tangents(self, factors, coordinates):
        return self.form.tangent(factors, coordinates)

    def _summed_gradients(self, saved, cotangents):
        gradients = super()._summed_gradients(saved, cotangents)
        return self.form.gradient(saved[1], self.space.matrices(gradients))

    def _observable_gradients(self, saved):
        gradients = super()._observable_gradients(saved)
        return self.form.gradient(saved[1], self.space.matrices(gradients))


def observable_pmm(
    n_features,
    n_outputs,
    block_sizes,
    n_eigenvectors,
    which="SA",
    readout="expectation",
    matrix_type="hermitian",
    rank=(None, None),
    level_spacing=0.0,
    eigensolver="auto",
):
    """Model of regressor and classifier: affine primary matrix, learned outputs.

    Parameters
    ----------
    n_features, n_outputs : int
        Numbers of features and outputs.
    block_sizes : tuple of int
        Sides of the diagonal blocks of the primary matrix; ``(n,)`` for one block.
    n_eigenvectors : int
        Number of selected eigenvectors.
    which : {"SA", "LA", "LM", "SM"}, default="SA"
        Which eigenvectors are selected.
    readout : {"expectation", "transition"}, default="expectation"
        What is read from them.
    matrix_type : {"hermitian", "symmetric"}, default="hermitian"
        Complex Hermitian or real symmetric matrices.
    level_spacing : float, default=0.0
        Of the equidistant levels in each block of the constant matrix from which its
        coordinates count.
    rank : tuple of (int or None), default=(None, None)
        Ranks of the primary and of the secondary matrices; None for full ones.
    eigensolver : {"auto", "lapack", "simd"}, default="auto"
        See ``eigensolver.eigh``.

    Returns
    -------
    PMM

    Examples
    --------
    >>> from pmm_sklearn.model import observable_pmm
    >>> observable_pmm(2, 1, (7,), 3, readout="transition").n_parameters
    442
    >>> observable_pmm(2, 1, (7,), 3, readout="transition", rank=(1, 2)).n_parameters
    211
    """
    primary_rank, secondary_rank = rank
    monomials, space = Monomials(n_features), HermitianSpace(block_sizes, matrix_type)
    offsets = _levels(block_sizes, level_spacing, monomials.size)
    if primary_rank is None:
        primary = AffineMatrix(monomials, space, offsets)
    else:
        primary = LowRankMatrix(monomials, space, primary_rank, offsets)
    outputs = (readout, n_outputs, n_eigenvectors, block_sizes, matrix_type)
    if secondary_rank is None:
        learned = LearnedOutputs(*outputs)
    else:
        learned = LowRankOutputs(*outputs, secondary_rank)
    states = Extremes(n_eigenvectors, which)
    return PMM(primary, states, learned, block_sizes, eigensolver)


def _levels(block_sizes, spacing, n_matrices):
    """Offsets of the matrices: equidistant levels in each block of the first."""
    if not spacing:
        return None
    levels = np.concatenate([np.arange(size) for size in block_sizes])
    offsets = np.zeros((n_matrices, len(levels), len(levels)))
    offsets[0] = np.diag(spacing * levels)
    return offsets
