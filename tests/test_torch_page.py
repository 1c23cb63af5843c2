"""The blocks of the page about PyTorch, one after the other."""

import re
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed")

PAGE = Path(__file__).parents[1] / "doc" / "user_guide" / "torch.rst"
BLOCK = re.compile(r"\.\. code-block:: python\n\n((?:    .*\n|\n)+)")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_blocks():
    text = "\n".join(BLOCK.findall(PAGE.read_text()))
    program = re.sub("^    ", "", text, flags=re.M)
    names = {"__name__": "page"}
    exec(compile(program, str(PAGE), "exec"), names)
    assert names["head"](names["torch"].zeros(3, 64)).shape == (3, 10)
    assert abs(names["outputs"].detach().numpy() - names["y"][200:]).mean() < 10
    assert names["model"].score(names["images"][600:], names["labels"][600:]) > 0.3
