"""Where the training of an evolution starts: at short times."""

from dataclasses import dataclass

import numpy as np

from .._threads import single_blas_thread
from ..model import Definite, Objective, RidgePenalty
from ..solvers import Progress, StoppingRule, StopReason, minimize_lm

# End of the first window of time in units of the longest, and how windows grow.
# Where phases wind more than once between what is known and what comes, nothing is
# learned.
_FIRST_WINDOW, _GROWTH = 0.1, 1.25
_RULE = StoppingRule(tol=3e-2, max_iter=40)
# Mean square of the residuals that is good enough for a window, in units of that of a
# state that does not evolve.
_SMALL_LOSS = 2e-6
# The prior of matrices is wider where the noise is not known: a narrow one ends in poor
# minima of exact data.  A given penalty is multiplied, or else short times with known
# errors end in poor minima.
_WIDER_PRIOR = 10.0
_LARGER_PENALTY = 3.0
# Highest level of the start, in radians at the longest time: a few turns to many.
_LOWEST_RANGE, _HIGHEST_RANGE = 15.0, 60.0
# Elements of the couplings over that range, for matrices of side 1.
_COUPLING = 0.8
# Rates of decay, in units of the inverse of the longest time.
_DECAY = 0.5


@dataclass(frozen=True)
class DynamicsStart:
    """Random levels and couplings, trained on windows of time that grow.

    Attributes
    ----------
    objective : Objective
        Of the standardised data; times are within [-1, 1].
    """

    objective: Objective

    def draw(self, random_state):
        """Coordinates to start from, of shape (n_parameters,)."""
        theta = self._random(random_state)
        times = np.abs(self.objective.X[:, -1])
        window, n_known = _FIRST_WINDOW, np.count_nonzero(times == 0.0)
        while window < 1.0:
            inside = times <= window
            # A window without further samples teaches nothing.
            if np.count_nonzero(inside) > n_known:
                theta = self._trained(theta, inside)
                n_known = np.count_nonzero(inside)
            window *= _GROWTH
        return theta

    def _random(self, random_state):
        """Levels from 0 on, of which the initial state is the lowest, and couplings."""
        model = self.objective.model
        primary, readout = model.primary, model.readout
        side = primary.side
        width = np.exp(
            random_state.uniform(np.log(_LOWEST_RANGE), np.log(_HIGHEST_RANGE))
        )
        levels = np.sort(random_state.uniform(0.0, width, side))
        levels[0] = 0.0
        deviation = _COUPLING * width / np.sqrt(side * max(primary.n_matrices - 1, 1))
        coordinates = deviation * random_state.standard_normal(primary.size)
        *_, last = primary.spaces
        if isinstance(last.base, Definite):
            # Of the matrix L, whose square is the mean rate times the side.
            own = np.sqrt(_DECAY / side) / last.factor
            coordinates[-last.size :] *= own / deviation
        matrices = primary.split(coordinates)
        matrices[0] += np.diag(levels - np.diag(matrices[0]).real)
        return np.concatenate([primary.join(matrices), readout.initial(random_state)])

    def _trained(self, theta, rows):
        """The same after some steps on some rows."""
        full = self.objective
        objective = Objective(
            full.model,
            full.loss,
            full.X[rows],
            full.y[rows],
            full.weight[rows],
            self._penalty(),
        )
        at_rest = full.without_penalty().value(np.zeros(full.n_parameters))
        share = full.weight[rows].sum() / full.total_weight
        floor = _SMALL_LOSS * at_rest * share
        rule = StoppingRule(_RULE.tol, _RULE.max_iter, floor)
        with single_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
            result = minimize_lm(objective, theta, Progress(rule))
        if result.reason is StopReason.INTERRUPTED:
            raise KeyboardInterrupt
        return result.theta

    def _penalty(self):
        """That of short times, which tell less: it follows the noise, too."""
        penalty = self.objective.penalty
        if isinstance(penalty, RidgePenalty):
            return RidgePenalty(_LARGER_PENALTY * penalty.alpha)
        return penalty.widened(_WIDER_PRIOR)
