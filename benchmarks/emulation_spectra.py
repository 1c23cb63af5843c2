"""Emulation of spectra: ten couplings, an oscillator, Lipkin, pairing, linear response.

The problems are those of _spectra.py, all real symmetric; the experiments are run by
emulation.py, or alone:

    python benchmarks/emulation_spectra.py                    # all, some minutes
    python benchmarks/emulation_spectra.py couplings pairing  # some
    python benchmarks/emulation_spectra.py slopes_of_couplings slopes_of_oscillator

Beside this package stand published figures, a Gaussian process with a length scale for
each coupling, polynomials, and eigenvector continuation, which knows the Hamiltonian.
Medians and worst figures are those over problems (random couplings, splits) and random
states.  The percentage of test points within intervals of 95 % is a mean over all fits.
"""

import time
import warnings
from functools import partial
from typing import NamedTuple

import _spectra
import numpy as np
from _baselines import GaussianProcess
from _data import MissingData
from _emulation import N_STATES, Row, fit_quietly, published, run, show
from _gradient_process import GradientProcess
from _published import RESPONSE_EXTRAPOLATION, RESPONSE_LEARNING, RESPONSE_SIZES
from scipy.stats import norm
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from pmm_sklearn import EigenvectorContinuation, PMMEmulator, PMMRegressor
from pmm_sklearn.targets import Level

N_PROBLEMS = 5
RESPONSE_TRAINING = (22, 56)


class Prediction(NamedTuple):
    """What a fitted method says of the test points, of shape (n_test, n_columns)."""

    mean: np.ndarray
    std: np.ndarray | None = None
    parameters: int | None = None
    seconds: float | None = None


def emulator(problem, state, with_errors=False, **settings):
    """An emulator of real symmetric matrices, else with default settings."""
    settings = {"matrix_type": "symmetric", **settings}
    model = PMMEmulator(targets=problem.targets, random_state=state, **settings)
    errors = {"y_err": problem.y_err} if with_errors else {}
    seconds = fit_quietly(model, problem.X_train, problem.y_train, **errors)
    with warnings.catch_warnings():
        # Error bars of a model that goes through all its data.
        warnings.simplefilter("ignore", UserWarning)
        mean, std = model.predict(problem.X_test, return_std=True)
    n_columns = problem.y_test.shape[1]  # without the slopes
    mean, std = mean[:, :n_columns], std[:, :n_columns]
    return Prediction(mean, std, model.n_parameters_, seconds)


def gaussian_process(problem, with_errors=False):
    """One for each target, with learned noise, next to none for exact data."""
    predictions, seconds = [], 0.0
    for k, column in enumerate(problem.y_train.T):
        model = GaussianProcess(np.inf, (1e-10, 10.0), 0, n_restarts=2)
        if with_errors:
            model = _process_with(errors_of(problem)[:, k], column)
        seconds += fit_quietly(model, problem.X_train, column)
        predictions.append(model.predict(problem.X_test, return_std=True))
    mean, std = (np.column_stack(part) for part in zip(*predictions, strict=True))
    return Prediction(mean, std, seconds=seconds)


def _process_with(errors, y):
    """A Gaussian process with a length scale for each coupling and known errors."""
    kernel = ConstantKernel(1.0, (1e-3, 1e6)) * RBF(np.ones(10), (0.1, 1e3))
    return GaussianProcessRegressor(
        kernel,
        alpha=(errors / y.std()) ** 2,
        normalize_y=True,
        n_restarts_optimizer=2,
        random_state=0,
    )


def errors_of(problem):
    """Known errors of all training data, (n_train, n_columns)."""
    return np.broadcast_to(problem.y_err, problem.y_train.shape)


def regressors(problem):
    """One for each target, with known errors."""
    predictions, seconds, number = [], 0.0, 0
    for column, errors in zip(problem.y_train.T, errors_of(problem).T, strict=True):
        model = PMMRegressor(random_state=0)
        seconds += fit_quietly(model, problem.X_train, column, y_err=errors)
        predictions.append(model.predict(problem.X_test, return_std=True))
        number += model.n_parameters_
    mean, std = (np.column_stack(part) for part in zip(*predictions, strict=True))
    return Prediction(mean, std, number, seconds)


def gradient_process(problem):
    """One for each level, with its slopes; nothing for other targets."""
    n_columns, n_features = problem.y_test.shape[1], problem.X_train.shape[1]
    mean, seconds, first = np.full(problem.y_test.shape, np.nan), 0.0, n_columns
    for k, target in enumerate(problem.targets[:n_columns]):
        if isinstance(target, Level):
            slopes = problem.y_train[:, first : first + n_features]
            first += n_features
            model, y = GradientProcess(), problem.y_train[:, k]
            start = time.perf_counter()
            mean[:, k] = model.fit(problem.X_train, y, slopes).predict(problem.X_test)
            seconds += time.perf_counter() - start
    return Prediction(mean, seconds=seconds)


