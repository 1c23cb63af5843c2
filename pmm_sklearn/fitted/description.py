"""What a file says of an emulator, checked before its matrices are read."""

import math

import numpy as np

from ..checks.parameters import (
    check_flag,
    check_integer,
    check_matrix_size,
    check_option,
)
from ..model import MATRIX_TYPES
from ..model.eigensolver import EIGENSOLVERS
from ..model.spectrum import names_of_observables
from ..targets import as_outputs, as_targets
from .structures import SpectrumStructure

# Numbers in any table that a model makes of its structure alone: a small file must not
# ask for a large one.
_LARGEST_TABLE = 50_000_000
# Squares of the elements, in transition probabilities, are numbers as well.
_LARGEST_ELEMENT = 1e150
# Relative to the largest element: more than rounding.
_TOLERANCE = 1e-8


def structure_of(description):
    """The structure that a description tells.

    Parameters
    ----------
    description : dict
        From JSON, of anyone: nothing of it is known.

    Returns
    -------
    SpectrumStructure

    Raises
    ------
    ValueError, TypeError, LookupError
        If it is none that an emulator has.
    """
    structure = SpectrumStructure(**_with_tuples(description["structure"]))
    check_integer("n_features", structure.n_features, 1)
    check_integer("degree", structure.degree, 1)
    check_matrix_size(structure.block_sizes)
    check_option("matrix_type", structure.matrix_type, MATRIX_TYPES)
    check_option("eigensolver", structure.eigensolver, EIGENSOLVERS)
    _check_outputs(structure)
    _check_tables(structure)
    _check_names(description, structure)
    return structure


def shapes_and_type(structure):
    """Shapes of matrices and observables of a structure, and their type.

    Parameters
    ----------
    structure : SpectrumStructure
        Of a size that may be more than memory holds.

    Returns
    -------
    matrices, observables : tuple of int
    dtype : dtype
    """
    side = sum(structure.block_sizes)
    is_complex = structure.matrix_type == "hermitian"
    dtype = np.dtype(np.complex128 if is_complex else np.float64)
    n_names = len(names_of_observables(structure.outputs))
    return (_n_matrices(structure), side, side), (n_names, side, side), dtype


def check_matrices(model, matrices, observables):
    """Raise unless matrices are finite, Hermitian, and have the sectors of a model.

    Parameters
    ----------
    model : PMM
        The fitted model.
    matrices, observables : ndarray
        Primary and secondary matrices, of the shape and the type of the model.

    Raises
    ------
    ValueError
        If they are not.
    """
    names, arrays = ("matrices", "observables"), (matrices, observables)
    largest = [_largest(array) for array in arrays]
    for name, size in zip(names, largest, strict=True):
        if not size <= _LARGEST_ELEMENT:
            raise ValueError(
                f"{name} has elements that are NaN, or beyond {_LARGEST_ELEMENT}"
            )
    nearest = model.split(model.join((matrices, observables, np.empty(0))))
    for name, array, own, size in zip(names, arrays, nearest, largest, strict=False):
        if _largest(array - own) > _TOLERANCE * size:
            raise ValueError(
                f"{name} is not Hermitian, or has elements between the sectors"
            )


def _with_tuples(structure):
    """The structure with tuples again where JSON has lists."""
    outputs = [
        (kind, name, tuple(map(tuple, levels)))
        for kind, name, levels in structure["outputs"]
    ]
    block_sizes = tuple(structure["block_sizes"])
    return {**structure, "block_sizes": block_sizes, "outputs": outputs}


def _check_outputs(structure):
    """Raise unless these are outputs as targets give them."""
    outputs = structure.outputs
    features = [name for kind, name, _ in outputs if kind == "slope"]
    if not all(isinstance(feature, int) for feature in features):
        raise ValueError("a slope is by no number of a feature")
    # Not a list: there may be more of them than memory holds.
    numbers = range(structure.n_features)
    again = as_outputs(
        as_targets(outputs), len(outputs), structure.block_sizes, numbers
    )
    if again != outputs or not outputs:
        raise ValueError("the outputs are none that targets give")


def _check_tables(structure):
    """Raise if monomials or readout would take long or much memory to prepare."""
    numbers = structure.n_features, structure.degree
    if structure.degree > 1 and _n_matrices(structure) * max(numbers) > _LARGEST_TABLE:
        raise ValueError(f"degree={structure.degree} makes too many monomials")
    outputs = structure.outputs
    n_names = len({name for _, name, _ in outputs})
    n_levels = len({level for *_, levels in outputs for level in levels})
    if len(outputs) * max(n_names, n_levels) > _LARGEST_TABLE:
        raise ValueError(f"there are too many outputs, {len(outputs)}")


def _n_matrices(structure):
    """Number of monomials, which may have thousands of digits."""
    numbers = structure.n_features, structure.degree
    # More than any memory holds, and slow to calculate exactly.
    if min(numbers) > 60:
        raise ValueError("there are more than 2**60 monomials")
    return math.comb(sum(numbers), min(numbers))


def _check_names(description, structure):
    """Raise unless the rest of a description goes with its structure."""
    names = description["feature_names"]
    if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
        raise ValueError("feature_names is not a list of texts")
    if len(names) not in (0, structure.n_features):
        raise ValueError(f"there are {len(names)} names of features")
    if description["n_features"] != structure.n_features:
        raise ValueError("n_features is not that of the structure")
    check_flag("single_output", description["single_output"])
    if description["single_output"] and len(structure.outputs) > 1:
        raise ValueError("single_output goes with one output only")


def _largest(array):
    """Largest absolute value of real and imaginary parts, NaN if there is any."""
    parts = np.ascontiguousarray(array).view(np.float64)
    with np.errstate(invalid="ignore"):
        return np.abs(parts).max(initial=0.0)
