"""Energies of a spin chain from time steps of a quantum computer."""

import numpy as np
from scipy import linalg
from sklearn.utils import Bunch

from ..checks.parameters import check_flag
from ._operators import PAULI_X, PAULI_Y, PAULI_Z, on_sites
from ._problem import known_problem, level_names

_N_SITES = 10
_FIELD, _EXCHANGE, _DZYALOSHINSKII_MORIYA = 4.0, 8.0, 2.6
_FIELD_SEED = 281
_N_LEVELS = 3

# Steps on the grid of -50 to 50, in units of a fiftieth of the largest time step.
_TRAIN = (-50, -46, -42, -38, -34, 33, 37, 41, 45, 49)
_VALIDATION = (-30, 29)
_GRID = range(-50, 51)
# Largest time step times the norm of the Hamiltonian: phases stay below pi.
_LARGEST_PHASE = 0.9 * np.pi

_DESCRIPTION = """\
Trotter steps of a Heisenberg chain
-----------------------------------

H = B sum_i r_i S^z_i + J sum_i S_i . S_(i+1) + D sum_i (S^x_i S^y_(i+1)
- S^y_i S^x_(i+1)) for 10 spins S = 1/2 on a ring, with B = 4, J = 8, D = 2.6 and fixed
random numbers r_i.  A quantum computer with time step dt measures the energies
E(dt) = -arg(u) / dt of the eigenvalues u of

    U(dt) = exp(-i F dt) exp(-i J_e dt) exp(-i J_o dt) exp(-i D_e dt) exp(-i D_o dt)

with the field F, and the bonds (0,1), (2,3), ... (e) and (1,2), ..., (9,0) (o) of the
two couplings.  Energies of H itself are those at dt = 0, out of reach of the device.

Feature: dt.  Targets: the three lowest energies, of the whole chain.  Energies are in
the unit of B, J and D, time in its inverse.  10 training and 2 validation points, from
a grid of 101 up to dt = 0.9 pi / ||H||.  Test point: dt = 0.

terms: [F, J_e, J_o, D_e, D_o], side 1024, whose sum is H.  With full_grid=True, X_grid
and y_grid have the whole grid.

P. Cook et al., "Parametric matrix models", Nat. Commun. 16, 5929 (2025).
"""


def make_heisenberg_dm_trotter(*, full_grid: bool = False) -> Bunch:
    r"""Lowest energies of a spin chain against the time step; at zero they are exact.

    Heisenberg model with Dzyaloshinskii-Moriya interaction, ten spins in a random
    field, section "Zero Trotter step size extrapolation" of [1]_: the very
    instance of that article.  Energies come from Trotter steps
    :math:`U(dt) \approx e^{-i H dt}`; those of :math:`H` have to be extrapolated.

    Parameters
    ----------
    full_grid : bool, default=False
        Whether to add the energies on the whole grid of 101 time steps, which takes
        several seconds.

    Returns
    -------
    problem : :class:`~sklearn.utils.Bunch`
        ``X_train`` of shape (10, 1), ``y_train`` of shape (10, 3), ``X_validation``
        of shape (2, 1), ``y_validation`` of shape (2, 3), ``X_test`` of shape (1,
        1), which is zero, ``y_test`` of shape (1, 3), ``terms`` (five sparse
        matrices of side 1024), ``norm`` (spectral norm of their sum),
        ``feature_names``, ``target_names`` and ``DESCR``; with `full_grid` also
        ``X_grid`` of shape (101, 1) and ``y_grid`` of shape (101, 3).

    Raises
    ------
    TypeError
        If `full_grid` is not a boolean.

    References
    ----------
    .. [1] P. Cook et al., "Parametric matrix models", Nat. Commun. 16, 5929 (2025).

    Examples
    --------
    >>> from pmm_sklearn.datasets import make_heisenberg_dm_trotter
    >>> trotter = make_heisenberg_dm_trotter()
    >>> trotter.X_test, trotter.y_test.round(4)
    (array([[0.]]), array([[-37.0777, -35.5533, -34.8104]]))
    """
    check_flag("full_grid", full_grid)
    layers = _layers()
    terms = [
        sum(on_sites(local, sites, _N_SITES) for local, sites in layer)
        for layer in layers
    ]
    sectors = _sectors()
    spectrum = _spectrum(terms, sectors)
    norm = np.abs(spectrum).max()
    largest = _LARGEST_PHASE / norm

    def exact(time_steps):
        energies = np.empty((len(time_steps), _N_LEVELS))
        for row, dt in zip(energies, time_steps, strict=True):
            row[:] = (_energies(layers, sectors, dt) if dt else spectrum)[:_N_LEVELS]
        return energies

    problem = known_problem(
        exact,
        train=largest * np.array(_TRAIN) / 50,
        validation=largest * np.array(_VALIDATION) / 50,
        test=[0.0],
        terms=terms,
        norm=float(norm),
        feature_names=["dt"],
        target_names=level_names(_N_LEVELS),
        DESCR=_DESCRIPTION,
    )
    if full_grid:
        grid = largest * np.array(_GRID) / 50
        problem.update(X_grid=grid[:, np.newaxis], y_grid=exact(grid))
    return problem


