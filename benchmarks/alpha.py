"""Compare alpha="auto" with a grid search over alpha, by three-fold cross-validation.

    python benchmarks/alpha.py                      # all sets, one split each
    python benchmarks/alpha.py airfoil yacht --splits 3

Errors as in defaults.py, for functions in units of the paper's errors; "ratio" is that
of "auto" to the search, at the end as a geometric mean over the sets.  "franke+10" has
normal noise of 10 % of the standard deviation.  In brackets: seconds of the fits.
"""

import argparse
import time
import warnings

import numpy as np
from _data import MissingData
from _paper import ERRORS
from defaults import (
    airfoil_data,
    function_data,
    normalised,
    root_mean_square,
    uci_data,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, KFold
from threadpoolctl import threadpool_limits

from pmm_sklearn import PMMRegressor
from pmm_sklearn.datasets import TEST_FUNCTIONS

GRID = {"alpha": [1e-9, 1e-6, 1e-4, 1e-2, 1e-1, 1.0, 10.0]}
MEASURED = ("airfoil", "concrete", "energy", "yacht")
FUNCTIONS = TEST_FUNCTIONS[:13]
NOISE = ("", "+1", "+10")
SETS = [*MEASURED, *(f"{name}{noise}" for noise in NOISE for name in FUNCTIONS)]


def load(name, seed):
    """Training and test data."""
    if name == "airfoil":
        return airfoil_data(seed)
    if name in MEASURED:
        return uci_data(name, seed)
    function, _, percent = name.partition("+")
    X, y, X_test, y_test = function_data(function, seed)
    if percent:
        noise = np.random.RandomState(1000 + seed).standard_normal(len(y))
        y = y + float(percent) / 100 * np.std(y) * noise
    return X, y, X_test, y_test


def error(name, predicted, y):
    """Error in the units of the set."""
    if name in MEASURED[1:]:
        return root_mean_square(predicted, y)
    unit = 1.0 if name == "airfoil" else ERRORS[name.partition("+")[0]][0]
    return normalised(predicted, y) / unit


def compare(name, n_splits):
    """Errors and seconds, of "auto" first; what the search has chosen."""
    errors, seconds, chosen = np.empty((n_splits, 2)), np.zeros(2), []
    for seed in range(n_splits):
        X, y, X_test, y_test = load(name, seed)
        auto = PMMRegressor(random_state=seed)
        folds = KFold(3, shuffle=True, random_state=seed)
        search = GridSearchCV(
            PMMRegressor(random_state=seed),
            GRID,
            cv=folds,
            scoring="neg_mean_squared_error",
        )
        for k, model in enumerate((auto, search)):
            start = time.perf_counter()
            model.fit(X, y)
            seconds[k] += time.perf_counter() - start
            errors[seed, k] = error(name, model.predict(X_test), y_test)
        chosen.append(search.best_params_["alpha"])
    return np.exp(np.mean(np.log(errors), axis=0)), seconds, chosen


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", nargs="*", default=SETS)
    parser.add_argument("--splits", type=int, default=1, help="of each set (1)")
    options = parser.parse_args()
    ratios = []
    print(
        f"{'set':<20}{'auto':>18}{'grid search':>18}{'ratio':>8}  alpha of the search"
    )
    with threadpool_limits(1, "blas"), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for name in options.sets:
            try:
                errors, seconds, chosen = compare(name, options.splits)
            except MissingData as missing:
                print(f"{name:<20}skipped: {missing}")
                continue
            ratios.append(errors[0] / errors[1])
            cells = (f"{e:.5f} ({s:.1f})" for e, s in zip(errors, seconds, strict=True))
            row = "".join(f"{cell:>18}" for cell in cells)
            print(f"{name:<20}{row}{ratios[-1]:>8.3f}  {chosen}", flush=True)
    if ratios:
        print(f"geometric mean of the ratios: {np.exp(np.mean(np.log(ratios))):.3f}")


if __name__ == "__main__":
    main()
