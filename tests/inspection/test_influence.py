"""Bounds hold wherever they are tried."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from pmm_sklearn.inspection import feature_influence
from pmm_sklearn.model import READOUTS
from pmm_sklearn.targets import Gap, Level, Observable, Transition

from . import models

SECTOR_TARGETS = [
    Level(1, sector=1),
    Gap(0, Level(0, sector=1)),
    Observable("n", 1, sector=1),
    Transition("m", 0, Level(1, sector=1)),
    Level(2, sector=None),
    Observable("o", 2, sector=None),
]
MODELS = {
    "regressor": lambda seed: models.regressor(seed),
    "regressor, sectors": lambda seed: models.regressor(seed, (3, 2)),
    "regressor, transition": lambda seed: models.regressor(seed, readout="transition"),
    "regressor, density": lambda seed: models.regressor(
        seed, (3, 2), readout="density"
    ),
    "regressor, another readout": lambda seed: models.regressor(
        seed, (3, 2), readout="squared"
    ),
    "classifier": models.classifier,
    "emulator": lambda seed: models.emulator(seed),
    "emulator, sectors": lambda seed: models.emulator(
        seed, (3, 2), targets=SECTOR_TARGETS
    ),
    "emulator, quadratic": lambda seed: models.emulator(seed, degree=2),
}


@pytest.fixture(autouse=True, scope="module")
def another_readout():
    READOUTS["squared"] = models.Squared
    yield
    del READOUTS["squared"]


@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_bounds_hold_on_random_points(name, seed):
    model = MODELS[name](seed)
    X = np.random.RandomState(seed).uniform(-2, 2, size=(20, 2))
    influence = feature_influence(model, X)
    derivative = getattr(model, "decision_function_gradient", None)
    gradient = (derivative or model.predict_gradient)(X)
    assert influence.outputs.shape == gradient.shape
    assert np.all(np.abs(gradient) <= influence.outputs * (1 + 1e-9) + 1e-9)
    if hasattr(model, "eigenvalues"):
        step = 1e-3 * np.eye(2)
        for feature in range(2):
            change = model.eigenvalues(X + step[feature]) - model.eigenvalues(X)
            limit = influence.levels[feature]
            # The slope of a quadratic term is a little larger beside the rows.
            slack = 1.01 if model.degree == 2 else 1 + 1e-9
            assert np.abs(change).max() <= 1e-3 * limit * slack


def test_bounds_of_levels_are_spectral_norms_and_are_reached():
    model = models.emulator()
    influence = feature_influence(model)
    norms = np.linalg.norm(model.matrices_[1:], 2, axis=(1, 2))
    assert_allclose(influence.levels, norms)
    assert influence.outputs is None
    far = 1e6 * np.eye(2)
    slopes = np.abs(model.eigenvalues(far)).max(axis=1) / 1e6
    assert_allclose(slopes, norms, rtol=1e-4)


def test_bounds_are_reached_by_two_levels():
    # H = x Z + X: the observable Z in the ground state has slope 1 at x = 0.
    z, x = np.diag([1.0, -1.0]), np.array([[0.0, 1.0], [1.0, 0.0]])
    model = models.emulator(
        size=2, matrices=np.array([x, z]), targets=[Observable("n")]
    )
    model.observables_ = z[np.newaxis]
    bound = feature_influence(model, [[0.0]]).outputs
    assert_allclose(bound, 1.0)
    assert_allclose(np.abs(model.predict_gradient([[0.0]])), 1.0)


def test_a_feature_without_influence_is_proved_to_have_none():
    model = models.regressor()
    model.matrices_[2] = 3.0 * np.eye(5)
    influence = feature_influence(model, np.zeros((4, 2)))
    assert_allclose(influence.outputs[:, :, 1], 0.0, atol=1e-12)
    assert np.all(influence.outputs[:, :, 0] > 0)


def test_names():
    pd = pytest.importorskip("pandas")
    X = pd.DataFrame({"angle": [0.0, 1.0, 2.0], "speed": [1.0, 0.0, 5.0]})
    model = models.barely_fitted(models.PMMRegressor(2, 1), X, [1.0, 2.0, 3.0], 0)
    assert feature_influence(model, X).features == ["angle", "speed"]
    assert feature_influence(models.regressor()).features == ["x0", "x1"]


def test_errors():
    with pytest.raises(ValueError, match="X=None .* degree=2: give the rows"):
        feature_influence(models.emulator(degree=2))
    with pytest.raises(TypeError, match="UnitaryPMMEmulator"):
        feature_influence(models.unitary_emulator())
