"""A training problem: a model, data in standardised units, and the way back."""

import copy

import numpy as np
from scipy.special import softmax

from ..fitted.averages import inverse_weights
from ..model import (
    EvidenceObjective,
    JointEvidence,
    LazyGrams,
    Objective,
    RidgePenalty,
    ShiftedGrams,
)
from .watcher import describe_errors, describe_evidence, describe_loss

# Root mean square of the residuals, in standard deviations of the targets, that leaves
# nothing to warn of where max_iter ends the training.
_SMALL_RESIDUAL = 1e-4
# Noise, in the same unit, that no larger model is needed for.
_NEGLIGIBLE_NOISE = 1e-5
# Of all matrices that vary together, in units of the mean spacing of levels, for
# features of about [-1, 1].
_FIRST_DEVIATIONS = 0.5, 3.0
# Of the noise, in standard deviations of the targets.
_FIRST_NOISES = 0.01, 0.3
# Observations whose evidence weighs several models.
_JUDGES = 10
# Models of less weight are left out.
_LEAST_WEIGHT = 0.05
# Triangular factors that maximising an evidence takes, and what a core does.
_N_FACTORS, _OPERATIONS_PER_SECOND = 170, 5e9


class Problem:
    """What is minimised to fit a model to data.

    Made by :func:`table_problem` or :func:`image_problem`; it does not change.

    Parameters
    ----------
    model : PMM or ImagePMM
        Structure of the model, in standardised units.
    likelihood : object
        See `pmm_sklearn.training.likelihood`.
    units : object
        From the user's units to standardised ones and back: see
        `pmm_sklearn.training.units`.
    objective : Objective
        Penalised loss of the standardised training data.
    validation_loss : callable, optional
        ``validation_loss(theta)``, of samples that are not trained on.
    """

    def __init__(self, model, likelihood, units, objective, validation_loss=None):
        self.model = model
        self.likelihood = likelihood
        self.units = units
        self.objective = objective
        self.validation_loss = validation_loss

    def with_objective(self, objective):
        """The same problem with other data or another penalty."""
        other = copy.copy(self)
        other.objective = objective
        return other

    def with_threads(self, threads):
        """The same problem with a function that maps over shares of the samples."""
        return self.with_objective(self.objective.with_threads(threads))

    def with_alpha(self, alpha):
        """The same problem with a penalty of given weight."""
        return self.with_objective(self.objective.with_penalty(RidgePenalty(alpha)))

    @property
    def describe(self):
        """Function of loss and score that says in words how good a model is."""
        return getattr(self.validation_loss, "describe", describe_loss)

    def summary(self, solver):
        """How large the problem is, in words."""
        objective = self.objective
        return (
            f"{len(objective.y)} samples, {objective.n_parameters} parameters, "
            f"{objective.n_residuals} residuals, solver {solver!r}"
        )

    def weights(self, scores):
        """Weights of several models in their mean."""
        return inverse_weights(scores)

    def tells(self, theta):
        """Further fitted attributes, numbers that say what was learned."""
        return {}

    def loss_of_means(self):
        """Loss of a model without matrices: its outputs are means of the targets."""
        return self.objective.value(np.zeros(self.objective.n_parameters))

    def is_accurate(self, result):
        """Whether residuals are negligible: nothing to warn of."""
        return result.loss <= _SMALL_RESIDUAL**2 * self.loss_of_means()

    def random_start(self, seed):
        """Random coordinates; columns that are constant have no influence."""
        theta = self.model.initial(np.random.RandomState(seed))
        return self.units.start(self.model, theta)

    def start_from(self, parameters):
        """Coordinates of given parameters, which are in the user's units."""
        return self.model.join(self.units.to_standard(parameters))

    def parameters(self, theta):
        """Parameters in the user's units."""
        return self.units.to_user(self.model.split(theta.copy()))


