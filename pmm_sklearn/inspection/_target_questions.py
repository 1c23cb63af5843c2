"""Questions that a diagnosis asks of models of targets."""

import warnings
from contextlib import suppress

import numpy as np
from scipy.spatial import KDTree

from ._arguments import target_names
from ._cases import shown_rows, spread
from .findings import Finding
from .leave_one_out import loo_predictions

# Share of the spread of the targets that is left by a model that explains nothing.
_NOTHING = 0.98
# Deviations of an outlier, in robust ones, and how many of these are outliers still.
_FAR, _MOST_OUTLIERS = 6.0, 0.25
# What a row contributes to its own prediction if nothing else does, and how many such
# rows are exceptions.
_OWN, _FEW_OWN = 0.9, 0.05
_ROBUST = "huber", "absolute_error", "quantile"
# Correlation of the residuals of neighbours, and how many rows tell it.
_ALIKE, _FEWEST_NEIGHBOURS = 0.5, 20
# Rows that can hardly tell noise from structure, and noise over the spread.
_FEW_ROWS, _MUCH_NOISE = 20, 0.1
_TINY = np.finfo(np.float64).tiny


def nothing(case):
    """Targets that are not explained."""
    names = target_names(case.model, case.y.shape[1])
    left = _root_mean_square(case.residuals) / np.maximum(spread(case.y), _TINY)
    for name, share in zip(names, left, strict=True):
        if share > _NOTHING:
            yield Finding(
                "fit",
                float(share),
                f"{name or 'the target'} is explained no better than by its mean: it "
                f"does not depend on these features, or all starts were poor; look at "
                f"y, give more samples, or a larger n_init.",
            )


def known_errors(case):
    """Errors that do not explain what the model has left."""
    if case.y_err is None:
        return
    of_model = getattr(case.estimator, "model_error_", None)
    if of_model is None:
        misfit = case.model.error_bars.misfit
        if misfit > 0:
            yield Finding(
                "residuals",
                float(misfit),
                f"they are larger than y_err explain (chi-square {misfit:.2g} per "
                f"degree of freedom): the model is too simple, or ended in a poor "
                f"minimum. Try another matrix_size or n_init=16.",
            )
        return
    names = target_names(case.model, case.y.shape[1])
    ratios = of_model / np.nanmedian(case.y_err, axis=0)
    for name, error, ratio in zip(names, of_model, ratios, strict=True):
        if ratio > 1.0:
            yield Finding(
                "residuals",
                float(ratio),
                f"the model misses {name or 'the target'} by {error:.2g}, "
                f"{ratio:.2g} times the median of y_err: more or more precise data "
                f"will hardly help this matrix_size. Compare with PMMRegressor and "
                f"a Gaussian process, which are often better inside the range of the "
                f"data, or try sectors or a larger matrix_size.",
            )


def few_rows(case):
    """Noise that may be what small matrices miss of exact data."""
    noise = getattr(case.estimator, "noise_", None)
    if noise is None or len(case.X) >= _FEW_ROWS:
        return
    share = float(np.max(noise / np.maximum(spread(case.y), _TINY)))
    if share > _MUCH_NOISE:
        yield Finding(
            "data",
            share,
            f"{share:.0%} of the spread of y are taken for noise, but {len(case.X)} "
            f"rows can hardly tell noise from what a small matrix misses. Give more "
            f"rows, or y_err; if y is exact, below {_FEW_ROWS} rows a Gaussian "
            f"process is mostly better.",
        )


def structure(case):
    """Residuals of neighbours are alike where the model is too simple."""
    if len(case.X) < _FEWEST_NEIGHBOURS:
        return
    tree = KDTree(case.X / np.maximum(spread(case.X), _TINY))
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


def outliers(case):
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
            f"{shown_rows(rows)} {are} far from the model{where}: check {them}"
            f"{_remedy_of_outliers(case.estimator, them)}.",
            tuple(rows.tolist()),
        )


def own_rows(case):
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
                f"{shown_rows(rows)} {verb} {its} own prediction nearly "
                f"alone: outliers that were fitted look like this. Check {them}"
                f"{_remedy_of_outliers(case.estimator, them)}.",
                tuple(rows.tolist()),
            )


def _remedy_of_outliers(estimator, them):
    loss = getattr(estimator, "loss", None)
    if loss is None:
        return f", or leave {them} out"
    if loss == "squared_error":
        return ', or take loss="huber"'
    return f"; with loss={loss!r} they hardly count" if loss in _ROBUST else ""


def _root_mean_square(columns):
    return np.sqrt(np.nanmean(columns**2, axis=0))


def _clipped(values):
    """Without outliers, which would be all of a correlation."""
    middle = np.median(values)
    reach = 3.0 * 1.4826 * np.median(np.abs(values - middle))
    return np.clip(values, middle - reach, middle + reach)
