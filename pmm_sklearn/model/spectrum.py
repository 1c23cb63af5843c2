r"""Outputs that are properties of the spectrum: levels, gaps and matrix elements."""

import numpy as np

from .commutator import CommutatorSmoothedMatrix
from .pmm import PMM
from .polynomial import Monomials
from .primary import AffineMatrix
from .states import Levels
from .structure import HermitianSpace


class SpectrumReadout:
    r"""Levels, gaps, expectation values and transition probabilities.

    ======================  ==============================================
    ``"level"``             :math:`z = \lambda_i`
    ``"gap"``               :math:`z = \lambda_j - \lambda_i`
    ``"observable"``        :math:`z = v_i^\dagger O v_i`
    ``"transition"``        :math:`z = |v_i^\dagger O v_j|^2`
    ======================  ==============================================

    The Hermitian matrices ``O`` are learned; outputs of the same name share one.

    Parameters
    ----------
    outputs : sequence of tuple (kind, name, levels)
        ``kind`` as above, the name of the observable (else ""), and a tuple of
        levels ``(k, sector)``, one for ``i`` and perhaps one for ``j``.
    block_sizes : tuple of int
        Sides of the diagonal blocks ("sectors") of the primary matrix.
    matrix_type : {"hermitian", "symmetric"}, default="hermitian"
        Complex Hermitian or real symmetric observables.

    Attributes
    ----------
    states : Levels
        The ``r`` levels that any output needs.
    names : list of str
        Names of the observables, in the order of their matrices.
    outputs : tuple of tuple
        The argument.
    n_outputs, size : int
        Numbers of outputs and of real parameters.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import Eigensystem, SpectrumReadout
    >>> outputs = [("gap", "", ((0, 0), (1, 0))), ("observable", "spin", ((1, 0),))]
    >>> readout = SpectrumReadout(outputs, (2,), "symmetric")
    >>> eigensystem = Eigensystem(np.diag([1.0, 4.0])[np.newaxis], readout.states)
    >>> readout.forward(eigensystem, np.array([np.diag([5.0, 6.0])]), None)[0]
    array([[3., 6.]])
    """

    n_intercepts = 0

    def __init__(self, outputs, block_sizes, matrix_type="hermitian"):
        levels = list(dict.fromkeys(level for *_, pair in outputs for level in pair))
        self.states = Levels(levels)
        self.outputs = tuple(outputs)
        self.n_outputs = self.working_size = len(outputs)
        self.names = list(dict.fromkeys(name for _, name, _ in outputs if name))
        self._side = sum(block_sizes)
        self._coefficients = np.zeros((len(outputs), len(levels)))
        elements = []
        for k, (kind, name, pair) in enumerate(outputs):
            i, j = levels.index(pair[0]), levels.index(pair[-1])
            if name:
                square = kind == "transition"
                elements.append((k, self.names.index(name), i, j, square))
            else:
                self._coefficients[k, j] = 1.0
                if kind == "gap":
                    self._coefficients[k, i] = -1.0
        self._elements = np.array(elements, dtype=np.intp).reshape(-1, 5).T
        self._spaces = [
            HermitianSpace(self._blocks(name, outputs, block_sizes), matrix_type)
            for name in self.names
        ]
        self._ends = np.cumsum([0] + [space.size for space in self._spaces])
        self.size = int(self._ends[-1])
        self._dtype = HermitianSpace((1,), matrix_type).dtype

    @staticmethod
    def _blocks(name, outputs, block_sizes):
        """Observables have elements between sectors if a transition needs them."""
        pairs = [pair for _, own, pair in outputs if own == name and len(pair) == 2]
        couples = any(
            i_sector is None or i_sector != j_sector
            for (_, i_sector), (_, j_sector) in pairs
        )
        return (sum(block_sizes),) if couples else block_sizes

    def columns(self, kind, name=None):
        """Outputs of a kind, and with the number ``name`` of their observable."""
        own = "" if name is None else self.names[name]
        return [k for k, output in enumerate(self.outputs) if output[:2] == (kind, own)]

    def split(self, theta):
        """Observables of shape (n_names, n, n), and no intercept."""
        observables = np.empty((len(self.names), self._side, self._side), self._dtype)
        for name, space in enumerate(self._spaces):
            observables[name] = space.matrices(theta[self._part(name)])
        return observables, np.empty(0)

    def join(self, observables, intercept):
        """Vector of coordinates: the inverse of :meth:`split`."""
        theta = np.empty(self.size)
        for name, space in enumerate(self._spaces):
            theta[self._part(name)] = space.coordinates(observables[name])
        return theta

    def total(self, observables):
        """The matrices themselves: see :meth:`LearnedOutputs.total`."""
        return observables

    def without_terms(self, total):
        """Inverse of :meth:`total`."""
        return total

    def initial(self, random_state):
        """Standard normal coordinates."""
        return random_state.standard_normal(self.size)

    def constants(self, observables):
        """Nothing: see :meth:`PMM.constants`."""
        return None

    def forward(self, eigensystem, observables, intercept, constants=None):
        """Outputs of shape (n_samples, n_outputs), and what derivatives need."""
        outputs = eigensystem.energies @ self._coefficients.T
        columns, names, left, right, square = self._elements
        states = np.ascontiguousarray(eigensystem.selected.transpose(2, 0, 1))
        matrices = observables[names].swapaxes(1, 2)
        applied = states[right] @ matrices
        amplitudes = np.einsum("msn,msn->ms", states[left].conj(), applied)
        outputs[:, columns] = np.where(
            square[:, np.newaxis], np.abs(amplitudes) ** 2, amplitudes.real
        ).T
        slopes = np.where(square[:, np.newaxis], 2.0 * amplitudes, 1.0)
        return outputs, (states, matrices, applied, slopes)

    def cotangents(self, saved):
        """Derivatives of the outputs by eigenvalues and by eigenvectors.

        Returns
        -------
        by_value : ndarray of shape (n_samples, n_outputs, r) or None
            Derivatives by the selected eigenvalues; None if there are none.
        by_vector : ndarray of shape (n_samples, n, n_outputs, r) or None
            The same by the selected eigenvectors.
        """
        states, matrices, applied, slopes = saved
        n_samples = states.shape[1]
        by_value = by_vector = None
        if np.any(self._coefficients):
            shape = (n_samples, *self._coefficients.shape)
            by_value = np.broadcast_to(self._coefficients, shape)
        columns, _, left, right, _ = self._elements
        if columns.size:
            shape = (len(states), self.n_outputs, *states.shape[1:])
            by_vector = np.zeros(shape, dtype=states.dtype)
            to_left = slopes.conj()[..., np.newaxis] * applied
            to_right = slopes[..., np.newaxis] * (states[left] @ matrices)
            np.add.at(by_vector, (left, columns), to_left)
            np.add.at(by_vector, (right, columns), to_right)
            by_vector = by_vector.transpose(2, 3, 1, 0)
        return by_value, by_vector

    def summed_cotangents(self, saved, cotangents):
        """The same of weighted sums: see :meth:`LearnedOutputs.summed_cotangents`.

        Returns
        -------
        by_value, by_vector : ndarray of shape (n_samples, r) and (n_samples, n, r)
            None where there are none.
        """
        states, matrices, applied, slopes = saved
        by_value = by_vector = None
        if np.any(self._coefficients):
            by_value = cotangents @ self._coefficients
        columns, _, left, right, _ = self._elements
        if columns.size:
            by_vector = np.zeros_like(states)
            slopes = (slopes * cotangents.T[columns])[..., np.newaxis]
            np.add.at(by_vector, left, slopes.conj() * applied)
            np.add.at(by_vector, right, slopes * (states[left] @ matrices))
            by_vector = by_vector.transpose(1, 2, 0)
        return by_value, by_vector

    def gradient(self, saved, cotangents):
        r"""Gradient of :math:`\sum_{sk} c_{sk} z_{sk}`, shape (size,)."""
        gradient = np.zeros(self.size)
        for column, name, derivatives in self._observable_gradients(saved):
            gradient[self._part(name)] += cotangents[:, column] @ derivatives
        return gradient

    def jacobian(self, saved, out):
        """Write the derivatives by these parameters, (n_samples, n_outputs, size)."""
        out[...] = 0.0
        for column, name, derivatives in self._observable_gradients(saved):
            out[:, column, self._part(name)] = derivatives

    def _observable_gradients(self, saved):
        """Derivative of each matrix element by the coordinates of its observable."""
        states, _, _, slopes = saved
        for m, (column, name, left, right, _) in enumerate(self._elements.T):
            scaled = slopes[m][:, np.newaxis] * states[left]
            outer = scaled[:, :, np.newaxis] * states[right].conj()[:, np.newaxis]
            hermitian = 0.5 * (outer + outer.conj().swapaxes(1, 2))
            yield column, name, self._spaces[name].coordinates(hermitian)

    def _part(self, name):
        return slice(self._ends[name], self._ends[name + 1])