def table_problem(
    model, likelihood, units, data, penalty, validation=None, smoothness=None
):
    """Problem of a table of features and columns of targets.

    Parameters
    ----------
    model, likelihood, units
        As for `Problem`.
    data : tuple of ndarray
        ``X`` of shape (n_samples, n_features), ``y`` of shape (n_samples,
        n_outputs), and weights as `units` takes them.
    penalty : RidgePenalty or NoisePenalty
        Penalty on the size of the matrices.
    validation : tuple of ndarray, optional
        The same as `data` for samples that are not trained on.
    smoothness : EigenvectorOverlap, optional
        A term of the objective that needs no targets.

    Returns
    -------
    Problem
    """

    def objective(data, *terms):
        X, y, weight = data
        standard = units.features(X), units.targets(y), units.weights(weight)
        return Objective(model, likelihood.loss, *standard, *terms)

    validation_loss = None
    if validation is not None:
        validation_loss = objective(validation, RidgePenalty(0.0)).value
    training = objective(data, penalty, smoothness)
    return Problem(model, likelihood, units, training, validation_loss)


class EvidenceProblem:
    """What is maximised to fit a model by its evidence.

    It offers what a `Problem` does but other penalties.

    Parameters
    ----------
    model : PMM
        Structure of the model, in standardised units.
    likelihood, units
        As for `Problem`.
    data : tuple of ndarray
        As for :func:`table_problem`.
    error : ndarray of shape (n_samples, n_outputs), optional
        Known standard deviations of the targets.
    learns_noise : bool, default=True
        Whether there is noise beside them.
    first_variances : tuple of ndarray, optional
        `Variances` of a fit that is continued.
    """

    validation_loss = None
    describe = staticmethod(describe_evidence)

    def __init__(
        self,
        model,
        likelihood,
        units,
        data,
        error=None,
        learns_noise=True,
        first_variances=None,
    ):
        self.model = model
        self._first_variances = first_variances
        self.likelihood = likelihood
        self.units = units
        X, y, weight = data
        kind = EvidenceObjective if model.readout.is_linear else JointEvidence
        self.objective = kind(
            model,
            units.features(X),
            units.targets(y),
            units.weights(weight),
            None if error is None else error / units.target_scale,
            learns_noise,
            is_far=first_variances is None,
        )

    @property
    def seconds(self):
        """About how long it takes on one core."""
        objective = self.objective
        sizes = objective.n_samples, objective.n_outputs, objective.n_columns
        return seconds_of_evidence(*sizes)

    def summary(self, solver):
        """How large the problem is, in words."""
        model, n_samples = self.model, self.objective.n_samples
        return (
            f"matrices of side {model.primary.side}, "
            f"{n_samples} samples, {model.primary.size} parameters of matrices, "
            f"{model.readout.size} of observables, solver "
            f"{solver!r} of the evidence, about {max(self.seconds, 1.0):.0f} s"
        )

    def with_threads(self, threads):
        """The same problem with a function that maps over shares of the samples."""
        other = copy.copy(self)
        other.objective = self.objective.with_threads(threads)
        return other

    def weights(self, scores):
        """Weights of several models in their mean, as if a few data judged them.

        Probabilities given all data would leave the best alone: it is rarely the best
        everywhere.
        """
        share = _JUDGES / (self.objective.n_observations * self.objective.n_outputs)
        return softmax(-share * np.asarray(scores))

    def is_worth(self, scores):
        """Which of several models have a weight that matters."""
        return self.weights(scores) >= _LEAST_WEIGHT

    def tells(self, theta):
        """Evidence, noise and length scales, in the user's units."""
        objective, scale = self.objective, self.units.target_scale
        _, variances = objective.split(theta)
        units = objective.n_observations * np.sum(np.log(scale))
        lengths = self.units.feature_units[1] / np.sqrt(variances.matrices[1:])
        varies = np.any(objective.X, axis=0)
        return {
            "_variances": tuple(variances),
            "log_evidence_": float(objective.log_evidence(theta) - units),
            "noise_": scale * np.sqrt(variances.noise) * objective.learns_noise,
            "length_scales_": np.where(varies, lengths, np.inf),
            "n_effective_parameters_": objective.n_effective(theta),
        }

    def loss_of_means(self):
        """None that an evidence could be compared with."""
        return -np.inf

    def is_accurate(self, result):
        """Whether the noise is negligible: nothing to warn of."""
        return self._has_noise_below(_SMALL_RESIDUAL, result)

    def is_exact(self, result):
        """Whether a larger model would not be worth its time, for noise is so small."""
        is_known = not self.objective.learns_noise
        return not is_known and self._has_noise_below(_NEGLIGIBLE_NOISE, result)

    def _has_noise_below(self, deviation, result):
        _, variances = self.objective.split(result.theta)
        is_small = np.all(variances.noise <= deviation**2)
        return bool(is_small or not np.any(self.objective.y))

    def random_start(self, seed):
        """Matrices drawn from their prior, whose width is drawn, too, and the noise."""
        random_state = np.random.RandomState(seed)
        deviation, noise = (
            np.exp(random_state.uniform(*np.log(limits)))
            for limits in (_FIRST_DEVIATIONS, _FIRST_NOISES)
        )
        theta = self.objective.initial(random_state, deviation, noise)
        coordinates = slice(self.objective.size)
        theta[coordinates] = self.units.start(self.model, theta[coordinates])
        return theta

    def start_from(self, parameters):
        """A vector with given matrices, which are in the user's units."""
        coordinates = self.model.join(self.units.to_standard(parameters))
        return self.objective.start_from(coordinates, self._first_variances)

    def parameters(self, theta):
        """Parameters in the user's units."""
        return self.units.to_user(self.objective.parameters(theta))


