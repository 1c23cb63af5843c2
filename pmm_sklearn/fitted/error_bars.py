"""Standard deviations, covariances and draws of predictions, in the user's units."""

import numpy as np

from .._warnings import warn_caller
from ..model import LaplacePosterior
from ..model.derivative_terms import DerivativeTerm

# Of the observations, what a fit must leave free to tell its errors by them.
_LEAST_FREE = 0.01


def error_bars_of(kept, structure, weights, n_parameters):
    """Error bars from the plain arrays that an estimator keeps.

    Parameters
    ----------
    kept : dict or None
        From `pmm_sklearn.training.with_posterior`, and the ``arguments`` of the model.
    structure : Structure
        What the model is.
    weights : ndarray of shape (n_members,)
        Of the members.
    n_parameters : int
        Of all of them, for messages.

    Returns
    -------
    ErrorBars or NoErrorBars
    """
    if kept is None:
        return NoErrorBars(
            "The distribution of the parameters is known only after a fit that "
            "was not interrupted, not after partial_fit, and files have it only if "
            "the estimator had: call fit, if need be with warm_start=True and "
            "max_iter=1, and keep it with to_npz, skops or joblib.dump."
        )
    if "reason" in kept:
        return NoErrorBars(kept["reason"])
    if kept["members"] is None:
        return NoErrorBars(
            f"n_parameters_={n_parameters} parameters and as many data have "
            f"too large a covariance matrix: use a smaller matrix_size or rank, or "
            f"cross-conformal intervals, as those of MAPIE."
        )
    model = structure.model(**kept["arguments"])
    posteriors = [LaplacePosterior.from_arrays(model, a) for a in kept["members"]]
    units = (np.array(structure.origin or 0.0), *kept["feature_units"])
    return ErrorBars(posteriors, weights, units, kept["target_scale"], n_parameters)


class NoErrorBars:
    """In place of error bars, where there are none.

    Parameters
    ----------
    reason : str
        Why, and what to do.
    """

    misfit = 0.0

    def __init__(self, reason):
        self._reason = reason

    def check(self):
        """Raise a ValueError with the reason."""
        raise ValueError(self._reason)


