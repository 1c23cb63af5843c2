r"""What data say in a joint evidence: normal errors, or classes.

Each is the negative logarithm of their probability, with the Gauss-Newton matrix of its
second derivatives by the parameters of a model.
"""

from functools import cached_property

import numpy as np
import scipy.linalg
from scipy.linalg.lapack import dpotri

from ._chunks import shares
from .gauss_newton import (
    GaussNewtonSum,
    RowSum,
    gauss_newton_operations,
    has_product_form,
)
from .losses import CrossEntropy, SquaredError
from .objective import Objective
from .penalty import RidgePenalty
from .triangles import (
    absorbed,
    inverse_root,
    solve_transposed,
    triangle_operations,
)

_LN_2_PI = np.log(2 * np.pi)
_LEAST_NOISE = 1e-300


class NormalData:
    r"""Targets with normal errors, :math:`1 / c^2 = e^2 + \sigma^2`.

    .. math::

        \tfrac12 \sum_{sk} c_{sk}^2 \rho_{sk}^2 - \sum_{sk} \ln c_{sk}

    Parameters
    ----------
    model : PMM
        Structure of the model.
    X : ndarray of shape (n_samples, n_features)
        Features.
    y : ndarray of shape (n_samples, n_outputs)
        Targets.
    weight : ndarray of shape (n_samples, 1) or (n_samples, n_outputs)
        Numbers of observations that the targets are.
    errors : ndarray of shape (n_samples, n_outputs), optional
        Known standard deviations, none by default.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import model as m
    >>> pmm, X = m.observable_pmm(1, 1, (2,), 1), np.zeros((4, 1))
    >>> data = m.NormalData(pmm, X, np.ones((4, 1)), np.ones((4, 1)))
    >>> theta = np.zeros(pmm.n_parameters)
    >>> round(float(data.at(theta, np.ones(1)).value), 4)  # 2 (1 + ln 2 pi)
    5.6758
    """

    def __init__(self, model, X, y, weight, errors=None):
        self.model, self.X, self.y, self.weight = model, X, y, weight
        self.squared_errors = np.zeros_like(y) if errors is None else errors**2
        penalty = RidgePenalty(0.0)
        self._objective = Objective(model, SquaredError(), X, y, weight, penalty)
        self.n_noises = y.shape[1]
        self.n_observed = float(np.broadcast_to(weight, y.shape).sum())

    @property
    def operations(self):
        """About how many multiplications a factor takes."""
        return triangle_operations(self.y.size, self.model.n_parameters)

    def at(self, coordinates, noise, threads=map):
        """What belongs to a point: `NormalPoint`."""
        return NormalPoint(self, self._objective, coordinates, noise, threads)


class NormalPoint:
    """What `NormalData` say of one vector of coordinates.

    Attributes
    ----------
    value : float
        The negative logarithm of the probability.
    """

    def __init__(self, data, objective, coordinates, noise, threads):
        self._data, self._coordinates, self._threads = data, coordinates, threads
        total = np.maximum(data.squared_errors + noise, _LEAST_NOISE)
        self._share = noise / total
        self._objective = objective.data_only(data.weight / total)
        self._objective.threads = threads
        chi_square, _ = self._objective.loss_and_norm(coordinates)
        logarithms = np.sum(data.weight * (np.log(total) + _LN_2_PI))
        self.value = 0.5 * (chi_square + logarithms)

    def factorised(self, precision):
        """Factor of the Gauss-Newton matrix with that of a prior, and the gradient.

        Parameters
        ----------
        precision : ndarray of shape (n_parameters,)
            Of the prior.

        Returns
        -------
        triangle : ndarray of shape (n_parameters, n_parameters)
            Upper triangle ``R``, whose ``R.T @ R`` is the sum.
        gradient : ndarray of shape (n_parameters,)
            That of the value.
        """
        size = len(precision)

        def factorise(blocks):
            triangle, gradient = np.zeros((size, size), order="F"), np.zeros(size)
            for _, (_, residuals, rows) in blocks:
                gradient += rows.T @ residuals
                triangle = absorbed(triangle, np.asfortranarray(rows))
            return triangle, gradient

        triangle, gradient = np.diag(np.sqrt(precision)), 0.0
        for part, slope in self._map_shares(factorise):
            triangle, gradient = absorbed(triangle, part), gradient + slope
        return triangle, gradient

    @staticmethod
    def variances(triangle):
        """Diagonal of the inverse of the factorised matrix."""
        return np.sum(inverse_root(triangle) ** 2, axis=1)

    def noise_counts(self, triangle):
        """Observations that are left for the noise, and squares in its units.

        Returns
        -------
        ndarray of shape (2, n_outputs)
        """
        data = self._data

        def counts(blocks):
            sums = np.zeros((2, data.n_noises))
            for chunk, (_, residuals, rows) in blocks:
                # Rows are those of all samples of one output, then of the next.
                leverage = np.sum(solve_transposed(triangle, rows.T) ** 2, axis=0)
                shape = data.n_noises, -1
                share, weight = self._share[chunk].T, data.weight[chunk].T
                sums[0] += np.sum(share * (weight - leverage.reshape(shape)), axis=1)
                sums[1] += np.sum(share * (residuals**2).reshape(shape), axis=1)
            return sums

        return sum(self._map_shares(counts))

    def _map_shares(self, function):
        """Results of a function of chunks of samples and their residuals and rows."""

        def of_share(share):
            blocks = self._objective.blocks(self._coordinates, share)
            return function(zip(share, blocks, strict=True))

        return self._threads(of_share, shares(self._objective.jacobian_chunks))


