"""Planted sectors and conserved quantities are found in any basis."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pmm_sklearn.inspection import commutator_norms, find_sectors

from . import models


def hidden(sectors, seed=0, is_real=False, noise=0.0):
    """Matrices with sectors in a random basis, and the basis."""
    side = sum(sectors)
    matrices = models.hermitian(seed, 3, side, is_real, sectors)
    matrices = matrices + noise * models.hermitian(seed + 1, 3, side, is_real)
    basis = models.unitary(seed, side, is_real)
    return basis @ matrices @ basis.conj().T, basis


def emulator(matrices):
    kind = "hermitian" if np.iscomplexobj(matrices) else "symmetric"
    side = matrices.shape[1]
    targets = models.TARGETS[:1]
    return models.emulator(
        size=side, matrices=matrices, targets=targets, matrix_type=kind
    )


@pytest.mark.parametrize("is_real", [True, False])
@pytest.mark.parametrize(
    "sizes", [(5,), (3, 2), (2, 2, 1), (4, 1, 1), (1, 1, 1, 1), (6, 5)]
)
def test_planted_sectors(sizes, is_real):
    for seed in range(3):
        matrices, _ = hidden(sizes, seed, is_real)
        found = find_sectors(emulator(matrices))
        assert sorted(found.block_sizes) == sorted(sizes)
        assert found.coupling < 1e-12
        assert np.iscomplexobj(found.basis) != is_real
        turned = found.basis.conj().T @ matrices @ found.basis
        label = np.repeat(np.arange(len(found.block_sizes)), found.block_sizes)
        between = turned[:, label[:, np.newaxis] != label]
        assert_allclose(between, 0.0, atol=1e-11)
        for sector in range(len(found.block_sizes)):
            block = turned[0][np.ix_(label == sector, label == sector)]
            assert_allclose(block, np.diag(np.diag(block)), atol=1e-11)


def test_equal_copies_are_separated():
    basis = models.unitary(5, 6)
    matrices = basis @ np.kron(models.hermitian(3, 2, 3), np.eye(2)) @ basis.conj().T
    found = find_sectors(emulator(matrices))
    assert found.block_sizes == (3, 3)
    assert found.coupling < 1e-12


def test_approximate_sectors_need_a_tolerance():
    matrices, _ = hidden((3, 2), noise=1e-4)
    model = emulator(matrices)
    assert find_sectors(model).block_sizes == (5,)
    found = find_sectors(model, tol=1e-3)
    assert sorted(found.block_sizes) == [2, 3]
    assert 1e-6 < found.coupling < 1e-3


def test_rotations_are_no_sectors_of_real_matrices():
    # All matrices commute with a rotation by 90 degrees, which has no real
    # eigenvectors: there are sectors in a complex basis only.
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    h = models.hermitian(0, 3, 3)
    real = np.kron(h.real, np.eye(2)) + np.kron(h.imag, turn)
    assert find_sectors(emulator(real)).block_sizes == (6,)
    assert find_sectors(emulator(real.astype(complex))).block_sizes == (3, 3)


def test_sectors_that_are_given():
    found = find_sectors(models.regressor(size=(3, 2)))
    assert sorted(found.block_sizes) == [2, 3]
    assert find_sectors(models.regressor()).block_sizes == (5,)


def test_tol():
    with pytest.raises(ValueError, match="tol"):
        find_sectors(models.regressor(), tol=0)


def test_conserved_quantity():
    matrices, basis = hidden((3, 2))
    parity = basis @ np.diag([1.0, 1, 1, -1, -1]) @ basis.conj().T
    model = emulator(matrices)
    assert_allclose(commutator_norms(model, parity), 0.0, atol=1e-13)
    broken = parity + 0.1 * models.hermitian(8, 1, 5)[0]
    assert np.all(commutator_norms(model, broken) > 1e-3)
    assert_allclose(commutator_norms(model, np.eye(5)), 0.0, rtol=0)


def test_commutators_of_the_matrices():
    norms = commutator_norms(models.regressor())
    assert norms.shape == (3, 3)
    assert_allclose(norms, norms.T)
    assert_allclose(np.diag(norms), 0.0, atol=1e-14)
    assert np.all(norms <= 1)
    z, x = np.diag([1.0, -1.0]), np.array([[0.0, 1.0], [1.0, 0.0]])
    model = emulator(np.array([5 * z + 3 * np.eye(2), 0.1 * x]))
    assert_allclose(commutator_norms(model), [[0, 1], [1, 0]], atol=1e-14)


def test_shape_of_operator():
    with pytest.raises(ValueError, match=r"operator must have shape \(5, 5\)"):
        commutator_norms(models.regressor(), np.eye(3))
