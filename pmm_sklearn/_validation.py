"""Checks of parameters and data; messages name argument, value and remedy."""

import numbers

import numpy as np


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
    return tuple(int(size) for size in sizes)


def check_real(name, array):
    """Raise if an array-like holds complex numbers."""
    dtype = getattr(array, "dtype", None)
    if dtype is None and not hasattr(array, "dtypes"):
        dtype = np.asarray(array).dtype
    if isinstance(dtype, np.dtype) and dtype.kind == "c":
        raise ValueError(
            f"Complex data not supported: {name} has dtype {dtype}. Pass real and "
            f"imaginary parts as separate columns."
        )


def check_sample_weight(sample_weight, n_samples):
    """Non-negative weights of shape (n_samples,), ones if None."""
    if sample_weight is None:
        return np.ones(n_samples)
    try:
        weight = np.asarray(sample_weight, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"sample_weight must hold one number per sample: {error}."
        ) from error
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
    return weight


def check_target_weight(target_weight, n_outputs):
    """Non-negative weights of shape (n_outputs,), ones if None."""
    if target_weight is None:
        return np.ones(n_outputs)
    weight = _as_numbers("target_weight", target_weight)
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
    return weight


def check_errors(y_err, shape, matters):
    """Standard deviations of the shape of ``y``, 1 where they do not matter."""
    if y_err is None:
        return None
    error = _as_numbers("y_err", y_err)
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


def _as_numbers(name, values):
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must hold numbers: {error}.") from error
