"""Compare settings of PMMRegressor on the functions and on four real data sets.

    python benchmarks/defaults.py                       # the table of doc/defaults.rst
    python benchmarks/defaults.py "alpha=1e-2" "n_init=8, tol=1e-3"

Functions: geometric mean over the 13 functions of the normalised mean absolute error
divided by the paper's, and the worst ratio.  Airfoil: the same error.  Concrete,
energy, yacht: root mean square error of the standard 90/10 splits.  In brackets:
seconds of the slowest fit.
"""

import argparse
import time
import warnings

import numpy as np
from _data import uci
from _paper import ERRORS
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from threadpoolctl import threadpool_limits

from pmm_sklearn import PMMRegressor
from pmm_sklearn.datasets import TEST_FUNCTIONS, load_airfoil, make_test_function

VARIANTS = [
    "",
    "alpha=1e-9",
    "alpha=1e-3",
    "alpha=1e-1",
    "readout='density'",
    "readout='transition'",
    "matrix_type='symmetric'",
    "matrix_size=3",
    "matrix_size=5",
    "matrix_size=7",
    "matrix_size=9",
    "which='LM'",
    "n_init=2",
    "n_init=8",
    "n_init=4, n_average=4",
    "tol=1e-3",
]


def normalised(predicted, y):
    return np.mean(np.abs(predicted - y)) / np.max(np.abs(y))


def root_mean_square(predicted, y):
    return np.sqrt(np.mean((predicted - y) ** 2))


def function_data(name, seed):
    data = make_test_function(name, random_state=seed)
    return data.data, data.target, data.data_test, data.target_test


def airfoil_data(seed):
    X, y = load_airfoil(return_X_y=True)
    X, X_test, y, y_test = train_test_split(X, y, train_size=0.35, random_state=seed)
    return X, y, X_test, y_test


def uci_data(name, split):
    X, y, test_index = uci(name)
    test = np.zeros(len(X), dtype=bool)
    test[test_index[split]] = True
    return X[~test], y[~test], X[test], y[test]


def score(settings, data, error, n_seeds):
    """Errors of all repetitions, and the longest time of a fit."""
    errors, times = [], []
    for seed in range(n_seeds):
        X, y, X_test, y_test = data(seed)
        start = time.perf_counter()
        model = PMMRegressor(**{"random_state": seed, **settings}).fit(X, y)
        times.append(time.perf_counter() - start)
        errors.append(error(model.predict(X_test), y_test))
    return np.array(errors), max(times)


def row(settings, n_seeds, n_splits):
    ratios, times = [], []
    for name in TEST_FUNCTIONS[:13]:
        errors, seconds = score(
            settings, lambda s, n=name: function_data(n, s), normalised, n_seeds
        )
        ratios.append(np.exp(np.mean(np.log(errors))) / ERRORS[name][0])
        times.append(seconds)
    mean = np.exp(np.mean(np.log(ratios)))
    cells = [f"{mean:.4f} {max(ratios):6.2f} ({max(times):.1f})"]
    errors, seconds = score(settings, airfoil_data, normalised, n_splits)
    cells.append(f"{errors.mean():.5f} ({seconds:.1f})")
    for name in ("concrete", "energy", "yacht"):
        errors, seconds = score(
            settings, lambda s, n=name: uci_data(n, s), root_mean_square, n_splits
        )
        cells.append(f"{errors.mean():.3f} ({seconds:.1f})")
    return cells


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("variants", nargs="*", default=VARIANTS)
    parser.add_argument("--seeds", type=int, default=1, help="per function (1)")
    parser.add_argument("--splits", type=int, default=5, help="per real data set (5)")
    options = parser.parse_args()
    template = "{:<26}{:>23}{:>16}{:>14}{:>14}{:>14}"
    print(template.format("settings", "functions: mean, worst", "airfoil", "concrete",
                          "energy", "yacht"))  # fmt: skip
    with threadpool_limits(1, "blas"), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for variant in options.variants:
            settings = eval(f"dict({variant})")
            cells = row(settings, options.seeds, options.splits)
            print(template.format(variant or "default", *cells), flush=True)


if __name__ == "__main__":
    main()
