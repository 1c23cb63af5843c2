r"""What outputs that see the slope of the primary matrix add to derivatives.

Their changes are

.. math:: dz_k = \operatorname{tr}(G_k\, dH) + \sum_l \operatorname{tr}\bigl(G_{kl}\,
          d(\partial_l H)\bigr) .

The matrix is a sum of monomials, :math:`H = \sum_m \phi_m(x) M_m`, and so is its
derivative by feature ``l``, with :math:`\partial_l \phi_m` in place of
:math:`\phi_m`: what serves the one term serves the other.
"""

from typing import NamedTuple

import numpy as np


class DerivativeTerm(NamedTuple):
    r"""Gradients of some outputs with respect to :math:`\partial_l H`.

    Attributes
    ----------
    feature : int
        The feature ``l``.
    columns : ndarray of int of shape (n_columns,)
        Numbers of the outputs.
    gradients : ndarray of shape (n_samples, n_columns, n, n)
        The matrices :math:`G_{kl}`.
    """

    feature: int
    columns: np.ndarray
    gradients: np.ndarray


def derivatives_of_matrix(primary, matrices, inputs, features):
    r"""The matrices :math:`\partial_l H` of a batch.

    Parameters
    ----------
    primary : AffineMatrix
        The primary matrix.
    matrices : ndarray of shape (n_matrices, n, n)
        Its matrices.
    inputs : ndarray of shape (n_samples, n_matrices)
        The monomials.
    features : sequence of int
        The features ``l``.

    Returns
    -------
    dict from int to ndarray of shape (n_samples, n, n)
    """
    return {
        feature: primary.forward(
            matrices, primary.monomials.derivatives_of_values(inputs, feature)
        )[0]
        for feature in features
    }


def add_to_jacobian(primary, theta, inputs, terms, out):
    """Add the derivatives by the coordinates, (n_samples, n_outputs, size)."""
    for feature, columns, gradients in terms:
        # Samples last in memory, as in PMM.jacobian.
        part = np.empty((primary.size, len(columns), len(inputs))).T
        slopes = primary.monomials.derivatives_of_values(inputs, feature)
        primary.jacobian(theta, slopes, gradients, out=part)
        out[:, columns] += part


def gradient_of_sum(primary, theta, inputs, gradients, terms, cotangents):
    """Derivatives of a weighted sum of all outputs by the coordinates.

    Parameters
    ----------
    primary, theta, inputs
        The primary matrix, its coordinates, and the monomials of a batch.
    gradients : ndarray of shape (n_samples, n, n)
        Of the sum over the outputs of each sample, with respect to ``H``.
    terms : list of DerivativeTerm
        Of the outputs.
    cotangents : ndarray of shape (n_samples, n_outputs)
        Weights of the outputs.

    Returns
    -------
    ndarray of shape (size,)
    """
    gradient = primary.gradient(theta, inputs, gradients)
    for feature, columns, gradients in terms:
        slopes = primary.monomials.derivatives_of_values(inputs, feature)
        sums = np.einsum("sk,skmn->smn", cotangents[:, columns], gradients)
        gradient += primary.gradient(theta, slopes, sums)
    return gradient


def add_to_tangents(primary, theta, inputs, terms, direction, out):
    """Add the changes of the outputs, (n_samples, n_outputs), along a direction."""
    for feature, columns, gradients in terms:
        slopes = primary.monomials.derivatives_of_values(inputs, feature)
        change = primary.tangent(theta, slopes, direction)
        out[:, columns] += np.einsum("skmn,snm->sk", gradients, change).real


def add_to_feature_gradient(primary, matrices, X, terms, out):
    """Add the derivatives by the features, (n_samples, n_outputs, n_features)."""
    for feature, columns, gradients in terms:
        slopes = primary.monomials.derivative_of_coefficients(matrices, feature)
        out[:, columns] += primary.feature_gradient(slopes, X, gradients)
