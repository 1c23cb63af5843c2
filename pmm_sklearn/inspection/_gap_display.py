"""Picture of the gap of two levels over two features."""

from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from .._threads import single_blas_thread
from ..checks.data import check_features
from ..checks.parameters import check_integer
from ._arguments import check_feature, check_point
from ._gap_search import check_polynomial
from ._plotting import single_axes
from .diabolic_points import diabolic_points
from .minimum_gap import minimum_gap

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class GapDisplay:
    """The gap of two levels over two features, its minima and diabolic points.

    Circles are avoided crossings, where the gap is least; crosses are diabolic points,
    where two real levels meet.  Lines through them are standard deviations, where the
    model has error bars.

    Make it with :meth:`from_estimator`.

    Parameters
    ----------
    x, y : ndarray of shape (k,)
        A grid of the two features.
    gap : ndarray of shape (k, k)
        The gap, one row for each value of the second feature.
    minima, points : ndarray of shape (m, 4)
        Avoided crossings and diabolic points: the two features, and their standard
        deviations, which may be NaN.
    training : ndarray of shape (n_samples, 2)
        Features of the training points.
    xlabel, ylabel : str
        Labels of the axes.
    label : str
        What is drawn.

    Attributes
    ----------
    surface_ : QuadMesh
        The gap.
    colorbar_ : Colorbar
        Its scale.
    minima_, points_ : ErrorbarContainer or None
        Avoided crossings and diabolic points; None if there are none.
    training_points_ : Line2D
        The training points.
    ax_, figure_ : Axes and Figure
        Where these are.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import PMMEmulator
    >>> from pmm_sklearn.inspection import GapDisplay
    >>> X = np.random.RandomState(0).uniform(-1, 1, size=(30, 2))
    >>> levels = np.hypot(X[:, :1] - 0.2, X[:, 1:] + 0.1) * [-1, 1]
    >>> emulator = PMMEmulator(2, matrix_type="symmetric", random_state=0)
    >>> display = GapDisplay.from_estimator(emulator.fit(X, levels), X)
    >>> display.points[:, :2].round(4), len(display.minima)
    (array([[ 0.2, -0.1]]), 0)
    """

    def __init__(self, x, y, gap, *, minima, points, training, xlabel, ylabel, label):
        self.x = x
        self.y = y
        self.gap = gap
        self.minima = minima
        self.points = points
        self.training = training
        self.xlabel = xlabel
        self.ylabel = ylabel
        self.label = label

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: ArrayLike,
        features: tuple[int | str, int | str] = (0, 1),
        *,
        levels: tuple[int, int] = (0, 1),
        sector: int = 0,
        reference: ArrayLike | None = None,
        grid_resolution: int = 100,
        ax: "Axes | None" = None,
    ) -> Self:
        """Draw the gap of two levels of a fitted model.

        Parameters
        ----------
        estimator : PMMEmulator, PMMRegressor, PMMClassifier or EigenvectorContinuation
            A fitted model.
        X : array-like of shape (n_samples, n_features)
            Features of the training data, whose range is shown.
        features : tuple of int or str, default=(0, 1)
            The two features, by number or by name.
        levels : tuple of int, default=(0, 1)
            The two levels, as for `minimum_gap`.
        sector : int, default=0
            Their sector.
        reference : array-like of shape (n_features,), default=None
            Values of the other features, by default their means.
        grid_resolution : int, default=100
            Number of points of the grid in each direction.
        ax : Axes, default=None
            Where to draw; by default in a new figure.

        Returns
        -------
        GapDisplay

        Raises
        ------
        TypeError, ValueError
            If the model has no such Hamiltonian, or an argument is not usable.

        Warns
        -----
        UserWarning
            As `minimum_gap` does.
        """
        model = check_polynomial(estimator)
        check_integer("grid_resolution", grid_resolution, 2)
        columns = _check_features(model, features)
        X = check_features(estimator, X)
        bounds = _plane(model, X, columns, reference)
        minima = minimum_gap(estimator, bounds, levels, sector=sector)
        is_avoided = (minima.gap > 0) & ~minima.on_bound
        points = np.empty((0, 4))
        if np.any(minima.gap == 0) and not np.iscomplexobj(model.matrices):
            found = diabolic_points(estimator, bounds, levels, sector=sector)
            is_cone = found.berry_phase > 0
            points = _with_errors(found.x, found.x_std, columns)[is_cone]
        x, y = (np.linspace(*bounds[k], grid_resolution) for k in columns)
        return cls(
            x,
            y,
            _gaps(model, bounds, columns, (x, y), model.sectors[sector], levels),
            minima=_with_errors(minima.x, minima.x_std, columns)[is_avoided],
            points=points,
            training=X[:, columns],
            xlabel=model.feature_names[columns[0]],
            ylabel=model.feature_names[columns[1]],
            label=f"gap of levels {levels[0]} and {levels[1]}",
        ).plot(ax)

    def plot(self, ax: "Axes | None" = None) -> Self:
        """Draw the gap, and points on it.

        Parameters
        ----------
        ax : Axes, default=None
            Where to draw; by default in a new figure.

        Returns
        -------
        self : GapDisplay
        """
        ax = single_axes(self, ax)
        self.surface_ = ax.pcolormesh(
            self.x, self.y, self.gap, shading="gouraud", cmap="viridis", vmin=0.0
        )
        self.colorbar_ = ax.figure.colorbar(self.surface_, ax=ax, label=self.label)
        (self.training_points_,) = ax.plot(
            *self.training.T, ".", color="white", markersize=4, label="training points"
        )
        self.minima_ = _marks(ax, self.minima, "o", "orange", "avoided crossing")
        self.points_ = _marks(ax, self.points, "X", "red", "diabolic point")
        ax.set(
            xlabel=self.xlabel,
            ylabel=self.ylabel,
            xlim=(self.x[0], self.x[-1]),
            ylim=(self.y[0], self.y[-1]),
        )
        ax.legend(loc="upper right", facecolor="0.5", labelcolor="white")
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _marks(ax, points, marker, color, label):
    """Points with error bars, or None if there are none."""
    if len(points) == 0:
        return None
    x, y, *errors = points.T
    xerr, yerr = np.nan_to_num(errors)
    return ax.errorbar(
        x,
        y,
        xerr=xerr,
        yerr=yerr,
        fmt=marker,
        color=color,
        markersize=9,
        markerfacecolor="none" if marker == "o" else color,
        label=label,
    )


