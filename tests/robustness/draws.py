"""Random estimators, data and options: the same for the same number."""

import numpy as np
import pandas as pd

from pmm_sklearn import PMMClassifier, PMMEmulator, PMMRegressor

# What is drawn with a probability that leaves many calls usable.
_USUAL = 0.8
_HUGE, _TINY = 1e200, 1e-200

_TRAINING = {
    "alpha": ["auto", 0.0, 1e-6, 1.0, 1e12, -1.0, np.nan, "none", None, 10**400],
    "max_iter": [1, 5, 12, 0, -3, 2.5, "many"],
    "tol": [1e-3, 0, 1e9, -1.0, np.inf],
    "n_init": [1, 2, 0, 1.0],
    "n_iter_no_change": [1, 10, 0, None],
    "warm_start": [False, True],
    "random_state": [0, np.random.RandomState(1), -1, "seed"],
    "n_jobs": [None, 1, 0, 1.5],
    "eigensolver": ["auto", "lapack", "simd", "magic"],
    "solver": ["auto", "lm", "lbfgs", "newton-cg", "adam", "sgd"],
}
_TABLE = {
    "matrix_size": ["auto", 1, 2, 4, (2, 2), (3, 1), 0, -1, 2.0, "big", ()],
    "n_eigenvectors": ["auto", 1, 2, 0, 9, 1.0],
    "which": ["SA", "LA", "XX"],
    "readout": ["expectation", "transition", "density", "sum"],
    "matrix_type": ["hermitian", "symmetric", "complex"],
    "rank": [None, 1, (1, None), (None, 2), 0, (1, 2, 3), "one"],
    "smearing": [0.5, 1e-3, 0.0, np.nan],
    "n_average": ["auto", 1, 2, 0],
    "early_stopping": [False, True],
    "validation_fraction": [0.1, 0.5, 0.0, 1.0],
    "batch_size": [5, 200, 0],
    "learning_rate_init": [1e-2, 1e300, -1.0],
}
_PARAMETERS = {
    PMMRegressor: _TRAINING | _TABLE | {"extra_noise": [False, True, "yes"]},
    PMMClassifier: _TRAINING
    | _TABLE
    | {"class_weight": [None, "balanced", {0: 1.0, 1: 3.0}, {0: -1.0}, "fair"]},
    PMMEmulator: _TRAINING
    | {
        "matrix_size": ["auto", 1, 2, 3, (2, 1), 0, "big", 10**9],
        "matrix_type": ["hermitian", "symmetric", 3],
        "degree": [1, 2, 3, 0, 1.5],
        "rank": [None, 1, 7, (1, None)],
        "smoothness": [0.0, 0.1, -1.0],
        "commutator": [0.0, 0.3, np.inf],
        "n_average": [1, 2, 5],
        "fixed": [None, {0: np.eye(2)}, {1: np.zeros((3, 3))}, [np.eye(2)]],
    },
}


class Draw:
    """One random call.

    Parameters
    ----------
    number : int
        Seed of all that is random in it.

    Attributes
    ----------
    estimator : BaseEstimator
        Not fitted.
    X, y : array-like
        Data of fit.
    fit_parameters, predict_parameters : dict
        Further arguments.
    X_new : array-like
        Data of predict.
    """

    def __init__(self, number):
        self._rng = np.random.RandomState(number)
        kind = self._pick([PMMRegressor, PMMClassifier, PMMEmulator])
        self.estimator = kind(max_iter=8, n_init=1, random_state=0)
        pool = _PARAMETERS[kind]
        for name in self._rng.choice(sorted(pool), self._rng.randint(4), replace=False):
            self.estimator.set_params(**{name: self._usual(pool[name])})
        n_samples, n_features = self._rng.randint(2, 25), self._rng.randint(1, 4)
        X = self._rng.uniform(-1, 1, (n_samples, n_features))
        self.y = self._targets(kind, X)
        self.X_new = self._features(self._rng.uniform(-1, 1, (3, n_features)))
        self.X = self._features(X)
        self.fit_parameters = self._weights(kind, n_samples)
        self.predict_parameters = {}
        if kind is not PMMClassifier:
            self.predict_parameters = self._pick([{}, {"return_std": True}])

    def _pick(self, values):
        return values[self._rng.randint(len(values))]

    def _usual(self, values):
        """One of the first two, mostly."""
        is_usual = self._rng.uniform() < _USUAL
        return self._pick(values[:2] if is_usual else values)

    def _features(self, X):
        if self._rng.uniform() < _USUAL:
            return X
        changes = [
            lambda X: X * _HUGE,
            lambda X: X * _TINY,
            lambda X: X * 0,
            lambda X: X + 1e8,
            lambda X: X.astype(np.float32),
            lambda X: np.asfortranarray(X),
            lambda X: (10 * X).astype(int),
            lambda X: X > 0,
            lambda X: X.astype(object),
            lambda X: X.astype(str),
            lambda X: X.tolist(),
            lambda X: X[:, 0],
            lambda X: X[:0],
            lambda X: X + 0j,
            lambda X: np.where(X > 0.9, np.nan, X),
            lambda X: np.where(X > 0.9, np.inf, X),
            lambda X: np.ma.masked_greater(X, 0.5),
            lambda X: pd.DataFrame(X, columns=list("abc")[: X.shape[1]]),
            lambda X: np.repeat(X, 40, axis=1),
            lambda X: X[np.zeros(len(X), int)],
        ]
        return self._pick(changes)(X)

    def _targets(self, kind, X):
        y = -np.hypot(1, X[:, 0]) + 0.01 * self._rng.standard_normal(len(X))
        huge = _HUGE
        if kind is PMMClassifier:
            # Labels are whole numbers for scikit-learn, which converts larger ones.
            y, huge = (y > np.median(y)).astype(int), 1e9
        if self._rng.uniform() < _USUAL:
            return y
        changes = [
            lambda y: y * huge,
            lambda y: y * _TINY,
            lambda y: y * 0,
            lambda y: y.astype(str),
            lambda y: y.astype(object),
            lambda y: y[:-1],
            lambda y: np.column_stack([y, 2 * y]),
            lambda y: y[:, np.newaxis],
            lambda y: np.where(np.arange(len(y)) % 3 == 0, np.nan, y),
            lambda y: np.full(len(y), np.inf),
            lambda y: y + 0j,
            lambda y: np.ma.masked_array(y, np.arange(len(y)) % 4 == 0),
            lambda y: pd.Series(y),
            lambda y: y.astype("datetime64[s]") if y.dtype == int else y.tolist(),
        ]
        return self._pick(changes)(y)

    def _weights(self, kind, n_samples):
        weight = self._rng.uniform(0.5, 2.0, n_samples)
        values = [
            None,
            weight,
            weight * 0,
            -weight,
            weight * _HUGE,
            weight * 1e-9,
            weight[:-1],
            np.where(weight > 1, np.nan, weight),
            weight.tolist(),
            "heavy",
        ]
        drawn = {"sample_weight": self._usual(values)}
        if kind is not PMMClassifier and self._rng.uniform() > _USUAL:
            errors = [0.1, weight, 0.0, -1.0, weight[:-1], np.nan, "large", _HUGE]
            drawn["y_err"] = self._pick(errors)
        return drawn
