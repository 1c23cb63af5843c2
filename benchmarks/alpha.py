"""Compare alpha="auto" with a grid search over alpha, by three-fold cross-validation.

    python benchmarks/alpha.py                          # all sets, three splits each
    python benchmarks/alpha.py airfoil yacht iris --splits 1

Errors as in defaults.py, for functions in units of the paper's errors, for classes the
log-loss; geometric means over the splits.  "ratio" is that of "auto" to the search.
"franke+10" has normal noise of 10 % of the standard deviation, "friedman" ten features,
300 samples, and noise as large as the rest.  In brackets: seconds of the fits.  "cost"
is the time of "auto" over that of a fit with the alpha that it has chosen; at the end
geometric means over the sets of each kind, and over all kinds.
"""

import argparse
import time
import warnings

import numpy as np
from _data import MissingData
from _paper import ERRORS
from classification import SETS as TABLES
from classification import pmm
from defaults import (
    airfoil_data,
    function_data,
    normalised,
    root_mean_square,
    uci_data,
)
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.datasets import load_diabetes, make_friedman1
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    StratifiedKFold,
    train_test_split,
)
from threadpoolctl import threadpool_limits

from pmm_sklearn import PMMRegressor
from pmm_sklearn.datasets import TEST_FUNCTIONS

ALPHAS = [1e-9, 1e-6, 1e-4, 1e-2, 1e-1, 1.0, 10.0, 100.0]
ALPHAS_OF_CLASSES = [0.1, 0.3, 1.0, 3.0, 10.0, 30.0]
MEASURED = ("airfoil", "concrete", "energy", "yacht")
NOISY = ("diabetes", "friedman")
FUNCTIONS = TEST_FUNCTIONS[:13]
# The model of digits has too many parameters for "auto" to compare.
CLASSES = {name: data for name, data in TABLES.items() if name != "digits"}
NOISE = ("", "+1", "+10")
SETS = [
    *MEASURED,
    *NOISY,
    *(f"{name}{noise}" for noise in NOISE for name in FUNCTIONS),
    *CLASSES,
]


def load(name, seed):
    """Training and test data."""
    if name in CLASSES:
        X, y = CLASSES[name]()
        folds = StratifiedKFold(5, shuffle=True, random_state=0)
        train, test = list(folds.split(X, y))[seed]
        return X[train], y[train], X[test], y[test]
    if name == "airfoil":
        return airfoil_data(seed)
    if name in MEASURED:
        return uci_data(name, seed)
    if name == "diabetes":
        X, y = load_diabetes(return_X_y=True)
    if name == "friedman":
        X, y = make_friedman1(2300, noise=5.0, random_state=seed)
    if name in NOISY:
        size = 300 if name == "friedman" else 0.8
        X, X_test, y, y_test = train_test_split(
            X, y, train_size=size, random_state=seed
        )
        return X, y, X_test, y_test
    function, _, percent = name.partition("+")
    X, y, X_test, y_test = function_data(function, seed)
    if percent:
        noise = np.random.RandomState(1000 + seed).standard_normal(len(y))
        y = y + float(percent) / 100 * np.std(y) * noise
    return X, y, X_test, y_test


def error(name, predicted, y):
    """Error of a regression in the units of the set."""
    if name in (*MEASURED[1:], *NOISY):
        return root_mean_square(predicted, y)
    unit = 1.0 if name == "airfoil" else ERRORS[name.partition("+")[0]][0]
    return normalised(predicted, y) / unit


def kind(name):
    """Sets that count together."""
    if name in MEASURED or name in CLASSES:
        return name
    if name in NOISY:
        return "noisy tables"
    percent = name.partition("+")[2]
    return f"functions, {percent} % noise" if percent else "functions, exact"


def make_search(name, seed):
    """The model with alpha="auto", and the search."""
    if name in CLASSES:
        model, _ = pmm(name, seed)
        folds = StratifiedKFold(3, shuffle=True, random_state=seed)
        grid, scoring = {"alpha": ALPHAS_OF_CLASSES}, "neg_log_loss"
    else:
        model = PMMRegressor(random_state=seed)
        folds = KFold(3, shuffle=True, random_state=seed)
        grid, scoring = {"alpha": ALPHAS}, "neg_mean_squared_error"
    return model, GridSearchCV(clone(model), grid, cv=folds, scoring=scoring)


def compare(name, seed):
    """Errors and seconds of "auto" and the search, and of the fit with one alpha."""
    X, y, X_test, y_test = load(name, seed)
    auto, search = make_search(name, seed)
    errors, seconds = [], []
    with threadpool_limits(1, "blas"), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        clone(auto).set_params(max_iter=1).fit(X, y)  # compiled, if it is at all
        for model in (auto, search):
            start = time.perf_counter()
            model.fit(X, y)
            seconds.append(time.perf_counter() - start)
            if name in CLASSES:
                errors.append(log_loss(y_test, model.predict_proba(X_test)))
            else:
                errors.append(error(name, model.predict(X_test), y_test))
        start = time.perf_counter()
        clone(auto).set_params(alpha=auto.alpha_).fit(X, y)
        seconds.append(time.perf_counter() - start)
    return errors, seconds, (auto.alpha_, search.best_params_["alpha"])


def geometric_mean(values):
    return np.exp(np.mean(np.log(values), axis=0))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", nargs="*", default=SETS)
    parser.add_argument("--splits", type=int, default=3, help="of each set (3)")
    parser.add_argument("--jobs", type=int, default=1, help="splits at a time (1)")
    options = parser.parse_args()
    print(f"{'set':<20}{'auto':>16}{'grid search':>18}{'ratio':>8}{'cost':>7}  alphas")
    ratios = {}
    for name in options.sets:
        try:
            load(name, 0)
        except MissingData as missing:
            print(f"{name:<20}skipped: {missing}")
            continue
        splits = Parallel(options.jobs)(
            delayed(compare)(name, seed) for seed in range(options.splits)
        )
        errors, seconds, alphas = zip(*splits, strict=True)
        auto, search = geometric_mean(errors)
        times = np.sum(seconds, axis=0)
        cost = geometric_mean([s[0] / s[2] for s in seconds])
        ratios.setdefault(kind(name), []).append((auto / search, cost))
        chosen = " ".join(f"{a:g}/{b:g}" for a, b in alphas)
        print(
            f"{name:<20}{auto:9.5f} ({times[0]:4.1f}){search:10.5f} ({times[1]:5.1f})"
            f"{auto / search:8.3f}{cost:7.2f}  {chosen}",
            flush=True,
        )
    print()
    means = {name: geometric_mean(values) for name, values in ratios.items()}
    regression = [mean for name, mean in means.items() if name not in CLASSES]
    classes = [mean for name, mean in means.items() if name in CLASSES]
    for label, values in (("regression", regression), ("classes", classes)):
        if values:
            means[f"all kinds, {label}"] = geometric_mean(values)
    for name, (ratio, cost) in means.items():
        print(f"{name:<24} ratio {ratio:6.3f}   cost {cost:5.2f}")


if __name__ == "__main__":
    main()
