"""Data that many tests share."""

import pytest

from pmm_sklearn._base import KEYBOARD

from .problems import make_smooth_data


@pytest.fixture(autouse=True)
def no_recent_interruption(monkeypatch):
    """Interruptions of different tests are not meant as a double Ctrl-C."""
    monkeypatch.setattr(KEYBOARD, "latest", -float("inf"))


@pytest.fixture
def smooth_data():
    return make_smooth_data()
