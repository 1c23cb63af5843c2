"""Outputs that are read from the density matrix of all states."""

import numpy as np
from scipy.special import expit

from .own_observables import OwnObservables

# Energies count as no larger than this times the temperature, so that none overflows.
_LARGEST = 1e300


class FermiDirac:
    r"""The occupation :math:`f(e) = 1 / (1 + e^{(e - \mu) / kT})` of levels.

    Parameters
    ----------
    potential : float
        The chemical potential :math:`\mu`, where the occupation is one half.
    temperature : float
        The energy :math:`kT > 0` over which it falls from one to zero.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import FermiDirac
    >>> fermi = FermiDirac(potential=1.0, temperature=0.5)
    >>> fermi.occupations(np.array([-1e308, 1.0, 1e308]))
    array([1. , 0.5, 0. ])
    >>> fermi.divided_differences(np.array([1.0, 1.0]))  # f' = -1 / 4 kT
    array([[-0.5, -0.5],
           [-0.5, -0.5]])
    """

    def __init__(self, potential, temperature):
        self.potential = potential
        self.temperature = temperature

    def occupations(self, levels):
        """Occupation of each level, of the shape of `levels`."""
        return expit(-self._reduced(levels))

    def divided_differences(self, levels):
        r"""The matrices :math:`(f_a - f_b) / (e_a - e_b)`, or the derivative ``f'``.

        With :math:`x = (e - \mu) / kT` they are

        .. math::

            -\frac{1}{kT} \, \frac{1 - e^{-|x_a - x_b|}}{|x_a - x_b|} \,
            \frac{e^{-m}}{(1 + e^{-|x_a|}) (1 + e^{-|x_b|})} ,

        where `m` is the smaller of :math:`|x_a|` and :math:`|x_b|` if both have the
        same sign, and else zero: nothing cancels and nothing overflows.

        Parameters
        ----------
        levels : ndarray of shape (..., n)
            The levels.

        Returns
        -------
        ndarray of shape (..., n, n)
        """
        x = self._reduced(levels)
        one, other = np.triu_indices(x.shape[-1])
        a, b = x[..., one], x[..., other]
        low, high = np.minimum(a, b), np.maximum(a, b)
        distance = high - low
        is_equal = distance == 0
        ratio = -np.expm1(-distance) / np.where(is_equal, 1.0, distance)
        ratio[is_equal] = 1.0
        nearest = np.maximum(low, 0.0) - np.minimum(high, 0.0)
        ratio *= np.exp(-nearest) / -self.temperature
        outer = expit(np.abs(x))
        ratio *= outer[..., one]
        ratio *= outer[..., other]
        result = np.empty((*x.shape, x.shape[-1]))
        result[..., one, other] = ratio
        result[..., other, one] = ratio
        return result

    def _reduced(self, levels):
        bound = _LARGEST * min(self.temperature, 1.0)
        distance = np.clip(levels - self.potential, -bound, bound)
        return distance / self.temperature


