"""Commutator smoothing of level crossings."""

import numpy as np

from .primary import AffineMatrix


class CommutatorSmoothedMatrix(AffineMatrix):
    r"""Primary matrix :math:`s\,C + \sum_l \phi_l(x) M_l` with a commutator term.

    :math:`C = i \sum_{k>j} [M_k, M_j]` is Hermitian and vanishes if the matrices
    commute, where levels cross freely; the term opens gaps there.

    Parameters
    ----------
    monomials, spaces, offsets
        As for :class:`AffineMatrix`.
    strength : float
        The factor ``s``.

    References
    ----------
    Cook et al., "Parametric matrix models", Nat. Commun. 16, 5929 (2025), Methods.

    Examples
    --------
    Two levels that cross without the term:

    >>> import numpy as np
    >>> from pmm_sklearn import model as m
    >>> parts = m.Monomials(1), m.HermitianSpace((2,))
    >>> matrices = np.array([[[0, 1], [1, 0]], [[1, 0], [0, -1]]], dtype=complex)
    >>> for strength in (0.0, 0.5):
    ...     primary = m.CommutatorSmoothedMatrix(*parts, strength=strength)
    ...     H, _ = primary.forward(matrices, primary.inputs(np.array([[0.0]])))
    ...     print(np.linalg.eigvalsh(H)[0].round(3))
    [-1.  1.]
    [-1.414  1.414]
    """

    def __init__(self, monomials, spaces, offsets=None, *, strength):
        super().__init__(monomials, spaces, offsets)
        self.strength = strength

    def total(self, matrices):
        """The same matrices, with the commutator term in the first of them."""
        before = np.cumsum(matrices, axis=0) - matrices
        products = matrices @ before
        commutators = products - products.conj().swapaxes(1, 2)
        total = matrices.copy()
        total[0] += 1j * self.strength * commutators.sum(axis=0)
        return total

    def without_terms(self, total):
        """Inverse of :meth:`total`."""
        rest = total.copy()
        rest[0] = 0.0
        inner = total[0] - self.total(rest)[0]
        # M_0 + i s [A, M_0] = inner, with A the sum of the other matrices
        generator, identity = rest.sum(axis=0), np.eye(self.side)
        operator = np.kron(generator, identity) - np.kron(identity, generator.T)
        operator = np.eye(self.side**2) + 1j * self.strength * operator
        rest[0] = np.linalg.solve(operator, inner.ravel()).reshape(inner.shape)
        return rest

    def forward(self, matrices, inputs):
        """Primary matrices: see :meth:`AffineMatrix.forward`."""
        assembled, _ = super().forward(self.total(matrices), inputs)
        return assembled, (matrices, inputs)

    def gradient(self, saved, gradients):
        """Gradient of a sum over samples: see :meth:`AffineMatrix.gradient`."""
        matrices, _ = saved
        gradient = super().gradient(saved, gradients)
        total = gradients.sum(axis=0)[np.newaxis, np.newaxis]
        extra = np.zeros((1, 1, self.size))
        self._add_commutators(matrices, total, extra)
        return gradient + extra[0, 0]

    def jacobian(self, saved, gradients, out):
        """Derivative of every output: see :meth:`AffineMatrix.jacobian`."""
        matrices, _ = saved
        super().jacobian(saved, gradients, out)
        self._add_commutators(matrices, gradients, out)

    def _add_commutators(self, matrices, gradients, out):
        r"""Add coordinates of :math:`s\,i [A_l, G]`, ``A_l`` = earlier - later ones."""
        before = np.cumsum(matrices, axis=0) - matrices
        after = matrices.sum(axis=0) - before - matrices
        for space, members, places in self._groups:
            for member, place in zip(members, places, strict=True):
                generator = before[member] - after[member]
                product = generator @ gradients
                hermitian = 1j * (product - product.conj().swapaxes(-1, -2))
                out[:, :, place] += self.strength * space.coordinates(hermitian)
