"""Data sets for examples, tests and benchmarks."""

from ._airfoil import load_airfoil
from ._functions import TEST_FUNCTIONS, make_test_function

__all__ = ["TEST_FUNCTIONS", "load_airfoil", "make_test_function"]
