r"""The gradient of the evidence, that of its determinant included.

With the joint rows :math:`j_{sk}` and the solutions :math:`B^{-1} j_{sk} =
(\beta_{sk}, w_{sk})`, the parts of observables and matrices,

.. math::

    \tfrac12 \, d \ln |B| = \sum_{sk} c_{sk} \, (\beta_{sk} \cdot d\Phi_s
        + w_{sk} \cdot dJ_{sk}) + \dots

The first term is one pullback per sample.  In the second, ``w`` of a sample is a change
of its primary matrix, :math:`W = \sum_l x_l w_l`, and what is needed is how the output
and the gradient of the output change in this direction: a directional derivative of
the pullback, by central differences of two more eigensystems.

Observables are where the terms before the determinant are least.  They change by
:math:`db = A^{-1} (d\Phi^T C \rho - \Phi^T C\, d\Phi\, b)` with :math:`A = \Phi^T C
\Phi + 1 / s^2` and :math:`C = c^2`.  With :math:`h = \sum_s c_s D\Phi_s[W_s]` and
:math:`u = A^{-1} h` this adds :math:`C (\rho u^T - (\Phi u) b^T)` to the derivatives
by the features.
"""

import numpy as np

from .triangles import solve, solve_transposed

# Steps of the central differences, in units of the spacing of levels.
_STEP = 1e-5
_TINY = np.finfo(np.float64).tiny


