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

    Notes
    -----
    Coordinates are those of `HermitianSpace`: the diagonal, the elements above it,
    and for complex matrices the imaginary parts of these.  The element ``(a, b)`` of
    the image of ``|i><j| + |j><i|`` is :math:`K_{ai} K_{bj}^* + K_{aj} K_{bi}^*`.

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
        self._is_complex = inner.dtype.kind == "c"
        self._i, self._j = np.triu_indices(inner.side, k=1)
        rows, columns = np.triu_indices(outer.side, k=1)
        diagonal = np.arange(outer.side)
        self._a = np.concatenate([diagonal, rows])
        self._b = np.concatenate([diagonal, columns])
        # Orthonormal coordinates of an element (a, b) of the image.
        self._scale = np.full(len(self._a), np.sqrt(2.0))
        self._scale[: outer.side] = 1.0
        # Sums over all pairs with a given index.
        self._sum_i, self._sum_j = (_sums(inner.side, k) for k in (self._i, self._j))
        self._sum_a, self._sum_b = (_sums(outer.side, k).T for k in (self._a, self._b))

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
        maps = K.reshape(-1, *K.shape[-2:])
        elements = np.empty((len(maps), self.inner.size, self.outer.size))
        # One by one: temporary arrays of all together would not fit into the cache.
        for single, out in zip(maps, elements, strict=True):
            self._fill(out, single)
        return elements.reshape(*K.shape[:-2], *elements.shape[1:])

    def _fill(self, out, K):
        left, right = self._factors(K)
        right = right.conj()
        scale = np.sqrt(0.5) * self._scale
        first = (scale * left)[self._i] * right[self._j]
        second = (scale * left)[self._j] * right[self._i]
        parts = [self._scale * left * right, first + second]
        if self._is_complex:
            parts.append(1j * (first - second))
        start, n_elements = 0, len(self._a)
        for part in parts:
            rows = slice(start, start + len(part))
            out[rows, :n_elements] = part.real
            if self._is_complex:
                out[rows, n_elements:] = part[:, self.outer.side :].imag
            start = rows.stop

    def gradient(self, K, gradients):
        r"""Gradient by `K` of a function of the matrix.

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
        maps = K.reshape(-1, *K.shape[-2:])
        weights = gradients.reshape(len(maps), *gradients.shape[-2:])
        result = np.empty_like(maps)
        for single, own, out in zip(maps, weights, result, strict=True):
            out[...] = self._pull_back(single, own)
        return result.reshape(K.shape)

    def _pull_back(self, K, gradients):
        left, right = self._factors(K)
        side, n_pairs = self.inner.side, len(self._i)
        weights = self._element_weights(gradients)
        diagonal = weights[:side]
        first = second = np.sqrt(0.5) * weights[side : side + n_pairs]
        if self._is_complex:
            turned = np.sqrt(0.5) * 1j * weights[side + n_pairs :]
            first, second = first - turned, second + turned
        i, j = self._i, self._j
        by_left = diagonal * right
        by_left += self._sum_i @ (first * right[j]) + self._sum_j @ (second * right[i])
        first, second = first.conj(), second.conj()
        by_right = diagonal.conj() * left
        by_right += self._sum_j @ (first * left[i]) + self._sum_i @ (second * left[j])
        return (by_left @ self._sum_a + by_right @ self._sum_b).T

    def _factors(self, K):
        """``K_ai`` and ``K_bi`` for all elements (a, b), shape (s, elements)."""
        columns = np.ascontiguousarray(K.T)
        return columns[:, self._a], columns[:, self._b]

    def _element_weights(self, gradients):
        """Gradients by the elements (a, b), complex if these are."""
        n_elements = len(self._a)
        weights = self._scale * gradients[:, :n_elements]
        if self._is_complex:
            weights = weights.astype(np.complex128)
            above = weights[:, self.outer.side :]
            above += 1j * np.sqrt(2.0) * gradients[:, n_elements:]
        return weights


def _sums(size, indices):
    """Matrix that adds up what has the same index."""
    return (np.arange(size)[:, np.newaxis] == indices).astype(np.float64)
