"""Data that many tests share."""

import numpy as np
import pytest

from pmm_sklearn._base import KEYBOARD


@pytest.fixture(autouse=True)
def no_recent_interruption(monkeypatch):
    """Interruptions of different tests are not meant as a double Ctrl-C."""
    monkeypatch.setattr(KEYBOARD, "latest", -float("inf"))


@pytest.fixture
def smooth_data():
    """Two features, one target, no noise."""
    rng = np.random.RandomState(0)
    X = rng.uniform(-1, 1, size=(60, 2))
    return X, np.sin(2 * X[:, 0]) + X[:, 1] ** 2
