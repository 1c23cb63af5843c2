"""Losses: how far the outputs are from the targets.

To add one: a class in a file of its own, with the methods of :class:`Loss`, and an
entry in :data:`LOSSES`.
"""

from typing import Protocol, runtime_checkable

from .cross_entropy import CrossEntropy
from .log_link import Gamma, MeanDeviance, Poisson
from .pointwise import OwnLoss, PointwiseLoss
from .robust import AbsoluteError, Huber, Quantile
from .squared_error import SquaredError
from .weighted import Penalised, WeightedLoss

#: Losses by name.
LOSSES = {"squared_error": SquaredError, "cross_entropy": CrossEntropy}


@runtime_checkable
class Loss(Protocol):
    r"""Loss of single observations and its derivatives by their outputs.

    Outputs and targets have the shape (n_samples, n_outputs).  Half the second
    derivative of the loss of a sample is taken to be

    .. math:: \operatorname{diag}(h)\,(1 - \mathbf{1} p^T)

    with the curvatures :math:`h \ge 0` and the coupling ``p``, probabilities
    proportional to ``h``; without coupling it is diagonal.
    """

    def value(self, outputs, targets):
        """Loss of each observation, (n_samples, n_outputs) or (n_samples, 1)."""

    def slope(self, outputs, targets):
        """Derivative by each output, (n_samples, n_outputs)."""

    def curvature(self, outputs, targets):
        """Half the second derivative ``h``, (n_samples, n_outputs)."""

    def coupling(self, outputs):
        """Probabilities ``p`` of shape (n_samples, n_outputs), or None."""


__all__ = [
    "LOSSES",
    "AbsoluteError",
    "CrossEntropy",
    "Gamma",
    "Huber",
    "Loss",
    "MeanDeviance",
    "OwnLoss",
    "Penalised",
    "PointwiseLoss",
    "Poisson",
    "Quantile",
    "SquaredError",
    "WeightedLoss",
]
