"""Real measurements, with default settings; those of the airfoil: test_main."""

from pathlib import Path

import numpy as np
import pytest

from pmm_sklearn import PMMRegressor

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize(
    ("name", "record", "every", "limit"),
    [("concrete", 165, 3, 7.0), ("energy", 242, 3, 0.8), ("yacht", 243, 2, 3.0)],
)
def test_uci(name, record, every, limit):
    """Root mean square error of the first standard split, few samples to train on."""
    path = DATA / "uci_regression" / f"{name}.npz"
    if not path.exists():
        pytest.skip(f"no file {path}; original: UCI repository, data set {record}")
    file = np.load(path)
    test = np.zeros(len(file["X"]), dtype=bool)
    test[file["test_index"][0]] = True
    train = np.flatnonzero(~test)[::every]
    model = PMMRegressor(random_state=1).fit(file["X"][train], file["y"][train])
    error = model.predict(file["X"][test]) - file["y"][test]
    assert np.sqrt(np.mean(error**2)) < limit
