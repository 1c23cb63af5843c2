"""A Gaussian process that learns from values and slopes, the rival of slopes."""

import numpy as np
from scipy import linalg, optimize

# Variance of the noise of exact data, in units of the variance of the values.
NUGGET = 1e-10


class GradientProcess:
    """Gaussian process with a length scale for each feature, and data with slopes.

    Values and slopes are jointly normal with the derivatives of the kernel s^2 exp(-r^2
    / 2), r^2 = sum_l (x_l - x'_l)^2 / h_l^2, as covariances.  s, h and a constant
    maximise the likelihood, the best of several starts.

    Parameters
    ----------
    starts : sequence of float
        Length scales to start from, the same for all features.
    """

    def __init__(self, starts=(2.0, 8.0)):
        self.starts = starts

    def fit(self, X, y, slopes):
        """X (n, p), y (n,) and its derivatives by the features (n, p)."""
        self.X, self.mean, self.unit = X, y.mean(), y.std()
        values = (y - self.mean) / self.unit
        self.data = np.concatenate([values, (slopes / self.unit).T.ravel()])
        starts = [np.full(X.shape[1], np.log(h)) for h in self.starts]
        fits = [
            optimize.minimize(self._loss, start, method="L-BFGS-B", bounds=self._bounds)
            for start in starts
        ]
        self._loss(min(fits, key=lambda fit: fit.fun).x)
        return self

    @property
    def _bounds(self):
        return [np.log([0.05, 200.0])] * self.X.shape[1]

    def _loss(self, log_lengths):
        """Negative log-likelihood, with the amplitude at its maximum."""
        self.lengths = np.exp(log_lengths)
        n, size = len(self.X), len(self.data)
        kernel = self._covariances(self.X)
        kernel[np.diag_indices(size)] *= 1 + NUGGET
        try:
            factor = linalg.cho_factor(kernel, lower=True)
        except linalg.LinAlgError:
            return 1e10
        constant = np.concatenate([np.ones(n), np.zeros(size - n)])
        solved = linalg.cho_solve(factor, np.column_stack([self.data, constant]))
        self.constant = constant @ solved[:, 0] / (constant @ solved[:, 1])
        self.weights = solved @ [1.0, -self.constant]
        amplitude = (self.data - self.constant * constant) @ self.weights / size
        logarithm = 2 * np.log(np.diag(factor[0])).sum()
        return 0.5 * (logarithm + size * np.log(max(amplitude, 1e-300)))

    def _covariances(self, X):
        """Of values at X and, if X has the data, slopes, with the data."""
        differences = (X[:, np.newaxis] - self.X) / self.lengths
        kernel = np.exp(-0.5 * np.sum(differences**2, axis=2))
        scaled = differences / self.lengths
        blocks = [[kernel, *(scaled * kernel[..., None]).transpose(2, 0, 1)]]
        if X is self.X:
            for i, own in enumerate(scaled.transpose(2, 0, 1)):
                row = [-own * kernel]
                for j, other in enumerate(scaled.transpose(2, 0, 1)):
                    curvature = (i == j) / self.lengths[i] ** 2
                    row.append((curvature - own * other) * kernel)
                blocks.append(row)
        return np.block(blocks)

    def predict(self, X):
        values = self.constant + self._covariances(X) @ self.weights
        return self.mean + self.unit * values
