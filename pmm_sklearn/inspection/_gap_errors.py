"""Error bars of gaps and of where they are least, from those of the matrices."""

import numpy as np

from ..fitted import ErrorBars


def gap_errors(model, gap, sector, X, is_free, closed):
    r"""Standard deviations of positions and gaps at minima of a gap.

    With half the squared gap :math:`F` and a change of the Hamiltonian, a minimum
    moves by :math:`\delta x = -(\partial^2 F)^{-1} \delta \partial F`, where

    .. math:: \delta\, \partial_l F = \delta g\, \partial_l g
              + g\, \delta\, \partial_l g .

    That is finite where the levels meet, and exact to first order there too.

    Parameters
    ----------
    model : FittedModel
        Whose posterior density is used.
    gap : SquaredGap
        The squared gap in a sector.
    sector : slice
        Rows of the sector.
    X : ndarray of shape (m, n_features)
        The minima.
    is_free : ndarray of bool of shape (m, p)
        Which of the features that change are not held by a bound.
    closed : ndarray of bool of shape (m,)
        Where the gap is zero, whatever the parameters of the model.

    Returns
    -------
    x_std : ndarray of shape (m, n_features)
    gap_std : ndarray of shape (m,)
        NaN where the model has no error bars.
    """
    x_std = np.zeros(X.shape)
    if len(X) == 0:
        return x_std, np.zeros(0)
    if not isinstance(model.error_bars, ErrorBars):
        x_std[:, gap.features] = np.nan
        return x_std, np.full(len(X), np.nan)
    model.error_bars.warn()
    elements = gap.elements(X)
    roots = model.spectrum_roots(X, sector, *_cotangents(gap, elements))
    own, pulls = roots[:, 0], roots[:, 1:]
    _, _, hessian = gap.derivatives(X)
    moved = np.linalg.pinv(_held(0.5 * hessian, is_free), hermitian=True) @ pulls
    deviations = np.linalg.norm(moved, axis=2)
    x_std[:, gap.features] = np.where(is_free, deviations, 0.0)
    return x_std, np.where(closed, 0.0, np.linalg.norm(own, axis=1))


def _held(hessian, is_free):
    """Second derivatives by the free features only, zero for the others."""
    return np.where(is_free[:, :, np.newaxis] & is_free[:, np.newaxis], hessian, 0.0)


def _cotangents(gap, elements):
    """Derivatives of the gap and of the slopes of `F` by `H` and its slopes.

    Returns
    -------
    gradients : ndarray of shape (m, 1 + p, n, n)
    slopes : dict from int to ndarray of shape (m, 1 + p, n, n)
    """
    i, j = gap.pair
    vectors = elements.vectors
    g = elements.values[:, j] - elements.values[:, i]
    lower, upper = vectors[:, :, i], vectors[:, :, j]
    difference = _outer(upper, upper) - _outer(lower, lower)
    gradients = [difference]
    for k, slope in enumerate(gap.slope(elements).T):
        own = elements.slopes[:, k]
        total = _each(slope) * difference
        total = total + _each(g) * _turning(gap, elements, own)
        # Of the pair itself, the difference of energies cancels.
        mixed = 4.0 * _hermitian(_each(own[:, j, 0]) * _outer(upper, lower))
        gradients.append(total + mixed)
    gradients = np.stack(gradients, axis=1)
    slopes = {feature: np.zeros_like(gradients) for feature in gap.features}
    for k, feature in enumerate(gap.features):
        slopes[feature][:, 1 + k] = _each(g) * difference
    return gradients, slopes


def _turning(gap, elements, own):
    """What other states add to the slope of the gap when `H` turns them in."""
    weights = gap.inverse_differences(elements) * np.array([-1.0, 1.0])
    turned = elements.vectors @ (own * weights)
    pair = elements.vectors[:, :, gap.pair]
    return 2.0 * _hermitian(turned @ pair.conj().swapaxes(1, 2))


def _outer(left, right):
    return left[:, :, np.newaxis] * right.conj()[:, np.newaxis]


def _hermitian(matrices):
    return 0.5 * (matrices + matrices.conj().swapaxes(1, 2))


def _each(numbers):
    return numbers[:, np.newaxis, np.newaxis]
