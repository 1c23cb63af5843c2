"""Random splines in one and two dimensions, the synthetic targets of Spectral Neuron.

Cubic splines through standard normal values at c equidistant knots of [-4, 4], in two
dimensions of a grid of c x c, from 640 random rows; root mean square error at 4096 new
points, without noise, medians over the seeds.  "paper" is the smallest error that A.
Shtoff, "Spectral Neuron", arXiv 2608.08003, has after 320 000 rows seen once, of three
sizes of its matrices (read from figures).  A spline interpolates the same rows, and a
Gaussian process learns its length scales from them.

    python benchmarks/spline_targets.py             # about 5 minutes on one core
    python benchmarks/spline_targets.py --seeds 8
"""

import argparse
import time
import warnings

import numpy as np
from _baselines import GaussianProcess
from _options import compile_once, positive
from scipy.interpolate import CubicSpline, RBFInterpolator, RegularGridInterpolator
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from pmm_sklearn import PMMRegressor

N_ROWS, N_TEST = 640, 4096
# Knots, and the paper's smallest error.
PAPER = {(1, 5): 0.0023, (1, 10): 0.013, (1, 20): 0.098}
PAPER |= {(2, 5): 0.068, (2, 9): 0.197, (2, 13): 0.41}


def target(n_features, n_knots, seed):
    """A random function of an array (n_samples, n_features)."""
    rng = np.random.default_rng(seed)
    knots = np.linspace(-4, 4, n_knots)
    if n_features == 1:
        spline = CubicSpline(knots, rng.standard_normal(n_knots), bc_type="natural")
        return lambda X: spline(X[:, 0])
    values = rng.standard_normal((n_knots, n_knots))
    return RegularGridInterpolator((knots, knots), values, method="cubic")


def spline(X, y):
    """Interpolation of the rows by a cubic (polyharmonic) spline."""
    if X.shape[1] == 1:
        order = np.argsort(X[:, 0])
        cubic = CubicSpline(X[order, 0], y[order])
        return lambda X: cubic(X[:, 0])
    return RBFInterpolator(X, y, kernel="cubic")


def scores(n_features, n_knots, seed):
    """Errors of PMM, Gaussian process and spline; seconds of CPU of the former two."""
    function = target(n_features, n_knots, seed)
    rng = np.random.default_rng(1000 + seed)
    X, X_test = (rng.uniform(-4, 4, (n, n_features)) for n in (N_ROWS, N_TEST))
    y, exact = function(X), function(X_test)
    errors, seconds = [], []
    process = GaussianProcess(np.inf, (1e-10, 10.0), seed, n_restarts=1)
    for model in (PMMRegressor(random_state=seed), process):
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
    print("features  knots      PMM       GP   spline    paper   PMM [s]   GP [s]")
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)
        compile_once([PMMRegressor()])
        for (n_features, n_knots), paper in PAPER.items():
            rows = [scores(n_features, n_knots, s) for s in range(options.seeds)]
            pmm, gp, cubic, *seconds = np.median(rows, axis=0)
            print(
                f"{n_features:8}{n_knots:7}{pmm:9.1e}{gp:9.1e}{cubic:9.1e}{paper:9.1e}"
                f"{seconds[0]:10.1f}{seconds[1]:9.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
