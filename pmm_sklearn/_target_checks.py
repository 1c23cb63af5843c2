"""Arguments of targets, checked: errors name argument, value and remedy."""

import numbers

import numpy as np


def check_index(argument, value, minimum=None):
    """Raise unless this is an integer, perhaps of at least a minimum."""
    if not isinstance(value, numbers.Integral) or isinstance(value, bool):
        raise TypeError(f"{argument} must be an integer, got {value!r}.")
    if minimum is not None and value < minimum:
        raise ValueError(f"{argument} must be at least {minimum}, got {value!r}.")


def check_name(name):
    """Raise unless this is a text that is not empty."""
    if not isinstance(name, str) or not name:
        raise TypeError(f"name must be a non-empty string, got {name!r}.")


def check_choice(argument, value, choices):
    """Raise unless this is one of some choices."""
    if value not in choices:
        raise ValueError(f"{argument} must be one of {choices}, got {value!r}.")


def check_number(argument, value):
    """Raise unless this is a finite number."""
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        raise TypeError(f"{argument} must be a number, got {value!r}.")
    if not np.isfinite(value):
        raise ValueError(f"{argument} must be finite, got {value!r}.")


def as_energies(energies):
    """Energies of a curve as a tuple: finite, ascending."""
    try:
        array = np.asarray(energies, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"energies must be numbers, got {energies!r}.") from None
    if array.ndim != 1 or array.size == 0:
        raise ValueError(
            f"energies must have shape (n_energies,), got {array.shape}: give the "
            f"energy of each column of the curve."
        )
    if not np.all(np.isfinite(array)) or np.any(np.diff(array) <= 0):
        raise ValueError(
            f"energies must be finite and ascend, got {energies!r}: sort them, and the "
            f"columns of y with them."
        )
    return tuple(array.tolist())


def as_width(width):
    """A width as a positive number, or what is learned of it."""
    if isinstance(width, str):
        check_choice("width", width, ("learned", "affine"))
        return width
    check_number("width", width)
    if width <= 0:
        raise ValueError(
            f"width must be positive, got {width!r}: give half the full width at half "
            f"maximum of a peak, or 'learned'."
        )
    return float(width)


def as_states(states):
    """Which levels carry a strength: see `pmm_sklearn.targets.Strength`."""
    if states is None:
        return None
    if isinstance(states, (tuple, list)):
        if len(states) != 2:
            raise ValueError(f"states must be (first, last), got {states!r}.")
        for k in states:
            check_index("states", k, minimum=0)
        if states[0] >= states[1]:
            raise ValueError(
                f"states must have a first level below the last, got {states!r}."
            )
        return tuple(map(int, states))
    check_number("states", states)
    if isinstance(states, numbers.Integral):
        check_index("states", states, minimum=1)
        return int(states)
    if not 0 < states <= 1:
        raise ValueError(
            f"states must be a number of levels, or a fraction between 0 and 1, got "
            f"{states!r}."
        )
    return float(states)
