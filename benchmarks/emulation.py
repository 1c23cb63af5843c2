"""Emulation of quantum systems: the paper's experiments and a course page's.

Each experiment prints this package (median and worst of several random states)
beside published figures, a Gaussian process, a polynomial and eigenvector
continuation, which knows the Hamiltonian.  Nothing is chosen by test errors: the
settings are written here, the start of a fit is chosen by its training loss, sizes
and weights by validation points.

    python benchmarks/emulation.py               # all, about ten minutes on one core
    python benchmarks/emulation.py almg trotter  # some

The last ones, from "couplings" on, are in emulation_spectra.py.
"""

import time

import numpy as np
from _emulation import (
    N_STATES,
    Row,
    baselines,
    fit_quietly,
    measure,
    published,
    run,
    show,
)
from emulation_spectra import SPECTRA
from sklearn.base import clone
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_squared_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

from pmm_sklearn import (
    EigenvectorContinuation,
    PMMEmulator,
    UnitaryPMMEmulator,
    datasets,
)
from pmm_sklearn.inspection import exceptional_points
from pmm_sklearn.targets import Level, Observable

# Of the two parity sectors; chosen by the two validation points.
SECTOR_SIZES = [(3, 3), (4, 3), (4, 4), (5, 4)]
# Overlap penalties (exponent, weight) without sectors; chosen by the same points.
OVERLAP_PENALTIES = [(1, 1e-7), (1, 1e-6), (2, 1e-5)]
# The penalty makes the ground state change evenly over the range of the test.
LFD_MODELS = [
    (
        "PMM 4 x 4, degree 2, overlap penalty",
        PMMEmulator(
            4,
            matrix_type="symmetric",
            degree=2,
            alpha=1e-12,
            smoothness=1e-3,
            smoothness_exponent=2,
            paths=[np.linspace(-3, 3, 61)[:, np.newaxis]],
        ),
    ),
    (
        "PMM 4 x 4, degree 2, defaults",
        PMMEmulator(4, matrix_type="symmetric", degree=2),
    ),
    (
        "PMM 4 x 4, degree 2, mean of 16",
        PMMEmulator(4, matrix_type="symmetric", degree=2, n_init=16, n_average=16),
    ),
]


def validation_error(model, data):
    """Squared error at the validation points, targets in units of their spread."""
    residual = model.predict(data.X_validation) - data.y_validation
    return np.sum((residual / data.y_train.std(axis=0)) ** 2)


class BestOnValidation:
    """The one of several emulators that is best at the validation points."""

    def __init__(self, candidates, data):
        self.candidates = candidates
        self.data = data

    def set_params(self, random_state):
        for candidate in self.candidates:
            candidate.set_params(random_state=random_state)
        return self

    def fit(self, X, y):
        for candidate in self.candidates:
            candidate.fit(X, y)
        self.best_ = min(
            self.candidates, key=lambda model: validation_error(model, self.data)
        )
        self.n_parameters_ = self.best_.n_parameters_
        return self

    def predict(self, X):
        return self.best_.predict(X)


def almg():
    """Second-order quantum phase transition, with a withheld window around it."""
    data = datasets.make_almg()

    def error_of(predict):
        return np.abs(predict(data.X_test) - data.y_test)[data.withheld].mean(axis=0)

    sectors = [Level(0, sector=0), Level(0, sector=1), Observable("n", sector=0)]
    levels = [Level(0), Level(1), Observable("n")]
    structured = [
        PMMEmulator(size, targets=sectors, matrix_type="symmetric")
        for size in SECTOR_SIZES
    ]
    path = np.linspace(0, 1, 50)[:, np.newaxis]
    general = [
        PMMEmulator(
            9,
            targets=levels,
            smoothness=weight,
            smoothness_exponent=exponent,
            paths=[path],
            alpha=1e-9,
        )
        for exponent, weight in OVERLAP_PENALTIES
    ]
    rows = published("almg")
    automatic = PMMEmulator(targets=sectors, matrix_type="symmetric")
    rows.append(measure("PMM, two sectors, defaults", automatic, data, error_of))
    for model in structured:
        name = f"PMM, parity sectors {model.matrix_size}"
        rows.append(measure(name, model, data, error_of))
    for name, candidates in (
        ("PMM, sectors chosen by validation", structured),
        ("PMM, no structure, overlap penalty", general),
    ):
        chosen = BestOnValidation(candidates, data)
        rows.append(measure(name, chosen, data, error_of))
    rows += [*baselines(data, error_of), almg_continuation(data)]
    title = "ALMG, N = 1000: mean absolute error in the withheld window .1 < xi < .3"
    show(title, ("E0/N", "E1/N", "n/N"), rows)
    almg_complex(data, structured[1])


def almg_continuation(data):
    """Eigenvector continuation, which knows the matrices of side 1001."""
    model = EigenvectorContinuation(data.terms, n_levels=2)
    seconds = fit_quietly(model, data.X_train, None)
    energies = model.predict(data.X_test) / 1000
    error = np.abs(energies - data.y_test[:, :2])[data.withheld].mean(axis=0)
    return Row("eigenvector continuation", error, seconds=seconds)


