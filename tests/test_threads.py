"""One BLAS thread inside, and as many as before afterwards, whoever leaves last."""

import os
import subprocess
import sys

import joblib
import numpy as np
import pytest

from pmm_sklearn import PMMRegressor

AFTER_MANY_THREADS = """
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from threadpoolctl import threadpool_info, threadpool_limits

from pmm_sklearn._threads import single_blas_thread


def blas_threads():
    return [i["num_threads"] for i in threadpool_info() if i["user_api"] == "blas"]


import numpy, scipy.linalg

with threadpool_limits(2):
    before = blas_threads()
    # The first to enter is the first to leave: another thread lifts the limit.
    first, second = Barrier(2), Barrier(2)

    def enter_first():
        with single_blas_thread():
            first.wait()
        second.wait()

    def leave_last():
        with single_blas_thread():
            first.wait()
            second.wait()
            assert set(blas_threads()) == {1}

    for _ in range(3):
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda f: f(), [enter_first, leave_last]))
        assert blas_threads() == before, blas_threads()
assert set(before) == {2}, before
"""

AFTER_A_FORK = """
import os, signal, threading, warnings

import numpy, scipy.linalg

from pmm_sklearn import _threads

warnings.simplefilter("ignore")
inside, done = threading.Event(), threading.Event()


def stay():
    with _threads.single_blas_thread(), _threads._lock:
        inside.set()
        done.wait()


thread = threading.Thread(target=stay)
thread.start()
inside.wait()
child = os.fork()
if child == 0:
    signal.alarm(20)
    with _threads.single_blas_thread():
        pass
    os._exit(0)
_, status = os.waitpid(child, 0)
done.set()
thread.join()
assert status == 0, status
"""


def run(script):
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0, result.stderr


def test_another_thread_may_lift_the_limit():
    run(AFTER_MANY_THREADS)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_child_does_not_wait_for_threads_that_it_does_not_have():
    run(AFTER_A_FORK)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("loss", ["squared_error", "huber"])
def test_starts_in_threads_do_not_see_each_other(loss):
    """What is remembered of the last point belongs to one start."""
    rng = np.random.RandomState(0)
    X = rng.uniform(-1, 1, (60, 2))
    y = np.sin(2 * X[:, 0]) * X[:, 1] + 0.05 * rng.standard_normal(60)
    sizes = {"matrix_size": 3, "n_eigenvectors": 1, "n_init": 8, "max_iter": 12}
    model = PMMRegressor(**sizes, loss=loss, tol=0, random_state=0)
    expected = model.fit(X, y).predict(X)
    for _ in range(3):
        with joblib.parallel_config("threading", n_jobs=4):
            model.fit(X, y)
        assert np.array_equal(model.predict(X), expected)
