"""What samples say of a classifier whose clones have not seen them."""

import warnings

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import _safe_indexing

from ._cases import WORSE, larger, with_names
from .findings import Finding

# A logarithm counts probabilities as no less.
_LEAST = 1e-6
# Standard deviations that are no chance, and a difference that matters.
_CHANCE, _SLIGHT = 2.6, 0.02


def withheld_findings(case, X, cv):
    """How sure clones are of rows they have not seen, and a linear model beside them.

    Classes with fewer rows than folds do not count.
    """
    X = with_names(X, case.X)
    is_counted = case.counts >= cv
    if is_counted.sum() < 2:
        return
    rows = np.flatnonzero(is_counted[case.codes])
    splits = StratifiedKFold(cv, shuffle=True, random_state=0)
    folds = [
        (rows[training], rows[test])
        for training, test in splits.split(rows, case.codes[rows])
    ]
    linear = LogisticRegression(max_iter=1000, class_weight=case.estimator.class_weight)
    logistic = make_pipeline(StandardScaler(), linear)
    own, other = (
        _withheld(model, features, case, folds)[rows]
        for model, features in ((case.estimator, X), (logistic, case.X))
    )
    codes, weight = case.codes[rows], case.weight[rows]
    weight = weight / weight.sum()
    is_weighted = case.estimator.class_weight is not None
    yield from _certainty(own, codes, weight, is_weighted)
    yield from _comparison(own, other, codes, weight)


def _withheld(model, X, case, folds):
    """Probabilities of the classes of rows that clones have not seen."""
    classes = case.estimator.classes_
    found = np.zeros((len(case.codes), len(classes)))
    for training, test in folds:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            fitted = clone(model).fit(
                _safe_indexing(X, training), classes[case.codes[training]]
            )
        columns = np.searchsorted(classes, fitted.classes_)
        found[np.ix_(test, columns)] = fitted.predict_proba(_safe_indexing(X, test))
    return found


def _certainty(probabilities, codes, weight, is_weighted):
    """How often rows are right, and how often the model says so.

    Weights of classes count, for they are in what the model says.
    """
    likeliest = probabilities.max(axis=1)
    is_right = probabilities.argmax(axis=1) == codes
    chance = np.sqrt(np.sum(weight**2 * likeliest * (1.0 - likeliest)))
    said, found = float(weight @ likeliest), float(weight @ is_right)
    excess = said - found
    if abs(excess) > max(_CHANCE * chance, _SLIGHT):
        word = "sure" if excess > 0 else "doubtful"
        counted = ", weighted by class_weight," if is_weighted else ""
        yield Finding(
            "probabilities",
            excess,
            f"{found:.0%} of withheld rows{counted} are right where the model says "
            f"{said:.0%}: it is too {word}. Try n_average=4, more data, "
            f"or sklearn.calibration.CalibratedClassifierCV.",
        )


def _comparison(own, linear, codes, weight):
    """Where a linear model is no worse there is nothing that the matrices know."""
    losses = [
        -weight @ np.log(np.maximum(p[np.arange(len(codes)), codes], _LEAST))
        for p in (own, linear)
    ]
    ratio = losses[0] / max(losses[1], _LEAST)
    if ratio > WORSE:
        yield Finding(
            "comparison",
            float(ratio),
            f"the log-loss of withheld rows is {larger(ratio)} that of logistic "
            f"regression: data are too few for more than a linear model, or a fit "
            f"ended in a poor minimum. Try n_init=16, n_average=4, another "
            f"matrix_size, or the linear model.",
        )
