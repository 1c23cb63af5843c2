"""Standard deviations and draws of predictions, in the user's units."""

import numpy as np
from sklearn.utils import check_random_state

from ._threads import single_blas_thread
from ._validation import check_flag, check_integer
from .solvers import interrupted


class PosteriorMixin:
    """Regressors that keep the posterior density of their parameters.

    They have ``_check_features``, ``_single_output`` and ``n_jobs``.
    """

    def _optimise(self, problem, *args, **kwargs):
        # Models that callbacks are given must not have that of an earlier fit.
        vars(self).pop("_posterior", None)
        super()._optimise(problem, *args, **kwargs)

    def _set_training_attributes(self, problem, result):
        super()._set_training_attributes(problem, result)
        # The model is fitted: neither Ctrl-C nor absurd matrices lose it.
        try:
            with single_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
                posterior = problem.posterior(result.theta)
        except np.linalg.LinAlgError:
            return
        except KeyboardInterrupt:
            interrupted()
            return
        self._posterior = posterior and (posterior, problem.scaling)

    def _fit_epoch(self, problem, attributes):
        vars(self).pop("_posterior", None)
        super()._fit_epoch(problem, attributes)

    def sample_y(self, X, n_samples=1, random_state=0):
        """Draw targets from their distribution, as that of the predictions.

        Each draw is one function: a change of the parameters to first order, drawn
        from their posterior density, and noise of each target.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Features, in the units of ``fit``.
        n_samples : int, default=1
            Number of draws.
        random_state : int, RandomState instance or None, default=0
            Random numbers.

        Returns
        -------
        ndarray of shape (n_rows, n_samples) or (n_rows, n_outputs, n_samples)
            The former if ``y`` in ``fit`` was one-dimensional.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import PMMEmulator
        >>> x = np.linspace(-1, 1, 8)[:, np.newaxis]
        >>> emulator = PMMEmulator(2, random_state=0).fit(x, -np.sqrt(1 + x[:, 0] ** 2))
        >>> emulator.sample_y(x, n_samples=3).shape
        (8, 3)
        """
        check_integer("n_samples", n_samples, 1)
        y_mean = self.predict(X)
        X = self._check_features(X)
        posterior, scaling = self._fitted_posterior()
        random_state = check_random_state(random_state)
        with single_blas_thread():
            draws = posterior.sample(
                scaling.features(X), n_samples, random_state, self.n_jobs
            )
        draws *= scaling.target_scale[:, np.newaxis]
        draws += y_mean.reshape(*draws.shape[:2], 1)
        return draws[:, 0] if self._single_output else draws

    def _spread(self, X, return_std, return_cov):
        """Standard deviations or covariances of the targets; None for neither."""
        if return_std is False and return_cov is False:
            return None
        check_flag("return_std", return_std)
        check_flag("return_cov", return_cov)
        if return_std and return_cov:
            raise ValueError(
                "return_std and return_cov are both true, but at most one of them can "
                "be returned: the former is the root of the diagonal of the latter."
            )
        X = self._check_features(X)
        posterior, scaling = self._fitted_posterior()
        X, scale = scaling.features(X), scaling.target_scale
        with single_blas_thread():
            if return_std:
                spread = np.sqrt(posterior.variance(X, self.n_jobs)) * scale
            else:
                spread = posterior.covariance(X, self.n_jobs) * scale**2
        return spread[..., 0] if self._single_output else spread

    def _fitted_posterior(self):
        """Posterior of the standardised problem, and its scaling."""
        if not hasattr(self, "_posterior"):
            raise ValueError(
                "The distribution of the parameters is known only after a fit that "
                "was not interrupted, not after partial_fit or from_npz: call fit, "
                "if need be with warm_start=True and max_iter=1, and keep it with "
                "joblib.dump."
            )
        if self._posterior is None:
            raise ValueError(
                f"n_parameters_={self.n_parameters_} parameters and as many data have "
                f"too large a covariance matrix: use a smaller matrix_size or rank, or "
                f"cross-conformal intervals, as those of MAPIE."
            )
        return self._posterior
