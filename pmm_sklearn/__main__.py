"""Try parametric matrix models, on the NASA airfoil data or on a table of your own.

Without options the airfoil noise measurements are fitted, next to six regressors of
scikit-learn.  With --data and --target a column of a CSV file is predicted from the
others: a cross-validated comparison, the fitted model, and a picture; with --classify
its numbers are classes.  With --data and --emulate columns are energies of a quantum
system, levels from the lowest up, and the others its parameters; --errors gives their
standard deviations.  Columns that are none of these are named with --drop.
"""

import argparse
import sys
from pathlib import Path

from . import __version__
from ._commands import airfoil, spectra, table

_EXAMPLES = """
examples:
  python -m pmm_sklearn
  python -m pmm_sklearn --data houses.csv --target price
  python -m pmm_sklearn --data patients.csv --target state --classify
  python -m pmm_sklearn --data spectrum.csv --emulate E0 E1 --output results
  python -m pmm_sklearn --data montecarlo.csv --emulate E0 --errors dE0 --drop run
  python -m pmm_sklearn --data ground.csv --emulate E0 --errors 0.01
"""


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m pmm_sklearn",
        description=__doc__,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FILE",
        help="file of separated values with a line of column names; empty fields are "
        "missing values",
    )
    goal = parser.add_mutually_exclusive_group()
    goal.add_argument(
        "--target",
        metavar="COLUMN",
        help="column to predict: numbers are regressed on, texts are classes",
    )
    parser.add_argument(
        "--classify",
        action="store_true",
        help="the target is classes, whatever its type: numbers, too",
    )
    goal.add_argument(
        "--emulate",
        nargs="+",
        metavar="COLUMN",
        help="columns of energies, from the lowest level up; the others are parameters",
    )
    parser.add_argument(
        "--errors",
        nargs="+",
        metavar="COLUMN",
        help="columns of the standard deviations of these energies, in the same order, "
        "or one number for all of them",
    )
    parser.add_argument(
        "--drop",
        nargs="+",
        default=[],
        metavar="COLUMN",
        help="columns to leave out: run numbers, names, other results",
    )
    parser.add_argument("--seed", type=int, default=0, help="random state (default 0)")
    parser.add_argument(
        "--output",
        type=Path,
        default=Path(),
        metavar="FOLDER",
        help="folder for the saved model and the picture (default: here)",
    )
    return parser


def _check(options, parser):
    """Leave with a message unless the options go together."""
    wants_table = options.target is not None or options.emulate is not None
    if wants_table and options.data is None:
        parser.error("--target and --emulate need a file: give --data FILE.")
    if options.data is not None and not wants_table:
        parser.error("--data needs to know what to learn: give --target or --emulate.")
    if options.errors is not None and options.emulate is None:
        parser.error(
            "--errors are those of energies: give --emulate. For a --target do it in "
            "Python: PMMRegressor().fit(X, y, y_err=errors)."
        )
    if options.classify and options.target is None:
        parser.error("--classify makes classes of a target: give --target.")
    if options.drop and not wants_table:
        parser.error("--drop leaves out columns of a table: give --data FILE.")
    for name in options.emulate or []:
        if options.emulate.count(name) > 1:
            parser.error(f"--emulate names {name!r} twice: give each level once.")
        if name in (options.errors or []):
            parser.error(f"--errors {name!r} are the levels: give those of errors.")
    needed = [options.target, *(options.emulate or []), *(options.errors or [])]
    for name in options.drop:
        if name in needed:
            parser.error(f"--drop {name!r} leaves out a column that is needed.")


def main(arguments=None):
    """Run what the command line asks for."""
    parser = _parser()
    options = parser.parse_args(arguments)
    _check(options, parser)
    try:
        options.output.mkdir(parents=True, exist_ok=True)
        if options.target is not None:
            table.run(options)
        elif options.emulate is not None:
            spectra.run(options)
        else:
            airfoil.run(options.seed, options.output)
    except (ValueError, OSError, ImportError) as error:
        sys.exit(f"{parser.prog}: {error}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nInterrupted.")
