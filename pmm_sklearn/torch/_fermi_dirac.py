"""Occupations of levels by a Fermi-Dirac distribution."""

from typing import NamedTuple

import torch


class FermiDirac(NamedTuple):
    r"""The function :math:`f(e) = 1 / (1 + e^{(e - \mu) / kT})`, as in ``model/``.

    Attributes
    ----------
    potential, temperature : float
        The numbers :math:`\mu` and :math:`kT`.
    """

    potential: float
    temperature: float

    def values(self, levels):
        """Occupations of levels."""
        return torch.sigmoid((self.potential - levels) / self.temperature)

    def divided_differences(self, levels):
        """Those of the occupations, in which nothing cancels, (N, n, n)."""
        x = (levels - self.potential) / self.temperature
        a, b = x.unsqueeze(-1), x.unsqueeze(-2)
        low, high = torch.minimum(a, b), torch.maximum(a, b)
        distance = high - low
        is_equal = distance == 0
        ratio = -torch.expm1(-distance) / distance.masked_fill(is_equal, 1.0)
        ratio = ratio.masked_fill(is_equal, 1.0)
        nearest = low.clamp(min=0.0) - high.clamp(max=0.0)
        outer = torch.sigmoid(x.abs())
        both = outer.unsqueeze(-1) * outer.unsqueeze(-2)
        return ratio * torch.exp(-nearest) * both / -self.temperature
