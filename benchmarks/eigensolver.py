"""Time of eigensystems of many small matrices, and of a model that needs them.

    python benchmarks/eigensolver.py

Needs the extra ``fast``.  All numbers are the least of several repetitions, of both
eigensolvers in turn, with one thread.
"""

import os
import time
from functools import partial

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from pmm_sklearn.model import Objective, RidgePenalty, SquaredError, observable_pmm
from pmm_sklearn.model import eigensolver as choice

SIDES = (3, 5, 7, 9, 12, 15)
N_SAMPLES = 1024
TYPES = {"symmetric": np.float64, "hermitian": np.complex128}


def best_of(*functions, repetitions=30):
    """Least seconds of each function, measured in turn."""
    times = np.empty((repetitions, len(functions)))
    for row in times:
        for i, function in enumerate(functions):
            start = time.perf_counter()
            function()
            row[i] = time.perf_counter() - start
    return times.min(axis=0)


def random_matrices(n, dtype):
    rng = np.random.RandomState(0)
    parts = rng.standard_normal((2, N_SAMPLES, n, n))
    matrices = parts[0] + 1j * parts[1] if dtype is np.complex128 else parts[0]
    return matrices + matrices.conj().swapaxes(1, 2)


def compile_times():
    print("first call in this process (0.0 s if an earlier one compiled)")
    for name, dtype in TYPES.items():
        start = time.perf_counter()
        choice.eigh(np.zeros((1, 2, 2), dtype), "simd")
        print(f"  {name:<10} {time.perf_counter() - start:5.1f} s")


def solvers():
    print("\nmicroseconds per matrix      simd   lapack   ratio")
    for name, dtype in TYPES.items():
        for n in SIDES:
            matrices = random_matrices(n, dtype)
            simd, lapack = best_of(
                partial(choice.eigh, matrices, "simd"),
                partial(choice.eigh, matrices, "lapack"),
            )
            print(
                f"  {name:<10} n = {n:<2} {1e6 * simd / N_SAMPLES:12.2f} "
                f"{1e6 * lapack / N_SAMPLES:8.2f} {simd / lapack:7.2f}"
            )


def models():
    """Value and gradient, over the bare `numpy.linalg.eigh` of the same matrices."""
    print("\nvalue and gradient of a model / bare LAPACK: 2 features, 1 output")
    for name, dtype in TYPES.items():
        for n in (5, 7, 9):
            objective, theta = problem(name, n)
            step, lapack = best_of(
                partial(objective.value_and_gradient, theta),
                partial(np.linalg.eigh, random_matrices(n, dtype)),
            )
            print(f"  {name:<10} n = {n:<2} {step / lapack:6.2f}")


def problem(matrix_type, n):
    rng = np.random.RandomState(0)
    model = observable_pmm(
        2,
        1,
        n_eigenvectors=2,
        readout="transition",
        matrix_type=matrix_type,
        block_sizes=(n,),
    )
    X, y = rng.standard_normal((N_SAMPLES, 2)), rng.standard_normal((N_SAMPLES, 1))
    weight = np.ones((N_SAMPLES, 1))
    objective = Objective(model, SquaredError(), X, y, weight, RidgePenalty(0.1))
    return objective, model.initial(rng)


if __name__ == "__main__":
    compile_times()
    solvers()
    models()
