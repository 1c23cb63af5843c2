r"""Outputs that are one level each of a matrix of their own."""

import numpy as np
from scipy.optimize import lsq_linear

from .definite import Definite
from .pmm import PMM
from .polynomial import Monomials
from .primary import AffineMatrix
from .shifted_space import ShiftedSpace
from .spectrum import SpectrumReadout

# Shapes of a start whose fit is compared.
_N_SHAPES = 10
# Sizes of all matrices of features against that of the constant one.
_COUPLINGS = 0.3, 3.0
# Factors and slopes that derivatives do not vanish at.
_LEAST = 0.03
_ROUNDING = 1e-9


def level_pmm(
    n_features,
    n_outputs,
    side,
    level,
    matrix_type="hermitian",
    monotonic=(),
    eigensolver="auto",
    origin=(),
):
    r"""Model of outputs :math:`z_k = \lambda(M_{k0} + \sum_l x_l M_{kl})`.

    The matrices of all outputs are the blocks of one.

    Parameters
    ----------
    n_features, n_outputs : int
        Numbers of features and outputs.
    side : int
        Side of the matrices of an output.
    level : int
        Which of their eigenvalues, from the lowest, or if negative from the highest.
    matrix_type : {"hermitian", "symmetric"}, default="hermitian"
        Complex Hermitian or real symmetric matrices.
    monotonic : sequence of {-1, 0, 1}, optional
        Of each feature, whether outputs never rise with it (-1) or never fall (1).
    eigensolver : {"auto", "lapack", "simd"}, default="auto"
        See ``eigensolver.eigh``.
    origin : sequence of float, optional
        Point that features are counted from: see `Monomials`.

    Returns
    -------
    PMM

    Examples
    --------
    >>> from pmm_sklearn.model import level_pmm
    >>> level_pmm(2, 1, 5, -1, "symmetric").n_parameters
    45
    >>> level_pmm(2, 1, 5, -1, "symmetric", monotonic=(0, 1)).n_parameters
    56
    """
    block_sizes = (side,) * n_outputs
    blocks = block_sizes, matrix_type
    free = ShiftedSpace(*blocks)
    kinds = {0: free, 1: Definite(*blocks), -1: Definite(*blocks, sign=-1)}
    signs = monotonic or (0,) * n_features
    primary = AffineMatrix(
        Monomials(n_features, origin=origin),
        [free, *(kinds[sign] for sign in signs)],
    )
    outputs = [("level", "", ((level % side, k),)) for k in range(n_outputs)]
    readout = SpectrumReadout(outputs, *blocks)
    return PMM(primary, readout.selection, readout, block_sizes, eigensolver)


def convex_start(model, X, y, weight, random_state):
    r"""Matrices of random shape, whose size and affine part are fitted.

    With traceless random matrices :math:`A_l` (definite ones where these are asked
    for), outputs :math:`c_0 + \sum_l c_l x_l + s\,\lambda(A_0 + \sum_l x_l A_l)` are
    linear in the numbers ``c`` and :math:`s > 0`: a convex problem.  The best of ten
    shapes is taken.

    Parameters
    ----------
    model : PMM
        From :func:`level_pmm`.
    X : ndarray of shape (n_samples, n_features)
        Features of about [-1, 1].
    y : ndarray of shape (n_samples, n_outputs)
        Targets.
    weight : ndarray of shape (n_samples, 1) or (n_samples, n_outputs)
        Weights of the squared residuals.
    random_state : numpy.random.RandomState
        Source of the random numbers.

    Returns
    -------
    ndarray of shape (n_parameters,)
        Coordinates of the start.

    References
    ----------
    A. Shtoff, "Spectral Neuron", arXiv:2608.08003.

    Examples
    --------
    A linear function is explained exactly:

    >>> import numpy as np
    >>> from pmm_sklearn.model import convex_start, level_pmm
    >>> pmm, X = level_pmm(1, 1, 3, -1), np.linspace(-1, 1, 9)[:, np.newaxis]
    >>> data = X, 2.0 * X, np.ones((9, 1))
    >>> theta = convex_start(pmm, *data, np.random.RandomState(0))
    >>> bool(np.max(np.abs(pmm.predict(pmm.split(theta), X) - 2.0 * X)) < 0.1)
    True
    """
    primary = model.primary
    roots = np.sqrt(np.broadcast_to(weight, y.shape))
    rows = np.hstack([np.ones((len(X), 1)), X])
    best = [np.inf] * model.n_outputs
    best_parts = [None] * model.n_outputs
    for _ in range(_N_SHAPES):
        theta = _shape(primary, random_state)
        levels = model.predict(model.split(theta), X)
        for k in range(model.n_outputs):
            columns = np.hstack([rows, levels[:, k : k + 1]]) * roots[:, k : k + 1]
            targets = roots[:, k] * y[:, k]
            found = lsq_linear(columns, targets, _bounds(primary), "bvls")
            # Of few data all shapes may fit: the first is taken, not a rounding error.
            if found.cost < best[k] - _ROUNDING * (targets @ targets):
                best[k] = found.cost
                best_parts[k] = theta, found.x
    return _joined(model, best_parts)


def _shape(primary, random_state):
    """Coordinates of random matrices without multiples of the identity."""
    coupling = np.exp(random_state.uniform(*np.log(_COUPLINGS)))
    theta = primary.initial(random_state)
    for places, space in primary.varying_spaces():
        theta[places] *= coupling ** (1 / space.degree)
    theta[primary.shifts] = 0.0
    return theta


def _bounds(primary):
    """Of intercept, slopes and amplitude."""
    lower = np.full(primary.n_matrices + 1, -np.inf)
    upper = -lower
    for i, (_, space) in enumerate(primary.varying_spaces(), 1):
        sign = getattr(space, "sign", 0)
        if sign > 0:
            lower[i] = _LEAST
        elif sign < 0:
            upper[i] = -_LEAST
    lower[-1] = _LEAST
    return lower, upper


def _joined(model, parts):
    """Coordinates of which each block is that of one of several vectors."""
    primary, ends = model.primary, np.cumsum(model.block_sizes)
    matrices = np.zeros((primary.n_matrices, primary.side, primary.side), primary.dtype)
    for (theta, numbers), end, size in zip(parts, ends, model.block_sizes, strict=True):
        block = slice(end - size, end)
        own = numbers[-1] * primary.split(theta)[:, block, block]
        own += numbers[:-1, np.newaxis, np.newaxis] * np.eye(size)
        matrices[:, block, block] = own
    return np.concatenate([primary.join(matrices), np.empty(0)])
