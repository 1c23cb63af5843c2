"""What a colleague would say of a fit, each sentence from a number."""

import warnings
from contextlib import suppress
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial import KDTree
from sklearn.base import BaseEstimator, is_classifier
from sklearn.pipeline import Pipeline

from ..checks.data import check_errors, check_features
from ..checks.dtypes import as_numbers
from ..checks.parameters import check_integer
from ._arguments import check_model, target_names
from ._withheld import withheld_findings
from .findings import Diagnosis, Finding
from .leave_one_out import loo_predictions

# Shares of the spread of the targets: a model that explains nothing, a feature that
# does nothing.
_NOTHING, _NO_INFLUENCE = 0.98, 0.003
# And residuals that are none.
_EXACT = 1e-8
# Of the targets, how many parameters may be determined before data are few.
_FEW_DATA = 0.5
# Deviations of an outlier, in robust ones, and how many of these are outliers still.
_FAR, _MOST_OUTLIERS = 6.0, 0.25
# What a row contributes to its own prediction if nothing else does, and how many such
# rows are exceptions.
_OWN, _FEW_OWN = 0.9, 0.05
_ROBUST = "huber", "absolute_error", "quantile"
# Correlation of the residuals of neighbours, and how many rows tell it.
_ALIKE, _FEWEST_NEIGHBOURS = 0.5, 20
# Gaps at the edge of a selection, over the median distance of levels.
_NEAR = 0.03
# Rows that can hardly tell noise from structure, and noise over the spread.
_FEW_ROWS, _MUCH_NOISE = 20, 0.1
# Losses of starts that have found the same solution.
_SAME_SOLUTION = 1.1
_TINY = np.finfo(np.float64).tiny


class _Case(NamedTuple):
    """A fitted estimator with data, prepared once for all questions."""

    estimator: object
    model: object
    X: np.ndarray
    y: np.ndarray
    y_err: np.ndarray | None
    residuals: np.ndarray
    feature_names: list


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
    estimator : PMMRegressor, PMMEmulator or Pipeline
        A fitted model, or a pipeline whose last step it is.
    X : array-like of shape (n_samples, n_features)
        The features of its ``fit``.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        The targets of its ``fit``.
    y_err : float or array-like, default=None
        Standard deviations of the targets, if ``fit`` was given some.
    cv : int, default=None
        Number of folds, with each of which a clone of the estimator is fitted to the
        others, to see whether its error bars hold and whether it is better than ridge
        regression.  None fits nothing.

    Returns
    -------
    Diagnosis
        A list of `Finding`, which is printed as text; empty if nothing stands out.

    Raises
    ------
    TypeError
        If the estimator is no regressor nor emulator of this package.
    ValueError
        If the data do not fit it.

    Notes
    -----
    It asks whether training has converged; whether the model explains anything, goes
    through all data, or leaves residuals alike for neighbouring points; whether there
    are outliers, and rows that determine their own predictions; whether features have
    no influence; whether levels come near to each other at the edge of those that are
    read out; whether one of several starts alone has found the solution; and, with
    `cv`, whether error bars hold, and whether withheld targets are predicted better
    than by ridge regression.

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
    questions = [
        *(_convergence, _nothing, _few_rows, _few_data, _structure, _outliers),
        *(_own_rows, _features, _crossings, _starts),
    ]
    found = [finding for ask in questions for finding in ask(case)]
    if cv is not None:
        check_integer("cv", cv, 2, len(case.X))
        found += withheld_findings(case, X, cv)
    return Diagnosis(found)


def _last_step(estimator, X):
    """The model of a pipeline, its features, and names of these."""
    if not isinstance(estimator, Pipeline):
        return estimator, X, None
    before, model = estimator[:-1], estimator[-1]
    if not len(before):
        return model, X, None
    return model, before.transform(X), list(before.get_feature_names_out())


def _case(estimator, X, y, y_err, names):
    model = check_model(estimator)
    if is_classifier(estimator) or model.monomials is None:
        raise TypeError(
            f"estimator must be a PMMRegressor or a PMMEmulator, got "
            f"{type(estimator).__name__}."
        )
    X = check_features(estimator, X)
    y = as_numbers("y", y).reshape(len(X), -1)
    outputs = np.reshape(model.predict(X), (len(X), -1))
    if y.shape != outputs.shape:
        raise ValueError(
            f"y must have shape {outputs.shape}, as in fit, got {y.shape}."
        )
    residuals = y - outputs
    is_rounding = np.abs(residuals) <= _EXACT * _spread(y)
    residuals = np.where(is_rounding, 0.0, residuals)
    y_err = check_errors(y_err, y.shape, ~np.isnan(y))
    return _Case(estimator, model, X, y, y_err, residuals, names or model.feature_names)


