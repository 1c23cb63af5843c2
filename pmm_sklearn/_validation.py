"""Checks of parameters and data; messages name argument, value and remedy."""

import numbers

import numpy as np
from scipy import sparse

from .model.eigensolver import EIGENSOLVERS, choose

_SMALLEST_WEIGHT, LARGEST_WEIGHT = 1e-100, 1e100
# LAPACK rescales matrices, but not those with infinite elements.
_LARGEST_ELEMENT = 1e300
# For strings that are not numbers.
_REMEDIES = {
    "X": "encode categories with OneHotEncoder or OrdinalEncoder of "
    "sklearn.preprocessing",
    "y": "use PMMClassifier for classes",
}
# One matrix of this side takes 1.6 GB.
_LARGEST_SIDE = 10_000


def check_integer(name, value, minimum):
    """Raise unless ``value`` is an integer of at least ``minimum``."""
    if not isinstance(value, numbers.Integral) or isinstance(value, bool):
        raise TypeError(f"{name} must be an integer, got {value!r}.")
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {value!r}.")


def check_number(name, value, low, high=np.inf, *, open_interval=False):
    """Raise unless ``value`` is a number in ``[low, high)``, or ``(low, high)``."""
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        raise TypeError(f"{name} must be a number, got {value!r}.")
    above = value > low if open_interval else value >= low
    if not (above and value < high):
        bound = "greater than" if open_interval else "at least"
        limit = f" and less than {high}" if np.isfinite(high) else " and finite"
        raise ValueError(f"{name} must be {bound} {low}{limit}, got {value!r}.")


def check_option(name, value, options):
    """Raise unless ``value`` is one of the strings ``options``."""
    if not isinstance(value, str) or value not in options:
        known = ", ".join(repr(option) for option in options)
        raise ValueError(f"{name} must be one of {known}, got {value!r}.")


