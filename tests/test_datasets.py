"""Data sets that come with the package."""

import sys

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from pmm_sklearn.datasets import TEST_FUNCTIONS, load_airfoil, make_test_function

# Largest value on the test grid.
LARGEST = {
    "franke": 1.2195,
    "cliff": 0.2222,
    "saddle": 0.3750,
    "gentle": 0.3332,
    "steep": 0.3330,
    "sphere": 0.3889,
    "trigonometric": 2.9951,
    "gaussians": 2.4959,
    "cloverleaf": 83.93,
    "cosine_peak": 0.9719,
    "bilinear": 2.0000,
    "vicente_romero": 2.1228,
    "runge": 0.9949,
}


@pytest.mark.parametrize(("name", "largest"), LARGEST.items())
def test_largest_value(name, largest):
    target = make_test_function(name, random_state=0).target_test
    assert np.max(np.abs(target)) == pytest.approx(largest, rel=2e-4)


@pytest.mark.parametrize("name", TEST_FUNCTIONS)
def test_test_function(name):
    data = make_test_function(name, 50, random_state=3)
    low, high = data.domain
    assert data.data.shape == (50, 2)
    assert data.data.min() >= low
    assert data.data.max() < high
    assert_array_equal(data.data_test.min(axis=0), low)
    assert_array_equal(data.data_test.max(axis=0), high)
    assert data.target_test.shape == (10_000,)
    assert_array_equal(data.target, data.function(*data.data.T))
    again = make_test_function(name, 50, random_state=3)
    assert_array_equal(again.target, data.target)
    other = make_test_function(name, 50, random_state=4)
    assert not np.allclose(other.target, data.target)


@pytest.mark.parametrize("name", ["fourier", "polynomial"])
def test_random_functions_follow_their_formula(name):
    """A linear combination of the documented terms, and of no others."""
    data = make_test_function(name, 50, random_state=0)
    x, y = data.data_test.T
    if name == "polynomial":
        terms = [x**n * y**m for n in range(7) for m in range(7)]
    else:
        orders = [(n * np.pi / 3, m * np.pi / 3) for n in (1, 2, 3) for m in (1, 2, 3)]
        terms = [np.sin(a * x) * np.sin(b * y) for a, b in orders]
        terms += [np.cos(a * x) * np.cos(b * y) for a, b in orders]
    coefficients, *_ = np.linalg.lstsq(np.array(terms).T, data.target_test, rcond=None)
    np.testing.assert_allclose(np.array(terms).T @ coefficients, data.target_test)
    assert 0.5 < np.std(coefficients) < 1.5


def test_unknown_function():
    with pytest.raises(ValueError, match="name must be one of franke.*'frank'"):
        make_test_function("frank")
    with pytest.raises(ValueError, match="n_samples.*0"):
        make_test_function("franke", 0)


class TestAirfoil:
    def test_bunch(self):
        airfoil = load_airfoil()
        assert airfoil.data.shape == (1503, 5)
        assert airfoil.target.shape == (1503,)
        assert airfoil.target.min() == pytest.approx(103.38)
        assert airfoil.target.max() == pytest.approx(140.987)
        assert_array_equal(airfoil.data[0], [800, 0, 0.3048, 71.3, 0.00266337])
        assert len(airfoil.feature_names) == 5
        assert airfoil.frame is None
        assert "CC BY 4.0" in airfoil.DESCR
        assert_array_equal(np.loadtxt(airfoil.filename)[:, :-1], airfoil.data)

    def test_return_X_y(self):
        X, y = load_airfoil(return_X_y=True)
        assert_array_equal(X, load_airfoil().data)
        assert_array_equal(y, load_airfoil().target)

    def test_as_frame(self):
        airfoil = load_airfoil(as_frame=True)
        assert isinstance(airfoil.data, pd.DataFrame)
        assert isinstance(airfoil.target, pd.Series)
        assert airfoil.frame.shape == (1503, 6)
        assert list(airfoil.data.columns) == airfoil.feature_names

    def test_as_frame_without_pandas(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "pandas", None)
        with pytest.raises(ImportError, match=r"as_frame=True needs pandas"):
            load_airfoil(as_frame=True)
