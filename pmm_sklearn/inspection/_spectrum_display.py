"""Picture of the levels along a line in the space of the features."""

from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar
from sklearn.base import BaseEstimator

from .._threads import single_blas_thread
from .._warnings import warn_caller
from ..checks.data import check_features
from ..checks.dtypes import as_numbers
from ..checks.parameters import check_integer
from ..targets import Level
from ._arguments import check_feature, check_model, check_point
from ._plotting import single_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# A minimum of a gap is an avoided crossing if the gap is this much larger on both
# sides of it, somewhere on the line.
_AVOIDED = 2.0
# Markers of matplotlib whose tips, not centres, are at the point.
_CARET_UP, _CARET_DOWN = 6, 7


class SpectrumDisplay:
    """Levels along one feature or along a path, with avoided crossings.

    Strong lines are levels that outputs see, thin ones the others, which the data
    determine only through the former.  Colours are sectors.  Two arrows and a bar
    between them mark an avoided crossing: they point to the two levels, where their
    gap is least.

    Make it with :meth:`from_estimator`.

    Parameters
    ----------
    positions : ndarray of shape (n_points,)
        Positions on the line.
    levels : ndarray of shape (n_points, n)
        Levels, sector after sector, ascending in each.
    sectors : ndarray of int of shape (n,)
        The sector of each.
    is_read_out : ndarray of bool of shape (n_points, n)
        Which of them outputs see.
    crossings : ndarray of shape (n_crossings, 3)
        Position, lower and upper level of each avoided crossing.
    training : tuple (x, levels) or None
        Positions of the training points, shape (m,), and energies there, shape
        (m, k), or None.
    xlabel, ylabel : str
        Labels of the axes.

    Attributes
    ----------
    lines_ : list of Line2D
        All levels.
    read_out_lines_ : list of Line2D
        Those that outputs see, drawn where they do.
    training_points_ : Line2D, list of Line2D or None
        Energies of the training points, or marks on the lower edge.
    crossings_ : list of Line2D
        Bars from level to level at avoided crossings, and arrows from below and above;
        empty if there are none.
    ax_, figure_ : Axes and Figure
        Where these are.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import PMMEmulator
    >>> from pmm_sklearn.inspection import SpectrumDisplay
    >>> x = np.linspace(-1, 1, 10)[:, np.newaxis]
    >>> levels = np.hypot(x, 0.1) * [-1, 1]
    >>> emulator = PMMEmulator(2, random_state=0).fit(x, levels)
    >>> display = SpectrumDisplay.from_estimator(emulator, x, y=levels)
    >>> display.crossings.round(3) + 0.0
    array([[ 0. , -0.1,  0.1]])
    """

    def __init__(
        self,
        positions,
        levels,
        *,
        sectors,
        is_read_out,
        crossings,
        training=None,
        xlabel="",
        ylabel="",
    ):
        self.positions = positions
        self.levels = levels
        self.sectors = sectors
        self.is_read_out = is_read_out
        self.crossings = crossings
        self.training = training
        self.xlabel = xlabel
        self.ylabel = ylabel

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: ArrayLike,
        feature: int | str = 0,
        *,
        y: ArrayLike | None = None,
        reference: ArrayLike | None = None,
        path: ArrayLike | None = None,
        grid_resolution: int = 200,
        ax: "Axes | None" = None,
    ) -> Self:
        """Draw the levels of a fitted model.

        Parameters
        ----------
        estimator : PMMEmulator, UnitaryPMMEmulator, PMMRegressor or PMMClassifier
            A fitted model.
        X : array-like of shape (n_samples, n_features)
            Features of the training data, whose range is shown.
        feature : int or str, default=0
            The feature that changes, by number or by name.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Targets of an emulator: its levels are drawn at those rows of `X` that
            lie on the line.  Without it, or if none do, all rows are marked on the
            lower edge.  Not for a path.
        reference : array-like of shape (n_features,), default=None
            Values of the other features, by default their means.
        path : array-like of shape (n_points, n_features), default=None
            Corners of a path, to be taken instead of one feature.
        grid_resolution : int, default=200
            Number of points of each line.
        ax : Axes, default=None
            Where to draw; by default in a new figure.

        Returns
        -------
        SpectrumDisplay

        Raises
        ------
        ValueError
            If both `y` and `path` are given.

        Warns
        -----
        UserWarning
            If no row of `X` lies on the line, so that `y` is not drawn.
        """
        model = check_model(estimator)
        check_integer("grid_resolution", grid_resolution, 3)
        if path is not None and y is not None:
            raise ValueError(
                "y and path are both given, but y is drawn only along a feature: leave "
                "one of them out."
            )
        X = check_features(estimator, X)
        if path is None:
            feature = check_feature(model, feature)
            corners, positions = _line(model, X, feature, reference)
            xlabel = model.feature_names[feature]
            training = _training_points(model, X, y, feature, corners)
        else:
            corners = _corners(model, path)
            positions, xlabel = np.arange(len(corners)), "corner of the path"
            training = None
        grid = np.linspace(positions[0], positions[-1], grid_resolution)

        def levels_at(places):
            return model.levels(_interpolate(places, positions, corners))

        with single_blas_thread():
            levels = levels_at(grid)
            sectors = model.sector_numbers
            crossings = _avoided_crossings(grid, levels, sectors, levels_at)
        seen = np.zeros(levels.shape, bool)
        np.put_along_axis(seen, model.read_out(levels), True, axis=1)
        return cls(
            grid,
            levels,
            sectors=sectors,
            is_read_out=seen,
            crossings=crossings,
            training=training,
            xlabel=xlabel,
            ylabel="eigenvalue of H" if model.targets is None else "energy",
        ).plot(ax)

    def plot(self, ax: "Axes | None" = None) -> Self:
        """Draw the levels.

        Parameters
        ----------
        ax : Axes, default=None
            Where to draw; by default in a new figure.

        Returns
        -------
        self : SpectrumDisplay
        """
        ax = single_axes(self, ax)
        self.ax_, self.figure_ = ax, ax.figure
        self._plot_levels(ax)
        self.training_points_ = None
        if self.training is not None:
            self.training_points_ = _plot_training(ax, *self.training)
        self.crossings_ = _plot_crossings(ax, self.crossings)
        ax.set(xlabel=self.xlabel, ylabel=self.ylabel)
        ax.margins(x=0)
        if ax.get_legend_handles_labels()[0]:
            ax.legend()
        return self

    def _plot_levels(self, ax):
        """Thin lines for all levels, strong ones where outputs see them."""
        self.lines_, self.read_out_lines_ = [], []
        labels = set()
        for k, (sector, seen) in enumerate(
            zip(self.sectors, self.is_read_out.T, strict=True)
        ):
            color = f"C{sector}"
            values = self.levels[:, k]
            self.lines_ += ax.plot(
                self.positions, values, color=color, linewidth=0.8, alpha=0.6
            )
            if np.any(seen):
                self.read_out_lines_ += ax.plot(
                    self.positions, np.where(seen, values, np.nan), color, linewidth=2
                )
            if np.any(self.sectors) and sector not in labels:
                line = (self.read_out_lines_ if np.any(seen) else self.lines_)[-1]
                line.set_label(f"sector {sector}")
                labels.add(sector)


