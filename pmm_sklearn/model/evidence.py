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

Derivatives of the targets by the features are further rows ``s`` of all that follows,
with a noise of their own: see :mod:`.rows`.

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

from functools import partial

import numpy as np

from ._chunks import chunks, shares
from .evidence_base import Evidence
from .evidence_gradient import EvidenceGradient, PotentialGradient
from .evidence_point import EvidencePoint
from .pmm import Parameters
from .rows import DerivativeRows, LazyPasses, Pass, ValueRows
from .triangles import triangle_operations

# Numbers in the derivatives of a chunk, and in the eigensystems that are remembered.
_LARGEST_CHUNK = 2**18
_LARGEST_MEMORY = 2**22
# Operations that a `RowSpace` has to save, for it takes some of its own.
_MANY_TIMES = 8
# An intercept is certain: a multiple of one among the observables replaces it.
_INTERCEPT_PRECISION = 1e24


class MarginalEvidence(Evidence):
    """Evidence with observables integrated out.  Abstract.

    Attributes
    ----------
    X, squared_errors, n_features, n_columns, chunks, is_wide, remembers
        See `EvidenceObjective`.
    """

    has_slope = True

    def _prepare_data(self, X, errors, derivatives=None):
        """Set the attributes of features and chunks."""
        size = self.size
        self.X = X
        self.squared_errors = 0.0 if errors is None else errors**2
        self.n_features = self.model.readout.n_features
        self.n_columns = self.n_features + size
        # By observations: weights shall not make another model than repetitions.
        number = self.n_observed
        full = triangle_operations(number, self.n_columns)
        reduced = triangle_operations(number, self.n_features + number)
        # With a basis, and what is lifted from it.
        reduced += 8 * size * number**2
        is_cheap = reduced * _MANY_TIMES < full and number < size
        self.is_wide = is_cheap and number * size <= _LARGEST_MEMORY
        self.operations = reduced if self.is_wide else full
        kinds = [ValueRows(self.model, X)]
        if derivatives is not None:
            kinds.append(DerivativeRows(self.model, X, derivatives))
        self.chunks = [
            (chunk, rows) for rows in kinds for chunk in _slices(rows, self.n_columns)
        ]
        n_points = sum(rows.n_points * len(rows) for rows in kinds)
        numbers = self.model.working_size * n_points
        numbers += self.n_outputs * size * self.n_rows
        self.remembers = numbers <= _LARGEST_MEMORY

    def _completed(self, coordinates, random_state):
        """Observables follow from the matrices."""
        return coordinates

    def value_and_gradient(self, theta):
        """The value, and its gradient by coordinates and logarithms of variances."""
        point = self._at(theta)
        return point.value, EvidenceGradient(self, point).vector

    def in_turn(self, theta):
        """Matrices at their most probable, given the variances, and these: `InTurn`."""
        point = self._at(theta)
        gradient = PotentialGradient(self, point)
        equations = partial(point.space.equations, point.triangle)
        return self._in_turn(theta, equations, gradient.vector, gradient.numbers)

    def passes(self, coordinates):
        """Features and eigensystems of all chunks, kept if samples are few."""
        matrices = self.model.primary.split(coordinates)

        def features(task):
            chunk, rows = task
            inputs = rows.inputs(chunk)
            assembled, saved = self.model.primary.forward(matrices, inputs)
            system = self.model.diagonalised(assembled, saved)
            features = rows.of_points(self.model.readout.features(system))
            return Pass(chunk, rows, assembled, saved, system, features)

        if self.remembers:
            return [features(task) for task in self.chunks]
        return LazyPasses(features, self.chunks)

    def map_shares(self, function, passes):
        """Results of a function for shares of the passes, in order."""
        return self.threads(function, shares(passes))

    def n_effective(self, theta):
        """Number of parameters that the data determine, not their priors."""
        return float(np.sum(EvidenceGradient(self, self._at(theta)).used))

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
            joint[rows, : self.size] = point.space.mixed(output.mixed)
            joint[rows, own] = output.own
        rows = slice(self.n_outputs * self.n_features, size - self.n_outputs)
        joint[rows, : self.size] = point.space.factor(point.triangle)
        intercepts = np.arange(size - self.n_outputs, size)
        joint[intercepts, intercepts] = np.sqrt(_INTERCEPT_PRECISION)
        return joint


class EvidenceObjective(MarginalEvidence):
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
    is_far : bool, default=True
        Whether starts may be far from a maximum: see :meth:`in_turn`.
    derivatives : DerivativeData, optional
        Of the targets by the features.

    Attributes
    ----------
    n_parameters : int
        Length of the vector.
    n_samples, n_rows, n_residuals : int
        Numbers of samples, of these with derivatives, and of all targets of them.
    operations : float
        About how many multiplications a factor takes.
    n_columns : int
        Numbers in the derivatives of one target.
    is_wide : bool
        Whether parameters are so many that targets say nothing of most: `RowSpace`.
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
        self,
        model,
        X,
        y,
        weight,
        errors=None,
        learns_noise=True,
        threads=map,
        is_far=True,
        derivatives=None,
    ):
        size = model.primary.size
        self._prepare(model, y, weight, size, learns_noise, threads, is_far)
        self.derivatives = derivatives
        if derivatives is not None:
            errors = self._add_derivatives(derivatives, errors)
        self._prepare_data(X, errors, derivatives)

    def _add_derivatives(self, derivatives, errors):
        """Take them for further targets; returns known errors of all."""
        both = [errors, derivatives.errors]
        if any(own is not None for own in both):
            shapes = self.y.shape, derivatives.y.shape
            errors = np.concatenate(
                [
                    np.zeros(shape) if own is None else own
                    for own, shape in zip(both, shapes, strict=True)
                ]
            )
        weight = np.broadcast_to(self.weight, self.y.shape)
        self.y = np.concatenate([self.y, derivatives.y])
        self.weight = np.concatenate([weight, derivatives.weight])
        self.n_rows, self.n_residuals = len(self.y), self.y.size
        self.n_observed += float(derivatives.weight.sum())
        self._count_variances(self.n_outputs, 2 * self.n_outputs)
        self.is_learned[self.n_outputs :] = derivatives.learns_noise
        self.noise_units[self.n_outputs :] = derivatives.units
        return errors

    def quadratic_model(self, theta):
        """Model of ``L`` around a point: Gauss-Newton, and steps of the variances.

        Returns
        -------
        EvidenceEquations
        """
        point = self._at(theta)
        gradient = EvidenceGradient(self, point)
        of_matrices, of_variances = np.split(gradient.vector, [self.size])
        steps = self._variance_steps(theta, of_variances, gradient.numbers)
        return point.space.equations(point.triangle, of_matrices, steps)

    def judged(self, theta):
        """The value."""
        return self.value(theta)

    def settled(self, theta):
        """The vector itself."""
        return theta

    def _point(self, theta):
        return EvidencePoint(self, theta)


def _slices(rows, n_columns):
    """Chunks of the rows of one kind, counted from the first of all rows."""
    first, end = rows.first, rows.first + len(rows)
    parts = chunks(len(rows), rows.n_points * n_columns, _LARGEST_CHUNK)
    return [slice(first + part.start, min(first + part.stop, end)) for part in parts]
