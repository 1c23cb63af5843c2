"""What all kinds of models have in common: their parts, and how a file tells them."""

from abc import ABC, abstractmethod
from dataclasses import replace
from functools import partial
from typing import ClassVar

import numpy as np

from ..._outputs import as_targets
from ...checks.parameters import check_number
from ...model import Monomials

# Arguments of the model that estimators have by another name.
_NAMES_GIVEN = {"block_sizes": "matrix_size", "functions": "targets"}
# What changes how a model is calculated, or where its penalty or its features count
# from, not what it is.
_ANY = ("eigensolver", "level_spacing", "origin")
# Of files: so many powers of ten has the highest power of a feature, at most.
_LARGEST_EXPONENT = 152


class Structure(ABC):
    """What a model is.  Abstract.

    A class is a frozen dataclass of plain fields, with

    ``parameters``, ``attributes``
        the type of its parameters, and the names of the fitted attributes they are;
    ``n_features``, ``n_outputs``
        numbers, fields or properties;
    ``model(**arguments)``, ``fitted_model()``
        the model that is trained, and that of the fitted matrices;
    ``training_arguments(model)``
        plain arguments of ``model`` that give a trained one again;
    ``origin``
        the point that features are counted from, if the fitted matrices are those of a
        polynomial.

    In a file of anyone all of that is checked: the fields by ``from_fields``, the sizes
    of the arrays by ``shapes``, before any of them is read, and the arguments by
    ``arguments_from``.
    """

    parameters: ClassVar[type]
    attributes: ClassVar[tuple]
    #: Of files: with larger elements outputs are no floating-point numbers.
    largest_element: ClassVar[float] = 1e150
    #: Zero, for most features.
    origin = ()

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
    @abstractmethod
    def from_fields(cls, fields):
        """Structure of fields from JSON of anyone, checked.

        Parameters
        ----------
        fields : dict
            Nothing of it is known.

        Returns
        -------
        Structure
            The tables that its model makes of it alone are of moderate size, unless
            its arrays are as large.

        Raises
        ------
        ValueError, TypeError, LookupError
            If no estimator has such a model.
        """

    @abstractmethod
    def shapes(self):
        """Shape and type of each array of a fitted model: dict of pairs, by name.

        The order is that of `attributes`.  Nothing is allocated.
        """

    @abstractmethod
    def arguments_from(self, fields, name, archive):
        """Arguments of :meth:`model` from a file of anyone, checked.

        Parameters
        ----------
        fields : dict
            What is not in arrays, from :meth:`training_arguments`.
        name : str
            What names of arrays begin with.
        archive : Archive
            Where the arrays are.

        Raises
        ------
        ValueError, TypeError, LookupError
            If :meth:`training_arguments` does not return such ones.
        """

    @abstractmethod
    def estimator_parameters(self):
        """Parameters of an estimator that has this structure: dict by name."""

    @abstractmethod
    def fitted_attributes(self):
        """Fitted attributes that follow from it: dict by name."""

    @classmethod
    def parameters_of(cls, state):
        """Parameters from fitted attributes, which may lack intercepts."""
        arrays = [state[name] for name in cls.attributes]
        return cls.parameters_from(arrays)

    @classmethod
    def parameters_from(cls, arrays):
        """The same from the arrays in the order of `attributes`."""
        n_missing = len(cls.parameters._fields) - len(arrays)
        return cls.parameters(*arrays, *[np.empty(0)] * n_missing)

    @classmethod
    def state_of(cls, parameters):
        """Fitted attributes from parameters: dict by name."""
        return dict(zip(cls.attributes, parameters, strict=False))

    @property
    def matrices_name(self):
        """Name in files of matrices that multiply features, or what is left of them."""
        return "matrices_from_origin" if self.origin else "matrices"

    def counted_from(self, origin):
        """The structure of matrices that multiply features counted from a point."""
        return self if origin == self.origin else replace(self, origin=origin)

    def moved(self, parameters, origin):
        """Parameters of the same outputs, for features counted from another point.

        Matrices lose as many digits as the points are far from each other.

        Parameters
        ----------
        parameters : tuple of ndarray
            For features that count from the origin of the structure.
        origin : tuple of float
            The other point; empty for zero.

        Returns
        -------
        tuple of ndarray
            The same if the points are.
        """
        if origin == self.origin:
            return parameters
        monomials = self.fitted_model().primary.monomials
        step = monomials.origin - (np.array(origin) if origin else 0.0)
        matrices = monomials.in_other_units(
            parameters.matrices, step, np.ones_like(step)
        )
        moved = parameters._replace(matrices=matrices)
        readout = self.fitted_model().readout
        if not hasattr(readout, "constants_in_other_units"):
            return moved
        # Of affine functions of the features.
        change = partial(
            Monomials(len(step)).in_other_units, shift=step, scale=1 + 0 * step
        )
        constants = readout.constants_in_other_units(parameters.intercept, change)
        return moved._replace(intercept=constants)

    def targets(self):
        """What the outputs of an emulator are; None for others."""
        outputs = vars(self).get("outputs")
        if outputs is None:
            return None
        return as_targets(outputs, vars(self).get("functions", ()))

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


def no_arguments(fields):
    """Arguments from a file of a structure whose model has none.

    Raises
    ------
    ValueError
        If there are any.
    """
    if fields != {}:
        raise ValueError("the error bars have arguments of another structure")
    return {}


def origin_from(values, n_features, degree=1):
    """The point that features are counted from, from a file of anyone.

    Raises
    ------
    ValueError, TypeError
        If powers of it are no floating-point numbers.
    """
    if len(values) not in (0, n_features):
        raise ValueError(f"origin has {len(values)} numbers")
    largest = 10.0 ** (_LARGEST_EXPONENT / degree)
    for value in values:
        check_number("origin", value, -largest, largest)
    return tuple(map(float, values))


def size_parameter(block_sizes):
    """The parameter `matrix_size` of these block sizes."""
    return block_sizes[0] if len(block_sizes) == 1 else block_sizes


def dtype_of(matrix_type):
    """Type of the elements of matrices."""
    is_complex = matrix_type == "hermitian"
    return np.dtype(np.complex128 if is_complex else np.float64)
