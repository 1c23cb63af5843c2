"""Losses by name: what is trained with them, by evidence or with a penalty."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from scipy.spatial import cKDTree

from ..fitted.averages import MeanOfOutputs
from ..model import LaplacePosterior, LossEvidence, RidgePenalty
from ..model.losses import (
    AbsoluteError,
    Gamma,
    Huber,
    OwnLoss,
    Penalised,
    PointwiseLoss,
    Poisson,
    Quantile,
)
from .evidence_problem import EvidenceProblem
from .likelihood import GaussianLikelihood
from .units import TargetUnits

#: Beside "squared_error".
OTHER_LOSSES = ("huber", "absolute_error", "quantile", "poisson", "gamma")
#: Whose outputs are logarithms of means.
LOG_LINK = ("poisson", "gamma")
# Whose noise is that of the targets around the prediction.
_OF_NORMAL_NOISE = ("huber", "absolute_error")
# For alpha="auto" where there is no evidence: half of one over the variance of a prior.
_ALPHA = 0.1
# Of the noise, where it is found from neighbours, in units of the spread of targets.
_LEAST_NOISE = 1e-3
_NO_EVIDENCE = (
    "With loss={loss!r} error bars come from the evidence, which this fit did not use: "
    'set alpha="auto", solver="auto" and early_stopping=False, and a small matrix_size '
    "if samples are many, or use cross-conformal intervals, as those of MAPIE."
)
_NO_ERROR_BARS = (
    "With loss={loss!r} the model has no standard deviations of targets: {remedy}."
)
_REMEDIES = {
    "quantile": "fit a lower and an upper quantile for an interval, or take "
    'loss="huber" or "squared_error"',
    "poisson": "the variance of a count is its mean, predict(X); take "
    'loss="squared_error" of log(1 + y) for error bars of the mean',
    "gamma": "they are noise_ * predict(X) beside the error of the mean; take "
    'loss="squared_error" of log(y) for both',
}
_OTHERWISE = 'take loss="huber" or "squared_error"'


@dataclass(frozen=True, eq=False)
class LossLikelihood:
    """Targets with a loss of their own, which is a negative log-likelihood.

    Parameters
    ----------
    name : str or PointwiseLoss
        Value of the parameter `loss`.
    quantile : float, optional
        Of "quantile".
    loss : Penalised, optional
        What an objective with a penalty takes: see :meth:`penalised`.
    """

    combination: ClassVar = MeanOfOutputs

    name: object
    quantile: float | None = None
    loss: object = None

    def units(self, data, model):
        """Features and targets are standardised, or logarithms count from means."""
        return TargetUnits(*data, model, self.name in LOG_LINK)

    @property
    def many_samples(self):
        """From how many samples on "adam" is better, where there is a penalty."""
        return np.inf if self.loss is None else GaussianLikelihood.many_samples

    @property
    def n_steps(self):
        """After how many steps of it."""
        return np.inf if self.loss is None else GaussianLikelihood.n_steps

    def penalised(self, data, units):
        """The same for a penalty, with noise that neighbours differ by."""
        X, y, _ = data
        noise = np.ones(y.shape[1])
        if self.name not in LOG_LINK:
            noise = neighbour_noise(units.features(X), units.targets(y))
        return replace(self, loss=Penalised(self.loss_in(units, noise)))

    def penalty(self, alpha):
        """That of a given alpha, or of 0.1 for "auto"."""
        return RidgePenalty(_ALPHA if alpha == "auto" else alpha)

    def loss_in(self, units, noise):
        """The loss of the standardised problem, of given noise."""
        if self.name == "huber":
            return Huber(noise)
        if self.name == "absolute_error":
            return AbsoluteError(noise)
        if self.name == "quantile":
            return Quantile(noise, self.quantile)
        if self.name == "poisson":
            return Poisson(units.means)
        if self.name == "gamma":
            return Gamma(units.means, noise)
        return OwnLoss(self.name, units.target_shift, units.target_scale)

    @property
    def posterior(self):
        """Of matrices and observables, where noise is that of the targets."""
        is_known = self.name in _OF_NORMAL_NOISE and self.loss is None
        return LaplacePosterior.of_evidence if is_known else None

    @property
    def no_error_bars(self):
        """Why there are none, and what to do."""
        if self.name in _OF_NORMAL_NOISE:
            return _NO_EVIDENCE.format(loss=self.name)
        remedy = _OTHERWISE if self._is_own else _REMEDIES.get(self.name)
        name = "PointwiseLoss(...)" if self._is_own else self.name
        return _NO_ERROR_BARS.format(loss=name, remedy=remedy)

    @property
    def _is_own(self):
        return isinstance(self.name, PointwiseLoss)


def loss_evidence(model, likelihood, data, first_variances=None):
    """Problem of a table with a loss: `EvidenceProblem`.

    Parameters
    ----------
    model, data, first_variances
        As for :func:`regression_evidence`.
    likelihood : LossLikelihood
        What its outputs mean.
    """
    units = likelihood.units(data, model)
    X, y, weight = data
    standard = model, units.features(X), units.targets(y), units.weights(weight)
    loss = likelihood.loss_in(units, np.ones(y.shape[1]))
    objective = LossEvidence(*standard, loss, is_far=first_variances is None)
    return EvidenceProblem(model, likelihood, units, objective, first_variances)


def neighbour_noise(X, y):
    """Variances of the noise, from differences of neighbours: (n_outputs,).

    They are the larger, the further apart these are, and hardly depend on outliers.
    """
    rows = np.unique(np.column_stack([X, y]), axis=0)
    X, y = rows[:, : X.shape[1]], rows[:, X.shape[1] :]
    if len(X) < 2:
        return np.ones(y.shape[1])
    _, neighbours = cKDTree(X).query(X, k=2)
    differences = np.abs(y[neighbours[:, 1]] - y[neighbours[:, 0]])
    # Of normal numbers the median of the magnitudes is 0.6745, their difference wider.
    deviations = np.median(differences, axis=0) / (0.6745 * np.sqrt(2))
    return np.clip(deviations, _LEAST_NOISE, 1.0) ** 2
