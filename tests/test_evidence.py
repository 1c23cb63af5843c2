"""PMMRegressor by its evidence, the default."""

import pickle
import re
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import make_friedman2
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, train_test_split

from pmm_sklearn import PMMRegressor
from pmm_sklearn.model import EvidenceObjective

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def regressor(**parameters):
    defaults = {"matrix_size": 4, "n_eigenvectors": 2, "n_init": 2, "random_state": 0}
    return PMMRegressor(**{**defaults, **parameters})


@pytest.fixture
def noisy():
    """Two features and one that is irrelevant."""
    rng = np.random.RandomState(0)
    X = rng.uniform(-1, 1, size=(150, 3))
    y = np.sin(2 * X[:, 0]) + X[:, 1] ** 2
    return X, y + 0.1 * rng.standard_normal(150)


def test_noise_and_length_scales_are_found(noisy):
    X, y = noisy
    model = regressor().fit(X, y)
    assert model.noise_ == pytest.approx(0.1, rel=0.2)
    assert model.length_scales_[2] > 3 * max(model.length_scales_[:2])
    assert 10 < model.n_effective_parameters_ < 80
    truth = np.sin(2 * X[:, 0]) + X[:, 1] ** 2
    assert np.sqrt(np.mean((model.predict(X) - truth) ** 2)) < 0.06


def test_error_bars_cover(noisy):
    X, y = noisy
    rng = np.random.RandomState(1)
    X_new = rng.uniform(-1, 1, size=(500, 3))
    y_new = np.sin(2 * X_new[:, 0]) + X_new[:, 1] ** 2
    y_new = y_new + 0.1 * rng.standard_normal(500)
    mean, std = regressor().fit(X, y).predict(X_new, return_std=True)
    assert 0.91 < np.mean(np.abs(y_new - mean) < 1.96 * std) < 0.98


def test_better_than_the_search_on_a_noisy_table():
    """Of the search over alphas the error is 66, of a Gaussian process 47.5."""
    X, y = make_friedman2(300, noise=50, random_state=0)
    X, X_test, y, y_test = train_test_split(X, y, test_size=1 / 3, random_state=0)
    model = regressor(matrix_size=3, n_eigenvectors=1).fit(X, y)
    assert np.sqrt(np.mean((model.predict(X_test) - y_test) ** 2)) < 54


def test_units_do_not_matter(noisy):
    X, y = noisy
    model = regressor(max_iter=12).fit(X, y)
    scales, shifts = np.array([1e3, 1e-6, 7.0]), np.array([5.0, 0.0, -1e3])
    other = regressor(max_iter=12).fit(X * scales + shifts, 1e4 * y - 3)
    predicted = other.predict(X * scales + shifts)
    assert_allclose(predicted, 1e4 * model.predict(X) - 3, rtol=1e-5, atol=1e-2)
    assert_allclose(other.noise_, 1e4 * model.noise_, rtol=1e-5)
    assert_allclose(other.length_scales_, scales * model.length_scales_, rtol=1e-5)
    density = len(y) * np.log(1e4)
    assert_allclose(other.log_evidence_, model.log_evidence_ - density, rtol=1e-6)


def test_weights_are_repetitions(noisy):
    X, y = noisy
    weight = 1 + np.arange(len(X)) % 2
    rows = np.repeat(np.arange(len(X)), weight)
    weighted = regressor(max_iter=12).fit(X, y, sample_weight=weight)
    repeated = regressor(max_iter=12).fit(X[rows], y[rows])
    assert_allclose(weighted.predict(X), repeated.predict(X), atol=1e-6)
    assert_allclose(weighted.log_evidence_, repeated.log_evidence_, rtol=1e-6)


def test_a_constant_column_changes_nothing_that_matters(noisy):
    X, y = noisy
    X = np.column_stack([X, np.full(len(X), 3.0)])
    model = regressor().fit(X, y)
    assert model.noise_ == pytest.approx(0.1, rel=0.2)
    elsewhere = X + np.array([0, 0, 0, 1.0])
    assert np.all(np.isfinite(model.predict(elsewhere)))


def test_constant_targets():
    X = np.linspace(-1, 1, 20)[:, np.newaxis]
    model = regressor().fit(X, np.full(20, 5.0))
    assert_allclose(model.predict(X), 5.0, atol=1e-6)


