"""What outputs mean: their loss, their units, the rule for alpha, the error bars.

One more kind of targets is one more class of this file.
"""

from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np

from .._warnings import warn_caller
from ..fitted.averages import LogitsOfMean, MeanOfOutputs
from ..model import (
    LOSSES,
    CrossEntropy,
    LaplacePosterior,
    NoisePenalty,
    RidgePenalty,
    SquaredError,
)
from .level_units import LevelLogitUnits, LevelUnits
from .units import ImageUnits, LogitUnits, TargetUnits

_SMALL_WEIGHT, _LARGE_WEIGHT = 0.1, 100.0
# Weight of a row, and parameters for each, of means that are taken for repetitions.
_REPEATED, _MOST_PARAMETERS = 1.2, 0.85
# Chi-square of each datum, if there are as many parameters, that no noise leaves.
_INTERPOLATED = 0.1
# Variance of the prior of a penalty over that of the starts.
_WIDER = 10.0


@runtime_checkable
class Likelihood(Protocol):
    """What a training asks of the meaning of its outputs.

    Attributes
    ----------
    combination : callable
        ``combination(weights)`` is made of the outputs of several models.
    many_samples : float
        From how many samples on "adam" is better than the other solvers.
    n_steps : float
        After how many steps of "adam" it has learned enough where it was chosen so.
    posterior : callable or None
        ``posterior(objective, theta)`` is the density of the parameters around their
        fitted values.
    """

    combination: type
    many_samples: float


class GaussianLikelihood:
    """Targets of a regression: normal errors, whose size is not known.

    Parameters
    ----------
    loss : str, default="squared_error"
        A name in `LOSSES`.
    """

    combination = MeanOfOutputs
    # With 50 000 samples of 20 features "adam" takes 10 s for half the error of
    # boosting, and the other solvers minutes; after these steps it gains little.
    many_samples = 10_000
    n_steps = 5000
    # Of the coordinates of all matrices, for alpha="auto" where there is no evidence.
    _prior_variance = 5.0

    def __init__(self, loss="squared_error"):
        self.loss = LOSSES[loss]()

    def units(self, data, model):
        """Features and targets are standardised."""
        return _standardised(data, model)

    def penalty(self, alpha, weight, n_outputs):
        """That of a given alpha, or for "auto" one that follows the noise."""
        if alpha != "auto":
            return RidgePenalty(alpha)
        warn_of_weights(alpha, weight)
        return NoisePenalty(weight.sum() * n_outputs, self._prior_variance)

    def posterior(self, objective, theta):
        """Residuals are noise: `LaplacePosterior`."""
        return LaplacePosterior.fit(objective, theta)


class GaussianEvidence:
    """The same with noise and amplitudes that maximise the evidence."""

    combination = MeanOfOutputs
    many_samples = np.inf
    n_steps = np.inf

    def units(self, data, model):
        """Features and targets are standardised."""
        return _standardised(data, model)

    def posterior(self, objective, theta):
        """Of matrices and observables: `LaplacePosterior`."""
        return LaplacePosterior.of_evidence(objective, theta)


class ClassLikelihood:
    """Targets that are classes: logits of their probabilities.

    Parameters
    ----------
    unit : float, default=1.0
        Logits are the outputs of the standardised problem times this.
    many_samples, n_steps : float, default=10_000 and inf
        See `Likelihood`.
    """

    combination = LogitsOfMean
    # With 20 000 samples of 8 features and 3 classes, on one core: "adam" reaches a
    # loss of 0.343 per sample in 11 s, "lm" 0.42 in 12 s and "lbfgs" 0.37 in 38 s.
    # With 2000 samples "lm" reaches 0.27 in 3 s, and "adam" 0.41 in 1 s.
    # Probabilities say themselves how certain they are.
    posterior = None
    # For alpha="auto" where there is no evidence.
    _alpha = 1.0

    def __init__(self, unit=1.0, many_samples=10_000, n_steps=np.inf):
        self.loss = CrossEntropy(unit)
        self.many_samples = many_samples
        self.n_steps = n_steps

    def units(self, data, model):
        """Features are standardised, and logits are outputs times the unit."""
        return _logit_units(data, model, unit=self.loss.unit)

    def penalty(self, alpha):
        """That of a given alpha, or of 1 for "auto"."""
        return RidgePenalty(self._alpha if alpha == "auto" else alpha)


class ClassEvidence:
    """The same with amplitudes and length scales that maximise the evidence."""

    combination = LogitsOfMean
    many_samples = np.inf
    n_steps = np.inf
    posterior = None

    def units(self, data, model, shift):
        """Features are standardised, and logits shifted by weights of the classes."""
        return _logit_units(data, model, shift=shift)


