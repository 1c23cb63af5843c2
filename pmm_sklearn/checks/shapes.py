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
    estimator : PMMRegressor or PMMClassifier
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


def check_one_logit(estimator, n_classes):
    """Raise for a monotone probability of more than two classes.

    Parameters
    ----------
    estimator : PMMClassifier
        Has `monotonic_cst`.
    n_classes : int
        Number of classes.
    """
    if estimator.monotonic_cst is not None and n_classes > 2:
        raise ValueError(
            f"monotonic_cst goes with two classes, got {n_classes}: of logits that all "
            f"rise the probabilities need not rise. Set it to None, or fit one model "
            f"for each class against the others."
        )


def level_of(estimator, side):
    """Which level outputs are, from the lowest.

    Parameters
    ----------
    estimator : PMMRegressor or PMMClassifier
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


def check_definite_terms(estimator):
    """Raise if `monotonic_cst` of an emulator is given with what it cannot hold with.

    Parameters
    ----------
    estimator : PMMEmulator
        Has it.
    """
    if estimator.monotonic_cst is None:
        return
    required = {"degree": 1, "commutator": 0, "rank": None, "commutes_with": None}
    for name, value in (required | {"parity": None, "fixed": None}).items():
        given = getattr(estimator, name)
        if given is not value and not (value is not None and given == value):
            raise ValueError(
                f"monotonic_cst goes with {name}={value!r} only, got {name}="
                f"{given!r}: matrices that are definite are learned without it."
            )


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


def number_of_feature(estimator, feature):
    """Number of a feature from its number or name."""
    names = getattr(estimator, "feature_names_in_", None)
    if isinstance(feature, str):
        if names is None or feature not in set(names):
            known = "there are no names" if names is None else ", ".join(names)
            raise ValueError(f"feature={feature!r} is no feature of X: {known}.")
        return list(names).index(feature)
    check_integer("feature", feature, 0, estimator.n_features_in_ - 1)
    return int(feature)


def check_invertible(estimator, structure, feature):
    """Sign of a feature that one level is monotone in; raises if it is not.

    Parameters
    ----------
    estimator : PMMRegressor
        Is fitted.
    structure : ObservableStructure
        What the model is.
    feature : int
        Number of the feature.

    Returns
    -------
    {-1, 1}
    """
    sign = structure.monotonic[feature] if structure.readout == "level" else 0
    if sign == 0:
        raise ValueError(
            f"inverse_predict needs a feature that predictions are monotone in, got "
            f"feature={feature!r} of a model fitted without it: name the feature in "
            f"monotonic_cst with readout='level'."
        )
    for what, number in (
        ("target", structure.n_outputs),
        ("member", len(estimator.members_)),
    ):
        if number > 1:
            raise ValueError(
                f"inverse_predict needs a model of one {what}, got {number}: fit one "
                f"for each target, with n_average=1."
            )
    return sign


def check_values_and_others(estimator, z, X_others, feature):
    """Values, and features of which one is zero, for as many samples.

    Returns
    -------
    z : ndarray of shape (n_samples,)
    X : ndarray of shape (n_samples, n_features)
    """
    z = np.asarray(z, dtype=np.float64)
    n_others = estimator.n_features_in_ - 1
    if X_others is None and n_others == 0:
        X_others = np.empty((z.size, 0))
    if X_others is None:
        raise ValueError(
            f"X_others must hold the {n_others} other features of each sample, got "
            f"None: give an array of shape (n_samples, {n_others})."
        )
    others = np.asarray(X_others, dtype=np.float64)
    if others.ndim != 2 or others.shape[1] != n_others:
        raise ValueError(
            f"X_others must have the {n_others} features other than number {feature}, "
            f"got shape {others.shape}: give shape (n_samples, {n_others})."
        )
    if z.ndim > 1 or z.size not in (1, len(others)):
        raise ValueError(
            f"z must be a number or one for each of {len(others)} rows of X_others, "
            f"got shape {z.shape}: correct it."
        )
    if not (np.all(np.isfinite(z)) and np.all(np.isfinite(others))):
        raise ValueError("z and X_others must be finite: leave other samples out.")
    z = np.broadcast_to(z, (len(others),))
    return z, np.insert(others, feature, 0.0, axis=1)
