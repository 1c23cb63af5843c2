"""Picture of the training: the loss of all starts."""

from typing import TYPE_CHECKING, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ._plotting import single_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class LossCurveDisplay:
    """Loss during the training, of all random starts and of the one chosen.

    Where the evidence is maximised, losses are negative logarithms of it, up to a
    constant.  Drawn is how far they are from the best that any start has reached, in
    nats: a difference of five is a probability that is 150 times smaller.  This axis is
    linear up to 1, and logarithmic beyond.

    Make it with :meth:`from_estimator`.

    Parameters
    ----------
    loss_curve : array-like of shape (n_iter,)
        Loss of the start that was chosen.
    start_loss_curves : list of array-like, default=()
        Losses of the other starts, which were given up.
    validation_loss_curve : array-like of shape (n_iter,), default=()
        Loss on validation data.
    member_loss_curves : list of array-like, default=()
        Losses of the starts that are averaged with the one chosen (``n_average``).
    is_evidence : bool, default=False
        Whether losses are negative logarithms of the evidence.

    Attributes
    ----------
    line_ : Line2D
        The start that was chosen, of several that are averaged the best.
    member_lines_ : list of Line2D
        The starts that are averaged with it.
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
    >>> model = PMMRegressor(3, n_average=1, random_state=0).fit(X, X[:, 0] ** 3)
    >>> display = LossCurveDisplay.from_estimator(model)
    >>> len(display.start_lines_)
    3
    """

    def __init__(
        self,
        loss_curve,
        start_loss_curves=(),
        validation_loss_curve=(),
        member_loss_curves=(),
        is_evidence=False,
    ):
        self.loss_curve = loss_curve
        self.start_loss_curves = start_loss_curves
        self.validation_loss_curve = validation_loss_curve
        self.member_loss_curves = member_loss_curves
        self.is_evidence = is_evidence

    @classmethod
    def from_estimator(
        cls, estimator: BaseEstimator, *, ax: "Axes | None" = None
    ) -> Self:
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
        if not hasattr(type(estimator), "members_"):
            raise TypeError(
                f"estimator must be a PMMRegressor, a PMMClassifier, a "
                f"PMMImageClassifier or an emulator, got {type(estimator).__name__}: "
                f"give the last step of a pipeline, pipeline[-1]."
            )
        check_is_fitted(estimator)
        curve = getattr(estimator, "loss_curve_", None)
        if curve is None:
            raise ValueError(
                f"estimator must have been trained here, but this "
                f"{type(estimator).__name__} has no loss_curve_: call fit, whose "
                f"losses are not part of files and do not exist without training."
            )
        starts = getattr(estimator, "start_loss_curves_", [])
        _, *members = getattr(estimator, "member_starts_", [None])
        others = [
            start
            for number, start in enumerate(starts)
            if number not in members and start != curve[: len(start)]
        ]
        return cls(
            curve,
            others,
            getattr(estimator, "validation_loss_curve_", []),
            [starts[number] for number in members],
            # Of emulators the evidence is that of the model that the loss has found.
            is_evidence=hasattr(estimator, "_variances"),
        ).plot(ax)

    def plot(self, ax: "Axes | None" = None) -> Self:
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
        curves = [
            self.loss_curve,
            *self.start_loss_curves,
            *self.member_loss_curves,
            self.validation_loss_curve,
        ]
        lowest = min(np.min(curve, initial=np.inf) for curve in curves)
        self._plot_curves(ax, lowest if self.is_evidence else 0.0)
        label = "loss"
        if self.is_evidence:
            label = "log evidence below the best"
            ax.set_yscale("symlog", linthresh=1.0)
            ax.set_ylim(bottom=0.0)
        elif lowest > 0:
            ax.set_yscale("log")
        ax.set(xlabel="iteration", ylabel=label)
        ax.xaxis.get_major_locator().set_params(integer=True)
        if len(ax.get_legend_handles_labels()[0]) > 1:
            ax.legend()
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _plot_curves(self, ax, origin):
        """All curves, less a number."""
        self.start_lines_, self.member_lines_ = [], []
        for curve in self.start_loss_curves:
            label = None if self.start_lines_ else "other starts"
            line = _draw(ax, curve, origin, color="0.7", label=label)
            self.start_lines_.append(line)
            # Where it was given up.
            ax.plot(len(curve), curve[-1] - origin, "x", color="0.5", markersize=4)
        for curve in self.member_loss_curves:
            label = None if self.member_lines_ else "other members of the mean"
            style = {"color": "C0", "alpha": 0.6, "linewidth": 1, "label": label}
            self.member_lines_.append(_draw(ax, curve, origin, **style))
        style = {"label": "best member" if self.member_lines_ else "chosen start"}
        style |= {"color": "C0", "linewidth": 2.5}
        self.line_ = _draw(ax, self.loss_curve, origin, **style)
        self.validation_line_ = None
        if len(self.validation_loss_curve):
            style = {"color": "C1", "linestyle": "--", "label": "validation data"}
            curve = self.validation_loss_curve
            self.validation_line_ = _draw(ax, curve, origin, **style)


def _draw(ax, curve, origin, **style):
    # A line through a single point cannot be seen.
    marker = "o" if len(curve) == 1 else None
    iterations = np.arange(1, len(curve) + 1)
    (line,) = ax.plot(iterations, np.subtract(curve, origin), marker=marker, **style)
    return line
