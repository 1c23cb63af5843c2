r"""The search for constants of features, in which the matrices follow.

Residuals :math:`\rho(k)` are those of the matrices that are best at constants ``k``.
With the derivatives :math:`J` of the outputs by all coordinates and :math:`J_k` by the
constants, in units of the noise, and the covariance ``C`` of the coordinates,

.. math:: \partial_k \rho = (1 - J C J^T) J_k ,

for what matrices can do as well they do (variable projection).
"""

import copy

import numpy as np

from .checks.constants import check_map

# Steps of difference quotients, over the size of a constant, and the least size.
_STEP, _LEAST_SIZE = 1e-5, 1e-3
# Of what is known of constants, the least share of what their slopes would tell alone.
_LEAST_SHARE = 1e-12
_TINY = np.finfo(np.float64).tiny
# In units of the targets: squares of the inverse are numbers.
_LEAST_NOISE = 1e-100
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

    Parameters
    ----------
    terms : Terms
        Features of the samples of the fit.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Targets.
    given : dict
        Further arguments of ``fit``: `sample_weight` and `y_err`, perhaps.
    first : estimator
        A fit to begin with.
    """

    def __init__(self, terms, y, given, first):
        self._terms, self._y, self._given = terms, y, given
        self._first = first
        self._point = None

    @staticmethod
    def size_of(constants):
        """About how much each of them may change."""
        return np.maximum(np.abs(constants), _LEAST_SIZE)

    def at(self, constants):
        """The fit at some constants: `FitAtConstants`."""
        if self._point is None or not np.array_equal(constants, self._point.constants):
            model = copy.copy(self._first if self._point is None else self._point.model)
            model.set_params(warm_start=True, n_init=1)
            model.fit(self._terms(constants), self._y, **self._given)
            model.set_params(**{n: getattr(self._first, n) for n in _OWN})
            self._point = FitAtConstants(
                constants.copy(), model, self._terms, self._y, self._given
            )
        return self._point

    def residuals(self, constants):
        """Outputs less targets, in units of the spread or of the known errors."""
        return self.at(constants).residuals

    def jacobian(self, constants):
        """Their derivatives, (n_residuals, n_constants)."""
        point = self.at(constants)
        projected = point.slopes - point.followed
        return projected * point.noise[:, np.newaxis]


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

    def __init__(self, constants, model, terms, y, given):
        self.constants, self.model = constants, model
        fitted, values = model.model_, terms(constants)
        bars = fitted.error_bars
        outputs = np.reshape(model.predict(values), (len(values), -1))
        y = np.reshape(np.asarray(y, dtype=np.float64), outputs.shape)
        weight = np.asarray(given.get("sample_weight", np.ones(len(y))), np.float64)
        known = ~np.isnan(y) & (weight > 0)[:, np.newaxis]
        unit, noise = bars.target_scale, bars.noise_variance
        if not hasattr(model, "noise_"):
            # Outputs of emulators count alike, however large their residuals are.
            noise = np.mean(noise)
        if "y_err" in given:
            error = np.asarray(given["y_err"], dtype=np.float64)
            is_column = error.ndim == 1 and len(error) == len(y)
            unit = error[:, np.newaxis] if is_column else error
            noise = 1.0
        noise = np.sqrt(noise)
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
        """
        shares = (self._shares / self._deviations)[:, np.newaxis]
        response = self._right.T @ (shares * self._along)
        alone = self.slopes.T @ self.slopes
        values, vectors = np.linalg.eigh(alone - self.slopes.T @ self.followed)
        least = _LEAST_SHARE * np.trace(alone) + _TINY
        return response, vectors / np.sqrt(np.maximum(values, least))
