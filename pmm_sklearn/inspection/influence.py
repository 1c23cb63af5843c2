"""How much features can change levels and outputs, from norms of matrices."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from .._threads import single_blas_thread
from ..checks.data import check_features
from ._arguments import check_affine, check_stationary


class FeatureInfluence(NamedTuple):
    r"""Bounds for derivatives by the features, per unit of the feature.

    Attributes
    ----------
    features : list of str
        Names of the features, ``x0, x1, ...`` if they have none.
    levels : ndarray of shape (n_features,)
        No level changes faster: :math:`|\partial \lambda_k / \partial x_j|` is at
        most this, everywhere or, for a polynomial of higher degree, at the rows of
        ``X``.
    outputs : ndarray of shape (n_samples, n_outputs, n_features) or None
        Bounds for the derivatives of the outputs at the rows of ``X``; None without
        them.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import PMMRegressor
    >>> from pmm_sklearn.inspection import feature_influence
    >>> X = np.random.RandomState(0).uniform(-1, 1, size=(40, 2))
    >>> model = PMMRegressor(3, 2, n_init=1, max_iter=20, tol=1.0, random_state=0)
    >>> influence = feature_influence(model.fit(X, X[:, 0] * X[:, 1]), X)
    >>> influence.features, influence.levels.shape, influence.outputs.shape
    (['x0', 'x1'], (2,), (40, 1, 2))
    """

    features: list
    levels: np.ndarray
    outputs: np.ndarray | None


def feature_influence(
    estimator: BaseEstimator, X: ArrayLike | None = None
) -> FeatureInfluence:
    r"""Bounds for the influence of each feature, from spectral norms.

    Levels are Lipschitz functions of the features: by Weyl's inequality a change
    :math:`\delta` of feature `j` moves every level by at most :math:`|\delta|
    \|M_j\|_2`, wherever it starts.  Eigenvectors turn at most by :math:`|M_j| /
    \Delta_i`, where :math:`\Delta_i` is the distance from level `i` to the next one
    of its sector, and :math:`|A|` is half of the range of the eigenvalues of `A`.

    Parameters
    ----------
    estimator : PMMRegressor, PMMClassifier or PMMEmulator
        A fitted model.
    X : array-like of shape (n_samples, n_features), default=None
        Where outputs are considered.  Needed for a polynomial of higher degree.

    Returns
    -------
    FeatureInfluence
        Bounds for levels, and for outputs at the rows of `X`: of a classifier, those
        of its logits.  To compare features in different units, multiply by their
        standard deviations.

    Notes
    -----
    A matrix element :math:`v_i^\dagger O v_j` has the bound :math:`|O| |M_l| (1 /
    \Delta_i + 1 / \Delta_j)` for feature `l`; that of an output is the sum over its
    matrix elements, each times the slope of the output by the element at this row.  For
    expectation values it is :math:`2 |M_l| \sum_i |S_i| / \Delta_i`.  For slopes of
    levels, :math:`O = \partial_m H`, and the norm of :math:`\partial_l \partial_m H` is
    added.  That of the
    readout "density", which has no such elements, is the norm of the derivative by `H`
    times :math:`\|M_l\|_F`.  A bound is far
    above the derivative itself (``predict_gradient``) if gaps are small or matrices do
    not couple neighbouring levels; that a feature has none, it proves.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import PMMEmulator
    >>> from pmm_sklearn.inspection import feature_influence
    >>> x = np.linspace(-1, 1, 8)
    >>> levels = np.stack([-np.hypot(x, 0.5), np.hypot(x, 0.5)], axis=1)
    >>> emulator = PMMEmulator(2, random_state=0).fit(x[:, np.newaxis], levels)
    >>> feature_influence(emulator).levels.round(4)  # the slope far away
    array([1.])
    """
    check_stationary(estimator)
    model = check_affine(estimator)
    names = model.feature_names
    if X is None:
        if model.monomials.degree > 1:
            raise ValueError(
                f"X=None is possible only if H is linear in the features, got "
                f"degree={model.monomials.degree!r}: give the rows to be considered."
            )
        X = np.zeros((1, len(names)))
        return FeatureInfluence(names, _level_bounds(*_slopes(model, X)), None)
    if getattr(model.structure, "functions", ()):
        raise ValueError(
            "X must be None for an emulator with a Strength, a Sum, a Log or a Custom "
            "among its targets, whose derivatives have no bounds by norms: see "
            "predict_gradient."
        )
    X = check_features(estimator, X)
    with single_blas_thread():
        low, high = _slopes(model, X)
        outputs = _output_bounds(model, X, low, high)
    return FeatureInfluence(names, _level_bounds(low, high), outputs)


def _slopes(model, X):
    """Extreme eigenvalues of the derivatives of H, (n_samples or 1, p, sectors)."""
    is_linear = model.monomials.degree == 1
    inputs = model.monomials.derivatives(X[:1] if is_linear else X)
    sectors = model.sectors
    low = np.empty((len(inputs), X.shape[1], len(sectors)))
    high = np.empty_like(low)
    for number, sector in enumerate(sectors):
        matrices = model.matrices[:, sector, sector]
        for feature in range(X.shape[1]):
            slope = np.tensordot(inputs[:, :, feature], matrices, axes=1)
            values = np.linalg.eigvalsh(slope)
            low[:, feature, number] = values[:, 0]
            high[:, feature, number] = values[:, -1]
    return low, high


def _level_bounds(low, high):
    return np.maximum(np.abs(low), np.abs(high)).max(axis=(0, 2))


def _output_bounds(model, X, low, high):
    """Bounds of shape (n_samples, n_outputs, n_features)."""
    levels = model.levels(X)
    states = model.read_out(levels)
    sector = model.sector_numbers[states]
    rows = np.arange(len(X))[:, np.newaxis] if len(low) > 1 else 0
    # Of the sectors of the states that are read out, (n_samples, r, n_features).
    low, high = low[rows, :, sector], high[rows, :, sector]
    gaps = _gaps(model, levels, states)[:, :, np.newaxis]
    with np.errstate(divide="ignore", invalid="ignore"):
        turning = 0.5 * (high - low) / gaps
    turning = np.where(high > low, turning, 0.0)  # also at degenerate levels
    bounds = np.zeros((len(X), model.pmm.n_outputs, X.shape[1]))
    coefficients = model.pmm.readout.level_coefficients
    if coefficients is not None:
        bounds += _bounds_of_levels(coefficients, low, high)
    system, _ = model.pmm.eigensystem(model.matrices, model.pmm.inputs(X))
    _add_bounds_of_elements(bounds, model, system, sector, turning)
    if model.pmm.readout.slope_features:
        _add_bounds_of_operators(bounds, model, X, sector)
    slopes = model.pmm.readout.matrix_slopes(system, model.observables)
    if slopes is not None:
        bounds += slopes[:, :, np.newaxis] * _norms(model, X)[:, np.newaxis]
    return bounds


def _gaps(model, levels, states):
    """Distance to the next level of the same sector, shape (n_samples, r)."""
    sector = model.sector_numbers
    own = np.take_along_axis(levels, states, axis=1)
    distance = np.abs(own[:, :, np.newaxis] - levels[:, np.newaxis])
    np.put_along_axis(distance, states[:, :, np.newaxis], np.inf, axis=2)
    is_other = sector[states][:, :, np.newaxis] != sector
    return np.where(is_other, np.inf, distance).min(axis=2)


def _half_range(matrices):
    values = np.linalg.eigvalsh(matrices)
    return 0.5 * (values[..., -1] - values[..., 0])


def _bounds_of_levels(coefficients, low, high):
    """Those of sums of levels, whose derivatives are between the bounds of each."""
    above, below = np.maximum(coefficients, 0.0), np.minimum(coefficients, 0.0)
    largest = np.einsum("kr,srp->skp", above, high) + np.einsum(
        "kr,srp->skp", below, low
    )
    least = np.einsum("kr,srp->skp", above, low) + np.einsum("kr,srp->skp", below, high)
    return np.maximum(np.abs(largest), np.abs(least))


def _norms(model, X):
    """Frobenius norms of the derivatives of H, (n_samples, p)."""
    flat = model.matrices.reshape(len(model.matrices), -1)
    slopes = np.einsum("slp,la->spa", model.monomials.derivatives(X), flat)
    return np.linalg.norm(slopes, axis=2)


def _add_bounds_of_elements(bounds, model, system, sector, turning):
    r"""Those of functions of matrix elements :math:`v_i^\dagger O v_j`.

    An element changes by at most :math:`|O|` times what both vectors turn by, and the
    function of it by that times its slope.
    """
    pmm, blocks = model.pmm, model.sectors
    for element in pmm.readout.elements(system, model.observables):
        i, j = element.left, element.right
        # Vectors turn in their sector: if it is the same, other blocks do not matter.
        in_blocks = np.empty((len(blocks), len(sector)))
        for number, own in enumerate(blocks):
            in_blocks[number] = _half_range(element.observable[..., own, own])
        size = np.where(
            sector[:, i] == sector[:, j],
            in_blocks[sector[:, i], np.arange(len(sector))],
            _half_range(element.observable),
        )
        size = (element.slopes * size)[:, np.newaxis]
        turned = turning[:, i] + turning[:, j]
        # What does not change may turn at will, at degenerate levels too.
        bounds[:, element.output] += size * np.where(size > 0, turned, 0.0)


def _add_bounds_of_operators(bounds, model, X, sector):
    """Those of slopes whose operator changes: norms of second derivatives of H."""
    monomials, slopes = model.monomials, model.pmm.readout.slopes
    for feature in model.pmm.readout.slope_features:
        operator = monomials.derivative_of_coefficients(model.matrices, feature)
        changes = np.einsum("slp,lmn->spmn", monomials.derivatives(X), operator)
        norms = np.stack(
            [
                np.abs(np.linalg.eigvalsh(changes[..., own, own])).max(axis=2)
                for own in model.sectors
            ]
        )
        for k in np.flatnonzero(slopes.features == feature):
            own = sector[:, slopes.states[k]]
            bounds[:, slopes.columns[k]] += norms[own, np.arange(len(X))]
