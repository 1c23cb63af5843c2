"""Losses of the regressor: what they find, and what does not go with them."""

import pickle
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import r2_score

from pmm_sklearn import PMMRegressor, PointwiseLoss

LOSSES = [
    {"loss": "huber"},
    {"loss": "absolute_error"},
    {"loss": "quantile", "quantile": 0.8},
    {"loss": "poisson"},
    {"loss": "gamma"},
]
LOG_LINK = {"loss": "poisson"}, {"loss": "gamma"}
EACH = pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss["loss"])
X = np.random.RandomState(0).uniform(-1, 1, (80, 1))
TRUTH = np.sin(2 * X[:, 0])
COSH = PointwiseLoss(
    lambda y, f: np.logaddexp(5 * (f - y), 5 * (y - f)),
    lambda y, f: 5 * np.tanh(5 * (f - y)),
    lambda y, f: 25 / np.cosh(np.clip(5 * (f - y), -300, 300)) ** 2,
)


def small(**parameters):
    defaults = {"matrix_size": 3, "n_init": 1, "random_state": 0}
    return PMMRegressor(**{**defaults, **parameters})


def targets(loss):
    rng = np.random.RandomState(1)
    if loss["loss"] == "poisson":
        return rng.poisson(5 * np.exp(TRUTH)).astype(float)
    if loss["loss"] == "gamma":
        return 5 * np.exp(TRUTH) * rng.gamma(20.0, 0.05, 80)
    return TRUTH + 0.1 * rng.standard_normal(80)


def expected(loss):
    """What the model should find, and how far from it may be."""
    if loss in LOG_LINK:
        return 5 * np.exp(TRUTH), 1.5
    return TRUTH + 0.0842 * (loss["loss"] == "quantile"), 0.08


@pytest.mark.parametrize("settings", [{}, {"alpha": 0.01, "matrix_size": 4}], ids=str)
@EACH
def test_finds_the_function(loss, settings):
    model = small(**loss, **settings).fit(X, targets(loss))
    truth, error = expected(loss)
    assert np.sqrt(np.mean((model.predict(X) - truth) ** 2)) < error
    y = targets(loss)
    assert model.score(X, y) == r2_score(y, model.predict(X))


@pytest.mark.parametrize(
    "loss", ["huber", "absolute_error", COSH], ids=["huber", "absolute_error", "own"]
)
def test_outliers_change_little(loss):
    y = targets({"loss": "huber"})
    moved = y.copy()
    moved[::5] += np.where(np.arange(16) % 2, 30.0, -30.0)
    model = small(loss=loss).fit(X, moved)
    assert np.sqrt(np.mean((model.predict(X) - TRUTH) ** 2)) < 0.12


def test_noise_and_error_bars_of_huber_are_those_of_the_normal_part():
    y = targets({"loss": "huber"})
    y[::8] += 20.0
    model = small(loss="huber").fit(X, y)
    assert model.noise_[0] == pytest.approx(0.1, rel=0.3)
    mean, std = model.predict(X, return_std=True)
    inside = np.abs(y - mean) < 2 * std
    assert 0.78 < np.mean(inside) < 0.9  # one in eight is an outlier
    assert model.sample_y(X, 2).shape == (80, 2)


def test_share_below_a_quantile():
    rng = np.random.RandomState(2)
    x = rng.uniform(-1, 1, (400, 1))
    y = x[:, 0] + 0.3 * rng.standard_normal(400)
    model = small(loss="quantile", quantile=0.9).fit(x, y)
    assert np.mean(y <= model.predict(x)) == pytest.approx(0.9, abs=0.03)


