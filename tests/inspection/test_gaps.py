"""Where levels come close or meet in several parameters."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from pmm_sklearn import (
    EigenvectorContinuation,
    EvolutionEmulator,
    PMMEmulator,
    PMMRegressor,
)
from pmm_sklearn.inspection import diabolic_points, minimum_gap
from pmm_sklearn.inspection._squared_gap import SquaredGap
from pmm_sklearn.model import Monomials
from pmm_sklearn.targets import Gap, Level

from ..problems import central_difference
from . import models

pytestmark = pytest.mark.filterwarnings("error")
SQUARE = [(-1.0, 1.0), (-1.0, 1.0)]


def known(matrices):
    """A Hamiltonian that is given, all levels of it."""
    side, n_features = len(matrices[0]), len(matrices) - 1
    model = EigenvectorContinuation(matrices, n_snapshot_vectors=side)
    return model.fit(np.zeros((1, n_features)))


def cone(x, y, gap=0.0):
    """Pencil of two levels that meet, or nearly so, at a given point."""
    z, flip, turn = (
        np.diag([1.0, -1]),
        np.array([[0, 1], [1, 0.0]]),
        [[0, 1j], [-1j, 0]],
    )
    constant = -x * z - y * flip
    return [constant if gap == 0 else constant + 0.5 * gap * np.array(turn), z, flip]


@pytest.fixture(scope="module")
def noisy():
    """Emulators of a cone between two others, from levels with errors."""

    def fit(matrix_type, degree=1):
        X = np.random.RandomState(0).uniform(-1, 1, size=(40, 2))
        y = np.hypot(X[:, :1] - 0.2, X[:, 1:] + 0.1) * [-1, 1]
        gap = y[:, 1] - y[:, 0]
        if matrix_type == "hermitian":
            gap = np.sqrt(gap**2 + 0.3**2)
            y = 0.5 * gap[:, np.newaxis] * [-1, 1]
        y = np.column_stack([y, gap])
        y += 1e-3 * np.random.RandomState(1).standard_normal(y.shape)
        targets = [Level(0), Level(1), Gap(0, 1)]
        emulator = PMMEmulator(
            2,
            targets=targets,
            matrix_type=matrix_type,
            degree=degree,
            n_init=6,
            random_state=1,
        )
        return emulator.fit(X, y, y_err=1e-3)

    return fit


@pytest.mark.parametrize("degree", [1, 2])
@pytest.mark.parametrize("is_real", [True, False])
@pytest.mark.parametrize("pair", [(0, 1), (1, 2), (0, 3)])
def test_derivatives_of_the_squared_gap(pair, is_real, degree):
    monomials = Monomials(3, degree, origin=(0.1, 0.0, -0.2))
    matrices = models.hermitian(0, monomials.size, 4, is_real)
    gap = SquaredGap(matrices, monomials, pair, [0, 2])
    X = np.random.RandomState(1).uniform(-1, 1, size=(3, 3))
    value, gradient, hessian = gap.derivatives(X)
    assert_allclose(value, gap.gap(X) ** 2, rtol=1e-12)
    for k, feature in enumerate(gap.features):
        along = np.eye(3)[feature]
        slopes = central_difference(lambda x: gap.derivatives(x)[0], X, along, 1e-4)
        assert_allclose(gradient[:, k], slopes, rtol=1e-6, atol=1e-6)
        slopes = central_difference(lambda x: gap.derivatives(x)[1], X, along, 1e-4)
        assert_allclose(hessian[:, k], slopes, rtol=1e-6, atol=1e-6)


def test_derivatives_where_levels_meet():
    matrices = models.hermitian(3, 3, 5, is_real=True)
    (x, *_), *_ = diabolic_points(known(matrices), 3 * np.array(SQUARE), (2, 3))
    gap = SquaredGap(matrices, Monomials(2), (2, 3), [0, 1])
    value, gradient, hessian = gap.derivatives(x[np.newaxis])
    assert value < 1e-20
    assert np.abs(gradient).max() < 1e-10
    # The function is smooth there, other than the gap: differences of its gradient.
    for k, along in enumerate(np.eye(2)):
        differences = central_difference(
            lambda x: gap.derivatives(x)[1], x[np.newaxis], along, 1e-3
        )
        assert_allclose(hessian[:, k], differences, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("is_real", [True, False])
def test_all_minima_of_random_pencils(is_real):
    matrices = models.hermitian(2, 3, 7, is_real)
    model = known(matrices)
    minima = minimum_gap(model, SQUARE, n_starts=128)
    grid = np.linspace(-1, 1, 201)
    X = np.stack(np.meshgrid(grid, grid, indexing="ij"), axis=-1)
    levels = model.model_.levels(X.reshape(-1, 2))
    gap = (levels[:, 1] - levels[:, 0]).reshape(201, 201)
    around = np.pad(gap, 1, constant_values=np.inf)
    shifts = [(a, b) for a in (0, 1, 2) for b in (0, 1, 2) if (a, b) != (1, 1)]
    lower = np.min([around[a : a + 201, b : b + 201] for a, b in shifts], axis=0)
    scanned = X[gap < lower]

    def gap_at(x):
        levels = model.model_.levels(x[np.newaxis])[0]
        return levels[1] - levels[0]

    for start in scanned:
        best = minimize(gap_at, start, method="Nelder-Mead", bounds=SQUARE).x
        assert np.abs(minima.x - best).max(axis=1).min() < 1e-3
    for x in minima.x:
        assert np.abs(scanned - x).max(axis=1).min() < 0.02
    assert np.all(np.diff(minima.gap) >= 0)


@pytest.mark.parametrize("seed", [3, 4])
def test_minima_are_minima_on_faces_of_the_box_too(seed):
    model = known(models.hermitian(seed, 3, 10))
    minima = minimum_gap(model, SQUARE)
    angle = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    circle = 1e-3 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    around = np.clip(minima.x[:, np.newaxis] + circle, -1, 1)
    levels = model.eigenvalues(around.reshape(-1, 2))
    gap = (levels[:, 1] - levels[:, 0]).reshape(-1, 16)
    assert np.all(gap > minima.gap[:, np.newaxis] - 1e-12)


def test_units_origin_and_basis_do_not_matter():
    matrices = models.hermitian(4, 3, 5, is_real=True)
    expected = minimum_gap(known(matrices), SQUARE)
    basis = models.unitary(0, 5)
    moved = basis.conj().T @ matrices @ basis
    # x = (x' - 3) / 1e5 for the first feature, and H' = 7 H + 11
    moved[1] /= 1e5
    moved[0] -= 3.0 * moved[1]
    moved = 7.0 * moved
    moved[0] += 11.0 * np.eye(5)
    moved = 0.5 * (moved + moved.conj().swapaxes(1, 2))
    bounds = [(3.0 - 1e5, 3.0 + 1e5), (-1.0, 1.0)]
    minima = minimum_gap(known(moved), bounds)
    assert_allclose(minima.gap, 7.0 * expected.gap, atol=1e-8)
    assert_allclose((minima.x - [3, 0]) / [1e5, 1], expected.x, atol=1e-5)


def test_a_minimum_on_the_boundary():
    minima = minimum_gap(known(cone(2.0, 0.5)), SQUARE)
    assert_allclose(minima.x, [[1.0, 0.5]], atol=1e-8)
    assert minima.on_bound.tolist() == [True]
    inside = minimum_gap(known(cone(0.3, 0.5, gap=0.1)), SQUARE)
    assert_allclose(inside.x, [[0.3, 0.5]], atol=1e-8)
    assert_allclose(inside.gap, [0.1])
    assert not inside.on_bound[0]


def test_a_feature_with_equal_bounds_is_fixed():
    model = known(cone(0.3, 0.5))
    minima = minimum_gap(model, [(0.0, 0.0), (-1.0, 1.0)])
    assert_allclose(minima.x, [[0.0, 0.5]], atol=1e-8)
    assert_allclose(minima.gap, [0.6])


def test_levels_that_cross_on_a_line_are_told():
    model = known([np.diag([0.1, -0.1]), np.diag([1.0, -1.0]), np.diag([1.0, -1.0])])
    with pytest.warns(UserWarning, match="not isolated"):
        minimum_gap(model, SQUARE)


def quadratic(first, second):
    """Two real levels: coefficients of 1, x, y, x^2, x y, y^2 beside z and flip."""
    _, z, flip = cone(0.0, 0.0)
    X = np.random.RandomState(0).uniform(-1, 1, size=(9, 2))
    emulator = PMMEmulator(2, degree=2, matrix_type="symmetric")
    models.barely_fitted(emulator, X, X[:, 0], 0)
    each = np.array([first, second])[:, :, np.newaxis, np.newaxis]
    emulator.matrices_ = each[0] * z + each[1] * flip
    return emulator


def without_error_bars(function, *arguments, **options):
    """Results for matrices that were not fitted."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*arguments, **options)


