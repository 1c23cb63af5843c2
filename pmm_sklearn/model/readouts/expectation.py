"""Expectation values."""

import numpy as np

# Read only: the slope is the same for all elements, outputs and samples.
_ONE = np.ones((1, 1, 1))
_ONE.flags.writeable = False


class Expectation:
    r"""Expectation values, :math:`z_k = g_k + \sum_i v_i^\dagger S_{ki} v_i`.

    References
    ----------
    Cook et al., "Parametric matrix models", Nat. Commun. 16, 5929 (2025), main
    text.

    Examples
    --------
    >>> from pmm_sklearn.model import Expectation
    >>> Expectation().pairs(3)  # an observable for each eigenvector
    (range(0, 3), range(0, 3))
    >>> Expectation().value(-2.0)
    -2.0
    """

    degree = 1
    # An eigenvector lives in one sector, and so does its observable.
    keeps_blocks = True
    centring = None

    @staticmethod
    def pairs(n_states):
        """Each state with itself."""
        return range(n_states), range(n_states)

    @staticmethod
    def value(amplitudes):
        """The amplitudes, which are real."""
        return amplitudes.real

    @staticmethod
    def slope(amplitudes):
        """One."""
        return _ONE
