"""Strength functions of nuclei by linear response: whole curves, and numbers from them.

The dipole strength of 180Yb and the Gamow-Teller strength of 80Ni at a grid of 15 x 15
values of two couplings (../shared/data; arXiv 2510.13989), learned by PMMEmulator with
Strength targets together with the number that is wanted: the polarisability, or the
logarithm of the half-life; this is of the first split, for it takes minutes.  Beside it
are two models of the principal components of the curves, PMMRegressor of all of them
together and a Gaussian process of each, and PMMRegressor from the number alone.

Curves: integral of the squared difference over that of the square, at 50 random points
of the grid from others; median over the points, and over the splits.  Polarisability:
mean relative error, median over the splits.  Half-life: from the 121 points inside a
box to the 104 outside; median and largest relative error.

The number of components was chosen on splits 5 and 6; those of 56 points of Strength on
split 5, but for weights and iterations, which were changed after a look at split 0.

    python benchmarks/strengths.py --parts components dipole --sizes 22 56
"""

import argparse
import time
import warnings
from functools import partial

import numpy as np
from _baselines import GaussianProcess
from _data import MissingData, linear_response, strength_functions
from _options import compile_once, pmm_regressor, positive
from _published import RESPONSE_EXTRAPOLATION, RESPONSE_LEARNING, RESPONSE_SIZES
from _spectra import BOXES, N_RESPONSE_TEST
from scipy.integrate import trapezoid
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from pmm_sklearn import PMMEmulator, PMMRegressor
from pmm_sklearn.targets import Custom, Observable, Strength, Sum

PARTS = ("components", "dipole", "half-life")
SIZES = (22, 56, 124)
# 8 pi / 9 e^2 [MeV fm].
FACTOR = 4.021
N_COMPONENTS = 20
# Every so many energies are learned.
STEP = 4
# What the number counts beside each of them: curves come first, the number after.
WEIGHT_BEFORE, WEIGHT = 1e-3, 30.0
# Energies of 80Ni where there is nearly all strength.
RANGE = -12.0, 16.0
DIPOLE = {
    "matrix_size": 24,
    "matrix_type": "symmetric",
    "alpha": 1e-5,
    "solver": "lm",
    "max_iter": 120,
    "tol": 1e-3,
    "n_init": 1,
    "warm_start": True,
    "random_state": 0,
}
HALF_LIFE = DIPOLE


def polarisability(moment):
    """What the moment of power -1 is in the unit of the data."""
    return FACTOR * moment


def emulator(curve, target, settings):
    """Of a curve and one number."""
    return PMMEmulator(targets=[curve, target], **settings)


def fit(model, X, curves, number, weight):
    """Fit to curves and a number, or go on from an earlier fit; seconds of CPU."""
    start = time.process_time()
    weight = np.append(np.ones(curves.shape[1]), weight)
    model.fit(X, np.column_stack([curves, number]), target_weight=weight)
    return time.process_time() - start


def distances(energies, curves, exact):
    """Integrals of squared differences over those of squares."""
    squares = trapezoid((curves - exact) ** 2, energies)
    return squares / trapezoid(exact**2, energies)


def of_components(curves, predict):
    """Curves from predicted principal components of known ones."""
    mean = curves.mean(axis=0)
    _, _, basis = np.linalg.svd(curves - mean, full_matrices=False)
    basis = basis[:N_COMPONENTS]
    return mean + predict((curves - mean) @ basis.T) @ basis


def by_processes(parts, X, X_test):
    """Principal components by a Gaussian process each."""
    found = [
        GaussianProcess(np.inf, (1e-10, 10.0), 0, n_restarts=2).fit(X, part)
        for part in parts.T
    ]
    return np.column_stack([process.predict(X_test) for process in found])


def by_one_model(parts, X, X_test):
    """All of them by one PMMRegressor, whose matrices they share."""
    model = PMMRegressor(7, n_init=2, n_average=1, random_state=0)
    return model.fit(X, parts).predict(X_test)


def components_split(data, numbers, train, test):
    """Scores of one split: dict by name."""
    X, energies, curves = data
    scores = {}
    for name, predict in (("PMMRegressor", by_one_model), ("GP", by_processes)):
        start = time.process_time()
        found = of_components(
            curves[train], partial(predict, X=X[train], X_test=X[test])
        )
        distance = np.median(distances(energies, found, curves[test]))
        scores[f"curves, components by {name}"] = distance
        scores[f"seconds of CPU, {name}"] = time.process_time() - start
    scalar = pmm_regressor([]).fit(X[train], numbers[train]).predict(X[test])
    scores["number, PMMRegressor"] = np.mean(np.abs(scalar / numbers[test] - 1))
    return scores


