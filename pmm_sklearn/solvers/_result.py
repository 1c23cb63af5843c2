"""What a solver returns, and the record it keeps while it runs."""

import enum
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np


class StopReason(enum.Enum):
    """Why a solver stopped; the value says what to do about it.

    Examples
    --------
    >>> from pmm_sklearn.solvers import StopReason
    >>> StopReason.STOPPED_EARLY.converged, StopReason.MAX_ITER.converged
    (True, False)
    """

    CONVERGED = "the loss no longer decreased by more than tol"
    STATIONARY = (
        "the loss is zero, or no step in any direction decreased it: a minimum to "
        "machine precision"
    )
    COMPLETED = "all iterations of the schedule were done"
    STOPPED_EARLY = "the validation loss stopped improving"
    CALLBACK = "a callback asked to stop"
    MAX_ITER = (
        "the maximum number of iterations was reached before convergence: "
        "increase max_iter, or raise tol to accept a less exact fit"
    )
    INTERRUPTED = (
        "interrupted by the user: the best model so far is kept, and fit with "
        "warm_start=True goes on from it; to end a loop of fits, interrupt twice "
        "within two seconds"
    )
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
            StopReason.COMPLETED,
            StopReason.STOPPED_EARLY,
            StopReason.CALLBACK,
        )


class Resume(NamedTuple):
    """What a solver needs to go on as if it had not stopped.

    Attributes
    ----------
    theta : ndarray of shape (n_parameters,)
        Last parameters, which need not be the best.
    best_iteration : int
        Iteration of the best parameters.
    zero : float
        Loss that counts as zero.
    n_unsettled : int
        Number of iterations that may have raised the loss.
    memory : object
        The solver's own state, for example its damping.
    """

    theta: np.ndarray
    best_iteration: int
    zero: float
    n_unsettled: int
    memory: Any


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
    resume : Resume
        Where to go on: see `Progress`.
    start : int
        Number of its start, where `train` has several.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.solvers import Progress, StoppingRule
    >>> progress = Progress(StoppingRule(tol=0.0, max_iter=1))
    >>> progress.start(np.array([2.0]), 4.0)
    >>> result = progress.result(progress.record(np.array([1.0]), 1.0))
    >>> result.n_iter, result.loss, result.is_unfinished(max_iter=10)
    (1, 1.0, True)
    """

    theta: np.ndarray
    loss: float
    score: float
    reason: StopReason
    loss_curve: list
    validation_curve: list
    resume: Resume
    start: int = 0

    @property
    def n_iter(self):
        """Number of iterations."""
        return len(self.loss_curve)

    def is_unfinished(self, max_iter):
        """Whether only the number of iterations has ended it, and more are left."""
        return self.reason is StopReason.MAX_ITER and self.n_iter < max_iter
