r"""Evolution of a state by matrices that need not be Hermitian.

With :math:`A = -iK/2^s` the exponential is

.. math:: e^{-iK} \psi_0 = X^M \psi_0, \qquad X = T(A)^{2^{s-r}}, \qquad M = 2^r ,

with a Taylor polynomial ``T`` of degree 16, whose error is that of rounding where
:math:`\|A^4\| \le 1`, squarings, and products with vectors.  These are products of
matrices only, so that derivatives are exact wherever there is a matrix, exceptional
points included, where eigenvectors coalesce.  If the Hermitian part of :math:`-iK` has
no positive eigenvalue, no matrix on the way has a norm above one, and squaring
multiplies rounding errors by no more than the number of steps, :math:`2^s`.

In reverse, :math:`Z = PQ` and the ``G`` of :math:`dz = \operatorname{Re}
\operatorname{tr}(G_Z^\dagger dZ)` give :math:`G_P = G_Z Q^\dagger` and
:math:`G_Q = P^\dagger G_Z`.
"""

from itertools import pairwise
from math import factorial
from typing import NamedTuple

import numpy as np

# Taylor coefficients, those of four powers in a row.
_COEFFICIENTS = np.array([1.0 / factorial(k) for k in range(17)])
# Times that a matrix is multiplied with vectors rather than squared: 2**5.
_LOG_VECTORS = 5
# Beyond so many steps phases have lost most digits: more would add rounding only.
_LOG_STEPS = 40
# Norm of the scaled matrix, if that of its powers allows for it.
_LARGEST_NORM = 4.0


class Propagation:
    r"""States :math:`e^{-iK} \psi_0` of exponents ``K``, and derivatives by these.

    The initial state is the first basis vector, as in `DynamicsReadout`.

    Attributes
    ----------
    selection : None
        No eigenstates are needed.
    numbers_per_element : int
        Numbers in the temporary arrays for each element of an exponent.

    Examples
    --------
    A level that decays, :math:`|\psi|^2 = e^{-2 \gamma t}`:

    >>> import numpy as np
    >>> from pmm_sklearn.model import Propagation
    >>> states, _ = Propagation().states(np.array([[[1.0 - 0.5j]]]))
    >>> (np.abs(states) ** 2).round(6)
    array([[0.367879]])
    """

    selection = None
    numbers_per_element = 12

    def states(self, exponents):
        """States of shape (n_samples, n), and what derivatives need."""
        with np.errstate(over="ignore", invalid="ignore"):
            return self._states(exponents)

    def _states(self, exponents):
        taylor, log_steps, scales = _scaled_exponential(exponents)
        log_vectors = min(log_steps, _LOG_VECTORS)
        squares = [taylor.value]
        for _ in range(log_steps - log_vectors):
            squares.append(squares[-1] @ squares[-1])
        n_samples, side, _ = exponents.shape
        states = np.zeros((2**log_vectors + 1, n_samples, side), np.complex128)
        states[0, :, 0] = 1.0
        for before, after in pairwise(states):
            np.matmul(squares[-1], before[..., np.newaxis], out=after[..., np.newaxis])
        return states[-1], (taylor, scales, squares, states[:-1])

    def pulled_back(self, exponents, saved, cotangents):
        r"""Gradients by the exponents from those by the states.

        They are the ``G`` of :math:`dz = \operatorname{Re} \operatorname{tr}(G^\dagger
        dK)` if :math:`dz = \operatorname{Re}(w^\dagger d\psi)`.

        Parameters
        ----------
        exponents : ndarray of shape (n_samples, n, n)
            The matrices ``K``.
        saved : tuple
            From :meth:`states`.
        cotangents : ndarray of shape (n_samples, n_outputs, n)
            The vectors ``w``.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs, n, n)
        """
        taylor, scales, squares, states = saved
        rows = np.empty((len(states), *cotangents.shape), np.complex128)
        rows[-1] = cotangents.conj()
        for k in range(len(states) - 1, 0, -1):
            np.matmul(rows[k], squares[-1], out=rows[k - 1])
        # Sums of dyads, one for each product with a vector.
        left = rows.conj().transpose(1, 2, 3, 0)
        right = states.conj().swapaxes(0, 1)[:, np.newaxis]
        gradient = left @ right
        for factor in squares[-2::-1]:
            adjoint = _adjoint(factor)[:, np.newaxis]
            gradient = gradient @ adjoint + adjoint @ gradient
        return 1j * scales[:, np.newaxis] * taylor.pulled_back(gradient)


