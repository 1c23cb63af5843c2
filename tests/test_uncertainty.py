"""Standard deviations, covariances and draws of the estimators' predictions."""

import io
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from threadpoolctl import threadpool_limits

from pmm_sklearn import PMMEmulator, PMMRegressor, UnitaryPMMEmulator
from pmm_sklearn.datasets import make_heisenberg_dm_trotter

NOISE = 0.1


def make_data(n_samples, seed=0):
    rng = np.random.RandomState(seed)
    X = rng.uniform(-1, 1, size=(n_samples, 2))
    exact = np.column_stack([np.sin(2 * X[:, 0]) * X[:, 1], X[:, 0] + X[:, 1] ** 2])
    return X, exact + NOISE * rng.standard_normal(exact.shape)


@pytest.fixture(scope="module")
def data():
    return make_data(120)


def make_model(**parameters):
    return PMMRegressor(4, 2, n_init=1, random_state=0, **parameters)


@pytest.fixture(scope="module")
def models(data):
    """Fitted to one and to two targets."""
    X, y = data
    return [make_model().fit(X, targets) for targets in (y[:, 0], y)]


def test_shapes_are_those_of_gaussian_process_regressor(data, models):
    X, y = data
    for model, targets in zip(models, (y[:, 0], y), strict=True):
        process = GaussianProcessRegressor(alpha=0.1).fit(X, targets)
        for option in ("return_std", "return_cov"):
            ours = model.predict(X[:7], **{option: True})
            theirs = process.predict(X[:7], **{option: True})
            assert [a.shape for a in ours] == [a.shape for a in theirs]
        draws = model.sample_y(X[:7], n_samples=5)
        assert draws.shape == process.sample_y(X[:7], n_samples=5).shape
        np.testing.assert_array_equal(draws, model.sample_y(X[:7], n_samples=5))


def test_prediction_is_the_same_and_std_the_diagonal(data, models):
    X = data[0][:9]
    for model in models:
        mean, std = model.predict(X, return_std=True)
        _, covariance = model.predict(X, return_cov=True)
        np.testing.assert_array_equal(mean, model.predict(X))
        diagonal = np.diagonal(covariance).T
        np.testing.assert_allclose(np.sqrt(diagonal), std)


@pytest.mark.parametrize("model", [PMMRegressor(2, 1), PMMEmulator(2)])
def test_names_of_features_are_known_to_error_bars(model):
    frame = pd.DataFrame({"J": np.linspace(-1, 1, 12)})
    model = clone(model).set_params(random_state=0)
    model.fit(frame, -np.hypot(1, frame.J))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.predict(frame, return_std=True)
        model.predict(frame, return_cov=True)
        model.sample_y(frame)


def test_draws_scatter_like_the_prediction_says(data, models):
    X = data[0][:4]
    for model in models:
        mean, std = model.predict(X, return_std=True)
        draws = model.sample_y(X, n_samples=5000)
        np.testing.assert_allclose(draws.mean(axis=-1), mean, atol=0.1 * std.max())
        np.testing.assert_allclose(draws.std(axis=-1), std, rtol=0.06)


def test_units_do_not_matter(data):
    X, y = data
    factor, shift = np.array([1e3, 1e-3]), np.array([5.0, -2.0])
    scaled = make_model().fit(X * 7 + 1, y * factor + shift)
    _, std = make_model().fit(X, y).predict(X[:5], return_std=True)
    _, scaled_std = scaled.predict(X[:5] * 7 + 1, return_std=True)
    np.testing.assert_allclose(scaled_std, std * factor, rtol=0.05)


@pytest.mark.parametrize("solver", ["lm", "lbfgs", "adam"])
def test_noise_and_coverage(solver):
    X, y = make_data(300)
    X_test, y_test = make_data(400, seed=1)
    max_iter = 400 if solver == "lm" else 100
    model = make_model(solver=solver, max_iter=max_iter, batch_size=32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y)
    mean, std = model.predict(X_test, return_std=True)
    inside = np.abs(mean - y_test) <= 1.96 * std
    assert 0.9 < inside.mean() < 0.985
    assert np.median(std) == pytest.approx(NOISE, rel=0.5)


def test_each_target_has_its_own_noise():
    X, y = make_data(300)
    y[:, 1] += np.random.RandomState(2).standard_normal(300)
    _, std = make_model().fit(X, y).predict(X, return_std=True)
    assert np.median(std[:, 0]) < 0.3
    assert np.median(std[:, 1]) > 0.8


def test_far_from_the_data_std_grows(models):
    _, std = models[0].predict([[0.0, 0.0], [2.0, -2.0]], return_std=True)
    assert std[1] > 1.3 * std[0]


