"""Convolution layers before Gram matrices: a parametric matrix model of images."""

import math
from collections.abc import Sequence

import torch
from torch import nn

from .._typing import MatrixType, Which
from ..checks.parameters import check_integer
from ._layers import Eigenstates
from ._matrices import HermitianParameter
from ._readouts import ExpectationReadout


class GramHermitian(nn.Module):
    r"""Matrices :math:`H = M_0 + K R K^\dagger` of the Gram matrix of feature maps.

    The maps of all channels are the rows of a window ``W``, and :math:`R = c\,
    W W^\dagger / \operatorname{tr}(W W^\dagger)` of ``c`` channels: as in the model
    of images of the paper, ratios count, not the contrast.

    Parameters
    ----------
    in_channels : int
        Number ``c`` of channels.
    n : int
        Side of the matrices.
    matrix_type : {"symmetric", "hermitian"}, default="symmetric"
        Real or complex ``K`` and :math:`M_0`.

    Attributes
    ----------
    maps : Parameter of shape (n, in_channels) or (n, in_channels, 2)
        The matrix ``K``; real and imaginary parts in the last axis.
    offset : HermitianParameter
        The matrix :math:`M_0`, which is learned from equidistant levels on.

    Raises
    ------
    ValueError, TypeError
        If an argument is not usable.

    Examples
    --------
    >>> import torch
    >>> from pmm_sklearn.torch import GramHermitian
    >>> GramHermitian(8, 4)(torch.ones(5, 8, 7, 7)).shape
    torch.Size([5, 4, 4])
    """

    def __init__(self, in_channels: int, n: int, matrix_type: MatrixType = "symmetric"):
        super().__init__()
        check_integer("in_channels", in_channels, 1)
        self.in_channels = in_channels
        self.offset = HermitianParameter((), n, matrix_type)
        parts = (2,) if matrix_type == "hermitian" else ()
        self.maps = nn.Parameter(torch.empty(n, in_channels, *parts))
        self.reset_parameters()

    def reset_parameters(self):
        """Levels at distances of 1, and as much that varies with the image."""
        n = self.offset.n
        nn.init.normal_(self.maps, std=1 / math.sqrt(self.maps[0].numel()))
        nn.init.zeros_(self.offset.coordinates)
        with torch.no_grad():
            self.offset.coordinates[:n] = torch.arange(n) - (n - 1) / 2

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Return the Hermitian matrices.

        Parameters
        ----------
        maps : Tensor of shape (N, in_channels, height, width)
            Feature maps.

        Returns
        -------
        Tensor of shape (N, n, n)
        """
        window = maps.flatten(2)
        norm = torch.linalg.vector_norm(window, dim=(1, 2), keepdim=True)
        # Without signal anywhere, no matrix but the offset is left.
        smallest = torch.finfo(norm.dtype).eps
        window = window * (math.sqrt(self.in_channels) / norm.clamp(min=smallest))
        own = self.maps
        if own.ndim == 3:
            own = torch.view_as_complex(own)
            window = window.to(own.dtype)
        rows = own @ window
        return self.offset() + rows @ rows.mH


class ConvPMM(nn.Module):
    r"""Convolutions, the Gram matrix of their feature maps, eigenstates, observables.

    .. math::

        W &= \text{convolutions of the image} \\
        H &= M_0 + K R K^\dagger, \qquad R \sim W W^\dagger \\
        z_k &= g_k + \sum_i v_i^\dagger S_{ki} v_i, \qquad H v_i = \lambda_i v_i

    Parameters
    ----------
    n_classes : int
        Number of outputs.
    channels : sequence of int, default=(16, 32, 64)
        Channels of the stages, each of which is two convolutions of three by three
        pixels, normalised over the batch and cut off at zero; between stages, height
        and width are halved.
    n : int, default=16
        Side of the matrices.
    r : int, default=6
        Number of eigenstates.
    matrix_type : {"symmetric", "hermitian"}, default="symmetric"
        Real or complex matrices.
    which : {"SA", "LA", "LM", "SM"}, default="SA"
        Which eigenstates: see `Eigenstates`.
    in_channels : int, default=1
        Channels of the images.

    Raises
    ------
    ValueError, TypeError
        If an argument is not usable.

    References
    ----------
    Cook et al., "Parametric matrix models", Nat. Commun. 16, 5929 (2025), where
    complex convolutions precede the model of images.

    Examples
    --------
    >>> import torch
    >>> from pmm_sklearn.torch import ConvPMM
    >>> network = ConvPMM(10, channels=(8, 16), n=6, r=3)
    >>> network(torch.zeros(5, 1, 28, 28)).shape
    torch.Size([5, 10])
    """

    def __init__(
        self,
        n_classes: int,
        channels: Sequence[int] = (16, 32, 64),
        n: int = 16,
        r: int = 6,
        matrix_type: MatrixType = "symmetric",
        which: Which = "SA",
        in_channels: int = 1,
    ):
        super().__init__()
        check_channels(channels)
        check_integer("in_channels", in_channels, 1)
        inputs = [in_channels, *channels[:-1]]
        stages = [_stage(*pair) for pair in zip(inputs, channels, strict=True)]
        for i in range(len(stages) - 1, 0, -1):
            # Images of odd, or of few, pixels keep their last rows and columns.
            stages.insert(i, nn.MaxPool2d(2, ceil_mode=True))
        self.convolutions = nn.Sequential(*stages)
        self.primary = GramHermitian(channels[-1], n, matrix_type)
        self.states = Eigenstates(r, which)
        self.readout = ExpectationReadout(n_classes, n, r, matrix_type=matrix_type)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the outputs.

        Parameters
        ----------
        images : Tensor of shape (N, in_channels, height, width)
            Images.

        Returns
        -------
        Tensor of shape (N, n_classes)
        """
        return self.readout(self.states(self.primary(self.convolutions(images))))


def check_channels(channels):
    """Raise unless these are positive integers, one or more."""
    if not isinstance(channels, (tuple, list)) or not channels:
        raise ValueError(
            f"channels must be a sequence of positive integers, one for each stage, "
            f"got {channels!r}: give (16, 32), for example."
        )
    for own in channels:
        check_integer("channels", own, 1)


def _stage(n_inputs, n_outputs):
    """Two convolutions."""
    return nn.Sequential(
        *_convolution(n_inputs, n_outputs), *_convolution(n_outputs, n_outputs)
    )


def _convolution(n_inputs, n_outputs):
    """One convolution, whose bias would be lost in what follows."""
    return (
        nn.Conv2d(n_inputs, n_outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(n_outputs),
        nn.ReLU(),
    )
