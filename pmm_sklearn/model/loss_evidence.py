r"""The evidence of targets with any convex loss.

A loss is the negative logarithm of the probability of a target, given its output.  For
given matrices the potential

.. math:: U = \sum_{sk} w_s \ell(\Phi_s b_k, y_{sk}) + \tfrac12 \sum_k |b_k|^2 / s_k^2
              + \dots

is a convex function of the observables, which Newton's method minimises.  All else is
as in :mod:`.evidence`, with the squared weights and the working residuals

.. math:: c_{sk}^2 = w_s h_{sk} , \qquad \rho_{sk} = -\ell'_{sk} / h_{sk} ,

where the information ``h`` is the second derivative of the loss, or its mean where that
jumps.  Noise is not a minimum of anything where outliers shall have no part in it: it
follows from the residuals after each step (`settled`), and models are compared by what
residuals within the noise say (`judged`).

References: W. Venables and B. Ripley, "Modern applied statistics with S", Springer
(2002), sections 6.5 and 7.
"""

from functools import cached_property

import numpy as np
import scipy.linalg

from .equations import solve_positive_definite
from .evidence import MarginalEvidence
from .evidence_gradient import EvidenceGradient
from .evidence_point import MarginalPoint

# Newton's method for the observables: iterations, halvings, and the decrease in nats
# after which another step changes nothing.
_MOST_ITERATIONS, _MOST_HALVINGS = 60, 12
_NEGLIGIBLE = 1e-10
# Triangular factors that Newton's steps take, about.
_COST = 1.5


class LossEvidence(MarginalEvidence):
    r"""Negative logarithm of the evidence of targets with a convex loss.

    Parameters
    ----------
    model, X, weight, is_far
        As for `EvidenceObjective`.
    y : ndarray of shape (n_samples, n_outputs)
        Targets, as the loss takes them.
    loss : object
        A loss of `pmm_sklearn.model.losses` that is a negative log-likelihood: Huber,
        AbsoluteError, Quantile, Poisson, Gamma or OwnLoss.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import model as m
    >>> from pmm_sklearn.model.losses import Huber
    >>> pmm = m.observable_pmm(1, 1, (3,), 1, level_spacing=1.0)
    >>> X = np.linspace(-1, 1, 20)[:, np.newaxis]
    >>> loss = Huber(np.ones(1))
    >>> objective = m.LossEvidence(pmm, X, X**2, np.ones((20, 1)), loss)
    >>> theta = objective.initial(np.random.RandomState(0))
    >>> value, gradient = objective.value_and_gradient(theta)
    >>> gradient.shape == theta.shape
    True
    """

    settles = True
    # Most residuals may vanish where targets have few values; the second derivatives
    # by the observables would have no digits below.
    least_noise = 1e-12
    remembered = ("_last", "nearby")

    def __init__(self, model, X, y, weight, loss, is_far=True):
        size = model.primary.size
        self._prepare(model, y, weight, size, True, map, is_far)
        self._prepare_data(X, None)
        self.loss = loss
        # Observables of the last point, from which those of the next are not far.
        self.nearby = None
        self._count_variances(self.n_outputs, self.n_outputs * loss.has_noise)
        self.operations *= _COST

    def _point(self, theta):
        return LossPoint(self, theta)

    def loss_of(self, variances):
        """The loss with the noise of a point."""
        return self.loss.with_noise(variances.noise) if self.n_noises else self.loss

    def quadratic_model(self, theta):
        """As that of `EvidenceObjective`; the noise stays as it is."""
        point = self._at(theta)
        gradient = EvidenceGradient(self, point)
        of_matrices, of_variances = np.split(gradient.vector, [self.size])
        steps = self._variance_steps(theta, of_variances, gradient.numbers)
        steps[len(steps) - self.n_noises :] = 0.0
        return point.space.equations(point.triangle, of_matrices, steps)

    def judged(self, theta):
        """What compares models, with residuals within the noise only."""
        try:
            point = self._at(theta)
            return point.value + point.correction
        except np.linalg.LinAlgError:
            return np.inf

    def settled(self, theta):
        """The vector with noise half way to that of the residuals."""
        if not self.n_noises:
            return theta
        point = self._at(theta)
        left = point.left()
        slopes = 0.5 * (left - point.noise_squares(left, None))
        before = np.zeros(self.n_matrices + self.n_scales)
        slopes, numbers = (np.concatenate([before, own]) for own in (slopes, left))
        steps = self._variance_steps(theta, slopes, numbers)[len(before) :]
        theta = theta.copy()
        theta[len(theta) - self.n_noises :] += 0.5 * steps
        return theta


