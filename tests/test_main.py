"""The main job, end to end on the airfoil measurements."""

import re
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO

import joblib
import pytest

from pmm_sklearn.__main__ import main
from pmm_sklearn.datasets import load_airfoil


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    folder = tmp_path_factory.mktemp("main") / "new"
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as out:
        # A third of the time.
        patch.setattr("pmm_sklearn._commands.airfoil.TRAIN_FRACTION", 0.2)
        main(["--output", str(folder)])
    return folder, out.getvalue()


def test_table(outcome):
    _, out = outcome
    errors = dict(re.findall(r"^(\w+) +([\d.]+) +0\.", out, re.M))
    assert len(errors) == 7
    assert float(errors["PMMRegressor"]) < 2.1
    assert float(errors["PMMRegressor"]) < float(errors["RandomForestRegressor"])


def test_says_where_the_settings_come_from(outcome):
    settings = outcome[1].partition("Settings: ")[2]
    for name in re.findall(r"^Fitting (\w+)", outcome[1], re.M):
        assert name in settings


def test_progress_is_shown(outcome):
    assert re.search(r"\[PMMRegressor\] .*iteration +\d+ +log evidence", outcome[1])
    assert "Fitting SVR ..." in outcome[1]


def test_saved_model(outcome):
    folder, _ = outcome
    model = joblib.load(folder / "airfoil_pmm.joblib")
    assert model.score(*load_airfoil(return_X_y=True)) > 0.8


def test_picture(outcome):
    pytest.importorskip("matplotlib", reason="the picture needs matplotlib")
    data = (outcome[0] / "airfoil_pmm.png").read_bytes()
    assert data.startswith(b"\x89PNG")
    assert len(data) > 10_000


def test_without_matplotlib(monkeypatch, tmp_path):
    from pmm_sklearn._commands.airfoil import save_picture

    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert not save_picture(tmp_path / "none.png", {}, [], [])


def test_command_line():
    run = subprocess.run(
        [sys.executable, "-m", "pmm_sklearn", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.match(r"\d+\.\d+", run.stdout)
