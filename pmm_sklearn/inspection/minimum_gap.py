"""Where two levels come closest: all minima of a gap in several parameters."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from .._threads import single_blas_thread
from .._warnings import warn_caller
from ._gap_errors import gap_errors
from ._gap_search import GapSearch


class GapMinima(NamedTuple):
    r"""Local minima of a gap, the smallest first.

    Attributes
    ----------
    x : ndarray of shape (m, n_features)
        Where they are.
    gap : ndarray of shape (m,)
        Distance of the two levels, exactly zero where they meet but for rounding:
        below :math:`2 \times 10^{-14}` of the levels there, and of what they change by
        over the box or over its distance from zero, which tells how exact `x` is.
    x_std, gap_std : ndarray of the shapes of `x` and `gap`
        Standard deviations of both from the posterior density of the matrices, to first
        order; NaN where the model has none.  Zero for a feature at its bound or fixed,
        and for a gap that is closed: other matrices move such a point, and leave it
        closed.
    on_bound : ndarray of bool of shape (m,)
        Whether the gap would fall further beyond the bounds.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import PMMEmulator
    >>> from pmm_sklearn.inspection import minimum_gap
    >>> x = np.linspace(-1, 1, 8)[:, np.newaxis]
    >>> emulator = PMMEmulator(2, random_state=0).fit(x, np.hypot(x, 0.1) * [-1, 1])
    >>> minima = minimum_gap(emulator, [(-1, 1)])
    >>> minima.x.shape, minima.gap.round(6), minima.on_bound
    ((1, 1), array([0.2]), array([False]))
    """

    x: np.ndarray
    gap: np.ndarray
    x_std: np.ndarray
    gap_std: np.ndarray
    on_bound: np.ndarray


def minimum_gap(
    estimator: BaseEstimator,
    bounds: ArrayLike,
    levels: tuple[int, int] = (0, 1),
    *,
    sector: int = 0,
    n_starts: int = 512,
) -> GapMinima:
    r"""All local minima of the gap of two levels in a box of parameters.

    Minima of the gap of a Hamiltonian are avoided crossings; the smallest one sets the
    time that an adiabatic change takes.

    Parameters
    ----------
    estimator : PMMEmulator, PMMRegressor, PMMClassifier or EigenvectorContinuation
        A fitted model.
    bounds : array-like of shape (n_features, 2)
        Lower and upper end of each feature; equal ends fix it.
    levels : tuple of int, default=(0, 1)
        The two levels, counted from the lowest of the sector, or from the highest if
        negative.
    sector : int, default=0
        The sector.  Levels of different sectors cross without a gap.
    n_starts : int, default=512
        Number of starts of Newton's method.  A minimum is found if one of them is
        nearer to it than to others, roughly.

    Returns
    -------
    GapMinima
        The smallest gap first.

    Raises
    ------
    TypeError, ValueError
        If the model has no such Hamiltonian, or an argument is not usable.

    Warns
    -----
    UserWarning
        If minima are not isolated, or error bars cannot be trusted, as by ``predict``.

    See Also
    --------
    diabolic_points : Where real levels meet in the plane of two features.
    GapDisplay : A picture.

    Notes
    -----
    What is minimised is the square of the gap, which is smooth where levels meet.  Its
    two derivatives are those of perturbation theory.  All starts are iterated together.
    Of several members of an average it is the best one that is looked at.  Levels that
    no target of the fit has seen are not to be relied on.

    References
    ----------
    .. [1] T. Kato, "Perturbation theory for linear operators", Springer (1966).

    Examples
    --------
    A gap of :math:`2 \sqrt{x^2 + (y - 0.3)^2 + 0.01}`, learned from both levels:

    >>> import numpy as np
    >>> from pmm_sklearn import PMMEmulator
    >>> from pmm_sklearn.inspection import minimum_gap
    >>> X = np.random.RandomState(0).uniform(-1, 1, size=(30, 2))
    >>> half_gap = np.sqrt(X[:, 0] ** 2 + (X[:, 1] - 0.3) ** 2 + 0.01)
    >>> levels = half_gap[:, np.newaxis] * [-1, 1]
    >>> emulator = PMMEmulator(2, random_state=0).fit(X, levels)
    >>> minima = minimum_gap(emulator, [(-1, 1), (-1, 1)])
    >>> minima.x.round(4) + 0.0, minima.gap.round(4)
    (array([[0. , 0.3]]), array([0.2]))
    >>> minimum_gap(emulator, [(0.5, 0.5), (-1, 1)]).gap.round(4)  # on a line
    array([1.0198])
    """
    search = GapSearch.of(estimator, bounds, levels, sector)
    with single_blas_thread():
        X, is_isolated = search.minima(n_starts)
        gap, closed = search.gaps(X)
        is_free = search.is_free(X)
        order = np.argsort(gap, kind="stable")
        X, gap, closed, is_free = (a[order] for a in (X, gap, closed, is_free))
        model, rows = search.model, search.sector
        x_std, gap_std = gap_errors(model, search.gap, rows, X, is_free, closed)
    if not is_isolated:
        warn_caller(
            "Minima of the gap are not isolated, but lines or surfaces, of which some "
            "points are returned: fix a feature by equal bounds, or if levels cross "
            "there, look for a conserved quantity with find_sectors.",
            UserWarning,
        )
    gap = np.where(closed, 0.0, gap)
    return GapMinima(X, gap, x_std, gap_std, ~np.all(is_free, axis=1))
