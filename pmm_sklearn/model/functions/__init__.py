r"""Functions of columns of a spectrum: levels, matrix elements, strengths of states.

Each is a class with

``n_outputs``
    number of values for each sample;
``value(at)``
    these values, (n_samples, n_outputs);
``slopes(at)``
    their derivatives by all columns, (n_samples, n_outputs, n_columns), and by all
    widths, (n_samples, n_outputs, n_widths),

at the :class:`Point` ``at``.
"""

from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from .custom import Custom, custom_gradient, differences
from .elementary import Column, Log
from .strength import SHAPES, Strength
from .sums import Sum

__all__ = [
    "SHAPES",
    "Column",
    "Custom",
    "Log",
    "Point",
    "SpectrumFunction",
    "Strength",
    "Sum",
    "custom_gradient",
    "differences",
]


class Point(NamedTuple):
    """What functions are of, for a batch of samples, in the user's units.

    Attributes
    ----------
    columns : ndarray of shape (n_samples, n_columns)
        Levels, matrix elements and strengths.
    widths : ndarray of shape (n_samples, n_widths)
        Widths that are learned.
    """

    columns: np.ndarray
    widths: np.ndarray


@runtime_checkable
class SpectrumFunction(Protocol):
    """A function of the columns of a spectrum: see this module."""

    n_outputs: int

    def value(self, at):
        """Values of shape (n_samples, n_outputs)."""

    def slopes(self, at):
        """Derivatives by columns and by widths."""
