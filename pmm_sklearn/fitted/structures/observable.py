"""Regressors and classifiers: an affine matrix, and observables of each output."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ...checks.parameters import (
    check_integer,
    check_matrix_size,
    check_number,
    check_option,
    check_rank,
)
from ...checks.shapes import check_monotonic_cst, level_of
from ...model import (
    MATRIX_TYPES,
    READOUTS,
    SELECTIONS,
    Parameters,
    level_pmm,
    observable_pmm,
)
from ...model.eigensolver import EIGENSOLVERS
from .base import Structure, dtype_of, no_arguments, origin_from, size_parameter

# Observables of all pairs of so many eigenvectors are in no file.
_MOST_EIGENVECTORS = 1000
# Of files: beyond, occupations are no floating-point numbers.
_SMALLEST_SPACING, _LARGEST_SPACING = 1e-100, 1e100


@dataclass(frozen=True)
class ObservableStructure(Structure):
    """An affine matrix, and outputs with observables of their own.

    Parameters
    ----------
    n_features, n_outputs, block_sizes, n_eigenvectors, which, readout, matrix_type, \
level_spacing, rank, eigensolver, smearing
        Arguments of `observable_pmm`.
    level : int, optional
        Which level outputs are, for the readout "level".
    monotonic : tuple of int
        As for `level_pmm`.
    origin : tuple of float
        As for `observable_pmm`, of the fitted matrices.
    """

    parameters: ClassVar = Parameters
    attributes: ClassVar = ("_matrices", "observables_", "intercept_")

    n_features: int
    n_outputs: int
    block_sizes: tuple
    n_eigenvectors: int
    which: str
    readout: str
    matrix_type: str
    level_spacing: float
    rank: tuple
    eigensolver: str
    smearing: float = 0.0
    level: int | None = None
    monotonic: tuple = ()
    origin: tuple = ()

    def model(self):
        """The model that is trained: `PMM`."""
        return self._model(self.rank, self.monotonic, ())

    def fitted_model(self):
        """The model of the fitted matrices, which are full: features mix them."""
        return self._model((None, None), (), self.origin)

    def _model(self, rank, monotonic, origin):
        if self.readout == "level":
            return level_pmm(
                self.n_features,
                self.n_outputs,
                self.block_sizes[0],
                self.level,
                self.matrix_type,
                monotonic,
                self.eigensolver,
                origin,
            )
        arguments = {**vars(self), "rank": rank, "origin": origin}
        del arguments["level"], arguments["monotonic"]
        return observable_pmm(**arguments)

    def training_arguments(self, model):
        """None that :meth:`model` would take."""
        return {}

    @classmethod
    def from_fields(cls, fields):
        """Structure of fields from a file: see `Structure`."""
        sizes, rank = tuple(fields["block_sizes"]), tuple(fields["rank"])
        monotonic = tuple(fields["monotonic"])
        own = {"block_sizes": sizes, "rank": rank, "monotonic": monotonic}
        origin = tuple(fields["origin"])
        structure = cls(**{**fields, **own, "origin": origin})
        for name in ("n_features", "n_outputs", "n_eigenvectors"):
            check_integer(name, getattr(structure, name), 1)
        check_matrix_size(sizes)
        check_option("which", structure.which, tuple(SELECTIONS))
        check_option("readout", structure.readout, (*READOUTS, "level"))
        check_option("matrix_type", structure.matrix_type, MATRIX_TYPES)
        check_option("eigensolver", structure.eigensolver, EIGENSOLVERS)
        check_rank(rank, sizes)
        structure._check_numbers()
        structure._check_level()
        origin = origin_from(structure.origin, structure.n_features)
        return structure.counted_from(origin)

    def _check_numbers(self):
        """Raise for numbers that no fit has, or that take long to prepare."""
        if self.n_eigenvectors > min(sum(self.block_sizes), _MOST_EIGENVECTORS):
            raise ValueError(f"there are too many eigenvectors, {self.n_eigenvectors}")
        is_density = self.readout == "density"
        for name, may_be_zero in (("level_spacing", True), ("smearing", False)):
            value = getattr(self, name)
            check_number(name, value, 0, _LARGEST_SPACING)
            may_be_zero = may_be_zero or not is_density
            if value < _SMALLEST_SPACING and not (may_be_zero and value == 0):
                raise ValueError(f"{name} is too small, {value!r}")

    def _check_level(self):
        """Raise unless there is a level of each output, for this readout only."""
        if self.readout != "level":
            if (self.level, self.monotonic) != (None, ()):
                raise ValueError(f"there is a level for readout={self.readout!r}")
            return
        size = self.block_sizes[0]
        check_integer("level", self.level, 0, size - 1)
        if self.block_sizes != (size,) * self.n_outputs or self.rank != (None, None):
            raise ValueError("levels of the outputs have matrices of other forms")
        is_sign = [type(sign) is int and sign in (-1, 0, 1) for sign in self.monotonic]
        if len(is_sign) != self.n_features or not all(is_sign):
            raise ValueError("monotonic has no sign of each feature")

    def shapes(self):
        """Shape and type of each array: see `Structure`."""
        side, n_outputs = sum(self.block_sizes), self.n_outputs
        dtype = dtype_of(self.matrix_type)
        observables, intercept = (0,), (0,)
        if self.readout != "level":
            observables, intercept = (n_outputs, self._n_observables()), (n_outputs,)
        return {
            self.matrices_name: ((self.n_features + 1, side, side), dtype),
            "observables": ((*observables, side, side), dtype),
            "intercept": (intercept, np.dtype(np.float64)),
        }

    def _n_observables(self):
        """Number of observables of each output."""
        if self.readout == "density":
            return READOUTS[self.readout].n_observables
        left, _ = READOUTS[self.readout]().pairs(self.n_eigenvectors)
        return len(left)

    def arguments_from(self, fields, name, archive):
        """None."""
        return no_arguments(fields)

    def estimator_parameters(self):
        """Parameters of a regressor or a classifier."""
        if self.readout == "level":
            return {
                "readout": "level",
                "matrix_type": self.matrix_type,
                "matrix_size": self.block_sizes[0],
                "level": self.level,
                "monotonic_cst": list(self.monotonic),
            }
        names = "n_eigenvectors", "which", "readout", "matrix_type"
        told = {name: getattr(self, name) for name in names}
        told["matrix_size"] = size_parameter(self.block_sizes)
        if self.rank != (None, None):
            told["rank"] = self.rank
        if self.readout == "density":
            told["smearing"] = self.smearing
        return told

    def fitted_attributes(self):
        """None that all estimators with this structure have."""
        return {}

    @property
    def n_classes(self):
        """Number of classes, if outputs are logits: one stands for two."""
        return max(self.n_outputs, 2)


def observable_structure(estimator, data, level_spacing=0.0, size=None):
    """Structure of a regressor or a classifier.

    Parameters
    ----------
    estimator : PMMRegressor or PMMClassifier
        Whose parameters have been checked.
    data : TableData
        Features and targets.
    level_spacing : float, default=0.0
        Of the constant matrix that the penalty leaves alone, standardised; 1 instead
        of 0 for "density", whose chemical potential lies between these levels.
    size : pair, optional
        Other values of `matrix_size` and `n_eigenvectors` than those of the estimator.

    Returns
    -------
    ObservableStructure
    """
    is_density = estimator.readout == "density"
    is_level = estimator.readout == "level"
    matrix_size, n_eigenvectors = size or (
        estimator.matrix_size,
        estimator.n_eigenvectors,
    )
    n_features, n_outputs = data.X.shape[1], data.y.shape[1]
    block_sizes = check_matrix_size(matrix_size)
    return ObservableStructure(
        n_features=n_features,
        n_outputs=n_outputs,
        # Of levels each output has a block.
        block_sizes=block_sizes[:1] * n_outputs if is_level else block_sizes,
        n_eigenvectors=n_outputs if is_level else n_eigenvectors,
        which=estimator.which,
        readout=estimator.readout,
        matrix_type=estimator.matrix_type,
        level_spacing=level_spacing or float(is_density),
        rank=check_rank(estimator.rank, matrix_size),
        eigensolver=estimator.eigensolver,
        # Of other readouts it says nothing, and may be changed.
        smearing=float(estimator.smearing) if is_density else 0.0,
        level=level_of(estimator, block_sizes[0]) if is_level else None,
        monotonic=check_monotonic_cst(estimator, n_features) if is_level else (),
    )
