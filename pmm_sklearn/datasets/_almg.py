"""The anharmonic Lipkin-Meshkov-Glick model, at real and complex coupling."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import linalg, sparse
from sklearn.utils import Bunch

from ..checks.parameters import check_integer, check_number, check_option
from ._almg_continuation import continue_ground_level
from ._problem import known_problem

# Of the grid i / 199, on either side of the transition.
_TRAIN_BELOW = (0, 9, 18)
_TRAIN_ABOVE = (60, 68, 77, 85, 94, 103, 111, 120, 129, 137, 146, 154, 163, 172, 180)
_TRAIN_ABOVE += (189, 198)
_VALIDATION = (0.15, 0.25)
_WITHHELD = (0.1, 0.3)
_PARITIES = ("even", "odd")

_DESCRIPTION = """\
Anharmonic Lipkin-Meshkov-Glick model
-------------------------------------

H = (1 - xi) (S + S_z) + (2 xi / S) (S^2 - S_x^2) + (alpha / 2S) (S + S_z)
(S + S_z + 1) with the total spin S = N / 2, N = {n_spins}, alpha = {anharmonicity:g}.
Feature: the coupling xi, from 0 to 1.  Targets: lowest energy of even and of odd parity
of n = S + S_z, and the expectation value of n in the even state, all per spin, and
energies in the unit of H.  For many spins there is a second-order transition at
xi = 0.2: beyond it the two levels are degenerate, and <n> / N grows from zero.

20 training points, none in 0.1 < xi < 0.3, around the transition; validation points
0.15 and 0.25.  Test points: i / 199; withheld marks those in (0.1, 0.3).

terms: [H(xi = 0), H(xi = 1) - H(xi = 0)], side N + 1, basis n = 0, 1, ..., energies not
divided by N.

