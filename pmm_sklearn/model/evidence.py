r"""The evidence of a model whose outputs are linear in their observables.

With the features :math:`\Phi_s` of a sample, the coordinates of the projectors on the
selected eigenstates (or of the density matrix), an output is :math:`\Phi_s b`.  Its
observables ``b`` need not be searched for: the most probable ones follow from the
matrices.  What is left to learn are the primary matrices, and a few variances.

======================  ==========================================================
prior of ``M_l``        :math:`N(D_l, \tau_l^2)` in coordinates; ``D_0`` has equidistant
                        levels of spacing 1, the other ``D_l`` are zero
prior of ``b_k``        :math:`N(0, s_k^2)`
noise of output ``k``   :math:`N(0, e_{sk}^2 + \sigma_k^2)`; ``e`` are known errors
======================  ==========================================================

A small :math:`\tau_l` makes outputs nearly linear in feature ``l``, as a large length
scale does in a Gaussian process; and that is what the model is, given its matrices,
with the kernel :math:`s^2 \sum_i |v_i(x)^\dagger v_i(x')|^2`.

The objective is the negative logarithm of the probability of the data, with matrices
and observables integrated out in Laplace's approximation,

.. math::

    L = \tfrac12 \sum_{sk} c_{sk}^2 \rho_{sk}^2 + \tfrac12 \sum_k \frac{|b_k|^2}{s_k^2}
        + \tfrac12 \sum_l \frac{|M_l - D_l|^2}{\tau_l^2}
        - \sum_{sk} \ln c_{sk} + \sum_k F \ln s_k + \sum_l P_l \ln \tau_l
        + \tfrac12 \ln |B| ,

for residuals :math:`\rho = y - \Phi b`, ``F`` features, ``P_l`` coordinates of ``M_l``
and :math:`c_{sk}^2 = 1 / (e_{sk}^2 + \sigma_k^2)`.  The Gauss-Newton matrix of all
parameters is

.. math::

    B = \sum_{sk} j_{sk} j_{sk}^T + \operatorname{diag}(1 / s_k^2, 1 / \tau_l^2) ,
    \qquad
    j_{sk} = c_{sk} \, (\partial \Phi_s b_k / \partial b, \; \partial \Phi_s b_k /
    \partial M) .

Observables are at their optimum, and both matrices and variances maximise ``L`` as it
stands, determinant included.  Without its slope, which takes second derivatives of the
eigenvectors in one direction per sample, matrices would shrink and observables grow
without limit, for that is free in all other terms.

Weights of samples are repetitions.
"""

import copy
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ._chunks import chunks, shares
from .equations import EvidenceEquations
from .evidence_gradient import EvidenceGradient
from .evidence_point import EvidencePoint
from .pmm import Parameters

