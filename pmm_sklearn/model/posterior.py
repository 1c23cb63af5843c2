"""How far outputs can be trusted: the posterior distribution of the parameters."""

import copy

import numpy as np
import scipy.linalg
from scipy.linalg.blas import dtrmm, dtrmv
from scipy.linalg.lapack import dtpttr, dtrttp
from scipy.stats import chi2

from ._chunks import chunks
from .derivative_terms import add_to_jacobian
from .triangles import inverse_root
from .variances import estimate_variances, mean_squares

#: Numbers in the factor of a covariance: 32 MB.
LARGEST_FACTOR = 2000**2
# Numbers in a Jacobian whose singular values are affordable.  They are exact to
# rounding, where squares of them are so to its root.
_LARGEST_DECOMPOSED = 2**18
_EPS = np.finfo(np.float64).eps
# Of residuals in units of the spread: rounding errors are not smaller.
_LEAST_VARIANCE = 1e-30
# Of mean squares of outputs: the rounding errors of an exact one drown no other.
_LEAST_RATIO = 1e-6
# Known errors do not explain residuals that are less likely than this.
_UNLIKELY = 1e-4
# A matrix of finite side is hardly ever exact, but the more data for each parameter
# have not refuted it, the smaller is its error: the density of its variance e, over
# that of the noise of the outputs, is (1 + e / s)^-3 before the data, with a mean s of
# four times the parameters per datum.
_MODEL_ERRORS = np.geomspace(1e-3, 1e6, 901)
_PRIOR_ERROR, _PRIOR_POWER = 4.0, 3.0
_LARGEST_CHI_SQUARE = 1e200
# Numbers in the Jacobian of a chunk of predictions.
_LARGEST_CHUNK = 2**18


