"""Arrays of anyone: whether they have finite elements, and the form of a model."""

import numpy as np

_LARGEST_NUMBER = float(np.finfo(np.float64).max)
# Relative to the largest element: more than rounding.
_TOLERANCE = 1e-8


def check_elements(name, array, largest=_LARGEST_NUMBER, least=-np.inf):
    """Raise unless all numbers are finite, and within bounds.

    Parameters
    ----------
    name : str
        Of the array, for messages.
    array : ndarray
        Real or complex; of the latter both parts are numbers.
    largest : float, optional
        What no magnitude exceeds.
    least : float, optional
        What no real number is below.

    Raises
    ------
    ValueError
        If some are not.
    """
    if not _largest(array) <= largest:
        raise ValueError(f"{name} has elements that are NaN, or beyond {largest:.3g}")
    if np.isfinite(least) and np.any(array < least):
        raise ValueError(f"{name} has elements below {least:.3g}")


def check_parameters(model, parameters, names, largest):
    """Raise unless matrices are finite, Hermitian, and have the sectors of a model.

    Parameters
    ----------
    model : PMM or ImagePMM
        The fitted model.
    parameters : tuple of ndarray
        Its matrices and intercepts, of its shapes and types.
    names : sequence of str
        Their names, for messages.
    largest : float
        What no element exceeds.

    Raises
    ------
    ValueError
        If they are not.
    """
    pairs = list(zip(names, parameters, strict=False))
    for name, array in pairs:
        check_elements(name, array, largest)
    nearest = model.split(model.join(parameters))
    for (name, array), own in zip(pairs, nearest, strict=False):
        check_form(name, array, own)


def check_form(name, array, nearest):
    """Raise unless matrices are the nearest of the form of a model, but for rounding.

    Parameters
    ----------
    name : str
        Of the array, for messages.
    array, nearest : ndarray
        Of the same shape and type.

    Raises
    ------
    ValueError
        If they are not.
    """
    if _largest(array - nearest) > _TOLERANCE * _largest(array):
        raise ValueError(
            f"{name} is not Hermitian, or has elements between the sectors, or a "
            f"matrix that must be definite is not"
        )


def _largest(array):
    """Largest absolute value of real and imaginary parts, NaN if there is any."""
    parts = np.ascontiguousarray(array).view(np.float64)
    with np.errstate(invalid="ignore"):
        return np.abs(parts).max(initial=0.0)
