"""Classification by one level of a matrix for each logit."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import log_loss

from pmm_sklearn import PMMClassifier
from pmm_sklearn.model import CrossEntropy, Objective, RidgePenalty, level_pmm

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore:PMMClassifier is no better",
)

ALPHAS = pytest.mark.parametrize("alpha", [0.1, "auto"])


def classifier(**parameters):
    defaults = {"matrix_size": 3, "n_init": 1, "max_iter": 30, "random_state": 0}
    return PMMClassifier(readout="level", **{**defaults, **parameters})


def draw(seed, n_samples=150):
    """Two classes inside and outside of an ellipse, with exact probabilities."""
    rng = np.random.RandomState(seed)
    X = rng.uniform(-1, 1, size=(n_samples, 2))
    logits = 12.0 * (X[:, 0] ** 2 + 2.0 * X[:, 1] ** 2 - 0.5)
    return X, rng.uniform(size=n_samples) < 1 / (1 + np.exp(-logits))


@pytest.fixture(scope="module")
def two():
    return draw(0)


@pytest.fixture(scope="module")
def three(two):
    X, _ = two
    return X, np.where(X[:, 0] > 0.3, "c", np.where(X[:, 1] > X[:, 0], "b", "a"))


@ALPHAS
@pytest.mark.parametrize("matrix_type", ["hermitian", "symmetric"])
def test_logit_is_a_level(two, alpha, matrix_type):
    model = classifier(alpha=alpha, matrix_type=matrix_type, level=-1).fit(*two)
    X = np.random.RandomState(1).uniform(-5, 5, size=(40, 2))
    H = model.matrices_[0] + np.tensordot(X, model.matrices_[1:], axes=1)
    expected = np.linalg.eigvalsh(H)[:, -1]
    assert_allclose(model.decision_function(X), expected, rtol=1e-10)
    assert model.observables_.size == model.intercept_.size == 0


@ALPHAS
def test_learns(two, alpha):
    model = classifier(alpha=alpha).fit(*two)
    X, y = draw(1, 500)
    assert log_loss(y, model.predict_proba(X)) < 0.45  # of a constant: .69
    assert model.score(X, y) > 0.8


@ALPHAS
def test_several_classes(three, alpha):
    X, y = three
    model = classifier(alpha=alpha).fit(X, y)
    assert model.matrices_.shape == (3, 9, 9)
    assert model.score(X, y) > 0.95
    H = model.matrices_[0] + np.tensordot(X, model.matrices_[1:], axes=1)
    blocks = [np.linalg.eigvalsh(H[:, k : k + 3, k : k + 3])[:, 1] for k in (0, 3, 6)]
    assert_allclose(model.decision_function(X), np.transpose(blocks), atol=1e-8)


@pytest.mark.parametrize("solver", ["newton-cg", "lbfgs", "adam"])
def test_other_solvers(two, solver):
    assert classifier(solver=solver, max_iter=100).fit(*two).score(*two) > 0.75


def test_derivatives():
    pmm = level_pmm(2, 3, 3, 1)
    rng = np.random.RandomState(0)
    X, y = rng.uniform(-1, 1, size=(8, 2)), np.eye(3)[rng.randint(3, size=8)]
    objective = Objective(pmm, CrossEntropy(), X, y, np.ones((8, 1)), RidgePenalty(0.1))
    theta, change = pmm.initial(rng), rng.standard_normal(pmm.n_parameters)
    _, gradient = objective.value_and_gradient(theta)
    ahead, behind = (objective.value(theta + h * change) for h in (1e-5, -1e-5))
    assert gradient @ change == pytest.approx((ahead - behind) / 2e-5, rel=1e-6)


@ALPHAS
def test_probability_is_monotone_everywhere(two, alpha):
    X, y = two
    model = classifier(alpha=alpha, monotonic_cst={"b": -1})
    model.fit(pd.DataFrame(X, columns=["a", "b"]), y)
    rng = np.random.RandomState(1)
    below = rng.uniform(-10, 10, size=(5000, 2))
    above = below + np.array([0, 1]) * rng.exponential(5, size=(5000, 1))
    # Column names are for users; the function has none.
    value = model.as_function()
    assert np.max(value(above) - value(below)) <= 1e-10
    free = classifier(alpha=alpha).fit(X, y).as_function()
    assert np.max(free(above) - free(below)) > 1.0


@ALPHAS
def test_region_is_convex(two, alpha):
    X, y = two
    model = classifier(alpha=alpha, convexity="convex").fit(X, y)
    points = np.random.RandomState(1).uniform(-3, 3, size=(2000, 2))
    inside = points[~model.predict(points)]
    middles = 0.5 * (inside[:-1] + inside[1:])
    assert len(middles) > 10
    assert not np.any(model.predict(middles))


def test_weights_of_classes_change_the_odds(two):
    X, y = two
    plain = classifier().fit(X, y)
    weighted = classifier(class_weight={False: 1.0, True: 4.0}).fit(X, y)
    assert weighted.log_evidence_ == pytest.approx(plain.log_evidence_, abs=1e-9)
    shift = weighted.decision_function(X) - plain.decision_function(X)
    assert_allclose(shift, np.log(4.0), atol=1e-9)


@ALPHAS
def test_units_do_not_matter(two, alpha):
    X, y = two
    scales, shifts = np.array([1e3, 1e-6]), np.array([-7.0, 0.0])
    model = classifier(alpha=alpha, max_iter=5).fit(X, y)
    other = classifier(alpha=alpha, max_iter=5).fit(X * scales + shifts, y)
    logits = other.decision_function(X * scales + shifts)
    assert_allclose(logits, model.decision_function(X), atol=1e-5)


@ALPHAS
def test_weights_are_repetitions(two, alpha):
    X, y = two
    X, y = X[:60], y[:60]
    numbers = np.random.RandomState(0).randint(0, 3, size=60)
    options = {"alpha": alpha, "max_iter": 5}
    weighted = classifier(**options).fit(X, y, sample_weight=numbers)
    rows = np.repeat(np.arange(60), numbers)
    repeated = classifier(**options).fit(X[rows], y[rows])
    logits = repeated.decision_function(X)
    assert_allclose(weighted.decision_function(X), logits, atol=1e-6)


def test_goes_on(two, tmp_path):
    X, y = two
    model = classifier(warm_start=True, max_iter=8).fit(X, y)
    first = model.loss_
    assert model.fit(X, y).loss_ <= first + 1e-9
    assert_array_equal(
        pickle.loads(pickle.dumps(model)).predict_proba(X), model.predict_proba(X)
    )
    model.to_npz(tmp_path / "level.npz")
    again = PMMClassifier.from_npz(tmp_path / "level.npz")
    assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    assert again.get_params()["readout"] == "level"


def test_batches(three):
    X, y = three
    model = classifier(alpha=0.01, learning_rate_init=0.1)
    for _ in range(30):
        model.partial_fit(X, y, classes=["a", "b", "c"])
    assert model.score(X, y) > 0.8


def test_shapes_need_a_level(two, three):
    with pytest.raises(ValueError, match="monotonic_cst must be None with readout"):
        PMMClassifier(monotonic_cst=[0, 1]).fit(*two)
    with pytest.raises(ValueError, match="two classes, got 3"):
        classifier(monotonic_cst=[0, 1]).fit(*three)
    with pytest.raises(ValueError, match="level must be one of the 3 levels"):
        classifier(level=3).fit(*two)
    with pytest.raises(ValueError, match="rank must be None"):
        classifier(rank=1).fit(*two)
