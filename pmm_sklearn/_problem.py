"""A training problem: standardised data, starting points, units restored."""

import warnings

import numpy as np

from .model import NoisePenalty, Objective, RidgePenalty, SquaredError

# Of the coordinates of all matrices, for alpha="auto"; see doc/defaults.rst.
_PRIOR_VARIANCE = 5.0
_SMALL_WEIGHT = 0.1


class TrainingProblem:
    """What is minimised to fit a model to data.

    Parameters
    ----------
    model : PMM
        Structure of the model, in standardised units.
    scaling : Standardisation or SpectrumScaling
        From the user's units to standardised ones.
    data : tuple of ndarray
        ``X`` of shape (n_samples, n_features), ``y`` of shape (n_samples,
        n_outputs), and weights as `scaling` takes them.
    alpha : float or "auto"
        Weight of the penalty; "auto" follows the variance of the residuals.
    validation : tuple of ndarray, optional
        The same for samples that are not trained on.
    smoothness : EigenvectorOverlap, optional
        A term of the objective that needs no targets.

    Attributes
    ----------
    objective : Objective
        Penalised loss of the standardised training data.
    validation_loss : callable or None
        ``validation_loss(theta)``, without penalty.
    """

    def __init__(self, model, scaling, data, alpha, validation=None, smoothness=None):
        self.model = model
        self.scaling = scaling
        X, y, weight = self._standardised(data)
        penalty = RidgePenalty(alpha) if alpha != "auto" else _noise_penalty(y, data[2])
        self.objective = Objective(
            model, SquaredError(), X, y, weight, penalty, smoothness
        )
        self.validation_loss = None
        if validation is not None:
            self.validation_loss = Objective(
                model,
                SquaredError(),
                *self._standardised(validation),
                RidgePenalty(0.0),
            ).value

    def _standardised(self, data):
        X, y, weight = data
        scaling = self.scaling
        return scaling.features(X), scaling.targets(y), scaling.weights(weight)

    def random_start(self, seed):
        """Random coordinates; columns that are constant have no influence."""
        theta = self.model.initial(np.random.RandomState(seed))
        parameters = self.scaling.without_influence(self.model.split(theta))
        return self.model.join(parameters)

    def start_from(self, parameters):
        """Coordinates of given parameters, which are in the user's units."""
        return self.model.join(self.scaling.to_standard(parameters))

    def parameters(self, theta):
        """Parameters in the user's units."""
        return self.scaling.to_user(self.model.split(theta))


def _noise_penalty(y, weight):
    """Penalty that follows the noise: weights count as observations.

    Hardly any weight would leave only the prior.
    """
    per_target = np.broadcast_to(weight.reshape(len(weight), -1), y.shape)
    mean = per_target.mean()
    if mean < _SMALL_WEIGHT:
        warnings.warn(
            f"sample_weight has mean {mean:.2g}. With alpha='auto' a weight of 1 is "
            f"one observation, so that the regularisation will be far too strong: "
            f"divide sample_weight by its mean, or give alpha a number.",
            UserWarning,
            stacklevel=6,
        )
    return NoisePenalty(per_target.sum(), _PRIOR_VARIANCE)
