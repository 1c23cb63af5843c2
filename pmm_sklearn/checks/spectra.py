"""Checks of the data of emulators, which have gaps and errors."""

from typing import NamedTuple

import numpy as np
from sklearn.utils import check_consistent_length

from .._warnings import warn_caller
from .data import (
    check_errors,
    check_finite_targets,
    check_sample_weight,
    masked_to_nan,
    validate_samples,
)
from .dtypes import check_real

# Relative to the spread and to the size of the levels.
_NOISE, _ROUNDING = 0.03, 1e-12
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
    rows : ndarray of shape (n_samples,)
        Their numbers in the data of the user.
    model_variance : ndarray of shape (n_outputs,) or None
        Variance of the error of the model, which `error` has in it; None if there is
        none beside known errors.
    """

    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    error: np.ndarray | None
    rows: np.ndarray
    model_variance: np.ndarray | None = None

    def with_model_variance(self, variance):
        """The same with an error of the model in the errors."""
        error = np.hypot(self.error, np.sqrt(variance))
        return self._replace(error=error, model_variance=variance)

    def followed_by(self, other):
        """These rows, and others after them, of which both have errors or none."""
        error = None
        if self.model_variance is not None:
            other = other.with_model_variance(self.model_variance)
        if self.error is not None:
            error = np.concatenate([self.error, other.error])
        X, y, weight = (
            np.concatenate(parts) for parts in zip(self[:3], other[:3], strict=True)
        )
        rows = np.arange(len(X))
        return SpectrumData(X, y, weight, error, rows, self.model_variance)

    def scaled(self, target_weight, spread):
        """Features, targets, and weights of errors in units of the spread."""
        weight = self.weight * target_weight
        if self.error is not None:
            weight = weight * (spread / self.error) ** 2
        return self.X, self.y, weight


def check_spectra(estimator, X, y, sample_weight, y_err=None, *, reset=True):
    """Checked data of an emulator, without rows that do not count.

    Parameters
    ----------
    estimator : estimator
        Whose number and names of features are set.
    X, y, sample_weight, y_err : array-like
        As given to ``fit``.
    reset : bool, default=True
        Whether these are the first data, of which every column has some.

    Returns
    -------
    data : SpectrumData
    is_single : bool
        Whether `y` was one-dimensional.
    """
    check_real("X", X)
    y = masked_to_nan(y)
    check_real("y", y)
    separately = _X_CHECKS, Y_CHECKS
    check_finite_targets(y, "", allows_gaps=True)
    X, y = validate_samples(
        estimator, X, y, reset=reset, validate_separately=separately
    )
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
    if empty.size and reset:
        raise ValueError(
            f"y has nothing but NaN, or weights of zero, in column {empty[0]}: "
            f"give at least one value, or leave out the column and its target."
        )
    error = check_errors(y_err, columns.shape, weight > 0)
    used = np.any(weight > 0, axis=1)
    columns = np.where(weight > 0, columns, 0.0)
    error = None if error is None else error[used]
    rows = np.flatnonzero(used)
    data = SpectrumData(X[used], columns[used], weight[used], error, rows)
    return data, y.ndim == 1


def warn_of_disorder(data, outputs, n_sectors):
    """Warn if levels of a sector are not in the order of their numbers in each row.

    Disorder within three standard deviations of the difference may be noise.  Without
    standard deviations it may be noise if it is small against the spread of the levels.

    Parameters
    ----------
    data : SpectrumData
        Checked data.
    outputs : sequence of tuple (kind, name, levels)
        What the columns are, see :func:`pmm_sklearn._outputs.as_outputs`.
    n_sectors : int
        Number of sectors of the model.
    """
    pairs = _ordered_pairs(outputs, n_sectors)
    if not pairs:
        return
    lower, upper = np.transpose(pairs)
    known = data.weight > 0
    is_known = known[:, lower] & known[:, upper]
    excess = data.y[:, lower] - data.y[:, upper] - _noise(data, lower, upper)
    excess = np.where(is_known, excess, 0.0)
    n_rows = np.count_nonzero(np.any(excess > 0, axis=1))
    if n_rows == 0:
        return
    row, pair = np.unravel_index(np.argmax(excess), excess.shape)
    low, high = lower[pair], upper[pair]
    noise = " If they are noise, give y_err." if data.error is None else ""
    warn_caller(
        f"Columns of y that are levels of one sector must ascend in each row, but do "
        f"not in {n_rows} of {len(excess)} rows: in row {data.rows[row]} column {high} "
        f"is below column {low}, {data.y[row, high]:.6g} < {data.y[row, low]:.6g}. "
        f"Sort the levels of each row, with numpy.sort if all are known, and what "
        f"belongs to them. If they cross because they have different symmetries, give "
        f"matrix_size a block for each, as (3, 3), and name them in targets, as "
        f"Level(0, sector=0) and Level(0, sector=1).{noise}",
        UserWarning,
    )


def _ordered_pairs(outputs, n_sectors):
    """Columns of a lower and a higher level of the same sector."""
    levels = [
        (column, *pairs[0])
        for column, (kind, _, pairs) in enumerate(outputs)
        if kind == "level"
    ]
    return [
        (low, high)
        for low, k, sector in levels
        for high, above, other in levels
        if k < above and (sector == other or n_sectors == 1)
    ]


def _noise(data, lower, upper):
    """Differences of levels that may be noise, for each row and pair of columns."""
    columns = np.unique([lower, upper])
    values = data.y[:, columns][data.weight[:, columns] > 0]
    size = np.max(np.abs(values)) or 1.0
    rounding = _ROUNDING * size
    if data.error is None:
        return max(_NOISE * size * np.std(values / size), rounding)
    error = np.hypot(data.error[:, lower], data.error[:, upper])
    return 3.0 * error + rounding
