"""Eigensystems, selection of states, derivatives at degeneracies."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pmm_sklearn.model import (
    Eigensystem,
    Extremes,
    HermitianSpace,
    ObservableReadout,
)

from ..problems import random_matrices, random_unitary


@pytest.mark.parametrize("sizes", [(5,), (2, 3), (1, 2, 2)])
@pytest.mark.parametrize("which", ["SA", "LA", "LM", "SM"])
def test_selection(sizes, which):
    matrices = random_matrices(0, sizes)
    eigen = Eigensystem(matrices, Extremes(2, which), sizes)
    keys = {"SA": lambda e: e, "LA": lambda e: -e, "SM": np.abs}
    keys["LM"] = lambda e: -np.abs(e)
    for values, matrix in zip(eigen.selected_values, matrices, strict=True):
        expected = sorted(np.linalg.eigvalsh(matrix), key=keys[which])[:2]
        assert_allclose(values, expected, atol=1e-13)
    residual = matrices @ eigen.vectors - eigen.vectors * eigen.values[:, np.newaxis]
    assert_allclose(residual, 0, atol=1e-13)
    selected = eigen.selected
    residual = matrices @ selected - selected * eigen.selected_values[:, np.newaxis]
    assert_allclose(residual, 0, atol=1e-13)


def test_eigenvectors_of_degenerate_sectors_are_not_mixed():
    block = np.array([[1.0, 0.3], [0.3, 2.0]])
    matrix = np.zeros((1, 4, 4))
    matrix[0, :2, :2] = matrix[0, 2:, 2:] = block
    eigen = Eigensystem(matrix, Extremes(2), (2, 2))
    weight_in_first_sector = np.sum(eigen.vectors[0, :2] ** 2, axis=0)
    assert_allclose(np.sort(weight_in_first_sector), [0, 0, 1, 1], atol=1e-15)


def pulled_back(matrices, observables, n_selected):
    """Value and gradient of a sum of expectation values."""
    eigen = Eigensystem(matrices, Extremes(n_selected))
    space = HermitianSpace(matrices.shape[-1:])
    station = ObservableReadout("expectation", len(observables), n_selected, space)
    outputs, saved = station.forward(eigen, observables, 0.0)
    return outputs, station.matrix_gradients(eigen, saved)


def with_spectrum(spectrum, seed):
    vectors = random_unitary(seed, len(spectrum))
    return (vectors * np.array(spectrum)) @ vectors.conj().swapaxes(1, 2)


@pytest.mark.parametrize(
    ("spectrum", "n_selected"),
    [
        ([0.0, 1.0, 1.0, 1.0, 2.0], 1),
        ([0.0, 1.0, 2.0, 2.0, 2.0], 2),
        ([0.0, 0.0, 1.0, 2.0, 3.0], 2),
        ([0.0, 0.0, 0.0, 1.0, 1.0], 3),
        ([0.0, 1e-13, 1.0, 1.0 + 1e-13, 2.0], 2),
    ],
)
@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_pullback_at_exact_degeneracy(spectrum, n_selected, scale):
    """Where the function is smooth despite the degeneracy, so is its gradient.

    The same observable for all selected states makes their sum the trace with a
    projector, which does not notice rotations inside a degenerate level.
    """
    matrix = with_spectrum(np.array(spectrum) * scale, seed=1)
    observable = random_matrices(2, (5,), n_samples=1)
    observables = np.repeat(observable[np.newaxis], n_selected, axis=1)
    _, gradient = pulled_back(matrix, observables, n_selected)
    step = 1e-3 * scale
    for direction in random_matrices(3, (5,), n_samples=4):
        values = [
            pulled_back(matrix + k * step * direction, observables, n_selected)[0]
            for k in (-2, -1, 1, 2)
        ]
        slope = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * step)
        analytic = np.trace(gradient[0, 0] @ direction).real
        assert_allclose(analytic, slope[0, 0], rtol=1e-6, atol=1e-6 / scale)


def test_pullback_is_finite_where_the_function_is_not_smooth():
    matrix = np.eye(4, dtype=complex)[np.newaxis]
    observables = random_matrices(4, (4,), n_samples=2)[np.newaxis]
    _, gradient = pulled_back(matrix, observables, 2)
    assert np.all(np.isfinite(gradient))
    _, gradient = pulled_back(0.0 * matrix, observables, 2)
    assert np.all(np.isfinite(gradient))


@pytest.mark.parametrize("scale", [1e140, 1e155, 1e300])
def test_pullback_of_large_spectra(scale):
    matrix = with_spectrum([0.0, 1.0, 1.5, 2.0], seed=1)
    observables = random_matrices(4, (4,), n_samples=2)[np.newaxis]
    _, expected = pulled_back(matrix, observables, 2)
    _, gradient = pulled_back(scale * matrix, observables, 2)
    assert_allclose(scale * gradient, expected, rtol=1e-9)


def test_pullback_is_the_adjoint_of_perturbation_theory():
    """<G, dH> = Re sum_i w_i^H dv_i, with dv_i from perturbation theory."""
    matrices = random_matrices(5, (5,))
    eigen = Eigensystem(matrices, Extremes(2))
    direction = random_matrices(6, (5,))
    rng = np.random.RandomState(7)
    cotangents = rng.standard_normal((2, 5, 5, 1, 2))
    cotangents = cotangents[0] + 1j * cotangents[1]
    change = np.zeros((5, 5, 2), dtype=complex)
    for s in range(5):
        V, E = eigen.vectors[s], eigen.values[s]
        for i in range(2):
            for m in set(range(5)) - {i}:
                coupling = V[:, m].conj() @ direction[s] @ V[:, i]
                change[s, :, i] += V[:, m] * coupling / (E[i] - E[m])
    expected = np.sum(cotangents[:, :, 0].conj() * change, axis=(1, 2)).real
    gradient = eigen.pullback(None, cotangents)[:, 0]
    actual = np.einsum("sij,sji->s", gradient, direction).real
    assert_allclose(actual, expected, rtol=1e-10)
