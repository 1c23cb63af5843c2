r"""What every evidence has: variances as parameters, and what a fit tells.

Parameters are one vector, coordinates first and then the logarithms of the variances,

=================  =============================================================
:math:`\tau_l^2`   of the prior of the matrix ``M_l``, in coordinates
:math:`s_k^2`      of the prior of the observables of output ``k``
:math:`\sigma_k^2` of the noise of output ``k``, beside known errors; then of that of
                   its derivatives, if these are data, too
=================  =============================================================

Their most probable values follow from the numbers :math:`\gamma` of parameters that the
data determine, or of observations that these leave: :math:`\tau_l^2 = |M_l - D_l|^2 /
\gamma_l`, and so on.
"""

import copy
from abc import ABC, abstractmethod
from typing import NamedTuple

import numpy as np

from .equations import EvidenceEquations, WideEquations

# Variances are kept between these, for standardised data: of matrices, observables and
# noise.  Larger observables cancel more digits than there are.
_BOUNDS = (1e-8, 12.0), (1e-4, 1e4), (1e-18, 4.0)
# Of matrices whose levels are outputs: wide levels that move far in opposite ways are
# how these can oscillate.
_LARGEST_OF_LEVELS = 1e4
_FIRST_NOISES_OF_LEVELS = 1e-12, 0.1
# Of matrices that are given, to begin with.
_FIRST_BOUNDS = 1e-3, 4.0
# Of the noise, to begin with.
_FIRST_NOISE = 0.03
# Logarithms of variances change by no more in one step.
_LARGEST_STEP = 3.0
# Numbers of parameters that the data determine count as no less.
_LEAST_NUMBER = 1.0
_LEAST_RATIO = 1e-9


class Variances(NamedTuple):
    r"""What the evidence determines beside the matrices.

    Attributes
    ----------
    matrices : ndarray of shape (n_matrices,)
        :math:`\tau_l^2`.
    observables : ndarray of shape (n_scales,)
        :math:`s_k^2`; one for each output, or one for all.
    noise : ndarray of shape (n_noises,)
        :math:`\sigma_k^2`; one for each output, two if there are derivatives, or none.
    """

    matrices: np.ndarray
    observables: np.ndarray
    noise: np.ndarray


class InTurn(NamedTuple):
    """What is next where matrices and variances take turns.

    Attributes
    ----------
    potential : float
        The present value.
    matrices : EvidenceEquations or WideEquations
        Its model, whose steps leave the variances alone.
    widths, scales : ndarray of shape (n_parameters,)
        Steps to the fixed points of the variances, those of the priors of the matrices,
        and those of observables and noise.
    """

    potential: float
    matrices: EvidenceEquations | WideEquations
    widths: np.ndarray
    scales: np.ndarray


