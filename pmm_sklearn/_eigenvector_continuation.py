"""Eigenvector continuation: the reduced basis method for known Hamiltonians."""

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from ._base import fitted_state_kept_on_error
from ._hamiltonian import AffineHamiltonian
from ._hamiltonian_methods import HamiltonianMethods
from ._outputs import as_outputs
from ._reduced_basis import ReducedHamiltonian, greedy_snapshots, reduced
from ._threads import single_blas_thread
from ._typing import Count
from .checks.data import check_reach
from .checks.dtypes import check_real
from .checks.parameters import check_integer, check_number
from .fitted import FittedModel, SpectrumStructure, once
from .fitted.error_bars import NoErrorBars
from .model import Parameters
from .model._chunks import chunks


class EigenvectorContinuation(HamiltonianMethods, RegressorMixin, BaseEstimator):
    r"""Lowest energies of a known Hamiltonian, from a basis of its eigenvectors.

    The Hamiltonian :math:`H(x) = T_0 + \sum_l x_l T_l` is given.  ``fit`` computes
    its lowest eigenvectors ("snapshots") at a few rows of features, and
    ``predict`` diagonalises the Hamiltonian between these vectors, a small matrix.
    Energies are exact at the rows of ``fit`` and upper bounds everywhere else.
    :meth:`error_estimate` says how far they are wrong, without an exact solution, and
    `n_snapshots` chooses the rows by it.

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
    n_snapshots : int, "auto" or None, default=None
        Number of rows of ``fit`` whose eigenvectors are computed: None for all of them.
        Otherwise rows are candidates, of which that with the largest estimate of its
        errors is taken, one after the other: so many, or with "auto" until no estimate
        is larger than `energy_tol`.
    energy_tol : float, default=1e-6
        The largest estimate that "auto" accepts, in units of energy.

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
    residual_terms_ : ndarray of shape (n_features + 1, n_outside, n_basis)
        What the terms take out of the basis, :math:`(1 - Q Q^\dagger) T_l Q`, in
        orthonormal coordinates.
    snapshot_indices_ : ndarray of int of shape (n_snapshots,)
        Rows of ``fit`` whose eigenvectors were computed, in this order.
    training_energies_ : ndarray of shape (n_snapshots, n_snapshot_vectors)
        Exact lowest energies at these rows: what a model without access to the
        Hamiltonian would learn from.
    model_ : FittedModel
        The small matrix as a value: levels, eigenvectors, derivatives.
    n_outputs_ : int
        Number of energies that are predicted.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if they are all strings.

    See Also
    --------
    PMMEmulator : Learns small matrices from energies, without a Hamiltonian.
    UnitaryPMMEmulator : The same from finite steps of time evolution.
    PMMRegressor : Learns small matrices from any data.

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
    .. [2] A. Sarkar, D. Lee, "Self-learning emulators and eigenvector continuation",
       Phys. Rev. Research 4, 023214 (2022).

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

    def __init__(
        self,
        terms: Sequence,
        *,
        n_levels: int = 1,
        n_snapshot_vectors: int | None = None,
        tol: float = 1e-10,
        n_snapshots: Count | None = None,
        energy_tol: float = 1e-6,
    ):
        self.terms = terms
        self.n_levels = n_levels
        self.n_snapshot_vectors = n_snapshot_vectors
        self.tol = tol
        self.n_snapshots = n_snapshots
        self.energy_tol = energy_tol

    def fit(self, X: ArrayLike, y: None = None) -> Self:
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
            rows, energies, snapshots = self._snapshots(hamiltonian, X, n_states)
            basis, model, singular_values = reduced(hamiltonian, snapshots, self.tol)
            self._check_basis(basis, snapshots)
            self.basis_ = basis
            self.n_basis_ = basis.shape[1]
            self.singular_values_ = singular_values
            self.reduced_terms_, self.residual_terms_ = model
            self.snapshot_indices_ = np.array(rows)
            self.training_energies_ = energies
            self.n_outputs_ = int(self.n_levels)
        return self

    def predict(self, X: ArrayLike) -> np.ndarray:
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
        X = self._features_to_predict(X)
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

    def residual_norm(self, X: ArrayLike) -> np.ndarray:
        r"""Norms of the residuals of the eigenvectors, :math:`\|H v - E v\|`.

        An exact level is within this distance of each energy (Weinstein).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Coefficients of ``terms[1:]``.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_levels)
            As the energies of :meth:`predict`, and as fast: matrices of the full side
            take no part.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import EigenvectorContinuation
        >>> hopping = np.diag(np.ones(49), 1)
        >>> terms = np.diag(np.arange(50.0)), hopping + hopping.T
        >>> model = EigenvectorContinuation(terms).fit([[0.5], [1.0], [1.5]])
        >>> at_a_snapshot, between = model.residual_norm([[1.0], [0.8]])
        >>> bool(at_a_snapshot < 1e-12 < between)
        True
        """
        X = self._features_to_predict(X)
        with single_blas_thread():
            _, norms = self._reduced.residuals(X, self.n_outputs_)
        return norms[:, 0] if self.n_outputs_ == 1 else norms

    def error_estimate(self, X: ArrayLike) -> np.ndarray:
        r"""How large the errors of the energies are.

        The norm :math:`\rho` of the residual, or :math:`\rho^2 / \delta` where the
        distance :math:`\delta` to other levels is larger than it (Kato and Temple).
        These are taken from the small matrix, less the norms of their residuals.  It
        is a bound where each of these levels stands for the exact one of its number.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Coefficients of ``terms[1:]``.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_levels)
            In units of energy, exact but for rounding errors.

        Notes
        -----
        With very few snapshots the small matrix may lack a level, whose distance is
        then not noticed: the estimate is too small.  So is one that the basis misses
        altogether, because no snapshot has any of its symmetry: an energy is then that
        of another level.

        References
        ----------
        T. Kato, "On the upper and lower bounds of eigenvalues", J. Phys. Soc. Jpn. 4,
        334 (1949).

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import EigenvectorContinuation
        >>> hopping = np.diag(np.ones(49), 1)
        >>> terms = np.diag(np.arange(50.0)), hopping + hopping.T
        >>> model = EigenvectorContinuation(terms).fit([[0.5], [1.0], [1.5]])
        >>> exact = np.linalg.eigvalsh(terms[0] + 0.8 * terms[1])[0]
        >>> bool(model.predict([[0.8]])[0] - exact < model.error_estimate([[0.8]])[0])
        True
        """
        X = self._features_to_predict(X)
        with single_blas_thread():
            errors = self._reduced.error_estimates(X, self.n_outputs_)
        return errors[:, 0] if self.n_outputs_ == 1 else errors

    @property
    def model_(self) -> FittedModel:
        """The small matrix as a value: levels, eigenvectors, derivatives.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import EigenvectorContinuation
        >>> hopping = np.diag(np.ones(49), 1)
        >>> terms = np.diag(np.arange(50.0)), hopping + hopping.T
        >>> model = EigenvectorContinuation(terms).fit([[0.5], [1.0], [1.5]])
        >>> model.model_.levels(np.array([[0.8]])).shape
        (1, 3)
        """
        check_is_fitted(self)
        names = getattr(self, "feature_names_in_", None)
        state = self.reduced_terms_, names
        return once(self, state, self._make_model)

    def _make_model(self):
        terms = self.reduced_terms_
        is_complex = np.iscomplexobj(terms)
        sizes = (self.n_basis_,)
        structure = SpectrumStructure(
            n_features=self.n_features_in_,
            degree=1,
            block_sizes=sizes,
            matrix_type="hermitian" if is_complex else "symmetric",
            outputs=as_outputs(None, self.n_outputs_, sizes),
            eigensolver="auto",
        )
        nothing = np.empty((0, *terms.shape[1:]), terms.dtype)
        reason = "EigenvectorContinuation has no error bars: see error_estimate."
        return FittedModel(
            structure.fitted_model(),
            [Parameters(terms, nothing, np.empty(0))],
            structure=structure,
            n_features=self.n_features_in_,
            feature_names=getattr(self, "feature_names_in_", None),
            single_output=self.n_outputs_ == 1,
            make_error_bars=lambda: NoErrorBars(reason),
        )

    @property
    def _reduced(self):
        return ReducedHamiltonian(self.reduced_terms_, self.residual_terms_)

    def _features_to_predict(self, X):
        check_is_fitted(self)
        check_real("X", X)
        X = validate_data(self, X, reset=False, dtype=np.float64)
        check_reach(X, self.reduced_terms_)
        return X

    def _snapshots(self, hamiltonian, X, n_states):
        """Rows, their energies, and their eigenvectors."""
        if self.n_snapshots is None:
            return np.arange(len(X)), *hamiltonian.lowest_states(X, n_states)
        is_auto = self.n_snapshots == "auto"
        most = len(X) if is_auto else min(self.n_snapshots, len(X))
        least = self.energy_tol if is_auto else -np.inf
        with single_blas_thread():
            return greedy_snapshots(
                hamiltonian, X, n_states, self.n_levels, most, least, self.tol
            )

    def _check_parameters(self):
        """Validate all parameters; the Hamiltonian and the states kept per row."""
        check_integer("n_levels", self.n_levels, 1)
        n_states = self.n_levels
        if self.n_snapshot_vectors is not None:
            check_integer("n_snapshot_vectors", self.n_snapshot_vectors, 1)
            n_states = self.n_snapshot_vectors
        check_number("tol", self.tol, 0, 1)
        check_number("energy_tol", self.energy_tol, 0)
        if isinstance(self.n_snapshots, str) and self.n_snapshots != "auto":
            raise ValueError(
                f"n_snapshots must be an integer, 'auto' or None, got "
                f"{self.n_snapshots!r}."
            )
        if self.n_snapshots not in (None, "auto"):
            check_integer("n_snapshots", self.n_snapshots, 1)
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
