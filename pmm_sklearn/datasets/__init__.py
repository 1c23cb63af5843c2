"""Data sets for examples, tests and benchmarks."""

from ._airfoil import load_airfoil
from ._almg import almg_ground_energy, make_almg
from ._emulation import make_lfd_emulation
from ._functions import TEST_FUNCTIONS, make_test_function
from ._lmg import make_lmg
from ._oscillator import make_anharmonic_oscillator
from ._spins import make_noninteracting_spins, make_transverse_field_ising
from ._trotter import make_heisenberg_dm_trotter

__all__ = [
    "TEST_FUNCTIONS",
    "almg_ground_energy",
    "load_airfoil",
    "make_almg",
    "make_anharmonic_oscillator",
    "make_heisenberg_dm_trotter",
    "make_lfd_emulation",
    "make_lmg",
    "make_noninteracting_spins",
    "make_test_function",
    "make_transverse_field_ising",
]
