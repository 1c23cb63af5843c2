"""What samples say that clones of a model have not seen."""

import warnings

import numpy as np
from scipy.stats import binomtest
from sklearn.base import clone
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ._arguments import target_names
from ._cases import rows_of
from .findings import Finding

# Of error bars of two deviations: what is right, and what is no chance.
_RIGHT, _CHANCE = 0.95, 0.01
# Penalties of linear models that a fit is compared with, and rows that these need.
_RIDGES, _FEWEST = np.logspace(-6, 3, 10), 3
_TINY = np.finfo(np.float64).tiny


def withheld_findings(case, X, cv):
    """What clones say of the rows they have not seen, and linear models beside them."""
    X = X if hasattr(X, "iloc") else case.X
    distances, deviations, linear = (np.empty(case.y.shape) for _ in range(3))
    for training, test in KFold(cv, shuffle=True, random_state=0).split(case.X):
        y = case.y[training]
        targets = y[:, 0] if case.model.single_output else y
        given = {} if case.y_err is None else {"y_err": case.y_err[training]}
        with warnings.catch_warnings():
            # What is to be said of folds is said below.
            warnings.simplefilter("ignore")
            model = clone(case.estimator).fit(rows_of(X, training), targets, **given)
            mean, std = model.predict(rows_of(X, test), return_std=True)
        distances[test] = np.abs(case.y[test] - np.reshape(mean, (len(test), -1)))
        deviations[test] = np.reshape(std, (len(test), -1))
        linear[test] = np.abs(case.y[test] - _linear(case.X, y, training, test))
    if case.y_err is not None:
        # Of new targets: error bars are those of the function then.
        deviations = np.hypot(deviations, case.y_err)
    yield from _error_bars(distances, deviations, case.y_err is not None)
    yield from _comparison(case, distances, linear)


def _linear(X, y, training, test):
    """Predictions of ridge regression, of each target from the rows that have it."""
    predicted = np.empty((len(test), y.shape[1]))
    for column, values in enumerate(y.T):
        known = ~np.isnan(values)
        if known.sum() < _FEWEST:
            predicted[:, column] = np.nan
            continue
        model = make_pipeline(StandardScaler(), RidgeCV(_RIDGES))
        model.fit(X[training][known], values[known])
        predicted[:, column] = model.predict(X[test])
    return predicted


def _comparison(case, distances, linear):
    """Where a straight line is no worse there is nothing that the matrices know."""
    names = target_names(case.model, case.y.shape[1])
    known = ~np.isnan(distances + linear)
    own, other = (np.sum(e**2, axis=0, where=known) for e in (distances, linear))
    ratios = np.sqrt(own / np.maximum(other, _TINY))
    for name, ratio in zip(names, ratios, strict=True):
        if ratio > 1.0:
            of = f" of {name}" if name else ""
            yield Finding(
                "comparison",
                float(ratio),
                f"errors of withheld targets{of} are {ratio:.2g} times those of ridge "
                f"regression: data are too few or too noisy for more than a linear "
                f"model, or a fit ended in a poor minimum. Try n_init=16, another "
                f"matrix_size, or the linear model.",
            )


def _error_bars(distances, deviations, knows_errors):
    """How many withheld targets are within two deviations."""
    inside = (distances <= 2.0 * deviations)[~np.isnan(distances)]
    share = float(np.mean(inside))
    if binomtest(int(inside.sum()), len(inside), _RIGHT).pvalue < _CHANCE:
        word, remedy = "small", "a smaller matrix_size, n_average=4, or more data"
        if share > _RIGHT:
            word, remedy = "large", "more data or another matrix_size"
            if not knows_errors:
                remedy = "y_err where errors are known, or another readout"
        yield Finding(
            "error bars",
            share,
            f"{share:.0%} of withheld targets are within two standard deviations (95 % "
            f"would be right): they are too {word}. Try {remedy}.",
        )
