"""What a fault is, and what faults are injected into: fits that take a short time."""

import os
import pickle
import signal
import tempfile
import threading
import traceback
import warnings
from contextlib import contextmanager, suppress

import numpy as np

from pmm_sklearn import PMMClassifier, PMMEmulator, PMMRegressor

FAULTS = {}


class NotHere(Exception):
    """A fault that cannot be injected here, and why."""


def fault(variable=None):
    """Register a fault by the name of its function.

    Parameters
    ----------
    variable : callable, optional
        ``variable(folder)``, further variables of the environment; called in its
        process, as all that happens to it.
    """

    def register(inject):
        FAULTS[inject.__name__] = inject, variable or (lambda folder: {})
        return inject

    return register


def data(n_samples=60):
    """A smooth function of two features."""
    X = np.random.RandomState(0).uniform(-1, 1, (n_samples, 2))
    return X, np.sin(2 * X[:, 0]) + X[:, 1] ** 2


def estimator(seed, **parameters):
    """One of several kinds, by the seed, whose fit takes some tenths of a second."""
    X, y = data()
    common = {"random_state": 0, "tol": 0, "eigensolver": "auto", **parameters}
    kinds = [
        (PMMRegressor(4, 2, n_init=2, max_iter=25, **common), y),
        (PMMRegressor(3, 1, alpha=0.1, n_init=4, max_iter=60, **common), y),
        (PMMClassifier(3, 1, n_init=2, max_iter=20, **common), y > 0.3),
        (PMMEmulator(3, n_init=4, max_iter=60, **common), y),
    ]
    model, targets = kinds[seed % len(kinds)]
    return model, X, targets


def quietly(call):
    """What a call returns, and the warnings that it gave."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = call()
    return result, [warning.category for warning in caught]


@contextmanager
def pressed_after(seconds, *, group=False):
    """Ctrl-C after some time, if the block still runs; of a terminal, to all."""
    signal.signal(signal.SIGINT, signal.default_int_handler)

    def press():
        if not left.wait(seconds):
            (os.killpg if group else os.kill)(os.getpid(), signal.SIGINT)

    left = threading.Event()
    thread = threading.Thread(target=press)
    thread.start()
    try:
        yield
    finally:
        left.set()
        with suppress(KeyboardInterrupt):
            thread.join()


def in_a_fork(call):
    """What a call returns in a process of its own, which keeps nothing."""
    with tempfile.TemporaryFile() as file:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                pickle.dump(call(), file)
                file.flush()
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(status)
        assert os.waitpid(child, 0)[1] == 0, "the fork has failed"
        file.seek(0)
        return pickle.load(file)


def cold(seed, **parameters):
    """Predictions of the fit in a process that nothing has happened to."""
    model, X, y = estimator(seed, **parameters)
    return in_a_fork(lambda: quietly(lambda: model.fit(X, y))[0].predict(X))
