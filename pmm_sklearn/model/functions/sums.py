"""Moments of strength functions."""

import numpy as np

from .elementary import no_slopes


class Sum:
    r"""Sum over states :math:`\sum_n E_n^p B_n`, perhaps of those above an energy.

    Parameters
    ----------
    levels, strengths : slice or ndarray of int
        Columns of the levels :math:`E_n` and of the strengths :math:`B_n`.
    power : float
        The power ``p``.
    above : float
        Energy above which levels count.
    """

    n_outputs = 1

    def __init__(self, levels, strengths, power, above=-np.inf):
        self._levels, self._strengths = levels, strengths
        self._power, self._above = power, above

    def value(self, at):
        """The sum."""
        powers, _ = self._powers(at)
        return np.sum(powers * at.columns[:, self._strengths], axis=1, keepdims=True)

    def slopes(self, at):
        """Derivatives by strengths and levels; none by what is below the energy."""
        powers, by_level = self._powers(at)
        by_columns, by_widths = no_slopes(at, 1)
        by_columns[:, 0, self._strengths] = powers
        by_columns[:, 0, self._levels] = by_level * at.columns[:, self._strengths]
        return by_columns, by_widths

    def _powers(self, at):
        """Powers of the levels that count, zero for the others, and derivatives."""
        energies, power = at.columns[:, self._levels], self._power
        counts = energies > self._above
        energies = np.where(counts, energies, 1.0)
        by_level = power * energies ** (power - 1) if power else np.zeros_like(energies)
        return np.where(counts, energies**power, 0.0), np.where(counts, by_level, 0.0)
