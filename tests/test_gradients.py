"""Derivatives of the targets as data of PMMRegressor."""

import io
import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from pmm_sklearn import PMMRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def regressor(**parameters):
    defaults = {"matrix_size": 4, "n_eigenvectors": 2, "n_init": 1, "random_state": 0}
    defaults |= {"matrix_type": "symmetric", "max_iter": 60}
    return PMMRegressor(**{**defaults, **parameters})


def function(X):
    return np.sin(2 * X[:, 0]) * X[:, 1]


def gradient(X):
    sine, cosine = np.sin(2 * X[:, 0]), np.cos(2 * X[:, 0])
    return np.column_stack([2 * cosine * X[:, 1], sine])


def points(n_samples, seed=0):
    return np.random.RandomState(seed).uniform(-1, 1, (n_samples, 2))


def error_of(model):
    X = points(300, seed=1)
    return np.sqrt(np.mean((model.predict(X) - function(X)) ** 2))


@pytest.fixture
def exact():
    X = points(15)
    return X, function(X), gradient(X)


@pytest.fixture
def noisy():
    """Two outputs; values have a noise of 0.05, derivatives one of 0.1."""
    rng = np.random.RandomState(2)
    X = points(40)
    values, slopes = function(X), gradient(X)
    y = np.column_stack([values, X[:, 0] - values])
    both = np.stack([slopes, [1.0, 0.0] - slopes], axis=1)
    y = y + 0.05 * rng.standard_normal(y.shape)
    return X, y, both + 0.1 * rng.standard_normal(both.shape)


@pytest.mark.parametrize(
    "parameters", [{}, {"readout": "density"}, {"rank": (3, None)}], ids=str
)
def test_few_points_are_enough(exact, parameters):
    X, y, y_gradient = exact
    with_them = regressor(**parameters).fit(X, y, y_gradient=y_gradient)
    without = regressor(**parameters).fit(X, y)
    assert error_of(with_them) < 0.02
    assert error_of(without) > 5 * error_of(with_them)
    assert_allclose(with_them.predict_gradient(X), y_gradient, atol=0.05)
    assert not hasattr(without, "gradient_noise_")


def test_noises_are_learned(noisy):
    X, y, y_gradient = noisy
    model = regressor().fit(X, y, y_gradient=y_gradient)
    assert_allclose(model.noise_, 0.05, rtol=0.4)
    assert_allclose(model.gradient_noise_, 0.1, rtol=0.4)
    assert model.gradient_noise_.shape == (2, 2)
    assert 0 < model.n_effective_parameters_ < y.size + y_gradient.size


def test_known_errors(noisy):
    X, y, y_gradient = noisy
    given = {"y_gradient": y_gradient}
    known = regressor(max_iter=10)
    known.fit(X, y, y_err=0.05, y_gradient_err=0.1, **given)
    assert np.all(known.noise_ == 0.0)
    assert np.all(known.gradient_noise_ == 0.0)
    of_values = regressor().fit(X, y, y_err=0.05, **given)
    assert np.all(of_values.noise_ == 0.0)
    assert_allclose(of_values.gradient_noise_, 0.1, rtol=0.4)


def test_extra_noise_beside_known_errors(noisy):
    X, y, y_gradient = noisy
    error = np.full(y_gradient.shape, 0.01)
    model = regressor(extra_noise=True)
    model.fit(X, y, y_gradient=y_gradient, y_gradient_err=error)
    assert_allclose(model.gradient_noise_, 0.1, rtol=0.4)


def test_derivatives_of_huge_errors_say_nothing(noisy):
    X, y, y_gradient = noisy
    without = regressor(max_iter=20).fit(X, y)
    model = regressor(max_iter=20)
    model.fit(X, y, y_gradient=y_gradient, y_gradient_err=1e6)
    assert_allclose(model.predict(X), without.predict(X), atol=1e-3)


def test_error_bars_are_smaller_and_cover(noisy):
    X, y, y_gradient = noisy
    X_new = points(300, seed=1)
    truth = np.column_stack([function(X_new), X_new[:, 0] - function(X_new)])
    model = regressor(n_average=1).fit(X, y, y_gradient=y_gradient)
    mean, std = model.predict(X_new, return_std=True)
    assert std.shape == mean.shape == truth.shape
    spread = np.sqrt(std**2 - model.noise_**2)
    without = regressor(n_average=1).fit(X, y)
    wider = np.sqrt(without.predict(X_new, return_std=True)[1] ** 2 - without.noise_**2)
    assert np.mean(spread) < np.mean(wider)
    assert np.mean(np.abs(mean - truth) < 2 * spread) > 0.85
    draws = model.sample_y(X_new[:3], 5)
    assert draws.shape == (3, 2, 5)


