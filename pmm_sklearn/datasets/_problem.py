"""Training, validation and test sets of a problem whose answer is known."""

import numpy as np
from sklearn.utils import Bunch

from .._hamiltonian import AffineHamiltonian
from ..checks.parameters import check_integer


def known_problem(exact, *, train, test, validation=(), **entries):
    """Bunch with the exact answers at three sets of values of one feature.

    Parameters
    ----------
    exact : callable
        Targets of shape (n_samples,) or (n_samples, n_targets) for an array of
        shape (n_samples,), which may be empty.
    train, test, validation : sequence of float
        Values of the feature.
    **entries : dict
        Further entries of the Bunch.

    Returns
    -------
    :class:`~sklearn.utils.Bunch`
        ``X_train``, ``y_train``, ``X_validation``, ``y_validation``, ``X_test``,
        ``y_test`` and `entries`.
    """
    sets = {"train": train, "validation": validation, "test": test}
    problem = Bunch()
    for name, values in sets.items():
        values = np.array(values, dtype=np.float64)
        problem[f"X_{name}"] = values[:, np.newaxis]
        problem[f"y_{name}"] = exact(values)
    problem.update(entries)
    return problem


def lowest_states(terms, values, n_levels):
    """Energies (n_samples, n_levels), and eigenvectors in columns.

    The values are coefficients of ``terms[1:]``, of shape (n_samples, n_features),
    or (n_samples,) for one feature.
    """
    coefficients = values.reshape(len(values), len(terms) - 1)
    return AffineHamiltonian(terms).lowest_states(coefficients, n_levels)


def check_n_levels(n_levels, side, reason):
    """Raise unless matrices of the side have so many levels."""
    check_integer("n_levels", n_levels, 1)
    if n_levels > side:
        raise ValueError(
            f"n_levels={n_levels} is more than the {side} levels with {reason}: give "
            f"at most {side}."
        )


def level_names(n_levels):
    """Names of the lowest energies, from "E0"."""
    return [f"E{level}" for level in range(n_levels)]
