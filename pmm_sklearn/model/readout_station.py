"""What the model asks of its last station, from eigenstates to outputs."""

from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np


class Element(NamedTuple):
    r"""A matrix element on which an output depends, at a batch of samples.

    An output changes by at most :math:`|s|\,|da|` through this element.

    Attributes
    ----------
    output : int
        Number of the output.
    left, right : int
        Numbers of the states ``i`` and ``j`` among those selected.
    observable : ndarray of shape (n, n) or (n_samples, n, n)
        The matrix ``O`` of the amplitude :math:`a = v_i^\dagger O v_j`.
    slopes : ndarray of shape (n_samples,)
        Magnitudes of the slope ``s``.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import model as m
    >>> space = m.HermitianSpace((2,), "symmetric")
    >>> readout = m.ObservableReadout("transition", 1, 1, space)
    >>> eigensystem = m.Eigensystem(np.diag([1.0, 4.0])[np.newaxis], m.Extremes(1))
    >>> observables = np.diag([5.0, 6.0])[np.newaxis, np.newaxis]
    >>> (element,) = readout.elements(eigensystem, observables)
    >>> element.slopes  # of a square
    array([10.])
    """

    output: int
    left: int
    right: int
    observable: np.ndarray
    slopes: np.ndarray


@runtime_checkable
class ReadoutStation(Protocol):
    """From selected eigenstates to outputs, and derivatives the way back.

    Its parameters are coordinates ``theta`` of observables and, last, intercepts.
    Derivatives by them are taken at these coordinates.

    Attributes
    ----------
    n_outputs, n_intercepts : int
        Numbers of outputs and of parameters that are not penalised.
    size : int
        Number of parameters.
    working_size : int
        Numbers per sample in the temporary arrays.
    level_coefficients : ndarray of shape (n_outputs, r) or None
        Of the energies of the selected states in the outputs, None for zeros.
    slope_features : sequence of int
        Features by which outputs need derivatives of the primary matrix, mostly none.
    """

    n_outputs: int
    n_intercepts: int
    size: int
    working_size: int
    level_coefficients: np.ndarray | None
    slope_features: list

    def split(self, theta):
        """Observables and intercepts from parameters of shape (size,)."""

    def join(self, observables, intercept):
        """Parameters of given observables, or of the nearest that can be learned."""

    def initial(self, random_state):
        """Random parameters to start from."""

    def constants(self, observables):
        """What depends on the observables only; None for nothing."""

    def forward(self, eigensystem, observables, intercept, constants=None):
        """Outputs (n_samples, n_outputs), and what the derivatives need."""

    def matrix_gradients(self, eigensystem, saved):
        """Gradients of the outputs by the primary matrix, (N, n_outputs, n, n)."""

    def summed_matrix_gradient(self, eigensystem, saved, cotangents):
        """Those of weighted sums over the outputs of each sample, (N, n, n)."""

    def derivative_terms(self, saved):
        """Gradients by derivatives of the primary matrix, list of `DerivativeTerm`."""

    def gradient(self, theta, saved, cotangents):
        """Derivatives of a weighted sum of all outputs, shape (size,)."""

    def jacobian(self, theta, saved, out):
        """Write those of each output into (n_samples, n_outputs, size)."""

    def tangent(self, theta, saved, direction):
        """Change of the outputs for a change of the parameters, (size,)."""

    def contributions(self, eigensystem, observables):
        """Terms of each level that is read out, (n_samples, n_outputs, r)."""

    def elements(self, eigensystem, observables):
        """The :class:`Element` tuples on which the outputs depend."""

    def matrix_slopes(self, eigensystem, observables):
        r"""Bounds for :math:`|dz| / \|dH\|_F` of what does not depend on elements.

        The shape is (n_samples, n_outputs); None for nothing.
        """
