r"""Derivatives of the outputs by the features, as data.

Like an output itself, its derivative is linear in the observables,

.. math:: \partial_l z_s = b \cdot \partial_l \Phi_s \approx
          b \cdot \frac{\Phi(x_s + h e_l) - \Phi(x_s - h e_l)}{2 h} .

Each is one more row of the regression on the observables, with a noise of its own.
What a training asks of these rows, their derivatives by the matrices included, are sums
over two samples of what it asks of outputs: for any readout, without perturbation
theory of higher order.  Their errors are about :math:`10^{-10}` where levels have
spacings of 1; where levels meet they stay finite.
"""

import numpy as np

# The step h, for features of about [-1, 1]; a power of two does not round.
STEP = 2.0**-15


class DerivativeData:
    """Known derivatives of the targets of a standardised problem.

    Parameters
    ----------
    y_gradient : ndarray of shape (n_samples, n_outputs, n_features)
        Derivatives by the features; NaN where they are not known.
    weight : ndarray of shape (n_samples, 1)
        Weights of the samples, numbers of observations.
    errors : ndarray of the shape of `y_gradient`, optional
        Known standard deviations, none by default.
    learns_noise : bool, default=True
        Whether there is noise beside them.

    Attributes
    ----------
    samples, features : ndarray of int of shape (n_rows,)
        Where some derivative is known.
    y, weight, errors : ndarray of shape (n_rows, n_outputs)
        Derivatives there; weights are zero where one is not known.
    learns_noise : bool
        The argument.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import DerivativeData
    >>> y_gradient = np.array([[[2.0, np.nan]], [[3.0, 4.0]]])  # of two samples
    >>> data = DerivativeData(y_gradient, np.ones((2, 1)))
    >>> data.samples, data.features, data.y[:, 0]
    (array([0, 1, 1]), array([0, 0, 1]), array([2., 3., 4.]))
    """

    def __init__(self, y_gradient, weight, errors=None, learns_noise=True):
        by_feature = y_gradient.transpose(0, 2, 1)
        is_known = np.isfinite(by_feature)
        rows = self.samples, self.features = np.nonzero(np.any(is_known, axis=2))
        self.y = np.where(is_known, by_feature, 0.0)[rows]
        self.weight = weight[self.samples] * is_known[rows]
        self.errors = None if errors is None else errors.transpose(0, 2, 1)[rows]
        self.learns_noise = learns_noise

    def __len__(self):
        return len(self.samples)

    @property
    def units(self):
        """Root mean squares of the derivatives of each output, 1 if they are zero."""
        number = np.maximum(np.sum(self.weight, axis=0), 1e-300)
        squares = np.sum(self.weight * self.y**2, axis=0) / number
        return np.sqrt(np.where(squares > 0, squares, 1.0))


class ValueRows:
    """Rows of targets that are outputs themselves.

    Parameters
    ----------
    model : PMM
        Structure of the model.
    X : ndarray of shape (n_samples, n_features)
        Features.

    Attributes
    ----------
    noise : int
        Which of the noises of an output they have.
    """

    noise = 0

    def __init__(self, model, X):
        self._inputs = model.inputs(X)

    def inputs(self, chunk):
        """What the model is given for a slice of the rows, sample after sample."""
        return self._inputs[chunk]

    @staticmethod
    def of_samples(values):
        """Rows from what belongs to the samples."""
        return values

    @staticmethod
    def to_samples(weights):
        """Weights of the samples in a sum over rows: the transpose."""
        return weights


class DerivativeRows:
    """Rows of derivatives: difference quotients of two samples.

    Parameters
    ----------
    model, X
        As for `ValueRows`.
    data : DerivativeData
        The derivatives.
    first : int
        How many rows are before them.

    Attributes
    ----------
    noise : int
        Which of the noises of an output they have.
    """

    noise = 1

    def __init__(self, model, X, data, first):
        self._model, self._X, self._data, self._first = model, X, data, first

    def inputs(self, chunk):
        """As of `ValueRows`: samples ahead, then those behind."""
        own = slice(chunk.start - self._first, chunk.stop - self._first)
        features = self._data.features[own]
        X = self._X[self._data.samples[own]]
        steps = STEP * (features[:, np.newaxis] == np.arange(X.shape[1]))
        return self._model.inputs(np.concatenate([X + steps, X - steps]))

    @staticmethod
    def of_samples(values):
        """As of `ValueRows`."""
        ahead, behind = np.split(values, 2)
        return (ahead - behind) * (0.5 / STEP)

    @staticmethod
    def to_samples(weights):
        """As of `ValueRows`."""
        weights = weights * (0.5 / STEP)
        return np.concatenate([weights, -weights])
