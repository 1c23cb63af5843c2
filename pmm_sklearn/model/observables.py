"""Outputs with observables and intercepts of their own."""

import numpy as np

from .elements import MatrixElements, Pairs, side_by_side, state_vectors
from .low_rank import LowRank
from .pmm import PMM
from .polynomial import Monomials
from .primary import AffineMatrix
from .readout_station import Element
from .readouts import READOUTS
from .selection import Extremes
from .spaces import HermitianSpace


def rescaled(observables, scale, degree):
    """Observables whose outputs are multiplied by a factor each.

    Parameters
    ----------
    observables : ndarray of shape (n_outputs, n_observables, n, n)
        Secondary matrices.
    scale : ndarray of shape (n_outputs,)
        The factors.
    degree : int
        Of which the outputs are homogeneous functions of the observables.

    Returns
    -------
    ndarray of the shape of `observables`

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import rescaled
    >>> rescaled(np.ones((1, 1, 1, 1)), np.array([9.0]), degree=2).item()
    3.0
    """
    factors = scale ** (1.0 / degree)
    return observables * factors[:, np.newaxis, np.newaxis, np.newaxis]


class ObservableReadout:
    r"""Outputs :math:`z_k = g_k + f(v_1 \dots v_r; D_k)` with own observables.

    Parameters
    ----------
    readout : {"expectation", "transition"} or Readout
        The function ``f``: a name in :data:`READOUTS`, or an object of that kind.
    n_outputs : int
        Number of outputs.
    n_eigenvectors : int
        Number ``r`` of selected eigenvectors.
    space : Space
        Where the observables are learned.

    Attributes
    ----------
    readout : Readout
        The function ``f``.
    n_observables : int
        Number of observables for each output.
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
    >>> space = m.HermitianSpace((2,), "symmetric")
    >>> outputs = m.ObservableReadout("expectation", 1, 1, space)
    >>> outputs.size
    4
    >>> eigensystem = m.Eigensystem(np.diag([1.0, 4.0])[np.newaxis], m.Extremes(1))
    >>> observable = np.diag([5.0, 6.0])[np.newaxis, np.newaxis]
    >>> outputs.forward(eigensystem, observable, np.array([0.5]))[0]
    array([[5.5]])
    >>> m.ObservableReadout("transition", 10, 5, m.LowRank(17, rank=5)).size
    25510
    """

    #: Outputs do not depend on the energies.
    level_coefficients = None

    def __init__(self, readout, n_outputs, n_eigenvectors, space):
        self.readout = READOUTS[readout]() if isinstance(readout, str) else readout
        self.n_outputs = self.n_intercepts = n_outputs
        self.space = space
        self._pairs = Pairs(*self.readout.pairs(n_eigenvectors), n_eigenvectors)
        self._centring = self.readout.centring
        self.n_observables = len(self._pairs)
        self._per_output = self.n_observables * space.size
        self.size = n_outputs * (self._per_output + 1)
        self.working_size = 2 * n_outputs * self.n_observables * space.side

    def split(self, theta):
        """Observables and intercepts from a vector of coordinates."""
        coordinates, intercept = self._parts(theta)
        return self.space.matrices(coordinates), intercept.copy()

    def join(self, observables, intercept):
        """Vector of coordinates, of the nearest observables that can be learned."""
        return np.concatenate([self.space.coordinates(observables).ravel(), intercept])

    def initial(self, random_state):
        """Observables as large as standard normal ones, and intercepts of zero."""
        theta = random_state.standard_normal(self.size)
        theta *= self.space.start_scale
        theta[-self.n_intercepts :] = 0.0
        return theta

    def silence(self, theta, outputs):
        """Copy of the coordinates in which those of some outputs are zero.

        Parameters
        ----------
        theta : ndarray of shape (size,)
            Coordinates; intercepts are kept.
        outputs : ndarray of bool of shape (n_outputs,)
            The outputs.

        Returns
        -------
        ndarray of shape (size,)
        """
        theta = theta.copy()
        self._parts(theta)[0][outputs] = 0.0
        return theta

    def scaled(self, theta, factor):
        """Copy with the coordinates of the observables in another unit.

        In a linear space outputs without intercept become `factor` times as large; in
        one of low rank it is the learned vectors that are multiplied.
        """
        theta = theta.copy()
        self._parts(theta)[0][...] *= factor ** (1.0 / self.readout.degree)
        return theta

    def constants(self, observables):
        """What depends on the observables only: see :meth:`PMM.constants`."""
        subtracted = 0.0
        if self._centring is not None:
            subtracted = np.sum(self._centring.value(observables), axis=1)
        return side_by_side(observables), subtracted

    def forward(self, eigensystem, observables, intercept, constants=None):
        """Outputs of shape (n_samples, n_outputs), and what derivatives need."""
        slopes = None
        if constants is not None:
            stacked, subtracted = constants
        else:
            stacked, subtracted = side_by_side(observables), 0.0
            if self._centring is not None:
                values, slopes = self._centring.value_and_gradient(observables)
                subtracted = np.sum(values, axis=1)
        elements = MatrixElements(
            state_vectors(eigensystem.selected), stacked, self._pairs
        )
        terms = self.readout.value(elements.amplitudes)
        outputs = np.sum(terms, axis=0).T - subtracted
        return outputs + intercept, (elements, slopes)

    def cotangents(self, saved):
        """Derivatives of the outputs by eigenvalues (none) and by eigenvectors.

        Returns
        -------
        None
            Outputs do not depend on the eigenvalues.
        ndarray of shape (n_samples, n, n_outputs, r)
        """
        elements, _ = saved
        slopes = self.readout.slope(elements.amplitudes)
        return None, elements.cotangents(slopes).transpose(3, 2, 1, 0)

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
        elements, _ = saved
        weights = self.readout.slope(elements.amplitudes) * cotangents.T
        return None, elements.summed_cotangents(weights).T

    def tangent(self, theta, saved, direction):
        """Change of the outputs for a change of these parameters, (size,).

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
        """
        elements, slopes_of_centring = saved
        coordinates, intercept = self._parts(direction)
        changes = self._tangent_space(theta).matrices(coordinates)
        slopes = self.readout.slope(elements.amplitudes)
        terms = (slopes.conj() * elements.tangents(side_by_side(changes))).real
        outputs = np.sum(terms, axis=0).T + intercept
        if slopes_of_centring is not None:
            products = slopes_of_centring.conj() * changes
            outputs -= np.sum(products.real, axis=(1, 2, 3))
        return outputs

    def gradient(self, theta, saved, cotangents):
        r"""Gradient of :math:`\sum_{sk} c_{sk} z_{sk}`, shape (size,)."""
        elements, slopes_of_centring = saved
        gradients = elements.summed_gradients(
            self.readout.slope(elements.amplitudes),
            cotangents.T[np.newaxis],
            self.space.ambient,
        )
        totals = cotangents.sum(axis=0)
        if slopes_of_centring is not None:
            centring = self.space.ambient.coordinates(slopes_of_centring)
            gradients = gradients - totals[:, np.newaxis, np.newaxis] * centring
        own = self._tangent_space(theta).adjoint_of_coordinates(gradients)
        return np.concatenate([own.ravel(), totals])

    def jacobian(self, theta, saved, out):
        """Write the derivatives by these parameters, (n_samples, n_outputs, size)."""
        own = self._gradients_of_samples(theta, saved)
        if self.n_outputs > 1:
            out[...] = 0.0
        for output in range(self.n_outputs):
            part = slice(output * self._per_output, (output + 1) * self._per_output)
            out[:, output, part] = own[:, min(output, own.shape[1] - 1)]
            out[:, output, output - self.n_intercepts] = 1.0

    def _gradients_of_samples(self, theta, saved):
        """Derivatives by own observables, one for all outputs if these are equal."""
        elements, slopes_of_centring = saved
        slopes = self.readout.slope(elements.amplitudes)
        gradients = elements.gradients(slopes, self.space.ambient)
        if slopes_of_centring is not None:
            centring = self.space.ambient.coordinates(slopes_of_centring)
            gradients = gradients - centring[..., np.newaxis]
        gradients = np.moveaxis(gradients, -1, 0)
        own = self._tangent_space(theta).adjoint_of_coordinates(gradients)
        return own.reshape(*own.shape[:2], -1)

    @property
    def n_features(self):
        """Length of :meth:`features`."""
        return self.n_observables * self.space.size

    def features(self, eigensystem):
        """What outputs are linear in: coordinates of the projectors on the states.

        Only of a readout that is linear in the matrix elements of each state.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
        """
        states = state_vectors(eigensystem.selected)
        projectors = self.space.dyads(0.5 * states, states)
        return projectors.reshape(self.n_features, -1).T

    def observables_of(self, coefficients):
        """Observables from coefficients of the features, (n_features, n_outputs)."""
        shape = -1, self.n_observables, self.space.size
        return self.space.matrices(coefficients.T.reshape(shape))

    def matrix_gradients(self, eigensystem, observables):
        """Gradients of outputs by the primary matrix, (n_samples, n_outputs, n, n)."""
        elements = self._elements(eigensystem, observables)
        slopes = self.readout.slope(elements.amplitudes)
        cotangents = elements.cotangents(slopes).transpose(3, 2, 1, 0)
        return eigensystem.pullback(None, cotangents)

    def pull_back_features(self, eigensystem, weights):
        """The same of sums of features, with weights of shape (n_samples, n_features).

        Returns
        -------
        ndarray of shape (n_samples, n, n)
        """
        shape = len(weights), self.n_observables, self.space.size
        matrices = self.space.matrices(weights.reshape(shape))
        selected = eigensystem.selected.transpose(0, 2, 1)[..., np.newaxis]
        cotangents = 2.0 * (matrices @ selected)[..., 0].transpose(0, 2, 1)
        return eigensystem.pullback(None, cotangents[:, :, np.newaxis])[:, 0]

    def contributions(self, eigensystem, observables):
        """Terms of the outputs, without intercept, of each level that is read out.

        A term of two levels is shared by them half and half.

        Parameters
        ----------
        eigensystem : Eigensystem
            Of a batch of samples.
        observables : ndarray of shape (n_outputs, n_observables, n, n)
            The observables.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs, r)
        """
        elements = self._elements(eigensystem, observables)
        terms = self.readout.value(elements.amplitudes)
        if self._centring is not None:
            terms = terms - self._centring.value(observables).T[:, :, np.newaxis]
        halves = 0.5 * terms
        values = np.zeros((self._pairs.n_states, *terms.shape[1:]))
        self._pairs.sum(values, halves, halves)
        return values.T

    def elements(self, eigensystem, observables):
        """The :class:`Element` tuples on which the outputs depend."""
        elements = self._elements(eigensystem, observables)
        slopes = np.abs(self.readout.slope(elements.amplitudes))
        slopes = np.broadcast_to(slopes, elements.amplitudes.shape)
        pairs = list(zip(self._pairs.left, self._pairs.right, strict=True))
        return [
            Element(k, int(i), int(j), observables[k, e], slopes[e, k])
            for k in range(self.n_outputs)
            for e, (i, j) in enumerate(pairs)
        ]

    def _elements(self, eigensystem, observables):
        states = state_vectors(eigensystem.selected)
        return MatrixElements(states, side_by_side(observables), self._pairs)

    def _tangent_space(self, theta):
        return self.space.tangent(self._parts(theta)[0])

    def _parts(self, theta):
        """Coordinates of shape (n_outputs, n_observables, size), and intercepts."""
        coordinates = theta[: -self.n_intercepts]
        shape = self.n_outputs, self.n_observables, self.space.size
        return coordinates.reshape(shape), theta[-self.n_intercepts :]


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
    spaces=None,
    commutator=0.0,
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
    readout : str, default="expectation"
        What is read from them: a name in :data:`READOUTS`.
    matrix_type : {"hermitian", "symmetric"}, default="hermitian"
        Complex Hermitian or real symmetric matrices.
    level_spacing : float, default=0.0
        Of the equidistant levels in each block of the constant matrix from which its
        coordinates count.
    rank : tuple of (int or None), default=(None, None)
        Ranks of the primary and of the secondary matrices; None for full ones.
    eigensolver : {"auto", "lapack", "simd"}, default="auto"
        See ``eigensolver.eigh``.
    spaces : Space or sequence of Space, optional
        Those of the primary matrices, instead of what block sizes and rank say.
    commutator : float, default=0.0
        Of the primary matrix: see `AffineMatrix`.

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
    monomials = Monomials(n_features)
    primary = AffineMatrix(
        monomials,
        spaces or _space(block_sizes, matrix_type, primary_rank),
        _levels(block_sizes, level_spacing, monomials.size),
        commutator,
    )
    keeps_blocks = READOUTS[readout].keeps_blocks
    blocks = block_sizes if keeps_blocks else (sum(block_sizes),)
    secondary = _space(blocks, matrix_type, secondary_rank)
    outputs = ObservableReadout(readout, n_outputs, n_eigenvectors, secondary)
    selection = Extremes(n_eigenvectors, which)
    return PMM(primary, selection, outputs, block_sizes, eigensolver)


def _space(block_sizes, matrix_type, rank):
    """All matrices with these blocks, or those of low rank without blocks."""
    if rank is None:
        return HermitianSpace(block_sizes, matrix_type)
    return LowRank(sum(block_sizes), rank, matrix_type)


def _levels(block_sizes, spacing, n_matrices):
    """Offsets of the matrices: equidistant levels in each block of the first."""
    if not spacing:
        return None
    levels = np.concatenate([np.arange(size) for size in block_sizes])
    offsets = np.zeros((n_matrices, len(levels), len(levels)))
    offsets[0] = np.diag(spacing * levels)
    return offsets
