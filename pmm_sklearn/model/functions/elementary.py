"""Columns themselves, and logarithms."""

import numpy as np


class Column:
    """A column itself.

    Parameters
    ----------
    column : int
        Its number.
    """

    n_outputs = 1

    def __init__(self, column):
        self.column = column

    def value(self, at):
        """The column."""
        return at.columns[:, self.column, np.newaxis]

    def slopes(self, at):
        """One by the column, zero by all others."""
        by_columns, by_widths = no_slopes(at, 1)
        by_columns[:, 0, self.column] = 1.0
        return by_columns, by_widths


class Log:
    r"""Logarithm of another function, :math:`\ln f`; NaN where that is not positive.

    Parameters
    ----------
    other : SpectrumFunction
        The function ``f``, of one output.
    """

    n_outputs = 1

    def __init__(self, other):
        self.other = other

    def value(self, at):
        """The logarithm."""
        return np.log(_positive(self.other.value(at)))

    def slopes(self, at):
        r""":math:`df / f`."""
        weight = 1.0 / _positive(self.other.value(at))
        return tuple(weight[:, :, np.newaxis] * part for part in self.other.slopes(at))


def no_slopes(at, n_outputs):
    """Zeros for derivatives by columns and widths."""
    n_samples, n_columns = at.columns.shape
    shape = n_samples, n_outputs
    return np.zeros((*shape, n_columns)), np.zeros((*shape, at.widths.shape[1]))


def _positive(values):
    return np.where(values > 0, values, np.nan)
