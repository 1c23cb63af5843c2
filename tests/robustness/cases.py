"""Estimators with data, for relations that must hold whatever the estimator."""

import functools
import warnings
from typing import NamedTuple

import numpy as np
from sklearn import clone
from sklearn.base import BaseEstimator

from pmm_sklearn import (
    EigenvectorContinuation,
    PMMClassifier,
    PMMEmulator,
    PMMImageClassifier,
    PMMRegressor,
    UnitaryPMMEmulator,
)
from pmm_sklearn.targets import Gap, Level, Observable, Slope, Transition

from .pools import USUAL_TERMS

_SHORT = {"max_iter": 4, "n_init": 1, "random_state": 0}
_SHORT |= {"eigensolver": "lapack"}
_IMAGES = {"window_shape": 3, "stride": 1, "latent_size": 3, "matrix_size": 2}
_IMAGES |= {"n_eigenvectors": 1, "batch_size": 8, "max_iter": 2, "random_state": 0}
_IMAGES |= {"eigensolver": "lapack"}


class Case(NamedTuple):
    """An estimator that has not been fitted, and what it is fitted to.

    Parameters
    ----------
    estimator : BaseEstimator
        Quick to fit.
    X, y : ndarray
        Data.
    fit_parameters : dict
        Further arguments.
    method : str
        "fit" or "partial_fit".
    """

    estimator: BaseEstimator
    X: np.ndarray
    y: np.ndarray
    fit_parameters: dict
    method: str = "fit"

    @property
    def kind(self):
        """Class of the estimator."""
        return type(self.estimator)

    @property
    def is_classifier(self):
        """Whether it predicts labels."""
        return self.kind in (PMMClassifier, PMMImageClassifier)

    @property
    def is_emulator(self):
        """Whether it predicts levels that it learns from data."""
        return self.kind in (PMMEmulator, UnitaryPMMEmulator)

    @property
    def is_learning(self):
        """Whether it depends on targets."""
        return self.kind is not EigenvectorContinuation

    @property
    def is_ordered(self):
        """Whether the order of the rows matters, as it does for batches."""
        parameters = self.estimator.get_params(deep=False)
        by_batches = parameters.get("solver") == "adam" or self.method == "partial_fit"
        is_split = parameters.get("early_stopping", False)
        return by_batches or is_split or self.kind is PMMImageClassifier

    @property
    def has_slopes(self):
        """Whether targets have units of the features in them."""
        targets = self.estimator.get_params(deep=False).get("targets") or ()
        return any(isinstance(target, Slope) for target in targets)

    @property
    def has_errors(self):
        """Whether there are error bars."""
        # Of a quantile there are none.
        is_known = self.estimator.get_params().get("loss") != "quantile"
        return hasattr(self.kind, "sample_y") and self.method == "fit" and is_known

    @property
    def precision(self):
        """Relative error of predictions that are computed in another order."""
        is_single = self.estimator.get_params().get("gram_dtype") == "float32"
        return 1e-6 if is_single else 1e-9

    @property
    def X_new(self):
        """Some rows to ask for, and others in between."""
        return np.concatenate([self.X[:3], 0.5 * (self.X[3:8] + self.X[4:9])])

    def fit(self, estimator=None, **changes):
        """The estimator, or another one, fitted to the data or to changed ones."""
        model = clone(self.estimator if estimator is None else estimator)
        given = {"X": self.X, "y": self.y, **self.fit_parameters, **changes}
        given = {name: value for name, value in given.items() if value is not None}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return getattr(model, self.method)(**given)

    def fitted(self):
        """Fitted once and shared by all relations, none of which changes it."""
        return _fitted(next(name for name, case in CASES.items() if case is self))


@functools.cache
def _fitted(name):
    return CASES[name].fit()


def _table(kind, fit=None, labels=None, method="fit", **parameters):
    """A case of a regressor, or of a classifier of some number of labels."""
    rng = np.random.RandomState(3)
    X = rng.uniform(-1, 1, (24, 2))
    y = np.sin(2 * X[:, 0]) + X[:, 1] ** 2 + 0.05 * rng.standard_normal(24)
    if labels is not None:
        edges = np.quantile(y, np.arange(1, labels) / labels)
        y = np.digitize(y, edges)
    fit = fit or {}
    if fit.pop("n_outputs", 1) == 2:
        y = np.column_stack([y, 3 * X[:, 0] - y])
    short = _SHORT | ({"batch_size": 8} if method == "partial_fit" else {})
    sizes = {"matrix_size": 3, "n_eigenvectors": 1}
    return Case(kind(**{**short, **sizes, **parameters}), X, y, fit, method)


def _emulation(fit=None, **parameters):
    x = np.linspace(-1, 1, 12)[:, np.newaxis]
    y = np.hypot(0.5, x) * [-1, 1] + 0.1 * x + 0.02 * x**3
    targets = parameters.get("targets")
    if targets is not None:
        y = np.column_stack([y[:, 0], y[:, 1] - y[:, 0], x[:, 0], x[:, 0] ** 2])
    model = PMMEmulator(**{"matrix_size": 3, **_SHORT, **parameters})
    return Case(model, x, y, fit or {})


def _times(**parameters):
    times = np.array([*np.linspace(-0.6, -0.2, 6), *np.linspace(0.2, 0.6, 6)])
    y = -1.4 + 0.1 * times**2 + 0.05 * times**4
    model = UnitaryPMMEmulator(2, 2, **{**_SHORT, **parameters})
    return Case(model, times[:, np.newaxis], y, {})


