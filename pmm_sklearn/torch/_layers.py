"""Layers: features, the primary matrix, its eigenstates, and all together."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import nn

from .._typing import MatrixType, Size, Which
from ..checks.parameters import check_integer, check_matrix_size, check_option
from ..model import MATRIX_TYPES, SELECTIONS, Levels, Monomials, observable_pmm
from ._eigensystem import SelectedStates, SpectralFunction
from ._fermi_dirac import FermiDirac
from ._matrices import HermitianParameter, as_real


class MonomialFeatures(nn.Module):
    """Monomials of the features up to a total degree, without the constant.

    Parameters
    ----------
    in_features : int
        Number of features.
    degree : int, default=1
        Largest total degree.
    origin : sequence of float, optional
        Point that features are counted from, by default zero.

    Attributes
    ----------
    out_features : int
        Number of monomials.

    Examples
    --------
    >>> import torch
    >>> from pmm_sklearn.torch import MonomialFeatures
    >>> MonomialFeatures(2, degree=2)(torch.tensor([[2.0, 3.0]]))
    tensor([[2., 3., 4., 6., 9.]])
    """

    def __init__(self, in_features: int, degree: int = 1, origin: Sequence[float] = ()):
        super().__init__()
        check_integer("in_features", in_features, 1)
        check_integer("degree", degree, 1)
        self.in_features, self.degree = in_features, degree
        self.origin = tuple(map(float, origin))
        monomials = Monomials(in_features, degree)
        self.out_features = monomials.size - 1
        powers = torch.from_numpy(monomials.powers[1:])
        # Of each monomial its features, and for those of lower degree the number 1.
        padding = in_features * torch.ones(len(powers), 1, dtype=torch.long)
        rows = [
            torch.repeat_interleave(torch.arange(in_features), own) for own in powers
        ]
        factors = [torch.cat([row, padding[0].repeat(degree)])[:degree] for row in rows]
        self.register_buffer("_factors", torch.stack(factors), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the monomials of features.

        Parameters
        ----------
        x : Tensor of shape (..., in_features)
            Features.

        Returns
        -------
        Tensor of shape (..., out_features)
        """
        if self.origin:
            x = x - x.new_tensor(self.origin)
        if self.degree == 1:
            return x
        padded = nn.functional.pad(x, (0, 1), value=1.0)
        return padded[..., self._factors].prod(dim=-1)


