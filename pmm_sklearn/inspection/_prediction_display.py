"""Picture of predictions against data, with the errors of both."""

import inspect
from typing import TYPE_CHECKING, Literal, Self, get_args

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from ..checks.data import check_features
from ..checks.dtypes import as_numbers
from ..checks.parameters import check_option
from ._arguments import check_model, target_names
from ._plotting import panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Kind = Literal["actual_vs_predicted", "residual_vs_predicted", "residual_vs_feature"]
_KINDS = get_args(Kind)


class PredictionDisplay:
    """Data against predictions, with error bars, one panel for each target.

    What `sklearn.metrics.PredictionErrorDisplay` is for one target without errors.
    Make it with :meth:`from_estimator` or :meth:`from_predictions`.

    Parameters
    ----------
    y_true, y_pred : ndarray of shape (n_samples, n_outputs)
        Data and predictions.  Data that are NaN are left out.
    y_std, y_err : ndarray of shape (n_samples, n_outputs) or None
        Standard deviations of predictions and of data.
    names : list of str
        A title for each target.
    feature_values : ndarray of shape (n_samples,), default=None
        Of a feature, which residuals may be drawn over.
    feature_name : str, default="feature"
        Its name.
    y_members : ndarray of shape (n_members, n_samples, n_outputs), default=None
        Predictions of the models that are averaged.

    Attributes
    ----------
    points_ : list of ErrorbarContainer
        The data of each target.
    members_ : list of list of Line2D
        The same with the predictions of each member, for each target.
    lines_ : list of Line2D
        Where predictions are perfect.
    axes_ : ndarray of Axes of shape (n_outputs,)
        One for each target.
    figure_ : Figure
        Where these are.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.inspection import PredictionDisplay
    >>> y_pred = np.array([1.0, 2.0, 3.0])
    >>> y_true = np.array([1.1, 1.8, np.nan])
    >>> display = PredictionDisplay.from_predictions(y_true, y_pred, y_std=0.1)
    >>> display.axes_[0].get_xlabel()
    'predicted'
    """

    def __init__(
        self,
        y_true,
        y_pred,
        *,
        y_std=None,
        y_err=None,
        names=("",),
        feature_values=None,
        feature_name="feature",
        y_members=None,
    ):
        self.y_true = y_true
        self.y_pred = y_pred
        self.y_std = y_std
        self.y_err = y_err
        self.names = names
        self.feature_values = feature_values
        self.feature_name = feature_name
        self.y_members = y_members

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: ArrayLike,
        y: ArrayLike,
        *,
        y_std: ArrayLike | None = None,
        y_err: ArrayLike | None = None,
        kind: Kind = "actual_vs_predicted",
        feature: int | str | None = None,
        members: bool = False,
        ax: "Axes | np.ndarray | None" = None,
    ) -> Self:
        """Draw data against the predictions of a fitted regressor.

        Parameters
        ----------
        estimator : object
            A fitted regressor, emulator or pipeline.
        X : array-like of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Data; NaN where there are none.
        y_std : array-like of the shape of ``y``, default=None
            Standard deviations of the predictions.  By default those of the
            estimator, if its ``predict``, or that of the last step of a pipeline,
            takes ``return_std``, else none.
        y_err : array-like of the shape of ``y``, default=None
            Standard deviations of the data.
        kind : {"actual_vs_predicted", "residual_vs_predicted", \
"residual_vs_feature"}, default="actual_vs_predicted"
            See :meth:`plot`.
        feature : int or str, default=None
            Number or name of the feature for "residual_vs_feature"; None means the
            first one.
        members : bool, default=False
            Whether the predictions of all models that are averaged are drawn, too, of
            a PMMRegressor or an emulator: where these differ, ask for more data.
        ax : Axes or array-like of Axes, default=None
            One, whose place is divided, or one for each target; by default those of
            a new figure.

        Returns
        -------
        PredictionDisplay
        """
        model = _last_step(estimator)
        knows_errors = "return_std" in inspect.signature(model.predict).parameters
        if y_std is None and knows_errors:
            y_pred, y_std = estimator.predict(X, return_std=True)
        else:
            y_pred = estimator.predict(X)
        values, name = None, "feature"
        if feature is not None or kind == "residual_vs_feature":
            values, name = _feature(X, feature)
        return cls.from_predictions(
            y,
            y_pred,
            y_std=y_std,
            y_err=y_err,
            kind=kind,
            names=target_names(
                getattr(model, "model_", None),
                np.reshape(y_pred, (len(y_pred), -1)).shape[1],
            ),
            feature_values=values,
            feature_name=name,
            y_members=_of_members(estimator, X) if members else None,
            ax=ax,
        )

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        *,
        y_std: ArrayLike | None = None,
        y_err: ArrayLike | None = None,
        kind: Kind = "actual_vs_predicted",
        names: list[str] | None = None,
        feature_values: ArrayLike | None = None,
        feature_name: str = "feature",
        y_members: ArrayLike | None = None,
        ax: "Axes | np.ndarray | None" = None,
    ) -> Self:
        """Draw data against predictions.

        Parameters
        ----------
        y_true, y_pred : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Data, NaN where there are none, and predictions.
        y_std, y_err : array-like of the same shape, or float, default=None
            Standard deviations of predictions and of data.
        kind : {"actual_vs_predicted", "residual_vs_predicted", \
"residual_vs_feature"}, default="actual_vs_predicted"
            See :meth:`plot`.
        names : list of str, default=None
            Names of the targets.
        feature_values : array-like of shape (n_samples,), default=None
            What residuals are drawn over, for "residual_vs_feature".
        feature_name : str, default="feature"
            Its name.
        y_members : array-like of shape (n_members, n_samples, n_outputs), default=None
            Predictions of the models that are averaged.
        ax : Axes or array-like of Axes, default=None
            One, whose place is divided, or one for each target; by default those of
            a new figure.

        Returns
        -------
        PredictionDisplay
        """
        y_pred = _columns("y_pred", y_pred)
        y_true = _columns("y_true", y_true, y_pred.shape)
        errors = {"y_std": y_std, "y_err": y_err}
        for name, value in errors.items():
            if value is not None:
                errors[name] = _columns(name, value, y_pred.shape)
        if names is None:
            names = target_names(None, y_pred.shape[1])
        if len(names) != y_pred.shape[1]:
            raise ValueError(
                f"names must name each of the {y_pred.shape[1]} targets, got "
                f"{len(names)} names."
            )
        if feature_values is not None:
            feature_values = as_numbers("feature_values", feature_values)
            if feature_values.shape != (len(y_pred),):
                raise ValueError(
                    f"feature_values must have shape ({len(y_pred)},), one for each "
                    f"prediction, got shape {feature_values.shape}."
                )
        if y_members is not None:
            y_members = as_numbers("y_members", y_members)
            if y_members.shape[1:] != y_pred.shape:
                raise ValueError(
                    f"y_members must have shape (n_members, {y_pred.shape[0]}, "
                    f"{y_pred.shape[1]}), a prediction of each member for each of the "
                    f"mean, got shape {y_members.shape}."
                )
        display = cls(
            y_true,
            y_pred,
            **errors,
            names=list(names),
            feature_values=feature_values,
            feature_name=feature_name,
            y_members=y_members,
        )
        return display.plot(ax, kind=kind)

    def plot(
        self,
        ax: "Axes | np.ndarray | None" = None,
        *,
        kind: Kind = "actual_vs_predicted",
    ) -> Self:
        """Draw data against predictions.

        Parameters
        ----------
        ax : Axes or array-like of Axes, default=None
            One, whose place is divided, or one for each target; by default those of
            a new figure.
        kind : {"actual_vs_predicted", "residual_vs_predicted", \
"residual_vs_feature"}, default="actual_vs_predicted"
            Data, with their errors, over predictions, with theirs; or the difference,
            with both errors together, over predictions or over a feature.

        Returns
        -------
        self : PredictionDisplay
        """
        check_option("kind", kind, _KINDS)
        if kind == "residual_vs_feature" and self.feature_values is None:
            raise ValueError(
                "kind='residual_vs_feature' needs a feature: give feature_values, or "
                "call from_estimator."
            )
        axes = panels(self, ax, self.y_pred.shape[1], n_columns=3)
        self.points_, self.lines_, self.members_ = [], [], []
        for column, panel in enumerate(axes):
            self._plot_target(panel, column, kind)
        self.axes_, self.figure_ = axes, axes[0].figure
        return self

    def _plot_target(self, panel, column, kind):
        x, y = self.y_pred[:, column], self.y_true[:, column]
        x_bar, y_bar = (
            None if bar is None else bar[:, column] for bar in (self.y_std, self.y_err)
        )
        label = "predicted"
        is_residual = kind != "actual_vs_predicted"
        if is_residual:
            bars = [bar for bar in (x_bar, y_bar) if bar is not None]
            y, x_bar = y - x, None
            y_bar = np.sqrt(np.sum(np.square(bars), axis=0)) if bars else None
            line = panel.axhline(0.0, color="0.3", linestyle="--", zorder=0)
        else:
            point = (np.nanmin(x), np.nanmin(x))
            line = panel.axline(point, slope=1.0, color="0.3", linestyle="--", zorder=0)
        if kind == "residual_vs_feature":
            x, label = self.feature_values, self.feature_name
        self.members_.append(self._plot_members(panel, column, is_residual, x))
        style = {"linestyle": "none", "marker": "o", "markersize": 4, "elinewidth": 1}
        points = panel.errorbar(x, y, y_bar, x_bar, alpha=0.7, **style)
        panel.set(
            xlabel=label,
            ylabel="actual - predicted" if is_residual else "actual",
        )
        if is_residual:
            panel.locator_params(axis="x", nbins=5)
        panel.set_title(self.names[column], fontsize="medium")
        self.points_.append(points)
        self.lines_.append(line)

    def _plot_members(self, panel, column, is_residual, places):
        """Points of each member, at the places of the mean if these are residuals."""
        lines, y = [], self.y_true[:, column]
        for member in () if self.y_members is None else self.y_members[..., column]:
            x, value = (places, y - member) if is_residual else (member, y)
            lines += panel.plot(x, value, ".", color="0.4", markersize=4, zorder=1)
        if lines and column == 0:
            lines[0].set_label("members of the mean")
            panel.legend(fontsize="small")
        return lines


