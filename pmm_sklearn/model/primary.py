"""The primary matrix: the Hermitian matrix that the inputs control."""

from typing import Protocol, runtime_checkable

import numpy as np

from ._groups import MatrixGroup
from .commutator import (
    commutator_gradients,
    commutator_tangent,
    commutator_term,
    without_commutator,
)

# Matrices from which on their sums are worth a detour over coordinates.
_MANY = 100


@runtime_checkable
class PrimaryMatrix(Protocol):
    """From features to the Hermitian matrix, and derivatives the way back.

    Its matrices are those that act; derivatives are by the real coordinates ``theta``
    of what is learned of them, and are taken at these.

    Attributes
    ----------
    side : int
        Side ``n`` of the matrices.
    n_matrices : int
        Number of matrices.
    size : int
        Number of coordinates.
    shifts : ndarray of int
        Places of those that count as intercepts: see ``Space``.
    """

    side: int
    n_matrices: int
    size: int
    shifts: np.ndarray

    def split(self, theta):
        """Matrices of shape (n_matrices, n, n) from coordinates of shape (size,)."""

    def join(self, matrices):
        """Coordinates of given matrices, or of the nearest ones that can be learned."""

    def initial(self, random_state):
        """Random coordinates to start from."""

    def silence(self, theta, which):
        """Coordinates without those of some matrices, (n_matrices,) of bool."""

    def inputs(self, X):
        """What :meth:`forward` is given for features (n_samples, n_features)."""

    def forward(self, matrices, inputs):
        """Primary matrices (n_samples, n, n), and what the derivatives need."""

    def energies_of(self, saved):
        """Function from eigenvalues to energies and their slopes, or None."""

    def gradient(self, theta, saved, gradients):
        """Derivatives of a sum over samples, from gradients (n_samples, n, n)."""

    def jacobian(self, theta, saved, gradients, out):
        """Write those of each sample and output into (n_samples, n_outputs, size)."""

    def tangent(self, theta, saved, direction):
        """Change of the primary matrices for a change of the coordinates, (size,)."""


@runtime_checkable
class PolynomialMatrix(PrimaryMatrix, Protocol):
    """A primary matrix that is a polynomial of the features.

    Attributes
    ----------
    monomials : Monomials
        What multiplies the matrices.
    """

    monomials: object

    def feature_gradient(self, matrices, X, gradients):
        """Derivatives by the features, (n_samples, n_outputs, n_features)."""


