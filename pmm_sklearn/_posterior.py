"""Standard deviations and draws of predictions, in the user's units."""

import numpy as np
from sklearn.utils import check_random_state

from ._threads import ThreadMap, single_blas_thread
from ._validation import check_flag, check_integer
from ._warnings import warn_caller
from .model import LaplacePosterior
from .solvers import interrupted

# Of the observations, what a fit must leave free to tell its errors by them.
_LEAST_FREE = 0.01


class PosteriorMixin:
    """Regressors that keep the posterior density of their parameters.

    They have ``_check_features``, ``_outputs_at``, ``_single_output``, ``n_jobs``,
    ``_structure`` and ``_make_model``.

    What they keep is plain: arrays of each model and the units of the data.  The parts
    of the model are made anew when they are asked for, so that files hold numbers only
    and do not depend on classes of this package.
    """

    def _optimise(self, problem, *args, **kwargs):
        # Models that callbacks are given must not have that of an earlier fit.
        vars(self).pop("_posterior", None)
        super()._optimise(problem, *args, **kwargs)

    def _set_posterior(self, problem, thetas):
        # The model is fitted: neither Ctrl-C nor absurd matrices lose it.
        try:
            with single_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
                self._posterior = self._arrays_of(problem, thetas)
        except np.linalg.LinAlgError:
            return
        except KeyboardInterrupt:
            interrupted()

    def _arrays_of(self, problem, thetas):
        """What is kept of the posteriors of all models, None for too large ones."""
        posteriors = [problem.posterior(theta) for theta in thetas]
        if any(posterior is None for posterior in posteriors):
            return None
        return {
            "members": [posterior.arrays() for posterior in posteriors],
            "restrictions": self._restrictions(problem.model),
            "feature_units": problem.scaling.feature_units,
            "target_scale": problem.scaling.target_scale,
        }

    def _restrictions(self, model):
        """Plain arguments of ``_make_model`` that were used in training only."""
        return {}

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

        Raises
        ------
        ValueError
            If `X` does not fit the model, or the distribution of
            the parameters is not known, as after ``partial_fit`` or ``from_npz``.

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
        X = self._check_features(X)
        posteriors, X_standard, scale = self._fitted_posterior(X)
        random_state = check_random_state(random_state)
        weights = self._member_weights(posteriors)
        member = random_state.choice(len(weights), size=n_samples, p=weights)
        draws = np.empty((len(X), len(scale), n_samples))
        with single_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
            means = self._member_means(X, self._outputs_at(X), len(posteriors))
            for i, posterior in enumerate(posteriors):
                own = np.flatnonzero(member == i)
                sample = posterior.sample(
                    X_standard, len(own), random_state, ThreadMap(self.n_jobs)
                )
                sample *= scale[:, np.newaxis]
                draws[:, :, own] = sample + means[i][..., np.newaxis]
        _check_not_too_far(X, draws)
        return draws[:, 0] if self._single_output else draws

    def _predict(self, X, return_std, return_cov):
        """Targets, and their standard deviations or covariances if asked for."""
        X = self._check_features(X)
        spread = self._spread(X, return_std, return_cov)
        outputs = self._outputs_at(X)
        outputs = outputs[:, 0] if self._single_output else outputs
        return outputs if spread is None else (outputs, spread)

    def _spread(self, X, return_std, return_cov):
        """Standard deviations or covariances at checked features; None for neither."""
        if return_std is False and return_cov is False:
            return None
        check_flag("return_std", return_std)
        check_flag("return_cov", return_cov)
        if return_std and return_cov:
            raise ValueError(
                "return_std and return_cov are both true, but at most one of them can "
                "be returned: the former is the root of the diagonal of the latter."
            )
        posteriors, X_standard, scale = self._fitted_posterior(X)
        self._warn_of_bars(posteriors)
        weights = self._member_weights(posteriors)
        threads = ThreadMap(self.n_jobs)
        with single_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
            # What members are uncertain of, and how far they are from each other.
            means = self._member_means(X, None, len(posteriors))
            deviations = means - np.tensordot(weights, means, axes=1)
            spread = 0.0
            for weight, posterior, deviation in zip(
                weights, posteriors, deviations, strict=True
            ):
                if return_std:
                    own = posterior.variance(X_standard, threads) * scale**2
                    own += deviation**2
                else:
                    own = posterior.covariance(X_standard, threads) * scale**2
                    own += deviation[:, np.newaxis] * deviation
                spread = spread + weight * own
        _check_not_too_far(X, spread)
        spread = np.sqrt(spread) if return_std else spread
        return spread[..., 0] if self._single_output else spread

    def _warn_of_bars(self, posteriors):
        misfit = max(posterior.misfit for posterior in posteriors)
        if misfit > 0:
            warn_caller(
                f"The model misses its data by more than y_err: chi-square is "
                f"{misfit:.3g} per degree of freedom. Error bars know of y_err alone "
                f"and are too small: increase matrix_size, give larger y_err, or leave "
                f"it out, so that errors are estimated from the residuals.",
                UserWarning,
            )
        if min(posterior.free_fraction for posterior in posteriors) < _LEAST_FREE:
            warn_caller(
                f"The model goes through all its data, of which there are no more than "
                f"parameters (n_parameters_={self.n_parameters_}). Its residuals tell "
                f"nothing of its errors, and error bars may be far too small or too "
                f"large: reduce matrix_size, or give more data.",
                UserWarning,
            )

    def _member_weights(self, posteriors):
        """Weights of the models in the mean; one for a single model."""
        return getattr(self, "member_weights_", np.ones(len(posteriors)))

    def _member_means(self, X, y_mean, n_members):
        """Predictions of each model, shape (n_members, n_rows, n_outputs)."""
        if n_members == 1:
            zeros = np.zeros((1, len(X), len(self._posterior["target_scale"])))
            return zeros if y_mean is None else zeros + y_mean.reshape(zeros.shape)
        model = self._fitted_model()
        threads = ThreadMap(self.n_jobs)
        return np.stack([model.predict(m, X, threads) for m in self._members()])

    def _fitted_posterior(self, X):
        """Posteriors and features of the standardised problem, units of targets."""
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
        kept = self._posterior
        model = self._make_model(**self._structure, **kept["restrictions"])
        posteriors = [LaplacePosterior.from_arrays(model, a) for a in kept["members"]]
        shift, scale = kept["feature_units"]
        return posteriors, (X - shift) / scale, kept["target_scale"]


def _check_not_too_far(X, variances):
    """Raise if variances, or draws, have overflowed."""
    if not np.all(np.isfinite(variances)):
        raise ValueError(
            f"X is too far from the data of fit for error bars, whose squares are "
            f"larger than any floating-point number: it has values up to "
            f"{np.abs(X).max():.3g}. Check its units, or predict without error bars."
        )
