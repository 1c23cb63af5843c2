"""Many samples: memory, and error against time of the solvers.

Each fit runs in a process of its own, on one thread, whose seconds of CPU and peak
memory are given, data included.  The target is a smooth function of 10 features with
1 % noise; errors are root mean squares of the noise-free function on test samples, in
standard deviations of the target.

    python benchmarks/large.py           # all tables, about 10 minutes on one core
    python benchmarks/large.py defaults  # 50 000 rows and 20 features, beside boosting
    python benchmarks/large.py million   # a million rows: five epochs, and predict
    python benchmarks/large.py solvers   # 100 000 rows: the solvers side by side
"""

import argparse
import multiprocessing
import resource
import time
import warnings

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from pmm_sklearn import PMMRegressor

N_FEATURES = 10
# Iterations of each solver, for fits of comparable length.
ITERATIONS = {"lm": 30, "newton-cg": 5, "lbfgs": 300, "adam": 40}


def make_data(n_samples, seed):
    """Features, targets with noise, and without."""
    rng = np.random.RandomState(seed)
    X = rng.uniform(-1, 1, (n_samples, N_FEATURES))
    mixing = np.random.RandomState(0).standard_normal((N_FEATURES, 3))
    u, v, w = (X @ (mixing / np.sqrt(N_FEATURES))).T
    y = np.sin(2 * u) * np.exp(-(v**2)) + 0.5 * np.tanh(3 * w)
    y += 0.2 * X[:, 0] * X[:, 1]
    y /= 0.55
    return X, y + 0.01 * rng.standard_normal(n_samples), y


def fit(model, n_samples):
    """Parameters, seconds of CPU, loss at quarters, error, CPU of predict, memory."""
    X, y, _ = make_data(n_samples, 1)
    model.set_params(tol=0.0, n_init=1, random_state=0)
    start = time.process_time()
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y)
    seconds = time.process_time() - start
    losses = np.array(model.loss_curve_) / n_samples
    curve = [losses[int(f * (len(losses) - 1))] for f in (0.25, 0.5, 0.75, 1.0)]
    start = time.process_time()
    model.predict(X)
    predict_seconds = time.process_time() - start
    X_test, _, exact = make_data(10_000, 2)
    error = np.sqrt(np.mean((model.predict(X_test) - exact) ** 2))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return model.n_parameters_, seconds, curve, error, predict_seconds, memory


def in_own_process(model, n_samples):
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(fit, (model, n_samples))


def million():
    """A million rows: five epochs of "adam", and the prediction of all."""
    model = PMMRegressor(solver="adam", max_iter=5, batch_size=1024)
    n_parameters, seconds, _, error, predict, memory = in_own_process(model, 10**6)
    print(
        f"1 000 000 rows, 10 features, {n_parameters} parameters: five epochs of adam "
        f"{seconds:.0f} s, predict {predict:.1f} s, test error {error:.4f}, "
        f"peak memory {memory:.2f} GB",
        flush=True,
    )


def solvers():
    """Error against time for 100 000 rows, n = 9."""
    print("100 000 rows, 10 features, n = 9; mean squares at quarters of the training")
    print(
        f"{'solver':<11}{'iterations':>10}{'seconds':>9}{'loss at 1/4':>13}{'1/2':>10}"
        f"{'3/4':>10}{'end':>10}{'test error':>12}{'memory [GB]':>13}"
    )
    for solver, n_iter in ITERATIONS.items():
        model = PMMRegressor(9, solver=solver, max_iter=n_iter)
        _, seconds, curve, error, _, memory = in_own_process(model, 100_000)
        print(
            f"{solver:<11}{n_iter:>10}{seconds:>9.0f}{curve[0]:>13.2e}"
            + "".join(f"{loss:>10.2e}" for loss in curve[1:])
            + f"{error:>12.4f}{memory:>13.2f}",
            flush=True,
        )


def defaults():
    """What the defaults do with 50 000 rows of 20 features, and 10 % of noise."""
    rng = np.random.RandomState(0)
    X = rng.uniform(-1, 1, (60_000, 20))
    exact = np.sin(2 * X[:, 0]) * X[:, 1] + X[:, 2] ** 2 + np.tanh(3 * X[:, 6])
    exact += X[:, 3] * X[:, 4] * X[:, 5]
    y = exact + 0.1 * rng.standard_normal(len(X))
    print("50 000 rows, 20 features, defaults: seconds of CPU, test error")
    for model in (
        PMMRegressor(random_state=0),
        HistGradientBoostingRegressor(random_state=0),
    ):
        with warnings.catch_warnings(), threadpool_limits(1):
            warnings.simplefilter("ignore", ConvergenceWarning)
            start = time.process_time()
            model.fit(X[:50_000], y[:50_000])
            seconds = time.process_time() - start
        miss = model.predict(X[50_000:]) - exact[50_000:]
        error = np.sqrt(np.mean(miss**2))
        print(f"  {type(model).__name__:<30}{seconds:6.1f}{error:8.3f}", flush=True)


TABLES = {"million": million, "solvers": solvers, "defaults": defaults}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tables", nargs="*", help=", ".join(TABLES))
    names = parser.parse_args().tables or list(TABLES)
    unknown = sorted(set(names) - set(TABLES))
    if unknown:
        parser.error(f"no such tables: {', '.join(unknown)}")
    for name in names:
        TABLES[name]()


if __name__ == "__main__":
    main()
