"""What is read from eigenstates, from density matrices and from spectra."""

from collections.abc import Sequence

import torch
from torch import nn

from .._typing import MatrixType, Size
from ..checks.parameters import check_integer
from ._layers import States
from ._matrices import HermitianParameter, as_real


class ExpectationReadout(nn.Module):
    r"""Outputs :math:`z_k = g_k + \sum_i v_i^\dagger S_{ki} v_i`.

    Parameters
    ----------
    out_features : int
        Number of outputs.
    n : int or tuple of int
        Side of the matrices, or the sides of their diagonal blocks.
    r : int
        Number of eigenstates.
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

    Raises
    ------
    ValueError, TypeError
        If an argument is not usable.

    Examples
    --------
    >>> import torch
    >>> from pmm_sklearn import torch as pt
    >>> states = pt.Eigenstates(2)(torch.eye(3).expand(5, 3, 3))
    >>> pt.ExpectationReadout(4, 3, 2)(states).shape
    torch.Size([5, 4])
    """

    def __init__(
        self,
        out_features: int,
        n: Size,
        r: int,
        rank: int | None = None,
        matrix_type: MatrixType = "symmetric",
    ):
        super().__init__()
        check_integer("out_features", out_features, 1)
        check_integer("r", r, 1)
        self.observables = HermitianParameter((out_features, r), n, matrix_type, rank)
        self.intercept = nn.Parameter(torch.zeros(out_features))

    def forward(self, states: States) -> torch.Tensor:
        """Return the outputs.

        Parameters
        ----------
        states : States
            Eigenstates.

        Returns
        -------
        Tensor of shape (..., out_features)
        """
        rows, shape = _rows(states)
        amplitudes = _amplitudes(rows, rows, self.observables())
        outputs = amplitudes.real.sum(dim=0) + self.intercept
        return outputs.reshape(*shape, len(self.intercept))


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

    Raises
    ------
    ValueError, TypeError
        If an argument is not usable.

    Examples
    --------
    >>> import torch
    >>> from pmm_sklearn import torch as pt
    >>> states = pt.Eigenstates(2)(torch.eye(3).expand(5, 3, 3))
    >>> pt.TransitionReadout(4, 3, 2)(states).shape
    torch.Size([5, 4])
    """

    def __init__(
        self,
        out_features: int,
        n: Size,
        r: int,
        rank: int | None = None,
        matrix_type: MatrixType = "symmetric",
    ):
        super().__init__()
        check_integer("out_features", out_features, 1)
        check_integer("r", r, 1)
        shape = (out_features, r * (r + 1) // 2)
        self.observables = HermitianParameter(shape, n, matrix_type, rank)
        self.intercept = nn.Parameter(torch.zeros(out_features))
        self.register_buffer("_pairs", torch.triu_indices(r, r), persistent=False)

    def forward(self, states: States) -> torch.Tensor:
        """Return the outputs.

        Parameters
        ----------
        states : States
            Eigenstates.

        Returns
        -------
        Tensor of shape (..., out_features)
        """
        rows, shape = _rows(states)
        left, right = (rows.index_select(0, own) for own in self._pairs)
        observables = self.observables()
        amplitudes = _amplitudes(left, right, observables)
        norms = torch.linalg.eigvalsh(observables).abs().amax(dim=-1)
        outputs = squares(amplitudes).sum(dim=0) - 0.5 * norms.square().sum(dim=1)
        return (outputs + self.intercept).reshape(*shape, len(self.intercept))


class DensityReadout(nn.Module):
    r"""Outputs :math:`z_k = g_k + \operatorname{tr}(S_k \rho)` of density matrices.

    Parameters
    ----------
    out_features, n, rank, matrix_type
        As for `ExpectationReadout`.

    Attributes
    ----------
    observables : HermitianParameter
        The matrices ``S``, (out_features, 1).
    intercept : Parameter of shape (out_features,)
        The constants ``g``.

    Raises
    ------
    ValueError, TypeError
        If an argument is not usable.

    Examples
    --------
    >>> import torch
    >>> from pmm_sklearn import torch as pt
    >>> density = pt.DensityMatrix(3, 1)(torch.eye(3).expand(5, 3, 3))
    >>> pt.DensityReadout(4, 3)(density).shape
    torch.Size([5, 4])
    """

    def __init__(
        self,
        out_features: int,
        n: Size,
        rank: int | None = None,
        matrix_type: MatrixType = "symmetric",
    ):
        super().__init__()
        check_integer("out_features", out_features, 1)
        self.observables = HermitianParameter((out_features, 1), n, matrix_type, rank)
        self.intercept = nn.Parameter(torch.zeros(out_features))

    def forward(self, density: torch.Tensor) -> torch.Tensor:
        """Return the outputs.

        Parameters
        ----------
        density : Tensor of shape (..., n, n)
            Density matrices.

        Returns
        -------
        Tensor of shape (..., out_features)
        """
        numbers = as_real(density).flatten(density.ndim - 2)
        observables = as_real(self.observables()).flatten(1)
        return nn.functional.linear(numbers, observables, self.intercept)


class SpectrumReadout(nn.Module):
    r"""Levels, gaps, expectation values and transition probabilities.

    The outputs of `PMMEmulator` but for slopes; see ``SpectrumReadout`` of
    :mod:`pmm_sklearn.model`.

    Parameters
    ----------
    outputs : sequence of tuple (kind, name, levels)
        "level", "gap", "observable" or "transition"; the name of the observable, and
        one or two levels (k, sector).
    n : int or tuple of int
        Side of the matrices, or the sides of their diagonal blocks.
    matrix_type : {"symmetric", "hermitian"}, default="symmetric"
        Real or complex observables.

    Attributes
    ----------
    levels : tuple of tuple
        The levels that outputs need: `which` of `Eigenstates`.
    observables : ModuleList of HermitianParameter
        The observables, in the order of `names`.

    Raises
    ------
    ValueError
        If an output is a slope.

    Examples
    --------
    >>> import torch
    >>> from pmm_sklearn import torch as pt
    >>> readout = pt.SpectrumReadout([("gap", "", ((0, 0), (1, 0)))], 3)
    >>> states = pt.Eigenstates(2, readout.levels)(torch.diag(torch.arange(3.0)))
    >>> readout(states)
    tensor([1.])
    """

    def __init__(
        self, outputs: Sequence[tuple], n: Size, matrix_type: MatrixType = "symmetric"
    ):
        super().__init__()
        self.outputs = tuple(outputs)
        if any(kind == "slope" for kind, *_ in outputs):
            raise ValueError(
                "outputs has a slope of a level, for which there is no layer: leave "
                "such outputs out, or predict with the estimator."
            )
        levels = list(dict.fromkeys(level for *_, pair in outputs for level in pair))
        self.levels = tuple(levels)
        coefficients = torch.zeros(len(outputs), len(levels))
        for k, (kind, _, pair) in enumerate(outputs):
            if kind in ("level", "gap"):
                coefficients[k, levels.index(pair[-1])] = 1.0
            if kind == "gap":
                coefficients[k, levels.index(pair[0])] = -1.0
        self.register_buffer("_coefficients", coefficients, persistent=False)
        kinds = ("observable", "transition")
        own = [(name, pair) for kind, name, pair in outputs if kind in kinds]
        self.names = list(dict.fromkeys(name for name, _ in own))
        self.observables = nn.ModuleList(
            HermitianParameter(
                (), _sizes([p for other, p in own if other == name], n), matrix_type
            )
            for name in self.names
        )

    def forward(self, states: States) -> torch.Tensor:
        """Return the outputs.

        Parameters
        ----------
        states : States
            Eigenstates.

        Returns
        -------
        Tensor of shape (..., out_features)
        """
        outputs = list((states.values @ self._coefficients.T).unbind(dim=-1))
        matrices = [observable() for observable in self.observables]
        for k, (kind, name, pair) in enumerate(self.outputs):
            if kind in ("level", "gap"):
                continue
            left, right = (
                states.vectors[..., self.levels.index(level)]
                for level in (pair[0], pair[-1])
            )
            moved = right @ matrices[self.names.index(name)].mT
            amplitude = (left.conj() * moved).sum(dim=-1)
            outputs[k] = amplitude.real if kind == "observable" else squares(amplitude)
        return torch.stack(outputs, dim=-1)


def squares(amplitudes):
    """Squared magnitudes, which have derivatives at zero."""
    if amplitudes.is_complex():
        return amplitudes.real.square() + amplitudes.imag.square()
    return amplitudes.square()


def _rows(states):
    """States of shape (r, N, n), and the shape of the axes of samples."""
    rows = states.vectors.mT
    return rows.reshape(-1, *rows.shape[-2:]).transpose(0, 1), rows.shape[:-2]


def _amplitudes(left, right, observables):
    r"""Elements :math:`u^\dagger O w` of pairs of states, (E, N, q).

    Parameters
    ----------
    left, right : Tensor of shape (E, N, n)
        The states ``u`` and ``w``.
    observables : Tensor of shape (q, E, n, n)
        One for each output and pair.
    """
    q, n_pairs, n, _ = observables.shape
    if q < n:
        # Fewer numbers than the dyads have.
        stacked = observables.permute(1, 3, 0, 2).reshape(n_pairs, n, q * n)
        moved = (right @ stacked).unflatten(2, (q, n))
        return (left.conj().unsqueeze(2) * moved).sum(dim=3)
    dyads = left.conj().unsqueeze(3) * right.unsqueeze(2)
    return dyads.flatten(2) @ observables.flatten(2).permute(1, 2, 0)


def _sizes(pairs, n):
    """Blocks of an observable: none if it couples states of different sectors."""
    couples = any(
        pair[0][1] is None or pair[0][1] != pair[-1][1]
        for pair in pairs
        if len(pair) == 2
    )
    return sum(n) if couples and not isinstance(n, int) else n
