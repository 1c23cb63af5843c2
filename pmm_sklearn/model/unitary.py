r"""The primary matrix of a product of unitary evolutions, "Trotterised" dynamics.

The eigenvalues of a unitary matrix are phases, and a batched eigensolver exists for
Hermitian matrices only.  The Cayley transform turns one into the other: same
eigenvectors, and eigenvalues that grow with the energy.  Everything is divided by
the time step analytically, so that a step of zero is a point like any other.
"""

from functools import partial

import numpy as np

_START_PHASE = 0.6


class UnitaryProduct:
    r"""Cayley transform of :math:`U(t) = e^{-iM_1t} e^{-iM_2t} \cdots e^{-iM_Lt}`.

    With :math:`D = (1 - U) / t` the transform is the Hermitian matrix

    .. math:: H(t) = -2i\, D\, (2 - tD)^{-1}, \qquad H(0) = \sum_l M_l .

    It has the eigenvectors of ``U``.  An eigenvalue :math:`e^{-iEt}` of ``U`` becomes
    :math:`(2/t) \tan(Et/2)`, which increases with :math:`E` on the interval
    :math:`(-\pi/|t|, \pi/|t|)` where ``E`` is unique: the lowest eigenvalues of ``H``
    belong to the lowest energies, and :func:`phase_energies` returns these.

    Parameters
    ----------
    n_factors : int
        Number ``L`` of factors.
    space : Space
        Where every :math:`M_l` is learned.

    Notes
    -----
    A factor contributes :math:`A_l = (1 - e^{-iM_lt}) / t`, a function of
    :math:`M_l` that is smooth in ``t``:
    :math:`f(m) = i m\, e^{-imt/2} \operatorname{sinc}(mt/2)` with
    :math:`\operatorname{sinc} u = \sin u / u`.  The product of two evolutions adds
    up as :math:`D_{12} = A_1 + e^{-iM_1t} A_2`.

    Derivatives are

    .. math::

        dH = -4i\, (2 - tD)^{-1} dD\, (2 - tD)^{-1}, \qquad
        dD = \sum_l U_{<l}\, dA_l\, U_{>l},

    where :math:`U_{<l}` and :math:`U_{>l}` are the products of the factors before and
    after the ``l``-th.  In the eigenbasis of :math:`M_l` the element ``(a, b)`` of
    :math:`dA_l` is that of :math:`dM_l` times the divided difference
    :math:`f[m_a, m_b] = i\, e^{-i(m_a + m_b)t/2} \operatorname{sinc}((m_a - m_b)t/2)`
    (Daleckii and Krein).  Equal eigenvalues need no special case.

    Energies are even in ``t`` with real symmetric matrices, where ``U(-t)`` is the
    conjugate of ``U(t)``, and with fewer than three factors, where it is similar to
    the inverse.  Other data need at least three complex factors.

    References
    ----------
    Cook et al., "Parametric matrix models", Nat. Commun. 16, 5929 (2025): zero time
    step extrapolation for quantum computing.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import HermitianSpace, UnitaryProduct, phase_energies
    >>> primary = UnitaryProduct(2, HermitianSpace((2,)))
    >>> x, z = np.array([[[0, 1], [1, 0]], [[1, 0], [0, -1]]], dtype=complex)
    >>> times = np.array([[0.0], [0.5]])
    >>> matrices, saved = primary.forward(np.array([x, z]), times)
    >>> np.allclose(matrices[0], x + z)
    True
    >>> energies, slopes = phase_energies(np.linalg.eigvalsh(matrices), times)
    >>> energies.round(4)
    array([[-1.4142,  1.4142],
           [-1.3834,  1.3834]])
    """

    def __init__(self, n_factors, space):
        self.space = space
        self.n_matrices = n_factors
        self.side = space.side
        self.size = n_factors * space.size
        self.shifts = np.empty(0, np.intp)

    def split(self, theta):
        """Matrices of shape (n_factors, n, n) from coordinates of shape (size,)."""
        return self.space.matrices(theta.reshape(self.n_matrices, -1))

    def join(self, matrices):
        """Coordinates of given matrices, or of the nearest that can be learned."""
        return self.space.coordinates(matrices).ravel()

    def initial(self, random_state):
        """Random coordinates to start from, for time steps of [-1, 1].

        Each factor turns phases by about half a radian.  From larger matrices
        training ends in solutions that oscillate between the data.
        """
        scale = self.space.start_scale * _START_PHASE / np.sqrt(self.side)
        return scale * random_state.standard_normal(self.size)

    def silence(self, theta, which):
        """Coordinates without those of some matrices: see `AffineMatrix.silence`."""
        return np.where(np.repeat(which, self.space.size), 0.0, theta)

    def inputs(self, X):
        """What :meth:`forward` is given: the time steps."""
        return X

    def energies_of(self, saved):
        """Function from eigenvalues of the transform to energies and their slopes."""
        return partial(phase_energies, X=saved[0][:, :, 0])

    def forward(self, matrices, X):
        """Cayley transforms of a batch of time steps.

        Parameters
        ----------
        matrices : ndarray of shape (n_factors, n, n)
            The matrices ``M_l``, in the order of the product.
        X : ndarray of shape (n_samples, 1)
            Time steps; zero and negative ones are welcome.

        Returns
        -------
        transforms : ndarray of shape (n_samples, n, n)
            The Hermitian matrices ``H(t)``, complex.
        saved : tuple
            Argument of the derivative methods.

        Raises
        ------
        numpy.linalg.LinAlgError
            If an eigenvalue of ``U`` is ``-1`` to the last bit, where ``H`` has a
            pole; next to it ``H`` is merely large.
        """
        time = np.asarray(X, dtype=np.float64)[:, :1, np.newaxis]
        values, vectors = np.linalg.eigh(matrices)
        factors = [
            _factor(*eigenpairs, time)
            for eigenpairs in zip(values, vectors, strict=True)
        ]
        before, difference = _accumulate(factors, time)
        identity = np.eye(self.space.side)
        resolvent = np.linalg.inv(2.0 * identity - time * difference)
        transforms = -2j * (difference @ resolvent)
        # Hermitian but for rounding.
        transforms = 0.5 * (transforms + _adjoint(transforms))
        return transforms, (time, values, vectors, factors, before, resolvent)

    def gradient(self, theta, saved, gradients):
        r"""Gradient of a sum over samples, :math:`\sum_s \operatorname{tr}(G_s H_s)`.

        Parameters
        ----------
        theta : ndarray of shape (size,)
            Coordinates.
        saved : tuple
            From :meth:`forward`.
        gradients : ndarray of shape (n_samples, n, n)
            The Hermitian matrices ``G``.

        Returns
        -------
        ndarray of shape (size,)
            Gradient with respect to the coordinates of ``M_1, M_2, ...``.
        """
        parts = zip(
            self._tangents(theta), _inner_gradients(saved, gradients), strict=True
        )
        blocks = [
            self._pull_back(tangent, inner.sum(axis=0), vectors)
            for tangent, (inner, vectors) in parts
        ]
        return np.concatenate(blocks)

    def jacobian(self, theta, saved, gradients, out):
        r"""Gradient of every sample and output, :math:`\operatorname{tr}(G_{sk} H_s)`.

        Parameters
        ----------
        theta : ndarray of shape (size,)
            Coordinates.
        saved : tuple
            From :meth:`forward`.
        gradients : ndarray of shape (n_samples, n_outputs, n, n)
            The Hermitian matrices ``G``.
        out : ndarray of shape (n_samples, n_outputs, size)
            Where the derivatives are written.
        """
        start = 0
        for tangent, (inner, vectors) in zip(
            self._tangents(theta), _inner_gradients(saved, gradients), strict=True
        ):
            stop = start + self.space.size
            out[:, :, start:stop] = self._pull_back(tangent, inner, vectors)
            start = stop

    def tangent(self, theta, saved, direction):
        """Change of the transforms for a change of the coordinates, (size,).

        Returns
        -------
        ndarray of shape (n_samples, n, n)
        """
        time, values, vectors, *_ = saved
        changes = self.space.tangent(theta.reshape(self.n_matrices, -1)).matrices(
            direction.reshape(self.n_matrices, -1)
        )
        change = 0.0
        for change_l, values_l, vectors_l, (left, right) in zip(
            changes, values, vectors, _sides(saved), strict=True
        ):
            inner = vectors_l.conj().T @ change_l @ vectors_l
            inner = inner * _divided_differences(values_l, time)
            change = change + right @ inner @ left
        return 0.5 * (change + _adjoint(change))

    def _tangents(self, theta):
        """Changes of each factor at its coordinates."""
        return map(self.space.tangent, theta.reshape(self.n_matrices, -1))

    def _pull_back(self, tangent, inner, vectors):
        """Derivatives from a gradient known in the eigenbasis of its factor."""
        gradient = vectors @ inner @ _adjoint(vectors)
        gradient = 0.5 * (gradient + _adjoint(gradient))
        if self.space.dtype.kind == "f":
            gradient = gradient.real
        return tangent.adjoint(gradient)


