"""The line that moves on a terminal."""

import os
import pty
import subprocess
import sys

import pytest

from pmm_sklearn.training.terminal import Lines

SCRIPT = """
import numpy as np
from pmm_sklearn import PMMRegressor
X = np.random.RandomState(0).uniform(-1, 1, size=(40, 2))
PMMRegressor(4, alpha=1e-3, n_init=3, verbose=1, random_state=0).fit(X, X[:, 0] ** 3)
print("done")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_on_a_terminal():
    ours, theirs = pty.openpty()
    process = subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=theirs)
    os.close(theirs)
    text = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # closed at the other end
            break
        if not part:
            break
        text += part
    assert process.wait() == 0
    pieces = text.decode().replace("\r\n", "\n").split("\r")
    moving = [piece for piece in pieces if "iteration " in piece and "\n" not in piece]
    assert any("start 1/3   iteration" in piece for piece in moving)
    staying = text.decode().replace("\r\n", "\n").strip().split("\n")
    assert staying[-1].endswith("done")
    assert "stopped after" in staying[-2]
    assert len(staying) < 12


def test_without_a_terminal(capsys):
    lines = Lines()
    assert not lines.move("iteration 1")
    lines.tell("converged")
    assert capsys.readouterr().out == "converged\n"


def test_a_line_that_stays_takes_the_place_of_the_one_that_moved(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    lines = Lines()
    assert lines.move("a long text " * 50)
    assert lines.move("not yet")  # a tenth of a second has not passed
    lines.tell("end")
    out = capsys.readouterr().out
    assert "not yet" not in out
    first, blank, last = out.split("\r")[1:]
    assert 0 < len(first) < 400
    assert blank == " " * len(first)
    assert last == "end\n"
