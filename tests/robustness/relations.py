"""Relations that must hold of all estimators: each relation with each case."""

import time
import traceback
import warnings

from . import copies, refits  # noqa: F401
from .cases import CASES
from .relation import RELATIONS

PAIRS = [
    (name, case)
    for name, relation in RELATIONS.items()
    for case in CASES
    if relation.applies(CASES[case])
]


def check(name, case):
    """Raise AssertionError unless a relation holds of a case."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        RELATIONS[name].check(CASES[case])


def run(words=""):
    """Check all pairs whose names have some words in them; print what fails.

    Returns
    -------
    int
        Number of those that do not hold.
    """
    pairs = [pair for pair in PAIRS if words in " ".join(pair)]
    start, n_broken = time.monotonic(), 0
    for name, case in pairs:
        try:
            check(name, case)
        except Exception as error:
            n_broken += 1
            reason = "".join(traceback.format_exception_only(error)).strip()
            print(f"{name} of {case}:\n    {reason}", flush=True)
    seconds = time.monotonic() - start
    print(f"{len(pairs)} relations in {seconds:.0f} s, {n_broken} do not hold")
    return n_broken
