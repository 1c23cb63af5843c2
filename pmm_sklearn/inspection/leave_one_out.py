"""Cross-validation without fits: each sample predicted as if it had been left out."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, is_classifier

from .._warnings import warn_caller
from ..checks.data import check_errors, check_features, check_sample_weight
from ._arguments import check_model, check_targets

# What no sample contributes to its own prediction, but for rounding, and from what on
# it determines this nearly alone.
_TOO_LARGE, _OWN = 1.0 + 1e-6, 0.9
# Of the targets, how many parameters may be determined before residuals are rounding
# errors and luck.
_ALL_DATA = 0.9
# Of penalties: what the posterior density, which has a prior of its own, may not know.
_LARGEST_ALPHA = 1e-2


class LooPredictions(NamedTuple):
    """Predictions of training targets by a model that has not seen their sample.

    Attributes
    ----------
    mean : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Predicted targets.
    std : ndarray of the shape of ``mean``
        Their standard deviations, as those of ``predict``.
    log_density : ndarray of the shape of ``mean``
        Logarithm of the predictive probability density at each target, normal and with
        known errors, in one over its unit; NaN where a target is not known.
    leverage : ndarray of shape (n_samples,)
        What each sample contributes to its own prediction, between 0 and 1, in the
        worst member.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.inspection import LooPredictions
    >>> LooPredictions(np.zeros(1), np.ones(1), np.full(1, -0.9), np.zeros(1)).mean
    array([0.])
    """

    mean: np.ndarray
    std: np.ndarray
    log_density: np.ndarray
    leverage: np.ndarray


def loo_predictions(
    estimator: BaseEstimator,
    X: ArrayLike,
    y: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    y_err: ArrayLike | None = None,
) -> LooPredictions:
    r"""Leave-one-out predictions from the posterior density, without any fit.

    Each sample is predicted as by the model without it.  The data are those of ``fit``.

    Parameters
    ----------
    estimator : PMMRegressor, PMMEmulator, UnitaryPMMEmulator or EvolutionEmulator
        Fitted; with least squares, which are the default.
    X : array-like of shape (n_samples, n_features)
        The features of its ``fit``.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        The targets of its ``fit``.  NaN, where one was not known, is predicted from all
        other samples, too.
    sample_weight : array-like of shape (n_samples,), default=None
        The weights of ``fit``.  A sample is left out with all its weight.
    y_err : float or array-like, default=None
        The standard deviations of the targets in ``fit``.

    Returns
    -------
    LooPredictions
        ``(mean, std, log_density, leverage)``.

    Raises
    ------
    TypeError
        If the estimator is no regressor nor emulator of this package.
    ValueError
        If the distribution of its parameters is not known, as after ``partial_fit``, or
        its loss is another one, or `alpha` a number above 0.01, of which that knows
        nothing, or the data are not those of ``fit``.

    Warns
    -----
    UserWarning
        If the model goes through its data, or misses them by more than `y_err`; and of
        samples that determine their own predictions, as outliers that were fitted do:
        what is predicted without them is a guess.

    Notes
    -----
    The model is taken for linear in its parameters around the solution, and its noise
    and priors are kept.  Then a single number says what a refit would: with the
    variance :math:`s^2` of the output :math:`f` at a sample, the noise
    :math:`\sigma^2` of its target and the leverage :math:`h = s^2 / \sigma^2`,

    .. math::

        y - f' = (y - f) / (1 - h) , \qquad s'^2 = s^2 / (1 - h) .

    The targets of a sample are left out together: for several ``h`` is a matrix.
    Derivatives ``y_gradient`` are not left out.  If ``fit`` had `y_err` and
    ``target_weight``, the latter is taken for 1.

    Of several members each is treated by itself, and their weights are kept.

    Examples
    --------
    The error that cross-validation with 60 fits would find:

    >>> import numpy as np
    >>> from pmm_sklearn import PMMRegressor
    >>> from pmm_sklearn.inspection import loo_predictions
    >>> rng = np.random.RandomState(0)
    >>> X = rng.uniform(-1, 1, size=(60, 2))
    >>> y = np.sin(2 * X[:, 0]) + X[:, 1] ** 2 + 0.1 * rng.standard_normal(60)
    >>> model = PMMRegressor(3, 1, n_init=2, random_state=0).fit(X, y)
    >>> loo = loo_predictions(model, X, y)
    >>> residuals, errors = y - model.predict(X), y - loo.mean
    >>> bool(np.std(residuals) < 0.1 < np.std(errors) < 0.2)
    True
    >>> score = loo.log_density.sum()  # the larger, the better a model of these data
    """
    model = _checked(estimator)
    X = check_features(estimator, X)
    y = check_targets(model, y, len(X))
    known = ~np.isnan(y)
    weight = check_sample_weight(sample_weight, len(X))[:, np.newaxis] * known
    errors = check_errors(y_err, y.shape, weight > 0)
    errors = np.zeros(y.shape) if errors is None else errors
    given = np.where(known, y, 0.0)
    mean, std, leverage = model.left_out(X, given, weight, errors)
    if not np.max(leverage) < _TOO_LARGE:
        row = int(np.argmax(leverage))
        raise ValueError(
            f"X, sample_weight and y_err must be those of fit, but the model has not "
            f"seen such data as those of row {row} (leverage {leverage[row]:.3g}, of "
            f"data of fit less than 1): give those of fit."
        )
    _warn_of_guesses(estimator, leverage, known.sum())
    with np.errstate(divide="ignore", over="ignore"):
        variance = std**2 + errors**2
        log_density = -0.5 * (np.log(2 * np.pi * variance) + (y - mean) ** 2 / variance)
    found = mean, std, log_density
    found = (a[:, 0] if model.single_output else a for a in found)
    return LooPredictions(*found, leverage)


def _warn_of_guesses(estimator, leverage, n_targets):
    """Warn where the linear model is asked for what it cannot know."""
    n_effective = getattr(estimator, "n_effective_parameters_", 0.0)
    if n_effective > _ALL_DATA * n_targets:
        warn_caller(
            f"{n_effective:.0f} parameters are determined by {n_targets} targets: "
            f"leave-one-out predictions of a model that goes through its data are "
            f"guesses, and mostly too good. Use cross_val_predict of scikit-learn.",
            UserWarning,
        )
        return
    rows = np.flatnonzero(leverage > _OWN)
    if len(rows):
        rows = rows[np.argsort(-leverage[rows])]
        shown = ", ".join(map(str, rows[:5])) + (", ..." * (len(rows) > 5))
        remedy = "check them"
        if hasattr(estimator, "loss"):
            remedy = "compare with loss='huber'"
        warn_caller(
            f"Rows that determine their own predictions (leverage above {_OWN}): "
            f"{shown}. What the model says without them is a guess. An outlier that "
            f"was fitted looks like this: {remedy}.",
            UserWarning,
        )


def _checked(estimator):
    """The model of an estimator that was fitted by least squares to all its data."""
    model = check_model(estimator)
    if is_classifier(estimator):
        raise TypeError(
            f"estimator must be a regressor or an emulator, got "
            f"{type(estimator).__name__}: use cross_val_predict for classes."
        )
    required = {"loss": "squared_error", "early_stopping": False}
    for name, value in required.items():
        own = getattr(estimator, name, value)
        if own != value:
            raise ValueError(
                f"estimator must have been fitted with {name}={value!r}, got {own!r}: "
                f"use cross_val_predict of scikit-learn, or change it and fit again."
            )
    alpha = getattr(estimator, "alpha", "auto")
    if alpha != "auto" and alpha > _LARGEST_ALPHA:
        raise ValueError(
            f"estimator must have been fitted with alpha='auto' or at most "
            f"{_LARGEST_ALPHA:g}, got {alpha!r}: use cross_val_predict of "
            f"scikit-learn, or change it and fit again."
        )
    return model
