"""Layers: the primary matrix, its eigenstates, and what is read from them."""

from typing import NamedTuple

import torch
from torch import nn

from ..checks.parameters import check_integer, check_option
from ..model import SELECTIONS
from ._eigensystem import SelectedStates
from ._matrices import HermitianParameter


class AffineHermitian(nn.Module):
    r"""Matrices :math:`H(x) = M_0 + \sum_l x_l M_l` with learned Hermitian ``M``.

    Parameters
    ----------
    in_features : int
        Number ``p`` of features.
    n : int
        Side of the matrices.
    rank : int, optional
        Rank of the ``M``; by default they are full.
    matrix_type : {"symmetric", "hermitian"}, default="symmetric"
        Real or complex matrices.

    Attributes
    ----------
    matrices : HermitianParameter
        The ``M``, ``M_0`` first.
    """

    def __init__(self, in_features, n, rank=None, matrix_type="symmetric"):
        super().__init__()
        check_integer("in_features", in_features, 1)
        self.in_features = in_features
        self.matrices = HermitianParameter((in_features + 1,), n, matrix_type, rank)
        self.reset_parameters()

    def reset_parameters(self):
        """Standard normal ``M_0``, all others divided by the square root of ``p``."""
        self.matrices.reset()
        degree = 1 if self.matrices.rank is None else 2
        with torch.no_grad():
            self.matrices.coordinates[1:] /= self.in_features ** (0.5 / degree)

    def forward(self, x):
        """Return matrices (..., n, n) of features (..., in_features)."""
        matrices, n = self.matrices(), self.matrices.n
        numbers = _as_real(matrices).flatten(1)
        rows = x.reshape(-1, self.in_features)
        values = torch.addmm(numbers[0], rows, numbers[1:])
        shape = (*x.shape[:-1], n, n)
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
    """

    values: torch.Tensor
    vectors: torch.Tensor


class Eigenstates(nn.Module):
    r"""Eigenvalues and eigenvectors :math:`H v_i = \lambda_i v_i`, ``r`` of them.

    Parameters
    ----------
    r : int
        Number of eigenstates.
    which : {"SA", "LA", "LM", "SM"}, default="SA"
        Which ones, by their eigenvalue: smallest or largest algebraically, largest or
        smallest in magnitude.
    """

    def __init__(self, r, which="SA"):
        super().__init__()
        check_integer("r", r, 1)
        check_option("which", which, tuple(SELECTIONS))
        self.r = r
        self.which = which

    def forward(self, matrices):
        """Return the `States` of Hermitian matrices (..., n, n)."""
        n = matrices.shape[-1]
        flat = matrices.reshape(-1, n, n)
        values, vectors = SelectedStates.apply(flat, self._positions, (n,))
        shape = matrices.shape[:-2]
        return States(
            values.reshape(*shape, self.r), vectors.reshape(*shape, n, self.r)
        )

    def _positions(self, values):
        """Positions of the states among all eigenvalues, which ascend."""
        if self.which == "SA":
            return slice(self.r)
        keys = {"LA": -values, "LM": -values.abs(), "SM": values.abs()}
        order = torch.argsort(keys[self.which], dim=1, stable=True)
        return order[:, : self.r]


class ExpectationReadout(nn.Module):
    r"""Outputs :math:`z_k = g_k + \sum_i v_i^\dagger S_{ki} v_i`.

    Parameters
    ----------
    out_features : int
        Number of outputs.
    n, r : int
        Side of the matrices, and number of eigenstates.
    rank : int, optional
        Rank of the observables ``S``; by default they are full.
    matrix_type : {"symmetric", "hermitian"}, default="symmetric"
        Real or complex observables.

    Attributes
    ----------
    observables : HermitianParameter
        The matrices ``S``, (out_features, r).
    intercept : Parameter of shape (out_features,)
        The constants ``g``.
    """

    def __init__(self, out_features, n, r, rank=None, matrix_type="symmetric"):
        super().__init__()
        check_integer("out_features", out_features, 1)
        shape = (out_features, r)
        self.observables = HermitianParameter(shape, n, matrix_type, rank)
        self.intercept = nn.Parameter(torch.empty(out_features))
        self.reset_parameters()

    def reset_parameters(self):
        """Standard normal observables, no intercepts."""
        self.observables.reset()
        nn.init.zeros_(self.intercept)

    def forward(self, states):
        """Return outputs (..., out_features) of `States`."""
        rows = states.vectors.mT
        projectors = rows.unsqueeze(-1) * rows.conj().unsqueeze(-2)
        numbers = _as_real(projectors).flatten(states.values.ndim - 1)
        observables = _as_real(self.observables()).flatten(1)
        return nn.functional.linear(numbers, observables, self.intercept)


class TransitionReadout(nn.Module):
    r"""Outputs of transition probabilities between the eigenstates.

    .. math::

        z_k = g_k + \sum_{i \le j} \left( |v_i^\dagger D_{kij} v_j|^2
              - \tfrac{1}{2} \|D_{kij}\|_2^2 \right)

    Parameters
    ----------
    out_features, n, r, rank, matrix_type
        As for `ExpectationReadout`.

    Attributes
    ----------
    observables : HermitianParameter
        The matrices ``D``, (out_features, r (r + 1) / 2), pairs in row order.
    intercept : Parameter of shape (out_features,)
        The constants ``g``.
    """

    def __init__(self, out_features, n, r, rank=None, matrix_type="symmetric"):
        super().__init__()
        check_integer("out_features", out_features, 1)
        shape = (out_features, r * (r + 1) // 2)
        self.observables = HermitianParameter(shape, n, matrix_type, rank)
        self.intercept = nn.Parameter(torch.empty(out_features))
        self.register_buffer("_pairs", torch.triu_indices(r, r), persistent=False)
        self.reset_parameters()

    def reset_parameters(self):
        """Standard normal observables, no intercepts."""
        self.observables.reset()
        nn.init.zeros_(self.intercept)

    def forward(self, states):
        """Return outputs (..., out_features) of `States`."""
        shape = states.values.shape[:-1]
        rows = states.vectors.mT.reshape(-1, *states.vectors.mT.shape[-2:])
        left, right = rows[:, self._pairs[0]], rows[:, self._pairs[1]]
        dyads = (left.conj().unsqueeze(-1) * right.unsqueeze(-2)).flatten(2)
        observables = self.observables()
        flat = observables.flatten(2).permute(1, 2, 0)
        amplitudes = dyads.transpose(0, 1) @ flat
        terms = amplitudes.real.square()
        if amplitudes.is_complex():
            terms = terms + amplitudes.imag.square()
        norms = torch.linalg.eigvalsh(observables).abs().amax(dim=-1)
        outputs = terms.sum(dim=0) - 0.5 * norms.square().sum(dim=1)
        return (outputs + self.intercept).reshape(*shape, -1)


class PMMLayer(nn.Module):
    r"""A parametric matrix model as a layer: matrix, eigenstates, readout.

    Parameters
    ----------
    primary : AffineHermitian
        From features to the Hermitian matrix.
    states : Eigenstates
        From the matrix to its eigenstates.
    readout : ExpectationReadout or TransitionReadout
        From the eigenstates to the outputs.
    """

    def __init__(self, primary, states, readout):
        super().__init__()
        self.primary = primary
        self.states = states
        self.readout = readout

    def forward(self, x):
        """Return outputs (..., out_features) of features (..., in_features)."""
        return self.readout(self.states(self.primary(x)))


def _as_real(matrices):
    """Matrices as real numbers, those of complex ones in a further axis."""
    return torch.view_as_real(matrices) if matrices.is_complex() else matrices
