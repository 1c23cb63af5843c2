"""From the parameters of a regressor and its data to what is to be trained."""

import numpy as np

from ._sizes import (
    affordable_families,
    is_size_open,
    size_of,
    wants_evidence,
)
from ._warnings import warn_caller
from .checks.data import set_aside
from .checks.gradients import check_no_gradient
from .checks.parameters import (
    LARGEST_AUTOMATIC_SIDE,
    check_no_errors,
    check_rank_reaches,
)
from .fitted import observable_structure
from .model import SquaredError
from .model.losses import MeanDeviance, OwnLoss, Penalised, PointwiseLoss, Quantile
from .training import (
    LOG_LINK,
    Family,
    GaussianEvidence,
    GaussianLikelihood,
    LossLikelihood,
    loss_evidence,
    regression_evidence,
    table_problem,
    warn_of_weights,
)

# Sides that are tried one after the other, and that where there is no evidence.
SIDES = (3, 5, LARGEST_AUTOMATIC_SIDE)
SIDE_OTHERWISE = LARGEST_AUTOMATIC_SIDE
# A level has no observables: it takes larger matrices.
_SIDES_OF_LEVELS = 3, 5, 9, 15
# Seconds that an evidence may take, of a size that is chosen or that is given.
_LONGEST = 20.0, 200.0
# From then on a size that was given is worth a warning.
_LONG = 60.0
# With so many targets for each parameter large matrices are better than priors.
_MANY_PER_PARAMETER = 5


def regression_families(estimator, data, error, random_state, continues, gradient=None):
    """What a regressor can train, by evidence or with a penalty.

    Parameters
    ----------
    estimator : PMMRegressor
        Whose parameters have been checked.
    data : TableData
        Features, targets and weights.
    error : ndarray of shape (n_samples, n_outputs) or None
        Known standard deviations of the targets.
    random_state : numpy.random.RandomState
        Of the samples that are set aside.
    continues : bool
        Whether the fit goes on from the fitted model.
    gradient : TargetGradient, optional
        Derivatives of the targets by the features.

    Returns
    -------
    list of Family
        Of growing size; one, if there is no choice.
    """
    families = []
    if wants_evidence(estimator) and _has_evidence(estimator):
        warn_of_weights(estimator.alpha, data.weight)
        families = _by_evidence(estimator, data, error, gradient, continues)
    if families:
        return families
    check_no_errors(estimator, error)
    check_no_gradient(estimator, gradient)
    return [Family.of(*_by_penalty(estimator, data, random_state, continues))]


def judge_of(estimator, data):
    """What tells whether a model is better than one number: a loss, and that number.

    Parameters
    ----------
    estimator : PMMRegressor
        Has the loss.
    data : TableData
        Targets and weights.

    Returns
    -------
    loss : object
        With a ``value(outputs, targets)`` that is not negative.
    constant : callable
        ``constant(means)`` is the number, of each output.
    """
    ones = np.ones(data.y.shape[1])
    if estimator.loss in ("huber", "absolute_error", "quantile"):
        share = 0.5 if estimator.quantile is None else estimator.quantile
        best = [_quantile(y, data.weight, share) for y in data.y.T]
        tilted = Quantile(1e-6 * np.maximum(np.var(data.y, axis=0), 1e-300), share)
        return Penalised(tilted), lambda means: np.array(best)
    if estimator.loss in LOG_LINK:
        return MeanDeviance(estimator.loss), np.array
    if isinstance(estimator.loss, PointwiseLoss):
        own = OwnLoss(estimator.loss, 0.0 * ones, ones)
        return Penalised(own), np.array
    return SquaredError(), np.array


def _quantile(y, weight, share):
    """Quantile of weighted numbers."""
    order = np.argsort(y)
    cumulated = np.cumsum(weight[order])
    return y[order[np.searchsorted(cumulated, share * cumulated[-1])]]