def test_several_outputs_have_their_own_noise():
    rng = np.random.RandomState(0)
    X = rng.uniform(-1, 1, size=(150, 2))
    y = np.stack([np.sin(2 * X[:, 0]), X[:, 1] ** 2], axis=1)
    y = y + [0.02, 0.3] * rng.standard_normal((150, 2))
    model = regressor().fit(X, y)
    assert_allclose(model.noise_, [0.02, 0.3], rtol=0.3)
    mean, std = model.predict(X, return_std=True)
    assert mean.shape == std.shape == (150, 2)
    assert std[:, 0].mean() < 0.3 * std[:, 1].mean()


def test_the_best_start_has_the_largest_evidence(noisy):
    model = regressor(n_init=3, n_average=3, max_iter=15).fit(*noisy)
    best = -model.loss_
    assert_allclose(best, max(-model.start_losses_))
    assert np.argmax(model.member_weights_) == 0


def test_other_fits_forget_it(noisy):
    X, y = noisy
    model = regressor(max_iter=5).fit(X, y)
    model.set_params(alpha=0.1).fit(X, y)
    for name in ("log_evidence_", "noise_", "length_scales_"):
        assert not hasattr(model, name)


def test_warm_start_goes_on(noisy):
    """Every fit begins where the last ended, its noise and length scales included."""
    X, y = noisy
    model = regressor(max_iter=10, n_init=1, warm_start=True).fit(X, y)
    for _ in range(3):
        before = model.log_evidence_
        assert model.fit(X, y).log_evidence_ > before - 1e-6


def test_warm_start_from_another_criterion(noisy):
    model = PMMRegressor(3, 1, alpha=0.1, max_iter=5, warm_start=True).fit(*noisy)
    model.set_params(alpha="auto", max_iter=30).fit(*noisy)
    assert model.noise_ == pytest.approx(0.1, rel=0.3)
    model.set_params(alpha=0.1).fit(*noisy)
    assert model.alpha_ == 0.1


def test_weights_that_are_no_numbers_of_observations(noisy):
    X, y = noisy
    with pytest.warns(UserWarning, match="alpha='auto' a weight of 1"):
        regressor(max_iter=3).fit(X, y, sample_weight=np.full(150, 1e-3))


def test_constant_feature(noisy):
    X, y = noisy
    X = np.column_stack([X, np.ones(150)])
    lengths = regressor(max_iter=10).fit(X, y).length_scales_
    assert np.isinf(lengths[3])
    assert np.isfinite(lengths[:3]).all()


def test_files_clones_and_searches(noisy):
    X, y = noisy
    model = regressor(max_iter=10).fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    for option in ("return_std", "return_cov"):
        pairs = zip(
            again.predict(X[:5], **{option: True}),
            model.predict(X[:5], **{option: True}),
            strict=True,
        )
        for new, old in pairs:
            assert_array_equal(new, old)
    search = GridSearchCV(clone(model), {"matrix_size": [2, 3]}, cv=2).fit(X, y)
    assert search.best_score_ > 0.5


@pytest.mark.parametrize("n_jobs", [2, None])
def test_jobs_do_not_matter(noisy, n_jobs):
    X, y = noisy
    expected = regressor(max_iter=10, n_init=3).fit(X, y)
    model = regressor(max_iter=10, n_init=3, n_jobs=n_jobs).fit(X, y)
    assert_array_equal(model.matrices_, expected.matrices_)


@pytest.mark.parametrize(
    "parameters",
    [
        {"solver": "adam"},
        {"solver": "lbfgs"},
        {"early_stopping": True},
    ],
    ids=str,
)
def test_where_there_is_none(noisy, parameters):
    """The penalty follows the residuals."""
    model = regressor(max_iter=5, **parameters).fit(*noisy)
    assert not hasattr(model, "log_evidence_")
    assert 0 < model.alpha_ < 1
    (name,) = parameters
    with pytest.raises(ValueError, match=f"y_err goes with {name}="):
        model.fit(*noisy, y_err=0.1)


