r"""What the columns of ``y`` are: levels, gaps, slopes, observables, transitions.

`Survival`, `Norm` and `Observable` are those of `EvolutionEmulator`, the others of
emulators of spectra.

Levels are counted from the lowest (0, 1, ...) or from the highest (-1, -2, ...) of
a sector.  Sectors are the diagonal blocks given by ``matrix_size``, counted from 0;
``sector=None`` counts the levels of all sectors together.

Levels and gaps have the unit of the energies in ``y``, and slopes have it over the unit
of their feature; observables and transitions have the units of their own columns.

See P. Cook, D. Jammooa, M. Hjorth-Jensen, D. D. Lee, D. Lee, "Parametric matrix
models", Nat. Commun. 16, 5929 (2025).
"""

import numbers
from dataclasses import dataclass

__all__ = ["Gap", "Level", "Norm", "Observable", "Slope", "Survival", "Transition"]


@dataclass(frozen=True)
class Level:
    r"""An eigenvalue :math:`\lambda_k`, an energy.

    Parameters
    ----------
    k : int
        Level, negative from the highest.
    sector : int or None, default=0
        Sector in which levels are counted; None for all together.

    Examples
    --------
    >>> from pmm_sklearn.targets import Level
    >>> Level(0), Level(-1, sector=1)
    (Level(k=0, sector=0), Level(k=-1, sector=1))
    """

    k: int
    sector: int | None = 0

    def __post_init__(self):
        _check_index("k", self.k)
        if self.sector is not None:
            _check_index("sector", self.sector, minimum=0)


@dataclass(frozen=True)
class Observable:
    r"""Expectation value :math:`v^\dagger O v` of a learned matrix in a state.

    Of `EvolutionEmulator` it is the state at the given time, which is no level.

    Parameters
    ----------
    name : str
        Name of the observable: targets of the same name share the matrix ``O``.
    level : int, default=0
        Level of the state.
    sector : int or None, default=0
        Sector of the state.

    Raises
    ------
    TypeError, ValueError
        If the name or a number is not usable.

    Examples
    --------
    >>> from pmm_sklearn.targets import Observable
    >>> Observable("n"), Observable("n", level=1, sector=0)  # one matrix, two states
    (Observable(name='n', level=0, sector=0), Observable(name='n', level=1, sector=0))
    """

    name: str
    level: int = 0
    sector: int | None = 0

    def __post_init__(self):
        _check_name(self.name)
        _check_index("level", self.level)
        Level(self.level, self.sector)


@dataclass(frozen=True)
class Survival:
    r"""Survival probability :math:`|\langle\psi_0|\psi(t)\rangle|^2`.

    How much of the initial state an evolution has left, also known as return
    probability, fidelity or Loschmidt echo: a target of `EvolutionEmulator`.

    Examples
    --------
    >>> from pmm_sklearn.targets import Survival
    >>> Survival()
    Survival()
    """


@dataclass(frozen=True)
class Norm:
    r"""Probability :math:`\langle\psi(t)|\psi(t)\rangle` that nothing has decayed.

    A target of `EvolutionEmulator` with ``decay=True``.

    Examples
    --------
    >>> from pmm_sklearn.targets import Norm
    >>> Norm()
    Norm()
    """


@dataclass(frozen=True)
class Transition:
    r"""Transition probability :math:`|v_i^\dagger O v_j|^2` of a learned matrix.

    Parameters
    ----------
    name : str
        Name of the observable ``O``: targets of the same name share it.
    i, j : int or Level
        The two states; a number is a level of sector 0.

    Raises
    ------
    TypeError, ValueError
        If the name or a level is not usable.

    Examples
    --------
    >>> from pmm_sklearn.targets import Level, Transition
    >>> Transition("E1", 0, 1)
    Transition(name='E1', i=0, j=1)
    >>> between_sectors = Transition("E1", Level(0, sector=0), Level(0, sector=1))
    """

    name: str
    i: int | Level
    j: int | Level

    def __post_init__(self):
        _check_name(self.name)
        _as_level("i", self.i)
        _as_level("j", self.j)