J. Gamito et al., Phys. Rev. E 106, 044125 (2022).  P. Cook et al., "Parametric matrix
models", Nat. Commun. 16, 5929 (2025).
"""


def make_almg(n_spins: int = 1000, anharmonicity: float = -0.6) -> Bunch:
    r"""Energies and order parameter through a quantum phase transition.

    Anharmonic Lipkin-Meshkov-Glick model [1]_ in the states symmetric in the spins,

    .. math:: H(\xi) = (1 - \xi) (S + S_z) + \frac{2 \xi}{S} (S^2 - S_x^2)
        + \frac{\alpha}{2 S} (S + S_z) (S + S_z + 1), \quad S = N / 2,

    with the training points of [2]_, none of which is near the transition.

    Parameters
    ----------
    n_spins : int, default=1000
        Number `N` of spins.
    anharmonicity : float, default=-0.6
        The number :math:`\alpha`.

    Returns
    -------
    problem : :class:`~sklearn.utils.Bunch`
        ``X_train`` of shape (20, 1), ``y_train`` of shape (20, 3),
        ``X_validation`` of shape (2, 1), ``y_validation`` of shape (2, 3),
        ``X_test`` of shape (200, 1), ``y_test`` of shape (200, 3), the boolean
        ``withheld`` of shape (200,), ``terms`` (two sparse matrices of side
        `n_spins` + 1), ``feature_names``, ``target_names`` and ``DESCR``.

    Raises
    ------
    TypeError
        If `n_spins` is not an integer, or `anharmonicity` not a number.
    ValueError
        If `n_spins` is less than 4, or `anharmonicity` is not finite.

    See Also
    --------
    almg_ground_energy : The energies at any coupling, real or complex.

    References
    ----------
    .. [1] J. Gamito, J. Khalouf-Rivera, J. M. Arias, P. Pérez-Fernández,
       F. Pérez-Bernal, "Excited-state quantum phase transitions in the anharmonic
       Lipkin-Meshkov-Glick model: static aspects", Phys. Rev. E 106, 044125 (2022).
    .. [2] P. Cook et al., "Parametric matrix models", Nat. Commun. 16, 5929 (2025).

    Examples
    --------
    >>> from pmm_sklearn.datasets import make_almg
    >>> almg = make_almg()
    >>> almg.target_names
    ['E0/N', 'E1/N', '<n>/N']
    >>> almg.X_validation[:, 0], almg.y_validation[:, 0].round(4)
    (array([0.15, 0.25]), array([0.1498, 0.2105]))
    """
    _check_model(n_spins, anharmonicity)
    constant, linear = elements(n_spins, anharmonicity)

    def exact(couplings):
        targets = np.empty((len(couplings), 3))
        for row, xi in zip(targets, couplings, strict=True):
            even, state = _ground_state(constant, linear, xi, "even")
            odd, _ = _ground_state(constant, linear, xi, "odd")
            row[:] = even, odd, np.arange(n_spins + 1) @ state**2
        return targets / n_spins

    test = np.arange(200) / 199
    return known_problem(
        exact,
        train=np.array(_TRAIN_BELOW + _TRAIN_ABOVE) / 199,
        validation=_VALIDATION,
        test=test,
        withheld=(test > _WITHHELD[0]) & (test < _WITHHELD[1]),
        terms=[_matrix(*constant), _matrix(*linear)],
        feature_names=["xi"],
        target_names=["E0/N", "E1/N", "<n>/N"],
        DESCR=_DESCRIPTION.format(n_spins=n_spins, anharmonicity=anharmonicity),
    )


def almg_ground_energy(
    xi: ArrayLike,
    *,
    n_spins: int = 1000,
    anharmonicity: float = -0.6,
    parity: Literal["even", "odd"] = "even",
) -> np.ndarray:
    r"""Lowest energy of one parity of the model of `make_almg`, at any coupling.

    At a complex coupling, where eigenvalues have no order, the level is followed
    from the real axis along growing :math:`|\mathrm{Im}\, \xi|` at fixed
    :math:`\mathrm{Re}\, \xi`.

    Parameters
    ----------
    xi : array-like of complex
        Couplings, real or complex, of any shape.
    n_spins : int, default=1000
        Number `N` of spins.
    anharmonicity : float, default=-0.6
        The number :math:`\alpha`.
    parity : {"even", "odd"}, default="even"
        Parity of :math:`n = S + S_z`.

    Returns
    -------
    ndarray
        Energies per spin, of the shape of `xi`; complex if `xi` is complex.

    Raises
    ------
    TypeError
        If `n_spins` is not an integer, or `anharmonicity` not a number.
    ValueError
        If `xi` is not finite, `n_spins` is less than 4, `anharmonicity` is not
        finite, or `parity` is unknown.
    RuntimeError
        If the level cannot be told from others on the way to a coupling.

    See Also
    --------
    make_almg : Training, validation and test points.

    Notes
    -----
    The matrices are not normal.  For Re xi from 0.2 to 0.3 and N = 1000 the condition
    number of the eigenvalue in the basis of :math:`S_z` exceeds 1e40, and no
    diagonalisation in double precision has a correct digit.  Where the condition
    number grows, the spin is therefore rotated, by the complex angle of the mean
    field [1]_, to a basis in which the ground state is close to the first basis
    vector; the eigenvalues are the same.  Energies per spin at Re xi = 0.22 and 0.25
    agree with arithmetic of 50 digits in the original basis to 1e-15.

    The exception are real parts just above the transition, from 0.2045 to 0.208 for
    N = 1000.  There the way leads between exceptional points, whose distances double
    precision does not resolve, into a region where the level is not that of the mean
    field; the energy returned is the continuation from larger real parts.

    Time grows with the number of different real parts, and with `n_spins`: 0.05
    seconds each for the default and imaginary parts up to 0.5.

    References
    ----------
    .. [1] J. Gamito et al., Phys. Rev. E 106, 044125 (2022).

    Examples
    --------
    >>> from pmm_sklearn.datasets import almg_ground_energy
    >>> almg_ground_energy([0.25, 0.25 + 0.1j]).round(6)
    array([0.210543+0.j      , 0.230024-0.036782j])
    """
    _check_model(n_spins, anharmonicity)
    check_option("parity", parity, _PARITIES)
    couplings = _check_couplings(xi)
    constant, linear = elements(n_spins, anharmonicity)
    energies = np.empty(couplings.shape, dtype=couplings.dtype)
    for real in np.unique(couplings.real):
        column = couplings.real == real
        energy, state = _ground_state(constant, linear, real, parity)
        if couplings.dtype.kind != "c":
            energies[column] = energy
            continue
        # All matrix elements are real for real couplings: conjugate couplings have
        # conjugate energies.
        height, position = np.unique(
            np.abs(couplings.imag[column]), return_inverse=True
        )
        upper = continue_ground_level(real, height, state, n_spins, anharmonicity)
        upper = upper[position.ravel()]
        energies[column] = np.where(couplings.imag[column] < 0, upper.conj(), upper)
    return energies / n_spins


def elements(n_spins, anharmonicity):
    """Elements <n|H|n> and <n|H|n+2> at xi = 0, and their derivatives by xi."""
    n = np.arange(n_spins + 1.0)
    m, p = n[:-2], n_spins - n[:-2]
    constant = n + anharmonicity / n_spins * n * (n + 1)
    linear = n_spins - 1 - 2 * n * (n_spins - n) / n_spins - n
    pairs = -np.sqrt((m + 1) * (m + 2) * p * (p - 1)) / n_spins
    return (constant, np.zeros_like(pairs)), (linear, pairs)


def _ground_state(constant, linear, xi, parity):
    """Lowest energy of one parity at a real coupling, and its eigenvector."""
    diagonal, pairs = (a + xi * b for a, b in zip(constant, linear, strict=True))
    first = _PARITIES.index(parity)
    energy, vector = linalg.eigh_tridiagonal(
        diagonal[first::2], pairs[first::2], select="i", select_range=(0, 0)
    )
    state = np.zeros(len(diagonal))
    state[first::2] = vector[:, 0]
    return energy[0], state


def _matrix(diagonal, pairs):
    matrix = sparse.diags([pairs, diagonal, pairs], [-2, 0, 2])
    return sparse.csr_array(matrix)


def _check_model(n_spins, anharmonicity):
    check_integer("n_spins", n_spins, 4)
    check_number("anharmonicity", anharmonicity, -np.inf, open_interval=True)


def _check_couplings(xi):
    couplings = np.asarray(xi)
    if couplings.dtype.kind not in "biufc":
        raise ValueError(
            f"xi must hold real or complex numbers, got dtype {couplings.dtype}."
        )
    couplings = couplings.astype(np.result_type(couplings.dtype, np.float64))
    if not np.all(np.isfinite(couplings)):
        raise ValueError("xi has NaN or infinite elements: correct them.")
    return couplings
