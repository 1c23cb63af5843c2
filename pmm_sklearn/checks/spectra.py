"""Checks of the data of emulators, which have gaps and errors."""

from typing import NamedTuple

import numpy as np
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import validate_data

from .._warnings import warn_caller
from .data import check_errors, check_sample_weight, masked_to_nan
from .dtypes import check_real

_X_CHECKS = {"dtype": np.float64}
Y_CHECKS = {
    "dtype": np.float64,
    "ensure_2d": False,
    "ensure_min_features": 0,
    "allow_nd": True,
    "ensure_all_finite": "allow-nan",
}


class SpectrumData(NamedTuple):
    """Checked training data; entries that were not calculated have no weight.

    Attributes
    ----------
    X : ndarray of shape (n_samples, n_features)
        Features.
    y : ndarray of shape (n_samples, n_outputs)
        Targets, zero where they were not calculated.
    weight : ndarray of shape (n_samples, n_outputs)
        Number of observations that an entry counts for.
    error : ndarray of shape (n_samples, n_outputs) or None
        Standard deviation of every entry.
    """

    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    error: np.ndarray | None

    def scaled(self, target_weight, spread):
        """Features, targets, and weights of errors in units of the spread."""
        weight = self.weight * target_weight
        if self.error is not None:
            weight = weight * (spread / self.error) ** 2
        return self.X, self.y, weight


def check_spectra(estimator, X, y, sample_weight, y_err=None):
    """Checked data of an emulator, without rows that do not count.

    Parameters
    ----------
    estimator : estimator
        Whose number and names of features are set.
    X, y, sample_weight, y_err : array-like
        As given to ``fit``.

    Returns
    -------
    data : SpectrumData
    is_single : bool
        Whether `y` was one-dimensional.
    """
    check_real("X", X)
    y = masked_to_nan(y)
    check_real("y", y)
    X, y = validate_data(estimator, X, y, validate_separately=(_X_CHECKS, Y_CHECKS))
    check_consistent_length(X, y)
    if y.ndim > 2 or y.size == 0:
        raise ValueError(
            f"y must have one row per sample and one column per target, got shape "
            f"{y.shape}: reshape it."
        )
    columns = y.reshape(len(y), -1)
    weight = check_sample_weight(sample_weight, len(X))[:, np.newaxis]
    weight = np.where(np.isnan(columns), 0.0, weight)
    empty = np.flatnonzero(~np.any(weight > 0, axis=0))
    if empty.size:
        raise ValueError(
            f"y has nothing but NaN, or weights of zero, in column {empty[0]}: "
            f"give at least one value, or leave out the column and its target."
        )
    error = check_errors(y_err, columns.shape, weight > 0)
    used = np.any(weight > 0, axis=1)
    columns = np.where(weight > 0, columns, 0.0)
    return SpectrumData(
        X[used], columns[used], weight[used], None if error is None else error[used]
    ), y.ndim == 1


def warn_of_descending_levels(y):
    """Columns that are levels have the lowest first."""
    rises = y[:, 1:] - y[:, :-1]
    for k, rise in enumerate(rises.T):
        if np.nansum(rise) < 0:
            warn_caller(
                f"Columns of y are the lowest levels in ascending order, but column "
                f"{k + 1} is below column {k} on average: sort the columns, or name "
                f"what they are in targets.",
                UserWarning,
            )