def test_unknown_derivatives(exact):
    """All of them as if there were none, and others as if they alone were there."""
    X, y, y_gradient = exact
    fit = regressor(max_iter=5).fit
    nothing = fit(X, y, y_gradient=np.full((15, 2), np.nan))
    expected = regressor(max_iter=5).fit(X, y)
    assert_array_equal(nothing.predict(X), expected.predict(X))
    assert not hasattr(nothing, "gradient_noise_")
    y_gradient[5:] = np.nan
    y_gradient[:, 1] = np.nan
    some = fit(X, y, y_gradient=y_gradient)
    assert np.isfinite(some.gradient_noise_[0, 0])
    assert np.isnan(some.gradient_noise_[0, 1])
    masked = np.ma.masked_invalid(y_gradient)
    again = regressor(max_iter=5).fit(X, y, y_gradient=masked)
    assert_array_equal(again.predict(X), some.predict(X))


def test_of_one_output_only(noisy):
    X, y, y_gradient = noisy
    y_gradient[:, 1] = np.nan
    model = regressor(max_iter=20).fit(X, y, y_gradient=y_gradient)
    assert np.all(np.isfinite(model.predict(X)))
    assert np.all(np.isnan(model.gradient_noise_[1]))
    assert np.all(np.isfinite(model.gradient_noise_[0]))


def test_constant_features_have_no_derivatives(exact):
    X, y, y_gradient = exact
    wide = np.column_stack([X, np.ones(15)])
    model = regressor(max_iter=20).fit(
        wide, y, y_gradient=np.column_stack([y_gradient, np.ones(15)])
    )
    same = regressor(max_iter=20).fit(
        wide, y, y_gradient=np.column_stack([y_gradient, np.full(15, np.nan)])
    )
    assert_array_equal(model.predict(wide), same.predict(wide))
    assert np.isnan(model.gradient_noise_[0, 2])


def test_units(noisy):
    """Of features and targets; the evidence is a density in the user's units."""
    X, y, y_gradient = noisy
    fit = regressor(max_iter=10).fit
    model = fit(X, y, y_gradient=y_gradient)
    predicted, noise = model.predict(X), model.gradient_noise_
    evidence = model.log_evidence_
    unit, of_features = np.array([1e3, 1e-2]), np.array([1e-4, 10.0])
    units = unit[:, np.newaxis] / of_features
    other = regressor(max_iter=10).fit(
        X * of_features + 1.0, y * unit + 5.0, y_gradient=y_gradient * units
    )
    again = other.predict(X * of_features + 1.0)
    assert_allclose((again - 5.0) / unit, predicted, rtol=1e-4, atol=1e-4)
    assert_allclose(other.gradient_noise_ / units, noise, rtol=1e-4)
    shift = 40 * (np.sum(np.log(unit)) + np.sum(np.log(units)))
    assert_allclose(other.log_evidence_, evidence - shift, rtol=1e-5)


def test_order_of_rows(noisy):
    X, y, y_gradient = noisy
    order = np.random.RandomState(0).permutation(40)
    model, other = (
        regressor(max_iter=5).fit(X[rows], y[rows], y_gradient=y_gradient[rows])
        for rows in (np.arange(40), order)
    )
    assert_allclose(other.predict(X), model.predict(X), rtol=1e-5, atol=1e-5)


def test_weights_are_repetitions_of_values_and_derivatives(noisy):
    X, y, y_gradient = noisy
    weight = np.arange(40) % 3
    rows = np.repeat(np.arange(40), weight)
    weighted = regressor(max_iter=5).fit(X, y, weight, y_gradient=y_gradient)
    repeated = regressor(max_iter=5).fit(X[rows], y[rows], y_gradient=y_gradient[rows])
    assert_allclose(weighted.predict(X), repeated.predict(X), rtol=1e-5, atol=1e-5)
    assert_allclose(weighted.log_evidence_, repeated.log_evidence_, rtol=1e-7)


def test_warm_start_with_and_without(exact):
    X, y, y_gradient = exact
    model = regressor(warm_start=True, max_iter=40).fit(X, y, y_gradient=y_gradient)
    before = error_of(model)
    model.fit(X, y, y_gradient=y_gradient)
    assert error_of(model) < 1.5 * before
    model.fit(X, y)
    assert not hasattr(model, "gradient_noise_")
    assert error_of(model.fit(X, y, y_gradient=y_gradient)) < 0.02


