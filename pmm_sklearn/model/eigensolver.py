"""Which code computes the eigensystems of a batch of Hermitian matrices."""

import numpy as np

from . import compiled

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


def choose(n_samples, n, dtype, eigensolver="auto"):
    """Name of the eigensolver for a batch of matrices.

    Parameters
    ----------
    n_samples, n : int
        Number of matrices, and their side.
    dtype : dtype
        Type of their elements.
    eigensolver : {"auto", "lapack", "simd"}, default="auto"
        "auto" is "simd" where numba works and that is faster.

    Returns
    -------
    {"lapack", "simd"}

    Raises
    ------
    ImportError
        If "simd" is asked for and numba is not installed.
    RuntimeError
        If "simd" is asked for and numba does not work; "auto" warns once.
    """
    if eigensolver not in EIGENSOLVERS:
        raise ValueError(
            f"eigensolver={eigensolver!r} must be one of {', '.join(EIGENSOLVERS)}."
        )
    if eigensolver == "lapack" or dtype not in (np.float64, np.complex128):
        return "lapack"
    if eigensolver == "simd":
        compiled.require(dtype)
        return "simd"
    few_or_large = n_samples < _FEWEST_SAMPLES or n > _LARGEST_SIDE
    return "lapack" if few_or_large or not compiled.is_usable(dtype) else "simd"


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
    # Importing numba takes half a second.
    from . import _simd

    return _simd.eigh(matrices)
