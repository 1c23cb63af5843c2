"""The parametric matrix model: features, primary matrix, eigenvectors, outputs."""

from functools import partial
from typing import NamedTuple

import numpy as np

from ._chunks import chunks, in_threads
from .curvature import Linearisation
from .eigensolver import eigh
from .eigensystem import Eigensystem


class Parameters(NamedTuple):
    """The matrices of a model.

    Attributes
    ----------
    matrices : ndarray of shape (n_matrices, n, n)
        Primary matrices, ``M_0`` first; those of low rank as vectors, (n_matrices,
        rank, n).
    observables : ndarray of shape (..., n, n)
        Secondary matrices; those of low rank as vectors, (..., rank, n).
    intercept : ndarray of shape (n_intercepts,)
        Constant terms.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import model as m
    >>> pmm = m.observable_pmm(2, 1, block_sizes=(3,), n_eigenvectors=2)
    >>> parameters = pmm.split(pmm.initial(np.random.RandomState(0)))
    >>> parameters.matrices.shape, parameters.observables.shape, parameters.intercept
    ((3, 3, 3), (1, 2, 3, 3), array([0.]))
    """

    matrices: np.ndarray
    observables: np.ndarray
    intercept: np.ndarray


class PMM:
    r"""Parametric matrix model with a given structure.

    Data flow one way, ``X -> primary matrix -> eigensystem -> outputs``, and
    derivatives flow back the same way.  The object holds the structure only: the
    matrices are arguments, either as :class:`Parameters` or as one flat vector of
    real coordinates ``theta``: those of the primary matrices, of the observables,
    and the intercepts.

    Parameters
    ----------
    primary : AffineMatrix or UnitaryProduct
        From features to the Hermitian matrix.
    states : Extremes or Levels
        Which eigenstates are selected.
    readout : LearnedOutputs or SpectrumReadout
        From the selected eigenstates to the outputs.
    block_sizes : tuple of int
        Sides of the diagonal blocks of the primary matrix; ``(n,)`` for one block.
    eigensolver : {"auto", "lapack", "simd"}, default="auto"
        See ``eigensolver.eigh``.

    Attributes
    ----------
    n_outputs : int
        Number of outputs.
    n_parameters : int
        Number of real parameters.
    working_size : int
        Numbers per sample in the temporary arrays.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import model as m
    >>> pmm = m.PMM(
    ...     m.AffineMatrix(m.Monomials(2), m.HermitianSpace((7,))),
    ...     m.Extremes(3),
    ...     m.LearnedOutputs("transition", 1, 3, (7,), "hermitian"),
    ...     (7,),
    ... )
    >>> pmm.n_parameters
    442
    >>> theta = pmm.initial(np.random.RandomState(0))
    >>> pmm.predict(pmm.split(theta), np.zeros((5, 2))).shape
    (5, 1)
    """

    def __init__(self, primary, states, readout, block_sizes, eigensolver="auto"):
        self.primary = primary
        self.states = states
        self.readout = readout
        self.block_sizes = tuple(block_sizes)
        self._eigensolver = eigensolver
        self.n_outputs = readout.n_outputs
        self.n_parameters = primary.size + readout.size
        self.working_size = 4 * primary.side**2 + readout.working_size

    def split(self, theta):
        """Matrices from a vector of coordinates: the inverse of :meth:`join`."""
        size = self.primary.size
        return Parameters(
            self.primary.split(theta[:size]), *self.readout.split(theta[size:])
        )

    def join(self, parameters):
        """Vector of coordinates of given matrices."""
        matrices, *secondary = parameters
        return np.concatenate(
            [self.primary.join(matrices), self.readout.join(*secondary)]
        )

    def total(self, parameters):
        """The matrices that act, from those that are learned."""
        matrices, observables, intercept = parameters
        return Parameters(
            self.primary.total(matrices), self.readout.total(observables), intercept
        )

    def without_terms(self, parameters):
        """Inverse of :meth:`total`, or its nearest matrices that can be learned."""
        matrices, observables, intercept = parameters
        return Parameters(
            self.primary.without_terms(matrices),
            self.readout.without_terms(observables),
            intercept,
        )

    def initial(self, random_state):
        """Random coordinates to start a training from, for standardised data.

        Parameters
        ----------
        random_state : numpy.random.RandomState
            Source of the random numbers.

        Returns
        -------
        ndarray of shape (n_parameters,)
        """
        return np.concatenate(
            [self.primary.initial(random_state), self.readout.initial(random_state)]
        )

    def penalised(self, theta):
        """Copy of ``theta`` in which the intercepts, which are free, are zero."""
        penalised = theta.copy()
        penalised[self.n_parameters - self.readout.n_intercepts :] = 0.0
        return penalised

    def inputs(self, X):
        """What :meth:`forward` is given for features (n_samples, n_features)."""
        return self.primary.inputs(X)

    def eigensystem(self, matrices, inputs):
        """Eigensystem of a batch, and what the derivatives of its matrices need."""
        assembled, saved = self.primary.forward(matrices, inputs)
        eigensystem = Eigensystem(
            assembled,
            self.states,
            self.block_sizes,
            self.primary.energies_of(saved),
            partial(eigh, eigensolver=self._eigensolver),
        )
        return eigensystem, saved

    def constants(self, parameters):
        """What of the outputs depends on the matrices only, not on the features.

        Many calls of :meth:`forward` with the same matrices share it.
        """
        return self.readout.constants(parameters.observables)

    def forward(self, parameters, inputs, constants=None):
        """Outputs of a batch, and what the derivatives need.

        Parameters
        ----------
        parameters : Parameters
            The matrices.
        inputs : ndarray of shape (n_samples, ...)
            From ``primary.inputs(X)``.
        constants : optional
            From :meth:`constants`.  Derivatives by the features may follow then,
            but not those by ``theta``.

        Returns
        -------
        outputs : ndarray of shape (n_samples, n_outputs)
            Outputs of the model.
        saved : tuple
            Argument of :meth:`gradient` and :meth:`jacobian`.
        """
        matrices, *secondary = parameters
        eigensystem, primary_saved = self.eigensystem(matrices, inputs)
        outputs, readout_saved = self.readout.forward(
            eigensystem, *secondary, constants
        )
        return outputs, (primary_saved, eigensystem, readout_saved)

    def predict(self, parameters, X, n_jobs=None, constants=None):
        """Outputs of shape (n_samples, n_outputs), computed in chunks of samples.

        Several threads share the chunks if asked for.
        """
        if constants is None:
            constants = self.constants(parameters)

        def forward(inputs):
            return self.forward(parameters, inputs, constants)[0]

        return predict_in_chunks(self, forward, X, n_jobs)

    def predict_gradient(self, parameters, X, constants=None):
        """Outputs, and their derivatives by the features, in chunks of samples.

        Parameters
        ----------
        parameters : Parameters
            The matrices.
        X : ndarray of shape (n_samples, n_features)
            Features.
        constants : optional
            From :meth:`constants`, if there are many calls with these matrices.

        Returns
        -------
        outputs : ndarray of shape (n_samples, n_outputs)
            As from :meth:`predict`.
        gradient : ndarray of shape (n_samples, n_outputs, n_features)
            Their derivatives.
        """
        outputs = np.empty((len(X), self.n_outputs))
        gradient = np.empty((len(X), self.n_outputs, X.shape[1]))
        if constants is None:
            constants = self.constants(parameters)
        n_matrices, side = self.primary.n_matrices, self.primary.side
        for chunk in chunks(len(X), self.n_outputs * (side**2 + n_matrices)):
            inputs = self.inputs(X[chunk])
            outputs[chunk], saved = self.forward(parameters, inputs, constants)
            gradient[chunk] = self.primary.feature_gradient(
                parameters.matrices, X[chunk], self.matrix_gradients(saved)
            )
        return outputs, gradient

    def prediction_chunks(self, n_samples):
        """Slices of samples whose temporary arrays are small."""
        return chunks(n_samples, self.working_size)

    def gradient(self, saved, cotangents):
        r"""Gradient of :math:`\sum_{sk} c_{sk} z_{sk}` with respect to ``theta``.

        Parameters
        ----------
        saved : tuple
            From :meth:`forward`.
        cotangents : ndarray of shape (n_samples, n_outputs)
            The coefficients ``c``.

        Returns
        -------
        ndarray of shape (n_parameters,)
        """
        primary_saved, eigensystem, readout_saved = saved
        by_value, by_vector = self.readout.summed_cotangents(readout_saved, cotangents)
        if by_value is not None:
            by_value = by_value[:, np.newaxis]
        if by_vector is not None:
            by_vector = by_vector[:, :, np.newaxis]
        matrix_gradients = eigensystem.pullback(by_value, by_vector)[:, 0]
        return np.concatenate(
            [
                self.primary.gradient(primary_saved, matrix_gradients),
                self.readout.gradient(readout_saved, cotangents),
            ]
        )

    def matrix_gradients(self, saved):
        """Gradient of each output with respect to the primary matrix.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs, n, n)
        """
        _, eigensystem, readout_saved = saved
        return eigensystem.pullback(*self.readout.cotangents(readout_saved))

    def linearised(self, saved):
        """Derivatives of the outputs as a linear map, which needs little memory.

        Parameters
        ----------
        saved : tuple
            From :meth:`forward`.

        Returns
        -------
        Linearisation
        """
        primary_saved, _, readout_saved = saved
        gradients = self.matrix_gradients(saved)
        return Linearisation(self, primary_saved, readout_saved, gradients)

    def jacobian(self, saved):
        """Derivative of every output of every sample with respect to ``theta``.

        Parameters
        ----------
        saved : tuple
            From :meth:`forward`.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs, n_parameters)
        """
        primary_saved, eigensystem, readout_saved = saved
        size = self.primary.size
        n_samples = len(eigensystem.values)
        # Samples last in memory: what is written for each parameter is contiguous.
        jacobian = np.empty((self.n_parameters, self.n_outputs, n_samples)).T
        gradients = self.matrix_gradients(saved)
        self.primary.jacobian(primary_saved, gradients, out=jacobian[:, :, :size])
        self.readout.jacobian(readout_saved, out=jacobian[:, :, size:])
        return jacobian


def predict_in_chunks(model, forward, X, n_jobs=None):
    """Outputs of a model, computed in chunks of samples by one or several threads.

    Parameters
    ----------
    model : PMM or ImagePMM
        The model.
    forward : callable
        Its outputs for given inputs.
    X : ndarray of shape (n_samples, ...)
        Features or images.
    n_jobs : int, optional
        Number of threads, as in joblib.

    Returns
    -------
    ndarray of shape (n_samples, n_outputs)
    """
    if len(X) == 1:
        # What follows would take a tenth of the time of one sample.
        return forward(model.inputs(X))
    outputs = np.empty((len(X), model.n_outputs))

    def predict(chunk):
        outputs[chunk] = forward(model.inputs(X[chunk]))

    for _ in in_threads(predict, model.prediction_chunks(len(X)), n_jobs):
        pass
    return outputs
