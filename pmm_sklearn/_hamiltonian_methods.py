"""What is asked of a fitted Hamiltonian: spectrum, derivatives, continuation."""

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from .checks.data import check_complex_features, check_features
from .fitted import ModelFunction
from .inspection import ExceptionalPoints, exceptional_points, follow_levels
from .inspection._arguments import pencil_along


class HamiltonianMethods:
    """Methods of an estimator whose `model_` is a polynomial of the features."""

    def hamiltonian(self, X: ArrayLike) -> np.ndarray:
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
        return self.model_.hamiltonian(check_complex_features(self, "X", X))

    def eigenvalues(self, X: ArrayLike) -> np.ndarray:
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
        return self.model_.levels(check_complex_features(self, "X", X))

    def eigenvectors(self, X: ArrayLike) -> np.ndarray:
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
        return self.model_.eigenvectors(check_features(self, X))

    def predict_gradient(self, X: ArrayLike) -> np.ndarray:
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
        return self.model_.gradient(check_features(self, X))

    def continue_along(self, path: ArrayLike) -> np.ndarray:
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
        path = check_complex_features(self, "path", path).astype(np.complex128)
        model = self.model_
        followed = np.empty((len(path), model.side), np.complex128)
        for sector in model.sectors:
            followed[:, sector] = follow_levels(
                lambda X, sector=sector: model.hamiltonian(X)[:, sector, sector], path
            )
        return followed

    def exceptional_points(
        self, feature: int | str = 0, at: ArrayLike | None = None
    ) -> list[ExceptionalPoints]:
        """Complex values of a feature at which two levels coincide.

        Real values near such a point show an avoided crossing.  They are branch
        points: a series in the feature converges up to the nearest one.

        Parameters
        ----------
        feature : int or str, default=0
            The feature that becomes complex, by number or by name.
        at : array-like of shape (n_features,), default=None
            Values of the other features, which stay real: a point of the line on which
            `feature` changes, whose own value does not matter.  Needed if there are
            several features.

        Returns
        -------
        list of ExceptionalPoints
            For each sector of side ``n`` all of them, ``n * (n - 1)`` in general,
            with the double level and a residual each.

        Raises
        ------
        ValueError
            If ``degree`` is not 1, there is no such feature, or `at` is missing or not
            a point.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import PMMEmulator
        >>> X = np.linspace(-1, 1, 6)[:, np.newaxis]
        >>> emulator = PMMEmulator(2, random_state=0).fit(X, -np.hypot(1, X[:, 0]))
        >>> points = emulator.exceptional_points()[0]
        >>> np.allclose(points.x, [-1j, 1j], atol=1e-5)
        True

        Of two features, on the line on which the second is 0.5:

        >>> X = np.random.RandomState(0).uniform(0.2, 1, size=(20, 2))
        >>> emulator = PMMEmulator(2, random_state=0).fit(X, -np.hypot(*X.T))
        >>> points = emulator.exceptional_points(0, at=[0.0, 0.5])[0]
        >>> np.allclose(points.x, [-0.5j, 0.5j], atol=1e-4)
        True
        """
        check_is_fitted(self)
        constant, slope, origin = pencil_along(self.model_, feature, at)
        found = [
            exceptional_points(constant[sector, sector], slope[sector, sector])
            for sector in self.model_.sectors
        ]
        return [points._replace(x=points.x + origin) for points in found]

    def as_function(
        self, gradient: bool = False, return_std: bool = False
    ) -> ModelFunction:
        """The fitted model as a plain function of arrays, fast for single samples.

        Parameters
        ----------
        gradient : bool, default=False
            Whether the function returns ``(value, gradient)``, as
            ``scipy.optimize.minimize(function, x, jac=True)`` takes it.
        return_std : bool, default=False
            Whether it returns the standard deviations of ``predict``, too, the last.

        Returns
        -------
        ModelFunction
            Of features of shape (n_features,) or (n_samples, n_features), not
            validated.  It can be pickled and shared by threads.

        Raises
        ------
        ValueError
            If standard deviations are asked for that ``predict`` does not have.

        Warns
        -----
        UserWarning
            If they are asked for and cannot be trusted, as by ``predict``.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import PMMEmulator
        >>> X = np.linspace(-1, 1, 6)[:, np.newaxis]
        >>> emulator = PMMEmulator(2, random_state=0).fit(X, -np.hypot(1, X[:, 0]))
        >>> energy, slope = emulator.as_function(gradient=True)([0.75])
        >>> round(float(energy), 6), slope.round(6)  # exact: -1.25, -0.6
        (-1.25, array([-0.6]))
        """
        return self.model_.function(gradient, return_std)
