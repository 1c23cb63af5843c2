"""What the functions of this package are given, checked and named."""

import numbers

import numpy as np

from ..checks.data import masked_to_nan
from ..checks.dtypes import as_numbers
from ..checks.parameters import check_integer
from ..fitted import DynamicsStructure
from ..targets import Level


def check_model(estimator):
    """The `FittedModel` of an estimator; raises unless it has one."""
    if not hasattr(type(estimator), "model_"):
        raise TypeError(
            f"estimator must be a PMMRegressor, a PMMClassifier or an emulator, got "
            f"{type(estimator).__name__}: give the last step of a pipeline, "
            f"pipeline[-1], or of LearnedFeatures its estimator_, and features as the "
            f"earlier steps, or transform, return them."
        )
    return estimator.model_


def check_stationary(estimator):
    """The same; raises unless it is of eigenstates, not of a state that evolves."""
    model = check_model(estimator)
    if _evolves(model):
        raise TypeError(
            f"estimator must be a model of eigenstates, got "
            f"{type(estimator).__name__}, whose state evolves from the first vector of "
            f"its basis: look at its matrices_ and hamiltonian."
        )
    return model


def _evolves(model):
    return isinstance(model.structure, DynamicsStructure)


def check_affine(estimator):
    """The same; raises unless its matrix is polynomial in the features."""
    model = check_model(estimator)
    if model.monomials is None:
        raise TypeError(
            f"estimator must have a Hamiltonian that is polynomial in the features, "
            f"got {type(estimator).__name__}: give a PMMRegressor, a PMMClassifier or "
            f"a PMMEmulator."
        )
    return model


def term_names(model):
    """What the matrices multiply: "1", the features, and perhaps their products."""
    terms = []
    for powers in model.monomials.powers:
        factors = [
            name if power == 1 else f"{name}^{power}"
            for name, power in zip(model.feature_names, powers, strict=True)
            if power
        ]
        terms.append(" ".join(factors) or "1")
    return terms


def check_feature(model, feature):
    """Number of a feature that is given by number or by name."""
    names = model.feature_names
    if isinstance(feature, str):
        if feature in names:
            return names.index(feature)
    elif isinstance(feature, numbers.Integral) and 0 <= feature < len(names):
        return int(feature)
    raise ValueError(
        f"feature must be a number from 0 to {len(names) - 1} or one of {names}, got "
        f"{feature!r}."
    )


def check_point(model, name, point):
    """Row of features of shape (1, n_features) from a point, that is a sequence."""
    point = as_numbers(name, point)
    n_features = len(model.feature_names)
    if point.shape != (n_features,):
        raise ValueError(
            f"{name} must have shape ({n_features},), one value for "
            f"each feature, got shape {point.shape}."
        )
    if not np.all(np.isfinite(point)):
        raise ValueError(f"{name} has NaN or infinite elements: correct them.")
    return point[np.newaxis]


def pencil_along(model, feature, at, name="at"):
    """Constant and slope of H along a feature, and where that counts from.

    Parameters
    ----------
    model : FittedModel
        The model.
    feature : int or str
        The feature that changes.
    at : array-like of shape (n_features,) or None
        A point of the line; None if there are no other features.
    name : str, default="at"
        Its name, for messages.

    Returns
    -------
    constant, slope : ndarray of shape (n, n)
        Of ``H`` as a function of the feature less `origin`.
    origin : float

    Raises
    ------
    ValueError
        If H is not linear in the feature, or the line is not known.
    """
    monomials, n_features = model.monomials, len(model.feature_names)
    if monomials.degree > 1:
        raise ValueError(
            f"estimator must have degree=1, so that H is linear along a line, got "
            f"degree={monomials.degree!r}: follow levels around a point of your choice "
            f"by continue_along, or look at SpectrumDisplay."
        )
    feature = check_feature(model, feature)
    if at is None and n_features > 1:
        raise ValueError(
            f"at must be given for {n_features} features, a point of the line on which "
            f"feature {feature} changes: exceptional points are isolated on lines only."
        )
    point = monomials.origin[np.newaxis].copy()
    if at is not None:
        point = check_point(model, name, at)
    origin = monomials.origin[feature]
    point[0, feature] = origin
    return model.hamiltonian(point)[0], model.matrices[1 + feature], float(origin)


def check_targets(model, y, n_samples):
    """Columns of the targets of ``fit``, NaN where they are not known."""
    y = as_numbers("y", masked_to_nan(y))
    shape = n_samples, model.structure.n_outputs
    if y.shape != (shape[:1] if model.single_output else shape):
        raise ValueError(
            f"y must be that of fit, for {shape[0]} samples and {shape[1]} output(s), "
            f"got shape {y.shape}."
        )
    if np.any(np.isinf(y)):
        raise ValueError("y has infinite elements: correct them.")
    if np.all(np.isnan(y)):
        raise ValueError("y has nothing but NaN: give the targets of fit.")
    return y.reshape(shape)


def check_sector(model, sector):
    """Rows of a sector that is given by its number."""
    check_integer("sector", sector, 0)
    if sector >= len(model.sectors):
        raise ValueError(
            f"sector must be less than {len(model.sectors)}, the number of sectors of "
            f"matrix_size, got {sector!r}."
        )
    return model.sectors[sector]


def target_names(model, n_outputs):
    """Short names of the outputs; empty for a single one without a name."""
    if model is None or model.targets is None:
        return [f"target {k}" for k in range(n_outputs)] if n_outputs > 1 else [""]
    if _evolves(model):
        return [
            getattr(target, "name", type(target).__name__.lower())
            for target in model.targets
        ]
    several = len(model.block_sizes) > 1
    names = model.feature_names
    told, places = [], {}
    for target in model.targets:
        # A curve is the target of as many columns as it has energies.
        place = places[id(target)] = places.get(id(target), -1) + 1
        told.append(_target_name(target, several, names, place))
    return told


def _target_name(target, several_sectors, feature_names, place):
    kind = type(target).__name__
    if kind == "Strength":
        return f"{target.name} at {target.energies[place]:g}"
    if kind == "Sum":
        return f"{target.name}, moment {target.power:g}"
    if kind == "Log":
        name = _target_name(target.target, several_sectors, feature_names, place)
        return f"log of {name}"
    if kind == "Custom":
        return getattr(target.function, "__name__", "function")
    if kind == "Level":
        return f"level {_level_name(target, several_sectors)}"
    if kind == "Observable":
        level = Level(target.level, target.sector)
        return f"{target.name} in level {_level_name(level, several_sectors)}"
    if kind == "Slope":
        level = Level(target.level, target.sector)
        feature = feature_names[target.feature]
        return f"slope of level {_level_name(level, several_sectors)} by {feature}"
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