def _layers():
    """Matrices that commute, with their sites, in the order of the steps."""
    random = np.random.RandomState(_FIELD_SEED).rand(_N_SITES)
    s_x, s_y, s_z = PAULI_X / 2, PAULI_Y / 2, PAULI_Z / 2
    exchange = sum(np.kron(s, s) for s in (s_x, s_y, s_z)).real
    twist = np.kron(s_x, s_y) - np.kron(s_y, s_x)
    bonds = [(site, (site + 1) % _N_SITES) for site in range(_N_SITES)]
    field = [(_FIELD * r * s_z, (site,)) for site, r in enumerate(random)]
    couplings = [
        [(coupling, bond) for bond in bonds[first::2]]
        for coupling in (_EXCHANGE * exchange, _DZYALOSHINSKII_MORIYA * twist)
        for first in (0, 1)
    ]
    return [field, *couplings]


def _sectors():
    """States of each total S_z, which field, couplings and steps conserve."""
    n_down = np.array([state.bit_count() for state in range(2**_N_SITES)])
    return [np.flatnonzero(n_down == count) for count in range(_N_SITES + 1)]


def _block(matrix, sector):
    return matrix[sector][:, sector]


def _spectrum(terms, sectors):
    hamiltonian = sum(terms)
    blocks = [_block(hamiltonian, sector).toarray() for sector in sectors]
    return np.sort(np.concatenate([linalg.eigvalsh(block) for block in blocks]))


def _energies(layers, sectors, dt):
    """Lowest energies of a step, of each sector, in ascending order."""
    steps = [_step(layer, dt) for layer in layers]
    energies = []
    for sector in sectors:
        *first, last = (_block(step, sector) for step in steps)
        unitary = last.toarray()
        for step in reversed(first):
            unitary = step @ unitary
        energies.append(_lowest_energies(unitary, dt))
    return np.sort(np.concatenate(energies))


def _step(layer, dt):
    """exp(-i dt sum) of matrices that commute: sparse, as only two sites meet."""
    product = None
    for local, sites in layer:
        factor = on_sites(linalg.expm(-1j * dt * local), sites, _N_SITES)
        product = factor if product is None else product @ factor
    return product


def _lowest_energies(unitary, dt):
    """Lowest E where exp(-i E dt) are the eigenvalues of a unitary matrix."""
    # tan(E dt / 2) are eigenvalues of a Hermitian matrix, the Cayley transform:
    # a few of them take a fraction of the time of all complex ones.
    identity = np.eye(len(unitary))
    cayley = 1j * np.linalg.solve(unitary + identity, unitary - identity)
    hermitian = np.sign(dt) * (cayley + cayley.conj().T) / 2
    last = min(_N_LEVELS, len(unitary)) - 1
    tangents = linalg.eigvalsh(hermitian, subset_by_index=[0, last])
    return 2 * np.arctan(tangents) / np.abs(dt)