@pytest.mark.parametrize("gap", [1e-2, 1e-6])
def test_diabolic_points_are_told_from_narrow_avoided_crossings(gap):
    points = diabolic_points(known(cone(0.2, -0.1)), SQUARE)
    assert_allclose(points.x, [[0.2, -0.1]], atol=1e-8)
    assert_allclose(points.energy, [0.0], atol=1e-8)
    assert points.berry_phase == [np.pi]
    avoided = quadratic([0, 0, 1, 0, 0, 0], [0.5 * gap, 0, 0, 1, 0, 0])
    assert len(without_error_bars(diabolic_points, avoided, SQUARE).x) == 0
    (least,) = without_error_bars(minimum_gap, avoided, SQUARE).gap
    assert_allclose(least, gap, rtol=1e-6)


def test_a_point_that_levels_touch_in_without_a_cone():
    touching = quadratic([0, 0, 0, 1, 0, -1], [0, 0, 0, 0, 2, 0])
    points = without_error_bars(diabolic_points, touching, SQUARE)
    assert_allclose(points.x, [[0.0, 0.0]], atol=1e-4)
    assert points.berry_phase == [0.0]


def test_diabolic_points_of_two_of_three_features():
    matrices = models.hermitian(5, 4, 4, is_real=True)
    bounds = [(-2, 2), (0.3, 0.3), (-2, 2)]
    points = diabolic_points(known(matrices), bounds, (1, 2))
    assert len(points.x) > 0
    assert np.all(points.x[:, 1] == 0.3)
    levels = known(matrices).eigenvalues(points.x)
    assert_allclose(levels[:, 1], levels[:, 2], atol=1e-8)
    assert_allclose(levels[:, 1], points.energy, atol=1e-8)


