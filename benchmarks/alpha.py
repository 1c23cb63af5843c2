"""Compare alpha="auto" of classifiers with a grid search by cross-validation.

    python benchmarks/alpha.py                          # all sets, three splits each
    python benchmarks/alpha.py iris --splits 1

Errors are log-losses; geometric means over the splits.  "ratio" is that of "auto" to
the search.  In brackets: seconds of the fits.  "cost" is the time of "auto" over that
of a fit with the alpha that it has chosen; at the end geometric means over the sets.
"""

import argparse
import time
import warnings

import numpy as np
from classification import SETS as TABLES
from classification import pmm
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from threadpoolctl import threadpool_limits

ALPHAS = [0.1, 0.3, 1.0, 3.0, 10.0, 30.0]
# The model of digits has too many parameters for "auto" to compare.
SETS = {name: data for name, data in TABLES.items() if name != "digits"}


def load(name, seed):
    """Training and test data."""
    X, y = SETS[name]()
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    train, test = list(folds.split(X, y))[seed]
    return X[train], y[train], X[test], y[test]


def make_search(name, seed):
    """The model with alpha="auto", and the search."""
    model, _ = pmm(name, seed)
    folds = StratifiedKFold(3, shuffle=True, random_state=seed)
    grid, scoring = {"alpha": ALPHAS}, "neg_log_loss"
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
            errors.append(log_loss(y_test, model.predict_proba(X_test)))
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
    parser.add_argument("sets", nargs="*", default=list(SETS))
    parser.add_argument("--splits", type=int, default=3, help="of each set (3)")
    parser.add_argument("--jobs", type=int, default=1, help="splits at a time (1)")
    options = parser.parse_args()
    print(f"{'set':<20}{'auto':>16}{'grid search':>18}{'ratio':>8}{'cost':>7}  alphas")
    ratios = []
    for name in options.sets:
        splits = Parallel(options.jobs)(
            delayed(compare)(name, seed) for seed in range(options.splits)
        )
        errors, seconds, alphas = zip(*splits, strict=True)
        auto, search = geometric_mean(errors)
        times = np.sum(seconds, axis=0)
        cost = geometric_mean([s[0] / s[2] for s in seconds])
        ratios.append((auto / search, cost))
        chosen = " ".join(f"{a:g}/{b:g}" for a, b in alphas)
        print(
            f"{name:<20}{auto:9.5f} ({times[0]:4.1f}){search:10.5f} ({times[1]:5.1f})"
            f"{auto / search:8.3f}{cost:7.2f}  {chosen}",
            flush=True,
        )
    ratio, cost = geometric_mean(ratios)
    print(f"\nall sets: ratio {ratio:.3f}   cost {cost:.2f}")


if __name__ == "__main__":
    main()
