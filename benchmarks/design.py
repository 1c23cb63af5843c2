"""Where to compute next: chosen points against random ones, and quick updates.

    python benchmarks/design.py             # all, about ten minutes on one core
    python benchmarks/design.py lfd pairing # some

The criteria of `next_points` were compared on other problems, and with other random
starts on the last of these, Ising; so was the side of the oscillator's matrices.
"""

import copy
import time
import warnings
from functools import partial
from typing import NamedTuple

import _spectra
import numpy as np
from _emulation import fit_quietly, run

from pmm_sklearn import PMMEmulator, datasets
from pmm_sklearn.design import next_points

# Points of the pool of problems with several features.
N_POOL = 500
CRITERIA = "variance", "integrated_variance"
# Points whose data are given to a fitted emulator, one at a time, and calls timed.
N_UPDATES, N_TIMED = 4, 20


class Pool(NamedTuple):
    """A problem whose points can be chosen.

    Attributes
    ----------
    name : str
        Title.
    emulator : PMMEmulator
        With its settings.
    X, y : ndarray
        Candidates and their exact targets.
    X_test, y_test : ndarray
        What the errors are of.
    first, step : int
        Numbers of random points to begin with, and of those chosen at a time.
    numbers : tuple of int
        Of points at which errors are compared.
    n_starts : int
        Number of random starts.
    """

    name: str
    emulator: PMMEmulator
    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    first: int = 4
    step: int = 2
    numbers: tuple = (8,)
    n_starts: int = 5


def symmetric(size, targets=None, **settings):
    return PMMEmulator(size, targets=targets, matrix_type="symmetric", **settings)


def along_a_line(name, emulator, data):
    """Of one feature: all points of the test are candidates."""
    y = data.y_test.reshape(len(data.y_test), -1)
    return Pool(name, emulator, data.X_test, y, data.X_test, y)


def oscillator():
    problem = _spectra.oscillator()
    X = np.random.default_rng(0).uniform(*_spectra.OSCILLATOR_BOX, (N_POOL, 2))
    y, _ = _spectra._lowest(problem.terms, X, 3)
    test = problem.X_test[problem.inside], problem.y_test[problem.inside]
    emulator = symmetric(8, problem.targets)
    name = "oscillator, two couplings"
    return Pool(name, emulator, X, y, *test, 6, 3, (12, 18), n_starts=3)


def ten_couplings():
    problem = _spectra.ten_couplings("weak", n_train=N_POOL)
    data = problem.X_train, problem.y_train, problem.X_test, problem.y_test
    emulator = symmetric(3, problem.targets)
    return Pool(problem.name, emulator, *data, 30, 10, (60,), n_starts=3)


def lfd():
    data = datasets.make_lfd_emulation()
    return along_a_line("random 40 x 40 matrices", symmetric(4, degree=2), data)


def pairing():
    problem = _spectra.pairing()
    return along_a_line("pairing", symmetric(6, problem.targets), problem)


def ising():
    data = datasets.make_transverse_field_ising()
    return along_a_line("transverse-field Ising", symmetric(3), data)


POOLS = oscillator, ten_couplings, lfd, pairing, ising


def largest_error(model, X, y):
    """In units of the spread of each target."""
    errors = np.abs(model.predict(X).reshape(y.shape) - y)
    return np.max(errors / y.std(axis=0))


def error_with(pool, rows):
    fit_quietly(pool.emulator, pool.X[rows], pool.y[rows])
    return largest_error(pool.emulator, pool.X_test, pool.y_test)


def chosen_rows(pool, rows, criterion):
    """First ones, and then some at a time."""
    while len(rows) < pool.numbers[-1]:
        fit_quietly(pool.emulator, pool.X[rows], pool.y[rows])
        rest = np.setdiff1d(np.arange(len(pool.X)), rows)
        X = pool.X[rest]
        chosen = next_points(pool.emulator, X, pool.step, criterion=criterion)
        rows = np.concatenate([rows, rest[chosen]])
    return rows


def even_rows(pool, rows):
    """First ones, and then each as far from all others as can be."""
    X = (pool.X - pool.X.min(axis=0)) / np.ptp(pool.X, axis=0)
    rows = list(rows)
    while len(rows) < pool.numbers[-1]:
        distances = np.linalg.norm(X[:, np.newaxis] - X[rows], axis=2)
        rows.append(int(np.argmax(distances.min(axis=1))))
    return np.array(rows)


