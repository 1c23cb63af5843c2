"""What a fitted Hamiltonian tells: spectra, derivatives, complex parameters."""

import numpy as np
from sklearn.utils.validation import check_is_fitted, validate_data

from ._function import FunctionMixin
from ._threads import single_blas_thread
from .inspection import exceptional_points, follow_levels


class SpectrumAnalysisMixin(FunctionMixin):
    """Methods of a fitted emulator whose Hamiltonian is polynomial in the features."""

    def hamiltonian(self, X):
        r"""The Hamiltonian, :math:`H(x) = \sum_l \phi_l(x) M_l`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features, real or complex.

        Returns
        -------
        ndarray of shape (n_samples, n, n)
            Hermitian matrices for real features; for complex ones their analytic
            continuation, which is not Hermitian.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import PMMEmulator
        >>> X = np.linspace(-1, 1, 6)[:, np.newaxis]
        >>> emulator = PMMEmulator(2, random_state=0).fit(X, -np.hypot(1, X[:, 0]))
        >>> H = emulator.hamiltonian([[2.0], [1j]])
        >>> [bool(np.allclose(matrix, matrix.conj().T)) for matrix in H]
        [True, False]
        """
        return self._hamiltonian(self._check_complex_features("X", X))

    def eigenvalues(self, X):
        """All levels of the Hamiltonian.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features, real or complex.

        Returns
        -------
        ndarray of shape (n_samples, n)
            Levels, sector after sector, in each of them by ascending real part.
            For complex features they are complex; :meth:`continue_along` follows
            them by continuity.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import PMMEmulator
        >>> X = np.linspace(-1, 1, 6)[:, np.newaxis]
        >>> emulator = PMMEmulator(2, random_state=0).fit(X, -np.hypot(1, X[:, 0]))
        >>> emulator.eigenvalues([[0.0], [2.0]]).shape  # the second level is not known
        (2, 2)
        >>> bool(abs(emulator.eigenvalues([[1.0]])[0, 0] + np.sqrt(2)) < 1e-6)
        True
        """
        X = self._check_complex_features("X", X)
        solve = _complex_levels if np.iscomplexobj(X) else np.linalg.eigvalsh
        values = np.empty((len(X), self.matrices_.shape[1]), dtype=X.dtype)
        with single_blas_thread():
            for rows in self._fitted_model().prediction_chunks(len(X)):
                matrices = self._hamiltonian(X[rows])
                for sector in self._sectors():
                    values[rows, sector] = solve(matrices[:, sector, sector])
        return values

    def eigenvectors(self, X):
        """Eigenvectors of all levels.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.

        Returns
        -------
        ndarray of shape (n_samples, n, n)
            Normalised eigenvectors in columns, in the order of :meth:`eigenvalues`.
            Their phases are arbitrary.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import PMMEmulator
        >>> X = np.linspace(-1, 1, 6)[:, np.newaxis]
        >>> emulator = PMMEmulator(2, random_state=0).fit(X, -np.hypot(1, X[:, 0]))
        >>> v = emulator.eigenvectors([[2.0]])[0]
        >>> levels = v.conj().T @ emulator.hamiltonian([[2.0]])[0] @ v
        >>> np.allclose(levels, np.diag(emulator.eigenvalues([[2.0]])[0]))
        True
        """
        X = self._check_features(X)
        vectors = np.empty((len(X), *self.matrices_.shape[1:]), self.matrices_.dtype)
        model = self._fitted_model()
        with single_blas_thread():
            for rows in model.prediction_chunks(len(X)):
                inputs = model.primary.inputs(X[rows])
                vectors[rows] = model.eigensystem(self.matrices_, inputs)[0].vectors
        return vectors

    def predict_gradient(self, X):
        r"""Derivatives of the predictions by the features, analytic.

        For a level it is :math:`v^\dagger (\partial H / \partial x_j) v` (Hellmann
        and Feynman).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.

        Returns
        -------
        ndarray of shape (n_samples, n_features) or (n_samples, n_outputs, n_features)
            The former if ``y`` in ``fit`` was one-dimensional.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import PMMEmulator
        >>> X = np.linspace(-1, 1, 6)[:, np.newaxis]
        >>> emulator = PMMEmulator(2, random_state=0).fit(X, -np.hypot(1, X[:, 0]))
        >>> emulator.predict_gradient([[0.75]]).round(6)  # exact: -0.75 / 1.25
        array([[-0.6]])
        """
        return self._feature_gradient(self._check_features(X))

    def continue_along(self, path):
        """Levels followed by continuity along a path of parameter points.

        Parameters
        ----------
        path : array-like of shape (n_points, n_features)
            Points in order, real or complex.  Steps between them are subdivided
            where levels come close.

        Returns
        -------
        ndarray of complex of shape (n_points, n)
            One level in every column.  At the first point they have the order of
            :meth:`eigenvalues`, which at a real point is that of `targets`.

        Warns
        -----
        UserWarning
            If levels cannot be told apart, because the path leads through an
            exceptional point.

        Notes
        -----
        A closed path around an exceptional point exchanges two levels.

        Examples
        --------
        A circle around an exceptional point exchanges the two levels:

        >>> import numpy as np
        >>> from pmm_sklearn import PMMEmulator
        >>> X = np.linspace(-1, 1, 6)[:, np.newaxis]
        >>> emulator = PMMEmulator(2, random_state=0).fit(X, np.hypot(1, X) * [-1, 1])
        >>> circle = 1j - 1j * np.exp(2j * np.pi * np.linspace(0, 1, 30)[:, np.newaxis])
        >>> levels = emulator.continue_along(circle)
        >>> levels[[0, -1]].real.round(6)
        array([[-1.,  1.],
               [ 1., -1.]])
        """
        path = self._check_complex_features("path", path).astype(np.complex128)
        followed = np.empty((len(path), self.matrices_.shape[1]), np.complex128)
        for sector in self._sectors():
            followed[:, sector] = follow_levels(
                lambda X, sector=sector: self._hamiltonian(X)[:, sector, sector], path
            )
        return followed

    def exceptional_points(self):
        """Complex parameters at which two levels coincide.

        Real features near such a point show an avoided crossing.  They are branch
        points: a series in the feature converges up to the nearest one.

        Returns
        -------
        list of ExceptionalPoints
            For each sector of side ``n`` all of them, ``n * (n - 1)`` in general,
            with the double level and a residual each.

        Raises
        ------
        ValueError
            If there are several features, or ``degree`` is not 1.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import PMMEmulator
        >>> X = np.linspace(-1, 1, 6)[:, np.newaxis]
        >>> emulator = PMMEmulator(2, random_state=0).fit(X, -np.hypot(1, X[:, 0]))
        >>> points = emulator.exceptional_points()[0]
        >>> np.allclose(points.x, [-1j, 1j], atol=1e-5)
        True
        """
        check_is_fitted(self)
        if len(self.matrices_) != 2:
            raise ValueError(
                f"exceptional_points needs one feature and degree=1, got "
                f"{self.n_features_in_} feature(s) and degree={self.degree!r}: use "
                f"continue_along to look at H on a path of your choice."
            )
        constant, slope = self.matrices_
        return [
            exceptional_points(constant[sector, sector], slope[sector, sector])
            for sector in self._sectors()
        ]

    def _hamiltonian(self, X):
        """The Hamiltonian at features that have been checked."""
        inputs = self._fitted_model().primary.monomials.values(X)
        return np.tensordot(inputs, self.matrices_, axes=1)

    def _sectors(self):
        """Slices of the sectors."""
        ends = np.cumsum(self._structure["block_sizes"])
        starts = [0, *ends[:-1]]
        return [slice(int(a), int(b)) for a, b in zip(starts, ends, strict=True)]

    def _check_complex_features(self, name, X):
        """Features as `predict` takes them, but complex ones too."""
        if np.asarray(X).dtype.kind != "c":
            return self._check_features(X)
        check_is_fitted(self)
        names, X = X, np.asarray(X)
        if X.ndim != 2 or X.shape[1] != self.n_features_in_:
            raise ValueError(
                f"{name} must have shape (n_points, {self.n_features_in_}), as many "
                f"features as in fit, got shape {X.shape}: reshape it."
            )
        if not np.all(np.isfinite(X)):
            raise ValueError(f"{name} has NaN or infinite elements: correct them.")
        validate_data(self, names, reset=False, skip_check_array=True)
        return X.astype(np.complex128)


def _complex_levels(matrices):
    """Eigenvalues of general matrices by ascending real part."""
    values = np.linalg.eigvals(matrices)
    return np.take_along_axis(values, np.argsort(values.real, axis=1), axis=1)
