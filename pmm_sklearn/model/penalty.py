"""Penalties on the size of the matrices, combined with the loss of the data."""

from typing import Protocol, runtime_checkable

import numpy as np

# The exponential overflows beyond; only absurdly large parameters get there.
_LARGEST_EXPONENT = 600.0


@runtime_checkable
class Penalty(Protocol):
    """A function of the loss of the data and the squared norm of the parameters.

    The ratio of its slopes is the weight of the squared norm against the loss, the
    `alpha` of a ridge regression.
    """

    def total(self, loss, squared_norm):
        """What is minimised."""

    def slopes(self, loss, squared_norm):
        """Derivatives of the total with respect to its two arguments."""


class RidgePenalty:
    r"""Fixed weight: :math:`L + \alpha q`.

    Parameters
    ----------
    alpha : float
        Weight of the squared norm.

    Examples
    --------
    >>> from pmm_sklearn.model import RidgePenalty
    >>> RidgePenalty(0.5).total(2.0, 6.0)
    5.0
    """

    def __init__(self, alpha):
        self.alpha = alpha

    def total(self, loss, squared_norm):
        """What is minimised."""
        return loss + self.alpha * squared_norm

    def slopes(self, loss, squared_norm):
        """Derivatives of the total with respect to its two arguments."""
        return 1.0, self.alpha


class NoisePenalty:
    r"""Weight that follows the variance of the residuals: :math:`L\, e^{q / (m v)}`.

    It is a negative log posterior density, exponentiated: independent normal errors
    of unknown variance :math:`\sigma^2` for the ``m`` observations and a normal prior
    of variance ``v`` for the parameters give :math:`m \ln \sigma^2 + L / \sigma^2 + q
    / v`, least for :math:`\sigma^2 = L / m`, where it is :math:`m \ln L + q / v` up to
    a constant.  Its gradient is parallel to that of :math:`L + \alpha q` with
    :math:`\alpha = L / (m v)`: noise-free data are hardly penalised, noisy data are
    penalised by their noise.

    Parameters
    ----------
    n_observations : float
        The number ``m``, or the sum of the weights of the observations.
    prior_variance : float
        The variance ``v``.

    Examples
    --------
    >>> from pmm_sklearn.model import NoisePenalty
    >>> NoisePenalty(10, 4.0).slopes(2.0, 0.0)
    (1.0, 0.05)
    """

    def __init__(self, n_observations, prior_variance):
        self._divisor = n_observations * prior_variance

    def widened(self, factor):
        """The same with a prior whose variance is larger by a factor."""
        return NoisePenalty(self._divisor, factor)

    def total(self, loss, squared_norm):
        """What is minimised."""
        return loss * self._factor(squared_norm)

    def slopes(self, loss, squared_norm):
        """Derivatives of the total with respect to its two arguments."""
        factor = float(self._factor(squared_norm))
        return factor, factor * loss / self._divisor

    def _factor(self, squared_norm):
        return np.exp(min(squared_norm / self._divisor, _LARGEST_EXPONENT))
