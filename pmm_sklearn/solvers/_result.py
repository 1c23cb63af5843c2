"""What a solver returns, and the record it keeps while it runs."""

import enum
from dataclasses import dataclass, replace

import numpy as np


class StopReason(enum.Enum):
    """Why a solver stopped; the value says what to do about it."""

    CONVERGED = "the loss no longer decreased by more than tol"
    STATIONARY = (
        "no step in any direction decreased the loss: a minimum to machine precision"
    )
    STOPPED_EARLY = "the validation loss stopped improving"
    CALLBACK = "a callback asked to stop"
    MAX_ITER = (
        "the maximum number of iterations was reached before convergence: "
        "increase max_iter, or raise tol or alpha to accept a less exact fit"
    )
    INTERRUPTED = "interrupted by the user: the best model so far is kept"
    NON_FINITE = (
        "the loss of the starting point is not finite: check X, y and sample_weight "
        "for extreme values, or choose another random_state"
    )

    @property
    def converged(self):
        """Whether the optimisation ended where it should."""
        return self in (
            StopReason.CONVERGED,
            StopReason.STATIONARY,
            StopReason.STOPPED_EARLY,
            StopReason.CALLBACK,
        )


@dataclass(frozen=True)
class SolverResult:
    """Outcome of an optimisation.

    Attributes
    ----------
    theta : ndarray of shape (n_parameters,)
        Best parameters.
    loss : float
        Objective there.
    score : float
        What "best" means: the validation loss if there is one, else the objective.
    reason : StopReason
        Why the solver stopped.
    loss_curve : list of float
        Objective after each iteration.
    validation_curve : list of float
        Validation loss after each iteration; empty without validation data.
    """

    theta: np.ndarray
    loss: float
    score: float
    reason: StopReason
    loss_curve: list
    validation_curve: list

    @property
    def n_iter(self):
        """Number of iterations."""
        return len(self.loss_curve)

    def is_unfinished(self, max_iter):
        """Whether only the number of iterations has ended it, and more are left."""
        return self.reason is StopReason.MAX_ITER and self.n_iter < max_iter

    def followed_by(self, rest):
        """Result of this optimisation and of ``rest``, which continued it."""
        return replace(
            rest,
            loss_curve=self.loss_curve + rest.loss_curve,
            validation_curve=self.validation_curve + rest.validation_curve,
        )
