"""The squared gap of two levels as a smooth function, with two derivatives."""

from typing import NamedTuple

import numpy as np

# Levels closer than this, relative to the spectrum, count as degenerate.
_DEGENERATE = 1e-10
# Numbers in the matrices of a batch of points.
_LARGEST_BATCH = 2**22


class PairElements(NamedTuple):
    """What derivatives of a gap are made of, at ``m`` points.

    Attributes
    ----------
    values : ndarray of shape (m, n)
        All levels, ascending.
    vectors : ndarray of shape (m, n, n)
        Their eigenvectors in columns.
    slopes : ndarray of shape (m, p, n, 2)
        Elements of the derivatives of `H` between any state and the two of the pair.
    curvatures : ndarray of shape (m, p, p)
        Difference of the expectation values of the second derivatives of `H`.
    """

    values: np.ndarray
    vectors: np.ndarray
    slopes: np.ndarray
    curvatures: np.ndarray


class SquaredGap:
    r"""The function :math:`D(x) = (\lambda_j(x) - \lambda_i(x))^2` and its derivatives.

    Where the two levels meet the gap has a cone, but its square is smooth: with
    :math:`g = \lambda_j - \lambda_i`, elements :math:`A^l_{km} = v_k^\dagger
    (\partial_l H) v_m` and perturbation theory of second order,

    .. math::

        \partial_l D &= 2 g\, (A^l_{jj} - A^l_{ii}), \\
        \partial_l \partial_m D &= 2\, \partial_l g\, \partial_m g
        + 8 \operatorname{Re} A^l_{ji} A^m_{ij} + 2 g R_{lm},

    where ``R`` holds the second derivatives of `H` and the other states, and is
    regular while these are apart.

    Parameters
    ----------
    matrices : ndarray of shape (n_monomials, n, n)
        Coefficients of `H`, of one sector.
    monomials : Monomials
        What they are multiplied by.
    pair : tuple of int (i, j)
        The levels, ``i < j``.
    features : sequence of int of length p
        The features by which derivatives are taken.
    """

    def __init__(self, matrices, monomials, pair, features):
        self._monomials, self._matrices = monomials, matrices
        self.pair, self.features = list(pair), list(features)
        derivative = monomials.derivative_of_coefficients
        self._first = [derivative(matrices, k) for k in self.features]
        self._second = None
        if monomials.degree > 1:
            self._second = [
                [derivative(first, m) for m in self.features] for first in self._first
            ]

    def gap(self, X):
        """The gap itself, shape (m,)."""
        gap = np.empty(len(X))
        for rows in self._batches(len(X)):
            levels = np.linalg.eigvalsh(self._matrix(self._matrices, X[rows]))
            gap[rows] = levels[:, self.pair[1]] - levels[:, self.pair[0]]
        return gap

    def derivatives(self, X):
        """Value, gradient and Hessian matrix of `D`.

        Parameters
        ----------
        X : ndarray of shape (m, n_features)
            Points.

        Returns
        -------
        value : ndarray of shape (m,)
        gradient : ndarray of shape (m, p)
        hessian : ndarray of shape (m, p, p)
        """
        p = len(self.features)
        value, gradient = np.empty(len(X)), np.empty((len(X), p))
        hessian = np.empty((len(X), p, p))
        for rows in self._batches(len(X)):
            elements = self.elements(X[rows])
            i, j = self.pair
            gap = elements.values[:, j] - elements.values[:, i]
            slope = self.slope(elements)
            value[rows] = gap**2
            gradient[rows] = 2.0 * gap[:, np.newaxis] * slope
            hessian[rows] = self._hessian(elements, gap, slope)
        return value, gradient, hessian

    def elements(self, X):
        """Eigensystem and matrix elements at points: `PairElements`."""
        values, vectors = np.linalg.eigh(self._matrix(self._matrices, X))
        pair = np.ascontiguousarray(vectors[:, :, self.pair])
        bras = vectors.conj().swapaxes(1, 2)
        slopes = np.stack(
            [bras @ (self._matrix(first, X) @ pair) for first in self._first], axis=1
        )
        curvatures = np.zeros((len(X), *[len(self.features)] * 2))
        for k, row in enumerate(self._second or ()):
            for m, second in enumerate(row):
                expected = pair.conj() * (self._matrix(second, X) @ pair)
                expected = expected.real.sum(axis=1)
                curvatures[:, k, m] = expected[:, 1] - expected[:, 0]
        return PairElements(values, vectors, slopes, curvatures)

    def slope(self, elements):
        """Gradient of the gap, (m, p): Hellmann and Feynman."""
        i, j = self.pair
        return elements.slopes[:, :, j, 1].real - elements.slopes[:, :, i, 0].real

    def couplings(self, elements):
        r"""Elements :math:`A^l_{ij}` between the two states, shape (m, p)."""
        return elements.slopes[:, :, self.pair[0], 1]

    def inverse_differences(self, elements):
        """Of each of the two levels to all others but its partner, (m, n, 2)."""
        values = elements.values
        distance = values[:, np.newaxis, self.pair] - values[:, :, np.newaxis]
        floor = _DEGENERATE * np.abs(values).max(axis=1)[:, np.newaxis, np.newaxis]
        floor = floor + np.finfo(np.float64).tiny ** 0.5
        inverse = distance / (distance**2 + floor**2)
        inverse[:, self.pair] = 0.0
        return inverse

    def _hessian(self, elements, gap, slope):
        couplings = self.couplings(elements)
        outer = slope[:, :, np.newaxis] * slope[:, np.newaxis]
        mixing = (couplings.conj()[:, :, np.newaxis] * couplings[:, np.newaxis]).real
        weights = self.inverse_differences(elements) * np.array([-1.0, 1.0])
        own = elements.slopes
        pushed = np.einsum("mlks,mnks->mln", own.conj() * weights[:, np.newaxis], own)
        rest = elements.curvatures + 2.0 * pushed.real
        return 2.0 * outer + 8.0 * mixing + 2.0 * gap[:, np.newaxis, np.newaxis] * rest

    def _matrix(self, coefficients, X):
        return np.tensordot(self._monomials.values(X), coefficients, axes=1)

    def _batches(self, n_points):
        size = max(1, _LARGEST_BATCH // self._matrices[0].size)
        return [slice(k, k + size) for k in range(0, n_points, size)]
