"""A diagnosis of data of all kinds: repeated, unknown, constant, few, in frames."""

import warnings

import numpy as np
import pytest

from pmm_sklearn import PMMClassifier, PMMEmulator, PMMRegressor
from pmm_sklearn.inspection import diagnose

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore:PMMRegressor is no better",
)

N = 40
X = np.random.RandomState(0).uniform(-1, 1, size=(N, 2))
Y = X[:, 0] + 0.5 * X[:, 1] ** 2 + 0.1 * np.random.RandomState(1).standard_normal(N)
LINE = np.linspace(-1, 1, 20)[:, np.newaxis]
LEVELS = np.hypot(LINE, 0.3) * [-1, 1]


def regressor(**parameters):
    given = {"n_init": 1, "max_iter": 10, "random_state": 0, **parameters}
    return PMMRegressor(2, 1, **given)


@pytest.fixture(scope="module")
def good():
    return regressor().fit(X, Y)


@pytest.mark.parametrize("copies", [2, 3])
def test_a_row_is_no_neighbour_of_itself(copies):
    """Repeated rows with independent noise have nothing in common but their place."""
    for seed in range(4):
        rng = np.random.RandomState(seed)
        x = np.repeat(rng.uniform(-1, 1, size=(60 // copies, 2)), copies, axis=0)
        noise = 0.3 * rng.standard_normal(60)
        model = regressor(alpha=1e3).fit(x, noise)
        assert "alike" not in str(diagnose(model, x, noise))
    same = np.repeat(noise[::copies], copies)
    assert "alike" in str(diagnose(model, x, same))


def with_one_value():
    """Levels of which the second is known in one row."""
    y = LEVELS.copy()
    y[1:, 1] = np.nan
    return y


@pytest.mark.parametrize("error", [None, 1e-3])
def test_a_target_of_one_value(error):
    y = with_one_value()
    model = PMMEmulator(2, n_init=2, random_state=0).fit(LINE, y, y_err=error)
    found = diagnose(model, LINE, y, y_err=error, cv=3)
    assert "level 1" not in str(found)
    assert "leverage" not in found.topics


def test_known_errors_of_few_values():
    """Those of values that are not known do not count."""
    y = np.abs(with_one_value())
    y[1, 1] = 3.0
    model = PMMEmulator(2, n_init=1, max_iter=3, random_state=0)
    model.fit(LINE, y, y_err=1e-3)
    model.model_error_ = np.array([0.0, 0.1])
    (finding,) = [
        f
        for f in diagnose(model, LINE, y, y_err=1e-3)
        if "times the median of y_err" in f.text
    ]
    assert finding.value == pytest.approx(100.0)


def test_a_single_row():
    model = PMMEmulator(2, n_init=1, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(LINE[:1], LEVELS[:1])
    (finding,) = diagnose(model, LINE[:1], LEVELS[:1])
    assert finding.topic == "data"
    assert finding.text.startswith("one row says nothing")


def test_constant_targets():
    # The mean of these is rounded.
    y = np.full(N, 0.1)
    (finding,) = diagnose(regressor().fit(X, y), X, y, cv=2)
    assert finding.text.startswith("y is constant, 0.1 in all rows")
    both = np.column_stack([Y, y])
    found = diagnose(regressor(alpha=1.0).fit(X, both), X, both, cv=2)
    assert [f.text[:8] for f in found if "target 1" in f.text] == ["target 1"]
    assert "target 1 is constant" in str(found)


def test_few_rows():
    few = slice(10)
    found = diagnose(regressor().fit(X[few], Y[few]), X[few], Y[few])
    assert "from 10 rows error bars are mostly too small" in str(found)
    assert "Gaussian process" in str(found)
    assert "error bars" not in str(diagnose(regressor().fit(X, Y), X, Y))


def test_models_without_training(tmp_path):
    """From a file, or of one step."""
    regressor().fit(X, Y).to_npz(tmp_path / "model.npz")
    again = PMMRegressor.from_npz(tmp_path / "model.npz")
    step = regressor().partial_fit(X, Y)
    for model in (again, step):
        assert set(diagnose(model, X, Y).topics).isdisjoint({"training", "starts"})
    emulator = PMMEmulator(2, n_init=3, random_state=0).fit(LINE, LEVELS)
    emulator.to_npz(tmp_path / "emulator.npz")
    again = PMMEmulator.from_npz(tmp_path / "emulator.npz")
    assert diagnose(again, LINE, LEVELS) == []


def test_masked_targets():
    y = np.ma.masked_invalid(with_one_value())
    model = PMMEmulator(2, n_init=2, random_state=0).fit(LINE, y)
    assert diagnose(model, LINE, y) == diagnose(model, LINE, with_one_value())


@pytest.mark.filterwarnings("error")
def test_bad_targets(good):
    infinite = np.where(np.arange(N) == 3, np.inf, Y)
    shape = "y must be that of fit, for 40 samples and 1"
    for y, message in [
        (Y[:-1], shape),
        (Y[np.newaxis], shape),
        (np.column_stack([Y, Y]), shape),
        (infinite, "y has infinite elements"),
        (np.full(N, np.nan), "y has nothing but NaN"),
    ]:
        with pytest.raises(ValueError, match=message):
            diagnose(good, X, y)


LOSSES = {
    "poisson": np.random.RandomState(0).poisson(3 * np.exp(X[:, 0])),
    "gamma": np.exp(Y),
    "quantile": Y,
}


@pytest.mark.parametrize("loss", LOSSES)
def test_losses_without_error_bars(loss):
    y = LOSSES[loss]
    quantile = 0.8 if loss == "quantile" else None
    model = regressor(loss=loss, quantile=quantile, alpha=1.0).fit(X, y)
    assert "error bars" not in diagnose(model, X, y, cv=2).topics


def test_quantiles_are_compared_with_linear_ones():
    """The mean would be far from the quantile of such noise."""
    y = X[:, 0] + np.random.RandomState(2).standard_exponential(N)
    model = regressor(loss="quantile", quantile=0.9, alpha=1.0).fit(X, y)
    assert "comparison" not in diagnose(model, X, y, cv=2).topics
    poor = regressor(loss="quantile", quantile=0.9, alpha=1e6)
    found = diagnose(poor.fit(X, 9 * X[:, 0]), X, 9 * X[:, 0], cv=2)
    assert "those of a linear quantile" in str(found)


@pytest.mark.parametrize("name", ["pandas", "polars"])
def test_clones_get_names_of_features(name):
    library = pytest.importorskip(name)
    frame = library.DataFrame({"a": X[:, 0], "b": X[:, 1]})
    model = regressor(readout="level", monotonic_cst={"a": 1}).fit(frame, Y)
    assert isinstance(diagnose(model, frame, Y, cv=2), list)
    labels = Y > 0
    classifier = PMMClassifier(2, 1, n_init=1, max_iter=10, random_state=0)
    classifier.fit(frame, labels)
    assert isinstance(diagnose(classifier, frame, labels, cv=2), list)


def test_labels_of_another_kind():
    labels = (Y > 0).astype(int)
    model = PMMClassifier(2, 1, n_init=1, max_iter=5, random_state=0).fit(X, labels)
    for wrong in (labels.astype(str), labels + 0.5):
        with pytest.raises(ValueError, match=r"the labels of fit, \[0, 1\]: those of"):
            diagnose(model, X, wrong)
    assert diagnose(model, X, labels > 0) == diagnose(model, X, labels.astype(float))


def test_weights_of_classes_are_named():
    """Few rows that a penalty of zero fits without doubt."""
    rng = np.random.RandomState(0)
    wide = rng.standard_normal((N, 8))
    y = wide[:, 0] + 0.7 * rng.standard_normal(N) > 0
    texts = []
    for weight in (None, "balanced"):
        model = PMMClassifier(2, 1, alpha=0.0, n_init=1, random_state=0)
        model.set_params(class_weight=weight).fit(wide, y)
        found = diagnose(model, wide, y, cv=2)
        texts += [f.text for f in found if f.topic == "probabilities"]
    assert ["weighted by class_weight" in text for text in texts] == [False, True]
