r"""The evidence of a model whose outputs are linear in their observables.

With the features :math:`\Phi_s` of a sample, the coordinates of the projectors on the
selected eigenstates, an output is :math:`\Phi_s b`.  Its observables ``b`` need not be
searched for: with a normal prior they are integrated out, and what is left to learn are
the primary matrices, and a few variances.

======================  ==========================================================
prior of ``M_l``        :math:`N(D_l, \tau_l^2)` in coordinates; ``D_0`` has equidistant
                        levels of spacing 1, the other ``D_l`` are zero
prior of ``b_k``        :math:`N(0, s_k^2)`
noise of output ``k``   :math:`N(0, \sigma_k^2)`
======================  ==========================================================

A small :math:`\tau_l` makes outputs nearly linear in feature ``l``, as a large length
scale does in a Gaussian process; and that is what the model is, given its matrices,
with the kernel :math:`s^2 \sum_i |v_i(x)^\dagger v_i(x')|^2`.

With :math:`r = \sigma^2 / s^2`, :math:`A = \Phi^T \Phi + r`, :math:`b = A^{-1} \Phi^T
y` and the residuals :math:`\rho = y - \Phi b`, the negative logarithm of the
probability of the data and of the matrices is

.. math::

    f = \sum_k \frac{|\rho|^2 + r |b|^2}{2 \sigma^2}
        + \tfrac12 \left( \ln|A| + F \ln \frac1r + N \ln \sigma^2 \right)
        + \sum_l \frac{|M_l - D_l|^2}{2 \tau_l^2} ,

for ``F`` features and ``N`` samples.  Its derivatives are :math:`\partial f / \partial
\Phi = \Phi A^{-1} - \rho b^T / \sigma^2`, one pullback per sample, and, with the
Jacobian ``J`` of :math:`\Phi b` at fixed ``b``, the Gauss-Newton matrix :math:`(J^T J -
J^T \Phi A^{-1} \Phi^T J) / \sigma^2`, that of variable projection in Kaufman's form.

Weights of samples are repetitions.
"""

import copy
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ._chunks import chunks, shares
from .equations import EvidenceEquations
from .integrated import IntegratedObservables, LazyPasses
from .pmm import Parameters

# Numbers in the features of a chunk, and in those of all samples that are remembered.
_LARGEST_CHUNK = 2**18
_LARGEST_MEMORY = 2**22
# Variances are kept between these, for standardised data.
_NOISE_BOUNDS = 1e-14, 4.0
_AMPLITUDE_BOUNDS = 1e-6, 1e4
_MATRIX_BOUNDS = 1e-8, 4.0
# Of the observations, what is left for the noise at least.
_LEAST_FREE = 0.05
# Of parameters that the data determine, and squares of those that they do not.
_LEAST_NUMBER, _NO_SQUARE = 1e-2, 1e-5
# Variances of the noise and, where matrices are given, of these, to begin with.
_FIRST_NOISE = 0.09
_FIRST_BOUNDS = 1e-3, 4.0
_LN_2_PI = np.log(2 * np.pi)
# Steps before noise and amplitude move, before length scales do, and between those.
_FIRST_ADAPTED, _FIRST_LENGTHS, _EVERY = 4, 9, 3


class Variances(NamedTuple):
    r"""What the evidence determines beside the matrices.

    Attributes
    ----------
    matrices : ndarray of shape (n_matrices,)
        :math:`\tau_l^2`.
    observables : ndarray of shape (n_outputs,)
        :math:`s_k^2`.
    noise : ndarray of shape (n_outputs,)
        :math:`\sigma_k^2`.
    """

    matrices: np.ndarray
    observables: np.ndarray
    noise: np.ndarray