def phase_energies(values, X):
    r"""Energies :math:`E = (2/t) \arctan(ht/2)` of eigenvalues ``h`` of the transform.

    Parameters
    ----------
    values : ndarray of shape (n_samples, r)
        Eigenvalues of the Cayley transform.
    X : ndarray of shape (n_samples, 1)
        Time steps.

    Returns
    -------
    energies : ndarray of shape (n_samples, r)
        Phases of the unitary matrix per unit of time, between ``-pi/|t|`` and
        ``pi/|t|``; the eigenvalues themselves where the time step is zero.
    slopes : ndarray of shape (n_samples, r)
        Derivatives of the energies with respect to the eigenvalues.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import phase_energies
    >>> energies, slopes = phase_energies(np.array([[2.0], [2.0]]), [[0.0], [1.0]])
    >>> energies.round(4)
    array([[2.    ],
           [1.5708]])
    >>> slopes
    array([[1. ],
           [0.5]])
    """
    values = np.asarray(values)
    half_angle = 0.5 * values * np.asarray(X)[:, :1]
    ratio = np.ones_like(half_angle)
    np.divide(np.arctan(half_angle), half_angle, out=ratio, where=half_angle != 0)
    return values * ratio, 1.0 / (1.0 + half_angle**2)


def _adjoint(matrices):
    return matrices.conj().swapaxes(-1, -2)