class LaplacePosterior:
    r"""Normal approximation of the posterior density around the fitted parameters.

    With the Gauss-Newton matrix :math:`A = J^T W J` of the training data, the variance
    :math:`\sigma^2` of the noise and the variance :math:`v` of the parameters before
    the training,

    .. math::

        \operatorname{cov} \theta = (A / \sigma^2 + I / v)^{-1}, \qquad
        \operatorname{cov} z(x) = J(x) \operatorname{cov} \theta\, J(x)^T .

    Directions that no datum determines, such as changes of basis, keep the variance
    ``v``; where they change no output either, they add nothing.

    Parameters
    ----------
    model : PMM
        Structure of the model.
    theta : ndarray of shape (n_parameters,)
        Fitted parameters.
    covariance : FullCovariance or LowRankCovariance
        That of the parameters.
    noise_variance : ndarray of shape (n_outputs,)
        What is added to the variance of each output.
    free_fraction : float, default=1.0
        Fraction of the observations that is left for the noise; nothing is if the model
        interpolates them, and the variances then have no scale.
    misfit : float, default=0.0
        Chi-square per degree of freedom, where errors are known and do not explain it.
    inflation : float or ndarray of shape (n_outputs,), default=1.0
        How many times as large as that of the data, for each output, the variance of
        the noise is that `covariance` was made with.

    References
    ----------
    D. MacKay, "A practical Bayesian framework for backpropagation networks", Neural
    Comput. 4, 448 (1992).

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import model as m
    >>> pmm = m.observable_pmm(1, 1, (2,), 1)
    >>> data = np.array([[0.0], [1.0]]), np.array([[1.0], [2.0]]), np.ones((2, 1))
    >>> objective = m.Objective(pmm, m.SquaredError(), *data, m.RidgePenalty(0.1))
    >>> theta = pmm.initial(np.random.RandomState(0))
    >>> posterior = m.LaplacePosterior.fit(objective, theta)
    >>> posterior.variance(np.zeros((5, 1))).shape
    (5, 1)
    """

    def __init__(
        self,
        model,
        theta,
        covariance,
        noise_variance,
        free_fraction=1.0,
        misfit=0.0,
        inflation=1.0,
    ):
        self.model = model
        self.theta = theta
        self._parameters = model.split(theta)
        self.covariance_of_theta = covariance
        self.noise_variance = noise_variance
        self.free_fraction = free_fraction
        self.misfit = misfit
        self.inflation = np.broadcast_to(inflation, np.shape(noise_variance))

    @classmethod
    def fit(cls, objective, theta, counts=None, residuals="noise"):
        """Posterior of a sum of squares.

        Parameters
        ----------
        objective : Objective
            What was minimised.  Its smoothness term is taken for a choice among
            models, not for knowledge.
        theta : ndarray of shape (n_parameters,)
            Where it is least.
        counts : ndarray of shape (n_samples, 1) or (n_samples, n_outputs), optional
            How many observations each datum is; by default its weight.
        residuals : {"noise", "model error", "known errors"}, default="noise"
            What residuals are: noise, independent and of unknown variance for each
            output; errors of the model, functions as smooth as it is, of which so many
            are independent as it has parameters that the data determine; or, in units
            of their errors, noise of the training data only, which the outputs do not
            have, beside an error of the model that they may hide.

        Returns
        -------
        LaplacePosterior or None
            None if the covariance would be too large: see `LARGEST_FACTOR`.
        """
        model = objective.model
        n_residuals = len(objective.y) * model.n_outputs
        if min(n_residuals, model.n_parameters) * model.n_parameters > LARGEST_FACTOR:
            return None
        counts = objective.weight if counts is None else counts
        n_observations = np.broadcast_to(counts, objective.y.shape).sum()
        if residuals == "known errors":
            unit, weight = np.zeros(model.n_outputs), objective.weight
            loss, noise, inflation = 0.0, 1.0, 1.0
        else:
            unit = mean_squares(objective, theta, counts)
            floor = max(_LEAST_RATIO * unit.max(), _LEAST_VARIANCE)
            weight, loss, noise = counts / np.maximum(unit, floor), n_observations, None
            inflation = np.maximum(unit, floor) / np.maximum(unit, _LEAST_VARIANCE)
        curvatures, directions = _decomposed(objective.data_only(weight), theta)
        noise, prior = estimate_variances(
            curvatures, loss, theta @ theta, n_observations, noise
        )
        used = float(np.sum(curvatures / (curvatures + noise / prior)))
        free, misfit, effective = max(1.0 - used / n_observations, 0.0), 0.0, noise
        if residuals == "model error":
            # Of a datum left out, the error is larger than its residual.
            n_independent = max(used * free**2, 1.0)
            effective *= max(n_observations / n_independent, 1.0)
        if residuals == "known errors":
            chi_square, _ = objective.loss_and_norm(theta)
            misfit = _misfit(float(chi_square), n_observations - used)
            effective += _model_error(float(chi_square), n_observations, used)
        covariance = _covariance(curvatures, directions, effective, prior)
        free = 1.0 if residuals == "known errors" else free
        inflation = inflation * effective / noise
        return cls(
            model, theta.copy(), covariance, noise * unit, free, misfit, inflation
        )

    @classmethod
    def of_evidence(cls, objective, theta):
        """Posterior of matrices and observables together.

        Parameters
        ----------
        objective : EvidenceObjective
            What was minimised.
        theta : ndarray of shape (n_parameters,)
            Where it is least.

        Returns
        -------
        LaplacePosterior or None
            None if the covariance would be too large: see `LARGEST_FACTOR`.
        """
        model = objective.model
        if model.n_parameters**2 > LARGEST_FACTOR:
            return None
        _, variances = objective.split(theta)
        joint = model.join(objective.parameters(theta))
        covariance = FullCovariance(inverse_root(objective.joint_factor(theta)))
        free = objective.free_fraction(theta)
        noise = variances.noise[: model.n_outputs]
        return cls(model, joint, covariance, noise, free)

    def widened(self, factor):
        """The same with larger standard deviations of the parameters."""
        other = copy.copy(self)
        other.covariance_of_theta = self.covariance_of_theta.scaled(factor)
        other.inflation = factor**2 * self.inflation
        return other

    def arrays(self):
        """All but the model, for files.

        Returns
        -------
        dict from str to ndarray or float
            Argument of :meth:`from_arrays`.
        """
        own = {
            "theta": self.theta,
            "noise_variance": self.noise_variance,
            "free_fraction": self.free_fraction,
            "misfit": self.misfit,
            "inflation": np.array(self.inflation),
        }
        return own | self.covariance_of_theta.arrays()

    @classmethod
    def from_arrays(cls, model, arrays):
        """Posterior of a model from what :meth:`arrays` of it has returned.

        Parameters
        ----------
        model : PMM
            Structure of the model.
        arrays : dict from str to ndarray or float
            From :meth:`arrays`.

        Returns
        -------
        LaplacePosterior

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import model as m
        >>> pmm = m.observable_pmm(1, 1, (2,), 1)
        >>> data = np.array([[0.0], [1.0]]), np.array([[1.0], [2.0]]), np.ones((2, 1))
        >>> objective = m.Objective(pmm, m.SquaredError(), *data, m.RidgePenalty(0.1))
        >>> theta = pmm.initial(np.random.RandomState(0))
        >>> posterior = m.LaplacePosterior.fit(objective, theta)
        >>> again = m.LaplacePosterior.from_arrays(pmm, posterior.arrays())
        >>> bool(again.variance(data[0])[0, 0] == posterior.variance(data[0])[0, 0])
        True
        """
        arrays = dict(arrays)
        names = "theta", "noise_variance", "free_fraction", "misfit", "inflation"
        theta, *others = (arrays.pop(name) for name in names)
        is_full = "packed" in arrays
        kind = FullCovariance.from_packed if is_full else LowRankCovariance
        return cls(model, theta, kind(**arrays), *others)

    def variance(self, X, threads=map):
        """Variance of the outputs, noise included.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Standardised features.
        threads : callable, default=map
            See :meth:`PMM.predict`.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
        """
        variance = np.empty((len(X), self.model.n_outputs))

        def fill(chunk, root):
            np.einsum("kps,kps->sk", root, root, out=variance[chunk])

        self._for_roots(X, fill, threads)
        return variance + self.noise_variance

    def left_out(self, X, residuals, weight, squared_errors, threads=map):
        r"""Outputs at samples of the fit if their targets had not been known.

        Of the model that is linear in its parameters: with the covariance ``S`` of the
        outputs of a sample, the diagonal matrix ``R`` of the noise of its targets and
        residuals :math:`\rho = y - z`,

        .. math::

            S' = (1 - S R^{-1})^{-1} S , \qquad z' = z - S' R^{-1} \rho .

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Standardised features.
        residuals, weight, squared_errors : ndarray of shape (n_samples, n_outputs)
            Standardised residuals, the number of observations that each target is, 0 if
            it is not known, and known variances.
        threads : callable, default=map
            See :meth:`PMM.predict`.

        Returns
        -------
        change : ndarray of shape (n_samples, n_outputs)
            Of the outputs.
        variance : ndarray of shape (n_samples, n_outputs)
            Of the outputs then, noise included.
        leverage : ndarray of shape (n_samples,)
            The largest eigenvalue of :math:`S R^{-1}`, less than 1.
        """
        noise = np.maximum(self.noise_variance + squared_errors, _LEAST_VARIANCE)
        roots_of_precision = np.sqrt(weight / (self.inflation * noise))
        change, variance = np.empty_like(residuals), np.empty_like(residuals)
        leverage = np.empty(len(X))

        def fill(chunk, root):
            scale = roots_of_precision[chunk]
            covariance = np.einsum("kps,lps->skl", root, root)
            to_targets = covariance * scale[:, np.newaxis]
            shares, modes = np.linalg.eigh(scale[:, :, np.newaxis] * to_targets)
            to_modes = to_targets @ modes
            left = np.maximum(1.0 - shares, _EPS)
            pull = np.einsum("skm,sk->sm", modes, scale * residuals[chunk])
            change[chunk] = -np.einsum("skm,sm->sk", to_modes, pull / left)
            own = np.einsum("skk->sk", covariance)
            variance[chunk] = own + np.einsum("skm,sm->sk", to_modes**2, 1.0 / left)
            leverage[chunk] = shares[:, -1]

        self._for_roots(X, fill, threads)
        return change, variance + self.noise_variance, leverage

    def covariance(self, X, threads=map):
        """Covariance of the samples for each output, noise included.

        Returns
        -------
        ndarray of shape (n_samples, n_samples, n_outputs)
        """
        width = self.covariance_of_theta.width
        roots = np.empty((self.model.n_outputs, width, len(X)))

        def fill(chunk, root):
            roots[:, :, chunk] = root

        self._for_roots(X, fill, threads)
        covariance = np.empty((len(X), len(X), self.model.n_outputs))
        for k, root in enumerate(roots):
            of_output = root.T @ root
            of_output[np.diag_indices_from(of_output)] += self.noise_variance[k]
            covariance[:, :, k] = of_output
        return covariance

    def sample(self, X, n_samples, random_state, threads=map):
        """Draws of the deviations of the outputs from the prediction.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_features)
            Standardised features.
        n_samples : int
            Number of draws.
        random_state : numpy.random.RandomState
            Source of the random numbers.
        threads : callable, default=map
            See :meth:`PMM.predict`.

        Returns
        -------
        ndarray of shape (n_rows, n_outputs, n_samples)
            Every draw has one set of parameters for all rows and outputs, and noise
            of each of them.
        """
        width = self.covariance_of_theta.width
        coefficients = random_state.standard_normal((width, n_samples))
        shape = len(X), self.model.n_outputs, n_samples
        draws = random_state.standard_normal(shape)
        draws *= np.sqrt(self.noise_variance)[:, np.newaxis]

        def add(chunk, root):
            draws[chunk] += np.swapaxes(root.transpose(0, 2, 1) @ coefficients, 0, 1)

        self._for_roots(X, add, threads)
        return draws

    def roots(self, X):
        """Vectors whose scalar products are the covariances of outputs.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Standardised features, of few samples.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs, width)
        """
        found = np.empty((len(X), *self.root_shape))

        def fill(chunk, root):
            found[chunk] = root.transpose(2, 0, 1)

        self._for_roots(X, fill, map)
        return found

    def matrices(self, X):
        """Primary matrices at standardised features, (n_samples, n, n)."""
        inputs = self.model.inputs(X)
        return self.model.primary.forward(self._parameters.matrices, inputs)[0]

    def matrix_roots(self, X, gradients, terms):
        r"""The same as :meth:`roots` for functions of the primary matrix.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Standardised features, of few samples.
        gradients : ndarray of shape (n_samples, n_functions, n, n)
            Hermitian matrices ``G``, :math:`dz = \operatorname{tr}(G\, dH)`.
        terms : list of DerivativeTerm
            The same with respect to :math:`\partial_l H`, columns counting functions.

        Returns
        -------
        ndarray of shape (n_samples, n_functions, width)
        """
        primary = self.model.primary
        own, inputs = self.theta[: primary.size], self.model.inputs(X)
        n_samples, n_functions = gradients.shape[:2]
        # Samples last in memory, as in PMM.jacobian.
        jacobian = np.zeros((self.model.n_parameters, n_functions, n_samples)).T
        part = jacobian[:, :, : primary.size]
        primary.jacobian(own, inputs, gradients, out=part)
        add_to_jacobian(primary, own, inputs, terms, out=part)
        rows = np.asfortranarray(jacobian.reshape(n_samples * n_functions, -1))
        root = self.covariance_of_theta.root(rows)
        return root.reshape(n_samples, n_functions, -1)

    @property
    def root_shape(self):
        """Numbers of outputs, and of elements of their vectors."""
        return self.model.n_outputs, self.covariance_of_theta.width

    def _for_roots(self, X, function, threads):
        """Call ``function(chunk, root)`` for all chunks of samples.

        The covariance of outputs ``k`` and ``l`` of samples ``s`` and ``t`` is the
        sum over ``p`` of ``root[k, p, s] * root[l, p, t]``.
        """
        model, covariance = self.model, self.covariance_of_theta
        parameters = self._parameters

        def work(chunk):
            _, saved = model.forward(parameters, model.inputs(X[chunk]))
            jacobian = model.jacobian(self.theta, saved)
            n_samples, n_outputs, n_parameters = jacobian.shape
            # Outputs, then samples; the parameters are the last axis, and the
            # slowest one in memory.
            rows = jacobian.T.reshape(n_parameters, -1).T
            root = covariance.root(rows).T.reshape(-1, n_outputs, n_samples)
            function(chunk, root.transpose(1, 0, 2))

        numbers = model.n_outputs * covariance.width
        parts = chunks(len(X), numbers, _LARGEST_CHUNK)
        for _ in threads(work, parts):
            pass


