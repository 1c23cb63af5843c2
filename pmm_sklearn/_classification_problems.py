"""From the parameters of a classifier and its data to what is to be trained."""

import numpy as np

from ._sizes import affordable_families, size_of, wants_evidence
from .checks.data import TableData, check_sample_weight, set_aside
from .checks.labels import labels_of
from .fitted import observable_structure
from .training import (
    ClassEvidence,
    ClassLikelihood,
    Family,
    class_evidence,
    table_problem,
    warn_of_weights,
)

# In these units parameters are of order one; see the notes of the docstring.
_LEVEL_SPACING = 3.0
LIKELIHOOD = ClassLikelihood(unit=10.0)
# Sides that are compared, and that where there is no evidence.
SIDES = (3, 5)
# A level has no observables: it takes larger matrices.
_SIDES_OF_LEVELS = 3, 5, 9
SIDE_OTHERWISE = 5
# Seconds that an evidence may take, of a size that is chosen or that is given.
_LONGEST = 20.0, 60.0


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
        warn_of_weights(estimator.alpha, data.weight)
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
    parts = set_aside(estimator, data, random_state, labels_of(data.y))
    model = structure.model()
    units = LIKELIHOOD.units(parts[0], model)
    problem = penalised_problem(estimator, model, units, *parts)
    return [Family.of(problem, structure)]


def penalised_structure(estimator, data, continues=False):
    """Structure of a model whose penalty counts from levels far apart."""
    size = size_of(estimator, SIDE_OTHERWISE, continues)
    return observable_structure(estimator, data, _LEVEL_SPACING, size)


def penalised_problem(estimator, model, units, training, validation=None):
    """Problem with a penalty of given weight, or one that suits many tables."""
    penalty = LIKELIHOOD.penalty(estimator.alpha)
    return table_problem(model, LIKELIHOOD, units, training, penalty, validation)


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