@EACH
def test_weights_are_repetitions(loss):
    y, weight = targets(loss), np.arange(80) % 3
    model = small(**loss, max_iter=8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        weighted = clone(model).fit(X, y, weight).predict(X)
        repeated = model.fit(np.repeat(X, weight, 0), np.repeat(y, weight)).predict(X)
    assert_allclose(weighted, repeated, rtol=1e-6)


@pytest.mark.parametrize("loss", LOG_LINK, ids=lambda loss: loss["loss"])
def test_logarithms_are_nowhere_seen(loss):
    y = targets(loss)
    model = small(**loss, n_init=2, n_average=2).fit(X, y)
    at, step = X[:3], 1e-6
    difference = model.predict(at + step) - model.predict(at - step)
    gradient = model.predict_gradient(at)[:, 0]
    assert_allclose(gradient, difference / (2 * step), rtol=1e-5)
    value, slope = model.as_function(gradient=True)(at)
    assert_allclose(value, model.predict(at))
    assert_allclose(slope[:, 0], gradient)
    again = pickle.loads(pickle.dumps(model))
    assert_allclose(again.predict(at), model.predict(at), rtol=1e-12)
    # Units of the features do not matter, and those of the targets of gamma.
    scaled = small(**loss, n_init=2, n_average=2).fit(1e3 * X + 5, y)
    assert_allclose(scaled.predict(1e3 * at + 5), model.predict(at), rtol=1e-3)


@EACH
def test_several_targets(loss):
    y = targets(loss)
    both = np.column_stack([y, y[::-1]])
    model = small(**loss, matrix_size=4).fit(X, both)
    assert model.predict(X).shape == (80, 2)
    assert model.predict_gradient(X).shape == (80, 2, 1)


@pytest.mark.parametrize("loss", LOSSES[2:], ids=lambda loss: loss["loss"])
def test_no_error_bars(loss):
    model = small(**loss).fit(X, targets(loss))
    calls = [
        lambda: model.predict(X, return_std=True),
        lambda: model.predict(X, return_cov=True),
        lambda: model.sample_y(X),
        lambda: model.as_function(return_std=True),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=f"loss='{loss['loss']}'.*(take|fit)"):
            call()


def test_no_error_bars_with_a_penalty():
    model = small(loss="huber", alpha=0.1).fit(X, TRUTH)
    with pytest.raises(ValueError, match='alpha="auto"'):
        model.predict(X, return_std=True)


@pytest.mark.parametrize(
    ("parameters", "y", "options", "words"),
    [
        ({"loss": "log_cosh"}, TRUTH, {}, ["loss", "'log_cosh'", "'huber'"]),
        ({"loss": "quantile"}, TRUTH, {}, ["quantile=None", "quantile=0.9"]),
        ({"loss": "quantile", "quantile": 1.0}, TRUTH, {}, ["quantile", "1.0"]),
        ({"quantile": 0.5}, TRUTH, {}, ["quantile=0.5", "'squared_error'"]),
        ({"loss": "huber"}, TRUTH, {"y_err": 0.1}, ["y_err", "'huber'"]),
        ({"loss": "huber", "extra_noise": True}, TRUTH, {}, ["extra_noise", "'huber'"]),
        ({"loss": "poisson"}, TRUTH, {}, ["requires non-negative y and sum(y) > 0"]),
        ({"loss": "poisson"}, 0 * TRUTH, {}, ["requires non-negative y and sum(y)"]),
        ({"loss": "gamma"}, np.abs(TRUTH) * 0, {}, ["requires strictly positive y"]),
    ],
    ids=str,
)
def test_what_does_not_go_together(parameters, y, options, words):
    with pytest.raises(ValueError, match="quantile|requires|goes with|loss") as caught:
        small(**parameters).fit(X, y, **options)
    for word in words:
        assert word in str(caught.value)


def test_loss_of_another_type():
    with pytest.raises(TypeError, match="PointwiseLoss, got 3"):
        small(loss=3).fit(X, TRUTH)


def test_own_loss_that_is_wrong():
    wrong = PointwiseLoss(COSH.value, lambda y, f: f - y, COSH.curvature)
    with pytest.raises(ValueError, match="slope of PointwiseLoss is not"):
        small(loss=wrong).fit(X, TRUTH)


def test_batches_are_of_squares():
    assert hasattr(small(), "partial_fit")
    assert not hasattr(small(loss="huber"), "partial_fit")


@pytest.mark.parametrize("solver", ["lbfgs", "adam", "newton-cg"])
def test_other_solvers(solver):
    model = small(loss="huber", solver=solver, alpha=0.01, batch_size=20)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        assert model.fit(X, TRUTH).score(X, TRUTH) > 0.9


def test_transition_has_a_penalty():
    model = small(loss="huber", readout="transition", matrix_size=4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, TRUTH)
    assert model.score(X, TRUTH) > 0.9
    assert not hasattr(model, "log_evidence_")


def test_portable_files_keep_the_link(tmp_path):
    y = targets({"loss": "poisson"})
    model = small(loss="poisson").fit(X, y)
    model.to_npz(tmp_path / "counts.npz")
    again = PMMRegressor.from_npz(tmp_path / "counts.npz")
    assert_allclose(again.predict(X), model.predict(X), rtol=0)
    with pytest.raises(ValueError, match="poisson"):
        again.predict(X, return_std=True)
