"""PMMRegressor with the tools that people use around estimators."""

import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import BaggingRegressor, VotingRegressor
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from pmm_sklearn import PMMRegressor, __version__

VERSION = f"pmm_sklearn {__version__}"
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
BACKENDS = pytest.mark.parametrize(
    "backend", ["sequential", "threading", "loky", "multiprocessing"]
)


def small(**parameters):
    defaults = {"matrix_size": 3, "n_eigenvectors": 1, "max_iter": 25, "n_init": 2}
    return PMMRegressor(**{**defaults, "random_state": 0, **parameters})


@pytest.mark.usefixtures("processes_at_once")
class TestParallel:
    @BACKENDS
    @pytest.mark.parametrize("solver", ["lm", "lbfgs"])
    def test_result_is_that_of_the_serial_fit(self, smooth_data, backend, solver):
        X, y = smooth_data
        expected = small(n_init=4, solver=solver).fit(X, y)
        with joblib.parallel_config(backend=backend, n_jobs=2):
            model = small(n_init=4, solver=solver).fit(X, y)
        assert_array_equal(model.matrices_, expected.matrices_)
        assert_array_equal(model.start_losses_, expected.start_losses_)

    def test_n_jobs(self, smooth_data):
        X, y = smooth_data
        model = small(n_init=3, n_jobs=2).fit(X, y)
        assert_array_equal(model.predict(X), small(n_init=3).fit(X, y).predict(X))

    def test_blas_threads_are_restored(self, smooth_data):
        from threadpoolctl import ThreadpoolController

        X, y = smooth_data
        controller = ThreadpoolController()
        with controller.limit(limits=2, user_api="blas"):
            before = [lib["num_threads"] for lib in controller.info()]
            small().fit(X, y).predict(X)
            assert [lib["num_threads"] for lib in controller.info()] == before
            with joblib.parallel_config(backend="threading", n_jobs=2):
                cross_val_score(small(), X, y, cv=4)
            assert [lib["num_threads"] for lib in controller.info()] == before

    def test_nested_in_a_grid_search(self, smooth_data):
        X, y = smooth_data
        search = GridSearchCV(
            small(n_jobs=2), {"alpha": [1e-6, 1e-1]}, cv=2, n_jobs=2
        ).fit(X, y)
        assert search.best_params_ == {"alpha": 1e-6}


class TestMetaEstimators:
    def test_pipeline_and_grid_search(self, smooth_data):
        X, y = smooth_data
        pipeline = make_pipeline(StandardScaler(), small())
        grid = {
            "pmmregressor__matrix_size": [2, (2, 2)],
            "pmmregressor__readout": ["expectation", "transition"],
        }
        search = GridSearchCV(pipeline, grid, cv=2).fit(X, y)
        assert search.best_score_ > 0.9
        assert search.score(X, y) > 0.9

    def test_numpy_scalars_as_parameters(self, smooth_data):
        X, y = smooth_data
        grid = {"matrix_size": np.arange(3, 5), "alpha": np.logspace(-6, -1, 2)}
        GridSearchCV(small(), grid, cv=2, error_score="raise").fit(X, y)

    def test_cross_val_score(self, smooth_data):
        assert cross_val_score(small(), *smooth_data, cv=3).min() > 0.9

    def test_transformed_target(self, smooth_data):
        X, y = smooth_data
        model = TransformedTargetRegressor(small(), func=np.exp, inverse_func=np.log)
        assert model.fit(X, y).score(X, y) > 0.95

    @pytest.mark.parametrize("kind", [BaggingRegressor, VotingRegressor])
    def test_averages(self, smooth_data, kind):
        X, y = smooth_data
        if kind is BaggingRegressor:
            model = BaggingRegressor(small(), n_estimators=2, random_state=0)
        else:
            model = VotingRegressor([("a", small()), ("b", small(random_state=1))])
        assert model.fit(X, y).score(X, y) > 0.9

    def test_polynomial_features(self, smooth_data):
        X, y = smooth_data
        features = PolynomialFeatures(2, include_bias=False)
        assert make_pipeline(features, small()).fit(X, y).score(X, y) > 0.9

    def test_inspection(self, smooth_data):
        X, y = smooth_data
        model = small().fit(X, y)
        assert partial_dependence(model, X, [0])["average"].shape[0] == 1
        importance = permutation_importance(model, X, y, n_repeats=2, random_state=0)
        assert np.all(importance.importances_mean > 0)

    def test_metadata_routing(self, smooth_data):
        X, y = smooth_data
        weight = np.linspace(0, 1, 60)
        with sklearn.config_context(enable_metadata_routing=True):
            model = small().set_fit_request(sample_weight=True)
            pipeline = make_pipeline(model)
            routed = pipeline.fit(X, y, sample_weight=weight).predict(X)
        direct = small().fit(X, y, sample_weight=weight).predict(X)
        assert_array_equal(routed, direct)
        assert not np.allclose(routed, small().fit(X, y).predict(X))


