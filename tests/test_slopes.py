"""Slopes of levels as targets of emulators: theorem of Hellmann and Feynman."""

import io
import json

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from pmm_sklearn import PMMEmulator, UnitaryPMMEmulator
from pmm_sklearn.inspection import feature_influence
from pmm_sklearn.inspection._arguments import target_names
from pmm_sklearn.model import HermitianSpace
from pmm_sklearn.targets import Level, Observable, Slope

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

# A spin of two levels in two fields: slopes by hand.
FIELDS = np.array([[-1.0, 0.3], [-0.4, 0.8], [0.2, -0.5], [0.5, 0.4], [0.9, 1.1]])
SPIN_TARGETS = [Level(0), Slope(0, 0), Slope(0, 1)]


def spin(X):
    """Lowest level, and its slopes."""
    energy = -np.sqrt(1 + X[:, 0] ** 2 + 2 * X[:, 1] ** 2)
    return np.column_stack([energy, X[:, 0] / energy, 2 * X[:, 1] / energy])


def with_random_matrices(targets, sizes=(3, 2), degree=1, seed=0, n_features=2):
    """An emulator of a given structure that has learned nothing."""
    rng = np.random.RandomState(seed)
    X = rng.uniform(-1, 1, (3, n_features))
    emulator = PMMEmulator(sizes, targets=targets, degree=degree, max_iter=1, n_init=1)
    emulator.fit(X, rng.standard_normal((3, len(targets))))
    space = HermitianSpace(sizes, "hermitian")
    shape = len(emulator.matrices_), space.size
    emulator.matrices_ = space.matrices(rng.standard_normal(shape))
    return emulator


def central_difference(function, X, feature, step=1e-4):
    moved = [X + k * step * np.eye(X.shape[1])[feature] for k in (-2, -1, 1, 2)]
    values = [function(x) for x in moved]
    return (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * step)


class TestWhatTheyAre:
    @pytest.mark.parametrize("degree", [1, 2, 3])
    def test_slopes_are_derivatives_of_levels(self, degree):
        levels = [Level(1), Level(0, sector=1), Level(-2, sector=None)]
        states = [(1, 0), (0, 1), (-2, None)]
        slopes = [Slope(k, j, sector) for k, sector in states for j in (0, 1)]
        emulator = with_random_matrices([*levels, *slopes], degree=degree)
        X = np.random.RandomState(1).uniform(-1, 1, (6, 2))
        outputs, gradient = emulator.predict(X), emulator.predict_gradient(X)
        expected = gradient[:, :3].reshape(len(X), -1)
        assert_allclose(outputs[:, 3:], expected, rtol=1e-10, atol=1e-12)
        for feature in (0, 1):
            numerical = central_difference(emulator.predict, X, feature)
            found = gradient[..., feature]
            assert_allclose(found, numerical, rtol=1e-6, atol=1e-6)
        curvature = gradient[:, 3:].reshape(len(X), 3, 2, 2)
        assert_allclose(curvature, curvature.swapaxes(2, 3), atol=1e-9)

    def test_function(self):
        emulator = with_random_matrices([Slope(0, 1), Level(1), Slope(1, 0, sector=1)])
        X = np.random.RandomState(1).uniform(-1, 1, (4, 2))
        value, gradient = emulator.as_function(gradient=True)(X)
        assert_allclose(value, emulator.predict(X))
        assert_allclose(gradient, emulator.predict_gradient(X))

    @pytest.mark.parametrize("degree", [1, 2])
    def test_bounds_of_influence(self, degree):
        targets = [Slope(0, 0), Slope(1, 1, sector=1), Slope(2, 1, sector=None)]
        emulator = with_random_matrices(targets, degree=degree)
        X = np.random.RandomState(1).uniform(-2, 2, (200, 2))
        bounds = feature_influence(emulator, X).outputs
        assert np.all(np.abs(emulator.predict_gradient(X)) <= bounds * (1 + 1e-9))

    def test_outputs_are_finite_where_levels_cross(self):
        emulator = with_random_matrices([Slope(0, 0), Slope(1, 0)], (2,), n_features=1)
        emulator.matrices_ = np.array([np.eye(2), np.diag([1.0, -1.0])], complex)
        outputs, gradient = emulator.as_function(gradient=True)(np.zeros((1, 1)))
        assert_allclose(np.sort(outputs[0]), [-1, 1])
        assert np.all(np.isfinite(gradient))