def points(make):
    """Points chosen by next_points against random ones."""
    pool, found = make(), {}
    print(
        f"\n{pool.name}: {pool.first} random points, then {pool.step} at a time\n"
        "  largest error, in units of the spread of each target: median of random "
        "starts, and each;\n  in brackets, of how many it is no larger than that of "
        "twice as many random points"
    )
    for state in range(pool.n_starts):
        pool.emulator.set_params(random_state=state)
        order = np.random.RandomState(state).permutation(len(pool.X))
        designs = {"random": order, "even": even_rows(pool, order[: pool.first])}
        for criterion in CRITERIA:
            rows = chosen_rows(pool, order[: pool.first], criterion)
            designs[f"by {criterion}"] = rows
        for number in pool.numbers:
            for name, rows in designs.items():
                key = number, f"{number} {name}"
                found.setdefault(key, []).append(error_with(pool, rows[:number]))
            key = number, f"{2 * number} random"
            found.setdefault(key, []).append(error_with(pool, order[: 2 * number]))
    for (number, name), errors in found.items():
        each = " ".join(f"{error:.1e}" for error in errors)
        rival = np.array(found[number, f"{2 * number} random"])
        wins = np.sum(np.array(errors) <= rival)
        print(f"  {name:<26} {np.median(errors):.1e}   {each}   ({wins})", flush=True)


def problems_of_updates():
    """Name, emulator, data of ten problems, and points that are given afterwards."""
    yield "ten couplings, weak, exact", 3, _spectra.ten_couplings("weak")
    yield "ten couplings, weak, 1 % noise", 3, _spectra.ten_couplings("weak", True)
    yield "ten couplings, strong, 1 % noise", 3, _spectra.ten_couplings("strong", True)
    yield "twenty couplings", 5, _spectra.separable_couplings()
    yield "oscillator, 14 points", 5, _spectra.oscillator()
    yield "Lipkin, N = 20", 5, _spectra.lipkin()
    yield "pairing", 6, _spectra.pairing()
    data = datasets.make_lfd_emulation()
    yield "random 40 x 40 matrices", 4, data
    yield "transverse-field Ising", 3, datasets.make_transverse_field_ising()
    yield "oscillator of either sign", 4, datasets.make_anharmonic_oscillator()


def updates():
    """One more point: `condition_on` against refits."""
    print(
        "\nOne more point: distance of the predictions of condition_on from those of a "
        "refit, in units of its change;\nthe refit is fit(warm_start=True, n_init=1), "
        "and in brackets condition_on until nothing changes (tol=1e-6)"
    )
    for name, size, data in problems_of_updates():
        targets = getattr(data, "targets", None)
        degree = 2 if name.startswith("random") else 1
        model = symmetric(size, targets, degree=degree, random_state=0)
        fit_quietly(model, data.X_train, data.y_train)
        rows = np.random.RandomState(0).permutation(len(data.X_test))[:N_UPDATES]
        found = [distances(model, data, [row]) for row in rows]
        changes, to_refit, to_held = zip(*found, strict=True)
        each = " ".join(
            f"{a:5.2f} ({b:4.2f})" for a, b in zip(to_refit, to_held, strict=True)
        )
        print(
            f"  {name:<33} {model.n_parameters_:3} parameters, change "
            f"{np.median(changes):.0e}, median {np.median(to_refit):.2f}: {each}",
            flush=True,
        )
    for name, size, data in list(problems_of_updates())[3:5]:
        model = symmetric(size, data.targets, random_state=0)
        seconds = fit_quietly(model, data.X_train, data.y_train)
        time_updates(name, model, data, seconds)


def distances(model, data, row):
    """Change by a refit, and how far `condition_on` is from it and from its limit."""
    x, y, points = data.X_test[row], data.y_test[row], data.X_test
    before = model.predict(points)
    y_train = np.concatenate([data.y_train, y])
    refit = copy.deepcopy(model).set_params(warm_start=True, n_init=1)
    fit_quietly(refit, np.vstack([data.X_train, x]), y_train)
    held = copy.deepcopy(model).set_params(tol=1e-6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        after = model.condition_on(x, y).predict(points)
        held = held.condition_on(x, y).predict(points)
    refit = refit.predict(points)
    spread = data.y_test.std(axis=0)
    change, to_refit, change_held, to_held = (
        np.sqrt(np.mean((difference / spread) ** 2))
        for difference in (refit - before, after - refit, held - before, after - held)
    )
    return change, to_refit / change, to_held / change_held


def time_updates(name, model, data, seconds):
    """Of one core, in milliseconds: an update, a refit and a fit."""
    x, y = data.X_test[:1], data.y_test[:1]
    again = copy.deepcopy(model).set_params(warm_start=True, n_init=1)
    X, y_all = np.vstack([data.X_train, x]), np.vstack([data.y_train, y])
    times = []
    for update in (lambda: model.condition_on(x, y), lambda: again.fit(X, y_all)):
        own = []
        for _ in range(N_TIMED):
            start = time.process_time()
            update()
            own.append(time.process_time() - start)
        times.append(1e3 * np.median(own))
    print(
        f"  {name}, {model.n_parameters_} parameters: condition_on {times[0]:.0f} ms, "
        f"refit {times[1]:.0f} ms, fit {1e3 * seconds:.0f} ms (elapsed)",
        flush=True,
    )


EXPERIMENTS = {
    "updates": updates,
    **{make.__name__: partial(points, make) for make in POOLS},
}


if __name__ == "__main__":
    run(EXPERIMENTS, __doc__)
