"""Real data that are not part of the package, read from ../shared/data."""

from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data"

_ORIGINS = {
    "dielectron/dielectron_subset.npz": (
        "CERN Open Data record 304, DOI 10.7483/OPENDATA.CMS.PCSW.AHVG"
    ),
    "uci_regression/concrete.npz": "UCI Machine Learning Repository, data set 165",
    "uci_regression/energy.npz": "UCI Machine Learning Repository, data set 242",
    "uci_regression/yacht.npz": "UCI Machine Learning Repository, data set 243",
}


class MissingData(Exception):
    """A data file is absent; the message says which and where it is published."""


def _load(name):
    path = FOLDER / name
    if not path.exists():
        raise MissingData(f"skipped: no file {path}; original: {_ORIGINS[name]}")
    return np.load(path)


def dielectron():
    """A uniform sample of the events: 16 kinematic features, invariant mass [GeV]."""
    file = _load("dielectron/dielectron_subset.npz")
    chosen = file["in_random_20pct"]
    return file["X"][chosen].astype(float), file["y"][chosen].astype(float)


def uci(name):
    """Features, target and test rows of the 20 standard splits."""
    file = _load(f"uci_regression/{name}.npz")
    return file["X"], file["y"], file["test_index"]
