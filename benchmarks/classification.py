"""Classification of tables: PMMClassifier beside five classifiers of scikit-learn.

PMM has its defaults.  Each other model is tuned on every outer training set, over four
settings, by the log-loss of three inner folds.  "x 5" is the mean probability of five
models that differ by their random start alone, with the settings of the single one.
Features are standardised for all but trees and PMM, which does it itself.  Accuracy,
log-loss and the expected calibration error, of 15 bins, are means over the outer test
sets, on one BLAS thread; fit time is that of the chosen setting alone.  "noisy" are ten
tables of four classes that overlap, "minority" has 7 % of one class, and weights that
balance them: there the area under the curve takes the place of the accuracy.

    python benchmarks/classification.py             # about 20 minutes on one core
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
    make_classification,
    make_moons,
)
from sklearn.ensemble import (
    BaggingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from pmm_sklearn import PMMClassifier

OUTER, INNER = 5, 3
# Models whose random starts are averaged, and how many of these.
AVERAGED, N_STARTS = ("PMM", "MLP"), 5
# Mean differences in percentage points of accuracy that count as equal.
TOLERANCE = 0.3
# Of the expected calibration error.
N_BINS = 15
# Tables of overlapping classes, and of a rare one.
NOISY, RARE = range(8, 18), range(8)


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


def candidates(seed):
    """Models and four settings of each, by name."""
    mlp = MLPClassifier(max_iter=1000, random_state=seed)
    forest = RandomForestClassifier(60, random_state=seed)
    boosting = HistGradientBoostingClassifier(max_iter=50, random_state=seed)
    return {
        "PMM": (PMMClassifier(random_state=seed), {}),
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
    if isinstance(model, BaggingClassifier):
        return sum(n_parameters(single) for single in model.estimators_)
    model = model[-1] if hasattr(model, "steps") else model
    if isinstance(model, MLPClassifier):
        return sum(array.size for array in (*model.coefs_, *model.intercepts_))
    if isinstance(model, LogisticRegression):
        return model.coef_.size + model.intercept_.size
    return getattr(model, "n_parameters_", None)


def noisy_fold(seed):
    X, y = make_classification(600, 12, n_informative=6, n_classes=4, random_state=seed)
    return train_test_split(X, y, test_size=0.3, random_state=0, stratify=y)


def folds_of(name):
    """Training features, test features, training labels, test labels, of each fold."""
    if name == "noisy":
        yield from map(noisy_fold, NOISY)
        return
    X, y = SETS[name]()
    splits = StratifiedKFold(OUTER, shuffle=True, random_state=0).split(X, y)
    for train, test in splits:
        yield X[train], X[test], y[train], y[test]


def calibration_error(labels, probabilities, classes):
    """Expected calibration error: mean gap of confidence and accuracy, over bins."""
    confidence = probabilities.max(axis=1)
    is_right = classes[probabilities.argmax(axis=1)] == labels
    bins = np.minimum((N_BINS * confidence).astype(int), N_BINS - 1)
    gaps = np.bincount(bins, is_right - confidence, N_BINS)
    return np.abs(gaps).sum() / len(labels)


def tune(model, grid, fold, seed):
    """Set the parameters of a model that are best on inner folds.

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
    tuple
        The values that were chosen.
    """
    if not grid:
        return ()
    X, _, y, _ = fold
    inner = StratifiedKFold(INNER, shuffle=True, random_state=seed)
    search = GridSearchCV(model, grid, cv=inner, scoring="neg_log_loss", refit=False)
    with warnings.catch_warnings():
        # Of settings that are tried; how well they predict is measured.
        warnings.simplefilter("ignore", ConvergenceWarning)
        search.fit(X, y)
    model.set_params(**search.best_params_)
    return tuple(search.best_params_.values())


def score(model, fold):
    """Accuracy, log-loss and cost on one outer fold, as a dictionary."""
    X, X_test, y, y_test = fold
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y)
    seconds = time.perf_counter() - start
    probabilities = model.predict_proba(X_test)
    return {
        "accuracy": 100 * np.mean(model.predict(X_test) == y_test),
        "log-loss": log_loss(y_test, probabilities, labels=model.classes_),
        "calibration": calibration_error(y_test, probabilities, model.classes_),
        "parameters": n_parameters(model),
        "seconds": seconds,
    }


def results_of(name):
    """Results of each model on the outer folds of a data set."""
    results = {}
    for seed, fold in enumerate(folds_of(name)):
        for model, (estimator, grid) in candidates(seed).items():
            tune(estimator, grid, fold, seed)
            results.setdefault(model, []).append(score(estimator, fold))
            if model in AVERAGED and name != "noisy":
                several = BaggingClassifier(
                    estimator, N_STARTS, bootstrap=False, random_state=seed
                )
                results.setdefault(f"{model} x 5", []).append(score(several, fold))
    return results


def mean(results, key):
    return float(np.mean([result[key] for result in results]))


def print_set(name, results):
    for model, folds in results.items():
        parameters = [f["parameters"] for f in folds if f["parameters"] is not None]
        size = f"{np.median(parameters):>9.0f}" if parameters else f"{'-':>9}"
        print(
            f"{name:<9} {model:<9}{mean(folds, 'accuracy'):>8.2f}"
            f"{mean(folds, 'log-loss'):>9.4f}{mean(folds, 'calibration'):>8.3f}"
            f"{size}{mean(folds, 'seconds'):>8.2f}"
        )
    print_verdict(name, results, "PMM", "MLP")
    if "PMM x 5" in results:
        print_verdict(name, results, "PMM x 5", "MLP x 5")
    print(flush=True)


def rare_fold(seed):
    X, y = make_classification(
        4600, 10, n_informative=5, weights=[0.93], class_sep=0.8, random_state=seed
    )
    return train_test_split(X, y, train_size=600, random_state=0, stratify=y)


def print_minority():
    """One class of 7 %, and weights that balance: area under the curve, log-loss."""
    balanced = {"class_weight": "balanced"}
    models = {
        "PMM": PMMClassifier(random_state=0, **balanced),
        "PMM, alpha=10": PMMClassifier(alpha=10.0, random_state=0, **balanced),
        "PMM, unweighted": PMMClassifier(random_state=0),
        "logistic": make_pipeline(StandardScaler(), LogisticRegression(**balanced)),
        "forest": RandomForestClassifier(300, random_state=0, **balanced),
        "boosting": HistGradientBoostingClassifier(random_state=0, **balanced),
    }
    for name, model in models.items():
        scores = []
        for seed in RARE:
            X, X_test, y, y_test = rare_fold(seed)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                rare = model.fit(X, y).predict_proba(X_test)[:, 1]
            scores.append([roc_auc_score(y_test, rare), log_loss(y_test, rare)])
        area, loss = np.mean(scores, axis=0)
        print(f"minority  {name:<16} area {area:.3f}  log-loss {loss:.3f}", flush=True)
    print()


def print_verdict(name, results, own, network):
    """How far a model is from the best of the others, and from a network."""
    accuracies = {m: mean(f, "accuracy") for m, f in results.items() if "PMM" not in m}
    best = max(accuracies, key=accuracies.get)
    difference = mean(results[own], "accuracy") - accuracies[best]
    losses = [mean(results[model], "log-loss") for model in (own, network)]
    print(
        f"{name:<9} {own}: accuracy {difference:+.2f} points from the best ({best}), "
        f"{'reached' if difference >= -TOLERANCE else 'missed'}; log-loss / that of "
        f"{network} {losses[0] / losses[1]:.2f}, "
        f"{'reached' if losses[0] <= losses[1] else 'missed'}"
    )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", nargs="*", help=", ".join([*SETS, "noisy", "minority"]))
    known = [*SETS, "noisy", "minority"]
    names = parser.parse_args().sets or known
    unknown = sorted(set(names) - set(known))
    if unknown:
        parser.error(f"no such sets: {', '.join(unknown)}")
    print(
        f"{'set':<9} {'model':<9}{'acc. [%]':>8}{'log-loss':>9}{'calib.':>8}"
        f"{'param.':>9}{'fit [s]':>8}"
    )
    with threadpool_limits(1):
        for name in names:
            if name == "minority":
                print_minority()
                continue
            try:
                print_set(name, results_of(name))
            except MissingData as missing:
                print(f"{name:<9} skipped: {missing}")


if __name__ == "__main__":
    main()
