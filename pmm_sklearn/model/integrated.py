"""Observables integrated out: what belongs to given matrices and variances."""

import numpy as np
import scipy.linalg
from scipy.linalg.lapack import dpotri

# Against the trace of a Gram matrix: what is smaller is rounding.
_JITTER = 1e-14


class IntegratedObservables:
    r"""What an `EvidenceObjective` is made of at one vector of parameters.

    Parameters
    ----------
    objective : EvidenceObjective
        Has the data.
    theta : ndarray of shape (n_parameters,)
        The vector.
    known : IntegratedObservables, optional
        That of another vector, whose features are taken over for the same matrices.

    Attributes
    ----------
    coordinates : ndarray of shape (size,)
        Of the matrices.
    variances : Variances
        Of matrices, observables and noise.
    precision : ndarray of shape (size,)
        Of the prior of the coordinates.
    gram : ndarray of shape (n_features, n_features)
        The matrix :math:`\Phi^T \Phi`.
    ridges : list of Ridge
        The matrix ``A`` of each output.
    b : ndarray of shape (n_features, n_outputs)
        The most probable coefficients.
    squares : ndarray of shape (n_outputs,)
        Sums of squared residuals.
    value : float
        The negative logarithm ``f``.
    """

    def __init__(self, objective, theta, known=None):
        self.theta = theta
        self.coordinates, self.variances = objective.split(theta)
        self.precision = 1.0 / self.variances.matrices[objective.block_of]
        if known is not None and np.array_equal(known.coordinates, self.coordinates):
            self.passes, self.gram, self.moments = (
                known.passes,
                known.gram,
                known.moments,
            )
        else:
            self.passes = objective.passes(self.coordinates)
            self.gram, self.moments = self._moments(objective)
        ratios = self.variances.noise / self.variances.observables
        self.ridges = [Ridge(self.gram, ratio) for ratio in ratios]
        solved = [r.solve(m) for r, m in zip(self.ridges, self.moments.T, strict=True)]
        self.b = np.stack(solved, axis=1)
        (self.squares,) = objective.sum(self._squares_of(objective), self.passes)
        self.value = self._value(objective, ratios)

    def _moments(self, objective):
        """The matrices Phi^T W Phi and Phi^T W y."""

        def moments(share):
            gram, mixed = 0.0, 0.0
            for chunk, features, _, _ in share:
                weighted = features * objective.weight[chunk]
                gram = gram + weighted.T @ features
                mixed = mixed + weighted.T @ objective.y[chunk]
            return gram, mixed

        return objective.sum(moments, self.passes)

    def _squares_of(self, objective):
        """Function that sums the squares of the residuals of each output."""

        def squares(share):
            total = np.zeros(objective.n_outputs)
            for chunk, features, _, _ in share:
                rho = objective.y[chunk] - features @ self.b
                total += np.sum(objective.weight[chunk] * rho**2, axis=0)
            return (total,)

        return squares

    def _value(self, objective, ratios):
        noise = self.variances.noise
        squares = self.squares + ratios * np.sum(self.b**2, axis=0)
        logarithms = np.array([ridge.log_determinant for ridge in self.ridges])
        logarithms = logarithms - objective.n_features * np.log(ratios)
        logarithms = logarithms + objective.n_observations * np.log(noise)
        prior = self.precision @ self.coordinates**2
        value = 0.5 * float(np.sum(squares / noise + logarithms) + prior)
        return value if np.isfinite(value) else np.inf


class Ridge:
    """The matrix ``A``, a Gram matrix and a multiple of one, and its inverse.

    Parameters
    ----------
    gram : ndarray of shape (n, n)
        The Gram matrix.
    ratio : float
        The multiple.
    """

    def __init__(self, gram, ratio):
        self.ratio = ratio
        damped = gram.copy()
        damped[np.diag_indices_from(damped)] += ratio + _JITTER * np.trace(gram)
        self._factor = scipy.linalg.cholesky(
            damped, lower=True, overwrite_a=True, check_finite=False
        )
        self.log_determinant = 2.0 * np.sum(np.log(np.diag(self._factor)))

    def solve(self, right):
        """``A^-1`` times something."""
        return scipy.linalg.cho_solve((self._factor, True), right, check_finite=False)

    def half_solve(self, right):
        """A root of ``A^-1`` times something."""
        return scipy.linalg.solve_triangular(
            self._factor, right, lower=True, check_finite=False
        )

    def inverse(self):
        """``A^-1``."""
        inverse, _ = dpotri(self._factor, lower=1)
        return np.tril(inverse) + np.tril(inverse, -1).T

    def determined(self):
        """Number of coefficients that the data determine."""
        inverse, _ = dpotri(self._factor, lower=1)
        return len(inverse) - self.ratio * np.trace(inverse)


class LazyPasses:
    """Passes of chunks that are calculated again whenever they are visited."""

    def __init__(self, function, chunks):
        self._function = function
        self._chunks = chunks

    def __len__(self):
        return len(self._chunks)

    def __getitem__(self, part):
        return map(self._function, self._chunks[part])
