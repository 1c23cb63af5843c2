"""What emulators of spectra have in common: data with gaps, fit, predict, score."""

import copy
from abc import ABC, abstractmethod
from contextlib import nullcontext
from functools import partial
from typing import overload

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import check_array, check_random_state
from sklearn.utils.validation import check_is_fitted

from ._base import BasePMM
from ._callbacks import with_callbacks
from ._emulator_problems import emulator_families, training_of
from ._means import goes_on, warn_if_no_better
from ._model_error import add_model_error, misses_known_errors
from ._typing import No, RandomState, Yes
from ._warnings import recorded_warnings, warn_caller
from .checks.data import check_sample_weight, check_target_weight, masked_to_nan
from .checks.dtypes import check_real
from .checks.spectra import Y_CHECKS, check_spectra, warn_of_disorder
from .fitted import FittedModel
from .model import SquaredError
from .training import SpectrumLikelihood


class BaseEmulator(RegressorMixin, BasePMM, ABC):
    """Fit and predict of models whose outputs are properties of a spectrum.

    A class says what its primary matrix is: see the abstract methods.
    """

    _likelihood = SpectrumLikelihood()
    # ``_make_starts(objective)``, if training starts elsewhere than at random matrices.
    _make_starts = None
    # Whether solutions of the least-squares problem are compared by their evidence.
    compares_solutions = False

    @abstractmethod
    def _check_parameters(self):
        """Validate all hyper-parameters."""

    @abstractmethod
    def _make_structure(self, data, block_sizes):
        """Structure of the model in the user's units, for checked data."""

    @abstractmethod
    def _make_training_model(self, structure, data):
        """Model of the standardised problem, and its units."""

    @abstractmethod
    def _make_smoothness(self, model, units, X):
        """A term of the objective that needs no targets, or None."""

    def _fit(self, X, y, sample_weight, target_weight, y_err):
        """Check the data, train, and set the fitted attributes."""
        self._check_parameters()
        data, is_single = check_spectra(self, X, y, sample_weight, y_err)
        target_weight = check_target_weight(target_weight, data.y.shape[1])
        judged = data._replace(weight=data.weight * target_weight)
        learn = partial(
            BaseEmulator._learn,
            target_weight=target_weight,
            is_single=is_single,
            given={"X": X, "y": y, "metadata": {"sample_weight": sample_weight}},
            continues=goes_on(self, judged, SquaredError()),
        )
        before = copy.copy(self)
        # What is recorded in one thread is lost in others: only where need be.
        is_first = data.error is not None
        with recorded_warnings() if is_first else nullcontext(()) as told:
            learn(self, data)
        is_other = misses_known_errors(self, data) and add_model_error(
            self, before, data, learn
        )
        model = self._fitted_model()
        outputs = model.pmm.readout.outputs
        # By known errors, to which those of the model are no excuse.
        warn_of_disorder(data, outputs, len(model.block_sizes))
        # Of a fit that is kept.
        for warning in () if is_other else told:
            warn_caller(warning.message, warning.category)
        warn_if_no_better(self, judged, SquaredError())

    @with_callbacks
    def _learn(self, data, target_weight, is_single, given, continues):
        """Train on checked data, and set the fitted attributes."""
        families = emulator_families(self, data, target_weight, continues)
        problem, _ = families[0].first()
        readout = problem.model.readout
        description = {
            "n_outputs_": readout.n_outputs,
            "observable_names_": readout.names,
            "_single_output": is_single,
        }
        random_state = check_random_state(self.random_state)
        result = self._train(
            families, random_state, description, given, continues=continues
        )
        if data.model_variance is not None:
            self.model_error_ = np.sqrt(data.model_variance)
        if hasattr(self, "condition_on"):
            self._training = training_of(result, data, target_weight)

    @property
    def targets_(self) -> list:
        """The targets in the order of the columns, levels counted from the lowest.

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
        return self._fitted_structure().targets()

    @overload
    def predict(
        self, X: ArrayLike, return_std: No = ..., return_cov: No = ...
    ) -> np.ndarray: ...
    @overload
    def predict(
        self, X: ArrayLike, return_std: Yes, return_cov: No = ...
    ) -> tuple[np.ndarray, np.ndarray]: ...
    @overload
    def predict(
        self, X: ArrayLike, return_std: No = ..., *, return_cov: Yes
    ) -> tuple[np.ndarray, np.ndarray]: ...
    def predict(self, X, return_std=False, return_cov=False):
        """Predict the targets, and how far to trust them.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features, in the units of ``fit``.
        return_std : bool, default=False
            Whether to return standard deviations of the exact targets.  Residuals of
            the training count as errors of the model, a few of which are independent;
            with ``y_err`` in ``fit``, as these independent errors.
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
            the parameters is not known, as after ``partial_fit``.

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

    def score(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
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
        y = masked_to_nan(y)
        check_real("y", y)
        y = check_array(y, **Y_CHECKS)
        if y.size != predicted.size or not np.any(np.isnan(y)):
            return r2_score(y, predicted, sample_weight=sample_weight)
        weight = check_sample_weight(sample_weight, len(y))
        shape = (len(predicted), -1)
        return _mean_r2(y.reshape(shape), predicted.reshape(shape), weight)

    def sample_y(
        self, X: ArrayLike, n_samples: int = 1, random_state: RandomState = 0
    ) -> np.ndarray:
        """Draw targets from their distribution, as that of the predictions.

        Each draw is one function: a change of the parameters to first order, drawn
        from their posterior density, and the noise that error bars have.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Features, in the units of ``fit``.
        n_samples : int, default=1
            Number of draws.
        random_state : int, RandomState instance or None, default=0
            Random numbers.

        Returns
        -------
        ndarray of shape (n_rows, n_samples) or (n_rows, n_outputs, n_samples)
            The former if ``y`` in ``fit`` was one-dimensional.

        Raises
        ------
        ValueError
            If `X` does not fit the model, or the distribution of
            the parameters is not known, as after an interruption.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import PMMEmulator
        >>> x = np.linspace(-1, 1, 8)[:, np.newaxis]
        >>> emulator = PMMEmulator(2, random_state=0).fit(x, -np.sqrt(1 + x[:, 0] ** 2))
        >>> emulator.sample_y(x, n_samples=3).shape
        (8, 3)
        """
        return self._sample_y(X, n_samples, random_state)

    @property
    def model_(self) -> FittedModel:
        """The fitted model as a value: levels, eigenvectors, sectors, and outputs.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import PMMEmulator
        >>> x = np.linspace(-1, 1, 8)[:, np.newaxis]
        >>> emulator = PMMEmulator(2, random_state=0).fit(x, -np.sqrt(1 + x[:, 0] ** 2))
        >>> emulator.model_.levels(x).shape
        (8, 2)
        """
        return self._fitted_model()

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
