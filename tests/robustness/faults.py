"""Processes that are interrupted, killed or damaged, and what must be left of them.

Each fault has a process of its own, a fork of one that has neither fitted anything nor
imported numba.
"""

import os
import pickle
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from contextlib import suppress
from pathlib import Path

# They register their faults.
from . import damages, interruptions  # noqa: F401
from .fault import FAULTS, NotHere

# Seconds after which a fault hangs.
_LONGEST = 150.0


def inject(name, seed):
    """Run a fault in a process of its own.

    Returns
    -------
    outcome : str
        What happened.
    is_finding : bool
        Whether it must not.
    """
    assert "numba" not in sys.modules, "numba was imported before the fault"
    with tempfile.TemporaryDirectory() as parent:
        file = Path(parent) / "outcome"
        child = os.fork()
        if child == 0:
            _run_here(name, seed, Path(parent), file)
        end = time.monotonic() + _LONGEST
        while os.waitpid(child, os.WNOHANG) == (0, 0):
            time.sleep(0.02)
            if time.monotonic() > end:
                os.killpg(child, signal.SIGKILL)
                os.waitpid(child, 0)
                return f"hangs for more than {_LONGEST} s", True
        with suppress(ProcessLookupError):
            # Workers that it has left.
            os.killpg(child, signal.SIGKILL)
        if not file.exists():
            return "the process has died", True
        return pickle.loads(file.read_bytes())


def _run_here(name, seed, parent, file):
    """In the fork: inject, write what happened, and end."""
    os.setsid()
    folder = parent / f"{seed}"
    folder.mkdir()
    function, variable = FAULTS[name]
    # Of workers, which have filters of their own.
    os.environ["PYTHONWARNINGS"] = "ignore"
    try:
        os.environ.update(variable(folder))
        outcome = function(seed, folder), False
    except NotHere as reason:
        outcome = f"not injected: {reason}", False
    except BaseException:
        outcome = traceback.format_exc()[-1500:], True
    try:
        import resource

        # Some faults limit the size of files.
        limits = resource.RLIM_INFINITY, resource.RLIM_INFINITY
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        file.write_bytes(pickle.dumps(outcome))
    finally:
        os._exit(0)


def run(first, number, names=()):
    """Inject some faults, all kinds in turn; print what must not happen.

    Returns
    -------
    int
        Number of findings.
    """
    names, outcomes, n_findings = list(names or FAULTS), Counter(), 0
    for count in range(first, first + number):
        seed, kind = divmod(count, len(names))
        outcome, is_finding = inject(names[kind], seed)
        if is_finding:
            n_findings += 1
            print(f"{names[kind]} {seed}: {outcome}", flush=True)
        outcomes[names[kind], "finding" if is_finding else outcome] += 1
    for (name, outcome), count in sorted(outcomes.items()):
        print(f"{count:4d} {name}: {outcome}")
    print(f"{number} faults, {n_findings} findings")
    return n_findings