class LossPoint(MarginalPoint):
    """What belongs to one vector of a `LossEvidence`; attributes as `EvidencePoint`.

    Attributes
    ----------
    z : ndarray of shape (n_samples, n_outputs)
        Outputs.
    correction : float
        What is added to the value to compare models.
    """

    def _prepared(self):
        objective = self._objective
        self._loss = objective.loss_of(self.variances)
        self.b, self.z = self._least(*self._first())
        objective.nearby = self.b
        data = self.z, objective.y
        information = self._loss.information(*data)
        self.scales = np.sqrt(objective.weight * information)
        self._working = -self._loss.slope(*data) / information
        self._stiffness = 2.0 * objective.weight * self._loss.curvature(*data)
        return None

    def residuals(self, chunk, features):
        """Working residuals."""
        return self._working[chunk]

    def stiffness(self, k, chunk):
        """Second derivatives of the loss."""
        return self._stiffness[chunk, k]

    def hessian_factor(self, k):
        """Factor of the second derivatives by the observables of one output."""
        return scipy.linalg.cholesky(self._hessians(self._stiffness)[k])

    def bends(self, k, chunk, leverage):
        """Through the information, which depends on the outputs."""
        return 0.5 * leverage * self._information_slope[chunk, k]

    @cached_property
    def _information_slope(self):
        return self._loss.information_slope(self.z, self._objective.y)

    def noise_squares(self, left, squares):
        """Such that noise steps to that of the residuals."""
        objective = self._objective
        if not objective.n_noises:
            return squares
        data = self.z, objective.y, objective.weight
        # Numbers of observations, not of the weights that these have.
        found = self._loss.fitted_noise(*data, left)
        return left * found / self.variances.noise

    def left(self):
        """How many observations of each output parameters leave for the noise."""
        total = np.full(len(self.variances.noise), self._objective.n_observations)
        for part in self.passes:
            for k in range(len(total)):
                total[k] -= np.sum(self.solutions(k, part).leverage)
        return total

    @cached_property
    def correction(self):
        """What is added to the value to compare models."""
        data = self.z, self._objective.y
        other = self._loss.judged(*data) - self._loss.value(*data)
        return float(np.sum(self._objective.weight * other))

    def _most_probable(self, k):
        """Observables of one output, and half the logarithm of the determinant."""
        _, half = self._ridge(k)
        return self.b[:, k], half

    def _potential(self, noise):
        variances = self.variances
        prior = self._variance_of_coordinates()
        squares = np.sum(self.coordinates**2 / prior)
        logarithms = self._objective.n_features * np.sum(np.log(variances.observables))
        logarithms += np.sum(np.log(prior))
        return 0.5 * float(squares + logarithms) + float(np.sum(self._values))

    # -- the most probable observables

    def _first(self):
        """Observables to begin with, their outputs, and the loss of each output.

        Those of the last point, unless none are better: at matrices far from the last
        they may be without bounds, and rounding would be all that is left.
        """
        objective = self._objective
        b = np.zeros((objective.n_features, objective.n_outputs))
        z = np.zeros_like(objective.y)
        values = self._of_outputs(b, z)
        if objective.nearby is None:
            return b, z, values
        near = objective.nearby, self._outputs(objective.nearby)
        near_values = self._of_outputs(*near)
        # Comparisons with NaN are false.
        is_near = near_values <= values
        b, z = (np.where(is_near, *pair) for pair in zip(near, (b, z), strict=True))
        return b, z, np.where(is_near, near_values, values)

    def _outputs(self, b):
        z = np.empty_like(self._objective.y)
        for chunk, *_, features in self.passes:
            z[chunk] = features @ b
        return z

    def _of_outputs(self, b, z):
        """Loss of each output, with the prior of its observables."""
        data = np.sum(
            self._objective.weight * self._loss.value(z, self._objective.y), 0
        )
        return data + 0.5 * np.sum(b**2, axis=0) / self.variances.observables

    def _hessians(self, stiffness):
        """Second derivatives by the observables of each output."""
        size, amplitudes = self._objective.n_features, self.variances.observables
        total = np.zeros((len(amplitudes), size, size))
        for k, amplitude in enumerate(amplitudes):
            total[k][np.diag_indices(size)] = 1.0 / amplitude
        for chunk, *_, features in self.passes:
            for k, own in enumerate(stiffness[chunk].T):
                total[k] += (features * own[:, np.newaxis]).T @ features
        return total

    def _slopes(self, b, z):
        slope = self._objective.weight * self._loss.slope(z, self._objective.y)
        total = b / self.variances.observables
        for chunk, *_, features in self.passes:
            total = total + features.T @ slope[chunk]
        return total

    def _least(self, b, z, values):
        """Observables of the least loss, and the outputs: Newton's method."""
        y, weight, loss = self._objective.y, self._objective.weight, self._loss
        is_careful = True
        for _ in range(_MOST_ITERATIONS):
            curvature = (
                weight * loss.majorant(z, y)
                if is_careful
                else 2.0 * weight * loss.curvature(z, y)
            )
            slopes = self._slopes(b, z)
            if not np.all(np.isfinite(slopes)):
                raise np.linalg.LinAlgError("The loss is no finite number.")
            hessians = self._hessians(curvature)
            steps = np.empty_like(slopes)
            for k, hessian in enumerate(hessians):
                steps[:, k] = -solve_positive_definite(hessian, 0.0, slopes[:, k])
            gains = -np.sum(slopes * steps, axis=0)
            changes = self._outputs(steps)
            b_old, z_old, sizes = b, z, np.ones(len(values))
            for _ in range(_MOST_HALVINGS):
                b, z = b_old + sizes * steps, z_old + sizes * changes
                trial = self._of_outputs(b, z)
                is_bad = ~(trial <= values + 1e-12 * np.abs(values))
                if not np.any(is_bad):
                    break
                sizes = np.where(is_bad, 0.5 * sizes, sizes)
            else:
                b, z = (
                    np.where(is_bad, old, new) for old, new in ((b_old, b), (z_old, z))
                )
                trial = np.where(is_bad, values, trial)
            decrease, values = np.max(values - trial), trial
            if not is_careful and np.max(gains) < _NEGLIGIBLE:
                break
            # Parabolas that touch are safe, but slow; Newton's are neither.
            is_careful = not is_careful and np.min(sizes) < 1.0
            if decrease <= 0.0 and np.max(gains) < 1e-6:
                break
        self._values = values
        return b, z