def seconds_of_evidence(n_samples, n_outputs, n_columns):
    """About how long it takes to maximise an evidence, on one core.

    Parameters
    ----------
    n_samples, n_outputs : int
        Of the data.
    n_columns : int
        Number of coordinates of the matrices, and of the observables of one output.
    """
    rows = n_samples * n_outputs + n_columns
    return _N_FACTORS * 2.0 * rows * n_columns**2 / _OPERATIONS_PER_SECOND


def image_problem(
    model, likelihood, units, data, penalty, validation=None, max_memory=0, shifts=None
):
    """Problem of images, which may be too many to keep their Gram matrices.

    Parameters
    ----------
    model, likelihood, units, penalty
        As for :func:`table_problem`.
    data : tuple of ndarray
        Images, targets of shape (n_samples, n_classes), weights.
    validation : tuple of ndarray, optional
        The same for the images set aside; their loss is the fraction of them that is
        misclassified.
    max_memory : float, default=0
        Bytes that the Gram matrices may take.
    shifts : tuple of int, optional
        Largest shift of the images in pixels, and the seed of random shifts.

    Returns
    -------
    Problem
    """
    images, targets, weight = data
    grams, inputs = model.grams, None
    if shifts is not None:
        inputs = ShiftedGrams(grams, images, *shifts)
    elif len(images) * grams.size * grams.dtype.itemsize > max_memory:
        inputs = LazyGrams(grams, images)
    column = weight[:, np.newaxis]
    objective = Objective(
        model, likelihood.loss, images, targets, column, penalty, inputs=inputs
    )
    errors = None if validation is None else _ErrorRate(model, *validation)
    return Problem(model, likelihood, units, objective, errors)


class _ErrorRate:
    """Fraction of some images that a vector of parameters misclassifies."""

    describe = staticmethod(describe_errors)

    def __init__(self, model, images, targets, weight):
        self._model = model
        self._images = images
        self._labels = np.argmax(targets, axis=1)
        self._weight = weight

    def __call__(self, theta):
        outputs = self._model.predict(self._model.split(theta), self._images)
        is_wrong = np.argmax(outputs, axis=1) != self._labels
        return self._weight @ is_wrong / self._weight.sum()
