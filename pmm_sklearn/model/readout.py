r"""Readouts: from the selected eigenvectors to the outputs.

A readout has its own secondary matrices ("observables") and an intercept.  It
offers

``n_observables(r)``
    the number of secondary matrices per output for ``r`` eigenvectors;
``block_sizes(block_sizes)``
    the block structure of the secondary matrices, given the primary one;
``constants(observables)``
    what depends on the observables only, for predictions with the same ones;
``forward(selected, observables, constants=None)``
    the outputs without intercept, and what the derivatives need; with constants
    those by the observables are not available;
``vector_cotangents(saved)``
    :math:`w_{ki}` with :math:`dz_k = \operatorname{Re} \sum_i w_{ki}^\dagger dv_i`;
``summed_cotangents(saved, cotangents)``
    the same for a weighted sum of the outputs of each sample;
``tangent(saved, changes)``
    the change of the outputs for changes of the observables, to first order;
``observable_gradients(saved, space)``
    coordinates of the derivative of ``z_k`` with respect to its own observables;
``summed_gradients(saved, cotangents, space)``
    coordinates of the derivative of a weighted sum of all outputs of all samples;
``rescale(observables, scale)``
    the observables whose outputs are ``scale`` times as large.

Inside, samples are the last axis of all arrays, which makes the operations between
small vectors long ones.
"""

from functools import cache

import numpy as np


class Expectation:
    r"""Expectation values, :math:`z_k = g_k + \sum_i v_i^\dagger S_{ki} v_i`.

    References
    ----------
    Cook et al., "Parametric matrix models", Nat. Commun. 16, 5929 (2025), main
    text.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import Expectation
    >>> selected = np.array([[[1.0], [0.0]]])
    >>> observables = np.array([[[[5.0, 1.0], [1.0, 2.0]]]])
    >>> Expectation().forward(selected, observables)[0]
    array([[5.]])
    """

    @staticmethod
    def n_observables(n_eigenvectors):
        """One observable for each eigenvector."""
        return n_eigenvectors

    @staticmethod
    def block_sizes(block_sizes):
        """An eigenvector lives in one sector, and so does its observable."""
        return block_sizes

    @staticmethod
    def constants(observables):
        """The observables side by side, shape (r, n_outputs * n, n)."""
        return _stacked(observables)

    def forward(self, selected, observables, constants=None):
        """Outputs without intercept.

        Parameters
        ----------
        selected : ndarray of shape (n_samples, n, r)
            Selected eigenvectors.
        observables : ndarray of shape (n_outputs, r, n, n)
            Hermitian secondary matrices.
        constants : ndarray, optional
            From :meth:`constants`.

        Returns
        -------
        outputs : ndarray of shape (n_samples, n_outputs)
            Sum of expectation values.
        saved : tuple
            Argument of the derivative methods.
        """
        stacked = _stacked(observables) if constants is None else constants
        states = np.ascontiguousarray(selected.transpose(2, 1, 0))
        applied = _apply(stacked, states)
        outputs = np.einsum("ins,ikns->ks", states.conj(), applied).real
        return outputs.T, (states, applied)

    @staticmethod
    def vector_cotangents(saved):
        """Cotangents of every output, shape (n_samples, n, n_outputs, r)."""
        _, applied = saved
        return 2.0 * applied.transpose(3, 2, 1, 0)

    @staticmethod
    def summed_cotangents(saved, cotangents):
        """Cotangents of the sums over outputs, shape (n_samples, n, r)."""
        _, applied = saved
        return np.einsum("ks,ikns->ins", 2.0 * cotangents.T, applied).T

    @staticmethod
    def tangent(saved, changes):
        """Change of the outputs, shape (n_samples, n_outputs)."""
        states, _ = saved
        applied = _apply(_stacked(changes), states)
        return np.einsum("ins,ikns->ks", states.conj(), applied).real.T

    @staticmethod
    def observable_gradients(saved, space):
        """Projectors on the states, shape (n_samples, 1, r, space.size)."""
        states, _ = saved
        projectors = space.dyads(0.5 * states, states)
        return projectors.transpose(2, 0, 1)[:, np.newaxis]

    @staticmethod
    def summed_gradients(saved, cotangents, space):
        """Sums over samples, of shape (n_outputs, r, space.size)."""
        states, _ = saved
        projectors = space.dyads(0.5 * states, states).reshape(-1, len(cotangents))
        sums = projectors @ cotangents
        return sums.T.reshape(-1, len(states), space.size)

    @staticmethod
    def rescale(observables, scale):
        """Observables for outputs multiplied by ``scale`` of shape (n_outputs,)."""
        return observables * scale[:, np.newaxis, np.newaxis, np.newaxis]


