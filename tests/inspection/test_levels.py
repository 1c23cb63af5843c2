"""Contributions of levels add up to the prediction."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pmm_sklearn.inspection import level_contributions
from pmm_sklearn.model import READOUTS

from . import models

MODELS = {
    "expectation": lambda: models.regressor(),
    "transition": lambda: models.regressor(readout="transition"),
    "density": lambda: models.regressor(readout="density"),
    "magnitude": lambda: models.regressor(size=(3, 2), which="LM"),
    "classifier": models.classifier,
    "another readout": lambda: models.regressor(readout="squared"),
}


@pytest.fixture(autouse=True)
def another_readout(monkeypatch):
    monkeypatch.setitem(READOUTS, "squared", models.Squared)


@pytest.mark.parametrize("name", MODELS)
def test_sum_is_the_prediction(name):
    model = MODELS[name]()
    X = np.random.RandomState(1).uniform(-1, 1, size=(9, 2))
    terms = level_contributions(model, X)
    outputs = getattr(model, "decision_function", model.predict)(X)
    n_levels = {"density": 5, "classifier": 4}.get(name, 2)
    assert terms.values.shape == (*outputs.shape, n_levels)
    assert_allclose(terms.values.sum(axis=2) + model.intercept_, outputs, atol=1e-12)
    assert_allclose(terms.shares.sum(axis=1), 1.0)


def test_constants_move_no_share():
    model = models.regressor()
    X = np.random.RandomState(1).uniform(-1, 1, size=(9, 2))
    expected = level_contributions(model, X).shares
    model.observables_[:, 0] += 5.0 * np.eye(5)
    assert_allclose(level_contributions(model, X).shares, expected, rtol=1e-9)


def test_level_without_observable_has_no_share():
    model = models.regressor()
    model.observables_[:, 1] = 0.0
    X = np.random.RandomState(1).uniform(-1, 1, size=(9, 2))
    assert_allclose(level_contributions(model, X).shares, [[1, 0], [1, 0]], atol=1e-12)
    model.observables_[0] = np.eye(5)
    shares = level_contributions(model, X).shares
    assert np.all(np.isnan(shares[0]))
    assert_allclose(shares[1], [1, 0], atol=1e-12)


def test_emulators_have_levels_for_targets():
    with pytest.raises(TypeError, match="PMMEmulator: .* targets_"):
        level_contributions(models.emulator(), [[0.0, 0.0]])
