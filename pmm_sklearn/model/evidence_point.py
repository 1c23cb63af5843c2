"""What the evidence is made of at one set of matrices and variances."""

from functools import reduce
from typing import NamedTuple

import numpy as np

from ._chunks import shares
from .triangles import absorbed, log_determinant, solve

_LN_2_PI = np.log(2 * np.pi)


class Output(NamedTuple):
    r"""The rows of the joint factor that belong to the observables of one output.

    Attributes
    ----------
    own : ndarray of shape (n_features, n_features)
        Upper triangle ``R`` of the observables.
    mixed : ndarray of shape (n_features, size)
        Beside it, the columns of the matrices.
    """

    own: np.ndarray
    mixed: np.ndarray


class EvidencePoint:
    r"""Residuals, observables and the joint factor of an `EvidenceObjective`.

    The Gauss-Newton matrix of all parameters is :math:`R^T R`, with a triangle for the
    observables of each output, and one for the matrices, below and right of them.

    Parameters
    ----------
    objective : EvidenceObjective
        Has the data.
    theta : ndarray of shape (n_parameters,)
        The vector.

    Attributes
    ----------
    coordinates : ndarray of shape (size,)
        Of the matrices.
    variances : Variances
        Of matrices, observables and noise.
    passes : sequence
        Of each chunk its slice of samples, primary matrices, what their derivatives
        need, eigensystems and features.
    scales : ndarray of shape (n_samples, n_outputs)
        The factors ``c``, times roots of the weights.
    b : ndarray of shape (n_features, n_outputs)
        The most probable observables.
    outputs : list of Output
        The joint factor, but for its last rows.
    triangle : ndarray of shape (size, size)
        These, of the matrices with observables projected out.
    value : float
        The negative logarithm ``L``.

    Raises
    ------
    numpy.linalg.LinAlgError
        If something is no finite number.
    """

    def __init__(self, objective, theta):
        self.theta = theta
        self.coordinates, self.variances = objective.split(theta)
        self._objective = objective
        noise = objective.squared_errors + self.variances.noise
        self.scales = np.sqrt(objective.weight / noise)
        self.passes = objective.passes(self.coordinates)
        self._rows = {}
        self.b = np.stack(
            [self._most_probable(k) for k in range(objective.n_outputs)], axis=1
        )
        self.observables = objective.model.readout.observables_of(self.b)
        self.triangle = np.diag(1.0 / np.sqrt(self._variance_of_coordinates()))
        self.outputs = []
        for k in range(objective.n_outputs):
            self._project_out(k)
        self.value = self._value(noise)

    def _variance_of_coordinates(self):
        return self.variances.matrices[self._objective.block_of]

    def residuals(self, chunk, features):
        """Targets minus outputs, (n_samples of the chunk, n_outputs)."""
        return self._objective.y[chunk] - features @ self.b

    def rows(self, k, part):
        """Derivatives of one output by its observables and the matrices, in units.

        Parameters
        ----------
        k : int
            Number of the output.
        part : tuple
            An element of `passes`.

        Returns
        -------
        ndarray of shape (n_samples of the chunk, n_features + size)
            In Fortran order.
        """
        objective = self._objective
        chunk, _, saved, system, features = part
        if (k, chunk.start) in self._rows:
            return self._rows[k, chunk.start]
        n_features = objective.n_features
        rows = np.empty((n_features + objective.size, len(features))).T
        rows[:, :n_features] = features
        gradients = self.matrix_gradients(k, system)
        out = rows[:, np.newaxis, n_features:]
        primary = objective.model.primary
        primary.jacobian(self.coordinates, saved, gradients[:, np.newaxis], out=out)
        rows *= self.scales[chunk, k : k + 1]
        if objective.remembers:
            self._rows[k, chunk.start] = rows
        return rows

    def matrix_gradients(self, k, system):
        """Gradients of one output by the primary matrices, (n_samples, n, n)."""
        readout = self._objective.model.readout
        _, saved = readout.forward(system, self.observables, 0.0)
        cotangents = np.zeros((len(system.values), self._objective.n_outputs))
        cotangents[:, k] = 1.0
        return readout.summed_matrix_gradient(system, saved, cotangents)

    def _absorb(self, first, rows_of):
        """Factor of a triangle and the rows of all chunks."""

        def factor(task):
            triangle, share = task
            for part in share:
                triangle = absorbed(triangle, rows_of(part))
            return triangle

        parts = shares(self.passes)
        starts = [first] + [np.zeros_like(first)] * (len(parts) - 1)
        tasks = list(zip(starts, parts, strict=True))
        return reduce(absorbed, self._objective.threads(factor, tasks))

    def _most_probable(self, k):
        """Observables of one output: a ridge regression on the features."""
        objective = self._objective
        n_features = objective.n_features

        def rows_of(part):
            chunk, *_, features = part
            rows = np.empty((n_features + 1, len(features))).T
            rows[:, :n_features] = features
            rows[:, n_features] = objective.y[chunk, k]
            rows *= self.scales[chunk, k : k + 1]
            return rows

        prior = np.full(n_features + 1, 1.0 / np.sqrt(self.variances.observables[k]))
        prior[-1] = 0.0
        factor = self._absorb(np.diag(prior), rows_of)
        own, right = factor[:n_features, :n_features], factor[:n_features, n_features]
        log_determinant(own)
        return solve(own, right)

    def _project_out(self, k):
        """Rows of one output in the joint factor; the rest is for the triangle."""
        n_features = self._objective.n_features
        first = np.zeros((n_features + len(self.triangle),) * 2)
        diagonal = np.arange(n_features)
        first[diagonal, diagonal] = 1.0 / np.sqrt(self.variances.observables[k])
        first[n_features:, n_features:] = self.triangle
        factor = self._absorb(first, lambda part: self.rows(k, part))
        top = factor[:n_features]
        self.outputs.append(Output(top[:, :n_features], top[:, n_features:]))
        self.triangle = factor[n_features:, n_features:]

    def _value(self, noise):
        objective, variances = self._objective, self.variances
        squares = 0.0

        def sum_of_squares(share):
            total = 0.0
            for chunk, *_, features in share:
                scaled = self.scales[chunk] * self.residuals(chunk, features)
                total += np.sum(scaled**2)
            return total

        for part in objective.map_shares(sum_of_squares, self.passes):
            squares += part
        squares += np.sum(np.sum(self.b**2, axis=0) / variances.observables)
        prior = self._variance_of_coordinates()
        squares += np.sum(self.coordinates**2 / prior)
        logarithms = np.sum(objective.weight * np.log(noise))
        logarithms += objective.n_features * np.sum(np.log(variances.observables))
        logarithms += np.sum(np.log(prior))
        logarithms += objective.n_observations * objective.n_outputs * _LN_2_PI
        determinant = log_determinant(self.triangle)
        for output in self.outputs:
            determinant += log_determinant(output.own)
        value = 0.5 * float(squares + logarithms) + determinant
        if not np.isfinite(value):
            raise np.linalg.LinAlgError("The evidence is no finite number.")
        return value