class Transition:
    r"""Transition probabilities between the selected states.

    .. math::

        z_k = g_k + \sum_{i \le j} \left( |v_i^\dagger D_{kij} v_j|^2
              - \tfrac{1}{2} \|D_{kij}\|_2^2 \right)

    with one Hermitian matrix per output and pair, pairs in row order.

    References
    ----------
    Cook et al., "Parametric matrix models", Nat. Commun. 16, 5929 (2025), Methods.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import Transition
    >>> selected = np.array([[[1.0], [0.0]]])
    >>> observables = np.array([[[[2.0, 0.0], [0.0, 1.0]]]])
    >>> Transition().forward(selected, observables)[0]
    array([[2.]])
    """

    @staticmethod
    def n_observables(n_eigenvectors):
        """One observable for each pair of eigenvectors, a state with itself too."""
        return n_eigenvectors * (n_eigenvectors + 1) // 2

    @staticmethod
    def block_sizes(block_sizes):
        """Transitions connect different sectors: no block structure."""
        return (sum(block_sizes),)

    @staticmethod
    def constants(observables):
        """The observables side by side, and what is subtracted from each output."""
        # Without eigenvectors, which take as long again as the rest of a prediction.
        largest = np.max(np.abs(np.linalg.eigvalsh(observables)), axis=-1)
        return _stacked(observables), 0.5 * np.sum(largest**2, axis=1)

    def forward(self, selected, observables, constants=None):
        """Outputs without intercept.

        Parameters
        ----------
        selected : ndarray of shape (n_samples, n, r)
            Selected eigenvectors.
        observables : ndarray of shape (n_outputs, r * (r + 1) / 2, n, n)
            Hermitian secondary matrices.
        constants : tuple of ndarray, optional
            From :meth:`constants`.

        Returns
        -------
        outputs : ndarray of shape (n_samples, n_outputs)
            Sum of centred transition probabilities.
        saved : tuple
            Argument of the derivative methods.
        """
        if constants is None:
            extremes = _extreme_eigenpairs(observables)
            constants = _stacked(observables), 0.5 * np.sum(extremes[0] ** 2, axis=1)
        else:
            extremes = None
        stacked, centring = constants
        states = np.ascontiguousarray(selected.transpose(2, 1, 0))
        left, right = _pairs(len(states))
        applied = _apply(stacked, states[right])
        amplitudes = np.einsum("jns,jkns->jks", states[left].conj(), applied)
        outputs = np.sum(amplitudes.real**2 + amplitudes.imag**2, axis=0).T
        return outputs - centring, (states, stacked, applied, amplitudes, extremes)

    @staticmethod
    def vector_cotangents(saved):
        """Cotangents of every output, shape (n_samples, n, n_outputs, r)."""
        states, stacked, applied, amplitudes, _ = saved
        left, _ = _pairs(len(states))
        weights = 2.0 * amplitudes[:, :, np.newaxis]
        to_left = weights.conj() * applied
        to_right = weights * _apply(stacked, states[left])
        return _sum_pairs(to_left, to_right, len(states)).transpose(3, 2, 1, 0)

    @staticmethod
    def summed_cotangents(saved, cotangents):
        """Cotangents of the sums over outputs, shape (n_samples, n, r)."""
        states, stacked, applied, amplitudes, _ = saved
        left, _ = _pairs(len(states))
        weights = 2.0 * cotangents.T * amplitudes
        to_left = np.einsum("jks,jkns->jns", weights.conj(), applied)
        applied_left = _apply(stacked, states[left])
        to_right = np.einsum("jks,jkns->jns", weights, applied_left)
        return _sum_pairs(to_left, to_right, len(states)).T

    @staticmethod
    def tangent(saved, changes):
        """Change of the outputs, shape (n_samples, n_outputs)."""
        states, _, _, amplitudes, (values, vectors) = saved
        left, right = _pairs(len(states))
        applied = _apply(_stacked(changes), states[right])
        change = np.einsum("jns,jkns->jks", states[left].conj(), applied)
        outputs = 2.0 * np.sum((amplitudes.conj() * change).real, axis=0).T
        centring = np.einsum("kjm,kjmn,kjn->kj", vectors.conj(), changes, vectors)
        return outputs - np.sum(values * centring.real, axis=1)

    @staticmethod
    def observable_gradients(saved, space):
        """Derivatives of shape (n_samples, n_outputs, n_pairs, space.size)."""
        states, _, _, amplitudes, (values, vectors) = saved
        left, right = _pairs(len(states))
        weighted = amplitudes.swapaxes(0, 1)[:, :, np.newaxis] * states[left]
        gradients = space.dyads(weighted, states[right])
        gradients -= _centring(values, vectors, space)[..., np.newaxis]
        return np.moveaxis(gradients, -1, 0)

    @staticmethod
    def summed_gradients(saved, cotangents, space):
        """Sums over samples, of shape (n_outputs, n_pairs, space.size)."""
        states, _, _, amplitudes, (values, vectors) = saved
        left, right = _pairs(len(states))
        weights = cotangents.T * amplitudes
        # Sums of dyads, which are products of matrices.
        weighted = weights.swapaxes(0, 1)[:, :, np.newaxis] * states[left]
        sums = weighted @ states[right].conj().swapaxes(1, 2)
        values = values * cotangents.sum(axis=0)[:, np.newaxis]
        sums += sums.conj().swapaxes(-1, -2)
        return space.coordinates(sums) - _centring(values, vectors, space)

    @staticmethod
    def rescale(observables, scale):
        """Observables for outputs multiplied by ``scale`` of shape (n_outputs,)."""
        return observables * np.sqrt(scale)[:, np.newaxis, np.newaxis, np.newaxis]


