"""A fitted model against the means of the targets, which any model should beat."""

import numpy as np
from sklearn.base import is_classifier

from ._threads import ThreadMap
from ._warnings import warn_caller
from .solvers import StopReason

# Of the loss of the means, what a fitted model may leave to be a start.
_LARGEST_LOSS_OF_START = 0.8
# And what it leaves if it explains nothing.
_LEAST_LOSS_OF_NOTHING = 0.999
# Of the values of an output, changes that are rounding errors.
_ROUNDING = 1e-12
# Columns that a warning names.
_MOST_NAMED = 5


def goes_on(estimator, data, loss, outputs_of_means=np.array):
    """Whether `warm_start` has a model that is better than the mean of the new data.

    A model of few data, or of data in other units, is a poor start: matrices that
    explain nothing have no slope to go along, and their hyper-parameters are those of a
    mean.

    Parameters
    ----------
    estimator : BasePMM
        Has `warm_start`, and perhaps a fitted model.
    data : TableData or SpectrumData
        The new data.
    loss : SquaredError or CrossEntropy
        Of the outputs.
    outputs_of_means : callable, optional
        From means of the targets, (n_outputs,), to outputs.

    Returns
    -------
    bool
        True also where the fitted model has other features or targets, which is an
        error that the training names.
    """
    if not (estimator.warm_start and hasattr(estimator, "_structure")):
        return False
    losses = _losses(estimator, data, loss, outputs_of_means)
    if losses is None:
        return True
    with np.errstate(over="ignore", invalid="ignore"):
        # Where squares overflow, no fitted model is a start.
        left, right = np.sum(losses, axis=1)
        return not right > 0 or bool(left / right <= _LARGEST_LOSS_OF_START)


def warn_if_no_better(estimator, data, loss, outputs_of_means=np.array):
    """Warn of a training that ended, as it seems well, where nothing is explained.

    Parameters
    ----------
    estimator, data, loss, outputs_of_means
        As for :func:`goes_on`.
    """
    name = type(estimator).__name__
    if len(data.X) > 1 and not np.any(np.ptp(data.X, axis=0)):
        warn_caller(
            f"All features of X are constant: {name} predicts the same everywhere. "
            f"Give features that vary.",
            UserWarning,
        )
        return
    if not StopReason[estimator.stop_reason_.upper()].converged:
        return
    losses = _losses(estimator, data, loss, outputs_of_means)
    if losses is None:
        return
    first = _first_columns(estimator, losses.shape[1])
    left, right, n_varying = (
        np.add.reduceat(numbers, first)
        for numbers in (*losses, _vary(data, losses.shape[1]).astype(int))
    )
    is_noise = (right > 0) & (left > _LEAST_LOSS_OF_NOTHING * right) & (n_varying > 0)
    if not np.any(is_noise):
        return
    what, remedy = (
        f"the mean of y{_where(first, is_noise)}",
        ", or alpha=0 if y is exact",
    )
    if is_classifier(estimator):
        what, remedy = "the frequencies of the classes", ""
    warn_caller(
        f"{name} is no better than {what} on its own "
        f"data: they are noise to it, or all of n_init={estimator.n_init} starts "
        f"ended in poor minima. Give more samples or starts{remedy}.",
        UserWarning,
    )


def _vary(data, n_outputs):
    """Which outputs are not constant but for rounding, (n_outputs,)."""
    if data.y.shape[1] != n_outputs:
        # Classes have one loss in common.
        return np.ones(n_outputs, bool)
    known = np.reshape(data.weight, (len(data.y), -1)) > 0
    highest = np.max(np.where(known, data.y, -np.inf), axis=0)
    lowest = np.min(np.where(known, data.y, np.inf), axis=0)
    with np.errstate(over="ignore"):
        return highest - lowest > _ROUNDING * np.maximum(highest, -lowest)


def _first_columns(estimator, n_outputs):
    """Of each target: a curve has many, and is judged as a whole."""
    targets = getattr(estimator, "targets_", range(n_outputs))
    widths = [np.size(getattr(target, "energies", 0.0)) for target in targets]
    return np.cumsum([0, *widths[:-1]])


def _where(first, is_noise):
    """Some columns of several, in words."""
    if np.all(is_noise):
        return ""
    columns = [str(column) for column in first[is_noise]]
    named, n_more = ", ".join(columns[:_MOST_NAMED]), len(columns) - _MOST_NAMED
    more = f" and {n_more} more" if n_more > 0 else ""
    return f" in column{'s' if len(columns) > 1 else ''} {named}{more}"


def _losses(estimator, data, loss, outputs_of_means):
    """Of the fitted model and of the means, for each output; None if it has others."""
    model = estimator._fitted_model()
    if len(model.feature_names) != data.X.shape[1]:
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        outputs = model.outputs(data.X, ThreadMap(estimator.n_jobs))
    if outputs.shape[1] != outputs_of_means(data.y[0]).size:
        return None
    weight = data.weight.reshape(len(data.X), -1)
    means = np.sum(weight * data.y, axis=0) / np.maximum(weight.sum(axis=0), 1e-300)
    means = np.broadcast_to(outputs_of_means(means), outputs.shape)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.array(
            [
                np.sum(weight * loss.value(given, data.y), axis=0)
                for given in (outputs, means)
            ]
        )
