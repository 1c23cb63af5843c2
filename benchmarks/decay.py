"""States that decay: a chain with an absorber, and pairs that are lost.

    python benchmarks/decay.py          # about five minutes

A ground state evolves with other parameters, by the generator H(x) - i Gamma, which is
known here.  24 parameters and 32 times to train, 48 and 80 for the test, all
equidistant.  Mean absolute and largest error on the test grid of the survival
probability and of the norm, the probability that nothing has been lost, which one model
learns together.  Emulators have the defaults of the class but for targets, the
parameter of the initial state, two starts, and the size of their matrices; beside them
one whose norm is conserved, of the survival probability, and a Gaussian process on
features and time.
"""

import time

import numpy as np
from _emulation import fit_quietly
from dynamics import N_TEST, N_TRAIN, grid, ground_state, pairing, process, show

from pmm_sklearn import EvolutionEmulator
from pmm_sklearn.targets import Norm, Survival

TARGETS = {"survival": Survival(), "norm": Norm()}


def absorbing_chain(n_sites):
    """A particle on a chain with a slope, and an absorber at its upper end."""
    sites = np.arange(n_sites)
    hopping = -(np.eye(n_sites, k=1) + np.eye(n_sites, k=-1))
    rates = np.where(sites == n_sites - 1, 0.3, 0.0)
    return hopping, np.diag(0.5 * sites), np.diag(rates)


def leaking_pairs(n_pairs, n_levels):
    """Pairs in levels (see `dynamics.pairing`), of which the highest one leaks."""
    energies, coupling, _ = pairing(n_pairs, n_levels)
    states = np.arange(2**n_levels)
    occupation = states[:, np.newaxis] >> np.arange(n_levels) & 1
    occupation = occupation[occupation.sum(axis=1) == n_pairs]
    return energies, coupling, np.diag(0.3 * occupation[:, -1])


# Matrices of H, that of the decay, the parameter of the initial state, the range of
# parameters, the longest time, and the side of the matrices that are learned.
PROBLEMS = {
    "chain of 6 sites": (absorbing_chain(6), 1.0, (-1.0, 1.0), 8.0, 8),
    "3 pairs in 6 levels": (leaking_pairs(3, 6), 0.3, (0.0, 1.5), 10.0, 12),
}


def lossy(matrices, initial, X):
    """Survival probability and norm of each row (parameter, time)."""
    constant, coupling, decay = matrices
    values = np.empty((len(X), 2))
    for x in np.unique(X[:, 0]):
        rows = X[:, 0] == x
        generator = constant + x * coupling - 1j * decay
        energies, vectors = np.linalg.eig(generator)
        phases = np.exp(-1j * np.outer(X[rows, 1], energies))
        states = (phases * np.linalg.solve(vectors, initial)) @ vectors.T
        values[rows, 0] = np.abs(states @ initial) ** 2
        values[rows, 1] = np.sum(np.abs(states) ** 2, axis=1)
    return values


def compare(name):
    """All methods on one problem."""
    matrices, from_, bounds, longest, side = PROBLEMS[name]
    initial = ground_state(matrices, from_)
    X, X_test = (grid(*n, bounds, longest) for n in (N_TRAIN, N_TEST))
    y, y_test = (lossy(matrices, initial, points) for points in (X, X_test))
    arguments = {"matrix_size": side, "quench_from": [from_], "n_init": 2}
    arguments["random_state"] = 0
    emulator = EvolutionEmulator(
        targets=list(TARGETS.values()), decay=True, **arguments
    )
    before = time.process_time()
    fit_quietly(emulator, X, y)
    seconds = time.process_time() - before
    predicted = emulator.predict(X_test)
    unitary = EvolutionEmulator(targets=[Survival()], **arguments)
    fit_quietly(unitary, X, y[:, 0])
    for column, kind in enumerate(TARGETS):
        true = y_test[:, column]
        print(f"{name}, {kind}: spread {true.std():.3f}; mean, largest")
        note = f"{seconds:.0f} s, {emulator.n_parameters_} numbers"
        show("EvolutionEmulator", np.abs(predicted[:, column] - true), note)
        if kind == "survival":
            errors = np.abs(unitary.predict(X_test) - true)
            show("EvolutionEmulator without decay", errors)
        model = process().fit(X, y[:, column])
        show("Gaussian process", np.abs(model.predict(X_test) - true))
        print(flush=True)


if __name__ == "__main__":
    for name in PROBLEMS:
        compare(name)
