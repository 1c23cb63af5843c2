"""Random calls for some minutes: what is found, and how often what came of them."""

import argparse
import time
from collections import Counter

from .draws import Draw
from .oracle import Finding, check


def main():
    """Print every finding with its number, then the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--first", type=int, default=0, help="number of the first call")
    arguments = parser.parse_args()
    end = time.monotonic() + 60 * arguments.minutes
    number, outcomes = arguments.first, Counter()
    while time.monotonic() < end:
        draw = Draw(number)
        try:
            outcomes[check(draw)] += 1
        except Finding as finding:
            outcomes["finding"] += 1
            print(f"{number}: {draw.estimator}\n    {finding}", flush=True)
        number += 1
    print(f"{number - arguments.first} calls: {dict(outcomes)}")


if __name__ == "__main__":
    main()
