"""Errors of an emulator beside known ones: warm starts, interruptions, warnings."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning

from pmm_sklearn import PMMEmulator
from pmm_sklearn.model import PMM

X = np.linspace(-2, 2, 30)[:, np.newaxis]
EXACT = np.hypot(1, X) * [-1, 1]
NOISE = 1e-3 * np.random.RandomState(0).standard_normal((30, 2))
# Matrices of side 2 explain the one, and not the other.
EXPLAINED, MISSED = EXACT + NOISE, EXACT + NOISE + 0.2 * np.sin(7 * X)


def emulator(**parameters):
    return PMMEmulator(2, **{"n_init": 1, "random_state": 0, **parameters})


class TestWarmStart:
    def test_an_error_of_an_early_end_goes(self):
        model = emulator(max_iter=2, warm_start=True)
        with pytest.warns(ConvergenceWarning):
            model.fit(X, EXPLAINED, y_err=1e-3)
        assert np.all(model.model_error_ > 0.01)
        model.set_params(max_iter=400).fit(X, EXPLAINED, y_err=1e-3)
        fresh = emulator().fit(X, EXPLAINED, y_err=1e-3)
        assert not hasattr(model, "model_error_")
        assert model.log_evidence_ == pytest.approx(fresh.log_evidence_, abs=0.1)
        stds = [m.predict([[0.5]], return_std=True)[1] for m in (model, fresh)]
        assert_allclose(*stds, rtol=0.01)

    def test_it_follows_data_and_errors(self):
        model = emulator(warm_start=True).fit(X, MISSED, y_err=1e-3)
        before = model.predict(X), model.model_error_, model.log_evidence_
        model.fit(X, MISSED, y_err=1e-3)
        assert_allclose(model.predict(X), before[0], atol=1e-3)
        assert_allclose(model.model_error_, before[1], rtol=0.01)
        assert model.log_evidence_ == pytest.approx(before[2], abs=0.1)
        model.fit(X, EXPLAINED, y_err=1e-3)
        assert not hasattr(model, "model_error_")
        model.fit(X, MISSED, y_err=1e-3)
        assert_allclose(model.model_error_, before[1], rtol=0.01)
        model.fit(X, MISSED, y_err=0.3)
        assert not hasattr(model, "model_error_")

    def test_another_number_of_columns(self):
        model = emulator(warm_start=True).set_params(matrix_size=3)
        error = model.fit(X, MISSED, y_err=1e-3).model_error_
        with pytest.raises(ValueError, match="set warm_start=False"):
            model.fit(X, np.column_stack([MISSED, MISSED[:, 1]]), y_err=1e-3)
        assert_array_equal(model.model_error_, error)


class TestEnd:
    """Of the fit that tells the errors."""

    @pytest.mark.parametrize("n_calls", [1, 5])
    def test_by_interruption(self, monkeypatch, n_calls):
        calls, original = [], PMM.jacobian

        def jacobian(self, *arguments):
            calls.append(1)
            if len(calls) == n_calls:
                raise KeyboardInterrupt
            return original(self, *arguments)

        def tell(estimator, text):
            monkeypatch.setattr(PMM, "jacobian", jacobian)

        monkeypatch.setattr("pmm_sklearn._model_error._tell", tell)
        model = emulator()
        with pytest.warns(ConvergenceWarning, match="beside y_err .* interrupted"):
            model.fit(X, MISSED, y_err=1e-3)
        assert calls
        assert model.stop_reason_ == "interrupted"
        assert not hasattr(model, "model_error_")
        assert np.all(np.isfinite(model.predict(X)))

    def test_by_a_callback(self):
        pytest.importorskip("sklearn.callback", reason="scikit-learn < 1.9")

        class StopInTheSecond:
            def __init__(self):
                self.began, self.ended = [], []

            def setup(self, estimator, context):
                self.began.append(0)

            def teardown(self, estimator, context):
                self.ended.append(len(self.began))

            def on_fit_task_begin(self, estimator, context):
                pass

            def on_fit_task_end(self, estimator, context):
                self.began[-1] += 1
                return len(self.began) == 2

        callback = StopInTheSecond()
        # They see iterations after the 150 that solutions are compared by.
        model = emulator(max_iter=155, tol=1e-9).set_params(matrix_size=3)
        with pytest.warns(ConvergenceWarning, match="after 155 iterations"):
            model.set_callbacks(callback).fit(X, MISSED, y_err=1e-3)
        assert model.stop_reason_ == "callback"
        assert callback.ended == [1, 2]
        assert not hasattr(model, "model_error_")
        assert not hasattr(model, "_callback_fit_ctx")


def test_warnings_are_of_the_fit_that_is_kept():
    def told(y, y_err):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model = emulator(max_iter=5)
            model.fit(X, y, sample_weight=np.full(30, 200.0), y_err=y_err)
        assert all(warning.filename == __file__ for warning in caught)
        texts = [str(warning.message) for warning in caught]
        return model, [[k in t for t in texts].count(True) for k in ("mean", "after")]

    model, counts = told(MISSED, 1e-3)
    assert hasattr(model, "model_error_")
    assert counts == [1, 1]
    model, counts = told(MISSED, 0.3 * 200)
    assert not hasattr(model, "model_error_")
    assert counts[0] == 1