class TestLearning:
    def test_two_points_determine_a_spin(self):
        """Of five numbers in a symmetric pencil; two energies alone would not."""
        emulator = PMMEmulator(
            2, targets=SPIN_TARGETS, matrix_type="symmetric", random_state=0
        )
        emulator.fit(FIELDS[1:4], spin(FIELDS[1:4]))
        # In two dimensions sqrt(2) x_1 needs a third Pauli matrix or none at all.
        assert_allclose(emulator.predict(FIELDS[1:4]), spin(FIELDS[1:4]), atol=1e-6)

    @pytest.mark.parametrize("solver", ["lm", "newton-cg", "lbfgs"])
    def test_exact_model_is_found_by_all_solvers(self, solver):
        emulator = PMMEmulator(
            2, targets=SPIN_TARGETS, solver=solver, alpha=0.0, tol=1e-8, random_state=0
        )
        emulator.fit(FIELDS, spin(FIELDS))
        X = np.random.RandomState(0).uniform(-2, 2, (20, 2))
        assert_allclose(emulator.predict(X), spin(X), atol=1e-4)

    def test_slopes_alone_determine_levels_up_to_a_constant(self):
        emulator = PMMEmulator(2, targets=SPIN_TARGETS[1:], random_state=0)
        emulator.fit(FIELDS, spin(FIELDS)[:, 1:])
        X = np.random.RandomState(0).uniform(-2, 2, (20, 2))
        difference = emulator.eigenvalues(X)[:, 0] - spin(X)[:, 0]
        assert_allclose(difference, difference[0], atol=1e-5)
        assert_allclose(emulator.predict(X), spin(X)[:, 1:], atol=1e-5)

    def test_missing_slopes_are_absent(self):
        """A column with one value less is what a row of zero weight would be."""
        y = spin(FIELDS)
        y[1:, 2], y[2, 1] = np.nan, np.nan
        settings = {"max_iter": 30, "n_init": 1, "alpha": 0.1, "random_state": 0}
        emulator = PMMEmulator(2, targets=SPIN_TARGETS, **settings).fit(FIELDS, y)
        objective = emulator.loss_
        rows = np.vstack([FIELDS, FIELDS[:1]])
        nothing = np.vstack([y, [np.nan] * 3])
        again = PMMEmulator(2, targets=SPIN_TARGETS, **settings).fit(rows, nothing)
        assert_allclose(again.predict(FIELDS), emulator.predict(FIELDS))
        assert again.loss_ == pytest.approx(objective)
        y[2, 1] = 1.0  # instead of -0.17: now it is a datum
        known = PMMEmulator(2, targets=SPIN_TARGETS, **settings).fit(FIELDS, y)
        assert known.loss_ > 1.1 * objective

    @pytest.mark.parametrize("degree", [1, 2])
    def test_units_do_not_matter(self, degree):
        y = spin(FIELDS)
        unit, shift = np.array([1e-3, 50.0]), np.array([3.0, -200.0])
        energy = 27.2
        settings = {"degree": degree, "n_init": 2, "max_iter": 40, "random_state": 0}
        one = PMMEmulator(2, targets=SPIN_TARGETS, **settings).fit(FIELDS, y)
        other = PMMEmulator(2, targets=SPIN_TARGETS, **settings)
        scale = energy * np.array([1.0, *1 / unit])
        offset = np.array([-75.0, 0.0, 0.0])
        other.fit(FIELDS * unit + shift, y * scale + offset)
        X = np.random.RandomState(0).uniform(-1, 1, (9, 2))
        expected = one.predict(X) * scale + offset
        found = other.predict(X * unit + shift)
        assert_allclose(found / scale, expected / scale, rtol=1e-5, atol=1e-5)
        assert other.loss_ == pytest.approx(one.loss_, rel=1e-3, abs=1e-12)

    def test_units_of_slopes_alone_do_not_matter(self):
        y, unit = spin(FIELDS)[:, 1:], np.array([1e-3, 50.0])
        settings = {"targets": SPIN_TARGETS[1:], "n_init": 2, "random_state": 0}
        one = PMMEmulator(2, **settings).fit(FIELDS, y)
        other = PMMEmulator(2, **settings).fit(FIELDS * unit, y / unit)
        expected = one.predict(FIELDS)
        assert_allclose(other.predict(FIELDS * unit) * unit, expected, atol=1e-6)

    def test_one_point(self):
        """Features that are constant have slopes, too."""
        X, y = np.array([[2.0, -1.0]]), np.array([[1.0, 0.5, -0.25]])
        emulator = PMMEmulator(2, targets=SPIN_TARGETS, random_state=0).fit(X, y)
        assert_allclose(emulator.predict(X), y, atol=1e-5)

    def test_known_errors_and_error_bars(self):
        rng = np.random.RandomState(0)
        X = rng.uniform(-1, 1, (30, 2))
        errors = np.array([1e-3, 1e-2, 1e-2])
        y = spin(X) + errors * rng.standard_normal((30, 3))
        emulator = PMMEmulator(2, targets=SPIN_TARGETS, random_state=0)
        emulator.fit(X, y, y_err=errors)
        assert 40 < emulator.loss_ < 130  # chi-square of 90 values
        X_test = rng.uniform(-1, 1, (200, 2))
        mean, std = emulator.predict(X_test, return_std=True)
        within = np.abs(mean - spin(X_test)) <= 2 * std
        assert np.all(within.mean(axis=0) > 0.8)
        assert np.median(std[:, 0]) < errors[0]
        assert emulator.sample_y(X_test[:2], n_samples=3).shape == (2, 3, 3)

    def test_sectors_fixed_terms_and_automatic_size(self):
        X = np.linspace(-1, 1, 7)[:, np.newaxis]
        slope = X[:, 0] / np.hypot(1, X[:, 0])
        y = np.column_stack([-slope, 0.5 * np.ones(7), np.hypot(1, X), 2 + X / 2])
        targets = [Slope(0, 0), Slope(0, 0, 1), Level(1), Level(0, sector=1)]
        emulator = PMMEmulator(targets=targets, random_state=0).fit(X, y)
        assert len(emulator.matrix_size_) == 2
        assert emulator.score(X, y[:, :]) > 0.7  # one column is constant
        assert_allclose(emulator.predict([[2.0]])[0, 3], 3.0, atol=1e-3)
        known = np.diag([1.0, -1.0])
        fixed = PMMEmulator(targets=[Level(0), Slope(0, 0)], fixed={1: known})
        fixed.fit(X, np.column_stack([-np.hypot(1, X), -slope]))
        assert_allclose(fixed.matrices_[1], known)
        assert fixed.score(X, np.column_stack([-np.hypot(1, X), -slope])) > 0.99

    def test_couplings_of_low_rank(self):
        emulator = PMMEmulator(
            3, targets=SPIN_TARGETS, rank=1, n_init=2, max_iter=60, random_state=0
        )
        assert emulator.fit(FIELDS, spin(FIELDS)).score(FIELDS, spin(FIELDS)) > 0.9


