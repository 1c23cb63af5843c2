"""From pixels in any units to the inputs of a network."""

from typing import NamedTuple

import numpy as np

# Images that are converted together.
_CHUNK = 4096


class Standardisation(NamedTuple):
    """Pixels become numbers of mean 0 and of standard deviation 1.

    Attributes
    ----------
    unit : float
        What pixels are divided by first, so that no square overflows.
    mean, deviation : float
        Of the pixels in this unit.
    """

    unit: float
    mean: float
    deviation: float

    @classmethod
    def of(cls, images):
        """That of training images, ndarray of shape (n_samples, height, width)."""
        unit = max(float(np.max(images)), -float(np.min(images))) or 1.0
        sums = np.zeros(2)
        for chunk in _chunks(images):
            scaled = chunk / unit
            sums += scaled.sum(), np.square(scaled).sum()
        mean, square = sums / images.size
        deviation = np.sqrt(max(square - mean**2, 0.0))
        return cls(unit, float(mean), float(deviation) or 1.0)

    def __call__(self, images):
        """Inputs of shape (n_samples, 1, height, width), in single precision."""
        inputs = np.empty((len(images), 1, *images.shape[1:]), dtype=np.float32)
        start = 0
        for chunk in _chunks(images):
            inputs[start : start + len(chunk), 0] = (
                chunk / self.unit - self.mean
            ) / self.deviation
            start += len(chunk)
        return inputs


def _chunks(images):
    """Some images after others, in double precision."""
    for start in range(0, len(images), _CHUNK):
        yield np.asarray(images[start : start + _CHUNK], dtype=np.float64)