def check_flag(name, value):
    """Raise unless ``value`` is a boolean."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, got {value!r}.")


def check_matrix_size(matrix_size):
    """Tuple of block sizes from an integer or a tuple of integers."""
    sizes = matrix_size if isinstance(matrix_size, (tuple, list)) else (matrix_size,)
    if len(sizes) == 0:
        raise ValueError(
            f"matrix_size must be a positive integer or a tuple of block sizes, "
            f"got {matrix_size!r}."
        )
    for size in sizes:
        if not isinstance(size, numbers.Integral) or isinstance(size, bool):
            raise TypeError(
                f"matrix_size must be an integer or a tuple of integers, "
                f"got {matrix_size!r}."
            )
        if size < 1:
            raise ValueError(f"matrix_size must be positive, got {matrix_size!r}.")
    if sum(sizes) > _LARGEST_SIDE:
        raise ValueError(
            f"matrix_size must not exceed {_LARGEST_SIDE} in all, got {matrix_size!r}: "
            f"the matrices of a parametric matrix model are small."
        )
    return tuple(int(size) for size in sizes)


def check_rank(rank, matrix_size):
    """Ranks of primary and secondary matrices, integers or None for full ones."""
    ranks = tuple(rank) if isinstance(rank, (tuple, list)) else (rank, rank)
    if len(ranks) != 2:
        raise ValueError(
            f"rank must be None, an integer or a pair (rank_primary, rank_secondary), "
            f"got {rank!r}."
        )
    if ranks == (None, None):
        return ranks
    sizes = check_matrix_size(matrix_size)
    if len(sizes) > 1:
        raise ValueError(
            f"rank must be None for matrices with sectors, got rank={rank!r} with "
            f"matrix_size={matrix_size!r}: give matrix_size={sum(sizes)}, or rank=None."
        )
    for own in ranks:
        if own is None:
            continue
        if not isinstance(own, numbers.Integral) or isinstance(own, bool):
            raise TypeError(
                f"rank must be None, an integer or a pair of these, got {rank!r}."
            )
        if not 1 <= own <= sizes[0]:
            raise ValueError(
                f"rank must be at least 1 and at most the side of the matrix, got "
                f"rank={rank!r} with matrix_size={matrix_size!r}: change one of them, "
                f"or give None for full matrices."
            )
    return tuple(None if own is None else int(own) for own in ranks)


def check_rank_reaches(rank, side, n_features):
    """Raise if some directions are in the null space of all primary matrices.

    Eigenvectors there do not depend on the features, and are arbitrary if several.
    """
    reached = (n_features + 1) * (side if rank is None else rank)
    if side > reached:
        sufficient = -(-side // (n_features + 1))
        raise ValueError(
            f"Primary matrices of rank={rank} for n_features={n_features} act on at "
            f"most {reached} dimensions, got a matrix of side {side}: reduce "
            f"matrix_size to {reached}, or increase rank to {sufficient}."
        )


def check_eigensolver(value):
    """Raise for an unknown eigensolver, or one that is not installed."""
    check_option("eigensolver", value, EIGENSOLVERS)
    choose(1, 1, np.dtype(np.float64), value)


def check_n_jobs(n_jobs):
    """Raise unless ``n_jobs`` is None or an integer other than zero."""
    if n_jobs is None:
        return
    if not isinstance(n_jobs, numbers.Integral) or isinstance(n_jobs, bool):
        raise TypeError(f"n_jobs must be an integer or None, got {n_jobs!r}.")
    if n_jobs == 0:
        raise ValueError(
            "n_jobs must not be 0: give the number of parallel jobs, or -1 for one "
            "per core."
        )


def check_real(name, array):
    """Raise unless an array-like holds real numbers and is dense."""
    if sparse.issparse(array):
        raise TypeError(
            f"Sparse data not supported: {name} is a {type(array).__name__}. Pass "
            f"{name}.toarray()."
        )
    given = array
    dtype = getattr(array, "dtype", None)
    if dtype is None:
        array = np.asarray(array)
        dtype = array.dtype
    # Of NumPy and pandas; of other types only scikit-learn may know.
    kind = getattr(dtype, "kind", "f")
    if kind == "c":
        raise ValueError(
            f"Complex data not supported: {name} has dtype {dtype}. Pass real and "
            f"imaginary parts as separate columns."
        )
    string = _first_string(array) if kind in "OSUT" else None
    if string is not None:
        remedy = f"{_REMEDIES[name]}, or " if name in _REMEDIES else ""
        raise ValueError(
            f"{name} must hold numbers, got dtype {dtype} with {str(string)!r}"
            f"{_column_of_strings(given)}: {remedy}convert strings of numbers with "
            f"{name}.astype(float)."
        )
    if kind not in "biufO":
        raise ValueError(
            f"{name} must hold numbers, got dtype {dtype}, which scikit-learn could "
            f"convert without notice: convert it yourself, for example with "
            f"{name}.astype(float)."
        )


def is_plain(estimator, X):
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


def _first_string(array):
    strings = (v for v in np.ravel(array) if isinstance(v, (str, bytes)))
    return next(strings, None)


def _column_of_strings(array):
    """The first column with a string, in words; nothing if columns have no names."""
    for column in getattr(array, "columns", ()):
        if _first_string(array[column]) is not None:
            return f" in column {column!r}"
    return ""


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


def check_errors(y_err, shape, matters):
    """Standard deviations of the shape of ``y``, 1 where they do not matter."""
    if y_err is None:
        return None
    error = as_numbers("y_err", y_err)
    if error.ndim == 1 and shape[1] == 1:
        error = error[:, np.newaxis]
    if error.shape != shape:
        raise ValueError(
            f"y_err must have the shape {shape} of y, one standard deviation for each "
            f"entry, got shape {error.shape}."
        )
    error = np.where(matters, error, 1.0)
    if not np.all(np.isfinite(error) & (error > 0)):
        row, column = np.argwhere(~(np.isfinite(error) & (error > 0)))[0]
        raise ValueError(
            f"y_err must be finite and positive, got {error[row, column]} in row {row} "
            f"and column {column}: give a standard deviation there, or NaN in y to "
            f"leave the entry out."
        )
    if error.min() < _SMALLEST_WEIGHT:
        row, column = np.unravel_index(np.argmin(error), error.shape)
        raise ValueError(
            f"y_err must be at least {_SMALLEST_WEIGHT:g}, got {error.min():.3g} in "
            f"row {row} and column {column}: give a larger standard deviation."
        )
    return error


def check_square_matrix(name, matrix, side):
    """Finite matrix of a given side, real or complex."""
    matrix = np.asarray(matrix)
    if matrix.dtype.kind not in "biufc":
        raise TypeError(f"{name} must hold numbers, got dtype {matrix.dtype}.")
    if matrix.shape != (side, side):
        raise ValueError(
            f"{name} must have shape ({side}, {side}), the side of matrix_size, got "
            f"shape {matrix.shape}."
        )
    if not np.all(np.isfinite(matrix)):
        raise ValueError(f"{name} has NaN or infinite elements: correct them.")
    return matrix.astype(np.result_type(matrix.dtype, np.float64))


def as_numbers(name, values):
    """Array of real numbers; raises for others."""
    try:
        array = np.asarray(values)
        is_complex = array.dtype.kind == "c"
        array = array if is_complex else array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must hold numbers: {error}.") from error
    if is_complex:
        raise ValueError(
            f"{name} must hold real numbers, got dtype {array.dtype}: give the real "
            f"part, if that is what you mean."
        )
    return array


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
    with np.errstate(over="ignore"):
        contributions = size * slopes
        total = constant + contributions.sum()
    if total > _LARGEST_ELEMENT:
        column = np.argmax(contributions)
        raise ValueError(
            f"X is too far from the data of fit to predict anything: it has values "
            f"up to {size[column]:.3g} in column {column}. Check its units."
        )
