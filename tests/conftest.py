"""Data that many tests share, and threads of BLAS."""

import os

# Of each process: there are as many as cores.  Set before NumPy is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest

from pmm_sklearn._base import KEYBOARD

from .problems import make_smooth_data


@pytest.fixture(autouse=True)
def no_recent_interruption(monkeypatch):
    """Interruptions of different tests are not meant as a double Ctrl-C."""
    monkeypatch.setattr(KEYBOARD, "latest", -float("inf"))


@pytest.fixture
def processes_at_once(monkeypatch):
    """Other processes take part in fits that are too short to be worth it."""
    monkeypatch.setattr("pmm_sklearn.training.workers.PATIENCE", 0.0)


@pytest.fixture
def smooth_data():
    return make_smooth_data()
