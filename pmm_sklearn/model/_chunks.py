"""Chunks of samples that keep temporary arrays small, and threads that share them."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
from joblib import cpu_count, effective_n_jobs
from joblib.parallel import get_active_backend

_LARGEST_CHUNK = 1024
_LARGEST_ARRAY = 2**20
# Sums over samples are sums over that many shares, whatever the number of threads:
# their rounding errors do not depend on it.
_N_SHARES = 16
# Threads cost half a millisecond, and wait for each other in between.
_FEWEST_TASKS = 8

# The malloc of glibc gives freed arrays back to the system, and asks for them again in
# the next chunk, unless one as large as this (nearly 32 MB) was freed before: page
# faults would take two thirds of the time of a pass.
np.empty(2**22 - 2**10)


def chunks(n_samples, numbers_per_sample, largest_array=_LARGEST_ARRAY):
    """Slices that cover all samples.

    Parameters
    ----------
    n_samples : int
        Number of samples.
    numbers_per_sample : int
        Size of the largest temporary array, per sample.
    largest_array : int, default=2**20
        Size it may have.

    Returns
    -------
    list of slice
    """
    step = max(1, min(_LARGEST_CHUNK, largest_array // numbers_per_sample))
    return [slice(start, start + step) for start in range(0, n_samples, step)]


def shares(chunks):
    """Consecutive chunks, in at most 16 lists."""
    bounds = np.linspace(0, len(chunks), min(len(chunks), _N_SHARES) + 1).astype(int)
    return [chunks[i:j] for i, j in pairwise(bounds)]


def in_threads(function, tasks, n_jobs=None):
    """Results of a function for each of the tasks, in their order.

    LAPACK and BLAS run side by side in several threads.  Their number follows the
    rules of joblib, but inside one of its workers it is 1: the outer level of
    parallelism uses all cores.  The threads are not those of joblib, which looks for
    results every 10 ms: that is as long as the work of one of these tasks.

    Parameters
    ----------
    function : callable
        Of one task.
    tasks : list
        Its arguments.  If they are few, one thread does them all.
    n_jobs : int, optional
        As in joblib.

    Yields
    ------
    object
        Result of each task.
    """
    if len(tasks) < _FEWEST_TASKS or (n_threads := _n_threads(n_jobs)) == 1:
        yield from map(function, tasks)
        return
    # New threads do not know how this one treats floating-point errors.
    handling = np.geterr()

    def run(task):
        with np.errstate(**handling):
            return function(task)

    with ThreadPoolExecutor(n_threads) as pool:
        yield from pool.map(run, tasks)


def _n_threads(n_jobs):
    backend, _ = get_active_backend()
    if backend.nesting_level:
        return 1
    return min(effective_n_jobs(n_jobs), cpu_count())
