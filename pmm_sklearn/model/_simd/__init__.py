"""Eigensystems of many small matrices at a time; needs numba.

The compiled functions are in one file: numba recognises outdated machine code in
its cache by the time of the file of the function that is called.
"""

from .kernels import N_LANES, cache_folder, eigh, prepare

__all__ = ["N_LANES", "cache_folder", "eigh", "prepare"]
