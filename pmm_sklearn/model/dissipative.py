"""The exponent of an evolution that loses states: a matrix that is not Hermitian."""

import numpy as np

from .definite import Definite
from .primary import AffineMatrix
from .scaled import Scaled
from .timed import DampedMonomials, TimedMonomials

# Rates are far below energies, in the unit of both: with the same prior for all
# coordinates data of short times would be explained by huge ones.
_RATES = 2e-2


class DissipativeMatrix:
    r"""Exponent :math:`K = t\,(H(x) - i\Gamma)` with a definite :math:`\Gamma`.

    With :math:`\Gamma = c^2\,1 + L L^\dagger` the norm of a state changes by
    :math:`d|\psi|^2/dt = -2 \psi^\dagger \Gamma \psi`, which is never positive.  The
    matrix :math:`\Gamma` is the last one.

    Gradients are general matrices ``G`` here: :math:`dz = \operatorname{Re}
    \operatorname{tr}(G^\dagger dK)` is :math:`\operatorname{tr}(G_+ dH) +
    \operatorname{tr}(G_- d\Gamma)` per unit of time, with the Hermitian parts
    :math:`G_+` of ``G`` and :math:`G_-` of :math:`iG`.

    Parameters
    ----------
    n_features, degree : int
        As for `TimedMonomials`.
    spaces : sequence of HermitianSpace
        Where the matrices of `H` are learned.

    Attributes
    ----------
    monomials : DampedMonomials
        What the matrices are multiplied with.
    side, n_matrices, size, shifts, spaces, dtype
        As those of `AffineMatrix`.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import DissipativeMatrix, HermitianSpace
    >>> primary = DissipativeMatrix(1, 1, [HermitianSpace((1,), "symmetric")])
    >>> matrices = np.array([[[3.0]], [[0.5]]])
    >>> primary.forward(matrices, primary.inputs(np.array([[2.0]])))[0]
    array([[[6.-1.j]]])
    """

    is_uniform = is_linear = False

    def __init__(self, n_features, degree, spaces):
        self._hamiltonian = AffineMatrix(TimedMonomials(n_features, degree), spaces)
        decay = Scaled(Definite((spaces[0].side,), spaces[0].matrix_type), _RATES)
        self._decay = AffineMatrix(TimedMonomials(1), [decay])
        self.monomials = DampedMonomials(n_features, degree)
        self.side, self.dtype = decay.side, decay.dtype
        self.n_matrices = self._hamiltonian.n_matrices + 1
        self.spaces = [*spaces, decay]
        self.size = self._hamiltonian.size + decay.size

    @property
    def shifts(self):
        """Place of the number ``c``: see ``Space``."""
        return self._hamiltonian.size + self._decay.shifts

    def parts(self, theta):
        """Coordinates of the matrices of `H`, and of the last one."""
        return np.split(theta, [self._hamiltonian.size])

    def split(self, theta):
        """Matrices of shape (n_matrices, n, n) from coordinates of shape (size,)."""
        own, decay = self.parts(theta)
        return np.concatenate([self._hamiltonian.split(own), self._decay.split(decay)])

    def join(self, matrices):
        """Coordinates of given matrices, or of the nearest ones that can be learned."""
        own, decay = matrices[:-1], matrices[-1:]
        return np.concatenate([self._hamiltonian.join(own), self._decay.join(decay)])

    def initial(self, random_state):
        """Random coordinates to start from: see `AffineMatrix.initial`."""
        parts = self._hamiltonian, self._decay
        return np.concatenate([part.initial(random_state) for part in parts])

    def silence(self, theta, which):
        """Coordinates without those of some matrices of `H`, as of `AffineMatrix`."""
        own, decay = self.parts(theta)
        return np.concatenate([self._hamiltonian.silence(own, which), decay])

    def energies_of(self, saved):
        """None: there are no energies."""
        return None

    def inputs(self, X):
        """What :meth:`forward` is given: monomials, of which the first is the time."""
        return self._hamiltonian.inputs(X)

    def forward(self, matrices, inputs):
        """Exponents (n_samples, n, n), complex, and what the derivatives need."""
        hermitian, _ = self._hamiltonian.forward(matrices[:-1], inputs)
        decay, _ = self._decay.forward(matrices[-1:], inputs[:, :1])
        return hermitian - 1j * decay, inputs

    def tangent(self, theta, saved, direction):
        """Change of the exponents for a change of the coordinates, (size,)."""
        (own, decay), (own_change, decay_change) = map(self.parts, (theta, direction))
        return self._hamiltonian.tangent(own, saved, own_change) - 1j * (
            self._decay.tangent(decay, saved[:, :1], decay_change)
        )

    def gradient(self, theta, saved, gradients):
        """Derivatives of a sum over samples, from gradients (n_samples, n, n)."""
        own, decay = self.parts(theta)
        hermitian, other = self._parts_of(gradients)
        return np.concatenate(
            [
                self._hamiltonian.gradient(own, saved, hermitian),
                self._decay.gradient(decay, saved[:, :1], other),
            ]
        )

    def jacobian(self, theta, saved, gradients, out):
        """Write those of each sample and output into (n_samples, n_outputs, size)."""
        own, decay = self.parts(theta)
        hermitian, other = self._parts_of(gradients)
        size = own.size
        self._hamiltonian.jacobian(own, saved, hermitian, out=out[..., :size])
        self._decay.jacobian(decay, saved[:, :1], other, out=out[..., size:])

    def feature_gradient(self, matrices, X, gradients):
        """Derivatives by the features, (n_samples, n_outputs, n_features)."""
        hermitian, other = self._parts_of(gradients)
        result = self._hamiltonian.feature_gradient(matrices[:-1], X, hermitian)
        own = self._decay.feature_gradient(matrices[-1:], X[:, -1:], other)
        result[..., -1:] += own
        return result

    def _parts_of(self, gradients):
        """Gradients by the Hermitian matrices ``t H`` and ``t Gamma``."""
        adjoint = gradients.conj().swapaxes(-1, -2)
        parts = 0.5 * (gradients + adjoint), 0.5j * (gradients - adjoint)
        if self.dtype.kind == "f":
            return tuple(np.ascontiguousarray(part.real) for part in parts)
        return parts
