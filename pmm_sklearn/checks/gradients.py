"""Checks of derivatives of the targets, and of the parameters that go with them."""

from typing import NamedTuple

import numpy as np
from sklearn.utils.validation import _num_samples

from .data import check_sample_weight, masked_to_nan
from .dtypes import as_numbers

_SMALLEST_ERROR = 1e-100
# What outputs are linear in their observables with, and an evidence is there for.
_REQUIRED = {
    "loss": ["squared_error"],
    "readout": ["expectation", "density"],
    "alpha": ["auto"],
    "solver": ["auto", "lm"],
    "early_stopping": [False],
}
_REMEDY = "change it, or leave y_gradient out"


class TargetGradient(NamedTuple):
    """Derivatives of the targets by the features, of samples of positive weight.

    Attributes
    ----------
    values : ndarray of shape (n_samples, n_outputs, n_features)
        NaN where one is not known.
    error : ndarray of the same shape or None
        Known standard deviations.
    """

    values: np.ndarray
    error: np.ndarray | None


def check_goes_with_gradient(estimator):
    """Raise for parameters that `y_gradient` does not go with.

    Parameters
    ----------
    estimator : PMMRegressor
        Has them.
    """
    for name, values in _REQUIRED.items():
        value = getattr(estimator, name)
        if value not in values:
            raise ValueError(
                f"y_gradient goes with {name}={' or '.join(map(repr, values))} only, "
                f"got {name}={value!r}: {_REMEDY}."
            )
    rank = estimator.rank
    of_both = rank if isinstance(rank, (tuple, list)) else (rank, rank)
    of_matrices, of_observables = of_both
    if of_observables is not None:
        raise ValueError(
            f"y_gradient goes with observables of full rank only, got rank={rank!r}: "
            f"set rank=({of_matrices}, None), or leave y_gradient out."
        )


def check_gradient(y_gradient, y_gradient_err, y, sample_weight, n_features):
    """Derivatives of the targets, None if there are none.

    Parameters
    ----------
    y_gradient, y_gradient_err, y, sample_weight : array-like
        As given to ``fit``; the last two have been checked.
    n_features : int
        Number of features.

    Returns
    -------
    TargetGradient or None
    """
    if y_gradient is None:
        if y_gradient_err is not None:
            raise ValueError(
                "y_gradient_err goes with y_gradient, got y_gradient=None: give the "
                "derivatives, too, or leave their errors out."
            )
        return None
    shape = (*np.shape(y), n_features)
    values = as_numbers("y_gradient", masked_to_nan(y_gradient))
    if values.shape != shape:
        raise ValueError(
            f"y_gradient must have shape {shape}, the derivative of each entry of y by "
            f"each feature, got shape {values.shape}: fill it with NaN where "
            f"derivatives are not known."
        )
    if np.any(np.isinf(values)):
        place = tuple(int(i) for i in np.argwhere(np.isinf(values))[0])
        raise ValueError(
            f"y_gradient must be finite, or NaN where it is not known, got "
            f"{values[place]} at {place}: correct it."
        )
    error = _errors(y_gradient_err, values)
    used = check_sample_weight(sample_weight, _num_samples(y)) > 0
    columns = -1 if len(shape) == 3 else 1

    def of_used(array):
        return array.reshape(len(array), columns, n_features)[used]

    return TargetGradient(of_used(values), None if error is None else of_used(error))


def _errors(y_gradient_err, values):
    """Standard deviations of the shape of derivatives, 1 where these are not known."""
    if y_gradient_err is None:
        return None
    error = as_numbers("y_gradient_err", y_gradient_err)
    try:
        error = np.broadcast_to(error, values.shape)
    except ValueError:
        raise ValueError(
            f"y_gradient_err must have the shape {values.shape} of y_gradient, or one "
            f"standard deviation for each feature or for all, got shape {error.shape}."
        ) from None
    error = np.where(np.isnan(values), 1.0, error)
    is_bad = ~(np.isfinite(error) & (error >= _SMALLEST_ERROR))
    if np.any(is_bad):
        place = tuple(int(i) for i in np.argwhere(is_bad)[0])
        raise ValueError(
            f"y_gradient_err must be finite and at least {_SMALLEST_ERROR:g}, got "
            f"{error[place]} at {place}: give a standard deviation there, or NaN in "
            f"y_gradient."
        )
    return error


def check_no_gradient(estimator, gradient):
    """Raise if derivatives would be forgotten, for there is no evidence."""
    if gradient is not None:
        raise ValueError(
            f"y_gradient needs the evidence, which would take too long for so many "
            f"samples and features, got matrix_size={estimator.matrix_size!r}: set a "
            f"small matrix_size, or fill y_gradient with NaN but for some samples."
        )
