"""PMMImageClassifier: images, labels, training, bad input."""

import pickle
import re
import warnings

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from pmm_sklearn import PMMImageClassifier

SMALL = {
    "window_shape": 4,
    "stride": 2,
    "latent_size": 6,
    "matrix_size": 4,
    "n_eigenvectors": 2,
    "batch_size": 64,
    "max_iter": 3,
    "random_state": 0,
}


@pytest.fixture(scope="module")
def digits():
    data = load_digits()
    return train_test_split(
        data.images, data.target, train_size=900, test_size=300, random_state=0
    )


@pytest.fixture(scope="module")
def fitted(digits):
    return PMMImageClassifier(**SMALL).fit(digits[0], digits[2])


def small(**changes):
    return PMMImageClassifier(**{**SMALL, **changes})


def test_learns_digits(digits):
    X, X_test, y, y_test = digits
    model = small(latent_size=12, matrix_size=5, n_eigenvectors=3, max_iter=30)
    model.fit(X, y)
    assert model.score(X_test, y_test) > 0.93
    assert model.stop_reason_ == "completed"
    assert len(model.loss_curve_) == model.n_iter_ == 30
    assert model.n_parameters_ == 9 * 8 * 12 + 10 * (60 + 15 + 6 * 15 + 1)


def test_outputs_are_consistent(fitted, digits):
    X = digits[1]
    logits = fitted.decision_function(X)
    assert logits.shape == (len(X), 10)
    assert_allclose(fitted.predict_proba(X).sum(axis=1), 1)
    assert_allclose(np.exp(fitted.predict_log_proba(X)), fitted.predict_proba(X))
    assert_array_equal(fitted.predict(X), np.argmax(logits, axis=1))


def test_rows_and_images_are_the_same(fitted, digits):
    X, X_test, y, _ = digits
    rows = small(image_shape=(8, 8)).fit(X.reshape(len(X), -1), y)
    X_rows = X_test.reshape(len(X_test), -1)
    assert_allclose(rows.decision_function(X_rows), fitted.decision_function(X_test))
    rows.set_params(image_shape=(8, -1))
    assert_allclose(rows.decision_function(X_rows), fitted.decision_function(X_test))


def test_windows_may_be_lines_or_the_whole_image(digits):
    X, X_test, y, y_test = digits
    for window_shape in ((1, 8), None):
        model = small(window_shape=window_shape, stride=1, max_iter=10).fit(X, y)
        assert model.score(X_test, y_test) > 0.7


@pytest.mark.parametrize("unit", [255.0, 1e200, 1e-200])
def test_units_do_not_matter(fitted, digits, unit):
    X, X_test, y, _ = digits
    other = small().fit(X * unit, y)
    assert_allclose(
        other.decision_function(X_test * unit), fitted.decision_function(X_test)
    )


def test_bytes_do_not_overflow(fitted, digits):
    X, _, y, _ = digits
    as_bytes = small().fit(X.astype(np.uint8), y)
    assert_allclose(as_bytes.row_maps_, fitted.row_maps_, rtol=1e-12)


@pytest.mark.parametrize("max_memory", [0.0, 1e305])
def test_computing_grams_on_the_fly_changes_nothing(fitted, digits, max_memory):
    other = small(max_memory=max_memory).fit(digits[0], digits[2])
    assert_allclose(other.row_maps_, fitted.row_maps_, rtol=1e-9)


def test_single_precision_grams_are_near(fitted, digits):
    other = small(gram_dtype="float32").fit(digits[0], digits[2])
    assert_allclose(other.loss_, fitted.loss_, rtol=1e-2)
    assert other.row_maps_.dtype == np.float64


def test_complex_images(digits):
    X, X_test, y, y_test = digits
    phases = np.exp(1j * X / 16)
    model = small(matrix_type="hermitian", max_iter=20).fit(X * phases, y)
    assert model.score(X_test * np.exp(1j * X_test / 16), y_test) > 0.85
    assert model.row_maps_.dtype == np.complex128


@pytest.mark.parametrize("matrix_type", ["symmetric", "hermitian"])
def test_gauge_rotations_change_the_path_only(digits, matrix_type):
    X, X_test, y, y_test = digits
    model = small(gauge_rotations=True, matrix_type=matrix_type, max_iter=15)
    model.fit(X, y)
    assert model.score(X_test, y_test) > 0.85
    assert model.loss_curve_[-1] < 0.6 * model.loss_curve_[1]


def test_two_classes(digits):
    X, X_test, y, y_test = digits
    few, few_test = y < 2, y_test < 2
    names = np.array(["nil", "one"])
    model = small(max_iter=15).fit(X[few], names[y[few]])
    decision = model.decision_function(X_test[few_test])
    assert decision.ndim == 1
    assert_array_equal(model.predict(X_test[few_test]), names[(decision > 0) * 1])
    assert model.score(X_test[few_test], names[y_test[few_test]]) > 0.98


