"""Training of networks on images, batch by batch."""

import copy
import math
import time
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

# Of the schedule: the rate rises over so much of the training, then falls to zero.
_WARM_UP = 0.2
# Images of a prediction that are treated together.
_CHUNK = 1024


class Images(NamedTuple):
    """Samples where the network is.

    Attributes
    ----------
    X : Tensor of shape (n_samples, 1, height, width)
        Images, standardised.
    y : Tensor of shape (n_samples,)
        Numbers of the classes.
    weight : Tensor of shape (n_samples,)
        Weights, of mean 1.
    """

    X: torch.Tensor
    y: torch.Tensor
    weight: torch.Tensor


class Settings(NamedTuple):
    """How a network is trained: parameters of `ConvPMMClassifier`."""

    batch_size: int
    learning_rate: float
    weight_decay: float
    label_smoothing: float
    n_epochs: int
    max_shift: int
    flips: bool
    n_iter_no_change: int


class History(NamedTuple):
    """What a training leaves beside the network.

    Attributes
    ----------
    losses : list of float
        Mean loss of each epoch.
    errors : list of float
        Fraction of the images set aside that were misclassified, after each epoch.
    stop_reason : {"completed", "stopped_early", "interrupted"}
        Why it ended.
    """

    losses: list
    errors: list
    stop_reason: str


def train(network, images, validation, settings, seed, tell):
    """Train a network by AdamW with one cycle of the learning rate.

    Parameters
    ----------
    network : Module
        Trained in place; with a validation part it is in the end as it was when best
        on that.
    images : Images
        To learn from.
    validation : Images or None
        To see when to stop.
    settings : Settings
        How.
    seed : int
        Of the order of images and of their changes.
    tell : callable
        ``tell(line)`` is given a line for every epoch.

    Returns
    -------
    History
    """
    losses, errors, best = [], [], None
    loop = _Loop(network, images, settings, seed)
    began, reason = time.monotonic(), "completed"
    try:
        for epoch in range(settings.n_epochs):
            losses.append(loop.epoch())
            line = f"epoch {epoch + 1}: loss {losses[-1]:.4f}"
            if validation is not None:
                errors.append(error_of(network, validation))
                line += f", validation error {errors[-1]:.4f}"
                if errors[-1] <= min(errors):
                    best = copy.deepcopy(network.state_dict())
            tell(f"{line}, {time.monotonic() - began:.1f} s")
            if len(errors) - np.argmin(errors or [0]) > settings.n_iter_no_change:
                reason = "stopped_early"
                break
    except KeyboardInterrupt:
        if not losses:
            raise
        reason = "interrupted"
    if best is not None:
        network.load_state_dict(best)
    return History(losses, errors, reason)


class _Loop:
    """The state of a training between epochs."""

    def __init__(self, network, images, settings, seed):
        self._network = network
        self._images = images
        self._settings = settings
        # On the CPU, so that random numbers are the same wherever the network is.
        self._generator = torch.Generator().manual_seed(seed)
        n_samples = len(images.X)
        n_steps = -(-n_samples // settings.batch_size)
        self._optimizer = torch.optim.AdamW(
            _groups(network, settings.weight_decay), lr=settings.learning_rate
        )
        self._schedule = torch.optim.lr_scheduler.OneCycleLR(
            self._optimizer,
            settings.learning_rate,
            total_steps=n_steps * settings.n_epochs + 1,
            pct_start=_WARM_UP,
        )

    def epoch(self):
        """Visit all images once; returns the mean of the loss."""
        self._network.train()
        n_samples = len(self._images.X)
        order = torch.randperm(n_samples, generator=self._generator)
        total = 0.0
        batches = order.split(self._settings.batch_size)
        if len(batches) > 1 and len(batches[-1]) == 1:
            # A last image alone has no mean over its batch.
            batches = (*batches[:-2], torch.cat(batches[-2:]))
        for batch in batches:
            total = total + len(batch) * self._step(batch)
        loss = float(total) / n_samples
        if not math.isfinite(loss):
            raise ValueError(
                f"The loss became {loss}: reduce learning_rate_init, got "
                f"{self._settings.learning_rate!r}."
            )
        return loss

    def _step(self, batch):
        X, y, weight = (part[batch.to(part.device)] for part in self._images)
        X = changed(X, self._settings.max_shift, self._settings.flips, self._generator)
        losses = nn.functional.cross_entropy(
            self._network(X),
            y,
            reduction="none",
            label_smoothing=self._settings.label_smoothing,
        )
        loss = (weight * losses).mean()
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()
        self._schedule.step()
        return loss.detach()


def _groups(network, weight_decay):
    """Parameters with and without weight decay; vectors and offsets have none."""
    parameters = list(network.parameters())
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]


def changed(images, max_shift, flips, generator):
    """Images that are moved, and half of them mirrored, each at random."""
    if max_shift:
        shape = 2, len(images), 1
        offsets = torch.randint(0, 2 * max_shift + 1, shape, generator=generator)
        images = _moved(images, max_shift, offsets.to(images.device))
    if flips:
        is_flipped = torch.rand(len(images), 1, 1, 1, generator=generator) < 0.5
        images = torch.where(is_flipped.to(images.device), images.flip(3), images)
    return images


def _moved(images, margin, offsets):
    """Images cut out of themselves with an empty margin, each at its own place."""
    height, width = images.shape[2:]
    empty = images.amin(dim=(2, 3), keepdim=True)
    padded = nn.functional.pad(images - empty, (margin,) * 4)
    rows = offsets[0] + torch.arange(height, device=images.device)
    columns = offsets[1] + torch.arange(width, device=images.device)
    sample = torch.arange(len(images), device=images.device)[:, None, None]
    return (
        padded[sample, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
        + empty
    )


def outputs_of(network, images):
    """Outputs, chunk after chunk, as the network gives them to predict."""
    network.eval()
    with torch.no_grad():
        return torch.cat([network(chunk) for chunk in images.split(_CHUNK)])


def error_of(network, images):
    """Weighted fraction of images that are misclassified."""
    is_wrong = outputs_of(network, images.X).argmax(dim=1) != images.y
    return float((images.weight * is_wrong).sum() / images.weight.sum())
