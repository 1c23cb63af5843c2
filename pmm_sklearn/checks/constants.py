"""Checks of constants of features, and of the functions that hold them."""

import numpy as np

from .parameters import check_integer, check_number


def check_constants(estimator):
    """First constants, and their bounds.

    Parameters
    ----------
    estimator : LearnedFeatures
        Has `function`, `start`, `bounds`, `max_iter` and `tol`.

    Returns
    -------
    start : ndarray of shape (n_constants,)
    bounds : pair of ndarray or of float
        Smallest and largest ones.
    """
    if not callable(estimator.function):
        raise TypeError(
            f"function must be callable as function(X, constants), got "
            f"{estimator.function!r}."
        )
    check_integer("max_iter", estimator.max_iter, 1)
    check_number("tol", estimator.tol, 0, open_interval=True)
    start = np.atleast_1d(np.asarray(estimator.start, dtype=np.float64))
    if start.ndim != 1 or start.size == 0 or not np.all(np.isfinite(start)):
        raise ValueError(
            f"start must be a finite number for each constant, got "
            f"{estimator.start!r}: give an array of shape (n_constants,)."
        )
    if estimator.bounds is None:
        return start, (-np.inf, np.inf)
    try:
        lower, upper = (
            np.broadcast_to(np.asarray(bound, dtype=np.float64), start.shape)
            for bound in estimator.bounds
        )
    except (TypeError, ValueError):
        raise ValueError(
            f"bounds must be a pair (smallest, largest) of numbers, or of arrays of "
            f"{start.size} of them, got {estimator.bounds!r}."
        ) from None
    if not np.all((lower < start) & (start < upper)):
        raise ValueError(
            f"start must lie between the bounds, got start={estimator.start!r} and "
            f"bounds={estimator.bounds!r}: change one of them."
        )
    return start, (lower, upper)


def check_map(values, X, constants):
    """Features that a function has returned, (n_samples, n_terms).

    Parameters
    ----------
    values : object
        What it has returned.
    X : ndarray of shape (n_samples, n_features)
        What it was given.
    constants : ndarray of shape (n_constants,)
        And these.

    Returns
    -------
    ndarray
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 2 or len(values) != len(X) or values.shape[1] == 0:
        raise ValueError(
            f"function must return an array of shape (n_samples, n_terms), got shape "
            f"{values.shape} for {len(X)} samples: stack the terms as columns."
        )
    if not np.all(np.isfinite(values)):
        raise ValueError(
            f"function has returned NaN or infinite features at constants="
            f"{constants.tolist()!r}: give bounds, or correct it."
        )
    return values


def check_differentiable(model):
    """Raise unless a fitted model has derivatives by its features, and error bars."""
    if not hasattr(model, "predict_gradient"):
        raise TypeError(
            f"estimator must have derivatives by its features, got "
            f"{type(model).__name__}: take PMMEmulator or PMMRegressor."
        )
    model.model_.error_bars.check()
