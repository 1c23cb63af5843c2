"""Eigenstates of batches of Hermitian matrices, with derivatives that stay finite."""

import torch
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from ..model.eigensolver import choose
from ..model.eigensolver import eigh as eigh_of_model

# Eigenvalues closer than this, relative to the spectrum, count as degenerate.  The
# first is that of ``model/eigensystem.py``; single precision tells fewer apart.
_DEGENERACY_TOLERANCE = {torch.float64: 1e-10, torch.float32: 1e-5}
_DOUBLE = (torch.float64, torch.complex128)
# More at once are an error of cuSOLVER, at least in double precision.
_LARGEST_BATCH = 16_384


def eigh(matrices):
    """Eigenvalues and eigenvectors, by what is fastest where the matrices are.

    On a CPU where numba is installed that is what the estimators have, which is several
    times faster for small matrices, in double precision; else ``torch.linalg.eigh``.

    Parameters
    ----------
    matrices : Tensor of shape (n_samples, n, n)
        Hermitian or real symmetric.

    Returns
    -------
    values : Tensor of shape (n_samples, n)
        In ascending order.
    vectors : Tensor of shape (n_samples, n, n)
        In columns.
    """
    if matrices.is_cuda:
        return cuda_eigh(matrices)
    if matrices.device.type == "cpu":
        double = _DOUBLE[matrices.is_complex()]
        arrays = matrices.to(double).numpy(force=True)
        if choose(*arrays.shape[:2], arrays.dtype) == "simd":
            values, vectors = map(torch.from_numpy, eigh_of_model(arrays))
            return values.to(matrices.real.dtype), vectors.to(matrices.dtype)
    return torch.linalg.eigh(matrices)


def cuda_eigh(matrices):
    """The same by ``torch.linalg.eigh`` on a GPU, for as many matrices as there are.

    Single precision ends without a result for very small matrices, or if too many
    levels coincide: the former are put in other units, the latter in double precision.
    """
    unit = matrices.abs().amax(dim=(1, 2), keepdim=True)
    unit = unit.masked_fill(unit == 0, 1.0)
    parts = []
    for part in (matrices * unit.reciprocal()).split(_LARGEST_BATCH):
        try:
            parts.append(torch.linalg.eigh(part))
        except torch.linalg.LinAlgError:
            if part.dtype in _DOUBLE:
                raise
            values, vectors = torch.linalg.eigh(part.to(_DOUBLE[part.is_complex()]))
            parts.append((values.to(part.real.dtype), vectors.to(part.dtype)))
    values, vectors = (torch.cat(own) for own in zip(*parts, strict=True))
    return values * unit[:, :, 0], vectors


def eigh_of_blocks(matrices, block_sizes):
    """The same of block-diagonal matrices, sector after sector, ascending in each."""
    if len(block_sizes) == 1:
        return eigh(matrices)
    values = matrices.new_empty(matrices.shape[:2], dtype=matrices.real.dtype)
    vectors = torch.zeros_like(matrices)
    start = 0
    for size in block_sizes:
        block = slice(start, start + size)
        own = eigh(matrices[:, block, block].contiguous())
        values[:, block], vectors[:, block, block] = own
        start += size
    return values, vectors


class SelectedStates(Function):
    r"""Selected eigenvalues and eigenvectors, with the guard against degeneracies.

    The derivative is that of ``Eigensystem.pullback`` in
    ``pmm_sklearn.model``: :math:`G = \operatorname{herm}(V T V_r^\dagger)`,
    :math:`T_{mi} = c_i \delta_{mi} + (v_m^\dagger w_i) / (\lambda_i - \lambda_m)`,
    where :math:`1 / g` is :math:`g / (g^2 + \epsilon^2)`.
    """

    @staticmethod
    def forward(ctx, matrices, select, block_sizes):
        """Select states at the positions ``select(values, block_sizes)``."""
        values, vectors = eigh_of_blocks(matrices, block_sizes)
        selected_values, selected = _take(values, vectors, select(values, block_sizes))
        ctx.save_for_backward(values, vectors, selected_values, selected)
        return selected_values, selected

    @staticmethod
    @once_differentiable
    def backward(ctx, by_values, by_vectors):
        """Gradient by the matrices; that of phases of eigenvectors is zero."""
        values, vectors, selected_values, selected = ctx.saved_tensors
        weights = vectors.mH @ by_vectors
        weights = weights * inverse_gaps(selected_values, values)
        left = vectors @ weights + selected * by_values.unsqueeze(1)
        gradient = left @ selected.mH
        return 0.5 * (gradient + gradient.mH), None, None


class SpectralFunction(Function):
    r"""Matrices :math:`f(H)` for a function of levels with divided differences.

    The derivative is that of Daleckii and Krein, which nothing makes large.
    """

    @staticmethod
    def forward(ctx, matrices, function, block_sizes):
        """``function`` has the methods ``values`` and ``divided_differences``."""
        levels, vectors = eigh_of_blocks(matrices, block_sizes)
        ctx.function = function
        ctx.save_for_backward(levels, vectors)
        return (vectors * function.values(levels).unsqueeze(1)) @ vectors.mH

    @staticmethod
    @once_differentiable
    def backward(ctx, cotangents):
        """Gradient by the matrices."""
        levels, vectors = ctx.saved_tensors
        turned = vectors.mH @ cotangents @ vectors
        turned = turned * ctx.function.divided_differences(levels)
        gradient = vectors @ turned @ vectors.mH
        return 0.5 * (gradient + gradient.mH), None, None


def inverse_gaps(selected_values, values):
    r"""Guarded :math:`1 / (\lambda_i - \lambda_m)` for selected states ``i``.

    Parameters
    ----------
    selected_values : Tensor of shape (n_samples, r)
        Selected eigenvalues.
    values : Tensor of shape (n_samples, n)
        All eigenvalues.

    Returns
    -------
    Tensor of shape (n_samples, n, r)
        Element ``[s, m, i]``; zero for ``m = i``.
    """
    tolerance = _DEGENERACY_TOLERANCE[values.dtype]
    # The square of the smallest unit is the smallest normal number.
    smallest = torch.finfo(values.dtype).tiny ** 0.5
    unit = values.abs().amax(dim=1)[:, None, None] + smallest
    gap = (selected_values.unsqueeze(1) - values.unsqueeze(2)) / unit
    return gap / (gap.square() + tolerance**2) / unit


def _take(values, vectors, positions):
    """States at positions of shape (r,) or (n_samples, r), or in a slice."""
    if isinstance(positions, slice) or positions.ndim == 1:
        return values[:, positions], vectors[:, :, positions]
    everywhere = positions.unsqueeze(1).expand(-1, vectors.shape[1], -1)
    return values.gather(1, positions), vectors.gather(2, everywhere)
