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
``observable_gradients(saved, space)``
    coordinates of the derivative of ``z_k`` with respect to its own observables;
``summed_gradients(saved, cotangents, space)``
    coordinates of the derivative of a weighted sum of all outputs of all samples;
``rescale(observables, scale)``
    the observables whose outputs are ``scale`` times as large.
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
        """The observables side by side, shape (r, n, n_outputs * n)."""
        return _side_by_side(observables)

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
        stacked = _side_by_side(observables) if constants is None else constants
        states = np.ascontiguousarray(selected.transpose(2, 0, 1))
        applied = _apply(stacked, states)
        # Re(a^H b) is the product of the two vectors seen as real numbers.
        outputs = np.einsum("isn,iskn->sk", _real(states), _real(applied))
        return outputs, (states, applied)

    @staticmethod
    def vector_cotangents(saved):
        """Cotangents of every output, shape (n_samples, n, n_outputs, r)."""
        _, applied = saved
        return 2.0 * applied.transpose(1, 3, 2, 0)

    @staticmethod
    def observable_gradients(saved, space):
        """Projectors on the states, shape (n_samples, 1, r, space.size)."""
        states, _ = saved
        projectors = _outer(states, states).transpose(1, 0, 2, 3)
        return space.coordinates(projectors)[:, np.newaxis]

    def summed_gradients(self, saved, cotangents, space):
        """Sums over samples, of shape (n_outputs, r, space.size)."""
        projectors = self.observable_gradients(saved, space)[:, 0]
        return np.tensordot(cotangents, projectors, axes=(0, 0))

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
        return _side_by_side(observables), 0.5 * np.sum(largest**2, axis=1)

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
            constants = _side_by_side(observables), 0.5 * np.sum(extremes[0] ** 2, 1)
        else:
            extremes = None
        stacked, centring = constants
        states = np.ascontiguousarray(selected.transpose(2, 0, 1))
        left, right = _pairs(len(states))
        applied = _apply(stacked, states[right])
        amplitudes = np.einsum("jsn,jskn->jsk", states[left].conj(), applied)
        outputs = (np.abs(amplitudes) ** 2).sum(axis=0) - centring
        return outputs, (states, stacked, applied, amplitudes, extremes)

    @staticmethod
    def vector_cotangents(saved):
        """Cotangents of every output, shape (n_samples, n, n_outputs, r)."""
        states, stacked, applied, amplitudes, _ = saved
        left, right = _pairs(len(states))
        applied_left = _apply(stacked, states[left])
        to_left = 2.0 * amplitudes.conj()[..., np.newaxis] * applied
        to_right = 2.0 * amplitudes[..., np.newaxis] * applied_left
        cotangents = np.zeros((len(states), *applied.shape[1:]), dtype=applied.dtype)
        for pair, (i, j) in enumerate(zip(left, right, strict=True)):
            cotangents[i] += to_left[pair]
            cotangents[j] += to_right[pair]
        return cotangents.transpose(1, 3, 2, 0)

    @staticmethod
    def observable_gradients(saved, space):
        """Derivatives of shape (n_samples, n_outputs, n_pairs, space.size)."""
        states, _, _, amplitudes, (values, vectors) = saved
        left, right = _pairs(len(states))
        products = _outer(states[left], states[right]).transpose(1, 0, 2, 3)
        products = (
            amplitudes.transpose(1, 2, 0)[..., np.newaxis, np.newaxis]
            * products[:, np.newaxis]
        )
        gradients = products + products.conj().swapaxes(-1, -2)
        centring = values[..., np.newaxis, np.newaxis] * _outer(vectors, vectors)
        return space.coordinates(gradients - centring)

    @staticmethod
    def summed_gradients(saved, cotangents, space):
        """Sums over samples, of shape (n_outputs, n_pairs, space.size)."""
        states, _, _, amplitudes, (values, vectors) = saved
        left, right = _pairs(len(states))
        # Summed by a product of matrices: one for each sample and output is too much.
        products = _outer(states[left], states[right])
        weights = (amplitudes * cotangents).swapaxes(1, 2)
        sums = weights @ products.reshape(*products.shape[:2], -1)
        sums = sums.swapaxes(0, 1).reshape(*values.shape, *products.shape[2:])
        values = values * cotangents.sum(axis=0)[:, np.newaxis]
        centring = values[..., np.newaxis, np.newaxis] * _outer(vectors, vectors)
        return space.coordinates(sums + sums.conj().swapaxes(-1, -2) - centring)

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


def _side_by_side(observables):
    """Observables of all outputs for one product: (q, s, n, n) -> (s, n, q * n)."""
    n_observables, side = observables.shape[1:3]
    stacked = observables.transpose(1, 3, 0, 2).reshape(n_observables, side, -1)
    return np.ascontiguousarray(stacked)


def _apply(stacked, states):
    """Each observable on its state: (s, n, q * n), (s, N, n) -> (s, N, q, n)."""
    n_observables, side, _ = stacked.shape
    return (states @ stacked).reshape(n_observables, states.shape[1], -1, side)


def _real(array):
    """The same memory seen as real numbers, twice as long if complex."""
    return array.view(np.float64)


def _outer(left, right):
    """Outer products ``left right^H`` over the last axis."""
    return left[..., :, np.newaxis] * right.conj()[..., np.newaxis, :]


def _extreme_eigenpairs(observables):
    """Eigenvalue of largest magnitude, and its eigenvector, of each observable."""
    values, vectors = np.linalg.eigh(observables)
    top = np.argmax(np.abs(values), axis=-1)[..., np.newaxis]
    extreme = np.take_along_axis(values, top, axis=-1)[..., 0]
    vector = np.take_along_axis(vectors, top[..., np.newaxis, :], axis=-1)[..., 0]
    return extreme, vector