class ErrorBars:
    """What the posterior densities of the members say about predictions.

    Each member is uncertain by itself, and members differ: the distribution of a
    target is the weighted mixture of theirs.

    Parameters
    ----------
    posteriors : list of LaplacePosterior
        One for each member, of the standardised problem.
    weights : ndarray of shape (n_members,)
        Of sum 1.
    feature_units : tuple of ndarray (origin, shift, scale)
        Features of the standardised problem are ``(X - origin - shift) / scale``.
    target_scale : ndarray of shape (n_outputs,)
        Unit of each target.
    n_parameters : int
        Of all members, for messages.

    Attributes
    ----------
    target_scale : ndarray of shape (n_outputs,)
        The argument.
    """

    def __init__(self, posteriors, weights, feature_units, target_scale, n_parameters):
        self._n_parameters = n_parameters
        self._posteriors = posteriors
        self._weights = weights
        self._feature_units = feature_units
        self.target_scale = target_scale

    def deviations(self, X, means, threads=map):
        """Standard deviations of the targets, noise included.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Features in the user's units.
        means : ndarray of shape (n_members, n_samples, n_outputs)
            Predictions of each member.
        threads : callable, default=map
            Maps a function over chunks of samples: `ThreadMap`.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)

        Raises
        ------
        ValueError
            If they are no floating-point numbers any more, far outside the data.
        """

        def variance(posterior, X, distance):
            own = posterior.variance(X, threads) * self.target_scale**2
            return own + distance**2

        return np.sqrt(self._mixed(X, means, variance))

    def covariances(self, X, means, threads=map):
        """Covariances of the samples, (n_samples, n_samples, n_outputs).

        Parameters
        ----------
        X, means, threads
            As for :meth:`deviations`, and so are the errors raised.
        """

        def covariance(posterior, X, distance):
            own = posterior.covariance(X, threads) * self.target_scale**2
            return own + distance[:, np.newaxis] * distance

        return self._mixed(X, means, covariance)

    def draws(self, X, means, n_draws, random_state, threads=map):
        """Targets drawn from their distribution, (n_samples, n_outputs, n_draws).

        Parameters
        ----------
        X, means, threads
            As for :meth:`deviations`, and so are the errors raised.
        n_draws : int
            Number of draws, each a function of all samples.
        random_state : numpy.random.RandomState
            Source of the random numbers.
        """
        scale = self.target_scale[:, np.newaxis]
        weights = self._weights
        member = random_state.choice(len(weights), size=n_draws, p=weights)
        draws = np.empty((len(X), len(scale), n_draws))
        with np.errstate(over="ignore", invalid="ignore"):
            standard = self._standardised(X)
            for i, posterior in enumerate(self._posteriors):
                own = np.flatnonzero(member == i)
                sample = posterior.sample(standard, len(own), random_state, threads)
                draws[:, :, own] = sample * scale + means[i][..., np.newaxis]
        _check_not_too_far(X, draws)
        return draws

    def left_out(self, X, means, y, weight, errors):
        """Predictions of the training targets of each sample without these.

        Parameters
        ----------
        X, means
            As for :meth:`deviations`, of the data of the fit.
        y : ndarray of shape (n_samples, n_outputs)
            Their targets, whatever where they have no weight.
        weight : ndarray of shape (n_samples, n_outputs)
            Numbers of observations.
        errors : ndarray of shape (n_samples, n_outputs)
            Known standard deviations, zero if there are none.

        Returns
        -------
        means, deviations : ndarray of shape (n_samples, n_outputs)
            Noise included, but not known errors.
        leverage : ndarray of shape (n_samples,)
            What a sample contributes to its own prediction, in the worst member.
        """
        residuals = (y - means) / self.target_scale
        squares = (errors / self.target_scale) ** 2
        standard = self._standardised(X)
        found = [
            posterior.left_out(standard, own, weight, squares)
            for posterior, own in zip(self._posteriors, residuals, strict=True)
        ]
        changes, variances, leverages = map(np.array, zip(*found, strict=True))
        means = means + self.target_scale * changes
        mean = np.einsum("a,ask->sk", self._weights, means)
        spread = self.target_scale**2 * variances + (means - mean) ** 2
        variance = np.einsum("a,ask->sk", self._weights, spread)
        return mean, np.sqrt(variance), leverages.max(axis=0)

    def roots(self, X, means):
        """Vectors whose scalar products are covariances, noise not included.

        Those of the members stand one after the other, and what each differs by from
        the mean is one number more.

        Parameters
        ----------
        X, means
            As for :meth:`deviations`, but of few samples; and so are the errors raised.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs, width)
            In the unit of each target.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            standard = self._standardised(X)
            distances = means - np.einsum("a,ask->sk", self._weights, means)
            distances = distances[..., np.newaxis] / self.target_scale[:, np.newaxis]
            parts = []
            for weight, posterior, distance in zip(
                self._weights, self._posteriors, distances, strict=True
            ):
                both = np.concatenate([posterior.roots(standard), distance], axis=2)
                parts.append(np.sqrt(weight) * both)
            roots = np.concatenate(parts, axis=2)
        _check_not_too_far(X, roots)
        return roots

    def matrix_roots(self, X, hamiltonian, sector, gradients, slopes):
        r"""Vectors whose scalar products are covariances of functions of `H`.

        Of the best member, whose Hamiltonian it is.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Features in the user's units, of few samples.
        hamiltonian : callable
            Returns `H` for features, (n_samples, n, n), both in the user's units.
        sector : slice
            The rows of it that the functions depend on.
        gradients : ndarray of shape (n_samples, n_functions, n, n)
            Hermitian matrices :math:`G`, :math:`dz = \operatorname{tr}(G\, dH)`.
        slopes : dict from int to ndarray of shape (n_samples, n_functions, n, n)
            The same with respect to :math:`\partial_l H`, by the number of the feature.

        Returns
        -------
        ndarray of shape (n_samples, n_functions, width)
        """
        posterior, (origin, shift, scale) = self._posteriors[0], self._feature_units
        standard = self._standardised(X)
        # Apart from each other, for levels may meet at the points that are asked for.
        probes = np.vstack([np.zeros(len(scale)), np.eye(len(scale))])
        own = hamiltonian(origin + shift + scale * probes), posterior.matrices(probes)
        unit = _unit(*(matrices[:, sector, sector] for matrices in own))
        columns = np.arange(gradients.shape[1])
        terms = [
            DerivativeTerm(feature, columns, unit / scale[feature] * own)
            for feature, own in slopes.items()
        ]
        return posterior.matrix_roots(standard, unit * gradients, terms)

    @property
    def root_shape(self):
        """Numbers of outputs, and of elements of their vectors."""
        shapes = [posterior.root_shape for posterior in self._posteriors]
        return shapes[0][0], sum(width + 1 for _, width in shapes)

    @property
    def noise_variance(self):
        """That of each target, in its unit, (n_outputs,)."""
        noises = [posterior.noise_variance for posterior in self._posteriors]
        return np.tensordot(self._weights, noises, axes=1)

    @property
    def misfit(self):
        """Chi-square per degree of freedom where errors do not explain it, else 0."""
        return max(posterior.misfit for posterior in self._posteriors)

    def check(self):
        """Raise nothing: there are error bars."""

    def warn(self):
        """Warn if the data tell too little of the errors, or are missed."""
        if self.misfit > 0:
            warn_caller(
                f"The model misses its data by more than y_err: chi-square is "
                f"{self.misfit:.3g} per degree of freedom. Error bars take the rest "
                f"for errors of the model: give another matrix_size or a larger "
                f"n_init, or check y_err.",
                UserWarning,
            )
        free = min(posterior.free_fraction for posterior in self._posteriors)
        if free >= _LEAST_FREE:
            return
        if not np.any(self.noise_variance):
            warn_caller(
                f"The model goes through all its data, of which there are no more than "
                f"parameters (n_parameters_={self._n_parameters}), closer than y_err. "
                f"Error bars rest on the prior of the matrices, and may be far too "
                f"small or too large: give more data, or a smaller matrix_size.",
                UserWarning,
            )
        else:
            warn_caller(
                f"The model goes through all its data, of which there are no more than "
                f"parameters (n_parameters_={self._n_parameters}). Its residuals tell "
                f"nothing of its errors, and error bars may be far too small or too "
                f"large: reduce matrix_size, give more data, or if errors were given "
                f"(y_err) larger ones, or extra_noise=True.",
                UserWarning,
            )

    def _mixed(self, X, means, spread):
        """Weighted sum over members of ``spread(posterior, X, distance)``."""
        with np.errstate(over="ignore", invalid="ignore"):
            standard = self._standardised(X)
            distances = means - np.einsum("a,ask->sk", self._weights, means)
            total = 0.0
            for weight, posterior, distance in zip(
                self._weights, self._posteriors, distances, strict=True
            ):
                total = total + weight * spread(posterior, standard, distance)
        _check_not_too_far(X, total)
        return total

    def _standardised(self, X):
        origin, shift, scale = self._feature_units
        return (X - origin - shift) / scale


def _unit(H, standard):
    """What standardised matrices are multiplied by, but for the identity."""
    side = H.shape[-1]
    traces = np.einsum("sii->s", standard)[:, np.newaxis, np.newaxis]
    standard = standard - traces / side * np.eye(side)
    return np.vdot(standard, H).real / np.vdot(standard, standard).real


def _check_not_too_far(X, variances):
    """Raise if variances, or draws, have overflowed."""
    if not np.all(np.isfinite(variances)):
        raise ValueError(
            f"X is too far from the data of fit for error bars, whose squares are "
            f"larger than any floating-point number: it has values up to "
            f"{np.abs(X).max():.3g}. Check its units, or predict without error bars."
        )
