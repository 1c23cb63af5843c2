"""The product of unitary evolutions: values, limits, derivatives."""

from functools import reduce

import numpy as np
import pytest
from scipy.linalg import expm

from pmm_sklearn.model import (
    PMM,
    HermitianSpace,
    SpectrumReadout,
    UnitaryProduct,
    phase_energies,
)

TIMES = np.array([[0.0], [0.3], [-0.2], [1e-9], [0.7]])
BASES = [
    HermitianSpace((4,)),
    HermitianSpace((3, 2)),
    HermitianSpace((4,), "symmetric"),
]
each_basis = pytest.mark.parametrize("basis", BASES, ids=["full", "blocks", "real"])


def make(basis, n_factors=3, scale=0.5):
    rng = np.random.RandomState(0)
    theta = scale * rng.standard_normal((n_factors, basis.size))
    gradients = rng.standard_normal((2, len(TIMES), 2, basis.side, basis.side))
    gradients = gradients[0] + 1j * gradients[1]
    gradients = gradients + gradients.conj().swapaxes(-1, -2)
    return UnitaryProduct(n_factors, basis), theta, gradients


def evolution(matrices, time):
    return reduce(np.matmul, [expm(-1j * time * matrix) for matrix in matrices])


def transforms(primary, coordinates):
    matrices = primary.space.matrices(coordinates.reshape(primary.n_matrices, -1))
    return primary.forward(matrices, TIMES)


def numerical_jacobian(primary, theta, gradients, step=1e-3):
    """Five-point stencil for ``tr(G H)`` of every sample and output."""

    def outputs(coordinates):
        transform = transforms(primary, coordinates)[0]
        return np.einsum("skij,sji->sk", gradients, transform).real

    columns = []
    for direction in step * np.eye(theta.size):
        values = [outputs(theta.ravel() + k * direction) for k in (-2, -1, 1, 2)]
        difference = values[0] - 8 * values[1] + 8 * values[2] - values[3]
        columns.append(difference / (12 * step))
    return np.stack(columns, axis=-1)


@each_basis
class TestForward:
    def test_energies_are_the_phases_of_the_product(self, basis):
        primary, theta, _ = make(basis)
        transform, _ = transforms(primary, theta)
        energies, _ = phase_energies(np.linalg.eigvalsh(transform), TIMES)
        matrices = basis.matrices(theta)
        for (time,), found in zip(TIMES[[1, 2, 4]], energies[[1, 2, 4]], strict=True):
            phases = np.angle(np.linalg.eigvals(evolution(matrices, time)))
            np.testing.assert_allclose(found, np.sort(-phases / time), atol=1e-12)

    def test_inverse_transform_is_unitary_and_the_product(self, basis):
        primary, theta, _ = make(basis)
        matrices = basis.matrices(theta)
        identity = np.eye(basis.side)
        found, _ = transforms(primary, theta)
        for (time,), transform in zip(TIMES, found, strict=True):
            half = 0.5j * time * transform
            unitary = np.linalg.solve(identity + half, identity - half)
            np.testing.assert_allclose(unitary @ unitary.conj().T, identity, atol=1e-13)
            expected = evolution(matrices, time)
            np.testing.assert_allclose(unitary, expected, atol=1e-13)

    def test_limit_of_no_step(self, basis):
        primary, theta, _ = make(basis)
        total = basis.matrices(theta).sum(axis=0)
        transform, _ = transforms(primary, theta)
        np.testing.assert_allclose(transform[0], total, atol=1e-14)
        # The first correction is half a step times the commutators.
        np.testing.assert_allclose(transform[3], total, atol=1e-7)

    def test_hermitian(self, basis):
        primary, theta, _ = make(basis)
        transform, _ = transforms(primary, theta)
        np.testing.assert_array_equal(transform, transform.conj().swapaxes(1, 2))


def test_all_levels_are_energies():
    space = HermitianSpace((2, 1))
    readout = SpectrumReadout([("level", "", ((0, 0),))], (2, 1))
    model = PMM(UnitaryProduct(2, space), readout.selection, readout, (2, 1))
    matrices = model.split(model.initial(np.random.RandomState(0))).matrices
    levels = model.levels(matrices, TIMES)
    for (time,), found in zip(TIMES[[1, 2, 4]], levels[[1, 2, 4]], strict=True):
        phases = np.angle(np.linalg.eigvals(evolution(matrices, time)))
        np.testing.assert_allclose(np.sort(found), np.sort(-phases / time), atol=1e-12)


