"""Leave-one-out predictions: exact for linear models, close to refits, and refused."""

import copy
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pmm_sklearn import PMMClassifier, PMMEmulator, PMMRegressor, UnitaryPMMEmulator
from pmm_sklearn.inspection import loo_predictions

RNG = np.random.RandomState(0)
X = RNG.uniform(-1, 1, size=(30, 2))
Y = np.sin(2 * X[:, 0]) + X[:, 1] ** 2 + 0.1 * RNG.standard_normal(30)
TWO = np.stack([Y, np.cos(X[:, 0]) + 0.1 * RNG.standard_normal(30)], axis=1)
LEVELS = np.hypot(1.0, X[:, :1]) * [-1, 1] + 0.02 * RNG.standard_normal((30, 2))
SETTINGS = {"n_init": 1, "n_average": 1, "random_state": 0}
MODEL = PMMRegressor(3, 1, **SETTINGS).fit(X, Y)
EMULATOR = PMMEmulator(2, n_init=2, random_state=0).fit(X, LEVELS)


def refitted(model, X, y, rows):
    """Predictions of some rows by models that go on without each of them."""
    found = []
    for i in rows:
        other = copy.deepcopy(model).set_params(warm_start=True, n_init=1)
        rest = np.arange(len(X)) != i
        other.fit(X[rest], y[rest])
        found.append([part[0] for part in other.predict(X[[i]], return_std=True)])
    return map(np.array, zip(*found, strict=True))


def test_a_linear_model_has_the_errors_of_linear_regression():
    """A matrix of one element is a linear function."""
    y = 1.0 + X @ [2.0, -0.5] + 0.3 * RNG.standard_normal(30)
    weight = RNG.randint(1, 4, size=30).astype(float)
    model = PMMEmulator(1, n_init=1, random_state=0).fit(X, y, sample_weight=weight)
    design = np.column_stack([np.ones(30), X])
    root = np.sqrt(weight)[:, np.newaxis]
    hat = root * design @ np.linalg.pinv(root * design)
    expected = (y - model.predict(X)) / (1.0 - np.diag(hat))
    found = loo_predictions(model, X, y, sample_weight=weight)
    assert_allclose(y - found.mean, expected, rtol=2e-2, atol=1e-3)


@pytest.mark.parametrize("y", [Y, TWO], ids=["one output", "two"])
def test_it_is_the_posterior_density_without_the_sample(y):
    """Removed from the precision of the parameters of the linear model."""
    model = PMMRegressor(3, 1, **SETTINGS).fit(X, y)
    found = loo_predictions(model, X, y)
    bars, q = model.model_.error_bars, model.n_outputs_
    scale, roots = bars.target_scale, model.model_.roots(X)[..., :-1]
    noise = (model.noise_ / scale) ** 2
    residuals = np.reshape(y - model.predict(X), (30, q)) / scale
    for i in (0, 7):
        # In the basis where the covariance is one.
        J = roots[i]
        precision = np.eye(J.shape[1]) - J.T @ (J / noise[:, np.newaxis])
        covariance = np.linalg.inv(precision)
        change = -J @ covariance @ J.T @ (residuals[i] / noise)
        variance = np.diag(J @ covariance @ J.T) + noise
        mean = model.predict(X)[i] + np.squeeze(scale * change)
        assert_allclose(found.mean[i], mean, rtol=1e-6)
        assert_allclose(found.std[i], np.squeeze(scale * np.sqrt(variance)), rtol=1e-6)


@pytest.mark.parametrize(
    ("model", "y"), [(MODEL, Y), (EMULATOR, LEVELS)], ids=["regressor", "emulator"]
)
def test_it_is_close_to_refits(model, y):
    rows = np.arange(0, 30, 3)
    mean, std = refitted(model, X, y, rows)
    found = loo_predictions(model, X, y)
    errors = (y[rows] - mean).ravel()
    own = (y - found.mean)[rows].ravel()
    assert np.corrcoef(errors, own)[0, 1] > 0.97
    assert_allclose(np.std(own), np.std(errors), rtol=0.15)
    assert_allclose(np.median(found.std[rows] / std), 1.0, atol=0.15)
    residuals = (y - model.predict(X))[rows]
    assert np.std(residuals) < np.std(own)


def test_the_density_prefers_the_better_model():
    x = np.linspace(-1, 1, 40)[:, np.newaxis]
    y = np.sin(4 * x[:, 0]) + 0.1 * RNG.standard_normal(40)
    models = PMMRegressor(2, 1, **SETTINGS), PMMRegressor(5, 2, **SETTINGS)
    scores = [loo_predictions(m.fit(x, y), x, y).log_density.sum() for m in models]
    assert scores[1] > scores[0] + 10


def test_density_has_known_errors():
    error = np.where(X[:, 0] > 0, 0.3, 0.05)
    y = np.sin(X[:, 0]) + error * RNG.standard_normal(30)
    model = PMMRegressor(3, 1, **SETTINGS).fit(X, y, y_err=error)
    found = loo_predictions(model, X, y, y_err=error)
    variance = found.std**2 + error**2
    expected = -0.5 * np.log(2 * np.pi * variance)
    expected -= 0.5 * (y - found.mean) ** 2 / variance
    assert_allclose(found.log_density, expected)


