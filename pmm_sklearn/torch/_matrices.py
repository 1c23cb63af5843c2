"""Hermitian matrices from real parameters, as the estimators learn them."""

import math

import torch
from numpy.typing import ArrayLike
from torch import nn

from .._typing import MatrixType, Size
from ..checks.parameters import check_integer, check_matrix_size, check_option
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
    n : int or tuple of int
        Side of the matrices, or the sides of their diagonal blocks.
    matrix_type : {"symmetric", "hermitian"}, default="symmetric"
        Real or complex matrices.
    rank : int, optional
        Number of vectors; by default matrices are full.

    Attributes
    ----------
    coordinates : Parameter of shape (..., size)
        The real numbers that are learned.
    space : HermitianSpace or LowRank
        What they are coordinates in.

    Raises
    ------
    ValueError, TypeError
        If an argument is not usable.

    Examples
    --------
    >>> import torch
    >>> from pmm_sklearn.torch import HermitianParameter
    >>> matrices = HermitianParameter((5,), 3, "hermitian")
    >>> matrices.coordinates.shape, matrices().shape
    (torch.Size([5, 9]), torch.Size([5, 3, 3]))
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        n: Size,
        matrix_type: MatrixType = "symmetric",
        rank: int | None = None,
    ):
        super().__init__()
        check_option("matrix_type", matrix_type, MATRIX_TYPES)
        self.block_sizes = check_matrix_size(n)
        self.n = sum(self.block_sizes)
        self.matrix_type = matrix_type
        self.rank = rank
        if rank is None:
            self.space = HermitianSpace(self.block_sizes, matrix_type)
            self._register_places()
        else:
            check_integer("rank", rank, 1, self.n)
            self.space = LowRank(self.n, rank, matrix_type)
            signs = torch.tensor(self.space.signs.tolist())
            self.register_buffer("_signs", signs, persistent=False)
        self.coordinates = nn.Parameter(torch.empty(*shape, self.space.size))
        self.reset_parameters()

    def _register_places(self):
        """For each real number of a matrix its coordinate, and its sign or zero."""
        n, sizes = self.n, torch.tensor(self.block_sizes)
        sector = torch.repeat_interleave(torch.arange(len(sizes)), sizes)
        row, column = torch.triu_indices(n, n, 1)
        inside = sector[row] == sector[column]
        row, column = row[inside], column[inside]
        upper = torch.arange(n, n + len(row))
        place, sign = torch.diag(torch.arange(n)), torch.eye(n)
        place[row, column] = place[column, row] = upper
        sign[row, column] = sign[column, row] = 1.0
        if self.matrix_type == "hermitian":
            imaginary, own = torch.zeros_like(place), torch.zeros_like(sign)
            imaginary[row, column] = imaginary[column, row] = upper + len(row)
            own[row, column], own[column, row] = 1.0, -1.0
            place = torch.stack([place, imaginary], dim=-1)
            sign = torch.stack([sign, own], dim=-1)
        self.register_buffer("_place", place.flatten(), persistent=False)
        self.register_buffer("_sign", sign.flatten(), persistent=False)

    def reset_parameters(self, scale: float = 1.0) -> None:
        """Draw new coordinates at random.

        Parameters
        ----------
        scale : float, default=1.0
            Matrices are as large as those of normal coordinates of this deviation.
        """
        deviation = self.space.start_scale * scale ** (1 / self.space.degree)
        nn.init.normal_(self.coordinates, std=float(deviation))

    @torch.no_grad()
    def set_matrices(self, matrices: ArrayLike) -> None:
        """Take given matrices, or the nearest ones that can be learned.

        Parameters
        ----------
        matrices : ndarray of shape (..., n, n)
            Hermitian matrices.
        """
        coordinates = self.space.coordinates(matrices)
        self.coordinates.copy_(torch.from_numpy(coordinates))

    def forward(self) -> torch.Tensor:
        """Return the matrices, Tensor of shape (..., n, n)."""
        shape = (*self.coordinates.shape[:-1], self.n, self.n)
        if self.rank is not None:
            vectors = self._complex(self.coordinates, (*shape[:-2], self.rank, self.n))
            return (self._signs[:, None] * vectors).mT @ vectors.conj()
        diagonal, beside = self.coordinates.tensor_split([self.n], dim=-1)
        elements = torch.cat([diagonal, math.sqrt(0.5) * beside], dim=-1)
        return self._complex(elements[..., self._place] * self._sign, shape)

    def _complex(self, numbers, shape):
        """Real or complex elements from real numbers."""
        if self.matrix_type == "symmetric":
            return numbers.reshape(shape)
        return torch.view_as_complex(numbers.reshape(*shape, 2))


def as_real(matrices):
    """Matrices as real numbers, those of complex ones in a further axis."""
    return torch.view_as_real(matrices) if matrices.is_complex() else matrices
