"""Losses in units of a noise that is learned: Huber's, distances, and quantiles."""

import numpy as np
from scipy.stats import norm

# Residuals of more deviations are no part of the normal noise.
_CLIP = 2.5
_N_CLIPS = 5
# Of the median of the magnitudes of normal numbers.
_MEDIAN = norm.ppf(0.75)
# Half width, in units of the noise, in which the kink of a distance is a parabola.
_SMOOTHING = 0.1
# Of the observations, what is left at least for the scale.
_LEAST_LEFT = 0.2
_TINY = 1e-300


class _Scaled:
    """A loss of residuals in units of the noise.

    Parameters
    ----------
    noise : ndarray of shape (n_outputs,)
        Variance of the noise of each output.
    """

    has_noise = True

    def _set_noise(self, noise):
        self.noise = np.maximum(noise, _TINY)
        self._deviation = np.sqrt(self.noise)

    def _residuals(self, outputs, targets):
        return (outputs - targets) / self._deviation

    @staticmethod
    def coupling(outputs):
        """None: each output has a loss of its own."""
        return None


class Huber(_Scaled):
    r"""Half a square of small residuals, and linear in large ones.

    .. math::

        \ell = \ln \sigma + \begin{cases} \tfrac12 \zeta^2 & |\zeta| \le t \\
        t |\zeta| - \tfrac12 t^2 & |\zeta| > t \end{cases} , \qquad
        \zeta = (z - y) / \sigma .

    Parameters
    ----------
    noise : ndarray of shape (n_outputs,)
        Variances :math:`\sigma^2`.
    threshold : float, default=1.345
        The number ``t``: 95 % of the efficiency of squares if noise is normal.

    References
    ----------
    P. Huber, "Robust estimation of a location parameter", Ann. Math. Stat. 35, 73
    (1964).

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model.losses import Huber
    >>> Huber(np.ones(1), 1.0).value(np.array([[0.5], [4.0]]), np.zeros((2, 1)))
    array([[0.125],
           [3.5  ]])
    """

    def __init__(self, noise, threshold=1.345):
        self._set_noise(noise)
        self.threshold = threshold

    def with_noise(self, noise):
        """The same with other variances of the noise."""
        return Huber(noise, self.threshold)

    def value(self, outputs, targets):
        """Loss of each observation."""
        size = np.abs(self._residuals(outputs, targets))
        inner = np.minimum(size, self.threshold)
        return np.log(self._deviation) + inner * (size - 0.5 * inner)

    def excess(self, outputs, targets):
        """The value without constants, not negative."""
        return self.value(outputs, targets) - np.log(self._deviation)

    def slope(self, outputs, targets):
        """Residuals that are clipped."""
        residuals = self._residuals(outputs, targets)
        return np.clip(residuals, -self.threshold, self.threshold) / self._deviation

    def curvature(self, outputs, targets):
        """Half of one over the noise, or zero in the linear parts."""
        is_inner = np.abs(self._residuals(outputs, targets)) <= self.threshold
        return 0.5 * is_inner / self.noise

    def information(self, outputs, targets):
        """Weight of each square in a sum with the same slopes."""
        size = np.abs(self._residuals(outputs, targets))
        return self.threshold / np.maximum(size, self.threshold) / self.noise

    majorant = information

    def information_slope(self, outputs, targets):
        """Derivative of the logarithm of the information by the outputs."""
        residuals = self._residuals(outputs, targets)
        is_outer = np.abs(residuals) > self.threshold
        slope = np.zeros_like(residuals)
        np.divide(-1.0, residuals * self._deviation, out=slope, where=is_outer)
        return slope

    def judged(self, outputs, targets):
        """What compares models: residuals beyond the noise count alike."""
        squares = self._residuals(outputs, targets) ** 2
        return np.log(self._deviation) + 0.5 * np.minimum(squares, _CLIP**2)

    def fitted_noise(self, outputs, targets, weight, left):
        """Variance of the normal part of the residuals, (n_outputs,).

        From the median of their magnitudes, then from those within 2.5 deviations.

        Parameters
        ----------
        outputs, targets : ndarray of shape (n_samples, n_outputs)
            Of the observations.
        weight : ndarray of shape (n_samples, 1)
            How many each of them is.
        left : ndarray of shape (n_outputs,)
            How many observations the parameters leave for the noise.
        """
        weight = weight[:, 0]
        found = [_core_variance(r, weight) for r in (outputs - targets).T]
        total = weight.sum()
        return np.array(found) * total / np.maximum(left, _LEAST_LEFT * total)


class AbsoluteError(_Scaled):
    r"""Distances, :math:`\sqrt{2 / \pi}\, |z - y| / \sigma`, but for a narrow parabola.

    The factor is that with which distances tell as much as they do if noise is normal,
    :math:`2 / \pi` of what squares do.

    Parameters
    ----------
    noise : ndarray of shape (n_outputs,)
        Variances :math:`\sigma^2`.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model.losses import AbsoluteError
    >>> AbsoluteError(np.ones(1)).slope(np.array([[0.5], [-4.0]]), 0.0).round(3)
    array([[ 0.798],
           [-0.798]])
    """

    _factor = np.sqrt(2 / np.pi) / _SMOOTHING

    def __init__(self, noise):
        self._set_noise(noise)
        self._narrow = Huber(noise, _SMOOTHING)
        self.judged, self.fitted_noise = self._narrow.judged, self._narrow.fitted_noise

    def with_noise(self, noise):
        """The same with other variances of the noise."""
        return AbsoluteError(noise)

    def value(self, outputs, targets):
        """Loss of each observation."""
        return np.log(self._deviation) + self.excess(outputs, targets)

    def excess(self, outputs, targets):
        """The value without constants, not negative."""
        return self._factor * self._narrow.excess(outputs, targets)

    def slope(self, outputs, targets):
        """Signs, times a factor."""
        return self._factor * self._narrow.slope(outputs, targets)

    def curvature(self, outputs, targets):
        """Zero but for the parabola."""
        return self._factor * self._narrow.curvature(outputs, targets)

    def majorant(self, outputs, targets):
        """Curvature of parabolas that touch the loss and are nowhere below."""
        return self._factor * self._narrow.majorant(outputs, targets)

    def information(self, outputs, targets):
        """The mean of the curvature, if noise is normal."""
        return np.full(outputs.shape, 2 / np.pi) / self.noise

    @staticmethod
    def information_slope(outputs, targets):
        """Zero."""
        return np.zeros_like(outputs)