class _Taylor(NamedTuple):
    """The Taylor polynomial of the exponential, in powers of the fourth power.

    Attributes
    ----------
    value : ndarray of shape (n_samples, n, n)
        The polynomial.
    powers : list of ndarray of shape (n_samples, n, n)
        The first four powers of the matrix.
    partial : list of ndarray of shape (n_samples, n, n)
        Of Horner's scheme, what the fourth power is multiplied with.
    """

    value: np.ndarray
    powers: list
    partial: list

    @classmethod
    def of(cls, powers):
        """The polynomial of given powers."""
        value = _quarter(3, powers) + _COEFFICIENTS[16] * powers[3]
        partial = []
        for part in (2, 1, 0):
            partial.append(value)
            value = _quarter(part, powers) + powers[3] @ value
        return cls(value, powers, partial[::-1])

    def pulled_back(self, gradient):
        """Gradients by the matrix from those by the polynomial, (N, q, n, n)."""
        adjoints = [_adjoint(power)[:, np.newaxis] for power in self.powers]
        one, two, _, four = adjoints
        totals, of_fourth = [0.0, 0.0, 0.0], 0.0
        for part in range(4):
            coefficients = _COEFFICIENTS[4 * part + 1 : 4 * part + 4]
            totals = [
                total + coefficient * gradient
                for total, coefficient in zip(totals, coefficients, strict=True)
            ]
            if part < 3:
                of_fourth = of_fourth + (
                    gradient @ _adjoint(self.partial[part])[:, np.newaxis]
                )
                gradient = four @ gradient
        of_fourth = of_fourth + _COEFFICIENTS[16] * gradient
        of_first, of_second, of_third = totals
        of_second = of_second + of_fourth @ two + two @ of_fourth + of_third @ one
        return of_first + two @ of_third + of_second @ one + one @ of_second


def _quarter(part, powers):
    """Four terms of the polynomial, over a power of the fourth power."""
    constant, *others = _COEFFICIENTS[4 * part : 4 * part + 4]
    total = sum(c * power for c, power in zip(others, powers, strict=False))
    diagonal = np.einsum("sii->si", total)
    diagonal += constant
    return total


def _scaled_exponential(exponents):
    """Exponential of a small fraction of each exponent.

    Returns
    -------
    taylor : _Taylor
        That of the fraction.
    log_steps : int
        Binary logarithm of the number of fractions that make up the whole.
    scales : ndarray of shape (n_samples, 1, 1)
        The fractions.
    """
    # The real part of a multiple of the identity turns the phase of all states.
    side = exponents.shape[-1]
    mean = np.einsum("sii->s", exponents).real / side
    matrices = -1j * (exponents - mean[:, np.newaxis, np.newaxis] * np.eye(side))
    norms = np.abs(matrices).sum(axis=2).max(axis=1)
    log_steps = min(_log_ceiling(norms.max(initial=0.0)), _LOG_STEPS)
    scales = np.full(len(norms), 2.0**-log_steps)
    is_beyond = norms > 2.0**_LOG_STEPS
    scales[is_beyond] = 1.0 / norms[is_beyond]
    scales = scales[:, np.newaxis, np.newaxis]
    first = scales * matrices
    second = first @ first
    powers = [first, second, second @ first, second @ second]
    # Larger fractions will do where the norm of a power is far below that power of it.
    saved = min(log_steps, _log_of_reserve(powers))
    powers = [2.0 ** (saved * k) * power for k, power in enumerate(powers, start=1)]
    return _Taylor.of(powers), log_steps - saved, 2.0**saved * scales


def _log_ceiling(number):
    """Least integer, not negative, whose power of two is no smaller than a number."""
    return int(np.ceil(np.log2(number))) if 1.0 < number < np.inf else 0


def _log_of_reserve(powers):
    """Binary logarithm of what the scaled matrices may be multiplied with."""
    first, *_, fourth = (np.linalg.norm(power, axis=(1, 2)) for power in powers)
    norm = max(np.max(fourth, initial=0.0) ** 0.25, np.max(first) / _LARGEST_NORM)
    return int(-np.ceil(np.log2(norm))) if 0.0 < norm < 1.0 else 0


def _adjoint(matrices):
    return matrices.conj().swapaxes(-1, -2)
