"""Squares of residuals."""

import numpy as np

# Of the observations that a fit leaves free: only rounding errors are smaller.
_LEAST_FREE = 1e-10


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
            Targets, and numbers of observations that each of them is.
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
