"""A training problem: standardised data, starting points, units restored."""

import numpy as np

from ._warnings import warn_caller
from .model import LaplacePosterior, NoisePenalty, Objective, RidgePenalty

_SMALL_WEIGHT = 0.1


class TrainingProblem:
    """What is minimised to fit a model to data.

    Parameters
    ----------
    model : PMM
        Structure of the model, in standardised units.
    loss : SquaredError or CrossEntropy
        Loss of the outputs.
    scaling : Standardisation or SpectrumScaling
        From the user's units to standardised ones.
    data : tuple of ndarray
        ``X`` of shape (n_samples, n_features), ``y`` of shape (n_samples,
        n_outputs), and weights as `scaling` takes them.
    penalty : RidgePenalty or NoisePenalty
        Penalty on the size of the matrices.
    validation : tuple of ndarray, optional
        The same for samples that are not trained on.
    smoothness : EigenvectorOverlap, optional
        A term of the objective that needs no targets.
    counts : ndarray of shape (n_samples, n_outputs), optional
        How many observations each datum is; by default its weight.
    residuals : {"noise", "model error", "known errors"}, default="noise"
        What residuals are: see `LaplacePosterior.fit`.

    Attributes
    ----------
    objective : Objective
        Penalised loss of the standardised training data.
    validation_loss : callable or None
        ``validation_loss(theta)``, without penalty.
    """

    def __init__(
        self,
        model,
        loss,
        scaling,
        data,
        penalty,
        validation=None,
        smoothness=None,
        counts=None,
        residuals="noise",
    ):
        self._noise = {"counts": counts, "residuals": residuals}
        self.model = model
        self.scaling = scaling
        X, y, weight = self._standardised(data)
        self.objective = Objective(model, loss, X, y, weight, penalty, smoothness)
        self.validation_loss = None
        if validation is not None:
            self.validation_loss = Objective(
                model,
                loss,
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
        return self.scaling.without_influence(self.model, theta)

    def start_from(self, parameters):
        """Coordinates of given parameters, which are in the user's units."""
        return self.model.join(self.scaling.to_standard(parameters))

    def posterior(self, theta):
        """Posterior of the fitted coordinates; None for too many of them."""
        return LaplacePosterior.fit(self.objective, theta, **self._noise)

    def parameters(self, theta):
        """Parameters in the user's units."""
        return self.scaling.to_user(self.model.split(theta))

    def attributes(self, theta):
        """Fitted attributes that predictions depend on."""
        parameters = self.parameters(theta)._asdict()
        if not self.model.readout.n_intercepts:
            del parameters["intercept"]
        return {f"{name}_": array for name, array in parameters.items()}


def warn_of_small_weights(sample_weight):
    """Weights are numbers of observations for ``alpha="auto"``."""
    mean = sample_weight[sample_weight > 0].mean()
    if mean < _SMALL_WEIGHT:
        warn_caller(
            f"sample_weight has mean {mean:.2g}. With alpha='auto' a weight of 1 is "
            f"one observation, so that the regularisation will be wrong: divide "
            f"sample_weight by its mean, or give alpha a number.",
            UserWarning,
        )


def make_penalty(alpha, sample_weight, n_outputs, prior_variance):
    """Penalty of a given weight, or for "auto" one that follows the noise.

    Parameters
    ----------
    alpha : float or "auto"
        Weight of the penalty.
    sample_weight : ndarray
        Weights, each counted as a number of observations.
    n_outputs : int
        Number of observations that each of them weighs.
    prior_variance : float
        Variance of the coordinates of all matrices, for "auto".

    Returns
    -------
    RidgePenalty or NoisePenalty
    """
    if alpha != "auto":
        return RidgePenalty(alpha)
    warn_of_small_weights(sample_weight)
    return NoisePenalty(sample_weight.sum() * n_outputs, prior_variance)
