"""Random calls, relations and injected faults, in any number.

calls      for some minutes: what is found, and how often what came of them
relations  every relation with every estimator
faults     a number of processes that are interrupted, killed or damaged
"""

import argparse
import sys
import time
from collections import Counter

from . import faults, relations
from .draws import Draw
from .oracle import Finding, check


def main():
    """Print every finding, then the counts; the status is 1 if there is one."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.robustness",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parts = parser.add_subparsers(dest="part")
    calls = parts.add_parser("calls")
    calls.add_argument("--minutes", type=float, default=1.0)
    calls.add_argument("--first", type=int, default=0, help="number of the first call")
    some = parts.add_parser("relations")
    some.add_argument("words", nargs="?", default="", help="part of their names")
    injected = parts.add_parser("faults")
    injected.add_argument("--number", type=int, default=100)
    injected.add_argument("--first", type=int, default=0)
    injected.add_argument("--kinds", nargs="*", default=(), choices=[*faults.FAULTS])
    # Random calls are what is run without a word.
    given = sys.argv[1:]
    if not given or (given[0].startswith("--") and given[0] != "--help"):
        given = ["calls", *given]
    options = parser.parse_args(given)
    if options.part == "relations":
        return relations.run(options.words)
    if options.part == "faults":
        return faults.run(options.first, options.number, options.kinds)
    return run_calls(options.minutes, options.first)


def run_calls(minutes, first):
    """Number of findings of calls for some minutes."""
    end = time.monotonic() + 60 * minutes
    number, outcomes = first, Counter()
    while time.monotonic() < end:
        draw = Draw(number)
        try:
            outcomes[check(draw)] += 1
        except Finding as finding:
            outcomes["finding"] += 1
            print(f"{number}: {draw}\n    {finding}", flush=True)
        number += 1
    print(f"{number - first} calls: {dict(outcomes)}")
    return outcomes["finding"]


if __name__ == "__main__":
    sys.exit(min(main(), 1))
