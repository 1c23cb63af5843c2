r"""Congruences :math:`M \mapsto K M K^\dagger` as matrices on real coordinates."""

import numpy as np


class Congruence:
    r"""The linear maps :math:`M \mapsto K M K^\dagger`, and their derivatives by `K`.

    Many samples share few maps, so a map is worth writing as a matrix: applying it
    to all samples is then one matrix product.

    Parameters
    ----------
    inner : HermitianSpace
        Space of `M`, of side ``s``.
    outer : HermitianSpace
        Space of the images, of side ``a`` and of the same type.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import Congruence, HermitianSpace
    >>> space = HermitianSpace((2,), "symmetric")
    >>> K, M = np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([[1.0, 3.0], [3.0, 4.0]])
    >>> image = space.coordinates(M) @ Congruence(space, space).matrix(K)
    >>> np.allclose(space.matrices(image), K @ M @ K.T)
    True
    """

    def __init__(self, inner, outer):
        self.inner = inner
        self.outer = outer
        self._rows, self._columns = np.triu_indices(inner.side, k=1)
        self._is_complex = inner.dtype.kind == "c"
        # The elements F_b side by side, of shape (a, a * outer.size).
        basis = outer.matrices(np.eye(outer.size)).transpose(1, 2, 0)
        self._basis = np.ascontiguousarray(basis).reshape(outer.side, -1)

    def matrix(self, K):
        """Coordinates of the images of the basis elements.

        Parameters
        ----------
        K : ndarray of shape (..., a, s)
            Rectangular matrices.

        Returns
        -------
        ndarray of shape (..., inner.size, outer.size)
        """
        return self.outer.coordinates(self._basis_images(K))

    def _basis_images(self, K):
        """Images of the diagonal elements, then of the pairs."""
        columns = np.ascontiguousarray(K.swapaxes(-1, -2))
        diagonal = columns[..., :, np.newaxis] * columns.conj()[..., np.newaxis, :]
        left = columns[..., self._rows, :] * np.sqrt(0.5)
        right = columns[..., self._columns, :].conj()
        pairs = left[..., :, np.newaxis] * right[..., np.newaxis, :]
        adjoint = pairs.conj().swapaxes(-1, -2)
        parts = [diagonal, pairs + adjoint]
        if self._is_complex:
            parts.append(1j * (pairs - adjoint))
        return np.concatenate(parts, axis=-3)

    def gradient(self, K, gradients):
        r"""Gradient by `K` of a function of the matrix.

        With elements :math:`T_{\alpha\beta} = \operatorname{tr}(F_\beta K E_\alpha
        K^\dagger)` and :math:`Y_\beta = \sum_\alpha E_\alpha \, \partial z / \partial
        T_{\alpha\beta}` it is :math:`2 \sum_\beta F_\beta K Y_\beta`.

        Parameters
        ----------
        K : ndarray of shape (..., a, s)
            As for :meth:`matrix`.
        gradients : ndarray of shape (..., inner.size, outer.size)
            Gradient by the elements of :meth:`matrix`.

        Returns
        -------
        ndarray of shape (..., a, s)
            ``g`` with :math:`dz = \operatorname{Re} \sum g^* dK`.
        """
        inner = self.inner.matrices(gradients.swapaxes(-1, -2))
        # K Y_b of all b at once: matrices of shape (..., a, b, s).
        stacked = inner.swapaxes(-3, -2).reshape(*inner.shape[:-3], K.shape[-1], -1)
        products = (K @ stacked).reshape(*K.shape[:-2], -1, K.shape[-1])
        return 2.0 * (self._basis @ products)
