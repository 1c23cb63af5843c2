"""Classification of tables: PMMClassifier beside five classifiers of scikit-learn.

Each model is tuned on every outer training set, over four settings, by the log-loss of
three inner folds.  Features are standardised for all but trees and PMM, which does it
itself.  Accuracy and log-loss are means over the outer test sets, on one BLAS thread;
fit time is that of the chosen setting alone.

    python benchmarks/classification.py             # about 10 minutes on one core
    python benchmarks/classification.py iris wine   # some sets
"""

import argparse
import time
import warnings

import numpy as np
from _data import MissingData, banknote
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import (
    load_breast_cancer,
    load_digits,
    load_iris,
    load_wine,
    make_moons,
)
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from pmm_sklearn import PMMClassifier

OUTER, INNER = 5, 3
# Mean differences in percentage points of accuracy that count as equal.
TOLERANCE = 0.5


def moons():
    return make_moons(600, noise=0.25, random_state=0)


def bundled(load):
    return lambda: load(return_X_y=True)


SETS = {
    "iris": bundled(load_iris),
    "wine": bundled(load_wine),
    "cancer": bundled(load_breast_cancer),
    "moons": moons,
    "banknote": banknote,
    "digits": bundled(load_digits),
}


def pmm(name, seed):
    """Classifier and its four settings; images of 64 pixels need larger matrices."""
    if name != "digits":
        model = PMMClassifier(random_state=seed)
        return model, {"alpha": [0.3, 1.0, 3.0, 10.0]}
    model = PMMClassifier(
        solver="adam",
        batch_size=64,
        learning_rate_init=0.015,
        max_iter=60,
        n_init=1,
        random_state=seed,
    )
    return model, {"matrix_size": [9], "n_eigenvectors": [4, 5], "alpha": [3.0, 6.0]}


def candidates(name, seed):
    """Models and four settings of each, by name."""
    mlp = MLPClassifier(max_iter=1000, random_state=seed)
    forest = RandomForestClassifier(60, random_state=seed)
    boosting = HistGradientBoostingClassifier(max_iter=50, random_state=seed)
    return {
        "PMM": pmm(name, seed),
        "logistic": scaled(LogisticRegression(max_iter=500), C=[0.1, 1, 10, 100]),
        "SVC": scaled(
            CalibratedClassifierCV(SVC(), ensemble=False, cv=3),
            estimator__C=[1, 10],
            estimator__gamma=["scale", 0.03],
        ),
        "MLP": scaled(mlp, alpha=[1e-3, 1e-2, 1e-1, 1.0]),
        "boosting": (
            boosting,
            {"learning_rate": [0.05, 0.2], "max_leaf_nodes": [5, 15]},
        ),
        "forest": (
            forest,
            {"min_samples_leaf": [1, 4], "max_features": ["sqrt", 0.5]},
        ),
    }


def scaled(model, **grid):
    name = type(model).__name__.lower()
    grid = {f"{name}__{key}": values for key, values in grid.items()}
    return make_pipeline(StandardScaler(), model), grid


def n_parameters(model):
    """Of the fitted model, None if it is not made of parameters."""
    model = model[-1] if hasattr(model, "steps") else model
    if isinstance(model, MLPClassifier):
        return sum(array.size for array in (*model.coefs_, *model.intercepts_))
    if isinstance(model, LogisticRegression):
        return model.coef_.size + model.intercept_.size
    return getattr(model, "n_parameters_", None)


def tune_and_score(model, grid, fold, seed):
    """Accuracy, log-loss and cost on one outer fold.

    Parameters
    ----------
    model : estimator
        To be tuned.
    grid : dict or list of dict
        Its settings.
    fold : tuple of ndarray
        Training features, test features, training labels, test labels.
    seed : int
        Of the inner folds.

    Returns
    -------
    dict
    """
    X, X_test, y, y_test = fold
    inner = StratifiedKFold(INNER, shuffle=True, random_state=seed)
    search = GridSearchCV(model, grid, cv=inner, scoring="neg_log_loss", refit=False)
    with warnings.catch_warnings():
        # Of settings that are tried; how well they predict is measured.
        warnings.simplefilter("ignore", ConvergenceWarning)
        search.fit(X, y)
        best = model.set_params(**search.best_params_)
        start = time.perf_counter()
        best.fit(X, y)
    seconds = time.perf_counter() - start
    probabilities = best.predict_proba(X_test)
    return {
        "accuracy": 100 * np.mean(best.predict(X_test) == y_test),
        "log-loss": log_loss(y_test, probabilities, labels=best.classes_),
        "parameters": n_parameters(best),
        "seconds": seconds,
        "settings": tuple(search.best_params_.values()),
    }


def results_of(name):
    """Results of each model on the outer folds of a data set."""
    X, y = SETS[name]()
    folds = StratifiedKFold(OUTER, shuffle=True, random_state=0).split(X, y)
    results = {}
    for seed, (train, test) in enumerate(folds):
        fold = X[train], X[test], y[train], y[test]
        for model, (estimator, grid) in candidates(name, seed).items():
            result = tune_and_score(estimator, grid, fold, seed)
            results.setdefault(model, []).append(result)
    return results


def mean(results, key):
    return float(np.mean([result[key] for result in results]))


def print_set(name, results):
    for model, folds in results.items():
        parameters = [f["parameters"] for f in folds if f["parameters"] is not None]
        size = f"{np.median(parameters):>9.0f}" if parameters else f"{'-':>9}"
        chosen = " ".join(str(fold["settings"]) for fold in folds)
        print(
            f"{name:<9} {model:<9}{mean(folds, 'accuracy'):>8.2f}"
            f"{mean(folds, 'log-loss'):>9.4f}{size}{mean(folds, 'seconds'):>8.2f}"
            f"  {chosen if model == 'PMM' else ''}"
        )
    accuracies = {m: mean(f, "accuracy") for m, f in results.items() if m != "PMM"}
    best = max(accuracies, key=accuracies.get)
    difference = mean(results["PMM"], "accuracy") - accuracies[best]
    losses = [mean(results[model], "log-loss") for model in ("PMM", "MLP")]
    print(
        f"{name:<9} accuracy {difference:+.2f} points from the best ({best}): "
        f"{'reached' if difference >= -TOLERANCE else 'missed'}; log-loss / MLP's "
        f"{losses[0] / losses[1]:.2f}: "
        f"{'reached' if losses[0] <= losses[1] else 'missed'}\n",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", nargs="*", help=", ".join(SETS))
    names = parser.parse_args().sets or list(SETS)
    unknown = sorted(set(names) - set(SETS))
    if unknown:
        parser.error(f"no such sets: {', '.join(unknown)}")
    print(
        f"{'set':<9} {'model':<9}{'acc. [%]':>8}{'log-loss':>9}{'param.':>9}"
        f"{'fit [s]':>8}  chosen settings of the PMM"
    )
    with threadpool_limits(1):
        for name in names:
            try:
                print_set(name, results_of(name))
            except MissingData as missing:
                print(f"{name:<9} skipped: {missing}")


if __name__ == "__main__":
    main()
