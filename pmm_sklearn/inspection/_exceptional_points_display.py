"""Picture of exceptional points in the plane of a complex feature."""

from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from .._threads import single_blas_thread
from ..checks.data import check_features
from ..checks.parameters import check_integer
from ._arguments import check_affine, check_feature, check_sector, pencil_along
from ._plotting import single_axes
from .exceptional_points import exceptional_points

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class ExceptionalPointsDisplay:
    """Branch points of the levels in the plane of the complex feature.

    The colour is the distance of the two closest levels, which is zero at the
    exceptional points.  On the real axis below or above such a point there is an
    avoided crossing; a series in the feature converges up to the nearest point.

    Make it with :meth:`from_estimator`.

    Parameters
    ----------
    points : ndarray of complex of shape (m,)
        The exceptional points.
    real, imaginary : ndarray of shape (k,)
        A grid in the complex plane.
    distance : ndarray of shape (k, k)
        Distance of the two closest levels, one row for each imaginary part.
    training : ndarray of shape (n_samples,)
        Features of the training points, on the real axis.
    name : str
        Name of the feature.

    Attributes
    ----------
    surface_ : QuadMesh
        The distance of the levels.
    points_ : Line2D
        The exceptional points.
    training_points_ : Line2D
        The training points.
    colorbar_ : Colorbar
        Scale of the distance.
    ax_, figure_ : Axes and Figure
        Where these are.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import PMMEmulator
    >>> from pmm_sklearn.inspection import ExceptionalPointsDisplay
    >>> c = np.linspace(-2, 2, 8)[:, np.newaxis]
    >>> emulator = PMMEmulator(2, random_state=0).fit(c, -np.sqrt(1 + c[:, 0] ** 2))
    >>> display = ExceptionalPointsDisplay.from_estimator(emulator, c)
    >>> np.allclose(display.points, [-1j, 1j])
    True
    """

    def __init__(self, points, real, imaginary, distance, training, name):
        self.points = points
        self.real = real
        self.imaginary = imaginary
        self.distance = distance
        self.training = training
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: ArrayLike,
        feature: int | str = 0,
        *,
        reference: ArrayLike | None = None,
        sector: int = 0,
        grid_resolution: int = 150,
        ax: "Axes | None" = None,
    ) -> Self:
        """Draw the exceptional points of a fitted model.

        Parameters
        ----------
        estimator : PMMEmulator, PMMRegressor or PMMClassifier
            A fitted model.
        X : array-like of shape (n_samples, n_features)
            Features of the training data, which determine what is shown: their range
            and a little more, and as large imaginary parts.
        feature : int or str, default=0
            The feature that becomes complex, by number or by name.
        reference : array-like of shape (n_features,), default=None
            Values of the other features, by default their means.
        sector : int, default=0
            The sector, counted from 0.
        grid_resolution : int, default=150
            Number of points of the grid in each direction.
        ax : Axes, default=None
            Where to draw; by default in a new figure.

        Returns
        -------
        ExceptionalPointsDisplay
        """
        model = check_affine(estimator)
        rows = check_sector(model, sector)
        check_integer("grid_resolution", grid_resolution, 2)
        if rows.stop - rows.start == 1:
            raise ValueError(
                f"sector={sector!r} has one level only, and no exceptional points: "
                f"choose another sector."
            )
        X = check_features(estimator, X)
        feature = check_feature(model, feature)
        at = X.mean(axis=0) if reference is None else reference
        constant, slope, origin = pencil_along(model, feature, at, "reference")
        constant, slope = constant[rows, rows], slope[rows, rows]
        training = X[:, feature]
        half = 0.5 * np.ptp(training) or 1.0
        centre = 0.5 * (training.min() + training.max())
        steps = np.linspace(-1.2, 1.2, grid_resolution) * half
        distance = _closest_levels(constant, slope, centre - origin + steps, steps)
        return cls(
            exceptional_points(constant, slope).x + origin,
            centre + steps,
            steps,
            distance,
            training,
            model.feature_names[feature],
        ).plot(ax)

    def plot(self, ax: "Axes | None" = None) -> Self:
        """Draw the points over the distance of the levels.

        Parameters
        ----------
        ax : Axes, default=None
            Where to draw; by default in a new figure.

        Returns
        -------
        self : ExceptionalPointsDisplay
        """
        ax = single_axes(self, ax)
        self._plot_surface(ax)
        (self.training_points_,) = ax.plot(
            self.training,
            np.zeros_like(self.training),
            "|",
            color="white",
            markersize=8,
            label="training points",
        )
        (self.points_,) = ax.plot(
            self.points.real,
            self.points.imag,
            "o",
            markerfacecolor="none",
            markeredgecolor="red",
            markeredgewidth=1.5,
            label="exceptional points",
        )
        ax.set(
            xlabel=f"Re {self.name}",
            ylabel=f"Im {self.name}",
            xlim=(self.real[0], self.real[-1]),
            ylim=(self.imaginary[0], self.imaginary[-1]),
        )
        ax.legend(loc="upper right", facecolor="0.5", labelcolor="white")
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _plot_surface(self, ax):
        # A logarithm would show nothing but the points themselves, which are zeros.
        self.surface_ = ax.pcolormesh(
            self.real,
            self.imaginary,
            self.distance,
            shading="gouraud",
            cmap="viridis",
            vmin=0.0,
            vmax=np.quantile(self.distance, 0.95),
        )
        self.colorbar_ = ax.figure.colorbar(
            self.surface_,
            ax=ax,
            label="distance of the closest two levels",
            extend="max",
        )


def _closest_levels(constant, slope, real, imaginary):
    """Distance of the two closest levels on a grid; one row per imaginary part."""
    distance = np.empty((len(imaginary), len(real)))
    same = np.eye(len(constant), dtype=bool)
    with single_blas_thread():
        for row, part in zip(distance, imaginary, strict=True):
            x = real + 1j * part
            levels = np.linalg.eigvals(constant + x[:, np.newaxis, np.newaxis] * slope)
            pairs = np.abs(levels[:, :, np.newaxis] - levels[:, np.newaxis])
            row[:] = np.where(same, np.inf, pairs).min(axis=(1, 2))
    return distance