class EvidenceGradient:
    r"""Derivatives of the negative logarithm of the evidence at a point.

    Parameters
    ----------
    objective : EvidenceObjective
        Has the data.
    point : EvidencePoint
        Where.

    Attributes
    ----------
    vector : ndarray of shape (n_parameters,)
        By coordinates of the matrices, and logarithms of the variances.
    used : ndarray of shape (n_outputs,)
        How many parameters the targets of each output determine.
    numbers : ndarray of shape (n_matrices + 2 * n_outputs,)
        For each variance, how many parameters of its kind the data determine, or how
        many observations these leave for the noise.
    """

    def __init__(self, objective, point):
        self._objective, self._point = objective, point
        variances = point.variances
        prior = variances.matrices[objective.block_of]
        by_coordinates = point.coordinates / prior
        of_matrices, of_observables, of_noise = 0.0, [], []
        observables, left = [], []
        for k, amplitude in enumerate(variances.observables):
            direct = self._determinant(k)
            change = self._change_of_observables(k, direct["tangents"])
            through, noise = self._through_observables(k, change)
            by_coordinates = by_coordinates + direct["gradient"] + through
            of_matrices = of_matrices + objective.by_matrix(direct["matrices"])
            b = point.b[:, k]
            slope = 0.5 * (direct["observables"] - b @ b / amplitude)
            of_observables.append(slope + b @ change / amplitude)
            of_noise.append(0.5 * (direct["left"] - direct["squares"]) - noise)
            observables.append(direct["observables"])
            left.append(direct["left"])
        squares = objective.by_matrix(point.coordinates**2) / variances.matrices
        slopes = 0.5 * (of_matrices - squares)
        self.used = np.array(observables) + np.sum(of_matrices) / len(observables)
        self.numbers = np.concatenate([of_matrices, observables, left])
        self.vector = np.concatenate([by_coordinates, slopes, of_observables, of_noise])

    def _determinant(self, k):
        """Sums over the samples for one output, with its observables held fixed.

        Returns
        -------
        dict
            ``gradient`` by the coordinates; ``matrices``, for each coordinate, and
            ``observables``, how many the data determine; ``left``, observations left
            for the noise, and ``squares``, of residuals in its units; ``tangents``,
            the sum ``h`` of changes of the features.
        """
        point, objective = self._point, self._objective
        own, mixed = point.outputs[k]
        n_features = objective.n_features
        readout, primary = objective.model.readout, objective.model.primary
        shares_of_noise = self._shares_of_noise(k)

        def of_chunk(part):
            chunk, assembled, saved, system, features = part
            rows = point.rows(k, part)
            of_features, of_matrices = rows[:, :n_features].T, rows[:, n_features:].T
            projected = solve_transposed(own, of_features)
            rest = of_matrices - mixed.T @ projected
            solved = solve(point.triangle, solve_transposed(point.triangle, rest))
            beta = solve(own, projected - mixed @ solved)
            by_matrices = of_matrices * solved
            by_features = np.sum(of_features * beta, axis=0)
            leverage = np.sum(by_matrices, axis=0) + by_features
            scale = point.scales[chunk, k : k + 1]
            residuals = scale[:, 0] * point.residuals(chunk, features)[:, k]
            noise = shares_of_noise[chunk]
            left = noise @ (objective.weight[chunk, 0] - leverage)
            weights = scale * (beta.T - residuals[:, np.newaxis] * point.b[:, k])
            directions = primary.tangents(point.coordinates, saved, scale * solved.T)
            changes = self._change_of_gradients(k, assembled, saved, directions)
            pulled = readout.pull_back_features(system, weights) + changes
            gradient = primary.gradient(point.coordinates, saved, pulled)
            if not primary.is_linear:
                gradients = point.matrix_gradients(k, system)
                gradient += primary.gradient_of_tangents(
                    saved, scale * solved.T, gradients
                )
            return {
                "gradient": gradient,
                "matrices": np.sum(by_matrices, axis=1),
                "observables": np.sum(by_features),
                "left": left,
                "squares": noise @ residuals**2,
                "tangents": readout.features_tangent(system, directions).sum(axis=0),
            }

        return self._sum(of_chunk)

    def _change_of_gradients(self, k, assembled, saved, directions):
        """Directional derivatives of the gradients of one output, (n_samples, n, n)."""
        model, point = self._objective.model, self._point
        length = np.sqrt(np.sum(np.abs(directions) ** 2, axis=(1, 2)))
        step = (_STEP / np.maximum(length, _TINY))[:, np.newaxis, np.newaxis]
        ahead, behind = (
            point.matrix_gradients(
                k, model.diagonalised(assembled + sign * step * directions, saved)
            )
            for sign in (1.0, -1.0)
        )
        return (ahead - behind) / (2.0 * step)

    def _change_of_observables(self, k, tangents):
        """The vector ``u``."""
        own, _ = self._point.outputs[k]
        return solve(own, solve_transposed(own, tangents))

    def _through_observables(self, k, change):
        """What follows from the change of the observables: two sums."""
        objective, point = self._objective, self._point
        readout, primary = objective.model.readout, objective.model.primary
        shares_of_noise = self._shares_of_noise(k)

        def of_chunk(part):
            chunk, _, saved, system, features = part
            squared = point.scales[chunk, k] ** 2
            residuals = squared * point.residuals(chunk, features)[:, k]
            changed = features @ change
            weights = residuals[:, np.newaxis] * change
            weights -= (squared * changed)[:, np.newaxis] * point.b[:, k]
            pulled = readout.pull_back_features(system, weights)
            return {
                "gradient": primary.gradient(point.coordinates, saved, pulled),
                "noise": shares_of_noise[chunk] @ (residuals * changed),
            }

        return self._sum(of_chunk).values()

    def _shares_of_noise(self, k):
        """Which part of the variance of each target is noise, not known errors."""
        noise, errors = self._point.variances.noise[k], self._objective.squared_errors
        if np.ndim(errors) == 0:
            return np.ones(self._objective.n_samples)
        return noise / (noise + errors[:, k])

    def _sum(self, of_chunk):
        """Sums over all chunks of what a function returns for each."""

        def of_share(share):
            return _total(map(of_chunk, share))

        return _total(self._objective.map_shares(of_share, self._point.passes))


def _total(terms):
    """Sum of dictionaries of arrays."""
    total = None
    for term in terms:
        total = term if total is None else {k: total[k] + term[k] for k in total}
    return total