@pytest.mark.parametrize(
    "parameters",
    [
        {"readout": "density"},
        {"readout": "transition"},
        {"rank": (2, None)},
        {"rank": (None, 2)},
        {"readout": "density", "rank": (2, None)},
    ],
    ids=str,
)
def test_any_readout_and_rank(noisy, parameters):
    X, y = noisy
    model = regressor(**parameters).fit(X, y)
    assert model.noise_ == pytest.approx(0.1, rel=0.3)
    assert np.all(np.isfinite(model.length_scales_))
    mean, std = model.predict(X, return_std=True)
    assert np.mean(np.abs(y - mean) < 1.96 * std) > 0.91
    known = regressor(**parameters).fit(X, y, y_err=0.1)
    truth = np.sin(2 * X[:, 0]) + X[:, 1] ** 2
    assert np.sqrt(np.mean((known.predict(X) - truth) ** 2)) < 0.08


class TestSize:
    def test_noisy_tables_need_small_matrices(self, noisy):
        X, y = noisy
        y = y + np.random.RandomState(1).standard_normal(len(y))
        model = PMMRegressor(n_init=2, random_state=0).fit(X, y)
        assert (model.matrix_size_, model.n_eigenvectors_) == (3, 1)

    def test_exact_functions_need_large_ones(self):
        X = np.random.RandomState(0).uniform(-1, 1, (100, 2))
        y = np.sin(4 * X[:, 0]) * np.cos(3 * X[:, 1])
        models = [
            PMMRegressor(size, n_init=1, max_iter=60, random_state=0).fit(X, y)
            for size in ("auto", 3)
        ]
        assert models[0].matrix_size_ > 3
        assert models[0].log_evidence_ > models[1].log_evidence_

    @pytest.mark.parametrize(("size", "number"), [(2, 1), (3, 1), (6, 2), ((3, 2), 2)])
    def test_number_of_eigenvectors(self, noisy, size, number):
        model = PMMRegressor(size, n_init=1, max_iter=2, random_state=0).fit(*noisy)
        assert model.n_eigenvectors_ == number
        assert model.matrix_size_ == size

    def test_warm_start_keeps_it(self, noisy):
        model = PMMRegressor(n_init=1, max_iter=3, warm_start=True).fit(*noisy)
        size = model.matrix_size_
        assert model.fit(*noisy).matrix_size_ == size

    def test_interrupted_before_there_is_a_model(self, noisy, monkeypatch):
        """What was fitted before is kept, and the interruption is not swallowed."""
        model = PMMRegressor(3, n_init=1, max_iter=3, random_state=0).fit(*noisy)
        before = model.predict(noisy[0])

        def interrupted(self, theta):
            raise KeyboardInterrupt

        monkeypatch.setattr(EvidenceObjective, "value", interrupted)
        with pytest.raises(KeyboardInterrupt):
            model.set_params(matrix_size="auto").fit(*noisy)
        assert_array_equal(model.predict(noisy[0]), before)

    @pytest.mark.parametrize("name", ["matrix_size", "n_eigenvectors"])
    def test_other_words(self, noisy, name):
        with pytest.raises((TypeError, ValueError), match=f"{name} must be .*'auto'"):
            PMMRegressor(**{name: "large"}).fit(*noisy)

    def test_what_would_take_too_long(self, noisy, monkeypatch):
        monkeypatch.setattr("pmm_sklearn._regression_problems._LONGEST", (1e-9, 1e9))
        model = PMMRegressor(n_init=1, max_iter=3).fit(*noisy)
        assert not hasattr(model, "log_evidence_")
        assert model.matrix_size_ == 7
        with pytest.raises(AttributeError, match="give a small matrix_size, such as 5"):
            _ = model.noise_


def test_more_features_than_samples():
    """Its few targets decide which of many features matter."""
    rng = np.random.RandomState(0)
    X = rng.standard_normal((240, 100))
    y = np.tanh(X[:, 0]) + 0.5 * X[:, 1] + 0.1 * rng.standard_normal(240)
    model = PMMRegressor(n_init=1, n_average=1, max_iter=60, random_state=0)
    assert model.fit(X[:40], y[:40]).matrix_size_ == 3
    assert model.score(X[40:], y[40:]) > 0.5
    assert set(np.argsort(model.length_scales_)[:2]) == {0, 1}


