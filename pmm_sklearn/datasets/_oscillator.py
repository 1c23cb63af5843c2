"""The anharmonic oscillator."""

import numpy as np
from sklearn.utils import Bunch

from ..checks.parameters import check_integer
from ._problem import known_problem, level_names, lowest_states

_DESCRIPTION = """\
Anharmonic oscillator
---------------------

H(g) = a^+ a + g (a^+ + a)^4 between the {n_max} states of 0 to {last} quanta; the
fourth power is that of the finite matrix.
Feature: g, without unit.  Targets: the two lowest energies, in units of the quantum of
the harmonic oscillator, from its ground state.  Training points: 10 g from -0.01 to
0.01.  Test points: 201 in the same interval.

For g < 0 the potential has no lower bound: the energies are those of the matrix, fall
steeply with n_max, and have a sharp bend close to g = 0.

terms: [a^+ a, (a^+ + a)^4].

arXiv:2401.11694v1.
"""


def make_anharmonic_oscillator(n_max: int = 100) -> Bunch:
    r"""Two lowest energies of an oscillator with a quartic term of either sign.

    The Hamiltonian is :math:`H(g) = a^\dagger a + g (a^\dagger + a)^4` between the
    `n_max` lowest harmonic states [1]_.  For :math:`g < 0` its energies belong to
    the finite matrix: the infinite one has no ground state.

    Parameters
    ----------
    n_max : int, default=100
        Number of harmonic states, the side of the matrices: 0 to ``n_max - 1``
        quanta.

    Returns
    -------
    problem : :class:`~sklearn.utils.Bunch`
        ``X_train`` of shape (10, 1), ``y_train`` of shape (10, 2), ``X_test`` of
        shape (201, 1), ``y_test`` of shape (201, 2), empty ``X_validation`` and
        ``y_validation``, ``terms`` (two arrays), ``feature_names``,
        ``target_names`` and ``DESCR``.

    Raises
    ------
    TypeError
        If `n_max` is not an integer.
    ValueError
        If `n_max` is less than 2.

    References
    ----------
    .. [1] P. Cook et al., "Parametric matrix models", arXiv:2401.11694v1 (2024).

    Examples
    --------
    >>> from pmm_sklearn.datasets import make_anharmonic_oscillator
    >>> oscillator = make_anharmonic_oscillator()
    >>> oscillator.y_train[-1].round(4)
    array([0.0267, 1.1267])
    """
    check_integer("n_max", n_max, 2)
    lowering = np.diag(np.sqrt(np.arange(1.0, n_max)), 1)
    terms = [
        np.diag(np.arange(float(n_max))),
        np.linalg.matrix_power(lowering + lowering.T, 4),
    ]
    return known_problem(
        lambda g: lowest_states(terms, g, 2)[0],
        train=np.linspace(-0.01, 0.01, 10),
        test=np.linspace(-0.01, 0.01, 201),
        terms=terms,
        feature_names=["g"],
        target_names=level_names(2),
        DESCR=_DESCRIPTION.format(n_max=n_max, last=n_max - 1),
    )
