"""Conserved quantities of a fitted model: sectors and commutators."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse.csgraph import connected_components
from sklearn.base import BaseEstimator

from ..checks.parameters import check_number, check_square_matrix
from ..model import HermitianSpace
from ._arguments import check_model
from .gauge import in_basis


class Sectors(NamedTuple):
    """Common block structure of matrices.

    Attributes
    ----------
    block_sizes : tuple of int
        Sides of the blocks.
    basis : ndarray of shape (n, n)
        Orthonormal vectors in columns, sector after sector; in each of them the
        first matrix is diagonal, with levels ascending.
    coupling : float
        Largest element of any matrix between different sectors, relative to the norm
        of that matrix.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import PMMEmulator
    >>> from pmm_sklearn.inspection import find_sectors
    >>> x = np.linspace(-1, 1, 12)
    >>> levels = np.stack([-np.hypot(x, 0.3), x / 2, np.hypot(x, 0.3)], axis=1)
    >>> emulator = PMMEmulator((2, 1), random_state=0).fit(x[:, np.newaxis], levels)
    >>> sectors = find_sectors(emulator)
    >>> sectors.basis.shape, sectors.coupling < 1e-6
    ((3, 3), True)
    """

    block_sizes: tuple
    basis: np.ndarray
    coupling: float


def find_sectors(estimator: BaseEstimator, *, tol: float = 1e-6) -> Sectors:
    r"""Sectors that the learned matrices have in common, in whatever basis.

    A conserved quantity :math:`Q` of the model commutes with all of its matrices,
    :math:`[M_l, Q] = 0`; these are then block-diagonal in the eigenbasis of `Q`.
    A model that was trained without sectors may have learned them.

    Parameters
    ----------
    estimator : PMMRegressor, PMMClassifier, PMMEmulator or UnitaryPMMEmulator
        A fitted model.
    tol : float, default=1e-6
        Elements between sectors that count as zero, relative to the norm of their
        matrix.  Increase it to find sectors that are conserved approximately.

    Returns
    -------
    Sectors
        Sizes in the order of the lowest levels of :math:`M_0`, the basis, and what
        is left between the sectors.  A single sector means that nothing is conserved.

    Notes
    -----
    All matrices that commute with every :math:`M_l` form a linear space, the
    commutant.  Any random element of it has the sectors as eigenspaces.  It is found
    among Hermitian matrices, or among real symmetric ones if the :math:`M_l` are
    real, as the null space of a matrix of side :math:`n^2`.  For features that are far
    from zero :math:`M_0` is `H` in the middle of the data.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import PMMEmulator
    >>> from pmm_sklearn.inspection import find_sectors
    >>> x = np.linspace(-1, 1, 12)
    >>> levels = np.stack([-np.hypot(x, 0.3), x / 2, np.hypot(x, 0.3)], axis=1)
    >>> emulator = PMMEmulator((2, 1), random_state=0).fit(x[:, np.newaxis], levels)
    >>> find_sectors(emulator).block_sizes
    (2, 1)
    """
    model = check_model(estimator)
    check_number("tol", tol, 0, open_interval=True)
    return common_sectors(model.matrices, tol)


def common_sectors(matrices, tol):
    """Sectors of Hermitian matrices of shape (m, n, n): see `find_sectors`."""
    matrices = np.asarray(matrices)
    scaled = np.array([_traceless(matrix) for matrix in matrices])
    vectors = np.linalg.eigh(_random_commuting(scaled, tol))[1]
    elements = np.abs(in_basis(scaled, vectors)).max(axis=0)
    n_sectors, labels = connected_components(elements > tol, directed=False)
    spaces = [vectors[:, labels == sector] for sector in range(n_sectors)]
    spaces = [_eigenbasis(matrices[0], space) for space in spaces]
    spaces.sort(key=lambda space: np.vdot(space[:, 0], matrices[0] @ space[:, 0]).real)
    between = elements[labels[:, np.newaxis] != labels]
    return Sectors(
        tuple(space.shape[1] for space in spaces),
        np.concatenate(spaces, axis=1),
        float(between.max(initial=0.0)),
    )


def commutator_norms(
    estimator: BaseEstimator, operator: ArrayLike | None = None
) -> np.ndarray:
    r"""Norms of the commutators of the learned matrices.

    A matrix that commutes with all :math:`M_l` is conserved, whatever the features:
    its expectation values label the levels.  Matrices that commute with each other
    share their eigenvectors, and levels are then linear in the features.

    Parameters
    ----------
    estimator : PMMRegressor, PMMClassifier, PMMEmulator or UnitaryPMMEmulator
        A fitted model.
    operator : array-like of shape (n, n), default=None
        A Hermitian matrix in the basis of ``matrices_``, for example one of
        ``observables_``.  By default the matrices are compared with each other.

    Returns
    -------
    ndarray of shape (n_matrices, n_matrices) or (n_matrices,)
        The former without `operator`.  Numbers from 0 to 1:
        :math:`\|[A, B]\|_F / (\sqrt{2} \|A\|_F \|B\|_F)` of the matrices without
        their traces, in which 1 is the largest possible value.

    Notes
    -----
    Where features are far from zero, :math:`M_0` is `H` in the middle of the data:
    ``matrices_[0]`` is little more than a sum of multiples of the other matrices there.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import PMMEmulator
    >>> from pmm_sklearn.inspection import commutator_norms
    >>> x = np.linspace(-1, 1, 8)
    >>> levels = np.stack([-np.hypot(x, 1.0), np.hypot(x, 1.0)], axis=1)
    >>> emulator = PMMEmulator(2, random_state=0).fit(x[:, np.newaxis], levels)
    >>> commutator_norms(emulator).round(4)
    array([[0., 1.],
           [1., 0.]])
    """
    matrices = check_model(estimator).matrices
    scaled = np.array([_traceless(matrix) for matrix in matrices])
    if operator is None:
        others = scaled
    else:
        operator = check_square_matrix("operator", operator, matrices.shape[1])
        others = _traceless(operator)[np.newaxis]
    products = scaled[:, np.newaxis] @ others
    commutators = products - (others @ scaled[:, np.newaxis])
    norms = np.linalg.norm(commutators, axis=(2, 3)) / np.sqrt(2.0)
    return norms if operator is None else norms[:, 0]


def _traceless(matrix):
    """Matrix without its trace, of norm 1; zero for multiples of the identity."""
    side = len(matrix)
    rest = matrix - np.trace(matrix) / side * np.eye(side)
    norm = np.linalg.norm(rest)
    if norm <= 1e-14 * np.linalg.norm(matrix):
        return np.zeros_like(rest)
    return rest / norm


def _random_commuting(matrices, tol):
    """A matrix without special properties among those that commute with all."""
    matrix_type = "hermitian" if np.iscomplexobj(matrices) else "symmetric"
    space = HermitianSpace((matrices.shape[1],), matrix_type)
    candidates = space.matrices(np.eye(space.size))
    gram = np.zeros((space.size, space.size))
    for matrix in matrices:
        commutators = candidates @ matrix - matrix @ candidates
        flat = commutators.reshape(space.size, -1).view(np.float64)
        gram += flat @ flat.T
    values, vectors = np.linalg.eigh(gram)
    # At least the identity commutes, whatever the rounding errors.
    # Sums over n elements of m matrices; between sectors they are judged later.
    is_small = values <= tol**2 * matrices.shape[1] * len(matrices)
    n_commuting = max(1, np.count_nonzero(is_small))
    weights = np.random.RandomState(0).standard_normal(n_commuting)
    return space.matrices(vectors[:, :n_commuting] @ weights)


def _eigenbasis(matrix, space):
    return space @ np.linalg.eigh(in_basis(matrix, space))[1]