def _has_evidence(estimator):
    """Whether outputs are linear in what they are read out with, or errors normal."""
    is_linear = estimator.readout != "transition"
    if is_linear and isinstance(estimator.rank, (tuple, list)):
        is_linear = estimator.rank[1] is None
    elif is_linear:
        is_linear = estimator.rank is None
    return is_linear or estimator.loss == "squared_error"


def _by_evidence(estimator, data, error, gradient, continues):
    """Problems of growing size; none if only small ones of many data are affordable."""

    def evidence(side):
        return _evidence(estimator, side, data, error, gradient, continues)

    sides = _SIDES_OF_LEVELS if estimator.readout == "level" else SIDES
    families = affordable_families(
        estimator, continues, evidence, sides, SIDE_OTHERWISE, _LONGEST
    )
    is_open = is_size_open(estimator, continues)
    has_errors = error is not None or gradient is not None
    if is_open and not has_errors and len(families) < len(SIDES):
        # Of many data a larger matrix with a simple penalty says more.
        n_parameters = evidence(SIDE_OTHERWISE)[0].model.n_parameters
        if data.y.size > _MANY_PER_PARAMETER * n_parameters:
            return []
    if not families and is_open:
        smallest = evidence(SIDES[0])
        problem, _ = smallest
        # A penalty would leave to chance what fewer data than parameters do not tell,
        # and knows of no errors.
        is_wide = data.y.size < problem.model.n_parameters
        if (is_wide or has_errors) and problem.seconds <= _LONGEST[1]:
            families = [Family.of(*smallest)]
    if len(families) == 1:
        _warn_of_minutes(estimator, families[0].first()[0], data)
    return families


def _warn_of_minutes(estimator, problem, data):
    if problem.seconds > _LONG:
        warn_caller(
            f"matrix_size={estimator.matrix_size!r} will take about "
            f"{problem.seconds / 60:.0f} minutes for {len(data.X)} samples of "
            f"{data.X.shape[1]} features: take a smaller one, n_init=1, or "
            f'solver="adam".',
            UserWarning,
        )


def _evidence(estimator, side, data, error, gradient, continues):
    """Problem of one size, with what its model is."""
    structure = _structure(estimator, data, side, continues, level_spacing=1.0)
    model = structure.model()
    first_variances = None
    if continues:
        first_variances = getattr(estimator, "_variances", None)
    if estimator.loss != "squared_error":
        likelihood = LossLikelihood(estimator.loss, estimator.quantile)
        return loss_evidence(model, likelihood, data, first_variances), structure
    problem = regression_evidence(
        model,
        GaussianEvidence(),
        data,
        error,
        estimator.extra_noise,
        first_variances,
        estimator.max_iter,
        gradient,
    )
    return problem, structure


def _by_penalty(estimator, data, random_state, continues):
    """The problem with a penalty of given weight, or one that follows the noise."""
    structure = _structure(estimator, data, SIDE_OTHERWISE, continues)
    model, likelihood = structure.model(), GaussianLikelihood()
    training, validation = set_aside(estimator, data, random_state)
    if estimator.loss != "squared_error":
        likelihood = LossLikelihood(estimator.loss, estimator.quantile)
        units = likelihood.units(training, model)
        likelihood = likelihood.penalised(training, units)
        penalty = likelihood.penalty(estimator.alpha)
        problem = table_problem(model, likelihood, units, training, penalty, validation)
        return problem, structure
    units = likelihood.units(training, model)
    penalty = likelihood.penalty(estimator.alpha, training.weight, model.n_outputs)
    problem = table_problem(model, likelihood, units, training, penalty, validation)
    return problem, structure


def _structure(estimator, data, side, continues, level_spacing=0.0):
    size = size_of(estimator, side, continues)
    structure = observable_structure(estimator, data, level_spacing, size)
    side = int(np.sum(structure.block_sizes))
    check_rank_reaches(structure.rank[0], side, data.X.shape[1])
    return structure
