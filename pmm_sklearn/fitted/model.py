"""A fitted model as a value: what predictions and pictures are made of."""

from functools import cached_property

import numpy as np

from .._outputs import n_columns_of
from .._threads import blas_limit, single_blas_thread
from ..checks.data import check_reach
from .averages import MeanModel
from .function import ModelFunction


class FittedModel:
    r"""Outputs, derivatives, levels and error bars of matrices that were learned.

    Made once for each fitted state of an estimator, whose ``model_`` it is; it knows no
    estimator.  Features are in the user's units and have been checked.

    Parameters
    ----------
    pmm : PMM
        Structure of the model.
    members : sequence of Parameters
        Matrices of the models whose outputs are averaged, the best first; what
        `monomials` are multiplied by.
    combine : callable, optional
        What is made of the outputs of several members: see `MeanModel`.
    make_error_bars : callable, optional
        Returns the `ErrorBars`, which are large, when they are asked for first.
    single_output : bool, default=False
        Whether arrays have no axis for the outputs, of which there is one.
    n_features : int
        Number of features.
    feature_names : list of str, optional
        Names of the features, by default ``x0, x1, ...``.
    structure : Structure
        What the model is, in numbers and words.
    are_logarithms : bool, default=False
        Whether outputs are exponentials of those of `pmm`.

    Attributes
    ----------
    pmm, members, single_output, feature_names, structure
        The arguments.
    targets : list or None
        What each output of an emulator is: see :mod:`pmm_sklearn.targets`.
    error_bars : ErrorBars or NoErrorBars
        How far predictions can be trusted.
    matrices, observables, intercept : ndarray
        Those of the best member.
    user_matrices : ndarray
        The matrices for features in the user's units, wherever these count from.
    block_sizes : tuple of int
        Sides of the sectors.
    side : int
        Side ``n`` of the matrices.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import PMMRegressor
    >>> X = np.linspace(-1, 1, 20)[:, np.newaxis]
    >>> model = PMMRegressor(4, 2, n_init=1, random_state=0).fit(X, X[:, 0] ** 2).model_
    >>> model.levels(X).shape, model.hamiltonian(X).shape
    ((20, 4), (20, 4, 4))
    """

    def __init__(
        self,
        pmm,
        members,
        combine=None,
        *,
        structure,
        n_features,
        feature_names=None,
        single_output=False,
        make_error_bars=None,
        are_logarithms=False,
    ):
        self.pmm = pmm
        self.members = tuple(members)
        self.matrices, self.observables, self.intercept = self.members[0]
        self.block_sizes = pmm.block_sizes
        self.side = pmm.primary.side
        self.single_output = bool(single_output)
        self.feature_names = [f"x{i}" for i in range(n_features)]
        if feature_names is not None:
            self.feature_names = [str(name) for name in feature_names]
        self.structure = structure
        self.targets = _of_columns(structure.targets())
        self._make_error_bars = make_error_bars
        self._mean = MeanModel(pmm, self.members, combine, are_logarithms)

    @cached_property
    def error_bars(self):
        """How far predictions can be trusted: `ErrorBars` or `NoErrorBars`."""
        return self._make_error_bars()

    @property
    def monomials(self):
        """What multiplies the matrices; None for a product of evolutions."""
        return getattr(self.pmm.primary, "monomials", None)

    @cached_property
    def user_matrices(self) -> np.ndarray:
        """Those of the best member for features in the user's units.

        The matrices themselves, unless features count from elsewhere than zero.
        """
        moved = self.structure.moved(self.members[0], ()).matrices
        if moved is not self.matrices:
            moved.flags.writeable = False
        return moved

    @property
    def is_continued(self):
        """Whether it is a Hamiltonian, which can be continued to complex features."""
        return self.monomials is not None and self.targets is not None

    @property
    def is_hermitian(self):
        """Whether the matrix is, as that of all states that do not decay."""
        return self.pmm.selection is not None

    @property
    def sectors(self) -> list[slice]:
        """Slices of the sectors among the rows of the matrices."""
        ends = np.cumsum(self.block_sizes)
        starts = ends - self.block_sizes
        return [slice(int(a), int(b)) for a, b in zip(starts, ends, strict=True)]

    @property
    def sector_numbers(self):
        """The sector of every level, shape (n,)."""
        return np.repeat(np.arange(len(self.block_sizes)), self.block_sizes)

    def check_reach(self, X):
        """Raise if the primary matrix of any row would overflow."""
        if self.monomials is not None:
            with np.errstate(over="ignore"):
                inputs = self.monomials.values(X)
            check_reach(inputs[:, 1:], self.matrices)

    def outputs(self, X: np.ndarray, threads=map) -> np.ndarray:
        """Outputs, shape (n_samples, n_outputs)."""
        with blas_limit(len(X), self.side):
            return self._mean.predict(X, threads)

    def outputs_of_members(self, X):
        """Those of each model that is averaged, (n_members, n_samples, n_outputs)."""
        with single_blas_thread():
            return self._mean.of_members(X)

    def predict(self, X, return_std=False, return_cov=False, threads=map):
        """Outputs as the user sees them, and how far to trust them if asked for.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Features.
        return_std, return_cov : bool, default=False
            Whether to return standard deviations, or covariances of the samples.
        threads : callable, default=map
            Maps a function over chunks of samples: `ThreadMap`.

        Returns
        -------
        outputs : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        spread : ndarray, optional
            Only if asked for.
        """
        if not (return_std or return_cov):
            return self._squeezed(self.outputs(X, threads))
        self.error_bars.check()
        self.error_bars.warn()
        with single_blas_thread():
            means = self._mean.of_members(X, threads)
            bars = self.error_bars
            find = bars.deviations if return_std else bars.covariances
            spread = find(X, means, threads)
        spread = spread[..., 0] if self.single_output else spread
        return self._squeezed(self._mean.combined(means)), spread

    def sample(self, X, n_draws, random_state, threads=map):
        """Targets drawn from their distribution, ``n_draws`` along the last axis."""
        self.error_bars.check()
        with single_blas_thread():
            means = self._mean.of_members(X, threads)
            draws = self.error_bars.draws(X, means, n_draws, random_state, threads)
        return self._squeezed(draws)

    def left_out(self, X, y, weight, errors):
        """Predictions of training targets without these: `ErrorBars.left_out`."""
        self.error_bars.check()
        self.error_bars.warn()
        with single_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
            means = self._mean.of_members(X)
            return self.error_bars.left_out(X, means, y, weight, errors)

    def roots(self, X):
        """Vectors whose products are covariances of outputs: `ErrorBars.roots`."""
        self.error_bars.check()
        with single_blas_thread():
            return self.error_bars.roots(X, self._mean.of_members(X))

    def spectrum_roots(self, X, sector, gradients, slopes):
        """Vectors whose products are covariances of functions of `H` in a sector.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Features, of few samples.
        sector : slice
            Rows of the sector.
        gradients : ndarray of shape (n_samples, n_functions, m, m)
            Derivatives by the elements of `H` in the sector: Hermitian matrices.
        slopes : dict from int to ndarray of shape (n_samples, n_functions, m, m)
            The same by those of the derivatives of `H` by features.

        Returns
        -------
        ndarray of shape (n_samples, n_functions, width)
        """
        self.error_bars.check()
        with single_blas_thread():
            return self.error_bars.matrix_roots(
                X,
                self.hamiltonian,
                sector,
                self._embedded(sector, gradients),
                {k: self._embedded(sector, own) for k, own in slopes.items()},
            )

    def _embedded(self, sector, matrices):
        """Matrices of a sector as those of all, zero elsewhere."""
        shape = *matrices.shape[:2], self.side, self.side
        embedded = np.zeros(shape, self.matrices.dtype)
        embedded[:, :, sector, sector] = matrices
        return embedded

    def gradient(self, X: np.ndarray) -> np.ndarray:
        """Derivatives of the outputs by the features, as the user sees them.

        Raises
        ------
        TypeError
            If the matrix is no polynomial of the features.
        """
        self._check_polynomial()
        with blas_limit(len(X), self.side):
            _, gradient = self._mean.predict_gradient(X)
        return self._squeezed(gradient)

    def function(self, gradient=False, return_std=False):
        """The outputs as a plain function of arrays: `ModelFunction`."""
        if gradient:
            self._check_polynomial()
        if return_std:
            self.error_bars.check()
            self.error_bars.warn()
        n_features, bars = len(self.feature_names), None
        if return_std:
            bars = self.error_bars
        return ModelFunction(self._mean, n_features, self.single_output, gradient, bars)

    def hamiltonian(self, X: np.ndarray) -> np.ndarray:
        """Matrices ``H`` at real or complex features, (n_samples, n, n).

        Raises
        ------
        TypeError
            If the matrix is no polynomial of the features.
        """
        self._check_polynomial()
        return np.tensordot(self.monomials.values(X), self.matrices, axes=1)

    def levels(self, X: np.ndarray) -> np.ndarray:
        """All levels, sector after sector, ascending in each, (n_samples, n).

        At complex features of an affine matrix, or if the state decays, they are
        complex, and by ascending real part.
        """
        with single_blas_thread():
            if np.iscomplexobj(X) or not self.is_hermitian:
                return self._continued_levels(X)
            return self.pmm.levels(self.matrices, X)

    def eigenvectors(self, X: np.ndarray) -> np.ndarray:
        """Eigenvectors of all levels in columns, (n_samples, n, n).

        Raises
        ------
        TypeError
            If the matrix is not Hermitian.
        """
        self._check_hermitian()
        vectors = np.empty((len(X), *self.matrices.shape[1:]), self.matrices.dtype)
        with single_blas_thread():
            for rows in self.pmm.prediction_chunks(len(X)):
                inputs = self.pmm.inputs(X[rows])
                vectors[rows] = self.pmm.eigensystem(self.matrices, inputs)[0].vectors
        return vectors

    def read_out(self, levels):
        """Positions, among all levels, of those that outputs see, (n_samples, r).

        Raises
        ------
        TypeError
            If the matrix is not Hermitian.
        """
        self._check_hermitian()
        indices = self.pmm.selection.indices(levels, self.block_sizes)
        if isinstance(indices, slice):
            indices = np.arange(self.side)[indices]
        return np.broadcast_to(indices, (len(levels), np.shape(indices)[-1]))

    def _check_hermitian(self):
        if not self.is_hermitian:
            raise TypeError(
                "The matrix of a state that decays is not Hermitian, and no output is "
                "read from its eigenvectors: use numpy.linalg.eig of hamiltonian."
            )

    def _check_polynomial(self):
        if self.monomials is None:
            raise TypeError(
                "A product of evolutions has no Hamiltonian that is a polynomial of "
                "the features, and no derivatives by these: use hamiltonian_, levels, "
                "or differences of predictions."
            )

    def _continued_levels(self, X):
        """Eigenvalues of general matrices, in each sector by ascending real part."""
        levels = np.empty((len(X), self.side), dtype=np.complex128)
        for rows in self.pmm.prediction_chunks(len(X)):
            matrices = self.hamiltonian(X[rows])
            for sector in self.sectors:
                values = np.linalg.eigvals(matrices[:, sector, sector])
                order = np.argsort(values.real, axis=1)
                levels[rows, sector] = np.take_along_axis(values, order, axis=1)
        return levels

    def _squeezed(self, array):
        """Without the axis of the outputs, the second one, if there is only one."""
        return array[:, 0] if self.single_output else array


def _of_columns(targets):
    """The target of each column; curves have many."""
    if targets is None:
        return None
    return [target for target in targets for _ in range(n_columns_of(target))]