def test_weights_are_repetitions_of_the_loss(digits):
    X, _, y, _ = digits
    X, y = X[:60], y[:60]
    weight = np.ones(60)
    weight[::3] = 0.0
    model = small(batch_size=100).fit(X, y, sample_weight=weight)
    without = small(batch_size=100).fit(X[weight > 0], y[weight > 0])
    assert_allclose(model.row_maps_, without.row_maps_)


def test_early_stopping_keeps_the_best(digits):
    model = small(early_stopping=True, n_iter_no_change=2, max_iter=40)
    model.fit(digits[0], digits[2])
    errors = model.validation_loss_curve_
    assert model.stop_reason_ == "stopped_early" or len(errors) == 40
    assert 0 <= min(errors) < 0.2


def test_warm_start_goes_on(digits, fitted):
    model = small(warm_start=True).fit(digits[0], digits[2])
    first = model.loss_curve_[0]
    model.fit(digits[0], digits[2])
    assert model.loss_curve_[0] < 0.85 * first
    with pytest.raises(ValueError, match="fitted model, whose classes are"):
        model.fit(digits[0], digits[2] + 10)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"latent_size": 7}, "latent_size=6, got 7"),
        ({"window_shape": 5}, "window_shape=(4, 4), got (5, 5)"),
        ({"gram_dtype": "float32"}, "gram_dtype='float64', got 'float32'"),
    ],
)
def test_another_structure_is_refused(digits, fitted, changes, message):
    model = pickle.loads(pickle.dumps(fitted)).set_params(warm_start=True, **changes)
    with pytest.raises(ValueError, match=re.escape(message)):
        model.fit(digits[0], digits[2])


def test_partial_fit_continues_identically_after_a_file(digits, tmp_path):
    X, X_test, y, y_test = digits
    model = small(learning_rate_init=0.02)
    for start in range(0, 900, 225):
        part = slice(start, start + 225)
        model.partial_fit(X[part], y[part], classes=np.arange(10))
    joblib.dump(model, tmp_path / "model.joblib")
    other = joblib.load(tmp_path / "model.joblib")
    for _ in range(9):
        model.partial_fit(X, y)
        other.partial_fit(X, y)
    assert_array_equal(model.row_maps_, other.row_maps_)
    assert model.score(X_test, y_test) > 0.75
    assert model.n_iter_ == len(model.loss_curve_) == 13


def test_search_pipeline_and_copies(digits, fitted):
    X, X_test, y, _ = digits
    pipeline = make_pipeline(
        FunctionTransformer(np.sqrt), small(image_shape=(8, 8), max_iter=2)
    )
    search = GridSearchCV(pipeline, {"pmmimageclassifier__latent_size": [3, 6]}, cv=2)
    search.fit(X[:300].reshape(300, -1), y[:300])
    assert search.best_params_["pmmimageclassifier__latent_size"] in (3, 6)
    copy = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(copy.predict(X_test), fitted.predict(X_test))
    assert clone(fitted).get_params() == fitted.get_params()


def test_temperature_of_images_left_out(digits, fitted):
    pytest.importorskip("sklearn", "1.8")
    X, X_test, y, _ = digits
    calibrated = CalibratedClassifierCV(
        small(), method="temperature", cv=3, ensemble=False
    ).fit(X, y)
    assert_array_equal(calibrated.predict(X_test), fitted.predict(X_test))
    logits, scaled = fitted.decision_function(X_test), calibrated.predict_proba(X_test)
    ratios = np.ptp(np.log(scaled), axis=1) / np.ptp(logits, axis=1)
    assert_allclose(ratios, ratios[0])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"window_shape": 9}, "window_shape=9 does not fit"),
        ({"window_shape": (4, 0)}, "window_shape must be"),
        ({"window_shape": 1}, "window_shape=1 is a single pixel"),
        ({"stride": -1}, "stride must be"),
        ({"max_shift": 8}, "max_shift must be less"),
        ({"n_eigenvectors": 5}, "n_eigenvectors must not exceed"),
        ({"temperature": 0}, "temperature must be"),
        ({"learning_rate_init": 1e200}, "reduce learning_rate_init"),
        ({"matrix_type": "real"}, "matrix_type must be one of"),
        ({"gram_dtype": "float16"}, "gram_dtype must be one of"),
        ({"alpha": "auto"}, "alpha must be"),
        ({"image_shape": (4, 16)}, "image_shape"),
        ({"max_memory": -1}, "max_memory must be"),
    ],
)
def test_bad_parameters_are_named(digits, changes, message):
    with pytest.raises((ValueError, TypeError), match=message.replace("(", r"\(")):
        small(**changes).fit(digits[0][:50], digits[2][:50])


