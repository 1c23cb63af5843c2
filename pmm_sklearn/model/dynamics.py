r"""Real-time evolution of one state, and expectation values in it.

In the eigenbasis ``V`` of the exponent :math:`K = t\,H(x)`, with eigenvalues
:math:`\epsilon_a`, the state is

.. math:: \psi = e^{-iK} \psi_0 = \sum_a v_a e^{-i\epsilon_a} c_a, \qquad
          c = V^\dagger \psi_0 ,

and its derivative has the divided differences of the exponential (Daleckii and Krein),

.. math:: d\psi = V \bigl[ (V^\dagger dK\, V) \circ F \bigr] c, \qquad
          F_{ab} = \frac{e^{-i\epsilon_a} - e^{-i\epsilon_b}}{\epsilon_a - \epsilon_b}
          = -i\, e^{-i(\epsilon_a + \epsilon_b)/2}
          \operatorname{sinc}\frac{\epsilon_a - \epsilon_b}{2} ,

with :math:`\operatorname{sinc} u = \sin u / u`: equal eigenvalues need no special case.
A basis of the model is arbitrary, so that :math:`\psi_0` is its first vector.  States
that decay have an exponent that is not Hermitian: see `Propagation`.
"""

import numpy as np

from .dissipative import DissipativeMatrix
from .pmm import PMM
from .primary import AffineMatrix
from .propagation import Propagation
from .selection import Extremes
from .spaces import HermitianSpace
from .timed import TimedMonomials

# Below it three terms of the series of a sine are exact.
_SMALL_ANGLE = 1e-2
# Kinds of outputs whose observable is known.
_KNOWN = ("survival", "norm")


class UnitaryEvolution:
    """States of Hermitian exponents, and derivatives by these.

    The methods are those of `Propagation`, for eigensystems of the exponents.

    Parameters
    ----------
    side : int
        Side ``n`` of the matrices.

    Attributes
    ----------
    selection : Extremes
        All states.
    numbers_per_element : int
        As of `Propagation`.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import Eigensystem, UnitaryEvolution
    >>> evolution = UnitaryEvolution(1)
    >>> exponent = np.array([[[np.pi]]])
    >>> evolution.states(Eigensystem(exponent, evolution.selection))[0].real
    array([[-1.]])
    """

    numbers_per_element = 4

    def __init__(self, side):
        self.selection = Extremes(side)

    def states(self, eigensystem):
        """States of shape (n_samples, n), and what derivatives need."""
        start = eigensystem.vectors[:, 0].conj()
        phases = np.exp(-1j * eigensystem.values)
        state = _products(eigensystem.vectors, (phases * start)[..., np.newaxis])
        return state[..., 0], start

    def pulled_back(self, eigensystem, start, cotangents):
        r"""Gradients ``G`` by the exponent, :math:`dz = \operatorname{tr}(G\, dK)`.

        From :math:`dz = \operatorname{Re}(w^\dagger d\psi)` follows :math:`G =
        \operatorname{herm}(V B^T V^\dagger)` with :math:`B_{ab} = (w^\dagger V)_a\,
        F_{ab}\, c_b`.

        Parameters
        ----------
        eigensystem : Eigensystem
            Of the exponent.
        start : ndarray of shape (n_samples, n)
            The vector ``c``.
        cotangents : ndarray of shape (n_samples, n_outputs, n)
            The vectors ``w``.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs, n, n)
        """
        values, vectors = eigensystem.values, eigensystem.vectors
        # Half phases on either side of the sinc function, which is real and symmetric.
        half = np.exp(-0.5j * values)
        left = cotangents.conj() @ vectors
        left *= -1j * half[:, np.newaxis]
        right = (half * start)[:, np.newaxis]
        # Element (b, a): the transpose of B.
        if vectors.dtype.kind == "f":
            # Of the real part of a product two real products suffice.
            inner = right.real[..., np.newaxis] * left.real[:, :, np.newaxis]
            inner -= right.imag[..., np.newaxis] * left.imag[:, :, np.newaxis]
        else:
            inner = right[..., np.newaxis] * left[:, :, np.newaxis]
        inner *= _sincs(values, half)[:, np.newaxis]
        gradient = vectors[:, np.newaxis] @ inner
        gradient = gradient @ vectors.conj().swapaxes(1, 2)[:, np.newaxis]
        return 0.5 * (gradient + gradient.conj().swapaxes(-1, -2))


