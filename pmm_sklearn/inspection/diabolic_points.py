"""Diabolic points: where two levels of a real Hamiltonian meet in a plane."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from .._threads import single_blas_thread
from ._gap_errors import gap_errors
from ._gap_search import GapSearch

# Radius of a loop, in units of the box, and the same of the distance to other points.
_RADIUS, _FRACTION = 1e-3, 0.25
_N_ANGLES = 32


class DiabolicPoints(NamedTuple):
    r"""Parameters at which two real levels meet, by ascending energy.

    Attributes
    ----------
    x : ndarray of shape (m, n_features)
        Where they are.
    energy : ndarray of shape (m,)
        The double level.
    x_std : ndarray of shape (m, n_features)
        Standard deviations of `x` from the posterior density of the matrices, to first
        order; NaN where the model has none, zero for features that are fixed.
    berry_phase : ndarray of shape (m,)
        :math:`\pi` where the eigenvectors change their sign on a small loop around the
        point, as at the tip of a double cone, else 0.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import EigenvectorContinuation
    >>> from pmm_sklearn.inspection import diabolic_points
    >>> z, x = np.diag([1.0, -1.0]), np.array([[0.0, 1.0], [1.0, 0.0]])
    >>> model = EigenvectorContinuation([0.0 * z, z, x], n_snapshot_vectors=2)
    >>> points = diabolic_points(model.fit([[1.0, 0.0]]), [(-1, 1), (-1, 1)])
    >>> points.energy.round(6) + 0.0, points.berry_phase.round(6)
    (array([0.]), array([3.141593]))
    """

    x: np.ndarray
    energy: np.ndarray
    x_std: np.ndarray
    berry_phase: np.ndarray


def diabolic_points(
    estimator: BaseEstimator,
    bounds: ArrayLike,
    levels: tuple[int, int] = (0, 1),
    *,
    sector: int = 0,
    n_starts: int = 512,
) -> DiabolicPoints:
    r"""All points of a plane of two features at which two real levels meet.

    Near such a conical intersection the two levels are a double cone.  It is there for
    good: a change of a real symmetric matrix moves the point, and opens no gap, for the
    levels meet under two conditions only (codimension 2), equal diagonal elements and
    no coupling.  A complex Hermitian matrix has three of them (codimension 3): its
    levels meet at points of a space of three parameters, and avoid each other in a
    plane.

    Parameters
    ----------
    estimator : PMMEmulator, PMMRegressor, PMMClassifier or EigenvectorContinuation
        A fitted model with real matrices, ``matrix_type="symmetric"``.
    bounds : array-like of shape (n_features, 2)
        Lower and upper end of each feature; equal ends for all but two features.
    levels : tuple of int, default=(0, 1)
        Two neighbouring levels, counted from the lowest of the sector, or from the
        highest if negative.
    sector : int, default=0
        The sector.  Levels of different sectors meet on lines.
    n_starts : int, default=512
        Number of starts of Newton's method, as of `minimum_gap`.

    Returns
    -------
    DiabolicPoints
        Points where the gap is zero, by ascending energy.  Avoided crossings, however
        narrow, are not among them: see `minimum_gap`.

    Raises
    ------
    TypeError, ValueError
        If the model has no such Hamiltonian, matrices are complex, bounds leave
        another number of features free, or levels are no neighbours.

    Warns
    -----
    UserWarning
        If error bars cannot be trusted, as by ``predict``.

    See Also
    --------
    minimum_gap : All minima of a gap, in any number of parameters.

    Notes
    -----
    A real eigenvector that is followed around a diabolic point comes back with the
    opposite sign, a Berry phase of :math:`\pi`, which no other point has.  So it tells
    the tip of a cone from an avoided crossing that is narrower than rounding errors.

    References
    ----------
    .. [1] M. V. Berry, M. Wilkinson, "Diabolical points in the spectra of triangles",
       Proc. R. Soc. Lond. A 392, 15 (1984).

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import PMMEmulator
    >>> from pmm_sklearn.inspection import diabolic_points
    >>> X = np.random.RandomState(0).uniform(-1, 1, size=(30, 2))
    >>> levels = np.hypot(X[:, :1] - 0.2, X[:, 1:] + 0.1) * [-1, 1]
    >>> emulator = PMMEmulator(2, matrix_type="symmetric", random_state=0)
    >>> points = diabolic_points(emulator.fit(X, levels), [(-1, 1), (-1, 1)])
    >>> points.x.round(4), points.berry_phase.round(4)
    (array([[ 0.2, -0.1]]), array([3.1416]))
    """
    search = GapSearch.of(estimator, bounds, levels, sector)
    _check_plane(search, bounds)
    with single_blas_thread():
        X, _ = search.minima(n_starts)
        _, closed = search.gaps(X)
        X = X[closed]
        energy = search.gap.elements(X).values[:, search.gap.pair].mean(axis=1)
        order = np.argsort(energy, kind="stable")
        X, energy = X[order], energy[order]
        free = np.ones((len(X), 2), bool)
        closed = np.ones(len(X), bool)
        model, rows = search.model, search.sector
        x_std, _ = gap_errors(model, search.gap, rows, X, free, closed)
        phases = np.array([_berry_phase(search, X, k) for k in range(len(X))])
    return DiabolicPoints(X, energy, x_std, phases)


def _check_plane(search, bounds):
    """Raise unless levels meet at points of a plane."""
    gap = search.gap
    if np.iscomplexobj(search.model.matrices):
        raise ValueError(
            "estimator must have real matrices, for levels of complex Hermitian ones "
            "meet at points of three parameters (codimension 3), not of two: fit with "
            "matrix_type='symmetric' if the problem has time reversal symmetry, or use "
            "minimum_gap."
        )
    if len(gap.features) != 2:
        raise ValueError(
            f"bounds must leave two features free, for levels of real matrices meet at "
            f"points of a plane (codimension 2), got {len(gap.features)} free ones: "
            f"give the others equal ends."
        )
    if gap.pair[1] != gap.pair[0] + 1:
        raise ValueError(
            f"levels must be neighbours, for levels between them would meet, too, got "
            f"{tuple(gap.pair)}: ask for each pair by itself."
        )


def _berry_phase(search, X, k):
    """Whether the lower state changes its sign around one of the points."""
    gap, features = search.gap, search.gap.features
    width = np.ptp(search.bounds[features], axis=1)
    others = np.delete(X, k, axis=0)[:, features] - X[k, features]
    nearest = np.linalg.norm(others / width, axis=1).min(initial=np.inf)
    radius = min(_RADIUS, _FRACTION * nearest)
    angles = np.linspace(0.0, 2.0 * np.pi, _N_ANGLES, endpoint=False)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    loop = np.repeat(X[k : k + 1], _N_ANGLES, axis=0)
    loop[:, features] += radius * width * circle
    states = gap.elements(loop).vectors[:, :, gap.pair[0]]
    overlaps = np.einsum("mi,mi->m", states, np.roll(states, -1, axis=0))
    return np.pi if np.prod(np.sign(overlaps)) < 0 else 0.0
