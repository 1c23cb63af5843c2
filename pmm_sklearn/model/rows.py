r"""Rows of an evidence: what data see of the outputs, and how matrices pass to them.

Targets are outputs themselves, or derivatives of these by a feature.  These, too, are
linear in the observables,

.. math:: \partial_l z_s = b \cdot \partial_l \Phi_s \approx
          b \cdot \frac{\Phi(x_s + h e_l) - \Phi(x_s - h e_l)}{2 h} .

What a training asks of such a row, its derivatives by the matrices included, are sums
over two points of what it asks of outputs: for any readout, without perturbation theory
of higher order.  The quotients differ from derivatives by some :math:`10^{-10}` where
levels have spacings of 1, and stay finite where levels meet.
"""

from typing import NamedTuple

import numpy as np

# The step h, for features of about [-1, 1]; a power of two does not round.
STEP = 2.0**-15


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
    first : int
        How many rows of other kinds are before them.
    n_points : int
        Number of points at which a row takes the outputs.
    noise : int
        Which of the noises of an output they have.
    """

    first, n_points, noise = 0, 1, 0

    def __init__(self, model, X):
        self._inputs = model.inputs(X)

    def __len__(self):
        return len(self._inputs)

    def inputs(self, chunk):
        """What the model is given for a slice of all rows, point after point."""
        return self._inputs[chunk]

    @staticmethod
    def of_points(values):
        """Rows from what belongs to the points."""
        return values

    @staticmethod
    def to_points(weights):
        """Weights of the points in a weighted sum over rows: the transpose."""
        return weights


class DerivativeRows:
    """Rows of derivatives: difference quotients of outputs at two points.

    Parameters
    ----------
    model, X
        As for `ValueRows`.
    data : DerivativeData
        The derivatives.

    Attributes
    ----------
    first, n_points, noise
        As of `ValueRows`.
    """

    n_points, noise = 2, 1

    def __init__(self, model, X, data):
        self._model, self._X, self._data = model, X, data
        self.first = len(X)

    def __len__(self):
        return len(self._data)

    def inputs(self, chunk):
        """As of `ValueRows`: all points ahead, then those behind."""
        own = slice(chunk.start - self.first, chunk.stop - self.first)
        features = self._data.features[own]
        X = self._X[self._data.samples[own]]
        steps = STEP * (features[:, np.newaxis] == np.arange(X.shape[1]))
        return self._model.inputs(np.concatenate([X + steps, X - steps]))

    @staticmethod
    def of_points(values):
        """As of `ValueRows`."""
        ahead, behind = np.split(values, 2)
        return (ahead - behind) * (0.5 / STEP)

    @staticmethod
    def to_points(weights):
        """As of `ValueRows`."""
        weights = weights * (0.5 / STEP)
        return np.concatenate([weights, -weights])


class Pass(NamedTuple):
    """A chunk of rows on the way from the matrices to the features of the outputs.

    Attributes
    ----------
    chunk : slice
        Which rows.
    rows : ValueRows or DerivativeRows
        What they are made of.
    assembled : ndarray of shape (n_points, n, n)
        Primary matrices of the points where these take outputs.
    saved : object
        What derivatives of these need.
    system : Eigensystem
        Of these.
    features : ndarray of shape (n_rows, n_features)
        What the rows are linear in, the observables being the coefficients.
    """

    chunk: slice
    rows: ValueRows | DerivativeRows
    assembled: np.ndarray
    saved: object
    system: object
    features: np.ndarray


class LazyPasses:
    """Passes of chunks that are calculated again whenever they are visited."""

    def __init__(self, function, chunks):
        self._function = function
        self._chunks = chunks

    def __len__(self):
        return len(self._chunks)

    def __getitem__(self, part):
        return map(self._function, self._chunks[part])
