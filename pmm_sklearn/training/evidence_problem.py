"""A training problem whose measure is the evidence: regression and classes."""

import copy

import numpy as np
from scipy.special import softmax

from ..model import (
    ClassData,
    DerivativeData,
    EvidenceObjective,
    JointEvidence,
    NormalData,
)
from ..solvers import IN_TURN
from .level_start import LevelStart
from .watcher import describe_evidence

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
# Known error, in the same unit.
_LARGEST_ERROR = 1e100
# Derivatives, in units of the standardised problem.
_LARGEST_DERIVATIVE = 1e100
# Observations whose evidence weighs several models.
_JUDGES = 10
# Models of less weight are left out.
_LEAST_WEIGHT = 0.05
# Triangular factors that maximising an evidence takes, and what a core does.
_N_FACTORS, _OPERATIONS_PER_SECOND = 170, 5e9

# Standard deviation of the observables of classes, at first: logits are a few units.
_FIRST_LOGITS = 3.0


class EvidenceProblem:
    """What is maximised to fit a model by its evidence.

    Made by :func:`regression_evidence` or :func:`class_evidence`.  It offers what a
    `Problem` does but other penalties.

    Parameters
    ----------
    model : PMM
        Structure of the model, in standardised units.
    likelihood, units
        As for `Problem`.
    objective : EvidenceObjective or JointEvidence
        The evidence of the standardised data.
    first_variances : tuple of ndarray, optional
        `Variances` of a fit that is continued.
    max_steps : int, optional
        Of the least squares that the training of a level starts with.
    """

    validation_loss = None
    trains_all_starts = has_two_ways = False
    # Of each of several sizes, so many starts are tried.
    n_probed = 2
    # Ten after those in turn.
    n_iter_screening = IN_TURN + 10
    describe = staticmethod(describe_evidence)

    def __init__(
        self, model, likelihood, units, objective, first_variances=None, max_steps=None
    ):
        # Of starts that are averaged where it is open: a level stays one level.
        self.most_members = 1 if model.reads_levels else 2
        self.model = model
        self.likelihood = likelihood
        self.units = units
        self.objective = objective
        self._first_variances = first_variances
        self._max_steps = max_steps

    @property
    def seconds(self):
        """About how long it takes on one core."""
        operations = _N_FACTORS * self.objective.operations
        return 2.0 * operations / _OPERATIONS_PER_SECOND

    def summary(self, solver):
        """How large the problem is, in words."""
        model, objective = self.model, self.objective
        samples = f"{objective.n_samples} samples"
        if objective.n_rows > objective.n_samples:
            samples += f" with {np.sum(objective.derivatives.weight > 0)} derivatives"
        return (
            f"matrices of side {model.primary.side}, "
            f"{samples}, {model.primary.size} parameters of matrices, "
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
        share = _JUDGES / self.objective.n_observed
        return softmax(-share * np.asarray(scores))

    def is_worth(self, scores):
        """Which of several models have a weight that matters."""
        return self.weights(scores) >= _LEAST_WEIGHT

    def tells(self, theta):
        """Evidence, noise and length scales, in the user's units."""
        objective = self.objective
        _, variances = objective.split(theta)
        unit, widths = self._widths(variances.matrices)
        lengths = self.units.feature_units[1] * unit / widths
        varies = np.any(objective.X, axis=0)
        told = {
            "_variances": tuple(variances),
            "log_evidence_": float(objective.log_evidence(theta)),
            "length_scales_": np.where(varies, lengths, np.inf),
            "n_effective_parameters_": objective.n_effective(theta),
        }
        if objective.n_noises:
            scale = self.units.target_scale
            noise = np.sqrt(variances.noise) * objective.is_learned
            told["noise_"] = scale * noise[: len(scale)]
            told["log_evidence_"] -= objective.n_observations * np.log(scale).sum()
            if objective.n_noises > len(scale):
                self._tell_of_derivatives(told, noise[len(scale) :])
        return told

    def _tell_of_derivatives(self, told, noise):
        """Add the noise of derivatives, and their units to the evidence."""
        data, units = self.objective.derivatives, self.units.gradient_units
        numbers = np.zeros_like(units)
        np.add.at(numbers.T, data.features, data.weight)
        is_known = numbers > 0
        told["gradient_noise_"] = np.where(is_known, noise[:, None] * units, np.nan)
        logarithms = np.log(np.where(is_known, units, 1.0))
        told["log_evidence_"] -= float(np.sum(numbers * logarithms))

    def _widths(self, variances):
        """Unit of energy, and how large the prior takes the matrices of features.

        Eigenvectors have the spacing of levels that the prior counts from; of levels
        it is their own spread.
        """
        degrees = np.array([space.degree for space in self.model.primary.spaces])
        constant, *widths = variances ** (degrees / 2)
        return constant if self.model.reads_levels else 1.0, np.array(widths)

    def loss_of_means(self):
        """None that an evidence could be compared with."""
        return -np.inf

    def log_evidence(self, result):
        """That of the best start of a `Fit`, in nats."""
        return -result.best.loss

    def is_accurate(self, result):
        """Whether the noise is negligible: nothing to warn of."""
        return self._has_noise_below(_SMALL_RESIDUAL, result)

    def is_exact(self, result):
        """Whether a larger model would not be worth its time, for noise is so small."""
        is_known = not self.objective.learns_noise
        return not is_known and self._has_noise_below(_NEGLIGIBLE_NOISE, result)

    def _has_noise_below(self, deviation, result):
        if not self.objective.n_noises:
            return False
        _, variances = self.objective.split(result.theta)
        largest = deviation**2 * self.objective.noise_units**2
        is_small = np.all(variances.noise <= largest)
        return bool(is_small or not np.any(self.objective.y))

    def random_start(self, seed):
        """Matrices drawn from their prior, whose width is drawn, too, and the noise."""
        random_state = np.random.RandomState(seed)
        if self.model.reads_levels:
            return self._start_of_level(random_state)
        deviation, noise = (
            np.exp(random_state.uniform(*np.log(limits)))
            for limits in (_FIRST_DEVIATIONS, _FIRST_NOISES)
        )
        theta = self.objective.initial(random_state, deviation, noise)
        coordinates = slice(self.objective.size)
        theta[coordinates] = self.units.start(self.model, theta[coordinates])
        return theta

    def _start_of_level(self, random_state):
        """From a convex problem, then least squares, whose residuals are the noise.

        Classes are no values to come near: of these, the convex problem alone.
        """
        objective = self.objective
        y = self.units.first_outputs(objective.y)
        max_steps = self._max_steps if objective.n_noises else 0
        data = objective.X, y, objective.weight
        theta = LevelStart(self.model, *data, max_steps).draw(random_state)
        theta = self.units.start(self.model, theta)
        outputs = self.model.predict(self.model.split(theta), objective.X)
        return objective.start_from(theta, residuals=y - outputs)

    def start_from(self, parameters):
        """A vector of parameters in the user's units, counted from the origin."""
        coordinates = self.model.join(self.units.to_standard(parameters))
        variances = self._first_variances
        if variances is not None:
            # Derivatives may be new, or no data any more.
            *others, noise = variances
            variances = *others, np.resize(noise, self.objective.n_noises)
        return self.objective.start_from(coordinates, variances)

    def parameters(self, theta):
        """Parameters in the user's units, for features counted from the origin."""
        return self.units.to_user(self.objective.parameters(theta))


def regression_evidence(
    model,
    likelihood,
    data,
    error=None,
    extra_noise=False,
    first_variances=None,
    max_steps=None,
    gradient=None,
):
    """Problem of a table with targets that have noise, known errors, or both.

    Parameters
    ----------
    model : PMM
        Structure of the model, in standardised units.
    likelihood : GaussianEvidence
        What its outputs mean.
    data : tuple of ndarray
        As for :func:`table_problem`.
    error : ndarray of shape (n_samples, n_outputs), optional
        Known standard deviations of the targets.
    extra_noise : bool, default=False
        Whether there is noise beside known errors.
    first_variances : tuple of ndarray, optional
        `Variances` of a fit that is continued.
    max_steps : int, optional
        Of the least squares that the training of a level starts with.
    gradient : tuple of ndarray, optional
        Derivatives of the targets by the features, of shape (n_samples, n_outputs,
        n_features), NaN where they are not known, and their known errors or None.

    Returns
    -------
    EvidenceProblem
    """
    units = likelihood.units(data, model)
    X, y, weight = data
    standard = model, units.features(X), units.targets(y), units.weights(weight)
    if error is not None:
        # Beyond, squares overflow: such a target says nothing anyway.
        error = np.minimum(error / units.target_scale, _LARGEST_ERROR)
    learns_noise, is_far = error is None or extra_noise, first_variances is None
    if model.readout.is_linear:
        derivatives = None
        if gradient is not None:
            derivatives = _standard_derivatives(units, weight, *gradient, extra_noise)
        objective = EvidenceObjective(
            *(*standard, error, learns_noise),
            is_far=is_far,
            derivatives=derivatives,
        )
    else:
        normal = NormalData(*standard, error)
        objective = JointEvidence(normal, learns_noise, is_far=is_far)
    return EvidenceProblem(
        model, likelihood, units, objective, first_variances, max_steps
    )


def _standard_derivatives(units, weight, values, error, extra_noise):
    """Known derivatives in units of the standardised problem, None if there are none.

    Those by a feature that is constant have no unit, and are left out.
    """
    with np.errstate(over="ignore"):
        values = values / units.gradient_units
        error = None if error is None else error / units.gradient_units
    if np.any(np.abs(values) > _LARGEST_DERIVATIVE):
        raise ValueError(
            f"y_gradient has values up to {np.nanmax(np.abs(values)):.3g} in units of "
            f"the spread of y over that of X: check its units."
        )
    if error is not None:
        error = np.clip(error, 1.0 / _LARGEST_ERROR, _LARGEST_ERROR)
    learns_noise = error is None or extra_noise
    data = DerivativeData(values, units.weights(weight), error, learns_noise)
    return data if len(data) else None


def class_evidence(model, likelihood, data, shift, first_variances=None):
    """Problem of a table of classes.

    Parameters
    ----------
    model, first_variances
        As for :func:`regression_evidence`.
    likelihood : ClassEvidence
        What its outputs mean.
    data : tuple of ndarray
        As for :func:`table_problem`; weights are numbers of samples.
    shift : ndarray of shape (n_outputs,)
        What weights of the classes add to the logits.

    Returns
    -------
    EvidenceProblem
    """
    units = likelihood.units(data, model, shift)
    X, y, weight = data
    classes = ClassData(model, units.features(X), y, units.weights(weight))
    objective = JointEvidence(
        classes,
        learns_scales=model.readout.is_linear,
        scale=_FIRST_LOGITS,
        is_far=first_variances is None,
    )
    return EvidenceProblem(model, likelihood, units, objective, first_variances)
