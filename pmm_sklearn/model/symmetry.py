"""Symmetries that restrict the matrices of a model."""

import numpy as np
import scipy.linalg

from .definite import Definite
from .shifted_low_rank import ShiftedLowRank
from .spaces import HermitianSpace, Subspace


def solutions(space, linear_map):
    """Matrices of a space that a linear map takes to zero.

    Parameters
    ----------
    space : HermitianSpace or Subspace
        Where to look.
    linear_map : callable
        From matrices of shape (m, n, n) to an array of shape (m, ...), real or
        complex, linear over the real numbers.

    Returns
    -------
    Subspace

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import HermitianSpace, solutions
    >>> parity = np.diag([1.0, 1.0, -1.0])
    >>> space = HermitianSpace((3,), "symmetric")
    >>> solutions(space, lambda M: M @ parity - parity @ M).size
    4
    """
    images = np.asarray(linear_map(space.matrices(np.eye(space.size))))
    images = images.reshape(space.size, -1)
    equations = np.concatenate([images.real, images.imag], axis=1).T
    return Subspace(space, scipy.linalg.null_space(equations))


def matrix_spaces(
    monomials,
    block_sizes,
    matrix_type,
    commutes_with=(),
    parity=None,
    fixed=(),
    rank=None,
    monotonic=(),
):
    r"""The space of each primary matrix ``M_l``.

    Parameters
    ----------
    monomials : Monomials
        What the matrices multiply.
    block_sizes : tuple of int
        Sides of the diagonal blocks ("sectors").
    matrix_type : {"hermitian", "symmetric"}
        Complex Hermitian or real symmetric matrices.
    commutes_with : sequence of ndarray of shape (n, n), default=()
        Operators ``Q`` with :math:`[M_l, Q] = 0` for all ``l``.
    parity : ndarray of shape (n, n), optional
        Operator ``P`` of a parity of the features, :math:`H(-x) = P H(x) P`.
        Matrices of even monomials commute with it, those of odd ones anticommute.
    fixed : sequence of int, default=()
        Matrices that are not learned: their space has no dimension.
    rank : int, optional
        Of all matrices but the constant one, up to multiples of the identity.
    monotonic : sequence of {-1, 0, 1}, default=()
        Of each feature, whether its matrix is negative or positive semidefinite.

    Returns
    -------
    free : list of HermitianSpace or Subspace
        Spaces of the matrices if none were fixed, of any rank.
    spaces : list of HermitianSpace, Subspace, ShiftedLowRank or Definite
        Spaces of what is learned.

    Examples
    --------
    With a parity the matrices of even and of odd monomials are in different spaces:

    >>> import numpy as np
    >>> from pmm_sklearn.model import Monomials, matrix_spaces
    >>> parity = np.diag([1.0, 1.0, -1.0])
    >>> free, learned = matrix_spaces(
    ...     Monomials(1), (3,), "symmetric", parity=parity, fixed=[0]
    ... )
    >>> [space.size for space in free], [space.size for space in learned]
    ([4, 2], [0, 2])
    """
    space = HermitianSpace(block_sizes, matrix_type)
    if len(commutes_with):
        space = solutions(
            space,
            lambda M: np.stack([M @ Q - Q @ M for Q in commutes_with], axis=1),
        )
    free = [space] * monomials.size
    if parity is not None:
        even = solutions(space, lambda M: M @ parity - parity @ M)
        odd = solutions(space, lambda M: M @ parity + parity @ M)
        degrees = monomials.powers.sum(axis=1)
        free = [odd if degree % 2 else even for degree in degrees]
    learned = list(free)
    if rank is not None:
        low = ShiftedLowRank(space.side, rank, matrix_type)
        learned[1:] = [low] * (monomials.size - 1)
    kinds = {sign: Definite(block_sizes, matrix_type, sign) for sign in (-1, 1)}
    for i, sign in enumerate(monotonic, 1):
        learned[i] = kinds.get(sign, learned[i])
    nothing = Subspace(space, np.empty((space.size, 0)))
    return free, [nothing if i in fixed else own for i, own in enumerate(learned)]
