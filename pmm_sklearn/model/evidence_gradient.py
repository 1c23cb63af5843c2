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

Far from a maximum another gradient leads to better ones: `PotentialGradient`.
"""

import numpy as np

from .triangles import solve, solve_transposed

# Steps of the central differences, in units of the spacing of levels.
_STEP = 1e-5
_TINY = np.finfo(np.float64).tiny


class _Sums:
    """Sums over all samples, for both gradients."""

    def _prepare(self, objective, point):
        self._objective, self._point = objective, point
        prior = point.variances.matrices[objective.block_of]
        self._by_coordinates = point.coordinates / prior
        squares = objective.by_matrix(point.coordinates**2)
        self._squares_of_matrices = squares / point.variances.matrices

    def _counts(self, k, part, solutions):
        """What one output of a chunk says of the variances.

        Returns
        -------
        dict
            ``matrices``, for each coordinate, and ``observables``, how many parameters
            the data determine; for each noise of an output ``left``, observations left
            for it, and ``squares``, of residuals in its units.
        """
        chunk, *_, features = part
        noise = self._shares_of_noise(k)[chunk]
        residuals = self._residuals(k, chunk, features)
        weight = np.broadcast_to(self._objective.weight, self._objective.y.shape)
        left = noise @ (weight[chunk, k] - solutions.leverage)
        return {
            "matrices": solutions.n_coordinates,
            "observables": solutions.n_features,
            "left": self._of_kind(part, left),
            "squares": self._of_kind(part, noise @ residuals**2),
        }

    def _of_kind(self, part, number):
        """Numbers for each noise of an output, one of them that of the rows."""
        n_kinds = max(self._objective.n_noises // self._objective.n_outputs, 1)
        return number * (np.arange(n_kinds) == part.rows.noise)

    def _residuals(self, k, chunk, features):
        """Residuals of one output in units of the noise."""
        residuals = self._point.residuals(chunk, features)[:, k]
        return self._point.scales[chunk, k] * residuals

    def _shares_of_noise(self, k):
        """Which part of the variance of each target is noise, not known errors."""
        errors = self._objective.squared_errors
        if np.ndim(errors) == 0:
            return np.ones(self._objective.n_rows)
        noise = self._objective.noise_of_rows(self._point.variances)[:, k]
        return noise / (noise + errors[:, k])

    def _by_kind(self, numbers):
        """Numbers of the noises of each output in the order of the vector."""
        return np.array(numbers).T.ravel()[: self._objective.n_noises]

    def _sum(self, of_chunk):
        """Sums over all chunks of what a function returns for each."""

        def of_share(share):
            return _total(map(of_chunk, share))

        return _total(self._objective.map_shares(of_share, self._point.passes))

    def _change_of_observables(self, k, tangents):
        """The vector ``u``."""
        own = self._point.hessian_factor(k)
        return solve(own, solve_transposed(own, tangents))

    def _through_observables(self, k, change):
        """What follows from the change of the observables: two sums."""
        objective, point = self._objective, self._point
        readout, primary = objective.model.readout, objective.model.primary
        shares_of_noise = self._shares_of_noise(k)

        def of_chunk(part):
            chunk, rows, _, saved, system, features = part
            squared = point.scales[chunk, k] ** 2
            residuals = squared * point.residuals(chunk, features)[:, k]
            changed = features @ change
            weights = residuals[:, np.newaxis] * change
            stiffness = point.stiffness(k, chunk)
            weights -= (stiffness * changed)[:, np.newaxis] * point.b[:, k]
            pulled = readout.pull_back_features(system, rows.to_points(weights))
            noise = shares_of_noise[chunk] @ (residuals * changed)
            return {
                "gradient": primary.gradient(point.coordinates, saved, pulled),
                "noise": self._of_kind(part, noise),
            }

        return self._sum(of_chunk).values()


class PotentialGradient(_Sums):
    r"""Derivatives of the potential, and fixed points of the variances.

    The potential is ``L`` without the determinant of the matrices: it is least where
    these are most probable for given variances.  Given the matrices, variances are
    those of MacKay, with the numbers :math:`\gamma` of parameters that the data
    determine,

    .. math::

        \tau_l^2 = |M_l - D_l|^2 / \gamma_l , \qquad s_k^2 = |b_k|^2 / \gamma_k ,
        \qquad \sigma_k^2 = |\rho_k|^2 / (N - \gamma) .

    Parameters
    ----------
    objective, point
        As for `EvidenceGradient`.

    Attributes
    ----------
    vector : ndarray of shape (n_parameters,)
        By the coordinates of the matrices; then, for each variance, half of its number
        minus what should be this number, which is zero at the fixed point.
    numbers : ndarray of shape (n_matrices + 2 * n_outputs,)
        As for `EvidenceGradient`.

    References
    ----------
    D. MacKay, "Bayesian interpolation", Neural Comput. 4, 415 (1992).
    """

    def __init__(self, objective, point):
        self._prepare(objective, point)
        sums = [self._of_output(k) for k in range(objective.n_outputs)]
        gradient = self._by_coordinates + sum(part["gradient"] for part in sums)
        for k, part in enumerate(sums):
            if "tangents" in part:
                change = self._change_of_observables(k, part["tangents"])
                through, _ = self._through_observables(k, change)
                gradient = gradient + through
        of_matrices = objective.by_matrix(sum(part["matrices"] for part in sums))
        observables = np.array([part["observables"] for part in sums])
        left = self._by_kind([part["left"] for part in sums])
        found = self._by_kind([part["squares"] for part in sums])
        squares = np.sum(point.b**2, axis=0) / point.variances.observables
        slopes = [
            of_matrices - self._squares_of_matrices,
            observables - squares,
            left - point.noise_squares(left, found),
        ]
        self.numbers = np.concatenate([of_matrices, observables, left])
        self.vector = np.concatenate([gradient, 0.5 * np.concatenate(slopes)])

    def _of_output(self, k):
        point, objective = self._point, self._objective
        own, _ = point.outputs[k]
        readout, primary = objective.model.readout, objective.model.primary

        def of_chunk(part):
            chunk, rows, _, saved, system, features = part
            solutions = point.solutions(k, part)
            residuals = self._residuals(k, chunk, features)[:, np.newaxis]
            weights = solve(own, solutions.projected).T - residuals * point.b[:, k]
            weights *= point.scales[chunk, k : k + 1]
            leverage = np.einsum("ps,ps->s", solutions.projected, solutions.projected)
            bends, tangents = point.bends(k, chunk, leverage), {}
            if bends is not None:
                weights += bends[:, np.newaxis] * point.b[:, k]
                tangents = {"tangents": features.T @ bends}
            pulled = readout.pull_back_features(system, rows.to_points(weights))
            gradient = primary.gradient(point.coordinates, saved, pulled)
            counts = self._counts(k, part, solutions)
            return {"gradient": gradient, **counts, **tangents}

        return self._sum(of_chunk)


class EvidenceGradient(_Sums):
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
        self._prepare(objective, point)
        variances, by_coordinates = point.variances, self._by_coordinates
        of_matrices, of_observables, of_noise = 0.0, [], []
        observables = []
        for k, amplitude in enumerate(variances.observables):
            direct = self._determinant(k)
            change = self._change_of_observables(k, direct["tangents"])
            through, noise = self._through_observables(k, change)
            by_coordinates = by_coordinates + direct["gradient"] + through
            of_matrices = of_matrices + objective.by_matrix(direct["matrices"])
            b = point.b[:, k]
            slope = 0.5 * (direct["observables"] - b @ b / amplitude)
            of_observables.append(slope + b @ change / amplitude)
            of_noise.append([direct["left"], direct["squares"], noise])
            observables.append(direct["observables"])
        slopes = 0.5 * (of_matrices - self._squares_of_matrices)
        self.used = np.array(observables) + np.sum(of_matrices) / len(observables)
        left, squares, through = map(self._by_kind, zip(*of_noise, strict=True))
        of_noise = 0.5 * (left - point.noise_squares(left, squares)) - through
        self.numbers = np.concatenate([of_matrices, observables, left])
        self.vector = np.concatenate([by_coordinates, slopes, of_observables, of_noise])

    def _determinant(self, k):
        """Sums over the samples for one output, with its observables held fixed.

        Returns
        -------
        dict
            ``gradient`` by the coordinates; the `_counts`; and ``tangents``, the sum
            ``h`` of changes of the features.
        """
        point, objective = self._point, self._objective
        readout, primary = objective.model.readout, objective.model.primary

        def of_chunk(part):
            chunk, rows, assembled, saved, system, features = part
            solutions = point.solutions(k, part)
            residuals = self._residuals(k, chunk, features)[:, np.newaxis]
            scale = point.scales[chunk, k : k + 1]
            scaled = rows.to_points(scale * solutions.matrices.T)
            weights = scale * (solutions.joint_features.T - residuals * point.b[:, k])
            bends = point.bends(k, chunk, solutions.leverage)
            if bends is not None:
                weights += bends[:, np.newaxis] * point.b[:, k]
            directions = primary.tangents(point.coordinates, saved, scaled)
            changes = self._change_of_gradients(k, assembled, saved, directions)
            weights = rows.to_points(weights)
            pulled = readout.pull_back_features(system, weights) + changes
            gradient = primary.gradient(point.coordinates, saved, pulled)
            if not primary.is_linear:
                gradients = point.matrix_gradients(k, system)
                gradient += primary.gradient_of_tangents(saved, scaled, gradients)
            tangents = readout.features_tangent(system, directions).sum(axis=0)
            if bends is not None:
                tangents = tangents + features.T @ bends
            counts = self._counts(k, part, solutions)
            return {"gradient": gradient, **counts, "tangents": tangents}

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


def _total(terms):
    """Sum of dictionaries of arrays."""
    total = None
    for term in terms:
        total = term if total is None else {k: total[k] + term[k] for k in total}
    return total