class ClassData:
    r"""Classes, :math:`-\sum_s w_s \ln p_s`.

    There is no noise beside the probabilities.

    Parameters
    ----------
    model, X, y, weight
        As for `NormalData`; `y` as for `CrossEntropy`.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import model as m
    >>> pmm, X = m.observable_pmm(1, 1, (2,), 1), np.zeros((4, 1))
    >>> data = m.ClassData(pmm, X, np.ones((4, 1)), np.ones((4, 1)))
    >>> theta = np.zeros(pmm.n_parameters)
    >>> round(float(data.at(theta, None).value), 4)  # four times ln 2
    2.7726
    """

    n_noises = 0

    def __init__(self, model, X, y, weight):
        self.model, self.X, self.y, self.weight = model, X, y, weight
        penalty = RidgePenalty(0.0)
        # A forward pass is remembered here, for points that differ in variances only.
        self._objective = Objective(model, CrossEntropy(), X, y, weight, penalty)
        self.n_observed = float(weight.sum())

    @property
    def operations(self):
        """About how many multiplications a factor takes, with its inverse."""
        matrix = gauss_newton_operations(self.model, len(self.X))
        # Products of matrices are faster than orthogonal transformations.
        return 0.5 * (matrix + self.model.n_parameters**3)

    def at(self, coordinates, noise, threads=map):
        """What belongs to a point: `ClassPoint`."""
        return ClassPoint(self._objective.with_threads(threads), coordinates)


class ClassPoint:
    """What `ClassData` say of one vector of coordinates.

    Its methods are those of `NormalPoint`.
    """

    def __init__(self, objective, coordinates):
        self._objective = objective
        self._coordinates = coordinates
        self.value, _ = objective.loss_and_norm(coordinates)

    def factorised(self, precision):
        """As that of `NormalPoint`."""
        matrix, gradient = self._derivatives
        matrix = matrix.copy()
        matrix[np.diag_indices_from(matrix)] += precision
        return scipy.linalg.cholesky(matrix, check_finite=False), gradient

    @staticmethod
    def variances(triangle):
        """Diagonal of the inverse of the factorised matrix."""
        inverse, info = dpotri(triangle)
        if info:
            raise np.linalg.LinAlgError("A triangular factor is singular.")
        return np.diag(inverse)

    @staticmethod
    def noise_counts(triangle):
        """None."""
        return np.empty((2, 0))

    @cached_property
    def _derivatives(self):
        """Gauss-Newton matrix, and gradient."""
        model = self._objective.model
        parameters = model.split(self._coordinates)
        total = GaussNewtonSum(model) if has_product_form(model) else RowSum(model)

        def derivatives(share):
            part = total.empty()
            for chunk in share:
                part.add(self._coordinates, *self._of_chunk(parameters, chunk))
            return part

        parts = shares(self._objective.jacobian_chunks)
        for part in self._objective.threads(derivatives, parts):
            total.include(part)
        return total.matrix, total.gradient

    def _of_chunk(self, parameters, chunk):
        objective = self._objective
        outputs, saved = objective.forward(self._coordinates, parameters, chunk)
        data = outputs, objective.y[chunk], objective.weight[chunk]
        loss = objective.weighted_loss
        return saved, loss.gradient(*data), loss.curvature_matrices(*data)
