"""From the targets of emulators to columns and functions of them, and back.

A model knows columns: levels, gaps, slopes, observables and transitions, each a tuple
``(kind, name, levels)`` with the name of its class in lower case.  If all targets are
of these, they are the outputs.  Otherwise outputs are functions of columns, tuples too:

====================================  ================================================
``("column", number)``                a column itself
``("log", function)``                 of another function
``("custom", f, gradient, others)``   of several ones
``("strength", ...)``, ``("sum",...)``  with the fields of these targets
====================================  ================================================
"""

from dataclasses import astuple

from .model import states_of_strength
from .targets import (
    Custom,
    Gap,
    Level,
    Log,
    Norm,
    Observable,
    Slope,
    Strength,
    Sum,
    Survival,
    Transition,
    as_level,
)

_FUNCTIONS = Log, Custom, Strength, Sum
_KINDS = "Level, Gap, Slope, Observable, Transition, Strength, Sum, Log or Custom"


def as_outputs(targets, n_columns, block_sizes, feature_names=()):
    """Targets that are columns as the model takes them, checked against its levels.

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
    outputs, functions = as_functions(targets, n_columns, block_sizes, feature_names)
    if functions:
        kinds = "Level, Gap, Observable or Transition"
        found = next(target for target in targets if isinstance(target, _FUNCTIONS))
        raise TypeError(
            f"targets must hold {kinds} here, got {found!r}: only PMMEmulator has "
            f"functions of these."
        )
    return outputs


def as_functions(targets, n_columns, block_sizes, feature_names=()):
    """Targets as columns, and functions of them.

    Parameters
    ----------
    targets, n_columns, block_sizes, feature_names
        As for :func:`as_outputs`, with all kinds of targets.

    Returns
    -------
    outputs : list of tuple (kind, name, levels)
        The columns.
    functions : tuple of tuple
        The outputs as functions of these, in the order of the targets; empty if the
        columns are the outputs.

    Raises
    ------
    TypeError, ValueError
        As by :func:`as_outputs`, or if a `Sum` has no `Strength`.
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
            f"targets must be a list of {_KINDS}, got {targets!r}: put it into a list."
        )
    _check_number(targets, n_columns)
    if not any(isinstance(target, _FUNCTIONS) for target in targets):
        return [
            _as_output(target, block_sizes, feature_names) for target in targets
        ], ()
    columns = _Columns(targets, block_sizes, feature_names)
    functions = tuple(columns.function_of(target) for target in targets)
    return list(columns.found), functions


class _Columns:
    """Columns that functions are of, each once."""

    def __init__(self, targets, block_sizes, feature_names):
        self.found = {}
        self._model = block_sizes, feature_names
        self._strengths = _strengths_by_name(targets)

    def function_of(self, target):
        """A target as a tuple."""
        if isinstance(target, Log):
            return "log", self.function_of(target.target)
        if isinstance(target, Custom):
            others = tuple(self.function_of(other) for other in target.of)
            return "custom", target.function, target.gradient, others
        if isinstance(target, Strength):
            _check_states(target, self._model[0])
            return "strength", *astuple(target)
        if isinstance(target, Sum):
            self._check_sum(target)
            return "sum", *astuple(target)
        column = _as_output(target, *self._model)
        return "column", self.found.setdefault(column, len(self.found))

    def _check_sum(self, target):
        if target.name not in self._strengths:
            known = ", ".join(map(repr, self._strengths)) or "none"
            raise ValueError(
                f"targets has {target!r}, but no Strength of that name ({known}): add "
                f"Strength({target.name!r}, energies), or correct the name."
            )


def _strengths_by_name(targets):
    found = {}
    for target in targets:
        if isinstance(target, Strength):
            if target.name in found:
                raise ValueError(
                    f"targets has two Strength of the name {target.name!r}: give all "
                    f"energies to one of them, or two names to two fields."
                )
            found[target.name] = target
    return found


def _check_states(target, block_sizes):
    """Raise unless the levels of a strength exist."""
    sector, n_sectors = target.sector, len(block_sizes)
    if sector is not None and sector >= n_sectors:
        raise ValueError(
            f"targets has {target!r}, but matrix_size={block_sizes} has {n_sectors} "
            f"sector(s), counted from 0: correct the sector."
        )
    size = sum(block_sizes) if sector is None else block_sizes[sector]
    states = target.states
    last = states[1] if isinstance(states, tuple) else states
    if isinstance(last, int) and last > size:
        raise ValueError(
            f"targets has {target!r}, but there are {size} levels with "
            f"matrix_size={block_sizes}: enlarge matrix_size, or correct states."
        )
    states_of_strength(states, sector, block_sizes)


def n_columns_of(target):
    """Number of columns of ``y`` of a target."""
    return len(target.energies) if isinstance(target, Strength) else 1


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
    n_named = sum(map(n_columns_of, targets))
    if n_named == n_columns:
        return
    curves = [len(t.energies) for t in targets if isinstance(t, Strength)]
    told = "one target for each column"
    if curves:
        told += f", and a Strength for as many as it has energies, here {curves}"
    raise ValueError(
        f"targets must name every column of y, got {len(targets)} targets for "
        f"{n_columns} columns: give {told}."
    )


def names_of_features(estimator, n_features):
    """Names of the features of an estimator, ``x0, x1, ...`` if they have none."""
    names = [f"x{i}" for i in range(n_features)]
    return [str(name) for name in getattr(estimator, "feature_names_in_", names)]


def as_targets(outputs, functions=()):
    """Inverse of :func:`as_functions`."""
    if functions:
        return [_target_of(function, outputs) for function in functions]
    return [_BUILDERS[kind](name, levels) for kind, name, levels in outputs]


def _target_of(function, outputs):
    kind, *rest = function
    if kind == "column":
        (target,) = as_targets([outputs[rest[0]]])
        return target
    if kind == "log":
        return Log(_target_of(rest[0], outputs))
    if kind == "custom":
        call, gradient, others = rest
        return Custom(call, tuple(_target_of(f, outputs) for f in others), gradient)
    return {"strength": Strength, "sum": Sum}[kind](*rest)


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
        levels = [as_level("i", target.i), as_level("j", target.j)]
    else:
        raise TypeError(
            f"targets must hold {_KINDS}, got {target!r}: of the lowest level, for "
            f"example, Level(0)."
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
