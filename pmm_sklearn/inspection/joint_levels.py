"""Levels of two systems, each of which depends on the energy of the other."""

from typing import NamedTuple

import numpy as np
import scipy.linalg
from numpy.typing import ArrayLike
from scipy.optimize import linear_sum_assignment
from sklearn.base import BaseEstimator

from .._threads import single_blas_thread
from ..fitted import ErrorBars
from ._arguments import check_affine, check_feature, check_sector, pencil_along

# Side of the operator determinants: 200 MB for some of them.
_LARGEST_SIDE = 2000
# Of the sum of two operators whose eigenvalues are told apart by it.
_MIXTURE = 0.5 * (np.sqrt(5.0) - 1.0)


class JointLevels(NamedTuple):
    """Energies of two systems that depend on each other.

    Attributes
    ----------
    energies : ndarray of shape (n_first, n_second, 2)
        Energies of both systems where the first is in its level ``i``, and the second
        in its level ``j``.
    std : ndarray of shape (n_first, n_second, 2)
        Their standard deviations from the posterior densities of both, to first order;
        NaN where one of them has none.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import EigenvectorContinuation
    >>> from pmm_sklearn.inspection import joint_levels
    >>> terms = np.diag([1.0, 2.0]), 0.5 * np.eye(2)
    >>> system = EigenvectorContinuation(terms, n_snapshot_vectors=2).fit([[0.0]])
    >>> joint_levels(system, system).energies[0, 1].round(6)  # 1 + 1.333, 2 + 1.167
    array([2.666667, 3.333333])
    """

    energies: np.ndarray
    std: np.ndarray


class _System(NamedTuple):
    """A Hamiltonian ``A + e C``, where ``e`` is the energy of the other system."""

    model: object
    sector: slice
    feature: int
    point: np.ndarray
    A: np.ndarray
    C: np.ndarray


def joint_levels(
    first: BaseEstimator,
    second: BaseEstimator,
    features: tuple[int | str, int | str] = (0, 0),
    at: tuple[ArrayLike | None, ArrayLike | None] = (None, None),
    *,
    sectors: tuple[int, int] = (0, 0),
) -> JointLevels:
    r"""Energies of two emulators, each with the energy of the other as a feature.

    The energies have to fit to each other, which is an eigenvalue problem with two
    parameters,

    .. math::

        (A_1 + E_2 C_1)\, u = E_1 u, \qquad (A_2 + E_1 C_2)\, v = E_2 v .

    Parameters
    ----------
    first, second : PMMEmulator or EigenvectorContinuation
        Fitted models that are linear in their features.
    features : tuple of int or str, default=(0, 0)
        The feature of each that is the energy of the other.
    at : tuple of array-like of shape (n_features,), default=(None, None)
        Features of each; the value of the energy does not matter.  None if there are
        no others.
    sectors : tuple of int, default=(0, 0)
        The sector of each.

    Returns
    -------
    JointLevels

    Raises
    ------
    TypeError, ValueError
        If a model or an argument is not usable, or the systems depend on each other so
        strongly that solutions need not be real.

    Notes
    -----
    With the operator determinants [1]_

    .. math::

        \Delta_0 = 1 \otimes 1 - C_1 \otimes C_2, \quad
        \Delta_1 = A_1 \otimes 1 + C_1 \otimes A_2, \quad
        \Delta_2 = 1 \otimes A_2 + A_1 \otimes C_2,

    it is :math:`\Delta_i z = E_i \Delta_0 z` with :math:`z = u \otimes v`.  If
    :math:`\Delta_0` is positive definite, as it is if slopes of the energies by each
    other have products below 1, there is one real solution for every pair of levels.
    Matrices have the product of both sides as theirs, so that systems have to be small.

    References
    ----------
    .. [1] F. V. Atkinson, "Multiparameter eigenvalue problems", Academic Press (1972).

    Examples
    --------
    Two particles on rings of five sites, whose hopping depends on the energy of the
    other: plane waves with :math:`E_1 = -2 \cos k_1 (1 + E_2 / 10)`, and the same with
    1 and 2 exchanged.

    >>> import numpy as np
    >>> from pmm_sklearn import EigenvectorContinuation
    >>> from pmm_sklearn.inspection import joint_levels
    >>> shift = np.roll(np.eye(5), 1, axis=0)
    >>> hopping = -shift - shift.T
    >>> ring = EigenvectorContinuation([hopping, 0.1 * hopping], n_snapshot_vectors=5)
    >>> joint = joint_levels(ring.fit([[0.0]]), ring)
    >>> joint.energies[0, 0].round(6)  # k = 0: -2 / (1 + 2 / 10)
    array([-1.666667, -1.666667])
    """
    for name, pair in ("features", features), ("at", at), ("sectors", sectors):
        _check_pair(name, pair)
    systems = [
        _system(*arguments)
        for arguments in zip((first, second), features, at, sectors, strict=True)
    ]
    with single_blas_thread():
        energies = _in_order(systems, _solutions(systems))
        return JointLevels(energies, _deviations(systems, energies))


