"""Standardised features and targets, and how matrices absorb the scaling."""

import numpy as np

from .model import Parameters

# Spreads below this multiple of the rounding error count as constant.
_CONSTANT = 10 * np.finfo(np.float64).eps

# Quotients and squares of numbers in between are finite.
_SMALLEST, _LARGEST = 1e-152, 1e152


class Standardisation:
    r"""Affine maps of features and targets, fitted to weighted data.

    Features become :math:`(x - c) / h`, about [-1, 1]; targets become
    :math:`(y - m) / s`, of mean 0 and standard deviation 1.  Because the primary
    matrix is affine in the features and the outputs are linear in intercept and
    observables, a model of the standardised data is also a model of the data
    themselves, with other matrices.  A constant column is only shifted.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Features.
    y : ndarray of shape (n_samples, n_outputs)
        Targets.
    sample_weight : ndarray of shape (n_samples,)
        Positive weights.

    Raises
    ------
    ValueError
        If values or spreads are too large or too small for floating point.

    Attributes
    ----------
    constant_features : ndarray of bool of shape (n_features,)
        Which features do not vary.
    constant_targets : ndarray of bool of shape (n_outputs,)
        Which targets do not vary.
    """

    def __init__(self, X, y, sample_weight):
        self._x_shift, deviation = _moments("X", X, sample_weight)
        self.constant_features = deviation == 0
        self._x_scale = np.where(deviation == 0, 1.0, np.sqrt(3.0) * deviation)
        self._y_shift, deviation = _moments("y", y, sample_weight)
        self.constant_targets = deviation == 0
        self._y_scale = np.where(deviation == 0, 1.0, deviation)
        rounding = _CONSTANT * np.max(np.abs(y), axis=0)
        self._y_rounding = np.where(self.constant_targets, rounding, 0.0)

    def features(self, X):
        """Features of the standardised problem."""
        return (X - self._x_shift) / self._x_scale

    def targets(self, y):
        """Targets of the standardised problem."""
        centred = y - self._y_shift
        # Rounding errors of a constant are nothing to learn.
        is_rounding = np.abs(centred) <= self._y_rounding
        return np.where(is_rounding, 0.0, centred) / self._y_scale

    def to_user(self, model, parameters):
        """Parameters that give the user's targets from the user's features."""
        matrices, observables, intercept = parameters
        slopes = matrices[1:] / self._x_scale[:, np.newaxis, np.newaxis]
        constant = matrices[:1] - np.tensordot(self._x_shift, slopes, axes=1)
        return Parameters(
            np.concatenate([constant, slopes]),
            model.readout.rescale(observables, self._y_scale),
            intercept * self._y_scale + self._y_shift,
        )

    def to_standard(self, model, parameters):
        """Inverse of :meth:`to_user`."""
        matrices, observables, intercept = parameters
        constant = matrices[:1] + np.tensordot(self._x_shift, matrices[1:], axes=1)
        slopes = matrices[1:] * self._x_scale[:, np.newaxis, np.newaxis]
        return Parameters(
            np.concatenate([constant, slopes]),
            model.readout.rescale(observables, 1.0 / self._y_scale),
            (intercept - self._y_shift) / self._y_scale,
        )


def _moments(name, columns, weight):
    """Weighted mean and standard deviation; exactly 0 where a column is constant.

    Deviations are divided by the largest one before they are squared, so that
    units however small or large neither underflow nor overflow.
    """
    size = np.max(np.abs(columns), axis=0)
    _refuse(name, "values up to", "divide", size, size > _LARGEST)
    weight = weight / weight.sum()
    mean = weight @ columns
    centred = columns - mean
    largest = np.max(np.abs(centred), axis=0)
    is_constant = largest <= _CONSTANT * size
    divisor = np.where(is_constant, 1.0, largest)
    deviation = np.sqrt(weight @ (centred / divisor) ** 2) * divisor
    deviation = np.where(is_constant, 0.0, deviation)
    is_tiny = (deviation > 0) & (deviation < _SMALLEST)
    _refuse(name, "standard deviation", "multiply", deviation, is_tiny)
    return mean, deviation


def _refuse(name, what, remedy, values, is_bad):
    """Raise for the first of the columns that are bad."""
    for column in np.flatnonzero(is_bad):
        raise ValueError(
            f"{name} has {what} {values[column]:.3g} in column {column}, beyond "
            f"{_SMALLEST:g} to {_LARGEST:g}: choose other units, that is {remedy} "
            f"the column by a power of ten, or remove it."
        )