@each_basis
class TestDerivatives:
    def test_jacobian(self, basis):
        primary, theta, gradients = make(basis)
        jacobian = np.empty((*gradients.shape[:2], primary.size))
        saved = transforms(primary, theta)[1]
        primary.jacobian(theta, saved, gradients, out=jacobian)
        numerical = numerical_jacobian(primary, theta, gradients)
        np.testing.assert_allclose(jacobian, numerical, rtol=1e-8, atol=1e-8)

    def test_gradient_is_the_sum_over_samples(self, basis):
        primary, theta, gradients = make(basis)
        saved = transforms(primary, theta)[1]
        jacobian = np.empty((*gradients.shape[:2], primary.size))
        primary.jacobian(theta, saved, gradients, out=jacobian)
        np.testing.assert_allclose(
            primary.gradient(theta, saved, gradients[:, 0]),
            jacobian[:, 0].sum(axis=0),
        )

    def test_tangent_is_the_jacobian_times_the_change(self, basis):
        primary, theta, gradients = make(basis)
        saved = transforms(primary, theta)[1]
        jacobian = np.empty((*gradients.shape[:2], primary.size))
        primary.jacobian(theta, saved, gradients, out=jacobian)
        direction = np.random.RandomState(5).standard_normal(primary.size)
        change = primary.tangent(theta, saved, direction)
        found = np.einsum("skab,sba->sk", gradients, change).real
        np.testing.assert_allclose(found, jacobian @ direction, atol=1e-11)

    @pytest.mark.parametrize("case", ["zero", "identity", "equal"])
    def test_degenerate_factors(self, basis, case):
        primary, theta, gradients = make(basis)
        if case == "equal":
            theta[1] = theta[0]
        else:
            theta[1] = basis.coordinates(
                float(case == "identity") * np.eye(basis.side, dtype=basis.dtype)
            )
        jacobian = np.empty((*gradients.shape[:2], primary.size))
        saved = transforms(primary, theta)[1]
        primary.jacobian(theta, saved, gradients, out=jacobian)
        numerical = numerical_jacobian(primary, theta, gradients)
        np.testing.assert_allclose(jacobian, numerical, rtol=1e-8, atol=1e-8)


def test_one_factor_has_constant_energies():
    basis = HermitianSpace((4,))
    primary, theta, _ = make(basis, n_factors=1)
    transform, _ = transforms(primary, theta)
    energies, _ = phase_energies(np.linalg.eigvalsh(transform), TIMES)
    np.testing.assert_allclose(energies, energies[:1].repeat(len(TIMES), axis=0))


@pytest.mark.parametrize(
    ("n_factors", "matrix_type", "even"),
    [(2, "hermitian", True), (5, "symmetric", True), (3, "hermitian", False)],
)
def test_which_energies_are_even_in_time(n_factors, matrix_type, even):
    primary, theta, _ = make(HermitianSpace((4,), matrix_type), n_factors)
    times = np.array([[-0.7], [0.7]])
    transform, _ = primary.forward(primary.space.matrices(theta), times)
    energies, _ = phase_energies(np.linalg.eigvalsh(transform), times)
    assert np.allclose(*energies, rtol=1e-12) == even


def test_phase_energies():
    times = np.array([[0.5], [-0.5], [0.0]])
    expected = np.array([[-6.0, 0.0, 2.0]]).repeat(3, axis=0)
    values = np.array(expected)
    values[:2] = 2 / 0.5 * np.tan(expected[:2] * 0.5 / 2)
    energies, slopes = phase_energies(values, times)
    np.testing.assert_allclose(energies, expected, rtol=1e-14)
    step = 1e-6
    upper, _ = phase_energies(values + step, times)
    lower, _ = phase_energies(values - step, times)
    np.testing.assert_allclose(slopes, (upper - lower) / (2 * step), rtol=1e-7)


def test_next_to_the_pole():
    """A phase of half a turn has no transform; its neighbours have a large one."""
    primary = UnitaryProduct(1, HermitianSpace((1,), "symmetric"))
    transform, _ = primary.forward(np.array([[[np.pi]]]), np.array([[1.0]]))
    assert abs(transform[0, 0, 0]) > 1e12
    energies, _ = phase_energies(transform[:, 0].real, np.array([[1.0]]))
    assert abs(energies[0, 0]) == pytest.approx(np.pi)
