"""Where the training of a level starts."""

from dataclasses import dataclass

import numpy as np

from ..model import Objective, RidgePenalty, SquaredError, convex_start
from ..solvers import Progress, StoppingRule, minimize_lm

# Least squares first: the evidence alone takes for noise what a start does not have
# yet, and stays there.
_N_STEPS = 100
_ALPHA = 1e-6


@dataclass(frozen=True)
class LevelStart:
    """Random matrices whose affine part and size are fitted, then all of them.

    Attributes
    ----------
    model : PMM
        From `level_pmm`.
    X, y, weight : ndarray
        Data of the standardised problem.
    max_steps : int, optional
        Of the steps of least squares, of which there are at most 100.
    """

    model: object
    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    max_steps: int | None = None

    def draw(self, random_state):
        """Coordinates to start from, of shape (n_parameters,)."""
        data = self.X, self.y, self.weight
        theta = convex_start(self.model, *data, random_state)
        if self.max_steps == 0:
            return theta
        max_iter = min(_N_STEPS, self.max_steps or _N_STEPS)
        penalty = RidgePenalty(_ALPHA)
        objective = Objective(self.model, SquaredError(), *data, penalty)
        rule = StoppingRule(tol=1e-3, max_iter=max_iter)
        with np.errstate(over="ignore", invalid="ignore"):
            return minimize_lm(objective, theta, Progress(rule)).theta