def _sinc(angle):
    """``sin(u) / u``; NumPy's function has a factor pi in it."""
    return np.sinc(angle / np.pi)


def _factor(values, vectors, time):
    """``A = (1 - exp(-iMt)) / t`` and ``exp(-iMt)`` of one factor, per sample."""
    angle = 0.5 * values * time
    function = 1j * values * np.exp(-1j * angle) * _sinc(angle)
    difference = (vectors * function) @ vectors.conj().T
    return difference, (vectors * np.exp(-2j * angle)) @ vectors.conj().T


def _accumulate(factors, time):
    """Products of the factors before each one, and ``D`` of the whole product."""
    difference, product = factors[0]
    before = [np.broadcast_to(np.eye(product.shape[-1]), product.shape)]
    for next_difference, evolution in factors[1:]:
        before.append(product)
        difference = difference + product @ next_difference
        product = product @ evolution
    return before, difference


def _inner_gradients(saved, gradients):
    """Gradient of each factor in its eigenbasis, and that eigenbasis.

    ``tr(G dH) = tr(C dA)`` with ``C = U_after (-4i R G R) U_before`` and the
    resolvent ``R``; the divided differences then multiply element by element.
    """
    time, values, vectors, *_ = saved
    # Where G has an axis for outputs, everything per sample needs one as well.
    per_output = (slice(None),) + (np.newaxis,) * (gradients.ndim - 3)
    for values_l, vectors_l, (left, right) in zip(
        values, vectors, _sides(saved), strict=True
    ):
        inner = left[per_output] @ gradients @ right[per_output]
        yield inner * _divided_differences(values_l, time)[per_output], vectors_l


def _sides(saved):
    """What stands left and right of the change of each factor, in its eigenbasis.

    Cyclically: ``tr(G dH)`` is the trace of ``left G right`` and the change.
    """
    _, _, vectors, factors, before, resolvent = saved
    after = [resolvent]
    for _, evolution in factors[:0:-1]:
        after.append(evolution @ after[-1])
    for vectors_l, before_l, after_l in zip(vectors, before, after[::-1], strict=True):
        left = -4j * (_adjoint(vectors_l) @ after_l)
        yield left, resolvent @ (before_l @ vectors_l)


def _divided_differences(values, time):
    """``(f(a) - f(b)) / (a - b)`` of ``f(m) = (1 - exp(-imt)) / t``, per sample."""
    column = 0.5 * values * time
    row = column.swapaxes(1, 2)
    return 1j * np.exp(-1j * (row + column)) * _sinc(row - column)
