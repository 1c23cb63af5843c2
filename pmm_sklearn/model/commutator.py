r"""Commutator smoothing of level crossings.

:math:`C = i \sum_{k>j} [M_k, M_j]` is Hermitian and vanishes if the matrices commute,
where levels cross freely; added to the first matrix, it opens gaps there.

References
----------
Cook et al., "Parametric matrix models", Nat. Commun. 16, 5929 (2025), Methods.
"""

import numpy as np


def commutator_term(matrices):
    """The matrix ``C``.

    Parameters
    ----------
    matrices : ndarray of shape (n_matrices, n, n)
        Hermitian matrices.

    Returns
    -------
    ndarray of shape (n, n)

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model.commutator import commutator_term
    >>> x, z = np.array([[0, 1], [1, 0]]), np.array([[1, 0], [0, -1]])
    >>> commutator_term(np.array([x, z])).imag
    array([[ 0.,  2.],
           [-2.,  0.]])
    """
    products = matrices @ _before(matrices)
    return 1j * (products - products.conj().swapaxes(1, 2)).sum(axis=0)


def commutator_tangent(matrices, changes):
    """Change of the term for changes of the matrices, to first order."""
    products = changes @ _before(matrices) + matrices @ _before(changes)
    return 1j * (products - products.conj().swapaxes(1, 2)).sum(axis=0)


def commutator_gradients(matrices, gradients):
    r"""Derivatives by each matrix, :math:`i [A_l, G]`, ``A_l`` = earlier - later ones.

    Parameters
    ----------
    matrices : ndarray of shape (n_matrices, n, n)
        Hermitian matrices.
    gradients : ndarray of shape (..., n, n)
        Hermitian ``G``, gradient with respect to the term.

    Yields
    ------
    ndarray of shape (..., n, n)
        One for each of the matrices.
    """
    before = _before(matrices)
    after = matrices.sum(axis=0) - before - matrices
    for generator in before - after:
        product = generator @ gradients
        yield 1j * (product - product.conj().swapaxes(-1, -2))


def without_commutator(acting, strength):
    """Matrices whose first becomes the given one when the term is added to it.

    Parameters
    ----------
    acting : ndarray of shape (n_matrices, n, n)
        Matrices, the first one with the term.
    strength : float
        What the term was multiplied by.

    Returns
    -------
    ndarray of shape (n_matrices, n, n)
    """
    rest = acting.copy()
    rest[0] = 0.0
    inner = acting[0] - strength * commutator_term(rest)
    # M_0 + i s [A, M_0] = inner, with A the sum of the other matrices
    generator, identity = rest.sum(axis=0), np.eye(len(inner))
    operator = np.kron(generator, identity) - np.kron(identity, generator.T)
    operator = np.eye(inner.size) + 1j * strength * operator
    rest[0] = np.linalg.solve(operator, inner.ravel()).reshape(inner.shape)
    return rest


def _before(matrices):
    """Sums of the matrices before each one."""
    return np.cumsum(matrices, axis=0) - matrices
