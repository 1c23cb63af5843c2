"""Matrices that share a space, which are treated together."""

import numpy as np


class MatrixGroup:
    """Those of several matrices whose space is the same but for its scale.

    Parameters
    ----------
    base : Space
        The space without scale.
    spaces : list of Space
        Those of all matrices.
    starts : ndarray of int of shape (n_matrices,)
        Where the coordinates of each matrix begin.

    Attributes
    ----------
    members : ndarray of int of shape (n_members,)
        The matrices of the group.
    places : ndarray of int of shape (n_members, size)
        Where their coordinates are.
    factors : float or ndarray of shape (n_members, 1)
        What coordinates are multiplied by to be those of `base`.
    """

    def __init__(self, base, spaces, starts):
        self.base = base
        members = [i for i, space in enumerate(spaces) if space.base is base]
        self.members = np.array(members)
        self.places = starts[self.members, np.newaxis] + np.arange(base.size)
        factors = np.array([spaces[i].factor for i in members])
        self._have_units = bool(np.any(factors != 1.0))
        self.factors = factors[:, np.newaxis] if self._have_units else 1.0
        self._are_all = len(members) == len(spaces)

    def coordinates(self, theta):
        """Coordinates in `base`, shape (n_members, size)."""
        return theta[self.places] * self.factors

    def columns(self, inputs):
        """Inputs of the members, without a copy if these are all."""
        return inputs if self._are_all else inputs[:, self.members]

    def scaled_columns(self, inputs):
        """The same, times the factors."""
        columns = self.columns(inputs)
        return columns * self.factors[:, 0] if self._have_units else columns

    def pull_back(self, theta, gradients):
        """Derivatives by coordinates in `base`, of every output of every sample.

        Parameters
        ----------
        theta : ndarray of shape (n_parameters,)
            Coordinates of all matrices.
        gradients : ndarray of shape (n_samples, n_outputs, n, n)
            Gradients with respect to a matrix.

        Returns
        -------
        ndarray of shape (n_members or 1, n_samples, n_outputs, size)
            Of a linear space, those of all members are the same.
        """
        if self.base.degree == 1:
            derivatives = self.base.adjoint(gradients)
            # In the layout of the Jacobian: see PMM.jacobian.
            return np.ascontiguousarray(derivatives.T).T[np.newaxis]
        tangent = self.base.tangent(self.coordinates(theta))
        return tangent.adjoint(gradients[:, :, np.newaxis]).transpose(2, 0, 1, 3)