class TestFilesAndNames:
    def test_npz(self):
        targets = [Slope(0, 1), Observable("n", 1), Slope(0, 1, sector=1), Level(0)]
        emulator = with_random_matrices(targets, degree=2)
        file = io.BytesIO()
        emulator.to_npz(file)
        file.seek(0)
        again = PMMEmulator.from_npz(file)
        X = np.random.RandomState(0).uniform(-1, 1, (5, 2))
        assert again.targets_ == emulator.targets_ == targets
        assert_array_equal(again.predict(X), emulator.predict(X))

    @pytest.mark.parametrize("feature", [2, -1, "x0", True, 1.0, 10**30, None])
    def test_npz_of_a_feature_that_does_not_exist(self, feature):
        emulator = with_random_matrices([Slope(0, 1)])
        file = io.BytesIO()
        emulator.to_npz(file)
        file.seek(0)
        with np.load(file) as archive:
            arrays = dict(archive)
        description = json.loads(str(arrays["description"]))
        description["structure"]["outputs"][0][1] = feature
        file = io.BytesIO()
        np.savez(file, **arrays | {"description": np.array(json.dumps(description))})
        file.seek(0)
        with pytest.raises(ValueError, match="does not hold"):
            PMMEmulator.from_npz(file)

    def test_names(self):
        X = pd.DataFrame(FIELDS, columns=["b", "g"])
        targets = [Level(0), Slope(0, "b"), Slope(0, "g")]
        emulator = PMMEmulator(2, targets=targets, n_init=1, max_iter=5, random_state=0)
        emulator.fit(X, spin(FIELDS))
        by_number = PMMEmulator(2, targets=SPIN_TARGETS, n_init=1, max_iter=5)
        by_number.set_params(random_state=0).fit(FIELDS, spin(FIELDS))
        assert_array_equal(emulator.predict(X), by_number.predict(FIELDS))
        assert emulator.targets_ == SPIN_TARGETS
        names = target_names(emulator.model_, 3)
        assert names == ["level 0", "slope of level 0 by b", "slope of level 0 by g"]


class TestBadInput:
    @pytest.mark.parametrize("feature", ["g", 2, 10**30])
    @pytest.mark.parametrize("size", [3, "auto"])
    def test_feature_that_does_not_exist(self, feature, size):
        emulator = PMMEmulator(size, targets=[Slope(0, feature)])
        with pytest.raises(ValueError, match="X has the 2 feature") as error:
            emulator.fit(FIELDS, spin(FIELDS)[:, 1])
        assert "targets has Slope" in str(error.value)
        assert "x0, x1" in str(error.value)

    @pytest.mark.parametrize(
        ("arguments", "error"),
        [
            ((0.5, 0), TypeError),
            ((0, None), TypeError),
            ((0, True), TypeError),
            ((0, -1), ValueError),
            ((0, 0, -1), ValueError),
        ],
    )
    def test_no_slope(self, arguments, error):
        with pytest.raises(error):
            Slope(*arguments)

    def test_level_that_does_not_exist(self):
        emulator = PMMEmulator(2, targets=[Slope(2, 0)])
        with pytest.raises(ValueError, match="there are 2 levels"):
            emulator.fit(FIELDS, spin(FIELDS)[:, 1])

    def test_products_of_evolutions_have_none(self):
        emulator = UnitaryPMMEmulator(2, targets=[Slope(0, 0)])
        with pytest.raises(ValueError, match="use PMMEmulator"):
            emulator.fit([[0.1], [0.2]], [1.0, 2.0])
