r"""Outputs that are properties of the spectrum: levels, slopes, matrix elements."""

from typing import NamedTuple

import numpy as np

from .elements import MatrixElements, Pairs, state_vectors
from .readout_station import Element
from .readouts import Expectation, Readout, Transition
from .selection import Levels
from .slopes import LevelSlopes
from .spaces import HermitianSpace

# What is read from the matrix elements of each kind of output.
_READOUTS = {"observable": Expectation(), "transition": Transition()}


class _Part(NamedTuple):
    """Outputs of one kind, and the number of the observable of each."""

    readout: Readout
    names: list
    columns: list
    pairs: Pairs


class SpectrumReadout:
    r"""Levels, gaps, slopes, expectation values and transition probabilities.

    ======================  ==============================================
    ``"level"``             :math:`z = \lambda_i`
    ``"gap"``               :math:`z = \lambda_j - \lambda_i`
    ``"slope"``             :math:`z = \partial_l \lambda_i`
    ``"observable"``        :math:`z = v_i^\dagger O v_i`
    ``"transition"``        :math:`z = |v_i^\dagger O v_j|^2`
    ======================  ==============================================

    The Hermitian matrices ``O`` are learned; outputs of the same name share one.

    Parameters
    ----------
    outputs : sequence of tuple (kind, name, levels)
        ``kind`` as above, the name of the observable or the number ``l`` of the feature
        (else ""), and a tuple of levels ``(k, sector)``, one for ``i`` and perhaps one
        for ``j``.
    block_sizes : tuple of int
        Sides of the diagonal blocks ("sectors") of the primary matrix.
    matrix_type : {"hermitian", "symmetric"}, default="hermitian"
        Complex Hermitian or real symmetric observables.

    Attributes
    ----------
    selection : Levels
        The ``r`` levels that any output needs.
    names : list of str
        Names of the observables, in the order of their matrices.
    outputs : tuple of tuple
        The argument.
    slopes : LevelSlopes
        The outputs that are slopes, perhaps none.
    slope_features : list of int
        The features by which they are taken, each once.
    n_outputs, size : int
        Numbers of outputs and of real parameters.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import Eigensystem, SpectrumReadout
    >>> outputs = [("gap", "", ((0, 0), (1, 0))), ("observable", "spin", ((1, 0),))]
    >>> readout = SpectrumReadout(outputs, (2,), "symmetric")
    >>> eigensystem = Eigensystem(np.diag([1.0, 4.0])[np.newaxis], readout.selection)
    >>> readout.forward(eigensystem, np.array([np.diag([5.0, 6.0])]), None)[0]
    array([[3., 6.]])
    """

    n_intercepts = 0
    # In the observables alone.
    is_linear = False

    def __init__(self, outputs, block_sizes, matrix_type="hermitian"):
        levels = list(dict.fromkeys(level for *_, pair in outputs for level in pair))
        self.selection = Levels(levels)
        self.outputs = tuple(outputs)
        self.n_outputs = len(outputs)
        self.names = names_of_observables(outputs)
        self._side = sum(block_sizes)
        self.slopes = self._slopes()
        self.slope_features = np.unique(self.slopes.features).tolist()
        self.working_size = len(outputs) + 3 * self._side * len(self.slopes)
        self.level_coefficients = np.zeros((len(outputs), len(levels)))
        for k, (kind, _, pair) in enumerate(outputs):
            if kind in ("level", "gap"):
                self.level_coefficients[k, levels.index(pair[-1])] = 1.0
                if kind == "gap":
                    self.level_coefficients[k, levels.index(pair[0])] = -1.0
        self._reads_levels = bool(np.any(self.level_coefficients))
        self._parts = [
            self._part(kind)
            for kind in _READOUTS
            if any(output[0] == kind for output in outputs)
        ]
        self._spaces = [
            HermitianSpace(self._blocks(name, outputs, block_sizes), matrix_type)
            for name in self.names
        ]
        self._ambient = HermitianSpace((self._side,), matrix_type)
        self._places = [_places(space, self._ambient) for space in self._spaces]
        self._ends = np.cumsum([0] + [space.size for space in self._spaces])
        self.size = int(self._ends[-1])

    @staticmethod
    def _blocks(name, outputs, block_sizes):
        """Observables have elements between sectors if a transition needs them."""
        pairs = [pair for _, own, pair in outputs if own == name and len(pair) == 2]
        couples = any(
            i_sector is None or i_sector != j_sector
            for (_, i_sector), (_, j_sector) in pairs
        )
        return (sum(block_sizes),) if couples else block_sizes

    def _part(self, kind):
        columns = [k for k, output in enumerate(self.outputs) if output[0] == kind]
        names = [self.names.index(self.outputs[k][1]) for k in columns]
        levels = self.selection.levels
        left = [levels.index(self.outputs[k][2][0]) for k in columns]
        right = [levels.index(self.outputs[k][2][-1]) for k in columns]
        return _Part(_READOUTS[kind], names, columns, Pairs(left, right, len(levels)))

    def _slopes(self):
        columns = [k for k, (kind, *_) in enumerate(self.outputs) if kind == "slope"]
        levels = self.selection.levels
        states = [levels.index(self.outputs[k][2][0]) for k in columns]
        return LevelSlopes(columns, states, [self.outputs[k][1] for k in columns])

    def columns(self, kind, name=None):
        """Outputs of a kind, and with the number ``name`` of their observable."""
        own = "" if name is None else self.names[name]
        return [k for k, output in enumerate(self.outputs) if output[:2] == (kind, own)]

    def split(self, theta):
        """Observables of shape (n_names, n, n), and no intercept."""
        observables = np.empty(
            (len(self.names), self._side, self._side), self._ambient.dtype
        )
        for name, space in enumerate(self._spaces):
            observables[name] = space.matrices(theta[self._part_of(name)])
        return observables, np.empty(0)

    def join(self, observables, intercept):
        """Vector of coordinates: the inverse of :meth:`split`."""
        theta = np.empty(self.size)
        for name, space in enumerate(self._spaces):
            theta[self._part_of(name)] = space.coordinates(observables[name])
        return theta

    def initial(self, random_state):
        """Standard normal coordinates."""
        return random_state.standard_normal(self.size)

    def constants(self, observables):
        """Nothing: see :meth:`PMM.constants`."""
        return None

    def forward(self, eigensystem, observables, intercept, constants=None):
        """Outputs of shape (n_samples, n_outputs), and what derivatives need."""
        outputs = eigensystem.energies @ self.level_coefficients.T
        elements = self._all_elements(eigensystem, observables)
        for part, own in zip(self._parts, elements, strict=True):
            outputs[:, part.columns] = part.readout.value(own.amplitudes)[:, 0].T
        slopes = None
        if len(self.slopes):
            values, slopes = self.slopes.forward(eigensystem)
            outputs[:, self.slopes.columns] = values
        return outputs, (len(outputs), elements, slopes)

    def _all_elements(self, eigensystem, observables):
        """Matrix elements of each part."""
        if not self._parts:
            return []
        states = state_vectors(eigensystem.selected)
        return [
            MatrixElements(states, observables[part.names], part.pairs)
            for part in self._parts
        ]

    def matrix_gradients(self, eigensystem, saved):
        """Gradients of outputs by the primary matrix, (n_samples, n_outputs, n, n)."""
        n_samples, elements, slopes_saved = saved
        by_value = by_vector = None
        if self._reads_levels:
            shape = (n_samples, *self.level_coefficients.shape)
            by_value = np.broadcast_to(self.level_coefficients, shape)
        if elements or slopes_saved:
            by_vector = self._zeros(eigensystem, self.n_outputs)
            for part, own in zip(self._parts, elements, strict=True):
                slopes = part.readout.slope(own.amplitudes)
                own.add_cotangents(by_vector, slopes, part.columns)
            if slopes_saved:
                self.slopes.add_cotangents(slopes_saved, by_vector)
            by_vector = by_vector.transpose(3, 2, 1, 0)
        return eigensystem.pullback(by_value, by_vector)

    def summed_matrix_gradient(self, eigensystem, saved, cotangents):
        """The same of weighted sums over the outputs of each sample.

        Returns
        -------
        ndarray of shape (n_samples, n, n)
        """
        _, elements, slopes_saved = saved
        by_value = by_vector = None
        if self._reads_levels:
            by_value = cotangents @ self.level_coefficients
        for part, own in zip(self._parts, elements, strict=True):
            slopes = part.readout.slope(own.amplitudes)
            vectors = own.summed_cotangents(slopes * _own(cotangents, part))
            by_vector = vectors if by_vector is None else by_vector + vectors
        if slopes_saved:
            by_vector = self._zeros(eigensystem) if by_vector is None else by_vector
            self.slopes.add_summed_cotangents(slopes_saved, cotangents, by_vector)
        by_vector = None if by_vector is None else by_vector.T
        return eigensystem.pullback_of_sums(by_value, by_vector)

    def derivative_terms(self, saved):
        """Gradients by derivatives of the primary matrix: `DerivativeTerm` tuples."""
        return [] if saved[2] is None else list(self.slopes.derivative_terms(saved[2]))

    def gradient(self, theta, saved, cotangents):
        r"""Gradient of :math:`\sum_{sk} c_{sk} z_{sk}`, shape (size,)."""
        gradient = np.zeros(self.size)
        for part, own in zip(self._parts, saved[1], strict=True):
            slopes = part.readout.slope(own.amplitudes)
            weights = _own(cotangents, part)
            (sums,) = own.summed_gradients(slopes, weights, self._ambient)
            for name, of_element in zip(part.names, sums, strict=True):
                gradient[self._part_of(name)] += of_element[self._places[name]]
        return gradient

    def jacobian(self, theta, saved, out):
        """Write the derivatives by these parameters, (n_samples, n_outputs, size)."""
        out[...] = 0.0
        for part, own in zip(self._parts, saved[1], strict=True):
            slopes = part.readout.slope(own.amplitudes)
            (gradients,) = own.gradients(slopes, self._ambient)
            for k, name, of_element in zip(
                part.columns, part.names, gradients, strict=True
            ):
                out[:, k, self._part_of(name)] = of_element[self._places[name]].T

    def tangent(self, theta, saved, direction):
        """Change of the outputs for a change of these parameters, (size,)."""
        changes, _ = self.split(direction)
        outputs = np.zeros((saved[0], self.n_outputs))
        for part, own in zip(self._parts, saved[1], strict=True):
            tangents = own.tangents(changes[part.names])
            slopes = part.readout.slope(own.amplitudes)
            outputs[:, part.columns] = (slopes.conj() * tangents).real[:, 0].T
        return outputs

    def contributions(self, eigensystem, observables):
        """Terms of each level: see :meth:`ObservableReadout.contributions`.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs, r)
        """
        values = eigensystem.energies[:, np.newaxis] * self.level_coefficients
        values = np.ascontiguousarray(values.T)
        elements = self._all_elements(eigensystem, observables)
        for part, own in zip(self._parts, elements, strict=True):
            halves = 0.5 * part.readout.value(own.amplitudes)
            part.pairs.sum(values, halves, halves, part.columns)
        if len(self.slopes):
            slopes, _ = self.slopes.forward(eigensystem)
            values[self.slopes.states, self.slopes.columns] = slopes.T
        return values.transpose(2, 1, 0)

    def elements(self, eigensystem, observables):
        """The :class:`Element` tuples on which the outputs depend."""
        found = []
        elements = self._all_elements(eigensystem, observables)
        for part, own in zip(self._parts, elements, strict=True):
            slopes = np.abs(part.readout.slope(own.amplitudes))
            slopes = np.broadcast_to(slopes, own.amplitudes.shape)
            pairs = zip(part.pairs.left, part.pairs.right, strict=True)
            found += [
                Element(k, int(i), int(j), observables[name], slopes[e, 0])
                for e, (k, name, (i, j)) in enumerate(
                    zip(part.columns, part.names, pairs, strict=True)
                )
            ]
        return found + self.slopes.elements(eigensystem)

    def matrix_slopes(self, eigensystem, observables):
        """None: outputs depend on levels and matrix elements only."""
        return None

    def _zeros(self, eigensystem, *n_outputs):
        """Place for derivatives by the selected states, samples last."""
        n_samples, side, n_states = eigensystem.selected.shape
        shape = (n_states, *n_outputs, side, n_samples)
        return np.zeros(shape, eigensystem.selected.dtype)

    def _part_of(self, name):
        return slice(self._ends[name], self._ends[name + 1])


def names_of_observables(outputs):
    """Names of the observables of outputs, each once."""
    kinds = tuple(_READOUTS)
    return list(dict.fromkeys(name for kind, name, _ in outputs if kind in kinds))


def _places(space, ambient):
    """Which coordinates of all matrices are those of block-diagonal ones."""
    if space.size == ambient.size:
        return slice(None)
    inside = ambient.coordinates(space.matrices(np.ones(space.size)))
    return np.flatnonzero(inside)


def _own(cotangents, part):
    """Cotangents of the outputs of a part, shape (n_elements, 1, n_samples)."""
    return cotangents.T[part.columns][:, np.newaxis]
