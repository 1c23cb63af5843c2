"""What the evidence is made of at one set of matrices and variances."""

from abc import ABC, abstractmethod
from functools import cached_property, reduce
from typing import NamedTuple

import numpy as np

from ._chunks import shares
from .coordinates import AllCoordinates, RowSpace
from .triangles import absorbed, log_determinant, solve, solve_transposed

_LN_2_PI = np.log(2 * np.pi)


class Solutions(NamedTuple):
    r"""What one output of some samples says of the parameters.

    Attributes
    ----------
    projected : ndarray of shape (n_features, n_samples)
        :math:`R^{-T} \phi_s`, of the observables alone, in units of the noise.
    joint_features : ndarray of shape (n_features, n_samples)
        The part :math:`\beta_s` of :math:`B^{-1} j_s`.
    matrices : ndarray of shape (size, n_samples)
        The other part, :math:`w_s`.
    n_features : float
        Number of observables that these samples determine.
    n_coordinates : ndarray of shape (size,)
        Of each coordinate of the matrices, which part they determine.
    leverage : ndarray of shape (n_samples,)
        How many parameters each sample determines, :math:`j_s \cdot B^{-1} j_s`.
    """

    projected: np.ndarray
    joint_features: np.ndarray
    matrices: np.ndarray
    n_features: float
    n_coordinates: np.ndarray
    leverage: np.ndarray


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