class ImageLikelihood:
    """Classes of images."""

    loss = CrossEntropy()
    combination = LogitsOfMean
    many_samples = 0
    n_steps = np.inf
    posterior = None

    def units(self, data, model):
        """None."""
        return ImageUnits()

    def penalty(self, alpha):
        """That of a given alpha."""
        return RidgePenalty(alpha)


@dataclass(frozen=True, eq=False)
class SpectrumLikelihood:
    """Targets of an emulator: exact but for the model, or with known errors.

    Parameters
    ----------
    counts : ndarray of shape (n_samples, n_outputs), optional
        How many observations each target is; its weight may differ.
    knows_errors : bool, default=False
        Whether residuals are in units of known errors.
    scale : float, optional
        Standard deviation of the starts, where solutions are compared.
    widening : float, default=1.0
        Factor of the deviations of the posterior, which an earlier fit has found.
    model_variance : ndarray of shape (n_outputs,) or float, default=0.0
        Variance of the error of the model that known errors have in them, in units of
        the targets of the training.
    """

    loss: ClassVar = SquaredError()
    combination: ClassVar = MeanOfOutputs
    many_samples: ClassVar = np.inf
    n_steps: ClassVar = np.inf
    # Of the coordinates of all matrices, for alpha="auto".  It is wide, for levels
    # above the highest target may be far away; a narrow one draws them down, and
    # training ends in poor minima (doc/defaults.rst).
    _prior_variance: ClassVar = 500.0

    counts: np.ndarray | None = None
    knows_errors: bool = False
    scale: float | None = None
    widening: float = 1.0
    model_variance: np.ndarray | float = 0.0

    def penalty(self, alpha, weight, is_open=False):
        """That of a given alpha, or for "auto" one that follows the residuals.

        Known errors are the least that the noise can be; a model that does not explain
        the data within them has errors of its own.  If data without known errors leave
        parameters open and solutions are compared, there is none.
        """
        if alpha != "auto":
            return RidgePenalty(alpha)
        variance = self._prior_variance
        if self.scale is not None:
            variance = _WIDER * self.scale**2
        if self.knows_errors:
            return NoisePenalty(weight.sum(), variance, least_variance=1.0)
        if self.scale is not None and is_open:
            return RidgePenalty(0.0)
        return NoisePenalty(weight.sum(), variance)

    def posterior(self, objective, theta):
        """Residuals are errors of the model, or known ones: `LaplacePosterior`."""
        residuals = "known errors" if self.knows_errors else "model error"
        found = LaplacePosterior.fit(objective, theta, self.counts, residuals)
        if found is not None and self.knows_errors:
            n_data = self.counts.sum()
            chi_square, _ = objective.loss_and_norm(theta)
            if objective.n_parameters >= n_data > chi_square / _INTERPOLATED:
                found.free_fraction = 0.0
            found.noise_variance = found.noise_variance + self.model_variance
        if found is None or self.widening == 1.0:
            return found
        return found.widened(self.widening)


def _standardised(data, model):
    """Units that observables and intercepts absorb, or levels."""
    return (LevelUnits if model.reads_levels else TargetUnits)(*data, model)


def _logit_units(data, model, **options):
    """The same of logits."""
    units = LevelLogitUnits if model.reads_levels else LogitUnits
    return units(*data, model, **options)


def warn_of_weights(alpha, weight, takes_errors=True):
    """Weights are numbers of observations where alpha is not a number.

    Parameters
    ----------
    alpha : float or str
        The regularisation.
    weight : ndarray
        Weights of samples or targets.
    takes_errors : bool, default=True
        Whether ``fit`` takes standard deviations, which may have been meant.
    """
    errors = ""
    if takes_errors:
        errors = " Standard deviations of the targets belong in y_err=."
    mean = weight[weight > 0].mean()
    if not _SMALL_WEIGHT <= mean <= _LARGE_WEIGHT:
        warn_caller(
            f"sample_weight has mean {mean:.2g}. With alpha={alpha!r} a weight of 1 is "
            f"one observation: if they are no numbers of observations, the "
            f"regularisation will be wrong. Divide sample_weight by its mean, or give "
            f"alpha a number.{errors}",
            UserWarning,
        )


def warn_of_repetitions(weight, n_targets, n_effective):
    """Means of several observations are no observations that agree.

    Parameters
    ----------
    weight : ndarray of shape (n_samples,)
        Weights of samples.
    n_targets : int
        Number of targets of all samples.
    n_effective : float
        How many parameters they have determined.
    """
    mean = weight[weight > 0].mean()
    if mean < _REPEATED or n_effective < _MOST_PARAMETERS * n_targets:
        return
    warn_caller(
        f"The model goes through its data, with {n_effective:.0f} effective parameters "
        f"for {n_targets} targets: sample_weight, of mean {mean:.2g}, says that each "
        f"was observed so many times with the same value. If they are means of several "
        f"observations, give all of these, or y_err, their standard deviation over the "
        f"root of the number; if weights are importances, divide them by their mean.",
        UserWarning,
    )