def spectrum_pmm(
    n_features,
    degree,
    block_sizes,
    matrix_type,
    outputs,
    eigensolver="auto",
    spaces=None,
    offsets=None,
    strength=0.0,
):
    """Model of the emulator: a primary matrix of polynomials, and its spectrum.

    Parameters
    ----------
    n_features : int
        Number of features.
    degree : int
        Degree of the polynomials.
    block_sizes : tuple of int
        Sides of the diagonal blocks ("sectors") of the primary matrix.
    matrix_type : {"hermitian", "symmetric"}
        Complex Hermitian or real symmetric matrices.
    outputs : sequence of tuple
        See :class:`SpectrumReadout`.
    eigensolver : {"auto", "lapack", "simd"}, default="auto"
        See ``eigensolver.eigh``.
    spaces, offsets : optional
        Those of the matrices, for :class:`AffineMatrix`; by default all that
        `block_sizes` and `matrix_type` allow.
    strength : float, default=0.0
        That of a commutator term: see :class:`CommutatorSmoothedMatrix`.

    Returns
    -------
    PMM

    Examples
    --------
    The lowest level of real symmetric matrices of side 3, and its gap to the next:

    >>> from pmm_sklearn.model import spectrum_pmm
    >>> outputs = [("level", "", ((0, 0),)), ("gap", "", ((0, 0), (1, 0)))]
    >>> pmm = spectrum_pmm(1, 1, (3,), "symmetric", outputs)
    >>> pmm.n_parameters, pmm.n_outputs
    (12, 2)
    """
    monomials = Monomials(n_features, degree)
    if spaces is None:
        spaces = HermitianSpace(block_sizes, matrix_type)
    if strength == 0:
        primary = AffineMatrix(monomials, spaces, offsets)
    else:
        primary = CommutatorSmoothedMatrix(
            monomials, spaces, offsets, strength=strength
        )
    readout = SpectrumReadout(outputs, block_sizes, matrix_type)
    return PMM(primary, readout.states, readout, block_sizes, eigensolver)
