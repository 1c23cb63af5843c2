"""Threads that share samples, and one BLAS thread around batches of small matrices."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext

import numpy as np
from joblib import cpu_count, effective_n_jobs
from joblib.parallel import get_active_backend
from threadpoolctl import ThreadpoolController

# Up to this side BLAS takes one thread anyway for the products of one sample.
_SMALL_SIDE = 32
# Threads cost half a millisecond, and wait for each other in between.
_FEWEST_TASKS = 8
_lock = threading.Lock()
_controller = None
_limiter = None
_users = 0


@contextmanager
def single_blas_thread():
    """Limit BLAS to one thread while any thread of this process is inside.

    More threads make batched decompositions of small matrices several times
    slower.  The limit is one for the whole process, so entries are counted: the
    first sets it and the last, perhaps of another thread, restores what was there
    before.
    """
    global _controller, _limiter, _users
    with _lock:
        if _controller is None:
            # Finding the libraries takes 30 times as long as limiting them.
            _controller = ThreadpoolController()
        if _users == 0:
            _let_any_thread_limit()
            _limiter = _controller.limit(limits=1, user_api="blas")
            _limiter.__enter__()
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                _let_any_thread_limit()
                _limiter.__exit__(None, None, None)
                _let_any_thread_limit()


def _let_any_thread_limit():
    """Make the limits of threadpoolctl those of the process, not of a thread.

    From version 3.7 on it ignores, for OpenBLAS, all threads but the first.
    """
    for library in _controller.lib_controllers:
        clear = getattr(library, "clear_controlling_thread", None)
        if clear is not None:
            clear(force=True)


def _forget_other_threads():
    """In a forked child, which has none of the threads that were inside."""
    global _lock, _users
    _lock = threading.Lock()
    if _users:
        _users = 0
        _let_any_thread_limit()
        _limiter.restore_original_limits()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_other_threads)


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


class ThreadMap:
    """A ``map`` whose calls several threads share.

    LAPACK and BLAS run side by side in several threads.  Their number follows the
    rules of joblib, but inside one of its workers it is 1: the outer level of
    parallelism uses all cores.  The threads are not those of joblib, which looks for
    results every 10 ms: that is as long as the work of one of these tasks.

    Parameters
    ----------
    n_jobs : int, optional
        Number of threads, as in joblib.

    Examples
    --------
    >>> from pmm_sklearn._threads import ThreadMap
    >>> list(ThreadMap(2)(abs, [-1, 2]))  # few tasks: one thread does them all
    [1, 2]
    """

    def __init__(self, n_jobs=None):
        self.n_jobs = n_jobs

    def __call__(self, function, tasks):
        """Results of a function for each of a list of tasks, in their order."""
        if len(tasks) < _FEWEST_TASKS or (n_threads := self._n_threads()) == 1:
            yield from map(function, tasks)
            return
        # New threads do not know how this one treats floating-point errors.
        handling = np.geterr()

        def run(task):
            with np.errstate(**handling):
                return function(task)

        with ThreadPoolExecutor(n_threads) as pool:
            yield from pool.map(run, tasks)

    def _n_threads(self):
        backend, _ = get_active_backend()
        if backend.nesting_level:
            return 1
        return min(effective_n_jobs(self.n_jobs), cpu_count())
