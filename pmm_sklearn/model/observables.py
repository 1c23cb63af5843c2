"""Outputs with observables and intercepts of their own."""

import numpy as np

from .density import DensityReadout, FermiDirac
from .elements import MatrixElements, Pairs, side_by_side, state_vectors
from .low_rank import LowRank
from .own_observables import OwnObservables
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


class ObservableReadout(OwnObservables):
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
        self.degree = self.readout.degree
        self.n_outputs = n_outputs
        self.space = space
        self._pairs = Pairs(*self.readout.pairs(n_eigenvectors), n_eigenvectors)
        self._centring = self.readout.centring
        self.n_observables = len(self._pairs)
        self.working_size = 2 * n_outputs * self.n_observables * space.side

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

    def matrix_gradients(self, eigensystem, saved):
        """Gradients of outputs by the primary matrix, (n_samples, n_outputs, n, n)."""
        elements, _ = saved
        slopes = self.readout.slope(elements.amplitudes)
        cotangents = elements.cotangents(slopes).transpose(3, 2, 1, 0)
        return eigensystem.pullback(None, cotangents)

    def summed_matrix_gradient(self, eigensystem, saved, cotangents):
        """The same of the sums over outputs that cotangents weigh.

        Parameters
        ----------
        eigensystem : Eigensystem
            Of a batch of samples.
        saved : tuple
            From :meth:`forward`.
        cotangents : ndarray of shape (n_samples, n_outputs)
            The weights.

        Returns
        -------
        ndarray of shape (n_samples, n, n)
        """
        elements, _ = saved
        weights = self.readout.slope(elements.amplitudes) * cotangents.T
        return eigensystem.pullback_of_sums(None, elements.summed_cotangents(weights).T)

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

    def features_tangent(self, eigensystem, changes):
        """Changes of the features for changes of the matrices, (n_samples, n, n).

        Returns
        -------
        ndarray of shape (n_samples, n_features)
        """
        states = state_vectors(eigensystem.selected)
        moved = state_vectors(eigensystem.tangent(changes))
        return self.space.dyads(moved, states).reshape(self.n_features, -1).T

    def pull_back_features(self, eigensystem, weights):
        """Gradients of sums of features, with weights (n_samples, n_features).

        Returns
        -------
        ndarray of shape (n_samples, n, n)
        """
        shape = len(weights), self.n_observables, self.space.size
        matrices = self.space.matrices(weights.reshape(shape))
        selected = eigensystem.selected.transpose(0, 2, 1)[..., np.newaxis]
        cotangents = 2.0 * (matrices @ selected)[..., 0].transpose(0, 2, 1)
        return eigensystem.pullback_of_sums(None, cotangents)

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

    def matrix_slopes(self, eigensystem, observables):
        """None: outputs depend on matrix elements only."""
        return None

    def _elements(self, eigensystem, observables):
        states = state_vectors(eigensystem.selected)
        return MatrixElements(states, side_by_side(observables), self._pairs)


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
    smearing=0.125,
    origin=(),
):
    """Model of regressor and classifier: affine primary matrix, learned outputs.

    Parameters
    ----------
    n_features, n_outputs : int
        Numbers of features and outputs.
    block_sizes : tuple of int
        Sides of the diagonal blocks of the primary matrix; ``(n,)`` for one block.
    n_eigenvectors : int
        Number of selected eigenvectors; for "density" of levels below the chemical
        potential, which is half way to the next level of a matrix to start from.
    which : {"SA", "LA", "LM", "SM"}, default="SA"
        Which eigenvectors are selected; not used by "density".
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
    smearing : float, default=0.125
        The energy ``kT`` of "density", in units of the spacing of levels of a matrix to
        start from.  This is `level_spacing`; if that is zero, levels are taken to be
        equidistant, and spread as those of the random matrices of ``PMM.initial``.
    origin : sequence of float, optional
        Point that features are counted from: see `Monomials`.

    Returns
    -------
    PMM

    Examples
    --------
    >>> from pmm_sklearn.model import observable_pmm
    >>> observable_pmm(2, 1, (7,), 3, readout="density").n_parameters
    197
    >>> observable_pmm(2, 1, (7,), 3, readout="transition").n_parameters
    442
    >>> observable_pmm(2, 1, (7,), 3, readout="transition", rank=(1, 2)).n_parameters
    211
    """
    primary_rank, secondary_rank = rank
    monomials = Monomials(n_features, origin=origin)
    primary = AffineMatrix(
        monomials,
        spaces or _space(block_sizes, matrix_type, primary_rank),
        _levels(block_sizes, level_spacing, monomials.size),
        commutator,
    )
    keeps_blocks = READOUTS[readout].keeps_blocks
    blocks = block_sizes if keeps_blocks else (sum(block_sizes),)
    secondary = _space(blocks, matrix_type, secondary_rank)
    if READOUTS[readout] is DensityReadout:
        occupation = _occupation(
            block_sizes, matrix_type, level_spacing, n_eigenvectors, smearing
        )
        outputs = DensityReadout(n_outputs, secondary, occupation)
        selection = Extremes(sum(block_sizes))
    else:
        outputs = ObservableReadout(readout, n_outputs, n_eigenvectors, secondary)
        selection = Extremes(n_eigenvectors, which)
    return PMM(primary, selection, outputs, block_sizes, eigensolver)


def _occupation(block_sizes, matrix_type, level_spacing, n_below, smearing):
    """Occupation of the levels of a matrix to start from, a number of them below."""
    if level_spacing:
        spacings, middle = [level_spacing] * len(block_sizes), 0.0
    else:
        sizes = [HermitianSpace((n,), matrix_type).size for n in block_sizes]
        # Levels of random matrices, one that is constant and one that varies, have
        # the mean square 2 size / n, and equidistant ones spacing^2 n^2 / 12.
        both = zip(sizes, block_sizes, strict=True)
        spacings, middle = [np.sqrt(24.0 * size / n**3) for size, n in both], 0.5
    levels = np.concatenate(
        [
            spacing * (np.arange(n) - middle * (n - 1))
            for spacing, n in zip(spacings, block_sizes, strict=True)
        ]
    )
    unit = min(spacings)
    levels = np.append(np.sort(levels), np.max(levels) + unit)
    potential = 0.5 * (levels[n_below - 1] + levels[n_below])
    return FermiDirac(float(potential), float(smearing * unit))


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
