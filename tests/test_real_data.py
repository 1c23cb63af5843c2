"""Real measurements, with default settings."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.model_selection import train_test_split

from pmm_sklearn import PMMRegressor
from pmm_sklearn.datasets import load_airfoil

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_airfoil():
    """35 % to train on, as in the paper, whose error is 1.49 dB."""
    X, y = load_airfoil(return_X_y=True)
    X, X_test, y, y_test = train_test_split(X, y, train_size=0.35, random_state=0)
    model = PMMRegressor(random_state=0).fit(X, y)
    assert np.mean(np.abs(model.predict(X_test) - y_test)) < 1.6


@pytest.mark.parametrize(
    ("name", "record", "limit"),
    [("concrete", 165, 6.5), ("energy", 242, 0.8), ("yacht", 243, 3.0)],
)
def test_uci(name, record, limit):
    """Root mean square error of the first standard split."""
    path = DATA / "uci_regression" / f"{name}.npz"
    if not path.exists():
        pytest.skip(f"no file {path}; original: UCI repository, data set {record}")
    file = np.load(path)
    test = np.zeros(len(file["X"]), dtype=bool)
    test[file["test_index"][0]] = True
    model = PMMRegressor(random_state=0).fit(file["X"][~test], file["y"][~test])
    error = model.predict(file["X"][test]) - file["y"][test]
    assert np.sqrt(np.mean(error**2)) < limit