def test_low_rank_and_pickle(data):
    X, y = data
    model = make_model(rank=2).fit(X, y[:, 0])
    _, std = model.predict(X[:5], return_std=True)
    assert np.all(std > 0)
    _, copied = pickle.loads(pickle.dumps(model)).predict(X[:5], return_std=True)
    np.testing.assert_allclose(copied, std, rtol=1e-12)
    assert not hasattr(clone(model), "_posterior")


def make_levels(noise, seed):
    X = np.linspace(-1, 1, 20)[:, np.newaxis]
    level = np.sqrt(1 + X[:, 0] ** 2)
    exact = np.column_stack([-level, level])
    return X, exact, noise * np.random.RandomState(seed).standard_normal(exact.shape)


def test_emulators_of_exact_calculations_are_sure():
    X, y, _ = make_levels(0.0, 0)
    y[3, 1] = np.nan
    emulator = PMMEmulator(2, random_state=0).fit(X, y)
    _, std = emulator.predict(X, return_std=True)
    assert std.shape == (20, 2)
    assert np.all(std < 1e-6)
    assert emulator.sample_y(X, 3).shape == (20, 2, 3)


def test_emulators_with_known_errors_cover_the_exact_targets():
    inside = []
    for seed in range(6):
        X, exact, noise = make_levels(0.01, seed)
        emulator = PMMEmulator(2, n_init=3, random_state=0)
        emulator.fit(X, exact + noise, y_err=np.full(exact.shape, 0.01))
        mean, std = emulator.predict(X, return_std=True)
        assert np.all(std < 0.01)
        inside.append(np.mean(np.abs(mean - exact) <= 2 * std))
    assert 0.88 < np.mean(inside) < 0.99


def test_unitary_emulators_have_errors_too():
    data = make_heisenberg_dm_trotter()
    model = UnitaryPMMEmulator(3, n_factors=2, n_init=1, random_state=0)
    model.fit(data.X_train, data.y_train[:, 0])
    _, std = model.predict(data.X_test, return_std=True)
    assert np.all(std > 0)


def test_bad_usage_is_refused(data, models, tmp_path):
    X, y = data
    with pytest.raises(ValueError, match="at most one"):
        models[0].predict(X, return_std=True, return_cov=True)
    with pytest.raises(TypeError, match="return_std must be"):
        models[0].predict(X, return_std="yes")
    with pytest.raises(ValueError, match="n_samples"):
        models[0].sample_y(X, n_samples=0)
    online = make_model().fit(X, y).partial_fit(X, y)
    with pytest.raises(ValueError, match="warm_start=True"):
        online.predict(X, return_std=True)
    online.to_npz(tmp_path / "file.npz")
    read = PMMRegressor.from_npz(tmp_path / "file.npz")
    with pytest.raises(ValueError, match=r"to_npz, skops or joblib\.dump"):
        read.predict(X, return_std=True)


def test_too_many_parameters_are_refused(data, monkeypatch):
    monkeypatch.setattr("pmm_sklearn.model.posterior.LARGEST_FACTOR", 100)
    model = make_model().fit(*data)
    model.predict(data[0])
    with pytest.raises(ValueError, match="too large a covariance"):
        model.predict(data[0], return_std=True)


@pytest.mark.parametrize("method", ["split", "std", "cv+"])
def test_conformal_intervals(method):
    """MAPIE takes the estimators as they are."""
    regression = pytest.importorskip("mapie.regression")
    X, y = make_data(400)
    X_test, y_test = make_data(300, seed=1)
    y, y_test = y[:, 0], y_test[:, 0]
    model = make_model(max_iter=60)
    if method == "cv+":
        conformal = regression.CrossConformalRegressor(
            model, confidence_level=0.9, cv=3
        ).fit_conformalize(X, y)
    elif method == "split":
        conformal = regression.SplitConformalRegressor(
            model.fit(X[:250], y[:250]), confidence_level=0.9, prefit=True
        ).conformalize(X[250:], y[250:])
    else:
        scores = pytest.importorskip("mapie.conformity_scores")
        if not hasattr(scores, "StdConformityScore"):
            pytest.skip("this MAPIE has no score for return_std: needs 1.5")
        conformal = regression.SplitConformalRegressor(
            model.fit(X[:250], y[:250]),
            confidence_level=0.9,
            prefit=True,
            conformity_score=scores.StdConformityScore(),
        ).conformalize(X[250:], y[250:])
    _, intervals = conformal.predict_interval(X_test)
    inside = (intervals[:, 0, 0] <= y_test) & (y_test <= intervals[:, 1, 0])
    assert 0.82 < inside.mean() < 0.97


