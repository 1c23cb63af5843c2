"""Regression by one level of a matrix, and what its shape guarantees."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from pmm_sklearn import PMMEmulator, PMMRegressor
from pmm_sklearn.inspection import feature_influence
from pmm_sklearn.model import (
    Objective,
    RidgePenalty,
    SquaredError,
    convex_start,
    level_inverse,
    level_pmm,
)

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    # Data that contradict a guarantee leave a constant.
    pytest.mark.filterwarnings("ignore:PMMRegressor is no better"),
]

ALPHAS = pytest.mark.parametrize("alpha", [0.01, "auto"])
TYPES = pytest.mark.parametrize("matrix_type", ["hermitian", "symmetric"])


def regressor(**parameters):
    defaults = {"matrix_size": 4, "n_init": 1, "max_iter": 15, "random_state": 0}
    return PMMRegressor(readout="level", **{**defaults, **parameters})


@pytest.fixture(scope="module")
def noisy():
    rng = np.random.RandomState(0)
    X = rng.uniform(-1, 1, size=(120, 2))
    y = np.sin(2 * X[:, 0]) + X[:, 1] ** 2
    return X, y + 0.1 * rng.standard_normal(120)


@ALPHAS
@TYPES
@pytest.mark.parametrize("level", [None, 0, -1])
def test_is_that_level(noisy, alpha, matrix_type, level):
    model = regressor(alpha=alpha, matrix_type=matrix_type, level=level).fit(*noisy)
    X = np.random.RandomState(1).uniform(-20, 20, size=(50, 2))
    H = model.matrices_[0] + np.tensordot(X, model.matrices_[1:], axes=1)
    expected = np.linalg.eigvalsh(H)[:, 1 if level is None else level]
    assert_allclose(model.predict(X), expected, rtol=1e-10)
    assert model.observables_.size == model.intercept_.size == 0


@ALPHAS
def test_learns(noisy, alpha):
    X, y = noisy
    model = regressor(alpha=alpha, max_iter=60).fit(X[:80], y[:80])
    mean, std = model.predict(X[80:], return_std=True)
    assert np.sqrt(np.mean((mean - y[80:]) ** 2)) < 0.16
    assert np.mean(np.abs(mean - y[80:]) < 1.96 * std) > 0.8


@TYPES
def test_derivatives(matrix_type):
    pmm = level_pmm(2, 2, 3, 1, matrix_type, monotonic=(1, -1))
    rng = np.random.RandomState(0)
    X, y = rng.uniform(-1, 1, size=(2, 9, 2))
    data = X, y, np.ones((9, 1))
    objective = Objective(pmm, SquaredError(), *data, RidgePenalty(0.1))
    theta, change = pmm.initial(rng), rng.standard_normal(pmm.n_parameters)
    _, gradient = objective.value_and_gradient(theta)
    ahead, behind = (objective.value(theta + h * change) for h in (1e-5, -1e-5))
    assert gradient @ change == pytest.approx((ahead - behind) / 2e-5, rel=1e-6)


@TYPES
def test_start_is_better_than_any_affine_function(matrix_type):
    rng = np.random.RandomState(0)
    X = rng.uniform(-1, 1, size=(50, 2))
    y = np.stack([np.abs(X[:, 0]), X[:, 1] ** 3], axis=1)
    pmm = level_pmm(2, 2, 5, -1, matrix_type, monotonic=(0, 1))
    theta = convex_start(pmm, X, y, np.ones((50, 1)), rng)
    left = np.sum((pmm.predict(pmm.split(theta), X) - y) ** 2, axis=0)
    rows = np.column_stack([np.ones(50), X])
    _, affine, *_ = np.linalg.lstsq(rows, y, rcond=None)
    assert left[0] < affine[0]
    assert np.all(left < 1.2 * affine)


@ALPHAS
def test_several_outputs_have_a_matrix_each(noisy, alpha):
    X, y = noisy
    both = np.stack([y, 1e3 * X[:, 0] + 5.0], axis=1)
    model = regressor(alpha=alpha, max_iter=40).fit(X, both)
    assert model.matrices_.shape == (3, 8, 8)
    assert np.all(model.matrices_[:, :4, 4:] == 0)
    assert np.all(model.score(X, both) > 0.9)
    assert_allclose(model.predict(X)[:, 1], both[:, 1], atol=10.0)


@ALPHAS
@pytest.mark.parametrize("monotonic_cst", [None, [0, 1]])
def test_units_do_not_matter(noisy, alpha, monotonic_cst):
    X, y = noisy
    options = {"alpha": alpha, "max_iter": 5, "monotonic_cst": monotonic_cst}
    model = regressor(**options).fit(X, y)
    scales, shifts = np.array([1e3, 1e-6]), np.array([-70.0, 0.0])
    other = regressor(**options).fit(X * scales + shifts, 1e4 * y - 3)
    predicted = other.predict(X * scales + shifts)
    assert_allclose(predicted, 1e4 * model.predict(X) - 3, rtol=1e-4, atol=1.0)


@ALPHAS
@TYPES
def test_monotone_everywhere(noisy, alpha, matrix_type):
    X, y = noisy
    # The data say the opposite.
    model = regressor(alpha=alpha, matrix_type=matrix_type, monotonic_cst=[-1, 1])
    model.fit(X, y)
    rng = np.random.RandomState(1)
    for size in (1.0, 10.0):
        below = rng.uniform(-size, size, size=(10_000, 2))
        above = below + np.array([-1.0, 1.0]) * rng.exponential(size, (10_000, 2))
        change = model.predict(above) - model.predict(below)
        assert np.min(change) >= -1e-12 * size
    assert np.min(np.linalg.eigvalsh(model.matrices_[2])) >= -1e-14
    assert np.max(np.linalg.eigvalsh(model.matrices_[1])) <= 1e-14


def test_the_data_would_not_have_it(noisy):
    X, y = noisy
    free = regressor().fit(X, y)
    assert np.corrcoef(free.predict(X), X[:, 0])[0, 1] > 0.5


@ALPHAS
@pytest.mark.parametrize("shape", ["convex", "concave"])
def test_convex_everywhere(noisy, alpha, shape):
    X, y = noisy
    model = regressor(alpha=alpha, convexity=shape, monotonic_cst=[0, 1]).fit(X, y)
    rng = np.random.RandomState(1)
    a, b = rng.uniform(-10, 10, size=(2, 10_000, 2))
    t = rng.uniform(size=10_000)
    chord = t * model.predict(a) + (1 - t) * model.predict(b)
    below = chord - model.predict(t[:, np.newaxis] * (a - b) + b)
    assert np.min(below if shape == "convex" else -below) >= -1e-11
    assert np.max(np.abs(below)) > 1e-3


def test_lipschitz_constants(noisy):
    X, y = noisy
    model = regressor().fit(X, y)
    influence = feature_influence(model, X)
    norms = np.linalg.norm(model.matrices_[1:], ord=2, axis=(1, 2))
    assert_allclose(influence.levels, norms)
    far = np.random.RandomState(1).uniform(-10, 10, size=(20_000, 2))
    slopes = np.abs(model.predict_gradient(far))
    assert np.all(slopes <= norms * (1 + 1e-12))
    assert np.all(np.abs(model.predict_gradient(X))[:, np.newaxis] <= influence.outputs)


@ALPHAS
def test_what_a_fitted_model_can_do(noisy, alpha):
    X, y = noisy
    model = regressor(alpha=alpha, monotonic_cst=[0, 1]).fit(X, y)
    expected = model.predict(X[:9], return_std=True)
    again = pickle.loads(pickle.dumps(model)).predict(X[:9], return_std=True)
    assert_array_equal(again, expected)
    value, gradient = model.as_function(gradient=True)(X[:9])
    assert_allclose(value, expected[0])
    step = np.array([1e-6, 0.0])
    change = model.predict(X[:9] + step) - model.predict(X[:9] - step)
    assert_allclose(gradient[:, 0], change / 2e-6, rtol=1e-4, atol=1e-6)
    assert model.model_.levels(X[:9]).shape == (9, 4)
    loss = model.loss_
    model.set_params(warm_start=True, max_iter=3).fit(X, y)
    assert model.loss_ <= loss + 1.0


def test_constant_target_and_feature():
    X = np.random.RandomState(0).uniform(-1, 1, size=(30, 2))
    X[:, 1] = 3.0
    model = regressor(monotonic_cst=[1, 0]).fit(X, np.full(30, 7.0))
    assert_allclose(model.predict(X), 7.0)
    model = regressor().fit(X, X[:, 0])
    assert_allclose(model.predict(X + np.array([0.0, 5.0])), model.predict(X))


def test_partial_fit(noisy):
    X, y = noisy
    model = regressor(monotonic_cst=[0, -1], batch_size=16)
    for _ in range(20):
        model.partial_fit(X, y)
    assert model.score(X, y) > 0.3
    assert np.max(np.linalg.eigvalsh(model.matrices_[2])) <= 1e-14


def test_names_of_features(noisy):
    pandas = pytest.importorskip("pandas")
    X, y = noisy
    frame = pandas.DataFrame(X, columns=["a", "b"])
    model = regressor(monotonic_cst={"b": 1}).fit(frame, y)
    assert_array_equal(
        model.matrices_, regressor(monotonic_cst=[0, 1]).fit(X, y).matrices_
    )
    with pytest.raises(ValueError, match="no feature of X: the features are a, b"):
        regressor(monotonic_cst={"c": 1}).fit(frame, y)
    with pytest.raises(ValueError, match="X has no feature names"):
        regressor(monotonic_cst={"b": 1}).fit(X, y)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"readout": "expectation", "monotonic_cst": [0, 1]}, "with readout='expec"),
        ({"readout": "density", "convexity": "convex"}, "convexity must be None with"),
        ({"readout": "transition", "level": 1}, "level must be None with readout"),
        ({"monotonic_cst": [0, 2]}, "never rises.*got 2"),
        ({"monotonic_cst": [0, 0.5]}, "never rises.*got 0.5"),
        ({"monotonic_cst": [1]}, "each of 2 features, got shape"),
        ({"convexity": "flat"}, "convexity must be one of 'convex', 'concave'"),
        ({"convexity": "convex", "level": 0}, "level must be None with convexity"),
        ({"level": 4}, "one of the 4 levels of matrix_size=4, -4 to 3"),
        ({"level": 3, "matrix_size": "auto"}, "one of the 3 levels"),
        ({"matrix_size": (3, 2)}, "matrix_size must be an integer or 'auto'"),
        ({"rank": 1}, "rank must be None with readout='level'"),
    ],
)
def test_bad_parameters(noisy, parameters, message):
    model = regressor(**parameters) if "readout" not in parameters else None
    model = model or PMMRegressor(4, **parameters)
    with pytest.raises(ValueError, match=message):
        model.fit(*noisy)


def test_level_is_an_integer(noisy):
    with pytest.raises(TypeError, match="level must be an integer"):
        regressor(level=0.5).fit(*noisy)


@TYPES
@pytest.mark.parametrize("sign", [-1, 1])
def test_inverse(noisy, matrix_type, sign):
    X, y = noisy
    model = regressor(matrix_type=matrix_type, monotonic_cst=[0, sign])
    model.fit(X, y + sign * X[:, 1])
    found = model.inverse_predict(model.predict(X), X[:, :1], feature=1)
    assert_allclose(found, X[:, 1], atol=1e-7)
    z = np.array([-50.0, 70.0])
    far = model.inverse_predict(z, X[:2, :1], feature=1)
    assert_allclose(model.predict(np.stack([X[:2, 0], far], axis=1)), z, atol=1e-7)


@pytest.mark.parametrize("level", range(4))
@pytest.mark.parametrize("rank", range(5))
def test_inverse_by_a_singular_matrix(level, rank):
    rng = np.random.RandomState(0)
    A = rng.standard_normal((20, 4, 4))
    A = A + A.swapaxes(1, 2)
    L = rng.standard_normal((4, rank))
    z = rng.uniform(-4, 4, size=20)
    x = level_inverse(A, L @ L.T, level, z)

    def values(x):
        matrices = A + x[:, np.newaxis, np.newaxis] * (L @ L.T)
        return np.linalg.eigvalsh(matrices)[:, level]

    finite = np.isfinite(x)
    assert np.all(finite) if rank == 4 else True
    assert np.any(finite) == (rank > 0)
    assert_allclose(values(np.where(finite, x, 0.0))[finite], z[finite], atol=1e-8)
    assert np.all(values(np.full(20, 1e6))[x == np.inf] < z[x == np.inf])
    assert np.all(values(np.full(20, -1e6))[x == -np.inf] > z[x == -np.inf])


def test_what_has_no_inverse(noisy):
    X, y = noisy
    model = regressor(monotonic_cst=[0, 1]).fit(X, y)
    with pytest.raises(ValueError, match="monotone in, got feature=0"):
        model.inverse_predict(1.0, X[:, 1:], feature=0)
    with pytest.raises(ValueError, match="X_others must hold the 1 other features"):
        model.inverse_predict(1.0, feature=1)
    with pytest.raises(ValueError, match=r"got shape \(120, 2\)"):
        model.inverse_predict(1.0, X, feature=1)
    with pytest.raises(ValueError, match="one for each of 120 rows"):
        model.inverse_predict([1.0, 2.0], X[:, :1], feature=1)
    with pytest.raises(ValueError, match="feature='b' is no feature"):
        model.inverse_predict(1.0, X[:, :1], feature="b")
    both = regressor(monotonic_cst=[0, 1]).fit(X, np.stack([y, y], axis=1))
    with pytest.raises(ValueError, match="a model of one target, got 2"):
        both.inverse_predict(1.0, X[:, :1], feature=1)


@pytest.mark.parametrize("alpha", [1e-3, "auto"])
@pytest.mark.parametrize("sizes", [3, (2, 2)])
def test_all_levels_of_an_emulator_rise(alpha, sizes):
    rng = np.random.RandomState(0)
    X = rng.uniform(-1, 1, size=(12, 2))
    A, B, C = rng.standard_normal((3, 3, 3))
    H = A + A.T + X[:, :1, np.newaxis] * (B + B.T)
    y = np.linalg.eigvalsh(H - X[:, 1:, np.newaxis] * (C @ C.T))[:, :2]
    emulator = PMMEmulator(
        sizes,
        matrix_type="symmetric",
        monotonic_cst=[0, -1],
        alpha=alpha,
        n_init=2,
        max_iter=60,
        random_state=0,
    ).fit(X, y)
    assert emulator.score(X, y) > 0.9
    far = rng.uniform(-10, 10, size=(1000, 2))
    higher = far + np.array([0.0, 1.0]) * rng.exponential(size=(1000, 1))
    change = emulator.predict(higher) - emulator.predict(far)
    assert np.max(change) <= 1e-11
    assert np.max(np.linalg.eigvalsh(emulator.matrices_[2])) <= 1e-13
    again = pickle.loads(pickle.dumps(emulator))
    expected = emulator.predict(X, return_std=True)
    assert_array_equal(again.predict(X, return_std=True), expected)


@pytest.mark.parametrize(
    ("name", "value"),
    [("degree", 2), ("rank", 1), ("parity", np.eye(3)), ("fixed", {0: np.eye(3)})],
)
def test_definite_terms_stand_alone(name, value):
    emulator = PMMEmulator(3, monotonic_cst=[1], **{name: value})
    with pytest.raises(ValueError, match=f"monotonic_cst goes with {name}="):
        emulator.fit(np.zeros((4, 1)), np.zeros(4))


def test_portable_files(tmp_path):
    X = np.random.RandomState(0).uniform(-1, 1, size=(40, 2))
    y = X[:, 0] ** 2 + np.exp(X[:, 1])
    model = PMMRegressor(
        3, readout="level", monotonic_cst=[0, 1], n_init=1, max_iter=5, random_state=0
    ).fit(X, y)
    model.to_npz(tmp_path / "level.npz")
    again = PMMRegressor.from_npz(tmp_path / "level.npz")
    for option in ({}, {"return_std": True}):
        assert np.array_equal(again.predict(X, **option), model.predict(X, **option))
    emulator = PMMEmulator(2, monotonic_cst=[1, 0], n_init=1, max_iter=5).fit(X, y)
    emulator.to_npz(tmp_path / "emulator.npz")
    again = PMMEmulator.from_npz(tmp_path / "emulator.npz")
    assert np.array_equal(again.predict(X), emulator.predict(X))
    expected = emulator.predict(X, return_std=True)
    assert np.array_equal(again.predict(X, return_std=True), expected)


def test_other_losses_are_refused():
    model = PMMRegressor(3, readout="level", loss="huber")
    with pytest.raises(ValueError, match="readout=.level. goes with loss"):
        model.fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0])
