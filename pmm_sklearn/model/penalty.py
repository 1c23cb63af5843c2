"""Penalties on the size of the matrices, combined with the loss of the data."""

from copy import copy
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

    If the variance is known to be at least :math:`s`, losses below :math:`m s` count as
    :math:`m s\, e^{L / (m s) - 1}`: then :math:`\alpha = s / v`.

    Parameters
    ----------
    n_observations : float
        The number ``m``, or the sum of the weights of the observations.
    prior_variance : float
        The variance ``v``.
    least_variance : float, default=0.0
        The variance ``s``.

    Examples
    --------
    >>> from pmm_sklearn.model import NoisePenalty
    >>> NoisePenalty(10, 4.0).slopes(2.0, 0.0)
    (1.0, 0.05)
    """

    def __init__(self, n_observations, prior_variance, least_variance=0.0):
        self._divisor = n_observations * prior_variance
        self._least_loss = n_observations * least_variance

    def widened(self, factor):
        """The same with a prior whose variance is larger by a factor."""
        wider = copy(self)
        wider._divisor = factor * self._divisor
        return wider

    def total(self, loss, squared_norm):
        """What is minimised."""
        slope, noise = self._of_loss(loss)
        return slope * noise * self._factor(squared_norm)

    def slopes(self, loss, squared_norm):
        """Derivatives of the total with respect to its two arguments."""
        slope, noise = self._of_loss(loss)
        factor = slope * float(self._factor(squared_norm))
        return factor, factor * noise / self._divisor

    def _of_loss(self, loss):
        """What the loss counts is the product: its slope, and the loss of the noise."""
        if loss >= self._least_loss:
            return 1.0, loss
        return float(np.exp(loss / self._least_loss - 1.0)), self._least_loss

    def _factor(self, squared_norm):
        return np.exp(min(squared_norm / self._divisor, _LARGEST_EXPONENT))