def test_sectors():
    """Levels cross near the data; a smooth function in spite of it."""
    X = points(20)
    model = regressor(matrix_size=(3, 2), matrix_type="hermitian", n_init=2)
    model.fit(X, function(X), y_gradient=gradient(X))
    assert error_of(model) < 0.03


def test_files_and_pickles(exact):
    X, y, y_gradient = exact
    model = regressor(max_iter=20).fit(X, y, y_gradient=y_gradient)
    expected = model.predict(X, return_std=True)
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.predict(X, return_std=True), expected)
    assert_array_equal(again.gradient_noise_, model.gradient_noise_)
    file = io.BytesIO()
    model.to_npz(file)
    file.seek(0)
    read = PMMRegressor.from_npz(file)
    assert_allclose(read.predict(X, return_std=True), expected, rtol=1e-12)


def test_data_frames(exact):
    X, y, y_gradient = exact
    model = regressor(max_iter=3).fit(X, y, y_gradient=pd.DataFrame(y_gradient))
    same = regressor(max_iter=3).fit(X, y, y_gradient=y_gradient.tolist())
    assert_array_equal(model.predict(X), same.predict(X))


def test_metadata_routing(exact):
    X, y, y_gradient = exact
    with config_context(enable_metadata_routing=True):
        model = regressor(max_iter=15).set_fit_request(y_gradient=True)
        search = GridSearchCV(model, {"matrix_size": [2, 3]}, cv=2)
        search.fit(X, y, y_gradient=y_gradient)
        assert hasattr(search.best_estimator_, "gradient_noise_")
        assert search.best_score_ > 0.5
        pipeline = make_pipeline(FunctionTransformer(), clone(model))
        pipeline.fit(X, y, y_gradient=y_gradient)
        assert hasattr(pipeline[-1], "gradient_noise_")


BAD = [
    ({"y_gradient": np.ones(15)}, {}, r"must have shape \(15, 2\), .* got shape \(15,"),
    ({"y_gradient": np.ones((15, 3))}, {}, "must have shape"),
    (
        {"y_gradient": np.full((15, 2), np.inf)},
        {},
        r"y_gradient must be finite.*\(0, 0",
    ),
    ({"y_gradient": np.full((15, 2), "a")}, {}, "y_gradient must hold numbers"),
    ({"y_gradient": np.ones((15, 2)) * 1j}, {}, "y_gradient must hold real numbers"),
    ({"y_gradient": np.full((15, 2), 1e150)}, {}, "y_gradient has values up to"),
    ({"y_gradient": None, "y_gradient_err": 0.1}, {}, "y_gradient_err goes with"),
    ({"y_gradient_err": -1.0}, {}, "y_gradient_err must be finite and at least"),
    ({"y_gradient_err": np.ones(3)}, {}, "y_gradient_err must have the shape"),
    ({}, {"loss": "huber"}, "y_gradient goes with loss='squared_error' only"),
    ({}, {"readout": "transition"}, "with readout='expectation' or 'density' only"),
    (
        {},
        {"readout": "level", "n_eigenvectors": "auto"},
        "y_gradient goes with readout",
    ),
    ({}, {"rank": 2}, r"full rank only, got rank=2: set rank=\(2, None\)"),
    ({}, {"rank": (None, 2)}, r"set rank=\(None, None\)"),
    ({}, {"alpha": 0.1}, "y_gradient goes with alpha='auto' only, got alpha=0.1"),
    ({}, {"solver": "adam"}, "y_gradient goes with solver="),
    ({}, {"early_stopping": True}, "y_gradient goes with early_stopping=False"),
]


@pytest.mark.parametrize(("given", "parameters", "message"), BAD, ids=str)
def test_bad_input_is_named_and_changes_nothing(exact, given, parameters, message):
    X, y, y_gradient = exact
    model = regressor(max_iter=2).fit(X, y)
    before = dict(vars(model))
    model.set_params(**parameters)
    with pytest.raises((ValueError, TypeError), match=message):
        model.fit(X, y, **{"y_gradient": y_gradient, **given})
    assert all(vars(model)[k] is v for k, v in before.items() if k.endswith("_"))


def test_of_two_dimensional_targets(exact):
    X, y, y_gradient = exact
    with pytest.raises(ValueError, match=r"must have shape \(15, 1, 2\)"):
        regressor().fit(X, y[:, np.newaxis], y_gradient=y_gradient)


def test_are_not_forgotten_where_it_would_take_too_long(exact, monkeypatch):
    X, y, y_gradient = exact
    monkeypatch.setattr("pmm_sklearn._regression_problems._LONGEST", (1e-9, 1e-9))
    with pytest.raises(ValueError, match="y_gradient needs the evidence"):
        PMMRegressor().fit(X, y, y_gradient=y_gradient)
