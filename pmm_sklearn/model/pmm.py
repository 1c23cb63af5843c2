"""The parametric matrix model: features, primary matrix, eigenvectors, outputs."""

from typing import NamedTuple

import numpy as np

from ._chunks import chunks
from .eigensystem import Eigensystem
from .primary import AffineMatrix
from .readout import READOUTS
from .structure import HermitianBasis


class Parameters(NamedTuple):
    """The matrices of a model.

    Attributes
    ----------
    matrices : ndarray of shape (n_features + 1, n, n)
        Primary matrices, ``M_0`` first.
    observables : ndarray of shape (n_outputs, n_observables, n, n)
        Secondary matrices of each output.
    intercept : ndarray of shape (n_outputs,)
        Constant term of each output.
    """

    matrices: np.ndarray
    observables: np.ndarray
    intercept: np.ndarray


class PMM:
    r"""Affine parametric matrix model with a given structure.

    Data flow one way, ``X -> primary matrix -> eigensystem -> readout``, and
    derivatives flow back the same way.  The object holds the structure only: the
    matrices are arguments, either as :class:`Parameters` or as one flat vector of
    real coordinates ``theta``, in this order: the primary matrices ``M_0, M_1,
    ...``, the observables of the first output, of the second, ..., the intercepts.

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

    Attributes
    ----------
    structure : dict
        The arguments above: ``PMM(**structure)`` is the same model.
    n_parameters : int
        Number of real parameters.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import PMM
    >>> model = PMM(2, 1, (7,), 3, readout="transition")
    >>> model.n_parameters
    442
    >>> theta = model.initial(np.random.RandomState(0))
    >>> model.predict(model.split(theta), np.zeros((5, 2))).shape
    (5, 1)
    """

    def __init__(
        self,
        n_features,
        n_outputs,
        block_sizes,
        n_eigenvectors,
        which="SA",
        readout="expectation",
        matrix_type="hermitian",
    ):
        self.structure = {
            "n_features": n_features,
            "n_outputs": n_outputs,
            "block_sizes": tuple(block_sizes),
            "n_eigenvectors": n_eigenvectors,
            "which": which,
            "readout": readout,
            "matrix_type": matrix_type,
        }
        self.n_features = n_features
        self.n_outputs = n_outputs
        self.block_sizes = tuple(block_sizes)
        self.n_eigenvectors = n_eigenvectors
        self.which = which
        self.readout = READOUTS[readout]()
        self.primary = AffineMatrix(
            n_features, HermitianBasis(self.block_sizes, matrix_type)
        )
        self.observable_basis = HermitianBasis(
            self.readout.block_sizes(self.block_sizes), matrix_type
        )
        self.n_observables = self.readout.n_observables(n_eigenvectors)
        self._per_output = self.n_observables * self.observable_basis.size
        self._n_penalised = self.primary.size + n_outputs * self._per_output
        self.n_parameters = self._n_penalised + n_outputs

    def split(self, theta):
        """Matrices from a vector of coordinates: the inverse of :meth:`join`."""
        primary = theta[: self.primary.size].reshape(self.primary.n_matrices, -1)
        secondary = theta[self.primary.size : self._n_penalised]
        secondary = secondary.reshape(self.n_outputs, self.n_observables, -1)
        return Parameters(
            self.primary.basis.matrices(primary),
            self.observable_basis.matrices(secondary),
            theta[self._n_penalised :].copy(),
        )

    def join(self, parameters):
        """Vector of coordinates of given matrices."""
        return np.concatenate(
            [
                self.primary.basis.coordinates(parameters.matrices).ravel(),
                self.observable_basis.coordinates(parameters.observables).ravel(),
                parameters.intercept,
            ]
        )

    def initial(self, random_state):
        """Random coordinates to start a training from, for standardised data.

        Coordinates are standard normal, those of ``M_1 ... M_p`` divided by
        ``sqrt(p)``; intercepts are zero.

        Parameters
        ----------
        random_state : numpy.random.RandomState
            Source of the random numbers.

        Returns
        -------
        ndarray of shape (n_parameters,)
        """
        theta = random_state.standard_normal(self.n_parameters)
        slopes = slice(self.primary.basis.size, self.primary.size)
        theta[slopes] /= np.sqrt(max(self.n_features, 1))
        theta[self._n_penalised :] = 0.0
        return theta

    def penalised(self, theta):
        """Copy of ``theta`` in which the intercepts, which are free, are zero."""
        penalised = theta.copy()
        penalised[self._n_penalised :] = 0.0
        return penalised

    def forward(self, parameters, X):
        """Outputs of a batch, and what the derivatives need.

        Parameters
        ----------
        parameters : Parameters
            The matrices.
        X : ndarray of shape (n_samples, n_features)
            Features.

        Returns
        -------
        outputs : ndarray of shape (n_samples, n_outputs)
            Outputs of the model.
        saved : tuple
            Argument of :meth:`output_gradients`.
        """
        eigensystem = Eigensystem(
            self.primary.assemble(parameters.matrices, X),
            self.n_eigenvectors,
            self.which,
            self.block_sizes,
        )
        outputs, saved = self.readout.forward(
            eigensystem.selected, parameters.observables
        )
        return outputs + parameters.intercept, (eigensystem, saved)

    def predict(self, parameters, X):
        """Outputs of shape (n_samples, n_outputs), computed in chunks of samples."""
        outputs = np.empty((len(X), self.n_outputs))
        per_sample = self.primary.basis.side**2 + self.n_outputs * self.n_observables
        for chunk in chunks(len(X), per_sample):
            outputs[chunk] = self.forward(parameters, X[chunk])[0]
        return outputs

    def gradient(self, saved, X, cotangents):
        r"""Gradient of :math:`\sum_{sk} c_{sk} z_{sk}` with respect to ``theta``.

        Parameters
        ----------
        saved : tuple
            From :meth:`forward`.
        X : ndarray of shape (n_samples, n_features)
            Features.
        cotangents : ndarray of shape (n_samples, n_outputs)
            The coefficients ``c``.

        Returns
        -------
        ndarray of shape (n_parameters,)
        """
        eigensystem, readout_saved = saved
        vector_cotangents = self.readout.vector_cotangents(readout_saved)
        combined = np.einsum("sk,snkr->snr", cotangents, vector_cotangents)
        gradients = eigensystem.pullback(combined[:, :, np.newaxis])[:, 0]
        coordinates = self.primary.basis.coordinates(gradients)
        observable = self.readout.observable_gradients(
            readout_saved, self.observable_basis
        )
        if observable.shape[1] == 1:
            observable = cotangents.T @ observable.reshape(len(X), -1)
        else:
            observable = np.einsum("sk,skia->kia", cotangents, observable)
        return np.concatenate(
            [
                self.primary.gradient(X, coordinates),
                observable.ravel(),
                cotangents.sum(axis=0),
            ]
        )

    def jacobian(self, saved, X):
        """Derivative of every output of every sample with respect to ``theta``.

        Parameters
        ----------
        saved : tuple
            From :meth:`forward`.
        X : ndarray of shape (n_samples, n_features)
            Features.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs, n_parameters)
        """
        eigensystem, readout_saved = saved
        jacobian = np.zeros((len(X), self.n_outputs, self.n_parameters))
        gradients = eigensystem.pullback(self.readout.vector_cotangents(readout_saved))
        self.primary.jacobian(
            X,
            self.primary.basis.coordinates(gradients),
            out=jacobian[:, :, : self.primary.size],
        )
        observable = self.readout.observable_gradients(
            readout_saved, self.observable_basis
        )
        observable = observable.reshape(len(X), observable.shape[1], -1)
        for output in range(self.n_outputs):
            start = self.primary.size + output * self._per_output
            own = observable[:, min(output, observable.shape[1] - 1)]
            jacobian[:, output, start : start + self._per_output] = own
            jacobian[:, output, self._n_penalised + output] = 1.0
        return jacobian
