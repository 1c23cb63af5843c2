"""Batched eigensystems of Hermitian matrices and their derivatives."""

import numpy as np

from .eigensolver import eigh

# Eigenvalues closer than this, relative to the spectrum, count as degenerate.
_DEGENERACY_TOLERANCE = 1e-10
# So are these, whatever the spectrum: their square is the smallest normal number.
_SMALLEST_GAP = np.finfo(np.float64).tiny ** 0.5


class Eigensystem:
    r"""Eigenvalues and eigenvectors of a batch of Hermitian matrices.

    Parameters
    ----------
    matrices : ndarray of shape (n_samples, n, n)
        Hermitian or real symmetric matrices; only the lower triangle is read.
    selection : Extremes or Levels
        Which ``r`` states are selected.
    block_sizes : tuple of int, optional
        Sides of the diagonal blocks ("sectors").  Blocks are diagonalised
        separately, so that every eigenvector belongs to exactly one of them.
    energies_of : callable, optional
        ``energies_of(selected_values)`` returns energies, which increase with the
        eigenvalues, and their derivatives.  By default they are the eigenvalues.
    solver : callable, default=eigh
        ``solver(matrices)`` returns eigenvalues and eigenvectors as
        :func:`numpy.linalg.eigh` does.
    derivatives : dict from int to ndarray of shape (n_samples, n, n), optional
        Derivatives of the matrices by features that outputs ask for.
    features : ndarray of shape (n_samples, n_features), optional
        The features themselves, for outputs that ask for them.

    Attributes
    ----------
    values : ndarray of shape (n_samples, n)
        Eigenvalues, sector after sector, ascending in each.
    vectors : ndarray of shape (n_samples, n, n)
        Eigenvectors in columns, in the same order.
    selected_values : ndarray of shape (n_samples, r)
        The selected eigenvalues.
    selected : ndarray of shape (n_samples, n, r)
        The selected eigenvectors.
    energies : ndarray of shape (n_samples, r)
        Energies of the selected states.
    derivatives : dict from int to ndarray of shape (n_samples, n, n)
        The argument.
    features : ndarray of shape (n_samples, n_features) or None
        The argument.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import Eigensystem, Extremes
    >>> matrix = np.diag([2.0, -3.0, 1.0])[np.newaxis]
    >>> Eigensystem(matrix, Extremes(2, "LM")).selected_values
    array([[-3.,  2.]])
    """

    def __init__(
        self,
        matrices,
        selection,
        block_sizes=None,
        energies_of=None,
        solver=eigh,
        derivatives=None,
        features=None,
    ):
        if block_sizes is None or len(block_sizes) == 1:
            self.values, self.vectors = solver(matrices)
        else:
            self.values, self.vectors = _eigh_blocks(matrices, block_sizes, solver)
        self.derivatives = derivatives or {}
        self.features = features
        self._remembered = {}
        sizes = block_sizes or (matrices.shape[-1],)
        indices = selection.indices(self.values, sizes)
        if isinstance(indices, slice) or indices.ndim == 1:
            self.selected_values = self.values[:, indices]
            self.selected = self.vectors[:, :, indices]
        else:
            self.selected_values = np.take_along_axis(self.values, indices, axis=1)
            self.selected = np.take_along_axis(
                self.vectors, indices[:, np.newaxis], axis=2
            )
        self.energies, self._slopes = self.selected_values, None
        if energies_of is not None:
            self.energies, self._slopes = energies_of(self.selected_values)

    def remembered(self, function):
        """What a function of all eigenvalues returns, calculated once.

        Parameters
        ----------
        function : callable
            Of an array of shape (n_samples, n); equal ones are taken for the same.

        Returns
        -------
        object
        """
        if function not in self._remembered:
            self._remembered[function] = function(self.values)
        return self._remembered[function]

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
        gap = self.selected_values[:, np.newaxis] - self.values[:, :, np.newaxis]
        return self.inverse(gap)

    def inverse(self, gap):
        """The same of differences of levels of shape (n_samples, ., .)."""
        spread = np.abs(self.values).max(axis=1)[:, np.newaxis, np.newaxis]
        epsilon = _DEGENERACY_TOLERANCE * spread + _SMALLEST_GAP
        # The square of a large gap would overflow.  A power of two does not round.
        unit = np.ldexp(1.0, np.frexp(spread)[1])
        scaled = gap / unit
        return scaled / (scaled * gap + epsilon / unit * epsilon)

    def tangent(self, changes):
        """Changes of the selected eigenvectors for changes of the matrices.

        Each is orthogonal to its eigenvector; degeneracies are guarded as in
        :meth:`inverse_gaps`.

        Parameters
        ----------
        changes : ndarray of shape (n_samples, n, n)
            Hermitian matrices, to first order.

        Returns
        -------
        ndarray of shape (n_samples, n, r)
        """
        elements = self.vectors.conj().swapaxes(1, 2) @ changes @ self.selected
        return self.vectors @ (elements * self.inverse_gaps())

    def pullback(self, value_cotangents=None, vector_cotangents=None):
        r"""Gradient with respect to the matrices, from one on the eigenpairs.

        For :math:`dz = \sum_i c_i dE_i + \operatorname{Re} \sum_i w_i^\dagger
        dv_i`, the Hellmann-Feynman theorem and first-order perturbation theory give
        :math:`dz = \operatorname{tr}(G\, dH)` with :math:`G =
        \operatorname{herm}(V T V_r^\dagger)`, :math:`T_{mi} = c_i E'_i \delta_{mi} +
        (v_m^\dagger w_i) / (\lambda_i - \lambda_m)`.

        Parameters
        ----------
        value_cotangents : ndarray of shape (n_samples, n_cotangents, r), optional
            Several cotangents :math:`c_i` on the energies.
        vector_cotangents : ndarray of shape (n_samples, n, n_cotangents, r), optional
            As many cotangents :math:`w_i` on the selected eigenvectors.

        Returns
        -------
        ndarray of shape (n_samples, n_cotangents, n, n)
            The Hermitian matrices ``G``.
        """
        left = 0.0
        if vector_cotangents is not None:
            n_samples, side = self.values.shape
            weights = self.vectors.conj().swapaxes(1, 2) @ vector_cotangents.reshape(
                n_samples, side, -1
            )
            weights = weights.reshape(vector_cotangents.shape)
            weights = weights * self.inverse_gaps()[:, :, np.newaxis]
            left = self.vectors @ weights.reshape(n_samples, side, -1)
            left = left.reshape(vector_cotangents.shape)
        if value_cotangents is not None:
            if self._slopes is not None:
                value_cotangents = value_cotangents * self._slopes[:, np.newaxis]
            left = left + (
                self.selected[:, :, np.newaxis] * value_cotangents[:, np.newaxis]
            )
        left = np.ascontiguousarray(left.transpose(0, 2, 1, 3))
        gradient = left @ self.selected.conj().swapaxes(1, 2)[:, np.newaxis]
        return 0.5 * (gradient + gradient.conj().swapaxes(-1, -2))

    def pullback_of_sums(self, value_cotangents=None, vector_cotangents=None):
        """The same of one cotangent for each sample.

        Parameters
        ----------
        value_cotangents : ndarray of shape (n_samples, r), optional
            On the energies.
        vector_cotangents : ndarray of shape (n_samples, n, r), optional
            On the selected eigenvectors.

        Returns
        -------
        ndarray of shape (n_samples, n, n)
        """
        if value_cotangents is not None:
            value_cotangents = value_cotangents[:, np.newaxis]
        if vector_cotangents is not None:
            vector_cotangents = vector_cotangents[:, :, np.newaxis]
        return self.pullback(value_cotangents, vector_cotangents)[:, 0]


def _eigh_blocks(matrices, block_sizes, solver):
    """Eigenvalues and eigenvectors of block-diagonal matrices, block after block."""
    n_samples, side, _ = matrices.shape
    values = np.empty((n_samples, side))
    vectors = np.zeros_like(matrices)
    start = 0
    for size in block_sizes:
        block = slice(start, start + size)
        values[:, block], vectors[:, block, block] = solver(matrices[:, block, block])
        start += size
    return values, vectors