class AffineMatrix:
    r"""Primary matrix :math:`H(x) = \sum_l \phi_l(x) M_l`, linear in monomials.

    With monomials of degree 1 it is affine in the features, :math:`M_0 + \sum_l x_l
    M_l`.

    Parameters
    ----------
    monomials : Monomials
        The functions :math:`\phi_l`, the constant first.
    spaces : Space or sequence of Space
        Where :math:`M_l` is learned, up to its offset: one for all, or one for each.
    offsets : ndarray of shape (n_matrices, n, n), optional
        Constant parts of the matrices, zero by default.
    commutator : float, default=0.0
        Times :math:`i \sum_{k>j} [M_k, M_j]` is added to :math:`M_0`, which opens gaps
        where levels cross.

    References
    ----------
    Cook et al., "Parametric matrix models", Nat. Commun. 16, 5929 (2025), eq. 1 and
    Methods.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import AffineMatrix, HermitianSpace, LowRank, Monomials
    >>> primary = AffineMatrix(Monomials(1), HermitianSpace((2,), "symmetric"))
    >>> matrices = np.array([np.eye(2), np.diag([1.0, -1.0])])
    >>> primary.forward(matrices, primary.inputs(np.array([[3.0]])))[0]
    array([[[ 4.,  0.],
            [ 0., -2.]]])
    >>> AffineMatrix(Monomials(2048), LowRank(17, rank=1)).size
    69666

    Two levels that cross without the commutator term:

    >>> for strength in (0.0, 0.5):
    ...     primary = AffineMatrix(
    ...         Monomials(1), HermitianSpace((2,)), commutator=strength
    ...     )
    ...     theta = np.array([0.0, 0.0, np.sqrt(2.0), 0.0, 1.0, -1.0, 0.0, 0.0])
    ...     print(np.linalg.eigvalsh(primary.split(theta)[0]).round(3))
    [-1.  1.]
    [-1.414  1.414]
    """

    def __init__(self, monomials, spaces, offsets=None, commutator=0.0):
        self.monomials = monomials
        self.n_matrices = monomials.size
        if not isinstance(spaces, (list, tuple)):
            spaces = [spaces] * self.n_matrices
        self.side = spaces[0].side
        self.dtype = spaces[0].dtype
        self.spaces = list(spaces)
        self.offsets = offsets
        self.commutator = commutator
        ends = np.cumsum([space.size for space in spaces])
        self.size = int(ends[-1])
        starts = ends - [space.size for space in spaces]
        self._starts = starts
        places = zip(starts, spaces, strict=True)
        self.shifts = np.concatenate([i + np.arange(s.n_shifts) for i, s in places])
        # Matrices that share a space, but for its scale, are treated together.
        self._groups = [
            MatrixGroup(base, self.spaces, starts)
            for base in dict.fromkeys(space.base for space in spaces)
        ]

    def split(self, theta):
        """Matrices of shape (n_matrices, n, n) from coordinates of shape (size,)."""
        matrices = self._without_commutator(theta)
        if self.commutator:
            matrices[0] += self.commutator * commutator_term(matrices)
        return matrices

    def _without_commutator(self, theta):
        matrices = np.empty((self.n_matrices, self.side, self.side), self.dtype)
        for group in self._groups:
            matrices[group.members] = group.base.matrices(group.coordinates(theta))
        return matrices if self.offsets is None else matrices + self.offsets

    def join(self, matrices):
        """Coordinates of given matrices, or of the nearest ones that can be learned."""
        if self.commutator:
            matrices = without_commutator(matrices, self.commutator)
        if self.offsets is not None:
            matrices = matrices - self.offsets
        theta = np.empty(self.size)
        for group in self._groups:
            coordinates = group.base.coordinates(matrices[group.members])
            theta[group.places] = coordinates / group.factors
        return theta

    def initial(self, random_state):
        """Random coordinates to start from, for features of about [-1, 1].

        They are standard normal in a linear space.  Matrices that vary are divided by
        the square root of their number.

        Parameters
        ----------
        random_state : numpy.random.RandomState
            Source of the random numbers.

        Returns
        -------
        ndarray of shape (size,)
        """
        return random_state.standard_normal(self.size) * self.start_deviations()

    def start_deviations(self, scale=1.0):
        """Standard deviations of the coordinates that a training starts from.

        Parameters
        ----------
        scale : float, default=1.0
            Multiplies the matrices.
        """
        deviations = np.ones(self.size)
        for group in self._groups:
            exponent = 1 / group.base.degree
            deviations[group.places] *= scale**exponent * group.base.start_scale
            varying = group.places[group.members > 0]
            deviations[varying] /= np.sqrt(self.n_matrices - 1) ** exponent
        return deviations

    def varying_spaces(self):
        """Pairs of places of coordinates and space, of all matrices but the first."""
        sizes = [space.size for space in self.spaces]
        return [
            (slice(start, start + size), space)
            for start, size, space in zip(
                self._starts[1:], sizes[1:], self.spaces[1:], strict=True
            )
        ]

    def silence(self, theta, which):
        """Copy of the coordinates in which those of some matrices are zero.

        Parameters
        ----------
        theta : ndarray of shape (size,)
            Coordinates.
        which : ndarray of bool of shape (n_matrices,)
            The matrices.

        Returns
        -------
        ndarray of shape (size,)
        """
        sizes = [space.size for space in self.spaces]
        return np.where(np.repeat(which, sizes), 0.0, theta)

    def energies_of(self, saved):
        """None: the eigenvalues are the energies."""
        return None

    def inputs(self, X):
        """What :meth:`forward` is given for features (n_samples, n_features)."""
        return self.monomials.values(X)

    def forward(self, matrices, inputs):
        """Primary matrices of a batch of samples.

        Parameters
        ----------
        matrices : ndarray of shape (n_matrices, n, n)
            ``M_0`` first.
        inputs : ndarray of shape (n_samples, n_matrices)
            From :meth:`inputs`.

        Returns
        -------
        primary : ndarray of shape (n_samples, n, n)
            ``H(x)`` of every sample.
        saved : ndarray
            Argument of the derivative methods.
        """
        return self._sums(inputs, matrices), inputs

    def _sums(self, inputs, matrices):
        """Sums of matrices, weighed by the inputs of each sample."""
        if self.n_matrices < _MANY:
            return _sums(inputs, matrices)
        # Half as many numbers: what is below the diagonal follows from the rest.
        ambient = self.spaces[0].ambient
        return ambient.matrices(inputs @ ambient.coordinates(matrices))

    def tangent(self, theta, saved, direction):
        """Change of the primary matrices for a change of the coordinates.

        Parameters
        ----------
        theta : ndarray of shape (size,)
            Coordinates.
        saved : ndarray
            From :meth:`forward`.
        direction : ndarray of shape (size,)
            The change, to first order.

        Returns
        -------
        ndarray of shape (n_samples, n, n)
        """
        changes = np.empty((self.n_matrices, self.side, self.side), self.dtype)
        for group in self._groups:
            tangent = group.base.tangent(group.coordinates(theta))
            changes[group.members] = tangent.matrices(group.coordinates(direction))
        if self.commutator:
            learned = self._without_commutator(theta)
            changes[0] += self.commutator * commutator_tangent(learned, changes)
        return self._sums(saved, changes)

    @property
    def is_linear(self):
        """Whether the matrices are linear functions of the coordinates."""
        return not self.commutator and all(g.base.degree == 1 for g in self._groups)

    def tangents(self, theta, saved, directions):
        """The same with another change of the coordinates for each sample.

        Without the commutator term.

        Parameters
        ----------
        theta : ndarray of shape (size,)
            Coordinates.
        saved : ndarray
            From :meth:`forward`.
        directions : ndarray of shape (n_samples, size)
            The changes.

        Returns
        -------
        ndarray of shape (n_samples, n, n)
        """
        total = 0.0
        for group in self._groups:
            inputs = group.columns(saved)
            changes = directions[:, group.places] * group.factors
            if group.base.degree == 1:
                sums = np.einsum("sl,slj->sj", inputs, changes)
                total = total + group.base.matrices(sums)
            else:
                tangent = group.base.tangent(group.coordinates(theta))
                matrices = tangent.matrices(changes)
                total = total + np.einsum("sl,slij->sij", inputs, matrices)
        return total

    def gradient_of_tangents(self, saved, directions, gradients):
        r"""Derivatives of :meth:`tangents` by the coordinates they are taken at.

        Summed over samples with constant gradients, :math:`\operatorname{tr}(G_s\,
        dH_s)`; zero where matrices are linear functions of the coordinates.

        Parameters
        ----------
        saved : ndarray
            From :meth:`forward`.
        directions : ndarray of shape (n_samples, size)
            The changes of the coordinates.
        gradients : ndarray of shape (n_samples, n, n)
            The matrices ``G``, which are constant.

        Returns
        -------
        ndarray of shape (size,)
        """
        result = np.zeros(self.size)
        for group in self._groups:
            if group.base.degree == 1:
                continue
            changes = directions[:, group.places] * group.factors
            # A quadratic function: its tangent is linear in the point, too.
            own = group.base.tangent(changes).adjoint(gradients[:, np.newaxis])
            sums = np.einsum("sl,slj->lj", group.columns(saved), own)
            result[group.places] = sums * group.factors
        return result

    def gradient(self, theta, saved, gradients):
        r"""Gradient of a sum over samples, coordinates of :math:`\sum_s \phi_l G_s`.

        Parameters
        ----------
        theta : ndarray of shape (size,)
            Coordinates.
        saved : ndarray
            From :meth:`forward`.
        gradients : ndarray of shape (n_samples, n, n)
            The gradient ``G`` with respect to ``H`` of every sample.

        Returns
        -------
        ndarray of shape (size,)
            Gradient with respect to the coordinates of ``M_0, M_1, ...``.
        """
        gradient = np.empty(self.size)
        for group in self._groups:
            inputs = group.columns(saved)
            if group.base.degree == 1:
                own = inputs.T @ group.base.adjoint(gradients)
            else:
                tangent = group.base.tangent(group.coordinates(theta))
                sums = inputs.T @ group.base.ambient.coordinates(gradients)
                own = tangent.adjoint_of_coordinates(sums)
            gradient[group.places] = own * group.factors
        if self.commutator:
            extra = np.zeros((1, 1, self.size))
            constant = saved[:, :1, np.newaxis]
            total = (constant * gradients).sum(axis=0)[np.newaxis, np.newaxis]
            self._add_commutators(theta, total, extra)
            gradient += extra[0, 0]
        return gradient

    def jacobian(self, theta, saved, gradients, out):
        r"""Derivative of every output of every sample, :math:`\phi_l G`.

        Parameters
        ----------
        theta : ndarray of shape (size,)
            Coordinates.
        saved : ndarray
            From :meth:`forward`.
        gradients : ndarray of shape (n_samples, n_outputs, n, n)
            The gradient ``G`` of each output with respect to ``H``.
        out : ndarray of shape (n_samples, n_outputs, size)
            Where the derivatives are written.
        """
        for group in self._groups:
            if group.base.size == 0:
                continue
            inputs = group.scaled_columns(saved)
            derivatives = group.pull_back(theta, gradients)
            for member, start in enumerate(group.places[:, 0]):
                np.multiply(
                    derivatives[min(member, len(derivatives) - 1)],
                    inputs[:, member, np.newaxis, np.newaxis],
                    out=out[:, :, start : start + group.base.size],
                )
        if self.commutator:
            constant = saved[:, 0, np.newaxis, np.newaxis, np.newaxis]
            self._add_commutators(theta, constant * gradients, out)

    @property
    def is_uniform(self):
        """Whether all matrices are learned in one linear space: see :meth:`factors`."""
        degrees = [group.base.degree for group in self._groups]
        return degrees == [1] and not self.commutator

    def factors(self, saved, gradients):
        r"""What the derivatives of uniform matrices are products of.

        Parameters
        ----------
        saved, gradients
            As for :meth:`jacobian`.

        Returns
        -------
        inputs : ndarray of shape (n_samples, n_matrices)
            The monomials.
        derivatives : ndarray of shape (n_samples, n_outputs, space.size)
            Coordinates of the gradients.
        """
        (group,) = self._groups
        return group.scaled_columns(saved), group.base.adjoint(gradients)

    def _add_commutators(self, theta, gradients, out):
        """Add the derivatives through the commutator term."""
        learned = self._without_commutator(theta)
        parts = commutator_gradients(learned, gradients)
        for space, start, part in zip(self.spaces, self._starts, parts, strict=True):
            place = slice(start, start + space.size)
            tangent = space.tangent(theta[place])
            out[:, :, place] += self.commutator * tangent.adjoint(part)

    def feature_gradient(self, matrices, X, gradients):
        r"""Derivatives by the features, :math:`\operatorname{tr}(G\,\partial_j H)`.

        Parameters
        ----------
        matrices : ndarray of shape (n_matrices, n, n)
            The matrices.
        X : ndarray of shape (n_samples, n_features)
            Features.
        gradients : ndarray of shape (n_samples, n_outputs, n, n)
            The gradient ``G`` of each output with respect to ``H``.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs, n_features)
        """
        # Re(a^H b) is the product of the two matrices seen as real numbers.
        flat = matrices.reshape(self.n_matrices, -1).view(np.float64)
        gradients = gradients.reshape(*gradients.shape[:2], -1).view(np.float64)
        return self.monomials.pull_back(X, gradients @ flat.T)


def _sums(inputs, matrices):
    """Sums of matrices, weighed by the inputs of each sample."""
    flat = matrices.reshape(len(matrices), -1)
    sums = (inputs @ flat.view(np.float64)).view(flat.dtype)
    return sums.reshape(-1, *matrices.shape[1:])
