"""Time of a pass over the samples, as ratios to bare batched eigensolutions.

"eigh" is ``numpy.linalg.eigh`` of the primary matrices alone, measured in turn with
what is compared with it, on one BLAS thread.  "predict" is the model's prediction,
"gradient" value and gradient of the training loss, "Jacobian" its residuals and
Jacobian, accumulated to normal equations, whose matrix product is given apart.

    python benchmarks/speed.py                 # all tables, about 5 minutes
    python benchmarks/speed.py ratios threads  # some of them
    python benchmarks/speed.py --json speed.json
    python benchmarks/speed.py --eigensolver lapack  # without the extra "fast"
"""

import argparse
import itertools
import json
import time
import tracemalloc
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from pmm_sklearn import PMMRegressor
from pmm_sklearn import model as m
from pmm_sklearn._threads import ThreadMap
from pmm_sklearn.datasets import TEST_FUNCTIONS, make_test_function
from pmm_sklearn.model.eigensolver import EIGENSOLVERS

REPEATS = 5
# Largest number of parameters and outputs for which the Jacobian is measured.
LARGEST_JACOBIAN = 2500
EIGENSOLVER = "auto"
POINTS = itertools.count(1)


def make_objective(n, r=3, p=2, q=1, N=10_000, readout="expectation", kind="hermitian"):
    """Objective on random data, and parameters."""
    rng = np.random.RandomState(0)
    structure = {"readout": readout, "matrix_type": kind, "eigensolver": EIGENSOLVER}
    model = m.observable_pmm(p, q, (n,), r, **structure)
    X, y = rng.uniform(-1, 1, (N, p)), rng.standard_normal((N, q))
    objective = m.Objective(
        model, m.SquaredError(), X, y, np.ones((N, 1)), m.RidgePenalty(1e-3)
    )
    return objective, model.initial(rng)


def seconds(*functions):
    """Least time of each function, all called in turn."""
    least = np.full(len(functions), np.inf)
    for _ in range(REPEATS):
        for i, function in enumerate(functions):
            start = time.perf_counter()
            function()
            least[i] = min(least[i], time.perf_counter() - start)
    return least


def eigh_of(objective, theta):
    """Function that computes the bare eigensystems of an objective."""
    model = objective.model
    matrices = model.split(theta).matrices
    assembled, _ = model.primary.forward(matrices, model.inputs(objective.X))
    return lambda: np.linalg.eigh(assembled)


def passes(objective, theta):
    """Times of eigh, predict, gradient and Jacobian, the last None where large."""
    model = objective.model
    parameters = model.split(theta)
    functions = [
        eigh_of(objective, theta),
        lambda: model.predict(parameters, objective.X),
        at_new_points(objective.value_and_gradient, theta),
    ]
    if model.n_parameters * model.n_outputs <= LARGEST_JACOBIAN:
        functions.append(at_new_points(objective.quadratic_model, theta))
    return seconds(*functions)


def at_new_points(function, theta):
    """The function near ``theta``: a pass is remembered for the last point."""
    return lambda: function(theta * (1.0 + 1e-6 * next(POINTS)))


def product_seconds(objective):
    """Time of the product of the Jacobian with itself, which is BLAS alone."""
    model = objective.model
    jacobian = np.random.RandomState(0).standard_normal((512, model.n_parameters))
    (least,) = seconds(lambda: jacobian.T @ jacobian)
    return least * objective.n_samples * model.n_outputs / 512


def ratios():
    """Passes for several sizes, readouts and numbers of outputs."""
    print("ratios to bare eigh, one thread, r = 3, p = 2, N = 10000")
    print(
        f"{'matrices':<10}{'readout':<12}{'n':>3}{'q':>4}{'eigh [us]':>11}"
        f"{'predict':>9}{'gradient':>10}{'Jacobian':>10}{'J^T J':>7}"
    )
    rows = []
    for kind in ("hermitian", "symmetric"):
        for readout in ("expectation", "transition"):
            for n in (5, 7, 9, 15, 32):
                for q in (1, 10):
                    rows.append(ratio_row(kind, readout, n, q))
    return rows


def ratio_row(kind, readout, n, q):
    N = 10_000 if n < 20 else 1000
    case = {"kind": kind, "readout": readout, "n": n, "q": q, "N": N}
    objective, theta = make_objective(**case)
    eigh, *times = passes(objective, theta)
    row = {**case, "eigh": eigh / N, "predict": times[0] / eigh}
    row["gradient"] = times[1] / eigh
    line = (
        f"{kind:<10}{readout:<12}{n:>3}{q:>4}{1e6 * eigh / N:>11.2f}"
        f"{row['predict']:>9.2f}{row['gradient']:>10.2f}"
    )
    if len(times) > 2:
        row["product"] = product_seconds(objective) / eigh
        row["jacobian"] = times[2] / eigh - row["product"]
        line += f"{row['jacobian']:>10.2f}{row['product']:>7.2f}"
    print(line, flush=True)
    return row