def almg_complex(data, structured):
    """Ground energy continued from the real axis to complex couplings."""
    real = np.linspace(0, 1, 21)
    real = real[np.abs(real - 0.2) >= 0.1 - 1e-12]
    imaginary = np.linspace(0, 0.3, 13)
    grid = real[:, np.newaxis] + 1j * imaginary
    exact = datasets.almg_ground_energy(grid)
    errors = []
    for state in range(N_STATES):
        model = clone(structured).set_params(random_state=state)
        fit_quietly(model, data.X_train, data.y_train)
        followed = [
            model.continue_along(column[:, np.newaxis])[:, 0] for column in grid
        ]
        errors.append(np.abs(followed - exact).max())
    row = Row(
        f"PMM, parity sectors {structured.matrix_size}",
        np.median(errors),
        [np.max(errors)],
    )
    title = "ALMG, complex xi: largest error of E0/N, |Im xi| <= .3, |Re xi - .2| >= .1"
    show(title, ("E0/N",), [row])


def trotter():
    """Energies at finite Trotter steps, extrapolated to no step."""
    data = datasets.make_heisenberg_dm_trotter()

    def error_of(predict):
        return np.abs(predict(data.X_test) / data.y_test - 1)[0]

    rows = [
        *published("trotter"),
        measure("PMM 9 x 9, 5 factors, defaults", UnitaryPMMEmulator(), data, error_of),
        *baselines(data, error_of),
    ]
    for degree in (2, 3):
        model = make_pipeline(PolynomialFeatures(degree), LinearRegression())
        model.fit(data.X_train, data.y_train)
        rows.append(Row(f"polynomial of degree {degree}", error_of(model.predict)))
    title = "Heisenberg-DM chain: relative error in the limit of no Trotter step"
    show(title, ("E0", "E1", "E2"), rows)


def spins():
    """Non-interacting spins: one 2 x 2 matrix is exact for any number of them."""
    for n_spins in (2, 8, 64, 256):
        data = datasets.make_noninteracting_spins(n_spins)

        def error_of(predict, data=data):
            return np.abs(predict(data.X_test) - data.y_test).max()

        model = EigenvectorContinuation(data.terms)
        seconds = fit_quietly(model, data.X_train, None)
        rows = [
            *published("spins"),
            measure("PMM 2 x 2, defaults", PMMEmulator(2), data, error_of),
            *baselines(data, error_of),
            Row("eigenvector continuation", error_of(model.predict), seconds=seconds),
        ]
        show(f"{n_spins} spins: largest error for c in [-2, 2]", ("E0/N",), rows)


def lfd():
    """Lowest level of random 40 x 40 matrices from nine points."""
    data = datasets.make_lfd_emulation()

    def error_of(predict):
        return [
            np.sqrt(mean_squared_error(data.y_test[part], predict(data.X_test[part])))
            for part in (data.test_interpolation, data.test_extrapolation)
        ]

    continuation = EigenvectorContinuation(data.terms)
    seconds = fit_quietly(continuation, data.features(data.X_train), None)
    rows = [
        *published("lfd"),
        *(measure(name, model, data, error_of) for name, model in LFD_MODELS),
        *baselines(data, error_of),
        Row(
            "eigenvector continuation",
            error_of(lambda X: continuation.predict(data.features(X))),
            seconds=seconds,
        ),
    ]
    title = "Random 40 x 40 matrices, 9 points: root mean square error"
    show(title, ("|x| < 2", "|x| > 2"), rows)


def others():
    """Further Hamiltonians of the paper's drafts, with default settings."""
    for name, data, size in (
        ("transverse-field Ising", datasets.make_transverse_field_ising(), "auto"),
        ("LMG, 5 levels", datasets.make_lmg(), 15),
        ("anharmonic oscillator", datasets.make_anharmonic_oscillator(), "auto"),
    ):

        def error_of(predict, data=data):
            return np.sqrt(np.mean((predict(data.X_test) - data.y_test) ** 2))

        pmm = PMMEmulator(size, matrix_type="symmetric")
        rows = [
            measure(f"PMM, size {size}, real symmetric", pmm, data, error_of),
            *baselines(data, error_of),
        ]
        show(f"{name}: root mean square error", ("energies",), rows)


def points():
    """Exceptional points of random pencils."""
    print("\nExceptional points of 20 random pencils, A + x B")
    for n in range(2, 9):
        counts, residuals = set(), []
        start = time.perf_counter()
        for seed in range(20):
            parts = np.random.RandomState(seed).standard_normal((2, 2, n, n))
            A, B = parts[0] + 1j * parts[1] * (seed % 2)
            found = exceptional_points(A + A.conj().T, B + B.conj().T)
            counts.add(len(found.x))
            residuals.append(found.residual.max())
        seconds = (time.perf_counter() - start) / 20
        print(
            f"  n = {n}: {sorted(counts)} of {n * (n - 1)} found, largest residual "
            f"{max(residuals):.1e}, {seconds:.3f} s"
        )


EXPERIMENTS = {
    "almg": almg,
    "trotter": trotter,
    "spins": spins,
    "lfd": lfd,
    "points": points,
    "others": others,
    **SPECTRA,
}


if __name__ == "__main__":
    run(EXPERIMENTS, __doc__)
