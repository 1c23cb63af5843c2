"""How many points derivatives save a regressor: exact and noisy functions.

    python benchmarks/gradients.py               # all, some minutes
    python benchmarks/gradients.py --seeds 1     # one set of points each

PMMRegressor learns from values and all derivatives (`y_gradient`), or from the values
of as many, twice and four times as many points.  Beside it stand Gaussian processes
with a length scale for each feature, from the same data; of noisy derivatives there is
none.  Errors are root mean squares at 2000 other points, in standard deviations of the
function; medians and largest over the seeds.
"""

import argparse
import time
import warnings

import numpy as np
from _baselines import GaussianProcess
from _gradient_process import GradientProcess
from _options import compile_once, positive
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from pmm_sklearn import PMMRegressor
from pmm_sklearn.datasets import make_test_function

N_TEST = 2000
# Of the process with derivatives to start from, in standard deviations of a feature.
LENGTHS = 0.5, 2.0, 8.0
# Imaginary; derivatives are exact to rounding.
STEP = 1e-30


def surface(name):
    """A function of two features in [0, 1] or [-1, 1], and these limits."""
    bunch = make_test_function(name, 1, random_state=0)
    return lambda X: bunch.function(*X.T), 2, bunch.domain


def friedman(X):
    """Friedman's first function, of five features in [0, 1]."""
    curved = 10 * np.sin(np.pi * X[:, 0] * X[:, 1]) + 20 * (X[:, 2] - 0.5) ** 2
    return curved + 10 * X[:, 3] + 5 * X[:, 4]


# Function, number of features, limits; points with derivatives; noise of values, and of
# derivatives, in units of their standard deviations.
PROBLEMS = {
    "franke": (*surface("franke"), 30, 0.0),
    "saddle": (*surface("saddle"), 30, 0.0),
    "fourier": (*surface("fourier"), 30, 0.0),
    "friedman, 5 features": (friedman, 5, (0.0, 1.0), 20, 0.0),
    "friedman, noise of 10 %": (friedman, 5, (0.0, 1.0), 40, 0.1),
}


def gradient(function, X):
    """Derivatives by complex steps, (n_samples, n_features)."""
    steps = STEP * 1j * np.eye(X.shape[1])
    return np.stack([function(X + step).imag / STEP for step in steps], axis=1)


def of_pmm(X, y, slopes, noise):
    model = PMMRegressor(random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(X, y, y_gradient=slopes).predict


def of_process(X, y, slopes, noise):
    """That of scikit-learn, or the one that knows derivatives, which are exact."""
    if slopes is not None:
        unit = np.std(X, axis=0)
        process = GradientProcess(LENGTHS).fit(X / unit, y, slopes * unit)
        return lambda X: process.predict(X / unit)
    bounds = (1e-5, 1e5) if noise else None
    return GaussianProcess(np.inf, bounds, 0, n_restarts=2).fit(X, y).predict


def errors(problem, method, n_points, has_slopes, seeds):
    """Errors for each seed, and the mean time of a fit."""
    function, n_features, limits, _, noise = problem
    found, seconds = [], 0.0
    for seed in range(seeds):
        rng = np.random.RandomState(seed)
        X_test = rng.uniform(*limits, (N_TEST, n_features))
        X = rng.uniform(*limits, (n_points, n_features))
        y, slopes, truth = function(X), gradient(function, X), function(X_test)
        y = y + noise * np.std(truth) * rng.standard_normal(y.shape)
        spread = np.std(gradient(function, X_test), axis=0)
        slopes = slopes + noise * spread * rng.standard_normal(slopes.shape)
        start = time.perf_counter()
        predict = method(X, y, slopes if has_slopes else None, noise)
        seconds += time.perf_counter() - start
        residuals = predict(X_test) - truth
        found.append(np.sqrt(np.mean(residuals**2)) / np.std(truth))
    return found, seconds / seeds


def show(name, problem, seeds):
    *_, n_points, noise = problem
    print(f"\n{name}", flush=True)
    for has_slopes, factors in ((True, (1,)), (False, (1, 2, 4))):
        for factor in factors:
            for method in (of_pmm, of_process):
                if has_slopes and noise and method is of_process:
                    continue
                n = factor * n_points
                found, seconds = errors(problem, method, n, has_slopes, seeds)
                label = "PMM" if method is of_pmm else "GP"
                label += f", {n} points" + (" with derivatives" if has_slopes else "")
                print(
                    f"  {label:<34}{np.median(found):>10.2e}{max(found):>10.2e}"
                    f"{seconds:>8.1f}",
                    flush=True,
                )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=positive, default=3, help="sets of points (3)")
    parser.add_argument("--problems", nargs="+", choices=PROBLEMS, default=PROBLEMS)
    options = parser.parse_args()
    compile_once([PMMRegressor(3, n_init=1)])
    print(f"{'':<36}{'median':>10}{'largest':>10}{'fit [s]':>8}")
    with threadpool_limits(1, "blas"):
        for name in options.problems:
            show(name, PROBLEMS[name], options.seeds)


if __name__ == "__main__":
    main()
