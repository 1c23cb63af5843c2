"""Small fits of every kind, whose numbers were written to a file once.

``python -m tests.golden_master`` compares what they are now with the file, number by
number; with ``--write`` it writes them.  Write them only with a commit that says which
entries change, and why.
"""

import argparse
import io
import pickle
import warnings
from pathlib import Path

import numpy as np

from pmm_sklearn import (
    PMMClassifier,
    PMMEmulator,
    PMMImageClassifier,
    PMMRegressor,
    UnitaryPMMEmulator,
)
from pmm_sklearn.inspection import feature_influence, level_contributions
from pmm_sklearn.targets import Gap, Level, Observable, Transition

FILE = Path(__file__).with_name("golden_master.npz")
# Few iterations, so that rounding errors do not grow; by evidence, where derivatives
# are partly differences, even fewer.
SHORT = {"max_iter": 6, "n_init": 2, "random_state": 0, "eigensolver": "lapack"}
FITTED = (
    *("alpha_", "alphas_", "alpha_losses_", "loss_", "loss_curve_", "start_losses_"),
    *("validation_loss_curve_", "n_iter_", "n_parameters_", "member_weights_"),
    *("matrices_", "observables_", "intercept_"),
    *("row_maps_", "column_maps_", "projections_", "offsets_"),
)


def attributes(estimator):
    """Numbers that a fit has left."""
    known = {name: getattr(estimator, name, None) for name in FITTED}
    return {name: value for name, value in known.items() if value is not None}


def table(n_samples=40, n_features=2, noise=0.0, seed=0):
    """Features in odd units and one target."""
    rng = np.random.RandomState(seed)
    X = rng.uniform(-1, 1, size=(n_samples, n_features))
    y = np.sin(2 * X[:, 0]) + X[:, -1] ** 2
    return 3 + 10 * X, y + noise * rng.standard_normal(n_samples)


def regression(X, y, sample_weight=None, **parameters):
    """A regressor with everything that it tells."""
    model = PMMRegressor(
        **{"matrix_size": 4, "n_eigenvectors": 2, **SHORT, **parameters}
    )
    model.fit(X, y, sample_weight=sample_weight)
    mean, std = model.predict(X[:9], return_std=True)
    value, gradient = model.as_function(gradient=True)(X[0])
    return attributes(model) | {
        "mean": mean,
        "std": std,
        "cov": model.predict(X[:5], return_cov=True)[1],
        "draws": model.sample_y(X[:5], 3),
        "gradient": model.predict_gradient(X[:9]),
        "function": value,
        "function_gradient": gradient,
        "contributions": level_contributions(model, X[:9]).values,
        "pickled": pickle.loads(pickle.dumps(model)).predict(X[:9]),
    }


def classification(X, y, sample_weight=None, **parameters):
    """A classifier with everything that it tells."""
    model = PMMClassifier(**{"matrix_size": 4, **SHORT, **parameters})
    model.fit(X, y, sample_weight=sample_weight)
    return attributes(model) | {
        "logits": model.decision_function(X[:9]),
        "probabilities": model.predict_proba(X[:9]),
        "gradient": model.decision_function_gradient(X[:9]),
        "function": model.as_function()(X[:9]),
        "pickled": pickle.loads(pickle.dumps(model)).decision_function(X[:9]),
    }


def emulation(X, y, size=3, kind=PMMEmulator, fit_parameters=None, **parameters):
    """An emulator with everything that it tells."""
    model = kind(size, **{**SHORT, **parameters})
    model.fit(X, y, **(fit_parameters or {}))
    mean, std = model.predict(X, return_std=True)
    numbers = attributes(model) | {
        "mean": mean,
        "std": std,
        "draws": model.sample_y(X, 2),
        "eigenvalues": model.eigenvalues(X),
        "function": model.as_function()(X[0]),
    }
    if kind is PMMEmulator:
        numbers["gradient"] = model.predict_gradient(X)
        numbers["hamiltonian"] = model.hamiltonian(X)
        numbers["complex"] = model.eigenvalues(X + 0.1j)
        numbers["influence"] = feature_influence(model, X).levels
        file = io.BytesIO()
        model.to_npz(file)
        file.seek(0)
        numbers["from_npz"] = PMMEmulator.from_npz(file).predict(X)
    return numbers