def _of_members(estimator, X):
    """Predictions of the models that the last step of a pipeline averages."""
    while isinstance(estimator, Pipeline):
        if len(estimator) > 1:
            X = estimator[:-1].transform(X)
        estimator = estimator[-1]
    model = check_model(estimator)
    return model.outputs_of_members(check_features(estimator, X))


def _feature(X, feature):
    """Values and name of a feature, given by number or name."""
    names = [str(name) for name in getattr(X, "columns", ())]
    n_features = np.shape(X)[1]
    names = names or [f"x{i}" for i in range(n_features)]
    number = 0 if feature is None else feature
    if isinstance(feature, str):
        number = names.index(feature) if feature in names else n_features
    if not 0 <= number < n_features:
        raise ValueError(
            f"feature must be a number from 0 to {n_features - 1} or one of {names}, "
            f"got {feature!r}."
        )
    column = X.iloc[:, number] if hasattr(X, "iloc") else np.asarray(X)[:, number]
    return column, names[number]


def _last_step(estimator):
    """What the parameters of ``predict`` are for: pipelines pass them on."""
    while isinstance(estimator, Pipeline):
        estimator = estimator[-1]
    return estimator


def _columns(name, values, shape=None):
    """Array of shape (n_samples, n_outputs); a number stands for all elements."""
    values = as_numbers(name, values)
    if shape is not None and values.ndim == 0:
        return np.full(shape, values)
    columns = values.reshape(len(values), -1) if values.ndim else values
    if columns.ndim != 2 or (shape is not None and columns.shape != shape):
        expected = "(n_samples, n_outputs)" if shape is None else shape
        raise ValueError(
            f"{name} must have shape {expected}, like the predictions, got shape "
            f"{values.shape}: give one value for each prediction."
        )
    return columns