def polynomial(problem, degree):
    model = make_pipeline(
        StandardScaler(), PolynomialFeatures(degree), LinearRegression()
    )
    seconds = fit_quietly(model, problem.X_train, problem.y_train)
    return Prediction(model.predict(problem.X_test), seconds=seconds)


def continuation(problem):
    """Levels only; the number of parameters is the side of the basis."""
    n_levels = sum(isinstance(target, Level) for target in problem.targets)
    model = EigenvectorContinuation(problem.terms, n_levels=n_levels)
    seconds = fit_quietly(model, problem.X_train, None)
    mean = np.full(problem.y_test.shape, np.nan)
    mean[:, :n_levels] = model.predict(problem.X_test).reshape(-1, n_levels)
    return Prediction(mean, None, model.n_basis_, seconds)


RIVALS = {
    "Gaussian process": gaussian_process,
    "linear regression": partial(polynomial, degree=1),
    "quadratic regression": partial(polynomial, degree=2),
}
KNOWN = {"eigenvector continuation": continuation}
DEFAULTS = {
    "PMM, defaults": partial(emulator, matrix_type="hermitian"),
    "PMM, symmetric": emulator,
}


def sizes(*matrix_sizes):
    """Emulators of given sizes."""
    return {f"PMM, size {n}": partial(emulator, matrix_size=n) for n in matrix_sizes}


def parts(problem):
    """Masks of the test points that are judged apart."""
    if problem.inside is None or not problem.inside.any():
        return [np.ones(len(problem.X_test), dtype=bool)]
    return [problem.inside, problem.outside]


def root_mean_square(problem, mean):
    """Errors of the targets inside, then outside."""
    squares = (mean - problem.y_test) ** 2
    return np.sqrt(np.concatenate([squares[part].mean(0) for part in parts(problem)]))


def absolute(problem, mean):
    """Mean and largest error of all targets, then the mean errors of each."""
    errors = np.abs(mean - problem.y_test)
    return np.array([errors.mean(), errors.max(), *errors.mean(axis=0)])


def relative(problem, mean):
    """Relative errors of the result of linear response."""
    back = _spectra.SCALES[problem.columns[0]][1]
    return np.abs(back(mean) / back(problem.y_test) - 1)


def mean_relative(problem, mean):
    return [relative(problem, mean).mean()]


def median_and_largest_relative(problem, mean):
    errors = relative(problem, mean)
    return [np.median(errors), errors.max()]


def cover(problem, prediction):
    """Percentages within 95 %, of the targets inside, then outside."""
    width = norm.ppf(0.975) * prediction.std
    within = np.abs(prediction.mean - problem.y_test) <= width
    return 100 * np.concatenate([within[part].mean(0) for part in parts(problem)])


def row(name, runs, error_of):
    """Median, worst, cover and seconds of pairs of problem and prediction."""
    errors = np.array([error_of(problem, run.mean) for problem, run in runs])
    last = runs[-1][1]
    covers = [cover(*pair) for pair in runs] if last.std is not None else None
    return Row(
        name,
        np.median(errors, axis=0),
        errors.max(axis=0) if len(runs) > 1 else None,
        last.parameters,
        np.mean([run.seconds for _, run in runs]),
        None if covers is None else np.mean(covers, axis=0),
    )


def compare(problems, emulators, rivals, error_of, n_states=1):
    """A row for each method; those of this package run for several random states."""
    rows = []
    for name, method in emulators.items():
        runs = [
            (problem, method(problem, state))
            for i, problem in enumerate(problems)
            for state in range(i * n_states, (i + 1) * n_states)
        ]
        rows.append(row(name, runs, error_of))
    for name, method in rivals.items():
        runs = [(problem, method(problem)) for problem in problems]
        rows.append(row(name, runs, error_of))
    return rows


def couplings():
    """Sixty calculations of a ground state with ten couplings."""
    for strength in ("weak", "strong"):
        for noise in (False, True):
            problems = [
                _spectra.ten_couplings(strength, noise, seed)
                for seed in range(N_PROBLEMS)
            ]
            emulators = DEFAULTS | sizes(3)
            if noise:
                emulators["PMM, y_err given"] = partial(
                    emulator, with_errors=True, matrix_type="hermitian"
                )
            rows = compare(
                problems, emulators, RIVALS | KNOWN, root_mean_square, n_states=2
            )
            title = f"{problems[0].name}: root mean square error, {N_PROBLEMS} seeds"
            show(title, problems[0].columns, rows)


def known_errors():
    """The same with errors that are known, of one size and of very different ones."""
    methods = {
        "PMMEmulator, without errors": partial(emulator, matrix_type="hermitian"),
        "PMMEmulator, y_err given": partial(
            emulator, matrix_type="hermitian", with_errors=True
        ),
    }
    rivals = {
        "PMMRegressor, y_err given": regressors,
        "Gaussian process, errors given": partial(gaussian_process, with_errors=True),
    }
    for strength in ("weak", "strong"):
        for noise in (True, False):
            problems = [
                _spectra.ten_couplings(strength, noise, seed)
                for seed in range(N_PROBLEMS)
            ]
            if not noise:
                problems = [_spectra.with_errors(p, k) for k, p in enumerate(problems)]
            rows = compare(problems, methods, rivals, root_mean_square)
            title = f"{problems[0].name}: root mean square error, {N_PROBLEMS} seeds"
            show(title, problems[0].columns, rows)