class Quantile(_Scaled):
    r"""Distances that weigh differently above and below: quantiles of the targets.

    .. math::

        \ell = \kappa \ln \sigma + \frac{\phi}{q (1 - q)\, \sigma} \,
        \bigl( q \, (y - z)_+ + (1 - q) \, (z - y)_+ \bigr) ,
        \qquad \kappa = \frac{\phi^2}{q (1 - q)} ,

    with the normal density :math:`\phi` at its quantile ``q``: a quantile of normal
    observations is known as well as the mean of :math:`\kappa` times as many.  The kink
    is a parabola, a tenth of :math:`\sigma` to either side.

    Parameters
    ----------
    noise : ndarray of shape (n_outputs,)
        Variances :math:`\sigma^2` of normal noise with this mean distance.
    quantile : float, default=0.5
        The number ``q``.

    References
    ----------
    R. Koenker and G. Bassett, "Regression quantiles", Econometrica 46, 33 (1978); M.
    Fernandes, E. Guerre and E. Horta, "Smoothing quantile regressions", J. Bus. Econ.
    Stat. 39, 338 (2021).

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model.losses import Quantile
    >>> slope = Quantile(np.ones(1), 0.9).slope(np.array([[5.0], [-5.0]]), 0.0)
    >>> round(float(slope[0, 0] / -slope[1, 0]), 6)  # (1 - 0.9) / 0.9
    0.111111
    """

    def __init__(self, noise, quantile=0.5):
        self._set_noise(noise)
        self.quantile = quantile
        spread, density = quantile * (1 - quantile), norm.pdf(norm.ppf(quantile))
        self._share = density**2 / spread
        self._factor = density / spread

    def with_noise(self, noise):
        """The same with other variances of the noise."""
        return Quantile(noise, self.quantile)

    def value(self, outputs, targets):
        """Loss of each observation."""
        distances = self._distances(self._residuals(outputs, targets))
        return self._share * np.log(self._deviation) + self._factor * distances

    def _distances(self, residuals):
        inner = np.minimum(np.abs(residuals), _SMOOTHING)
        symmetric = 0.5 * (
            np.abs(residuals) + (_SMOOTHING - inner) ** 2 / _SMOOTHING / 2
        )
        return symmetric + (0.5 - self.quantile) * residuals

    def slope(self, outputs, targets):
        """A step at the targets."""
        residuals = self._residuals(outputs, targets)
        step = 0.5 * np.clip(residuals / _SMOOTHING, -1, 1) + 0.5 - self.quantile
        return self._factor * step / self._deviation

    def curvature(self, outputs, targets):
        """Zero but for the parabola."""
        is_inner = np.abs(self._residuals(outputs, targets)) <= _SMOOTHING
        return 0.25 * self._factor / _SMOOTHING * is_inner / self.noise

    def majorant(self, outputs, targets):
        """Curvature of parabolas that touch the loss and are nowhere below."""
        size = np.abs(self._residuals(outputs, targets))
        return 0.5 * self._factor / np.maximum(size, _SMOOTHING) / self.noise

    def information(self, outputs, targets):
        """The mean of the curvature, if noise is normal."""
        return np.full(outputs.shape, self._share) / self.noise

    @staticmethod
    def information_slope(outputs, targets):
        """Zero."""
        return np.zeros_like(outputs)

    judged = value

    def excess(self, outputs, targets):
        """The value without constants, not negative."""
        return self._factor * self._distances(self._residuals(outputs, targets))

    def fitted_noise(self, outputs, targets, weight, left):
        """Variance of normal noise with the distances found, (n_outputs,)."""
        distances = self._distances(self._residuals(outputs, targets))
        total = weight.sum()
        found = self._factor * np.sum(weight * distances, axis=0)
        number = self._share * total - (total - left)
        number = np.maximum(number, _LEAST_LEFT * self._share * total)
        return self.noise * (found / number) ** 2


def _core_variance(residuals, weight):
    """Variance of the normal part of weighted residuals around zero."""
    size = np.abs(residuals)
    order = np.argsort(size)
    cumulated = np.cumsum(weight[order])
    middle = np.searchsorted(cumulated, 0.5 * cumulated[-1])
    deviation = size[order[middle]] / _MEDIAN
    inside = 1 - 2 * _CLIP * norm.pdf(_CLIP) / (2 * norm.cdf(_CLIP) - 1)
    for _ in range(_N_CLIPS):
        kept = size <= _CLIP * deviation
        if not np.any(weight[kept] > 0):
            break
        squares = np.average(size[kept] ** 2, weights=weight[kept])
        deviation = np.sqrt(squares / inside)
    return deviation**2