class FullCovariance:
    """Covariance matrix held as its triangular factor ``L``.

    Parameters
    ----------
    factor : ndarray of shape (n, n)
        Lower triangle, ``covariance = L @ L.T``.
    """

    def __init__(self, factor):
        self.factor = factor
        self.width = len(factor)

    def scaled(self, factor):
        """That of ``factor`` times as large deviations."""
        return FullCovariance(factor * self.factor)

    def root(self, rows):
        """``J L`` for the rows ``J`` of shape (m, n), which are overwritten."""
        if len(rows) == 1:
            # A third of the time.
            return dtrmv(self.factor, rows[0], lower=1, trans=1)[np.newaxis]
        return dtrmm(1.0, self.factor, rows, side=1, lower=1, overwrite_b=1)

    def arrays(self):
        """Columns of the triangle, one after the other: half the matrix."""
        packed, _ = dtrttp(self.factor, uplo="L")
        return {"packed": packed}

    @classmethod
    def from_packed(cls, packed):
        """Covariance from its :meth:`arrays`."""
        width = int(np.sqrt(2 * len(packed)))  # of width * (width + 1) / 2 numbers
        factor, _ = dtpttr(width, packed, uplo="L")
        return cls(factor)


class LowRankCovariance:
    r"""Covariance :math:`V D V^T + v (I - V V^T)`, for few data.

    Parameters
    ----------
    directions : ndarray of shape (n, k)
        Orthonormal columns ``V``, what the data determine.
    variances : ndarray of shape (k,)
        Variances ``D`` along them.
    prior_variance : float
        Variance ``v`` of everything else.
    """

    def __init__(self, directions, variances, prior_variance):
        self.directions = directions
        self.variances = variances
        self.prior_variance = prior_variance
        self.width = sum(directions.shape)

    def scaled(self, factor):
        """That of ``factor`` times as large deviations."""
        variances = factor**2 * self.variances
        return LowRankCovariance(
            self.directions, variances, factor**2 * self.prior_variance
        )

    def root(self, rows):
        """Matrix of shape (m, n + k) that times its transpose is the covariance."""
        inside = rows @ self.directions
        # Projected, not a difference of squares: that would lose half the digits.
        outside = rows - inside @ self.directions.T
        deviation, deviations = np.sqrt(self.prior_variance), np.sqrt(self.variances)
        return np.hstack([deviation * outside, inside * deviations])

    def arrays(self):
        """The arguments of the class."""
        return {
            "directions": self.directions,
            "variances": self.variances,
            "prior_variance": self.prior_variance,
        }


