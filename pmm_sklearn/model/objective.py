"""The penalised loss of a model on data, as the solvers see it."""

import copy

import numpy as np

from ._chunks import chunks, shares
from .curvature import Curvature
from .equations import DualEquations, MatrixFreeEquations, NormalEquations
from .losses import WeightedLoss
from .penalty import RidgePenalty

# Numbers in the Jacobian of a chunk: 2 MB, which a cache holds.
_LARGEST_JACOBIAN = 2**18
# Rows for which the product of a Jacobian with itself is still efficient.
_FEWEST_ROWS = 256
# Numbers of a forward pass that are remembered: 32 MB.
_LARGEST_MEMORY = 2**22


class Objective:
    r"""Loss on data and a penalty, with first and second derivatives.

    .. math::

        f(\theta) = P(L(\theta), \|\theta'\|^2), \qquad
        L(\theta) = \sum_s w_s \ell(z_s, y_s) + S(\theta)

    where :math:`\theta'` are all parameters but the intercepts and `S` is an
    optional smoothness term, a sum of squares too.  Samples are visited in chunks,
    by several threads if asked for, and sums over samples are accumulated: no array
    grows with the number of samples, except that of the dual form, where residuals
    are few.

    Parameters
    ----------
    model : PMM or ImagePMM
        Structure of the model.
    loss : Loss
        Loss of single observations: `SquaredError`, `CrossEntropy`.
    X : ndarray of shape (n_samples, n_features)
        Features.
    y : ndarray of shape (n_samples, n_outputs)
        Targets.
    weight : ndarray of shape (n_samples, 1) or (n_samples, n_outputs)
        Non-negative weights of the squared residuals.
    penalty : Penalty
        The function ``P``: `RidgePenalty`, `NoisePenalty`.
    smoothness : EigenvectorOverlap, optional
        The term ``S``.
    inputs : sequence, optional
        Gives the inputs of the model for an array or slice of samples; by default
        they are computed at once.

    Attributes
    ----------
    jacobian_chunks : list of slice
        Chunks of samples whose Jacobians are small.
    threads : callable
        Calls a function for shares of the samples: see :meth:`PMM.predict`.  By default
        the builtin ``map``.  Sums do not depend on it.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import model as m
    >>> pmm = m.observable_pmm(1, 1, (2,), 1)
    >>> data = np.array([[0.0], [1.0]]), np.array([[1.0], [2.0]]), np.ones((2, 1))
    >>> objective = m.Objective(pmm, m.SquaredError(), *data, m.RidgePenalty(0.1))
    >>> float(objective.value(np.zeros(pmm.n_parameters)))
    5.0
    """

    def __init__(
        self, model, loss, X, y, weight, penalty, smoothness=None, inputs=None
    ):
        self.model = model
        self.loss = loss
        self.weighted_loss = WeightedLoss(loss)
        self.X = X
        self.y = y
        self.weight = weight
        self.penalty = penalty
        self.smoothness = smoothness
        self.threads = map
        self.n_parameters = model.n_parameters
        self.n_samples = len(X)
        self.n_residuals = y.size
        if smoothness is not None:
            self.n_residuals += smoothness.n_residuals
        self._inputs = model.inputs(X) if inputs is None else inputs
        # Without the Jacobian more samples fit into one pass; with the same chunks
        # for both, a forward pass that is remembered serves both.
        rows = max(_FEWEST_ROWS, _LARGEST_JACOBIAN // model.n_parameters)
        self.jacobian_chunks = chunks(len(X), model.n_outputs, rows)
        self.chunks = self.jacobian_chunks
        self._remembers = model.working_size * len(X) <= _LARGEST_MEMORY
        if not self._remembers:
            self.chunks = model.prediction_chunks(len(X))
        self._last = None

    def __getstate__(self):
        """Without the last forward pass, often far larger than the data."""
        return {**vars(self), "_last": None}

    @property
    def is_dual(self):
        """Whether steps are computed from the Jacobian itself."""
        return self.n_residuals < self.n_parameters

    def value(self, theta):
        """Value of the objective."""
        return self.penalty.total(*self.loss_and_norm(theta))

    def alpha(self, theta):
        """Weight of the squared norm against the loss of the data."""
        if isinstance(self.penalty, RidgePenalty):
            return self.penalty.alpha
        return self._alpha(*self.loss_and_norm(theta))

    def loss_and_norm(self, theta):
        """Loss of the data, and squared norm of the penalised parameters."""
        parameters = self.model.split(theta)

        def value(share):
            total = 0.0
            for chunk in share:
                outputs, _ = self.forward(theta, parameters, chunk)
                data = (outputs, self.y[chunk], self.weight[chunk])
                total += self.weighted_loss.value(*data)
            return (total,)

        (total,) = self._sum(value, self.chunks)
        if self.smoothness is not None:
            total += self.smoothness.value(self._primary_part(theta))
        penalised = self.model.without_intercepts(theta)
        return total, penalised @ penalised

    def with_threads(self, threads):
        """The same with another function that maps over shares of the samples."""
        other = copy.copy(self)
        other.threads = threads
        return other

    def with_penalty(self, penalty):
        """The same loss on the same data with another penalty."""
        other = copy.copy(self)
        other.penalty = penalty
        other._last = None
        return other

    def without_penalty(self):
        """The same loss on the same data alone."""
        return self.with_penalty(RidgePenalty(0.0))

    def data_only(self, weight):
        """The same data with other weights, and without the smoothness term."""
        data = self.X, self.y, weight
        other = Objective(
            self.model, self.loss, *data, self.penalty, inputs=self._inputs
        )
        other.threads = self.threads
        return other

    def value_and_gradient(self, theta):
        """Value of the objective and its gradient of shape (n_parameters,)."""
        return self._penalised(theta, *self._loss_and_gradient(theta))

    def _loss_and_gradient(self, theta):
        parameters = self.model.split(theta)

        def value_and_gradient(share):
            total, gradient = 0.0, np.zeros(self.n_parameters)
            for chunk in share:
                outputs, saved = self.forward(theta, parameters, chunk)
                data = (outputs, self.y[chunk], self.weight[chunk])
                total += self.weighted_loss.value(*data)
                cotangents = self.weighted_loss.gradient(*data)
                gradient += self.model.gradient(theta, saved, cotangents)
            return total, gradient

        total, gradient = self._sum(value_and_gradient, self.chunks)
        if self.smoothness is not None:
            value, slope = self.smoothness.value_and_gradient(self._primary_part(theta))
            total += value
            gradient[: len(slope)] += slope
        return total, gradient

    @property
    def total_weight(self):
        """Sum of all weights, by which the objective is a mean over samples."""
        return self.weight.sum()

    def sampled_gradient(self, theta, samples):
        """Estimate of the objective and of its gradient from some of the samples.

        Parameters
        ----------
        theta : ndarray of shape (n_parameters,)
            Parameters.
        samples : ndarray of int
            Which samples; they stand for all of them.

        Returns
        -------
        value : float
        gradient : ndarray of shape (n_parameters,)
        """
        factor = self.n_samples / len(samples)
        parameters = self.model.split(theta)
        outputs, saved = self.model.forward(parameters, self._inputs[samples])
        data = (outputs, self.y[samples], self.weight[samples])
        total = factor * self.weighted_loss.value(*data)
        cotangents = self.weighted_loss.gradient(*data)
        gradient = factor * self.model.gradient(theta, saved, cotangents)
        return self._penalised(theta, total, gradient)

    def _penalised(self, theta, total, gradient):
        """Value and gradient of the objective from those of the loss."""
        penalised = self.model.without_intercepts(theta)
        norm = penalised @ penalised
        data_slope, norm_slope = self.penalty.slopes(total, norm)
        gradient = data_slope * gradient + 2.0 * norm_slope * penalised
        return self.penalty.total(total, norm), gradient

    def quadratic_model(self, theta):
        r"""Gauss-Newton model of the objective around ``theta``.

        It is that of :math:`L + \alpha \|\theta'\|^2` with :meth:`alpha` at
        ``theta``, whose gradient is parallel to that of the objective.

        Returns
        -------
        NormalEquations or DualEquations
            The latter if residuals are fewer than parameters.
        """
        penalised = self.model.without_intercepts(theta)
        if self.is_dual:
            total, residuals, jacobian = self._stacked(theta)
            alpha = self._alpha(total, penalised @ penalised)
            return DualEquations(residuals, jacobian, alpha * penalised, alpha)

        def equations(share):
            return _normal_equations(self.blocks(theta, share))

        total, gradient, matrix = self._sum(equations, self.jacobian_chunks)
        if self.smoothness is not None:
            smoothness = _normal_equations([self._smoothness_block(theta)])
            total += smoothness[0]
            gradient += smoothness[1]
            matrix += smoothness[2]
        alpha = self._alpha(total, penalised @ penalised)
        return NormalEquations(matrix, gradient + alpha * penalised, alpha)

    def matrix_free_model(self, theta):
        """The same model as products with vectors, for many parameters.

        Returns
        -------
        MatrixFreeEquations
        """
        penalised = self.model.without_intercepts(theta)
        total, gradient = self._loss_and_gradient(theta)
        alpha = self._alpha(total, penalised @ penalised)
        gradient = 0.5 * gradient + alpha * penalised
        return MatrixFreeEquations(Curvature(self, theta), gradient, alpha)

    def residuals_and_jacobian(self, theta):
        """Residuals of shape (m,) and their Jacobian of shape (m, n_parameters).

        For problems of few residuals, which include those of the smoothness term.
        """
        return self._stacked(theta)[1:]

    def _stacked(self, theta):
        """Loss of the data, all residuals, and their Jacobian."""
        residuals = np.empty(self.n_residuals)
        jacobian = np.empty((self.n_parameters, self.n_residuals)).T
        total, start = 0.0, 0
        blocks = list(self.blocks(theta, self.jacobian_chunks))
        if self.smoothness is not None:
            blocks.append(self._smoothness_block(theta))
        for value, block_residuals, block_jacobian in blocks:
            total += value
            rows = slice(start, start + len(block_residuals))
            residuals[rows], jacobian[rows] = block_residuals, block_jacobian
            start = rows.stop
        return total, residuals, jacobian

    def _sum(self, function, chunks):
        """Sums of what a function returns for shares of the samples."""
        sums = None
        for part in self.threads(function, shares(chunks)):
            sums = (
                part
                if sums is None
                else [a + b for a, b in zip(sums, part, strict=True)]
            )
        return sums

    def blocks(self, theta, share):
        """Loss, residuals and their Jacobian, chunk by chunk.

        Parameters
        ----------
        theta : ndarray of shape (n_parameters,)
            Parameters.
        share : list of slice
            Chunks of samples, some of `jacobian_chunks`.

        Yields
        ------
        loss : float
        residuals : ndarray of shape (n_outputs * n_samples,)
            All samples of one output, then those of the next.
        jacobian : ndarray of shape (n_outputs * n_samples, n_parameters)
        """
        parameters = self.model.split(theta)
        for chunk in share:
            outputs, saved = self.forward(theta, parameters, chunk)
            data = (outputs, self.y[chunk], self.weight[chunk])
            value = self.weighted_loss.value(*data)
            jacobian = self.model.jacobian(theta, saved)
            residuals, jacobian = self.weighted_loss.linearised(*data, jacobian)
            rows = jacobian.T.reshape(self.n_parameters, -1).T
            yield value, residuals.T.ravel(), rows

    def _primary_part(self, theta):
        """Coordinates of the primary matrices."""
        return theta[: self.model.primary.size]

    def _smoothness_block(self, theta):
        """The smoothness term, its residuals and their Jacobian."""
        residuals, slopes = self.smoothness.residuals_and_jacobian(
            self._primary_part(theta)
        )
        jacobian = np.zeros((self.n_parameters, len(residuals))).T
        jacobian[:, : slopes.shape[1]] = slopes
        return residuals @ residuals, residuals, jacobian

    def _alpha(self, total, norm):
        data_slope, norm_slope = self.penalty.slopes(total, norm)
        return norm_slope / data_slope

    def forward(self, theta, parameters, chunk):
        """Forward pass, remembered for the last point if samples are few."""
        if not self._remembers:
            return self.model.forward(parameters, self._inputs[chunk])
        # A local name: several threads may train on the same objective.
        last = self._last
        if last is None or not np.array_equal(last[0], theta):
            last = self._last = (theta.copy(), {})
        passes = last[1]
        if chunk.start not in passes:
            passes[chunk.start] = self.model.forward(parameters, self._inputs[chunk])
        return passes[chunk.start]


def _normal_equations(blocks):
    """Sums of the loss, J^T r and J^T J over blocks of rows."""
    total, gradient, matrix = 0.0, 0.0, None
    for value, residuals, jacobian in blocks:
        total += value
        gradient = gradient + jacobian.T @ residuals
        if matrix is None:
            matrix = jacobian.T @ jacobian
            product = np.empty_like(matrix)
        else:
            # Unlike SciPy's dsyrk, this lets other threads run.
            matrix += np.matmul(jacobian.T, jacobian, out=product)
    return total, gradient, matrix
