"""Learned vectors, and what of them the eigenstates have: strengths."""

from itertools import pairwise

import numpy as np

# Levels that are closer, over the largest, are taken to be degenerate.
_CLOSE = 1e-7


class ExternalVectors:
    r"""Strengths :math:`B_i = |v_i^\dagger v(x)|^2` of states for external vectors.

    A vector is constant, or affine in the features, :math:`v(x) = w_0 + \sum_l x_l
    w_l`.  Its parameters are the real and the imaginary parts of the ``w``.

    Parameters
    ----------
    states : sequence of sequence of int
        For each vector the states ``i`` among those selected.
    are_affine : sequence of bool
        For each vector whether it depends on the features.
    side : int
        Side ``n`` of the matrices.
    n_features : int
        Number of features.
    is_complex : bool
        Whether vectors are.

    Attributes
    ----------
    size : int
        Number of real parameters.
    n_columns : int
        Number of strengths.
    columns : list of slice
        Which of them belong to each vector.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import model as m
    >>> vectors = m.ExternalVectors([[0, 1]], [False], 2, 1, False)
    >>> eigensystem = m.Eigensystem(np.diag([1.0, 4.0])[np.newaxis], m.Extremes(2))
    >>> vectors.forward(eigensystem, np.array([3.0, 2.0]))[0]
    array([[9., 4.]])
    """

    def __init__(self, states, are_affine, side, n_features, is_complex):
        self._states = [np.array(own, np.intp) for own in states]
        self._n_parts = [1 + n_features * bool(affine) for affine in are_affine]
        self._side, self._is_complex = side, is_complex
        ends = np.cumsum([0] + [len(own) for own in states])
        self.n_columns = int(ends[-1])
        self.columns = [slice(int(a), int(b)) for a, b in pairwise(ends)]
        sizes = [n * side * (1 + is_complex) for n in self._n_parts]
        ends = np.cumsum([0, *sizes])
        self._places = [slice(int(a), int(b)) for a, b in pairwise(ends)]
        self.size = int(ends[-1])

    def split(self, coordinates):
        """The vectors ``w`` of each field, a list of arrays (n_parts, n)."""
        found = []
        for place, n_parts in zip(self._places, self._n_parts, strict=True):
            parts = coordinates[place].reshape(-1, n_parts, self._side)
            found.append(parts[0] + 1j * parts[1] if self._is_complex else parts[0])
        return found

    def join(self, vectors):
        """Inverse of :meth:`split`."""
        if not vectors:
            return np.empty(0)
        parts = [[w.real, w.imag] if self._is_complex else [w.real] for w in vectors]
        return np.concatenate([np.ravel(own) for own in parts])

    def ones(self, coordinates):
        """Vectors of magnitude 1 in each component and random phases, as these have.

        What multiplies features is set to zero.
        """
        vectors = []
        for w in self.split(coordinates):
            size = np.abs(w)
            phases = np.where(size > 0, w / np.where(size > 0, size, 1.0), 1.0)
            phases[1:] = 0.0
            vectors.append(phases)
        return self.join(vectors)

    def forward(self, eigensystem, coordinates):
        """Strengths (n_samples, n_columns), and what derivatives need.

        The latter are, for each field, the vectors ``w``, what multiplies them, and the
        components of ``v(x)`` along all eigenvectors.
        """
        vectors = eigensystem.vectors
        strengths = np.empty((len(vectors), self.n_columns))
        saved = []
        for columns, states, w in zip(
            self.columns, self._states, self.split(coordinates), strict=True
        ):
            inputs = np.ones((len(vectors), len(w)))
            if len(w) > 1:
                inputs[:, 1:] = eigensystem.features
            field = inputs @ w
            selected = eigensystem.selected[:, :, states]
            overlaps = np.einsum("sai,sa->si", selected.conj(), field)
            strengths[:, columns] = overlaps.real**2 + overlaps.imag**2
            saved.append((w, inputs, field, selected, overlaps))
        return strengths, saved

    def matrix_gradients(self, eigensystem, saved):
        r"""Gradients by the primary matrix, (n_samples, n_columns, n, n).

        :math:`G = \operatorname{herm}\bigl(\sum_m v_m \frac{2 c_m c_i^*}{\lambda_i -
        \lambda_m} v_i^\dagger\bigr)` with the components :math:`c = v_m^\dagger v(x)`.
        """
        vectors = eigensystem.vectors
        n_samples, side, _ = vectors.shape
        shape = n_samples, self.n_columns, side, side
        gradients = np.empty(shape, vectors.dtype)
        inverse_gaps = eigensystem.inverse_gaps()
        for columns, states, (_, _, field, selected, overlaps) in zip(
            self.columns, self._states, saved, strict=True
        ):
            components = vectors.conj().swapaxes(1, 2) @ field[:, :, np.newaxis]
            weights = inverse_gaps[:, :, states] * components
            left = vectors @ (weights * overlaps.conj()[:, np.newaxis])
            dyads = np.einsum("sai,sbi->siab", left, selected.conj())
            gradients[:, columns] = dyads + dyads.conj().swapaxes(2, 3)
        return gradients

    def close_pairs(self, eigensystem, saved, by_strengths, by_levels):
        r"""What pairs of levels that are close add to gradients of smooth curves.

        Of a function :math:`\sum_i B_i f(\lambda_i)` the gradient between two states is
        :math:`c_m c_i^* (f_i - f_m) / (\lambda_i - \lambda_m)`, which rounding spoils
        where these are close.  It is :math:`c_m c_i^* f'` there.

        Parameters
        ----------
        eigensystem, saved
            As for :meth:`matrix_gradients`.
        by_strengths, by_levels : list of ndarray of shape (n_samples, n_outputs, ...)
            For each field the derivatives :math:`f_i` of the outputs by its strengths,
            and those by its levels, :math:`B_i f'_i`.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs, n, n), or zero
        """
        total = 0.0
        spread = np.abs(eigensystem.values).max(axis=1)[:, np.newaxis, np.newaxis]
        for own, states, (*_, selected, overlaps), f, slope in zip(
            self.columns, self._states, saved, by_strengths, by_levels, strict=True
        ):
            levels = eigensystem.selected_values[:, states]
            gaps = levels[:, np.newaxis] - levels[:, :, np.newaxis]
            are_close = np.abs(gaps) <= _CLOSE * spread
            are_close &= ~np.eye(own.stop - own.start, dtype=bool)
            if not np.any(are_close):
                continue
            found = f[:, :, np.newaxis] - f[:, :, :, np.newaxis]
            found = found * eigensystem.inverse(gaps)[:, np.newaxis]
            strengths = np.abs(overlaps) ** 2
            sums = strengths[:, np.newaxis] + strengths[:, :, np.newaxis]
            sums = np.where(sums > 0, sums, 1.0)[:, np.newaxis]
            smooth = (slope[:, :, np.newaxis] + slope[:, :, :, np.newaxis]) / sums
            products = overlaps[:, :, np.newaxis] * overlaps.conj()[:, np.newaxis]
            inner = np.where(are_close, products, 0.0)[:, np.newaxis] * (smooth - found)
            vectors = selected[:, np.newaxis]
            total = total + vectors @ inner @ vectors.conj().swapaxes(2, 3)
        return total

    def slopes(self, saved):
        """Derivatives by the parameters: (n_samples, n_columns of a field, size)."""
        for _, inputs, _, selected, overlaps in saved:
            vectors = 2.0 * overlaps.conj()[:, np.newaxis] * selected.conj()
            vectors = vectors.transpose(0, 2, 1)
            parts = [vectors.real]
            if self._is_complex:
                parts.append(-vectors.imag)
            shape = len(vectors), vectors.shape[1], -1
            slopes = [
                (inputs[:, np.newaxis, :, np.newaxis] * part[:, :, np.newaxis]).reshape(
                    shape
                )
                for part in parts
            ]
            yield np.concatenate(slopes, axis=2)

    def jacobian(self, saved, n_samples):
        """Derivatives of all strengths by all parameters, (n_samples, ., size)."""
        jacobian = np.zeros((n_samples, self.n_columns, self.size))
        for columns, place, own in zip(
            self.columns, self._places, self.slopes(saved), strict=True
        ):
            jacobian[:, columns, place] = own
        return jacobian

    def feature_slopes(self, saved, shape):
        """Derivatives of the strengths by the features that vectors depend on.

        The shape is (n_samples, n_columns, n_features), of which `shape` has the first
        and the last.
        """
        slopes = np.zeros((shape[0], self.n_columns, shape[1]))
        for columns, (w, _, _, selected, overlaps) in zip(
            self.columns, saved, strict=True
        ):
            if len(w) > 1:
                parts = np.einsum("sai,la->sil", selected.conj(), w[1:])
                slopes[:, columns] = (
                    2.0 * (overlaps.conj()[:, :, np.newaxis] * parts).real
                )
        return slopes