def _decomposed(objective, theta):
    """Eigenvalues of the Gauss-Newton matrix but zeros, and their eigenvectors."""
    n_residuals, n_parameters = objective.n_residuals, objective.n_parameters
    size = max(n_residuals, n_parameters)
    if n_residuals * n_parameters <= _LARGEST_DECOMPOSED:
        _, jacobian = objective.residuals_and_jacobian(theta)
        _, singular, vectors = scipy.linalg.svd(
            jacobian, full_matrices=False, overwrite_a=True, check_finite=False
        )
        used = singular > size * _EPS * singular[0]
        return singular[used] ** 2, vectors[used].T
    equations = objective.quadratic_model(theta)
    matrix = equations.gram if objective.is_dual else equations.matrix
    curvatures, vectors = scipy.linalg.eigh(
        matrix, lower=True, driver="evd", overwrite_a=True, check_finite=False
    )
    used = curvatures > size * _EPS * curvatures[-1]
    curvatures, vectors = curvatures[used], vectors[:, used]
    if objective.is_dual:
        vectors = equations.jacobian.T @ (vectors / np.sqrt(curvatures))
    return curvatures, vectors


def _misfit(chi_square, degrees_of_freedom):
    """Chi-square per degree of freedom if it cannot be chance, else 0."""
    degrees_of_freedom = max(degrees_of_freedom, 1.0)
    is_chance = chi2.sf(chi_square, degrees_of_freedom) > _UNLIKELY
    return 0.0 if is_chance else chi_square / degrees_of_freedom


