"""Points that say most about a fitted model."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError

from pmm_sklearn import PMMClassifier, PMMEmulator, PMMRegressor, design
from pmm_sklearn.design import CRITERIA, next_points

ALL = pytest.mark.parametrize("criterion", sorted(CRITERIA))
OF_ALL_MODELS = pytest.mark.parametrize("criterion", sorted({*CRITERIA} - {"gap"}))


@pytest.fixture(scope="module")
def regressor():
    rng = np.random.RandomState(0)
    X = rng.uniform(-1, 1, (30, 2))
    y = np.column_stack([np.sin(3 * X[:, 0]), X[:, 0] * X[:, 1]])
    y += 0.05 * rng.standard_normal(y.shape)
    return PMMRegressor(3, 1, n_init=2, n_average=2, random_state=0).fit(X, y)


@pytest.fixture(scope="module")
def emulator():
    X = np.linspace(-1, 1, 5)[:, np.newaxis]
    y = np.hstack([-np.cos(X), np.cos(X)])
    return PMMEmulator(3, n_init=3, random_state=0).fit(X, y)


@pytest.fixture(scope="module")
def candidates():
    return np.random.RandomState(1).uniform(-1.5, 1.5, (40, 2))


def dense_choice(model, X, criterion, n_points):
    """The same from one covariance matrix of all outputs of all candidates."""
    fitted = model.model_
    roots = fitted.roots(X)
    n, q, _ = roots.shape
    flat = roots.reshape(n * q, -1)
    K, noise = flat @ flat.T, np.diag(fitted.error_bars.noise_variance)
    chosen = []
    for _ in range(n_points):
        scores = np.full(n, -np.inf)
        for i in set(range(n)) - set(chosen):
            own = slice(i * q, (i + 1) * q)
            within = K[own, own] + noise
            if criterion == "variance":
                scores[i] = np.trace(K[own, own])
            elif criterion == "determinant":
                scores[i] = np.linalg.slogdet(within)[1]
            else:
                scores[i] = np.trace(K[:, own] @ np.linalg.solve(within, K[own]))
        best = int(np.argmax(scores))
        chosen.append(best)
        own = slice(best * q, (best + 1) * q)
        K = K - K[:, own] @ np.linalg.solve(K[own, own] + noise, K[own])
    return chosen


@OF_ALL_MODELS
@pytest.mark.parametrize("is_remembered", [True, False])
def test_the_choice_is_that_of_the_dense_covariance(
    regressor, candidates, criterion, is_remembered, monkeypatch
):
    if not is_remembered:
        monkeypatch.setattr(design, "_LARGEST_MEMORY", 0)
        monkeypatch.setattr(design, "_LARGEST_CHUNK", 1000)
    found = next_points(regressor, candidates, 5, criterion=criterion)
    assert_array_equal(found, dense_choice(regressor, candidates, criterion, 5))


def test_the_first_is_where_error_bars_are_largest(regressor, candidates):
    _, std = regressor.predict(candidates, return_std=True)
    noise = regressor.noise_
    scale = regressor._posterior["target_scale"]
    variance = np.sum((std**2 - noise**2) / scale**2, axis=1)
    assert next_points(regressor, candidates)[0] == np.argmax(variance)


@ALL
def test_points_differ_and_their_order_does_not_depend_on_their_number(
    emulator, criterion
):
    X = np.linspace(-2, 2, 15)[:, np.newaxis]
    found = next_points(emulator, X, 15, criterion=criterion)
    assert sorted(found) == list(range(15))
    assert_array_equal(next_points(emulator, X, 3, criterion=criterion), found[:3])


def test_covariances_after_a_point_are_those_of_conditioning():
    rng = np.random.RandomState(0)
    roots, noise = rng.standard_normal((5, 2, 6)), np.array([0.3, 2.0])
    flat = roots.reshape(10, 6)
    K, known = flat @ flat.T, np.empty((6, 0))
    for i in (3, 0, 3):
        known = np.hstack([known, design._learned(roots[i], known, noise)])
        own = slice(2 * i, 2 * i + 2)
        inside = K[own, own] + np.diag(noise)
        K = K - K[:, own] @ np.linalg.solve(inside, K[own])
    found = flat @ (np.eye(6) - known @ known.T) @ flat.T
    assert_allclose(found, K, atol=1e-12)


def test_what_members_differ_by_counts(regressor, candidates):
    """Their covariances are those of predictions, without the noise."""
    fitted = regressor.model_
    roots = fitted.roots(candidates)
    _, covariance = regressor.predict(candidates, return_cov=True)
    for k, scale in enumerate(fitted.error_bars.target_scale):
        expected = covariance[:, :, k] - regressor.noise_[k] ** 2 * np.eye(40)
        found = scale**2 * roots[:, k] @ roots[:, k].T
        # Members have noise of their own.
        off = ~np.eye(40, dtype=bool)
        assert_allclose(found[off], expected[off], atol=1e-12)


def test_gaps_are_sought_where_levels_may_meet(emulator):
    """Of two points of the same uncertainty the one with the smaller gap."""
    X = np.linspace(-2, 2, 9)[:, np.newaxis]
    levels = emulator.predict(X)
    gap = (levels[:, 1] - levels[:, 0]) / emulator.model_.error_bars.target_scale[0]
    roots = emulator.model_.roots(X)
    variance = np.sum((roots[:, 1] - roots[:, 0]) ** 2, axis=1)
    expected = np.argmax(variance / (gap**2 + variance))
    assert next_points(emulator, X, criterion="gap")[0] == expected


def test_a_neighbour_of_a_chosen_point_is_not_worth_much(emulator):
    X = np.array([[2.0], [2.001], [-1.9], [0.1]])
    found = next_points(emulator, X, 2)
    assert set(found) & {0, 1}
    assert 2 in found


def test_messages(regressor, candidates):
    with pytest.raises(ValueError, match="n_points=41 is more than the 40 candidates"):
        next_points(regressor, candidates, 41)
    with pytest.raises(ValueError, match="criterion='gap' needs two levels"):
        next_points(regressor, candidates, criterion="gap")
    with pytest.raises(ValueError, match="criterion must be one of 'variance'"):
        next_points(regressor, candidates, criterion="entropy")
    with pytest.raises(ValueError, match="X has 3 features"):
        next_points(regressor, np.zeros((4, 3)))
    labels = candidates[:, 0] > 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        classifier = PMMClassifier(2, 1, n_init=1, max_iter=3).fit(candidates, labels)
    with pytest.raises(TypeError, match="predict_proba has the largest entropy"):
        next_points(classifier, candidates)
    with pytest.raises(NotFittedError):
        next_points(PMMRegressor(), candidates)
    batchwise = PMMRegressor(2, 1, n_init=1).partial_fit(candidates, candidates[:, 0])
    with pytest.raises(ValueError, match="not after partial_fit"):
        next_points(batchwise, candidates)
    with pytest.raises(TypeError, match="model must be a fitted PMMRegressor"):
        next_points("model", candidates)
