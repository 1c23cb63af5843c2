r"""Matrix elements of observables between eigenstates, and their derivatives.

Amplitudes are :math:`a_{ek} = v_{i(e)}^\dagger O_{ek} v_{j(e)}`, for several pairs of
states, the "elements" ``e``, and several outputs ``k``.  Of a real function ``f`` of an
amplitude the *slope* ``s`` is such that :math:`df = \operatorname{Re}(s^* da)`: the
slope of :math:`\operatorname{Re} a` is 1, that of :math:`|a|^2` is ``2 a``.

Samples are the last axis of all arrays, which makes the operations between small
vectors long ones.
"""

import numpy as np


class Pairs:
    """Between which two states each matrix element is.

    Parameters
    ----------
    left, right : sequence of int
        The states ``i`` and ``j`` of each element.
    n_states : int
        Number of states.

    Attributes
    ----------
    are_diagonal : bool
        Whether all elements are expectation values, which are real.

    Examples
    --------
    >>> from pmm_sklearn.model import Pairs
    >>> Pairs([0, 1], [0, 1], 2).are_diagonal
    True
    """

    def __init__(self, left, right, n_states):
        self.left = np.asarray(left, dtype=np.intp)
        self.right = np.asarray(right, dtype=np.intp)
        self.n_states = n_states
        self.are_diagonal = np.array_equal(self.left, self.right)
        in_order = np.array_equal(self.left, np.arange(n_states))
        #: Whether there is one element for each state.
        self.are_states = self.are_diagonal and in_order

    def __len__(self):
        return len(self.left)

    def left_of(self, states):
        """States ``i`` of all elements, from all states (r, n, n_samples)."""
        return states if self.are_states else states[self.left]

    def right_of(self, states):
        """The same for ``j``."""
        return states if self.are_states else states[self.right]

    def sum(self, out, to_left, to_right, columns=None):
        """Add what belongs to the states of each element.

        Parameters
        ----------
        out : ndarray of shape (r, ..., n, n_samples)
            Where it is added.
        to_left, to_right : ndarray of shape (n_elements, ..., n, n_samples)
            What belongs to ``i`` and to ``j``, the latter None for nothing.
        columns : sequence of int, optional
            To which of the outputs, the second axis of `out`, each element belongs.
        """
        for e, (i, j) in enumerate(zip(self.left, self.right, strict=True)):
            column = ... if columns is None else slice(columns[e], columns[e] + 1)
            out[i, column] += to_left[e]
            if to_right is not None:
                out[j, column] += to_right[e]