class TestData:
    def test_pandas(self, smooth_data):
        X, y = smooth_data
        frame = pd.DataFrame(X, columns=["a", "b"])
        model = small().fit(frame, pd.Series(y))
        assert list(model.feature_names_in_) == ["a", "b"]
        expected = small().fit(X, y).predict(X)
        assert_allclose(model.predict(frame), expected, atol=1e-9)
        with pytest.raises(ValueError, match="feature names"):
            model.predict(frame[["b", "a"]])

    def test_read_only_and_memory_mapped(self, smooth_data, tmp_path):
        X, y = smooth_data
        expected = small().fit(X, y).predict(X)
        np.save(tmp_path / "X.npy", X)
        mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
        frozen = y.copy()
        frozen.flags.writeable = False
        weight = np.ones(60)
        weight.flags.writeable = False
        model = small().fit(mapped, frozen, sample_weight=weight)
        assert_allclose(model.predict(mapped), expected)

    def test_inputs_are_not_changed(self, smooth_data):
        X, y = (array.copy() for array in smooth_data)
        small().fit(X, y)
        assert_array_equal(X, smooth_data[0])
        assert_array_equal(y, smooth_data[1])

    def test_memory_order(self, smooth_data):
        X, y = smooth_data
        model = small().fit(np.asfortranarray(X), y)
        assert_allclose(model.predict(X), small().fit(X, y).predict(X), rtol=1e-9)


class TestPersistence:
    def test_clone(self):
        model = small(matrix_size=(2, 2))
        assert clone(model).get_params() == model.get_params()

    @pytest.mark.parametrize("mmap_mode", [None, "r"])
    def test_joblib(self, smooth_data, tmp_path, mmap_mode):
        X, y = smooth_data
        model = small(matrix_size=(2, 2)).fit(X, y)
        joblib.dump(model, tmp_path / "model.joblib")
        loaded = joblib.load(tmp_path / "model.joblib", mmap_mode=mmap_mode)
        assert_array_equal(loaded.predict(X), model.predict(X))

    def test_pickle_after_predict(self, smooth_data):
        X, y = smooth_data
        model = small().fit(X, y)
        expected = model.predict(X)
        assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), expected)

    def test_state_is_plain(self, smooth_data):
        """So that files survive an upgrade and skops needs to trust one name."""
        model = small(n_average=2).fit(*smooth_data)
        numbers = (np.ndarray, np.number, int, float, str, type(None))

        def check(value):
            if isinstance(value, dict):
                check(list(value.values()))
            elif type(value) in (list, tuple):
                list(map(check, value))
            else:
                assert isinstance(value, numbers), value

        check(vars(model))

    def test_another_version_warns(self, smooth_data):
        model = small().fit(*smooth_data)
        state = model.__getstate__()
        state["_pmm_sklearn_version"] = "0.0.1"
        before = dict(state)
        with pytest.warns(InconsistentVersionWarning) as caught:
            small().__setstate__(state)
        assert state == before
        text = str(caught[0].message)
        assert f"saved with pmm_sklearn 0.0.1 and is loaded with {VERSION}" in text
        assert "scikit" not in text

    def test_warning_of_another_version_points_at_the_user(self, tmp_path, monkeypatch):
        monkeypatch.setattr("pmm_sklearn._base.__version__", "0.0.1")
        joblib.dump(small(), tmp_path / "model.joblib")
        text = pickle.dumps(small())
        monkeypatch.undo()
        with pytest.warns(InconsistentVersionWarning, match="0.0.1") as by_joblib:
            joblib.load(tmp_path / "model.joblib")
        with pytest.warns(InconsistentVersionWarning, match="0.0.1") as by_pickle:
            pickle.loads(text)
        assert by_joblib[0].filename == by_pickle[0].filename == __file__

    def test_changed_parameters_do_not_change_the_fitted_model(self, smooth_data):
        X, y = smooth_data
        model = small().fit(X, y)
        expected = model.predict(X)
        model.set_params(matrix_size=9, readout="transition", which="LA")
        assert_array_equal(model.predict(X), expected)


