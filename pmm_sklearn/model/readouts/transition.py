"""Transition probabilities."""

import numpy as np


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
    >>> from pmm_sklearn.model import Transition
    >>> Transition().pairs(2)  # an observable for each pair
    (array([0, 0, 1]), array([0, 1, 1]))
    >>> Transition().value(3.0 + 4.0j)
    25.0
    """

    degree = 2
    # Transitions connect different sectors.
    keeps_blocks = False

    @property
    def centring(self):
        """Half the squared norm, the middle of what a term can be."""
        return HalfSquaredNorm()

    @staticmethod
    def pairs(n_states):
        """All pairs of states, a state with itself too."""
        return np.triu_indices(n_states)

    @staticmethod
    def value(amplitudes):
        """Squared magnitudes."""
        return amplitudes.real**2 + amplitudes.imag**2

    @staticmethod
    def slope(amplitudes):
        """Twice the amplitudes."""
        return 2.0 * amplitudes


class HalfSquaredNorm:
    r"""Half the squared spectral norm, :math:`\tfrac{1}{2} \|D\|_2^2`.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import HalfSquaredNorm
    >>> float(HalfSquaredNorm().value(np.diag([2.0, -4.0])))
    8.0
    """

    @staticmethod
    def value(observables):
        """Values of shape (...) for observables of shape (..., n, n)."""
        # Without eigenvectors, which take as long again as the rest of a prediction.
        largest = np.max(np.abs(np.linalg.eigvalsh(observables)), axis=-1)
        return 0.5 * largest**2

    @staticmethod
    def value_and_gradient(observables):
        """The values, and Hermitian gradients of the shape of the observables."""
        values, vectors = np.linalg.eigh(observables)
        top = np.argmax(np.abs(values), axis=-1)[..., np.newaxis]
        extreme = np.take_along_axis(values, top, axis=-1)
        vector = np.take_along_axis(vectors, top[..., np.newaxis, :], axis=-1)[..., 0]
        left, right = extreme * vector, vector.conj()
        gradients = left[..., np.newaxis] * right[..., np.newaxis, :]
        return 0.5 * extreme[..., 0] ** 2, gradients
