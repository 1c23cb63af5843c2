"""From the parameters of a classifier and its data to what is to be trained."""

import numpy as np

from ._base import KEYBOARD
from ._sizes import affordable_families, size_of, wants_evidence
from .checks.data import TableData, check_sample_weight, set_aside
from .checks.labels import labels_of
from .fitted import observable_structure
from .model import RidgePenalty
from .training import (
    ClassEvidence,
    ClassLikelihood,
    Family,
    class_evidence,
    every_fifth,
    held_out_alpha,
    table_problem,
    warn_of_weights,
)

# In these units parameters are of order one; see the notes of the docstring.
_LEVEL_SPACING = 3.0
LIKELIHOOD = ClassLikelihood(unit=10.0)
# Where features are many, their matrices are to be held back, not the observables;
# small steps go far in little time there: with 1280 features 1000 of them, in 10 s.
_LIKELIHOOD_OF_WIDE = ClassLikelihood(unit=30.0, many_samples=2000, n_steps=1000)
# From how many parameters on, if samples are fewer, their penalty is chosen.
_MANY_PARAMETERS = 2000
# Sides that are compared, and that where there is no evidence.
SIDES = (3, 5)
# A level has no observables: it takes larger matrices.
_SIDES_OF_LEVELS = 3, 5, 9
SIDE_OTHERWISE = 5
# Seconds that an evidence may take, of a size that is chosen or that is given.
_LONGEST = 20.0, 60.0
_LARGEST_SEED = np.iinfo(np.int32).max


def classification_families(estimator, data, factors, random_state, continues):
    """What a classifier can train, by evidence or with a penalty.

    Parameters
    ----------
    estimator : PMMClassifier
        Whose parameters have been checked.
    data : TableData
        Features, indicators of classes, and numbers of samples.
    factors : ndarray of shape (n_classes,)
        Weights of the classes.
    random_state : numpy.random.RandomState
        Of the samples that are set aside.
    continues : bool
        Whether the fit goes on from the fitted model.

    Returns
    -------
    list of Family
        Of growing size; one, if there is no choice.
    """
    if estimator.alpha == "auto":
        warn_of_weights(estimator.alpha, data.weight, takes_errors=False)
    families = []
    if wants_evidence(estimator):
        families = affordable_families(
            estimator,
            continues,
            lambda side: _evidence(estimator, side, data, factors, continues),
            _SIDES_OF_LEVELS if estimator.readout == "level" else SIDES,
            SIDE_OTHERWISE,
            _LONGEST,
        )
    if families:
        return families
    structure = penalised_structure(estimator, data, continues)
    data = weighted(data, factors)
    model = structure.model()
    likelihood = LIKELIHOOD
    if model.n_parameters > max(len(data.X), _MANY_PARAMETERS):
        likelihood = _LIKELIHOOD_OF_WIDE
        if estimator.alpha == "auto" and not estimator.early_stopping:
            problem = _held_out_problem(model, data, random_state)
            return [Family.of(problem, structure)]
    parts = set_aside(estimator, data, random_state, labels_of(data.y))
    units = likelihood.units(parts[0], model)
    penalty = likelihood.penalty(estimator.alpha)
    problem = table_problem(model, likelihood, units, parts[0], penalty, parts[1])
    return [Family.of(problem, structure)]


def penalised_structure(estimator, data, continues=False):
    """Structure of a model whose penalty counts from levels far apart."""
    size = size_of(estimator, SIDE_OTHERWISE, continues)
    return observable_structure(estimator, data, _LEVEL_SPACING, size)


def penalised_problem(estimator, model, units, data):
    """Problem with a penalty of given weight, or one that suits many tables."""
    penalty = LIKELIHOOD.penalty(estimator.alpha)
    return table_problem(model, LIKELIHOOD, units, data, penalty)


def _held_out_problem(model, data, random_state):
    """Problem with a penalty that a part of the samples has chosen."""

    def problem(training, penalty, validation=None):
        units = _LIKELIHOOD_OF_WIDE.units(training, model)
        return table_problem(
            model, _LIKELIHOOD_OF_WIDE, units, training, penalty, validation
        )

    is_set_aside = every_fifth(labels_of(data.y), random_state)
    if not np.any(is_set_aside):
        return problem(data, LIKELIHOOD.penalty("auto"))
    parts = [
        TableData(*(part[rows] for part in data))
        for rows in (~is_set_aside, is_set_aside)
    ]
    trial = problem(parts[0], RidgePenalty(0.0), parts[1])
    start = trial.random_start(random_state.randint(_LARGEST_SEED))
    alpha = held_out_alpha(trial, start, KEYBOARD)
    return problem(data, RidgePenalty(alpha))


def weighted(data, factors):
    """Data whose weights contain those of the classes."""
    weight = check_sample_weight(data.weight * factors[labels_of(data.y)], len(data.X))
    return TableData(data.X, data.y, weight)


def _evidence(estimator, side, data, factors, continues):
    """Problem in which weights of the classes are what they are after it: odds."""
    size = size_of(estimator, side, continues)
    structure = observable_structure(estimator, data, level_spacing=1.0, size=size)
    shift = np.log(factors)
    shift = shift[1:] - shift[:1] if len(shift) == 2 else shift - shift.mean()
    first_variances = None
    if continues:
        first_variances = getattr(estimator, "_variances", None)
    problem = class_evidence(
        structure.model(), ClassEvidence(), data, shift, first_variances
    )
    return problem, structure
