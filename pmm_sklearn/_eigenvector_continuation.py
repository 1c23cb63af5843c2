"""Eigenvector continuation: the reduced basis method for known Hamiltonians."""

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from ._base import fitted_state_kept_on_error
from ._hamiltonian import AffineHamiltonian
from ._threads import single_blas_thread
from .checks.data import check_reach
from .checks.dtypes import check_real
from .checks.parameters import check_integer, check_number
from .model._chunks import chunks


class EigenvectorContinuation(RegressorMixin, BaseEstimator):
    r"""Lowest energies of a known Hamiltonian, from a basis of its eigenvectors.

    The Hamiltonian :math:`H(x) = T_0 + \sum_l x_l T_l` is given.  ``fit`` computes
    its lowest eigenvectors ("snapshots") at a few rows of features, and
    ``predict`` diagonalises the Hamiltonian between these vectors, a small matrix.
    Energies are exact at the rows of ``fit`` and upper bounds everywhere else.

    Where the matrices of the Hamiltonian are at hand, this is the method to
    compare `PMMRegressor` with, which needs energies only.

    Parameters
    ----------
    terms : sequence of {ndarray, sparse matrix, LinearOperator} of shape (n, n)
        The Hermitian matrices :math:`T_0, T_1, \dots`: the constant term, and one
        for each feature.  Real or complex, in any mixture of types.
    n_levels : int, default=1
        Number of energies to predict, from the lowest.
    n_snapshot_vectors : int or None, default=None
        Number of eigenvectors kept from each row of ``fit``, from the lowest.
        None keeps `n_levels`, which makes all predicted levels exact there.
    tol : float, default=1e-10
        Directions of the snapshots are removed whose singular value, relative to
        the largest, is not above `tol`.  This is the square root of the relative
        eigenvalue of the overlap matrix.

    Attributes
    ----------
    reduced_terms_ : ndarray of shape (n_features + 1, n_basis, n_basis)
        The terms between the basis vectors, :math:`Q^\dagger T_l Q`.
    basis_ : ndarray of shape (n, n_basis)
        Orthonormal basis vectors :math:`Q` in columns.
    n_basis_ : int
        Number of basis vectors.
    singular_values_ : ndarray of shape (min(n, n_snapshots),)
        Singular values of all snapshots, largest first; their squares are the
        eigenvalues of the overlap matrix.
    training_energies_ : ndarray of shape (n_samples, n_snapshot_vectors)
        Exact lowest energies at the rows of ``fit``: what a model without access
        to the Hamiltonian would learn from.
    n_outputs_ : int
        Number of energies that are predicted.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if they are all strings.

    See Also
    --------
    PMMRegressor : Learns small matrices from data, without a Hamiltonian.

    Notes
    -----
    A Hamiltonian that depends on a control parameter in another way is affine in
    functions of it, which are then the features: for :math:`T_0 + x T_1 + x^2 T_2`
    they are the columns ``x`` and ``x**2``.

    Eigenvector continuation is usually written as a generalised eigenproblem with
    the overlap matrix :math:`S` of the snapshots :math:`B`.  Neighbouring snapshots
    are almost parallel, and as :math:`S = B^\dagger B` has the squared condition
    number of :math:`B`, half of the digits are lost before the problem is solved;
    directions that matter drown in rounding errors.  Here :math:`B` itself is
    orthonormalised, by its singular value decomposition, which leaves a standard
    Hermitian problem.  Even a direction that is mostly rounding errors is then a
    unit vector like any other: it cannot spoil the upper bound.

    Dense terms, and terms of any type up to side 500, are diagonalised by LAPACK.
    Others go to `scipy.sparse.linalg.eigsh`, from a fixed start vector.  At a
    degenerate level any vectors of its eigenspace may be the snapshots: raise
    `n_snapshot_vectors` to take all of them.

    References
    ----------
    .. [1] D. Frame, R. He, I. Ipsen, D. Lee, D. Lee, E. Rrapaj, "Eigenvector
       continuation with subspace learning", Phys. Rev. Lett. 121, 032501 (2018).

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import EigenvectorContinuation
    >>> position = np.diag(np.sqrt(np.arange(1.0, 60.0)) / np.sqrt(2), 1)
    >>> position = position + position.T
    >>> oscillator = np.diag(np.arange(60) + 0.5)
    >>> quartic = np.linalg.matrix_power(position, 4)
    >>> model = EigenvectorContinuation([oscillator, quartic])
    >>> model.fit([[0.0], [0.1], [0.3]]).n_basis_
    3
    >>> model.predict([[0.2], [1.0]]).round(4)  # exact: 0.6024, 0.8038
    array([0.6024, 0.8089])
    """

    def __init__(self, terms, *, n_levels=1, n_snapshot_vectors=None, tol=1e-10):
        self.terms = terms
        self.n_levels = n_levels
        self.n_snapshot_vectors = n_snapshot_vectors
        self.tol = tol

    def fit(self, X, y=None):
        """Diagonalise the Hamiltonian at the rows and build the reduced terms.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Coefficients of ``terms[1:]``.
        y : None
            Ignored: energies come from the Hamiltonian.

        Returns
        -------
        self : EigenvectorContinuation
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter or the data are not usable, or eigenvectors were not
            found; a model fitted before is kept.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import EigenvectorContinuation
        >>> hopping = np.diag(np.ones(49), 1)
        >>> terms = np.diag(np.arange(50.0)), hopping + hopping.T
        >>> model = EigenvectorContinuation(terms).fit([[0.5], [1.0], [1.5]])
        >>> model.n_basis_, model.reduced_terms_.shape
        (3, (2, 3, 3))
        """
        with fitted_state_kept_on_error(self):
            hamiltonian, n_states = self._check_parameters()
            X = self._check_features(X, hamiltonian.n_features)
            energies, snapshots = hamiltonian.lowest_states(X, n_states)
            basis, singular_values = _orthonormal_basis(snapshots, self.tol)
            self._check_basis(basis, snapshots)
            self.basis_ = basis
            self.n_basis_ = basis.shape[1]
            self.singular_values_ = singular_values
            self.reduced_terms_ = hamiltonian.project(basis)
            self.training_energies_ = energies
            self.n_outputs_ = int(self.n_levels)
        return self

    def predict(self, X):
        """Lowest energies of the Hamiltonian between the basis vectors.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Coefficients of ``terms[1:]``.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_levels)
            Energies in ascending order; one dimension for one level.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import EigenvectorContinuation
        >>> hopping = np.diag(np.ones(49), 1)
        >>> terms = np.diag(np.arange(50.0)), hopping + hopping.T
        >>> model = EigenvectorContinuation(terms).fit([[0.5], [1.0], [1.5]])
        >>> exact = np.linalg.eigvalsh(terms[0] + 0.8 * terms[1])[0]
        >>> bool(0 < model.predict([[0.8]])[0] - exact < 1e-3)  # an upper bound
        True
        """
        check_is_fitted(self)
        check_real("X", X)
        X = validate_data(self, X, reset=False, dtype=np.float64)
        check_reach(X, self.reduced_terms_)
        side = self.n_basis_
        constant, *controlled = self.reduced_terms_.reshape(
            len(self.reduced_terms_), -1
        )
        energies = np.empty((len(X), self.n_outputs_))
        with single_blas_thread():
            for chunk in chunks(len(X), side**2):
                matrices = constant + X[chunk] @ np.array(controlled)
                levels = np.linalg.eigvalsh(matrices.reshape(-1, side, side))
                energies[chunk] = levels[:, : self.n_outputs_]
        return energies[:, 0] if self.n_outputs_ == 1 else energies

    def _check_parameters(self):
        """Validate all parameters; the Hamiltonian and the states kept per row."""
        check_integer("n_levels", self.n_levels, 1)
        n_states = self.n_levels
        if self.n_snapshot_vectors is not None:
            check_integer("n_snapshot_vectors", self.n_snapshot_vectors, 1)
            n_states = self.n_snapshot_vectors
        check_number("tol", self.tol, 0, 1)
        hamiltonian = AffineHamiltonian(self.terms)
        for name in ("n_levels", "n_snapshot_vectors"):
            value = getattr(self, name)
            if value is not None and value > hamiltonian.side:
                raise ValueError(
                    f"{name} must not exceed the side of the terms, got {name}="
                    f"{value} with terms of side {hamiltonian.side}: reduce it."
                )
        return hamiltonian, int(n_states)

    def _check_features(self, X, n_features):
        """Training features, as many as the terms have coefficients."""
        check_real("X", X)
        X = validate_data(self, X, dtype=np.float64)
        if X.shape[1] != n_features:
            raise ValueError(
                f"X must have one column for each of terms[1:], got {X.shape[1]} "
                f"columns with {n_features + 1} terms: give {n_features} features, "
                f"or {X.shape[1] + 1} terms."
            )
        return X

    def _check_basis(self, basis, snapshots):
        """Raise if the basis is too small for the levels."""
        if self.n_levels > basis.shape[1]:
            raise ValueError(
                f"n_levels={self.n_levels} levels cannot come from the "
                f"{basis.shape[1]} independent vectors among {snapshots.shape[1]} "
                f"snapshots: reduce n_levels, raise n_snapshot_vectors, or fit more "
                f"rows."
            )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.required = False
        return tags


def _orthonormal_basis(snapshots, tol):
    """Orthonormal vectors that span the snapshots, but for near-null directions.

    Parameters
    ----------
    snapshots : ndarray of shape (n, n_snapshots)
        Normalised eigenvectors in columns.
    tol : float
        Threshold of singular values, relative to the largest.

    Returns
    -------
    basis : ndarray of shape (n, n_basis)
        Left singular vectors.
    singular_values : ndarray of shape (min(n, n_snapshots),)
        All singular values, largest first.
    """
    vectors, values, _ = np.linalg.svd(snapshots, full_matrices=False)
    return np.ascontiguousarray(vectors[:, values > tol * values[0]]), values
