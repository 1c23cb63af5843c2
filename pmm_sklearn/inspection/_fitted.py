"""What the functions of this package ask fitted estimators for."""

import numbers

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .._validation import as_numbers
from ..targets import Level


def check_model(estimator):
    """Raise unless the estimator is a fitted model with matrices of its own."""
    if not hasattr(estimator, "_fitted_model"):
        raise TypeError(
            f"estimator must be a PMMRegressor, a PMMClassifier or an emulator, got "
            f"{type(estimator).__name__}: give the last step of a pipeline, "
            f"pipeline[-1], and features as the earlier steps return them."
        )
    check_is_fitted(estimator)


def check_affine(estimator):
    """Raise unless its matrix is polynomial in the features; its monomials."""
    check_model(estimator)
    primary = estimator._fitted_model().primary
    if not hasattr(primary, "monomials"):
        raise TypeError(
            f"estimator must have a Hamiltonian that is polynomial in the features, "
            f"got {type(estimator).__name__}: give a PMMRegressor, a PMMClassifier or "
            f"a PMMEmulator."
        )
    return primary.monomials


def feature_names(estimator):
    """Names of the features, ``x0, x1, ...`` if they have none."""
    names = getattr(estimator, "feature_names_in_", None)
    if names is not None:
        return [str(name) for name in names]
    return [f"x{i}" for i in range(estimator.n_features_in_)]


def term_names(estimator):
    """What the matrices multiply: "1", the features, and perhaps their products."""
    names = feature_names(estimator)
    terms = []
    for powers in check_affine(estimator).powers:
        factors = [
            name if power == 1 else f"{name}^{power}"
            for name, power in zip(names, powers, strict=True)
            if power
        ]
        terms.append(" ".join(factors) or "1")
    return terms


def check_feature(estimator, feature):
    """Number of a feature that is given by number or by name."""
    names = feature_names(estimator)
    if isinstance(feature, str):
        if feature in names:
            return names.index(feature)
    elif isinstance(feature, numbers.Integral) and 0 <= feature < len(names):
        return int(feature)
    raise ValueError(
        f"feature must be a number from 0 to {len(names) - 1} or one of {names}, got "
        f"{feature!r}."
    )


def check_point(estimator, name, point):
    """Row of features of shape (1, n_features) from a point, that is a sequence."""
    point = as_numbers(name, point)
    if point.shape != (estimator.n_features_in_,):
        raise ValueError(
            f"{name} must have shape ({estimator.n_features_in_},), one value for "
            f"each feature, got shape {point.shape}."
        )
    if not np.all(np.isfinite(point)):
        raise ValueError(f"{name} has NaN or infinite elements: correct them.")
    return point[np.newaxis]


def sector_slices(estimator):
    """Slices of the known sectors among the rows of the matrices."""
    sizes = estimator._structure["block_sizes"]
    ends = np.cumsum(sizes)
    return [slice(int(b - n), int(b)) for b, n in zip(ends, sizes, strict=True)]


def sector_numbers(estimator):
    """The known sector of every level, shape (n,)."""
    sizes = estimator._structure["block_sizes"]
    return np.repeat(np.arange(len(sizes)), sizes)


def hamiltonians(estimator, X):
    """The matrices at checked features, real or complex, (n_samples, n, n)."""
    inputs = check_affine(estimator).values(X)
    return np.tensordot(inputs, estimator.matrices_, axes=1)


def all_levels(estimator, X):
    """Levels at checked features, sector after sector, (n_samples, n)."""
    if hasattr(estimator, "_levels"):
        return estimator._levels(X)
    matrices = hamiltonians(estimator, X)
    parts = [np.linalg.eigvalsh(matrices[:, s, s]) for s in sector_slices(estimator)]
    return np.concatenate(parts, axis=1)


def read_out_indices(estimator, levels):
    """Positions, among all levels, of those that the outputs see, (n_samples, r)."""
    selection = estimator._fitted_model().selection
    indices = selection.indices(levels, estimator._structure["block_sizes"])
    if isinstance(indices, slice):
        indices = np.arange(levels.shape[1])[indices]
    return np.broadcast_to(indices, (len(levels), np.shape(indices)[-1]))


def check_one_parameter(estimator):
    """Raise unless H is linear in one feature; its two matrices."""
    check_affine(estimator)
    if len(estimator.matrices_) != 2:
        degree = getattr(estimator, "degree", 1)
        raise ValueError(
            f"estimator must have one feature and degree=1, for exceptional points are "
            f"isolated only then, got {estimator.n_features_in_} feature(s) and "
            f"degree={degree!r}: look at SpectrumDisplay instead."
        )
    return estimator.matrices_


def target_names(estimator, n_outputs):
    """Short names of the outputs; empty for a single one without a name."""
    targets = getattr(estimator, "targets_", None)
    if targets is None:
        return [f"target {k}" for k in range(n_outputs)] if n_outputs > 1 else [""]
    several = len(estimator._structure["block_sizes"]) > 1
    return [_target_name(target, several) for target in targets]


def _target_name(target, several_sectors):
    kind = type(target).__name__
    if kind == "Level":
        return f"level {_level_name(target, several_sectors)}"
    if kind == "Observable":
        level = Level(target.level, target.sector)
        return f"{target.name} in level {_level_name(level, several_sectors)}"
    pair = [
        _level_name(
            state if isinstance(state, Level) else Level(state), several_sectors
        )
        for state in (target.i, target.j)
    ]
    name = "gap" if kind == "Gap" else target.name
    return f"{name}, {pair[0]} to {pair[1]}"


def _level_name(level, several_sectors):
    if level.sector is None or not several_sectors:
        return str(level.k)
    return f"{level.k} of sector {level.sector}"
