"""The paper's regression benchmark: 15 functions, airfoil noise, dielectron masses.

Every problem is fitted with default settings and with the settings of ``SETTINGS``,
beside a Gaussian process in the same run, on one BLAS thread.  Errors are the mean
absolute error divided by the largest absolute target, on the test set.

    python benchmarks/regression.py            # about half an hour on one core
    python benchmarks/regression.py --quick    # three problems
"""

import argparse
import json
import time
import warnings

import numpy as np
from _data import MissingData, dielectron
from _paper import ERRORS, best_baseline
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import VotingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern, WhiteKernel
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from pmm_sklearn import PMMRegressor
from pmm_sklearn.datasets import TEST_FUNCTIONS, load_airfoil, make_test_function

# What "chosen" means, for each problem; "default" is PMMRegressor() everywhere.
SETTINGS = {
    "functions": {"alpha": 1e-9, "tol": 0.0},
    "random functions": {"matrix_size": 9, "alpha": 1e-9, "tol": 0.0},
    "airfoil": {"readout": "transition", "alpha": 1.0, "mean of starts": 4},
    "dielectron": {"matrix_size": 11, "matrix_type": "symmetric", "alpha": 1e-3},
}
QUICK = ("franke", "gaussians", "airfoil")
LARGEST_GAUSSIAN_PROCESS = 1000
TRAIN_FRACTION = 0.35


def settings_of(problem):
    if problem in SETTINGS:
        return SETTINGS[problem]
    random = problem in ("fourier", "polynomial")
    return SETTINGS["random functions" if random else "functions"]


def make_pmm(settings, seed):
    settings = dict(settings)
    n_starts = settings.pop("mean of starts", None)
    if n_starts is None:
        return PMMRegressor(random_state=seed, **settings)
    return VotingRegressor(
        [
            (f"start{i}", PMMRegressor(random_state=seed * n_starts + i, **settings))
            for i in range(n_starts)
        ]
    )


def n_parameters(model):
    if isinstance(model, VotingRegressor):
        return sum(member.n_parameters_ for member in model.estimators_)
    return model.n_parameters_


def gaussian_processes(problem, n_features):
    """Candidates; the better one on the test set is reported, to its advantage."""
    scales = np.ones(n_features)
    kernels = [RBF(scales), Matern(scales, nu=2.5)]
    if problem in TEST_FUNCTIONS:
        kernels = [ConstantKernel() * kernel for kernel in kernels]
    else:
        kernels.append(Matern(scales, nu=1.5))
        kernels = [kernel + WhiteKernel(0.1) for kernel in kernels]
    for kernel in kernels:
        process = GaussianProcessRegressor(kernel, alpha=1e-10, random_state=0)
        yield TransformedTargetRegressor(
            make_pipeline(StandardScaler(), process), transformer=StandardScaler()
        )


def load(problem, seed):
    """Training and test data of one repetition."""
    if problem in TEST_FUNCTIONS:
        data = make_test_function(problem, random_state=seed)
        return data.data, data.target, data.data_test, data.target_test
    X, y = load_airfoil(return_X_y=True) if problem == "airfoil" else dielectron()
    X, X_test, y, y_test = train_test_split(
        X, y, train_size=TRAIN_FRACTION, random_state=seed
    )
    return X, y, X_test, y_test


def fit_and_score(model, X, y, X_test, y_test):
    """Normalised mean absolute error and seconds of the fit."""
    start = time.perf_counter()
    model.fit(X, y)
    seconds = time.perf_counter() - start
    error = np.mean(np.abs(model.predict(X_test) - y_test)) / np.max(np.abs(y_test))
    return error, seconds


def repetition(problem, seed, with_gaussian_process):
    """Errors and times of all models on one data set."""
    X, y, X_test, y_test = load(problem, seed)
    row = {}
    for name, settings in (("default", {}), ("chosen", settings_of(problem))):
        model = make_pmm(settings, seed)
        row[name], row[f"{name} time"] = fit_and_score(model, X, y, X_test, y_test)
        row[f"{name} parameters"] = n_parameters(model)
    if with_gaussian_process:
        part = np.random.RandomState(seed).permutation(len(X))
        part = part[:LARGEST_GAUSSIAN_PROCESS]
        row["gp"], row["gp time"] = min(
            fit_and_score(model, X[part], y[part], X_test, y_test)
            for model in gaussian_processes(problem, X.shape[1])
        )
    return row


