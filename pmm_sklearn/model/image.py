"""The parametric matrix model of images."""

from functools import partial
from typing import NamedTuple

import numpy as np

from ._chunks import chunks, predict_in_chunks
from .congruence import Congruence
from .eigensolver import eigh
from .eigensystem import Eigensystem
from .elements import MatrixElements, Pairs
from .readouts import Transition
from .selection import Extremes
from .spaces import HermitianSpace

# Of parts whose other elements a change of basis mixes, the number of indices.
_N_INDICES = {"projections": 1, "offsets": 1, "observables": 2, "intercept": 1}


class ImageParameters(NamedTuple):
    """What an image model learns.

    Attributes
    ----------
    rows : ndarray of shape (n_windows, a, s)
        Matrices ``K_l`` of the Gram matrices of rows.
    columns : ndarray of shape (n_windows, a, t)
        Matrices ``L_l`` of the Gram matrices of columns.
    projections : ndarray of shape (n_classes, b, a)
        Matrices ``D_k``, from the latent matrix to that of each class.
    offsets : ndarray of shape (n_classes, b, b)
        Hermitian matrices ``B_k``.
    observables : ndarray of shape (n_classes, n_pairs, b, b)
        Hermitian matrices ``D_kij``, in the order (1, 1), (1, 2), ...
    intercept : ndarray of shape (n_classes,)
        The constants ``g_k``.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import model as m
    >>> grams = m.WindowGrams((4, 4), (2, 2), (2, 2))
    >>> pmm = m.ImagePMM(grams, 3, latent_size=3, matrix_size=2, n_eigenvectors=1)
    >>> parameters = pmm.split(pmm.initial(np.random.RandomState(0)))
    >>> parameters.rows.shape, parameters.projections.shape, parameters.intercept.shape
    ((4, 3, 2), (3, 2, 3), (3,))
    """

    rows: np.ndarray
    columns: np.ndarray
    projections: np.ndarray
    offsets: np.ndarray
    observables: np.ndarray
    intercept: np.ndarray


