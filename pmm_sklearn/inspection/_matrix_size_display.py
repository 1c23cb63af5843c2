"""Which size of the matrices to take: evidence, errors of withheld data, error bars."""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import check_cv
from sklearn.utils import check_array

from ..checks.data import masked_to_nan
from ._plotting import single_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_Y_CHECKS = {"ensure_2d": False, "ensure_all_finite": "allow-nan"}


class MatrixSizeDisplay:
    r"""Evidence, errors and error bars of matrices of several sizes.

    The evidence is what ``matrix_size="auto"`` compares.  Errors of withheld data say
    the same of interpolation, and cost a fit for each part.  Error bars that are far
    from the errors are a sign of a size that is too small or too large.  Make it with
    :meth:`from_estimator`, or, of the evidences that a fit has compared, with
    :meth:`from_fitted`.

    Parameters
    ----------
    matrix_sizes : list
        The sizes, as `matrix_size` takes them.
    log_evidences : array-like of shape (n_sizes,)
        Logarithms of the evidence.
    errors : array-like of shape (n_sizes,), default=None
        Root mean squares of the errors of withheld data, all targets together, in units
        of the standard deviation of each.
    deviations : array-like of shape (n_sizes,), default=None
        Root mean squares of the error bars of these data.

    Attributes
    ----------
    lines_ : list of Line2D
        Errors and error bars; empty without these.
    evidence_line_ : Line2D
        The evidence.
    evidence_ax_ : Axes
        That of the evidence, on the right beside errors.
    ax_, figure_ : Axes and Figure
        Where these are.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import PMMEmulator
    >>> from pmm_sklearn.inspection import MatrixSizeDisplay
    >>> X = np.linspace(-1, 1, 12)[:, np.newaxis]
    >>> emulator = PMMEmulator(n_init=2, random_state=0)
    >>> y = -np.hypot(1, X[:, 0])  # the lower one of two levels
    >>> display = MatrixSizeDisplay.from_estimator(emulator, X, y, [1, 2], cv=3)
    >>> bool(display.errors[1] < 1e-6 < display.errors[0])
    True
    >>> bool(display.log_evidences[1] > display.log_evidences[0])
    True
    """

    def __init__(self, matrix_sizes, log_evidences, errors=None, deviations=None):
        self.matrix_sizes = matrix_sizes
        self.log_evidences = log_evidences
        self.errors = errors
        self.deviations = deviations

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: ArrayLike,
        y: ArrayLike,
        matrix_sizes: Sequence,
        *,
        cv: Any = 5,
        ax: "Axes | None" = None,
    ) -> Self:
        """Fit matrices of several sizes, and draw what they promise.

        Parameters
        ----------
        estimator : PMMEmulator or PMMRegressor
            With ``alpha="auto"``; it is not fitted itself.
        X : array-like of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets; of an emulator NaN where one was not calculated.
        matrix_sizes : list
            The sizes.
        cv : int or cross-validation generator, default=5
            Number of parts that are withheld in turn, or what draws them:
            ``LeaveOneOut()`` for few samples.
        ax : Axes, default=None
            Where to draw; by default in a new figure.

        Returns
        -------
        MatrixSizeDisplay

        Raises
        ------
        ValueError
            If the estimator has no evidence, or `matrix_sizes` is empty.
        """
        if len(matrix_sizes) == 0:
            raise ValueError("matrix_sizes is empty: name at least one size.")
        X = check_array(X)
        y = check_array(masked_to_nan(y), **_Y_CHECKS)
        columns = [
            _judged(clone(estimator).set_params(matrix_size=size), X, y, cv)
            for size in matrix_sizes
        ]
        return cls(list(matrix_sizes), *np.array(columns).T).plot(ax)

    @classmethod
    def from_fitted(cls, estimator: BaseEstimator, *, ax: "Axes | None" = None) -> Self:
        """Draw the evidences that a fit has compared, without any other fit.

        Parameters
        ----------
        estimator : PMMEmulator, PMMRegressor or PMMClassifier
            Fitted with ``matrix_size="auto"``, or an emulator that has compared priors.
        ax : Axes, default=None
            Where to draw; by default in a new figure.

        Returns
        -------
        MatrixSizeDisplay
            In the order in which sizes were compared, after a part of the training.

        Raises
        ------
        ValueError
            If nothing was compared.
        """
        path = getattr(estimator, "evidence_path_", None)
        if path is None:
            raise ValueError(
                f"estimator must have an evidence_path_, which one has that was fitted "
                f'here with matrix_size="auto" and alpha="auto", got {estimator!r}.'
            )
        sizes, evidences = zip(*path, strict=True)
        return cls(list(sizes), np.array(evidences)).plot(ax)

    def plot(self, ax: "Axes | None" = None) -> Self:
        """Draw errors and error bars on the left, the evidence on the right.

        Parameters
        ----------
        ax : Axes, default=None
            Where to draw; by default in a new figure.

        Returns
        -------
        self : MatrixSizeDisplay
        """
        ax = single_axes(self, ax)
        places = np.arange(len(self.matrix_sizes))
        ax.set_xlabel("matrix_size")
        ax.set_xticks(places, [str(size) for size in self.matrix_sizes])
        has_errors = self.errors is not None
        self.lines_ = self._plot_errors(ax, places) if has_errors else []
        self.evidence_ax_ = ax.twinx() if has_errors else ax
        evidences = np.where(np.isinf(self.log_evidences), np.nan, self.log_evidences)
        style = {"color": "0.4", "label": "log evidence (right)"}
        (line,) = self.evidence_ax_.plot(places, evidences, "^:", **style)
        self.evidence_line_ = line
        self.evidence_ax_.set_ylabel("log evidence")
        if has_errors:
            # Above the axes: within them there is rarely room beside three lines.
            place = {"loc": "lower center", "bbox_to_anchor": (0.5, 1.0), "ncols": 3}
            ax.legend(handles=[*self.lines_, line], frameon=False, **place)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _plot_errors(self, ax, places):
        ax.set(yscale="log", ylabel="root mean square / spread of the targets")
        return [
            *ax.plot(places, self.errors, "o-", label="errors of withheld data"),
            *ax.plot(places, self.deviations, "s--", label="their error bars"),
        ]


def _judged(estimator, X, y, cv):
    """Log evidence of all data; error and error bar of withheld ones."""
    with warnings.catch_warnings():
        # Of small matrices that cannot describe the data, and of large ones.
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", UserWarning)
        evidence = getattr(estimator.fit(X, y), "log_evidence_", None)
        if evidence is None:
            raise ValueError(
                f"estimator must have an evidence, as a PMMEmulator or PMMRegressor "
                f'with alpha="auto" has, got {estimator!r}.'
            )
        errors, deviations = np.full(y.shape, np.nan), np.full(y.shape, np.nan)
        for training, withheld in check_cv(cv).split(X):
            estimator.fit(X[training], y[training])
            mean, deviations[withheld] = estimator.predict(X[withheld], return_std=True)
            errors[withheld] = mean - y[withheld]
    spread = np.nanstd(y, axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    known = ~np.isnan(errors)
    return (
        evidence,
        np.sqrt(np.mean((errors / spread)[known] ** 2)),
        np.sqrt(np.mean((deviations / spread)[known] ** 2)),
    )
