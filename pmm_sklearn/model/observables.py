"""Learned outputs: observables and an intercept for each of them."""

import numpy as np

from .pmm import PMM
from .polynomial import Monomials
from .primary import AffineMatrix
from .readout import READOUTS
from .states import Extremes
from .structure import HermitianSpace


class LearnedOutputs:
    r"""Outputs :math:`z_k = g_k + f(v_1 \dots v_r; D_k)` with own observables.

    Parameters
    ----------
    readout : {"expectation", "transition"}
        The function ``f``: see :data:`READOUTS`.
    n_outputs : int
        Number of outputs.
    n_eigenvectors : int
        Number ``r`` of selected eigenvectors.
    block_sizes : tuple of int
        Sides of the diagonal blocks of the primary matrix.
    matrix_type : {"hermitian", "symmetric"}
        Complex Hermitian or real symmetric observables.

    Attributes
    ----------
    size : int
        Number of real parameters; the intercepts are the last of them.
    n_intercepts : int
        Number of parameters that are not penalised.
    """

    def __init__(self, readout, n_outputs, n_eigenvectors, block_sizes, matrix_type):
        self.formula = READOUTS[readout]()
        self.n_outputs = self.n_intercepts = n_outputs
        self.n_observables = self.formula.n_observables(n_eigenvectors)
        self.space = HermitianSpace(self.formula.block_sizes(block_sizes), matrix_type)
        self._per_output = self.n_observables * self.space.size
        self.size = n_outputs * (self._per_output + 1)

    def split(self, theta):
        """Observables and intercepts from a vector of coordinates."""
        coordinates = theta[: -self.n_intercepts]
        coordinates = coordinates.reshape(self.n_outputs, self.n_observables, -1)
        return self.space.matrices(coordinates), theta[-self.n_intercepts :].copy()

    def join(self, observables, intercept):
        """Vector of coordinates: the inverse of :meth:`split`."""
        return np.concatenate([self.space.coordinates(observables).ravel(), intercept])

    def initial(self, random_state):
        """Standard normal coordinates and intercepts of zero."""
        theta = random_state.standard_normal(self.size)
        theta[-self.n_intercepts :] = 0.0
        return theta

    def forward(self, eigensystem, observables, intercept):
        """Outputs of shape (n_samples, n_outputs), and what derivatives need."""
        outputs, saved = self.formula.forward(eigensystem.selected, observables)
        return outputs + intercept, saved

    def cotangents(self, saved):
        """Derivatives of the outputs by eigenvalues (none) and by eigenvectors.

        Returns
        -------
        None
            Outputs do not depend on the eigenvalues.
        ndarray of shape (n_samples, n, n_outputs, r)
        """
        return None, self.formula.vector_cotangents(saved)

    def gradient(self, saved, cotangents):
        r"""Gradient of :math:`\sum_{sk} c_{sk} z_{sk}`, shape (size,)."""
        own = self.formula.observable_gradients(saved, self.space)
        if own.shape[1] == 1:
            own = cotangents.T @ own.reshape(len(own), -1)
        else:
            own = np.einsum("sk,skia->kia", cotangents, own)
        return np.concatenate([own.ravel(), cotangents.sum(axis=0)])

    def jacobian(self, saved, out):
        """Write the derivatives by these parameters, (n_samples, n_outputs, size)."""
        own = self.formula.observable_gradients(saved, self.space)
        own = own.reshape(*own.shape[:2], -1)
        out[...] = 0.0
        for output in range(self.n_outputs):
            part = slice(output * self._per_output, (output + 1) * self._per_output)
            out[:, output, part] = own[:, min(output, own.shape[1] - 1)]
            out[:, output, output - self.n_intercepts] = 1.0


def observable_pmm(
    n_features,
    n_outputs,
    block_sizes,
    n_eigenvectors,
    which="SA",
    readout="expectation",
    matrix_type="hermitian",
    level_spacing=0.0,
):
    """Model of regressor and classifier: affine primary matrix, learned outputs.

    Parameters
    ----------
    n_features, n_outputs : int
        Numbers of features and outputs.
    block_sizes : tuple of int
        Sides of the diagonal blocks of the primary matrix; ``(n,)`` for one block.
    n_eigenvectors : int
        Number of selected eigenvectors.
    which : {"SA", "LA", "LM", "SM"}, default="SA"
        Which eigenvectors are selected.
    readout : {"expectation", "transition"}, default="expectation"
        What is read from them.
    matrix_type : {"hermitian", "symmetric"}, default="hermitian"
        Complex Hermitian or real symmetric matrices.
    level_spacing : float, default=0.0
        Of the equidistant levels in each block of the constant matrix from which its
        coordinates count.

    Returns
    -------
    PMM

    Examples
    --------
    >>> from pmm_sklearn.model import observable_pmm
    >>> observable_pmm(2, 1, (7,), 3, readout="transition").n_parameters
    442
    """
    monomials, space = Monomials(n_features), HermitianSpace(block_sizes, matrix_type)
    offsets = None
    if level_spacing:
        offsets = np.zeros((monomials.size, space.side, space.side))
        levels = np.concatenate([np.arange(size) for size in block_sizes])
        offsets[0] = np.diag(level_spacing * levels)
    return PMM(
        AffineMatrix(monomials, space, offsets),
        Extremes(n_eigenvectors, which),
        LearnedOutputs(readout, n_outputs, n_eigenvectors, block_sizes, matrix_type),
        block_sizes,
    )
