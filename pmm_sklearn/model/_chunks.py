"""Chunks of samples that keep temporary arrays small."""

_LARGEST_CHUNK = 1024
_LARGEST_ARRAY = 2**20


def chunks(n_samples, numbers_per_sample):
    """Slices that cover all samples.

    Parameters
    ----------
    n_samples : int
        Number of samples.
    numbers_per_sample : int
        Size of the largest temporary array, per sample.

    Returns
    -------
    list of slice
    """
    step = max(1, min(_LARGEST_CHUNK, _LARGEST_ARRAY // numbers_per_sample))
    return [slice(start, start + step) for start in range(0, n_samples, step)]
