"""A basis of the matrices that does not depend on the random start."""

import copy
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from ._arguments import check_affine, check_point, check_stationary

Estimator = TypeVar("Estimator")
# Levels closer than this, relative to the norm of a matrix, count as degenerate.
_DEGENERATE = 1e-8
# Elements closer than this count as equal when the largest is looked for, and the
# first of them is taken: symmetric models have equal elements, up to rounding.
_TIE = 1e-6
# Elements below this, relative to the norm, fix no phase.
_NOTHING = 1e-10


def canonical_gauge(
    estimator: Estimator, reference: ArrayLike | None = None
) -> Estimator:
    r"""The same model in a basis that is defined by the model itself.

    The basis of the matrices is arbitrary: with any unitary ``V``, the matrices
    :math:`V^\dagger M_l V` and :math:`V^\dagger O V` give the same predictions.  Here
    it is the eigenbasis of :math:`M_0`, with levels ascending in each sector, and with
    phases such that the largest elements are real and positive.  Matrices of two
    fits can then be compared.

    Parameters
    ----------
    estimator : PMMRegressor, PMMClassifier, PMMEmulator or UnitaryPMMEmulator
        A fitted model.
    reference : array-like of shape (n_features,), default=None
        Take the eigenbasis of :math:`H` at this point instead of :math:`M_0`, which
        is ``H`` where all features are zero.  The mean of the training data is a good
        choice where zero is far away from them.

    Returns
    -------
    estimator : object of the same class
        A copy with other ``matrices_`` and ``observables_``, and the same
        predictions.

    Raises
    ------
    TypeError
        If the estimator has no eigenstates, as `EvolutionEmulator`, whose basis begins
        with the initial state.

    Notes
    -----
    Where levels of :math:`M_0` are degenerate, the other matrices, and products of
    all of them, define the basis between these levels; where nothing does, because of
    a symmetry, all choices give the same matrices (if these are real, up to a
    reflection).  Phases are fixed one state after
    the other, each by the largest element, in any matrix, between it and the states
    before.  Sectors are kept; if their numbers mean nothing, because outputs see the
    levels of all sectors together, sectors of one size are sorted by their levels.

    This removes changes of basis and nothing else.  Observables of a regressor have
    more freedom (a multiple of the identity is an intercept), and fits that ended in
    different minima are different in every basis.

    Matrices that were `fixed` or symmetric by construction are so in the former basis
    only: do not continue the training of the copy.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import PMMEmulator
    >>> from pmm_sklearn.inspection import canonical_gauge
    >>> c = np.linspace(-2, -0.5, 6)[:, np.newaxis]
    >>> energies = np.sqrt(1 + c**2) * [-0.5, 0.5]
    >>> emulator = PMMEmulator(2, random_state=0).fit(c, energies)
    >>> canonical_gauge(emulator).matrices_.real.round(6) + 0.0
    array([[[-0.5,  0. ],
            [ 0. ,  0.5]],
    <BLANKLINE>
           [[ 0. ,  0.5],
            [ 0.5,  0. ]]])
    """
    model = check_stationary(estimator)
    matrices, observables = model.matrices, model.observables
    if reference is None:
        first = model.user_matrices[0]
    else:
        row = check_point(model, "reference", reference)
        first = check_affine(estimator).hamiltonian(row)[0]
    others = observables.reshape(-1, *matrices.shape[1:])
    if not np.iscomplexobj(matrices):
        others = others.real  # the basis of real matrices is to be real
    sectors = _sorted_sectors(model, first)
    basis = canonical_basis(np.concatenate([first[None], matrices, others]), sectors)
    canonical = copy.copy(estimator)
    turned = in_basis(matrices, basis), in_basis(observables, basis)
    vars(canonical).update(model.structure.state_of(turned))
    return canonical


def in_basis(matrices, basis):
    """Hermitian matrices of shape (..., n, n) in a basis, which is in columns."""
    turned = basis.conj().T @ matrices @ basis
    return 0.5 * (turned + turned.conj().swapaxes(-1, -2))


