r"""The evidence of a model whose outputs are not linear in its observables.

Observables cannot be eliminated then, as in :mod:`.evidence`: matrices and observables
:math:`\theta` together are integrated out in Laplace's approximation,

.. math::

    L = U + \tfrac12 \ln |B| , \qquad
    U = \tfrac12 \sum_{sk} c_{sk}^2 \rho_{sk}^2 + \tfrac12 \sum_i \theta_i^2 / v_i
        - \sum_{sk} \ln c_{sk} + \tfrac12 \sum_i \ln v_i ,

with the variances ``v`` of the priors of all coordinates, :math:`1 / c^2 = e^2 +
\sigma^2`, and the Gauss-Newton matrix

.. math::

    B = \sum_{sk} c_{sk}^2 j_{sk} j_{sk}^T + \operatorname{diag}(1 / v) .

The slope of its determinant would take third derivatives: :math:`\theta` minimises
``U`` instead, and variances are at the fixed points of MacKay.  That of the
observables is fixed at 1: matrices and observables have a scale to spare, along which
these fixed points would drift.
"""

from functools import cached_property

import numpy as np

from ._chunks import shares
from .evidence_base import Evidence
from .losses import SquaredError
from .objective import Objective
from .penalty import RidgePenalty
from .triangles import absorbed, inverse_root, log_determinant, solve_transposed

_LN_2_PI = np.log(2 * np.pi)
# Of the prior of intercepts: large against the targets, which are standardised.
_INTERCEPT_VARIANCE = 10.0


class JointEvidence(Evidence):
    r"""Negative logarithm of the evidence, a function of parameters and variances.

    Parameters are one vector: coordinates of the model, intercepts included, then the
    logarithms of the variances.

    Parameters
    ----------
    model : PMM
        With offsets ``D_l`` of its primary matrices.
    X, y, weight, errors, learns_noise, threads, is_far
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
    >>> evidence = m.JointEvidence(pmm, X, X**2, np.ones((20, 1)))
    >>> theta = evidence.initial(np.random.RandomState(0))
    >>> len(theta) == pmm.n_parameters + 4  # of two matrices, observables and noise
    True
    >>> bool(evidence.in_turn(theta).potential == evidence.potential(theta))
    True
    """

    has_slope = False

    def __init__(
        self,
        model,
        X,
        y,
        weight,
        errors=None,
        learns_noise=True,
        threads=map,
        is_far=True,
    ):
        size = model.n_parameters
        self._prepare(model, y, weight, size, learns_noise, threads, is_far)
        self.X = X
        self.n_columns = size
        self.squared_errors = np.zeros_like(y) if errors is None else errors**2
        penalty = RidgePenalty(0.0)
        self._data = Objective(model, SquaredError(), X, y, weight, penalty)
        self.n_features = model.readout.n_features
        # Of the variance of each coordinate; the intercepts have the last.
        of_observables = np.repeat(np.arange(self.n_outputs), self.n_features)
        self._group_of = np.concatenate(
            [
                self.block_of,
                self.n_matrices + of_observables,
                np.full(self.n_outputs, self.n_matrices + self.n_outputs),
            ]
        )

    def precision(self, variances):
        """That of the prior of each coordinate."""
        groups = [*variances.matrices, *variances.observables, _INTERCEPT_VARIANCE]
        return 1.0 / np.array(groups)[self._group_of]

    def by_group(self, numbers):
        """Sums over the coordinates that share a variance, but for intercepts."""
        return np.bincount(self._group_of, numbers)[:-1]

    def data_of(self, noise):
        """Sum of squares in units of the noise, of shape (n_samples, n_outputs)."""
        data = self._data.data_only(self.weight / noise)
        return data.with_threads(self.threads)

    def in_turn(self, theta):
        """Parameters at their most probable, given variances, and these: `InTurn`."""
        point = self._at(theta)
        left, squares = point.noise_counts
        numbers = np.concatenate([point.determined, left])
        found = self.by_group(point.coordinates**2 * point.precision)
        slopes = 0.5 * (numbers - np.concatenate([found, squares]))
        slopes[self.n_matrices : -self.n_outputs] = 0.0
        gradient = np.concatenate([point.gradient, slopes])
        return self._in_turn(theta, point.triangle, point.precision, gradient, numbers)

    def _completed(self, coordinates, random_state):
        """With observables of their prior; outputs begin at their mean, zero."""
        readout = self.model.readout.initial(random_state)
        return np.concatenate([coordinates, readout])

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
    determined : ndarray of shape (n_matrices + n_outputs,)
        How many parameters that share a variance the data determine.
    noise_counts : tuple of ndarray of shape (n_outputs,)
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
        self._noise = np.maximum(evidence.squared_errors + variances.noise, 1e-300)
        self._share = variances.noise / self._noise
        self.precision = evidence.precision(variances)
        self._data = evidence.data_of(self._noise)
        chi_square, _ = self._data.loss_and_norm(self.coordinates)
        squares = chi_square + self.precision @ self.coordinates**2
        logarithms = np.sum(evidence.weight * (np.log(self._noise) + _LN_2_PI))
        self.potential = 0.5 * (squares + logarithms - np.sum(np.log(self.precision)))
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
        variances = np.sum(inverse_root(self.triangle) ** 2, axis=1)
        return self._evidence.by_group(1.0 - self.precision * variances)

    @cached_property
    def noise_counts(self):
        """Two numbers for each output."""
        sums = 0.0
        for part in self._map_shares(self._counts):
            sums = sums + part
        return sums

    @cached_property
    def _factorised(self):
        size = self._evidence.size

        def factorise(blocks):
            triangle, gradient = np.zeros((size, size), order="F"), np.zeros(size)
            for _, (_, residuals, rows) in blocks:
                gradient += rows.T @ residuals
                triangle = absorbed(triangle, np.asfortranarray(rows))
            return triangle, gradient

        triangle, gradient = np.diag(np.sqrt(self.precision)), 0.0
        for part, slope in self._map_shares(factorise):
            triangle, gradient = absorbed(triangle, part), gradient + slope
        return triangle, gradient

    def _counts(self, blocks):
        """Of some samples: observations left, and squares, of each output."""
        sums = np.zeros((2, self._evidence.n_outputs))
        for chunk, (_, residuals, rows) in blocks:
            # Rows are those of all samples of one output, then of the next.
            leverage = np.sum(solve_transposed(self.triangle, rows.T) ** 2, axis=0)
            shape = self._evidence.n_outputs, -1
            share, weight = self._share[chunk].T, self._evidence.weight[chunk, 0]
            sums[0] += np.sum(share * (weight - leverage.reshape(shape)), axis=1)
            sums[1] += np.sum(share * (residuals**2).reshape(shape), axis=1)
        return sums

    def _map_shares(self, function):
        """Results of a function of chunks of samples and their residuals and rows."""

        def of_share(share):
            blocks = self._data.blocks(self.coordinates, share)
            return function(zip(share, blocks, strict=True))

        return self._evidence.threads(of_share, shares(self._data.jacobian_chunks))
