"""Evolution after a quench: pairing, beside published figures, other sizes, and spins.

    python benchmarks/dynamics.py               # all, about ten minutes
    python benchmarks/dynamics.py pairing       # some: pairing others

A ground state evolves with other parameters.  24 parameters and 32 times to train, 48
and 80 for the test, all equidistant.  Mean absolute and largest error on the test grid
of the survival probability and of an occupation, or of a spin, whose observable is
learned.  Emulators have the defaults of the class but for targets and the parameter of
the initial state, and random states 0, 1, 2 (0 of other problems than pairing).

Beside them a Gaussian process on features and time, and the exact Hamiltonian between
the eigenvectors of the k lowest levels at 24 parameters, of which the r directions of
largest weight are kept.
"""

import sys
import time

import numpy as np
from _emulation import fit_quietly
from _published import DYNAMICS
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pmm_sklearn import EvolutionEmulator
from pmm_sklearn.targets import Observable, Survival

N_TRAIN, N_TEST = (24, 32), (48, 80)
KINDS = {"survival": Survival(), "occupation": Observable("n")}


def pairing(n_pairs, n_levels):
    """Pairs in levels, as a matrix, its coupling, and the occupation of the lowest.

    H = sum_p 2 eps_p n_p - (g / 2) sum_{p != q} P_p^+ P_q with eps_p = p - g / 2 for
    the lower half of the levels, p for the upper one.
    """
    states = np.arange(2**n_levels)
    occupation = states[:, np.newaxis] >> np.arange(n_levels) & 1
    occupation = occupation[occupation.sum(axis=1) == n_pairs]
    energies = 2 * occupation @ np.arange(float(n_levels))
    coupling = -0.5 * (occupation @ occupation.T == n_pairs - 1)
    coupling -= np.diag(occupation[:, : n_levels // 2].sum(axis=1))
    return np.diag(energies), coupling, np.diag(occupation[:, 0].astype(float))


def chain(n_spins, random_state):
    """Open Ising chain with random bonds and fields, in a transverse field."""
    rng = np.random.RandomState(random_state)
    x, z = np.array([[0.0, 1.0], [1.0, 0.0]]), np.diag([1.0, -1.0])

    def at(site, matrix):
        left, right = np.eye(2**site), np.eye(2 ** (n_spins - site - 1))
        return np.kron(np.kron(left, matrix), right)

    sites = range(n_spins)
    constant = sum(
        -(1 + 0.3 * rng.standard_normal()) * at(i, z) @ at(i + 1, z) for i in sites[:-1]
    )
    constant = constant + sum(0.3 * rng.standard_normal() * at(i, z) for i in sites)
    field = -sum((1 + 0.3 * rng.standard_normal()) * at(i, x) for i in sites)
    return constant, field, at(n_spins // 2, z)


# Operators, the parameter of the initial state, the range of parameters, longest time.
QUENCHES = {
    "pairing": (pairing(4, 8), 0.5, (0.0, 2.0), 12.0),
    "3 pairs in 6 levels": (pairing(3, 6), 0.3, (0.0, 1.5), 10.0),
    "chain of 6 spins, 0": (chain(6, 0), 0.6, (0.0, 1.5), 4.0),
    "chain of 6 spins, 1": (chain(6, 1), 0.3, (0.0, 1.0), 6.0),
}


def evolved(terms, initial, X):
    """Survival probability and expectation value of each row (parameter, time)."""
    constant, coupling, observable = terms
    values = np.empty((len(X), 2))
    for x in np.unique(X[:, 0]):
        rows = X[:, 0] == x
        energies, vectors = np.linalg.eigh(constant + x * coupling)
        phases = np.exp(-1j * np.outer(X[rows, 1], energies))
        states = (phases * (vectors.T @ initial)) @ vectors.T
        values[rows, 0] = np.abs(states @ initial) ** 2
        values[rows, 1] = np.sum(states.conj() * (states @ observable), axis=1).real
    return values


def ground_state(terms, x):
    return np.linalg.eigh(terms[0] + x * terms[1])[1][:, 0]


def grid(n_parameters, n_times, bounds, longest):
    axes = np.linspace(*bounds, n_parameters), np.linspace(0.0, longest, n_times)
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)


def projected(terms, initial, parameters, n_states, n_vectors, X):
    """The exact Hamiltonian between a few vectors."""
    snapshots = [
        np.linalg.eigh(terms[0] + x * terms[1])[1][:, :n_states] for x in parameters
    ]
    basis = np.linalg.svd(np.hstack(snapshots))[0][:, :n_vectors]
    start = basis.T @ initial
    small = [basis.T @ term @ basis for term in terms]
    return evolved(small, start / np.linalg.norm(start), X)


def process():
    kernel = RBF([1.0, 1.0], (1e-2, 1e2)) + WhiteKernel(1e-6, (1e-10, 1e-1))
    regressor = GaussianProcessRegressor(kernel, normalize_y=True, random_state=0)
    return make_pipeline(StandardScaler(), regressor)


def show(name, errors, note=""):
    print(f"  {name:<44}{errors.mean():9.1e}{errors.max():9.1e}  {note}", flush=True)


def quench(name):
    """All methods on one problem."""
    terms, from_, bounds, longest = QUENCHES[name]
    initial = ground_state(terms, from_)
    X, X_test = (grid(*n, bounds, longest) for n in (N_TRAIN, N_TEST))
    y, y_test = (evolved(terms, initial, points) for points in (X, X_test))
    parameters = np.unique(X[:, 0])
    for column, (kind, target) in enumerate(KINDS.items()):
        print(f"{name}, {kind}: spread {y_test[:, column].std():.3f}; mean, largest")
        for method, errors in DYNAMICS.get((name, kind), []):
            mean, largest = (f"{e:9.1e}" if e else 9 * " " for e in errors)
            print(f"  {method:<44}{mean}{largest}")
        for state in range(3 if name == "pairing" else 1):
            emulator = EvolutionEmulator(
                targets=[target], quench_from=[from_], random_state=state
            )
            # Of this process alone, whatever else runs.
            before = time.process_time()
            fit_quietly(emulator, X, y[:, column])
            seconds = time.process_time() - before
            errors = np.abs(emulator.predict(X_test) - y_test[:, column])
            note = f"{seconds:.0f} s, {emulator.n_parameters_} numbers"
            show(f"EvolutionEmulator, random state {state}", errors, note)
        model = process().fit(X, y[:, column])
        show("Gaussian process", np.abs(model.predict(X_test) - y_test[:, column]))
        for n_states in (3, 8):
            small = projected(terms, initial, parameters, n_states, 32, X_test)
            errors = np.abs(small - y_test)[:, column]
            show(f"exact H between 32 vectors, k = {n_states}", errors)
        print(flush=True)


if __name__ == "__main__":
    chosen = sys.argv[1:] or ["pairing", "others"]
    for name in QUENCHES:
        if ("pairing" if name == "pairing" else "others") in chosen:
            quench(name)
