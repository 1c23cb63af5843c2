"""What type checkers see of the package: `mypy` reads this file, nothing runs it.

Each line with ``type: ignore`` is wrong use: mypy complains if it finds no fault there.
"""

from typing import assert_type

import numpy as np

from pmm_sklearn import (
    EigenvectorContinuation,
    EvolutionEmulator,
    LearnedFeatures,
    PMMClassifier,
    PMMEmulator,
    PMMImageClassifier,
    PMMRegressor,
    UnitaryPMMEmulator,
)
from pmm_sklearn.datasets import load_airfoil, make_lmg
from pmm_sklearn.design import next_points
from pmm_sklearn.fitted import FittedModel
from pmm_sklearn.inspection import (
    PredictionDisplay,
    canonical_gauge,
    loo_predictions,
    minimum_gap,
)
from pmm_sklearn.targets import Gap, Level, Strength

X = np.zeros((20, 2))
y = X[:, 0]

# Estimators: words, numbers, and data.
regressor = PMMRegressor(5, readout="density", loss="huber", alpha=0.1).fit(X, y)
PMMRegressor(readout="nonsense")  # type: ignore[arg-type]
PMMRegressor(loss="nonsense")  # type: ignore[arg-type]
PMMRegressor(matrix_size="5")  # type: ignore[arg-type]
PMMRegressor(5, 2, "SA")  # type: ignore[call-arg]
PMMRegressor(n_starts=3)  # type: ignore[call-arg]
PMMRegressor(solver="sgd")  # type: ignore[arg-type]
PMMEmulator(solver="adam")  # type: ignore[arg-type]
PMMEmulator(smoothness_exponent=3)  # type: ignore[arg-type]
PMMClassifier(class_weight="equal")  # type: ignore[arg-type]
PMMClassifier(rank=(None, 2), class_weight={0: 1.0, 1: 2.0}, n_average=2)
PMMImageClassifier(window_shape=(5, 5), gram_dtype="float16")  # type: ignore[arg-type]
UnitaryPMMEmulator((2, 2), targets=[Gap(0, Level(1))], n_jobs=2)
EvolutionEmulator(matrix_size="auto")  # type: ignore[arg-type]

# fit returns the estimator, of its own class.
assert_type(regressor, PMMRegressor)
assert_type(PMMEmulator().fit([[0.0]], [1.0], y_err=0.1), PMMEmulator)
assert_type(PMMEmulator().fit(X, y).condition_on(X, y), PMMEmulator)
assert_type(PMMRegressor.from_npz("model.npz"), PMMRegressor)
assert_type(canonical_gauge(regressor), PMMRegressor)
regressor.fit(X)  # type: ignore[call-arg]
PMMEmulator().fit(X, y, X)
PMMEmulator().fit(X, y, None, X)  # type: ignore[call-arg]
EigenvectorContinuation([X, X]).fit(X, y)  # type: ignore[arg-type]

# predict returns an array, or two.
assert_type(regressor.predict(X), np.ndarray)
assert_type(regressor.predict(X, return_std=True), tuple[np.ndarray, np.ndarray])
assert_type(regressor.predict(X, return_cov=True), tuple[np.ndarray, np.ndarray])
regressor.predict(X, return_std=True, return_cov=True)  # type: ignore[call-overload]
mean, deviation = PMMEmulator().predict(X, True)
learned = LearnedFeatures(PMMEmulator(), lambda X, a: X * a, 1.0)
assert_type(learned.predict(X, return_std=True), tuple[np.ndarray, np.ndarray])
assert_type(PMMClassifier().predict_proba(X), np.ndarray)
PMMClassifier().predict(X, return_std=True)  # type: ignore[call-arg]
assert_type(regressor.model_, FittedModel)
regressor.inverse_predict(1.0, X)  # type: ignore[call-arg]

# Functions.
assert_type(next_points(regressor, X, 3, criterion="gap"), np.ndarray)
next_points(regressor, X, criterion="distance")  # type: ignore[arg-type]
minima = minimum_gap(regressor, [(0, 1), (0, 1)])
minima.nonsense()  # type: ignore[attr-defined]
assert_type(loo_predictions(regressor, X, y, y_err=0.1).mean, np.ndarray)
display = PredictionDisplay.from_estimator(
    regressor, X, y, kind="residual_vs_predicted"
)
assert_type(display, PredictionDisplay)
display.plot(kind="nonsense")  # type: ignore[arg-type]
Strength("dipole", np.linspace(5, 25, 81), shape="box")  # type: ignore[arg-type]
features, target = load_airfoil(return_X_y=True)
frame = load_airfoil(as_frame=True).frame
make_lmg(n_spins=10, n_levels="all")  # type: ignore[arg-type]