class MarginalPoint(ABC):
    r"""Residuals, observables and the joint factor of a `MarginalEvidence`.  Abstract.

    The Gauss-Newton matrix of all parameters is :math:`R^T R`, with a triangle for the
    observables of each output, and one for the matrices, below and right of them.

    Parameters
    ----------
    objective : MarginalEvidence
        Has the data.
    theta : ndarray of shape (n_parameters,)
        The vector.

    Attributes
    ----------
    coordinates : ndarray of shape (size,)
        Of the matrices.
    variances : Variances
        Of matrices, observables and noise.
    passes : sequence of Pass
        One for each chunk of rows.
    scales : ndarray of shape (n_rows, n_outputs)
        The factors ``c``, times roots of the weights.
    b : ndarray of shape (n_features, n_outputs)
        The most probable observables.
    potential : float
        Negative logarithm of the probability of matrices and data, with observables
        integrated out: ``L`` without the determinant of the matrices.
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
        self.passes = objective.passes(self.coordinates)
        self._rows = {}
        noise = self._prepared()
        own = [self._most_probable(k) for k in range(objective.n_outputs)]
        self.b = np.stack([b for b, _ in own], axis=1)
        self.observables = objective.model.readout.observables_of(self.b)
        self.potential = self._potential(noise) + sum(half for _, half in own)
        if not np.isfinite(self.potential):
            raise np.linalg.LinAlgError("The evidence is no finite number.")

    @abstractmethod
    def _prepared(self):
        """Set `scales`, and return the variances of the targets if these have any."""

    @abstractmethod
    def _most_probable(self, k):
        """Observables of one output, and half the logarithm of their determinant."""

    @abstractmethod
    def _potential(self, noise):
        """All but the determinants."""

    @abstractmethod
    def residuals(self, chunk, features):
        """Targets minus outputs, (n_samples of the chunk, n_outputs)."""

    @abstractmethod
    def stiffness(self, k, chunk):
        """Second derivatives of what data say by one output, (n_samples,)."""

    @abstractmethod
    def hessian_factor(self, k):
        """Factor of the second derivatives by the observables of one output."""

    @abstractmethod
    def bends(self, k, chunk, leverage):
        """How determinants depend on one output beside its rows: None if they do not.

        Parameters
        ----------
        k : int
            Number of the output.
        chunk : slice
            Samples.
        leverage : ndarray of shape (n_samples,)
            What they determine of the parameters in question.
        """

    @abstractmethod
    def noise_squares(self, left, squares):
        """Of residuals, in units of the noise, what observations are left for."""

    @property
    def outputs(self):
        """Rows of the joint factor."""
        return self._joint[0]

    @property
    def triangle(self):
        """Its last rows."""
        return self._joint[1]

    @cached_property
    def value(self):
        """The negative logarithm ``L``."""
        beside = self.space.log_determinant
        return self.potential + log_determinant(self.triangle) + beside

    @cached_property
    def _joint(self):
        triangle, outputs = self.space.prior, []
        for k in range(self._objective.n_outputs):
            output, triangle = self._projected_out(k, triangle)
            outputs.append(output)
        return outputs, triangle

    @cached_property
    def space(self):
        """The coordinates to solve for: `AllCoordinates`, or a `RowSpace`."""
        objective = self._objective
        deviations = np.sqrt(self._variance_of_coordinates())
        if not objective.is_wide:
            return AllCoordinates(deviations)
        rows = [
            self._by_matrices(k, part)
            for k in range(objective.n_outputs)
            for part in self.passes
        ]
        return RowSpace(np.concatenate(rows), deviations, objective.n_observed)

    def _variance_of_coordinates(self):
        return self.variances.matrices[self._objective.block_of]

    def rows(self, k, part):
        """Derivatives of one output by observables and `space`, in units of the noise.

        Parameters
        ----------
        k : int
            Number of the output.
        part : tuple
            An element of `passes`.

        Returns
        -------
        ndarray of shape (n_samples of the chunk, n_features + n_coordinates)
            In Fortran order.
        """
        objective = self._objective
        chunk, *_, features = part
        if (k, chunk.start) in self._rows:
            return self._rows[k, chunk.start]
        n_features = objective.n_features
        n_coordinates = len(self.space.prior)
        rows = np.empty((n_features + n_coordinates, len(features))).T
        rows[:, :n_features] = self.scales[chunk, k : k + 1] * features
        if objective.is_wide:
            first = k * objective.n_rows + chunk.start
            rows[:, n_features:] = self.space.rows[first : first + len(features)]
        else:
            self._by_matrices(k, part, out=rows[:, n_features:])
        if objective.remembers:
            self._rows[k, chunk.start] = rows
        return rows

    def _by_matrices(self, k, part, out=None):
        """Derivatives of one output by the matrices, in units of the noise."""
        objective = self._objective
        if out is None:
            out = np.empty((len(part.features), objective.size))
        gradients = self.matrix_gradients(k, part.system)[:, np.newaxis]
        primary = objective.model.primary
        jacobian = np.empty((objective.size, 1, len(gradients))).T
        primary.jacobian(self.coordinates, part.saved, gradients, out=jacobian)
        scales = self.scales[part.chunk, k : k + 1]
        return np.multiply(part.rows.of_points(jacobian[:, 0]), scales, out=out)

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

    def _ridge(self, k):
        """Observables of one output, a ridge regression on the features.

        Returns
        -------
        b : ndarray of shape (n_features,)
        half : float
            Half the logarithm of the determinant.
        """
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
        half = log_determinant(own)
        return solve(own, right), half

    def _projected_out(self, k, triangle):
        """Rows of one output in the joint factor, and the triangle that is left."""
        n_features = self._objective.n_features
        first = np.zeros((n_features + len(triangle),) * 2)
        diagonal = np.arange(n_features)
        first[diagonal, diagonal] = 1.0 / np.sqrt(self.variances.observables[k])
        first[n_features:, n_features:] = triangle
        factor = self._absorb(first, lambda part: self.rows(k, part))
        top = factor[:n_features]
        output = Output(top[:, :n_features], top[:, n_features:])
        return output, factor[n_features:, n_features:]

    def solutions(self, k, part):
        """`Solutions` of one output for the samples of an element of `passes`."""
        own, mixed = self.outputs[k]
        n_features = len(own)
        rows = self.rows(k, part)
        of_features, of_matrices = rows[:, :n_features].T, rows[:, n_features:].T
        projected = solve_transposed(own, of_features)
        rest = of_matrices - mixed.T @ projected
        matrices = solve(self.triangle, solve_transposed(self.triangle, rest))
        joint = solve(own, projected - mixed @ matrices)
        by_features = np.einsum("ps,ps->s", of_features, joint)
        return Solutions(
            projected,
            joint,
            self.space.lifted(matrices),
            float(np.sum(by_features)),
            self.space.parts(of_matrices, matrices),
            by_features + np.einsum("ps,ps->s", of_matrices, matrices),
        )


class EvidencePoint(MarginalPoint):
    """That of targets with normal errors, of an `EvidenceObjective`."""

    def _prepared(self):
        """Set `scales`, and return the variances of the targets."""
        objective = self._objective
        noise = objective.squared_errors + objective.noise_of_rows(self.variances)
        self.scales = np.sqrt(objective.weight / noise)
        return noise

    def residuals(self, chunk, features):
        """Targets minus outputs, (n_samples of the chunk, n_outputs)."""
        return self._objective.y[chunk] - features @ self.b

    def stiffness(self, k, chunk):
        """Squared weights."""
        return self.scales[chunk, k] ** 2

    def hessian_factor(self, k):
        """That of the joint factor."""
        return self.outputs[k].own

    def bends(self, k, chunk, leverage):
        """None: variances do not depend on the outputs."""
        return None

    def noise_squares(self, left, squares):
        """Those of the residuals."""
        return squares

    def _most_probable(self, k):
        return self._ridge(k)

    def _potential(self, noise):
        """All but the determinants."""
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
        logarithms += objective.n_observed * _LN_2_PI
        return 0.5 * float(squares + logarithms)
