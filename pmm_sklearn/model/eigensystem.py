"""Batched eigensystems, selection of states, and their derivatives."""

import numpy as np

#: Codes of `scipy.sparse.linalg.eigsh`, with what they select.
SELECTIONS = {
    "SA": "smallest (algebraic)",
    "LA": "largest (algebraic)",
    "LM": "largest in magnitude",
    "SM": "smallest in magnitude",
}

# Eigenvalues closer than this, relative to the spectrum, count as degenerate.
_DEGENERACY_TOLERANCE = 1e-10


class Eigensystem:
    r"""Eigenvalues and eigenvectors of a batch of Hermitian matrices.

    The eigenpairs are ordered by the selection rule, so that the selected states
    are always the first ones.

    Parameters
    ----------
    matrices : ndarray of shape (n_samples, n, n)
        Hermitian or real symmetric matrices; only the lower triangle is read.
    n_selected : int
        Number ``r`` of states that are selected.
    which : {"SA", "LA", "LM", "SM"}, default="SA"
        Selection rule: see :data:`SELECTIONS`.
    block_sizes : tuple of int, optional
        Sides of the diagonal blocks.  Blocks are diagonalised separately, so
        that every eigenvector belongs to exactly one of them.

    Attributes
    ----------
    values : ndarray of shape (n_samples, n)
        Eigenvalues, the selected ones first.
    vectors : ndarray of shape (n_samples, n, n)
        Eigenvectors in columns, the selected ones first.
    selected : ndarray of shape (n_samples, n, r)
        View of the selected eigenvectors.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import Eigensystem
    >>> Eigensystem(np.diag([2.0, -3.0, 1.0])[np.newaxis], 2, "LM").values
    array([[-3.,  2.,  1.]])
    """

    def __init__(self, matrices, n_selected, which="SA", block_sizes=()):
        if len(block_sizes) > 1:
            self.values, self.vectors = _eigh_blocks(matrices, block_sizes)
        else:
            self.values, self.vectors = np.linalg.eigh(matrices)
        self._sort(which, ascending=len(block_sizes) <= 1)
        self.selected = self.vectors[:, :, :n_selected]

    def _sort(self, which, ascending):
        if which in ("SA", "LA"):
            if not ascending:
                self._reorder(np.argsort(self.values, axis=1, kind="stable"))
            if which == "LA":
                self.values = self.values[:, ::-1]
                self.vectors = np.ascontiguousarray(self.vectors[:, :, ::-1])
        else:
            magnitude = np.abs(self.values)
            key = magnitude if which == "SM" else -magnitude
            self._reorder(np.argsort(key, axis=1, kind="stable"))

    def _reorder(self, order):
        self.values = np.take_along_axis(self.values, order, axis=1)
        self.vectors = np.take_along_axis(self.vectors, order[:, np.newaxis], axis=2)

    def inverse_gaps(self):
        r"""Guarded :math:`1 / (\lambda_i - \lambda_m)` for selected states ``i``.

        With :math:`g = \lambda_i - \lambda_m` it is :math:`g / (g^2 + \epsilon^2)`,
        where :math:`\epsilon` is tiny against the spectrum: exact away from
        degeneracies, finite at them, and zero for ``m = i``.

        Returns
        -------
        ndarray of shape (n_samples, n, r)
            Element ``[s, m, i]``.
        """
        n_selected = self.selected.shape[2]
        gap = self.values[:, np.newaxis, :n_selected] - self.values[:, :, np.newaxis]
        spread = np.max(np.abs(self.values), axis=1)[:, np.newaxis, np.newaxis]
        guard = (_DEGENERACY_TOLERANCE * spread + np.finfo(float).tiny ** 0.5) ** 2
        return gap / (gap * gap + guard)

    def pullback(self, cotangents):
        r"""Gradient with respect to the matrices, from one on the eigenvectors.

        For :math:`dz = \operatorname{Re} \sum_i w_i^\dagger dv_i` and first-order
        perturbation theory, :math:`dz = \operatorname{tr}(G\, dH)` with
        :math:`G = \operatorname{herm}(V T V_r^\dagger)`,
        :math:`T_{mi} = (v_m^\dagger w_i) / (\lambda_i - \lambda_m)`.

        Parameters
        ----------
        cotangents : ndarray of shape (n_samples, n, n_cotangents, r)
            Several cotangents :math:`w_i` on the selected eigenvectors.

        Returns
        -------
        ndarray of shape (n_samples, n_cotangents, n, n)
            The Hermitian matrices ``G``.
        """
        n_samples, side, _, n_selected = cotangents.shape
        adjoint = self.vectors.conj().swapaxes(1, 2)
        weights = adjoint @ cotangents.reshape(n_samples, side, -1)
        weights = weights.reshape(cotangents.shape)
        weights = weights * self.inverse_gaps()[:, :, np.newaxis]
        left = self.vectors @ weights.reshape(n_samples, side, -1)
        left = left.reshape(cotangents.shape).transpose(0, 2, 1, 3)
        right = adjoint[:, np.newaxis, :n_selected]
        gradient = np.ascontiguousarray(left) @ right
        return 0.5 * (gradient + gradient.conj().swapaxes(-1, -2))


def _eigh_blocks(matrices, block_sizes):
    """Eigenvalues (unsorted) and eigenvectors of block-diagonal matrices."""
    n_samples, side, _ = matrices.shape
    values = np.empty((n_samples, side))
    vectors = np.zeros_like(matrices)
    start = 0
    for size in block_sizes:
        block = slice(start, start + size)
        values[:, block], vectors[:, block, block] = np.linalg.eigh(
            matrices[:, block, block]
        )
        start += size
    return values, vectors
