"""How an emulator chooses among solutions and structures, and what it then tells."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from pmm_sklearn import PMMEmulator
from pmm_sklearn.targets import Level, Observable

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def oscillator(X, n_levels=2):
    """Levels of a harmonic oscillator with linear and quartic terms."""
    ladder = np.sqrt(np.arange(1, 60) / 2)
    x = np.diag(ladder, 1) + np.diag(ladder, -1)
    kinetic = np.diag(np.arange(60) + 0.5)
    H = kinetic + X[:, :1, np.newaxis] * x + X[:, 1:, np.newaxis] * (x @ x @ x @ x)
    return np.linalg.eigvalsh(H)[:, :n_levels]


@pytest.fixture(scope="module")
def data():
    X = np.random.RandomState(0).uniform(0, 0.5, (16, 2))
    return X, oscillator(X)


@pytest.fixture(scope="module")
def few():
    """Few exact values: many solutions go through them."""
    X = np.linspace(-1, 1, 7)[:, np.newaxis]
    return X, -np.cosh(X[:, 0])  # concave, as lowest levels are


class TestSize:
    def test_exact_model_of_least_size(self):
        c = np.linspace(-2, -0.5, 8)[:, np.newaxis]
        emulator = PMMEmulator(n_init=2, random_state=0)
        emulator.fit(c, -0.5 * np.hypot(1, c[:, 0]))
        assert emulator.matrix_size_ == 2
        assert_allclose(emulator.predict([[0.0], [2.0]]), [-0.5, -np.sqrt(1.25)])

    def test_grows_with_the_data(self, data):
        emulator = PMMEmulator(matrix_type="symmetric", n_init=2, random_state=0)
        assert emulator.fit(*data).matrix_size_ > 3
        X = np.random.RandomState(1).uniform(0, 0.5, (50, 2))
        assert np.abs(emulator.predict(X) - oscillator(X)).max() < 0.05

    def test_sectors_are_those_of_the_targets(self):
        X = np.linspace(-1, 1, 6)[:, np.newaxis]
        y = np.hstack([np.hypot(1, X), np.hypot(2, X), X**2])
        targets = [Level(1), Level(0, sector=1), Observable("o", sector=1)]
        emulator = PMMEmulator(targets=targets, n_init=2, max_iter=20, random_state=0)
        sizes = emulator.fit(X, y).matrix_size_
        assert sizes[0] == sizes[1] >= 3

    def test_many_levels_are_of_one_matrix(self):
        X = np.linspace(-1, 1, 4)[:, np.newaxis]
        y = np.sort(np.random.RandomState(0).standard_normal((4, 16)), axis=1)
        emulator = PMMEmulator(n_init=1, max_iter=2, random_state=0)
        assert emulator.fit(X, y).matrix_size_ == 17

    def test_known_matrices_have_a_side(self, few):
        emulator = PMMEmulator(fixed={0: np.diag([1.0, 2.0, 3.0])}, n_init=1)
        assert emulator.set_params(max_iter=5).fit(*few).matrix_size_ == 3

    def test_without_evidence(self, few):
        emulator = PMMEmulator(alpha=1e-9, n_init=1, max_iter=5).fit(*few)
        assert emulator.matrix_size_ == 5
        assert not hasattr(emulator, "log_evidence_")

    def test_warm_start_keeps_it(self, few):
        emulator = PMMEmulator(n_init=2, max_iter=30, random_state=0).fit(*few)
        size = emulator.matrix_size_
        again = emulator.set_params(warm_start=True, max_iter=5).fit(*few)
        assert again.matrix_size_ == size


class TestSolutions:
    def test_exact_data_have_no_penalty(self, few):
        emulator = PMMEmulator(4, n_init=2, random_state=0).fit(*few)
        assert emulator.alpha_ == 0.0
        assert_allclose(emulator.predict(few[0]), few[1], atol=1e-9)
        assert emulator.n_effective_parameters_ == pytest.approx(7, abs=1e-3)

    def test_more_data_have_one_that_follows_the_residuals(self, data):
        emulator = PMMEmulator(3, matrix_type="symmetric", n_init=2, random_state=0)
        emulator.fit(*data)
        assert emulator.alpha_ > 0
        assert emulator.n_effective_parameters_ < 16

    def test_the_mean_of_several_is_no_worse_than_most(self, few):
        X = np.linspace(-1.5, 1.5, 60)[:, np.newaxis]
        singles = [
            PMMEmulator(4, n_init=1, random_state=state).fit(*few).predict(X)
            for state in range(6)
        ]
        errors = [np.abs(y + np.cosh(X[:, 0])).max() for y in singles]
        several = PMMEmulator(4, n_init=6, n_average=6, random_state=0).fit(*few)
        error = np.abs(several.predict(X) + np.cosh(X[:, 0])).max()
        assert error < np.median(errors)
        assert several.member_weights_.sum() == pytest.approx(1)
        assert np.argmax(several.member_weights_) == 0
        one = PMMEmulator(4, n_init=6, random_state=0).fit(*few)
        assert_array_equal(one.matrices_, several.matrices_)
        assert one.member_starts_[0] == several.member_starts_[0]

    def test_starts_are_numbered(self, data):
        emulator = PMMEmulator(
            3, matrix_type="symmetric", n_init=5, n_average=5, random_state=0
        ).fit(*data)
        assert sorted(emulator.member_starts_) == list(range(5))
        assert len(emulator.start_losses_) == 5

    def test_error_bars_cover(self, data):
        emulator = PMMEmulator(matrix_type="symmetric", n_init=3, random_state=0)
        emulator.fit(*data)
        X = np.random.RandomState(2).uniform(0, 0.5, (200, 2))
        y, std = emulator.predict(X, return_std=True)
        assert np.mean(np.abs(y - oscillator(X)) < 1.96 * std) > 0.8

    def test_jobs_do_not_matter(self, data):
        fits = [
            PMMEmulator(3, n_init=3, n_jobs=n_jobs, max_iter=30, random_state=0).fit(
                *data
            )
            for n_jobs in (1, 2)
        ]
        assert_array_equal(fits[0].matrices_, fits[1].matrices_)
        assert_array_equal(fits[0].start_losses_, fits[1].start_losses_)


class TestTold:
    def test_units_change_the_evidence_by_their_size(self, data):
        X, y = data
        settings = {"matrix_size": 4, "n_init": 1, "random_state": 0}
        plain = PMMEmulator(**settings).fit(X, y)
        scaled = PMMEmulator(**settings).fit(10 * X, 100 * y)
        difference = plain.log_evidence_ - scaled.log_evidence_
        assert difference == pytest.approx(y.size * np.log(100), rel=1e-3)
        assert_allclose(scaled.length_scales_, 10 * plain.length_scales_, rtol=1e-2)

    def test_feature_without_influence(self):
        X = np.random.RandomState(0).uniform(-1, 1, (40, 2))
        emulator = PMMEmulator(2, n_init=2, random_state=0)
        emulator.fit(X, -np.hypot(1, X[:, 0]))
        assert emulator.length_scales_[1] > 100 * emulator.length_scales_[0]
        X[:, 1] = 3.0
        assert emulator.fit(X, -np.hypot(1, X[:, 0])).length_scales_[1] == np.inf

    def test_known_errors(self, data):
        X, y = data
        noise = 0.01 * np.random.RandomState(0).standard_normal(y.shape)
        emulator = PMMEmulator(3, matrix_type="symmetric", n_init=2, random_state=0)
        emulator.fit(X, y + noise, y_err=0.01)
        assert np.abs(emulator.predict(X) - y).max() < 0.05
        assert emulator.n_effective_parameters_ < 16
        doubtful = emulator.log_evidence_
        emulator.fit(X, y + noise, y_err=0.001)
        assert emulator.log_evidence_ == pytest.approx(doubtful, abs=5)
        assert np.abs(emulator.predict(X) - y).max() < 0.05

    def test_errors_that_are_too_small_do_not_ask_for_a_larger_matrix(self):
        """A model of side 2 is all that noise of 5 % lets the data tell."""
        rng = np.random.RandomState(0)
        X = rng.uniform(-1, 1, (60, 2))
        y = -np.hypot(1, X[:, 0] + 0.5 * X[:, 1]) + 0.05 * rng.standard_normal(60)
        emulator = PMMEmulator(matrix_type="symmetric", n_init=2, random_state=0)
        assert emulator.fit(X, y, y_err=0.005).matrix_size_ == 2


@pytest.fixture(scope="module")
def separable():
    """Three levels with twelve couplings to a state each."""
    rng = np.random.RandomState(0)
    vectors = rng.standard_normal((12, 6)) / np.sqrt(6)
    couplings = vectors[:, :, np.newaxis] * vectors[:, np.newaxis]
    H = np.diag(np.arange(6.0))

    def levels(X):
        return np.linalg.eigvalsh(H + np.tensordot(X, couplings, 1))[:, :3]

    X, X_test = (rng.uniform(-1, 1, (n, 12)) for n in (40, 200))
    return X, levels(X), X_test, levels(X_test)


@pytest.fixture(scope="module")
def of_rank_one(separable):
    emulator = PMMEmulator(matrix_type="symmetric", rank=1, random_state=0)
    return emulator.fit(*separable[:2])


class TestRank:
    def test_couplings_are_of_that_rank(self, of_rank_one):
        assert of_rank_one.matrix_size_ == 4
        levels = np.linalg.eigvalsh(of_rank_one.matrices_[1:])
        # All but one level are the shift.
        assert_allclose(levels[:, 0], levels[:, -2], atol=1e-9 * np.abs(levels).max())
        assert of_rank_one.n_parameters_ == 10 + 12 * 5

    def test_better_than_full_matrices(self, separable, of_rank_one):
        X, y, X_test, y_test = separable
        full = PMMEmulator(4, matrix_type="symmetric", n_init=4, random_state=0)
        full.fit(X, y)
        errors = [
            np.sqrt(np.mean((model.predict(X_test) - y_test) ** 2))
            for model in (of_rank_one, full)
        ]
        assert errors[0] < 0.9 * errors[1]
        assert of_rank_one.log_evidence_ > full.log_evidence_

    def test_error_bars_and_derivatives(self, separable, of_rank_one):
        X_test, y_test = separable[2:]
        mean, std = of_rank_one.predict(X_test, return_std=True)
        assert np.mean(np.abs(mean - y_test) < 2 * std) > 0.8
        step = 1e-6 * np.ones(12)
        change = of_rank_one.predict(X_test + step) - of_rank_one.predict(X_test - step)
        slope = of_rank_one.predict_gradient(X_test).sum(axis=2)
        assert_allclose(slope, change / 2e-6, atol=1e-6)

    def test_goes_on_and_comes_back_from_a_file(self, separable, of_rank_one):
        X, y, X_test, _ = separable
        again = pickle.loads(pickle.dumps(of_rank_one))
        mean, std = of_rank_one.predict(X_test, return_std=True)
        assert_array_equal(again.predict(X_test, return_std=True)[1], std)
        again.set_params(warm_start=True, n_init=1, max_iter=2).fit(X, y)
        assert_allclose(again.predict(X_test), mean, atol=0.02)

    def test_terms_of_higher_degree(self):
        X = np.linspace(-1, 1, 12)[:, np.newaxis]
        emulator = PMMEmulator(3, rank=1, degree=2, n_init=2, random_state=0)
        emulator.fit(X, -np.hypot(1, X[:, 0]))
        levels = np.linalg.eigvalsh(emulator.matrices_[1:])
        assert_allclose(levels[:, 0], levels[:, 1], atol=1e-9 * np.abs(levels).max())


def test_too_many_data_to_compare_sizes(monkeypatch):
    X = np.linspace(-1, 1, 12)[:, np.newaxis]
    monkeypatch.setattr("pmm_sklearn._emulator_problems._LARGEST_JACOBIAN", 100)
    emulator = PMMEmulator(n_init=1, random_state=0).fit(X, -np.hypot(1, X[:, 0]))
    assert emulator.matrix_size_ == 2  # of 8 numbers, 3 has 18
    monkeypatch.setattr("pmm_sklearn._emulator_problems._LARGEST_JACOBIAN", 10)
    emulator.fit(X, -np.hypot(1, X[:, 0]))
    assert emulator.matrix_size_ == 5
