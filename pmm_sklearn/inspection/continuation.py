"""Levels of a matrix followed by continuity along a path in parameter space."""

import warnings
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import linear_sum_assignment

# A level is recognised if it is this much closer to where it was expected than the
# next candidate is.
_UNAMBIGUOUS = 0.25
_SMALLEST_STEP = 2.0**-30
# Differences of levels, relative to the largest, that rounding explains.
_ROUNDING = 1e-11


def follow_levels(
    matrices_at: Callable[[np.ndarray], np.ndarray], path: ArrayLike
) -> np.ndarray:
    """Eigenvalues followed by continuity along a path of parameter points.

    Between given points the step is halved until every level is unambiguous, so
    that the result depends on the path and not on how finely it is given.

    Parameters
    ----------
    matrices_at : callable
        ``matrices_at(points)`` for points of shape (m, n_features), complex, returns
        matrices of shape (m, n, n), in general not Hermitian.
    path : ndarray of shape (n_points, n_features)
        Points in order.

    Returns
    -------
    ndarray of complex of shape (n_points, n)
        One level in every column; at the first point by ascending real part.

    Warns
    -----
    UserWarning
        If levels cannot be told apart, because they coincide on the path.

    References
    ----------
    .. [1] T. Kato, "Perturbation theory for linear operators", Springer (1966).

    Examples
    --------
    A loop around the exceptional point of two levels exchanges them:

    >>> import numpy as np
    >>> from pmm_sklearn.inspection import follow_levels
    >>> z, x = np.diag([1.0, -1.0]), np.array([[0.0, 1.0], [1.0, 0.0]])
    >>> angle = np.linspace(0, 2 * np.pi, 9)
    >>> path = 1j + 0.5j * np.exp(1j * angle[:, np.newaxis])
    >>> levels = follow_levels(lambda c: z + c[:, :, np.newaxis] * x, path)
    >>> np.allclose(levels[-1], levels[0, ::-1])
    True
    """
    path = np.asarray(path, dtype=np.complex128)
    levels = np.linalg.eigvals(matrices_at(path[:1]))[0]
    followed = [levels[np.argsort(levels.real, kind="stable")]]
    velocity, before = np.zeros_like(levels), None
    for start, end in pairwise(path):
        direction = end - start
        length = np.vdot(direction, direction).real
        if length == 0:
            followed.append(followed[-1])
            continue
        if before is not None:
            # For one feature, levels are analytic: the slope times the new step.
            velocity = velocity * np.vdot(before, direction)
        levels, velocity = _advance(
            lambda s, start=start, direction=direction: np.linalg.eigvals(
                matrices_at(start[np.newaxis] + s * direction)
            )[0],
            followed[-1],
            velocity,
            (start, end),
        )
        followed.append(levels)
        before = direction / length
    return np.array(followed)


def _advance(levels_at, levels, velocity, ends):
    """Levels at the end of a straight piece, and their velocity along it."""
    position, step = 0.0, 1.0
    while position < 1.0:
        step = min(step, 1.0 - position)
        candidates = levels_at(position + step)
        expected = levels + step * velocity
        distances = np.abs(expected[:, np.newaxis] - candidates)
        _, match = linear_sum_assignment(distances)
        is_clear = _is_unambiguous(distances, match)
        if not is_clear and step > _SMALLEST_STEP:
            step *= 0.5
            continue
        if not is_clear:
            warnings.warn(
                f"Levels coincide on the path between {ends[0]} and {ends[1]}: which "
                f"is which beyond that point is arbitrary. Lead the path around it.",
                UserWarning,
                stacklevel=4,
            )
        velocity = (candidates[match] - levels) / step
        levels = candidates[match]
        position += step
        step *= 2.0
    return levels, velocity


def _is_unambiguous(distances, match):
    """Whether every level has one candidate that is much closer than the others."""
    rows = np.arange(len(match))
    own = distances[rows, match]
    others = distances.copy()
    others[rows, match] = np.inf
    nearest = others.min(axis=1)
    rounding = _ROUNDING * (1.0 + distances.max())
    return bool(np.all(own <= _UNAMBIGUOUS * nearest + rounding))
