"""The weight of a penalty that samples which are set aside prefer."""

from typing import NamedTuple

import numpy as np

from .._threads import single_blas_thread
from ..model import RidgePenalty
from ..solvers import Progress, StoppingRule, StopReason, minimize_lbfgs

# Weights that are compared are half a power of ten apart.
_FIRST, _FACTOR = 30.0, np.sqrt(10.0)
_SMALLEST, _LARGEST = 1e-3, 1e6
# Iterations at the first weight, and from the solution at one to that at the next.
_N_FIRST, _N_NEXT = 60, 30
_ONE_IN = 5
# Few iterations hold the parameters back, too: with small weights the loss would grow
# later.  Of losses that differ by no more, the larger weight is the safer one.
_ALIKE = 1.15


class _Trial(NamedTuple):
    """A weight, the parameters it leads to, and their loss on other samples."""

    alpha: float
    theta: np.ndarray
    loss: float


def held_out_alpha(problem, theta, interruption):
    """Weight of the squared norm that validation data prefer.

    From a first weight the search goes up, or else down, as long as the loss falls.
    The largest weight counts whose loss is about the least.

    Parameters
    ----------
    problem : Problem
        With a ``validation_loss``.
    theta : ndarray of shape (n_parameters,)
        Where the first training starts.
    interruption : Interruption
        Tells one Ctrl-C from two.

    Returns
    -------
    float

    Raises
    ------
    KeyboardInterrupt
        If there was a Ctrl-C: there is no model yet.
    """

    def attempt(alpha, theta, n_iter):
        objective = problem.objective.with_penalty(RidgePenalty(alpha))
        rule = StoppingRule(tol=0.0, max_iter=n_iter)
        progress = Progress(rule, interruption=interruption)
        result = minimize_lbfgs(objective, theta, progress)
        if result.reason is StopReason.INTERRUPTED:
            raise KeyboardInterrupt
        return _Trial(alpha, result.theta, problem.validation_loss(result.theta))

    with single_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
        trials = [attempt(_FIRST, theta, _N_FIRST)]
        for factor in (_FACTOR, 1.0 / _FACTOR):
            best = trials[0]
            while _SMALLEST < best.alpha < _LARGEST:
                trials.append(attempt(best.alpha * factor, best.theta, _N_NEXT))
                if not trials[-1].loss < best.loss:
                    break
                best = trials[-1]
            if best is not trials[0]:
                break
    least = min(trial.loss for trial in trials)
    return max(trial.alpha for trial in trials if trial.loss <= _ALIKE * least)


def every_fifth(labels, random_state):
    """Which samples to set aside: a fifth of each class, of few samples none.

    Parameters
    ----------
    labels : ndarray of int of shape (n_samples,)
        Classes.
    random_state : numpy.random.RandomState
        Of the order.

    Returns
    -------
    ndarray of bool of shape (n_samples,)
    """
    order = random_state.permutation(len(labels))
    is_set_aside = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        members = order[labels[order] == label]
        is_set_aside[members[_ONE_IN - 1 :: _ONE_IN]] = True
    return is_set_aside
