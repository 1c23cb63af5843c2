"""Data sets that come with the package."""

import pickle
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

# Value at x = 0.3, y = 0.8.
VALUES = {
    "franke": 0.21517824,
    "cliff": 0.2221948,
    "saddle": 0.14316883,
    "gentle": 0.17260711,
    "steep": 0.023966164,
    "sphere": 0.31247982,
    "trigonometric": -1.2834513,
    "gaussians": 0.14479461,
    "cloverleaf": -26.612327,
    "cosine_peak": -0.0013343537,
    "bilinear": 0.54,
    "vicente_romero": 0.50675904,
    "runge": 0.071428571,
}


@pytest.mark.parametrize(("name", "largest"), LARGEST.items())
def test_largest_value(name, largest):
    target = make_test_function(name, random_state=0).target_test
    assert np.max(np.abs(target)) == pytest.approx(largest, rel=2e-4)


@pytest.mark.parametrize(("name", "value"), VALUES.items())
def test_value(name, value):
    function = make_test_function(name, random_state=0).function
    assert function(0.3, 0.8) == pytest.approx(value, rel=1e-6)


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


@pytest.mark.parametrize(
    ("name", "n_terms", "rank"),
    [
        ("fourier", 1, 2),
        ("fourier", 2, 4),
        ("polynomial", 2, 3),
    ],
)
def test_n_terms(name, n_terms, rank):
    """The rank of the table of values counts the products of functions of x and y."""
    data = make_test_function(name, 10, n_terms=n_terms, random_state=0)
    table = data.target_test.reshape(100, 100)
    assert np.linalg.matrix_rank(table) == rank


@pytest.mark.parametrize("name", TEST_FUNCTIONS)
def test_global_generator_is_neither_read_nor_changed(name):
    generator = np.random.mtrand._rand
    _, key, *position = generator.get_state()
    first = make_test_function(name, random_state=5)
    _, same_key, *same_position = generator.get_state()
    assert_array_equal(same_key, key)
    assert same_position == position
    generator.uniform(size=1000)
    second = make_test_function(name, random_state=5)
    assert_array_equal(first.data, second.data)
    assert_array_equal(first.target_test, second.target_test)


def test_random_state_instance_continues():
    random_state = np.random.RandomState(0)
    first = make_test_function("franke", random_state=random_state)
    second = make_test_function("franke", random_state=random_state)
    assert_array_equal(first.data, make_test_function("franke", random_state=0).data)
    assert not np.allclose(first.data, second.data)


@pytest.mark.parametrize("name", ["cliff", "fourier", "polynomial"])
def test_pickle(name):
    data = make_test_function(name, random_state=0)
    copy = pickle.loads(pickle.dumps(data))
    assert_array_equal(copy.function(*copy.data.T), data.target)


@pytest.mark.parametrize("name", TEST_FUNCTIONS)
def test_description_has_the_formula(name):
    description = make_test_function(name, 10).DESCR
    assert description.startswith(f"{name} on [")
    assert "f(x, y) = " in description


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "frank"}, "name must be one of franke.*'frank'"),
        ({"name": None}, "name must be one of franke.*None"),
        ({"n_samples": 0}, "n_samples must be a positive integer, got 0: give"),
        ({"n_samples": 2.5}, "n_samples must be a positive integer, got 2.5"),
        ({"n_samples": True}, "n_samples must be a positive integer, got True"),
        (
            {"name": "fourier", "n_terms": 0},
            "n_terms must be a positive integer, got 0",
        ),
        ({"n_terms": 3}, "n_terms=3 with name='franke': leave n_terms=None"),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_test_function(**{"name": "franke", **arguments})


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
