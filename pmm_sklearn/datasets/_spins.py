"""Spins 1/2 without interaction, and coupled to their neighbours on a chain."""

import numpy as np
from sklearn.utils import Bunch

from ..checks.parameters import check_flag, check_integer, check_number
from ._operators import PAULI_X, PAULI_Z, large_spin, on_sites, sum_over_sites
from ._problem import check_n_levels, known_problem, level_names, lowest_states

_NONINTERACTING = """\
Spins without interaction
-------------------------

{n_spins} spins 1/2 in a field, H(c) = (1 / 2N) sum_i (sigma^z_i + c sigma^x_i).
Feature: c, without unit.  Target: the energy of the ground state per spin, in units of
half the level splitting at c = 0; it is -sqrt(1 + c^2) / 2 for every number of spins.
Training points: five c from -2 to -1/2.  Test points: c from -2 to 2.

terms: [S_z / N, S_x / N] of the total spin S = N / 2, side N + 1.  The ground state is
symmetric in the spins; states that are not are left out.

P. Cook et al., "Parametric matrix models", Nat. Commun. 16, 5929 (2025).
"""

_ISING = """\
Transverse-field Ising chain
----------------------------

{n_sites} spins 1/2 on a {shape}, H(g) = -J sum_i sigma^z_i sigma^z_(i+1)
- g sum_i sigma^x_i with J = {coupling:g}.
Feature: the field g.  Targets: the {n_levels} lowest energies, of the whole chain, in
the unit of J and g.  Training points: 20 g from 0 to 1.  Test points: 100 in the same
interval.

terms: [-J sum sigma^z sigma^z, -sum sigma^x], side 2^n_sites.

Parameters of a notebook of the authors of "Parametric matrix models", Nat. Commun. 16,
5929 (2025); model: P. Pfeuty, Ann. Phys. 57, 79 (1970).
"""


def make_noninteracting_spins(n_spins: int = 2) -> Bunch:
    r"""Ground state of spins in a field, of known energy :math:`-\sqrt{1 + c^2} / 2`.

    The Hamiltonian :math:`H(c) = \frac{1}{2N} \sum_i (\sigma^z_i + c \sigma^x_i)`
    looks harmless, but eigenvectors of many spins are almost orthogonal for
    different `c`: eigenvector continuation, exact for few spins, fails for many
    outside the training points, where a parametric matrix model of side 2 is exact
    for any number [1]_.

    Parameters
    ----------
    n_spins : int, default=2
        Number `N` of spins.  The energy per spin does not depend on it.

    Returns
    -------
    problem : :class:`~sklearn.utils.Bunch`
        ``X_train`` of shape (5, 1), ``y_train`` of shape (5,), ``X_test`` of shape
        (201, 1), ``y_test`` of shape (201,), empty ``X_validation`` and
        ``y_validation``, ``terms`` (two sparse matrices of side `n_spins` + 1, in
        the space of states symmetric in the spins), ``feature_names``,
        ``target_names`` and ``DESCR``.

    Raises
    ------
    TypeError
        If `n_spins` is not an integer.
    ValueError
        If `n_spins` is less than 1.

    References
    ----------
    .. [1] P. Cook et al., "Parametric matrix models", Nat. Commun. 16, 5929 (2025).

    Examples
    --------
    >>> from pmm_sklearn import EigenvectorContinuation
    >>> from pmm_sklearn.datasets import make_noninteracting_spins
    >>> for n_spins in (4, 64):
    ...     spins = make_noninteracting_spins(n_spins)
    ...     model = EigenvectorContinuation(spins.terms).fit(spins.X_train)
    ...     print(model.predict([[2.0]]).round(4))  # exact: -1.1180
    [-1.118]
    [-0.085]
    """
    check_integer("n_spins", n_spins, 1)
    return known_problem(
        lambda c: -np.sqrt(1 + c**2) / 2,
        train=np.linspace(-2, -0.5, 5),
        test=np.linspace(-2, 2, 201),
        terms=[matrix / n_spins for matrix in large_spin(n_spins)],
        feature_names=["c"],
        target_names=["E0/N"],
        DESCR=_NONINTERACTING.format(n_spins=n_spins),
    )


def make_transverse_field_ising(
    n_sites: int = 4, coupling: float = 1.0, *, n_levels: int = 1, periodic: bool = True
) -> Bunch:
    r"""Lowest energies of the Ising chain against the transverse field.

    The Hamiltonian is :math:`H(g) = -J \sum_i \sigma^z_i \sigma^z_{i+1} - g \sum_i
    \sigma^x_i` [1]_.

    Parameters
    ----------
    n_sites : int, default=4
        Number of spins.  Matrices have the side ``2**n_sites``.
    coupling : float, default=1.0
        The number :math:`J` of any sign.
    n_levels : int, default=1
        Number of energies, from the lowest.
    periodic : bool, default=True
        Whether the last spin is a neighbour of the first.  Two spins are then
        neighbours twice.

    Returns
    -------
    problem : :class:`~sklearn.utils.Bunch`
        ``X_train`` of shape (20, 1), ``y_train`` of shape (20,) or (20, n_levels),
        ``X_test`` of shape (100, 1), ``y_test`` of shape (100,) or (100, n_levels),
        empty ``X_validation`` and ``y_validation``, ``terms`` (two sparse
        matrices), ``feature_names``, ``target_names`` and ``DESCR``.

    Raises
    ------
    TypeError
        If a parameter is of the wrong type.
    ValueError
        If `n_sites` is less than 2, `n_levels` is less than 1 or more than
        ``2**n_sites``, or `coupling` is not finite.

    References
    ----------
    .. [1] P. Pfeuty, "The one-dimensional Ising model with a transverse field", Ann.
       Phys. 57, 79 (1970).

    Examples
    --------
    >>> from pmm_sklearn.datasets import make_transverse_field_ising
    >>> chain = make_transverse_field_ising()
    >>> chain.X_train.shape, chain.terms[0].shape
    ((20, 1), (16, 16))
    >>> chain.y_train[[0, -1]].round(4)
    array([-4.    , -5.2263])
    """
    check_integer("n_sites", n_sites, 2)
    check_number("coupling", coupling, -np.inf, open_interval=True)
    check_flag("periodic", periodic)
    check_n_levels(n_levels, 2**n_sites, f"n_sites={n_sites}")
    terms = ising_terms(n_sites, coupling, periodic=periodic)

    def exact(field):
        energies = lowest_states(terms, field, n_levels)[0]
        return energies[:, 0] if n_levels == 1 else energies

    return known_problem(
        exact,
        train=np.linspace(0, 1, 20),
        test=np.linspace(0, 1, 100),
        terms=terms,
        feature_names=["g"],
        target_names=level_names(n_levels),
        DESCR=_ISING.format(
            n_sites=n_sites,
            coupling=coupling,
            n_levels=n_levels,
            shape="ring" if periodic else "open chain",
        ),
    )


def ising_terms(n_sites, coupling=1.0, *, periodic=True):
    """Sparse terms of the chain: neighbours, and the transverse field."""
    last = n_sites if periodic else n_sites - 1
    pairs = [(site, (site + 1) % n_sites) for site in range(last)]
    neighbours = np.kron(PAULI_Z, PAULI_Z)
    energy = sum(on_sites(neighbours, pair, n_sites) for pair in pairs)
    return [-coupling * energy, -sum_over_sites(PAULI_X, n_sites)]