def average(problem, rows):
    """Mean over repetitions: geometric for functions, whose errors vary by decades."""
    geometric = problem in TEST_FUNCTIONS
    result = {"problem": problem, "repetitions": len(rows)}
    for key in rows[0]:
        values = np.array([row[key] for row in rows])
        if key.endswith("time"):
            result[key] = values.max()
        elif geometric and not key.endswith("parameters"):
            result[key] = np.exp(np.mean(np.log(values)))
        else:
            result[key] = values.mean()
    result["paper"] = ERRORS[problem][0]
    result["baseline"], result["baseline error"] = best_baseline(problem)
    return result


HEADER = (
    f"{'problem':<15}{'default':>9}{'time':>6}{'param':>6}{'chosen':>10}{'time':>6}"
    f"{'param':>6}{'GP':>10}{'paper PMM':>11}{'best baseline':>15}"
    f"{'default/paper':>14}{'chosen/paper':>13}"
)


def print_row(row):
    print(
        f"{row['problem']:<15}{row['default']:>9.2e}{row['default time']:>6.1f}"
        f"{row['default parameters']:>6.0f}{row['chosen']:>10.2e}"
        f"{row['chosen time']:>6.1f}{row['chosen parameters']:>6.0f}"
        f"{row.get('gp', np.nan):>10.2e}{row['paper']:>11.2e}"
        f"{row['baseline']:>6}{row['baseline error']:>9.2e}"
        f"{row['default'] / row['paper']:>14.4f}{row['chosen'] / row['paper']:>13.4f}",
        flush=True,
    )


def print_summary(rows):
    """Geometric means over the 13 fixed functions, arithmetic over everything."""
    fixed = [row for row in rows if row["problem"] in TEST_FUNCTIONS[:13]]
    if fixed:
        paper = np.array([row["paper"] for row in fixed])
        print(f"\n{len(fixed)} functions:", end="")
        print("  geometric mean of error / paper, worst, slowest fit")
        for name in ("default", "chosen", "gp"):
            ratio = np.array([row[name] for row in fixed]) / paper
            slowest = max(row[f"{name} time"] for row in fixed)
            mean = np.exp(np.mean(np.log(ratio)))
            print(f"  {name:<8}{mean:>10.4f}{ratio.max():>10.4f}{slowest:>8.1f} s")
    print(f"\nMean error over the {len(rows)} problems")
    for name in ("default", "chosen", "paper"):
        print(f"  {name:<8}{np.mean([row[name] for row in rows]):>10.2e}")


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--quick", action="store_true", help=f"only {', '.join(QUICK)}, one seed")
    add("--problems", nargs="+", choices=list(ERRORS), default=list(ERRORS))
    add("--seeds", type=int, default=3, help="data sets per function (3)")
    add("--splits", type=int, default=5, help="splits of the airfoil data (5)")
    add("--random-functions", type=int, default=5, help="members of a family (5)")
    add("--no-gp", action="store_true", help="leave out the Gaussian process")
    add("--output", help="JSON file for the figures")
    options = parser.parse_args()
    if options.quick:
        options.problems, options.seeds, options.splits = QUICK, 1, 1
    return options


def main():
    options = parse_arguments()
    repetitions = {
        "airfoil": options.splits,
        "dielectron": 1,
        "fourier": options.random_functions,
        "polynomial": options.random_functions,
    }
    for problem, settings in SETTINGS.items():
        print(f"chosen settings, {problem}: {settings}")
    print(f"\n{HEADER}")
    rows = []
    with threadpool_limits(1, "blas"), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for problem in options.problems:
            seeds = range(repetitions.get(problem, options.seeds))
            try:
                results = [repetition(problem, s, not options.no_gp) for s in seeds]
            except MissingData as missing:
                print(f"{problem:<15}{missing}")
                continue
            rows.append(average(problem, results))
            print_row(rows[-1])
    print_summary(rows)
    if options.output:
        with open(options.output, "w") as file:
            json.dump({"settings": SETTINGS, "rows": rows}, file, indent=1)


if __name__ == "__main__":
    main()
