"""Some faults; more of them by ``python -m tests.robustness faults``."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

# The cheapest, in one process that has not fitted anything before.
_KINDS = (
    *(
        "ctrl_c_in_a_later_fit",
        "full_disk",
        "full_file_system",
        "ctrl_c_while_a_file_is_written",
    ),
    *("broken_numba", "numba_told_not_to_compile", "forks_while_threads_predict"),
)


@pytest.mark.skipif(os.name != "posix", reason="signals and limits of POSIX")
def test_faults():
    command = [sys.executable, "-m", "tests.robustness", "faults"]
    options = ["--number", f"{len(_KINDS)}", "--kinds", *_KINDS]
    root = Path(__file__).parents[2]
    child = subprocess.run(
        [*command, *options],
        cwd=root,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert child.returncode == 0, child.stdout + child.stderr