@dataclass(frozen=True)
class Gap:
    r"""Difference of two levels, :math:`\lambda_j - \lambda_i`.

    Parameters
    ----------
    i, j : int or Level
        The two levels; a number is a level of sector 0.

    Examples
    --------
    >>> from pmm_sklearn.targets import Gap, Level
    >>> Gap(0, 1)
    Gap(i=0, j=1)
    >>> gap_between_sectors = Gap(Level(0, sector=0), Level(0, sector=1))
    """

    i: int | Level
    j: int | Level

    def __post_init__(self):
        _as_level("i", self.i)
        _as_level("j", self.j)


@dataclass(frozen=True)
class Slope:
    r"""Derivative of a level by a feature, :math:`\partial \lambda_k / \partial x_l`.

    Codes that compute energies often print it: it is the expectation value of the
    operator that the feature multiplies, :math:`v^\dagger (\partial H / \partial x_l)
    v` (Hellmann and Feynman).

    Parameters
    ----------
    level : int
        Level, negative from the highest.
    feature : int or str
        Number of a column of ``X``, or its name.
    sector : int or None, default=0
        Sector in which levels are counted; None for all together.

    Raises
    ------
    TypeError, ValueError
        If a number or the name is not usable.

    Examples
    --------
    >>> from pmm_sklearn.targets import Slope
    >>> Slope(0, 1), Slope(0, "coupling", sector=1)
    (Slope(level=0, feature=1, sector=0), Slope(level=0, feature='coupling', sector=1))
    """

    level: int
    feature: int | str
    sector: int | None = 0

    def __post_init__(self):
        _check_index("level", self.level)
        Level(self.level, self.sector)
        if not isinstance(self.feature, str):
            _check_index("feature", self.feature, minimum=0)


def as_outputs(targets, n_columns, block_sizes, feature_names=()):
    """Targets as the model takes them, checked against its levels.

    Parameters
    ----------
    targets : list of Level, Gap, Slope, Observable or Transition, or None
        One for each column of ``y``; None for the lowest levels of all sectors.
    n_columns : int
        Number of columns of ``y``.
    block_sizes : tuple of int
        Sides of the sectors.
    feature_names : sequence
        Names of the features by which there may be slopes.

    Returns
    -------
    list of tuple (kind, name, levels)
        ``kind`` is the name of the class in lower case, ``name`` that of the
        observable, or the number of the feature of a slope, or "", and ``levels`` a
        tuple of pairs ``(k, sector)``, ``k >= 0``.

    Raises
    ------
    TypeError
        If an element is no target.
    ValueError
        If numbers do not match, or a level does not exist.
    """
    if targets is None:
        targets = [Level(k, sector=None) for k in range(n_columns)]
        if n_columns > sum(block_sizes):
            raise ValueError(
                f"y has {n_columns} columns, more than the {sum(block_sizes)} levels "
                f"of matrix_size={block_sizes}: enlarge matrix_size, or name the "
                f"columns with targets."
            )
    elif not isinstance(targets, (list, tuple)):
        raise TypeError(
            f"targets must be a list of Level, Gap, Slope, Observable or Transition, "
            f"got {targets!r}: put it into a list."
        )
    _check_number(targets, n_columns)
    return [_as_output(target, block_sizes, feature_names) for target in targets]


def as_dynamics_outputs(targets, n_columns, decay=False):
    """Targets of an evolution as the model takes them.

    Parameters
    ----------
    targets : list of Survival, Norm or Observable, or None
        One for each column of ``y``; None for observables ``y0``, ``y1``, ...
    n_columns : int
        Number of columns of ``y``.
    decay : bool, default=False
        Whether states decay; their norm is one if not.

    Returns
    -------
    list of tuple (kind, name, ())
        ``kind`` is "survival", "norm" or "expectation".

    Raises
    ------
    TypeError
        If an element is no such target.
    ValueError
        If numbers do not match, an observable names a level, or the norm is always one.
    """
    if targets is None:
        targets = [Observable(f"y{k}") for k in range(n_columns)]
    elif not isinstance(targets, (list, tuple)):
        raise TypeError(
            f"targets must be a list of Survival, Norm or Observable, got {targets!r}: "
            f"put it into a list."
        )
    _check_number(targets, n_columns)
    outputs = [_as_dynamics_output(target) for target in targets]
    if ("norm", "", ()) in outputs and not decay:
        raise ValueError(
            "targets has Norm(), but the norm is one at all times: give decay=True if "
            "the state decays, or leave out the column."
        )
    return outputs


