r"""The search for constants of features, in which the matrices follow.

Residuals :math:`\rho(k)` are those of the matrices that are best at constants ``k``.
With the derivatives :math:`J` of the outputs by all coordinates and :math:`J_k` by the
constants, in units of the noise, and the covariance ``C`` of the coordinates,

.. math:: \partial_k \rho = (1 - J C J^T) J_k ,

for what matrices can do as well they do (variable projection).
"""

import copy

import numpy as np

from ._warnings import recorded_warnings
from .checks.constants import check_map
from .checks.data import check_errors, check_sample_weight

# Steps of difference quotients, over the size of a constant, and the least size.
_STEP, _LEAST_SIZE = 1e-5, 1e-3
# Of what is known of constants, the least share of what their slopes would tell alone.
_LEAST_SHARE = 1e-12
_TINY = np.finfo(np.float64).tiny
# In units of the targets: squares of the inverse are numbers.
_LEAST_NOISE = 1e-100
# Relative change of errors in which residuals are weighted, that matters.
_OTHER_ERRORS = 0.1
# Parameters that fits on the way have values of their own of.
_OWN = "warm_start", "n_init"


class Terms:
    """Features of given samples, as a function of the constants.

    Parameters
    ----------
    function : callable
        ``function(X, constants)`` returns them.
    X : ndarray of shape (n_samples, n_features)
        The samples.
    """

    def __init__(self, function, X):
        self._function, self._X = function, X

    def __call__(self, constants):
        """Features of shape (n_samples, n_terms)."""
        values = self._function(self._X, np.array(constants))
        return check_map(values, self._X, constants)

    def derivatives(self, constants):
        """Central difference quotients, (n_samples, n_terms, n_constants)."""
        sizes = _STEP * np.maximum(np.abs(constants), _LEAST_SIZE)
        return np.stack(
            [
                (self(constants + step) - self(constants - step)) / (2.0 * size)
                for step, size in zip(np.diag(sizes), sizes, strict=True)
            ],
            axis=2,
        )


def output_slopes(model, terms, constants):
    """Derivatives of outputs by the constants, at fixed matrices.

    Parameters
    ----------
    model : estimator
        Fitted, with ``predict_gradient``.
    terms : Terms
        Features of some samples.
    constants : ndarray of shape (n_constants,)
        Where.

    Returns
    -------
    ndarray of shape (n_samples, n_outputs, n_constants)
    """
    values = terms(constants)
    gradient = np.reshape(
        model.predict_gradient(values), (len(values), -1, values.shape[1])
    )
    return gradient @ terms.derivatives(constants)


class ConstantSearch:
    """Residuals as a function of the constants: each a fit that goes on.

    Known errors have the error of the model, or the noise, in them that the first fit
    has found: if each fit had its own, all constants would explain the data alike.

    Parameters
    ----------
    terms : Terms
        Features of the samples of the fit.
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Targets.
    given : dict
        Further arguments of ``fit``: `sample_weight` and `y_err`, perhaps.
    first : estimator
        A fit to begin with.
    """

    def __init__(self, terms, y, given, first):
        self._terms, self._y, self._given = terms, y, given
        self._first = first
        self._error = _errors(y, given, first)
        self._point = None

    @staticmethod
    def size_of(constants):
        """About how much each of them may change."""
        return np.maximum(np.abs(constants), _LEAST_SIZE)

    def at(self, constants):
        """The fit at some constants: `FitAtConstants`."""
        if self._point is None or not np.array_equal(constants, self._point.constants):
            given = self._given
            if self._error is not None:
                given = {**given, "y_err": self._error}
            self._point = self._fit(constants, given)
        return self._point

    def end_at(self, constants):
        """The same with the error of the model, or the noise, that is left there."""
        point = self.at(constants)
        if self.has_errors_of(point.model):
            return point
        return self._fit(constants, self._given)

    def has_errors_of(self, model):
        """Whether residuals are weighted by about the errors of a fit."""
        if self._error is None:
            return True
        own = _errors(self._y, self._given, model)
        return np.allclose(self._error, own, rtol=_OTHER_ERRORS, atol=0.0)

    def _fit(self, constants, given):
        model = copy.copy(self._first if self._point is None else self._point.model)
        model.set_params(warm_start=True, n_init=1)
        with recorded_warnings() as told:
            model.fit(self._terms(constants), self._y, **given)
        model.set_params(**{n: getattr(self._first, n) for n in _OWN})
        return FitAtConstants(
            constants.copy(), model, self._terms, self._y, given, told
        )

    def residuals(self, constants):
        """Outputs less targets, in units of the spread or of the known errors."""
        return self.at(constants).residuals

    def jacobian(self, constants):
        """Their derivatives, (n_residuals, n_constants)."""
        point = self.at(constants)
        projected = point.slopes - point.followed
        return projected * point.noise[:, np.newaxis]