def columns_by_differences(emulator, bounds):
    """Changes of a minimum, and of its gap, by each column of the root of the
    covariance of the parameters, from minima at other parameters."""
    bars = emulator.model_.error_bars
    (posterior,), (_, shift, scale) = bars._posteriors, bars._feature_units
    columns = posterior.covariance_of_theta.root(
        np.asfortranarray(np.eye(len(posterior.theta)))
    )
    monomials = posterior.model.primary.monomials
    unit = bars.target_scale[0]
    box = (np.array(bounds) - shift[:, np.newaxis]) / scale[:, np.newaxis]

    def minimum(change, start):
        matrices = posterior.model.split(posterior.theta + change).matrices
        function = SquaredGap(matrices, monomials, (0, 1), [0, 1])

        def value_and_gradient(x):
            return tuple(part[0] for part in function.derivatives(x[np.newaxis])[:2])

        options = {"gtol": 1e-14}
        result = minimize(
            value_and_gradient, start, jac=True, method="BFGS", options=options
        )
        return np.array([*(scale * result.x), unit * np.sqrt(max(result.fun, 0.0))])

    start = box.mean(axis=1)
    changes = [
        minimum(1e-2 * column, start) - minimum(-1e-2 * column, start)
        for column in columns.T
    ]
    return np.array(changes) / 2e-2


