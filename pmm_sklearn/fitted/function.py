"""Fitted models as plain functions of arrays, for samplers and optimisers."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._threads import blas_limit, single_blas_thread


class ModelFunction:
    """Outputs of a fitted model, and perhaps their gradient, as a function.

    From ``as_function`` of an estimator.  Nothing but the shape is validated, so that
    a call for one sample takes little longer than the eigenvectors: features must be
    numbers, in the units and in the order of ``fit``.  The function is a copy that
    later fits do not change.  It has no state that calls could change, so that threads
    may share it, and it can be pickled.

    Parameters
    ----------
    model : MeanModel
        The model.
    n_features : int
        Number of features.
    single_output : bool
        Whether to return the only output without an axis for outputs.
    gradient : bool, default=False
        Whether to return derivatives by the features as well.
    error_bars : ErrorBars, optional
        If given, standard deviations are returned as well, the last.

    Notes
    -----
    Calls limit BLAS to one thread, as ``predict`` does, but not for outputs of one
    sample and matrices of side up to 32: there the limit would take as long as half a
    call, and BLAS starts no threads.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.optimize import minimize
    >>> from pmm_sklearn import PMMRegressor
    >>> X = np.linspace(-1, 1, 20)[:, np.newaxis]
    >>> y = (X[:, 0] - 0.3) ** 2
    >>> model = PMMRegressor(3, 2, random_state=0).fit(X, y)
    >>> f = model.as_function(gradient=True)
    >>> minimize(f, [0.0], jac=True).x.round(2)
    array([0.3])
    >>> value, gradient = f(X)
    >>> value.shape, gradient.shape
    ((20,), (20, 1))
    """

    def __init__(
        self, model, n_features, single_output, gradient=False, error_bars=None
    ):
        self._model = model.frozen()
        self._row_shape = (n_features,)
        self._single_output = bool(single_output)
        self._gradient = bool(gradient)
        self._error_bars = error_bars

    def __call__(self, x: ArrayLike) -> Any:
        """Evaluate the model.

        Parameters
        ----------
        x : array-like of shape (n_features,) or (n_samples, n_features)
            Features of one sample or of several.

        Returns
        -------
        value : float or ndarray of shape ([n_samples,] [n_outputs])
            Outputs; the axes are there as in ``x`` and in the targets of ``fit``.
        gradient : ndarray of shape ([n_samples,] [n_outputs,] n_features)
            Their derivatives, only with ``gradient=True``.
        std : float or ndarray of the shape of ``value``
            Their standard deviations, noise included, only with ``return_std=True``.

        Raises
        ------
        ValueError
            If ``x`` has another shape, or is too far from the data for error bars.
        """
        x = np.asarray(x, dtype=np.float64)
        is_row = x.ndim == 1
        # The axes of samples and of outputs, or the only element of these.
        everything = slice(None)
        index = (
            0 if is_row else everything,
            0 if self._single_output else everything,
        )
        X = x[np.newaxis] if is_row else x
        if X.shape[1:] != self._row_shape:
            (n_features,) = self._row_shape
            raise ValueError(
                f"x must have shape ({n_features},) or (n_samples, {n_features}), as "
                f"many features as in fit, got shape {x.shape}: reshape it."
            )
        results = [result[index] for result in self._results(X)]
        return results[0] if len(results) == 1 else tuple(results)

    def _results(self, X):
        """What is returned, with all axes."""
        if self._error_bars is None:
            with blas_limit(len(X), self._model.side):
                return self._values(X)
        with single_blas_thread():
            means = self._model.of_members(X)
            deviations = self._error_bars.deviations(X, means)
            if self._gradient:
                return [*self._values(X), deviations]
            return [self._model.combined(means), deviations]

    def _values(self, X):
        if self._gradient:
            return self._model.predict_gradient(X)
        return [self._model.predict(X)]
