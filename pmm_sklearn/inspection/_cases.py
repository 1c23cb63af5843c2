"""Fitted models with their data, prepared once for all questions of a diagnosis."""

from typing import NamedTuple

import numpy as np
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import column_or_1d

from ..checks.data import check_errors
from ..checks.dtypes import as_numbers
from ..checks.labels import encode

# Residuals that are none, over the spread of the targets.
_EXACT = 1e-8


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
        y = as_numbers("y", y).reshape(len(X), -1)
        outputs = np.reshape(model.predict(X), (len(X), -1))
        if y.shape != outputs.shape:
            raise ValueError(
                f"y must have shape {outputs.shape}, as in fit, got {y.shape}."
            )
        residuals = y - outputs
        is_rounding = np.abs(residuals) <= _EXACT * spread(y)
        residuals = np.where(is_rounding, 0.0, residuals)
        y_err = check_errors(y_err, y.shape, ~np.isnan(y))
        return cls(estimator, model, X, feature_names, y, residuals, y_err)

    @property
    def n_known(self):
        """Number of targets."""
        return int(np.sum(~np.isnan(self.y)))

    @property
    def output_spread(self):
        """Standard deviation of the targets, (n_outputs,)."""
        return spread(self.y)


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
        """Standard deviation of the logits, (n_outputs,)."""
        return spread(np.reshape(self.model.predict(self.X), (len(self.X), -1)))


def spread(columns):
    """Standard deviations of columns, without NaN."""
    return np.nanstd(columns, axis=0)


def shown_rows(rows):
    """The first few of them, in words."""
    shown = ", ".join(map(str, rows[:5].tolist())) + (", ..." * (len(rows) > 5))
    return f"row{'s' * (len(rows) > 1)} {shown}"


def rows_of(X, rows):
    """Some rows of a frame or an array."""
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]
