"""Faults of processes: Ctrl-C at random times, workers that disappear, forks."""

import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

import joblib
import numpy as np
from joblib.externals.loky.process_executor import TerminatedWorkerError
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_val_score

from pmm_sklearn import PMMEmulator
from pmm_sklearn.training import workers

from .fault import NotHere, cold, estimator, fault, pressed_after, quietly


def interrupted_fit(seed, *, is_fitted=False, group=False, **parameters):
    """A fit with Ctrl-C at a random time, and the next one."""
    model, X, y = estimator(seed, **parameters)
    expected = cold(seed, **parameters)
    if is_fitted:
        quietly(lambda: model.fit(X, y))
        before = model.predict(X)
    longest = 0.8 if is_fitted else 4.0
    seconds = np.random.RandomState(seed).uniform(0.0, longest)
    outcome = "ended before"
    try:
        with pressed_after(seconds, group=group):
            _, caught = quietly(lambda: model.fit(X, y))
        if getattr(model, "stop_reason_", None) == "interrupted":
            assert ConvergenceWarning in caught, caught
            outcome = "kept its best model"
        assert np.all(np.isfinite(model.predict(X).astype(float)))
    except KeyboardInterrupt:
        outcome = "raised"
        if is_fitted:
            assert np.array_equal(model.predict(X), before)
        else:
            assert not hasattr(model, "matrices_")
    # Without another Ctrl-C.
    again, _ = quietly(lambda: model.fit(X, y))
    assert np.array_equal(again.predict(X), expected), "another model afterwards"
    return outcome


@fault()
def ctrl_c_in_the_first_fit(seed, folder):
    return interrupted_fit(seed)


@fault(lambda folder: {"NUMBA_CACHE_DIR": str(folder / "new")})
def ctrl_c_while_numba_compiles(seed, folder):
    return interrupted_fit(seed, matrix_type="symmetric", eigensolver="simd")


@fault()
def ctrl_c_in_a_later_fit(seed, folder):
    return interrupted_fit(seed, is_fitted=True)


@fault()
def ctrl_c_in_a_fit_of_two_jobs(seed, folder):
    with patch.object(workers, "PATIENCE", 0.0):
        return interrupted_fit(seed, group=True, n_jobs=2)


@fault()
@patch.object(workers, "PATIENCE", 0.0)
def killed_worker_of_a_fit(seed, folder):
    """A worker of joblib disappears, as when memory is short."""
    model, X, y = estimator(seed, n_jobs=2)
    quietly(lambda: model.fit(X, y))
    expected = model.predict(X)
    seconds = np.random.RandomState(seed).uniform(0.0, 0.3)
    killer = threading.Timer(seconds, kill_workers)
    killer.start()
    outcome = "ended before"
    try:
        quietly(lambda: model.fit(X, y))
    except TerminatedWorkerError:
        outcome = "TerminatedWorkerError"
    killer.join()
    assert np.array_equal(model.predict(X), expected)
    try:
        quietly(lambda: model.fit(X, y))
    except TerminatedWorkerError:
        # The executor of joblib notices a death between two fits in the next one.
        quietly(lambda: model.fit(X, y))
    assert np.array_equal(model.predict(X), expected)
    return outcome


@fault()
def killed_worker_of_a_validation(seed, folder):
    model, X, y = estimator(seed)

    def validate(n_jobs):
        return cross_val_score(model, X, y, cv=4, n_jobs=n_jobs)

    return killed_worker(seed, validate)


@fault()
def killed_worker_of_a_search(seed, folder):
    model, X, y = estimator(seed)

    def search(n_jobs):
        grid = {"max_iter": [5, 25]}
        found = GridSearchCV(model, grid, cv=2, n_jobs=n_jobs).fit(X, y)
        return found.cv_results_["mean_test_score"]

    return killed_worker(seed, search)


def killed_worker(seed, scores):
    """``scores(n_jobs)`` while one of two workers disappears, and afterwards."""
    expected, _ = quietly(lambda: scores(None))
    killer = threading.Timer(2.0 + 0.1 * (seed % 8), kill_workers)
    killer.start()
    outcome = "ended before"
    try:
        quietly(lambda: scores(2))
    except TerminatedWorkerError:
        outcome = "TerminatedWorkerError"
    killer.join()
    with suppress(TerminatedWorkerError):
        quietly(lambda: scores(2))
    found, _ = quietly(lambda: scores(2))
    assert np.allclose(found, expected, rtol=1e-9)
    return outcome


def kill_workers():
    """Kill one child that is a worker."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    for child in map(int, children):
        with suppress(OSError):
            if b"popen_loky" in Path(f"/proc/{child}/cmdline").read_bytes():
                os.kill(child, signal.SIGKILL)
                return


@fault()
def killed_worker_of_a_cluster(seed, folder):
    try:
        import distributed
    except ImportError:
        raise NotHere("dask.distributed is not installed") from None
    model, X, y = estimator(seed)
    expected = quietly(lambda: model.fit(X, y))[0].predict(X)
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with (
        distributed.LocalCluster(silence_logs=50, **options) as cluster,
        distributed.Client(cluster) as client,
        joblib.parallel_config(backend="dask", client=client),
    ):
        victim = next(iter(client.run(os.getpid).values()))
        seconds = np.random.RandomState(seed).uniform(0.0, 1.0)
        killer = threading.Timer(seconds, os.kill, (victim, signal.SIGKILL))
        killer.start()
        quietly(lambda: model.fit(X, y))
        killer.join()
        assert np.array_equal(model.predict(X), expected)
    return "the other worker has done it"


@fault()
def forks_while_threads_predict(seed, folder):
    model, X, y = estimator(seed)
    quietly(lambda: model.fit(X, y))
    rows = np.concatenate([X] * 10)
    expected, is_done = model.predict(rows), threading.Event()

    def predict():
        while not is_done.is_set():
            model.predict(rows)

    threads = [threading.Thread(target=predict) for _ in range(3)]
    for thread in threads:
        thread.start()
    statuses = []
    for number in range(10):
        time.sleep(0.01 * np.random.RandomState(10 * seed + number).uniform())
        child = os.fork()
        if child == 0:
            signal.alarm(30)
            os._exit(0 if np.array_equal(model.predict(rows), expected) else 1)
        statuses.append(os.waitpid(child, 0)[1])
    is_done.set()
    for thread in threads:
        thread.join()
    assert statuses == [0] * 10, statuses
    return "ten forks"


@fault()
def ctrl_c_while_a_file_is_written(seed, folder):
    model, X, y = estimator(3)
    quietly(lambda: model.fit(X, y))
    file, outcome = folder / "model.npz", "ended before"
    model.to_npz(file)
    seconds = np.random.RandomState(seed).uniform(0.0, 0.05)
    try:
        with pressed_after(seconds):
            for _ in range(20):
                model.to_npz(file)
    except KeyboardInterrupt:
        outcome = "raised"
    assert np.array_equal(PMMEmulator.from_npz(file).predict(X), model.predict(X))
    assert os.listdir(folder) == ["model.npz"], os.listdir(folder)
    return outcome
