"""What a diagnosis says of known errors, and of functions that change fast."""

from types import SimpleNamespace

import numpy as np
import pytest

from pmm_sklearn import PMMEmulator, PMMRegressor
from pmm_sklearn.inspection import _withheld_targets, diagnose
from pmm_sklearn.inspection._cases import TargetCase

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore:PMMRegressor is no better",
)

RANDOM = np.random.RandomState(0)
X = RANDOM.uniform(-1, 1, size=(50, 2))
Y = np.sin(2 * X[:, 0]) + X[:, 1] + 0.1 * RANDOM.standard_normal(50)
FAST = np.random.RandomState(1).uniform(0, 1, size=(100, 2))


def regressor(**parameters):
    return PMMRegressor(3, 1, **{"n_init": 1, "random_state": 0, **parameters})


def of_residuals(y_err, y=Y, **parameters):
    model = regressor(**parameters).fit(X, y, y_err=y_err)
    found = diagnose(model, X, y, y_err=y_err)
    return [f for f in found if f.topic == "residuals"], found


def test_errors_that_are_right():
    found, _ = of_residuals(0.1)
    assert found == []


def test_errors_that_are_too_small():
    (finding,), found = of_residuals(0.01)
    assert finding.value > 10
    assert "larger than y_err explain (chi-square" in finding.text
    assert "extra_noise=True" in finding.text
    # Rows that were fitted are no outliers then.
    assert "leverage" not in found.topics


def test_extra_noise_mends_it():
    found, _ = of_residuals(0.01, extra_noise=True)
    assert found == []


def test_an_outlier_is_not_all_of_chi_square():
    y = Y.copy()
    y[3] += 10.0
    model = regressor(alpha="auto").fit(X, Y, y_err=0.1)
    found = diagnose(model, X, y, y_err=0.1)
    assert found.topics == ["outliers"]


def test_errors_that_are_too_large():
    (finding,), _ = of_residuals(1.0)
    assert finding.value < 0.2
    assert "much smaller than y_err" in finding.text
    factor = finding.value**-0.5
    assert 1 < factor < 10.5
    assert f"at least by a factor of {factor:.2g}" in finding.text
    # Of such errors all else follows.
    model = regressor(max_iter=10).fit(X, Y, y_err=1.0)
    assert diagnose(model, X, Y, y_err=1.0, cv=2).topics.count("error bars") == 0


def test_exact_data_of_known_errors():
    x = np.linspace(-1, 1, 12)[:, np.newaxis]
    y = np.hypot(1, x) * [-1, 1]
    model = PMMEmulator(2, alpha=0.0, n_init=2, tol=1e-9, random_state=0)
    model.fit(x, y, y_err=0.1)
    model.n_effective_parameters_ = 6.0
    # Rounding counts as none.
    assert not np.any(TargetCase.of(model, x, y, ["x0"], 0.1).residuals)
    (finding,) = [f for f in diagnose(model, x, y, y_err=0.1) if "y_err" in f.text]
    assert finding.value == 0
    assert "y_err seem too large and error bars with them" in finding.text


def test_fast_functions():
    x = FAST[:, :1]
    y = np.sin(24 * np.pi * x[:, 0])
    (finding,) = [
        f for f in diagnose(regressor().fit(x, y), x, y) if f.topic != "levels"
    ]
    assert finding.topic == "fit"
    assert "it changes faster along x0 than a small matrix can follow" in finding.text
    assert "the cosine and the sine of it as features" in finding.text


def test_fast_functions_of_one_of_several_features():
    """Neighbours in all of them are too far from each other to see it."""
    y = np.sin(16 * np.pi * FAST[:, 1])
    found = diagnose(regressor(alpha=1.0).fit(FAST, y), FAST, y)
    assert "changes faster along x1" in str(found)
    assert "does not depend on these features" not in str(found)


def test_noise_is_no_fast_function():
    for seed in range(3):
        y = np.random.RandomState(seed).standard_normal(100)
        found = diagnose(regressor(alpha=10.0).fit(FAST, y), FAST, y)
        assert "changes faster" not in str(found)


def test_emulators_have_no_readout():
    x = np.linspace(-1, 1, 60)[:, np.newaxis]
    y = np.sin(4 * x[:, 0])
    model = PMMEmulator(2, n_init=1, random_state=0).fit(x, y)
    (finding,) = [f for f in diagnose(model, x, y) if f.topic == "residuals"]
    assert "readout" not in finding.text
    assert finding.text.endswith("n_init, or sectors, or degree=2.")


@pytest.mark.parametrize("estimator", [PMMEmulator(), PMMRegressor()])
def test_remedies_of_error_bars_that_are_too_large(estimator):
    case = SimpleNamespace(estimator=estimator, y_err=None)
    (finding,) = _withheld_targets._error_bars(case, np.ones(200, dtype=bool))
    is_of_emulator = isinstance(estimator, PMMEmulator)
    assert ("another readout" in finding.text) != is_of_emulator
    assert list(_withheld_targets._error_bars(case, np.ones(0, dtype=bool))) == []


def test_error_bars_of_residuals_that_are_too_large(monkeypatch):
    case = SimpleNamespace(estimator=PMMRegressor(), y_err=np.ones((50, 1)))
    monkeypatch.setattr(_withheld_targets, "misfit", lambda case: 9.0)
    (finding,) = _withheld_targets._error_bars(case, np.zeros(50, dtype=bool))
    assert finding.text.endswith("too small. Try first what residuals call for.")


@pytest.mark.parametrize(
    ("ratio", "words"),
    [(1.05, None), (1.12, "are 12 % larger than"), (2.5, "are 2.5 times")],
)
def test_words_of_comparisons(ratio, words):
    """Few per cent are chance."""
    case = SimpleNamespace(estimator=PMMEmulator(), columns={0: "level 0"})
    errors = np.ones((9, 1))
    found = list(_withheld_targets._comparison(case, ratio * errors, errors))
    assert len(found) == (words is not None)
    for finding in found:
        assert f"{words} those of ridge regression: data" in finding.text