def test_bad_data_are_named_and_change_nothing(digits, fitted):
    X, _, y, _ = digits
    model = pickle.loads(pickle.dumps(fitted))
    before = model.predict(X)
    broken = X.copy()
    broken[3, 2, 1] = np.nan
    cases = [
        (broken, y, "NaN"),
        (X, np.zeros(len(X)), "one class"),
        (X.reshape(len(X), -1), y, "image_shape"),
        (X[:, :, :, np.newaxis], y, "dim|shape"),
        (X, y[:-1], "inconsistent"),
        (X * 1j, y, "hermitian"),
        (X.astype(str), y, "numbers"),
    ]
    for images, labels, message in cases:
        with pytest.raises((ValueError, TypeError), match=message):
            model.fit(images, labels)
        assert_array_equal(model.predict(X), before)
    with pytest.raises(ValueError, match="images of shape"):
        model.predict(X[:, :4])
    with pytest.raises(ValueError, match="not among the classes"):
        model.partial_fit(X[:10], np.full(10, 77))
    with pytest.raises(ValueError, match="classes must be given"):
        small().partial_fit(X[:10], y[:10])


def test_interruption_keeps_the_model(digits, monkeypatch):
    X, X_test, y, y_test = digits
    model = small(max_iter=50)
    epochs = []

    def interrupt(self, theta, adam, random_state):
        epochs.append(1)
        if len(epochs) == 4:
            raise KeyboardInterrupt
        return theta

    monkeypatch.setattr("pmm_sklearn.model.GaugeRotations.__call__", interrupt)
    model.set_params(gauge_rotations=True)
    with pytest.warns(UserWarning, match="interrupted"):
        model.fit(X, y)
    assert model.stop_reason_ == "interrupted"
    assert model.n_iter_ == 3
    assert model.score(X_test, y_test) > 0.5


def test_shows_progress(digits, capsys):
    small(verbose=2, early_stopping=True).fit(digits[0], digits[2])
    shown = capsys.readouterr().out
    assert shown.count("iteration") >= 3
    assert "accuracy" in shown


def test_no_warnings_on_empty_images(digits):
    X = np.zeros((40, 8, 8))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = small(max_iter=2).fit(X, np.arange(40) % 2)
        assert np.all(np.isfinite(model.predict_proba(X)))


def test_learns_from_moved_images(digits):
    X, X_test, y, y_test = digits
    model = small(max_shift=1, max_iter=15).fit(X, y)
    moved = np.roll(X_test, 1, axis=2)
    still = small(max_iter=15).fit(X, y)
    assert model.score(moved, y_test) > still.score(moved, y_test) + 0.03


@pytest.mark.parametrize(
    "image_shape", [(-1, -1), -1, (-1, 0), (-1, "a"), (-1, True), (8, (8, 8)), "ab"]
)
def test_bad_shapes_of_images_are_shown_as_given(digits, image_shape):
    model = small(image_shape=image_shape)
    with pytest.raises(ValueError, match="image_shape must be") as error:
        model.fit(digits[0].reshape(-1, 64), digits[2])
    assert f"got {image_shape!r}" in str(error.value)


def test_arrays_that_are_no_stack_of_images_are_refused(fitted, digits):
    X, _, y, _ = digits
    with pytest.raises(ValueError, match="one number for each pixel"):
        small().fit(X[..., np.newaxis], y)
    with pytest.raises(ValueError, match="a single image"):
        fitted.predict(X[0])
    with pytest.raises(ValueError, match="0 sample"):
        fitted.predict(X[:0])
    with pytest.raises(ValueError, match="X contains NaN"):
        small(matrix_type="hermitian").fit(np.where(X > 15, np.nan, X + 0j), y)


@pytest.mark.parametrize("image_shape", [(4, 16), (16, 4)])
def test_rows_are_images_of_the_shape_of_fit(digits, image_shape):
    X, _, y, _ = digits
    model = small(image_shape=(8, 8)).fit(X.reshape(-1, 64), y)
    model.set_params(image_shape=image_shape)
    with pytest.raises(ValueError, match=r"fitted to images of shape \(8, 8\)"):
        model.predict(X.reshape(-1, 64))


@pytest.mark.parametrize("phase", [1, 1j])
def test_pixels_of_a_data_frame_have_names(digits, phase):
    pandas = pytest.importorskip("pandas")
    names = [f"pixel{i}" for i in range(64)]
    rows = pandas.DataFrame(phase * digits[0].reshape(-1, 64), columns=names)
    model = small(image_shape=(8, 8), matrix_type="hermitian", max_iter=1)
    model.fit(rows, digits[2])
    assert_array_equal(model.feature_names_in_, names)
    assert model.score(rows, digits[2]) > 0.1
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(rows[names[::-1]])
