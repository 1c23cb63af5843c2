"""Which code computes the eigensystems of a batch of Hermitian matrices."""

import functools
import logging
import time

import numpy as np

EIGENSOLVERS = ("auto", "lapack", "simd")

# Where `simd` is faster, by ``benchmarks/eigensolver.py``: time over that of LAPACK,
# real and complex, with AVX-512, one thread.
#
#   n            2     5     7     9    15    20    30    40    60    80   100
#   real       0.18  0.10  0.10  0.10  0.10  0.13  0.21  0.29  0.40  0.83  0.87
#   complex    0.12  0.12  0.10  0.09  0.09  0.15  0.22  0.32  0.49  0.62  0.68
#
# With AVX2 only, they are larger by up to 30 %.  All lanes cost the same whether used
# or not: at n = 7, one matrix takes 1.2 times as long as with LAPACK, 4 take 0.6; at
# n = 30, one takes 3, 4 take 1.0 and 8 take 0.5.
_LARGEST_SIDE = 60
_FEWEST_SAMPLES = 8

_logger = logging.getLogger("pmm_sklearn")


def choose(n_samples, n, dtype, eigensolver="auto"):
    """Name of the eigensolver for a batch of matrices.

    Parameters
    ----------
    n_samples, n : int
        Number of matrices, and their side.
    dtype : dtype
        Type of their elements.
    eigensolver : {"auto", "lapack", "simd"}, default="auto"
        "auto" is "simd" where numba is installed and that is faster.

    Returns
    -------
    {"lapack", "simd"}

    Raises
    ------
    ImportError
        If "simd" is asked for and numba is not installed.
    """
    if eigensolver not in EIGENSOLVERS:
        raise ValueError(
            f"eigensolver={eigensolver!r} must be one of {', '.join(EIGENSOLVERS)}."
        )
    if eigensolver == "lapack" or dtype not in (np.float64, np.complex128):
        return "lapack"
    few_or_large = n_samples < _FEWEST_SAMPLES or n > _LARGEST_SIDE
    if eigensolver == "auto" and (few_or_large or _simd() is None):
        return "lapack"
    if _simd() is None:
        raise ImportError(
            "eigensolver='simd' needs numba, which cannot be imported: install it "
            'with pip install "pmm_sklearn[fast]", or set eigensolver="auto".'
        )
    return "simd"


def eigh(matrices, eigensolver="auto"):
    """Eigenvalues and eigenvectors, as :func:`numpy.linalg.eigh`.

    Parameters
    ----------
    matrices : ndarray of shape (n_samples, n, n)
        Hermitian or real symmetric matrices; only the lower triangle is read.
    eigensolver : {"auto", "lapack", "simd"}, default="auto"
        See :func:`choose`.  Phases of eigenvectors, and the basis of those of
        degenerate eigenvalues, depend on it.

    Returns
    -------
    values : ndarray of shape (n_samples, n)
        Eigenvalues in ascending order.
    vectors : ndarray of shape (n_samples, n, n)
        Eigenvectors in columns.
    """
    n_samples, n, _ = matrices.shape
    # The first condition is for speed: it is that of single samples.
    if (n_samples == 1 and eigensolver == "auto") or (
        choose(n_samples, n, matrices.dtype, eigensolver) == "lapack"
    ):
        return np.linalg.eigh(matrices)
    _prepare(matrices.dtype)
    return _simd().eigh(matrices)


@functools.cache
def _simd():
    """The module that needs numba, or None; importing numba takes half a second."""
    try:
        from . import _simd as module
    except ImportError:
        return None
    return module


@functools.cache
def _prepare(dtype):
    """Compile for a type of elements, or load what an earlier process compiled."""
    start = time.perf_counter()
    compiled, folder = _simd().prepare(dtype)
    if compiled:
        _logger.info(
            "Compiled the eigensolver of small %s matrices in %.1f s; %s.",
            "Hermitian" if dtype == np.complex128 else "symmetric",
            time.perf_counter() - start,
            f"later processes find it in {folder}" if folder else "it cannot be kept",
        )
