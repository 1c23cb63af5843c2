"""Squares of residuals."""

import numpy as np


class SquaredError:
    r"""Squares :math:`(z_{sk} - y_{sk})^2`.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import SquaredError
    >>> SquaredError().value(np.array([[1.0], [2.0]]), np.array([[0.0], [2.0]]))
    array([[1.],
           [0.]])
    """

    @staticmethod
    def value(outputs, targets):
        """Squares of the differences."""
        return (outputs - targets) ** 2

    @staticmethod
    def slope(outputs, targets):
        """Twice the differences."""
        return 2.0 * (outputs - targets)

    @staticmethod
    def curvature(outputs, targets):
        """One."""
        return np.ones_like(outputs)

    @staticmethod
    def coupling(outputs):
        """None: each output has a square of its own."""
        return None
