"""Eigenstates of pmm_sklearn.torch: solvers, derivatives, degenerate levels."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pmm_sklearn.model import Eigensystem, Extremes

torch = pytest.importorskip("torch", reason="torch is not installed")

from torch.autograd import gradcheck

from pmm_sklearn.torch import Eigenstates
from pmm_sklearn.torch._eigensystem import cuda_eigh, eigh, eigh_of_blocks

DEVICES = ["cpu"] + ["cuda"] * torch.cuda.is_available()
DOUBLE = [torch.float64, torch.complex128]
SINGLE = [torch.float32, torch.complex64]
WHICH = ["SA", "LA", "LM", "SM"]


@pytest.fixture(params=DEVICES)
def device(request):
    return request.param


def hermitian(n, dtype, device="cpu", n_samples=50, seed=0):
    generator = torch.Generator().manual_seed(seed)
    matrices = torch.randn(n_samples, n, n, dtype=dtype, generator=generator)
    return (matrices + matrices.mH).to(device)


def special(n, dtype, device):
    """Zero, multiples of the identity, diagonal, of rank one, tiny and large ones."""
    ones = torch.ones(n, n, dtype=dtype)
    levels = torch.diag(torch.arange(n)).to(dtype)
    random = hermitian(n, dtype, n_samples=3)
    units = torch.tensor([1e-30, 1e-10, 1e15], dtype=dtype)[:, None, None]
    matrices = [0 * ones, 3 * torch.eye(n, dtype=dtype), levels, ones]
    return torch.cat([torch.stack(matrices), random * units]).to(device)


@pytest.mark.parametrize("n", [1, 2, 3, 7, 16])
@pytest.mark.parametrize("dtype", DOUBLE + SINGLE)
@pytest.mark.parametrize("solve", [eigh, cuda_eigh])
def test_finds_what_lapack_finds(device, dtype, n, solve):
    matrices = torch.cat([hermitian(n, dtype, device), special(n, dtype, device)])
    values, vectors = solve(matrices)
    expected = torch.linalg.eigvalsh(matrices.cpu()).to(device)
    tolerance = 100 * torch.finfo(dtype).eps
    scale = expected.abs().amax(dim=1).clamp(min=torch.finfo(dtype).tiny)
    assert (values.dtype, vectors.dtype) == (expected.dtype, dtype)
    assert (((values - expected) / scale[:, None]).abs() < tolerance).all()
    identity = torch.eye(n, dtype=dtype, device=device)
    assert ((vectors.mH @ vectors - identity).abs() < tolerance).all()
    residual = matrices @ vectors - vectors * values[:, None]
    assert ((residual / scale[:, None, None]).abs() < tolerance).all()


def test_of_no_matrix(device):
    values, vectors = eigh(torch.zeros(0, 3, 3, device=device))
    assert (values.shape, vectors.shape) == ((0, 3), (0, 3, 3))


def test_blocks_are_diagonalised_alone(device):
    matrices = torch.zeros(5, 5, 5, dtype=torch.float64, device=device)
    matrices[:, :2, :2] = hermitian(2, torch.float64, device, 5)
    matrices[:, 2:, 2:] = hermitian(3, torch.float64, device, 5)
    values, vectors = eigh_of_blocks(matrices, (2, 3))
    assert (values[:, :2].diff(dim=1) >= 0).all()
    assert (vectors[:, 2:, :2] == 0).all()
    assert (vectors[:, :2, 2:] == 0).all()
    residual = matrices @ vectors - vectors * values[:, None]
    assert residual.abs().max() < 1e-13


@pytest.mark.parametrize("dtype", DOUBLE)
@pytest.mark.parametrize("which", ["SA", "LM"])
def test_derivatives(device, dtype, which):
    """Of levels, and of what does not depend on phases."""
    states = Eigenstates(2, which)
    operator = hermitian(4, dtype, device, 1, seed=1)

    def function(matrices):
        values, vectors = states(matrices + matrices.mH)
        elements = vectors.mH @ operator @ vectors
        return values, elements.abs()

    matrices = 0.5 * hermitian(4, dtype, device, 3)
    assert gradcheck(function, matrices.requires_grad_(), fast_mode=False)


@pytest.mark.parametrize("dtype", DOUBLE)
@pytest.mark.parametrize("which", WHICH)
def test_states_and_derivatives_are_those_of_the_model(dtype, which):
    matrices = hermitian(5, dtype)
    # Degenerate: the guard must be the same.
    matrices[0] = torch.eye(5)
    eigensystem = Eigensystem(matrices.numpy(), Extremes(3, which))
    values, vectors = Eigenstates(3, which)(matrices.requires_grad_())
    assert_allclose(values.detach(), eigensystem.selected_values)
    phases = np.sum(eigensystem.selected.conj() * vectors.detach().numpy(), axis=1)
    assert_allclose(np.abs(phases[1:]), 1)
    by_vectors = torch.ones_like(vectors)
    by_values = torch.ones_like(values)
    torch.autograd.backward([values, vectors], [by_values, by_vectors])
    turned = by_vectors.numpy() * phases.conj()[:, np.newaxis]
    expected = eigensystem.pullback_of_sums(by_values.numpy(), turned)
    assert_allclose(matrices.grad[1:], expected[1:], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("dtype", DOUBLE + SINGLE)
@pytest.mark.parametrize("scale", [0.0, 1e-30, 1.0, 1e15])
def test_derivatives_at_degenerate_levels_are_finite(device, dtype, scale):
    near = scale * hermitian(4, dtype, device, 2)
    matrices = scale * torch.eye(4, dtype=dtype, device=device).repeat(3, 1, 1)
    matrices[1:] += 1e-12 * near
    matrices[0, 3, 3] += scale
    values, vectors = Eigenstates(2)(matrices.requires_grad_())
    (values.sum() + vectors.abs().square().sum() + vectors.real.sum()).backward()
    assert torch.isfinite(torch.view_as_real(matrices.grad + 0j)).all()


def test_derivatives_of_degenerate_levels_do_not_see_their_basis(device):
    """What is read from all states of a degenerate level is exact."""
    matrix = torch.diag(torch.tensor([1.0, 1.0, 3.0, 3.0], dtype=torch.float64))
    operator = hermitian(4, torch.float64, device, 1, seed=1)[0]

    def function(matrices):
        _, vectors = Eigenstates(2)(matrices + matrices.mH)
        return (vectors.mH @ operator @ vectors).diagonal(dim1=1, dim2=2).sum(dim=1)

    matrices = matrix[None].to(device).requires_grad_()
    assert gradcheck(function, matrices)


def test_any_leading_axes():
    matrices = hermitian(4, torch.float64, n_samples=6)
    values, vectors = Eigenstates(2)(matrices.reshape(2, 3, 4, 4))
    flat_values, flat_vectors = Eigenstates(2)(matrices)
    assert torch.equal(values, flat_values.reshape(2, 3, 2))
    assert torch.equal(vectors, flat_vectors.reshape(2, 3, 4, 2))