def many_couplings():
    """Sixty calculations of three levels with twenty couplings of rank one."""
    problems = [_spectra.separable_couplings(seed) for seed in range(N_PROBLEMS)]
    ranks = {
        f"PMM, symmetric, rank={rank}": partial(emulator, rank=rank) for rank in (1, 2)
    }
    rows = compare(problems, DEFAULTS | ranks, RIVALS | KNOWN, root_mean_square)
    title = f"{problems[0].name}: root mean square error, {N_PROBLEMS} seeds"
    show(title, problems[0].columns, rows)


def oscillator():
    """Fourteen calculations of three levels with two couplings."""
    problem = _spectra.oscillator()
    columns = [f"{name} {part}" for part in ("in", "out") for name in problem.columns]
    rows = compare(
        [problem],
        DEFAULTS | sizes(4, 5),
        RIVALS | KNOWN,
        root_mean_square,
        N_STATES,
    )
    show(f"{problem.name}: root mean square error", columns, rows)


def lipkin():
    """Lipkin's model of 20 and 200 particles."""
    for n_particles in (20, 200):
        _levels(_spectra.lipkin(n_particles), f"lipkin {n_particles}")


def pairing():
    """Five pairs in ten levels."""
    _levels(_spectra.pairing(), "pairing")


def _levels(problem, experiment):
    rows = [
        *published(experiment),
        *compare([problem], DEFAULTS | sizes(8), RIVALS | KNOWN, absolute, N_STATES),
    ]
    columns = ("mean", "largest", *problem.columns)
    show(f"{problem.name}: absolute error of three levels", columns, rows)


def level_response():
    """Two numbers of nuclei, each as the middle one of five levels."""
    emulators = {
        "PMM, level 2 of 5 x 5": partial(emulator, matrix_size=_spectra.RESPONSE_SIZE)
    }
    try:
        for n in RESPONSE_TRAINING:
            problems = [
                _spectra.response("alphaD", split, n) for split in range(N_PROBLEMS)
            ]
            rows = compare(problems, emulators, RIVALS, mean_relative)
            which = RESPONSE_SIZES.index(n)
            rows += [
                Row(name, values[which]) for name, values in RESPONSE_LEARNING.items()
            ]
            title = f"{problems[0].name}: relative error, {N_PROBLEMS} splits"
            show(title, ("mean",), rows)
        for name, figures in RESPONSE_EXTRAPOLATION.items():
            problem = _spectra.response(name)
            rows = compare(
                [problem], emulators, RIVALS, median_and_largest_relative, N_STATES
            )
            rows += [Row(*published_row) for published_row in figures.items()]
            show(f"{problem.name}: relative error", ("median", "largest"), rows)
    except MissingData as missing:
        print(f"skipped: {missing}")


def slopes_of_couplings():
    """Points that slopes save: the derivatives of E_0 by ten couplings."""
    for strength in ("weak", "strong"):
        problems = [
            _spectra.ten_couplings(strength, seed=seed) for seed in range(N_PROBLEMS)
        ]
        _compare_slopes(problems, problems[0].columns, (60, 15), (15,))


def slopes_of_oscillator():
    """The same of three levels by two couplings."""
    problem = _spectra.oscillator()
    columns = [f"{name} {part}" for part in ("in", "out") for name in problem.columns]
    _compare_slopes([problem], columns, (14, 7), (5, 7), n_states=3)


def _compare_slopes(problems, columns, without, with_slopes, n_states=1):
    """Tables of numbers of points, without and with slopes."""
    rows = []
    for are_known, numbers in ((False, without), (True, with_slopes)):
        known = "with slopes" if are_known else "energies"
        rivals = {"GP": gradient_process if are_known else gaussian_process}
        for n in numbers:
            some = [
                _spectra.first_points(problem, n, are_known) for problem in problems
            ]
            methods = [
                {f"{name}, {n} points, {known}": method}
                for name, method in [("PMM", emulator), *rivals.items()]
            ]
            rows += compare(some, *methods, root_mean_square, n_states)
    title = problems[0].name.split(",")[0:2]
    n_seeds = f", {len(problems)} seeds" if len(problems) > 1 else ""
    show(f"{','.join(title)}: root mean square error{n_seeds}", columns, rows)


SPECTRA = {
    "couplings": couplings,
    "many_couplings": many_couplings,
    "oscillator": oscillator,
    "lipkin": lipkin,
    "pairing": pairing,
    "level_response": level_response,
}

# Not run by emulation.py.
OTHERS = {
    "known_errors": known_errors,
    "slopes_of_couplings": slopes_of_couplings,
    "slopes_of_oscillator": slopes_of_oscillator,
}


if __name__ == "__main__":
    run(SPECTRA | OTHERS, __doc__)
