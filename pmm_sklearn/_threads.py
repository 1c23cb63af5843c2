"""One BLAS thread around batched LAPACK calls on small matrices."""

import threading
from contextlib import contextmanager, nullcontext

from threadpoolctl import ThreadpoolController

# Up to this side BLAS takes one thread anyway for the products of one sample.
_SMALL_SIDE = 32
_lock = threading.Lock()
_controller = None
_limiter = None
_users = 0


@contextmanager
def single_blas_thread():
    """Limit BLAS to one thread while any thread of this process is inside.

    More threads make batched decompositions of small matrices several times
    slower.  The limit is one for the whole process, so entries are counted: the
    first sets it and the last restores what was there before.
    """
    global _controller, _limiter, _users
    with _lock:
        if _controller is None:
            # Finding the libraries takes 30 times as long as limiting them.
            _controller = ThreadpoolController()
        if _users == 0:
            _limiter = _controller.limit(limits=1, user_api="blas")
            _limiter.__enter__()
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                _limiter.__exit__(None, None, None)


def blas_limit(n_samples, side):
    """`single_blas_thread`, but not where it takes as long as the calculation.

    Parameters
    ----------
    n_samples : int
        Number of matrices.
    side : int
        Their side.

    Returns
    -------
    context manager
    """
    is_small = n_samples == 1 and side <= _SMALL_SIDE
    return nullcontext() if is_small else single_blas_thread()
