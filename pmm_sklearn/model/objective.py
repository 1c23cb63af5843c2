"""The penalised loss of a model on data, as the solvers see it."""

import numpy as np
import scipy.linalg

from ._chunks import chunks


class Objective:
    r"""Loss on data and a penalty, with first and second derivatives.

    .. math::

        f(\theta) = P(L(\theta), \|\theta'\|^2), \qquad
        L(\theta) = \sum_s w_s \sum_k (z_{sk} - y_{sk})^2

    where :math:`\theta'` are all parameters but the intercepts.  Samples are
    visited in chunks, and sums over samples are accumulated: no array grows with
    the number of samples.

    Parameters
    ----------
    model : PMM
        Structure of the model.
    loss : SquaredError
        Loss of the outputs.
    X : ndarray of shape (n_samples, n_features)
        Features.
    y : ndarray of shape (n_samples, n_outputs)
        Targets.
    sample_weight : ndarray of shape (n_samples,)
        Non-negative weights.
    penalty : RidgePenalty or NoisePenalty
        The function ``P``.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import PMM, Objective, RidgePenalty, SquaredError
    >>> data = np.array([[0.0], [1.0]]), np.array([[1.0], [2.0]]), np.ones(2)
    >>> model = PMM(1, 1, (2,), 1)
    >>> objective = Objective(model, SquaredError(), *data, RidgePenalty(0.1))
    >>> float(objective.value(np.zeros(model.n_parameters)))
    5.0
    """

    def __init__(self, model, loss, X, y, sample_weight, penalty):
        self.model = model
        self.loss = loss
        self.X = X
        self.y = y
        self.sample_weight = sample_weight
        self.penalty = penalty
        self.n_parameters = model.n_parameters
        self.n_residuals = y.size
        self._chunks = chunks(len(X), model.n_outputs * model.n_parameters)
        self._last = None

    def value(self, theta):
        """Value of the objective."""
        return self.penalty.total(*self._loss_and_norm(theta))

    def alpha(self, theta):
        """Weight of the squared norm against the loss of the data."""
        data_slope, norm_slope = self.penalty.slopes(*self._loss_and_norm(theta))
        return norm_slope / data_slope

    def value_and_gradient(self, theta):
        """Value of the objective and its gradient of shape (n_parameters,)."""
        parameters = self.model.split(theta)
        penalised = self.model.penalised(theta)
        total, gradient = 0.0, np.zeros(self.n_parameters)
        for chunk in self._chunks:
            outputs, saved = self._forward(theta, parameters, chunk)
            data = (outputs, self.y[chunk], self.sample_weight[chunk])
            total += self.loss.value(*data)
            cotangents = self.loss.gradient(*data)
            gradient += self.model.gradient(saved, self.X[chunk], cotangents)
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
        parameters = self.model.split(theta)
        alpha = self.alpha(theta)
        penalised = alpha * self.model.penalised(theta)
        if self.n_residuals < self.n_parameters:
            pieces = [
                self._residuals_and_jacobian(theta, parameters, chunk)
                for chunk in self._chunks
            ]
            residuals, jacobian = (np.concatenate(p) for p in zip(*pieces, strict=True))
            return DualEquations(residuals, jacobian, penalised, alpha)
        matrix = np.zeros((self.n_parameters, self.n_parameters))
        gradient = penalised
        for chunk in self._chunks:
            residuals, jacobian = self._residuals_and_jacobian(theta, parameters, chunk)
            matrix += jacobian.T @ jacobian
            gradient += jacobian.T @ residuals
        return NormalEquations(matrix, gradient, alpha)

    def residuals_and_jacobian(self, theta):
        """Residuals of shape (m,) and their Jacobian of shape (m, n_parameters).

        For tests and small problems: ``m = n_samples * n_outputs``.
        """
        parameters = self.model.split(theta)
        return self._residuals_and_jacobian(theta, parameters, slice(None))

    def _residuals_and_jacobian(self, theta, parameters, chunk):
        outputs, saved = self._forward(theta, parameters, chunk)
        jacobian = self.model.jacobian(saved, self.X[chunk])
        residuals, slopes = self.loss.residuals(
            outputs, self.y[chunk], self.sample_weight[chunk]
        )
        jacobian *= slopes[:, np.newaxis, np.newaxis]
        return residuals.ravel(), jacobian.reshape(-1, self.n_parameters)

    def _loss_and_norm(self, theta):
        parameters = self.model.split(theta)
        total = 0.0
        for chunk in self._chunks:
            outputs, _ = self._forward(theta, parameters, chunk)
            total += self.loss.value(outputs, self.y[chunk], self.sample_weight[chunk])
        penalised = self.model.penalised(theta)
        return total, penalised @ penalised

    def _forward(self, theta, parameters, chunk):
        """Forward pass, remembered for the last point if there is one chunk."""
        if len(self._chunks) > 1:
            return self.model.forward(parameters, self.X[chunk])
        # A local name: several threads may train on the same objective.
        last = self._last
        if last is None or not np.array_equal(last[0], theta):
            last = self._last = (theta.copy(), self.model.forward(parameters, self.X))
        return last[1]