class TestKnownErrors:
    @pytest.fixture
    def measured(self):
        """Two halves of the data, one of them a hundred times as exact."""
        rng = np.random.RandomState(0)
        X = rng.uniform(-1, 1, size=(120, 1))
        error = np.where(X[:, 0] > 0, 0.3, 0.003)
        return X, np.sin(3 * X[:, 0]) + error * rng.standard_normal(120), error

    def test_the_exact_half_counts(self, measured):
        X, y, error = measured
        model = regressor().fit(X, y, y_err=error)
        truth = np.sin(3 * X[:, 0])
        exact = X[:, 0] < 0
        assert np.sqrt(np.mean((model.predict(X) - truth)[exact] ** 2)) < 0.002
        without = regressor().fit(X, y)
        assert np.sqrt(np.mean((without.predict(X) - truth)[exact] ** 2)) > 0.005
        assert model.log_evidence_ > without.log_evidence_ + 50
        assert model.noise_ < 1e-6

    def test_extra_noise(self, measured):
        X, y, error = measured
        y = y + 0.1 * np.random.RandomState(1).standard_normal(len(y))
        model = regressor(extra_noise=True).fit(X, y, y_err=error)
        assert model.noise_ == pytest.approx(0.1, rel=0.25)
        fixed = regressor().fit(X, y, y_err=error)
        assert model.log_evidence_ > fixed.log_evidence_ + 5

    def test_shapes(self, measured):
        X, y, _ = measured
        Y = np.column_stack([y, -y])
        fit = regressor(max_iter=3, n_init=1).fit
        for single in (0.3, np.full(len(y), 0.3), np.full((len(y), 1), 0.3)):
            expected = fit(X, Y, y_err=np.full(Y.shape, 0.3)).predict(X)
            assert_array_equal(
                regressor(max_iter=3, n_init=1).fit(X, Y, y_err=single).predict(X),
                expected,
            )
        by_output = fit(X, Y, y_err=[0.3, 0.1]).predict(X)
        entries = np.tile([0.3, 0.1], (len(y), 1))
        assert_array_equal(fit(X, Y, y_err=entries).predict(X), by_output)

    @pytest.mark.parametrize(
        ("error", "message"),
        [
            (-1.0, "y_err must be finite and positive, got -1: give"),
            (np.nan, "y_err must be finite and positive"),
            (np.ones(7), "y_err must have the shape"),
            ("large", "y_err"),
        ],
        ids=str,
    )
    def test_bad_ones(self, measured, error, message):
        X, y, _ = measured
        with pytest.raises((ValueError, TypeError), match=message):
            regressor().fit(X, y, y_err=error)

    def test_as_many_samples_as_outputs(self):
        X = np.linspace(-1, 1, 4)[:, np.newaxis]
        with pytest.raises(ValueError, match="equally many"):
            regressor().fit(X, np.ones((4, 4)), y_err=np.ones(4))

    def test_are_not_forgotten_where_it_would_take_too_long(
        self, measured, monkeypatch
    ):
        X, y, error = measured
        name = "pmm_sklearn._regression_problems._LONGEST"
        monkeypatch.setattr("pmm_sklearn._regression_problems._MANY_PER_PARAMETER", 0)
        monkeypatch.setattr(name, (1e-9, 1e9))
        model = PMMRegressor(n_init=1, max_iter=3).fit(X, y, y_err=error)
        assert model.matrix_size_ == 3
        assert model.log_evidence_ < np.inf
        monkeypatch.setattr(name, (1e-9, 1e-9))
        with pytest.raises(ValueError, match="y_err needs the evidence"):
            PMMRegressor().fit(X, y, y_err=error)

    def test_metadata_routing(self, measured):
        X, y, error = measured
        with config_context(enable_metadata_routing=True):
            model = regressor(max_iter=3, n_init=1).set_fit_request(y_err=True)
            search = GridSearchCV(model, {"matrix_size": [2, 3]}, cv=3)
            assert search.fit(X, y, y_err=error).best_score_ > 0.5

    def test_units(self, measured):
        X, y, error = measured
        model = regressor(max_iter=10).fit(X, y, y_err=error)
        other = regressor(max_iter=10).fit(X, 1e3 * y, y_err=1e3 * error)
        assert_allclose(other.predict(X), 1e3 * model.predict(X), rtol=1e-5)