class MatrixElements:
    r"""Amplitudes :math:`v_i^\dagger O_{ek} v_j` of a batch of samples.

    Parameters
    ----------
    states : ndarray of shape (r, n, n_samples)
        Eigenvectors: see ``state_vectors``.
    observables : ndarray of shape (n_elements, n_outputs * n, n)
        The matrices ``O`` side by side: see ``side_by_side``.
    pairs : Pairs
        The states of each element.

    Attributes
    ----------
    amplitudes : ndarray of shape (n_elements, n_outputs, n_samples)
        Real if all pairs are diagonal.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import MatrixElements, Pairs
    >>> states = np.eye(2)[:, :, np.newaxis]  # two states, one sample
    >>> observable = np.array([[[1.0, 5.0], [5.0, 2.0]]])
    >>> MatrixElements(states, observable, Pairs([0], [1], 2)).amplitudes
    array([[[5.]]])
    """

    def __init__(self, states, observables, pairs):
        self.states = states
        self.pairs = pairs
        self._observables = observables
        self._applied = apply(observables, pairs.right_of(states))
        self.amplitudes = self._with_left(self._applied)

    def _with_left(self, applied):
        left = self.pairs.left_of(self.states).conj()
        amplitudes = np.einsum("ens,ekns->eks", left, applied)
        return amplitudes.real if self.pairs.are_diagonal else amplitudes

    def cotangents(self, slopes):
        r"""Derivatives by the states, for each output.

        Parameters
        ----------
        slopes : ndarray of shape (n_elements or 1, n_outputs or 1, n_samples or 1)
            Slopes of a function of each amplitude.

        Returns
        -------
        ndarray of shape (r, n_outputs, n, n_samples)
            The vectors ``w`` with :math:`df_k = \operatorname{Re} \sum_i w_{ki}^\dagger
            dv_i`.
        """
        if self.pairs.are_states:
            return self._of_states(slopes)
        n_outputs = self._applied.shape[1]
        return self.add_cotangents(self._zeros(n_outputs), slopes)

    def add_cotangents(self, out, slopes, columns=None):
        """Add the same to an array; `columns` are the outputs of the elements."""
        if self.pairs.are_diagonal:
            self.pairs.sum(out, self._of_states(slopes), None, columns)
            return out
        weights = slopes[:, :, np.newaxis]
        to_left = weights.conj() * self._applied
        to_right = weights * self._applied_to_left()
        self.pairs.sum(out, to_left, to_right, columns)
        return out

    def summed_cotangents(self, weights):
        """Derivatives by the states of sums over elements and outputs.

        Parameters
        ----------
        weights : ndarray of shape (n_elements or 1, n_outputs, n_samples)
            Slopes, times the weights of the outputs.

        Returns
        -------
        ndarray of shape (r, n, n_samples)
        """
        weights = np.broadcast_to(weights, self.amplitudes.shape)
        if self.pairs.are_diagonal:
            # The state on the left is that on the right.
            to_left = np.einsum("eks,ekns->ens", 2.0 * weights, self._applied)
            if self.pairs.are_states:
                return to_left
            to_right = None
        else:
            to_left = np.einsum("eks,ekns->ens", weights.conj(), self._applied)
            applied = self._applied_to_left()
            to_right = np.einsum("eks,ekns->ens", weights, applied)
        out = self._zeros()
        self.pairs.sum(out, to_left, to_right)
        return out

    def gradients(self, slopes, space):
        """Derivatives by the observable of each element, for each sample.

        Parameters
        ----------
        slopes : ndarray of shape (n_elements or 1, n_outputs or 1, n_samples or 1)
            As for :meth:`cotangents`.
        space : HermitianSpace
            Whose coordinates the derivatives are given in.

        Returns
        -------
        ndarray of shape (n_outputs or 1, n_elements, space.size, n_samples)
            One for all outputs if these have the same slopes.
        """
        weighted = self._half_left(slopes)
        return space.dyads(weighted, self.pairs.right_of(self.states))

    def summed_gradients(self, slopes, cotangents, space):
        """Derivatives by the observables of weighted sums over samples.

        Parameters
        ----------
        slopes, space
            As for :meth:`gradients`.
        cotangents : ndarray of shape (n_elements or 1, n_outputs, n_samples)
            Weights of the outputs.

        Returns
        -------
        ndarray of shape (n_outputs, n_elements, space.size)
        """
        n_elements, n_outputs, n_samples = self.amplitudes.shape
        have_one_slope = slopes.shape[1] == 1 and (n_outputs > 1 or slopes.size == 1)
        if have_one_slope and len(cotangents) == 1:
            gradients = self.gradients(slopes, space).reshape(-1, n_samples)
            sums = gradients @ cotangents[0].T
            return sums.T.reshape(n_outputs, n_elements, space.size)
        # Sums of dyads, which are products of matrices.
        weighted = self._half_left(slopes * cotangents)
        right = self.pairs.right_of(self.states)
        sums = weighted @ right.conj().swapaxes(1, 2)
        sums += sums.conj().swapaxes(-1, -2)
        return space.coordinates(sums)

    def tangents(self, changes):
        """Changes of the amplitudes, to first order.

        Parameters
        ----------
        changes : ndarray of shape (n_elements, n_outputs * n, n)
            Changes of the observables.

        Returns
        -------
        ndarray of shape (n_elements, n_outputs, n_samples)
        """
        return self._with_left(apply(changes, self.pairs.right_of(self.states)))

    def _of_states(self, slopes):
        return (2.0 * slopes.real)[:, :, np.newaxis] * self._applied

    def _applied_to_left(self):
        return apply(self._observables, self.pairs.left_of(self.states))

    def _half_left(self, slopes):
        """Half the slopes times the states on the left, outputs first."""
        halves = (0.5 * slopes).swapaxes(0, 1)[:, :, np.newaxis]
        return halves * self.pairs.left_of(self.states)

    def _zeros(self, *n_outputs):
        n_states, *shape = self.states.shape
        return np.zeros((n_states, *n_outputs, *shape), dtype=self._applied.dtype)


def state_vectors(selected):
    """Selected eigenvectors with samples last: (N, n, r) -> (r, n, N)."""
    return np.ascontiguousarray(selected.transpose(2, 1, 0))


def side_by_side(observables):
    """Observables of all outputs for one product: (q, e, n, n) -> (e, q * n, n)."""
    n_elements, side = observables.shape[1:3]
    return observables.swapaxes(0, 1).reshape(n_elements, -1, side)


def apply(observables, states):
    """Each observable on its state: (e, q * n, n), (e, n, N) -> (e, q, n, N)."""
    n_elements, side, n_samples = states.shape
    return (observables @ states).reshape(n_elements, -1, side, n_samples)
