"""Features with constants that are learned together with the matrices."""

from collections.abc import Callable
from typing import Self, overload

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import least_squares
from sklearn.base import (
    BaseEstimator,
    MetaEstimatorMixin,
    RegressorMixin,
    TransformerMixin,
    clone,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted, validate_data

from ._base import BasePMM, fitted_state_kept_on_error
from ._feature_constants import ConstantSearch, Terms, output_slopes
from ._threads import single_blas_thread
from ._typing import No, Yes
from ._warnings import recorded_warnings, warn_caller
from .checks.constants import check_constants, check_differentiable
from .checks.data import masked_to_nan
from .checks.dtypes import check_real
from .solvers import StopReason

_MOST_ROUNDS = 4
# By which new starts are better: nats of the evidence, or a share of the loss.
_NATS, _SHARE = 0.5, 0.99
# Of half the sum of squares, below which constants have no influence.
_LEAST_SLOPE = 1e-15


class LearnedFeatures(
    TransformerMixin, RegressorMixin, MetaEstimatorMixin, BaseEstimator
):
    r"""Emulator or regressor of features that depend on constants to be learned.

    Often the matrix is affine not in the parameters :math:`x` but in functions of them
    that hold unknown constants :math:`k`, such as :math:`x_1 e^{-k x_2}`:

    .. math:: H(x) = M_0 + \sum_l \phi_l(x; k) M_l .

    Matrices and constants are fitted together, by Gauss-Newton steps for the constants
    in which the matrices follow.  No grid search is needed.

    Parameters
    ----------
    estimator : PMMEmulator, PMMRegressor or EvolutionEmulator
        What is given the features; a clone of it is fitted, without averages.
    function : callable
        ``function(X, constants)`` returns the features, of shape (n_samples, n_terms),
        from the columns of `X` and an array of shape (n_constants,).  It should be
        smooth.  To pickle the model it must be defined in a module.
    start : float or array-like of shape (n_constants,)
        Constants to start from, of the right order of magnitude.
    bounds : pair of array-like of shape (n_constants,), default=None
        Smallest and largest constants; None means any.
    max_iter : int, default=50
        Largest number of steps for the constants, in each of up to four rounds.
    tol : float, default=1e-8
        Relative change of the constants, or of the sum of squares, at which they have
        converged.

    Attributes
    ----------
    constants_ : ndarray of shape (n_constants,)
        The constants that were learned.
    constants_std_ : ndarray of shape (n_constants,)
        Their standard deviations; infinite where the data do not tell of a constant.
    estimator_ : estimator
        The fitted clone, which takes what :meth:`transform` returns.
    n_iter_ : int
        Number of trials of constants, each of them a fit that goes on.
    n_features_in_ : int
        Number of columns of `X`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Their names, if they are all strings.

    See Also
    --------
    PMMEmulator : Has `degree` for polynomials.

    Notes
    -----
    Residuals :math:`\rho(k)` are those of the matrices that are best for the constants.
    Their derivative is that of the outputs :math:`J_k` at fixed matrices, less what the
    matrices can do as well, :math:`(1 - J C J^T) J_k`, with the derivatives :math:`J`
    by all coordinates in units of the noise and the posterior covariance ``C`` of the
    fit: variable projection.  Where steps have
    converged, new random starts of the matrices are tried, until none is better.

    Residuals count in units of `y_err` where it is given, and of what the fit finds
    beside it (`model_error_`, or `noise_` with `extra_noise`).

    Error bars are those of the matrices at the constants, and those of the constants
    with matrices that follow.

    References
    ----------
    G. Golub and V. Pereyra, "Separable nonlinear least squares: the variable projection
    method and its applications", Inverse Probl. 19, R1 (2003).

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import LearnedFeatures, PMMEmulator
    >>> def terms(X, constants):
    ...     return np.exp(-constants[0] * X)
    >>> X = np.linspace(0, 2, 12)[:, np.newaxis]
    >>> energy = -np.hypot(1, 3 * np.exp(-1.7 * X[:, 0]))
    >>> emulator = PMMEmulator(2, n_init=2, random_state=0)
    >>> model = LearnedFeatures(emulator, terms, start=1.0).fit(X, energy)
    >>> model.constants_.round(6)
    array([1.7])
    >>> bool(np.abs(model.predict([[3.0]]) + np.hypot(1, 3 * np.exp(-5.1))) < 1e-6)
    True
    """

    def __init__(
        self,
        estimator: BasePMM,
        function: Callable[..., ArrayLike],
        start: ArrayLike,
        *,
        bounds: tuple[ArrayLike, ArrayLike] | None = None,
        max_iter: int = 50,
        tol: float = 1e-8,
    ):
        self.estimator = estimator
        self.function = function
        self.start = start
        self.bounds = bounds
        self.max_iter = max_iter
        self.tol = tol

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        y_err: ArrayLike | None = None,
    ) -> Self:
        """Learn constants and matrices.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            What the function is given.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets, as `estimator` takes them.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each sample.
        y_err : float or array-like, default=None
            Standard deviations of the targets: see the ``fit`` of `estimator`.

        Returns
        -------
        self : LearnedFeatures
            The fitted estimator.

        Raises
        ------
        ValueError
            If the function returns other than finite features, a parameter or the data
            are not usable, or there are more parameters than have a covariance matrix.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import LearnedFeatures, PMMEmulator
        >>> X = np.linspace(0.5, 2, 12)[:, np.newaxis]
        >>> noise = 0.01 * np.random.RandomState(0).standard_normal(12)
        >>> y = noise - np.hypot(1, X[:, 0] ** 2)
        >>> emulator = PMMEmulator(2, n_init=2, random_state=0)
        >>> model = LearnedFeatures(emulator, lambda X, k: X**k, start=1.5)
        >>> model = model.fit(X, y, y_err=0.01)
        >>> bool(np.abs(model.constants_ - 2.0) < 3 * model.constants_std_)
        True
        """
        with fitted_state_kept_on_error(self):
            self._fit(X, y, {"sample_weight": sample_weight, "y_err": y_err})
        return self

    def _fit(self, X, y, given):
        """Check the data, search, and set the fitted attributes."""
        start, bounds = check_constants(self)
        check_real("X", X)
        X = validate_data(self, X, dtype=float)
        y = masked_to_nan(y)
        given = {name: value for name, value in given.items() if value is not None}
        terms = Terms(self.function, X)
        with single_blas_thread():
            best, found, n_trials = self._rounds(terms, y, given, start, bounds)
            self._response, self._root, is_known = best.uncertainty()
        self.constants_, self.estimator_, self.n_iter_ = found.x, best.model, n_trials
        std = np.linalg.norm(self._root, axis=1)
        self.constants_std_ = np.where(is_known, std, np.inf)
        self._report(best, found)

    def _rounds(self, terms, y, given, start, bounds):
        """Search from new starts of the matrices, until these are no better."""
        constants, best, found, n_trials = start, None, None, 0
        for _ in range(_MOST_ROUNDS):
            with recorded_warnings():
                first = self._without_averages().fit(terms(constants), y, **given)
            check_differentiable(first)
            if best is not None and not _is_better(first, best.model):
                break
            best, found, n_own = self._search(first, terms, y, given, constants, bounds)
            constants, n_trials = found.x, n_trials + n_own
        return best, found, n_trials

    def _search(self, first, terms, y, given, constants, bounds):
        """Search from a fit, again while the error of the model is another one."""
        y, n_trials = np.asarray(y, dtype=np.float64), 0
        for _ in range(_MOST_ROUNDS):
            search = ConstantSearch(terms, y, given, first)
            found = least_squares(
                search.residuals,
                constants,
                search.jacobian,
                bounds,
                x_scale=search.size_of(constants),
                xtol=self.tol,
                ftol=self.tol,
                gtol=_LEAST_SLOPE,
                max_nfev=self.max_iter,
            )
            n_trials += found.nfev
            best = search.end_at(found.x)
            if search.has_errors_of(best.model):
                break
            first, constants = best.model, found.x
        return best, found, n_trials

    def _report(self, best, found):
        for warning in best.told:
            if not issubclass(warning.category, ConvergenceWarning):
                warn_caller(warning.message, warning.category)
        reason = StopReason[self.estimator_.stop_reason_.upper()]
        if found.status > 0 and reason.converged:
            return
        if found.status > 0:
            told = self.estimator_.stop_reason_
            text = f"The fit at the constants ended with stop_reason_={told!r}."
        else:
            text = f"The constants have not converged in max_iter={self.max_iter} steps"
            text += ": increase it, or give another start."
        warn_caller(text, ConvergenceWarning)

    def _terms(self, X):
        check_is_fitted(self)
        check_real("X", X)
        return Terms(self.function, validate_data(self, X, reset=False, dtype=float))

    def _without_averages(self):
        estimator = clone(self.estimator)
        if "n_average" in estimator.get_params():
            estimator.set_params(n_average=1)
        return estimator

    def transform(self, X: ArrayLike) -> np.ndarray:
        """Features at the constants that were learned.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            What the function is given.

        Returns
        -------
        ndarray of shape (n_samples, n_terms)
            A data frame after ``set_output``.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import LearnedFeatures, PMMEmulator
        >>> X = np.linspace(1, 2, 8)[:, np.newaxis]
        >>> emulator = PMMEmulator(2, n_init=2, random_state=0)
        >>> model = LearnedFeatures(emulator, lambda X, k: X**k, start=1.0)
        >>> model.fit(X, -np.hypot(1, X[:, 0] ** 2)).transform([[3.0]]).round(4)
        array([[9.]])
        """
        return self._terms(X)(self.constants_)

    def get_feature_names_out(
        self, input_features: ArrayLike | None = None
    ) -> np.ndarray:
        """Names of the columns of :meth:`transform`.

        Parameters
        ----------
        input_features : None
            Ignored: terms are made of all features.

        Returns
        -------
        ndarray of object of shape (n_terms,)
            "term0", "term1", ...

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import LearnedFeatures, PMMEmulator
        >>> X = np.linspace(1, 2, 8)[:, np.newaxis]
        >>> emulator = PMMEmulator(2, n_init=2, random_state=0)
        >>> model = LearnedFeatures(emulator, lambda X, k: X**k, start=1.0)
        >>> model.fit(X, -np.hypot(1, X[:, 0] ** 2)).get_feature_names_out()
        array(['term0'], dtype=object)
        """
        check_is_fitted(self)
        names = [f"term{k}" for k in range(self.estimator_.n_features_in_)]
        return np.array(names, dtype=object)

    @overload
    def predict(self, X: ArrayLike, return_std: No = ...) -> np.ndarray: ...
    @overload
    def predict(
        self, X: ArrayLike, return_std: Yes
    ) -> tuple[np.ndarray, np.ndarray]: ...
    def predict(self, X, return_std=False):
        """Predict the targets, and how far to trust them.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            What the function is given.
        return_std : bool, default=False
            Whether to return standard deviations, those of the constants included.

        Returns
        -------
        y_mean : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Predicted targets.
        y_std : ndarray of the shape of ``y_mean``, optional
            Only with `return_std`.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import LearnedFeatures, PMMEmulator
        >>> X = np.linspace(1, 2, 8)[:, np.newaxis]
        >>> emulator = PMMEmulator(2, n_init=2, random_state=0)
        >>> model = LearnedFeatures(emulator, lambda X, k: X**k, start=1.0)
        >>> mean, std = model.fit(X, -np.hypot(1, X[:, 0] ** 2)).predict(
        ...     [[3.0]], return_std=True
        ... )
        >>> mean.round(4), bool(std < 1e-3)
        (array([-9.0554]), True)
        """
        terms = self._terms(X)
        values = terms(self.constants_)
        if not return_std:
            return self.estimator_.predict(values)
        mean, std = self.estimator_.predict(values, return_std=True)
        with single_blas_thread():
            model = self.estimator_.model_
            slopes = output_slopes(self.estimator_, terms, self.constants_)
            scale = model.error_bars.target_scale[:, np.newaxis]
            total = slopes - scale * (model.roots(values) @ self._response)
        own = np.linalg.norm(total @ self._root, axis=2)
        return mean, np.hypot(std, own.reshape(std.shape))

    def score(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Coefficient of determination, as that of `estimator`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            What the function is given.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            True values.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each sample.

        Returns
        -------
        float

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import LearnedFeatures, PMMEmulator
        >>> X = np.linspace(1, 2, 8)[:, np.newaxis]
        >>> y = -np.hypot(1, X[:, 0] ** 2)
        >>> emulator = PMMEmulator(2, n_init=2, random_state=0)
        >>> model = LearnedFeatures(emulator, lambda X, k: X**k, start=1.0)
        >>> round(model.fit(X, y).score(X, y), 6)
        1.0
        """
        values = self._terms(X)(self.constants_)
        return self.estimator_.score(values, y, sample_weight)


def _is_better(model, other):
    """Whether a fit is clearly better than another one to the same targets."""
    if hasattr(model, "log_evidence_") and hasattr(other, "log_evidence_"):
        return model.log_evidence_ > other.log_evidence_ + _NATS
    return model.loss_ < _SHARE * other.loss_
