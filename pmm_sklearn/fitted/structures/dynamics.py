"""Emulators of a state that evolves: a Hamiltonian, and expectation values."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..._outputs import as_dynamics_outputs, as_targets
from ...checks.parameters import (
    check_flag,
    check_integer,
    check_matrix_size,
    check_number,
    check_option,
)
from ...model import MATRIX_TYPES, Parameters, dynamics_pmm
from ...model.dynamics import names_of_expectations
from ...model.eigensolver import EIGENSOLVERS
from .base import Structure, dtype_of, size_parameter
from .outputs import LARGEST_TABLE, outputs_from
from .spectrum import check_monomials, n_monomials

_LARGEST = np.finfo(np.float64).max


@dataclass(frozen=True)
class DynamicsStructure(Structure):
    """A Hamiltonian of polynomials, and expectation values in a state that evolves.

    Parameters
    ----------
    n_features, degree, matrix_type, outputs, eigensolver
        Arguments of `dynamics_pmm`.
    block_sizes : tuple of int
        The side, alone.
    quench_from : tuple of float or None
        Parameters at which the initial state is an eigenstate; None if not known.
    decay : bool
        Whether states decay; the matrix of it is the last one then.
    """

    parameters: ClassVar = Parameters
    attributes: ClassVar = ("matrices_", "observables_")

    n_features: int
    degree: int
    block_sizes: tuple
    matrix_type: str
    outputs: list
    eigensolver: str
    quench_from: tuple | None = None
    decay: bool = False

    @property
    def n_outputs(self):
        """Number of outputs."""
        return len(self.outputs)

    def model(self, starts_from_eigenstate=False):
        """The model that is trained: `PMM`."""
        (side,) = self.block_sizes
        return dynamics_pmm(
            self.n_features,
            self.degree,
            side,
            self.matrix_type,
            self.outputs,
            self.eigensolver,
            starts_from_eigenstate=starts_from_eigenstate,
            decay=self.decay,
        )

    def fitted_model(self):
        """The same; the initial state is an eigenstate at other parameters than 0."""
        return self.model()

    def training_arguments(self, model):
        """Those of :meth:`model` that give a trained model again."""
        constant, *_ = model.primary.spaces
        return {"starts_from_eigenstate": len(constant.block_sizes) > 1}

    @classmethod
    def from_fields(cls, fields):
        """Structure of fields from a file: see `Structure`."""
        sizes, outputs = tuple(fields["block_sizes"]), outputs_from(fields)
        own = {"block_sizes": sizes, "outputs": outputs}
        own["quench_from"] = _point_from(fields["quench_from"])
        structure = cls(**{**fields, **own})
        check_integer("n_features", structure.n_features, 1)
        check_integer("degree", structure.degree, 1)
        check_matrix_size(sizes)
        if len(sizes) > 1:
            raise ValueError("there are several sectors")
        check_option("matrix_type", structure.matrix_type, MATRIX_TYPES)
        check_option("eigensolver", structure.eigensolver, EIGENSOLVERS)
        check_flag("decay", structure.decay)
        targets = as_targets(outputs)
        again = as_dynamics_outputs(targets, len(outputs), structure.decay)
        if again != outputs or not outputs:
            raise ValueError("the outputs are none that targets give")
        if len(outputs) * sizes[0] ** 2 > LARGEST_TABLE:
            raise ValueError(f"there are too many outputs, {len(outputs)}")
        check_monomials(structure.n_features - 1, structure.degree)
        point = structure.quench_from
        if point is not None and len(point) != structure.n_features - 1:
            raise ValueError(f"quench_from has {len(point)} numbers")
        return structure

    def shapes(self):
        """Shape and type of each array: see `Structure`."""
        side, dtype = *self.block_sizes, dtype_of(self.matrix_type)
        n_matrices = n_monomials(self.n_features - 1, self.degree) + self.decay
        n_observables = len(names_of_expectations(self.outputs))
        return {
            "matrices": ((n_matrices, side, side), dtype),
            "observables": ((n_observables, side, side), dtype),
        }

    def arguments_from(self, fields, name, archive):
        """Those of :meth:`training_arguments`: see `Structure`."""
        if set(fields) != {"starts_from_eigenstate"}:
            raise ValueError("the error bars have arguments of another structure")
        check_flag("starts_from_eigenstate", fields["starts_from_eigenstate"])
        return dict(fields)

    def estimator_parameters(self):
        """Parameters of an emulator of evolutions."""
        return {
            "matrix_size": size_parameter(self.block_sizes),
            "targets": self.targets(),
            "matrix_type": self.matrix_type,
            "degree": self.degree,
            "decay": self.decay,
            "quench_from": None if self.quench_from is None else [*self.quench_from],
        }

    def fitted_attributes(self):
        """Names of observables."""
        return {"observable_names_": self.fitted_model().readout.names}


def _point_from(values):
    """Parameters of the initial state, from a file of anyone."""
    if values is None:
        return None
    for value in values:
        check_number("quench_from", value, -_LARGEST, _LARGEST)
    return tuple(map(float, values))
