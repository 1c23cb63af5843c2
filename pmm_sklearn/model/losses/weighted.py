"""What training needs of a loss: weighted sums, and sums of squares like them."""

import numpy as np

# Roots of smaller curvatures would underflow.
_LEAST_CURVATURE = 1e-280


class WeightedLoss:
    """Weighted sum of the losses of all observations.

    Parameters
    ----------
    loss : Loss
        Loss of single observations.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import SquaredError, WeightedLoss
    >>> z, y = np.array([[1.0], [2.0]]), np.array([[0.0], [2.0]])
    >>> float(WeightedLoss(SquaredError()).value(z, y, np.array([[3.0], [1.0]])))
    3.0
    """

    def __init__(self, loss):
        self._loss = loss

    def value(self, outputs, targets, weight):
        """Loss of all observations together.

        Parameters
        ----------
        outputs, targets : ndarray of shape (n_samples, n_outputs)
            Outputs of the model and what they should be.
        weight : ndarray of shape (n_samples, 1) or (n_samples, n_outputs)
            Non-negative weights; one for each sample if outputs are coupled.

        Returns
        -------
        float
        """
        return np.sum(weight * self._loss.value(outputs, targets))

    def gradient(self, outputs, targets, weight):
        """Derivative of the value with respect to the outputs."""
        return weight * self._loss.slope(outputs, targets)

    def curvature(self, outputs, targets, weight, tangents):
        """Half the second derivative with respect to the outputs, times tangents."""
        coupling = self._loss.coupling(outputs)
        if coupling is not None:
            tangents = tangents - np.sum(coupling * tangents, axis=1, keepdims=True)
        return weight * self._loss.curvature(outputs, targets) * tangents

    def curvature_matrices(self, outputs, targets, weight):
        """Second derivatives by the outputs, (n_samples, n_outputs, n_outputs)."""
        halves = self._loss.curvature(outputs, targets)
        matrices = np.zeros((*halves.shape, halves.shape[1]))
        np.einsum("skk->sk", matrices)[...] = halves
        coupling = self._loss.coupling(outputs)
        if coupling is not None:
            matrices -= halves[:, :, np.newaxis] * coupling[:, np.newaxis]
        return 2.0 * weight[:, :, np.newaxis] * matrices

    def linearised(self, outputs, targets, weight, jacobian):
        r"""Residuals and Jacobian of a sum of squares with the same derivatives.

        With half the second derivative ``h`` of a loss and its slope ``g`` they are
        :math:`g / (2 \sqrt h)` and :math:`\sqrt h\, J`: the gradient is that of the
        loss, and the Gauss-Newton matrix the generalised one.  For coupled outputs the
        factor of :math:`\operatorname{diag}(p) - p p^T` is :math:`\operatorname{diag}
        (\sqrt p)(1 - \mathbf{1} p^T)`, and slopes have a sum of zero.

        Parameters
        ----------
        outputs, targets, weight : ndarray
            As for :meth:`value`.
        jacobian : ndarray of shape (n_samples, n_outputs, n_parameters)
            Derivatives of the outputs; overwritten.

        Returns
        -------
        residuals : ndarray of shape (n_samples, n_outputs)
            Of a loss that is a sum of squares, their sum of squares is the value.
        jacobian : ndarray of shape (n_samples, n_outputs, n_parameters)
            Their derivatives.
        """
        coupling = self._loss.coupling(outputs)
        if coupling is not None:
            jacobian -= np.einsum("sk,skp->sp", coupling, jacobian)[:, np.newaxis]
        curvature = self._loss.curvature(outputs, targets)
        roots = np.sqrt(np.maximum(curvature, _LEAST_CURVATURE))
        scale = np.sqrt(weight)
        jacobian *= (scale * roots)[:, :, np.newaxis]
        return scale * (self._loss.slope(outputs, targets) / (2.0 * roots)), jacobian


class Penalised:
    """A loss as a penalised objective takes it: not negative, and never straight.

    Parameters
    ----------
    loss : object
        Huber, AbsoluteError, Quantile, Poisson, Gamma or OwnLoss.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model.losses import Huber, Penalised
    >>> z, y = np.array([[0.5], [10.0]]), np.zeros((2, 1))
    >>> Penalised(Huber(np.ones(1))).curvature(z, y)
    array([[0.5    ],
           [0.06725]])
    """

    def __init__(self, loss):
        self._loss = loss
        self.value, self.slope, self.coupling = loss.excess, loss.slope, loss.coupling

    def curvature(self, outputs, targets):
        """Half that of parabolas that touch the loss: kinks have others, or none."""
        return 0.5 * self._loss.majorant(outputs, targets)
