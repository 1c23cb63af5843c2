"""Fitted models with their data, prepared once for all questions of a diagnosis."""

from typing import NamedTuple

import numpy as np
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import column_or_1d

from ..checks.data import check_errors
from ..checks.labels import encode
from ._arguments import check_targets, target_names

# Residuals that are none, over the spread of the targets.
_EXACT = 1e-8
# Robust standard deviations of an outlier.
FAR = 6.0
# Of errors or the log-loss of withheld rows, over that of a linear model: what is no
# chance.
WORSE = 1.1


class TargetCase(NamedTuple):
    """A regressor or an emulator.

    Attributes
    ----------
    estimator, model : object
        The fitted estimator and its `FittedModel`.
    X : ndarray of shape (n_samples, n_features)
        Features.
    feature_names : list of str
        Their names.
    y, residuals : ndarray of shape (n_samples, n_outputs)
        Targets, NaN where not known, and what the model leaves of them.
    y_err : ndarray of shape (n_samples, n_outputs) or None
        Known errors.
    """

    estimator: object
    model: object
    X: np.ndarray
    feature_names: list
    y: np.ndarray
    residuals: np.ndarray
    y_err: np.ndarray | None

    @classmethod
    def of(cls, estimator, X, y, feature_names, y_err):
        """Checked and prepared."""
        model = estimator.model_
        y = check_targets(model, y, len(X))
        residuals = y - np.reshape(model.predict(X), y.shape)
        is_rounding = np.abs(residuals) <= _EXACT * spread(y)
        residuals = np.where(is_rounding, 0.0, residuals)
        y_err = check_errors(y_err, y.shape, ~np.isnan(y))
        return cls(estimator, model, X, feature_names, y, residuals, y_err)

    @property
    def n_known(self):
        """Number of targets."""
        return int(np.sum(~np.isnan(self.y)))

    @property
    def columns(self):
        """Numbers and names of the targets that differ from row to row, by number."""
        names = target_names(self.model, self.y.shape[1])
        return {k: names[k] for k in np.flatnonzero(spread(self.y)).tolist()}

    def left(self, k):
        """Root mean square of the residuals of a column, over the spread of it."""
        shares = self.residuals[:, k] / self.output_spread[k]
        return float(np.sqrt(np.nanmean(shares**2)))

    def deviations(self, k):
        """Residuals of a column from their median, in robust standard deviations.

        Where errors are known, in these if they are larger.
        """
        own, least = self.residuals[:, k], 0.0
        if self.y_err is not None:
            own, least = own / self.y_err[:, k], 1.0
        size = np.abs(own - np.nanmedian(own))
        typical = max(1.4826 * np.nanmedian(size), least)
        return size / typical if typical > 0 else np.zeros(len(size))

    @property
    def output_spread(self):
        """Standard deviation of the targets, infinite where there is none."""
        own = spread(self.y)
        return np.where(own > 0, own, np.inf)


class ClassCase(NamedTuple):
    """A classifier.

    Attributes
    ----------
    estimator, model, X, feature_names
        As of `TargetCase`.
    codes : ndarray of int of shape (n_samples,)
        Numbers of the classes.
    probabilities : ndarray of shape (n_samples, n_classes)
        What the model says of them.
    weight : ndarray of shape (n_samples,)
        By `class_weight`.
    """

    estimator: object
    model: object
    X: np.ndarray
    feature_names: list
    codes: np.ndarray
    probabilities: np.ndarray
    weight: np.ndarray

    @classmethod
    def of(cls, estimator, X, y, feature_names, probabilities):
        """Checked and prepared."""
        y, classes = column_or_1d(y), estimator.classes_
        if len(y) != len(X):
            raise ValueError(f"y must have {len(X)} labels, as in fit, got {len(y)}.")
        try:
            codes = encode(y, classes)
        except ValueError as error:
            raise ValueError(
                f"y must have the labels of fit, {classes.tolist()}: {error.__cause__}."
            ) from error
        weight = compute_sample_weight(estimator.class_weight, y)
        prepared = codes, probabilities, weight
        return cls(estimator, estimator.model_, X, feature_names, *prepared)

    @property
    def n_known(self):
        """Number of labels."""
        return len(self.codes)

    @property
    def counts(self):
        """Number of rows of each class."""
        return np.bincount(self.codes, minlength=len(self.estimator.classes_))

    @property
    def output_spread(self):
        """Standard deviation of the logits, infinite where there is none."""
        own = spread(np.reshape(self.model.predict(self.X), (len(self.X), -1)))
        return np.where(own > 0, own, np.inf)


def spread(columns):
    """Standard deviations of columns, without NaN; zero of those that are constant."""
    known = ~np.isnan(columns)
    largest = np.fmax.reduce(np.abs(columns), axis=0)
    unit = np.where(largest > 0, largest, 1.0)
    counts = np.maximum(known.sum(axis=0), 1)
    mean = np.sum(columns / unit, axis=0, where=known) / counts
    squares = np.sum((columns / unit - mean) ** 2, axis=0, where=known)
    # Rounding of a mean is no spread.
    differs = np.fmax.reduce(columns, axis=0) > np.fmin.reduce(columns, axis=0)
    return np.where(differs, unit * np.sqrt(squares / counts), 0.0)


def counted(number, noun):
    """A number of things, in words."""
    return f"{number:.0f} {noun}{'' if round(number) == 1 else 's'}"


def larger(ratio):
    """By how much something is larger, in words that go before "that of"."""
    if ratio < 2:
        return f"{100 * (ratio - 1):.0f} % larger than"
    return f"{ratio:.2g} times"


def shown_rows(rows):
    """The first few of them, in words."""
    shown = ", ".join(map(str, rows[:5].tolist())) + (", ..." * (len(rows) > 5))
    return f"row{'s' * (len(rows) > 1)} {shown}"


def with_names(X, checked):
    """What clones are fitted to: the frame, whose names they may need, or an array."""
    return X if hasattr(X, "columns") else checked
