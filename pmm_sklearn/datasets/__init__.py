"""Data sets for examples, tests and benchmarks."""

from ._airfoil import load_airfoil

__all__ = ["load_airfoil"]
