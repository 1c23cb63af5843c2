"""The blocks of the page about other tools, with the real packages."""

import re
from contextlib import chdir
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "doc" / "user_guide" / "tools.rst"
BLOCK = re.compile(r"\.\. code-block:: python\n\n((?:    .*\n|\n)+)")
BLOCKS = [
    re.sub("^    ", "", block, flags=re.M) for block in BLOCK.findall(PAGE.read_text())
]
FOREIGN = {"mapie", "mlflow", "optuna", "polars", "shap", "skops"}

pytestmark = pytest.mark.filterwarnings("ignore")


def packages(block):
    return sorted(set(re.findall(r"^(?:import|from) (\w+)", block, re.M)) & FOREIGN)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda b: "-".join(packages(b)) or "-")
def test_block(block, tmp_path, monkeypatch):
    for name in packages(block):
        pytest.importorskip(name, reason=f"the block needs {name}")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/runs.db")
    with chdir(tmp_path):
        exec(compile(block, str(PAGE), "exec"), {"__name__": "block"})


def test_all_packages_have_a_block():
    assert {name for block in BLOCKS for name in packages(block)} == FOREIGN
