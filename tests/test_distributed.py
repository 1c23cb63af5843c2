"""Fits under joblib's dask backend, on a cluster on this machine."""

import logging
import os
from dataclasses import replace

import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.model_selection import GridSearchCV, cross_val_score

from pmm_sklearn import PMMClassifier, PMMEmulator, PMMRegressor
from pmm_sklearn.model import Objective, RidgePenalty, SquaredError, observable_pmm
from pmm_sklearn.solvers import StoppingRule, minimize_lm
from pmm_sklearn.targets import Level
from pmm_sklearn.training import train

distributed = pytest.importorskip("distributed")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
RULE = StoppingRule(tol=0.0, max_iter=80)


def cluster(**options):
    return distributed.LocalCluster(
        dashboard_address=":0", silence_logs=logging.CRITICAL, **options
    )


@pytest.fixture(scope="module")
def processes():
    with (
        cluster(n_workers=2, threads_per_worker=1) as engine,
        distributed.Client(engine) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def threads():
    with (
        cluster(processes=False, n_workers=1, threads_per_worker=2) as engine,
        distributed.Client(engine, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture(params=["processes", "threads"])
def client(request):
    return request.getfixturevalue(request.param)


def dask(client, **options):
    return joblib.parallel_config(backend="dask", client=client, **options)


def small(**parameters):
    defaults = {"matrix_size": 3, "n_eigenvectors": 1, "max_iter": 6, "n_init": 4}
    return PMMRegressor(**{**defaults, "random_state": 0, **parameters})


@pytest.fixture
def objective(smooth_data):
    X, y = smooth_data
    model = observable_pmm(2, 1, (3,), 1)
    data = X, y[:, np.newaxis], np.ones((len(X), 1))
    return Objective(model, SquaredError(), *data, RidgePenalty(1e-6))


def random_starts(objective, number=3):
    return [objective.model.initial(np.random.RandomState(i)) for i in range(number)]


class TestSameAsSerial:
    @pytest.mark.parametrize(
        "options",
        [{}, {"n_jobs": 1}, {"n_jobs": 2, "solver": "lbfgs"}, {"early_stopping": True}],
        ids=str,
    )
    def test_regressor(self, smooth_data, client, options):
        serial = small(**{**options, "n_jobs": None}).fit(*smooth_data)
        with dask(client):
            model = small(**options).fit(*smooth_data)
        assert_array_equal(model.matrices_, serial.matrices_)
        assert_array_equal(model.start_losses_, serial.start_losses_)
        assert model.loss_curve_ == serial.loss_curve_

    def test_several_comparisons(self, smooth_data, processes):
        settings = {"alpha": 1e-6, "n_init": 9, "max_iter": 70, "tol": 0}
        serial = small(**settings).fit(*smooth_data)
        with dask(processes):
            model = small(**settings).fit(*smooth_data)
        assert_array_equal(model.matrices_, serial.matrices_)

    def test_classifier(self, smooth_data, processes):
        X, y = smooth_data
        classifier = PMMClassifier(matrix_size=3, n_init=4, max_iter=5, random_state=0)
        expected = classifier.fit(X, y > 0).decision_function(X)
        with dask(processes):
            assert_array_equal(classifier.fit(X, y > 0).decision_function(X), expected)

    def test_emulator(self, processes):
        X = np.linspace(-1, 1, 8)[:, np.newaxis]
        emulator = PMMEmulator(
            3, targets=[Level(0)], n_init=4, max_iter=30, random_state=0
        )
        y = -np.sqrt(X[:, 0] ** 2 + 0.1)
        expected = emulator.fit(X, y).matrices_
        with dask(processes):
            assert_array_equal(emulator.fit(X, y).matrices_, expected)


class TestSearches:
    @pytest.mark.parametrize("n_jobs", [None, 1])
    def test_grid_search_over_fits_of_several_starts(self, smooth_data, client, n_jobs):
        search = GridSearchCV(small(n_jobs=n_jobs), {"alpha": [1e-6, 0.1]}, cv=2)
        expected = search.fit(*smooth_data).cv_results_["mean_test_score"]
        with dask(client):
            scores = search.fit(*smooth_data).cv_results_["mean_test_score"]
        assert_array_equal(scores, expected)

    def test_cross_validation(self, smooth_data, client):
        expected = cross_val_score(small(), *smooth_data, cv=2)
        with dask(client):
            scores = cross_val_score(small(), *smooth_data, cv=2)
        assert_array_equal(scores, expected)

    def test_error_of_a_fit(self, smooth_data, processes):
        search = GridSearchCV(small(), {"alpha": [1e-6, -1.0]}, error_score="raise")
        with dask(processes), pytest.raises(ValueError, match="alpha must be"):
            search.fit(*smooth_data)


class TestStarts:
    def test_run_on_all_workers(self, objective, processes):
        def solver(objective, theta, progress):
            result = minimize_lm(objective, theta, progress)
            # Something that comes back.
            result.loss_curve.append(os.getpid())
            return result

        rule = replace(RULE, max_iter=20)
        with dask(processes):
            training = train(objective, random_starts(objective, 6), solver, rule)
        seen = [start.loss_curve[-1] for start in training.starts]
        assert set(seen) <= set(processes.run(os.getpid).values())
        assert os.getpid() not in seen

    def test_error_in_a_task(self, objective, client):
        def solver(objective, theta, progress):
            raise ArithmeticError("of a worker")

        with dask(client), pytest.raises(ArithmeticError, match="of a worker"):
            train(objective, random_starts(objective), solver, RULE)

    def test_objective_is_sent_once(self, objective, processes):
        class Counted:
            n_sent = 0

            def __reduce__(self):
                Counted.n_sent += 1
                return str, ()

        objective.counted = Counted()
        with dask(processes):
            train(objective, random_starts(objective, 6), minimize_lm, RULE)
        assert Counted.n_sent == 1

    def test_cluster_that_shrinks_to_one_core(self, objective, processes, monkeypatch):
        # joblib does not use such a cluster: it stays in this process.
        starts = random_starts(objective, 9)
        (expected,) = train(objective, starts, minimize_lm, RULE).members
        with dask(processes):
            backend = type(joblib.parallel.get_active_backend()[0])
            monkeypatch.setattr(
                "pmm_sklearn.training.workers.effective_n_jobs", lambda _: 2
            )
            monkeypatch.setattr(backend, "effective_n_jobs", lambda *_: 1)
            (result,) = train(objective, starts, minimize_lm, RULE).members
        assert_array_equal(result.theta, expected.theta)

    def test_worker_that_dies(self, objective, tmp_path, processes):
        marker = tmp_path / "one worker has died"

        def fragile(objective, theta, progress):
            if not marker.exists():
                marker.touch()
                os._exit(1)
            return minimize_lm(objective, theta, progress)

        starts = random_starts(objective)
        expected = train(objective, starts, minimize_lm, RULE)
        with dask(processes):
            result = train(objective, starts, fragile, RULE)
        assert marker.exists()
        assert_array_equal(result.members[0].theta, expected.members[0].theta)
        assert result.start_losses == expected.start_losses


def test_ray(smooth_data):
    ray = pytest.importorskip("ray")
    joblib_of_ray = pytest.importorskip("ray.util.joblib")
    serial = small().fit(*smooth_data)
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    joblib_of_ray.register_ray()
    try:
        with joblib.parallel_config(backend="ray", n_jobs=2):
            model = small().fit(*smooth_data)
            scores = cross_val_score(small(n_jobs=1), *smooth_data, cv=2)
    finally:
        ray.shutdown()
    assert_array_equal(model.matrices_, serial.matrices_)
    assert_array_equal(scores, cross_val_score(small(), *smooth_data, cv=2))
