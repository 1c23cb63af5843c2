"""What emulators of spectra have in common: data with gaps, units, fit, predict."""

from typing import NamedTuple

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import check_array, check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from ._base import BasePMM
from ._posterior import PosteriorMixin
from ._problem import TrainingProblem, make_penalty
from ._threads import ThreadMap, single_blas_thread
from ._validation import (
    check_errors,
    check_real,
    check_sample_weight,
    check_target_weight,
)
from .model import RidgePenalty, SquaredError
from .targets import as_targets

# Of the coordinates of all matrices, for alpha="auto".  It is wide, for levels above
# the highest target may be far away; a narrow one draws them down, and training ends
# in poor minima (doc/defaults.rst).
_PRIOR_VARIANCE = 500.0
_X_CHECKS = {"dtype": np.float64}
_Y_CHECKS = {
    "dtype": np.float64,
    "ensure_2d": False,
    "ensure_min_features": 0,
    "allow_nd": True,
    "ensure_all_finite": "allow-nan",
}


class EmulatorData(NamedTuple):
    """Checked training data; entries that were not calculated have no weight.

    Attributes
    ----------
    X : ndarray of shape (n_samples, n_features)
        Features.
    y : ndarray of shape (n_samples, n_outputs)
        Targets, zero where they were not calculated.
    weight : ndarray of shape (n_samples, n_outputs)
        Number of observations that an entry counts for.
    error : ndarray of shape (n_samples, n_outputs) or None
        Standard deviation of every entry.
    """

    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    error: np.ndarray | None

    def scaled(self, target_weight, spread):
        """Features, targets, and weights of errors in units of the spread."""
        weight = self.weight * target_weight
        if self.error is not None:
            weight = weight * (spread / self.error) ** 2
        return self.X, self.y, weight