class Evidence(ABC):
    """Negative logarithm of an evidence, a function of coordinates and variances.

    Abstract: a subclass adds what belongs to a point.

    Attributes
    ----------
    model : PMM
        Structure of the model.
    y, weight : ndarray
        Standardised targets, and numbers of observations that they are.
    learns_noise, is_far : bool
        See `EvidenceObjective`.
    size : int
        Number of coordinates.
    n_matrices, n_scales, n_noises : int
        Numbers of variances of each kind.
    n_observed : float
        Number of observations.
    is_learned : ndarray of bool of shape (n_noises,)
        Whether there is noise beside known errors, of each kind.
    noise_units : ndarray of shape (n_noises,)
        What each noise is measured by.
    """

    # Standard deviation of the observables, at first.
    first_scale = 1.0
    # Whether the slope of the determinant is known: see `maximize_evidence`.
    has_slope: bool
    # The least variance of the noise, of standardised targets.
    least_noise = _BOUNDS[2][0]
    # Whether a step leaves something to settle.
    settles = False
    # What is known of the last point, which copies do not have.
    remembered = ("_last",)

    def _prepare(self, model, y, weight, size, learns_noise, threads, is_far):
        """Set the attributes that all have."""
        self.model = model
        self.y = y
        self.weight = weight
        self.size = size
        self.learns_noise = learns_noise
        self.threads = threads
        self.is_far = is_far
        self.n_samples = self.n_rows = len(y)
        self.n_outputs = y.shape[1]
        self.n_residuals = y.size
        self.n_matrices = model.primary.n_matrices
        self.n_observations = float(weight.sum())
        self.n_observed = self.n_observations * self.n_outputs
        self._count_variances(self.n_outputs, self.n_outputs)
        sizes = [space.size for space in model.primary.spaces]
        # The matrix that each coordinate of matrices belongs to.
        self.block_of = np.repeat(np.arange(self.n_matrices), sizes)
        self._last = None

    def _count_variances(self, n_scales, n_noises):
        self.n_scales = n_scales
        self.n_noises = n_noises
        self.is_learned = np.full(n_noises, self.learns_noise)
        self.noise_units = np.ones(n_noises)
        self.n_parameters = self.size + self.n_matrices + n_scales + n_noises

    def __getstate__(self):
        """Without what was calculated last."""
        return {**vars(self), **dict.fromkeys(self.remembered)}

    def with_threads(self, threads):
        """The same with another function that maps over shares of the samples."""
        other = copy.copy(self)
        other.threads = threads
        return other

    # -- the vector of parameters

    def by_matrix(self, numbers):
        """Sums over the coordinates of each matrix."""
        return np.bincount(self.block_of, numbers, self.n_matrices)

    def split(self, theta):
        """Coordinates, and `Variances`."""
        ends = np.cumsum([self.size, self.n_matrices, self.n_scales])
        coordinates, *logarithms = np.split(theta, ends)
        return coordinates, Variances(*map(np.exp, logarithms))

    def join(self, coordinates, variances):
        """The vector: the inverse of :meth:`split`."""
        return np.concatenate([coordinates, *map(np.log, variances)])

    def initial(self, random_state, deviation=0.5, noise=_FIRST_NOISE):
        r"""A vector to start from: matrices drawn from their prior.

        Parameters
        ----------
        random_state : numpy.random.RandomState
            Source of the random numbers.
        deviation : float, default=0.5
            The first :math:`\tau`, for all features together.
        noise : float, default=0.03
            The first :math:`\sigma`.
        """
        n_varying = max(self.n_matrices - 1, 1)
        tau = np.full(self.n_matrices, deviation / np.sqrt(n_varying))
        tau[0] = min(deviation, 0.5)
        degrees = np.array([space.degree for space in self.model.primary.spaces])
        tau **= 1.0 / degrees
        coordinates = random_state.standard_normal(len(self.block_of))
        coordinates = self._completed(coordinates * tau[self.block_of], random_state)
        return self.join(coordinates, self._first_variances(tau**2, noise))

    def start_from(self, coordinates, variances=None, residuals=None):
        """A vector of given coordinates, with given variances or those that suit.

        Parameters
        ----------
        coordinates : ndarray of shape (model.n_parameters,)
            Of matrices and observables.
        variances : tuple of ndarray, optional
            `Variances` to begin with.
        residuals : ndarray of shape (n_samples, n_outputs), optional
            Whose squares are the noise, and matrices may be as large as they are.
        """
        coordinates = coordinates[: self.size]
        if variances is None:
            counted = np.ones(len(self.block_of))
            counted[self.model.primary.shifts] = 0.0
            of_matrices = counted * coordinates[: len(self.block_of)]
            sizes = np.maximum(self.by_matrix(counted), 1.0)
            squares = self.by_matrix(of_matrices**2) / sizes
            if residuals is None:
                variances = self._first_variances(np.clip(squares, *_FIRST_BOUNDS))
            else:
                squares = np.clip(squares, _FIRST_BOUNDS[0], _LARGEST_OF_LEVELS)
                variances = self._first_variances(squares)
                noise = np.average(residuals**2, axis=0, weights=self.weight[:, 0])
                noise = np.clip(noise[: self.n_noises], *_FIRST_NOISES_OF_LEVELS)
                variances = variances._replace(noise=noise)
        return self.join(coordinates, variances)

    def noise_of_rows(self, variances):
        """Variances of the noise of all targets, (n_rows, n_outputs)."""
        of_kinds = variances.noise.reshape(-1, self.n_outputs)
        numbers = [self.n_samples, self.n_rows - self.n_samples]
        return np.repeat(of_kinds, numbers[: len(of_kinds)], axis=0)

    def _first_variances(self, matrices, noise=_FIRST_NOISE):
        is_open = self.is_learned | self.is_far
        noise = np.where(is_open, noise**2, _BOUNDS[2][0])
        return Variances(
            matrices,
            np.full(self.n_scales, self.first_scale**2),
            noise * self.noise_units**2,
        )

    @abstractmethod
    def _completed(self, coordinates, random_state):
        """All coordinates to start from, those of the matrices given."""

    # -- value and derivatives

    def value(self, theta):
        """Value ``L``; infinite where it cannot be calculated."""
        try:
            return self._at(theta).value
        except np.linalg.LinAlgError:
            return np.inf

    @abstractmethod
    def judged(self, theta):
        """What compares models, and says when to stop."""

    @abstractmethod
    def settled(self, theta):
        """The vector with what has to follow after a step, if `settles`."""

    def potential(self, theta):
        """``L`` without the determinant whose slope steps in turn leave out."""
        return self._at(theta).potential

    @abstractmethod
    def in_turn(self, theta):
        """How to lower the potential for given variances, and to improve these.

        Returns
        -------
        InTurn
        """

    def _in_turn(self, theta, equations, gradient, numbers):
        """`InTurn` from derivatives of the potential, and those of the variances."""
        steps = np.zeros(self.n_parameters)
        steps[self.size :] = self._variance_steps(theta, gradient[self.size :], numbers)
        widths = steps.copy()
        widths[self.size + self.n_matrices :] = 0.0
        of_matrices = equations(gradient[: self.size], np.zeros_like(numbers))
        return InTurn(self.potential(theta), of_matrices, widths, steps - widths)

    def _variance_steps(self, theta, slopes, numbers):
        r"""Changes of the logarithms of the variances, towards fixed points.

        Slopes are :math:`\tfrac12 (\gamma - q)`, where a number :math:`\gamma` of
        parameters (or of observations that are left) is what ``q``, proportional to the
        inverse of the variance, should be: the logarithm of their ratio leads there.
        """
        ratios = 1.0 - 2.0 * slopes / np.maximum(numbers, _LEAST_NUMBER)
        steps = np.log(np.maximum(ratios, _LEAST_RATIO))
        group_sizes = self.n_matrices, self.n_scales, self.n_noises
        bounds = np.repeat(_BOUNDS, group_sizes, axis=0)
        if self.n_scales == 0:
            bounds[: self.n_matrices, 1] = _LARGEST_OF_LEVELS
        if self.n_noises:
            bounds[-self.n_noises :, 0] = self.least_noise
            bounds[-self.n_noises :] *= self.noise_units[:, np.newaxis] ** 2
        lower, upper = np.log(bounds).T
        logarithms = theta[self.size :]
        steps = np.clip(steps, -_LARGEST_STEP, _LARGEST_STEP)
        # Known errors alone may be too small for a start: noise fades.
        of_noise = steps[len(steps) - self.n_noises :]
        of_noise[~self.is_learned] = -_LARGEST_STEP
        return np.clip(logarithms + steps, lower, upper) - logarithms

    def _at(self, theta):
        """What belongs to a vector, remembered for the last one."""
        if self._last is None or not np.array_equal(self._last.theta, theta):
            self._last = None  # two at a time would take twice the memory
            self._last = self._point(theta.copy())
        return self._last

    @abstractmethod
    def _point(self, theta):
        """What belongs to a vector: an object with ``theta``, ``value``, ..."""

    # -- what a fit tells

    def log_evidence(self, theta):
        """Logarithm of the probability of the data, ``-L``."""
        return -self.judged(theta)

    def free_fraction(self, theta):
        """Fraction of the observations that parameters leave for the noise."""
        return max(1.0 - self.n_effective(theta) / self.n_observed, 0.0)

    def alpha(self, theta):
        r"""Weight of the squared observables, :math:`\sigma^2 / s^2`; a mean.

        Without noise it is weighed against a logarithm, :math:`1 / 2 s^2`; without
        observables it is that of the squared matrices.
        """
        _, variances = self.split(theta)
        noise = variances.noise[: self.n_outputs] if self.n_noises else 0.5
        if self.n_scales == 0:
            return float(np.mean(noise) / np.mean(variances.matrices))
        return float(np.mean(noise / variances.observables))

    @abstractmethod
    def n_effective(self, theta):
        """Number of parameters that the data determine, not their priors."""

    @abstractmethod
    def parameters(self, theta):
        """Matrices, observables and intercepts: `Parameters`."""

    @abstractmethod
    def joint_factor(self, theta):
        """Matrix ``R`` with ``R.T @ R`` the inverse covariance of a PMM's parameters.

        Returns
        -------
        ndarray of shape (model.n_parameters, model.n_parameters)
        """