def _model_error(chi_square, n_observations, used):
    r"""Expected variance of the error of the model, over that of the noise.

    Both are of the outputs.  If the former is :math:`e` times the latter, which is
    :math:`p / N` of that of a datum for ``p`` parameters and ``N`` data, the variance
    of a residual is larger by a factor :math:`1 + e (1 - p/N) (p/N)^2`, and chi-square
    tells it.  Where it tells little, the prior counts.
    """
    share = min(used / n_observations, 1.0)
    degrees_of_freedom = max(n_observations - used, 0.0)
    expected = _PRIOR_ERROR * max(share, _EPS)
    chi_square = min(chi_square, _LARGEST_CHI_SQUARE)
    # A grid of equal steps of the logarithm.
    errors = _MODEL_ERRORS * max(chi_square / max(degrees_of_freedom, 1.0), 1.0)
    larger = 1.0 + errors * (1.0 - share) * share**2
    log_density = -0.5 * (degrees_of_freedom * np.log(larger) + chi_square / larger)
    log_density -= _PRIOR_POWER * np.log1p(errors / expected)
    density = _MODEL_ERRORS * np.exp(log_density - log_density.max())
    return float(errors @ density / density.sum())


def _covariance(curvatures, directions, noise, prior):
    variances = 1.0 / (curvatures / noise + 1.0 / prior)
    n, k = directions.shape
    if 2 * k < n:
        return LowRankCovariance(directions, variances, prior)
    # V sqrt(D) V^T + sqrt(v) (I - V V^T), made triangular.
    deviation = np.sqrt(prior)
    root = (directions * (np.sqrt(variances) - deviation)) @ directions.T
    root[np.diag_indices(n)] += deviation
    triangle = scipy.linalg.qr(root, mode="r", overwrite_a=True, check_finite=False)[0]
    return FullCovariance(np.asfortranarray(triangle.T))