def _convergence(case):
    reason = case.estimator.stop_reason_
    if reason in ("max_iter", "interrupted"):
        yield Finding(
            "training",
            float(case.estimator.n_iter_),
            f"it ended by stop_reason_={reason!r} after {case.estimator.n_iter_} "
            f"iterations: increase max_iter, or fit again with warm_start=True.",
        )


def _nothing(case):
    names = target_names(case.model, case.y.shape[1])
    left = _root_mean_square(case.residuals) / np.maximum(_spread(case.y), _TINY)
    for name, share in zip(names, left, strict=True):
        if share > _NOTHING:
            yield Finding(
                "fit",
                float(share),
                f"{name or 'the target'} is explained no better than by its mean: it "
                f"does not depend on these features, or all starts were poor; look at "
                f"y, give more samples, or a larger n_init.",
            )


def _few_rows(case):
    """Noise that may be what small matrices miss of exact data."""
    noise = getattr(case.estimator, "noise_", None)
    if noise is None or len(case.X) >= _FEW_ROWS:
        return
    share = float(np.max(noise / np.maximum(_spread(case.y), _TINY)))
    if share > _MUCH_NOISE:
        yield Finding(
            "data",
            share,
            f"{share:.0%} of the spread of y are taken for noise, but {len(case.X)} "
            f"rows can hardly tell noise from what a small matrix misses. Give more "
            f"rows, or y_err; if y is exact, below {_FEW_ROWS} rows a Gaussian "
            f"process is mostly better.",
        )


def _few_data(case):
    n_effective = getattr(case.estimator, "n_effective_parameters_", None)
    if n_effective is None:
        return
    n_known = np.sum(~np.isnan(case.y))
    share = n_effective / n_known
    if share > _FEW_DATA:
        yield Finding(
            "data",
            float(share),
            f"{n_effective:.0f} parameters are determined by {n_known} targets: their "
            f"residuals say little of errors elsewhere. Give more data or a smaller "
            f"matrix_size, or check by cross-validation (cv=5).",
        )


def _structure(case):
    """Residuals of neighbours are alike where the model is too simple."""
    if len(case.X) < _FEWEST_NEIGHBOURS:
        return
    tree = KDTree(case.X / np.maximum(_spread(case.X), _TINY))
    _, neighbours = tree.query(tree.data, k=2)
    for name, residuals in zip(
        target_names(case.model, case.y.shape[1]), case.residuals.T, strict=True
    ):
        pairs = residuals, residuals[neighbours[:, 1]]
        known = ~np.isnan(pairs[0] + pairs[1])
        if known.sum() < _FEWEST_NEIGHBOURS:
            continue
        own, other = (_clipped(values[known]) for values in pairs)
        if not (np.std(own) and np.std(other)):
            continue
        correlation = np.corrcoef(own, other)[0, 1]
        if correlation > _ALIKE:
            yield Finding(
                "residuals",
                float(correlation),
                f"those of neighbouring points {'of ' + name if name else ''} are alike"
                f" (correlation {correlation:.2f}): there is more to learn than the "
                f"model has. Try a larger matrix_size or n_init, or another "
                f"readout.".replace("  ", " "),
            )


def _outliers(case):
    """Residuals far beyond the others, or where errors are known beyond these."""
    residuals = case.residuals if case.y_err is None else case.residuals / case.y_err
    least = 0.0 if case.y_err is None else 1.0
    names = target_names(case.model, case.y.shape[1])
    for name, own in zip(names, residuals.T, strict=True):
        size = np.abs(own - np.nanmedian(own))
        typical = max(1.4826 * np.nanmedian(size), least)
        rows = np.flatnonzero(size > _FAR * typical) if typical > 0 else []
        if not 0 < len(rows) <= _MOST_OUTLIERS * len(size):
            continue
        rows = rows[np.argsort(-size[rows])]
        where = f" in {name}" if name else ""
        are, them = ("is", "it") if len(rows) == 1 else ("are", "them")
        yield Finding(
            "outliers",
            float(size[rows[0]] / typical),
            f"{_shown(rows)} {are} far from the model{where}: check {them}"
            f"{_remedy_of_outliers(case.estimator, them)}.",
        )


