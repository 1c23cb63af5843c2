"""What a colleague would say of a fit, each sentence from a number."""

from contextlib import suppress

from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, is_classifier
from sklearn.pipeline import Pipeline

from ..checks.data import check_features
from ..checks.parameters import check_integer
from . import _class_questions as of_classes
from . import _known_errors, _neighbours, _withheld_classes, _withheld_targets
from . import _model_questions as of_models
from . import _target_questions as of_targets
from ._arguments import check_model
from ._cases import ClassCase, TargetCase
from .findings import Diagnosis

_OF_TARGETS = (
    of_models.convergence,
    of_targets.constants,
    of_targets.nothing,
    _known_errors.known_errors,
    of_targets.few_rows,
    of_models.few_data,
    _neighbours.structure,
    of_targets.outliers,
    of_targets.own_rows,
    of_models.features,
    of_models.crossings,
    of_models.starts,
)
_OF_CLASSES = (
    of_models.convergence,
    of_classes.nothing,
    of_classes.rare_classes,
    of_classes.unrecognised_classes,
    of_models.few_data,
    of_classes.doubtful_labels,
    of_models.features,
    of_models.crossings,
)


def diagnose(
    estimator: BaseEstimator,
    X: ArrayLike,
    y: ArrayLike,
    *,
    y_err: ArrayLike | None = None,
    cv: int | None = None,
) -> Diagnosis:
    """Say in words what a fitted model and its data look like.

    Parameters
    ----------
    estimator : PMMRegressor, PMMClassifier, PMMEmulator or Pipeline
        A fitted model, or a pipeline whose last step it is.
    X : array-like of shape (n_samples, n_features)
        The features of its ``fit``.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        The targets of its ``fit``, or the classes.
    y_err : float or array-like, default=None
        Standard deviations of the targets, if ``fit`` was given some.
    cv : int, default=None
        Number of folds, with each of which a clone of the estimator is fitted to the
        others, to see whether its error bars or probabilities hold and whether it is
        better than ridge regression, or logistic regression.  None fits nothing.

    Returns
    -------
    Diagnosis
        A list of `Finding`, which is printed as text; empty if nothing stands out.

    Raises
    ------
    TypeError
        If the estimator is none of these.
    ValueError
        If the data do not fit it.

    Notes
    -----
    It asks whether training has converged; whether targets differ at all, and rows are
    enough; whether the model explains anything, goes through all data, or leaves
    residuals alike for neighbouring points; whether residuals go with known errors, by
    chi-square; whether there are outliers, and rows that determine their own
    predictions; whether features have no influence; whether levels come near to each
    other at the edge of those that are read out; whether one of several starts alone
    has found the solution; and, with `cv`, whether error bars hold, and whether
    withheld targets are predicted better than by ridge regression, or a quantile better
    than by a linear one.

    Of classes it asks whether they are told apart at all; whether some have hardly any
    rows; whether rows have a class that the model finds most improbable; and, with
    `cv`, whether withheld rows are right as often as the model says, and whether their
    log-loss is less than that of logistic regression.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import PMMRegressor
    >>> from pmm_sklearn.inspection import diagnose
    >>> rng = np.random.RandomState(0)
    >>> X = rng.uniform(-1, 1, size=(60, 3))
    >>> y = np.sin(2 * X[:, 0]) + 2 * X[:, 1] + 0.1 * rng.standard_normal(60)
    >>> y[7] += 1.5
    >>> model = PMMRegressor(3, n_init=2, random_state=0).fit(X, y)
    >>> found = diagnose(model, X, y)
    >>> [finding for finding in found if finding.topic == "outliers"][0].text
    'row 7 is far from the model: check it, or take loss="huber".'
    """
    estimator, X, names = _last_step(estimator, X)
    case = _case(estimator, X, y, y_err, names)
    is_of_classes = isinstance(case, ClassCase)
    if not is_of_classes and not case.columns:
        # Of such targets there is nothing else to say.
        return Diagnosis(of_targets.constants(case))
    questions = _OF_CLASSES if is_of_classes else _OF_TARGETS
    found = [finding for ask in questions for finding in ask(case)]
    if cv is not None:
        check_integer("cv", cv, 2, len(case.X))
        withheld = _withheld_classes if is_of_classes else _withheld_targets
        found += withheld.withheld_findings(case, X, cv)
    return Diagnosis(found)


def _last_step(estimator, X):
    """The model of a pipeline, its features, and names of these."""
    if not isinstance(estimator, Pipeline):
        return estimator, X, None
    before, model = estimator[:-1], estimator[-1]
    if not len(before):
        return model, X, None
    names = None
    with suppress(AttributeError):
        # Some transformers have no names.
        names = list(before.get_feature_names_out())
    return model, before.transform(X), names


def _case(estimator, X, y, y_err, names):
    model = check_model(estimator)
    if model.monomials is None:
        raise TypeError(
            f"estimator must be a PMMRegressor, a PMMClassifier or a PMMEmulator, got "
            f"{type(estimator).__name__}."
        )
    checked, names = check_features(estimator, X), names or model.feature_names
    if not is_classifier(estimator):
        return TargetCase.of(estimator, checked, y, names, y_err)
    if y_err is not None:
        raise ValueError("y_err must be None for a classifier: labels have no errors.")
    return ClassCase.of(estimator, checked, y, names, estimator.predict_proba(X))