class EvidenceObjective:
    r"""Negative logarithm of the evidence, a function of matrices and variances.

    Parameters are one vector: coordinates of the primary matrices, which count from
    ``D_l``, then the logarithms of the variances.  Steps of a solver change the former,
    :meth:`adapted` the latter.

    Parameters
    ----------
    model : PMM
        With a readout that is linear in its observables, and offsets ``D_l``.
    X : ndarray of shape (n_samples, n_features)
        Standardised features.
    y : ndarray of shape (n_samples, n_outputs)
        Standardised targets.
    weight : ndarray of shape (n_samples, 1)
        Positive weights, numbers of observations.
    threads : callable, default=map
        Maps a function over shares of the samples.

    Attributes
    ----------
    n_parameters : int
        Length of the vector.
    n_samples, n_residuals : int
        Numbers of samples and of targets.

    References
    ----------
    D. MacKay, "Bayesian interpolation", Neural Comput. 4, 415 (1992); L. Kaufman, "A
    variable projection method for solving separable nonlinear least squares problems",
    BIT 15, 49 (1975).

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import model as m
    >>> pmm = m.observable_pmm(1, 1, (3,), 1, level_spacing=1.0)
    >>> X = np.linspace(-1, 1, 20)[:, np.newaxis]
    >>> objective = m.EvidenceObjective(pmm, X, X**2, np.ones((20, 1)))
    >>> theta = objective.initial(np.random.RandomState(0))
    >>> value, gradient = objective.value_and_gradient(theta)
    >>> gradient.shape == theta.shape
    True
    """

    def __init__(self, model, X, y, weight, threads=map):
        self.model = model
        self.X = X
        self.y = y
        self.weight = weight
        self.threads = threads
        self.n_samples, self.n_outputs = y.shape
        self.n_residuals = y.size
        self.size = model.primary.size
        self.n_features = model.readout.n_features
        self._n_matrices = model.primary.n_matrices
        self.n_parameters = self.size + self._n_matrices + 2 * self.n_outputs
        self.n_observations = float(weight.sum())
        self._inputs = model.inputs(X)
        width = self.n_features + self.n_outputs * self.size
        self.chunks = chunks(len(X), width, _LARGEST_CHUNK)
        numbers = (model.working_size + self.n_features) * len(X)
        self._remembers = numbers <= _LARGEST_MEMORY
        self._last = None

    def __getstate__(self):
        """Without what was calculated last."""
        return {**vars(self), "_last": None}

    def with_threads(self, threads):
        """The same with another function that maps over shares of the samples."""
        other = copy.copy(self)
        other.threads = threads
        return other

    # -- the vector of parameters

    @cached_property
    def block_of(self):
        """The matrix that each coordinate belongs to."""
        sizes = [space.size for space in self.model.primary.spaces]
        return np.repeat(np.arange(self._n_matrices), sizes)

    def split(self, theta):
        """Coordinates of the matrices, and `Variances`."""
        ends = np.cumsum([self.size, self._n_matrices, self.n_outputs])
        coordinates, *logarithms = np.split(theta, ends)
        return coordinates, Variances(*map(np.exp, logarithms))

    def join(self, coordinates, variances):
        """The vector: the inverse of :meth:`split`."""
        return np.concatenate([coordinates, *map(np.log, variances)])

    def initial(self, random_state, deviation=0.25):
        r"""A vector to start from: matrices drawn from their prior.

        Parameters
        ----------
        random_state : numpy.random.RandomState
            Source of the random numbers.
        deviation : float, default=0.25
            The first :math:`\tau`, for all features together.
        """
        n_varying = max(self._n_matrices - 1, 1)
        tau = np.full(self._n_matrices, deviation / np.sqrt(n_varying))
        tau[0] = min(deviation, 0.5)
        scale = tau[self.block_of]
        coordinates = scale * random_state.standard_normal(self.size)
        ones = np.ones(self.n_outputs)
        return self.join(coordinates, Variances(tau**2, ones, _FIRST_NOISE * ones))

    def start_from(self, coordinates, variances=None):
        """A vector of given coordinates, with given variances or those that suit."""
        if variances is not None:
            return self.join(coordinates, variances)
        squares = np.bincount(self.block_of, coordinates**2, self._n_matrices)
        sizes = np.maximum(np.bincount(self.block_of, minlength=self._n_matrices), 1)
        ones = np.ones(self.n_outputs)
        tau = np.clip(squares / sizes, *_FIRST_BOUNDS)
        return self.join(coordinates, Variances(tau, ones, _FIRST_NOISE * ones))

    def without_intercepts(self, theta):
        """The vector itself: there are no intercepts, they are multiples of one."""
        return theta

    # -- value and derivatives

    def value(self, theta):
        """Value ``f``; infinite where it cannot be calculated."""
        try:
            return self._at(theta).value
        except np.linalg.LinAlgError:
            return np.inf

    def value_and_gradient(self, theta):
        """The value, and its gradient; that by the variances is zero."""
        state = self._at(theta)
        return state.value, self._padded(self._gradient(state))

    def quadratic_model(self, theta):
        """Gauss-Newton model of ``f`` around ``theta`` at fixed variances.

        Returns
        -------
        EvidenceEquations
        """
        state = self._at(theta)
        matrix = self._gauss_newton(state)
        return EvidenceEquations(
            matrix, self._gradient(state), state.precision, self.n_parameters
        )

    def _padded(self, vector):
        return np.concatenate([vector, np.zeros(self.n_parameters - self.size)])

    def _at(self, theta):
        """What belongs to a vector, remembered for the last one."""
        last = self._last
        if last is None or not np.array_equal(last.theta, theta):
            last = IntegratedObservables(self, theta.copy(), last)
            self._last = last
        return last

    def passes(self, coordinates):
        """Features and eigensystems of all chunks, kept if samples are few."""
        matrices = self.model.primary.split(coordinates)

        def features(chunk):
            system, saved = self.model.eigensystem(matrices, self._inputs[chunk])
            return chunk, self.model.readout.features(system), system, saved

        if self._remembers:
            return [features(chunk) for chunk in self.chunks]
        return LazyPasses(features, self.chunks)

    def _gradient(self, state):
        r"""One pullback per sample of :math:`\Phi A^{-1} - \rho b^T / \sigma^2`."""
        noise = state.variances.noise
        inverse = sum(ridge.inverse() for ridge in state.ridges)

        def gradient(share):
            total = np.zeros(self.size)
            for chunk, features, system, saved in share:
                rho = self.y[chunk] - features @ state.b
                weights = features @ inverse - (rho / noise) @ state.b.T
                weights *= self.weight[chunk]
                pulled = self.model.readout.pull_back_features(system, weights)
                total += self.model.primary.gradient(state.coordinates, saved, pulled)
            return (total,)

        (total,) = self.sum(gradient, state.passes)
        return total + state.precision * state.coordinates

    def _gauss_newton(self, state):
        r"""The matrix :math:`\sum_k (J^T J - J^T \Phi A^{-1} \Phi^T J) / \sigma^2`."""
        square, mixed = self._products(state)
        for k, ridge in enumerate(state.ridges):
            root = ridge.half_solve(mixed[k])
            square -= state.variances.noise[k] * (root.T @ root)
        return square

    def _products(self, state):
        """The sum of J^T J / noise, and Phi^T J / noise of each output."""
        primary, readout = self.model.primary, self.model.readout
        n_outputs = self.n_outputs
        observables = readout.observables_of(state.b)

        def products(share):
            square = np.zeros((self.size, self.size))
            mixed = np.zeros((n_outputs, self.n_features, self.size))
            for chunk, features, system, saved in share:
                _, elements = readout.forward(system, observables, 0.0)
                gradients = readout.matrix_gradients(system, elements)
                shape = self.size, n_outputs, len(features)
                jacobian = np.empty(shape).T
                primary.jacobian(state.coordinates, saved, gradients, out=jacobian)
                weight = self.weight[chunk]
                for k in range(n_outputs):
                    own = jacobian[:, k]
                    weighted = own * (weight / state.variances.noise[k])
                    square += own.T @ weighted
                    mixed[k] += features.T @ weighted
            return square, mixed

        return self.sum(products, state.passes)

    def joint_precision(self, theta):
        """Inverse covariance of matrices, observables and intercepts, as of a `PMM`.

        Intercepts are next to certain, for multiples of one take their place.
        """
        state = self._at(theta)
        square, mixed = self._products(state)
        n_features, size = self.n_features, self.model.n_parameters
        joint = np.zeros((size, size))
        joint[: self.size, : self.size] = square + np.diag(state.precision)
        for k, mixed_k in enumerate(mixed):
            start = self.size + k * n_features
            part = slice(start, start + n_features)
            noise, amplitude = state.variances.noise[k], state.variances.observables[k]
            joint[part, : self.size] = mixed_k
            joint[: self.size, part] = mixed_k.T
            joint[part, part] = state.gram / noise + np.eye(n_features) / amplitude
        intercepts = np.arange(size - self.n_outputs, size)
        joint[intercepts, intercepts] = np.max(np.diag(joint))
        return joint

    def free_fraction(self, theta):
        """Fraction of the observations that parameters leave for the noise."""
        used = self.n_effective(theta) / (self.n_observations * self.n_outputs)
        return max(1.0 - used, 0.0)

    def n_effective(self, theta):
        """Number of matrix elements that the data determine, not their priors."""
        state, equations = self._at(theta), self.quadratic_model(theta)
        of_observables = sum(ridge.determined() for ridge in state.ridges)
        return float(of_observables + equations.determined)

    def alpha(self, theta):
        r"""Weight of the squared observables, :math:`\sigma^2 / s^2`; a mean."""
        _, variances = self.split(theta)
        return float(np.mean(variances.noise / variances.observables))

    def sum(self, function, passes):
        """Sums of what a function returns for shares of the passes."""
        sums = None
        for part in self.threads(function, shares(passes)):
            sums = (
                part
                if sums is None
                else [a + b for a, b in zip(sums, part, strict=True)]
            )
        return sums

    # -- variances between the steps of a solver

    def adapted(self, theta, equations, n_iter):
        r"""The vector with variances that are more probable, the matrices as they are.

        They are fixed points, with the numbers :math:`\gamma = F - r \operatorname{tr}
        A^{-1}` of observables and :math:`\gamma_l = P_l - \operatorname{tr} C_l /
        \tau_l^2` of elements of ``M_l`` that the data determine (``C_l`` is the
        covariance of its ``P_l`` elements): :math:`s^2 = |b|^2 / \gamma`,
        :math:`\sigma^2 = |\rho|^2 / (N - \gamma - \sum_l \gamma_l)` and, by half a step
        of its logarithm now and then, :math:`\tau_l^2 = |M_l - D_l|^2 / \gamma_l`.

        Parameters
        ----------
        theta : ndarray of shape (n_parameters,)
            After a step.
        equations : EvidenceEquations
            Those of the step.
        n_iter : int
            Number of steps so far.

        Returns
        -------
        ndarray of shape (n_parameters,)
        """
        if n_iter < _FIRST_ADAPTED:
            return theta
        state = self._at(theta)
        variances = state.variances
        determined = np.array([ridge.determined() for ridge in state.ridges])
        used = determined + equations.determined / self.n_outputs
        free = np.maximum(1.0 - used / self.n_observations, _LEAST_FREE)
        noise = state.squares / (free * self.n_observations)
        amplitude = np.sum(state.b**2, axis=0) / np.maximum(determined, _LEAST_NUMBER)
        matrices = variances.matrices
        if n_iter >= _FIRST_LENGTHS and n_iter % _EVERY == 0:
            matrices = self._length_scales(state, equations)
        return self.join(
            state.coordinates,
            Variances(
                matrices,
                np.clip(amplitude, *_AMPLITUDE_BOUNDS),
                np.clip(noise, *_NOISE_BOUNDS),
            ),
        )

    def _length_scales(self, state, equations):
        """Variances of the matrices, half a step towards more probable ones."""
        before = state.variances.matrices
        squares = np.bincount(self.block_of, state.coordinates**2, len(before))
        sizes = np.bincount(self.block_of, minlength=len(before))
        left = np.bincount(self.block_of, equations.variances, len(before)) / before
        # Of a matrix that has no influence both numbers are zero.
        squares = squares + _NO_SQUARE * sizes
        after = squares / np.maximum(sizes - left, _LEAST_NUMBER)
        return np.sqrt(before * np.clip(after, *_MATRIX_BOUNDS))

    def log_evidence(self, theta):
        r"""Logarithm of the probability of the data, for these variances.

        The matrices are integrated out by Laplace's approximation: :math:`-f - \tfrac12
        \ln |1 + \Lambda^{-1/2} H \Lambda^{-1/2}|` with the Gauss-Newton matrix ``H``
        and :math:`\Lambda = 1 / \tau^2`.  Changes of basis cost nothing in it.
        """
        return -self.negative_log_evidence(theta, self.quadratic_model(theta))

    def negative_log_evidence(self, theta, equations):
        """The same with the other sign, from the equations at this point."""
        constant = 0.5 * self.n_observations * self.n_outputs * _LN_2_PI
        penalty = equations.log_determinant - np.sum(np.log(equations.precision))
        return self._at(theta).value + 0.5 * penalty + constant

    # -- the model that is fitted

    def parameters(self, theta):
        """Matrices, the most probable observables, and intercepts of zero."""
        state = self._at(theta)
        matrices = self.model.primary.split(state.coordinates)
        observables = self.model.readout.observables_of(state.b)
        return Parameters(matrices, observables, np.zeros(self.n_outputs))
