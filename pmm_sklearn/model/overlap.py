"""Smoothness of eigenvectors along paths of parameter points."""

from functools import partial

import numpy as np

from .eigensolver import eigh
from .eigensystem import Eigensystem


class EigenvectorOverlap:
    r"""Penalty on the change of eigenvectors between neighbouring points.

    .. math::

        S = w \sum_k \sum_i \frac{(1 - |v_i(x_k)^\dagger v_i(x_{k+1})|^2)^a}
            {|x_{k+1} - x_k|}

    is a sum of squares.  With :math:`a = 1` few sharp changes are preferred to many
    small ones, with :math:`a = 2` the eigenvectors change evenly.

    Parameters
    ----------
    primary : AffineMatrix
        The primary matrix.
    selection : Extremes or Levels
        The ``r`` states whose eigenvectors are compared.
    block_sizes : tuple of int
        Sides of the diagonal blocks of the primary matrix.
    paths : sequence of ndarray of shape (n_points, n_features)
        Points ``x_k`` in order, in standardised units.
    weight : float
        The factor ``w``.
    exponent : {1, 2}, default=1
        The exponent ``a``.
    eigensolver : {"auto", "lapack", "simd"}, default="auto"
        See ``eigensolver.eigh``.

    Attributes
    ----------
    n_residuals : int
        Number of squares in the sum.

    References
    ----------
    Cook et al., "Parametric matrix models", Nat. Commun. 16, 5929 (2025), Methods.

    Examples
    --------
    Eigenvectors that do not change cost nothing:

    >>> import numpy as np
    >>> from pmm_sklearn import model as m
    >>> primary = m.AffineMatrix(m.Monomials(1), m.HermitianSpace((2,), "symmetric"))
    >>> path = np.linspace(1, 2, 5)[:, np.newaxis]
    >>> overlap = m.EigenvectorOverlap(primary, m.Levels([(0, 0)]), (2,), [path], 1.0)
    >>> crossing = np.array([np.eye(2), np.diag([1.0, -1.0])])
    >>> overlap.value(primary.join(crossing)) < 1e-12
    True
    >>> turning = np.array([[[0.0, 1.0], [1.0, 0.0]], np.diag([1.0, -1.0])])
    >>> overlap.value(primary.join(turning)) > 0.01
    True
    """

    def __init__(
        self,
        primary,
        selection,
        block_sizes,
        paths,
        weight,
        exponent=1,
        eigensolver="auto",
    ):
        self._primary = primary
        self._selection = selection
        self._solver = partial(eigh, eigensolver=eigensolver)
        self._block_sizes = block_sizes
        self._exponent = exponent
        before = np.concatenate([path[:-1] for path in paths])
        after = np.concatenate([path[1:] for path in paths])
        distance = np.linalg.norm(after - before, axis=1)
        moves = distance > 0
        self._factors = np.sqrt(weight / distance[moves])[:, np.newaxis]
        self._inputs = [primary.inputs(points[moves]) for points in (before, after)]
        self.n_residuals = len(self._factors) * selection.n_states

    def value(self, theta):
        """Value of the penalty for coordinates of the primary matrices."""
        residuals, _, _ = self._residuals(self._ends(theta))
        return float(np.sum(residuals**2))

    def value_and_gradient(self, theta):
        """The value, and its gradient by these coordinates."""
        ends = self._ends(theta)
        residuals, overlaps, slopes = self._residuals(ends)
        gradient = 0.0
        weights = 2.0 * (residuals * slopes)[:, np.newaxis]
        for (eigensystem, saved), cotangents in zip(
            ends, _cotangents(ends, overlaps), strict=True
        ):
            by_vector = (weights * cotangents)[:, :, np.newaxis]
            pulled = eigensystem.pullback(None, by_vector)[:, 0]
            gradient = gradient + self._primary.gradient(theta, saved, pulled)
        return float(np.sum(residuals**2)), gradient

    def residuals_and_jacobian(self, theta):
        """Residuals of shape (m,), and derivatives by these coordinates."""
        ends = self._ends(theta)
        residuals, overlaps, slopes = self._residuals(ends)
        n_pairs, n_states = residuals.shape
        jacobian = 0.0
        for (eigensystem, saved), cotangents in zip(
            ends, _cotangents(ends, overlaps), strict=True
        ):
            # Each residual depends on one state only.
            by_vector = np.zeros(
                (n_pairs, cotangents.shape[1], n_states, n_states), cotangents.dtype
            )
            diagonal = np.arange(n_states)
            by_vector[:, :, diagonal, diagonal] = cotangents
            pulled = eigensystem.pullback(None, by_vector)
            part = np.empty((n_pairs, n_states, self._primary.size))
            self._primary.jacobian(theta, saved, pulled, out=part)
            jacobian = jacobian + part
        jacobian *= slopes[:, :, np.newaxis]
        return residuals.ravel(), jacobian.reshape(-1, self._primary.size)

    def _ends(self, theta):
        """Eigensystems at the first and at the second point of every pair."""
        matrices, ends = self._primary.split(theta), []
        for inputs in self._inputs:
            assembled, saved = self._primary.forward(matrices, inputs)
            eigensystem = Eigensystem(
                assembled, self._selection, self._block_sizes, solver=self._solver
            )
            ends.append((eigensystem, saved))
        return ends

    def _residuals(self, ends):
        """Residuals, overlaps, and derivative of the residuals by 1 - |overlap|^2."""
        before, after = (eigensystem.selected for eigensystem, _ in ends)
        overlaps = np.einsum("snr,snr->sr", before.conj(), after)
        # 1 - |overlap|^2 without cancellation
        rest = after - before * overlaps[:, np.newaxis]
        distances = np.sum(np.abs(rest) ** 2, axis=1)
        if self._exponent == 2:
            return self._factors * distances, overlaps, self._factors
        roots = np.sqrt(distances + np.finfo(np.float64).eps ** 2)
        return self._factors * roots, overlaps, 0.5 * self._factors / roots


def _cotangents(ends, overlaps):
    """Derivatives of 1 - |overlap|^2 by the eigenvectors at both ends."""
    before, after = (eigensystem.selected for eigensystem, _ in ends)
    overlaps = overlaps[:, np.newaxis]
    return -2.0 * overlaps.conj() * after, -2.0 * overlaps * before
