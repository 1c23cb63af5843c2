"""What levels and matrix elements would explain targets that are functions of them.

These are rough, but have the units of the user: training starts from them, and scales
its matrices by them.
"""

from typing import NamedTuple

import numpy as np

from ..model.functions import Column, Custom, Log, Point, Strength, differences

# Numbers that are tried for what is not known, from small to large, of both signs.
_MAGNITUDES = 10.0 ** np.arange(-12, 12.01, 0.25)
_TRIALS = np.ravel(_MAGNITUDES[:, np.newaxis] * [1.0, -1.0])
_N_NEWTON = 6
# Relative error of a derivative that is no rounding of differences.
_WRONG = 1e-3


class Curves(NamedTuple):
    """What curves of a field tell.

    Attributes
    ----------
    levels : ndarray of shape (n_samples, n_levels)
        Energies that divide each curve into parts of equal strength.
    strength : float
        Mean strength of a part.
    width : float
        Mean distance of these energies.
    """

    levels: np.ndarray
    strength: float
    width: float


class Arguments(NamedTuple):
    """Columns that explain the targets, roughly.

    Attributes
    ----------
    columns, weight : ndarray of shape (n_samples, n_columns)
        All but strengths, and weights, some of each column positive.
    curves : list of Curves
        Of each field.
    """

    columns: np.ndarray
    weight: np.ndarray
    curves: list


def arguments_of(readout, y, weight):
    """Columns that explain targets.

    Parameters
    ----------
    readout : ComposedReadout
        What the targets are.
    y, weight : ndarray of shape (n_samples, n_outputs)
        Targets, and weights that are zero where they are not known.

    Returns
    -------
    Arguments
    """
    n_samples, n_columns = len(y), readout.spectrum.n_outputs
    columns, weights = np.ones((n_samples, n_columns)), np.zeros((n_samples, n_columns))
    for own, function in readout.functions:
        if isinstance(function, Column):
            columns[:, function.column] = _filled(y[:, own.start], weight[:, own.start])
            weights[:, function.column] = weight[:, own.start]
    is_known = weights.any(axis=0)
    curves = []
    for own, function in readout.functions:
        if not isinstance(function, Strength):
            continue
        n_levels = len(function.levels)
        found = of_curves(function.energies, y[:, own], weight[:, own], n_levels)
        free = ~is_known[function.levels]
        columns[:, function.levels[free]] = found.levels[:, free]
        row_weights = weight[:, own].max(axis=1)[:, np.newaxis]
        weights[:, function.levels[free]] = row_weights
        is_known[function.levels] = True
        curves.append(found)
    for own, function in readout.functions:
        unknown = [c for c in columns_in(function) if not is_known[c]]
        if unknown:
            target = y[:, own.start], weight[:, own.start]
            solve(function, columns, unknown, *target)
            weights[:, unknown] = target[1][:, np.newaxis]
            is_known[unknown] = True
    return Arguments(columns, weights, curves)


def _filled(values, weight):
    """Values with their mean where there is none."""
    return np.where(weight > 0, values, weight @ values / weight.sum())


def of_curves(energies, y, weight, n_levels):
    """Levels and strengths of a field, from its curves.

    Parameters
    ----------
    energies : ndarray of shape (n_energies,)
        Their energies.
    y, weight : ndarray of shape (n_samples, n_energies)
        The curves, and weights that are zero where they are not known.
    n_levels : int
        Number of levels.

    Returns
    -------
    Curves
    """
    sums = weight.sum(axis=0)
    total = np.sum(weight * y, axis=0)
    mean = np.divide(total, sums, out=np.zeros_like(total), where=sums > 0)
    curves = np.maximum(np.where(weight > 0, y, mean), 0.0)
    if len(energies) == 1:
        levels = np.full((len(y), n_levels), energies[0])
        unit = abs(energies[0]) or 1.0
        return Curves(levels, np.mean(curves) * unit or 1.0, unit)
    steps = np.diff(energies)
    parts = 0.5 * (curves[:, 1:] + curves[:, :-1]) * steps
    sums = np.hstack([np.zeros((len(y), 1)), np.cumsum(parts, axis=1)])
    total = sums[:, -1:]
    # A curve of zeros is divided evenly.
    even = (energies - energies[0]) / (energies[-1] - energies[0])
    cumulated = np.where(total > 0, sums / np.where(total > 0, total, 1.0), even)
    places = (np.arange(n_levels) + 0.5) / n_levels
    below = np.sum(cumulated[:, np.newaxis] <= places[:, np.newaxis], axis=2) - 1
    below = np.clip(below, 0, len(energies) - 2)
    low = np.take_along_axis(cumulated, below, axis=1)
    high = np.take_along_axis(cumulated, below + 1, axis=1)
    fraction = (places - low) / np.where(high > low, high - low, 1.0)
    levels = energies[below] + fraction * steps[below]
    spread = np.mean(levels[:, -1] - levels[:, 0]) or np.mean(steps)
    strength = np.mean(total) / n_levels or 1.0
    return Curves(levels, strength, spread / n_levels)


