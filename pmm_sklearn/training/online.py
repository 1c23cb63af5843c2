"""Training on data that come batch by batch."""

import copy
from itertools import repeat

import numpy as np

from .._threads import single_blas_thread
from ..solvers import Adam, run_epoch


class OnlineTraining:
    """What one call of ``partial_fit`` hands on to the next.

    Parameters
    ----------
    units : TargetUnits, LogitUnits or ImageUnits
        Those of the first batch.
    theta : ndarray of shape (n_parameters,)
        Parameters to start from, in these units.
    seed : int
        Of the order of the samples.
    """

    def __init__(self, units, theta, seed):
        self.units = units
        self.theta = theta
        self._adam = Adam(len(theta))
        self._random_state = np.random.RandomState(seed)

    def after_epoch(self, objective, batch_size, learning_rate):
        """State after all samples were visited once; this one is left as it is.

        Parameters
        ----------
        objective : Objective
            That of the present batch.
        batch_size : int
            Number of samples of a step.
        learning_rate : float
            That of all steps.

        Returns
        -------
        OnlineTraining
            The next state.
        loss : float
            Mean of the objective over the steps.
        """
        following = copy.copy(self)
        following._adam = copy.deepcopy(self._adam)
        following._random_state = copy.deepcopy(self._random_state)
        # A step may be too long; its loss is then large, but is not an error.
        with single_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
            following.theta, loss = run_epoch(
                objective,
                self.theta,
                following._adam,
                batch_size,
                repeat(learning_rate),
                following._random_state,
            )
        return following, float(loss)
