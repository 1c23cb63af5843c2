"""PMMRegressor with ``alpha="evidence"``."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import make_friedman2
from sklearn.model_selection import GridSearchCV, train_test_split

from pmm_sklearn import PMMRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def regressor(**parameters):
    defaults = {"matrix_size": 4, "n_eigenvectors": 2, "n_init": 2, "random_state": 0}
    return PMMRegressor(alpha="evidence", **{**defaults, **parameters})


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
    assert_array_equal(model.member_weights_, np.full(3, 1 / 3))


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
    with pytest.raises(ValueError, match="alpha='evidence'"):
        model.set_params(alpha="evidence").fit(*noisy)


def test_batches_are_refused(noisy):
    with pytest.raises(ValueError, match="got a call of partial_fit"):
        regressor().partial_fit(*noisy)


def test_weights_that_are_no_numbers_of_observations(noisy):
    X, y = noisy
    with pytest.warns(UserWarning, match="alpha='evidence' a weight of 1"):
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
        {"readout": "transition"},
        {"solver": "adam"},
        {"early_stopping": True},
        {"rank": 1},
    ],
    ids=str,
)
def test_what_it_does_not_go_with(noisy, parameters):
    (name,) = parameters
    with pytest.raises(ValueError, match=f"alpha='evidence' goes with {name}="):
        regressor(**parameters).fit(*noisy)


def test_progress_is_shown(noisy, capsys):
    regressor(max_iter=10, n_init=1, verbose=1).fit(*noisy)
    text = capsys.readouterr().out
    assert "of the evidence" in text
    assert "log evidence" in text
