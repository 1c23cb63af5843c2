"""What a model is, in numbers and words: all that a file has to hold beside arrays."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..checks.parameters import check_matrix_size, check_rank
from ..checks.shapes import check_monotonic_cst, level_of
from ..model import (
    PMM,
    Definite,
    HermitianSpace,
    ImageParameters,
    ImagePMM,
    Parameters,
    ShiftedLowRank,
    SpectrumReadout,
    Subspace,
    UnitaryProduct,
    WindowGrams,
    level_pmm,
    observable_pmm,
    spectrum_pmm,
)
from ..targets import as_targets

# Arguments of the model that estimators have by another name.
_NAMES_GIVEN = {"block_sizes": "matrix_size"}
# What changes how a model is calculated, or where its penalty counts from, not what it
# is.
_ANY = ("eigensolver", "level_spacing")


class Structure(ABC):
    """What a model is.  Abstract.

    A class is a frozen dataclass of plain fields, with

    ``parameters``, ``attributes``
        the type of its parameters, and the names of the fitted attributes they are;
    ``model(**arguments)``, ``fitted_model()``
        the model that is trained, and that of the fitted matrices;
    ``training_arguments(model)``
        plain arguments of ``model`` that give a trained one again.
    """

    parameters: ClassVar[type]
    attributes: ClassVar[tuple]

    @abstractmethod
    def model(self):
        """The model that is trained, perhaps with arguments."""

    @abstractmethod
    def fitted_model(self):
        """The model of the fitted matrices."""

    @abstractmethod
    def training_arguments(self, model):
        """Plain arguments of :meth:`model` that give a trained model again."""

    @classmethod
    def parameters_of(cls, state):
        """Parameters from fitted attributes, which may lack intercepts."""
        arrays = [state[name] for name in cls.attributes]
        n_missing = len(cls.parameters._fields) - len(arrays)
        return cls.parameters(*arrays, *[np.empty(0)] * n_missing)

    def targets(self):
        """What the outputs of an emulator are; None for others."""
        outputs = vars(self).get("outputs")
        return None if outputs is None else as_targets(outputs)

    def check_same(self, fitted, cause, alternative):
        """Raise unless this is that of the fitted model, which is to be continued.

        Parameters
        ----------
        fitted : Structure
            Of the same class.
        cause, alternative : str
            What continues the model, and what to do instead, for the message.
        """
        for name, given in vars(self).items():
            known = getattr(fitted, name)
            if name not in _ANY and known != given:
                raise ValueError(
                    f"{cause} continues the fitted model, which has "
                    f"{_NAMES_GIVEN.get(name, name)}={known!r}, got {given!r}: keep "
                    f"the structure, or {alternative}."
                )


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
    """

    parameters: ClassVar = Parameters
    attributes: ClassVar = ("matrices_", "observables_", "intercept_")

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

    def model(self):
        """The model that is trained: `PMM`."""
        return self._model(self.rank, self.monotonic)

    def fitted_model(self):
        """The model of the fitted matrices, which are full: features mix them."""
        return self._model((None, None), ())

    def _model(self, rank, monotonic):
        if self.readout == "level":
            return level_pmm(
                self.n_features,
                self.n_outputs,
                self.block_sizes[0],
                self.level,
                self.matrix_type,
                monotonic,
                self.eigensolver,
            )
        arguments = {**vars(self), "rank": rank}
        del arguments["level"], arguments["monotonic"]
        return observable_pmm(**arguments)

    def training_arguments(self, model):
        """None that :meth:`model` would take."""
        return {}


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


@dataclass(frozen=True)
class SpectrumStructure(Structure):
    """A matrix of polynomials, and properties of its spectrum.

    Parameters
    ----------
    n_features, degree, block_sizes, matrix_type, outputs, eigensolver
        Arguments of `spectrum_pmm`.
    """

    parameters: ClassVar = Parameters
    attributes: ClassVar = ("matrices_", "observables_")

    n_features: int
    degree: int
    block_sizes: tuple
    matrix_type: str
    outputs: list
    eigensolver: str

    def model(self, bases=None, basis_of_matrix=(), offsets=None, commutator=0.0):
        """The model that is trained: `PMM`.

        Parameters
        ----------
        bases : list of (ndarray, int or None), optional
            Bases of the spaces of the matrices, a rank for those of low rank, a tuple
            of the sign for definite ones, None for all that are Hermitian.
        basis_of_matrix : list of int
            Which of them belongs to each matrix.
        offsets, commutator
            As for `spectrum_pmm`.
        """
        spaces = None
        if bases is not None:
            own = [self._space(basis) for basis in bases]
            spaces = [own[i] for i in basis_of_matrix]
        arguments = {"spaces": spaces, "offsets": offsets, "commutator": commutator}
        return spectrum_pmm(**vars(self), **arguments)

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
        return {
            "bases": [_basis(space) for space in distinct],
            "basis_of_matrix": [distinct.index(space) for space in primary.spaces],
            "offsets": primary.offsets,
            "commutator": float(primary.commutator),
        }


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

    n_factors: int
    block_sizes: tuple
    matrix_type: str
    outputs: list
    eigensolver: str

    def model(self):
        """The model that is trained: `PMM`."""
        space = HermitianSpace(self.block_sizes, self.matrix_type)
        readout = SpectrumReadout(self.outputs, self.block_sizes, "hermitian")
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


@dataclass(frozen=True)
class ImageStructure(Structure):
    """Windows of images, and a matrix for each class.

    Parameters
    ----------
    image_shape, window_shape, stride, gram_dtype
        Of `WindowGrams`.
    n_classes, latent_size, matrix_size, n_eigenvectors, which, matrix_type, \
temperature, eigensolver
        Of `ImagePMM`.
    """

    parameters: ClassVar = ImageParameters
    attributes: ClassVar = (
        *("row_maps_", "column_maps_", "projections_", "offsets_"),
        *("observables_", "intercept_"),
    )

    image_shape: tuple
    window_shape: tuple
    stride: tuple
    gram_dtype: str
    n_classes: int
    latent_size: int
    matrix_size: int
    n_eigenvectors: int
    which: str
    matrix_type: str
    temperature: float
    eigensolver: str

    def model(self):
        """The model that is trained: `ImagePMM`."""
        arguments = dict(vars(self))
        shapes = [arguments.pop(n) for n in ("image_shape", "window_shape", "stride")]
        is_complex = self.matrix_type == "hermitian"
        dtype = np.dtype(arguments.pop("gram_dtype"))
        return ImagePMM(WindowGrams(*shapes, is_complex, dtype), **arguments)

    def fitted_model(self):
        """The same."""
        return self.model()

    def training_arguments(self, model):
        """None that :meth:`model` would take."""
        return {}


def _basis(space):
    """What :meth:`SpectrumStructure.model` makes a space of again."""
    if isinstance(space, Definite):
        return (space.sign,)
    return space.rank if isinstance(space, ShiftedLowRank) else space.columns
