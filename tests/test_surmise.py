"""The method for surmise: its functions, and surmise itself where it is installed."""

import importlib.util
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pmm_sklearn import PMMEmulator, PMMRegressor
from pmm_sklearn.targets import Level

FILE = Path(__file__).parents[1] / "doc" / "surmise" / "PMM.py"
if not FILE.exists():
    pytest.skip("the documentation is not at hand", allow_module_level=True)

THETA = np.random.RandomState(0).uniform(-1, 1, size=(20, 2))
PLACES = np.array([[0.0], [1.0]])
LEVELS = np.sqrt(0.2 + THETA[:, 0] ** 2 + (THETA[:, 1] - 0.3) ** 2) * [[-1], [1]]
NOISY = LEVELS + 1e-3 * np.random.RandomState(1).standard_normal(LEVELS.shape)
EMULATOR = PMMEmulator(2, targets=[Level(0), Level(1)], n_init=4, random_state=0)


@pytest.fixture(scope="module")
def method():
    spec = importlib.util.spec_from_file_location("PMM", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def fitted(method):
    info = {}
    method.fit(info, PLACES, THETA, NOISY, estimator=EMULATOR)
    return info


def test_means_and_deviations_are_those_of_the_emulator(method, fitted):
    prediction = {}
    method.predict(prediction, fitted, PLACES, THETA[:5])
    mean, std = fitted["estimator"].predict(THETA[:5], return_std=True)
    assert_allclose(prediction["mean"], mean.T)
    assert_allclose(np.sqrt(prediction["var"]), std.T, rtol=1e-8)
    half = prediction["covxhalf"]
    assert half.shape == (2, 5, 2)
    assert_allclose(np.sum(half**2, axis=2), prediction["var"])


def test_levels_are_correlated_as_in_draws(method, fitted):
    prediction = {}
    method.predict(prediction, fitted, PLACES, THETA[:1])
    (half,) = prediction["covxhalf"].swapaxes(0, 1)
    draws = fitted["estimator"].sample_y(THETA[:1], 20_000)[0]
    expected = np.cov(draws)
    assert_allclose(half @ half.T, expected, atol=0.05 * np.max(expected))


def test_some_of_the_places(method, fitted):
    all_of_them, second = {}, {}
    method.predict(all_of_them, fitted, PLACES, THETA[:3])
    method.predict(second, fitted, PLACES[1:], THETA[:3])
    assert_allclose(second["mean"], all_of_them["mean"][1:])
    assert_allclose(second["var"], all_of_them["var"][1:])
    with pytest.raises(ValueError, match="rows that were not fitted, such as"):
        method.predict({}, fitted, [[0.5]], THETA[:3])


def test_a_regressor_is_the_default(method, monkeypatch):
    small = partial(PMMRegressor, 3, 2, n_init=1)
    monkeypatch.setattr(method, "PMMRegressor", small)
    info, prediction = {}, {}
    method.fit(info, PLACES[:1], THETA, THETA[:, :1].T ** 2)
    assert isinstance(info["estimator"], PMMRegressor)
    method.predict(prediction, info, PLACES[:1], THETA[:3])
    assert_allclose(prediction["mean"][0], THETA[:3, 0] ** 2, atol=0.02)
    assert prediction["var"].shape == (1, 3)


def test_in_surmise_itself(method, monkeypatch):
    emulation = pytest.importorskip("surmise.emulation")
    monkeypatch.setitem(sys.modules, "surmise.emulationmethods.PMM", method)
    arguments = {"estimator": EMULATOR}
    emulator = emulation.emulator(PLACES, THETA, NOISY, method="PMM", args=arguments)
    prediction = emulator.predict(PLACES, THETA)
    assert_allclose(prediction.mean(), LEVELS, atol=5e-3)
    covariances = prediction.covx()
    assert_allclose(np.einsum("skk->ks", covariances), prediction.var(), rtol=1e-8)
