"""Strength functions: a peak at each level, as high as the strength of its state."""

import numpy as np

from .elementary import no_slopes


class Strength:
    r"""Curves :math:`S_k = \sum_n B_n L(e_k - E_n; \eta)` at given energies.

    Parameters
    ----------
    levels, strengths : slice or ndarray of int
        Columns of the levels :math:`E_n` and of the strengths :math:`B_n`.
    energies : ndarray of shape (n_energies,)
        The energies :math:`e_k`.
    shape : {"lorentzian", "gaussian"}
        The peak ``L`` of one level, of integral 1.
    width : float or int
        The width :math:`\eta`; an integer is the number of one that is learned.

    Attributes
    ----------
    levels, energies : ndarray
        The arguments.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model.functions import Point, Strength
    >>> curve = Strength([0], [1], np.array([2.0, 3.0]), "lorentzian", 1.0)
    >>> at = Point(np.array([[2.0, np.pi]]), np.empty((1, 0)))  # level, strength
    >>> curve.value(at)
    array([[1. , 0.5]])
    """

    def __init__(self, levels, strengths, energies, shape, width):
        self.levels, self._strengths = levels, strengths
        self.energies = energies
        self._peak, self._width = SHAPES[shape], width
        self.n_outputs = len(energies)

    def value(self, at):
        """The curves."""
        peaks, *_ = self._peaks(at)
        strengths = at.columns[:, self._strengths, np.newaxis]
        return (peaks @ strengths)[:, :, 0]

    def slopes(self, at):
        """Derivatives by strengths, levels, and perhaps the width."""
        peaks, by_distance, by_width = self._peaks(at)
        strengths = at.columns[:, np.newaxis, self._strengths]
        by_columns, by_widths = no_slopes(at, self.n_outputs)
        by_columns[:, :, self._strengths] = peaks
        by_columns[:, :, self.levels] = -by_distance * strengths
        if isinstance(self._width, int):
            by_widths[:, :, self._width] = np.sum(by_width * strengths, axis=2)
        return by_columns, by_widths

    def _peaks(self, at):
        """Peaks (n_samples, n_energies, n_levels), and their derivatives."""
        levels = at.columns[:, np.newaxis, self.levels]
        distance = self.energies[:, np.newaxis] - levels
        width = self._width
        if isinstance(width, int):
            width = at.widths[:, width, np.newaxis, np.newaxis]
        return self._peak(distance, width)


def lorentzian(distance, width):
    r"""Peak :math:`L = \eta / (\pi (d^2 + \eta^2))`, and derivatives by both."""
    ratio = distance / width
    inverse = 1.0 / (1.0 + ratio**2)
    peak = inverse / (np.pi * width)
    by_distance = -2.0 * ratio * inverse * peak / width
    by_width = peak / width * (1.0 - 2.0 * inverse)
    return peak, by_distance, by_width


def gaussian(distance, width):
    r"""Peak :math:`\exp(-d^2 / 2 \eta^2) / (\eta \sqrt{2 \pi})`, and derivatives."""
    ratio = distance / width
    peak = np.exp(-0.5 * ratio**2) / (np.sqrt(2.0 * np.pi) * width)
    return peak, -ratio * peak / width, (ratio**2 - 1.0) * peak / width


#: Peaks by name, with derivatives by the distance from the level and by the width.
SHAPES = {"lorentzian": lorentzian, "gaussian": gaussian}