def columns_in(function):
    """Numbers of the columns that a function is of, for `Column`, `Log`, `Custom`."""
    if isinstance(function, Column):
        return [function.column]
    if isinstance(function, Log):
        return columns_in(function.other)
    if isinstance(function, Custom):
        found = [columns_in(other) for other in function.others]
        return list(dict.fromkeys(column for own in found for column in own))
    return []


def solve(function, columns, unknown, y, weight):
    """Fill columns that are not known so that a function has given values.

    Parameters
    ----------
    function : SpectrumFunction
        Of one output.
    columns : ndarray of shape (n_samples, n_columns)
        Columns, changed in place.
    unknown : sequence of int
        Those that are not known: multiples of one number, in order.
    y, weight : ndarray of shape (n_samples,)
        Values, and weights that are zero where there are none.
    """
    factors = 1.0 + np.arange(len(unknown))
    widths = np.empty((len(y), 0))

    def misfit(number):
        moved = columns.copy()
        moved[:, unknown] = number[:, np.newaxis] * factors
        with np.errstate(all="ignore"):
            found = function.value(Point(moved, widths))[:, 0] - y
        return moved, np.where(np.isfinite(found), found, np.inf)

    best = np.full(len(y), np.inf)
    number = np.ones(len(y))
    order = np.argsort(np.abs(np.log10(np.abs(_TRIALS))), kind="stable")
    for trial in _TRIALS[order]:
        _, found = misfit(np.full(len(y), trial))
        is_better = np.abs(found) < best * (1.0 - 1e-9)
        best = np.where(is_better, np.abs(found), best)
        number = np.where(is_better, trial, number)
    for _ in range(_N_NEWTON):
        moved, found = misfit(number)
        with np.errstate(all="ignore"):
            slope = function.slopes(Point(moved, widths))[0][:, 0, unknown] @ factors
            trial = number - found / slope
        trial = np.where(np.isfinite(trial), trial, number)
        _, after = misfit(trial)
        number = np.where(np.abs(after) < np.abs(found), trial, number)
    is_known = weight > 0
    if not np.all(is_known):
        number = np.where(is_known, number, np.mean(number[is_known]))
    columns[:, unknown] = number[:, np.newaxis] * factors


def check_function(function, at):
    """Raise unless a function of users has values, and derivatives that are right.

    Parameters
    ----------
    function : Log or Custom
        Perhaps of others.
    at : Point
        Where it is compared with differences.

    Raises
    ------
    ValueError
        If not.
    """
    if isinstance(function, Log):
        check_function(function.other, at)
    if not isinstance(function, Custom):
        return
    for other in function.others:
        check_function(other, at)
    arguments = function.arguments(at)
    values = function.of(*arguments)
    is_finite = np.isfinite(values)
    if not np.any(is_finite):
        raise ValueError(
            f"function of a Custom, {function.function!r}, has no finite value at "
            f"arguments such as {[float(x[0]) for x in arguments]}: check its units, "
            f"or give targets for its arguments, too."
        )
    if function.gradient is None:
        return
    found = function.gradient_of(*arguments)
    for i, part in enumerate(found):
        expected = differences(function.function, arguments, i)
        size = np.abs(expected) + np.max(np.abs(expected[is_finite]), initial=0.0)
        excess = np.abs(part - expected) - _WRONG * size
        is_wrong = is_finite & np.isfinite(expected) & ~(excess <= 0)
        if np.any(is_wrong):
            s = np.flatnonzero(is_wrong)[0]
            raise ValueError(
                f"gradient of a Custom is wrong by argument {i}: at "
                f"{[float(x[s]) for x in arguments]} it is {part[s]:.6g}, a difference "
                f"of function {expected[s]:.6g}: correct it, or leave it out."
            )
