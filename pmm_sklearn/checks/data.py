"""Checks of data; messages name argument, value and remedy."""

import numbers
from typing import NamedTuple

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import validate_data

from .._warnings import warn_caller
from .dtypes import as_numbers, check_real, is_complex

_NO_GAPS = "leave these rows out (PMMEmulator takes gaps, for levels)"
# So many rows may say something of any number of features.
_FEW = 10
_SMALLEST_WEIGHT, LARGEST_WEIGHT = 1e-100, 1e100
# LAPACK rescales matrices, but not those with infinite elements.
_LARGEST_ELEMENT = 1e300
# Of ten, of the highest power of a unit.
_LARGEST_EXPONENT = 150
# Powers of ten that cancel and leave half of the digits.
_MOST_DIGITS = 8


class TableData(NamedTuple):
    """Samples of positive weight.

    Attributes
    ----------
    X : ndarray of shape (n_samples, n_features) or (n_samples, height, width)
        Features, or images.
    y : ndarray of shape (n_samples, n_outputs)
        Targets, or indicators of classes.
    weight : ndarray of shape (n_samples,)
        Their weights.
    """

    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray


def check_features(estimator, X):
    """Features as ``predict`` takes them, in the names and the number of ``fit``.

    Parameters
    ----------
    estimator : estimator
        Fitted, with a ``model_``.
    X : array-like of shape (n_samples, n_features)
        Features.

    Returns
    -------
    ndarray of float of shape (n_samples, n_features)
    """
    model = estimator.model_
    if not _is_plain(estimator, X):
        if model.is_continued and is_complex(X):
            raise ValueError(
                "Complex data not supported: X is complex, which only hamiltonian, "
                "eigenvalues and continue_along take: use one of them, or X.real."
            )
        check_real("X", X)
        X = validate_samples(estimator, X, reset=False, dtype=np.float64)
    model.check_reach(X)
    return X


def check_table(estimator, X, y, sample_weight, y_err=None, *, reset=True):
    """Features, columns of numeric targets, and weights, of positive weight only.

    Parameters
    ----------
    estimator : estimator
        Whose number and names of features are set or checked.
    X, y, sample_weight, y_err : array-like
        As given to ``fit``.
    reset : bool, default=True
        Whether these are the first data.

    Returns
    -------
    data : TableData
    is_single : bool
        Whether `y` was one-dimensional.
    error : ndarray of the shape of ``data.y`` or None
        Standard deviations.
    """
    check_real("X", X)
    check_real("y", y)
    options = {"multi_output": True, "y_numeric": True, "dtype": np.float64}
    check_finite_targets(y, _NO_GAPS)
    X, y = validate_samples(estimator, X, y, reset=reset, **options)
    weight = check_sample_weight(sample_weight, len(X))
    used = weight > 0
    columns = y.astype(np.float64).reshape(len(y), -1)
    error = check_errors(y_err, columns.shape, used[:, np.newaxis])
    error = None if error is None else error[used]
    return TableData(X[used], columns[used], weight[used]), y.ndim == 1, error


def validate_samples(estimator, X, y="no_validation", **options):
    """`sklearn.utils.validation.validate_data`, with a remedy for gaps in ``X``."""
    try:
        return validate_data(estimator, X, y, **options)
    except ValueError as error:
        if not str(error).startswith("Input X contains NaN"):
            raise
        raise ValueError(
            f"{error}\nSimpleImputer(add_indicator=True) in a pipeline before it fills "
            f"them, and tells where they were."
        ) from None


def check_finite_targets(y, remedy, *, allows_gaps=False):
    """Raise if a target is not known or infinite, and say where.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Targets, or labels of any type.
    remedy : str
        What to do about NaN.
    allows_gaps : bool, default=False
        Whether NaN may be there.
    """
    y = np.asarray(y)
    if y.dtype.kind not in "fO" or y.ndim not in (1, 2) or y.size == 0:
        return
    is_nan, is_infinite = np.isnan, np.isinf
    if y.dtype.kind == "O":
        is_nan, is_infinite = (
            np.vectorize(test, otypes=[bool]) for test in (_is_gap, _is_infinite)
        )
    kinds = [("infinity", is_infinite, "correct them, or leave these rows out")]
    if not allows_gaps:
        kinds.insert(0, ("NaN", is_nan, remedy))
    for name, is_bad, what_to_do in kinds:
        places = np.argwhere(is_bad(y))
        if len(places):
            row, *column = places[0]
            where = f" and column {column[0]}" if column else ""
            number = f", {len(places)} of them in all" if len(places) > 1 else ""
            raise ValueError(
                f"Input y contains {name} in row {row}{where}{number}: {what_to_do}."
            )


def _is_gap(value):
    """Whether it stands for an unknown value: NaN of floats, of times, of pandas."""
    is_nan = isinstance(value, numbers.Real) and value != value
    return value is None or is_nan or type(value).__name__ in ("NAType", "NaTType")


def _is_infinite(value):
    return isinstance(value, numbers.Real) and abs(value) == np.inf


