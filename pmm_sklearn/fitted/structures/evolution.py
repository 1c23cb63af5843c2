"""Emulators of time evolution: a product of evolutions, and its spectrum."""

from dataclasses import dataclass
from typing import ClassVar

from ...checks.parameters import (
    MOST_STARTS,
    check_integer,
    check_matrix_size,
    check_option,
)
from ...model import (
    MATRIX_TYPES,
    PMM,
    HermitianSpace,
    Parameters,
    SpectrumReadout,
    UnitaryProduct,
)
from ...model.eigensolver import EIGENSOLVERS
from .base import Structure, dtype_of, no_arguments, size_parameter
from .outputs import check_outputs, n_names, outputs_from

# Eigenvectors of evolutions are complex, and so are observables.
_OBSERVABLES = "hermitian"


@dataclass(frozen=True)
class EvolutionStructure(Structure):
    """A product of unitary evolutions, and properties of its spectrum.

    Parameters
    ----------
    n_factors : int
        Number of evolutions.
    block_sizes, matrix_type, outputs, eigensolver
        As for `spectrum_pmm`.
    """

    parameters: ClassVar = Parameters
    attributes: ClassVar = ("matrices_", "observables_")
    #: The time step.
    n_features: ClassVar = 1

    n_factors: int
    block_sizes: tuple
    matrix_type: str
    outputs: list
    eigensolver: str

    @property
    def n_outputs(self):
        """Number of outputs."""
        return len(self.outputs)

    def model(self):
        """The model that is trained: `PMM`."""
        space = HermitianSpace(self.block_sizes, self.matrix_type)
        readout = SpectrumReadout(self.outputs, self.block_sizes, _OBSERVABLES)
        return PMM(
            UnitaryProduct(self.n_factors, space),
            readout.selection,
            readout,
            self.block_sizes,
            self.eigensolver,
        )

    def fitted_model(self):
        """The same."""
        return self.model()

    def training_arguments(self, model):
        """None that :meth:`model` would take."""
        return {}

    @classmethod
    def from_fields(cls, fields):
        """Structure of fields from a file: see `Structure`."""
        sizes, outputs = tuple(fields["block_sizes"]), outputs_from(fields)
        structure = cls(**{**fields, "block_sizes": sizes, "outputs": outputs})
        check_integer("n_factors", structure.n_factors, 1, MOST_STARTS)
        check_matrix_size(sizes)
        check_option("matrix_type", structure.matrix_type, MATRIX_TYPES)
        check_option("eigensolver", structure.eigensolver, EIGENSOLVERS)
        check_outputs(outputs, sizes)
        return structure

    def shapes(self):
        """Shape and type of each array: see `Structure`."""
        side, n = sum(self.block_sizes), n_names(self.outputs)
        return {
            "matrices": ((self.n_factors, side, side), dtype_of(self.matrix_type)),
            "observables": ((n, side, side), dtype_of(_OBSERVABLES)),
        }

    def arguments_from(self, fields, name, archive):
        """None."""
        return no_arguments(fields)

    def estimator_parameters(self):
        """Parameters of an emulator of time evolution."""
        return {
            "matrix_size": size_parameter(self.block_sizes),
            "n_factors": self.n_factors,
            "targets": self.targets(),
            "matrix_type": self.matrix_type,
        }

    def fitted_attributes(self):
        """Names of observables."""
        return {"observable_names_": self.fitted_model().readout.names}
