"""Hermitian matrices from real parameters, as the estimators learn them."""

import math

import torch
from torch import nn

from ..checks.parameters import check_integer, check_option
from ..model import MATRIX_TYPES, HermitianSpace, LowRank


class HermitianParameter(nn.Module):
    r"""Hermitian matrices :math:`M = \sum_a \theta_a E_a` that are learned.

    The basis ``E`` is orthonormal, so that weight decay is that of the Frobenius norm;
    with a rank it is :math:`M = \sum_k s_k u_k u_k^\dagger` with learned vectors and
    signs :math:`+, -, +, \dots`

    Parameters
    ----------
    shape : tuple of int
        How many matrices there are, along any axes.
    n : int
        Side of the matrices.
    matrix_type : {"symmetric", "hermitian"}, default="symmetric"
        Real or complex matrices.
    rank : int, optional
        Number of vectors; by default matrices are full.

    Attributes
    ----------
    coordinates : Parameter of shape (*shape, size)
        The real numbers that are learned.
    start_scale : float
        With standard deviations like this, matrices are as large as full ones of
        standard normal coordinates.
    """

    def __init__(self, shape, n, matrix_type="symmetric", rank=None):
        super().__init__()
        check_option("matrix_type", matrix_type, MATRIX_TYPES)
        check_integer("n", n, 1)
        if rank is not None:
            check_integer("rank", rank, 1, n)
        self.n = n
        self.matrix_type = matrix_type
        self.rank = rank
        space = HermitianSpace((n,), matrix_type)
        if rank is not None:
            space = LowRank(n, rank, matrix_type)
        self.start_scale = float(space.start_scale)
        self.coordinates = nn.Parameter(torch.empty(*shape, space.size))
        if rank is None:
            self._register_places()
        else:
            signs = torch.tensor(space.signs.tolist())
            self.register_buffer("_signs", signs, persistent=False)

    def _register_places(self):
        """For each real number of a matrix its coordinate, and what multiplies it."""
        n = self.n
        row, column = torch.triu_indices(n, n, 1)
        real = torch.diag(torch.arange(n))
        real[row, column] = real[column, row] = torch.arange(n, n + len(row))
        factor = torch.full((n, n), math.sqrt(0.5)).fill_diagonal_(1.0)
        if self.matrix_type == "hermitian":
            imaginary, sign = torch.zeros_like(real), torch.zeros_like(factor)
            imaginary[row, column] = imaginary[column, row] = (
                torch.arange(n, n + len(row)) + len(row)
            )
            sign[row, column], sign[column, row] = math.sqrt(0.5), -math.sqrt(0.5)
            real = torch.stack([real, imaginary], dim=-1)
            factor = torch.stack([factor, sign], dim=-1)
        self.register_buffer("_place", real.flatten(), persistent=False)
        self.register_buffer("_factor", factor.flatten(), persistent=False)

    def reset(self, scale=1.0):
        """Draw coordinates, of matrices that are `scale` times as large as normal."""
        degree = 1 if self.rank is None else 2
        deviation = self.start_scale * scale ** (1 / degree)
        nn.init.normal_(self.coordinates, std=deviation)

    def forward(self):
        """Return the matrices, Tensor of shape (*shape, n, n)."""
        if self.rank is not None:
            vectors = self._vectors()
            signed = self._signs[:, None] * vectors
            return signed.mT @ vectors.conj()
        flat = self.coordinates[..., self._place] * self._factor
        shape = (*self.coordinates.shape[:-1], self.n, self.n)
        if self.matrix_type == "symmetric":
            return flat.reshape(shape)
        return torch.view_as_complex(flat.reshape(*shape, 2))

    def _vectors(self):
        """Vectors of shape (*shape, rank, n)."""
        shape = (*self.coordinates.shape[:-1], self.rank, self.n)
        if self.matrix_type == "symmetric":
            return self.coordinates.reshape(shape)
        return torch.view_as_complex(self.coordinates.reshape(*shape, 2))
