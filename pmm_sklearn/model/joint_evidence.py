r"""The evidence of a model whose outputs are not linear in its observables.

Observables cannot be eliminated then, as in :mod:`.evidence`, nor where data are
classes: matrices and observables :math:`\theta` together are integrated out in
Laplace's approximation,

.. math::

    L = U + \tfrac12 \ln |B| , \qquad
    U = D + \tfrac12 \sum_i \theta_i^2 / v_i + \tfrac12 \sum_i \ln v_i ,

with what the data say, ``D`` (see :mod:`.data_terms`), the variances ``v`` of the
priors of all coordinates, and the Gauss-Newton matrix ``B`` of ``U``.  The slope of
its determinant would take third derivatives: :math:`\theta` minimises ``U`` instead,
and variances are at the fixed points of MacKay.
"""

from functools import cached_property, partial

import numpy as np

from .equations import EvidenceEquations
from .evidence_base import Evidence
from .triangles import log_determinant

# Of the prior of intercepts: large against the targets, which are standardised.
_INTERCEPT_VARIANCE = 10.0


class JointEvidence(Evidence):
    r"""Negative logarithm of the evidence, a function of parameters and variances.

    Parameters are one vector: coordinates of the model, intercepts included, then the
    logarithms of the variances.

    Parameters
    ----------
    data : NormalData or ClassData
        The data, and the model with offsets ``D_l`` of its primary matrices.
    learns_noise : bool, default=True
        Whether there is noise beside known errors.
    learns_scales : bool, default=False
        Whether the variances of the observables are learned.  Those of outputs that
        are not linear in them stay as they are: matrices and observables have a scale
        to spare, along which the fixed points would drift.
    scale : float, default=1.0
        Standard deviation of the observables, at first.
    is_far : bool, default=True
        As for `EvidenceObjective`.

    References
    ----------
    D. MacKay, "A practical Bayesian framework for backpropagation networks", Neural
    Comput. 4, 448 (1992).

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import model as m
    >>> pmm = m.observable_pmm(1, 1, (3,), 1, readout="transition", level_spacing=1.0)
    >>> X = np.linspace(-1, 1, 20)[:, np.newaxis]
    >>> evidence = m.JointEvidence(m.NormalData(pmm, X, X**2, np.ones((20, 1))))
    >>> theta = evidence.initial(np.random.RandomState(0))
    >>> len(theta) == pmm.n_parameters + 4  # of two matrices, observables and noise
    True
    >>> bool(evidence.in_turn(theta).potential == evidence.potential(theta))
    True
    """

    has_slope = False

    def __init__(
        self, data, learns_noise=True, learns_scales=False, scale=1.0, is_far=True
    ):
        model, size = data.model, data.model.n_parameters
        self._prepare(model, data.y, data.weight, size, learns_noise, map, is_far)
        self.data = data
        self.X = data.X
        self.n_observed = data.n_observed
        self.learns_scales = learns_scales
        self.first_scale = scale
        self.operations = data.operations
        # Classes are alike: their observables have one variance.
        are_alike = data.n_noises == 0
        readout = model.readout
        n_observables = (readout.size - readout.n_intercepts) // self.n_outputs
        n_scales = 0 if n_observables == 0 else 1 if are_alike else self.n_outputs
        self._count_variances(n_scales, data.n_noises)
        of_output = np.repeat(np.arange(self.n_outputs), n_observables)
        # Of the variance of each coordinate; the intercepts have the last.
        intercepts = self.n_matrices + self.n_scales
        self._group_of = np.concatenate(
            [
                self.block_of,
                self.n_matrices + (0 * of_output if are_alike else of_output),
                np.full(readout.n_intercepts, intercepts),
            ]
        )
        self._group_of[model.primary.shifts] = intercepts

    def precision(self, variances):
        """That of the prior of each coordinate."""
        groups = [*variances.matrices, *variances.observables, _INTERCEPT_VARIANCE]
        return 1.0 / np.array(groups)[self._group_of]

    def by_group(self, numbers):
        """Sums over the coordinates that share a variance, but for intercepts."""
        n_groups = self.n_matrices + self.n_scales
        return np.bincount(self._group_of, numbers, n_groups + 1)[:-1]

    def in_turn(self, theta):
        """Parameters at their most probable, given variances, and these: `InTurn`."""
        point = self._at(theta)
        left, squares = point.noise_counts
        numbers = np.concatenate([point.determined, left])
        found = self.by_group(point.coordinates**2 * point.precision)
        slopes = 0.5 * (numbers - np.concatenate([found, squares]))
        if not self.learns_scales:
            slopes[self.n_matrices :][: self.n_scales] = 0.0
        gradient = np.concatenate([point.gradient, slopes])
        equations = partial(EvidenceEquations, point.triangle, point.precision)
        return self._in_turn(theta, equations, gradient, numbers)

    def _completed(self, coordinates, random_state):
        """With observables of their prior; outputs begin at their mean, zero."""
        readout = self.model.readout.initial(random_state)
        return np.concatenate([coordinates, readout])

    def judged(self, theta):
        """The value."""
        return self.value(theta)

    def settled(self, theta):
        """The vector itself."""
        return theta

    def _point(self, theta):
        return JointPoint(self, theta)

    def n_effective(self, theta):
        """Number of parameters that the data determine, not their priors."""
        return float(np.sum(self._at(theta).determined))

    def parameters(self, theta):
        """Matrices, observables and intercepts."""
        return self.model.split(theta[: self.size].copy())

    def joint_factor(self, theta):
        """Matrix ``R`` with ``R.T @ R`` the inverse covariance of a PMM's parameters.

        Returns
        -------
        ndarray of shape (model.n_parameters, model.n_parameters)
        """
        return self._at(theta).triangle


