"""A Hamiltonian between a few basis vectors, and how far its levels can be wrong."""

from typing import NamedTuple

import numpy as np

from .model._chunks import chunks


class ReducedHamiltonian(NamedTuple):
    r"""Terms :math:`Q^\dagger T_l Q`, and what of :math:`T_l Q` is outside the basis.

    Attributes
    ----------
    terms : ndarray of shape (n_features + 1, r, r)
        The former.
    residual_terms : ndarray of shape (n_features + 1, n_outside, r)
        The latter, :math:`(1 - Q Q^\dagger) T_l Q`, in an orthonormal basis of all of
        it.  No difference of squares is taken: the norm of a residual is exact to
        rounding, not to its root.
    """

    terms: np.ndarray
    residual_terms: np.ndarray

    def residuals(self, X, n_levels):
        """Lowest levels, and the norms of their residuals.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Coefficients of the terms.
        n_levels : int
            Number of levels.

        Returns
        -------
        levels, norms : ndarray of shape (n_samples, n_levels)
        """
        levels, norms = np.empty((2, len(X), n_levels))
        numbers = max(self.terms[0].size, self.residual_terms[0].size)
        for chunk in chunks(len(X), numbers):
            coefficients = np.column_stack([np.ones(len(X[chunk])), X[chunk]])
            values, vectors = np.linalg.eigh(
                np.tensordot(coefficients, self.terms, axes=1)
            )
            outside = np.tensordot(coefficients, self.residual_terms, axes=1)
            levels[chunk] = values[:, :n_levels]
            norms[chunk] = np.linalg.norm(outside @ vectors[..., :n_levels], axis=1)
        return levels, norms

    def error_estimates(self, X, n_levels):
        r"""Norms of residuals, or by Kato and Temple where that is less.

        Returns
        -------
        ndarray of shape (n_samples, n_levels)
        """
        n_known = min(n_levels + 1, len(self.terms[0]))
        levels, norms = self.residuals(X, n_known)
        errors = norms[:, :n_levels].copy()
        for k in range(min(n_levels, n_known - 1)):
            # The distance to where other levels may be.
            gap = levels[:, k + 1] - norms[:, k + 1] - levels[:, k]
            if k > 0:
                below = levels[:, k] - levels[:, k - 1] - norms[:, k - 1]
                gap = np.minimum(gap, below)
            is_apart = gap > errors[:, k]
            errors[is_apart, k] *= errors[is_apart, k] / gap[is_apart]
        return errors


def reduced(hamiltonian, snapshots, tol):
    """Basis of the snapshots, `ReducedHamiltonian`, and all singular values.

    Parameters
    ----------
    hamiltonian : AffineHamiltonian
        The given one.
    snapshots : ndarray of shape (n, n_snapshots)
        Normalised eigenvectors in columns.
    tol : float
        Of the largest singular value, what a direction must have.

    Returns
    -------
    basis : ndarray of shape (n, r)
        Left singular vectors.
    model : ReducedHamiltonian
    singular_values : ndarray of shape (min(n, n_snapshots),)
        Largest first.
    """
    vectors, values, _ = np.linalg.svd(snapshots, full_matrices=False)
    basis = np.ascontiguousarray(vectors[:, values > tol * values[0]])
    terms, residual_terms = hamiltonian.project(basis)
    return basis, ReducedHamiltonian(terms, residual_terms), values


def greedy_snapshots(hamiltonian, X, n_states, n_levels, n_snapshots, energy_tol, tol):
    """Rows whose eigenvectors make the largest estimate of all rows small.

    Parameters
    ----------
    hamiltonian : AffineHamiltonian
        The given one.
    X : ndarray of shape (n_samples, n_features)
        Candidates.
    n_states : int
        Number of eigenvectors of each.
    n_levels : int
        Number of levels whose errors count.
    n_snapshots : int
        Largest number of rows.
    energy_tol : float
        The largest estimate that ends the search.
    tol : float
        As for :func:`reduced`.

    Returns
    -------
    rows : list of int
        In the order of the choice.
    energies : ndarray of shape (n_rows, n_states)
    snapshots : ndarray of shape (n, n_rows * n_states)
    """
    scale = np.maximum(np.ptp(X, axis=0), np.finfo(np.float64).tiny)
    row = int(np.argmin(np.sum(((X - X.mean(axis=0)) / scale) ** 2, axis=1)))
    rows, energies, snapshots = [], [], []
    while True:
        energy, vectors = hamiltonian.lowest_states(X[[row]], n_states)
        rows.append(row)
        energies.append(energy)
        snapshots.append(vectors)
        if len(rows) >= n_snapshots:
            break
        basis, model, _ = reduced(hamiltonian, np.hstack(snapshots), tol)
        errors = np.full(len(X), np.inf)
        if basis.shape[1] >= n_levels:
            errors = model.error_estimates(X, n_levels).max(axis=1)
        errors[rows] = -np.inf
        row = int(np.argmax(errors))
        if errors[row] <= energy_tol:
            break
    return rows, np.concatenate(energies), np.hstack(snapshots)