def _continuation(**parameters):
    X = np.random.RandomState(3).uniform(-1, 1, (9, 2))
    terms = [term + 0.1 * np.eye(4) for term in USUAL_TERMS]
    return Case(EigenvectorContinuation(terms, **parameters), X, None, {})


def _images(method="fit", is_complex=False, fit=None, **parameters):
    rng = np.random.RandomState(3)
    y = np.arange(20) % parameters.pop("labels", 3)
    pattern = np.cos(np.arange(5) * (1 + y)[:, np.newaxis, np.newaxis])
    X = pattern + 0.3 * rng.standard_normal((20, 5, 5))
    if is_complex:
        X = X + 0.3j * rng.standard_normal(X.shape)
    if parameters.get("image_shape"):
        X = X.reshape(20, 25)
    model = PMMImageClassifier(**{**_IMAGES, **parameters})
    return Case(model, X, y, fit or {}, method)


_WEIGHTS = 1.0 + np.arange(24) % 3
_ERRORS = 0.02 + 0.02 * (np.arange(24) % 2)
# Not quite those of the table, and not known everywhere.
_GRADIENT = np.random.RandomState(3).uniform(-1, 1, (24, 2))
_GRADIENT = np.stack([2 * np.cos(2 * _GRADIENT[:, 0]), 2 * _GRADIENT[:, 1]], axis=1)
_GRADIENT[::5, 1] = np.nan

CASES = {
    "regressor": _table(PMMRegressor),
    "transition": _table(PMMRegressor, readout="transition", alpha=0.1),
    "density": _table(PMMRegressor, readout="density"),
    "sectors": _table(PMMRegressor, matrix_size=(2, 2), which="LA"),
    "symmetric": _table(PMMRegressor, matrix_type="symmetric", alpha=0.01),
    "low rank": _table(PMMRegressor, rank=1, alpha=0.1),
    "least magnitude": _table(PMMRegressor, which="SM", alpha=0.1),
    "size auto": _table(PMMRegressor, matrix_size="auto", n_eigenvectors="auto"),
    "average": _table(PMMRegressor, n_init=2, n_average=2),
    "level": _table(PMMRegressor, readout="level", n_eigenvectors="auto"),
    "monotone": _table(
        *(PMMRegressor, {}), readout="level", monotonic_cst=[0, 1], alpha=0.1
    ),
    "convex": _table(PMMRegressor, readout="level", convexity="convex", alpha=0.1),
    "huber": _table(PMMRegressor, loss="huber"),
    "quantile": _table(PMMRegressor, loss="quantile", quantile=0.8, alpha=0.1),
    "derivatives": _table(PMMRegressor, fit={"y_gradient": _GRADIENT}),
    "two outputs": _table(PMMRegressor, fit={"n_outputs": 2}),
    "known errors": _table(PMMRegressor, fit={"y_err": _ERRORS}),
    "weights": _table(PMMRegressor, fit={"sample_weight": _WEIGHTS}),
    "lbfgs": _table(PMMRegressor, solver="lbfgs", alpha=0.1),
    "newton-cg": _table(PMMRegressor, solver="newton-cg", alpha=0.1),
    "adam": _table(PMMRegressor, solver="adam", batch_size=8),
    "early stopping": _table(PMMRegressor, early_stopping=True, alpha=0.01),
    "batches": _table(PMMRegressor, method="partial_fit"),
    "two classes": _table(PMMClassifier, labels=2),
    "three classes": _table(PMMClassifier, labels=3),
    "penalty of classes": _table(PMMClassifier, labels=3, alpha=0.1),
    "density of classes": _table(PMMClassifier, labels=2, readout="density"),
    "levels of classes": _table(PMMClassifier, labels=3, readout="level"),
    "average of classes": _table(PMMClassifier, labels=3, n_init=2, n_average=2),
    "balanced": _table(PMMClassifier, labels=2, class_weight="balanced", alpha=0.1),
    "adam of classes": _table(PMMClassifier, labels=2, solver="adam", batch_size=8),
    "batches of classes": _table(
        *(PMMClassifier, {"classes": [0, 1, 2]}, 3, "partial_fit")
    ),
    "levels": _emulation(),
    "targets": _emulation(
        targets=[Level(0), Gap(0, 1), Observable("n"), Transition("n", 0, 1)]
    ),
    "sectors of levels": _emulation(matrix_size=(2, 1)),
    "slopes": _emulation(targets=[Level(0), Gap(0, 1), Slope(0, 0), Observable("n")]),
    "degree": _emulation(degree=2, matrix_type="symmetric"),
    "penalty of levels": _emulation(alpha=1e-3, solver="lbfgs"),
    "errors of levels": _emulation(fit={"y_err": 0.01 + 0.01 * np.eye(12)[:, :2]}),
    "average of levels": _emulation(n_init=2, n_average=2),
    "commutator": _emulation(commutator=0.3),
    "low rank levels": _emulation(rank=1),
    "time steps": _times(),
    "symmetric time steps": _times(matrix_type="symmetric", n_init=2),
    "continuation": _continuation(),
    "continuation of levels": _continuation(n_levels=2, n_snapshot_vectors=1),
    "images": _images(),
    "two classes of images": _images(labels=2, alpha=0.1),
    "rows of pixels": _images(image_shape=(5, 5), gram_dtype="float32"),
    "complex images": _images(is_complex=True, matrix_type="hermitian"),
    "batches of images": _images("partial_fit", fit={"classes": [0, 1, 2]}),
}