class NormalEquations:
    r"""Gauss-Newton model as :math:`A = J^T J`, :math:`g = J^T r + \alpha\theta'`.

    Parameters
    ----------
    matrix : ndarray of shape (n_parameters, n_parameters)
        ``A``.
    gradient : ndarray of shape (n_parameters,)
        ``g``, half the gradient of the objective.
    alpha : float
        Weight of the penalty.
    """

    def __init__(self, matrix, gradient, alpha):
        self.matrix = matrix
        self.gradient = gradient
        self.alpha = alpha
        self.scale = np.trace(matrix) / len(matrix)

    def step(self, damping):
        r"""Damped step, :math:`-(A + (\alpha + \mu) I)^{-1} g`.

        Raises
        ------
        numpy.linalg.LinAlgError
            If the damped matrix is not positive definite in floating point.
        """
        damped = self.matrix.copy()
        damped[np.diag_indices_from(damped)] += self.alpha + damping
        return -_solve_positive_definite(damped, self.gradient)


class DualEquations:
    r"""The same model held as ``J`` and ``r``, for few residuals.

    The step is that of :class:`NormalEquations`, rearranged so that a system of
    the size of the residuals is solved:
    :math:`\delta = -u - J^T (J J^T + D I)^{-1} (r - J u)` with
    :math:`D = \alpha + \mu`, :math:`u = \alpha \theta' / D`.

    Parameters
    ----------
    residuals : ndarray of shape (m,)
        ``r``.
    jacobian : ndarray of shape (m, n_parameters)
        ``J``.
    penalised : ndarray of shape (n_parameters,)
        Penalty's half gradient, ``alpha * theta'``.
    alpha : float
        Weight of the penalty.
    """

    def __init__(self, residuals, jacobian, penalised, alpha):
        self.residuals = residuals
        self.jacobian = jacobian
        self.penalised = penalised
        self.alpha = alpha
        self.gram = jacobian @ jacobian.T
        self.gradient = jacobian.T @ residuals + penalised
        self.scale = np.trace(self.gram) / jacobian.shape[1]

    def step(self, damping):
        """Damped step; raises as :meth:`NormalEquations.step`."""
        shift = self.alpha + damping
        offset = self.penalised / shift
        damped = self.gram.copy()
        damped[np.diag_indices_from(damped)] += shift
        right = self.residuals - self.jacobian @ offset
        return -offset - self.jacobian.T @ _solve_positive_definite(damped, right)


def _solve_positive_definite(matrix, right):
    factor = scipy.linalg.cho_factor(
        matrix, lower=True, overwrite_a=True, check_finite=False
    )
    return scipy.linalg.cho_solve(factor, right, check_finite=False)
