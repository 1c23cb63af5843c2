"""What is no number: dates, categories and objects, in arrays and in data frames."""

import datetime

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from pmm_sklearn import PMMClassifier, PMMEmulator, PMMRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = np.random.RandomState(0).uniform(-1, 1, size=(12, 2))
Y = X[:, 0] * X[:, 1]
DAYS = np.arange("2026-01-01", "2026-01-13", dtype="datetime64[D]")
SPANS = DAYS - DAYS[0] + np.timedelta64(1, "D")
PERIODS = pd.period_range("2026-01", periods=12, freq="D")
QUICK = {"max_iter": 3, "n_init": 1, "random_state": 0}


def regressor():
    return PMMRegressor(4, 2, **QUICK)


def refused(X, y, *words, **arguments):
    with pytest.raises((ValueError, TypeError), match="numbers") as caught:
        regressor().fit(X, y, **arguments)
    for word in words:
        assert word in str(caught.value)


def objects(values):
    """Numbers beside others in an array of objects."""
    array = np.empty((12, 2), object)
    array[:, 0], array[:, 1] = Y, values
    return array


TIMES = {
    "datetime64": DAYS,
    "timedelta64": SPANS,
    "date": DAYS.tolist(),
    "timedelta": SPANS.tolist(),
    "time": [datetime.time(1)] * 12,
    "Timestamp": pd.Series(DAYS).tolist(),
    "aware": pd.Series(DAYS).dt.tz_localize("UTC").tolist(),
    "Timedelta": pd.Series(SPANS).tolist(),
    "Period": PERIODS.tolist(),
}


@pytest.mark.parametrize("values", TIMES.values(), ids=TIMES)
def test_times_among_objects(values):
    refused(objects(list(values)), Y, "X", "in column 1", "days", "transformer")
    refused(objects(list(values)).tolist(), Y, "X", "in column 1", "days")
    refused(X, np.array(list(values), object), "y", "days")


@pytest.mark.parametrize("values", TIMES.values(), ids=TIMES)
def test_times_in_frames_of_pandas(values):
    frame = pd.DataFrame({"a": Y, "when": values})
    refused(frame, Y, "X", "column 'when'", "days since", "transformer")
    refused(frame[["when"]], Y, "X", "column 'when'", "days since")
    refused(X, frame, "y", "column 'when'", "days since")
    refused(X, frame["when"], "y", "days since")


def test_columns_of_pandas_that_are_no_numbers():
    def frame(values):
        return pd.DataFrame({"a": Y, "b": values})

    refused(frame(pd.Categorical(["u"] * 12)), Y, "X", "'u' in column 'b'", "Encoder")
    refused(frame(pd.Categorical(DAYS)), Y, "X", "2026-01-01", "column 'b'", "days")
    refused(frame(pd.interval_range(0, 12, 12)), Y, "X", "Interval", "column 'b'")
    refused(frame([{}] * 12), Y, "X", "{} in column 'b'", "Convert them")
    twice = pd.DataFrame(objects(DAYS.tolist()), columns=["a", "a"])
    refused(twice, Y, "X", "in column 'a'", "days")


def test_complex_columns():
    for bad in (pd.DataFrame({"a": Y, "b": Y + 1j}), objects(Y + 1j)):
        with pytest.raises(ValueError, match=r"Complex.*X.*in column '?[b1]"):
            regressor().fit(bad, Y)


def test_missing_values_of_pandas_are_nan():
    frame = pd.DataFrame(X).astype("Float64")
    frame.iloc[1, 1] = pd.NA
    with pytest.raises(ValueError, match="X contains NaN"):
        regressor().fit(frame, Y)
    y = pd.DataFrame({"energy": -np.hypot(1, X[:, 0])}).astype("Float64")
    y.iloc[1, 0] = pd.NA
    emulator = PMMEmulator(2, **QUICK)
    expected = emulator.fit(X, y.to_numpy(float, na_value=np.nan)).predict(X)
    assert_array_equal(emulator.fit(X, y).predict(X), expected)


def test_rows_of_different_lengths():
    refused([[1.0, 2.0], [3.0]], [1.0, 2.0], "X", "rows of the same length")


@pytest.mark.parametrize("name", ["sample_weight", "y_err", "y_gradient"])
@pytest.mark.parametrize("values", [DAYS, SPANS, pd.Series(SPANS)], ids=str)
def test_weights_and_errors_are_no_times(name, values):
    refused(X, Y, name, "days", **{name: values})


def test_prediction_from_times_keeps_the_model():
    frame = pd.DataFrame(X, columns=["a", "when"])
    bad = frame.assign(when=DAYS)
    emulator = PMMEmulator(2, **QUICK).fit(frame, -np.hypot(1, X[:, 0]))
    classifier = PMMClassifier(3, 1, **QUICK).fit(frame, Y > 0)
    for model in (emulator, classifier):
        expected = model.predict(frame)
        for call in (model.predict, lambda X, fit=model.fit: fit(X, Y > 0)):
            with pytest.raises(ValueError, match=r"X must hold .* in column 'when'"):
                call(bad)
        assert_array_equal(model.predict(frame), expected)
    for call in (emulator.predict, emulator.hamiltonian):
        with pytest.raises(ValueError, match=r"X must hold .* in column 'when'"):
            call(bad)


@pytest.fixture
def pl():
    return pytest.importorskip("polars")


class TestPolars:
    @pytest.mark.parametrize("kind", ["Date", "Datetime", "Duration", "Time"])
    def test_times(self, pl, kind):
        values = {
            "Date": DAYS,
            "Datetime": DAYS.astype("datetime64[us]"),
            "Duration": SPANS.astype("timedelta64[us]"),
            "Time": np.array([datetime.time(1)] * 12, object),
        }[kind]
        frame = pl.DataFrame({"a": Y, "when": values.tolist()})
        assert str(frame["when"].dtype).startswith(kind)
        refused(frame, Y, "X", kind, "column 'when'", "days since", "transformer")
        refused(frame[["when"]], Y, "X", kind, "column 'when'", "days since")
        refused(X, frame, "y", kind, "column 'when'", "days since")
        refused(X, frame["when"], "y", kind, "days since")
        refused(X, Y, "sample_weight", kind, "days", sample_weight=frame["when"])

    def test_strings(self, pl):
        for dtype in (pl.String, pl.Categorical, pl.Enum(["u"])):
            column = pl.Series(["u"] * 12, dtype=dtype)
            refused(pl.DataFrame({"a": Y, "b": column}), Y, "'u' in column 'b'")

    def test_objects(self, pl):
        refused(pl.DataFrame({"a": Y, "b": [[1.0, 2.0]] * 12}), Y, "in column 'b'")
        refused(pl.DataFrame({"a": Y}).lazy(), Y, "LazyFrame")

    def test_numbers(self, pl):
        frame = pl.DataFrame({"a": X[:, 0], "b": X[:, 1] > 0})
        model = regressor()
        values = np.column_stack([X[:, 0], X[:, 1] > 0])
        expected = model.fit(values, Y).predict(values)
        assert_array_equal(model.fit(frame, pl.Series(Y)).predict(frame), expected)

    def test_missing_values(self, pl):
        with pytest.raises(ValueError, match="X contains NaN"):
            regressor().fit(pl.DataFrame({"a": Y, "b": [None, *Y[1:]]}), Y)
