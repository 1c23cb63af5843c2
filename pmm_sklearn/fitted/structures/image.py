"""Classifiers of images: windows, and a matrix for each class."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ...checks.images import check_pair, check_window
from ...checks.parameters import check_integer, check_number, check_option
from ...model import (
    MATRIX_TYPES,
    SELECTIONS,
    ImageParameters,
    ImagePMM,
    WindowGrams,
)
from ...model.eigensolver import EIGENSOLVERS
from .base import Structure, dtype_of, no_arguments

# Of files: numbers in a matrix of any side, and in the map from windows to it.
_LARGEST_MATRIX, _LARGEST_MAP = 5_000_000, 1_000_000_000
_SMALLEST_TEMPERATURE, _LARGEST_TEMPERATURE = 1e-100, 1e100
_GRAM_TYPES = ("float64", "float32")


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
    # Outputs are products of up to four of them.
    largest_element: ClassVar = 1e30

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

    @property
    def n_features(self):
        """Number of pixels."""
        return self.image_shape[0] * self.image_shape[1]

    @property
    def n_outputs(self):
        """One for each class."""
        return self.n_classes

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

    @classmethod
    def from_fields(cls, fields):
        """Structure of fields from a file: see `Structure`."""
        names = "image_shape", "window_shape", "stride"
        pairs = {name: check_pair(name, fields[name]) for name in names}
        structure = cls(**{**fields, **pairs})
        check_window(structure.window_shape, structure.stride, structure.image_shape)
        check_integer("n_classes", structure.n_classes, 2)
        for name in ("latent_size", "matrix_size", "n_eigenvectors"):
            check_integer(name, getattr(structure, name), 1)
        check_option("which", structure.which, tuple(SELECTIONS))
        check_option("matrix_type", structure.matrix_type, MATRIX_TYPES)
        check_option("gram_dtype", structure.gram_dtype, _GRAM_TYPES)
        check_option("eigensolver", structure.eigensolver, EIGENSOLVERS)
        temperature = structure.temperature
        check_number("temperature", temperature, _SMALLEST_TEMPERATURE)
        check_number("temperature", temperature, 0, _LARGEST_TEMPERATURE)
        structure._check_tables()
        return structure

    def _check_tables(self):
        """Raise if matrices or maps would take long or much memory to prepare."""
        if self.n_eigenvectors > self.matrix_size:
            raise ValueError(f"there are too many eigenvectors, {self.n_eigenvectors}")
        sides = *self.window_shape, self.latent_size, self.matrix_size
        if max(sides) ** 2 > _LARGEST_MATRIX:
            raise ValueError(f"there are matrices of side {max(sides)}")
        n_elements = sum(side**2 for side in self.window_shape)
        if self._n_windows() * n_elements * self.latent_size**2 > _LARGEST_MAP:
            raise ValueError(f"there are too many windows, {self._n_windows()}")

    def _n_windows(self):
        sides = zip(self.image_shape, self.window_shape, self.stride, strict=True)
        rows, columns = (1 - (window - image) // step for image, window, step in sides)
        return rows * columns

    def shapes(self):
        """Shape and type of each array: see `Structure`."""
        n, latent, side = self.n_classes, self.latent_size, self.matrix_size
        n_pairs = self.n_eigenvectors * (self.n_eigenvectors + 1) // 2
        height, width = self.window_shape
        shapes = {
            "row_maps": (self._n_windows(), latent, height),
            "column_maps": (self._n_windows(), latent, width),
            "projections": (n, side, latent),
            "offsets": (n, side, side),
            "observables": (n, n_pairs, side, side),
        }
        dtype = dtype_of(self.matrix_type)
        numbers = {name: (shape, dtype) for name, shape in shapes.items()}
        return {**numbers, "intercept": ((n,), np.dtype(np.float64))}

    def arguments_from(self, fields, name, archive):
        """None."""
        return no_arguments(fields)

    def estimator_parameters(self):
        """Parameters of a classifier of images."""
        own = dict(vars(self))
        del own["n_classes"], own["eigensolver"]
        return own

    def fitted_attributes(self):
        """Height and width of the images."""
        return {"image_shape_": self.image_shape}