class DynamicsReadout:
    r"""Expectation values :math:`\psi^\dagger O_k \psi` in an evolved state.

    Matrices ``O`` of observables are learned; outputs of the same name share one.  The
    survival probability :math:`|\psi_0^\dagger \psi|^2` is the expectation value of the
    projector on :math:`\psi_0`, and the norm :math:`|\psi|^2` that of the identity,
    which are known.

    Parameters
    ----------
    outputs : sequence of tuple (kind, name, ())
        ``kind`` is "survival", "norm" or "expectation", ``name`` that of the
        observable, "" of the others.
    side : int
        Side ``n`` of the matrices.
    matrix_type : {"hermitian", "symmetric"}, default="hermitian"
        Complex Hermitian or real symmetric observables.
    evolution : UnitaryEvolution or Propagation, optional
        Gives the states; the former by default.

    Attributes
    ----------
    selection : Extremes or None
        All states, or none if eigenstates are not needed.
    names : list of str
        Names of the observables, in the order of their matrices.
    n_outputs, size : int
        Numbers of outputs and of real parameters.

    Examples
    --------
    The oscillation between two levels, :math:`\cos^2 t`:

    >>> import numpy as np
    >>> from pmm_sklearn.model import DynamicsReadout, Eigensystem
    >>> readout = DynamicsReadout([("survival", "", ())], 2, "symmetric")
    >>> times = np.array([0.0, np.pi / 4, np.pi / 2])[:, np.newaxis, np.newaxis]
    >>> coupling = np.array([[0.0, 1.0], [1.0, 0.0]])
    >>> eigensystem = Eigensystem(times * coupling, readout.selection)
    >>> readout.forward(eigensystem, np.empty((0, 2, 2)), None)[0].round(6) + 0.0
    array([[1. ],
           [0.5],
           [0. ]])
    """

    n_intercepts = 0
    level_coefficients = None
    slope_features = ()

    def __init__(self, outputs, side, matrix_type="hermitian", evolution=None):
        self.outputs = tuple(outputs)
        self.n_outputs = len(outputs)
        self.names = names_of_expectations(outputs)
        self._evolution = evolution or UnitaryEvolution(side)
        self.selection = self._evolution.selection
        # Where the observable of each output is among those learned and those known.
        self._places = [
            self.names.index(name)
            if kind == "expectation"
            else len(self.names) + _KNOWN.index(kind)
            for kind, name, _ in outputs
        ]
        self._space = HermitianSpace((side,), matrix_type)
        self._known = np.zeros((len(_KNOWN), side, side), self._space.dtype)
        self._known[0, 0, 0] = 1.0
        self._known[1] = np.eye(side)
        self.size = len(self.names) * self._space.size
        per_element = 2 * self.n_outputs + self._evolution.numbers_per_element
        self.working_size = per_element * side**2

    def columns(self, kind, name=None):
        """Outputs of a kind, and with the number ``name`` of their observable."""
        own = "" if name is None else self.names[name]
        return [k for k, output in enumerate(self.outputs) if output[:2] == (kind, own)]

    def split(self, theta):
        """Observables of shape (n_names, n, n), and no intercept."""
        coordinates = theta.reshape(len(self.names), self._space.size)
        return self._space.matrices(coordinates), np.empty(0)

    def join(self, observables, intercept):
        """Vector of coordinates: the inverse of :meth:`split`."""
        return self._space.coordinates(observables).ravel()

    def initial(self, random_state):
        """Standard normal coordinates."""
        return random_state.standard_normal(self.size)

    def constants(self, observables):
        """The observable of every output: see :meth:`PMM.constants`."""
        return np.concatenate([observables, self._known])[self._places]

    def forward(self, eigensystem, observables, intercept, constants=None):
        """Outputs of shape (n_samples, n_outputs), and what derivatives need."""
        if constants is None:
            constants = self.constants(observables)
        state, evolved = self._evolution.states(eigensystem)
        n_samples, side = state.shape
        applied = constants.reshape(-1, side) @ state.T
        applied = applied.reshape(self.n_outputs, side, n_samples).transpose(2, 0, 1)
        outputs = (applied @ state.conj()[..., np.newaxis])[..., 0].real
        return outputs, (evolved, state, applied)

    def matrix_gradients(self, eigensystem, saved):
        """Gradients of outputs by the exponent, (n_samples, n_outputs, n, n)."""
        evolved, _, applied = saved
        return self._evolution.pulled_back(eigensystem, evolved, 2.0 * applied)

    def summed_matrix_gradient(self, eigensystem, saved, cotangents):
        """The same of weighted sums over the outputs of each sample.

        Returns
        -------
        ndarray of shape (n_samples, n, n)
        """
        evolved, _, applied = saved
        total = 2.0 * (cotangents[:, np.newaxis] @ applied)
        return self._evolution.pulled_back(eigensystem, evolved, total)[:, 0]

    def derivative_terms(self, saved):
        """None: outputs depend on the exponent alone."""
        return []

    def gradient(self, theta, saved, cotangents):
        r"""Gradient of :math:`\sum_{sk} c_{sk} z_{sk}`, shape (size,)."""
        if not self.names:
            return np.empty(0)
        gradient = np.zeros((len(self.names) + len(_KNOWN), self._space.size))
        np.add.at(gradient, self._places, cotangents.T @ self._dyads(saved))
        return gradient[: len(self.names)].ravel()

    def jacobian(self, theta, saved, out):
        """Write the derivatives by these parameters, (n_samples, n_outputs, size)."""
        if not self.names:
            return
        out[...] = 0.0
        dyads, size = self._dyads(saved), self._space.size
        for k, place in enumerate(self._places):
            if place < len(self.names):
                out[:, k, place * size : (place + 1) * size] = dyads

    def tangent(self, theta, saved, direction):
        """Change of the outputs for a change of these parameters, (size,)."""
        changes = np.zeros((len(self.names) + len(_KNOWN), self._space.size))
        changes[: len(self.names)] = direction.reshape(-1, self._space.size)
        return self._dyads(saved) @ changes[self._places].T

    def _dyads(self, saved):
        r"""Coordinates of :math:`\psi \psi^\dagger`, shape (n_samples, space.size)."""
        state = saved[1]
        dyads = state[:, :, np.newaxis] * state[:, np.newaxis].conj()
        is_real = self._space.dtype.kind == "f"
        return self._space.coordinates(dyads.real if is_real else dyads)


