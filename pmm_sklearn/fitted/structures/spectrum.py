"""Emulators: a matrix of polynomials, and properties of its spectrum."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..._outputs import n_columns_of
from ...checks.parameters import (
    check_integer,
    check_matrix_size,
    check_number,
    check_option,
    check_rank_of_couplings,
)
from ...model import (
    MATRIX_TYPES,
    Definite,
    HermitianSpace,
    Parameters,
    ShiftedLowRank,
    Subspace,
    spectrum_pmm,
)
from ...model.eigensolver import EIGENSOLVERS
from ..plausible import check_elements, check_form
from .base import Structure, dtype_of, origin_from, size_parameter
from .outputs import (
    LARGEST_TABLE,
    check_outputs,
    column_units_from,
    functions_from,
    n_constants,
    n_names,
    outputs_from,
)

# Of files: symmetries and known matrices leave no more different spaces.
_MOST_SPACES = 8
_LARGEST_COMMUTATOR = 1e100


@dataclass(frozen=True)
class SpectrumStructure(Structure):
    """A matrix of polynomials, and properties of its spectrum.

    Parameters
    ----------
    n_features, degree, block_sizes, matrix_type, outputs, eigensolver
        Arguments of `spectrum_pmm`.
    origin : tuple of float
        The same, of the fitted matrices.
    functions : tuple of tuple
        What the outputs are, if they are functions of those columns.
    """

    parameters: ClassVar = Parameters
    attributes: ClassVar = ("_matrices", "observables_", "_constants")

    n_features: int
    degree: int
    block_sizes: tuple
    matrix_type: str
    outputs: list
    eigensolver: str
    origin: tuple = ()
    functions: tuple = ()

    @property
    def n_outputs(self):
        """Number of outputs."""
        if self.functions:
            return sum(map(n_columns_of, self.targets()))
        return len(self.outputs)

    def model(
        self,
        bases=None,
        basis_of_matrix=(),
        offsets=None,
        commutator=0.0,
        column_units=None,
    ):
        """The model that is trained: `PMM`.

        Parameters
        ----------
        bases : list of (ndarray, int or None), optional
            Bases of the spaces of the matrices, a rank for those of low rank, a tuple
            of the sign for definite ones, None for all that are Hermitian.
        basis_of_matrix : list of int
            Which of them belongs to each matrix.
        offsets, commutator, column_units
            As for `spectrum_pmm`.
        """
        spaces = None
        if bases is not None:
            own = [self._space(basis) for basis in bases]
            spaces = [own[i] for i in basis_of_matrix]
        arguments = {
            "spaces": spaces,
            "offsets": offsets,
            "commutator": commutator,
            "column_units": column_units,
        }
        return spectrum_pmm(**{**vars(self), "origin": ()}, **arguments)

    def _space(self, basis):
        space = HermitianSpace(self.block_sizes, self.matrix_type)
        if basis is None:
            return space
        if isinstance(basis, tuple):
            return Definite(self.block_sizes, self.matrix_type, *basis)
        if isinstance(basis, int):
            return ShiftedLowRank(space.side, basis, self.matrix_type)
        return Subspace(space, basis)

    def fitted_model(self):
        """The model of the fitted matrices, which have all terms in them."""
        return spectrum_pmm(**vars(self))

    def training_arguments(self, model):
        """Those of :meth:`model` that give a trained model again.

        Bases, not the operators that they follow from: another LAPACK finds others.
        """
        primary = model.primary
        distinct = list(dict.fromkeys(primary.spaces))
        arguments = {
            "bases": [_basis(space) for space in distinct],
            "basis_of_matrix": [distinct.index(space) for space in primary.spaces],
            "offsets": primary.offsets,
            "commutator": float(primary.commutator),
        }
        if self.functions:
            units = model.readout.units
            arguments["column_units"] = [part.tolist() for part in units]
        return arguments

    @classmethod
    def from_fields(cls, fields):
        """Structure of fields from a file: see `Structure`."""
        sizes, outputs = tuple(fields["block_sizes"]), outputs_from(fields)
        functions = functions_from(fields)
        own = {"block_sizes": sizes, "outputs": outputs, "functions": functions}
        structure = cls(**{**fields, **own, "origin": tuple(fields["origin"])})
        check_integer("n_features", structure.n_features, 1)
        check_integer("degree", structure.degree, 1)
        check_matrix_size(sizes)
        check_option("matrix_type", structure.matrix_type, MATRIX_TYPES)
        check_option("eigensolver", structure.eigensolver, EIGENSOLVERS)
        check_outputs(outputs, sizes, structure.n_features, functions)
        check_monomials(structure.n_features, structure.degree)
        origin = origin_from(structure.origin, structure.n_features, structure.degree)
        return structure.counted_from(origin)

    def _n_matrices(self):
        return n_monomials(self.n_features, self.degree)

    def shapes(self):
        """Shape and type of each array: see `Structure`."""
        side, dtype = sum(self.block_sizes), dtype_of(self.matrix_type)
        shapes = {
            self.matrices_name: ((self._n_matrices(), side, side), dtype),
            "observables": ((n_names(self.outputs), side, side), dtype),
        }
        if self.functions:
            constants = (n_constants(self.functions, side, self.n_features, dtype),)
            shapes["constants"] = (constants, np.dtype(np.float64))
        return shapes

    def arguments_from(self, fields, name, archive):
        """Those of :meth:`training_arguments`: see `Structure`."""
        space = HermitianSpace(self.block_sizes, self.matrix_type)
        bases, places = fields["bases"], fields["basis_of_matrix"]
        if not 1 <= len(bases) <= _MOST_SPACES or len(places) != self._n_matrices():
            raise ValueError("spaces of the matrices are not those of the structure")
        for place in places:
            check_integer("basis_of_matrix", place, 0, len(bases) - 1)
        commutator = fields["commutator"]
        bound = _LARGEST_COMMUTATOR if self.matrix_type == "hermitian" else 0.0
        check_number("commutator", commutator, -np.inf)
        if abs(commutator) > bound:
            raise ValueError(f"commutator={commutator!r} does not go with the matrices")
        arguments = {
            "bases": [
                self._basis_from(basis, f"{name}_bases_{i}", space, archive)
                for i, basis in enumerate(bases)
            ],
            "basis_of_matrix": places,
            "offsets": None,
            "commutator": float(commutator),
        }
        if fields["offsets"] is not None:
            shape, dtype = self.shapes()[self.matrices_name]
            offsets = archive.numbers(f"{name}_offsets", shape, dtype)
            check_elements("offsets", offsets, self.largest_element)
            check_form("offsets", offsets, space.matrices(space.coordinates(offsets)))
            arguments["offsets"] = offsets
        if self.functions:
            units = fields["column_units"]
            arguments["column_units"] = column_units_from(units, self.fitted_model())
        if set(fields) != set(arguments):
            raise ValueError("the error bars have arguments of another structure")
        return arguments

    def _basis_from(self, fields, name, space, archive):
        """A basis as :meth:`model` takes it."""
        if isinstance(fields, dict):
            _, size = fields["shape"]
            check_integer("size", size, 0, space.size)
            return archive.numbers(name, (space.size, size), np.dtype(np.float64))
        if isinstance(fields, list):
            (sign,) = fields
            check_integer("sign", sign, -1, 1)
            if sign == 0:
                raise ValueError("a definite matrix has no sign")
            return (sign,)
        check_rank_of_couplings(fields, self.block_sizes)
        return fields

    def estimator_parameters(self):
        """Parameters of an emulator."""
        return {
            "matrix_size": size_parameter(self.block_sizes),
            "targets": self.targets(),
            "matrix_type": self.matrix_type,
            "degree": self.degree,
        }

    def fitted_attributes(self):
        """Names of observables."""
        return {"observable_names_": self.fitted_model().readout.names}


def check_monomials(n_features, degree):
    """Raise if monomials would take long or much memory to prepare."""
    largest = max(n_features, degree)
    if degree > 1 and n_monomials(n_features, degree) * largest > LARGEST_TABLE:
        raise ValueError(f"degree={degree} makes too many monomials")


def n_monomials(n_features, degree):
    """Number of monomials, which may have thousands of digits."""
    numbers = n_features, degree
    # More than any memory holds, and slow to calculate exactly.
    if min(numbers) > 60:
        raise ValueError("there are more than 2**60 monomials")
    return math.comb(sum(numbers), min(numbers))


def _basis(space):
    """What :meth:`SpectrumStructure.model` makes a space of again."""
    if isinstance(space, Definite):
        return (int(space.sign),)
    is_low = isinstance(space, ShiftedLowRank)
    return int(space.rank) if is_low else space.columns
