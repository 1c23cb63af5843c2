"""Random splines in one and two dimensions, the synthetic targets of Spectral Neuron.

Cubic splines through standard normal values at c equidistant knots of [-4, 4], in two
dimensions of a grid of c x c, from 640 random rows; root mean square error at 4096 new
points, without noise, medians over the seeds.  "paper" is the smallest error that A.
Shtoff, "Spectral Neuron", arXiv 2608.08003, has after 320 000 rows seen once, of three
sizes of its matrices (read from figures).  A spline interpolates the same rows, and a
Gaussian process learns its length scales from them.  "level" is one level of real
symmetric matrices of side 15, the model of the paper; "PMM" are the defaults of
PMMRegressor.

A second table is of targets in two dimensions that rise with the second feature, from
32, 160 and 640 rows: one level with and without the guarantee (monotonic_cst), and
boosted trees with the same argument.  "paper" is the published error with guarantee
after as many rows, seen once.  Violations are counted among 10^6 random pairs of all
rows and seeds together, half of them up to ten times outside the data.

    python benchmarks/spline_targets.py             # about 20 minutes on one core
    python benchmarks/spline_targets.py --seeds 8
"""

import argparse
import time
import warnings

import numpy as np
from _baselines import GaussianProcess
from _options import compile_once, positive
from scipy.interpolate import (
    CubicSpline,
    PchipInterpolator,
    RBFInterpolator,
    RegularGridInterpolator,
)
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from pmm_sklearn import PMMRegressor

N_ROWS, N_TEST = 640, 4096
# Knots, and the paper's smallest error.
PAPER = {(1, 5): 0.0023, (1, 10): 0.013, (1, 20): 0.098}
PAPER |= {(2, 5): 0.068, (2, 9): 0.197, (2, 13): 0.41}

# Of monotone targets, with as many rows.
PAPER_MONOTONE = {32: 0.87, 160: 0.54, 640: None}
N_PAIRS = 10**6
# Rounding errors of a level, relative to the largest prediction.
ROUNDING = 1e-13
# A level for data without noise, of the side of the paper.
LEVEL = {"readout": "level", "matrix_size": 15, "matrix_type": "symmetric"}
LEVEL |= {"n_init": 8}


def target(n_features, n_knots, seed):
    """A random function of an array (n_samples, n_features)."""
    rng = np.random.default_rng(seed)
    knots = np.linspace(-4, 4, n_knots)
    if n_features == 1:
        spline = CubicSpline(knots, rng.standard_normal(n_knots), bc_type="natural")
        return lambda X: spline(X[:, 0])
    values = rng.standard_normal((n_knots, n_knots))
    return RegularGridInterpolator((knots, knots), values, method="cubic")


def monotone_target(n_knots, seed):
    """A random function of two features that rises with the second one."""
    rng = np.random.default_rng(seed)
    knots = np.linspace(-4, 4, n_knots)
    sums = np.cumsum(np.exp(rng.standard_normal((n_knots, n_knots))), axis=1)
    sums = (sums - sums.mean()) / sums.std()
    rows = [PchipInterpolator(knots, row) for row in sums]

    def function(X):
        place = (X[:, 0] + 4) / 8 * (n_knots - 1)
        left = np.clip(place.astype(int), 0, n_knots - 2)
        t = place - left
        blend = 6 * t**5 - 15 * t**4 + 10 * t**3
        values, number = np.array([row(X[:, 1]) for row in rows]), np.arange(len(X))
        return (1 - blend) * values[left, number] + blend * values[left + 1, number]

    return function