def _own_rows(case):
    """Rows that determine their own predictions, where most do not."""
    with warnings.catch_warnings(), suppress(ValueError):
        warnings.simplefilter("ignore")
        targets = case.y[:, 0] if case.model.single_output else case.y
        found = loo_predictions(case.estimator, case.X, targets, y_err=case.y_err)
        rows = np.flatnonzero(found.leverage > _OWN)
        if 0 < len(rows) <= _FEW_OWN * len(case.X):
            rows = rows[np.argsort(-found.leverage[rows])]
            them, its = ("it", "its") if len(rows) == 1 else ("them", "their")
            verb = "determines" if len(rows) == 1 else "determine"
            yield Finding(
                "leverage",
                float(found.leverage[rows[0]]),
                f"{_shown(rows)} {verb} {its} own prediction nearly "
                f"alone: outliers that were fitted look like this. Check {them}"
                f"{_remedy_of_outliers(case.estimator, them)}.",
            )


def _shown(rows):
    shown = ", ".join(map(str, rows[:5].tolist())) + (", ..." * (len(rows) > 5))
    return f"row{'s' * (len(rows) > 1)} {shown}"


def _remedy_of_outliers(estimator, them):
    loss = getattr(estimator, "loss", None)
    if loss is None:
        return f", or leave {them} out"
    if loss == "squared_error":
        return ', or take loss="huber"'
    return f"; with loss={loss!r} they hardly count" if loss in _ROBUST else ""


def _features(case):
    if case.X.shape[1] < 2:
        return
    gradient = case.model.gradient(case.X)
    gradient = np.reshape(gradient, (len(case.X), -1, case.X.shape[1]))
    changes = np.sqrt(np.mean(gradient**2, axis=0)) * _spread(case.X)
    shares = np.max(changes / np.maximum(_spread(case.y), _TINY)[:, np.newaxis], axis=0)
    without = np.flatnonzero(shares < _NO_INFLUENCE)
    if len(without):
        names = ", ".join(case.feature_names[i] for i in without)
        yield Finding(
            "features",
            float(shares[without].max()),
            f"{names} {'changes' if len(without) == 1 else 'change'} predictions by "
            f"less than {_NO_INFLUENCE:.1%} of their spread: leave out what is not "
            f"needed, and errors become smaller.",
        )


def _crossings(case):
    """Levels that are read out, near to others that are not, in the same sector."""
    model = case.model
    if model.targets is not None or model.structure.readout in ("density", "level"):
        return
    levels = model.levels(case.X)
    is_read = np.zeros(levels.shape, dtype=bool)
    np.put_along_axis(is_read, model.read_out(levels), True, axis=1)
    gaps = np.full(len(levels), np.inf)
    for sector in model.sectors:
        own, read = levels[:, sector], is_read[:, sector]
        is_edge = read[:, 1:] != read[:, :-1]
        between = np.where(is_edge, np.diff(own, axis=1), np.inf)
        gaps = np.minimum(gaps, between.min(axis=1, initial=np.inf))
    unit = np.median(np.diff(np.sort(levels, axis=1), axis=1))
    row = int(np.argmin(gaps))
    if gaps[row] < _NEAR * unit:
        yield Finding(
            "levels",
            float(gaps[row] / unit),
            f"at row {row} the last level that is read out comes as near to the next "
            f"one as {gaps[row] / unit:.1%} of their median distance: predictions may "
            f'jump there. readout="density" has no such edge; or take another '
            f"n_eigenvectors.",
        )


def _starts(case):
    losses = np.asarray(case.estimator.start_losses_)
    if not getattr(case.estimator, "compares_solutions", False) or len(losses) < 3:
        return
    n_same = int(np.sum(losses <= _SAME_SOLUTION * losses.min() + _TINY))
    if n_same == 1:
        yield Finding(
            "starts",
            float(np.sort(losses)[1] / max(losses.min(), _TINY)),
            f"one of {len(losses)} alone has found this solution: another one may be "
            f"better still. Increase n_init.",
        )


def _spread(columns):
    return np.nanstd(columns, axis=0)


def _root_mean_square(columns):
    return np.sqrt(np.nanmean(columns**2, axis=0))


def _clipped(values):
    """Without outliers, which would be all of a correlation."""
    middle = np.median(values)
    reach = 3.0 * 1.4826 * np.median(np.abs(values - middle))
    return np.clip(values, middle - reach, middle + reach)
