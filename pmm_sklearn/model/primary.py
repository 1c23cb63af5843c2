"""The primary matrix: the Hermitian matrix that the inputs control."""

import numpy as np


class AffineMatrix:
    r"""Primary matrix :math:`H(x) = \sum_l \phi_l(x) M_l`, linear in monomials.

    With monomials of degree 1 it is affine in the features, :math:`M_0 + \sum_l x_l
    M_l`.

    Parameters
    ----------
    monomials : Monomials
        The functions :math:`\phi_l`, the constant first.
    spaces : HermitianSpace or sequence of HermitianSpace
        The space in which :math:`M_l` lies, up to its offset: one for all, or one
        for each.
    offsets : ndarray of shape (n_matrices, n, n), optional
        Constant parts of the matrices, zero by default.

    References
    ----------
    Cook et al., "Parametric matrix models", Nat. Commun. 16, 5929 (2025), eq. 1.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import AffineMatrix, HermitianSpace, Monomials
    >>> primary = AffineMatrix(Monomials(1), HermitianSpace((2,), "symmetric"))
    >>> matrices = np.array([np.eye(2), np.diag([1.0, -1.0])])
    >>> primary.forward(matrices, primary.inputs(np.array([[3.0]])))[0]
    array([[[ 4.,  0.],
            [ 0., -2.]]])
    """

    def __init__(self, monomials, spaces, offsets=None):
        self.monomials = monomials
        self.n_matrices = monomials.size
        if not isinstance(spaces, (list, tuple)):
            spaces = [spaces] * self.n_matrices
        self.side = spaces[0].side
        self.dtype = spaces[0].dtype
        self.spaces = list(spaces)
        self.offsets = offsets
        ends = np.cumsum([space.size for space in spaces])
        self.size = int(ends[-1])
        starts = ends - [space.size for space in spaces]
        # Matrices that share a space are treated together.
        self._groups = []
        for space in dict.fromkeys(spaces):
            members = np.array([i for i, own in enumerate(spaces) if own is space])
            places = starts[members, np.newaxis] + np.arange(space.size)
            self._groups.append((space, members, places))

    def split(self, theta):
        """Matrices of shape (n_matrices, n, n) from coordinates of shape (size,)."""
        matrices = np.empty((self.n_matrices, self.side, self.side), self.dtype)
        for space, members, places in self._groups:
            matrices[members] = space.matrices(theta[places])
        return matrices if self.offsets is None else matrices + self.offsets

    def join(self, matrices):
        """Coordinates of given matrices: the inverse of :meth:`split`."""
        if self.offsets is not None:
            matrices = matrices - self.offsets
        theta = np.empty(self.size)
        for space, members, places in self._groups:
            theta[places] = space.coordinates(matrices[members])
        return theta

    def total(self, matrices):
        """What multiplies the monomials: these matrices, without further terms."""
        return matrices

    def without_terms(self, total):
        """Inverse of :meth:`total`."""
        return total

    def initial(self, random_state):
        """Random coordinates to start from, for features of about [-1, 1].

        They are standard normal, but divided by the square root of the number of
        matrices that vary for all of these.

        Parameters
        ----------
        random_state : numpy.random.RandomState
            Source of the random numbers.

        Returns
        -------
        ndarray of shape (size,)
        """
        theta = random_state.standard_normal(self.size)
        for _, members, places in self._groups:
            theta[places[members > 0]] /= np.sqrt(self.n_matrices - 1)
        return theta

    def energies_of(self, saved):
        """None: the eigenvalues are the energies."""
        return None

    def inputs(self, X):
        """What :meth:`forward` is given for features (n_samples, n_features)."""
        return self.monomials.values(X)

    def forward(self, matrices, inputs):
        """Primary matrices of a batch of samples.

        Parameters
        ----------
        matrices : ndarray of shape (n_matrices, n, n)
            ``M_0`` first.
        inputs : ndarray of shape (n_samples, n_matrices)
            From :meth:`inputs`.

        Returns
        -------
        primary : ndarray of shape (n_samples, n, n)
            ``H(x)`` of every sample.
        saved : tuple
            Argument of the derivative methods.
        """
        return _sums(inputs, matrices), (matrices, inputs)

    def tangent(self, saved, direction):
        """Change of the primary matrices for a change of the coordinates.

        Parameters
        ----------
        saved : tuple
            From :meth:`forward`.
        direction : ndarray of shape (size,)
            The change, to first order.

        Returns
        -------
        ndarray of shape (n_samples, n, n)
        """
        matrices, inputs = saved
        return _sums(inputs, self._matrix_tangents(matrices, direction))

    def _matrix_tangents(self, matrices, direction):
        constant = self.split(np.zeros(self.size)) if self.offsets is not None else 0.0
        return self.split(direction) - constant

    def gradient(self, saved, gradients):
        r"""Gradient of a sum over samples, coordinates of :math:`\sum_s \phi_l G_s`.

        Parameters
        ----------
        saved : tuple
            From :meth:`forward`.
        gradients : ndarray of shape (n_samples, n, n)
            The gradient ``G`` with respect to ``H`` of every sample.

        Returns
        -------
        ndarray of shape (size,)
            Gradient with respect to the coordinates of ``M_0, M_1, ...``.
        """
        _, inputs = saved
        gradient = np.empty(self.size)
        for space, members, places in self._groups:
            coordinates = space.coordinates(gradients)
            gradient[places] = _columns(inputs, members).T @ coordinates
        return gradient

    def jacobian(self, saved, gradients, out):
        r"""Derivative of every output of every sample, :math:`\phi_l G`.

        Parameters
        ----------
        saved : tuple
            From :meth:`forward`.
        gradients : ndarray of shape (n_samples, n_outputs, n, n)
            The gradient ``G`` of each output with respect to ``H``.
        out : ndarray of shape (n_samples, n_outputs, size)
            Where the derivatives are written.
        """
        _, inputs = saved
        for space, members, places in self._groups:
            if space.size == 0:
                continue
            coordinates = space.coordinates(gradients)
            # In the layout of `out`: see PMM.jacobian.
            coordinates = np.ascontiguousarray(coordinates.T).T
            for member, (first, *_) in zip(members, places, strict=True):
                np.multiply(
                    coordinates,
                    inputs[:, member, np.newaxis, np.newaxis],
                    out=out[:, :, first : first + space.size],
                )

    def feature_gradient(self, matrices, X, gradients):
        r"""Derivatives by the features, :math:`\operatorname{tr}(G\,\partial_j H)`.

        Parameters
        ----------
        matrices : ndarray of shape (n_matrices, n, n)
            The matrices.
        X : ndarray of shape (n_samples, n_features)
            Features.
        gradients : ndarray of shape (n_samples, n_outputs, n, n)
            The gradient ``G`` of each output with respect to ``H``.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs, n_features)
        """
        # Re(a^H b) is the product of the two matrices seen as real numbers.
        flat = matrices.reshape(self.n_matrices, -1).view(np.float64)
        gradients = gradients.reshape(*gradients.shape[:2], -1).view(np.float64)
        return self.monomials.pull_back(X, gradients @ flat.T)


def _sums(inputs, matrices):
    """Sums of matrices, weighed by the inputs of each sample."""
    flat = matrices.reshape(len(matrices), -1)
    sums = (inputs @ flat.view(np.float64)).view(flat.dtype)
    return sums.reshape(-1, *matrices.shape[1:])


def _columns(inputs, members):
    """The columns of some members, without a copy if these are all."""
    return inputs if len(members) == inputs.shape[1] else inputs[:, members]