# Numbers in the derivatives of a chunk, and in the eigensystems that are remembered.
_LARGEST_CHUNK = 2**18
_LARGEST_MEMORY = 2**22
# Variances are kept between these, for standardised data: of matrices, observables and
# noise.  Larger observables cancel more digits than there are.
_BOUNDS = (1e-8, 12.0), (1e-4, 1e4), (1e-18, 4.0)
# Of the noise to begin with.
_FIRST_NOISE = 1e-3
# Of matrices that are given, to begin with.
_FIRST_BOUNDS = 1e-3, 4.0
# Logarithms of variances change by no more in one step.
_LARGEST_STEP = 3.0
# Numbers of parameters that the data determine count as no less.
_LEAST_NUMBER = 1.0
_LEAST_RATIO = 1e-9
# An intercept is next to certain: a multiple of one among the observables replaces it.
_INTERCEPT_PRECISION = 1e8


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
    ``D_l``, then the logarithms of the variances.

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
    errors : ndarray of shape (n_samples, n_outputs), optional
        Known standard deviations of the targets, none by default.
    learns_noise : bool, default=True
        Whether there is noise beside the known errors.
    threads : callable, default=map
        Maps a function over shares of the samples.

    Attributes
    ----------
    n_parameters : int
        Length of the vector.
    n_samples, n_residuals : int
        Numbers of samples and of targets.
    remembers : bool
        Whether samples are so few that what belongs to a point is kept.

    References
    ----------
    D. MacKay, "Bayesian interpolation", Neural Comput. 4, 415 (1992); G. Golub and V.
    Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares
    problems whose variables separate", SIAM J. Numer. Anal. 10, 413 (1973).

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

    def __init__(
        self, model, X, y, weight, errors=None, learns_noise=True, threads=map
    ):
        self.model = model
        self.X = X
        self.y = y
        self.weight = weight
        self.squared_errors = 0.0 if errors is None else errors**2
        self.learns_noise = learns_noise
        self.threads = threads
        self.n_samples, self.n_outputs = y.shape
        self.n_residuals = y.size
        self.size = model.primary.size
        self.n_features = model.readout.n_features
        self.n_matrices = model.primary.n_matrices
        self.n_parameters = self.size + self.n_matrices + 2 * self.n_outputs
        self.n_observations = float(weight.sum())
        self._inputs = model.inputs(X)
        self.chunks = chunks(len(X), self.n_features + self.size, _LARGEST_CHUNK)
        numbers = (model.working_size + self.n_outputs * self.size) * len(X)
        self.remembers = numbers <= _LARGEST_MEMORY
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
        return np.repeat(np.arange(self.n_matrices), sizes)

    def by_matrix(self, numbers):
        """Sums over the coordinates of each matrix."""
        return np.bincount(self.block_of, numbers, self.n_matrices)

    def split(self, theta):
        """Coordinates of the matrices, and `Variances`."""
        ends = np.cumsum([self.size, self.n_matrices, self.n_outputs])
        coordinates, *logarithms = np.split(theta, ends)
        return coordinates, Variances(*map(np.exp, logarithms))

    def join(self, coordinates, variances):
        """The vector: the inverse of :meth:`split`."""
        return np.concatenate([coordinates, *map(np.log, variances)])

    def initial(self, random_state, deviation=0.5):
        r"""A vector to start from: matrices drawn from their prior.

        Parameters
        ----------
        random_state : numpy.random.RandomState
            Source of the random numbers.
        deviation : float, default=0.5
            The first :math:`\tau`, for all features together.
        """
        n_varying = max(self.n_matrices - 1, 1)
        tau = np.full(self.n_matrices, deviation / np.sqrt(n_varying))
        tau[0] = min(deviation, 0.5)
        degrees = np.array([space.degree for space in self.model.primary.spaces])
        tau **= 1.0 / degrees
        coordinates = random_state.standard_normal(self.size) * tau[self.block_of]
        return self.join(coordinates, self._first_variances(tau**2))

    def start_from(self, coordinates, variances=None):
        """A vector of given coordinates, with given variances or those that suit."""
        if variances is None:
            sizes = np.maximum(np.bincount(self.block_of, minlength=self.n_matrices), 1)
            squares = self.by_matrix(coordinates**2) / sizes
            variances = self._first_variances(np.clip(squares, *_FIRST_BOUNDS))
        return self.join(coordinates, variances)

    def _first_variances(self, matrices):
        ones = np.ones(self.n_outputs)
        noise = _FIRST_NOISE if self.learns_noise else _BOUNDS[2][0]
        return Variances(matrices, ones, noise * ones)

    # -- value and derivatives

    def value(self, theta):
        """Value ``L``; infinite where it cannot be calculated."""
        try:
            return self._at(theta).value
        except np.linalg.LinAlgError:
            return np.inf

    def value_and_gradient(self, theta):
        """The value, and its gradient by coordinates and logarithms of variances."""
        point = self._at(theta)
        return point.value, EvidenceGradient(self, point).vector

    def quadratic_model(self, theta):
        """Model of ``L`` around a point: Gauss-Newton, and steps of the variances.

        Returns
        -------
        EvidenceEquations
        """
        point = self._at(theta)
        gradient = EvidenceGradient(self, point)
        of_matrices, of_variances = np.split(gradient.vector, [self.size])
        steps = self._variance_steps(theta, of_variances, gradient)
        precision = 1.0 / point.variances.matrices[self.block_of]
        return EvidenceEquations(point.triangle, precision, of_matrices, steps)

    def _variance_steps(self, theta, slopes, gradient):
        r"""Changes of the logarithms of the variances, towards fixed points.

        Slopes are :math:`\tfrac12 (\gamma - q)`, where a number :math:`\gamma` of
        parameters (or of observations that are left) is what ``q``, proportional to the
        inverse of the variance, should be: the logarithm of their ratio leads there.
        """
        numbers = np.maximum(gradient.numbers, _LEAST_NUMBER)
        ratios = 1.0 - 2.0 * slopes / numbers
        steps = np.log(np.maximum(ratios, _LEAST_RATIO))
        lower, upper = np.log(np.repeat(_BOUNDS, self._group_sizes, axis=0)).T
        logarithms = theta[self.size :]
        steps = np.clip(steps, -_LARGEST_STEP, _LARGEST_STEP)
        if not self.learns_noise:
            steps[-self.n_outputs :] = 0.0
        return np.clip(logarithms + steps, lower, upper) - logarithms

    @property
    def _group_sizes(self):
        return self.n_matrices, self.n_outputs, self.n_outputs

    def _at(self, theta):
        """What belongs to a vector, remembered for the last one."""
        if self._last is None or not np.array_equal(self._last.theta, theta):
            self._last = None  # two at a time would take twice the memory
            self._last = EvidencePoint(self, theta.copy())
        return self._last

    def passes(self, coordinates):
        """Features and eigensystems of all chunks, kept if samples are few."""
        matrices = self.model.primary.split(coordinates)

        def features(chunk):
            assembled, saved = self.model.primary.forward(matrices, self._inputs[chunk])
            system = self.model.diagonalised(assembled, saved)
            return chunk, assembled, saved, system, self.model.readout.features(system)

        if self.remembers:
            return [features(chunk) for chunk in self.chunks]
        return LazyPasses(features, self.chunks)

    def map_shares(self, function, passes):
        """Results of a function for shares of the passes, in order."""
        return self.threads(function, shares(passes))

    # -- what a fit tells

    def log_evidence(self, theta):
        """Logarithm of the probability of the data, ``-L``."""
        return -self.value(theta)

    def n_effective(self, theta):
        """Number of parameters that the data determine, not their priors."""
        return float(np.sum(EvidenceGradient(self, self._at(theta)).used))

    def free_fraction(self, theta):
        """Fraction of the observations that parameters leave for the noise."""
        n_residuals = self.n_observations * self.n_outputs
        return max(1.0 - self.n_effective(theta) / n_residuals, 0.0)

    def alpha(self, theta):
        r"""Weight of the squared observables, :math:`\sigma^2 / s^2`; a mean."""
        _, variances = self.split(theta)
        return float(np.mean(variances.noise / variances.observables))

    def parameters(self, theta):
        """Matrices, the most probable observables, and intercepts of zero."""
        point = self._at(theta)
        matrices = self.model.primary.split(point.coordinates)
        observables = self.model.readout.observables_of(point.b)
        return Parameters(matrices, observables, np.zeros(self.n_outputs))

    def joint_factor(self, theta):
        """Matrix ``R`` with ``R.T @ R`` the inverse covariance of a PMM's parameters.

        Returns
        -------
        ndarray of shape (model.n_parameters, model.n_parameters)
        """
        point, size = self._at(theta), self.model.n_parameters
        joint = np.zeros((size, size))
        for k, output in enumerate(point.outputs):
            rows = slice(k * self.n_features, (k + 1) * self.n_features)
            own = slice(self.size + rows.start, self.size + rows.stop)
            joint[rows, : self.size] = output.mixed
            joint[rows, own] = output.own
        rows = slice(self.n_outputs * self.n_features, size - self.n_outputs)
        joint[rows, : self.size] = point.triangle
        intercepts = np.arange(size - self.n_outputs, size)
        joint[intercepts, intercepts] = np.sqrt(_INTERCEPT_PRECISION)
        return joint


class LazyPasses:
    """Passes of chunks that are calculated again whenever they are visited."""

    def __init__(self, function, chunks):
        self._function = function
        self._chunks = chunks

    def __len__(self):
        return len(self._chunks)

    def __getitem__(self, part):
        return map(self._function, self._chunks[part])
