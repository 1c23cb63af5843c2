"""Relations between fits: the same data again, given otherwise, or transformed."""

import contextlib
import io
import pickle
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

import joblib
import numpy as np
import pandas as pd
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pmm_sklearn import (
    EigenvectorContinuation,
    PMMClassifier,
    PMMEmulator,
    PMMImageClassifier,
    PMMRegressor,
    UnitaryPMMEmulator,
)
from pmm_sklearn.training import workers

from .relation import assert_same, relation, told_by

# Parameters of a fit that have a row for each sample.
_OF_ROWS = "sample_weight", "y_err", "y_gradient"
# After a few iterations, which amplify rounding errors.
_NEAR = 1e-6


def _is_table(case):
    return case.kind not in (PMMImageClassifier, EigenvectorContinuation)


def _is_unordered(case):
    return case.is_learning and not case.is_ordered


def _is_regression(case):
    return case.is_learning and not case.is_classifier


def _is_numeric(case):
    """Whether the regularisation is a number."""
    return isinstance(case.estimator.get_params().get("alpha"), float)


def _rows(case, rows, **changes):
    """The case fitted to some of its rows, in some order."""
    given = {"X": case.X[rows], "y": case.y[rows]}
    for name, value in case.fit_parameters.items():
        given[name] = value[rows] if name in _OF_ROWS else value
    return case.fit(**{**given, **changes})


@relation()
def refitted(case):
    assert_same(told_by(case, case.fit()), told_by(case))


@relation()
def refitted_in_place(case):
    model = case.fit()
    if case.method == "fit":
        model.fit(case.X, case.y, **case.fit_parameters)
    assert_same(told_by(case, model), told_by(case))


@relation(lambda case: case.method == "fit")
def fitted_to_others_before(case):
    model = case.estimator.__class__(**case.estimator.get_params(deep=False))
    rows = np.arange(len(case.X)) % 4 > 0
    y = None if case.y is None else case.y[rows]
    model.fit(case.X[rows], y)
    model.fit(case.X, case.y, **case.fit_parameters)
    assert_same(told_by(case, model), told_by(case))


@relation(lambda case: hasattr(case.estimator, "partial_fit") and case.method == "fit")
def fitted_after_batches(case):
    model = case.estimator.__class__(**case.estimator.get_params(deep=False))
    changes = {"early_stopping": False, "class_weight": None}
    usual = {k: v for k, v in changes.items() if k in model.get_params()}
    before = {name: model.get_params()[name] for name in usual}
    classes = {"classes": np.unique(case.y)} if case.is_classifier else {}
    model.set_params(**usual).partial_fit(case.X, case.y, **classes)
    model.set_params(**before).fit(case.X, case.y, **case.fit_parameters)
    assert_same(told_by(case, model), told_by(case))


@relation(lambda case: case.method == "partial_fit")
def batches_go_on_in_a_copy(case):
    model = case.fit()
    again = pickle.loads(pickle.dumps(model))
    for other in (model, again):
        other.partial_fit(case.X, case.y)
    assert_same(told_by(case, again), told_by(case, model))


@relation()
def global_random_numbers_do_not_matter(case):
    before = np.random.get_state()  # noqa: NPY002
    np.random.seed(17)  # noqa: NPY002
    try:
        model = case.fit()
    finally:
        np.random.set_state(before)  # noqa: NPY002
    assert_same(told_by(case, model), told_by(case))


@relation(lambda case: "verbose" in case.estimator.get_params())
def printing_does_not_matter(case):
    verbose = case.estimator.__class__(**case.estimator.get_params(deep=False))
    with contextlib.redirect_stdout(io.StringIO()):
        model = case.fit(verbose.set_params(verbose=2))
    assert_same(told_by(case, model), told_by(case))


@relation()
def fitted_in_threads(case):
    with ThreadPoolExecutor(4) as pool:
        for model in pool.map(lambda _: case.fit(), range(4)):
            assert_same(told_by(case, model), told_by(case))


def _several_starts(case):
    """The estimator with starts to share, if it has."""
    model = case.estimator.__class__(**case.estimator.get_params(deep=False))
    return model.set_params(n_init=2)


def _is_shared(case):
    return "n_jobs" in case.estimator.get_params() and case.method == "fit"


@relation(_is_shared)
def starts_in_threads(case):
    expected = told_by(case, case.fit(_several_starts(case)))
    with joblib.parallel_config("threading", n_jobs=2):
        model = case.fit(_several_starts(case))
    assert_same(told_by(case, model), expected)