def test_several_members_are_weighted_by_their_evidence(noisy):
    """As if ten observations judged them."""
    model = regressor(n_init=3, n_average=3).fit(*noisy)
    losses = model.start_losses_[model.member_starts_]
    expected = np.exp((losses.min() - losses) * 10 / 150)
    assert_allclose(model.member_weights_, expected / expected.sum(), rtol=1e-6)


def test_progress_is_shown(noisy, capsys):
    regressor(max_iter=10, n_init=1, verbose=1).fit(*noisy)
    text = capsys.readouterr().out
    assert "of the evidence" in text
    assert "log evidence" in text


def test_says_how_long_it_takes(noisy, monkeypatch, capsys):
    X, y = noisy
    PMMRegressor(n_init=3, max_iter=50, verbose=1, random_state=0).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    assert re.search(r"sides 3, 5, 7 to compare, all .* about \d+ s$", lines[0])
    assert lines[1].startswith("[PMMRegressor] side 3: log evidence")
    assert any(re.search(r"of the evidence, about \d+ s$", line) for line in lines)
    assert any(re.search(r"iteration +10 .* \d+\.\d s$", line) for line in lines)
    monkeypatch.setattr("pmm_sklearn._regression_problems._LONG", 0.0)
    with pytest.warns(UserWarning, match="matrix_size=4 will take about .* n_init=1"):
        regressor(max_iter=2).fit(X, y)


def test_warns_of_an_evidence_as_it_is_shown(noisy):
    with pytest.warns(ConvergenceWarning) as caught:
        model = regressor(max_iter=2, n_init=1).fit(*noisy)
    (warning,) = caught
    assert f"with log evidence {-model.loss_:.2f}:" in str(warning.message)


def test_averages_what_has_an_evidence_that_matters(noisy):
    X, y = noisy
    model = PMMRegressor(3, random_state=0).fit(X, y)
    assert len(model.members_) == 2
    assert np.all(model.member_weights_ > 0.05)
    assert len(model.start_losses_) == 4
    single = PMMRegressor(3, n_average=1, random_state=0).fit(X, y)
    assert len(single.members_) == 1
    assert len(PMMRegressor(3, n_init=1, random_state=0).fit(X, y).members_) == 1
    assert len(PMMRegressor(3, alpha=0.1, random_state=0).fit(X, y).members_) == 1
    exact = PMMRegressor(5, max_iter=60, random_state=0).fit(
        X, np.exp(X[:, 0]) * X[:, 1]
    )
    assert len(exact.members_) == 1
    with pytest.raises(ValueError, match="n_average must not exceed"):
        PMMRegressor(3, n_init=2, n_average=3).fit(X, y)
    with pytest.raises(ValueError, match="n_average must be"):
        PMMRegressor(3, n_average="all").fit(X, y)


def test_attributes_say_why_there_are_none(noisy):
    X, y = noisy
    model = PMMRegressor(2, alpha=0.1, n_init=1, max_iter=2)
    with pytest.raises(NotFittedError):
        _ = model.length_scales_
    model.fit(X, y)
    with pytest.raises(AttributeError, match="takes alpha='auto'"):
        _ = model.length_scales_
    model.set_params(alpha="auto", loss="poisson").fit(X, np.round(np.exp(y)))
    assert model.length_scales_.shape == (X.shape[1],)
    with pytest.raises(AttributeError, match="its loss has no noise"):
        _ = model.noise_


def test_means_are_no_repetitions():
    """With their numbers as weights there seems to be no noise."""
    rng = np.random.RandomState(2)
    X = rng.uniform(-1, 1, (20, 2))
    y = np.sin(2 * X[:, 0]) + 0.3 * rng.standard_normal(20)
    model = PMMRegressor(5, n_init=1, n_average=1, random_state=0)
    with pytest.warns(UserWarning, match="goes through its data.* give all of these"):
        model.fit(X, y, sample_weight=np.full(20, 6.0))
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y, y_err=0.3)
        # Repetitions that are meant: few parameters remain.
        model.set_params(matrix_size=2).fit(np.repeat(X, 2, axis=0), np.repeat(y, 2))
