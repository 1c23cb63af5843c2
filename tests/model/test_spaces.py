"""Spaces of Hermitian matrices, and models whose matrices lie in them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from pmm_sklearn.model import (
    PMM,
    READOUTS,
    AffineMatrix,
    Definite,
    Extremes,
    HermitianSpace,
    LowRank,
    Monomials,
    NoisePenalty,
    Objective,
    ObservableReadout,
    RidgePenalty,
    Scaled,
    ShiftedLowRank,
    ShiftedSpace,
    SpectrumReadout,
    SquaredError,
    Subspace,
    UnitaryProduct,
)
from pmm_sklearn.model.penalty import Penalty
from pmm_sklearn.model.primary import PrimaryMatrix
from pmm_sklearn.model.readout_station import ReadoutStation
from pmm_sklearn.model.spaces import Space, Tangent
from pmm_sklearn.solvers import ObjectiveProtocol

from ..problems import central_difference, make_objective, make_station

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


def rotated(space, seed=0):
    """A subspace of half the dimension."""
    rng = np.random.RandomState(seed)
    columns = np.linalg.qr(rng.standard_normal((space.size, space.size)))[0]
    return Subspace(space, columns[:, : space.size // 2])


FULL, REAL = HermitianSpace((4,)), HermitianSpace((4,), "symmetric")
SPACES = {
    "hermitian": FULL,
    "symmetric": REAL,
    "blocks": HermitianSpace((3, 1)),
    "subspace": rotated(FULL),
    "real subspace": rotated(REAL),
    "nothing": Subspace(FULL, np.empty((FULL.size, 0))),
    "scaled": Scaled(FULL, 0.3),
    "scaled subspace": Scaled(rotated(FULL), 2.5),
    "subspace of scaled": rotated(Scaled(FULL, 0.3)),
    "low rank": LowRank(4, 2),
    "real vectors": LowRank(4, 3, "symmetric"),
    "signs": LowRank(4, 3, signs=[-1, -1, 1]),
    "scaled low rank": Scaled(LowRank(4, 2, signs=[1, 1]), 0.3),
    "shifted": ShiftedLowRank(4, 2),
    "real shifted": ShiftedLowRank(4, 3, "symmetric"),
    "identity first": ShiftedSpace((4,)),
    "identities of blocks first": ShiftedSpace((3, 1), "symmetric"),
    "positive": Definite((4,)),
    "negative blocks": Definite((3, 1), "symmetric", sign=-1),
}


@pytest.mark.parametrize("name", SPACES)
class TestProtocol:
    def test_methods(self, name):
        space = SPACES[name]
        assert isinstance(space, Space)
        assert isinstance(space.tangent(np.ones(space.size)), Tangent)
        assert (space.tangent(np.ones(space.size)) is space) == (space.degree == 1)

    def test_matrices_have_these_coordinates(self, name):
        space = SPACES[name]
        theta = np.random.RandomState(0).standard_normal((2, 3, space.size))
        matrices = space.matrices(theta)
        assert matrices.shape == (2, 3, space.side, space.side)
        assert matrices.dtype == space.dtype
        assert_allclose(matrices, matrices.conj().swapaxes(-1, -2))
        again = space.coordinates(matrices)
        assert_allclose(space.matrices(again), matrices, atol=1e-12)
        if space.degree == 1:
            assert_allclose(again, theta, atol=1e-12)

    def test_degree_and_base(self, name):
        space = SPACES[name]
        theta = np.random.RandomState(0).standard_normal(space.size)
        if isinstance(space, ShiftedLowRank):
            theta[0] = 0.0
        matrix = space.matrices(theta)
        assert_allclose(space.matrices(3.0 * theta), 3.0**space.degree * matrix)
        assert_allclose(space.base.matrices(space.factor * theta), matrix)

    def test_tangent(self, name):
        space, rng = SPACES[name], np.random.RandomState(0)
        theta, change = rng.standard_normal((2, 5, space.size))
        numerical = central_difference(space.matrices, theta, change)
        found = space.tangent(theta).matrices(change)
        assert_allclose(found, numerical, atol=1e-10)

    def test_adjoint(self, name):
        space, rng = SPACES[name], np.random.RandomState(0)
        theta, change = rng.standard_normal((2, 5, space.size))
        tangent, ambient = space.tangent(theta), space.ambient
        gradients = ambient.matrices(rng.standard_normal((5, ambient.size)))
        pulled = tangent.adjoint(gradients)
        expected = np.einsum("sab,sba->s", gradients, tangent.matrices(change)).real
        assert_allclose(np.sum(pulled * change, axis=1), expected, atol=1e-12)
        coordinates = ambient.coordinates(gradients)
        again = tangent.adjoint_of_coordinates(coordinates)
        assert_allclose(again, pulled, atol=1e-12)


def test_scaled_coordinates_are_in_units_of_the_scale():
    theta = np.random.RandomState(0).standard_normal(FULL.size)
    matrix = Scaled(FULL, 0.3).matrices(theta)
    assert np.linalg.norm(matrix) == pytest.approx(0.3 * np.linalg.norm(theta))


def test_changes_that_change_no_matrix():
    for name, space in SPACES.items():
        if not space.size:
            assert space.n_gauge == 0
            continue
        theta = np.random.RandomState(0).standard_normal(space.size)
        changes = space.tangent(theta).matrices(np.eye(space.size))
        rows = np.concatenate([changes.real, changes.imag], axis=1)
        rank = np.linalg.matrix_rank(rows.reshape(space.size, -1))
        assert space.n_gauge == space.size - rank, name


def test_nearest_shifted_matrix():
    space = ShiftedLowRank(5, 2)
    matrix = np.diag([-3.0, 1.0, 1.5, 2.0, 7.0])
    nearest = space.matrices(space.coordinates(matrix))
    assert_allclose(nearest, np.diag([-3.0, 1.5, 1.5, 1.5, 7.0]), atol=1e-12)


@pytest.mark.parametrize("signs", [[1, 1, 1], [-1, 1, -1]])
def test_signs_of_low_rank(signs):
    space = LowRank(5, 3, signs=signs)
    matrix = space.matrices(np.random.RandomState(0).standard_normal(space.size))
    values = np.linalg.eigvalsh(matrix)
    assert np.sum(values > 1e-9) == signs.count(1)
    assert np.sum(values < -1e-9) == signs.count(-1)


def test_bad_spaces():
    with pytest.raises(ValueError, match="signs must be 2 numbers 1 or -1"):
        LowRank(4, 2, signs=[1, 0])
    with pytest.raises(ValueError, match="not linear"):
        Subspace(LowRank(4, 2), np.eye(16))


MODELS = {
    "low rank, commutator": ([LowRank(4, 2, signs=[1, 1])] * 3, FULL, 0.4),
    "mixed": ([FULL, LowRank(4, 1), rotated(FULL)], LowRank(4, 2), 0.0),
    "mixed, commutator": ([rotated(FULL), Scaled(LowRank(4, 1), 0.5), FULL], FULL, 0.4),
    "scaled": ([FULL, Scaled(FULL, 0.3), Scaled(FULL, 2.0)], Scaled(FULL, 0.7), 0.0),
    "scaled low rank": (
        [Scaled(LowRank(4, 2), 0.3), LowRank(4, 3), Scaled(FULL, 0.1)],
        Scaled(LowRank(4, 2, signs=[-1, -1]), 0.7),
        0.0,
    ),
    "subspaces": ([rotated(FULL, i) for i in range(3)], rotated(FULL, 3), 0.3),
    "shifted": ([FULL, ShiftedLowRank(4, 2), ShiftedLowRank(4, 1)], FULL, 0.2),
    "real": ([REAL, Scaled(REAL, 0.2), LowRank(4, 2, "symmetric")], REAL, 0.0),
}


@pytest.mark.parametrize("readout", READOUTS)
@pytest.mark.parametrize("name", MODELS)
class TestModel:
    def make(self, name, readout):
        spaces, secondary, commutator = MODELS[name]
        rng = np.random.RandomState(0)
        offsets = REAL.matrices(rng.standard_normal((3, REAL.size)))
        primary = AffineMatrix(Monomials(2), spaces, offsets, commutator)
        outputs, selection = make_station(readout, 2, 2, secondary)
        model = PMM(primary, selection, outputs, (4,))
        X, y = rng.uniform(-1, 1, (7, 2)), rng.standard_normal((7, 2))
        weight = rng.uniform(0.5, 2.0, (7, 2))
        objective = Objective(model, SquaredError(), X, y, weight, RidgePenalty(0.3))
        return objective, model.initial(rng)

    def test_derivatives(self, name, readout):
        objective, theta = self.make(name, readout)
        _, gradient = objective.value_and_gradient(theta)
        _, jacobian = objective.residuals_and_jacobian(theta)
        rng = np.random.RandomState(1)
        for direction in rng.standard_normal((4, theta.size)):
            numerical = central_difference(objective.value, theta, direction)
            assert gradient @ direction == pytest.approx(numerical, rel=1e-6, abs=1e-5)
            numerical = central_difference(
                lambda t: objective.residuals_and_jacobian(t)[0], theta, direction
            )
            assert_allclose(jacobian @ direction, numerical, rtol=1e-6, atol=1e-5)
        vector = rng.standard_normal(theta.size)
        product = objective.matrix_free_model(theta).product(vector)
        assert_allclose(product, jacobian.T @ (jacobian @ vector), rtol=1e-9, atol=1e-7)

    def test_join_is_the_inverse_of_split(self, name, readout):
        objective, theta = self.make(name, readout)
        model = objective.model
        parameters = model.split(theta)
        again = model.split(model.join(parameters))
        for actual, expected in zip(again, parameters, strict=True):
            assert_allclose(actual, expected, atol=1e-10)

    def test_silenced_matrices_are_their_offsets(self, name, readout):
        objective, theta = self.make(name, readout)
        primary = objective.model.primary
        silent = primary.silence(theta[: primary.size], np.array([False, True, True]))
        plain = AffineMatrix(Monomials(2), primary.spaces, primary.offsets)
        assert_allclose(plain.split(silent)[1:], primary.offsets[1:])


@pytest.mark.parametrize("scales", [(0.0, 0.0), (1.0, 0.0)])
def test_derivatives_at_degenerate_spectra(scales):
    """Sums of a degenerate pair are smooth; its vectors are not, and stay finite."""
    constant = np.diag([0.0, 0.0, 1.0, 1.0]) * scales[0]
    primary = AffineMatrix(Monomials(1), LowRank(4, 2))
    readout = ObservableReadout("transition", 1, 2, LowRank(4, 1))
    model = PMM(primary, Extremes(2), readout, (4,))
    objective = Objective(
        model,
        SquaredError(),
        np.zeros((3, 1)),
        np.ones((3, 1)),
        np.ones((3, 1)),
        RidgePenalty(0.0),
    )
    theta = model.initial(np.random.RandomState(0))
    matrices = np.array([constant, np.zeros((4, 4))]).astype(complex)
    theta[: primary.size] = primary.join(matrices)
    value, gradient = objective.value_and_gradient(theta)
    assert np.isfinite(value)
    assert np.all(np.isfinite(gradient))
    assert np.all(np.isfinite(objective.residuals_and_jacobian(theta)[1]))


def test_protocols_of_the_stations():
    spectrum = SpectrumReadout([("level", "", ((0, 0),))], (4,))
    for primary in (AffineMatrix(Monomials(2), FULL), UnitaryProduct(2, FULL)):
        assert isinstance(primary, PrimaryMatrix)
    density, _ = make_station("density", 2, 2, FULL)
    for readout in (ObservableReadout("transition", 2, 2, FULL), density, spectrum):
        assert isinstance(readout, ReadoutStation)
    for penalty in (RidgePenalty(0.1), NoisePenalty(10, 1.0)):
        assert isinstance(penalty, Penalty)
    objective, _ = make_objective("expectation", "hermitian", {"block_sizes": (3,)})
    assert isinstance(objective, ObjectiveProtocol)