def _as_dynamics_output(target):
    if isinstance(target, Survival):
        return "survival", "", ()
    if isinstance(target, Norm):
        return "norm", "", ()
    if not isinstance(target, Observable):
        raise TypeError(
            f"targets must hold Survival, Norm or Observable, got {target!r}: a state "
            f"that evolves has no levels, see PMMEmulator for these."
        )
    if target != Observable(target.name):
        raise ValueError(
            f"targets has {target!r}, but a state that evolves is no level: leave out "
            f"level and sector."
        )
    return "expectation", target.name, ()


def _check_number(targets, n_columns):
    if len(targets) != n_columns:
        raise ValueError(
            f"targets must name every column of y, got {len(targets)} targets for "
            f"{n_columns} columns: give one target for each column."
        )


def names_of_features(estimator, n_features):
    """Names of the features of an estimator, ``x0, x1, ...`` if they have none."""
    names = [f"x{i}" for i in range(n_features)]
    return [str(name) for name in getattr(estimator, "feature_names_in_", names)]


def as_targets(outputs):
    """Inverse of :func:`as_outputs`."""
    return [_BUILDERS[kind](name, levels) for kind, name, levels in outputs]


_BUILDERS = {
    "survival": lambda name, levels: Survival(),
    "norm": lambda name, levels: Norm(),
    "expectation": lambda name, levels: Observable(name),
    "level": lambda name, levels: Level(*levels[0]),
    "observable": lambda name, levels: Observable(name, *levels[0]),
    "gap": lambda name, levels: Gap(*(Level(*pair) for pair in levels)),
    "slope": lambda feature, levels: Slope(levels[0][0], feature, levels[0][1]),
    "transition": lambda name, levels: Transition(
        name, *(Level(*pair) for pair in levels)
    ),
}


def _as_output(target, block_sizes, feature_names):
    name = getattr(target, "name", "")
    if isinstance(target, Level):
        levels = [target]
    elif isinstance(target, (Observable, Slope)):
        levels = [Level(target.level, target.sector)]
    elif isinstance(target, (Gap, Transition)):
        levels = [_as_level("i", target.i), _as_level("j", target.j)]
    else:
        raise TypeError(
            f"targets must hold Level, Gap, Slope, Observable or Transition, got "
            f"{target!r}: of the lowest level, for example, Level(0)."
        )
    pairs = tuple(_existing(level, target, block_sizes) for level in levels)
    if len(pairs) == 2 and pairs[0] == pairs[1]:
        raise ValueError(
            f"targets has {target!r} between a level and itself: give two levels, or "
            f"an Observable for an expectation value."
        )
    if isinstance(target, Slope):
        name = _feature_number(target, feature_names)
    return type(target).__name__.lower(), name, pairs


def _feature_number(target, names):
    feature = target.feature
    if isinstance(feature, str):
        if names.count(feature) == 1:
            return names.index(feature)
    elif feature < len(names):
        return int(feature)
    raise ValueError(
        f"targets has {target!r}, but X has the {len(names)} feature(s) "
        f"{', '.join(map(str, names[:8]))}{', ...' * (len(names) > 8)}: give the "
        f"number of a column, counted from 0, or its name."
    )


def _existing(level, target, block_sizes):
    """Level as a pair with ``k >= 0``; raises if the model has no such level."""
    if level.sector is not None and level.sector >= len(block_sizes):
        raise ValueError(
            f"targets has {target!r}, but matrix_size={block_sizes} has "
            f"{len(block_sizes)} sector(s), counted from 0: correct the sector, or "
            f"give matrix_size a block for it."
        )
    size = sum(block_sizes) if level.sector is None else block_sizes[level.sector]
    if not -size <= level.k < size:
        raise ValueError(
            f"targets has {target!r}, but there are {size} levels in the sector with "
            f"matrix_size={block_sizes}: enlarge matrix_size or correct the level."
        )
    return int(level.k % size), None if level.sector is None else int(level.sector)


def _as_level(argument, value):
    if isinstance(value, Level):
        return value
    _check_index(argument, value)
    return Level(value)


def _check_index(argument, value, minimum=None):
    if not isinstance(value, numbers.Integral) or isinstance(value, bool):
        raise TypeError(f"{argument} must be an integer, got {value!r}.")
    if minimum is not None and value < minimum:
        raise ValueError(f"{argument} must be at least {minimum}, got {value!r}.")


def _check_name(name):
    if not isinstance(name, str) or not name:
        raise TypeError(f"name must be a non-empty string, got {name!r}.")
