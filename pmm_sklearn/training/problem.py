"""A training problem: a model, data in standardised units, and the way back."""

import copy

import numpy as np

from ..fitted.averages import inverse_weights
from ..model import (
    LazyGrams,
    Objective,
    RidgePenalty,
    ShiftedGrams,
)
from .level_start import LevelStart
from .watcher import describe_errors, describe_loss

# Iterations after which starts are compared, and solutions: with fewer of them, and of
# fewer starts, matrices that would explain all data lose to smaller ones.
_N_SCREENING, _N_SCREENING_OF_SOLUTIONS = 20, 150
# Root mean square of the residuals, in standard deviations of the targets, that leaves
# nothing to warn of where max_iter ends the training.
_SMALL_RESIDUAL = 1e-4


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
    prior : StartPrior, optional
        Of the starts, where all solutions are compared by it.
    starts : StartPrior, LevelStart or DynamicsStart, optional
        ``starts.draw(random_state)`` returns coordinates; by default those of the prior
        or else of the model.
    """

    def __init__(
        self,
        model,
        likelihood,
        units,
        objective,
        validation_loss=None,
        prior=None,
        starts=None,
    ):
        self.model = model
        self.likelihood = likelihood
        self.units = units
        self.objective = objective
        self.validation_loss = validation_loss
        self.prior = prior
        self.starts = prior if starts is None else starts

    @property
    def trains_all_starts(self):
        """Whether all starts are worth to be trained to the end."""
        return self.prior is not None

    @property
    def has_two_ways(self):
        """Whether its solutions depend on when the penalty sets in."""
        return self.prior is not None and not self.prior.observed.are_exact

    @property
    def n_iter_screening(self):
        """Number of iterations after which starts can be compared."""
        return _N_SCREENING if self.prior is None else _N_SCREENING_OF_SOLUTIONS

    # Of each of several sizes, so many starts are tried.
    n_probed = 4

    def log_evidence(self, result):
        """The largest of all starts of a `Fit`, in nats."""
        thetas = [start.theta for start in result.starts]
        return max(self.prior.log_evidence(self.objective, theta) for theta in thetas)

    def is_exact(self, result):
        """False: what a larger model is worth is for its evidence to say."""
        return False

    def with_objective(self, objective):
        """The same problem with other data or another penalty."""
        other = copy.copy(self)
        other.objective = objective
        return other

    def with_threads(self, threads):
        """The same problem with a function that maps over shares of the samples."""
        return self.with_objective(self.objective.with_threads(threads))

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
        if self.prior is None:
            return {}
        return self.prior.tells(self.objective, theta, self.units.feature_units[1])

    def loss_of_means(self):
        """Loss of a model without matrices: its outputs are means of the targets."""
        return self.objective.value(np.zeros(self.objective.n_parameters))

    def is_accurate(self, result):
        """Whether residuals are negligible: nothing to warn of."""
        return result.loss <= _SMALL_RESIDUAL**2 * self.loss_of_means()

    def random_start(self, seed):
        """Random coordinates; columns that are constant have no influence."""
        draw = self.model.initial if self.starts is None else self.starts.draw
        theta = draw(np.random.RandomState(seed))
        return self.units.start(self.model, theta)

    def start_from(self, parameters):
        """Coordinates of parameters in the user's units, counted from the origin."""
        return self.model.join(self.units.to_standard(parameters))

    def parameters(self, theta):
        """Parameters in the user's units, for features counted from the origin."""
        return self.units.to_user(self.model.split(theta.copy()))


def table_problem(
    model,
    likelihood,
    units,
    data,
    penalty,
    validation=None,
    smoothness=None,
    prior=None,
    make_starts=None,
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
    prior : StartPrior, optional
        See `Problem`.
    make_starts : callable, optional
        ``make_starts(objective)`` returns the `starts` of `Problem`.

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
    starts = None if make_starts is None else make_starts(training)
    if prior is None and model.reads_levels:
        outputs = units.first_outputs(training.y)
        standard = training.X, outputs, training.weight
        starts = LevelStart(model, *standard, max_steps=0)
    return Problem(model, likelihood, units, training, validation_loss, prior, starts)


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