def warn_of_few(name, X):
    """Warn of fewer rows than a straight line takes."""
    n_samples, n_features = X.shape
    if n_samples < min(n_features + 2, _FEW):
        rows = "row" if n_samples == 1 else "rows"
        warn_caller(
            f"{n_samples} {rows} of positive weight can hardly say anything of "
            f"{n_features} features: give {name} more rows, or fewer features.",
            UserWarning,
        )


def set_aside(estimator, data, random_state, labels=None):
    """Training data and validation data, None unless ``early_stopping`` asks for them.

    Parameters
    ----------
    estimator : estimator
        Has ``early_stopping`` and ``validation_fraction``.
    data : tuple of ndarray
        Of the same length.
    random_state : numpy.random.RandomState
        Of the split.
    labels : ndarray of int, optional
        Classes, whose fractions are kept.

    Returns
    -------
    training, validation : tuple of ndarray
    """
    if not estimator.early_stopping:
        return data, None
    n_samples, fraction = len(data[0]), estimator.validation_fraction
    n_validation = int(np.ceil(fraction * n_samples))
    if n_validation >= n_samples:
        raise ValueError(
            f"validation_fraction={fraction} of n_samples="
            f"{n_samples} leaves no sample to train on: reduce it, give more "
            f"samples, or set early_stopping=False."
        )
    if labels is not None:
        check_split(labels, n_validation, fraction)
    options = {"test_size": n_validation, "random_state": random_state}
    parts = train_test_split(*data, stratify=labels, **options)
    return TableData(*parts[::2]), TableData(*parts[1::2])


def check_split(labels, n_validation, fraction):
    """Raise unless each class can be both in training and in validation samples."""
    counts = np.unique(labels, return_counts=True)[1]
    smaller_part = min(len(labels) - n_validation, n_validation)
    if min(counts) < 2 or smaller_part < len(counts):
        raise ValueError(
            f"early_stopping=True needs a training and a validation sample of each "
            f"class, but the smallest of {len(counts)} classes has {min(counts)} of "
            f"{len(labels)} samples, of which validation_fraction={fraction} sets "
            f"aside {n_validation}: give more samples, change validation_fraction, or "
            f"set early_stopping=False."
        )


def check_complex_features(estimator, name, X):
    """Features as :func:`check_features` takes them, but complex ones too."""
    if not is_complex(X):
        return check_features(estimator, X)
    n_features = len(estimator.model_.feature_names)
    names, X = X, np.asarray(X)
    if X.ndim != 2 or X.shape[1] != n_features:
        raise ValueError(
            f"{name} must have shape (n_points, {n_features}), as many "
            f"features as in fit, got shape {X.shape}: reshape it."
        )
    if not np.all(np.isfinite(X)):
        raise ValueError(f"{name} has NaN or infinite elements: correct them.")
    validate_data(estimator, names, reset=False, skip_check_array=True)
    return X.astype(np.complex128)


def masked_to_nan(y):
    """Targets of an emulator, where masked entries are as good as NaN: not known."""
    return y.astype(np.float64).filled(np.nan) if np.ma.is_masked(y) else y


def _is_plain(estimator, X):
    """Whether features are such that `validate_data` would return them as they are.

    It takes longer to find that out than the prediction for one sample.

    Parameters
    ----------
    estimator : fitted estimator
        Knows the number of features and perhaps their names.
    X : object
        The features.

    Returns
    -------
    bool
    """
    return (
        type(X) is np.ndarray
        and X.dtype == np.float64
        and X.ndim == 2
        and X.shape[1] == estimator.n_features_in_
        and len(X) > 0
        and not hasattr(estimator, "feature_names_in_")
        and bool(np.isfinite(X).all())
    )


def check_sample_weight(sample_weight, n_samples):
    """Non-negative weights of shape (n_samples,), ones if None."""
    if sample_weight is None:
        return np.ones(n_samples)
    weight = as_numbers("sample_weight", sample_weight)
    if weight.ndim == 0:
        weight = np.full(n_samples, float(weight))
    if weight.shape != (n_samples,):
        raise ValueError(
            f"sample_weight must have shape ({n_samples},), one weight per sample, "
            f"got shape {weight.shape}."
        )
    if not np.all(np.isfinite(weight)) or np.any(weight < 0):
        raise ValueError(
            "sample_weight must be finite and non-negative, got values from "
            f"{weight.min()} to {weight.max()}: remove the samples or correct them."
        )
    if not np.any(weight > 0):
        raise ValueError(
            "sample_weight is zero for all samples: give at least one sample a "
            "positive weight."
        )
    largest = weight.max()
    if not _SMALLEST_WEIGHT <= largest <= LARGEST_WEIGHT:
        raise ValueError(
            f"The largest sample_weight must be between {_SMALLEST_WEIGHT:g} and "
            f"{LARGEST_WEIGHT:g}, got {largest:.3g}: divide sample_weight by it."
        )
    return weight


