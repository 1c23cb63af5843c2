"""Losses: how far the outputs are from the targets."""

import numpy as np
from scipy.special import expit, logsumexp, softmax

# Roots of smaller ones would underflow.
_LEAST_PROBABILITY = 1e-280
# Of the observations that a fit leaves free: only rounding errors are smaller.
_LEAST_FREE = 1e-10


class SquaredError:
    r"""Weighted sum of squares, :math:`\sum_{sk} w_{sk} (z_{sk} - y_{sk})^2`.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import SquaredError
    >>> z, y = np.array([[1.0], [2.0]]), np.array([[0.0], [2.0]])
    >>> float(SquaredError().value(z, y, np.array([[3.0], [1.0]])))
    3.0
    """

    @staticmethod
    def value(outputs, targets, weight):
        """Loss of all samples together.

        Parameters
        ----------
        outputs, targets : ndarray of shape (n_samples, n_outputs)
            Outputs of the model and what they should be.
        weight : ndarray of shape (n_samples, 1) or (n_samples, n_outputs)
            Non-negative weights of the squares.

        Returns
        -------
        float
        """
        return np.sum(weight * (outputs - targets) ** 2)

    @staticmethod
    def gradient(outputs, targets, weight):
        """Derivative of the value with respect to the outputs."""
        return 2.0 * weight * (outputs - targets)

    @staticmethod
    def curvature(outputs, targets, weight, tangents):
        """Half the second derivative with respect to the outputs, times tangents."""
        return weight * tangents

    @staticmethod
    def linearised(outputs, targets, weight, jacobian):
        """Residuals and their Jacobian, as of a sum of squares.

        Parameters
        ----------
        outputs, targets, weight : ndarray
            As for :meth:`value`.
        jacobian : ndarray of shape (n_samples, n_outputs, n_parameters)
            Derivatives of the outputs; overwritten.

        Returns
        -------
        residuals : ndarray of shape (n_samples, n_outputs)
            ``r = sqrt(w) (z - y)``, whose sum of squares is the value.
        jacobian : ndarray of shape (n_samples, n_outputs, n_parameters)
            ``J``, the derivatives of ``r``.
        """
        slopes = np.broadcast_to(np.sqrt(weight), outputs.shape)
        jacobian *= slopes[:, :, np.newaxis]
        return slopes * (outputs - targets), jacobian

    @staticmethod
    def expected(value, targets, weight, n_effective):
        r"""Mean loss of new observations, by generalised cross-validation.

        It is :math:`(L / m) / (1 - \gamma / m)^2` for :math:`m` observations: a fit
        that is linear in its parameters leaves them, on average, a share
        :math:`1 - \gamma / m` of the residuals that they would have if they were new.

        Parameters
        ----------
        value : float
            The loss ``L`` of all samples together.
        targets, weight : ndarray
            As for :meth:`value`; a weight is a number of observations.
        n_effective : float
            The number ``gamma`` of parameters that the data determine.

        Returns
        -------
        float
            Of an interpolating fit, a ratio of two small numbers, which says little.
            Infinite for more parameters than observations, as with weights in other
            units.
        """
        n_observations = np.broadcast_to(weight, targets.shape).sum()
        free = 1.0 - n_effective / n_observations
        if free < -_LEAST_FREE:
            return np.inf
        return value / n_observations / max(free, _LEAST_FREE) ** 2


