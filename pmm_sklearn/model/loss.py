"""Losses: how far the outputs are from the targets."""

import numpy as np


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
    def residuals(outputs, targets, weight):
        """Residuals whose sum of squares is the value, and their derivative.

        Returns
        -------
        residuals : ndarray of shape (n_samples, n_outputs)
            ``sqrt(w) (z - y)``.
        slopes : ndarray of the shape of ``weight``
            ``d residual / d output``.
        """
        slopes = np.sqrt(weight)
        return slopes * (outputs - targets), slopes
