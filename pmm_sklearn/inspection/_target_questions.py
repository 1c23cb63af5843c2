"""Questions that a diagnosis asks of models of targets."""

import warnings
from contextlib import suppress

import numpy as np

from ._arguments import target_names
from ._cases import FAR, shown_rows
from ._known_errors import misfit
from ._neighbours import is_hardly_followed
from .findings import Finding
from .leave_one_out import loo_predictions

# Share of the spread of the targets that is left by a model that explains nothing.
_NOTHING = 0.98
# How many outliers are outliers still.
_MOST_OUTLIERS = 0.25
# What a row contributes to its own prediction if nothing else does, and how many such
# rows are exceptions.
_OWN, _FEW_OWN = 0.9, 0.05
_ROBUST = "huber", "absolute_error", "quantile"
# Rows that can hardly tell noise from structure, and noise over the spread.  Of three
# functions of one feature with noise, nine sets each, 80 to 91 % of new targets were
# within two standard deviations after 8 to 15 rows, 95 % after 30, and 56 to 74 % close
# outside the data, of a Gaussian process 77 to 83 % there.
_FEW_ROWS, _MUCH_NOISE = 20, 0.1


def constants(case):
    """Targets that are the same in all rows."""
    counts = np.sum(~np.isnan(case.y), axis=0)
    names = target_names(case.model, case.y.shape[1])
    for k in np.flatnonzero(counts > 1):
        if k not in case.columns:
            value = float(np.nanmax(case.y[:, k]))
            yield Finding(
                "data",
                value,
                f"{names[k] or 'y'} is constant, {value:.6g} in all rows: there is "
                f"nothing to learn of it. Check that it is the right column.",
            )
    if np.max(counts) < 2:
        yield Finding(
            "data",
            float(np.max(counts)),
            "one row says nothing of how y depends on the features: give more.",
        )


def nothing(case):
    """Targets that are not explained."""
    for k, name in case.columns.items():
        share = case.left(k)
        if share > _NOTHING and not is_hardly_followed(case, k):
            yield Finding(
                "fit",
                share,
                f"{name or 'the target'} is explained no better than by its mean: it "
                f"does not depend on these features, or all starts were poor; look at "
                f"y, give more samples, or a larger n_init.",
            )


def few_rows(case):
    """Rows too few for error bars, and for noise, which small matrices may miss."""
    noise = getattr(case.estimator, "noise_", None)
    if noise is None or len(case.X) >= _FEW_ROWS:
        return
    share = float(np.max(noise / case.output_spread))
    if share > _MUCH_NOISE:
        yield Finding(
            "data",
            share,
            f"{share:.0%} of the spread of y are taken for noise, but {len(case.X)} "
            f"rows can hardly tell noise from what a small matrix misses. Give more "
            f"rows, or y_err.",
        )
    yield Finding(
        "data",
        float(len(case.X)),
        f"from {len(case.X)} rows error bars are mostly too small, most of all outside "
        f"the data. Give more rows, or compare with a Gaussian process: below about "
        f"{_FEW_ROWS} rows its error bars hold better there, and without noise it is "
        f"mostly better everywhere.",
    )


def outliers(case):
    """Residuals far beyond the others, or where errors are known beyond these."""
    for k, name in case.columns.items():
        size = case.deviations(k)
        rows = np.flatnonzero(size > FAR)
        if not 0 < len(rows) <= _MOST_OUTLIERS * len(size):
            continue
        rows = rows[np.argsort(-size[rows])]
        where = f" in {name}" if name else ""
        are, them = ("is", "it") if len(rows) == 1 else ("are", "them")
        yield Finding(
            "outliers",
            float(size[rows[0]]),
            f"{shown_rows(rows)} {are} far from the model{where}: check {them}"
            f"{_remedy_of_outliers(case.estimator, them)}.",
            tuple(rows.tolist()),
        )


def own_rows(case):
    """Rows that determine their own predictions, where most do not."""
    if misfit(case) > 0:
        # They are drawn to noise that they are said not to have.
        return
    with warnings.catch_warnings(), suppress(ValueError):
        warnings.simplefilter("ignore")
        targets = case.y[:, 0] if case.model.single_output else case.y
        found = loo_predictions(case.estimator, case.X, targets, y_err=case.y_err)
        known = ~np.isnan(case.y)
        # Of a target that one row has, nothing else tells.
        is_alone = np.any(known & (known.sum(axis=0) == 1), axis=1)
        rows = np.flatnonzero((found.leverage > _OWN) & ~is_alone)
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