def dipole_split(data, numbers, train, test):
    """Scores of one split: dict by name, and seconds of CPU."""
    X, energies, curves = data
    curve = Strength("dipole", energies[::STEP])
    target = Custom(polarisability, of=Sum("dipole", power=-1, above=1.0))
    model = emulator(curve, target, DIPOLE)
    given = X[train], curves[train, ::STEP], numbers[train]
    seconds = fit(model, *given, WEIGHT_BEFORE)
    found = model.strength(X[test], "dipole", energies)
    more_seconds = fit(model, *given, WEIGHT)
    number = model.predict(X[test])[:, -1]
    return {
        "curves, Strength": np.median(distances(energies, found, curves[test])),
        "number, Strength and Sum": np.mean(np.abs(number / numbers[test] - 1)),
        "seconds of CPU, curves": seconds,
        "seconds of CPU, number": more_seconds,
    }


def print_dipole(options, scores_of, n_splits):
    """Curves and polarisability of all sizes."""
    data = strength_functions("Yb180")
    X, numbers = linear_response("alphaD")
    if not np.allclose(X, data[0]):
        raise ValueError("points of the two files differ")
    rows = {}
    for n in options.sizes:
        splits = []
        for split in range(options.first, options.first + n_splits):
            order = np.random.default_rng(split).permutation(len(numbers))
            test, others = order[:N_RESPONSE_TEST], order[N_RESPONSE_TEST:]
            splits.append(scores_of(data, numbers, others[:n], test))
        for name in splits[0]:
            found = [scores[name] for scores in splits]
            rows.setdefault(name, []).append(np.median(found))
    print(f"\n180Yb; training points (splits: {n_splits})")
    print(f"  {'':<34}" + "".join(f"{n:>9}" for n in options.sizes))
    for name, values in rows.items():
        form = ".1f" if "seconds" in name else ".1e"
        cells = "".join(f"{value:>9{form}}" for value in values)
        print(f"  {name:<34}{cells}", flush=True)
    for name, values in RESPONSE_LEARNING.items():
        own = [values[RESPONSE_SIZES.index(n)] for n in options.sizes]
        cells = "".join(f"{value:>9.1e}" for value in own)
        print(f"  number, {name:<26}{cells}")


def print_half_life(options):
    """Half-life outside the box, from curves and numbers inside."""
    X, energies, curves = strength_functions("Ni80")
    points, numbers = linear_response("half_life_Ni80")
    if not np.allclose(X, points):
        raise ValueError("points of the two files differ")
    lowest, highest = BOXES["half_life_Ni80"]
    inside = np.all((lowest <= X) & (highest >= X), axis=1)
    used = np.flatnonzero((energies > RANGE[0]) & (energies < RANGE[1]))[::STEP]
    curve = Strength("GT", energies[used])
    model = emulator(curve, Observable("log10 T"), HALF_LIFE)
    logs = np.log10(numbers)
    given = X[inside], curves[inside][:, used], logs[inside]
    seconds = sum(fit(model, *given, weight) for weight in (WEIGHT_BEFORE, WEIGHT))
    found = {"strength": model.predict(X[~inside])[:, -1]}
    found["PMMRegressor"] = (
        pmm_regressor([]).fit(X[inside], logs[inside]).predict(X[~inside])
    )
    print(
        f"\nhalf-life of 80Ni: {inside.sum()} points inside, {(~inside).sum()} outside"
    )
    print(f"  {'relative error':<26}{'median':>9}{'largest':>9}")
    for name, predicted in found.items():
        errors = np.abs(10.0 ** (predicted - logs[~inside]) - 1)
        print(f"  {name:<26}{np.median(errors):>9.1e}{errors.max():>9.1e}", flush=True)
    for name, (median, largest) in RESPONSE_EXTRAPOLATION["half_life_Ni80"].items():
        print(f"  {name:<26}{median:>9.1e}{largest:>9.1e}")
    print(f"  seconds of CPU: {seconds:.1f}")


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--splits", type=positive, default=3, help="number of them (3)")
    add("--first", type=int, default=0, help="number of the first split (0)")
    add("--sizes", nargs="+", type=int, choices=RESPONSE_SIZES, default=SIZES)
    add("--parts", nargs="+", choices=PARTS, default=PARTS, help="both")
    return parser.parse_args()


def main():
    options = parse_arguments()
    print("Strength:", *(f"\n  {name}: {value}" for name, value in DIPOLE.items()))
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        compile_once([pmm_regressor([])])
        try:
            if "components" in options.parts:
                print_dipole(options, components_split, options.splits)
            if "dipole" in options.parts:
                print_dipole(options, dipole_split, 1)
            if "half-life" in options.parts:
                print_half_life(options)
        except MissingData as missing:
            print(f"skipped: {missing}")


if __name__ == "__main__":
    main()