class AffineHermitian(nn.Module):
    r"""Matrices :math:`H(x) = M_0 + \sum_l x_l M_l` with learned Hermitian ``M``.

    Parameters
    ----------
    in_features : int
        Number ``p`` of features.
    n : int or tuple of int
        Side of the matrices, or the sides of their diagonal blocks.
    rank : int, optional
        Rank of the ``M``; by default they are full.
    matrix_type : {"symmetric", "hermitian"}, default="symmetric"
        Real or complex matrices.

    Attributes
    ----------
    matrices : HermitianParameter
        The ``M``, :math:`M_0` first.

    Raises
    ------
    ValueError, TypeError
        If an argument is not usable.

    Examples
    --------
    >>> import torch
    >>> from pmm_sklearn.torch import AffineHermitian
    >>> primary = AffineHermitian(4, 3, matrix_type="hermitian")
    >>> primary(torch.ones(10, 4)).shape
    torch.Size([10, 3, 3])
    """

    def __init__(
        self,
        in_features: int,
        n: Size,
        rank: int | None = None,
        matrix_type: MatrixType = "symmetric",
    ):
        super().__init__()
        check_integer("in_features", in_features, 1)
        self.in_features = in_features
        self.matrices = HermitianParameter((in_features + 1,), n, matrix_type, rank)
        self.reset_parameters()

    def reset_parameters(self):
        """Draw a standard normal :math:`M_0`, and others over the root of ``p``."""
        self.matrices.reset_parameters()
        degree = self.matrices.space.degree
        with torch.no_grad():
            self.matrices.coordinates[1:] /= self.in_features ** (0.5 / degree)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the Hermitian matrices.

        Parameters
        ----------
        x : Tensor of shape (..., in_features)
            Features.

        Returns
        -------
        Tensor of shape (..., n, n)
        """
        if x.shape[-1] != self.in_features:
            raise ValueError(
                f"x must have {self.in_features} features in its last axis, got shape "
                f"{tuple(x.shape)}: reshape it."
            )
        matrices = self.matrices()
        numbers = as_real(matrices).flatten(1)
        rows = x.reshape(-1, self.in_features)
        values = torch.addmm(numbers[0], rows, numbers[1:])
        shape = (*x.shape[:-1], *matrices.shape[1:])
        if matrices.is_complex():
            return torch.view_as_complex(values.reshape(*shape, 2))
        return values.reshape(shape)


class States(NamedTuple):
    """Selected eigenstates.

    Attributes
    ----------
    values : Tensor of shape (..., r)
        Eigenvalues.
    vectors : Tensor of shape (..., n, r)
        Eigenvectors in columns.

    Examples
    --------
    >>> import torch
    >>> from pmm_sklearn.torch import Eigenstates
    >>> Eigenstates(1)(torch.diag(torch.tensor([1.0, 4.0]))).values
    tensor([1.])
    """

    values: torch.Tensor
    vectors: torch.Tensor


class Eigenstates(nn.Module):
    r"""Eigenvalues and eigenvectors :math:`H v_i = \lambda_i v_i`, ``r`` of them.

    Derivatives are finite at degenerate eigenvalues too, with the guard of the
    estimators.

    Parameters
    ----------
    r : int
        Number of eigenstates.
    which : {"SA", "LA", "LM", "SM"} or sequence of tuple, default="SA"
        Which ones, by their eigenvalue: smallest or largest algebraically, largest or
        smallest in magnitude; or ``r`` pairs (level, sector), as in ``Levels`` of
        :mod:`pmm_sklearn.model`.
    block_sizes : tuple of int, optional
        Sides of the diagonal blocks of the matrices ("sectors"), which are
        diagonalised alone.

    Raises
    ------
    ValueError, TypeError
        If an argument is not usable, or matrices are smaller than ``r``.

    Examples
    --------
    >>> import torch
    >>> from pmm_sklearn.torch import Eigenstates
    >>> matrix = torch.diag(torch.tensor([2.0, -3.0, 1.0]))
    >>> values, vectors = Eigenstates(2, "LM")(matrix)
    >>> values
    tensor([-3.,  2.])
    """

    def __init__(
        self,
        r: int,
        which: Which | Sequence[tuple] = "SA",
        block_sizes: tuple[int, ...] | None = None,
    ):
        super().__init__()
        check_integer("r", r, 1)
        if isinstance(which, str):
            check_option("which", which, tuple(SELECTIONS))
        self.r = r
        self.which = which if isinstance(which, str) else tuple(which)
        self.block_sizes = block_sizes

    def forward(self, matrices: torch.Tensor) -> States:
        """Return the selected eigenstates.

        Parameters
        ----------
        matrices : Tensor of shape (..., n, n)
            Hermitian matrices.

        Returns
        -------
        States
        """
        n = matrices.shape[-1]
        if self.r > n:
            raise ValueError(
                f"r must not exceed the side of the matrices, got r={self.r} with "
                f"matrices of side {n}: select fewer states."
            )
        sizes = self.block_sizes or (n,)
        flat = matrices.reshape(-1, n, n)
        values, vectors = SelectedStates.apply(flat, self._positions, sizes)
        shape = matrices.shape[:-2]
        return States(
            values.reshape(*shape, self.r), vectors.reshape(*shape, n, self.r)
        )

    def _positions(self, values, block_sizes):
        """Positions of the states among all eigenvalues."""
        if not isinstance(self.which, str):
            positions = Levels(self.which).indices(values.cpu().numpy(), block_sizes)
            if isinstance(positions, slice):
                return positions
            return torch.from_numpy(positions).to(values.device)
        if self.which == "SA" and len(block_sizes) == 1:
            return slice(self.r)
        keys = {"SA": values, "LA": -values, "LM": -values.abs(), "SM": values.abs()}
        order = torch.argsort(keys[self.which], dim=1, stable=True)
        return order[:, : self.r]


class DensityMatrix(nn.Module):
    r"""Matrices :math:`f(H)`, :math:`f(e) = 1 / (1 + e^{(e - \mu) / kT})`.

    No states are selected; nothing happens where levels cross.

    Parameters
    ----------
    n : int or tuple of int
        Side of the matrices, or the sides of their diagonal blocks.
    r : int
        Number of levels below the chemical potential :math:`\mu` of a matrix to start
        from.
    smearing : float, default=0.125
        The energy :math:`kT`, in units of the spacing of these levels.
    level_spacing : float, default=0.0
        That of equidistant levels; zero for those of random matrices.
    matrix_type : {"symmetric", "hermitian"}, default="symmetric"
        Which random matrices these are.

    Attributes
    ----------
    potential, temperature : float
        The numbers :math:`\mu` and :math:`kT`.

    Raises
    ------
    ValueError, TypeError
        If an argument is not usable.

    Examples
    --------
    >>> import torch
    >>> from pmm_sklearn.torch import DensityMatrix
    >>> density = DensityMatrix(2, 1, smearing=0.01, level_spacing=1.0)
    >>> density(torch.diag(torch.tensor([-3.0, 4.0]))).round()
    tensor([[1., 0.],
            [0., 0.]])
    """

    def __init__(
        self,
        n: Size,
        r: int,
        smearing: float = 0.125,
        level_spacing: float = 0.0,
        matrix_type: MatrixType = "symmetric",
    ):
        super().__init__()
        self.block_sizes = check_matrix_size(n)
        check_integer("r", r, 1, sum(self.block_sizes))
        check_option("matrix_type", matrix_type, MATRIX_TYPES)
        self.r, self.smearing, self.level_spacing = r, smearing, level_spacing
        occupation = observable_pmm(
            *(1, 1, self.block_sizes, r),
            readout="density",
            matrix_type=matrix_type,
            smearing=smearing,
            level_spacing=level_spacing,
        ).readout.occupation
        self.potential = occupation.potential
        self.temperature = occupation.temperature
        self._occupation = FermiDirac(self.potential, self.temperature)

    def forward(self, matrices: torch.Tensor) -> torch.Tensor:
        """Return the density matrices.

        Parameters
        ----------
        matrices : Tensor of shape (..., n, n)
            Hermitian matrices.

        Returns
        -------
        Tensor of shape (..., n, n)
        """
        flat = matrices.reshape(-1, *matrices.shape[-2:])
        return SpectralFunction.apply(flat, self._occupation, self.block_sizes).reshape(
            matrices.shape
        )


class PMMLayer(nn.Module):
    r"""A parametric matrix model as a layer: matrix, eigenstates, readout.

    Parameters
    ----------
    primary : AffineHermitian or Module
        From features to the Hermitian matrix.
    states : Eigenstates or DensityMatrix
        From the matrix to its eigenstates, or to the density matrix.
    readout : Module
        From these to the outputs: `ExpectationReadout`, `TransitionReadout`,
        `DensityReadout` or `SpectrumReadout`.

    Examples
    --------
    >>> import torch
    >>> from pmm_sklearn import torch as pt
    >>> layer = pt.PMMLayer(
    ...     pt.AffineHermitian(64, 7, rank=2),
    ...     pt.Eigenstates(3),
    ...     pt.ExpectationReadout(10, 7, 3),
    ... )
    >>> layer(torch.zeros(5, 64)).shape
    torch.Size([5, 10])
    """

    def __init__(self, primary: nn.Module, states: nn.Module, readout: nn.Module):
        super().__init__()
        self.primary = primary
        self.states = states
        self.readout = readout

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the outputs.

        Parameters
        ----------
        x : Tensor of shape (..., in_features)
            Features.

        Returns
        -------
        Tensor of shape (..., out_features)
        """
        return self.readout(self.states(self.primary(x)))
