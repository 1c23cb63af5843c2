"""Chunks of samples that keep temporary arrays small."""

from functools import cache
from itertools import pairwise

import numpy as np

_LARGEST_CHUNK = 1024
_LARGEST_ARRAY = 2**20
# Sums over samples are sums over that many shares, whatever the number of threads:
# their rounding errors do not depend on it.
_N_SHARES = 16


def chunks(n_samples, numbers_per_sample, largest_array=_LARGEST_ARRAY):
    """Slices that cover all samples.

    Parameters
    ----------
    n_samples : int
        Number of samples.
    numbers_per_sample : int
        Size of the largest temporary array, per sample.
    largest_array : int, default=2**20
        Size it may have.

    Returns
    -------
    list of slice
    """
    _keep_freed_memory()
    step = max(1, min(_LARGEST_CHUNK, largest_array // numbers_per_sample))
    return [slice(start, start + step) for start in range(0, n_samples, step)]


def shares(chunks):
    """Consecutive chunks, in at most 16 lists."""
    if len(chunks) == 1:
        return [chunks]
    bounds = np.linspace(0, len(chunks), min(len(chunks), _N_SHARES) + 1).astype(int)
    return [chunks[i:j] for i, j in pairwise(bounds)]


def predict_in_chunks(model, forward, X, threads=map):
    """Outputs of a model, computed in chunks of samples by one or several threads.

    Parameters
    ----------
    model : PMM or ImagePMM
        The model.
    forward : callable
        Its outputs for given inputs.
    X : ndarray of shape (n_samples, ...)
        Features or images.
    threads : callable, default=map
        See :meth:`PMM.predict`.

    Returns
    -------
    ndarray of shape (n_samples, n_outputs)
    """
    if len(X) == 1:
        # What follows would take a tenth of the time of one sample.
        return forward(model.inputs(X))
    outputs = np.empty((len(X), model.n_outputs))

    def predict(chunk):
        outputs[chunk] = forward(model.inputs(X[chunk]))

    for _ in threads(predict, model.prediction_chunks(len(X))):
        pass
    return outputs


@cache
def _keep_freed_memory():
    """Let the memory of one chunk be there for the next, once in a process.

    The malloc of glibc gives freed arrays back to the system, and asks for them again
    in the next chunk, unless one as large as this (nearly 32 MB) was freed before: page
    faults would take two thirds of the time of a pass.
    """
    np.empty(2**22 - 2**10)
