"""Monomials of the parameters, all times the time: the exponent of an evolution."""

from functools import cached_property

import numpy as np

from .polynomial import Monomials


class TimedMonomials:
    r"""Functions :math:`t\,\phi_l(x)` of features :math:`(x, t)`, the time last.

    With them a primary matrix is the exponent :math:`K = t\,H(x)` of an evolution
    :math:`e^{-iK}`, and time is a feature like the others, that there are derivatives
    by: :math:`\partial_t K = H`.

    Parameters
    ----------
    n_features : int
        Number of features, the time included.
    degree : int, default=1
        Largest total degree of the monomials of the others.

    Attributes
    ----------
    of_parameters : Monomials
        The functions :math:`\phi_l`.
    size : int
        Number of functions.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import TimedMonomials
    >>> TimedMonomials(2).values(np.array([[3.0, 0.5]]))
    array([[0.5, 1.5]])
    """

    def __init__(self, n_features, degree=1):
        self.n_features = n_features
        self.degree = degree
        self.of_parameters = Monomials(n_features - 1, degree)
        self.size = self.of_parameters.size

    @cached_property
    def powers(self):
        """Exponent of each feature in each function, shape (size, n_features)."""
        powers = self.of_parameters.powers
        return np.hstack([powers, np.ones((self.size, 1), powers.dtype)])

    def values(self, X):
        """The functions, (n_samples, size), of features (n_samples, n_features)."""
        X = np.asarray(X)
        return X[:, -1:] * self.of_parameters.values(X[:, :-1])

    def derivatives(self, X):
        """Derivatives of shape (n_samples, size, n_features) of the functions."""
        parameters, time = X[:, :-1], X[:, -1]
        derivatives = np.empty((len(X), self.size, self.n_features))
        of_parameters = self.of_parameters.derivatives(parameters)
        derivatives[..., :-1] = time[:, np.newaxis, np.newaxis] * of_parameters
        derivatives[..., -1] = self.of_parameters.values(parameters)
        return derivatives

    def pull_back(self, X, gradients):
        """Derivatives by the features from those by the functions.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Features.
        gradients : ndarray of shape (n_samples, n_outputs, size)
            Derivatives by the functions.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs, n_features)
        """
        return gradients @ self.derivatives(X)


class DampedMonomials:
    r"""The same, and :math:`-it`, which multiplies a matrix of decay.

    Parameters
    ----------
    n_features, degree
        As for `TimedMonomials`.

    Attributes
    ----------
    of_parameters : Monomials
        The functions :math:`\phi_l`.
    size : int
        Number of functions.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import DampedMonomials
    >>> DampedMonomials(2).values(np.array([[3.0, 0.5]]))
    array([[0.5+0.j , 1.5+0.j , 0. -0.5j]])
    """

    def __init__(self, n_features, degree=1):
        self.n_features = n_features
        self.degree = degree
        self._timed = TimedMonomials(n_features, degree)
        self.of_parameters = self._timed.of_parameters
        self.size = self._timed.size + 1

    @cached_property
    def powers(self):
        """Exponent of each feature in each function, shape (size, n_features)."""
        time = np.zeros((1, self.n_features), self._timed.powers.dtype)
        time[0, -1] = 1
        return np.vstack([self._timed.powers, time])

    def values(self, X):
        """The functions, (n_samples, size), of features (n_samples, n_features)."""
        X = np.asarray(X)
        return np.hstack([self._timed.values(X), -1j * X[:, -1:]])
