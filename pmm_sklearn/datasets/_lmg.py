"""The Lipkin-Meshkov-Glick model: spins 1/2, each coupled to all others."""

import numpy as np
from scipy import sparse
from sklearn.utils import Bunch

from ..checks.parameters import check_integer
from ._operators import large_spin
from ._problem import check_n_levels, known_problem, level_names, lowest_states

_LMG = """\
Lipkin-Meshkov-Glick model
--------------------------

{n_spins} spins 1/2, each coupled to all others: H(c) = -S_z - (2c / N) (S_x^2 -
S_y^2 / 2), where S is the total spin of length N / 2.
Feature: the coupling c.  Targets: the {n_levels} lowest energies, of the whole system,
in units of the field.  Training points: 10 c from 0 to 1.  Test points: 101.  For many
spins there is a transition at c = 1/2, beyond which pairs of levels are degenerate.

observables: for "squared_s_x", <S_x^2> / N^2, and "s_z", <S_z> / N, of the ground
state: operator, X_train, y_train, X_test, y_test.  20 training points each, away from
the transition: c in [0, 0.4] and [0.6, 1], and in [0, 0.4] and [0.55, 1].
terms: [-S_z, -(2 / N) (S_x^2 - S_y^2 / 2)], side N + 1.

arXiv:2401.11694v1; model: H. J. Lipkin, N. Meshkov, A. J. Glick, Nucl. Phys. 62, 188
(1965).
"""


def make_lmg(n_spins: int = 100, *, n_levels: int = 5) -> Bunch:
    r"""Levels and observables of the Lipkin-Meshkov-Glick model.

    The Hamiltonian is :math:`H(c) = -S_z - \frac{2c}{N} (S_x^2 - \frac{1}{2} S_y^2)`
    with the total spin :math:`S = N / 2` [1]_.

    Parameters
    ----------
    n_spins : int, default=100
        Number `N` of spins.  Matrices have the side ``n_spins + 1``.
    n_levels : int, default=5
        Number of energies, from the lowest.

    Returns
    -------
    problem : :class:`~sklearn.utils.Bunch`
        ``X_train`` of shape (10, 1), ``y_train`` of shape (10, n_levels),
        ``X_test`` of shape (101, 1), ``y_test`` of shape (101, n_levels), empty
        ``X_validation`` and ``y_validation``, ``terms`` (two sparse matrices),
        ``observables``, ``feature_names``, ``target_names`` and ``DESCR``.
        ``observables`` has entries ``squared_s_x``, :math:`\langle S_x^2 \rangle /
        N^2`, and ``s_z``, :math:`\langle S_z \rangle / N`, of the ground state: each
        a dictionary of the same kind with 20 training points and ``operator``, the
        sparse matrix whose expectation value it is.

    Raises
    ------
    TypeError
        If a parameter is not an integer.
    ValueError
        If `n_spins` is less than 1, or `n_levels` is less than 1 or more than
        ``n_spins + 1``.

    References
    ----------
    .. [1] P. Cook et al., "Parametric matrix models", arXiv:2401.11694v1 (2024).

    Examples
    --------
    >>> from pmm_sklearn.datasets import make_lmg
    >>> lmg = make_lmg()
    >>> lmg.y_train.shape, lmg.y_train[0].round(4)
    ((10, 5), array([-50., -49., -48., -47., -46.]))
    >>> lmg.observables.s_z.y_test[[0, -1]].round(4)
    array([0.5   , 0.2536])
    """
    check_integer("n_spins", n_spins, 1)
    check_n_levels(n_levels, n_spins + 1, f"n_spins={n_spins}")
    operators, terms = _operators_and_terms(n_spins)
    train = {"squared_s_x": _around(0.4, 0.6), "s_z": _around(0.4, 0.55)}
    test = np.linspace(0, 1, 101)
    return known_problem(
        lambda c: lowest_states(terms, c, n_levels)[0],
        train=np.linspace(0, 1, 10),
        test=test,
        terms=terms,
        observables=Bunch(
            **{
                name: _observable(name, operator, terms, train[name], test)
                for name, operator in operators.items()
            }
        ),
        feature_names=["c"],
        target_names=level_names(n_levels),
        DESCR=_LMG.format(n_spins=n_spins, n_levels=n_levels),
    )


def _operators_and_terms(n_spins):
    spin = n_spins / 2
    s_z, s_x = large_spin(n_spins)
    squared_s_x = s_x @ s_x
    # The squares of the three components add up to the number S (S + 1).
    total = sparse.csr_array(spin * (spin + 1) * sparse.identity(n_spins + 1))
    squared_s_y = total - squared_s_x - s_z @ s_z
    terms = [-s_z, (squared_s_y / 2 - squared_s_x) * (2 / n_spins)]
    operators = {"squared_s_x": squared_s_x / n_spins**2, "s_z": s_z / n_spins}
    return operators, terms


def _around(low, high):
    """Ten points on either side of a gap in [0, 1]."""
    return np.concatenate([np.linspace(0, low, 10), np.linspace(high, 1, 10)])


def _observable(name, operator, terms, train, test):
    def exact(c):
        # In a degenerate ground level all states agree: it has one state of either
        # parity, which the operator conserves.
        states = lowest_states(terms, c, 1)[1]
        return np.sum(states * (operator @ states), axis=0)

    return known_problem(
        exact,
        train=train,
        test=test,
        operator=operator,
        feature_names=["c"],
        target_names=[name],
    )