@pytest.mark.parametrize("degree", [1, 2])
def test_error_bars_of_a_minimum(noisy, degree):
    emulator = noisy("hermitian", degree)
    bounds = [(-0.4, 0.8), (-0.7, 0.5)]
    minima = minimum_gap(emulator, bounds)
    expected = np.linalg.norm(columns_by_differences(emulator, bounds), axis=0)
    assert_allclose(minima.x_std[0], expected[:2], rtol=1e-3)
    assert_allclose(minima.gap_std[0], expected[2], rtol=1e-3)
    # It is what predict says of a gap.
    _, std = emulator.predict(minima.x[:1], return_std=True)
    assert_allclose(minima.gap_std[0], std[0, 2], rtol=1e-8)
    assert 0.2 < np.abs(minima.x[0] - [0.2, -0.1]).max() / minima.x_std[0].max() < 5


@pytest.mark.parametrize("degree", [1, 2])
def test_error_bars_of_a_diabolic_point(noisy, degree):
    emulator = noisy("symmetric", degree)
    bounds = [(-0.4, 0.8), (-0.7, 0.5)]
    points = diabolic_points(emulator, bounds)
    expected = np.linalg.norm(columns_by_differences(emulator, bounds), axis=0)
    assert_allclose(points.x_std[0], expected[:2], rtol=1e-3)
    assert np.all(np.abs(points.x[0] - [0.2, -0.1]) < 4 * points.x_std[0])
    minima = minimum_gap(emulator, bounds)
    assert_allclose(minima.x_std, points.x_std, rtol=1e-6)
    assert minima.gap_std == [0.0]


def test_error_bars_are_in_the_units_of_the_features(noisy):
    emulator = noisy("symmetric")
    X = np.random.RandomState(0).uniform(-1, 1, size=(40, 2))
    scaled = emulator.__class__(**emulator.get_params()).fit(
        X * [1e3, 1.0] + [1e6, 0.0], 1e4 * emulator.predict(X), y_err=10.0
    )
    bounds = [(1e6 - 1e3, 1e6 + 1e3), (-1.0, 1.0)]
    original = emulator.fit(X, emulator.predict(X), y_err=1e-3)
    points = diabolic_points(scaled, bounds)
    expected = diabolic_points(original, SQUARE)
    assert_allclose(points.x_std, expected.x_std * [1e3, 1.0], rtol=1e-3)
    gaps = minimum_gap(scaled, [bounds[0], (0.5, 0.5)])
    expected = minimum_gap(original, [SQUARE[0], (0.5, 0.5)])
    assert_allclose(gaps.gap_std, 1e4 * expected.gap_std, rtol=1e-3)


def test_a_model_without_error_bars():
    minima = minimum_gap(known(cone(0.2, -0.1, gap=0.1)), [(0, 0), (-1, 1)])
    assert np.isnan(minima.gap_std[0])
    assert minima.x_std[0, 0] == 0
    assert np.isnan(minima.x_std[0, 1])


def test_levels_of_a_regressor():
    X = np.random.RandomState(0).uniform(-1, 1, size=(30, 2))
    regressor = PMMRegressor(4, 2, n_init=1, random_state=0)
    regressor.fit(X, np.sin(X[:, 0] * X[:, 1]))
    minima = without_error_bars(minimum_gap, regressor, SQUARE)
    levels = regressor.model_.levels(minima.x)
    assert_allclose(levels[:, 1] - levels[:, 0], minima.gap, atol=1e-10)


