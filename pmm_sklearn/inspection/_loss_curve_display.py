"""Picture of the training: the loss of all starts."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ._plotting import single_axes


class LossCurveDisplay:
    """Loss during the training, of all random starts and of the one chosen.

    Make it with :meth:`from_estimator`.

    Parameters
    ----------
    loss_curve : array-like of shape (n_iter,)
        Loss of the start that was chosen.
    start_loss_curves : list of array-like, default=()
        Losses of the other starts, which ended earlier.
    validation_loss_curve : array-like of shape (n_iter,), default=()
        Loss on validation data.

    Attributes
    ----------
    line_ : Line2D
        The start that was chosen.
    start_lines_ : list of Line2D
        The other starts.
    validation_line_ : Line2D or None
        Loss on validation data.
    ax_, figure_ : Axes and Figure
        Where these are.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import PMMRegressor
    >>> from pmm_sklearn.inspection import LossCurveDisplay
    >>> X = np.linspace(-1, 1, 20)[:, np.newaxis]
    >>> model = PMMRegressor(3, 1, random_state=0).fit(X, np.sin(3 * X[:, 0]))
    >>> display = LossCurveDisplay.from_estimator(model)
    >>> len(display.start_lines_)
    3
    """

    def __init__(self, loss_curve, start_loss_curves=(), validation_loss_curve=()):
        self.loss_curve = loss_curve
        self.start_loss_curves = start_loss_curves
        self.validation_loss_curve = validation_loss_curve

    @classmethod
    def from_estimator(cls, estimator, *, ax=None):
        """Draw the losses of a fitted estimator.

        Parameters
        ----------
        estimator : PMMRegressor, PMMClassifier, PMMImageClassifier or an emulator
            A fitted estimator.
        ax : Axes, default=None
            Where to draw; by default in a new figure.

        Returns
        -------
        LossCurveDisplay
        """
        check_is_fitted(estimator)
        curve = getattr(estimator, "loss_curve_", None)
        if curve is None:
            raise ValueError(
                f"estimator must have been trained here, but this "
                f"{type(estimator).__name__} has no loss_curve_: call fit, whose "
                f"losses are not part of files and do not exist without training."
            )
        starts = getattr(estimator, "start_loss_curves_", [])
        others = [start for start in starts if start != curve[: len(start)]]
        validation = getattr(estimator, "validation_loss_curve_", [])
        return cls(curve, others, validation).plot(ax)

    def plot(self, ax=None):
        """Draw the losses.

        Parameters
        ----------
        ax : Axes, default=None
            Where to draw; by default in a new figure.

        Returns
        -------
        self : LossCurveDisplay
        """
        ax = single_axes(self, ax)
        self.start_lines_ = []
        for curve in self.start_loss_curves:
            label = None if self.start_lines_ else "other starts"
            self.start_lines_ += ax.plot(*_points(curve), color="0.7", label=label)
            # Where it was given up.
            ax.plot(len(curve), curve[-1], "x", color="0.5", markersize=4)
        (self.line_,) = ax.plot(
            *_points(self.loss_curve), color="C0", linewidth=2, label="chosen start"
        )
        self.validation_line_ = None
        if len(self.validation_loss_curve):
            (self.validation_line_,) = ax.plot(
                *_points(self.validation_loss_curve), "C1--", label="validation data"
            )
        curves = [self.loss_curve, *self.start_loss_curves, self.validation_loss_curve]
        if min(np.min(curve, initial=np.inf) for curve in curves) > 0:
            ax.set_yscale("log")
        ax.set(xlabel="iteration", ylabel="loss")
        if len(ax.get_legend_handles_labels()[0]) > 1:
            ax.legend()
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _points(curve):
    return np.arange(1, len(curve) + 1), curve