def _with_errors(x, x_std, columns):
    return np.hstack([x[:, columns], x_std[:, columns]])


def _gaps(model, bounds, columns, axes, rows, levels):
    """The gap on a grid, one row for each value of the second feature."""
    shape = len(axes[1]), len(axes[0])
    grid = np.repeat(bounds[np.newaxis, :, 0], shape[0] * shape[1], axis=0)
    grid[:, columns] = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    with single_blas_thread():
        values = model.levels(grid)[:, rows][:, list(levels)]
    return np.abs(values[:, 1] - values[:, 0]).reshape(shape)


def _check_features(model, features):
    """Numbers of two features."""
    if np.shape(features) == (2,):
        columns = [check_feature(model, feature) for feature in features]
        if columns[0] != columns[1]:
            return columns
    raise ValueError(
        f"features must be two different features, by number or by name, got "
        f"{features!r}: along a single one, look at SpectrumDisplay."
    )


def _plane(model, X, columns, reference):
    """Bounds of the box that is shown, (n_features, 2)."""
    row = X.mean(axis=0)
    if reference is not None:
        (row,) = check_point(model, "reference", reference)
    bounds = np.stack([row, row], axis=1)
    bounds[columns] = np.stack([X.min(axis=0), X.max(axis=0)], axis=1)[columns]
    for column in columns:
        if bounds[column, 0] == bounds[column, 1]:
            raise ValueError(
                f"X has a single value in feature {column}, {bounds[column, 0]:.6g}: "
                f"give rows that span a range, or choose another feature."
            )
    return bounds