def violations(model, rng, n_pairs):
    """How often predictions of random pairs fall with the second feature."""
    n_wrong = 0
    for size in (4.0, 40.0):
        for _ in range(10):
            X = rng.uniform(-size, size, (n_pairs // 20, 2))
            low, high = np.sort(rng.uniform(-size, size, (2, len(X))), axis=0)
            X[:, 1] = low
            below = model.predict(X)
            X[:, 1] = high
            above = model.predict(X)
            tolerance = ROUNDING * np.max(np.abs([below, above]))
            n_wrong += np.sum(above < below - tolerance)
    return n_wrong


def monotone_scores(n_rows, seed, n_pairs):
    """Errors of level with and without guarantee, and trees; seconds; violations."""
    function = monotone_target(5, seed)
    rng = np.random.default_rng(1000 + seed)
    X, X_test = (rng.uniform(-4, 4, (n, 2)) for n in (n_rows, N_TEST))
    y, exact = function(X), function(X_test)
    models = [
        PMMRegressor(**LEVEL, alpha=1e-3, monotonic_cst=[0, 1], random_state=seed),
        PMMRegressor(**LEVEL, alpha=1e-3, random_state=seed),
        HistGradientBoostingRegressor(monotonic_cst=[0, 1], random_state=seed),
    ]
    start, seconds = time.process_time(), None
    for model in models:
        model.fit(X, y)
        seconds = seconds or time.process_time() - start
    errors = [np.sqrt(np.mean((m.predict(X_test) - exact) ** 2)) for m in models]
    wrong = [violations(m, np.random.default_rng(seed), n_pairs) for m in models[:2]]
    return [*errors, seconds, *wrong]


def spline(X, y):
    """Interpolation of the rows by a cubic (polyharmonic) spline."""
    if X.shape[1] == 1:
        order = np.argsort(X[:, 0])
        cubic = CubicSpline(X[order, 0], y[order])
        return lambda X: cubic(X[:, 0])
    return RBFInterpolator(X, y, kernel="cubic")


def scores(n_features, n_knots, seed):
    """Errors of level, PMM, Gaussian process, spline; seconds of the first three."""
    function = target(n_features, n_knots, seed)
    rng = np.random.default_rng(1000 + seed)
    X, X_test = (rng.uniform(-4, 4, (n, n_features)) for n in (N_ROWS, N_TEST))
    y, exact = function(X), function(X_test)
    errors, seconds = [], []
    process = GaussianProcess(np.inf, (1e-10, 10.0), seed, n_restarts=1)
    level = PMMRegressor(**LEVEL, alpha=1e-5, random_state=seed)
    for model in (level, PMMRegressor(random_state=seed), process):
        start = time.process_time()
        predict = model.fit(X, y).predict
        seconds.append(time.process_time() - start)
        errors.append(predict(X_test))
    errors.append(spline(X, y)(X_test))
    return [np.sqrt(np.mean((e - exact) ** 2)) for e in errors] + seconds


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=positive, default=3)
    options = parser.parse_args()
    print(f"{N_ROWS} rows; medians of {options.seeds} seeds")
    print("features  knots    level      PMM       GP   spline    paper", end="")
    print("   level [s]   PMM [s]   GP [s]")
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)
        compile_once([PMMRegressor()])
        for (n_features, n_knots), paper in PAPER.items():
            rows = [scores(n_features, n_knots, s) for s in range(options.seeds)]
            level, pmm, gp, cubic, *seconds = np.median(rows, axis=0)
            print(
                f"{n_features:8}{n_knots:7}{level:9.1e}{pmm:9.1e}{gp:9.1e}{cubic:9.1e}"
                f"{paper:9.1e}{seconds[0]:12.1f}{seconds[1]:10.1f}{seconds[2]:9.1f}",
                flush=True,
            )
        print("\nMonotone targets; violations are sums over the seeds")
        print(
            "rows  monotone    free   trees   paper   [s]  violations: monotone, free"
        )
        for n_rows, paper in PAPER_MONOTONE.items():
            n_pairs = N_PAIRS // (len(PAPER_MONOTONE) * options.seeds)
            rows = [monotone_scores(n_rows, s, n_pairs) for s in range(options.seeds)]
            monotone, free, trees, seconds, *_ = np.median(rows, axis=0)
            wrong = np.sum(rows, axis=0)[-2:]
            shown = "     -  " if paper is None else f"{paper:8.2f}"
            print(
                f"{n_rows:4}{monotone:10.3f}{free:8.3f}{trees:8.3f}{shown}{seconds:6.1f}"
                f"{int(wrong[0]):22}{int(wrong[1]):6}",
                flush=True,
            )


if __name__ == "__main__":
    main()
