"""What outputs of emulators are, in a file of anyone."""

import numpy as np

from ..._outputs import as_functions, as_targets, n_columns_of
from ...model.spectrum import names_of_observables
from ..plausible import check_elements

# Numbers in any table that a model makes of its structure alone: a small file must not
# ask for a large one.
LARGEST_TABLE = 50_000_000
# Of functions in each other.
_LARGEST_DEPTH = 20


def outputs_from(fields):
    """Outputs with tuples again where JSON has lists."""
    return [
        (kind, name, tuple(map(tuple, levels)))
        for kind, name, levels in fields["outputs"]
    ]


def functions_from(fields):
    """Functions with tuples again where JSON has lists."""
    return _as_tuples(fields["functions"], _LARGEST_DEPTH)


def _as_tuples(value, depth):
    if depth == 0:
        raise ValueError("functions are too deep in each other")
    if isinstance(value, list):
        return tuple(_as_tuples(part, depth - 1) for part in value)
    return value


def check_outputs(outputs, block_sizes, n_features=0, functions=()):
    """Raise unless these are outputs as targets give them, and not too many.

    Parameters
    ----------
    outputs : list of tuple
        From :func:`outputs_from`.
    block_sizes : tuple of int
        Sides of the sectors, checked.
    n_features : int, default=0
        Number of features that there are slopes by.
    functions : tuple of tuple, optional
        From :func:`functions_from`.

    Raises
    ------
    ValueError, TypeError, LookupError
        If they are not.
    """
    features = [name for kind, name, _ in outputs if kind == "slope"]
    if not all(isinstance(feature, int) for feature in features):
        raise ValueError("a slope is by no number of a feature")
    # Not a list: there may be more of them than memory holds.
    numbers = range(n_features)
    targets = as_targets(outputs, functions)
    n_columns = sum(map(n_columns_of, targets))
    again = as_functions(targets, n_columns, block_sizes, numbers)
    if again != (outputs, functions) or not targets:
        raise ValueError("the outputs are none that targets give")
    n_levels = len({level for *_, levels in outputs for level in levels})
    n_levels += 2 * sum(block_sizes) * len(functions)
    if n_columns * max(n_names(outputs), n_levels) > LARGEST_TABLE:
        raise ValueError(f"there are too many outputs, {n_columns}")


def n_names(outputs):
    """Number of observables that are learned."""
    return len(names_of_observables(outputs))


def n_constants(functions, side, n_features, dtype):
    """Number of real constants of strengths: vectors and widths."""
    n_numbers = 2 if np.issubdtype(dtype, np.complexfloating) else 1
    total = 0
    for kind, *fields in functions:
        if kind == "strength":
            _, _, width, _, vector, *_ = fields
            total += (1 + n_features * (vector == "affine")) * side * n_numbers
            total += {"learned": 1, "affine": 1 + n_features}.get(width, 0)
    return total


def column_units_from(fields, model):
    """Units of columns from a file, checked: lists of numbers.

    Raises
    ------
    ValueError, TypeError
        If they do not go with the model.
    """
    units = [np.array(part, dtype=np.float64) for part in fields]
    shapes = [part.shape for part in model.readout.units]
    if [part.shape for part in units] != shapes:
        raise ValueError("units of the columns are not those of the structure")
    for part in units:
        check_elements("units of the columns", part)
    tiny = np.finfo(np.float64).tiny
    check_elements("units of the columns", units[1], least=tiny)
    return [part.tolist() for part in units]