class TestCallbacks:
    @pytest.fixture(autouse=True)
    def callback_module(self):
        self.module = pytest.importorskip(
            "sklearn.callback", reason="callbacks need scikit-learn >= 1.9"
        )

    def test_scoring_monitor_sees_every_iteration(self, smooth_data):
        X, y = smooth_data
        monitor = self.module.ScoringMonitor(scoring="r2")
        model = (
            small(alpha=1e-3, n_init=1, max_iter=15).set_callbacks(monitor).fit(X, y)
        )
        fit, *iterations = (row["r2"] for row in monitor.get_logs().data)
        assert fit == pytest.approx(model.score(X, y))
        assert len(iterations) == model.n_iter_
        assert iterations[-1] == pytest.approx(fit)
        assert iterations[0] < fit

    def test_iterations_of_the_screening_are_not_reported(self, smooth_data):
        monitor = self.module.ScoringMonitor(scoring="r2")
        model = small(alpha=1e-3, n_init=2).set_callbacks(monitor).fit(*smooth_data)
        assert model.n_iter_ == 25
        assert len(monitor.get_logs().data) == 1 + 5

    def test_members_are_reported_one_after_the_other(self, smooth_data):
        monitor = self.module.ScoringMonitor(scoring="r2")
        model = small(alpha=1e-3, n_average=2, tol=0.0, n_jobs=2)
        model.set_callbacks(monitor)
        model.fit(*smooth_data)
        fit, *iterations = (row["r2"] for row in monitor.get_logs().data)
        assert fit == pytest.approx(model.score(*smooth_data))
        assert len(iterations) == 2 * 25
        # Each is the score of one member, also where there have been others before.
        assert iterations[25] < iterations[24]
        first = iterations[0]
        model.fit(*smooth_data)
        _, *iterations = (row["r2"] for row in monitor.get_logs().data)
        assert iterations[0] == pytest.approx(first)

    def test_progress_bar(self, smooth_data, capsys):
        pytest.importorskip("rich", reason="the progress bar needs rich")
        X, y = smooth_data
        small().set_callbacks(self.module.ProgressBar()).fit(X, y)
        assert "PMMRegressor" in capsys.readouterr().out

    def test_in_a_grid_search(self, smooth_data):
        X, y = smooth_data
        search = GridSearchCV(small(), {"alpha": [1e-6, 1e-1]}, cv=2)
        monitor = self.module.ScoringMonitor(scoring="r2")
        search.estimator.set_callbacks(monitor)
        search.fit(X, y)
        assert len(monitor.get_logs(select="all")) > 0

    def test_stop(self, smooth_data):
        class StopAtThird:
            def setup(self, estimator, context):
                self.n_ends = 0

            def teardown(self, estimator, context):
                self.torn_down = True

            def on_fit_task_begin(self, estimator, context):
                pass

            def on_fit_task_end(self, estimator, context):
                self.n_ends += 1
                return self.n_ends == 3

        callback = StopAtThird()
        model = small(n_init=1).set_callbacks(callback).fit(*smooth_data)
        assert model.n_iter_ == 3
        assert model.stop_reason_ == "callback"
        assert callback.torn_down
        # The second start has not begun.
        callback = StopAtThird()
        model = small(n_average=2).set_callbacks(callback).fit(*smooth_data)
        assert len(model.members_) == 1
        assert model.stop_reason_ == "callback"

    def test_teardown_after_an_error(self, smooth_data):
        X, y = smooth_data
        monitor = self.module.ScoringMonitor(scoring="r2")
        model = small(warm_start=True).fit(X, y)
        model.set_params(matrix_size=5).set_callbacks(monitor)
        with pytest.raises(ValueError, match="warm_start"):
            model.fit(X, y)
        assert not hasattr(model, "_callback_fit_ctx")