class JointPoint:
    r"""What belongs to one vector of a `JointEvidence`.

    Parameters
    ----------
    evidence : JointEvidence
        Has the data.
    theta : ndarray of shape (n_parameters,)
        The vector.

    Attributes
    ----------
    coordinates : ndarray of shape (size,)
        Those of the model.
    precision : ndarray of shape (size,)
        Of their prior.
    potential, value : float
        ``U`` and ``L``.
    gradient : ndarray of shape (size,)
        Of ``U``, by the coordinates.
    triangle : ndarray of shape (size, size)
        Factor of ``B``.
    determined : ndarray of shape (n_matrices + n_scales,)
        How many parameters that share a variance the data determine.
    noise_counts : tuple of ndarray of shape (n_noises,)
        Observations that are left for the noise, and squares of residuals in its units.

    Raises
    ------
    numpy.linalg.LinAlgError
        If something is no finite number.
    """

    def __init__(self, evidence, theta):
        self.theta = theta
        self._evidence = evidence
        self.coordinates, variances = evidence.split(theta)
        self.precision = evidence.precision(variances)
        self._data = evidence.data.at(
            self.coordinates, variances.noise, evidence.threads
        )
        squares = self.precision @ self.coordinates**2
        prior = 0.5 * (squares - np.sum(np.log(self.precision)))
        self.potential = self._data.value + prior
        if not np.isfinite(self.potential):
            raise np.linalg.LinAlgError("The evidence is no finite number.")

    @cached_property
    def value(self):
        """The negative logarithm ``L``."""
        return float(self.potential + log_determinant(self.triangle))

    @property
    def triangle(self):
        """Factor of ``B``."""
        return self._factorised[0]

    @property
    def gradient(self):
        """That of ``U``."""
        return self._factorised[1] + self.precision * self.coordinates

    @cached_property
    def determined(self):
        """Numbers of parameters."""
        variances = self._data.variances(self.triangle)
        return self._evidence.by_group(1.0 - self.precision * variances)

    @cached_property
    def noise_counts(self):
        """Two numbers for each output."""
        return self._data.noise_counts(self.triangle)

    @cached_property
    def _factorised(self):
        return self._data.factorised(self.precision)
