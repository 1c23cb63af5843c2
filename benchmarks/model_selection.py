"""Choosing a size: by defaults, evidence, leave-one-out, and searches with folds.

Every search chooses among the same three sizes, with one start for each fit; what it
has chosen is then fitted with the default number of starts, which is in its time.
Errors are those of samples that nothing has seen.  Then what an error of
cross-validation costs, and, where shap is installed, explanations by the two ways to
predict.

    python benchmarks/model_selection.py      # about five minutes on a free core
"""

import importlib.util
import time

import numpy as np
from _data import MissingData, uci
from sklearn.datasets import make_friedman1
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    cross_val_predict,
    train_test_split,
)
from threadpoolctl import threadpool_limits

from pmm_sklearn import PMMRegressor
from pmm_sklearn.datasets import load_airfoil
from pmm_sklearn.inspection import loo_predictions

SIZES = 3, 5, 7
SCORE = "neg_root_mean_squared_error"


def tables():
    airfoil = load_airfoil()
    yield "airfoil", split(airfoil.data, airfoil.target, 300)
    yield "Friedman 1", split(*make_friedman1(1200, noise=1.0, random_state=0), 200)
    try:
        X, y, test_index = uci("yacht")
    except MissingData as missing:
        print(f"yacht: {missing}")
        return
    is_test = np.isin(np.arange(len(y)), test_index[0])
    yield "yacht", (X[~is_test], X[is_test], y[~is_test], y[is_test])


def split(X, y, n_train):
    return train_test_split(X, y, train_size=n_train, random_state=0)


def timed(function, *arguments):
    start = time.process_time()
    found = function(*arguments)
    return found, time.process_time() - start


def one_start(size=None):
    return PMMRegressor(size or SIZES[0], n_init=1, random_state=0)


def choices(X, y):
    """Name, size and seconds of each way to choose one."""
    models, each = zip(*(timed(one_start(s).fit, X, y) for s in SIZES), strict=True)
    best = int(np.argmax([model.log_evidence_ for model in models]))
    yield "evidence of each", SIZES[best], sum(each)
    scores, more = timed(log_densities, models, X, y)
    yield "leave-one-out", SIZES[int(np.argmax(scores))], sum(each) + more
    grid = {"matrix_size": SIZES}
    options = {"cv": 3, "scoring": SCORE, "refit": False}
    searches = {
        "halving, 3 folds": HalvingGridSearchCV(
            one_start(), grid, random_state=0, **options
        ),
        "grid, 3 folds": GridSearchCV(one_start(), grid, **options),
    }
    for name, search in searches.items():
        _, seconds = timed(search.fit, X, y)
        yield name, search.best_params_["matrix_size"], seconds


def log_densities(models, X, y):
    return [loo_predictions(model, X, y).log_density.sum() for model in models]


def print_choices(name, X, X_test, y, y_test):
    """What each way comes to on one table."""

    def error(model):
        return np.sqrt(np.mean((model.predict(X_test) - y_test) ** 2)) / np.std(y_test)

    default, one = timed(PMMRegressor(random_state=0).fit, X, y)
    print_line(name, "defaults", default.matrix_size_, error(default), one, one)
    of_size = {}
    for way, size, seconds in choices(X, y):
        if size not in of_size:
            of_size[size] = timed(PMMRegressor(size, random_state=0).fit, X, y)
        model, own = of_size[size]
        print_line("", way, size, error(model), seconds + own, one)


def print_line(name, way, size, error, seconds, one):
    line = f"{name:11} {way:17}{size:5}{error:10.4f}{seconds:9.1f}{seconds / one:8.1f}"
    print(line, flush=True)


def folds_of_ten(X, y):
    return cross_val_predict(one_start(), X, y, cv=10)


def print_errors(name, X, X_test, y, y_test):
    """What leave-one-out, folds and new samples say of the error of one model."""
    model = one_start().fit(X, y)
    loo, fast = timed(loo_predictions, model, X, y)
    folds, slow = timed(folds_of_ten, X, y)
    errors = y - model.predict(X), y - loo.mean, y - folds
    errors += (y_test - model.predict(X_test),)
    shown = "".join(f"{np.sqrt(np.mean(e**2)) / np.std(y):11.4f}" for e in errors)
    print(f"{name:11}{shown}{fast:10.3f}{slow:9.1f}", flush=True)


def print_explanations(X, y):
    """Seconds of explainers that are given the method, or the plain function."""
    import shap

    def exact(function, rows=X[:100]):
        return shap.ExactExplainer(function, X[:50])(rows, silent=True)

    def permutation(function):
        return shap.PermutationExplainer(function, X[:50])(X[:100], silent=True)

    def kernel(function):
        return shap.KernelExplainer(function, X[:50]).shap_values(X[:100], silent=True)

    model = PMMRegressor(5, 2, n_init=1, random_state=0).fit(X, y)
    ways = model.predict, model.as_function()
    for function in ways:
        exact(function, X[:2])  # what is compiled is compiled
    print("\nshap: seconds for 100 samples of airfoil, 50 in the background")
    print("explainer       predict  as_function()")
    for explain in (exact, permutation, kernel):
        seconds = [timed(explain, function)[1] for function in ways]
        line = f"{explain.__name__:13}{seconds[0]:10.2f}{seconds[1]:15.2f}"
        print(line, flush=True)


def main():
    cases = list(tables())
    print("Error of new samples over their spread; seconds of CPU, and over the first")
    print("table       way               size     error      [s]   ratio")
    for name, case in cases:
        print_choices(name, *case)
    print("\nError over the spread of y, size 3 and one start: of the data of the fit,")
    print("by leave-one-out, by ten folds, of new samples; seconds of LOO and folds")
    print("table          of fit        LOO      folds        new   LOO [s]  folds")
    for name, case in cases:
        print_errors(name, *case)
    if importlib.util.find_spec("shap") is None:
        print("\nshap is not installed: pip install shap")
    else:
        X, _, y, _ = cases[0][1]
        print_explanations(X, y)


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
