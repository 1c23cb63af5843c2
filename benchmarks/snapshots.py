"""Snapshots of eigenvector continuation, chosen by an estimate of errors, and this.

    python benchmarks/snapshots.py      # about a minute

Candidates and random points are drawn with the random states written here.
"""

import _spectra
import numpy as np
from _emulation import fit_quietly

from pmm_sklearn import EigenvectorContinuation
from pmm_sklearn._hamiltonian import AffineHamiltonian


def snapshots():
    """Snapshots of eigenvector continuation until no error exceeds 1e-6."""
    print("Snapshots until the largest error of 500 points is below 1e-6")
    for name, terms, low, high, n_levels in (
        ("oscillator, ground state", *oscillator_terms(), 1),
        ("oscillator, three levels", *oscillator_terms(), 3),
        ("ten couplings, weak", *couplings_terms(), 1),
    ):
        rng = np.random.RandomState(0)
        X = rng.uniform(low, high, (500, len(low)))
        hamiltonian = AffineHamiltonian(terms)
        exact, _ = hamiltonian.lowest_states(X, n_levels)

        def number(rows, candidates, terms=terms, n_levels=n_levels, X=X, exact=exact):
            for n in range(1, len(rows) + 1):
                model = EigenvectorContinuation(terms, n_levels=n_levels)
                model.fit(candidates[rows[:n]])
                found = model.predict(X).reshape(len(X), -1)
                if np.max(np.abs(found - exact)) <= 1e-6:
                    return n
            return np.inf

        greedy = EigenvectorContinuation(terms, n_levels=n_levels, n_snapshots="auto")
        seconds = fit_quietly(greedy, X, None)
        even = even_points(len(low), 64)
        random = [
            number(np.random.RandomState(state).permutation(500)[:64], X)
            for state in range(5)
        ]
        print(
            f"  {name:<28} greedy {number(greedy.snapshot_indices_, X)} (stops at "
            f"{len(greedy.snapshot_indices_)}, {seconds:.2f} s), random "
            f"{np.median(random):.0f}, even {number_of_even(number, low, high, even)}",
            flush=True,
        )
        check_estimates(greedy, hamiltonian, low, high, n_levels)


def number_of_even(number, low, high, even):
    points = low + np.subtract(high, low) * even
    return number(np.arange(len(points)), points)


def even_points(n_features, n):
    """An additive sequence, which fills a cube evenly."""
    root = 2.0
    for _ in range(60):
        root = (1 + root) ** (1 / (n_features + 1))
    steps = root ** -np.arange(1.0, n_features + 1)
    return (0.5 + np.arange(1, n + 1)[:, np.newaxis] * steps) % 1


def oscillator_terms():
    problem = _spectra.oscillator()
    low, high = _spectra.OSCILLATOR_BOX
    return problem.terms, np.array(low), np.array(high)


def couplings_terms():
    terms = _spectra.ten_couplings("weak").terms
    return terms, -np.ones(10), np.ones(10)


def check_estimates(greedy, hamiltonian, low, high, n_levels):
    """Whether estimates of coarse and fine bases are below the true error anywhere.

    Beyond rounding: that of exact levels is the precision times the norm of a matrix.
    """
    X = np.random.RandomState(7).uniform(low, high, (10_000, len(low)))
    exact, _ = hamiltonian.lowest_states(X, n_levels)
    # Of the exact levels themselves, from matrices of this norm.
    norms = [np.linalg.norm(term, 2) for term in hamiltonian.terms]
    largest = np.concatenate([[1.0], np.abs(X).max(axis=0)])
    rounding = np.finfo(np.float64).eps * np.dot(largest, norms)
    rows = np.random.RandomState(0).uniform(low, high, (500, len(low)))
    for n in (2, 4, len(greedy.snapshot_indices_)):
        model = EigenvectorContinuation(
            hamiltonian.terms, n_levels=n_levels, n_snapshots=n
        )
        model.fit(rows)
        errors = model.predict(X).reshape(len(X), -1) - exact
        estimates = model.error_estimate(X).reshape(len(X), -1)
        norms = model.residual_norm(X).reshape(len(X), -1)
        below = [np.sum(errors > e + rounding) for e in (estimates, norms)]
        print(
            f"    {n} snapshots: largest error {errors.max():.1e}, largest estimate "
            f"{estimates.max():.1e}, residual {norms.max():.1e}; estimate below the "
            f"error at {below[0]} of {errors.size}, residual at {below[1]}",
            flush=True,
        )


if __name__ == "__main__":
    snapshots()