@pytest.mark.parametrize("error", [KeyboardInterrupt, np.linalg.LinAlgError])
def test_model_is_kept_without_its_error_bars(data, models, monkeypatch, error):
    X, y = data

    def fails(*args, **kwargs):
        raise error

    for name in ("fit", "of_evidence"):
        monkeypatch.setattr(f"pmm_sklearn.model.LaplacePosterior.{name}", fails)
    # What a fit tells does not depend on BLAS, nor on what was calculated before.
    with threadpool_limits(2):
        model = make_model().fit(X, y[:, 0])
    np.testing.assert_array_equal(model.predict(X), models[0].predict(X))
    with pytest.raises(ValueError, match="not interrupted"):
        model.predict(X, return_std=True)


def levels_of(x):
    rng = np.random.RandomState(0)
    A, B = (h + h.T for h in rng.standard_normal((2, 8, 8)))
    return np.linalg.eigvalsh(A + x[:, :, np.newaxis] * B)[:, :2]


class TestModelError:
    """Matrices of side 2, where levels are those of side 8."""

    def fit(self, error, **parameters):
        x = np.linspace(-1, 1, 40)[:, np.newaxis]
        y = levels_of(x) + error * np.random.RandomState(0).standard_normal((40, 2))
        return PMMEmulator(2, random_state=0, **parameters).fit(x, y, y_err=error)

    def test_it_is_found_and_part_of_the_error_bars(self):
        model = self.fit(1e-3)
        x = np.linspace(-1, 1, 101)[:, np.newaxis]
        mean, std = model.predict(x, return_std=True)
        assert np.all(model.model_error_ > 1e-2)
        assert np.all(std > model.model_error_)
        assert 0.8 < np.mean(np.abs(mean - levels_of(x)) < 2 * std) <= 1.0
        again = model.condition_on([[1.1]], levels_of(np.array([[1.1]])), y_err=1e-3)
        np.testing.assert_allclose(again.model_error_, model.model_error_)

    def test_there_is_none_where_errors_explain_the_residuals(self):
        assert not hasattr(self.fit(1.0), "model_error_")

    @pytest.mark.parametrize("unit", [1e-20, 1e20])
    def test_units_do_not_matter(self, unit):
        x = np.linspace(-1, 1, 40)[:, np.newaxis]
        model = PMMEmulator(2, n_init=2, random_state=0)
        own = model.fit(x, levels_of(x), y_err=1e-3).model_error_
        other = model.fit(x, unit * levels_of(x), y_err=1e-3 * unit).model_error_
        np.testing.assert_allclose(other, unit * own, rtol=1e-3)

    def test_it_needs_the_evidence(self):
        model = self.fit(1e-3, alpha=1e-6)
        assert not hasattr(model, "model_error_")
        with pytest.warns(UserWarning, match="misses its data by more than y_err"):
            model.predict([[0.0]], return_std=True)

    def test_precise_data_do_not_count_alone(self):
        """Errors of very different size tell nothing that the model could use."""
        rng, x = np.random.RandomState(0), np.linspace(-1, 1, 40)[:, np.newaxis]
        errors = np.where(np.arange(40) < 4, 1e-5, 1e-2)[:, np.newaxis] * np.ones(2)
        y = levels_of(x) + errors * rng.standard_normal((40, 2))
        plain = PMMEmulator(2, random_state=0).fit(x, y)
        model = PMMEmulator(2, random_state=0).fit(x, y, y_err=errors)
        off, of_plain = (
            np.sqrt(np.mean((m.predict(x) - levels_of(x)) ** 2)) for m in (model, plain)
        )
        assert off < 1.2 * of_plain


@pytest.mark.parametrize(("matrix_size", "n_samples"), [(2, 12), (3, 12), (3, 40)])
def test_emulators_through_all_data_with_errors_warn(matrix_size, n_samples):
    rng = np.random.RandomState(0)
    X = rng.uniform(-1, 1, (n_samples, 2))
    y = -np.hypot(1, X[:, 0]) * np.hypot(1, X[:, 1])
    y += 0.01 * rng.standard_normal(n_samples)
    emulator = PMMEmulator(matrix_size, n_init=3, random_state=0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        emulator.fit(X, y, y_err=0.01).predict(X)
        assert not caught
        emulator.predict(X, return_std=True)
        file = io.BytesIO()
        emulator.to_npz(file)
        file.seek(0)
        PMMEmulator.from_npz(file).predict(X, return_std=True)
    told = [str(w.message) for w in caught if "closer than y_err" in str(w.message)]
    assert len(told) == 2 * ((matrix_size, n_samples) == (3, 12))


@pytest.mark.parametrize("matrix_size", [3, 5])
def test_models_through_all_data_warn(matrix_size):
    """As many parameters as data: residuals of zero do not mean errors of zero."""
    x = np.linspace(-1, 1, 8)[:, np.newaxis]
    model = PMMEmulator(matrix_size, random_state=0).fit(x, levels_of(x))
    if matrix_size == 5:
        with pytest.warns(UserWarning, match="goes through all its data"):
            model.predict(x, return_std=True)
        model.predict(x)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.predict(x, return_std=True)
