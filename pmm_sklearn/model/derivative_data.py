"""Derivatives of the targets by the features, as data."""

import numpy as np


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
