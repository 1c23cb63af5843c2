"""What matrices of an emulator may be, before the data: starts, and their measure."""

from typing import NamedTuple

import numpy as np

from ..model import evidence_of_solution

# Deviation of observables, in units of that of the primary matrices.
_OF_OBSERVABLES = 5.0
# Factors of the matrices of features, which starts of exact data have.
_COUPLINGS = 0.03, 1.0


class Observations(NamedTuple):
    """What of the data an evidence depends on beside the residuals.

    Attributes
    ----------
    number : float
        Number of observations.
    are_exact : bool
        Whether they are no more than what parameters could determine: solutions go
        through all of them.
    knows_errors : bool
        Whether residuals are in units of known errors.
    log_units : float
        Logarithm of the product of all units of the residuals.
    """

    number: float
    are_exact: bool = True
    knows_errors: bool = False
    log_units: float = 0.0


class StartPrior:
    """Normal distribution of the coordinates, from which a training starts.

    Data that are exact have many solutions.  Those that least squares find from such
    starts are draws of what the data leave open, and their evidence tells how wide the
    distribution has to be, and how large the matrices.

    Parameters
    ----------
    model : PMM
        Structure of the model.
    observed : Observations
        What is known of the data.
    scale : float
        Standard deviation of the matrices, in units of the spread of the targets.
    """

    def __init__(self, model, observed, scale):
        self.model = model
        self.observed = observed
        self.scale = scale
        of_matrices = model.primary.start_deviations(scale)
        ones = np.ones(model.readout.size)
        self._of_starts = np.concatenate([of_matrices, ones])
        self._widths = np.concatenate([of_matrices, _OF_OBSERVABLES * scale * ones])
        self._varying = [
            (places, space, _shifts(space, model.block_sizes))
            for places, space in model.primary.varying_spaces()
        ]

    def draw(self, random_state):
        """Coordinates to start from.

        Where data are exact, what moves levels apart in the matrices of features is
        reduced by a random factor: of the many solutions, those are better on average
        that are near weak couplings.
        """
        drawn = random_state.standard_normal(len(self._of_starts))
        if self.observed.are_exact:
            coupling = np.exp(random_state.uniform(*np.log(_COUPLINGS)))
            for places, space, shifts in self._varying:
                factor = coupling ** (1 / space.degree)
                drawn[places] = _reduced(drawn[places], shifts, factor)
        return drawn * self._of_starts

    def evidence(self, objective, theta):
        """`SolutionEvidence` of a solution."""
        residuals, jacobian = objective.residuals_and_jacobian(theta)
        jacobian, standard = jacobian * self._widths, theta / self._widths
        observed = self.observed
        least = {"least_noise": 1.0} if observed.knows_errors else {}
        return evidence_of_solution(
            residuals, jacobian, standard, observed.number, **least
        )

    def log_evidence(self, objective, theta):
        """Its logarithm, minus infinity where there is none."""
        try:
            found = self.evidence(objective, theta).log_evidence
        except np.linalg.LinAlgError:
            return -np.inf
        return found if np.isfinite(found) else -np.inf

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
            "log_evidence_": found.log_evidence - self.observed.log_units,
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


def _shifts(space, block_sizes):
    """Orthonormal coordinates (n, size) of multiples of the identity of each sector."""
    sectors = np.repeat(np.arange(len(block_sizes)), block_sizes)
    found = []
    for sector in range(len(block_sizes)):
        identity = np.diag((sectors == sector).astype(space.dtype))
        coordinates = space.coordinates(identity)
        if np.allclose(space.matrices(coordinates), identity):
            found.append(coordinates / np.linalg.norm(coordinates))
    return np.array(found).reshape(len(found), space.size)


def _reduced(coordinates, shifts, factor):
    """Coordinates (..., size) times a factor, but not those of shifts."""
    own = (coordinates @ shifts.T) @ shifts
    return own + factor * (coordinates - own)
