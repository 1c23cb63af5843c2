"""Fitted models without a fit: matrices are what a test wants."""

import warnings

import numpy as np

from pmm_sklearn import PMMClassifier, PMMEmulator, PMMRegressor, UnitaryPMMEmulator
from pmm_sklearn.targets import Gap, Level, Observable, Transition


class Squared:
    """A readout that the package does not have, squares of expectation values."""

    degree = 2
    keeps_blocks = True
    centring = None

    @staticmethod
    def pairs(n_states):
        return range(n_states), range(n_states)

    @staticmethod
    def value(amplitudes):
        return amplitudes.real**2

    @staticmethod
    def slope(amplitudes):
        return 2.0 * amplitudes.real


TARGETS = (Level(0), Level(1), Gap(0, 1), Observable("n"), Transition("n", 0, 1))


def hermitian(seed, n_matrices, side, is_real=False, sectors=None):
    """Random matrices of shape (n_matrices, side, side)."""
    rng = np.random.RandomState(seed)
    parts = rng.standard_normal((2, n_matrices, side, side))
    matrices = parts[0] if is_real else parts[0] + 1j * parts[1]
    matrices = matrices + matrices.conj().swapaxes(1, 2)
    if sectors is not None:
        label = np.repeat(np.arange(len(sectors)), sectors)
        matrices = matrices * (label[:, np.newaxis] == label)
    return matrices


def unitary(seed, side, is_real=False, sectors=None):
    """Random unitary matrix, block-diagonal with sectors."""
    result = np.zeros((side, side), float if is_real else complex)
    start = 0
    for number, size in enumerate(sectors or (side,)):
        block = hermitian(100 + seed + number, 2, size, is_real)
        block = np.linalg.qr(block[0] @ block[1] + 0.3 * block[0])[0]
        result[start : start + size, start : start + size] = block
        start += size
    return result


def turned(estimator, basis):
    """The estimator in another basis; changes it."""
    for name in ("matrices_", "observables_"):
        old = getattr(estimator, name)
        new = basis.conj().T @ old @ basis
        new = 0.5 * (new + new.conj().swapaxes(-1, -2))
        setattr(estimator, name, new)
    return estimator


def barely_fitted(model, X, y, seed):
    """The estimator after one iteration."""
    model.set_params(n_init=1, max_iter=1, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(X, y)


def regressor(seed=0, size=5, **parameters):
    """PMMRegressor of two features and two outputs with random matrices."""
    X = np.random.RandomState(seed).uniform(-1, 1, size=(20, 2))
    y = np.stack([X[:, 0], X[:, 1]], axis=1)
    return barely_fitted(PMMRegressor(size, 2, **parameters), X, y, seed)


def classifier(seed=0):
    """PMMClassifier of two features and three classes."""
    X = np.random.RandomState(seed).uniform(-1, 1, size=(30, 2))
    return barely_fitted(PMMClassifier(4), X, np.arange(30) % 3, seed)


def emulator(seed=0, size=5, matrices=None, targets=TARGETS, **parameters):
    """PMMEmulator of two features, or of what given matrices need."""
    n_features = 2 if matrices is None else len(matrices) - 1
    X = np.random.RandomState(seed).uniform(-1, 1, size=(10, n_features))
    y = np.random.RandomState(seed).uniform(0, 1, size=(10, len(targets)))
    model = PMMEmulator(size, targets=list(targets), **parameters)
    barely_fitted(model, X, y, seed)
    if matrices is not None:
        model.matrices_ = matrices
    return model


def unitary_emulator(seed=0):
    """UnitaryPMMEmulator of three factors."""
    t = np.linspace(0.1, 0.5, 5)[:, np.newaxis]
    model = UnitaryPMMEmulator(3, n_factors=3)
    return barely_fitted(model, t, 0.3 + 0.1 * t[:, 0] ** 2, seed)