class ImagePMM:
    r"""Model of images, with a latent matrix and one matrix for each class.

    .. math::

        M &= \sum_l K_l R_l K_l^\dagger + L_l C_l L_l^\dagger \\
        H_k &= D_k M D_k^\dagger + B_k \\
        z_k &= g_k + \sum_{i \le j} |v_{ki}^\dagger D_{kij} v_{kj}|^2

    with the Gram matrices ``R_l``, ``C_l`` of windows and the eigenvectors
    :math:`v_{ki}` of :math:`H_k`.  (In the paper :math:`\|D_{kij}\|_2^2 / 2` is
    subtracted, a constant like :math:`g_k`.)

    Parameters
    ----------
    grams : WindowGrams
        The windows.
    n_classes : int
        Number of outputs.
    latent_size, matrix_size, n_eigenvectors : int
        Sides ``a`` of the latent matrix and ``b`` of those of the classes; number
        ``r`` of selected eigenvectors.
    which : {"SA", "LA", "LM", "SM"}
        Which eigenvectors: see `Extremes`.
    matrix_type : {"hermitian", "symmetric"}
        Complex or real matrices.
    temperature : float
        Divides the outputs.
    eigensolver : {"auto", "lapack", "simd"}, default="auto"
        See ``eigensolver.eigh``.

    References
    ----------
    Cook et al., "Parametric matrix models", Nat. Commun. 16, 5929 (2025).

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import model as m
    >>> grams = m.WindowGrams((4, 4), (2, 2), (2, 2))
    >>> pmm = m.ImagePMM(grams, 3, latent_size=3, matrix_size=2, n_eigenvectors=1)
    >>> theta = pmm.initial(np.random.RandomState(0))
    >>> images = np.random.RandomState(1).uniform(size=(5, 4, 4))
    >>> pmm.predict(pmm.split(theta), images).shape
    (5, 3)
    """

    def __init__(
        self,
        grams,
        n_classes,
        latent_size,
        matrix_size,
        n_eigenvectors,
        which="SA",
        matrix_type="symmetric",
        temperature=1.0,
        eigensolver="auto",
    ):
        self.grams = grams
        self.n_outputs = n_classes
        self.selection = Extremes(n_eigenvectors, which)
        self.temperature = temperature
        self._eigensolver = eigensolver
        height, width = grams.window_shape
        latent = HermitianSpace((latent_size,), matrix_type)
        self._space = HermitianSpace((matrix_size,), matrix_type)
        self._by_rows = Congruence(HermitianSpace((height,), matrix_type), latent)
        self._by_columns = Congruence(HermitianSpace((width,), matrix_type), latent)
        self._to_class = Congruence(latent, self._space)
        self._readout = Transition()
        self._pairs = _pairs_of_classes(self._readout, n_classes, n_eigenvectors)
        n_pairs = len(self._pairs) // n_classes
        n_windows = len(grams.places)
        self._is_complex = matrix_type == "hermitian"
        self._shapes = {
            "rows": (n_windows, latent_size, height),
            "columns": (n_windows, latent_size, width),
            "projections": (n_classes, matrix_size, latent_size),
            "offsets": (n_classes, self._space.size),
            "observables": (n_classes, n_pairs, self._space.size),
            "intercept": (n_classes,),
        }
        sizes = [self._n_numbers(name) for name in self._shapes]
        self._ends = np.cumsum(sizes)
        self.n_parameters = int(self._ends[-1])

    def _n_numbers(self, name):
        is_complex = self._is_complex and name in ("rows", "columns", "projections")
        return int(np.prod(self._shapes[name])) * (2 if is_complex else 1)

    def split(self, theta):
        """Parameters from a vector of coordinates: the inverse of :meth:`join`."""
        parts = np.split(theta, self._ends[:-1])
        parts = [
            part.view(self._space.dtype).reshape(shape)
            if name in ("rows", "columns", "projections")
            else part.reshape(shape)
            for part, (name, shape) in zip(parts, self._shapes.items(), strict=True)
        ]
        *maps, offsets, observables, intercept = parts
        matrices = self._space.matrices(offsets), self._space.matrices(observables)
        return ImageParameters(*maps, *matrices, intercept)

    def join(self, parameters):
        """Vector of coordinates of given parameters."""
        *maps, offsets, observables, intercept = parameters
        return np.concatenate(
            [
                *[np.ascontiguousarray(part).view(np.float64).ravel() for part in maps],
                self._space.coordinates(offsets).ravel(),
                self._space.coordinates(observables).ravel(),
                intercept,
            ]
        )

    def initial(self, random_state):
        """Random coordinates to start from, for latent elements of order 1."""
        theta = random_state.standard_normal(self.n_parameters)
        parameters = self.split(theta)
        n_windows, latent_size, height = self._shapes["rows"]
        width = self._shapes["columns"][-1]
        parameters.rows[...] /= np.sqrt(2 * n_windows * height)
        parameters.columns[...] /= np.sqrt(2 * n_windows * width)
        parameters.projections[...] /= np.sqrt(latent_size)
        parameters.intercept[...] = 0.0
        # The image shall decide, more than what its class adds.
        parameters.offsets[...] *= 0.3
        return self.join(parameters)

    def without_intercepts(self, theta):
        """Copy of ``theta`` in which the intercepts are zero: what is penalised."""
        penalised = theta.copy()
        penalised[self._ends[-2] :] = 0.0
        return penalised

    def average_over_bases(self, theta):
        """Means over the elements that changes of basis mix, in place of these."""
        means = []
        parts = np.split(theta, self._ends[:-1])
        for part, (name, shape) in zip(parts, self._shapes.items(), strict=True):
            # Changes of phases mix real and imaginary parts, the last axis.
            if name in ("rows", "columns"):
                numbers = part.reshape(*shape, -1)
                mean = numbers.mean(axis=(1, 3), keepdims=True)
            else:
                numbers = part.reshape(*shape[: _N_INDICES[name]], -1)
                mean = numbers.mean(axis=-1, keepdims=True)
            means.append(np.broadcast_to(mean, numbers.shape).ravel())
        return np.concatenate(means)

    def inputs(self, images):
        """What :meth:`forward` is given for images (n_samples, height, width)."""
        return self.grams.values(images)

    @property
    def working_size(self):
        """Numbers per sample in the temporary arrays."""
        return max(self._space.side**2 * len(self._pairs), self.grams.size)

    def prediction_chunks(self, n_samples):
        """Slices of samples whose temporary arrays are small."""
        return chunks(n_samples, self.working_size)

    def predict(self, parameters, images, threads=map):
        """Outputs of shape (n_samples, n_classes): see :meth:`PMM.predict`."""

        def forward(inputs):
            return self.forward(parameters, inputs)[0]

        return predict_in_chunks(self, forward, images, threads)

    def forward(self, parameters, inputs):
        r"""Outputs of a batch, and what the derivatives need.

        Parameters
        ----------
        parameters : ImageParameters
            The matrices.
        inputs : ndarray of shape (n_samples, grams.size)
            From `WindowGrams`.

        Returns
        -------
        outputs : ndarray of shape (n_samples, n_classes)
            Logits :math:`z / \tau`.
        saved : tuple
            Argument of :meth:`gradient`.
        """
        slopes, constant = self._window_map(parameters)
        latent = (inputs @ slopes.astype(inputs.dtype, copy=False)).astype(np.float64)
        latent += constant
        by_class = self._to_class.matrix(parameters.projections)
        to_classes = by_class.transpose(1, 0, 2).reshape(latent.shape[1], -1)
        coordinates = (latent @ to_classes).reshape(len(inputs), self.n_outputs, -1)
        coordinates += self._space.coordinates(parameters.offsets)
        matrices = self._space.matrices(coordinates)
        side = self._space.side
        eigensystem = Eigensystem(
            matrices.reshape(-1, side, side),
            self.selection,
            solver=partial(eigh, eigensolver=self._eigensolver),
        )
        elements = self._elements(parameters.observables, eigensystem)
        terms = self._readout.value(elements.amplitudes)
        outputs = terms.reshape(self.n_outputs, -1, len(inputs)).sum(axis=1).T
        outputs = (outputs + parameters.intercept) / self.temperature
        return outputs, (parameters, inputs, latent, to_classes, eigensystem, elements)

    def _window_map(self, parameters):
        """Matrix from Gram elements to the latent matrix, and its constant part.

        In orthonormal coordinates an element above the diagonal counts twice its
        square; all diagonals are 1.
        """
        maps = [
            self._by_rows.matrix(parameters.rows),
            self._by_columns.matrix(parameters.columns),
        ]
        slopes, constant = [], 0.0
        for matrix, side in zip(maps, self.grams.window_shape, strict=True):
            constant = constant + matrix[:, :side].sum(axis=(0, 1))
            slopes.append(matrix[:, side:].reshape(-1, matrix.shape[-1]))
        return np.sqrt(2.0) * np.concatenate(slopes), constant

    def _elements(self, observables, eigensystem):
        """Matrix elements of all classes; each has its own states and observables."""
        selected = eigensystem.selected
        side, n_states = selected.shape[1:]
        states = selected.reshape(-1, self.n_outputs, side, n_states)
        states = np.ascontiguousarray(states.transpose(1, 3, 2, 0))
        states = states.reshape(-1, *states.shape[2:])
        return MatrixElements(states, observables.reshape(-1, side, side), self._pairs)

    def gradient(self, theta, saved, cotangents):
        r"""Gradient of :math:`\sum_{sk} c_{sk} z_{sk}` with respect to ``theta``.

        Parameters
        ----------
        theta : ndarray of shape (n_parameters,)
            Parameters.
        saved : tuple
            From :meth:`forward`.
        cotangents : ndarray of shape (n_samples, n_classes)
            The coefficients ``c``.

        Returns
        -------
        ndarray of shape (n_parameters,)
        """
        parameters, inputs, latent, to_classes, eigensystem, elements = saved
        cotangents = cotangents / self.temperature
        observables, vectors = self._pull_back_readout(elements, cotangents)
        matrices = eigensystem.pullback(None, vectors)[:, 0]
        by_matrix = self._space.coordinates(matrices).reshape(len(inputs), -1)
        by_map = (latent.T @ by_matrix).reshape(latent.shape[1], self.n_outputs, -1)
        projections = self._to_class.gradient(
            parameters.projections, by_map.transpose(1, 0, 2)
        )
        by_latent = by_matrix @ to_classes.T
        return np.concatenate(
            [
                *self._pull_back_windows(parameters, inputs, by_latent),
                _numbers(projections),
                by_matrix.sum(axis=0),
                observables.ravel(),
                cotangents.sum(axis=0),
            ]
        )

    def _pull_back_readout(self, elements, cotangents):
        """Gradients by coordinates of the observables and by selected eigenvectors."""
        slopes = self._readout.slope(elements.amplitudes)
        n_pairs = len(self._pairs) // self.n_outputs
        weights = np.repeat(cotangents.T, n_pairs, axis=0)[:, np.newaxis]
        observables = elements.summed_gradients(slopes, weights, self._space)
        vectors = elements.summed_cotangents(slopes * weights)
        _, side, n_samples = vectors.shape
        vectors = vectors.reshape(self.n_outputs, -1, side, n_samples)
        vectors = vectors.transpose(3, 0, 2, 1).reshape(
            n_samples * self.n_outputs, side, 1, -1
        )
        return observables, vectors

    def _pull_back_windows(self, parameters, inputs, by_latent):
        """Gradients by the maps from the Gram matrices, as real numbers."""
        by_slopes = np.sqrt(2.0) * (inputs.T @ by_latent.astype(inputs.dtype))
        by_constant = by_latent.sum(axis=0)
        n_windows = len(self.grams.places)
        start = 0
        for congruence, maps, size in (
            (self._by_rows, parameters.rows, self.grams.sizes[0]),
            (self._by_columns, parameters.columns, self.grams.sizes[1]),
        ):
            side = maps.shape[-1]
            by_map = np.empty((n_windows, side + size, len(by_constant)))
            stop = start + n_windows * size
            by_map[:, :side] = by_constant
            by_map[:, side:] = by_slopes[start:stop].reshape(by_map[:, side:].shape)
            start = stop
            yield _numbers(congruence.gradient(maps, by_map))


def _pairs_of_classes(readout, n_classes, n_states):
    """Pairs of the states of each class, class after class."""
    first = n_states * np.arange(n_classes)[:, np.newaxis]
    left, right = readout.pairs(n_states)
    return Pairs((first + left).ravel(), (first + right).ravel(), n_classes * n_states)


def _numbers(array):
    """Real numbers of an array, real and imaginary parts side by side."""
    return np.ascontiguousarray(array).view(np.float64).ravel()
