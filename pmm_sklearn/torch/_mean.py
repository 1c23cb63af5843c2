"""Several layers whose outputs are averaged."""

from collections.abc import Sequence

import torch
from torch import nn


class MeanLayer(nn.Module):
    """Weighted mean of the outputs of several layers.

    Parameters
    ----------
    layers : sequence of Module
        The layers.
    weights : sequence of float
        Of sum 1.
    are_logits : bool, default=False
        Whether to average the probabilities that are the softmax of the outputs, and
        to return their logarithms; one output is the logit of the second of two
        classes.
    are_logarithms : bool, default=False
        Whether outputs of the layers are logarithms of what is averaged.

    Examples
    --------
    >>> import torch
    >>> from pmm_sklearn.torch import MeanLayer
    >>> mean = MeanLayer([torch.nn.Identity(), torch.nn.Flatten()], [0.25, 0.75])
    >>> mean(torch.ones(1, 2))
    tensor([[1., 1.]])
    """

    def __init__(
        self,
        layers: Sequence[nn.Module],
        weights: Sequence[float],
        are_logits: bool = False,
        are_logarithms: bool = False,
    ):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.are_logits = are_logits
        self.are_logarithms = are_logarithms
        dtype = next((p.dtype for p in self.parameters()), torch.get_default_dtype())
        weights = torch.as_tensor(weights, dtype=torch.float64).to(dtype)
        self.register_buffer("weights", weights)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the mean of the outputs.

        Parameters
        ----------
        x : Tensor of shape (..., in_features)
            Features.

        Returns
        -------
        Tensor of shape (..., out_features)
        """
        outputs = torch.stack([layer(x) for layer in self.layers])
        if self.are_logarithms:
            outputs = outputs.exp()
        if self.are_logits and len(self.layers) > 1:
            return self._logits(outputs)
        return torch.tensordot(self.weights, outputs, dims=1)

    def _logits(self, outputs):
        """Logits of the mean of the probabilities."""
        is_binary = outputs.shape[-1] == 1
        if is_binary:
            outputs = torch.cat([torch.zeros_like(outputs), outputs], dim=-1)
        smallest = torch.finfo(outputs.dtype).tiny
        weights = self.weights.clamp(min=smallest).log()
        shape = (-1,) + (1,) * (outputs.ndim - 1)
        logs = outputs.log_softmax(dim=-1) + weights.reshape(shape)
        mean = logs.logsumexp(dim=0)
        return mean[..., 1:] - mean[..., :1] if is_binary else mean
