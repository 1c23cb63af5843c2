"""Losses of positive targets, whose outputs are logarithms of means."""

import numpy as np
from scipy.special import digamma, gammaln, xlogy

# Dispersions are kept above this.
_LEAST_DISPERSION = 1e-12
_N_NEWTON = 20
_TINY = np.finfo(np.float64).tiny
# Exponentials of larger numbers would leave floating point, with what multiplies them.
_LARGEST_LOGARITHM = 300.0


class _LogMeans:
    """Outputs are logarithms of means, counted from those of the data.

    Parameters
    ----------
    means : ndarray of shape (n_outputs,)
        Means of the targets.
    """

    @staticmethod
    def coupling(outputs):
        """None: each output has a loss of its own."""
        return None

    def excess(self, outputs, targets):
        """Half the deviance, not negative."""
        ratio = np.maximum(targets / self.means, _TINY)
        return self.value(outputs, targets) - self.value(np.log(ratio), targets)

    def judged(self, outputs, targets):
        """What compares models: the value."""
        return self.value(outputs, targets)


class Poisson(_LogMeans):
    r"""Counts, :math:`-\ln p = \mu - y \ln \mu + \ln y!` with :math:`\mu = m e^z`.

    Parameters
    ----------
    means : ndarray of shape (n_outputs,)
        The numbers ``m``.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model.losses import Poisson
    >>> Poisson(np.array([2.0])).slope(np.zeros((1, 1)), np.array([[3.0]]))
    array([[-1.]])
    """

    has_noise = False

    def __init__(self, means):
        self.means = means

    def value(self, outputs, targets):
        """Negative logarithm of the probability of each count."""
        means = self.means * _exp(outputs)
        constant = gammaln(targets + 1.0) - xlogy(targets, self.means)
        return means - targets * outputs + constant

    def slope(self, outputs, targets):
        """Means minus counts."""
        return self.means * _exp(outputs) - targets

    def curvature(self, outputs, targets):
        """Half the means."""
        return 0.5 * self.means * _exp(outputs)

    def information(self, outputs, targets):
        """The means."""
        return self.means * _exp(outputs)

    majorant = information

    @staticmethod
    def information_slope(outputs, targets):
        """Derivative of the logarithm of the information by the outputs: one."""
        return np.ones_like(outputs)


class Gamma(_LogMeans):
    r"""Positive targets with an error in proportion to their mean.

    With the shape :math:`\nu`, one over the dispersion, and :math:`\mu = m e^z`,

    .. math::

        -\ln p = \nu (y / \mu + \ln \mu) - \nu \ln \nu + \ln \Gamma(\nu)
        - (\nu - 1) \ln y .

    Parameters
    ----------
    means : ndarray of shape (n_outputs,)
        The numbers ``m``.
    noise : ndarray of shape (n_outputs,), default=1.0
        Dispersions: relative variances of the targets.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model.losses import Gamma
    >>> Gamma(np.array([2.0])).value(np.zeros((1, 1)), np.array([[2.0]])).round(6)
    array([[1.693147]])
    """

    has_noise = True

    def __init__(self, means, noise=1.0):
        self.means = means
        self.noise = np.maximum(noise, _LEAST_DISPERSION)

    def with_noise(self, noise):
        """The same with other dispersions."""
        return Gamma(self.means, noise)

    def value(self, outputs, targets):
        """Negative logarithm of the probability density of each target."""
        shape, ratio = 1.0 / self.noise, targets / self.means
        constant = gammaln(shape) - shape * np.log(shape) + np.log(self.means)
        powers = (shape - 1.0) * np.log(ratio)
        return shape * (outputs + ratio * _exp(-outputs)) - powers + constant

    def slope(self, outputs, targets):
        """Relative errors, in units of the dispersion."""
        return (1.0 - targets / self.means * _exp(-outputs)) / self.noise

    def curvature(self, outputs, targets):
        """Half the ratio of target and mean, in units of the dispersion."""
        return 0.5 * targets / self.means * _exp(-outputs) / self.noise

    def information(self, outputs, targets):
        """One over the dispersion."""
        return np.ones_like(outputs) / self.noise

    majorant = information

    @staticmethod
    def information_slope(outputs, targets):
        """Zero."""
        return np.zeros_like(outputs)

    def fitted_noise(self, outputs, targets, weight, left):
        """The most probable dispersions, (n_outputs,)."""
        ratio = targets / self.means * _exp(-outputs)
        deviance = np.sum(weight * (ratio - 1.0 - np.log(ratio)), axis=0)
        mean = np.maximum(deviance / np.maximum(left, 1.0), _LEAST_DISPERSION / 2)
        # The shape where ln(shape) - digamma(shape) is this mean.
        shape = (3 - mean + np.sqrt((mean - 3) ** 2 + 24 * mean)) / (12 * mean)
        is_exact = shape < 1e6  # beyond, the difference has no digits
        shape = np.where(is_exact, _newton_shape(np.minimum(shape, 1e6), mean), shape)
        return 1.0 / shape


def _newton_shape(shape, mean):
    for _ in range(_N_NEWTON):
        step = 1e-4 * shape
        slope = 1.0 / shape - (digamma(shape + step) - digamma(shape - step)) / 2 / step
        change = (np.log(shape) - digamma(shape) - mean) / slope
        shape = np.maximum(shape - change, 0.1 * shape)
    return shape


class MeanDeviance:
    """Half the deviance of means themselves, not of their logarithms.

    Parameters
    ----------
    name : {"poisson", "gamma"}
        Of which loss.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model.losses import MeanDeviance
    >>> MeanDeviance("poisson").value(np.array([[2.0]]), np.array([[2.0]]))
    array([[0.]])
    """

    def __init__(self, name):
        kind = {"poisson": Poisson, "gamma": Gamma}[name]
        self._loss = kind(np.ones(1))

    def value(self, outputs, targets):
        """Half the deviance of each observation."""
        return self._loss.excess(np.log(np.maximum(outputs, _TINY)), targets)


def _exp(logarithms):
    """Exponentials, far beyond any data constant."""
    return np.exp(np.minimum(logarithms, _LARGEST_LOGARITHM))
