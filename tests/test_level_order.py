"""Levels that are not in the order of their numbers, and noise that looks like it."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from pmm_sklearn import PMMEmulator, UnitaryPMMEmulator
from pmm_sklearn.targets import Level, Observable

X = np.linspace(-1, 1, 12)[:, np.newaxis]
# Followed through a crossing in the middle.
CROSSING = np.column_stack([X[:, 0], -X[:, 0]])
LEVELS = [Level(0), Level(1)]
QUICK = {"max_iter": 3, "n_init": 1, "random_state": 0}

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def warned(y, matrix_size=3, targets=None, kind=PMMEmulator, **arguments):
    """The messages about y of a fit."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("error", RuntimeWarning)
        kind(matrix_size, targets=targets, **QUICK).fit(X, y, **arguments)
    assert all(warning.filename == __file__ for warning in caught)
    return [str(warning.message) for warning in caught]


@pytest.mark.parametrize("targets", [None, LEVELS])
@pytest.mark.parametrize("y_err", [None, 0.01])
def test_levels_followed_through_a_crossing(targets, y_err):
    (message,) = warned(CROSSING, targets=targets, y_err=y_err)
    for words in (
        "not in 6 of 12 rows",
        "in row 11 column 1 is below column 0, -1 < 1",
        "numpy.sort",
        "Level(0, sector=1)",
    ):
        assert words in message
    assert warned(np.sort(CROSSING), targets=targets, y_err=y_err) == []


def test_one_row():
    y = np.hypot(1, X) * [-1, 1]
    y[3] = y[3, ::-1]
    (message,) = warned(y)
    assert "not in 1 of 12 rows: in row 3 column 1" in message


def test_rows_are_those_of_the_user():
    y = np.hypot(1, X) * [-1, 1]
    y[3] = y[3, ::-1]
    (message,) = warned(y, sample_weight=np.arange(12) > 1)
    assert "not in 1 of 10 rows: in row 3" in message
    assert warned(y, sample_weight=np.arange(12) != 3) == []


def test_levels_that_are_not_known():
    y = np.hypot(1, X) * [-1, 0, 1]
    y[:, 1] = 0.1 * X[:, 0]
    y[4, 1] = np.nan
    assert warned(y) == []
    y[4, 2] = -3.0
    (message,) = warned(y)
    assert "in row 4 column 2 is below column 0" in message
    y[4, 2] = np.nan
    assert warned(y) == []


def test_order_of_numbers_not_of_columns():
    y = np.hypot(1, X) * [-1, 1]
    assert warned(y[:, ::-1], targets=LEVELS[::-1]) == []
    assert warned(y, targets=[Level(0), Level(-1)]) == []
    (message,) = warned(y, targets=[Level(-1), Level(0)])
    assert "not in 12 of 12 rows" in message
    assert "column 0 is below column 1" in message


def test_sectors_cross():
    sectors = [Level(0, sector=0), Level(0, sector=1)]
    assert warned(CROSSING, (2, 2), targets=sectors) == []
    together = [Level(0, sector=None), Level(1, sector=None)]
    assert len(warned(CROSSING, (2, 2), targets=together)) == 1
    mixed = [Level(0, sector=None), Level(1, sector=0)]
    assert len(warned(CROSSING, 3, targets=mixed)) == 1


def test_other_targets_have_no_order():
    y = np.column_stack([X[:, 0], -X[:, 0]])
    assert warned(y, targets=[Level(0), Observable("n")]) == []


@pytest.mark.parametrize("noise", [1e-14, 1e-3, 0.005])
def test_noise_of_levels_that_coincide(noise):
    energy = -np.hypot(1, X)
    errors = np.random.RandomState(0).standard_normal((12, 2))
    y = energy + noise * np.std(energy) * errors
    assert np.any(y[:, 0] > y[:, 1])
    assert warned(y) == []
    assert warned(y, y_err=noise * np.std(energy)) == []


def test_known_errors_decide():
    y = -np.hypot(1, X) + 0.1 * np.random.RandomState(0).standard_normal((12, 2))
    assert warned(y, y_err=0.1) == []
    assert len(warned(y, y_err=0.01)) > 0
    (message,) = warned(y)
    assert "If they are noise, give y_err" in message


def test_constant_levels():
    assert warned(np.full((12, 2), -3.0)) == []


def test_unitary_emulator():
    y = np.hypot(1, X) * [0.1, -0.1]
    x = np.abs(X)
    with pytest.warns(UserWarning, match="column 1 is below column 0"):
        UnitaryPMMEmulator(3, **QUICK).fit(x, y)