def canonical_basis(matrices, sectors):
    """Orthonormal basis that is covariant: it turns as the matrices are turned.

    Parameters
    ----------
    matrices : ndarray of shape (m, n, n)
        Hermitian matrices; the first one is diagonal in the basis.
    sectors : list of ndarray of int
        Rows of the sectors, which are not to be mixed, in their new order.

    Returns
    -------
    ndarray of shape (n, n)
        Basis vectors in columns.
    """
    matrices = _normalised(matrices)
    identity = np.eye(matrices.shape[1], dtype=matrices.dtype)
    # Orthonormal bases of subspaces that nothing so far has split.
    spaces = [identity[:, rows] for rows in sectors]
    for matrix in matrices:
        spaces = _split(spaces, matrix)
    letters = [*matrices, *(np.diag(identity[:, rows].sum(1)) for rows in sectors)]
    for word in _words(np.array(letters), 2 * len(identity)):
        if max(space.shape[1] for space in spaces) == 1:
            break
        spaces = _split(spaces, word)
    return np.concatenate(_aligned(spaces, matrices), axis=1)


def _sorted_sectors(model, first):
    """Rows of each sector; equal sizes by their levels, where numbers mean nothing."""
    sectors = [np.arange(s.start, s.stop) for s in model.sectors]
    if model.targets is not None:
        return sectors
    unit = np.linalg.norm(first) or 1.0
    levels = [np.linalg.eigvalsh(first[np.ix_(s, s)]) / unit for s in sectors]
    result = list(sectors)
    for size in {len(s) for s in sectors}:
        places = [i for i, s in enumerate(sectors) if len(s) == size]
        order = sorted(places, key=lambda i: levels[i].round(8).tolist())
        for place, source in zip(places, order, strict=True):
            result[place] = sectors[source]
    return result


def _normalised(matrices):
    """Without trace, and of norm 1 unless they are zero."""
    side = matrices.shape[-1]
    trace = np.trace(matrices, axis1=1, axis2=2)[:, None, None]
    size = np.linalg.norm(matrices, axis=(1, 2), keepdims=True)
    matrices = matrices - trace * np.eye(side) / side
    norm = np.linalg.norm(matrices, axis=(1, 2), keepdims=True)
    is_zero = norm <= 1e-14 * size  # a multiple of the identity
    return np.where(is_zero, 0.0, matrices / np.where(is_zero, 1.0, norm))


def _split(spaces, matrix):
    """Eigenspaces of a matrix within each of the subspaces, ascending."""
    parts = []
    for space in spaces:
        if space.shape[1] == 1:
            parts.append(space)
            continue
        values, vectors = np.linalg.eigh(in_basis(matrix, space))
        cuts = np.flatnonzero(np.diff(values) > _DEGENERATE) + 1
        parts += np.split(space @ vectors, cuts, axis=1)
    return parts


def _words(letters, n_words):
    """Generic Hermitian elements of the algebra of some matrices, ever longer."""
    rng = np.random.RandomState(0)  # the same numbers whatever the basis
    word = np.tensordot(rng.standard_normal(len(letters)), letters, axes=1)
    for _ in range(n_words):
        yield word / (np.linalg.norm(word) or 1.0)
        weights = rng.standard_normal((2, len(letters)))
        if np.iscomplexobj(letters):
            weights = weights[0] + 1j * weights[1]
        else:
            weights = weights[0]
        factor = np.tensordot(weights, letters, axes=1)
        word = factor @ word @ factor.conj().T
        word /= np.linalg.norm(word) or 1.0


def _aligned(spaces, matrices):
    """Bases turned such that largest elements between them are real and positive.

    Between subspaces of several dimensions, which are equivalent, elements become
    multiples of the identity.
    """
    spaces = list(spaces)
    strengths = _strengths(spaces, matrices)
    fixed, free = [], list(range(len(spaces)))
    while free:
        chosen = strengths[np.ix_(range(len(matrices)), fixed, free)]
        largest = chosen.max(initial=0.0)
        if largest <= _NOTHING:
            fixed.append(free.pop(0))
            continue
        matrix, i, j = np.argwhere(chosen >= (1.0 - _TIE) * largest)[0]
        left, right = spaces[fixed[i]], spaces[free[j]]
        u, _, vh = np.linalg.svd(left.conj().T @ matrices[matrix] @ right)
        spaces[free[j]] = right @ (u @ vh).conj().T
        fixed.append(free.pop(j))
    return spaces


def _strengths(spaces, matrices):
    """Size of the elements between subspaces of one dimension, shape (m, k, k)."""
    sizes = np.array([space.shape[1] for space in spaces])
    starts = np.cumsum(sizes) - sizes
    basis = np.concatenate(spaces, axis=1)
    squares = np.abs(basis.conj().T @ matrices @ basis) ** 2
    squares = np.add.reduceat(squares, starts, axis=1)
    squares = np.add.reduceat(squares, starts, axis=2)
    same = sizes[:, None] == sizes
    return np.sqrt(np.where(same, squares / sizes, 0.0))
