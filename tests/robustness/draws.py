"""Random estimators, data, options and questions: the same for the same number."""

import numpy as np
import pandas as pd

from pmm_sklearn import (
    EigenvectorContinuation,
    PMMClassifier,
    PMMEmulator,
    PMMImageClassifier,
    PMMRegressor,
    UnitaryPMMEmulator,
)

from .pools import PARAMETERS, USUAL_TERMS

# What is drawn with a probability that leaves many calls usable.
_USUAL = 0.8
_HUGE, _TINY = 1e200, 1e-200

# Those with the most parameters come more often.
_KINDS = [
    *(2 * [PMMRegressor, PMMClassifier, PMMEmulator]),
    *(UnitaryPMMEmulator, EigenvectorContinuation, PMMImageClassifier),
]
CLASSIFIERS = PMMClassifier, PMMImageClassifier
_SHORT = {"max_iter": 8, "n_init": 1, "random_state": 0}
_QUICK = {
    PMMRegressor: _SHORT,
    PMMClassifier: _SHORT,
    PMMEmulator: _SHORT,
    UnitaryPMMEmulator: _SHORT | {"matrix_size": 2, "n_factors": 2},
    EigenvectorContinuation: {"terms": USUAL_TERMS},
    PMMImageClassifier: {
        **{"window_shape": 2, "stride": 1, "latent_size": 3, "matrix_size": 2},
        **{"n_eigenvectors": 1, "max_iter": 2, "batch_size": 8, "random_state": 0},
    },
}

_CHANGES_OF_X = [
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
    lambda X: pd.DataFrame(X.reshape(len(X), -1)).add_prefix("x"),
    lambda X: pd.DataFrame(X.reshape(len(X), -1)),
    lambda X: np.repeat(X, 40, axis=1),
    lambda X: X[np.zeros(len(X), int)],
    lambda X: X[..., np.newaxis],
    lambda X: X.reshape(len(X), -1),
    lambda X: X[:1],
    lambda X: None,
    lambda X: 3.0,
]


def _changes_of_y(huge):
    return [
        lambda y: y * huge,
        lambda y: y * _TINY,
        lambda y: y * 0,
        lambda y: y.astype(str),
        lambda y: y.astype(object),
        lambda y: y[:-1],
        lambda y: np.column_stack([y, 2 * y]),
        lambda y: np.column_stack([y, 2 * y]),
        lambda y: y[:, np.newaxis],
        lambda y: np.where(np.arange(len(y)) % 3 == 0, np.nan, y),
        lambda y: np.full(len(y), np.inf),
        lambda y: y + 0j,
        lambda y: np.ma.masked_array(y, np.arange(len(y)) % 4 == 0),
        lambda y: pd.Series(y),
        lambda y: y.astype("datetime64[s]") if y.dtype == int else y.tolist(),
        lambda y: np.arange(len(y)) % 3,
        lambda y: None,
        lambda y: "targets",
    ]


def usual_data(kind, rng, n_samples, n_features):
    """Features and targets that a kind of estimator can learn.

    Parameters
    ----------
    kind : type
        An estimator.
    rng : numpy.random.RandomState
        Of the data.
    n_samples, n_features : int
        Numbers of rows and of columns; time steps and images have their own.

    Returns
    -------
    X, y : ndarray
    """
    if kind is PMMImageClassifier:
        y = np.arange(n_samples) % 2
        pattern = np.cos(np.arange(4) * (1 + y)[:, np.newaxis, np.newaxis])
        return pattern + 0.3 * rng.standard_normal((n_samples, 4, 4)), y
    X = rng.uniform(-1, 1, (n_samples, n_features))
    if kind is UnitaryPMMEmulator:
        X = rng.choice([-1.0, 1.0], (n_samples, 1)) * rng.uniform(
            0.3, 0.6, (n_samples, 1)
        )
    if kind is EigenvectorContinuation:
        X = rng.uniform(-1, 1, (n_samples, len(USUAL_TERMS) - 1))
    y = -np.hypot(1, X[:, 0]) + 0.01 * rng.standard_normal(n_samples)
    return X, (y > np.median(y)).astype(int) if kind is PMMClassifier else y


