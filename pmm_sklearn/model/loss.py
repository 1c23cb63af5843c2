"""Losses: how far the outputs are from the targets."""

import numpy as np


class SquaredError:
    r"""Weighted sum of squares, :math:`\sum_s w_s \sum_k (z_{sk} - y_{sk})^2`.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import SquaredError
    >>> z, y = np.array([[1.0], [2.0]]), np.array([[0.0], [2.0]])
    >>> float(SquaredError().value(z, y, np.array([3.0, 1.0])))
    3.0
    """

    @staticmethod
    def value(outputs, targets, sample_weight):
        """Loss of all samples together.

        Parameters
        ----------
        outputs, targets : ndarray of shape (n_samples, n_outputs)
            Outputs of the model and what they should be.
        sample_weight : ndarray of shape (n_samples,)
            Non-negative weights.

        Returns
        -------
        float
        """
        return sample_weight @ np.sum((outputs - targets) ** 2, axis=1)

    @staticmethod
    def gradient(outputs, targets, sample_weight):
        """Derivative of the value with respect to the outputs."""
        return 2.0 * sample_weight[:, np.newaxis] * (outputs - targets)

    @staticmethod
    def residuals(outputs, targets, sample_weight):
        """Residuals whose sum of squares is the value, and their derivative.

        Returns
        -------
        residuals : ndarray of shape (n_samples, n_outputs)
            ``sqrt(w) (z - y)``.
        slopes : ndarray of shape (n_samples,)
            ``d residual / d output``, the same for all outputs of a sample.
        """
        slopes = np.sqrt(sample_weight)
        return slopes[:, np.newaxis] * (outputs - targets), slopes
