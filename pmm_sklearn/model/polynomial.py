"""Monomials of the features, with derivatives and changes of units."""

from functools import cached_property
from itertools import combinations_with_replacement

import numpy as np
from scipy.special import comb


class Monomials:
    r"""All monomials of the features up to a total degree, the constant first.

    The order is that of `sklearn.preprocessing.PolynomialFeatures`; unlike there,
    features may be complex.

    Parameters
    ----------
    n_features : int
        Number ``p`` of features.
    degree : int, default=1
        Largest total degree ``D``.

    Attributes
    ----------
    size : int
        Number of monomials.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import Monomials
    >>> monomials = Monomials(2, degree=2)
    >>> monomials.values(np.array([[2.0, 3.0]]))
    array([[1., 2., 3., 4., 6., 9.]])
    >>> monomials.powers[4]
    array([1, 1])
    """

    def __init__(self, n_features, degree=1):
        self.n_features = n_features
        self.degree = degree
        self.size = comb(n_features + degree, degree, exact=True)

    @cached_property
    def powers(self):
        """Exponent of each feature in each monomial, shape (size, n_features)."""
        powers = np.zeros((self.size, self.n_features), dtype=np.intp)
        factors = (
            combination
            for degree in range(self.degree + 1)
            for combination in combinations_with_replacement(
                range(self.n_features), degree
            )
        )
        for row, combination in zip(powers, factors, strict=True):
            np.add.at(row, list(combination), 1)
        return powers

    def values(self, X):
        """Monomials of shape (n_samples, size) of features (n_samples, n_features)."""
        X = np.asarray(X)
        if self.degree == 1:
            values = np.empty((len(X), self.size), dtype=X.dtype)
            values[:, 0] = 1.0
            values[:, 1:] = X
            return values
        return self._products(X, self.powers)

    def derivatives(self, X):
        """Derivatives of shape (n_samples, size, n_features) of the monomials."""
        derivatives = np.empty((len(X), self.size, self.n_features))
        for feature in range(self.n_features):
            lowered = self.powers.copy()
            lowered[:, feature] = np.maximum(lowered[:, feature] - 1, 0)
            derivatives[:, :, feature] = self.powers[:, feature] * self._products(
                X, lowered
            )
        return derivatives

    def pull_back(self, X, gradients):
        """Derivatives by the features from those by the monomials.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Features.
        gradients : ndarray of shape (n_samples, n_outputs, size)
            Derivatives by the monomials.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs, n_features)
        """
        if self.degree == 1:
            return gradients[:, :, 1:]
        return gradients @ self.derivatives(X)

    def change_of_units(self, shift, scale):
        r"""Monomials of other units as sums of monomials of these.

        Parameters
        ----------
        shift, scale : ndarray of shape (n_features,)
            The other units are :math:`x' = (x - c) / h`.

        Returns
        -------
        ndarray of shape (size, size)
            ``T`` with :math:`\phi_k(x') = \sum_m T_{km} \phi_m(x)`.
        """
        if self.degree == 1:
            change = np.diag(np.concatenate([[1.0], 1.0 / scale]))
            change[1:, 0] = -shift / scale
            return change
        higher, lower = self.powers[:, np.newaxis], self.powers[np.newaxis]
        binomial = comb(higher, lower) * (-shift) ** np.maximum(higher - lower, 0)
        return np.prod(binomial / scale**higher, axis=2)

    @staticmethod
    def _products(X, powers):
        products = np.ones((len(X), len(powers)), dtype=X.dtype)
        for feature, exponents in enumerate(powers.T):
            products *= X[:, feature, np.newaxis] ** exponents
        return products