def test_a_sector_of_several():
    matrices = models.hermitian(0, 3, 5, sectors=(2, 3))
    emulator = models.emulator(size=(2, 3), matrices=matrices)
    found = without_error_bars(minimum_gap, emulator, SQUARE, (1, 2), sector=1)
    own = known(matrices[:, 2:, 2:])
    assert_allclose(found.gap, minimum_gap(own, SQUARE, (1, 2)).gap, atol=1e-10)


@pytest.mark.parametrize("shift", [0.0, 1e3])
@pytest.mark.parametrize("width", [1.0, 1e3, 1e6, 1e9])
def test_what_is_zero_does_not_depend_on_the_box(width, shift):
    shift = shift * np.eye(2)
    for gap in (2e-4, 2.0):
        z, flip = np.diag([1.0, -1.0]), 0.5 * gap * np.array([[0, 1.0], [1, 0]])
        found = minimum_gap(known([flip + shift, z]), [(-0.7 * width, width)])
        assert_allclose(found.gap, [gap], rtol=1e-2)
    crossing = known([shift - 0.3 * z, z])
    far = known([shift - (1e6 + 0.3) * z, z])
    found = minimum_gap(crossing, [(-0.7 * width, width)])
    assert found.gap.tolist() == [0.0]
    found = minimum_gap(far, [(1e6 - 0.7 * width, 1e6 + width)])
    assert found.gap.tolist() == [0.0]


BAD = {
    "shape": ({"bounds": [(-1, 1)]}, r"bounds must have shape \(2, 2\)"),
    "order": ({"bounds": [(1, -1), (0, 1)]}, "lower ends not above"),
    "infinite": ({"bounds": [(0, np.inf), (0, 1)]}, "bounds must be finite"),
    "far": ({"bounds": [(0, 1), (-1e200, 1e200)]}, "bounds must leave levels"),
    "farther": ({"bounds": [(0, 1), (-1e308, 1e308)]}, "bounds must leave levels"),
    "point": ({"bounds": [(0, 0), (1, 1)]}, "equal ends for all"),
    "level": ({"levels": (0, 9)}, "levels must be two different integers below 2"),
    "same": ({"levels": (1, -1)}, "levels must be two different"),
    "one": ({"levels": 1}, "levels must be two different"),
    "fractions": ({"levels": (0.0, 1.0)}, "levels must be two different"),
    "sector": ({"sector": 1}, "sector must be less than 1"),
    "starts": ({"n_starts": 0}, "n_starts must be"),
}


@pytest.mark.parametrize("function", [minimum_gap, diabolic_points])
@pytest.mark.parametrize("name", BAD)
def test_bad_input(function, name):
    arguments, message = BAD[name]
    with pytest.raises(ValueError, match=message):
        function(known(cone(0.0, 0.0)), **{"bounds": SQUARE, **arguments})


def test_diabolic_points_have_a_codimension():
    with pytest.raises(ValueError, match="codimension 3"):
        diabolic_points(known(cone(0.0, 0.0, gap=0.1)), SQUARE)
    with pytest.raises(ValueError, match="codimension 2"):
        diabolic_points(known(cone(0.0, 0.0)), [(0, 0), (-1, 1)])
    matrices = models.hermitian(0, 3, 3, is_real=True)
    with pytest.raises(ValueError, match="neighbours"):
        diabolic_points(known(matrices), SQUARE, (0, 2))


def test_models_without_a_polynomial():
    with pytest.raises(TypeError, match="polynomial in the features"):
        minimum_gap(models.unitary_emulator(), [(0, 1)])
    t = np.linspace(0.0, 3.0, 12)[:, np.newaxis]
    evolution = models.barely_fitted(EvolutionEmulator(2), t, np.cos(t), 0)
    with pytest.raises(TypeError, match="of which time is one"):
        minimum_gap(evolution, [(0, 1)])