def test_weights_are_repetitions():
    """All copies of a sample count once in the fit, and are left out together."""
    weight = np.ones(30)
    weight[:5] = 2.0
    rows = np.concatenate([np.arange(30), np.arange(5)])
    weighted = PMMRegressor(3, 1, **SETTINGS).fit(X, Y, sample_weight=weight)
    repeated = PMMRegressor(3, 1, **SETTINGS).fit(X[rows], Y[rows])
    one = loo_predictions(weighted, X, Y, sample_weight=weight)
    other = loo_predictions(repeated, X[rows], Y[rows])
    assert_allclose(one.mean[5:], other.mean[5:30], rtol=1e-3)
    # The twin of a sample stays: less is left out.
    together, apart = np.abs(one.mean - Y)[:5], np.abs(other.mean - Y[rows])[:5]
    assert np.all(together > apart)


def test_a_sample_without_weight_is_predicted_as_it_is():
    weight = np.ones(30)
    weight[3] = 0.0
    model = PMMRegressor(3, 1, **SETTINGS).fit(X, Y, sample_weight=weight)
    found = loo_predictions(model, X, Y, sample_weight=weight)
    mean, std = model.predict(X[[3]], return_std=True)
    assert_allclose([found.mean[3], found.std[3]], [mean[0], std[0]])


def test_gaps_are_left_out():
    y = LEVELS.copy()
    y[3, 1], y[5] = np.nan, np.nan
    emulator = PMMEmulator(2, n_init=2, random_state=0).fit(X, y)
    found = loo_predictions(emulator, X, y)
    assert np.all(np.isfinite([found.mean, found.std]))
    assert_allclose(found.mean[5], emulator.predict(X[[5]])[0])
    assert_allclose(np.isnan(found.log_density), np.isnan(y))
    masked = np.ma.masked_invalid(y)
    assert_allclose(loo_predictions(emulator, X, masked).mean, found.mean)


def test_units_and_order_do_not_matter():
    found = loo_predictions(MODEL, X, Y)
    order = np.argsort(X[:, 0])
    assert_allclose(loo_predictions(MODEL, X[order], Y[order]).mean, found.mean[order])
    other = PMMRegressor(3, 1, **SETTINGS).fit(10 * X + 3, 100 * Y)
    found_other = loo_predictions(other, 10 * X + 3, 100 * Y)
    assert_allclose(found_other.mean, 100 * found.mean, rtol=1e-3)
    assert_allclose(found_other.std, 100 * found.std, rtol=1e-3)


def test_files_keep_what_it_needs(tmp_path):
    EMULATOR.to_npz(tmp_path / "emulator.npz")
    models = (
        pickle.loads(pickle.dumps(EMULATOR)),
        PMMEmulator.from_npz(tmp_path / "emulator.npz"),
    )
    expected = loo_predictions(EMULATOR, X, LEVELS).mean
    for model in models:
        assert_allclose(loo_predictions(model, X, LEVELS).mean, expected)


def test_an_average_and_products_of_evolutions_have_it():
    average = PMMRegressor(3, 1, n_init=2, n_average=2, random_state=0).fit(X, Y)
    assert len(average.members_) == 2
    assert np.std(Y - loo_predictions(average, X, Y).mean) < 0.3
    # An energy that shifts with the square of the time step.
    step = np.linspace(0.3, 0.8, 12)[:, np.newaxis]
    energy = -np.sqrt(2.0) + 0.2 * step[:, 0] ** 2 + 1e-3 * RNG.standard_normal(12)
    unitary = UnitaryPMMEmulator(2, n_factors=2, n_init=2, random_state=0)
    errors = energy - loo_predictions(unitary.fit(step, energy), step, energy).mean
    assert np.std(energy - unitary.predict(step)) < np.std(errors) < 3e-3


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (PMMRegressor(3, 1, alpha=1.0, n_init=1), "alpha='auto'"),
        (
            PMMRegressor(3, 1, loss="huber", n_init=1, max_iter=3),
            "loss='squared_error'",
        ),
        (PMMRegressor(3, 1, early_stopping=True, n_init=1), "early_stopping=False"),
    ],
)
def test_other_fits_are_refused(estimator, message):
    estimator.fit(X, Y)
    with pytest.raises(ValueError, match=message):
        loo_predictions(estimator, X, Y)


def test_data_are_checked():
    with pytest.raises(ValueError, match="must be that of fit, for 30 samples and 1"):
        loo_predictions(MODEL, X, TWO)
    assert np.all(loo_predictions(MODEL, X, Y, y_err=1e200).log_density == -np.inf)
    with pytest.raises(ValueError, match="infinite"):
        loo_predictions(MODEL, X, np.full(30, np.inf))
    with pytest.raises(ValueError, match="has not seen such data as those of row 0"):
        loo_predictions(MODEL, [[50.0, 0.0]], [0.0])
    online = PMMRegressor(3, 1, solver="adam").partial_fit(X, Y)
    with pytest.raises(ValueError, match="call fit"):
        loo_predictions(online, X, Y)
    classes = PMMClassifier(3, 1, n_init=1).fit(X, Y > 0)
    with pytest.raises(TypeError, match="cross_val_predict"):
        loo_predictions(classes, X, Y)