SCALING = {
    "N": [100, 1000, 10_000, 100_000, 1_000_000],
    "n": [3, 5, 7, 9, 15, 24, 32],
    "p": [1, 2, 10, 100],
    "r": [1, 2, 3, 5, 7],
    "q": [1, 3, 10, 30, 100],
}


def scaling():
    """Microseconds per sample as one size grows, beside the parameters."""
    print(
        "microseconds per sample as one of n = 7, r = 3, p = 2, q = 1, N = 2000 grows"
    )
    print(f"{'':<8}{'parameters':>11}{'eigh':>9}{'predict':>9}{'gradient':>10}")
    rows = []
    for name, values in SCALING.items():
        for value in values:
            case = {"n": 7, "N": 2000, "readout": "transition", name: value}
            objective, theta = make_objective(**case)
            eigh, predict, gradient, *_ = (
                1e6 * passes(objective, theta) / objective.n_samples
            )
            row = {**case, "parameters": len(theta), "eigh": eigh, "predict": predict}
            rows.append({**row, "gradient": gradient})
            print(
                f"{name} = {value:,}".ljust(13)
                + f"{len(theta):>6}{eigh:>9.2f}{predict:>9.2f}{gradient:>10.2f}",
                flush=True,
            )
    return rows


def threads():
    """One against two threads, for many samples and for few."""
    print("time with one thread / time with two")
    print(f"{'n':>3}{'N':>9}{'predict':>9}{'gradient':>10}{'Jacobian':>10}")
    rows = []
    for n, N in ((7, 200), (7, 2000), (7, 10_000), (7, 100_000), (15, 10_000)):
        objective, theta = make_objective(n, N=N)
        model = objective.model
        parameters = model.split(theta)

        def functions(
            n_jobs, objective=objective, model=model, theta=theta, parameters=parameters
        ):
            threads = ThreadMap(n_jobs)

            def with_threads(function):
                function = at_new_points(function, theta)

                def call():
                    objective.threads = threads
                    function()

                return call

            return [
                lambda: model.predict(parameters, objective.X, threads),
                with_threads(objective.value_and_gradient),
                with_threads(objective.quadratic_model),
            ]

        times = seconds(*functions(1), *functions(2))
        gains = times[:3] / times[3:]
        rows.append({"n": n, "N": N, "gains": list(gains)})
        print(f"{n:>3}{N:>9}{gains[0]:>9.2f}{gains[1]:>10.2f}{gains[2]:>10.2f}")
    return rows


def fits():
    """Fits of the regression suite, by the settings of the speed goal."""
    print("fits of 200 samples, n = 7, r = 3, 400 iterations, 4 starts, one core")
    rows = []
    for name in TEST_FUNCTIONS:
        data = make_test_function(name, random_state=0)
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            PMMRegressor(tol=0.0, eigensolver=EIGENSOLVER, random_state=0).fit(
                data.data, data.target
            )
        rows.append({"function": name, "seconds": time.perf_counter() - start})
        print(f"{name:<16}{rows[-1]['seconds']:>8.2f} s", flush=True)
    print(f"{'median':<16}{np.median([row['seconds'] for row in rows]):>8.2f} s")
    return rows


def memory():
    """Peak of the arrays of one pass, beside those of the data."""
    print("peak memory of a pass [MB], n = 9, r = 3, p = 10")
    print(f"{'N':>9}{'data':>8}{'predict':>9}{'gradient':>10}{'Jacobian':>10}")
    rows = []
    for N in (10_000, 100_000):
        objective, theta = make_objective(9, p=10, N=N)
        model, parameters = objective.model, objective.model.split(theta)
        peaks = []
        for function in (
            lambda: model.predict(parameters, objective.X),  # noqa: B023
            lambda: objective.value_and_gradient(theta),  # noqa: B023
            lambda: objective.quadratic_model(theta),  # noqa: B023
        ):
            tracemalloc.start()
            function()
            peaks.append(tracemalloc.get_traced_memory()[1] / 2**20)
            tracemalloc.stop()
        data = (objective.X.nbytes + objective.y.nbytes) / 2**20
        rows.append({"N": N, "data": data, "peaks": peaks})
        print(f"{N:>9}{data:>8.1f}{peaks[0]:>9.1f}{peaks[1]:>10.1f}{peaks[2]:>10.1f}")
    return rows


TABLES = {t.__name__: t for t in (ratios, scaling, threads, fits, memory)}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tables", nargs="*", help=", ".join(TABLES))
    parser.add_argument("--json", help="file to which all numbers are written")
    parser.add_argument("--eigensolver", default="auto", choices=EIGENSOLVERS)
    arguments = parser.parse_args()
    global EIGENSOLVER
    EIGENSOLVER = arguments.eigensolver
    names = arguments.tables or list(TABLES)
    unknown = sorted(set(names) - set(TABLES))
    if unknown:
        parser.error(f"no such tables: {', '.join(unknown)}")
    results = {}
    with threadpool_limits(1):
        for name in names:
            results[name] = TABLES[name]()
            print(flush=True)
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump(results, file, indent=1)


if __name__ == "__main__":
    main()
