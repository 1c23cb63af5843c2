"""Chunks of samples, and threads that share them."""

import pickle
import threading
import warnings

import numpy as np
import pytest
from joblib import Parallel, delayed, parallel_config
from numpy.testing import assert_array_equal

from pmm_sklearn._threads import ThreadMap
from pmm_sklearn.model import (
    READOUTS,
    CrossEntropy,
    NoisePenalty,
    Objective,
    SquaredError,
    observable_pmm,
)
from pmm_sklearn.model._chunks import chunks, shares

N_SAMPLES = 10_000
N_TASKS = 10


@pytest.mark.parametrize("n_samples", [0, 1, 1023, 1024, 1025, 50_000])
def test_shares_cover_all_samples_once(n_samples):
    parts = shares(chunks(n_samples, 10))
    assert len(parts) <= 16
    visited = [np.arange(n_samples)[chunk] for share in parts for chunk in share]
    assert_array_equal(np.concatenate([[], *visited]), np.arange(n_samples))


def test_temporary_arrays_are_bounded():
    assert max(c.stop - c.start for c in chunks(10**6, 2**15)) == 32
    assert chunks(3, 2**30) == [slice(0, 1), slice(1, 2), slice(2, 3)]


@pytest.mark.parametrize("loss", [SquaredError(), CrossEntropy()])
@pytest.mark.parametrize("readout", READOUTS)
def test_results_do_not_depend_on_the_threads(readout, loss):
    rng = np.random.RandomState(0)
    X, y = rng.uniform(-1, 1, (N_SAMPLES, 2)), np.eye(3)[rng.randint(3, size=N_SAMPLES)]
    model = observable_pmm(2, 3, (3,), 2, readout=readout)
    theta = model.initial(rng)
    penalty = NoisePenalty(3 * N_SAMPLES, 5.0)
    objective = Objective(model, loss, X, y, np.ones((N_SAMPLES, 1)), penalty)
    results = []
    for n_jobs in (1, 2, 3):
        objective.threads = ThreadMap(n_jobs)
        value, gradient = objective.value_and_gradient(theta)
        step = objective.quadratic_model(theta).step(1.0)
        predicted = model.predict(model.split(theta), X, objective.threads)
        results.append([objective.value(theta), value, gradient, step, predicted])
    for other in results[1:]:
        for actual, expected in zip(other, results[0], strict=True):
            assert_array_equal(actual, expected)


def thread_names(n_jobs=None):
    barrier = threading.Barrier(2)

    def name(task):
        if threading.current_thread() is not caller:
            barrier.wait(timeout=10)
        return threading.current_thread().name

    caller = threading.current_thread()
    return len(set(ThreadMap(n_jobs)(name, range(N_TASKS))))


def test_number_of_threads_follows_joblib(monkeypatch):
    monkeypatch.setattr("pmm_sklearn._threads.cpu_count", lambda: 2)
    assert thread_names() == 1
    assert thread_names(2) == 2
    assert len(list(ThreadMap(2)(abs, [-1, 2]))) == 2
    with parallel_config("threading", n_jobs=2):
        assert thread_names() == 2


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_one_thread_inside_a_worker(backend):
    with Parallel(n_jobs=2, backend=backend) as parallel:
        assert parallel(delayed(thread_names)(2) for _ in range(2)) == [1, 1]


def test_threads_treat_floating_point_errors_as_the_caller_does():
    def divide(task):
        return np.float64(1.0) / np.zeros(1)

    with warnings.catch_warnings(), np.errstate(divide="ignore"):
        warnings.simplefilter("error")
        assert np.isinf(list(ThreadMap(2)(divide, range(N_TASKS)))).all()


def test_threads_can_be_pickled():
    threads = pickle.loads(pickle.dumps(ThreadMap(2)))
    assert list(threads(abs, [-1] * N_TASKS)) == [1] * N_TASKS


def test_errors_reach_the_caller():
    def fail(task):
        raise ValueError(f"task {task}")

    with pytest.raises(ValueError, match="task 0"):
        list(ThreadMap(2)(fail, range(N_TASKS)))
