"""Real data that are not part of the package, read from ../shared/data."""

from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data"

_ORIGINS = {
    "dielectron/dielectron_subset.npz": (
        "CERN Open Data record 304, DOI 10.7483/OPENDATA.CMS.PCSW.AHVG"
    ),
    "banknote/data_banknote_authentication.txt": (
        "UCI Machine Learning Repository, data set 267"
    ),
    "uci_regression/concrete.npz": "UCI Machine Learning Repository, data set 165",
    "uci_regression/energy.npz": "UCI Machine Learning Repository, data set 242",
    "uci_regression/yacht.npz": "UCI Machine Learning Repository, data set 243",
}


class MissingData(Exception):
    """A data file is absent; the message says which and where it is published."""


def _load(name):
    with np.load(_path(name)) as file:
        return dict(file)


def _path(name):
    path = FOLDER / name
    if not path.exists():
        raise MissingData(
            f"no file ../shared/data/{name}; the original is published as "
            f"{_ORIGINS[name]}"
        )
    return path


def dielectron():
    """A uniform sample of the events: 16 kinematic features, invariant mass [GeV].

    Returns
    -------
    X : ndarray of shape (19979, 16)
        Energy, momenta, angles and charge of both electrons.
    y : ndarray of shape (19979,)
        Invariant mass of the pair.
    """
    file = _load("dielectron/dielectron_subset.npz")
    chosen = file["in_random_20pct"]
    return file["X"][chosen].astype(float), file["y"][chosen].astype(float)


def uci(name):
    """Features, target and test rows of the 20 standard splits.

    Parameters
    ----------
    name : {"concrete", "energy", "yacht"}
        Name of the data set.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
        Features.
    y : ndarray of shape (n_samples,)
        Target.
    test_index : ndarray of shape (20, n_test)
        Rows of each test set; all other rows are for training.
    """
    file = _load(f"uci_regression/{name}.npz")
    return file["X"], file["y"], file["test_index"]


def banknote():
    """Moments of wavelet transforms of images of genuine and forged banknotes.

    Returns
    -------
    X : ndarray of shape (1372, 4)
        Variance, skewness, kurtosis and entropy.
    y : ndarray of shape (1372,)
        0 or 1.
    """
    path = _path("banknote/data_banknote_authentication.txt")
    table = np.loadtxt(path, delimiter=",")
    return table[:, :-1], table[:, -1].astype(int)
