r"""The parametric matrix model: features, primary matrix, eigenvectors, outputs.

Conventions, here and in all modules of this package:

======================  =========================================================
``theta``               parameters, one vector of real numbers: coordinates of the
                        primary matrices ``M_0, M_1, ...``, then of the observables
                        (output after output, pair after pair), then intercepts
``matrices``            the matrices that act, offsets and other terms included
``saved``               what a forward pass leaves for derivatives
``s``, ``N``            sample, and number of samples (of a batch or of all)
``k``, ``q``            output, and number of outputs
``l``                   primary matrix
``i``, ``j``, ``r``     selected eigenstates, and their number
``m``, ``n``            any eigenstate; side of the matrices
``e``                   matrix element, a pair of states
``(N, q)``              shape of outputs, targets and cotangents
``(N, q, n, n)``        shape of gradients ``G`` with respect to the primary matrix,
                        :math:`dz_{sk} = \operatorname{tr}(G_{sk}\, dH_s)`
``(N, q, size)``        shape of Jacobians, samples last in memory
======================  =========================================================

A gradient by a complex vector or amplitude is the ``w`` of :math:`dz =
\operatorname{Re}(w^\dagger dv)`.  Derivatives are taken at ``theta``; a station is
given its own part of it.
"""

from functools import partial
from typing import NamedTuple

import numpy as np

from ._chunks import chunks, predict_in_chunks
from .curvature import Linearisation
from .derivative_terms import (
    add_to_feature_gradient,
    add_to_jacobian,
    derivatives_of_matrix,
    gradient_of_sum,
)
from .eigensolver import eigh
from .eigensystem import Eigensystem


