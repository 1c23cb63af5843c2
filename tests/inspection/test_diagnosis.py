"""Each sentence of a diagnosis, on data made for it."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from pmm_sklearn import (
    PMMClassifier,
    PMMEmulator,
    PMMImageClassifier,
    PMMRegressor,
    UnitaryPMMEmulator,
)
from pmm_sklearn.inspection import diagnose

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore:PMMRegressor is no better",
)

N = 60
RANDOM = np.random.RandomState(0)
X = RANDOM.uniform(-1, 1, size=(N, 2))
NOISE = 0.1 * RANDOM.standard_normal(N)
Y = np.sin(2 * X[:, 0]) + X[:, 1] + NOISE


def regressor(**parameters):
    return PMMRegressor(3, **{"n_init": 1, "random_state": 0, **parameters})


@pytest.fixture(scope="module")
def good():
    return regressor().fit(X, Y)


def topics(model, X, y, **options):
    return diagnose(model, X, y, **options).topics


def test_nothing_stands_out(good):
    found = diagnose(good, X, Y, cv=4)
    assert found == []
    assert str(found) == "Nothing stands out."


def test_training_that_has_not_converged():
    found = diagnose(regressor(max_iter=2, tol=1e-9).fit(X, Y), X, Y)
    assert found.topics[0] == "training"
    assert "stop_reason_='max_iter' after 2 iterations" in str(found)


def test_a_target_of_noise():
    y = np.random.RandomState(3).standard_normal(N)
    assert "fit" in topics(regressor().fit(X, y), X, y)


def test_few_data():
    few = slice(8)
    y = np.sin(3 * X[few, 0]) * X[few, 1]
    found = diagnose(
        PMMRegressor(5, n_init=1, random_state=0).fit(X[few], y), X[few], y
    )
    assert "data" in found.topics


def test_residuals_with_structure():
    x = np.linspace(-1, 1, 80)[:, np.newaxis]
    y = np.sin(5 * x[:, 0])
    model = PMMRegressor(2, 1, alpha=1.0, n_init=1, random_state=0).fit(x, y)
    found = diagnose(model, x, y)
    assert "residuals" in found.topics
    assert found[found.topics.index("residuals")].value > 0.5


def test_outliers(good):
    y = Y.copy()
    y[[5, 9]] += [4.0, -3.0]
    (finding,) = [f for f in diagnose(good, X, y) if f.topic == "outliers"]
    assert finding.rows == (5, 9)
    assert finding.text.startswith("rows 5, 9 are far from the model: check them")
    assert finding.value > 10


def test_outliers_that_hardly_count():
    y = Y.copy()
    y[5] += 3.0
    robust = regressor(loss="huber").fit(X, y)
    (finding,) = [f for f in diagnose(robust, X, y) if f.topic == "outliers"]
    assert finding.text.endswith("check it; with loss='huber' they hardly count.")


def test_pipeline():
    frame = pd.DataFrame({"a": X[:, 0], "useless": X[:, 1]})
    y = -np.hypot(1, X[:, 0])
    pipeline = make_pipeline(StandardScaler(), PMMEmulator(2, random_state=0))
    (finding,) = diagnose(pipeline.fit(frame, y), frame, y)
    assert finding.text.startswith("useless changes predictions")
    assert topics(make_pipeline(pipeline[-1]), pipeline[:-1].transform(frame), y) == [
        "features"
    ]


def test_known_errors_go_along():
    y = -np.hypot(1, X[:, 0]) + NOISE
    model = PMMEmulator(2, n_init=2, random_state=0).fit(X, y, y_err=0.1)
    for error in (0.1, np.full(N, 0.1)):
        assert isinstance(diagnose(model, X, y, y_err=error, cv=2), list)


def test_features_without_influence():
    frame = pd.DataFrame({"a": X[:, 0], "useless": X[:, 1]})
    model = PMMEmulator(2, random_state=0).fit(frame, -np.hypot(1, X[:, 0]))
    (finding,) = diagnose(model, frame, -np.hypot(1, X[:, 0]))
    assert finding.topic == "features"
    assert finding.text.startswith("useless changes predictions by less than")


def test_levels_that_cross():
    x = np.linspace(-1, 1, 41)[:, np.newaxis]
    y = np.sign(x[:, 0])
    model = PMMRegressor(3, 1, alpha=1e-6, n_init=8, random_state=0).fit(x, y)
    found = diagnose(model, x, y)
    assert "levels" in found.topics
    assert 'readout="density"' in str(found)
    smooth = PMMRegressor(3, 1, readout="density", n_init=1, random_state=0)
    assert "levels" not in topics(smooth.fit(x, y), x, y)


def test_a_solution_of_one_start(good):
    model = PMMEmulator(2, n_init=4, random_state=0).fit(X, -np.hypot(1, X[:, 0]))
    assert "starts" not in topics(model, X, -np.hypot(1, X[:, 0]))
    model.start_losses_ = np.array([5.0, 1.0, 4.0, 3.0])
    found = diagnose(model, X, -np.hypot(1, X[:, 0]))
    assert "one of 4 alone" in str(found)


class TestKnownErrors:
    """A Hamiltonian of side 2, and data that it cannot explain."""

    def data(self):
        y = np.stack([np.sin(4 * X[:, 0]), np.cos(3 * X[:, 1])], axis=1)
        return np.sort(y + 0.01 * NOISE[:, np.newaxis], axis=1)

    def test_error_of_the_model(self):
        y = self.data()
        model = PMMEmulator(2, n_init=2, random_state=0).fit(X, y, y_err=0.01)
        found = diagnose(model, X, y, y_err=0.01)
        (first, second) = [f for f in found if "times the median of y_err" in f.text]
        assert first.value == pytest.approx(100 * model.model_error_[0])
        assert "misses level 1 by" in second.text

    def test_chi_square(self):
        y = self.data()
        model = PMMEmulator(2, alpha=1e-3, n_init=2, random_state=0)
        found = diagnose(model.fit(X, y, y_err=0.01), X, y, y_err=0.01)
        assert "larger than y_err explain (chi-square" in str(found)

    def test_folds_are_silent(self):
        y = self.data()
        model = PMMEmulator(2, n_init=1, max_iter=3, random_state=0)
        model.fit(X, y, y_err=0.01)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            diagnose(model, X, y, y_err=0.01, cv=2)


def test_a_pipeline_without_names():
    steps = FunctionTransformer(np.abs), regressor(max_iter=3)
    assert isinstance(diagnose(make_pipeline(*steps).fit(X, Y), X, Y), list)


def test_error_bars_that_do_not_hold():
    x = np.linspace(-1, 1, 80)[:, np.newaxis]
    # Noise of one size is what the model knows.
    size = np.where(x[:, 0] > 0.5, 3.0, 0.01)
    y = size * np.random.RandomState(0).standard_normal(80)
    model = regressor(max_iter=30).fit(x, y)
    (finding,) = [f for f in diagnose(model, x, y, cv=3) if f.topic == "error bars"]
    assert finding.value < 0.9
    assert "within two standard deviations" in finding.text


def test_few_rows_without_noise():
    x = np.array([[1.0], [3.0], [5.0], [6.0], [7.0], [8.0]])
    y = x[:, 0] * np.sin(x[:, 0])
    found = diagnose(regressor(alpha="auto").fit(x, y), x, y)
    assert "6 rows can hardly tell noise from what a small matrix misses" in str(found)


def test_linear_models_that_are_better():
    rng = np.random.RandomState(0)
    X = rng.uniform(-1, 1, (24, 12))
    y = X @ rng.standard_normal(12)
    model = PMMRegressor(3, 1, alpha=1e-6, n_init=1, max_iter=20, random_state=0)
    found = diagnose(model.fit(X, y + 0.1 * rng.standard_normal(24)), X, y, cv=2)
    (finding,) = [f for f in found if f.topic == "comparison"]
    assert finding.value > 1
    assert "times those of ridge regression" in finding.text


def test_gaps_in_the_targets():
    y = np.stack([-np.hypot(1, X[:, 0]), np.hypot(1, X[:, 0])], axis=1)
    y[3, 1] = np.nan
    model = PMMEmulator(2, n_init=2, random_state=0).fit(X, y)
    assert set(topics(model, X, y)) <= {"features"}


def test_targets_that_a_fold_has_few_of():
    y = np.stack([-np.hypot(1, X[:, 0]), np.hypot(1, X[:, 0])], axis=1)
    y[5:, 1] = np.nan
    model = PMMEmulator(2, n_init=1, max_iter=10, random_state=0).fit(X, y)
    assert "comparison" not in topics(model, X, y, cv=2)


def classifier(**parameters):
    return PMMClassifier(3, 1, **{"n_init": 1, "random_state": 0, **parameters})


@pytest.fixture(scope="module")
def labels():
    """Two classes that a line tells apart, by names."""
    return np.where(X[:, 0] + X[:, 1] + NOISE > 0, "up", "down").astype(object)


class TestClasses:
    def test_nothing_stands_out(self, labels):
        frame = pd.DataFrame(X, columns=["a", "b"])
        found = diagnose(classifier().fit(frame, labels), frame, labels, cv=3)
        assert found == []

    def test_training_and_features(self, labels):
        rng = np.random.RandomState(0)
        wide = np.column_stack([X, 1e-4 * rng.standard_normal(N)])
        pipeline = make_pipeline(StandardScaler(), classifier(max_iter=3, tol=1e-9))
        assert "training" in topics(pipeline.fit(wide, labels), wide, labels)
        y = np.where(X[:, 0] > 0, 1, 2)
        model = classifier().fit(X, y)
        assert "features" in topics(model, X, y) or model.length_scales_[1] < np.inf

    def test_classes_of_noise(self):
        y = np.random.RandomState(4).choice([0, 1, 2], N)
        assert "fit" in topics(classifier(alpha=10.0).fit(X, y), X, y)

    def test_rare_classes(self, labels):
        y = labels.copy()
        y[:2] = "else"
        model = classifier(max_iter=5).fit(X, y)
        (finding,) = [f for f in diagnose(model, X, y, cv=3) if f.topic == "data"]
        assert finding.value == 2
        assert finding.text.startswith("class 'else' has fewer than 5 rows")

    def test_doubtful_labels(self):
        x = np.linspace(-1, 1, 80)[:, np.newaxis]
        y = np.where(x[:, 0] > 0, "up", "down")
        model = classifier().fit(x, y)
        y[79] = "down"
        (finding,) = [f for f in diagnose(model, x, y) if f.topic == "labels"]
        assert finding.text.startswith("row 79 has a class that the model gives")
        assert finding.text.endswith(": check it.")

    def test_classes_that_are_not_recognised(self):
        rng = np.random.RandomState(0)
        y = np.where(rng.uniform(size=N) < 0.12, "rare", np.where(X[:, 0] > 0, 1, 2))
        model = classifier().fit(X, y)
        (finding,) = [f for f in diagnose(model, X, y) if f.topic == "classes"]
        assert f"of {np.sum(y == 'rare')} rows of class 'rare'" in finding.text
        assert "class_weight='balanced'" in finding.text
        assert set(finding.rows) <= set(np.flatnonzero(y == "rare"))

    def test_weights_of_classes_count(self):
        """What balanced weights say is compared with what they were fitted to."""
        y = np.where(X[:, 0] + 0.2 * X[:, 1] > 0.6, "few", "many")
        model = classifier(class_weight="balanced").fit(X, y)
        assert diagnose(model, X, y, cv=3).topics == []

    def test_withheld_rows(self):
        """Few rows of many features, which a penalty of zero fits without doubt."""
        rng = np.random.RandomState(0)
        wide = rng.standard_normal((N, 10))
        y = wide[:, 0] + 0.7 * rng.standard_normal(N) > 0
        found = diagnose(classifier(alpha=0.0).fit(wide, y), wide, y, cv=3)
        told = dict(zip(found.topics, found, strict=True))
        assert told["probabilities"].value > 0.02
        assert "too sure" in told["probabilities"].text
        assert told["comparison"].value > 1.0
        assert "times that of logistic regression" in told["comparison"].text

    def test_one_class_alone_is_withheld_from_nothing(self, labels):
        y = np.where(np.arange(N) < 2, "else", "all")
        model = classifier(max_iter=2).fit(X, y)
        assert "data" in topics(model, X, y, cv=30)

    def test_bad_input(self, labels):
        model = classifier(max_iter=2).fit(X, labels)
        left = np.where(labels == "up", "left", "down")
        for wrong in (left, np.full(N, np.nan), Y, np.where(X[:, 0] > 0, "up", None)):
            with pytest.raises(ValueError, match="y must have the labels of fit, "):
                diagnose(model, X, wrong)
        with pytest.raises(ValueError, match="y must have 60 labels"):
            diagnose(model, X, labels[:-1])
        with pytest.raises(ValueError, match="y_err must be None for a classifier"):
            diagnose(model, X, labels, y_err=0.1)


def test_bad_input(good):
    images = PMMImageClassifier(None, image_shape=(1, -1), latent_size=2, max_iter=1)
    with pytest.raises(TypeError, match="got PMMImageClassifier"):
        diagnose(images.fit(X, Y > 0), X, Y > 0)
    steps = np.linspace(0.1, 0.5, 5)[:, np.newaxis]
    unitary = UnitaryPMMEmulator(2, n_init=1, max_iter=2, random_state=0)
    unitary.fit(steps, steps[:, 0])
    with pytest.raises(TypeError, match="got UnitaryPMMEmulator"):
        diagnose(unitary, steps, steps[:, 0])
    with pytest.raises(ValueError, match="y must be that of fit"):
        diagnose(good, X, np.ones((N, 2)))
    with pytest.raises(ValueError, match="cv must be at least 2"):
        diagnose(good, X, Y, cv=1)
