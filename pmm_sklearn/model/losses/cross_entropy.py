"""Negative log-likelihood of classes."""

import numpy as np
from scipy.special import expit, logsumexp, softmax


class CrossEntropy:
    r"""Negative log-likelihood of a class, :math:`-\ln p_{s y_s}`.

    With several outputs :math:`p = \operatorname{softmax}(z)`, one for each class.
    With a single output, for two classes, :math:`p = 1 / (1 + e^{-z})` is the
    probability of the second.  A softmax over two outputs would depend on their
    difference only.

    Targets are 1 for the class of the sample, else 0.

    Parameters
    ----------
    unit : float, default=1.0
        Logits are the outputs times this.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import CrossEntropy
    >>> z, y = np.array([[0.0], [1e6]]), np.array([[1.0], [1.0]])
    >>> CrossEntropy().value(z, y).round(6)  # the first is ln 2
    array([[0.693147],
           [0.      ]])
    """

    def __init__(self, unit=1.0):
        self.unit = unit

    def probabilities(self, outputs):
        """Probabilities of shape (n_samples, n_outputs)."""
        logits = self.unit * outputs
        return expit(logits) if outputs.shape[1] == 1 else softmax(logits, axis=1)

    def value(self, outputs, targets):
        """Loss of each sample, shape (n_samples, 1)."""
        logits = self.unit * outputs
        if outputs.shape[1] == 1:
            return np.logaddexp(0.0, logits) - targets * logits
        normalisation = logsumexp(logits, axis=1, keepdims=True)
        return np.sum(targets * (normalisation - logits), axis=1, keepdims=True)

    def slope(self, outputs, targets):
        """Probabilities minus targets, in units of the outputs."""
        p = self.probabilities(outputs)
        if outputs.shape[1] > 1:
            return self.unit * (p - targets)
        # Without cancellation where a class is all but certain.
        return self.unit * (
            p * (1.0 - targets) - self.probabilities(-outputs) * targets
        )

    def curvature(self, outputs, targets):
        """Half the probabilities, or of a single output half their product."""
        p = self.probabilities(outputs)
        if outputs.shape[1] == 1:
            p = p * self.probabilities(-outputs)
        return 0.5 * self.unit**2 * p

    def coupling(self, outputs):
        """Probabilities of several classes: their sum is one whatever the outputs."""
        return None if outputs.shape[1] == 1 else self.probabilities(outputs)
