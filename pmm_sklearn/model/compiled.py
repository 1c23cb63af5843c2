"""Whether the code of ``_simd/``, which needs numba, can be used, and if not, why."""

import logging
import time
import warnings
from typing import NamedTuple

import numpy as np

from ._once import once

_logger = logging.getLogger("pmm_sklearn")


class Failure(NamedTuple):
    """Why numba is of no use, and what can be done.

    Parameters
    ----------
    problem, remedy : str
        Parts of a sentence about numba.
    is_absence : bool, default=False
        Whether it is not installed, which is no reason to warn.
    """

    problem: str
    remedy: str
    is_absence: bool = False


def is_usable(dtype):
    """Whether there is compiled code for a type of elements; warns once if broken.

    Parameters
    ----------
    dtype : dtype
        Type of the elements, float64 or complex128.

    Returns
    -------
    bool
    """
    failure = _failure(dtype)
    if failure is not None and not failure.is_absence:
        _warn(failure)
    return failure is None


def require(dtype=None):
    """Raise unless compiled code can be used.

    Parameters
    ----------
    dtype : dtype, optional
        Type of the elements, float64 or complex128.  Without one, nothing is compiled.

    Raises
    ------
    ImportError
        If numba is not installed.
    RuntimeError
        If it does not work.
    """
    failure = _import_failure() if dtype is None else _failure(dtype)
    if failure is None:
        return
    error = ImportError if failure.is_absence else RuntimeError
    raise error(
        f"eigensolver='simd' needs numba, which {failure.problem}: {failure.remedy}, "
        f'or set eigensolver="auto".'
    )


@once
def _warn(failure):
    warnings.warn(
        f"LAPACK takes the place of numba, which {failure.problem}, and is several "
        f"times slower for small matrices: {failure.remedy}, or set "
        f'eigensolver="lapack".',
        RuntimeWarning,
        stacklevel=3,
    )


def _failure(dtype):
    return _import_failure() or _compilation_failure(dtype)


@once
def _import_failure():
    try:
        from numba import config

        if config.DISABLE_JIT:
            return Failure("is told not to compile", "unset NUMBA_DISABLE_JIT")
        from . import _simd  # noqa: F401
    except Exception as error:
        # A broken installation, or too little memory, may raise anything.
        if isinstance(error, ModuleNotFoundError) and error.name == "numba":
            remedy = 'install it with pip install "pmm_sklearn[fast]"'
            return Failure("is not installed", remedy, is_absence=True)
        problem = f"cannot be imported ({_described(error)})"
        return Failure(problem, "install it again, see that memory is free")
    return None


@once
def _compilation_failure(dtype):
    from . import _simd

    start = time.perf_counter()
    try:
        is_new, folder = _simd.prepare(dtype), _simd.cache_folder(dtype)
    except Exception as error:
        # What a damaged cache raises depends on where it is damaged.
        problem = f"can neither load code nor compile and keep it ({_described(error)})"
        folder = _simd.cache_folder(dtype)
        cure = f"delete its cache {folder}" if folder else "install it again"
        return Failure(problem, f"{cure}, see that memory and disk have space")
    if is_new:
        _logger.info(
            "Compiled the eigensolver of small %s matrices in %.1f s; %s.",
            "Hermitian" if dtype == np.complex128 else "symmetric",
            time.perf_counter() - start,
            f"later processes find it in {folder}" if folder else "it cannot be kept",
        )
    return None


def _described(error):
    return f"{type(error).__name__}: {error}".removesuffix(": ")