#: Readouts by the name under which the estimators know them.
READOUTS = {"expectation": Expectation, "transition": Transition}


@cache
def _pairs(n_states):
    """Both members of all pairs of states, in row order; not to be written to."""
    return np.triu_indices(n_states)


def _stacked(observables):
    """Observables of all outputs for one product: (q, s, n, n) -> (s, q * n, n)."""
    n_observables, side = observables.shape[1:3]
    return observables.swapaxes(0, 1).reshape(n_observables, -1, side)


def _apply(stacked, states):
    """Each observable on its state: (s, q * n, n), (s, n, N) -> (s, q, n, N)."""
    n_observables, side, n_samples = states.shape
    return (stacked @ states).reshape(n_observables, -1, side, n_samples)


def _sum_pairs(to_left, to_right, n_states):
    """What belongs to each state, from what belongs to the states of each pair."""
    sums = np.zeros((n_states, *to_left.shape[1:]), dtype=to_left.dtype)
    for pair, (i, j) in enumerate(zip(*_pairs(n_states), strict=True)):
        sums[i] += to_left[pair]
        sums[j] += to_right[pair]
    return sums


def _centring(values, vectors, space):
    """Derivative of half the squared spectral norm by the coordinates."""
    weighted = 0.5 * values[..., np.newaxis] * vectors
    return space.dyads(weighted[..., np.newaxis], vectors[..., np.newaxis])[..., 0]


def _extreme_eigenpairs(observables):
    """Eigenvalue of largest magnitude, and its eigenvector, of each observable."""
    values, vectors = np.linalg.eigh(observables)
    top = np.argmax(np.abs(values), axis=-1)[..., np.newaxis]
    extreme = np.take_along_axis(values, top, axis=-1)[..., 0]
    vector = np.take_along_axis(vectors, top[..., np.newaxis, :], axis=-1)[..., 0]
    return extreme, vector
