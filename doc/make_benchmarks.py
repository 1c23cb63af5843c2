"""Tables of benchmarks.rst, from the printed output of the benchmarks.

``doc/benchmarks/regression.txt`` is what ``python benchmarks/regression.py`` printed.
Published figures are those of ``benchmarks/_paper.py`` and ``_published.py``.  conf.py
calls `write_tables` in every build.
"""

import re
import sys
from pathlib import Path

FOLDER = Path(__file__).parent / "benchmarks"
sys.path.insert(0, str(FOLDER.parents[1] / "benchmarks"))

from _paper import COLUMNS, ERRORS  # noqa: E402
from _published import AUTHORS_LIBRARY  # noqa: E402

METHODS = ("default", "GP", "PMM", "library", *COLUMNS[1:])


def regression_rows(text):
    """Errors of all methods for each problem of a printed table.

    Parameters
    ----------
    text : str
        Output of ``benchmarks/regression.py``.

    Returns
    -------
    dict of dict
        By problem and method; None where a method was not run.
    """
    rows = {}
    for line in text.splitlines():
        problem, *cells = line.split() or [""]
        if problem not in ERRORS or "skipped" in line:
            continue
        errors = [float(cell) for cell in cells if re.fullmatch(r"\d\.\d+e-\d+", cell)]
        default, process, *_ = errors
        published = dict(zip(COLUMNS, ERRORS[problem], strict=True))
        rows[problem] = {
            "default": default,
            "GP": process,
            "library": AUTHORS_LIBRARY.get(problem),
            **published,
        }
    return rows


def regression_table(rows):
    """Lines of a list-table, the smallest error of each problem in bold."""
    lines = [".. list-table::", "   :header-rows: 2", "   :class: benchmark", ""]
    lines += _cells(["", "here", "", "paper", "library", "paper", *[""] * 5])
    lines += _cells(["problem", *METHODS])
    for problem, errors in rows.items():
        best = min(error for error in errors.values() if error is not None)
        cells = [_show(errors[method], best) for method in METHODS]
        lines += _cells([problem.replace("_", " "), *cells])
    return lines


def _cells(texts):
    return [f"   {'*' if i == 0 else ' '} - {text}" for i, text in enumerate(texts)]


def _show(error, best):
    if error is None:
        return "–"
    return f"**{error:.2g}**" if error == best else f"{error:.2g}"


def regression_summary(rows):
    """Who has the smallest error where, and against whom the defaults lose."""
    lines = []
    for rival, name in (
        ("PMM", "the paper's PMM"),
        ("library", "the authors' library"),
        ("GP", "a Gaussian process in the same run"),
        ("KRR", "kernel ridge regression (paper)"),
        ("MLP", "a multilayer perceptron (paper)"),
    ):
        known = {p: errors for p, errors in rows.items() if errors[rival] is not None}
        ratios = {p: errors["default"] / errors[rival] for p, errors in known.items()}
        lost = [
            f"{problem.replace('_', ' ')} ({_factor(ratio)} times)"
            for problem, ratio in ratios.items()
            if ratio > 1
        ]
        text = f"- Against {name}: {len(known) - len(lost)} of {len(known)} won"
        lines.append(f"{text}; lost: {', '.join(lost)}." if lost else f"{text}.")
    return lines


def _factor(ratio):
    return f"{ratio:.1f}" if ratio < 10 else f"{ratio:.0f}"


def write_tables():
    """Write the files that benchmarks.rst includes."""
    rows = regression_rows((FOLDER / "regression.txt").read_text())
    lines = [*regression_table(rows), "", *regression_summary(rows), ""]
    (FOLDER / "regression.inc").write_text("\n".join(lines))


if __name__ == "__main__":
    write_tables()
    print((FOLDER / "regression.inc").read_text())