def names_of_expectations(outputs):
    """Names of the observables of outputs, each once."""
    return list(dict.fromkeys(name for kind, name, _ in outputs if name))


def dynamics_pmm(
    n_features,
    degree,
    side,
    matrix_type,
    outputs,
    eigensolver="auto",
    starts_from_eigenstate=False,
    decay=False,
):
    r"""Model of a state that evolves: outputs in :math:`e^{-itH(x)} \psi_0`.

    Parameters
    ----------
    n_features : int
        Number of features, the time included, which is the last one.
    degree : int
        Degree of `H` in the others.
    side : int
        Side of the matrices.
    matrix_type : {"hermitian", "symmetric"}
        Complex Hermitian or real symmetric matrices.
    outputs : sequence of tuple
        See :class:`DynamicsReadout`.
    eigensolver : {"auto", "lapack", "simd"}, default="auto"
        See ``eigensolver.eigh``.
    starts_from_eigenstate : bool, default=False
        Whether :math:`\psi_0` is an eigenvector of :math:`M_0`, the Hamiltonian at
        parameters of zero: in the basis of all of them :math:`M_0` is diagonal.
    decay : bool, default=False
        Whether states decay: `DissipativeMatrix`.

    Returns
    -------
    PMM

    Examples
    --------
    >>> from pmm_sklearn.model import dynamics_pmm
    >>> survival = [("survival", "", ())]
    >>> dynamics_pmm(2, 1, 3, "symmetric", survival).n_parameters
    12
    >>> dynamics_pmm(
    ...     2, 1, 3, "symmetric", survival, starts_from_eigenstate=True
    ... ).n_parameters
    9
    """
    monomials = TimedMonomials(n_features, degree)
    spaces = [HermitianSpace((side,), matrix_type)] * monomials.size
    if starts_from_eigenstate:
        spaces[0] = HermitianSpace((1,) * side, matrix_type)
    evolution = None
    primary = AffineMatrix(monomials, spaces)
    if decay:
        evolution = Propagation()
        primary = DissipativeMatrix(n_features, degree, spaces)
    readout = DynamicsReadout(outputs, side, matrix_type, evolution)
    return PMM(primary, readout.selection, readout, (side,), eigensolver)


def _sincs(values, half):
    r"""``sin(u) / u`` of half the differences of eigenvalues, (n_samples, n, n).

    The sine follows from :math:`e^{-i\epsilon/2}`, the argument `half`, without as many
    calls of the function as there are differences.
    """
    angle = 0.5 * (values[:, :, np.newaxis] - values[:, np.newaxis])
    cos, sin = half.real, -half.imag
    result = sin[:, :, np.newaxis] * cos[:, np.newaxis]
    result -= cos[:, :, np.newaxis] * sin[:, np.newaxis]
    is_small = np.abs(angle) < _SMALL_ANGLE
    np.divide(result, angle, out=result, where=~is_small)
    square = angle[is_small] ** 2
    result[is_small] = 1.0 - square / 6.0 * (1.0 - square / 20.0)
    return result


def _products(matrices, vectors):
    """Products of matrices, perhaps real, with complex vectors in columns."""
    if matrices.dtype.kind == "c":
        return matrices @ vectors
    n_samples, side, n_vectors = vectors.shape
    parts = np.ascontiguousarray(vectors).view(np.float64)
    parts = matrices @ parts.reshape(n_samples, side, 2 * n_vectors)
    return parts.view(np.complex128)
