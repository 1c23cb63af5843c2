"""Picture of length scales: which features predictions bend along."""

from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from ..checks.data import check_features
from ._arguments import check_model
from ._plotting import single_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class LengthScalesDisplay:
    r"""How much predictions bend along each feature, from the length scales.

    A bar is the standard deviation of a feature over its length scale.  Where it is far
    below a tenth, predictions are nearly linear in this feature, or do not depend on
    it.  Length scales say how a function bends, not how much a feature matters: that
    of one in which it is linear is long, however steep it is.  How strongly features
    act, `feature_influence` says, and ``predict_gradient`` for the data.

    Make it with :meth:`from_estimator`.

    Parameters
    ----------
    length_scales : array-like of shape (n_features,)
        Length scales, in the units of the features; infinite ones are bars of zero.
    deviations : array-like of shape (n_features,)
        Standard deviations of the features.
    feature_names : list of str
        Their names.

    Attributes
    ----------
    bars_ : BarContainer
        The bars, the longest one on top.
    ax_, figure_ : Axes and Figure
        Where these are.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import PMMRegressor
    >>> from pmm_sklearn.inspection import LengthScalesDisplay
    >>> X = np.random.RandomState(0).uniform(-1, 1, size=(60, 3))
    >>> model = PMMRegressor(3, n_init=1, random_state=0)
    >>> model = model.fit(X, np.sin(3 * X[:, 0]) + X[:, 1])
    >>> display = LengthScalesDisplay.from_estimator(model, X)
    >>> display.ax_.get_yticklabels()[-1].get_text()  # linear in x1, and without x2
    'x0'
    """

    def __init__(self, length_scales, deviations, feature_names):
        self.length_scales = length_scales
        self.deviations = deviations
        self.feature_names = feature_names

    @classmethod
    def from_estimator(
        cls, estimator: BaseEstimator, X: ArrayLike, *, ax: "Axes | None" = None
    ) -> Self:
        """Draw the length scales of a fitted estimator.

        Parameters
        ----------
        estimator : PMMRegressor, PMMClassifier or PMMEmulator
            Fitted with ``alpha="auto"``.
        X : array-like of shape (n_samples, n_features)
            Features whose spread the length scales are compared with, as those of
            ``fit``.
        ax : Axes, default=None
            Where to draw; by default in a new figure.

        Returns
        -------
        LengthScalesDisplay

        Raises
        ------
        TypeError
            If the estimator is none that has length scales.
        ValueError
            If it was not fitted by evidence.
        """
        model = check_model(estimator)
        scales = getattr(estimator, "length_scales_", None)
        if scales is None:
            raise ValueError(
                f"estimator must have length_scales_, which one has that was fitted "
                f'by evidence, with alpha="auto", got {estimator!r}. With too many '
                f'samples for matrix_size="auto" there is no evidence: give a small '
                f"matrix_size, such as 5."
            )
        X = check_features(estimator, X)
        return cls(scales, X.std(axis=0), model.feature_names).plot(ax)

    def plot(self, ax: "Axes | None" = None) -> Self:
        """Draw the bars.

        Parameters
        ----------
        ax : Axes, default=None
            Where to draw; by default in a new figure.

        Returns
        -------
        self : LengthScalesDisplay
        """
        ax = single_axes(self, ax, height=1.2 + 0.4 * len(self.feature_names))
        ratios = np.asarray(self.deviations) / np.asarray(self.length_scales)
        order = np.argsort(ratios, kind="stable")
        names = [self.feature_names[i] for i in order]
        self.bars_ = ax.barh(np.arange(len(order)), ratios[order])
        ax.set_yticks(np.arange(len(order)), names)
        ax.set_xlabel("standard deviation / length scale")
        self.ax_, self.figure_ = ax, ax.figure
        return self
