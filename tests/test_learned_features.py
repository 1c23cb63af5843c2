"""Constants of features that are learned together with the matrices."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from pmm_sklearn import LearnedFeatures, PMMEmulator, PMMRegressor, UnitaryPMMEmulator
from pmm_sklearn._feature_constants import ConstantSearch, Terms
from pmm_sklearn.inspection import feature_influence

TRUE = 1.7


def symmetric(random_state, side):
    matrix = random_state.standard_normal((side, side))
    return (matrix + matrix.T) / 2


RANDOM = np.random.RandomState(0)
MATRICES = [np.diag([0.0, 1.0, 2.5]), symmetric(RANDOM, 3), symmetric(RANDOM, 3)]


def terms(X, constants):
    return np.column_stack([X[:, 0], X[:, 1] * np.exp(-constants[0] * X[:, 0])])


def exact(X):
    values = np.column_stack([np.ones(len(X)), terms(X, [TRUE])])
    return np.linalg.eigvalsh(np.tensordot(values, MATRICES, axes=1))[:, :2]


def powers(X, constants):
    return X ** np.asarray(constants)


X = np.random.RandomState(1).uniform(0, 2, size=(30, 2))
NEW = np.random.RandomState(2).uniform(0, 2.5, size=(50, 2))


def emulator(**parameters):
    defaults = {"matrix_type": "symmetric", "n_init": 3, "random_state": 0}
    return PMMEmulator(3, **{**defaults, **parameters})


@pytest.fixture(scope="module")
def fitted():
    return LearnedFeatures(emulator(), terms, start=1.0).fit(X, exact(X))


def test_finds_what_the_data_are_made_of(fitted):
    assert_allclose(fitted.constants_, [TRUE], atol=1e-8)
    assert_allclose(fitted.predict(NEW), exact(NEW), atol=1e-7)
    assert 0 < fitted.constants_std_[0] < 1e-7
    assert fitted.score(NEW, exact(NEW)) > 1 - 1e-12
    assert_array_equal(fitted.transform(NEW), terms(NEW, fitted.constants_))


def test_inspection_is_of_the_fitted_clone(fitted):
    with pytest.raises(TypeError, match="of LearnedFeatures its estimator_"):
        feature_influence(fitted)
    assert feature_influence(fitted.estimator_).levels.shape == (2,)


def test_residuals_have_these_derivatives():
    # Exact where there are no residuals, whose products with second derivatives
    # Gauss and Newton leave out.
    y, here = exact(X), np.array([TRUE])
    tight = emulator(tol=1e-12, alpha=1e-8).fit(terms(X, here), y)
    search = ConstantSearch(Terms(terms, X), y, {}, tight)
    ahead, behind = (search.residuals(here + h) for h in (1e-3, -1e-3))
    expected = (ahead - behind) / 2e-3
    found = search.jacobian(here)[:, 0]
    assert np.linalg.norm(found - expected) < 1e-5 * np.linalg.norm(expected)
    point = search.at(here)
    fixed = point.slopes[:, 0] * point.noise
    assert np.linalg.norm(expected) < 0.5 * np.linalg.norm(fixed)


def test_error_bars_hold():
    deviations, covers = [], []
    for seed in range(2):
        noise = 0.01 * np.random.RandomState(seed).standard_normal((30, 2))
        model = LearnedFeatures(emulator(n_init=2), terms, start=2.0)
        model.fit(X, exact(X) + noise, y_err=0.01)
        deviations.append((model.constants_[0] - TRUE) / model.constants_std_[0])
        mean, std = model.predict(NEW, return_std=True)
        values = model.transform(NEW)
        assert np.all(std >= model.estimator_.predict(values, return_std=True)[1])
        covers.append(np.mean(np.abs(mean - exact(NEW)) < 2 * std))
    assert np.sqrt(np.mean(np.square(deviations))) < 3
    assert np.mean(covers) > 0.75


def test_weights_are_repetitions_and_nan_is_absence():
    noise = 0.01 * np.random.RandomState(0).standard_normal((30, 2))
    y, numbers = exact(X) + noise, np.random.RandomState(0).randint(0, 3, size=30)
    rows = np.repeat(np.arange(30), numbers)
    model = LearnedFeatures(emulator(n_init=1), terms, start=1.5)
    weighted = model.fit(X, y, sample_weight=numbers).constants_
    repeated = model.fit(X[rows], y[rows]).constants_
    assert_allclose(weighted, repeated, rtol=1e-4)
    missing = np.where(numbers[:, np.newaxis] > 0, y, np.nan)
    used = numbers > 0
    assert_allclose(
        model.fit(X, missing).constants_, model.fit(X[used], y[used]).constants_
    )


def test_units_of_targets_do_not_matter(fitted):
    other = LearnedFeatures(emulator(n_init=2), terms, start=1.6)
    other.fit(X, 1e3 * exact(X) - 7)
    assert_allclose(other.constants_, fitted.constants_, rtol=1e-7)


def test_regressor_and_frames():
    frame = pd.DataFrame(X + 0.1, columns=["a", "b"])
    y = np.sin(terms(frame.to_numpy(), [1.0])[:, 1])
    y += 0.02 * np.random.RandomState(0).standard_normal(30)
    inner = PMMRegressor(3, n_init=1, random_state=0)

    def product(X, constants):
        return terms(X, constants)[:, 1:]

    model = LearnedFeatures(inner, product, [0.7], bounds=(0.2, 3.0)).fit(frame, y)
    assert list(model.feature_names_in_) == ["a", "b"]
    assert abs(model.constants_[0] - 1.0) < 4 * model.constants_std_[0] < 0.4
    assert model.score(frame, y) > 0.9
    mean, std = model.predict(frame, return_std=True)
    assert mean.shape == std.shape == (30,)
    assert clone(model).get_params()["estimator__matrix_size"] == 3


def test_constants_without_influence_are_not_known():
    model = LearnedFeatures(
        emulator(n_init=1), lambda X, k: terms(X, [TRUE]) + 0.0 * k[0], start=1.0
    )
    model.fit(X, exact(X))
    assert model.constants_ == [1.0]
    assert model.constants_std_ == [np.inf]
    _, std = model.predict(NEW, return_std=True)
    assert np.all(np.isfinite(std))


@pytest.mark.parametrize("function", [lambda X, k: X, lambda X, k: k[0] * X])
def test_constants_that_matrices_can_replace_are_not_known(function):
    x = np.linspace(1, 2, 10)[:, np.newaxis]
    model = LearnedFeatures(PMMEmulator(2, n_init=1, random_state=0), function, 1.0)
    assert model.fit(x, np.hypot(1, x[:, 0])).constants_std_ == [np.inf]


def decaying(X, constants):
    return np.exp(-constants[0] * X)


@pytest.mark.parametrize(
    "estimator", [PMMEmulator(2), PMMRegressor(2, extra_noise=True)]
)
def test_errors_beside_known_ones_count(estimator):
    """Known errors that are far too small tell of constants what none tell."""
    x = np.linspace(0.1, 2, 30)[:, np.newaxis]
    noise = 0.05 * np.random.RandomState(0).standard_normal(30)
    y = noise - np.hypot(1, decaying(x[:, 0], [1.7]) * 3)
    estimator.set_params(n_init=1, random_state=0)
    plain, known = (
        LearnedFeatures(estimator, decaying, 1.5, tol=1e-4).fit(x, y, y_err=y_err)
        for y_err in (None, 5e-4)
    )
    assert_allclose(known.constants_, plain.constants_, atol=0.05)
    assert_allclose(known.constants_std_, plain.constants_std_, rtol=0.1)


def test_an_error_of_the_start_goes():
    x = np.linspace(0.1, 2, 30)[:, np.newaxis]
    noise = 1e-4 * np.random.RandomState(0).standard_normal(30)
    y = noise - np.hypot(1, decaying(x[:, 0], [1.7]) * 3)
    inner = PMMEmulator(2, n_init=1, random_state=0)
    at_start = inner.fit(decaying(x, [1.0]), y, y_err=1e-4).model_error_
    model = LearnedFeatures(inner, decaying, 1.0, tol=1e-4).fit(x, y, y_err=1e-4)
    assert at_start > 1e-4
    assert not hasattr(model.estimator_, "model_error_")
    assert abs(model.constants_[0] - 1.7) < 3 * model.constants_std_[0] < 0.1


def test_masked_targets_are_not_used():
    mask = np.random.RandomState(0).uniform(size=(30, 2)) < 0.1
    model = LearnedFeatures(emulator(n_init=1), terms, 1.6, max_iter=3, tol=1e-3)
    masked, missing = (
        model.fit(X, y).constants_
        for y in (
            np.ma.masked_array(np.where(mask, 1e3, exact(X)), mask),
            np.where(mask, np.nan, exact(X)),
        )
    )
    assert_array_equal(masked, missing)


def test_warnings_are_of_the_last_fit():
    model = LearnedFeatures(emulator(n_init=1), terms, 1.5)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(X, exact(X), sample_weight=np.full(30, 200.0))
        (warning,) = caught
        assert "sample_weight has mean" in str(warning.message)
        assert warning.filename == __file__
        caught.clear()
        model = LearnedFeatures(emulator(n_init=1, max_iter=2, tol=1e-9), terms, 1.5)
        model.set_params(max_iter=100).fit(X, exact(X))
    ended = f"stop_reason_={model.estimator_.stop_reason_!r}"
    assert [ended in str(warning.message) for warning in caught] == [True]


def test_data_frames(fitted):
    model = clone(fitted).set_output(transform="pandas")
    model.estimator.set_params(n_init=1)
    model.fit(X, exact(X))
    frame = model.transform(NEW)
    assert list(frame.columns) == ["term0", "term1"]
    assert_array_equal(frame, terms(NEW, model.constants_))
    assert_array_equal(model.get_feature_names_out(), frame.columns)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert model.score(NEW, exact(NEW)) > 0.999


def test_bad_data_change_nothing(fitted):
    model = pickle.loads(pickle.dumps(fitted))
    with pytest.raises(ValueError, match="nothing but NaN"):
        model.fit(np.hstack([X, X]), np.full(30, np.nan))
    assert_array_equal(model.predict(NEW), fitted.predict(NEW))
    model = clone(fitted)
    with pytest.raises(ValueError, match="nothing but NaN"):
        model.fit(X, np.full(30, np.nan))
    with pytest.raises(NotFittedError):
        model.predict(X)


def test_one_row():
    model = LearnedFeatures(emulator(n_init=1, max_iter=5), terms, 1.0, max_iter=2)
    with pytest.warns(UserWarning, match="goes through all its data"):
        model.fit(X[:1], exact(X[:1])).predict(X[:1], return_std=True)


def test_is_kept(fitted):
    again = pickle.loads(pickle.dumps(fitted))
    for one, other in zip(
        again.predict(NEW, return_std=True),
        fitted.predict(NEW, return_std=True),
        strict=True,
    ):
        assert_array_equal(one, other)
    assert fitted.estimator_.get_params() == emulator().get_params()


def test_bad_input():
    y = exact(X)
    with pytest.raises(NotFittedError):
        LearnedFeatures(emulator(), terms, 1.0).predict(X)
    with pytest.raises((TypeError, ValueError), match="X must hold numbers"):
        LearnedFeatures(emulator(), terms, 1.0).fit(X.astype(str), y)
    with pytest.raises(TypeError, match="function must be callable"):
        LearnedFeatures(emulator(), None, 1.0).fit(X, y)
    with pytest.raises(ValueError, match="start must be a finite number"):
        LearnedFeatures(emulator(), terms, [np.nan]).fit(X, y)
    with pytest.raises(ValueError, match="start must lie between the bounds"):
        LearnedFeatures(emulator(), terms, 1.0, bounds=(2, 3)).fit(X, y)
    with pytest.raises(ValueError, match="bounds must be a pair"):
        LearnedFeatures(emulator(), terms, 1.0, bounds=3).fit(X, y)
    with pytest.raises(ValueError, match="shape \\(n_samples, n_terms\\)"):
        LearnedFeatures(emulator(), lambda X, k: X[:, 0], 1.0).fit(X, y)
    with pytest.raises(ValueError, match="NaN or infinite features at constants"):
        LearnedFeatures(emulator(), lambda X, k: X * np.nan, 1.0).fit(X, y)
    unitary = UnitaryPMMEmulator(2, n_init=1, max_iter=3, random_state=0)
    with pytest.raises(TypeError, match="derivatives by its features"):
        LearnedFeatures(unitary, powers, 1.0).fit(X[:, :1], y[:, 0])
    with pytest.warns(ConvergenceWarning, match="have not converged in max_iter=1"):
        LearnedFeatures(emulator(), terms, 3.0, max_iter=1).fit(X, y)