class BaseEmulator(RegressorMixin, PosteriorMixin, BasePMM):
    """Fit and predict of models whose outputs are properties of a spectrum.

    A class says what its primary matrix is: `_check_parameters` returns the block
    sizes, `_make_structure` the plain arguments of `_make_model`, the model in the
    user's units; `_make_training_model` returns that of the standardised problem
    and its scaling.
    """

    def _fit(self, X, y, sample_weight, target_weight, y_err):
        """Check the data, train, and set the fitted attributes."""
        self._check_parameters()
        data, is_single_output = self._check_data(X, y, sample_weight, y_err)
        structure = self._make_structure(data)
        model, scaling = self._make_training_model(structure, data)
        target_weight = check_target_weight(target_weight, model.n_outputs)
        penalty = make_penalty(self.alpha, data.weight, 1, _PRIOR_VARIANCE)
        if data.error is not None and self.alpha == "auto":
            # The noise is known: it need not be estimated from the residuals.
            penalty = RidgePenalty(1.0 / _PRIOR_VARIANCE)
        problem = TrainingProblem(
            model,
            SquaredError(),
            scaling,
            data.scaled(target_weight, scaling.spread),
            penalty,
            smoothness=self._make_smoothness(model, scaling, data.X),
            counts=data.weight,
            residuals="model error" if data.error is None else "known errors",
        )
        random_state = check_random_state(self.random_state)
        self._optimise(
            problem,
            self._starts(problem, random_state, structure),
            {
                "X": X,
                "y": y,
                "metadata": {"sample_weight": sample_weight, "y_err": y_err},
            },
            {
                "n_outputs_": model.n_outputs,
                "observable_names_": model.readout.names,
                "_structure": structure,
                "_single_output": is_single_output,
            },
        )

    @property
    def targets_(self):
        """The target of every column, levels counted from the lowest.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import PMMEmulator
        >>> X = np.linspace(-1, 1, 6)[:, np.newaxis]
        >>> emulator = PMMEmulator(2, random_state=0).fit(X, -np.hypot(1, X[:, 0]))
        >>> emulator.targets_
        [Level(k=0, sector=None)]
        """
        check_is_fitted(self)
        return as_targets(self._structure["outputs"])

    def _make_smoothness(self, model, scaling, X):
        return None

    def _check_data(self, X, y, sample_weight, y_err=None):
        """Checked data, without rows that do not count."""
        check_real("X", X)
        check_real("y", y)
        X, y = validate_data(self, X, y, validate_separately=(_X_CHECKS, _Y_CHECKS))
        check_consistent_length(X, y)
        if y.ndim > 2 or y.size == 0:
            raise ValueError(
                f"y must have one row per sample and one column per target, got shape "
                f"{y.shape}: reshape it."
            )
        columns = y.reshape(len(y), -1)
        weight = check_sample_weight(sample_weight, len(X))[:, np.newaxis]
        weight = np.where(np.isnan(columns), 0.0, weight)
        empty = np.flatnonzero(~np.any(weight > 0, axis=0))
        if empty.size:
            raise ValueError(
                f"y has nothing but NaN, or weights of zero, in column {empty[0]}: "
                f"give at least one value, or leave out the column and its target."
            )
        error = check_errors(y_err, columns.shape, weight > 0)
        used = np.any(weight > 0, axis=1)
        columns = np.where(weight > 0, columns, 0.0)
        return EmulatorData(
            X[used], columns[used], weight[used], None if error is None else error[used]
        ), y.ndim == 1

    def predict(self, X, return_std=False, return_cov=False):
        """Predict the targets, and how far to trust them.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features, in the units of ``fit``.
        return_std : bool, default=False
            Whether to return standard deviations of the exact targets.  Residuals of
            the training count as errors of the model, which further calculations do
            not average out; with ``y_err`` in ``fit``, as these independent errors.
        return_cov : bool, default=False
            Whether to return covariances of the samples, for each target.

        Returns
        -------
        y_mean : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Predicted targets, with the number of dimensions of ``y`` in ``fit``.
        y_std : ndarray of the shape of ``y_mean``, optional
            Only with `return_std`.
        y_cov : ndarray of shape (n_samples, n_samples) or \
                (n_samples, n_samples, n_outputs), optional
            Only with `return_cov`.

        Raises
        ------
        ValueError
            If `X` does not fit the model, both options are true, or the distribution of
            the parameters is not known, as after ``partial_fit`` or ``from_npz``.

        Warns
        -----
        UserWarning
            If error bars are asked for and the model goes through all its data, or
            misses them by more than their errors.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import PMMEmulator
        >>> X = np.linspace(-1, 1, 6)[:, np.newaxis]
        >>> emulator = PMMEmulator(2, random_state=0).fit(X, -np.hypot(1, X[:, 0]))
        >>> energy, std = emulator.predict([[2.0], [3.0]], return_std=True)
        >>> energy.round(6)  # exact: the roots of 5 and 10
        array([-2.236068, -3.162278])
        >>> bool(np.all(std < 1e-5))
        True
        """
        return self._predict(X, return_std, return_cov)

    def score(self, X, y, sample_weight=None):
        """Coefficient of determination, the mean of all targets.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            True values.  NaN, where one was not calculated, does not count, nor does
            a target with less than two values.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row.

        Returns
        -------
        float
            Mean of :math:`R^2` (`sklearn.metrics.r2_score`) over the targets.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import PMMEmulator
        >>> X = np.linspace(-1, 1, 6)[:, np.newaxis]
        >>> emulator = PMMEmulator(2, random_state=0).fit(X, -np.hypot(1, X[:, 0]))
        >>> y = -np.hypot(1, [2.0, np.nan, 4.0])
        >>> round(emulator.score([[2.0], [3.0], [4.0]], y), 6)
        1.0
        """
        predicted = self.predict(X)
        check_real("y", y)
        y = check_array(y, **_Y_CHECKS)
        if y.size != predicted.size or not np.any(np.isnan(y)):
            return r2_score(y, predicted, sample_weight=sample_weight)
        weight = check_sample_weight(sample_weight, len(y))
        shape = (len(predicted), -1)
        return _mean_r2(y.reshape(shape), predicted.reshape(shape), weight)

    def _check_features(self, X):
        check_is_fitted(self)
        check_real("X", X)
        return validate_data(self, X, reset=False, dtype=np.float64)

    def _outputs_at(self, X):
        """Targets at checked features, shape (n_samples, n_outputs)."""
        with single_blas_thread():
            return self._fitted_model().predict(
                self._fitted_parameters(), X, ThreadMap(self.n_jobs)
            )

    def _fitted_model(self):
        return self._make_model(**self._structure)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _mean_r2(y, predicted, weight):
    """Mean of R^2 over the columns of ``y``, which has NaN where it is not known."""
    known = ~np.isnan(y)
    columns = np.flatnonzero(known.sum(axis=0) > 1)
    if columns.size == 0:
        raise ValueError(
            "y has less than two values other than NaN in every column, but R^2 needs "
            "two: give more rows."
        )
    scores = [
        r2_score(y[used, k], predicted[used, k], sample_weight=weight[used])
        for k, used in zip(columns, known.T[columns], strict=True)
    ]
    return float(np.mean(scores))
