"""All local minima of a smooth function in a box: Newton's method from many starts."""

from typing import NamedTuple

import numpy as np
from scipy.stats.qmc import Sobol

_MOST_STEPS = 200
# In units of the box: the first and largest steps, and the last ones.
_LARGEST_STEP, _SMALLEST_STEP = 0.25, 1e-11
_CONVERGED = 1e-9
# Closer to a face, points are on it: steps that are cut there may lead upwards.
_ON_FACE = 1e-10
# Minima that are closer are the same.
_SAME = 1e-5
# Curvatures that are smaller, relative to the largest, count as none.
_FLAT = 1e-7


class BoxMinima(NamedTuple):
    """Local minima in the unit box, the lowest first.

    Attributes
    ----------
    points : ndarray of shape (m, p)
        Where they are.
    is_isolated : bool
        Whether the function rises in all directions from each of them.
    """

    points: np.ndarray
    is_isolated: bool


class _State(NamedTuple):
    """Points on their way, and the function there."""

    points: np.ndarray
    values: np.ndarray
    gradients: np.ndarray
    hessians: np.ndarray
    radii: np.ndarray


def box_minima(function, dimension, n_starts, rounding):
    """Find local minima in the unit box, those on its faces included.

    All starts, a Sobol sequence, are iterated together: steps of Newton's method with
    absolute values of the curvatures, so that saddle points repel, as long as the
    function falls, shorter ones otherwise.

    Parameters
    ----------
    function : callable
        Returns values (m,), gradients (m, p) and Hessian matrices (m, p, p) at points
        of shape (m, p).
    dimension : int
        Number ``p`` of coordinates.
    n_starts : int
        Number of starts.
    rounding : callable
        Returns the rounding errors of given values.

    Returns
    -------
    BoxMinima
    """
    starts = sobol_points(dimension, n_starts)
    state = _State(starts, *function(starts), np.full(len(starts), _LARGEST_STEP))
    done = []
    for _ in range(_MOST_STEPS):
        state, step = _advanced(state, function, rounding)
        is_at_rest = (step < _CONVERGED) | (state.radii < _SMALLEST_STEP)
        done.append(_rows(state, is_at_rest))
        state = _rows(state, ~is_at_rest)
        if len(state.points) == 0:
            break
    return _distinct(_State(*map(np.concatenate, zip(*done, strict=True))))


def sobol_points(dimension, n_points):
    """Points that fill the unit box evenly, always the same."""
    n_bits = (n_points - 1).bit_length()
    return Sobol(dimension, scramble=False).random_base2(n_bits)[:n_points]


def _rows(state, which):
    return _State(*(array[which] for array in state))


def _advanced(state, function, rounding):
    """The next state, and the length of Newton's steps, which bounds may shorten."""
    points, values, gradients, hessians, radii = state
    steps = _steps(points, gradients, hessians)
    lengths = np.abs(steps).max(axis=1)
    shrink = np.minimum(1.0, radii / np.maximum(lengths, _SMALLEST_STEP))
    trial = points + steps * shrink[:, np.newaxis]
    trial = np.where(trial < _ON_FACE, 0.0, np.where(trial > 1 - _ON_FACE, 1.0, trial))
    tried = function(trial)
    is_better = tried[0] <= values + rounding(values)
    change = trial - points
    expected = np.einsum("mi,mi->m", gradients, change)
    expected += 0.5 * np.einsum("mi,mij,mj->m", change, hessians, change)
    is_good = values - tried[0] >= -0.5 * expected
    radii = np.where(is_better & is_good, 2.0 * radii, radii)
    radii = np.where(is_better, np.minimum(radii, _LARGEST_STEP), 0.25 * radii)
    radii = np.where(is_better, radii, np.minimum(radii, 0.25 * lengths))
    new = [
        np.where(is_better.reshape(-1, *[1] * (old.ndim - 1)), fresh, old)
        for fresh, old in zip((trial, *tried), state[:4], strict=True)
    ]
    return _State(*new, radii), lengths


def _steps(points, gradients, hessians):
    """Newton's steps, with absolute values of curvatures, that stay in the box."""
    held = _held(points, gradients)
    for _ in range(points.shape[1]):
        steps = _free_steps(gradients, hessians, held)
        leaving = _held(points, -steps) & ~held
        if not np.any(leaving):
            break
        held = held | leaving
    return np.where(held, 0.0, steps)


def _held(points, gradients):
    """Coordinates at a face of the box at which the function rises inwards."""
    return ((points <= 0.0) & (gradients > 0)) | ((points >= 1.0) & (gradients < 0))


def _free_steps(gradients, hessians, held):
    curvatures, axes = np.linalg.eigh(_without(hessians, held))
    curvatures = np.abs(curvatures)
    tiny = np.finfo(np.float64).tiny ** 0.5
    floor = _FLAT**2 * curvatures.max(axis=1, keepdims=True) + tiny
    along = np.einsum("mij,mi->mj", axes, np.where(held, 0.0, gradients))
    return -np.einsum("mij,mj->mi", axes, along / np.maximum(curvatures, floor))


def _without(hessians, held):
    """Hessian matrices in which some coordinates are uncoupled from the others."""
    coupled = ~(held[:, :, np.newaxis] | held[:, np.newaxis])
    diagonal = np.einsum("mii->mi", hessians)
    size = np.abs(diagonal).max(axis=1, keepdims=True)
    own = np.where(held, size, 0.0)[:, :, np.newaxis] * np.eye(held.shape[1])
    return np.where(coupled, hessians, 0.0) + own


def _distinct(state):
    """Minima among points at rest, each once, the lowest first."""
    held = _held(state.points, state.gradients)
    curvatures = np.linalg.eigvalsh(_without(state.hessians, held))
    largest = np.maximum(np.abs(curvatures).max(axis=1), np.finfo(np.float64).tiny)
    lowest = curvatures[:, 0] / largest
    is_minimum = lowest >= -_FLAT
    kept = []
    for row in np.flatnonzero(is_minimum)[np.argsort(state.values[is_minimum])]:
        distance = np.abs(state.points[kept] - state.points[row])
        if not kept or distance.max(axis=1).min() > _SAME:
            kept.append(row)
    return BoxMinima(state.points[kept], bool(np.all(lowest[kept] > _FLAT)))