class Parameters(NamedTuple):
    """The matrices of a model.

    Attributes
    ----------
    matrices : ndarray of shape (n_matrices, n, n)
        Primary matrices as they act, ``M_0`` first.
    observables : ndarray of shape (..., n, n)
        Secondary matrices.
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
    primary : PrimaryMatrix
        From features to the Hermitian matrix: `AffineMatrix`, `UnitaryProduct`.
    selection : Extremes, Levels or None
        Which eigenstates are selected.  None if the readout is given the primary matrix
        itself, which need not be Hermitian then.
    readout : ReadoutStation
        From the selected eigenstates to the outputs: `ObservableReadout`,
        `SpectrumReadout`.
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
    ...     m.ObservableReadout("transition", 1, 3, m.HermitianSpace((7,))),
    ...     (7,),
    ... )
    >>> pmm.n_parameters
    442
    >>> theta = pmm.initial(np.random.RandomState(0))
    >>> pmm.predict(pmm.split(theta), np.zeros((5, 2))).shape
    (5, 1)
    """

    def __init__(self, primary, selection, readout, block_sizes, eigensolver="auto"):
        self.primary = primary
        self.selection = selection
        self.readout = readout
        self.block_sizes = tuple(block_sizes)
        self._eigensolver = eigensolver
        self.n_outputs = readout.n_outputs
        self.n_parameters = primary.size + readout.size
        self.working_size = 4 * primary.side**2 + readout.working_size
        # Number of features that outputs depend on otherwise than by the matrix.
        self._n_features_read = getattr(readout, "reads_features", 0)

    @property
    def reads_levels(self):
        """Whether outputs are levels, whose mean is as free as an intercept."""
        return 0 in self.primary.shifts

    @property
    def n_free(self):
        """Number of parameters that data can determine: without changes of basis."""
        is_complex = np.issubdtype(self.primary.dtype, np.complexfloating)
        sizes = np.array(self.block_sizes)
        gauge = sizes**2 - 1 if is_complex else sizes * (sizes - 1) // 2
        of_matrices = sum(space.n_gauge for space in self.primary.spaces)
        return self.n_parameters - int(np.sum(gauge)) - of_matrices

    def split(self, theta):
        """The matrices that act, from a vector of coordinates."""
        size = self.primary.size
        return Parameters(
            self.primary.split(theta[:size]), *self.readout.split(theta[size:])
        )

    def join(self, parameters):
        """Coordinates of acting matrices, or of the nearest that can be learned."""
        matrices, *secondary = parameters
        return np.concatenate(
            [self.primary.join(matrices), self.readout.join(*secondary)]
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

    def without_intercepts(self, theta):
        """Copy of ``theta`` in which the intercepts are zero: what is penalised."""
        penalised = theta.copy()
        penalised[self.n_parameters - self.readout.n_intercepts :] = 0.0
        penalised[self.primary.shifts] = 0.0
        return penalised

    def inputs(self, X):
        """What :meth:`forward` is given for features (n_samples, n_features)."""
        return self.primary.inputs(X)

    def eigensystem(self, matrices, inputs):
        """Eigensystem of a batch, and what the derivatives of its matrices need."""
        assembled, saved = self.primary.forward(matrices, inputs)
        features = self.readout.slope_features
        derivatives = derivatives_of_matrix(self.primary, matrices, saved, features)
        features = None
        if self._n_features_read:
            features = saved[:, 1 : 1 + self._n_features_read]
        return self.diagonalised(assembled, saved, derivatives, features), saved

    def diagonalised(self, assembled, saved, derivatives=None, features=None):
        """Eigensystem of primary matrices, (n_samples, n, n), that are assembled."""
        if self.selection is None:
            return assembled
        return Eigensystem(
            assembled,
            self.selection,
            self.block_sizes,
            self.primary.energies_of(saved),
            partial(eigh, eigensolver=self._eigensolver),
            derivatives,
            features,
        )

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

    def predict(self, parameters, X, threads=map, constants=None):
        """Outputs of shape (n_samples, n_outputs), computed in chunks of samples.

        Parameters
        ----------
        parameters : Parameters
            The matrices.
        X : ndarray of shape (n_samples, n_features)
            Features.
        threads : callable, default=map
            ``threads(function, chunks)`` calls the function for all chunks, perhaps
            several at a time, and gives the results in order.
        constants : optional
            From :meth:`constants`, if there are many calls with these matrices.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
        """
        if constants is None:
            constants = self.constants(parameters)

        def forward(inputs):
            return self.forward(parameters, inputs, constants)[0]

        return predict_in_chunks(self, forward, X, threads)

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
            at = self.primary, parameters.matrices, X[chunk]
            gradient[chunk] = self.primary.feature_gradient(
                *at[1:], self.matrix_gradients(saved)
            )
            terms = self.readout.derivative_terms(saved[-1])
            add_to_feature_gradient(*at, terms, out=gradient[chunk])
            if self._n_features_read:
                gradient[chunk] += self.readout.feature_slopes(saved[-1])
        return outputs, gradient

    def levels(self, matrices, X):
        """All levels at real features, sector after sector, ascending in each.

        Parameters
        ----------
        matrices : ndarray of shape (n_matrices, n, n)
            Primary matrices.
        X : ndarray of shape (n_samples, n_features)
            Features.

        Returns
        -------
        ndarray of shape (n_samples, n)
            Eigenvalues; of a unitary product, energies.
        """
        ends = np.cumsum(self.block_sizes)
        levels = np.empty((len(X), self.primary.side))
        for chunk in self.prediction_chunks(len(X)):
            assembled, saved = self.primary.forward(matrices, self.inputs(X[chunk]))
            for end, size in zip(ends, self.block_sizes, strict=True):
                block = slice(end - size, end)
                levels[chunk, block] = np.linalg.eigvalsh(assembled[:, block, block])
            energies_of = self.primary.energies_of(saved)
            if energies_of is not None:
                levels[chunk], _ = energies_of(levels[chunk])
        return levels

    def prediction_chunks(self, n_samples):
        """Slices of samples whose temporary arrays are small."""
        return chunks(n_samples, self.working_size)

    def gradient(self, theta, saved, cotangents):
        r"""Gradient of :math:`\sum_{sk} c_{sk} z_{sk}` with respect to ``theta``.

        Parameters
        ----------
        theta : ndarray of shape (n_parameters,)
            Parameters.
        saved : tuple
            From :meth:`forward`.
        cotangents : ndarray of shape (n_samples, n_outputs)
            The coefficients ``c``.

        Returns
        -------
        ndarray of shape (n_parameters,)
        """
        primary_saved, eigensystem, readout_saved = saved
        matrix_gradients = self.readout.summed_matrix_gradient(
            eigensystem, readout_saved, cotangents
        )
        own, rest = np.split(theta, [self.primary.size])
        terms = self.readout.derivative_terms(readout_saved)
        at = self.primary, own, primary_saved
        return np.concatenate(
            [
                gradient_of_sum(*at, matrix_gradients, terms, cotangents),
                self.readout.gradient(rest, readout_saved, cotangents),
            ]
        )

    def matrix_gradients(self, saved):
        """Gradient of each output with respect to the primary matrix.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs, n, n)
        """
        _, eigensystem, readout_saved = saved
        return self.readout.matrix_gradients(eigensystem, readout_saved)

    def linearised(self, theta, saved):
        """Derivatives of the outputs as a linear map, which needs little memory.

        Parameters
        ----------
        theta : ndarray of shape (n_parameters,)
            Parameters.
        saved : tuple
            From :meth:`forward`.

        Returns
        -------
        Linearisation
        """
        primary_saved, _, readout_saved = saved
        gradients = self.matrix_gradients(saved)
        terms = self.readout.derivative_terms(readout_saved)
        return Linearisation(
            self, theta, primary_saved, readout_saved, gradients, terms
        )

    def jacobian(self, theta, saved):
        """Derivative of every output of every sample with respect to ``theta``.

        Parameters
        ----------
        theta : ndarray of shape (n_parameters,)
            Parameters.
        saved : tuple
            From :meth:`forward`.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs, n_parameters)
        """
        primary_saved, _, readout_saved = saved
        size = self.primary.size
        gradients = self.matrix_gradients(saved)
        # Samples last in memory: what is written for each parameter is contiguous.
        jacobian = np.empty((self.n_parameters, self.n_outputs, len(gradients))).T
        primary_part, readout_part = jacobian[:, :, :size], jacobian[:, :, size:]
        self.primary.jacobian(theta[:size], primary_saved, gradients, out=primary_part)
        terms = self.readout.derivative_terms(readout_saved)
        add_to_jacobian(
            self.primary, theta[:size], primary_saved, terms, out=primary_part
        )
        self.readout.jacobian(theta[size:], readout_saved, out=readout_part)
        return jacobian