class CrossEntropy:
    r"""Negative log-likelihood of classes, :math:`-\sum_s w_s \ln p_{s y_s}`.

    With several outputs :math:`p = \operatorname{softmax}(z)`, one for each class.
    With a single output, for two classes, :math:`p = 1 / (1 + e^{-z})` is the
    probability of the second.  A softmax over two outputs would depend on their
    difference only.

    Parameters
    ----------
    unit : float, default=1.0
        Logits are the outputs times this.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import CrossEntropy
    >>> z, y = np.array([[0.0], [1e6]]), np.array([[1.0], [1.0]])
    >>> round(float(CrossEntropy().value(z, y, np.ones((2, 1)))), 6)  # ln 2
    0.693147
    """

    def __init__(self, unit=1.0):
        self.unit = unit

    def probabilities(self, outputs):
        """Probabilities of shape (n_samples, n_outputs)."""
        logits = self.unit * outputs
        return expit(logits) if outputs.shape[1] == 1 else softmax(logits, axis=1)

    def value(self, outputs, targets, weight):
        """Loss of all samples together.

        Parameters
        ----------
        outputs : ndarray of shape (n_samples, n_outputs)
            Outputs of the model, logits in units of `unit`.
        targets : ndarray of shape (n_samples, n_outputs)
            1 for the class of the sample, else 0.
        weight : ndarray of shape (n_samples, 1)
            Non-negative weights.

        Returns
        -------
        float
        """
        logits = self.unit * outputs
        if outputs.shape[1] == 1:
            losses = np.logaddexp(0.0, logits) - targets * logits
        else:
            normalisation = logsumexp(logits, axis=1, keepdims=True)
            losses = np.sum(targets * (normalisation - logits), axis=1, keepdims=True)
        return np.sum(weight * losses)

    def gradient(self, outputs, targets, weight):
        """Derivative of the value with respect to the outputs."""
        return self.unit * weight * (self.probabilities(outputs) - targets)

    def curvature(self, outputs, targets, weight, tangents):
        """Half the second derivative with respect to the outputs, times tangents."""
        p = self.probabilities(outputs)
        if outputs.shape[1] == 1:
            product = p * self.probabilities(-outputs) * tangents
        else:
            product = p * (tangents - np.sum(p * tangents, axis=1, keepdims=True))
        return 0.5 * self.unit**2 * weight * product

    @staticmethod
    def expected(value, targets, weight, n_effective):
        r"""Mean loss of new samples: :math:`(L + \gamma \max(1, \ln \ln m)) / m`.

        The criterion of Hannan and Quinn, with its constant at the least.  Akaike's,
        without the logarithms, promises too much where classes are separated, and
        predictions all but certain.

        Parameters
        ----------
        value : float
            The loss ``L`` of all samples together.
        targets, weight : ndarray
            As for :meth:`value`; a weight is a number of samples.
        n_effective : float
            The number ``gamma`` of parameters that the data determine.

        Returns
        -------
        float
        """
        n_samples = weight.sum()
        factor = np.log(max(np.log(max(n_samples, 1.0)), np.e))
        return (value + factor * n_effective) / n_samples

    def linearised(self, outputs, targets, weight, jacobian):
        r"""Residuals and Jacobian of a sum of squares with the same derivatives.

        Its gradient is that of the loss, and its Gauss-Newton matrix the
        generalised one, :math:`J^T (\operatorname{diag}(p) - p p^T) J`: the factor
        :math:`\operatorname{diag}(\sqrt p) - \sqrt p\, p^T` times ``J``.

        Parameters
        ----------
        outputs, targets, weight : ndarray
            As for :meth:`value`.
        jacobian : ndarray of shape (n_samples, n_outputs, n_parameters)
            Derivatives of the outputs; overwritten.

        Returns
        -------
        residuals : ndarray of shape (n_samples, n_outputs)
        jacobian : ndarray of shape (n_samples, n_outputs, n_parameters)
        """
        p = np.clip(self.probabilities(outputs), _LEAST_PROBABILITY, None)
        if outputs.shape[1] == 1:
            q = np.clip(self.probabilities(-outputs), _LEAST_PROBABILITY, None)
            roots = np.sqrt(p * q)
            residuals = np.where(targets == 1, -q, p) / roots
        else:
            roots = np.sqrt(p)
            residuals = roots - targets / roots
            mean = np.einsum("sk,skp->sp", p, jacobian)
            jacobian -= mean[:, np.newaxis]
        # The value of a sum of squares has no factor 1/2, its Hessian has a factor 2.
        scale = np.sqrt(0.5 * weight)
        slopes = self.unit * scale * roots
        jacobian *= slopes[:, :, np.newaxis]
        return scale * residuals, jacobian
