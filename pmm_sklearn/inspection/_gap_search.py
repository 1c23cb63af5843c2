"""Where a gap is least in a box of features: what its functions have in common."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..checks.dtypes import as_numbers
from ..checks.parameters import check_integer
from ._arguments import check_affine, check_sector
from ._box_minima import box_minima, sobol_points
from ._squared_gap import SquaredGap

# Gaps below are rounding errors, in units of the levels at the point and of what they
# change by on the way to it.  Gaps of levels that meet are about 50 times smaller.
_CLOSED = 100.0 * np.finfo(np.float64).eps
# Of levels and features: squares are numbers.
_LARGEST = 1e150
# Points at which the size of the spectrum is looked at.
_N_PROBES = 16


@dataclass(frozen=True)
class GapSearch:
    """Two levels of a model, and the box in which their gap is looked at.

    Parameters
    ----------
    model : FittedModel
        The model.
    sector : slice
        Rows of the sector of the levels.
    gap : SquaredGap
        Their squared gap, a function of the features that change.
    bounds : ndarray of shape (n_features, 2)
        Ends of the box; equal for features that do not change.
    """

    model: object
    sector: slice
    gap: SquaredGap
    bounds: np.ndarray

    @classmethod
    def of(cls, estimator, bounds, levels, sector):
        """Search from the arguments of a user, checked."""
        model = check_polynomial(estimator)
        rows = check_sector(model, sector)
        pair = check_pair(levels, rows)
        bounds = _check_bounds(model, bounds)
        matrices = model.matrices[:, rows, rows]
        _check_reach(model, matrices, bounds)
        features = np.flatnonzero(bounds[:, 0] < bounds[:, 1])
        gap = SquaredGap(matrices, model.monomials, pair, features)
        return cls(model, rows, gap, bounds)

    def minima(self, n_starts):
        """Minima, the lowest first, and whether they are isolated.

        Returns
        -------
        X : ndarray of shape (m, n_features)
        is_isolated : bool
        """
        check_integer("n_starts", n_starts, 1)
        features = self.gap.features
        low, width = self.bounds[features, 0], np.ptp(self.bounds[features], axis=1)
        unit = self._unit

        def scaled(points):
            value, gradient, hessian = self.gap.derivatives(self._in_box(points))
            hessian = hessian * (width[:, np.newaxis] * width)
            return value / unit**2, gradient * width / unit**2, hessian / unit**2

        def rounding(values):
            eps = np.finfo(np.float64).eps
            return 16.0 * eps * (np.sqrt(values) + eps)

        found = box_minima(scaled, len(low), n_starts, rounding)
        return self._in_box(found.points), found.is_isolated

    def gaps(self, X):
        """Gaps at points, and which of them are zero but for rounding."""
        gaps, levels = self.gap.gap(X), self.model.levels(X)[:, self.sector]
        bounds = self.bounds[self.gap.features]
        # Digits of a point are those of its distance from zero, not from the bounds.
        far = np.abs(bounds).max(axis=1) / np.ptp(bounds, axis=1)
        size = np.abs(levels).max(axis=1) + self._unit * max(1.0, far.max())
        return gaps, gaps <= _CLOSED * size

    def is_free(self, X):
        """Which of the features that change are between their bounds, (m, p)."""
        own, bounds = X[:, self.gap.features], self.bounds[self.gap.features]
        return (own > bounds[:, 0]) & (own < bounds[:, 1])

    def _in_box(self, points):
        X = np.repeat(self.bounds[np.newaxis, :, 0], len(points), axis=0)
        low, high = self.bounds[self.gap.features].T
        # The faces of the box are exactly the bounds.
        inner = low + points * (high - low)
        X[:, self.gap.features] = np.where(points >= 1.0, high, inner)
        return X

    @cached_property
    def _unit(self):
        """The largest distance of any two levels at some points of the box."""
        X = self._in_box(sobol_points(len(self.gap.features), _N_PROBES))
        levels = self.model.levels(X)[:, self.sector]
        return float(np.max(levels[:, -1] - levels[:, 0])) or 1.0


def check_polynomial(estimator):
    """The model; raises unless its `H` is a polynomial that has derivatives."""
    model = check_affine(estimator)
    if not hasattr(model.monomials, "derivative_of_coefficients"):
        raise TypeError(
            f"estimator must have a Hamiltonian that depends on the features alone, "
            f"got {type(estimator).__name__}, of which time is one: give a PMMEmulator "
            f"or a PMMRegressor."
        )
    return model


def check_pair(levels, sector):
    """Numbers of two levels of a sector, the lower first."""
    n_levels = sector.stop - sector.start
    pair = np.asarray(levels)
    is_pair = pair.shape == (2,) and np.issubdtype(pair.dtype, np.integer)
    if is_pair and np.all((-n_levels <= pair) & (pair < n_levels)):
        lower, upper = sorted(int(level) % n_levels for level in pair)
        if lower < upper:
            return lower, upper
    raise ValueError(
        f"levels must be two different integers below {n_levels}, the number of levels "
        f"of the sector, got {levels!r}: (0, 1) are the lowest two."
    )


def _check_bounds(model, bounds):
    bounds = as_numbers("bounds", bounds)
    n_features = len(model.feature_names)
    if bounds.shape != (n_features, 2):
        raise ValueError(
            f"bounds must have shape ({n_features}, 2), the lower and the upper end of "
            f"each feature, got shape {bounds.shape}."
        )
    if not np.all(np.isfinite(bounds)) or np.any(bounds[:, 0] > bounds[:, 1]):
        raise ValueError(
            f"bounds must be finite, and lower ends not above upper ones, got "
            f"{bounds.tolist()}: equal ends fix a feature."
        )
    if np.all(bounds[:, 0] == bounds[:, 1]):
        raise ValueError(
            f"bounds has equal ends for all features, {bounds.tolist()}: leave one of "
            f"them free, or use eigenvalues for the gap at one point."
        )
    return bounds


def _check_reach(model, matrices, bounds):
    """Raise if squares of levels would leave floating point in the box."""
    farthest = np.abs(bounds).max(axis=1)[np.newaxis]
    with np.errstate(over="ignore", invalid="ignore"):
        powers = np.abs(model.monomials.values(farthest)[0])
        reach = max(powers.max(), powers @ np.abs(matrices).max(axis=(1, 2)))
    if not reach < _LARGEST:
        raise ValueError(
            f"bounds must leave levels and features below {_LARGEST:g}, for gaps are "
            f"squared, got {bounds.tolist()}: give nearer ends, or check their units."
        )
