"""Spaces in other units: a prior for the size of each matrix."""

import numpy as np


class Scaled:
    """A space in which coordinates of order one are matrices of order `scale`.

    The squared norm of the coordinates, by which matrices are penalised, is then that
    of the matrices divided by the squared scale: a normal prior of that standard
    deviation.

    Parameters
    ----------
    space : Space
        The space of the matrices, of any kind but another `Scaled`.
    scale : float
        A positive number.

    Attributes
    ----------
    side, size, dtype, degree, start_scale, n_gauge, ambient, base, factor
        See ``Space``.
    scale : float
        The argument.

    Examples
    --------
    >>> from pmm_sklearn.model import HermitianSpace, Scaled
    >>> space = Scaled(HermitianSpace((2,), "symmetric"), 0.5)
    >>> matrix = space.matrices([2.0, 4.0, 0.0])
    >>> matrix
    array([[1., 0.],
           [0., 2.]])
    >>> space.coordinates(matrix)
    array([2., 4., 0.])
    >>> space.adjoint(matrix)
    array([0.5, 1. , 0. ])
    """

    def __init__(self, space, scale):
        self.base = space
        self.scale = scale
        self.degree = space.degree
        self.factor = float(scale) ** (1.0 / space.degree)
        self.side = space.side
        self.size = space.size
        self.dtype = space.dtype
        self.ambient = space.ambient
        self.start_scale = space.start_scale
        self.n_gauge = space.n_gauge
        self.n_shifts = space.n_shifts

    def matrices(self, coordinates):
        """Hermitian matrices with the given coordinates of shape (..., size)."""
        return self.base.matrices(self.factor * np.asarray(coordinates))

    def coordinates(self, matrices):
        """Coordinates of the matrices, or of the nearest ones."""
        return self.base.coordinates(matrices) / self.factor

    def tangent(self, coordinates):
        """Changes at given coordinates; the space itself if it is linear."""
        if self.degree == 1:
            return self
        inner = self.base.tangent(self.factor * np.asarray(coordinates))
        return ScaledTangent(inner, self.factor)

    def adjoint(self, gradients):
        """Derivatives by the coordinates of a linear space: see ``Tangent``."""
        return self.factor * self.base.adjoint(gradients)

    def adjoint_of_coordinates(self, gradients):
        """The same of coordinates of the gradients in `ambient`."""
        return self.factor * self.base.adjoint_of_coordinates(gradients)


class ScaledTangent:
    """Changes of coordinates that are multiplied before they are those of a space.

    Parameters
    ----------
    tangent : Tangent
        Of the space.
    factor : float
        What they are multiplied by.
    """

    def __init__(self, tangent, factor):
        self._tangent = tangent
        self._factor = factor

    def matrices(self, changes):
        """Changes of the matrices: see ``Tangent``."""
        return self._tangent.matrices(self._factor * np.asarray(changes))

    def adjoint(self, gradients):
        """Derivatives by the coordinates: see ``Tangent``."""
        return self._factor * self._tangent.adjoint(gradients)

    def adjoint_of_coordinates(self, gradients):
        """The same of coordinates of the gradients in the ambient space."""
        return self._factor * self._tangent.adjoint_of_coordinates(gradients)
