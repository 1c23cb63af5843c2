"""UnitaryPMMEmulator: Trotterised energies and their limit."""

from functools import reduce

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.linalg import expm
from sklearn.base import clone

from pmm_sklearn import UnitaryPMMEmulator
from pmm_sklearn.datasets import make_heisenberg_dm_trotter
from pmm_sklearn.targets import Level, Observable

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

TIMES = np.array([-0.5, -0.4, -0.3, 0.25, 0.35, 0.5])[:, np.newaxis]


def terms(seed=0, n=3, n_terms=3):
    rng = np.random.RandomState(seed)
    parts = 0.5 * rng.standard_normal((2, n_terms, n, n))
    matrices = parts[0] + 1j * parts[1]
    return matrices + matrices.conj().swapaxes(1, 2)


def energies(matrices, times, n_levels):
    levels = []
    for (t,) in times:
        evolution = reduce(np.matmul, [expm(-1j * t * M) for M in matrices])
        levels.append(np.sort(-np.angle(np.linalg.eigvals(evolution)) / t)[:n_levels])
    return np.array(levels)


def fitted(**settings):
    matrices = terms()
    y = energies(matrices, TIMES, 2)
    emulator = UnitaryPMMEmulator(3, 3, random_state=0, n_init=6, **settings)
    return emulator.fit(TIMES, y), matrices, y


@pytest.fixture(scope="module")
def exact():
    return fitted()


class TestLimit:
    def test_exact_limit_is_found(self, exact):
        emulator, matrices, y = exact
        limit = np.linalg.eigvalsh(matrices.sum(axis=0))[:2]
        assert_allclose(emulator.predict(TIMES), y, atol=1e-3)
        assert_allclose(emulator.predict([[0.0]])[0], limit, atol=2e-2)

    def test_prediction_at_zero_is_that_of_the_sum(self, exact):
        emulator, _, _ = exact
        assert_array_equal(emulator.hamiltonian_, emulator.matrices_.sum(axis=0))
        expected = np.linalg.eigvalsh(emulator.hamiltonian_)
        assert_allclose(emulator.predict([[0.0]])[0], expected[:2], atol=1e-12)
        assert_allclose(emulator.eigenvalues([[0.0]])[0], expected, atol=1e-12)
        nearly = emulator.predict([[1e-9]])[0]
        assert_allclose(nearly, expected[:2], atol=1e-7)

    def test_predictions_are_phases_of_the_product(self, exact):
        emulator, _, _ = exact
        times = np.array([[0.1], [-0.2]])
        expected = energies(emulator.matrices_, times, 3)
        assert_allclose(emulator.eigenvalues(times), expected, atol=1e-10)

    def test_units_do_not_matter(self):
        one, _, y = fitted(max_iter=25)
        other = clone(one).fit(TIMES * 1e-3, y * 1e3)
        assert_allclose(other.predict(TIMES * 1e-3), one.predict(TIMES) * 1e3)

    def test_missing_entries_observables_and_sectors(self):
        y = energies(terms(), TIMES, 2)
        y = np.column_stack([y, np.cos(TIMES[:, 0])])
        y[2, 1] = np.nan
        targets = [Level(0), Level(0, sector=1), Observable("spin")]
        emulator = UnitaryPMMEmulator(
            (2, 2), 3, targets=targets, random_state=0, n_init=3, max_iter=40
        ).fit(TIMES, y)
        assert emulator.predict(TIMES).shape == (6, 3)
        assert np.all(np.isfinite(emulator.predict([[0.0]])))
        assert emulator.n_parameters_ == 3 * 8 + 8

    def test_gradients_agree_with_another_solver(self):
        """L-BFGS uses the gradient where Levenberg-Marquardt uses the Jacobian."""
        lbfgs, _, y = fitted(solver="lbfgs", max_iter=2000)
        assert_allclose(lbfgs.predict(TIMES), y, atol=3e-2)


class TestTrotter:
    def test_limit_of_the_heisenberg_chain(self):
        """Better than the paper; the start is chosen by the training loss only."""
        data = make_heisenberg_dm_trotter()
        emulator = UnitaryPMMEmulator(n_init=5, random_state=1)
        emulator.fit(data.X_train, data.y_train)
        error = np.abs(emulator.predict(data.X_test) / data.y_test - 1)[0]
        assert emulator.n_parameters_ == 405
        assert np.all(error < [1.0e-4, 1.9e-4, 4.2e-4])


class TestBadInput:
    @pytest.mark.parametrize(
        ("X", "y", "match"),
        [
            (np.ones((3, 2)), np.ones(3), "one feature, the time step, got 2"),
            ([[0.1], [0.0], [0.2]], np.ones(3), "time step of 0 in row 1"),
            ([[0.1], [0.5], [0.2]], [1.0, -7.0, 1.0], "phase of 3.5 beyond pi"),
            ([[1e-9], [5e-9], [2e-9]], [1.0, 1.1, 1.2], "at most 5.5e-09, too small"),
        ],
    )
    def test_data(self, X, y, match):
        with pytest.raises(ValueError, match=match):
            UnitaryPMMEmulator(2, 2).fit(X, y)

    def test_parameters(self):
        with pytest.raises(ValueError, match="n_factors must be at least 1"):
            UnitaryPMMEmulator(2, 0).fit(TIMES, TIMES[:, 0])
        with pytest.raises(ValueError, match="more than the 2 levels"):
            UnitaryPMMEmulator(2).fit(TIMES, np.ones((6, 3)))

    def test_a_failed_fit_changes_nothing(self):
        emulator, _, _ = fitted(max_iter=3)
        before = emulator.predict(TIMES)
        with pytest.raises(ValueError, match="time step of 0"):
            emulator.fit([[0.0]], [[1.0, 2.0]])
        assert_array_equal(emulator.predict(TIMES), before)