def check_target_weight(target_weight, n_outputs):
    """Non-negative weights of shape (n_outputs,), ones if None."""
    if target_weight is None:
        return np.ones(n_outputs)
    weight = as_numbers("target_weight", target_weight)
    if weight.shape != (n_outputs,):
        raise ValueError(
            f"target_weight must have shape ({n_outputs},), one weight per column of "
            f"y, got shape {weight.shape}."
        )
    if not np.all(np.isfinite(weight) & (weight >= 0)) or not np.any(weight > 0):
        raise ValueError(
            f"target_weight must be finite and non-negative, and not all zero, got "
            f"{target_weight!r}."
        )
    if weight.max() > LARGEST_WEIGHT:
        raise ValueError(
            f"target_weight must not exceed {LARGEST_WEIGHT:g}, got "
            f"{weight.max():.3g}: divide target_weight by it."
        )
    return weight


def check_errors(y_err, shape, matters=True):
    """Standard deviations of the shape of ``y``, 1 where they do not matter.

    One number stands for all targets, one row for all samples, one column for all
    outputs.
    """
    if y_err is None:
        return None
    error = as_numbers("y_err", y_err)
    n_samples, n_outputs = shape
    is_column = error.shape == (n_samples,)
    if is_column and n_samples == n_outputs > 1:
        raise ValueError(
            f"y_err of shape {error.shape} may be meant for samples or for outputs, of "
            f"which there are equally many: give it shape ({n_samples}, 1) or "
            f"(1, {n_outputs})."
        )
    if is_column:
        error = error[:, np.newaxis]
    given, shape_of_y = error, shape if n_outputs > 1 else (n_samples,)
    try:
        error = np.broadcast_to(given, shape)
    except ValueError:
        raise ValueError(
            f"y_err must have the shape {shape_of_y} of y, one standard deviation for "
            f"each entry, or one for each sample, for each output or for all, got "
            f"shape {np.shape(y_err)}."
        ) from None
    error = np.where(matters, error, 1.0)
    is_bad = ~(np.isfinite(error) & (error > 0))
    if np.any(is_bad):
        raise ValueError(
            f"y_err must be finite and positive, got {_first(error, is_bad, given)}: "
            f"give a standard deviation there, of an exact target a small one, such as "
            f"1e-6 of the spread of y, or leave it out (an emulator also leaves out "
            f"entries that are NaN in y)."
        )
    is_small = error < _SMALLEST_WEIGHT
    if np.any(is_small):
        raise ValueError(
            f"y_err must be at least {_SMALLEST_WEIGHT:g}, got "
            f"{_first(error, is_small, given)}: give a larger standard deviation."
        )
    return error


def _first(error, is_meant, given):
    """The first of the errors that are meant, and where it is, in words."""
    row, column = np.argwhere(is_meant)[0]
    place = "" if given.ndim == 0 else f" in row {row}"
    if given.ndim and error.shape[1] > 1:
        place += f" and column {column}"
    return f"{error[row, column]:.3g}{place}"


def check_reach(X, matrices):
    """Raise if the primary matrix of any row of X would overflow.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Finite features.
    matrices : ndarray of shape (n_features + 1, n, n)
        The fitted ``matrices_``.
    """
    constant, *slopes = np.abs(matrices).max(axis=(1, 2))
    size = np.abs(X).max(axis=0)
    with np.errstate(over="ignore", invalid="ignore"):
        # A power beyond floating point counts, even if its matrix is zero.
        contributions = np.where(np.isfinite(size), size * slopes, np.inf)
        total = constant + contributions.sum()
    if not total <= _LARGEST_ELEMENT:
        column = np.argmax(contributions)
        raise ValueError(
            f"X is too far from the data of fit to predict anything: it has values "
            f"up to {size[column]:.3g} in column {column}. Check its units."
        )


def check_powers(size, units, degree):
    """Raise if matrices of high powers of a feature would leave floating point.

    Parameters
    ----------
    size, units : ndarray of shape (n_features,)
        Largest magnitude and unit of each feature.
    degree : int
        The highest power.
    """
    if degree == 1:
        # Features themselves have been checked.
        return
    large, small = np.log10(np.maximum(size, units)), -np.log10(units)
    exponents = degree * np.maximum(large, small)
    column = int(np.argmax(exponents))
    if exponents[column] > _LARGEST_EXPONENT:
        is_large = large[column] > small[column]
        raise ValueError(
            f"X has values of about {(size if is_large else units)[column]:.3g} in "
            f"column {column}, too {'large' if is_large else 'small'} for "
            f"degree={degree}: divide them by a unit."
        )


def check_not_far(shift, spread, degree):
    """Raise if powers of features that count from zero would leave few digits.

    Parameters
    ----------
    shift, spread : ndarray of shape (n_features,)
        Where each feature is, and how far its values are from each other.
    degree : int
        The highest power.
    """
    spread = np.where(spread > 0, spread, np.inf)
    offsets = degree * np.log10(1.0 + np.abs(shift / spread))
    column = int(np.argmax(offsets))
    if offsets[column] > _MOST_DIGITS:
        raise ValueError(
            f"X counts from {shift[column]:.3g} in column {column}, but values vary by "
            f"{spread[column]:.3g}, which leaves less than half of the digits: "
            f"subtract a constant, as StandardScaler does."
        )
