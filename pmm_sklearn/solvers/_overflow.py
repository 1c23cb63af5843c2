"""Losses at parameters that are too large for linear algebra."""

import numpy as np


def or_infinity(function, *args):
    """What a function returns, or infinity if its linear algebra fails.

    Matrices with infinite elements have no eigenvectors; solvers take such a point for
    an infinitely bad one.
    """
    try:
        return function(*args)
    except np.linalg.LinAlgError:
        return np.inf
