"""Monomials of the features, with derivatives and changes of units."""

from functools import cached_property
from itertools import combinations_with_replacement
from math import comb

import numpy as np
from scipy.sparse import csr_array


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
    origin : sequence of float of length n_features, optional
        Point that features are counted from: monomials are those of ``X - origin``.

    Attributes
    ----------
    size : int
        Number of monomials.
    origin : ndarray of shape (n_features,)
        The argument, zeros by default.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import Monomials
    >>> monomials = Monomials(2, degree=2)
    >>> monomials.values(np.array([[2.0, 3.0]]))
    array([[1., 2., 3., 4., 6., 9.]])
    >>> monomials.powers[4]
    array([1, 1])
    >>> Monomials(1, degree=2, origin=(1e9,)).values(np.array([[1e9 + 3.0]]))
    array([[1., 3., 9.]])
    """

    def __init__(self, n_features, degree=1, origin=()):
        self.n_features = n_features
        self.degree = degree
        self._is_moved = len(origin) > 0
        self.origin = np.array(origin) if self._is_moved else np.zeros(n_features)
        self.size = comb(n_features + degree, n_features)

    @cached_property
    def powers(self):
        """Exponent of each feature in each monomial, shape (size, n_features)."""
        powers = np.zeros((self.size, self.n_features), dtype=np.intp)
        for rows, factors in self._blocks:
            for column in factors.T:
                powers[rows, column] += 1
        return powers

    @cached_property
    def _blocks(self):
        """For each degree the numbers of its monomials, and the features in each.

        The latter have shape (n_monomials, degree), and ascend along rows.
        """
        blocks, start = [], 0
        for degree in range(self.degree + 1):
            features = range(self.n_features)
            factors = list(combinations_with_replacement(features, degree))
            rows = np.arange(start, start + len(factors))
            blocks.append((rows, np.array(factors, np.intp)))
            start += len(factors)
        return blocks

    def values(self, X):
        """Monomials of shape (n_samples, size) of features (n_samples, n_features)."""
        X = self._counted(np.asarray(X))
        if self.degree == 1:
            values = np.empty((len(X), self.size), dtype=X.dtype)
            values[:, 0] = 1.0
            values[:, 1:] = X
            return values
        return np.hstack([_products(X, factors) for _, factors in self._blocks])

    def derivatives(self, X):
        """Derivatives of shape (n_samples, size, n_features) of the monomials."""
        X = self._counted(X)
        derivatives = np.zeros((len(X), self.size, self.n_features))
        for rows, factors in self._blocks:
            for i, column in enumerate(factors.T):
                others = np.delete(factors, i, axis=1)
                derivatives[:, rows, column] += _products(X, others)
        return derivatives

    def _counted(self, X):
        """Features counted from the origin."""
        return X - self.origin if self._is_moved else X

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

    def derivatives_of_values(self, values, feature):
        """Derivatives by one feature, from the monomials themselves.

        Parameters
        ----------
        values : ndarray of shape (n_samples, size)
            From :meth:`values`.
        feature : int
            Number of the feature.

        Returns
        -------
        ndarray of shape (n_samples, size)
        """
        higher, lower, powers = self._lowered[feature]
        derivatives = np.zeros_like(values)
        derivatives[:, higher] = powers * values[:, lower]
        return derivatives

    def derivative_of_coefficients(self, coefficients, feature):
        """Coefficients of the derivative of a polynomial by one feature.

        Parameters
        ----------
        coefficients : ndarray of shape (size, ...)
            What the monomials are multiplied by.
        feature : int
            Number of the feature.

        Returns
        -------
        ndarray of shape (size, ...)
        """
        higher, lower, powers = self._lowered[feature]
        derivative = np.zeros_like(coefficients)
        powers = powers.reshape(-1, *[1] * (coefficients.ndim - 1))
        derivative[lower] = powers * coefficients[higher]
        return derivative

    @cached_property
    def _lowered(self):
        """For each feature its monomials, those of one power less, and the powers."""
        products = (tuple(row) for _, rows in self._blocks for row in rows.tolist())
        index = {factors: k for k, factors in enumerate(products)}
        found = [[] for _ in range(self.n_features)]
        for factors, k in index.items():
            for feature in set(factors):
                place = factors.index(feature)
                lower = index[factors[:place] + factors[place + 1 :]]
                found[feature].append((k, lower, factors.count(feature)))
        return [np.array(triples, np.intp).T for triples in found]

    def in_other_units(self, coefficients, shift, scale):
        """Coefficients of a polynomial of other units, for monomials of these.

        Parameters
        ----------
        coefficients : ndarray of shape (size, ...)
            What monomials of :math:`x' = (x - c) / h` are multiplied by.
        shift, scale : ndarray of shape (n_features,)
            The numbers ``c`` and ``h``.

        Returns
        -------
        ndarray of shape (size, ...)
            What monomials of ``x`` are multiplied by, for the same polynomial.
        """
        change = self.change_of_units(shift, scale)
        flat = change.T @ coefficients.reshape(len(coefficients), -1)
        return flat.reshape(coefficients.shape)

    def change_of_units(self, shift, scale):
        r"""Monomials of other units as sums of monomials of these.

        Parameters
        ----------
        shift, scale : ndarray of shape (n_features,)
            The other units are :math:`x' = (x - c) / h`.

        Returns
        -------
        csr_array of shape (size, size)
            ``T`` with :math:`\phi_k(x') = \sum_m T_{km} \phi_m(x)`.
        """
        slopes, intercepts = (1.0 / scale).tolist(), (-shift / scale).tolist()
        products = (tuple(row) for _, rows in self._blocks for row in rows.tolist())
        index = {factors: k for k, factors in enumerate(products)}
        data, columns, ends = [], [], [0]
        for factors in index:
            terms = _expanded(factors, slopes, intercepts)
            data.extend(terms.values())
            columns.extend(index[term] for term in terms)
            ends.append(len(data))
        return csr_array((data, columns, ends), shape=(self.size, self.size))


def _products(X, factors):
    """Products of features, shape (n_samples, n_monomials)."""
    products = np.ones((len(X), len(factors)), dtype=X.dtype)
    for column in factors.T:
        products *= X[:, column]
    return products


def _expanded(factors, slopes, intercepts):
    """Coefficients of the monomials in a product of linear functions of a feature."""
    terms = {(): 1.0}
    for feature in factors:
        grown = {}
        for term, value in terms.items():
            grown[(*term, feature)] = value * slopes[feature]
        for term, value in terms.items():
            grown[term] = grown.get(term, 0.0) + value * intercepts[feature]
        terms = grown
    return terms
