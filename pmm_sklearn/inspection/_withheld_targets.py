"""What samples say that clones of a model have not seen."""

import warnings

import numpy as np
from scipy.stats import binomtest
from sklearn.base import clone
from sklearn.linear_model import QuantileRegressor, RidgeCV
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import _safe_indexing

from ._cases import WORSE, larger, with_names
from ._known_errors import errors_are_too_large, misfit
from .findings import Finding

# Of error bars of two deviations: what is right, and what is no chance.
_RIGHT, _CHANCE = 0.95, 0.01
# Penalties of linear models that a fit is compared with, and rows that these need.
_RIDGES, _FEWEST = np.logspace(-6, 3, 10), 3
_TINY = np.finfo(np.float64).tiny


def withheld_findings(case, X, cv):
    """What clones say of the rows they have not seen, and linear models beside them."""
    X = with_names(X, case.X)
    errors, deviations, linear = (np.full(case.y.shape, np.nan) for _ in range(3))
    for training, test in _folds(case, cv):
        y = case.y[training]
        targets = y[:, 0] if case.model.single_output else y
        given = {} if case.y_err is None else {"y_err": case.y_err[training]}
        with warnings.catch_warnings():
            # What is to be said of folds is said below.
            warnings.simplefilter("ignore")
            model = clone(case.estimator)
            model.fit(_safe_indexing(X, training), targets, **given)
            mean, std = _predicted(model, _safe_indexing(X, test))
        errors[test] = case.y[test] - np.reshape(mean, (len(test), -1))
        deviations[test] = np.reshape(std, (len(test), -1))
        linear[test] = case.y[test] - _linear(case, training, test)
    if case.y_err is not None:
        # Of new targets: error bars are those of the function then.
        deviations = np.hypot(deviations, case.y_err)
    columns = list(case.columns)
    inside = np.abs(errors[:, columns]) <= 2.0 * deviations[:, columns]
    known = ~np.isnan(errors + deviations)[:, columns]
    yield from _error_bars(case, inside[known])
    yield from _comparison(case, errors, linear)


def _folds(case, cv):
    """Training and test rows; never withheld are those that alone have a target."""
    for training, test in KFold(cv, shuffle=True, random_state=0).split(case.X):
        known = ~np.isnan(case.y)
        is_alone = np.any(known[test] & ~np.any(known[training], axis=0), axis=1)
        if not np.all(is_alone):
            yield np.concatenate([training, test[is_alone]]), test[~is_alone]


def _predicted(model, X):
    """Predictions and their standard deviations, NaN if the loss has none."""
    try:
        return model.predict(X, return_std=True)
    except ValueError:
        mean = model.predict(X)
        return mean, np.full(np.shape(mean), np.nan)


def _linear(case, training, test):
    """Predictions of a linear model, of each target from the rows that have it."""
    y = case.y[training]
    predicted = np.full((len(test), y.shape[1]), np.nan)
    quantile = _quantile(case)
    for column in case.columns:
        known = ~np.isnan(y[:, column])
        if known.sum() < _FEWEST:
            continue
        linear = RidgeCV(_RIDGES)
        if quantile is not None:
            linear = QuantileRegressor(quantile=quantile, alpha=0.0)
        model = make_pipeline(StandardScaler(), linear)
        model.fit(case.X[training][known], y[known, column])
        predicted[:, column] = model.predict(case.X[test])
    return predicted


def _comparison(case, errors, linear):
    """Where a straight line is no worse there is nothing that the matrices know."""
    model = "ridge regression" if _quantile(case) is None else "a linear quantile"
    for k, name in case.columns.items():
        known = ~np.isnan(errors[:, k] + linear[:, k])
        own, other = (_size(case, e[known, k]) for e in (errors, linear))
        ratio = own / max(other, _TINY)
        if ratio > WORSE:
            of = f" of {name}" if name else ""
            yield Finding(
                "comparison",
                float(ratio),
                f"errors of withheld targets{of} are {larger(ratio)} those of {model}: "
                f"data are too few or too noisy for more than a linear model, or a "
                f"fit ended in a poor minimum. Try n_init=16, another matrix_size, or "
                f"the linear model.",
            )


def _size(case, errors):
    """Of errors: root of their sum of squares, or what a quantile makes least."""
    quantile = _quantile(case)
    if quantile is None:
        return np.linalg.norm(errors)
    return np.sum(np.maximum(quantile * errors, (quantile - 1.0) * errors))


def _quantile(case):
    """That of the loss, or None."""
    is_of_quantile = getattr(case.estimator, "loss", None) == "quantile"
    return case.estimator.quantile if is_of_quantile else None


def _error_bars(case, inside):
    """How many withheld targets are within two deviations."""
    share = float(np.mean(inside)) if len(inside) else _RIGHT
    if share == _RIGHT or (share > _RIGHT and errors_are_too_large(case)):
        # Of known errors that are too large all else follows.
        return
    if binomtest(int(inside.sum()), len(inside), _RIGHT).pvalue < _CHANCE:
        word, remedy = "small", "a smaller matrix_size, n_average=4, or more data"
        if misfit(case) > 0:
            remedy = "first what residuals call for"
        if share > _RIGHT:
            word, remedy = "large", "more data or another matrix_size"
            if case.y_err is None:
                has_readouts = hasattr(case.estimator, "readout")
                other = "another readout" if has_readouts else "more data"
                remedy = f"y_err where errors are known, or {other}"
        yield Finding(
            "error bars",
            share,
            f"{share:.0%} of withheld targets are within two standard deviations (95 % "
            f"would be right): they are too {word}. Try {remedy}.",
        )
