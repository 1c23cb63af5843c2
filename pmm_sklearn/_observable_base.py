"""What regressors and classifiers have in common: observables of selected states."""

from functools import lru_cache, partial

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from ._alpha_search import AlphaSearchMixin
from ._averaging import AveragingMixin
from ._base import BasePMM
from ._function import FunctionMixin
from ._problem import TrainingProblem
from ._threads import ThreadMap, blas_limit
from ._validation import (
    check_flag,
    check_integer,
    check_matrix_size,
    check_number,
    check_option,
    check_rank,
    check_rank_reaches,
    check_reach,
    check_real,
    is_plain,
)
from .model import MATRIX_TYPES, READOUTS, SELECTIONS, observable_pmm
from .solvers import minimize_adam, minimize_newton_cg


class ObservablePMM(AlphaSearchMixin, AveragingMixin, FunctionMixin, BasePMM):
    """Parameters, training and outputs of `PMMRegressor` and `PMMClassifier`."""

    _solvers = (*BasePMM._solvers, "newton-cg", "adam")
    # Of the constant matrix that the penalty leaves alone, standardised.
    _level_spacing = 0.0

    def _check_parameters(self):
        """Validate all hyper-parameters."""
        block_sizes = check_matrix_size(self.matrix_size)
        check_integer("n_eigenvectors", self.n_eigenvectors, 1)
        if self.n_eigenvectors > sum(block_sizes):
            raise ValueError(
                f"n_eigenvectors must not exceed the side of the matrix, got "
                f"n_eigenvectors={self.n_eigenvectors} with "
                f"matrix_size={self.matrix_size!r}: select fewer eigenvectors or "
                f"enlarge the matrix."
            )
        check_option("which", self.which, tuple(SELECTIONS))
        check_option("readout", self.readout, tuple(READOUTS))
        check_option("matrix_type", self.matrix_type, MATRIX_TYPES)
        check_rank(self.rank, self.matrix_size)
        check_flag("early_stopping", self.early_stopping)
        check_number(
            "validation_fraction", self.validation_fraction, 0, 1, open_interval=True
        )
        check_integer("batch_size", self.batch_size, 1)
        check_number(
            "learning_rate_init", self.learning_rate_init, 0, open_interval=True
        )
        self._check_training_parameters()
        self._check_averaging()

    def _split_validation(self, data, random_state):
        """Training and validation data; no validation data unless asked for."""
        if not self.early_stopping:
            return data, None
        n_samples = len(data[0])
        n_validation = int(np.ceil(self.validation_fraction * n_samples))
        if n_validation >= n_samples:
            raise ValueError(
                f"validation_fraction={self.validation_fraction} of n_samples="
                f"{n_samples} leaves no sample to train on: reduce it, give more "
                f"samples, or set early_stopping=False."
            )
        parts = train_test_split(
            *data,
            test_size=n_validation,
            random_state=random_state,
            stratify=self._strata(data[1], n_validation),
        )
        return parts[::2], parts[1::2]

    def _strata(self, targets, n_validation):
        """Labels whose fractions a validation split keeps; None for numbers."""
        return None

    def _make_structure(self, data):
        """Keyword arguments of `observable_pmm`."""
        return {
            "n_features": data[0].shape[1],
            "n_outputs": data[1].shape[1],
            "block_sizes": check_matrix_size(self.matrix_size),
            "n_eigenvectors": self.n_eigenvectors,
            "which": self.which,
            "readout": self.readout,
            "matrix_type": self.matrix_type,
            "level_spacing": self._level_spacing,
            "rank": check_rank(self.rank, self.matrix_size),
            "eigensolver": self.eigensolver,
        }

    def _fit_outputs(self, data, loss, make_scaling, hook_data, attributes):
        """Train on checked data and set the fitted attributes.

        Parameters
        ----------
        data : tuple of ndarray
            Features, columns of targets, positive weights.
        loss : SquaredError or CrossEntropy
            Loss of the outputs.
        make_scaling : callable
            ``make_scaling(X, y, sample_weight, model)``.
        hook_data : dict
            What callbacks are given.
        attributes : dict
            Further fitted attributes.
        """
        structure = self._make_structure(data)
        model = self._make_model(**structure)
        if not self._level_spacing:
            side, n_features = model.primary.side, data[0].shape[1]
            check_rank_reaches(structure["rank"][0], side, n_features)
        random_state = check_random_state(self.random_state)
        training, validation = self._split_validation(data, random_state)
        problem = TrainingProblem(
            model,
            loss,
            make_scaling(*training, model),
            training,
            self._make_penalty(training[2], model.n_outputs),
            validation,
        )
        starts = self._starts(problem, random_state, structure)
        attributes = {**attributes, "_structure": structure}
        vars(self).pop("_online", None)
        seed = random_state.randint(np.iinfo(np.int32).max)
        self._optimise(problem, starts, hook_data, attributes, seed)

    def _fit_batch(self, data, loss, make_scaling, attributes):
        """One epoch of Adam on a batch, and the fitted attributes after it.

        Parameters
        ----------
        data, loss, make_scaling, attributes
            As for :meth:`_fit_outputs`.
        """
        structure = self._make_structure(data)
        model = self._make_model(**structure)
        if hasattr(self, "_structure"):
            self._check_structure(structure, "partial_fit", "call fit first")
        online = getattr(self, "_online", None)
        scaling = online[0].scaling if online else make_scaling(*data, model)
        penalty = self._make_penalty(data[2], model.n_outputs)
        problem = TrainingProblem(model, loss, scaling, data, penalty)
        self._fit_epoch(problem, {**attributes, "_structure": structure})

    def _minimiser(self, solver, model, seed):
        if solver == "newton-cg":
            return minimize_newton_cg
        if solver != "adam":
            return super()._minimiser(solver, model, seed)
        return partial(
            minimize_adam,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate_init,
            n_epochs=self.max_iter,
            seed=seed,
        )

    def _outputs(self, X):
        """Outputs of the fitted model, shape (n_samples, n_outputs)."""
        return self._outputs_at(self._check_features(X))

    def _outputs_at(self, X):
        """The same at features that have been checked."""
        model = self._mean_model()
        with blas_limit(len(X), model.side):
            return model.predict(X, ThreadMap(self.n_jobs))

    def _check_features(self, X):
        check_is_fitted(self)
        if not is_plain(self, X):
            check_real("X", X)
            X = validate_data(self, X, reset=False, dtype=np.float64)
        check_reach(X, self.matrices_)
        return X

    def _fitted_model(self):
        # Fitted matrices are full: features in the user's units mix them.
        return self._make_model(**{**self._structure, "rank": (None, None)})

    # A model holds its structure only, no matrices, and takes longer to make than to
    # evaluate for one sample.  Not an attribute of estimators: these are copied and
    # pickled.
    @staticmethod
    @lru_cache(maxsize=8)
    def _make_model(**structure):
        return observable_pmm(**structure)