def _line(model, X, feature, reference):
    """Ends of the line along a feature, (2, n_features), and their positions."""
    if reference is None:
        row = X.mean(axis=0, keepdims=True)
    else:
        row = check_point(model, "reference", reference)
    ends = np.repeat(row, 2, axis=0)
    ends[:, feature] = X[:, feature].min(), X[:, feature].max()
    if ends[0, feature] == ends[1, feature]:
        raise ValueError(
            f"X has a single value in feature {feature}, {ends[0, feature]:.6g}: give "
            f"rows that span a range, or choose another feature."
        )
    return ends, ends[:, feature]


def _corners(model, path):
    path = as_numbers("path", path)
    n_features = len(model.feature_names)
    if path.ndim != 2 or len(path) < 2 or path.shape[1] != n_features:
        raise ValueError(
            f"path must have shape (n_points, {n_features}), with two "
            f"points or more, got shape {path.shape}."
        )
    if not np.all(np.isfinite(path)):
        raise ValueError("path has NaN or infinite elements: correct them.")
    return path


def _interpolate(places, positions, corners):
    columns = [np.interp(places, positions, column) for column in corners.T]
    return np.stack(columns, axis=1)


def _training_points(model, X, y, feature, ends):
    """Positions of training points, and energies there or None."""
    if y is None:
        return X[:, feature], None
    targets = model.targets or ()
    columns = [k for k, target in enumerate(targets) if isinstance(target, Level)]
    if not columns:
        raise ValueError(
            "y can be drawn for an emulator with a Level among its targets only, for "
            "other outputs are no levels: leave y out."
        )
    y = as_numbers("y", y)
    y = y.reshape(len(y), -1) if y.ndim else y
    if y.shape != (len(X), len(targets)):
        raise ValueError(
            f"y must have shape ({len(X)}, {len(targets)}), a row for each of X and a "
            f"column for each target, got shape {y.shape}."
        )
    others = np.arange(X.shape[1]) != feature
    distance = np.abs(X - ends[0])[:, others]
    on_line = np.all(distance <= 1e-6 * np.ptp(X, axis=0)[others], axis=1)
    if not np.any(on_line):
        values = ", ".join(f"{value:.4g}" for value in ends[0, others])
        warn_caller(
            f"y is not drawn, for no row of X lies on the line, where the other "
            f"features are {values}: give as reference a row of X, or leave y out.",
            UserWarning,
        )
        return X[:, feature], None
    return X[on_line, feature], y[on_line][:, columns]


