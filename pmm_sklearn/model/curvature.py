"""Products of the Gauss-Newton matrix with vectors, for many parameters."""

from typing import NamedTuple

import numpy as np

from ._chunks import shares
from .derivative_terms import add_to_tangents, gradient_of_sum

# Numbers that are kept for all samples together: 1 GB.
_LARGEST_LINEARISATION = 2**27


class Linearisation(NamedTuple):
    r"""Outputs of a batch to first order in the parameters.

    With the gradient :math:`G_{sk}` of an output with respect to the primary matrix,
    :math:`dz_{sk} = \sum_l \phi_l(x_s) \operatorname{tr}(G_{sk}\, dM_l) + \dots`: the
    Jacobian is a Khatri-Rao product, which need not be written out.

    Attributes
    ----------
    model : PMM
        The model.
    theta : ndarray of shape (n_parameters,)
        Where it is linearised.
    primary_saved, readout_saved : tuple
        From their forward passes.
    matrix_gradients : ndarray of shape (n_samples, n_outputs, n, n)
        The matrices ``G``.
    terms : list of DerivativeTerm
        What outputs that see derivatives of the matrix add.
    """

    model: "PMM"  # noqa: F821
    theta: np.ndarray
    primary_saved: tuple
    readout_saved: tuple
    matrix_gradients: np.ndarray
    terms: list

    def tangents(self, direction):
        """Jacobian times a vector (n_parameters,), shape (n_samples, n_outputs)."""
        primary, readout = self.model.primary, self.model.readout
        own, rest = np.split(self.theta, [primary.size])
        of_own, of_rest = np.split(direction, [primary.size])
        change = primary.tangent(own, self.primary_saved, of_own)
        gradients = self.matrix_gradients
        tangents = np.einsum("ska,sa->sk", _elements(gradients), _elements(change))
        add_to_tangents(
            primary, own, self.primary_saved, self.terms, of_own, out=tangents
        )
        return tangents + readout.tangent(rest, self.readout_saved, of_rest)

    def gradient(self, cotangents):
        """Transposed Jacobian times (n_samples, n_outputs), shape (n_parameters,)."""
        primary, readout = self.model.primary, self.model.readout
        own, rest = np.split(self.theta, [primary.size])
        gradients = np.einsum("sk,skmn->smn", cotangents, self.matrix_gradients)
        at = primary, own, self.primary_saved
        return np.concatenate(
            [
                gradient_of_sum(*at, gradients, self.terms, cotangents),
                readout.gradient(rest, self.readout_saved, cotangents),
            ]
        )


class Curvature:
    r"""The matrix ``A`` of the Gauss-Newton model of a loss, as its products.

    For a sum of squares :math:`A = J^T J`.  What the products need of each sample is
    kept.  If these are too many, it is that of every second, third ... chunk, which
    stand for all.

    Parameters
    ----------
    objective : Objective
        Its loss, without penalty and smoothness.
    theta : ndarray of shape (n_parameters,)
        Parameters.
    """

    def __init__(self, objective, theta):
        self._objective = objective
        model = objective.model
        per_sample = 2 * model.n_outputs * model.primary.side**2
        per_sample += model.readout.working_size
        every = 1 + objective.n_samples * per_sample // _LARGEST_LINEARISATION
        kept = objective.chunks[::every]
        parameters = model.split(theta)

        def linearise(chunk):
            outputs, saved = objective.forward(theta, parameters, chunk)
            return chunk, outputs, model.linearised(theta, saved)

        parts = list(objective.threads(linearise, kept))
        self._shares = shares(parts)
        n_kept = sum(len(outputs) for _, outputs, _ in parts)
        self._factor = objective.n_samples / n_kept

    def __call__(self, vector):
        """Product with a vector of shape (n_parameters,)."""

        def product(share):
            return sum(self._product(*part, vector) for part in share)

        products = self._objective.threads(product, self._shares)
        return self._factor * sum(products)

    def _product(self, chunk, outputs, linearisation, vector):
        objective = self._objective
        curvatures = objective.weighted_loss.curvature(
            outputs,
            objective.y[chunk],
            objective.weight[chunk],
            linearisation.tangents(vector),
        )
        return linearisation.gradient(curvatures)


def _elements(matrices):
    """Elements of matrices as real numbers, on the last axis."""
    return matrices.reshape(*matrices.shape[:-2], -1).view(np.float64)
