"""Residuals, estimates of errors, and snapshots that are chosen by them."""

import numpy as np
import pytest

from pmm_sklearn import EigenvectorContinuation

SIDE = 40
_parts = np.random.RandomState(0).standard_normal((2, 2, SIDE, SIDE)) / 10
_couplings = _parts[0] + 1j * _parts[1]
_couplings = _couplings + _couplings.conj().swapaxes(1, 2)
TERMS = [np.diag(np.arange(float(SIDE))), *_couplings]
X = np.random.RandomState(1).uniform(-1, 1, (300, 2))
EXACT = np.linalg.eigvalsh(
    np.tensordot(np.column_stack([np.ones(300), X]), TERMS, axes=1)
)


@pytest.mark.parametrize("n_levels", [1, 3])
def test_residuals_are_those_of_the_full_vectors(n_levels):
    model = EigenvectorContinuation(TERMS, n_levels=n_levels).fit(X[:4])
    levels = model.predict(X[:9]).reshape(9, -1)
    found = model.residual_norm(X[:9]).reshape(9, -1)
    for x, energies, norms in zip(X[:9], levels, found, strict=True):
        small = np.tensordot([1.0, *x], model.reduced_terms_, axes=1)
        vectors = model.basis_ @ np.linalg.eigh(small)[1][:, :n_levels]
        full = np.tensordot([1.0, *x], TERMS, axes=1)
        residuals = full @ vectors - vectors * energies
        np.testing.assert_allclose(np.linalg.norm(residuals, axis=0), norms, atol=1e-12)


@pytest.mark.parametrize("n_rows", [2, 5, 12])
def test_residuals_and_estimates_hold(n_rows):
    model = EigenvectorContinuation(TERMS, n_levels=2).fit(X[:n_rows])
    levels, norms = model.predict(X), model.residual_norm(X)
    nearest = np.abs(levels[:, :, np.newaxis] - EXACT[:, np.newaxis]).min(axis=2)
    assert np.all(nearest <= norms + 1e-12)
    errors = model.error_estimate(X)
    assert np.all(levels - EXACT[:, :2] <= errors + 1e-12)
    assert np.all(errors <= norms)


def test_estimates_are_far_better_than_residuals_near_the_end():
    model = EigenvectorContinuation(TERMS, n_levels=2).fit(X[:12])
    errors, norms = model.error_estimate(X), model.residual_norm(X)
    assert np.median(errors[:, 0]) < 0.1 * np.median(norms[:, 0])


def test_greedy_snapshots_reach_the_tolerance():
    model = EigenvectorContinuation(TERMS, n_snapshots="auto", energy_tol=1e-5)
    model.fit(X)
    n_rows = len(model.snapshot_indices_)
    assert n_rows < 40
    assert model.error_estimate(X).max() <= 1e-5
    assert np.max(model.predict(X) - EXACT[:, 0]) <= 1e-5
    fewer = EigenvectorContinuation(TERMS, n_snapshots=n_rows - 1).fit(X)
    np.testing.assert_array_equal(fewer.snapshot_indices_, model.snapshot_indices_[:-1])
    assert fewer.training_energies_.shape == (n_rows - 1, 1)
    assert fewer.error_estimate(X).max() > 1e-5


def test_functions_and_derivatives():
    model = EigenvectorContinuation(TERMS, n_levels=2).fit(X[:6])
    value, gradient = model.as_function(gradient=True)(X[0])
    np.testing.assert_allclose(value, model.predict(X[:1])[0], atol=1e-12)
    step = 1e-6 * np.eye(2)
    differences = model.predict(X[0] + step) - model.predict(X[0] - step)
    np.testing.assert_allclose(gradient, differences.T / 2e-6, atol=1e-7)
    with pytest.raises(ValueError, match="see error_estimate"):
        model.as_function(return_std=True)


@pytest.mark.parametrize("value", ["all", 0, 1.5])
def test_messages(value):
    with pytest.raises((TypeError, ValueError), match="n_snapshots must be"):
        EigenvectorContinuation(TERMS, n_snapshots=value).fit(X)
    with pytest.raises(ValueError, match="energy_tol must be at least 0"):
        EigenvectorContinuation(TERMS, energy_tol=-1).fit(X)
