"""Several models of one structure, whose outputs are averaged."""

import copy

import numpy as np
from scipy.special import log_softmax, logsumexp


class MeanModel:
    """Models of one structure and what is made of their outputs: one output.

    Parameters
    ----------
    model : PMM
        Structure of the models.
    members : list of Parameters
        Their matrices.
    combine : callable, optional
        ``combine(outputs, gradients=None)`` returns the outputs and their derivatives
        for those of the members along the first axis; not called for one member.
    are_logarithms : bool, default=False
        Whether the outputs of the models are logarithms of the outputs here.
    """

    def __init__(self, model, members, combine=None, are_logarithms=False):
        self.side = model.primary.side
        self._model = model
        self._members = members
        self._combine = combine
        self._are_logarithms = are_logarithms
        # What depends on the matrices only; unknown as long as these may be changed.
        self._constants = [None] * len(members)

    def frozen(self):
        """A copy that does not notice if the matrices are changed, and is faster."""
        other = copy.copy(self)
        other._members = copy.deepcopy(self._members)
        other._constants = [self._model.constants(m) for m in other._members]
        return other

    def predict(self, X, threads=map):
        """Outputs of shape (n_samples, n_outputs)."""
        return self.combined(self.of_members(X, threads))

    def of_members(self, X, threads=map):
        """Outputs of each model, (n_members, n_samples, n_outputs)."""
        members = zip(self._members, self._constants, strict=True)
        outputs = np.stack([self._model.predict(m, X, threads, c) for m, c in members])
        return np.exp(outputs) if self._are_logarithms else outputs

    def combined(self, outputs):
        """What is made of the outputs of each model."""
        return outputs[0] if len(outputs) == 1 else self._combine(outputs)[0]

    def predict_gradient(self, X):
        """Outputs, and their derivatives by the features."""
        members = zip(self._members, self._constants, strict=True)
        results = [self._model.predict_gradient(m, X, c) for m, c in members]
        if self._are_logarithms:
            results = [(np.exp(z), np.exp(z)[..., np.newaxis] * g) for z, g in results]
        if len(results) == 1:
            return results[0]
        return self._combine(*map(np.stack, zip(*results, strict=True)))


class MeanOfOutputs:
    """Weighted mean of the outputs of several models.

    Parameters
    ----------
    weights : ndarray of shape (n_members,)
        Of sum 1.
    """

    def __init__(self, weights):
        self._weights = weights

    def __call__(self, outputs, gradients=None):
        """Outputs, and their derivatives if those of the members are given."""
        mean = np.tensordot(self._weights, outputs, axes=1)
        if gradients is None:
            return mean, None
        return mean, np.tensordot(self._weights, gradients, axes=1)


class LogitsOfMean:
    """Logits of the weighted mean of the probabilities of several models.

    Where models disagree they become less certain, other than the mean of logits, in
    which the most certain model counts most.

    Parameters
    ----------
    weights : ndarray of shape (n_members,)
        Of sum 1.
    """

    def __init__(self, weights):
        self._weights = weights

    def __call__(self, outputs, gradients=None):
        """Logits, and their derivatives if those of the members are given.

        Parameters
        ----------
        outputs : ndarray of shape (n_members, n_samples, n_outputs)
            Logits, or for one output the logit of the second of two classes.
        gradients : ndarray of shape (n_members, n_samples, n_outputs, n_features)
            Their derivatives.
        """
        is_binary = outputs.shape[2] == 1
        if is_binary:
            outputs = np.concatenate([np.zeros_like(outputs), outputs], axis=2)
        logs = log_softmax(outputs, axis=2)
        log_weights = np.log(np.maximum(self._weights, np.finfo(np.float64).tiny))
        weighted = logs + log_weights[:, np.newaxis, np.newaxis]
        mean = logsumexp(weighted, axis=0)
        slopes = None
        if gradients is not None:
            if is_binary:
                gradients = np.concatenate(
                    [np.zeros_like(gradients), gradients], axis=2
                )
            centres = np.einsum("ask,askf->asf", np.exp(logs), gradients)
            centred = gradients - centres[:, :, np.newaxis]
            slopes = np.einsum("ask,askf->skf", np.exp(weighted - mean), centred)
        if not is_binary:
            return mean, slopes
        slopes = None if slopes is None else slopes[:, 1:] - slopes[:, :1]
        return mean[:, 1:] - mean[:, :1], slopes


def inverse_weights(losses):
    """Weights of sum 1, inverse to the roots of the losses.

    Without noise one start often has a far smaller residual than the others, and should
    count alone; with noise all residuals are about equal, and so are the weights.  Of
    weights inverse to the losses, to their roots or none, the roots serve best both.

    Parameters
    ----------
    losses : sequence of float
        Not negative.

    Returns
    -------
    ndarray of shape (n,)
        A loss of zero leaves no weight for those that are larger.

    Examples
    --------
    >>> from pmm_sklearn.fitted import inverse_weights
    >>> inverse_weights([1.0, 1.0, 4.0])
    array([0.4, 0.4, 0.2])
    >>> inverse_weights([0.0, 1.0])
    array([1., 0.])
    """
    residuals = np.sqrt(np.asarray(losses, dtype=np.float64))
    best = residuals.min()
    weights = np.ones_like(residuals)
    np.divide(best, residuals, out=weights, where=residuals > best)
    return weights / weights.sum()