@relation(_is_shared, is_slow=True)
def starts_in_processes(case):
    expected = told_by(case, case.fit(_several_starts(case)))
    with patch.object(workers, "PATIENCE", 0.0):
        model = case.fit(_several_starts(case).set_params(n_jobs=2))
    assert_same(told_by(case, model.set_params(n_jobs=1)), expected)


@relation(_is_unordered)
def rows_of_fit_in_another_order(case):
    order = np.random.RandomState(0).permutation(len(case.X))
    assert_same(told_by(case, _rows(case, order)), told_by(case), _NEAR)


@relation(lambda case: _is_unordered(case) and _is_table(case))
def weights_are_repetitions(case):
    number = 1 + np.arange(len(case.X)) % 2
    weight = number * case.fit_parameters.get("sample_weight", 1.0)
    rows = np.repeat(np.arange(len(case.X)), number)
    told = told_by(case, case.fit(sample_weight=weight))
    assert_same(told, told_by(case, _rows(case, rows)), _NEAR)


@relation(lambda case: case.is_learning)
def weight_zero_is_absence(case):
    used = np.arange(len(case.X)) % 5 != 2
    weight = used * case.fit_parameters.get("sample_weight", 1.0)
    told = told_by(case, case.fit(sample_weight=weight))
    assert_same(told, told_by(case, _rows(case, used)), _NEAR)


@relation(lambda case: case.is_learning)
def weights_of_one_are_none(case):
    weight = case.fit_parameters.get("sample_weight", np.ones(len(case.X)))
    assert_same(told_by(case, case.fit(sample_weight=weight)), told_by(case))


@relation(lambda case: _is_unordered(case) and _is_numeric(case))
def weights_and_regularisation_times_a_number(case):
    model = case.estimator.__class__(**case.estimator.get_params(deep=False))
    model.set_params(alpha=4.0 * model.alpha)
    weight = 4.0 * case.fit_parameters.get("sample_weight", np.ones(len(case.X)))
    told, expected = told_by(case, case.fit(model, sample_weight=weight)), told_by(case)
    for name in ("std", "cov", "draws"):
        # More observations, smaller errors.
        told.pop(name, None), expected.pop(name, None)
    assert_same(told, expected, _NEAR)


@relation(lambda case: case.is_learning)
def lists(case):
    y, options = case.y.tolist(), case.fit_parameters
    options = {k: np.asarray(v).tolist() for k, v in options.items()}
    assert_same(
        told_by(case, case.fit(X=case.X.tolist(), y=y, **options)), told_by(case)
    )


@relation(_is_table)
def frames(case):
    frame = pd.DataFrame(case.X).add_prefix("x")
    y = case.y if case.y is None or case.y.ndim > 1 else pd.Series(case.y)
    model = case.fit(X=frame, y=y)
    asked = pd.DataFrame(case.X_new).add_prefix("x")
    predicted = model.predict(asked)
    assert_same({"predict": predicted}, {"predict": case.fitted().predict(case.X_new)})


@relation(lambda case: case.X.dtype.kind == "f")
def single_precision(case):
    single = case.X.astype(np.float32)
    told = told_by(case, case.fit(X=single))
    assert_same(told, told_by(case, case.fit(X=single.astype(np.float64))))


@relation()
def read_only(case):
    X = case.X.copy()
    X.setflags(write=False)
    y = None if case.y is None else case.y.copy()
    if y is not None:
        y.setflags(write=False)
    assert_same(told_by(case, case.fit(X=X, y=y)), told_by(case))


@relation()
def in_another_order_of_memory(case):
    told = told_by(case, case.fit(X=np.asfortranarray(case.X)))
    assert_same(told, told_by(case), _NEAR)


@relation()
def not_contiguous(case):
    X = np.repeat(case.X, 2, axis=0)[::2]
    assert_same(told_by(case, case.fit(X=X)), told_by(case), _NEAR)


@relation(
    lambda case: (
        _is_regression(case)
        and case.y.ndim == 1
        and "y_gradient" not in case.fit_parameters
    )
)
def a_column_of_targets(case):
    told, expected = told_by(case, case.fit(y=case.y[:, np.newaxis])), told_by(case)
    assert_same(
        {k: np.reshape(v, expected[k].shape) for k, v in told.items()}, expected
    )


