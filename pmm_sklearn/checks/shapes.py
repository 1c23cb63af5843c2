"""Checks of what a level is asked to be: which one, monotone, convex."""

import numbers
from collections.abc import Mapping

import numpy as np

from .parameters import check_integer, check_option

# Of matrices whose size is chosen.
_SMALLEST_AUTOMATIC_SIDE = 3
# The highest level is a convex function of the features, the lowest a concave one.
_LEVELS = {"convex": -1, "concave": 0}


def check_shapes(estimator):
    """Validate `level`, `monotonic_cst` and `convexity` without the data.

    Parameters
    ----------
    estimator : PMMRegressor
        Has them.
    """
    if estimator.readout != "level":
        for name in ("level", "monotonic_cst", "convexity"):
            value = getattr(estimator, name)
            if value is not None:
                raise ValueError(
                    f"{name} must be None with readout={estimator.readout!r}, got "
                    f"{name}={value!r}: outputs have this shape with "
                    f"readout='level' only."
                )
        return
    if isinstance(estimator.matrix_size, (tuple, list)):
        raise ValueError(
            f"matrix_size must be an integer or 'auto' with readout='level', got "
            f"{estimator.matrix_size!r}: each output has a matrix without sectors."
        )
    if estimator.rank is not None:
        raise ValueError(
            f"rank must be None with readout='level', got rank={estimator.rank!r}: "
            f"take a smaller matrix_size instead."
        )
    if estimator.convexity is not None:
        check_option("convexity", estimator.convexity, tuple(_LEVELS))
        if estimator.level is not None:
            raise ValueError(
                f"level must be None with convexity={estimator.convexity!r}, which is "
                f"the level {_LEVELS[estimator.convexity]}, got level="
                f"{estimator.level!r}: give one of them."
            )
    if estimator.level is not None:
        check_integer("level", estimator.level, -np.inf)
        is_auto = isinstance(estimator.matrix_size, str)
        size = _SMALLEST_AUTOMATIC_SIDE if is_auto else estimator.matrix_size
        if not -size <= estimator.level < size:
            raise ValueError(
                f"level must be one of the {size} levels of "
                f"matrix_size={estimator.matrix_size!r}, {-size} to {size - 1}, got "
                f"level={estimator.level!r}: correct it, or give a larger matrix_size."
            )


def level_of(estimator, side):
    """Which level outputs are, from the lowest.

    Parameters
    ----------
    estimator : PMMRegressor
        Whose parameters have been checked.
    side : int
        Side of the matrices.

    Returns
    -------
    int
    """
    level = estimator.level
    if estimator.convexity is not None:
        level = _LEVELS[estimator.convexity]
    elif level is None:
        level = (side - 1) // 2
    return int(level) % side


def check_monotonic_cst(estimator, n_features):
    """The sign of each feature, as `HistGradientBoostingRegressor` takes them.

    Parameters
    ----------
    estimator : PMMRegressor or PMMEmulator
        Has `monotonic_cst`, and perhaps ``feature_names_in_``.
    n_features : int
        Number of features.

    Returns
    -------
    tuple of {-1, 0, 1}

    Raises
    ------
    ValueError
        If there is another number, or a feature that there is not.
    """
    given = estimator.monotonic_cst
    if given is None:
        return (0,) * n_features
    if isinstance(given, Mapping):
        signs = _by_name(given, getattr(estimator, "feature_names_in_", None))
    else:
        array = np.asarray(given)
        if array.shape != (n_features,):
            raise ValueError(
                f"monotonic_cst must have a number for each of {n_features} features, "
                f"got shape {array.shape}: give 0 where there is no constraint."
            )
        signs = array.tolist()
    for sign in signs:
        if not isinstance(sign, numbers.Real) or sign not in (-1, 0, 1):
            raise ValueError(
                f"monotonic_cst must hold -1 (never rises), 0 or 1 (never falls), got "
                f"{sign!r}: correct it."
            )
    return tuple(int(sign) for sign in signs)


def _by_name(given, names):
    """Numbers in the order of the features from a dictionary."""
    if names is None:
        raise ValueError(
            "monotonic_cst is a dictionary, but X has no feature names: pass a data "
            "frame, or give a number for each column."
        )
    unknown = [name for name in given if name not in set(names)]
    if unknown:
        raise ValueError(
            f"monotonic_cst has {unknown[0]!r}, which is no feature of X: the features "
            f"are {', '.join(map(str, names))}."
        )
    return [given.get(name, 0) for name in names]