class DensityReadout(OwnObservables):
    r"""Outputs :math:`z_k = g_k + \operatorname{tr}(S_k f(H))` with own observables.

    The density matrix :math:`f(H)` is an analytic function of the matrix: no states are
    selected, and nothing happens where levels cross or touch.  Its derivatives are
    :math:`d \operatorname{tr}(S f(H)) = \operatorname{tr}(G\, dH)` with :math:`G = V
    (\Phi \circ V^\dagger S V) V^\dagger` and the divided differences
    :math:`\Phi_{ab} = (f_a - f_b) / (e_a - e_b)` (Daleckii and Krein).

    Parameters
    ----------
    n_outputs : int
        Number of outputs.
    space : Space
        Where the observables are learned.
    occupation : FermiDirac
        The function ``f``.

    Attributes
    ----------
    n_observables : int
        One for each output.
    size : int
        Number of real parameters; the intercepts are the last of them.
    n_intercepts : int
        Number of parameters that are not penalised.
    working_size : int
        Numbers per sample in the temporary arrays.

    References
    ----------
    N. J. Higham, "Functions of Matrices", SIAM (2008), theorem 3.11.

    Examples
    --------
    Levels far below and far above the chemical potential, at 2:

    >>> import numpy as np
    >>> from pmm_sklearn import model as m
    >>> space = m.HermitianSpace((2,), "symmetric")
    >>> readout = m.DensityReadout(1, space, m.FermiDirac(2.0, 0.01))
    >>> eigensystem = m.Eigensystem(np.diag([1.0, 4.0])[np.newaxis], m.Extremes(2))
    >>> observable = np.diag([5.0, 6.0])[np.newaxis, np.newaxis]
    >>> readout.forward(eigensystem, observable, np.array([0.5]))[0]
    array([[5.5]])
    """

    degree = 1
    # So has the density matrix.
    keeps_blocks = True
    n_observables = 1
    level_coefficients = None

    def __init__(self, n_outputs, space, occupation):
        self.n_outputs = n_outputs
        self.space = space
        self.occupation = occupation
        self.working_size = (3 + 2 * n_outputs) * space.side**2

    def constants(self, observables):
        """Their coordinates: see :meth:`PMM.constants`."""
        return self.space.ambient.coordinates(observables[:, 0])

    def forward(self, eigensystem, observables, intercept, constants=None):
        """Outputs of shape (n_samples, n_outputs), and what derivatives need."""
        if constants is None:
            constants = self.constants(observables)
        density = self._density(eigensystem)
        return density @ constants.T + intercept, (density, observables)

    def matrix_gradients(self, eigensystem, saved):
        """Gradients of outputs by the primary matrix, (n_samples, n_outputs, n, n)."""
        _, observables = saved
        return self._pullback(eigensystem, observables[:, 0])

    def summed_matrix_gradient(self, eigensystem, saved, cotangents):
        """Those of weighted sums over the outputs of each sample, (N, n, n)."""
        _, observables = saved
        sums = np.tensordot(cotangents, observables[:, 0], axes=1)
        return self._pullback(eigensystem, sums[:, np.newaxis])[:, 0]

    def gradient(self, theta, saved, cotangents):
        r"""Gradient of :math:`\sum_{sk} c_{sk} z_{sk}`, shape (size,)."""
        density, _ = saved
        sums = (cotangents.T @ density)[:, np.newaxis]
        own = self._tangent_space(theta).adjoint_of_coordinates(sums)
        return np.concatenate([own.ravel(), cotangents.sum(axis=0)])

    def tangent(self, theta, saved, direction):
        """Change of the outputs for a change of these parameters, (size,).

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
        """
        density, _ = saved
        coordinates, intercept = self._parts(direction)
        changes = self._tangent_space(theta).matrices(coordinates)
        return density @ self.constants(changes).T + intercept

    def features(self, eigensystem):
        """What outputs are linear in: coordinates of the density matrix.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
        """
        return self._density(eigensystem)

    def features_tangent(self, eigensystem, changes):
        """Changes of the features for changes of the matrices, (n_samples, n, n).

        The map from the one to the other is its own adjoint.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
        """
        changed = self._pullback(eigensystem, changes[:, np.newaxis])[:, 0]
        return self.space.ambient.coordinates(changed)

    def pull_back_features(self, eigensystem, weights):
        """Gradients of sums of features, with weights (n_samples, n_features).

        Returns
        -------
        ndarray of shape (n_samples, n, n)
        """
        matrices = self.space.matrices(weights)
        return self._pullback(eigensystem, matrices[:, np.newaxis])[:, 0]

    def contributions(self, eigensystem, observables):
        """Terms of the outputs, without intercept, of each level.

        They are occupations times expectation values.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs, n)
        """
        states = eigensystem.selected[:, np.newaxis]
        values = np.sum(states.conj() * (observables[:, 0] @ states), axis=2).real
        occupations = self.occupation.occupations(eigensystem.selected_values)
        return values * occupations[:, np.newaxis]

    def elements(self, eigensystem, observables):
        """None: outputs do not depend on matrix elements of single states."""
        return []

    def matrix_slopes(self, eigensystem, observables):
        """Norms of the gradients by the matrix, (n_samples, n_outputs)."""
        gradients = self._pullback(eigensystem, observables[:, 0])
        return np.linalg.norm(gradients, axis=(2, 3))

    def _gradients_of_samples(self, theta, saved):
        density, _ = saved
        gradients = density[:, np.newaxis, np.newaxis]
        own = self._tangent_space(theta).adjoint_of_coordinates(gradients)
        return own.reshape(*own.shape[:2], -1)

    def _density(self, eigensystem):
        """Coordinates of the density matrices, (n_samples, space.ambient.size)."""
        vectors = eigensystem.vectors
        occupations = self.occupation.occupations(eigensystem.values)
        weighted = vectors * occupations[:, np.newaxis]
        density = weighted @ vectors.conj().swapaxes(1, 2)
        return self.space.ambient.coordinates(density)

    def _pullback(self, eigensystem, matrices):
        """Gradients of the traces with some matrices, (n_samples or 1, k, n, n)."""
        vectors = eigensystem.vectors[:, np.newaxis]
        adjoint = vectors.conj().swapaxes(-1, -2)
        differences = eigensystem.remembered(self.occupation.divided_differences)
        turned = differences[:, np.newaxis] * (adjoint @ matrices @ vectors)
        gradient = vectors @ turned @ adjoint
        return 0.5 * (gradient + gradient.conj().swapaxes(-1, -2))