def _plot_training(ax, x, energies):
    if energies is not None:
        lines = ax.plot(x, energies, "k.", markersize=6)
        if len(x):
            lines[0].set_label("training points")
        return lines
    (line,) = ax.plot(
        x,
        np.zeros_like(x),
        "|",
        color="k",
        alpha=0.5,
        markersize=10,
        transform=ax.get_xaxis_transform(),
        label="training points",
    )
    return line


def _plot_crossings(ax, crossings):
    """Bars between two levels, and arrows that point to these, however close."""
    if len(crossings) == 0:
        return []
    x, lower, upper = crossings.T
    ends = np.stack([lower, upper, np.full_like(x, np.nan)], axis=1)
    style = {"color": "C3", "zorder": 3, "linestyle": "none", "markersize": 7}
    (bars,) = ax.plot(np.repeat(x, 3), ends.ravel(), color="C3", linewidth=1.5)
    (from_below,) = ax.plot(x, lower, marker=_CARET_UP, **style)
    (from_above,) = ax.plot(x, upper, marker=_CARET_DOWN, **style)
    from_above.set_label("avoided crossing")
    return [bars, from_below, from_above]


def _avoided_crossings(grid, levels, sectors, levels_at):
    """Position, lower and upper level of each avoided crossing, shape (m, 3)."""
    found = []
    for k in np.flatnonzero(sectors[1:] == sectors[:-1]):
        gap = levels[:, k + 1] - levels[:, k]
        dips = np.flatnonzero((gap[1:-1] < gap[:-2]) & (gap[1:-1] <= gap[2:])) + 1
        for dip in dips:
            top = min(gap[:dip].max(), gap[dip + 1 :].max())
            if gap[dip] * _AVOIDED > top:
                continue
            best = minimize_scalar(
                lambda x, k=k: float(np.diff(levels_at([x])[0, k : k + 2])[0]),
                bounds=(grid[dip - 1], grid[dip + 1]),
                method="bounded",
                options={"xatol": 1e-6 * (grid[-1] - grid[0])},
            )
            found.append((best.x, *levels_at([best.x])[0, k : k + 2]))
    return np.array(found).reshape(-1, 3)
