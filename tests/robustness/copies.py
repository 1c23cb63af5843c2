"""Relations of a fitted model: copies, files, threads, processes, and its answers."""

import copy
import functools
import io
import os
import pickle
import tempfile
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from operator import methodcaller
from pathlib import Path

import joblib
import numpy as np
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import accuracy_score, r2_score

from .relation import answers, assert_same, has, relation, told_by

_GRADIENTS = "predict_gradient", "decision_function_gradient"


@relation()
def pickled(case):
    again = pickle.loads(pickle.dumps(case.fitted()))
    assert_same(told_by(case, again), told_by(case))


@relation()
def deeply_copied(case):
    assert_same(told_by(case, copy.deepcopy(case.fitted())), told_by(case))


@relation()
def mapped_from_a_file(case):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.joblib"
        joblib.dump(case.fitted(), file)
        again = joblib.load(file, mmap_mode="r")
        assert_same(told_by(case, again), told_by(case))


@relation(has("to_npz"))
def read_from_npz(case):
    file, model = io.BytesIO(), case.fitted()
    model.to_npz(file)
    file.seek(0)
    again = case.kind.from_npz(file)
    if len(getattr(model, "members_", ())) == 1:
        assert_same(answers(again, case.X_new), answers(model, case.X_new))
    else:
        # Files of averages may hold the best member only.
        assert again.predict(case.X_new).shape == model.predict(case.X_new).shape


@relation()
def asking_changes_nothing(case):
    before = pickle.dumps(vars(case.fitted()))
    told_by(case)
    assert pickle.dumps(vars(case.fitted())) == before


@relation()
def asked_twice(case):
    assert_same(told_by(case), told_by(case))


@relation()
def in_a_fork(case):
    expected = told_by(case)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            assert_same(told_by(case), expected)
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0


@functools.cache
def _spawned():
    return ProcessPoolExecutor(1, get_context("spawn"))


@relation(is_slow=True)
def in_a_new_process(case):
    ask = methodcaller("predict", case.X_new)
    told = _spawned().submit(ask, case.fitted()).result()
    assert_array_equal(told, case.fitted().predict(case.X_new))


@relation(is_slow=True)
def in_workers_of_joblib(case):
    ask = methodcaller("predict", case.X_new)
    parallel = joblib.Parallel(n_jobs=2, backend="loky")
    for told in parallel(joblib.delayed(ask)(case.fitted()) for _ in range(2)):
        assert_array_equal(told, case.fitted().predict(case.X_new))


@relation()
def in_eight_threads(case):
    model, expected = case.fitted(), told_by(case)
    with ThreadPoolExecutor(8) as pool:
        for told in pool.map(lambda _: told_by(case, model), range(8)):
            assert_same(told, expected)


@relation(lambda case: "n_jobs" in case.estimator.get_params())
def by_two_jobs(case):
    model = copy.deepcopy(case.fitted()).set_params(n_jobs=2)
    assert_same(told_by(case, model), told_by(case))


@relation()
def row_by_row(case):
    whole = answers(case.fitted(), case.X_new)
    rows = [answers(case.fitted(), row[np.newaxis]) for row in case.X_new]
    told = {name: np.concatenate([row[name] for row in rows]) for name in whole}
    assert_same(told, whole, case.precision)


@relation()
def rows_in_batches(case):
    X = np.concatenate([case.X_new] * 40)
    whole = answers(case.fitted(), X)
    parts = [answers(case.fitted(), part) for part in np.array_split(X, 7)]
    told = {name: np.concatenate([part[name] for part in parts]) for name in whole}
    assert_same(told, whole, case.precision)


@relation()
def rows_in_another_order(case):
    order = np.random.RandomState(0).permutation(len(case.X_new))
    told = answers(case.fitted(), case.X_new[order])
    expected = answers(case.fitted(), case.X_new)
    assert_same(
        told, {name: value[order] for name, value in expected.items()}, case.precision
    )


@relation(lambda case: "matrix_size" in case.estimator.get_params())
def parameters_changed_later(case):
    model = copy.deepcopy(case.fitted()).set_params(matrix_size=7, max_iter=99)
    assert_same(told_by(case, model), told_by(case))


@relation(has("as_function"))
def as_a_function(case):
    model = case.fitted()
    ask = model.decision_function if case.is_classifier else model.predict
    expected = ask(case.X_new)
    function = model.as_function()
    assert_allclose(function(case.X_new), expected, 1e-9, 1e-11)
    for x, value in zip(case.X_new, expected, strict=True):
        assert_allclose(function(x), value, 1e-9, 1e-11)


@relation(has(*_GRADIENTS))
def gradients_are_differences(case):
    model, X, step = case.fitted(), case.X_new, 1e-5
    ask = model.decision_function if case.is_classifier else model.predict
    name = _GRADIENTS[case.is_classifier]
    gradient = getattr(model, name)(X)
    for axis, change in enumerate(step * np.eye(X.shape[1])):
        difference = (ask(X + change) - ask(X - change)) / (2 * step)
        size = np.max(np.abs(gradient))
        assert_allclose(gradient[..., axis], difference, 0, 1e-6 * size)


@relation(lambda case: case.y is not None)
def score_is_that_of_the_predictions(case):
    model = case.fitted()
    predicted = model.predict(case.X)
    measure = accuracy_score if case.is_classifier else r2_score
    assert model.score(case.X, case.y) == measure(case.y, predicted)


@relation(lambda case: case.has_errors)
def deviations_are_roots_of_covariances(case):
    model, X = case.fitted(), case.X_new
    mean, std = model.predict(X, return_std=True)
    assert_array_equal(mean, model.predict(X))
    variances = np.diagonal(model.predict(X, return_cov=True)[1]).T
    assert_allclose(np.sqrt(variances.reshape(std.shape)), std, 1e-7, 1e-9)


@relation(lambda case: case.has_errors)
def draws_are_those_of_their_seed(case):
    draws = [case.fitted().sample_y(case.X_new, 2, seed) for seed in (0, 0, 1)]
    assert_array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])


@relation(lambda case: case.is_classifier)
def probabilities_belong_together(case):
    model, X = case.fitted(), case.X_new
    probabilities = model.predict_proba(X)
    assert_allclose(probabilities.sum(axis=1), 1.0, 1e-12)
    assert_allclose(np.exp(model.predict_log_proba(X)), probabilities, 1e-9, 1e-300)
    best = model.classes_[np.argmax(probabilities, axis=1)]
    assert_array_equal(model.predict(X), best)
    decision = model.decision_function(X)
    if decision.ndim == 1:
        assert_array_equal(model.predict(X), model.classes_[(decision > 0).astype(int)])