def _errors(y, given, model):
    """Known errors with those that a fit has found beside them, or None."""
    if "y_err" not in given:
        return None
    columns = y.reshape(len(y), -1)
    error = check_errors(given["y_err"], columns.shape, _is_known(columns, given))
    own = getattr(model, "model_error_", getattr(model, "noise_", 0.0))
    return np.hypot(error, own)


def _is_known(columns, given):
    weight = check_sample_weight(given.get("sample_weight"), len(columns))
    return ~np.isnan(columns) & (weight > 0)[:, np.newaxis]


class FitAtConstants:
    """A fit, and how its outputs change with the constants.

    Parameters
    ----------
    constants : ndarray of shape (n_constants,)
        The constants.
    model : estimator
        Fitted to the features at these.
    terms, y, given
        As for `ConstantSearch`.
    told : list of warnings.WarningMessage
        What the fit has warned of.

    Attributes
    ----------
    residuals : ndarray of shape (n_known,)
        Of the targets that are known.
    noise : ndarray of shape (n_known,)
        Standard deviations, in the unit of each residual.
    slopes : ndarray of shape (n_known, n_constants)
        Derivatives by the constants in units of the noise, matrices fixed.
    followed : ndarray of shape (n_known, n_constants)
        Of these what the matrices can do as well.
    """

    def __init__(self, constants, model, terms, y, given, told):
        self.constants, self.model, self.told = constants, model, told
        fitted, values = model.model_, terms(constants)
        bars = fitted.error_bars
        outputs = np.reshape(model.predict(values), (len(values), -1))
        y = y.reshape(outputs.shape)
        known = _is_known(y, given)
        weight = check_sample_weight(given.get("sample_weight"), len(y))
        unit, noise = bars.target_scale, np.sqrt(bars.noise_variance)
        if not hasattr(model, "noise_"):
            # Outputs of emulators count alike, however large their residuals are.
            noise = np.sqrt(np.mean(bars.noise_variance))
        if "y_err" in given:
            unit = check_errors(given["y_err"], y.shape, known)
            noise = _errors(y, given, model) / unit
        root = np.sqrt(weight)[:, np.newaxis]
        per_unit = np.broadcast_to(root / unit, y.shape)[known]
        self.noise = np.maximum(np.broadcast_to(noise, y.shape)[known], _LEAST_NOISE)
        self.residuals = (outputs - y)[known] * per_unit
        per_noise = (per_unit / self.noise)[:, np.newaxis]
        self.slopes = output_slopes(model, terms, constants)[known] * per_noise
        scale = bars.target_scale[:, np.newaxis]
        roots = (fitted.roots(values) * scale)[known] * per_noise
        self._left, deviations, self._right = np.linalg.svd(roots, full_matrices=False)
        # Shares of the data in what is known of the coordinates.
        self._shares = np.minimum(deviations, 1.0) ** 2
        self._deviations = np.maximum(deviations, _TINY)

    @property
    def followed(self):
        """See the class."""
        return self._left @ (self._shares[:, np.newaxis] * self._along)

    @property
    def _along(self):
        return self._left.T @ self.slopes

    def uncertainty(self):
        """How the matrices follow the constants, and a root of the covariance of these.

        Returns
        -------
        response : ndarray of shape (width, n_constants)
            Its product with the roots of outputs is what these change by.
        root : ndarray of shape (n_constants, n_constants)
        is_known : ndarray of bool of shape (n_constants,)
            Of which constants the data tell.
        """
        shares = (self._shares / self._deviations)[:, np.newaxis]
        response = self._right.T @ (shares * self._along)
        alone = self.slopes.T @ self.slopes
        values, vectors = np.linalg.eigh(alone - self.slopes.T @ self.followed)
        least = _LEAST_SHARE * np.trace(alone) + _TINY
        open_shares = np.sum(vectors[:, values <= least] ** 2, axis=1)
        root = vectors / np.sqrt(np.maximum(values, least))
        return response, root, open_shares <= _LEAST_SHARE