def _check_pair(name, pair):
    """Raise unless there is one for each system."""
    if isinstance(pair, str) or not hasattr(pair, "__len__") or len(pair) != 2:
        raise ValueError(
            f"{name} must be a pair, one for first and one for second, got {pair!r}: "
            f"give {name}=({pair!r}, {pair!r}) if both are alike."
        )


def _system(estimator, feature, at, sector):
    model = check_affine(estimator)
    rows = check_sector(model, sector)
    feature = check_feature(model, feature)
    constant, slope, origin = pencil_along(model, feature, at)
    A, C = (constant - origin * slope)[rows, rows], slope[rows, rows]
    point = model.monomials.origin if at is None else np.asarray(at, np.float64)
    return _System(model, rows, feature, point, A, C)


def _solutions(systems):
    """Pairs of energies in any order, (n_first * n_second, 2)."""
    (*_, A1, C1), (*_, A2, C2) = systems
    one, two = np.eye(len(A1)), np.eye(len(A2))
    side = len(one) * len(two)
    if side > _LARGEST_SIDE:
        raise ValueError(
            f"first and second must have sides whose product is at most "
            f"{_LARGEST_SIDE}, got {len(one)} and {len(two)}: reduce matrix_size."
        )
    delta = np.eye(side) - np.kron(C1, C2)
    if np.linalg.eigvalsh(delta)[0] <= 0:
        raise ValueError(
            "first and second must depend less on the energies of each other: slopes "
            "have products of 1 or more, and solutions need not be real."
        )
    operators = np.kron(A1, two) + np.kron(C1, A2), np.kron(one, A2) + np.kron(A1, C2)
    sizes = [np.linalg.norm(operator) or 1.0 for operator in operators]
    mixture = operators[0] / sizes[0] + _MIXTURE * operators[1] / sizes[1]
    _, vectors = scipy.linalg.eigh(mixture, delta)
    # Vectors have a norm of 1 in the metric of the first determinant.
    return np.stack(
        [np.einsum("im,im->m", vectors.conj(), o @ vectors).real for o in operators],
        axis=1,
    )


def _in_order(systems, energies):
    """Energies by the levels that they are of both systems."""
    own, other = energies.T
    first = _levels(systems[0], other) - own[:, np.newaxis]
    second = _levels(systems[1], own) - other[:, np.newaxis]
    distance = np.abs(first)[:, :, np.newaxis] + np.abs(second)[:, np.newaxis]
    shape = distance.shape[1:]
    _, place = linear_sum_assignment(distance.reshape(len(energies), -1))
    ordered = np.empty_like(energies)
    ordered[place] = energies
    return ordered.reshape(*shape, 2)


def _matrices(system, energies):
    return system.A + energies[:, np.newaxis, np.newaxis] * system.C


def _levels(system, energies):
    return np.linalg.eigvalsh(_matrices(system, energies))


def _deviations(systems, energies):
    r"""Standard deviations, of :math:`\delta E_1 = \epsilon_1 + s_1 \delta E_2`."""
    if not all(isinstance(s.model.error_bars, ErrorBars) for s in systems):
        return np.full(energies.shape, np.nan)
    flat = energies.reshape(-1, 2)
    places = np.divmod(np.arange(len(flat)), energies.shape[1])
    slopes, variances = np.empty((2, *flat.shape))
    for k, (system, level) in enumerate(zip(systems, places, strict=True)):
        system.model.error_bars.warn()
        other = flat[:, 1 - k]
        vectors = np.linalg.eigh(_matrices(system, other))[1]
        states = vectors[np.arange(len(flat)), :, level]
        slopes[:, k] = np.einsum("mi,ij,mj->m", states.conj(), system.C, states).real
        X = np.repeat(system.point[np.newaxis], len(flat), axis=0)
        X[:, system.feature] = other
        dyads = (
            states[:, np.newaxis, :, np.newaxis]
            * states[:, np.newaxis].conj()[:, :, np.newaxis]
        )
        roots = system.model.spectrum_roots(X, system.sector, dyads, {})
        variances[:, k] = np.sum(roots[:, 0] ** 2, axis=1)
    total = variances + slopes**2 * variances[:, ::-1]
    std = np.sqrt(total) / np.abs(1.0 - np.prod(slopes, axis=1))[:, np.newaxis]
    return std.reshape(energies.shape)