class Draw:
    """One random call.

    Parameters
    ----------
    number : int
        Seed of all that is random in it.

    Attributes
    ----------
    kind : type
        Of the estimator.
    quick : dict
        Parameters that make it quick.
    parameters : dict
        Those that were drawn.
    is_refit : bool
        Whether the estimator was fitted to usual data before.
    method : str
        "fit" or "partial_fit".
    X, y : array-like
        Data of it.
    fit_parameters : dict
        Further arguments.
    questions : list of (str, tuple, dict)
        Methods of the fitted estimator, and their arguments.
    """

    def __init__(self, number):
        self._rng = np.random.RandomState(number)
        self.kind = kind = self._pick(_KINDS)
        self.quick = _QUICK[kind]
        pool = PARAMETERS[kind]
        n_drawn = self._rng.randint(4)
        names = self._rng.choice(sorted(pool), n_drawn, replace=False)
        self.parameters = {str(name): self._usual(pool[name]) for name in names}
        self.is_refit = self._rng.uniform() < 0.5
        self.method = "fit"
        if hasattr(kind, "partial_fit") and self._rng.uniform() > _USUAL:
            self.method = "partial_fit"
        n_samples, n_features = self._rng.randint(2, 25), self._rng.randint(1, 4)
        X, y = usual_data(kind, self._rng, n_samples, n_features)
        X_new, _ = usual_data(kind, self._rng, 3, n_features)
        self.X, self.y = self._changed(X, _CHANGES_OF_X), self._targets(y)
        self.fit_parameters = self._fit_parameters(n_samples)
        X_new = self._changed(X_new, _CHANGES_OF_X)
        self.questions = [("predict", (X_new,), {}), self._question(X_new)]

    def __repr__(self):
        given = ", ".join(f"{k}={v!r}" for k, v in self.parameters.items())
        again = ", again" if self.is_refit else ""
        asked = [(name, options) for name, _, options in self.questions]
        return (
            f"{self.kind.__name__}({given}).{self.method}{again}: "
            f"{sorted(self.fit_parameters)}, {asked}"
        )

    def _pick(self, values):
        return values[self._rng.randint(len(values))]

    def _usual(self, values):
        """One of the first two, mostly."""
        is_usual = self._rng.uniform() < _USUAL
        return self._pick(values[:2] if is_usual else values)

    def _changed(self, X, changes):
        return X if self._rng.uniform() < _USUAL else self._pick(changes)(X)

    def _targets(self, y):
        targets = self.parameters.get("targets")
        is_pair = isinstance(targets, list) and len(targets) == 2
        if is_pair and self._rng.uniform() < _USUAL:
            return np.column_stack([y, y + 0.5 + 0.1 * y**2])
        # Labels are whole numbers for scikit-learn, which converts larger ones.
        huge = 1e9 if issubclass(self.kind, CLASSIFIERS) else _HUGE
        return self._changed(y, _changes_of_y(huge))

    def _fit_parameters(self, n_samples):
        if self.kind is EigenvectorContinuation:
            return {}
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
            np.where(weight > 1, 0.0, weight),
            (10 * weight).astype(int),
            weight.tolist(),
            "heavy",
        ]
        drawn = {"sample_weight": self._usual(values)}
        if self.method == "partial_fit":
            if issubclass(self.kind, CLASSIFIERS) and not self.is_refit:
                drawn["classes"] = self._usual(
                    [[0, 1], [0, 1], [1, 0], [0, 1, 2], [0], [], None, "ab", [[0, 1]]]
                )
            return drawn
        if not issubclass(self.kind, CLASSIFIERS) and self._rng.uniform() > _USUAL:
            errors = [0.1, weight, 0.0, -1.0, weight[:-1], np.nan, "large", _HUGE]
            drawn["y_err"] = self._pick(errors)
        if hasattr(self.kind, "to_npz") and self._rng.uniform() > _USUAL:
            drawn["target_weight"] = self._usual(
                [None, [1.0], [2.0, 1.0], [0.0], [-1.0], [np.nan], 1.0, "one"]
            )
        return drawn

    def _question(self, X_new):
        """A method beside ``predict``, with its arguments."""
        questions = [
            ("predict", (X_new,), self._usual([{}, {}, {"return_std": 1}])),
            ("score", (self.X, self.y), {}),
        ]
        if hasattr(self.kind, "sample_y"):
            number = self._usual([1, 2, 0, 1.5])
            questions += [
                ("predict", (X_new,), {"return_std": True}),
                ("predict", (X_new,), {"return_cov": True}),
                ("predict", (X_new,), {"return_std": True, "return_cov": True}),
                ("sample_y", (X_new, number), {"random_state": 1}),
            ]
        if issubclass(self.kind, CLASSIFIERS):
            names = "predict_proba", "predict_log_proba", "decision_function"
            questions += [(name, (X_new,), {}) for name in names]
        for name in ("predict_gradient", "decision_function_gradient", "eigenvalues"):
            if hasattr(self.kind, name):
                questions.append((name, (X_new,), {}))
        return self._pick(questions)
