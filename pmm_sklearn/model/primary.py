"""The primary matrix: the Hermitian matrix that the inputs control."""

import numpy as np


class AffineMatrix:
    r"""Primary matrix affine in the features, :math:`H(x) = M_0 + \sum_l x_l M_l`.

    Parameters
    ----------
    n_features : int
        Number ``p`` of features.
    basis : HermitianBasis
        The space in which every :math:`M_l` lies.

    References
    ----------
    Cook et al., "Parametric matrix models", Nat. Commun. 16, 5929 (2025), eq. 1.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import AffineMatrix, HermitianBasis
    >>> primary = AffineMatrix(1, HermitianBasis((2,), "symmetric"))
    >>> primary.assemble(np.array([np.eye(2), np.diag([1.0, -1.0])]), [[3.0]])
    array([[[ 4.,  0.],
            [ 0., -2.]]])
    """

    def __init__(self, n_features, basis):
        self.basis = basis
        self.n_matrices = n_features + 1
        self.size = self.n_matrices * basis.size

    def assemble(self, matrices, X):
        """Primary matrices of a batch of samples.

        Parameters
        ----------
        matrices : ndarray of shape (n_features + 1, n, n)
            ``M_0`` first.
        X : array-like of shape (n_samples, n_features)
            Features.

        Returns
        -------
        ndarray of shape (n_samples, n, n)
            ``H(x)`` of every sample.
        """
        flat = matrices.reshape(self.n_matrices, -1).view(np.float64)
        assembled = np.asarray(X) @ flat[1:] + flat[0]
        side = self.basis.side
        return assembled.view(self.basis.dtype).reshape(-1, side, side)

    def gradient(self, X, coordinates):
        r"""Gradient of a sum over samples: :math:`\sum_s x_l(s)\, G(s)`.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Features.
        coordinates : ndarray of shape (n_samples, basis.size)
            Coordinates of the gradient ``G`` with respect to ``H``, per sample.

        Returns
        -------
        ndarray of shape (size,)
            Gradient with respect to the coordinates of ``M_0, M_1, ...``.
        """
        return np.concatenate([coordinates.sum(axis=0), (X.T @ coordinates).ravel()])

    def jacobian(self, X, coordinates, out):
        """Derivative of every output of every sample, :math:`x_l G`.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Features.
        coordinates : ndarray of shape (n_samples, n_outputs, basis.size)
            Coordinates of the gradient of each output with respect to ``H``.
        out : ndarray of shape (n_samples, n_outputs, size)
            Where the derivatives are written.
        """
        size = self.basis.size
        out[:, :, :size] = coordinates
        blocks = out[:, :, size:]
        for feature in range(X.shape[1]):
            block = blocks[:, :, feature * size : (feature + 1) * size]
            np.multiply(coordinates, X[:, feature, np.newaxis, np.newaxis], out=block)
