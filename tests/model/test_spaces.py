"""Coordinates of linear spaces of Hermitian matrices."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from pmm_sklearn.model import HermitianSpace

block_sizes = st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple)
matrix_types = st.sampled_from(["hermitian", "symmetric"])


@given(block_sizes, matrix_types)
def test_basis_is_orthonormal_and_hermitian(sizes, matrix_type):
    basis = HermitianSpace(sizes, matrix_type)
    elements = basis.matrices(np.eye(basis.size))
    assert_array_equal(elements, elements.conj().swapaxes(1, 2))
    gram = np.einsum("aij,bji->ab", elements, elements)
    assert_allclose(gram, np.eye(basis.size), atol=1e-15)


@given(block_sizes, matrix_types, st.integers(0, 1000))
def test_round_trip_and_frobenius_norm(sizes, matrix_type, seed):
    basis = HermitianSpace(sizes, matrix_type)
    theta = np.random.RandomState(seed).standard_normal((3, basis.size))
    matrices = basis.matrices(theta)
    assert_allclose(basis.coordinates(matrices), theta, atol=1e-14)
    assert_allclose(
        np.linalg.norm(matrices, axis=(1, 2)), np.linalg.norm(theta, axis=1)
    )


@pytest.mark.parametrize(
    ("sizes", "matrix_type", "expected"),
    [
        ((7,), "hermitian", 49),
        ((7,), "symmetric", 28),
        ((5, 4), "hermitian", 41),
        ((5, 4), "symmetric", 25),
    ],
)
def test_number_of_parameters(sizes, matrix_type, expected):
    assert HermitianSpace(sizes, matrix_type).size == expected


def test_sectors_do_not_couple_and_other_blocks_are_projected_out():
    basis = HermitianSpace((2, 3))
    matrix = basis.matrices(np.arange(1.0, basis.size + 1))
    assert_array_equal(matrix[:2, 2:], 0)
    assert np.all(matrix[:2, :2] != 0)
    full = matrix.copy()
    full[:2, 2:] = 5.0
    full[2:, :2] = 5.0
    assert_allclose(basis.matrices(basis.coordinates(full)), matrix, rtol=1e-14)


def test_symmetric_matrices_are_real():
    assert HermitianSpace((3,), "symmetric").matrices(np.ones(6)).dtype == np.float64
