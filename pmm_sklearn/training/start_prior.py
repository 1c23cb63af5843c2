"""What matrices of an emulator may be, before the data: starts, and their measure."""

import numpy as np

from ..model import evidence_of_solution

# Deviation of observables, in units of that of the primary matrices.
_OF_OBSERVABLES = 5.0
# What a prior three times as wide has to gain.
_PRICE = 10.0


class StartPrior:
    """Normal distribution of the coordinates, from which a training starts.

    Data that are exact have many solutions.  Those that least squares find from such
    starts are draws of what the data leave open, and their evidence tells how wide the
    distribution has to be, and how large the matrices.

    Parameters
    ----------
    model : PMM
        Structure of the model.
    scale : float
        Standard deviation of the matrices, in units of the spread of the targets.
    n_observed : float
        Number of observations.
    knows_errors : bool
        Whether residuals are in units of known errors.
    is_open : bool, default=True
        Whether data leave parameters open, so that solutions have no residuals.
    log_units : float, default=0.0
        Logarithm of the product of all units of the residuals.
    """

    def __init__(
        self, model, scale, n_observed, knows_errors, is_open=True, log_units=0.0
    ):
        self.model = model
        self.scale = scale
        self.is_open = is_open
        of_matrices = model.primary.start_deviations(scale)
        ones = np.ones(model.readout.size)
        self._of_starts = np.concatenate([of_matrices, ones])
        self._widths = np.concatenate([of_matrices, _OF_OBSERVABLES * scale * ones])
        self._n_observed = n_observed
        self._noise = 1.0 if knows_errors else None
        self._log_units = log_units

    def draw(self, random_state):
        """Coordinates to start from."""
        return random_state.standard_normal(len(self._of_starts)) * self._of_starts

    def evidence(self, objective, theta):
        """`SolutionEvidence` of a solution."""
        return evidence_of_solution(
            objective, theta, self._widths, self._n_observed, self._noise
        )

    def log_evidence(self, objective, theta):
        """Its logarithm, minus infinity where there is none."""
        found = self.evidence(objective, theta).log_evidence
        return found if np.isfinite(found) else -np.inf

    @property
    def price(self):
        """What it has to gain against narrower ones of the same size."""
        return _PRICE * np.log(self.scale) / np.log(3.0)

    def tells(self, objective, theta, feature_scale):
        """Fitted attributes, in the user's units.

        Parameters
        ----------
        objective : Objective
            Of the data.
        theta : ndarray of shape (n_parameters,)
            The solution.
        feature_scale : ndarray of shape (n_features,)
            Unit of each feature.
        """
        found = self.evidence(objective, theta)
        told = {
            "log_evidence_": found.log_evidence - self._log_units,
            "n_effective_parameters_": found.n_effective,
        }
        matrices = self.model.split(theta).matrices
        if len(matrices) == len(feature_scale) + 1:
            constant, *others = _sizes(matrices, self.model.block_sizes)
            others = np.array(others)
            ratios = np.full(len(others), np.inf)
            np.divide(constant, others, out=ratios, where=others > 0)
            told["length_scales_"] = feature_scale * ratios
        return told


def _sizes(matrices, block_sizes):
    """Frobenius norms of matrices without multiples of the identity of each sector."""
    ends = np.cumsum(block_sizes)
    rest = matrices.copy()
    for end, size in zip(ends, block_sizes, strict=True):
        block = np.arange(end - size, end)
        rest[:, block, block] -= matrices[:, block, block].mean(axis=1)[:, np.newaxis]
    return np.linalg.norm(rest, axis=(1, 2))