def batches(model, X, y, **parameters):
    """What three calls of partial_fit leave."""
    for rows in np.array_split(np.arange(len(X)), 3):
        model.partial_fit(X[rows], y[rows], **parameters)
    return attributes(model)


def twice(model, X, y):
    """Cold, then from the fitted matrices."""
    cold = attributes(model.fit(X, y))
    warm = attributes(model.fit(X, y + 0.01 * X[:, 0]))
    return cold | {f"warm_{name}": value for name, value in warm.items()}


def images(n_samples=40, is_complex=False):
    """Two kinds of stripes, with noise."""
    rng = np.random.RandomState(0)
    labels = np.arange(n_samples) % 3
    pattern = np.cos(
        np.arange(6)[:, np.newaxis] * (1 + labels[:, np.newaxis, np.newaxis])
    )
    pixels = pattern + 0.3 * rng.standard_normal((n_samples, 6, 6))
    if is_complex:
        pixels = pixels + 0.3j * rng.standard_normal(pixels.shape)
    return pixels, labels


IMAGES = {"window_shape": 4, "stride": 2, "latent_size": 4, "matrix_size": 3}
IMAGES |= {"n_eigenvectors": 2, "batch_size": 16, "random_state": 0}
IMAGES |= {"eigensolver": "lapack"}


def image_classification(pixels, labels, **parameters):
    """A classifier of images."""
    model = PMMImageClassifier(**{**IMAGES, "max_iter": 4, **parameters})
    model.fit(pixels, labels)
    return attributes(model) | {"logits": model.decision_function(pixels[:9])}


def regressors():
    """Regressors, by what is special about them."""
    X, y = table()
    noisy = table(noise=0.5, seed=1)
    both = np.stack([y, X[:, 0] ** 2], axis=1)
    weight = 1.0 + np.arange(len(X)) % 3
    return {
        "default": lambda: regression(*table(n_samples=160, noise=0.03), max_iter=2),
        "transition": lambda: regression(X, y, readout="transition", alpha=1e-3),
        "sectors": lambda: regression(
            X, y, matrix_size=(2, 3), matrix_type="symmetric", which="LA", alpha=1e-2
        ),
        "largest magnitude": lambda: regression(X, y, which="LM", alpha=0.1),
        "low rank": lambda: regression(X, y, rank=(2, 1), alpha=0.01),
        "low rank, transition": lambda: regression(
            X, y, rank=2, readout="transition", matrix_type="symmetric", alpha=0.01
        ),
        "noise, average, weights": lambda: regression(
            *noisy, sample_weight=weight, n_init=4, n_average=2, max_iter=3
        ),
        "several outputs": lambda: regression(X, both, alpha=1e-4, n_average=2),
        "many parameters": lambda: regression(X, both, matrix_size=6, max_iter=3),
        "lbfgs": lambda: regression(X, y, solver="lbfgs"),
        "newton-cg": lambda: regression(
            X, y, solver="newton-cg", alpha=1e-3, max_iter=3
        ),
        "adam": lambda: regression(X, y, solver="adam", batch_size=16),
        "early stopping": lambda: regression(X, y, early_stopping=True),
        "partial_fit": lambda: batches(
            PMMRegressor(3, 2, batch_size=8, random_state=0, eigensolver="lapack"), X, y
        ),
        "warm start": lambda: twice(
            PMMRegressor(3, 2, warm_start=True, **{**SHORT, "max_iter": 2}), *noisy
        ),
        "constant column": lambda: regression(
            np.column_stack([X, np.full(len(X), 7.0)]), y, alpha=1e-3
        ),
    }