@relation(
    lambda case: (
        case.kind in (PMMRegressor, PMMClassifier, PMMEmulator) and not case.has_slopes
    )
)
def units_of_the_features(case):
    scale, shift = 4.0 ** np.arange(1, case.X.shape[1] + 1), 8.0
    slopes = _scaled_slopes(case, 1.0 / scale)
    if case.estimator.get_params().get("commutator"):
        # The term of the commutator belongs to the origin of the features.
        shift = 0.0
    model = case.fit(X=scale * case.X + shift, **slopes)
    _assert_scaled(case, model, scale * case.X_new + shift, 1.0, 0.0)


@relation(_is_regression)
def units_of_the_targets(case):
    scale, shift = (1024.0, 0.0 if case.is_emulator else 3.0)
    errors = _scaled_slopes(case, scale)
    if "y_err" in case.fit_parameters:
        errors["y_err"] = scale * case.fit_parameters["y_err"]
    if case.kind is UnitaryPMMEmulator:
        model = case.fit(X=case.X / scale, y=scale * case.y)
        _assert_scaled(case, model, case.X_new / scale, scale, 0.0)
        return
    if case.is_emulator and case.estimator.targets is not None:
        # The last column is the square of the elements of an observable.
        scale = np.array([scale, scale, scale, scale**2])
    model = case.fit(y=scale * case.y + shift, **errors)
    _assert_scaled(case, model, case.X_new, scale, shift)


def _scaled_slopes(case, factor):
    """Derivatives in other units, if there are any."""
    slopes = case.fit_parameters.get("y_gradient")
    return {} if slopes is None else {"y_gradient": factor * slopes}


def _assert_scaled(case, model, X_new, scale, shift):
    """Predictions and their errors in other units are the same ones."""
    expected = case.fitted().predict(case.X_new)
    told = model.predict(X_new)
    if case.is_classifier:
        expected = case.fitted().predict_proba(case.X_new)
        told = model.predict_proba(X_new)
    size = np.max(np.abs(expected))
    assert_allclose((told - shift) / scale, expected, 0, _NEAR * size)
    if case.has_errors:
        expected = case.fitted().predict(case.X_new, return_std=True)[1]
        told = model.predict(X_new, return_std=True)[1]
        assert_allclose(told / scale, expected, 0, 1e-4 * np.max(expected))


def _is_in_pipelines(case):
    return case.kind in (PMMRegressor, PMMClassifier) and case.method == "fit"


@relation(
    lambda case: _is_in_pipelines(case) and "y_gradient" not in case.fit_parameters
)
def a_scaler_in_front(case):
    pipeline = make_pipeline(StandardScaler(), clone(case.estimator))
    name = pipeline.steps[-1][0]
    options = {f"{name}__{k}": v for k, v in case.fit_parameters.items()}
    pipeline.fit(case.X, case.y, **options)
    ask = "decision_function" if case.is_classifier else "predict"
    told = {ask: getattr(pipeline, ask)(case.X_new)}
    assert_same(told, {ask: getattr(case.fitted(), ask)(case.X_new)}, _NEAR)


@relation(lambda case: case.kind is PMMImageClassifier)
def units_of_images(case):
    expected = case.fitted().predict_proba(case.X_new)
    model = case.fit(X=1024.0 * case.X)
    assert_allclose(model.predict_proba(1024.0 * case.X_new), expected, 0, _NEAR)


@relation(lambda case: case.is_classifier)
def names_of_the_classes(case):
    names = np.array(["ant", "bee", "cat"])
    options = {"classes": names} if case.method == "partial_fit" else {}
    model = case.fit(y=names[case.y], **options)
    told, expected = told_by(case, model), told_by(case)
    expected["predict"] = names[expected["predict"]]
    assert_same(told, expected)


@relation(lambda case: case.is_emulator)
def a_row_of_nothing(case):
    X = np.concatenate([case.X, case.X[:1]])
    y = np.concatenate([case.y, np.full_like(case.y[:1], np.nan)])
    options = {}
    if "y_err" in case.fit_parameters:
        errors = case.fit_parameters["y_err"]
        options["y_err"] = np.concatenate([errors, errors[:1]])
    told = told_by(case, case.fit(X=X, y=y, **options))
    assert_same(told, told_by(case), _NEAR)


@relation(lambda case: case.kind is PMMEmulator and case.estimator.targets is None)
def an_error_for_all_or_for_each(case):
    spread = float(np.std(case.y))
    one = case.fit(y_err=spread)
    each = case.fit(y_err=np.full(case.y.shape, spread))
    assert_same(told_by(case, each), told_by(case, one))
