"""Residuals of neighbours, which are alike where a model is too simple."""

import numpy as np
from scipy.spatial import KDTree

from ._cases import spread
from ._known_errors import errors_are_too_large
from .findings import Finding

# Correlation of the residuals of neighbours, and how many rows tell it.
_ALIKE, _FEWEST = 0.5, 20
# Standard errors of the correlations along features, of which there may be many.
_NO_CHANCE = 4.0
# Share of the spread of a target that is left by a model that hardly follows it.  Of
# sines of 6 to 12 periods in 100 to 200 rows, 0.96 to 1 was left, or less than 0.15; of
# 12 periods in 800 rows 0.91, with sixteen starts 0.92.
_HARDLY = 0.9


def structure(case):
    """Residuals of neighbours are alike where the model is too simple."""
    for k, name in case.columns.items():
        correlation, feature = _most_alike(case, k)
        if correlation > 0 and is_hardly_followed(case, k):
            yield _too_fast(correlation, feature, name)
        elif correlation > 0 and not errors_are_too_large(case):
            remedy = "sectors, or degree=2"
            if hasattr(case.estimator, "readout"):
                remedy = "another readout"
            yield Finding(
                "residuals",
                correlation,
                f"those of neighbouring points {'of ' + name if name else ''} are alike"
                f" (correlation {correlation:.2f}): there is more to learn than the "
                f"model has. Try a larger matrix_size or n_init, or "
                f"{remedy}.".replace("  ", " "),
            )


def is_hardly_followed(case, k):
    """Whether a model leaves nearly all of a column, but this is no noise."""
    return case.left(k) > _HARDLY and _most_alike(case, k)[0] > 0


def _too_fast(correlation, feature, name):
    along = feature or "a feature"
    return Finding(
        "fit",
        correlation,
        f"{name or 'the target'} is explained hardly better than by its mean, but "
        f"residuals of neighbouring points are alike (correlation {correlation:.2f}): "
        f"it changes faster along {along} than a small matrix can follow. If it has a "
        f"period that is known, give the cosine and the sine of it as features. "
        f"Otherwise a Gaussian process that starts from a short length scale may "
        f"follow; more samples or a larger n_init seldom help.",
    )


def _most_alike(case, k):
    """Correlation of residuals of neighbours, 0 if small, and the feature it is along.

    Where a model follows hardly anything, neighbours are also looked for along each
    feature by itself, since in several dimensions they are far from each other.
    """
    residuals = case.residuals[:, k]
    found = _correlation(residuals, residuals[_nearest(case.X)])
    names, alike = case.feature_names, None
    if case.left(k) > _HARDLY:
        least = max(_ALIKE, _NO_CHANCE / np.sqrt(len(residuals)))
        for name, order in zip(names, np.argsort(case.X, axis=0).T, strict=True):
            along = _correlation(residuals[order[1:]], residuals[order[:-1]])
            if along > max(least, found):
                found, alike = along, name
        if len(names) == 1:
            alike = names[0]
    return (found, alike) if found > _ALIKE else (0.0, None)


def _nearest(X):
    """Number of the nearest other row of each row."""
    own = spread(X)
    tree = KDTree((X - X.mean(axis=0)) / np.where(own > 0, own, 1.0))
    first, second = tree.query(tree.data, k=2)[1].T
    # Of rows that are equal either may come first.
    return np.where(second == np.arange(len(X)), first, second)


def _correlation(own, other):
    """Correlation of pairs that are known, 0 if few are."""
    known = ~np.isnan(own + other)
    if known.sum() < _FEWEST:
        return 0.0
    own, other = _clipped(own[known]), _clipped(other[known])
    if not (np.std(own) and np.std(other)):
        return 0.0
    return float(np.corrcoef(own, other)[0, 1])


def _clipped(values):
    """Without outliers, which would be all of a correlation."""
    middle = np.median(values)
    reach = 3.0 * 1.4826 * np.median(np.abs(values - middle))
    return np.clip(values, middle - reach, middle + reach)
