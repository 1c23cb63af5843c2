"""Models against the means of their targets: what a warm start is worth, and a fit."""

import re
import warnings

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from pmm_sklearn import PMMClassifier, PMMEmulator, PMMRegressor
from pmm_sklearn.targets import Level, Strength


def plane(n_samples, seed):
    X = np.random.RandomState(seed).uniform(-1, 1, (n_samples, 2))
    return X, np.tanh(3 * X[:, 0]) * X[:, 1]


def quadrants(n_samples, seed):
    X, y = plane(n_samples, seed)
    return X, (y > 0).astype(int)


class TestWarmStart:
    @pytest.fixture(scope="class")
    @classmethod
    def few(cls):
        return PMMClassifier(warm_start=True, n_init=2, random_state=0).fit(
            *quadrants(12, 0)
        )

    def test_a_model_of_few_data_is_no_start_for_many(self, few):
        X, y = quadrants(200, 1)
        assert few.score(X, y) < 0.7
        warm = few.fit(X, y)
        cold = PMMClassifier(n_init=2, random_state=0).fit(X, y)
        assert_array_equal(warm.matrices_, cold.matrices_)

    @pytest.mark.parametrize("shift", [-1e4, 1e6])
    def test_levels_that_have_moved(self, shift):
        x = np.linspace(-1, 1, 12)[:, np.newaxis]
        levels = -np.hypot(1, x[:, 0])
        emulator = PMMEmulator(2, warm_start=True, n_init=2, random_state=0)
        emulator.fit(x, levels).fit(x, levels + shift)
        assert emulator.score(x, levels + shift) > 0.999

    def test_features_that_have_moved(self):
        X, y = quadrants(100, 1)
        model = PMMClassifier(3, warm_start=True, n_init=2, random_state=0).fit(X, y)
        assert model.fit(X + 1000, y).score(X + 1000, y) > 0.95

    def test_more_of_the_same_data_go_on(self):
        settings = {"warm_start": True, "n_init": 1, "max_iter": 3, "random_state": 0}
        model = PMMRegressor(3, **settings)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for n_samples in (40, 60, 80, 100, 120, 140):
                model.fit(*plane(n_samples, 0))
        assert model.score(*plane(200, 1)) > 0.9

    def test_weights_of_classes_are_no_loss(self):
        rng = np.random.RandomState(0)
        X = rng.standard_normal((300, 2))
        y = X[:, 0] + 0.5 * rng.standard_normal(300) > 1.7
        settings = {"n_init": 1, "random_state": 0, "class_weight": "balanced"}
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model = PMMClassifier(3, warm_start=True, **settings).fit(X, y)
        evidence = model.log_evidence_
        # That of the same minimum, not of another search.
        assert model.fit(X, y).log_evidence_ == pytest.approx(evidence, abs=0.1)


class TestNoBetter:
    @pytest.mark.parametrize("estimator", [PMMRegressor, PMMClassifier])
    def test_noise_is_warned_of(self, estimator):
        rng = np.random.RandomState(0)
        X, y = rng.standard_normal((60, 2)), rng.randint(0, 2, 60)
        told = "no better than the (mean|frequencies).*n_init=1"
        with pytest.warns(UserWarning, match=told):
            estimator(3, n_init=1, random_state=0).fit(X, y)

    def test_constants_are_explained(self):
        X = np.linspace(-1, 1, 10)[:, np.newaxis]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            PMMRegressor(3, n_init=1, random_state=0).fit(X, np.ones(10))

    def columns_told(self, model, x, y, **given):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model.fit(x, y, **given)
        texts = [str(warning.message) for warning in caught]
        return [re.search("mean of y(.*) on its own data", text)[1] for text in texts]

    @pytest.mark.parametrize("unit", [1e-3, 1e3])
    def test_each_output_is_judged(self, unit):
        rng = np.random.RandomState(1)
        x = np.linspace(-1, 1, 60)[:, np.newaxis]
        noise = unit * rng.standard_normal(60)
        y = np.column_stack([np.sin(3 * x[:, 0]), noise, np.full(60, 0.1)])
        model = PMMRegressor(3, 1, n_init=1, random_state=0)
        assert self.columns_told(model, x, y[:, [0, 2]]) == []
        assert self.columns_told(model, x, y) == [" in column 1"]
        assert self.columns_told(model, x, y[:, [1, 0, 1]]) == [" in columns 0, 2"]
        assert self.columns_told(model, x, y[:, 1]) == [""]

    def test_columns_without_weight_do_not_count(self):
        x = np.linspace(-1, 1, 40)[:, np.newaxis]
        y = np.column_stack([np.sin(3 * x[:, 0]), np.cos(40 * x[:, 0])]) - [0, 3]
        model = PMMEmulator(3, n_init=1, random_state=0)
        model.set_params(targets=[Level(0), Level(1)])
        assert self.columns_told(model, x, y[:, [1, 0]], target_weight=[0, 1]) == []

    def test_a_curve_is_judged_as_a_whole(self):
        rng = np.random.RandomState(0)
        x = np.linspace(-1, 1, 40)[:, np.newaxis]
        energies = np.linspace(0, 30, 10)
        curves = 1 / (1 + (energies - 2 - x) ** 2) / np.pi
        y = np.column_stack(
            [2 + x, curves + 1e-3 * rng.standard_normal((40, 10)), 5 - x]
        )
        curve = Strength("d", energies, width=1.0)
        model = PMMEmulator(2, targets=[Level(0), curve, Level(1)], n_init=1)
        model.set_params(random_state=0)
        assert self.columns_told(model, x, y) == []