def classifiers():
    """Classifiers of tables and of images."""
    X, y = table(60, 3)
    two, three = y > 0.5, np.digitize(y, [0.2, 0.8])
    weight = 1.0 + np.arange(len(X)) % 2
    pixels, labels = images()
    return {
        "two classes": lambda: classification(X, two),
        "three classes": lambda: classification(
            X, three, weight, readout="transition", alpha=0.5, class_weight="balanced"
        ),
        "average": lambda: classification(X, three, n_init=3, n_average=2),
        "low rank classes": lambda: classification(
            X, three, rank=1, solver="adam", batch_size=16, matrix_type="symmetric"
        ),
        "partial_fit of classes": lambda: batches(
            PMMClassifier(3, 1, batch_size=8, random_state=0, eigensolver="lapack"),
            *(X, three),
            classes=[0, 1, 2],
        ),
        "images": lambda: image_classification(
            pixels, labels, early_stopping=True, validation_fraction=0.3
        ),
        "complex images": lambda: image_classification(
            *images(is_complex=True), matrix_type="hermitian", gauge_rotations=True
        ),
        "partial_fit of images": lambda: batches(
            PMMImageClassifier(**IMAGES), pixels, labels, classes=[0, 1, 2]
        ),
    }


def emulators():
    """Emulators, by what is known of the problem."""
    x = np.linspace(-1, 1, 9)[:, np.newaxis]
    levels = np.hypot(0.5, x) * [-1, 1] + 0.1 * x
    plane = np.random.RandomState(0).uniform(-1, 1, size=(12, 2))
    targets = [Level(0), Gap(0, 1), Observable("n"), Transition("n", 0, 1)]
    y = np.stack([-np.hypot(1, plane[:, 0]), *plane.T, plane[:, 0] ** 2], axis=1)
    y[3, 1] = np.nan
    swap = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    fixed = {0: np.diag([1.0, 1.0, -2.0])}
    times = np.array([-0.5, -0.4, -0.3, 0.3, 0.4, 0.5])[:, np.newaxis]
    return {
        "levels": lambda: emulation(x, levels),
        "targets": lambda: emulation(
            *(plane, y), 4, targets=targets, fit_parameters={"y_err": 0.1 + 0 * y}
        ),
        "sectors of an emulator": lambda: emulation(
            *(x, levels), (2, 1), smoothness=0.1, matrix_type="symmetric", alpha=1e-6
        ),
        "commutator": lambda: emulation(x, levels, commutator=0.3),
        "symmetries": lambda: emulation(
            *(x, levels[:, 0]), commutes_with=swap, fixed=fixed, degree=2
        ),
        "parity": lambda: emulation(
            *(x, np.hypot(0.5, x[:, 0])),
            parity=np.diag([1.0, 1.0, -1.0]),
            solver="lbfgs",
        ),
        "time steps": lambda: emulation(
            *(times, -1.4 + 0.1 * times[:, 0] ** 2), 3, UnitaryPMMEmulator, n_factors=3
        ),
    }


CASES = regressors() | classifiers() | emulators()


def numbers(case):
    """Arrays by name, of a case by name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {name: np.asarray(value) for name, value in CASES[case]().items()}


def expected(case):
    """The same from the file."""
    with np.load(FILE) as file:
        names = [name for name in file if name.startswith(f"{case}/")]
        return {name.partition("/")[2]: file[name] for name in names}


def deviation(new, old):
    """Largest difference, relative to the largest element."""
    if new.shape != old.shape:
        return np.inf
    size = np.abs(old).max(initial=0.0) or 1.0
    return float(np.abs(new - old).max(initial=0.0) / size)


def main():
    """Write the file, or say which numbers are not those of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the file anew")
    if parser.parse_args().write:
        arrays = {
            f"{case}/{name}": array
            for case in CASES
            for name, array in numbers(case).items()
        }
        np.savez_compressed(FILE, **arrays)
        return
    worst = 0.0
    for case in CASES:
        new, old = numbers(case), expected(case)
        for name in sorted({*new, *old}):
            if name not in new or name not in old:
                print(f"{case}: {name} is only {'new' if name in new else 'old'}")
                continue
            worst = max(worst, deviation(new[name], old[name]))
            if not np.array_equal(new[name], old[name]):
                print(
                    f"{case}: {name} differs by {deviation(new[name], old[name]):.1e}"
                )
    print(f"largest relative difference: {worst:.1e}")


if __name__ == "__main__":
    main()
