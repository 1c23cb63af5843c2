"""A training problem: standardised data, starting points, units restored."""

import warnings

import numpy as np

from ._scaling import Standardisation
from .model import NoisePenalty, Objective, Parameters, RidgePenalty

# Of the coordinates of all matrices, for alpha="auto"; see doc/defaults.rst.
_PRIOR_VARIANCE = 5.0
_SMALL_WEIGHT = 0.1


class TrainingProblem:
    """What is minimised to fit a model to data.

    Parameters
    ----------
    model : PMM
        Structure of the model.
    loss : SquaredError
        Loss of the outputs.
    data : tuple of ndarray
        ``X`` of shape (n_samples, n_features), ``y`` of shape (n_samples,
        n_outputs) and ``sample_weight`` of shape (n_samples,), all positive.
    alpha : float or "auto"
        Weight of the penalty; "auto" follows the variance of the residuals.
    validation : tuple of ndarray, optional
        The same for samples that are not trained on.

    Attributes
    ----------
    objective : Objective
        Penalised loss of the standardised training data.
    validation_loss : callable or None
        ``validation_loss(theta)``, without penalty.
    """

    def __init__(self, model, loss, data, alpha, validation=None):
        self.model = model
        self._scaling = Standardisation(*data)
        if alpha == "auto":
            _warn_of_small_weights(data[2])
            penalty = NoisePenalty(data[2].sum() * model.n_outputs, _PRIOR_VARIANCE)
        else:
            penalty = RidgePenalty(alpha)
        self.objective = self._objective(loss, data, penalty)
        self.validation_loss = None
        if validation is not None:
            self.validation_loss = self._objective(
                loss, validation, RidgePenalty(0.0)
            ).value

    def _objective(self, loss, data, penalty):
        X, y, sample_weight = data
        X, y = self._scaling.features(X), self._scaling.targets(y)
        return Objective(self.model, loss, X, y, sample_weight, penalty)

    def random_start(self, seed):
        """Random coordinates; columns that are constant have no influence."""
        theta = self.model.initial(np.random.RandomState(seed))
        matrices, observables, intercept = self.model.split(theta)
        matrices[1:][self._scaling.constant_features] = 0.0
        observables[self._scaling.constant_targets] = 0.0
        return self.model.join(Parameters(matrices, observables, intercept))

    def start_from(self, parameters):
        """Coordinates of given parameters, which are in the user's units."""
        return self.model.join(self._scaling.to_standard(self.model, parameters))

    def parameters(self, theta):
        """Parameters in the user's units."""
        return self._scaling.to_user(self.model, self.model.split(theta))


def _warn_of_small_weights(sample_weight):
    """Weights count as observations: hardly any would leave only the prior."""
    mean = sample_weight.mean()
    if mean < _SMALL_WEIGHT:
        warnings.warn(
            f"sample_weight has mean {mean:.2g}. With alpha='auto' a weight of 1 is "
            f"one observation, so that the regularisation will be far too strong: "
            f"divide sample_weight by its mean, or give alpha a number.",
            UserWarning,
            stacklevel=5,
        )
