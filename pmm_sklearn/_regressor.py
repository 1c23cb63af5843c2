"""Regression with parametric matrix models."""

from typing import Literal, Self, overload

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from ._base import BasePMM, fitted_state_kept_on_error
from ._callbacks import with_callbacks
from ._level_features import LevelFeatures
from ._means import goes_on, warn_if_no_better
from ._of_evidence import OfEvidence
from ._regression_problems import SIDE_OTHERWISE, judge_of, regression_families
from ._sizes import size_of
from ._typing import (
    Alpha,
    Count,
    Eigensolver,
    Loss,
    MatrixType,
    MonotonicCst,
    No,
    RandomState,
    Rank,
    Size,
    TableSolver,
    Which,
    Yes,
)
from ._user_matrices import USER_MATRICES
from .checks.data import check_features, check_table, warn_of_few
from .checks.gradients import check_goes_with_gradient, check_gradient
from .checks.losses import check_loss, check_targets, has_batches
from .checks.parameters import (
    check_batchwise,
    check_flag,
    check_known_errors,
    check_observables,
    check_rank,
)
from .checks.shapes import (
    check_invertible,
    check_shapes,
    check_values_and_others,
    number_of_feature,
)
from .fitted import (
    FittedModel,
    ModelFunction,
    ObservableStructure,
    observable_structure,
)
from .model import READOUTS, level_inverse
from .training import (
    LOG_LINK,
    GaussianLikelihood,
    table_problem,
    warn_of_repetitions,
)


class PMMRegressor(LevelFeatures, RegressorMixin, BasePMM):
    r"""Parametric matrix model for regression.

    The features control a Hermitian matrix, :math:`H(x) = M_0 + \sum_l x_l M_l`.
    A few of its eigenvectors :math:`v_i(x)` are selected and read out with learned
    Hermitian observables, which gives smooth functions of the features with few
    parameters.  By default the observables are integrated out, and the matrices, the
    noise and a length scale for every feature are those of largest evidence.

    Features and targets are standardised inside ``fit``; the fitted matrices
    absorb the scaling and are in the user's units.  No scaler is needed.

    Parameters
    ----------
    matrix_size : int, tuple of int or "auto", default="auto"
        Side ``n`` of the matrices.  A tuple gives the sides of diagonal blocks
        ("sectors" of a conserved quantity): `H` has no elements between them.  "auto"
        is the smallest of 3, 5 and 7 after which the evidence no longer grows, or that
        leaves a noise of less than a hundred-thousandth of the spread of `y`; 7
        where there is no evidence.  Of "level" the sides are 3, 5, 9 and 15, each
        output has a matrix of this side, and there are no sectors.
    n_eigenvectors : int or "auto", default="auto"
        Number ``r`` of eigenvectors that are read out; for "density" of levels below
        the chemical potential.  "auto" is half of ``n - 1``, at least 1.
    which : {"SA", "LA", "LM", "SM"}, default="SA"
        Which eigenvectors, by their eigenvalue: smallest or largest algebraically,
        largest or smallest in magnitude.  "SA" and "LA" make outputs smooth where
        levels do not cross; "LM" is the choice of the paper and trains worse,
        because the selection jumps where :math:`\lambda = -\lambda'`.  Not used by
        "density".
    readout : {"expectation", "transition", "density", "level"}, default="expectation"
        "expectation": :math:`z_k = g_k + \sum_i v_i^\dagger S_{ki} v_i`.
        "transition": :math:`z_k = g_k + \sum_{i \le j} (|v_i^\dagger D_{kij}
        v_j|^2 - \tfrac12 \|D_{kij}\|_2^2)`, as in the paper.
        "density": :math:`z_k = g_k + \operatorname{tr}(S_k f(H))`, with the occupation
        :math:`f(e) = 1 / (1 + e^{(e - \mu) / kT})` of all levels.  No states are
        selected, and levels may cross: see :ref:`readouts`.
        "level": :math:`z_k = \lambda(M_{k0} + \sum_l x_l M_{kl})`, one eigenvalue of a
        matrix of its own: see :ref:`shapes`.
    smearing : float, default=0.125
        The temperature :math:`kT` of "density", in units of the spacing of the levels
        that the penalty of :math:`M_0` counts from.  Large ones make outputs smoother;
        for very small ones they are those of one observable for the `r` lowest states.
    level : int, default=None
        Which eigenvalue "level" is, from the lowest (0, 1, ...) or from the highest
        (-1, -2, ...).  None is the middle one, ``(n - 1) // 2``.
    monotonic_cst : array-like of int of shape (n_features,) or dict, default=None
        Of each feature whether the outputs of "level" never fall with it (1), never
        rise (-1), or may do both (0), as for `HistGradientBoostingRegressor`; a
        dictionary goes by names of features.  It holds everywhere, by definite matrices
        :math:`M_l`.
    convexity : {"convex", "concave"}, default=None
        The highest level is a convex function of all features together, the lowest one
        a concave function: this sets `level`.
    matrix_type : {"hermitian", "symmetric"}, default="hermitian"
        Complex Hermitian or real symmetric matrices.  The latter have about half
        the parameters.
    rank : int, None or pair of these, default=None
        Rank of the primary and of the secondary matrices; a pair gives them
        separately.  A matrix of rank `k` is :math:`\sum_k s_k u_k u_k^\dagger` with
        learned vectors and fixed signs :math:`+, -, +, \dots`.  None stands for full
        matrices.  A small rank of the primary matrices saves most parameters where
        features are many.  Not for matrices with sectors.
    loss : str or PointwiseLoss, default="squared_error"
        What is made small.  "squared_error" is for normal errors; "huber" and
        "absolute_error" for targets with outliers, the latter for the median;
        "quantile" for that of `quantile`; "poisson" for counts and "gamma" for positive
        targets with relative errors, whose logarithms are the outputs of the model.  A
        `PointwiseLoss` is one of your own.  See :ref:`losses`.
    quantile : float, default=None
        Which one, between 0 and 1, of "quantile".
    alpha : float or "auto", default="auto"
        Regularisation.  "auto" maximises the evidence: see the notes.  A number
        multiplies the squared Frobenius norm of all matrices of the standardised
        problem, added to the weighted sum of squared residuals of the standardised
        targets.  For matrices of low rank it multiplies the squared length of the
        vectors instead, which at best is the sum of the magnitudes of the eigenvalues.
        Intercepts are not penalised.  Where there is no evidence, "auto" stands for a
        fifth of the variance of the residuals, estimated along the way: with
        `early_stopping`, another solver than "lm", or where it would take more than
        about 20 s (of a given `matrix_size` 200 s) and targets are more than five
        times as many as parameters.
    extra_noise : bool, default=False
        Whether there is noise of unknown size beside the errors `y_err` and
        `y_gradient_err` of ``fit``.
    solver : {"auto", "lm", "newton-cg", "lbfgs", "adam"}, default="auto"
        "lm" is Levenberg-Marquardt, by far the better where its linear systems
        are affordable.  "newton-cg" takes the same steps, from conjugate gradients,
        for many parameters.  "lbfgs" is `scipy.optimize.minimize`.  "adam" takes
        small steps after each batch of samples, for very many of these.  "auto"
        takes "lm" up to 2000 parameters or residuals, else "lbfgs".
    max_iter : int, default=400
        Largest number of iterations; for "adam" the number of epochs, each of which
        visits every sample.
    tol : float, default=1e-2
        Training has converged when `n_iter_no_change` iterations together have
        decreased the loss by less than `tol` times its value.
    batch_size : int, default=256
        Number of samples of a step of "adam".
    learning_rate_init : float, default=5e-3
        First learning rate of "adam", which falls to zero like a cosine.
    n_init : int, default=4
        Number of random starts.  After 40 iterations, 120, 360, ... the best third of
        them is continued, until `n_average` are left; with a penalty after 20, 60, ...
    n_average : int or "auto", default="auto"
        Number of starts that are trained to the end, whose predictions are
        averaged; at most `n_init`.  "auto" takes two, if the evidence gives the second
        one a weight that matters, as it does on noisy tables; 1 where there is no
        evidence, and for "level".  See the notes.
    early_stopping : bool, default=False
        Whether to set aside `validation_fraction` of the samples, to stop when
        the loss on them does not improve for `n_iter_no_change` iterations, and
        to keep the matrices that were best on them.
    validation_fraction : float, default=0.1
        Fraction of the samples set aside by `early_stopping`: of the rows, whatever
        their weights.
    n_iter_no_change : int, default=10
        Number of iterations that `tol` and `early_stopping` look back.
    warm_start : bool, default=False
        Whether ``fit`` starts from the fitted matrices instead of random ones, if these
        leave less than 80 % of the loss of a constant on the new data.
    random_state : int, RandomState instance or None, default=None
        Random numbers of the starts and of the validation split.
    n_jobs : int or None, default=None
        Number of starts compared in parallel, and of threads that share many samples;
        the result does not depend on it.  Other processes are started only for what is
        left after three seconds: starting them takes as long.
        None means 1 unless in a `joblib.parallel_config` context.
    eigensolver : {"auto", "lapack", "simd"}, default="auto"
        What computes the eigenvectors.  "simd" is several times faster for small
        matrices and needs numba: ``pip install "pmm_sklearn[fast]"``.  "auto" is
        "simd" where that is installed and faster.  They differ by rounding errors,
        from which a long training may end in another minimum.
    verbose : int, default=0
        1 shows a line that moves, or every tenth iteration where there is no
        terminal; 2 prints every iteration.

    Attributes
    ----------
    matrices_ : ndarray of shape (n_features + 1, n, n)
        Primary matrices :math:`M_0, M_1, \dots`, for features in the user's units.
        They are full matrices also with `rank`; that of :math:`M_0` may be larger,
        because the means of the features are absorbed in it.
        Of "level", the outputs have the diagonal blocks, one after the other.
    observables_ : ndarray of shape (n_outputs, n_observables, n, n)
        Secondary matrices in units of the targets ("transition": of their square
        root).  There are ``r`` for "expectation", 1 for "density", and
        ``r (r + 1) / 2`` for "transition", in the order of pairs (1, 1), (1, 2), ...
        "level" has none, and no constants.
    intercept_ : ndarray of shape (n_outputs,)
        The constants :math:`g_k` in units of the targets.
    n_parameters_ : int
        Number of real parameters that were learned, of all members together.
    n_iter_ : int
        Number of iterations of the best member, whose are the curves and losses, too.
    matrix_size_ : int or tuple of int
        Side of the matrices, or the sides of their blocks.
    n_eigenvectors_ : int
        Number of eigenvectors, or of levels below the chemical potential.
    alpha_ : float
        The regularisation used at the end; by evidence the ratio of the variances of
        noise and observables.
    log_evidence_ : float
        Logarithm of the probability of the targets, only by evidence: the
        larger, the better a model, of those fitted to the same data.
    evidence_path_ : list of tuple (matrix_size, float)
        Every size that was compared, in order, and the logarithm of its evidence after
        40 iterations, up to a constant that all have in common; only where there was a
        choice.  A larger size is taken if it gains more than 5, so that the largest
        number need not be that of the size taken.  `log_evidence_` is that of the end
        of the training.  MatrixSizeDisplay draws it.
    noise_ : ndarray of shape (n_outputs,)
        Standard deviation of the noise of each target, of an observation of weight 1,
        beside that of `y_err`, only by evidence.  Of "huber" and "absolute_error"
        without outliers; of "quantile" that of normal noise with such distances; of
        "gamma" in units of the mean; of "poisson" there is none.
    gradient_noise_ : ndarray of shape (n_outputs, n_features)
        Standard deviation of the noise of the derivatives `y_gradient` beside
        `y_gradient_err`, only with these; NaN where none is known.
    length_scales_ : ndarray of shape (n_features,)
        Length scale of each feature in its own unit, only by evidence:
        where it is large against the range of the data, predictions are nearly linear
        in this feature, or do not depend on it; infinite for a constant feature.
    n_effective_parameters_ : float
        How many parameters the data determine, not their priors, only by evidence.
    loss_ : float
        Objective at the fitted parameters: weighted sum of squared residuals
        :math:`L` of the standardised targets plus `alpha` times the squared norm
        :math:`q`; where `alpha` follows the residuals, :math:`L e^{q / (5 m)}` for `m`
        observations; by evidence the negative logarithm of that of the standardised
        data.
    loss_curve_ : list of float
        Objective after each iteration.
    validation_loss_curve_ : list of float
        Sum of squares on the samples set aside, after each iteration.  Empty
        without `early_stopping`.
    start_losses_ : ndarray of shape (n_init,)
        Loss of each start when they were compared, or at the end if all were
        trained to it.
    start_loss_curves_ : list of list of float
        Objective of each start after each of its iterations.
    model_ : FittedModel
        The fitted model as a value: levels, Hamiltonian, sectors, and outputs.
    members_ : tuple of Parameters
        ``(matrices, observables, intercept)`` of each of the models averaged, the
        best first, which also is in `matrices_`, `observables_` and `intercept_`.
    member_weights_ : ndarray of shape (n_members,)
        Their weights in the mean: their probabilities by the evidence of ten
        observations, otherwise inverse to the roots of their losses.
    member_starts_ : ndarray of int of shape (n_members,)
        Number of the start that each of them comes from.
    stop_reason_ : str
        Why training ended (of several members, of one that has not converged if there
        is one): "converged", "stationary", "max_iter", "stopped_early",
        "callback" or "interrupted".
    n_outputs_ : int
        Number of targets.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if they are all strings.

    See Also
    --------
    sklearn.gaussian_process.GaussianProcessRegressor : Smooth regression without
        a fixed number of parameters.
    sklearn.neural_network.MLPRegressor : Regression with layers of neurons.

    Notes
    -----
    Levels of different sectors may cross; an eigenvector selected on one side of
    the crossing is then another state than on the other side, and outputs jump,
    as they do in a quantum phase transition of first order.

    For `p` features and `q` outputs the number of parameters is
    :math:`(p + 1) n^2 + q s n^2 + q`, with :math:`s = r` observables for
    "expectation", :math:`r (r + 1) / 2` for "transition" and 1 for "density";
    "symmetric" matrices
    have :math:`n (n + 1) / 2` in place of :math:`n^2`, and matrices of rank `k`
    :math:`2 n k`, or :math:`n k` if they are symmetric.  (With sectors, it is the sum
    of this over the blocks, except for the observables of "transition".)  Where
    observations, that is samples times outputs, are fewer than parameters, a perfect
    fit of the training data says nothing about predictions: reduce `matrix_size`,
    unless cross-validation favours the large matrices.

    The unit of energy of "density" is the spacing of equidistant levels 0, 1, 2, ...
    (in each sector), from which :math:`M_0` counts, for standardised features, in the
    penalty and in the prior.  The chemical potential :math:`\mu` is half
    way from level `r` of these to the next, :math:`r - \tfrac12` without sectors.

    With ``alpha="auto"`` matrices and observables have normal priors, whose variances,
    one for every feature and one for the observables of every target, maximise the
    evidence together with the matrices and the noise: see :ref:`evidence`.  No samples
    are set aside.  The model is a Gaussian process whose kernel, the fidelity of the
    selected states, is learned.  Up to some thousands of samples and ten features a
    fit takes seconds; where it would take minutes, the size stays small, and in the
    end "adam" takes over.

    Starts may end in different maxima of the evidence.  The prediction is the mean of
    several models then, with weights that follow their evidence for each observation:
    on noisy tables its errors are some per cent smaller than those of the best one.
    ``n_average=1`` is one Hamiltonian, the one that `matrices_` are of anyway.
    ``BaggingRegressor(PMMRegressor(n_init=1))`` also draws samples for each member, and
    ``VotingRegressor`` averages models of different structure.

    Ctrl-C ends the present fit, which keeps its best model and warns; a loop around
    it, such as ``cross_val_score``, goes on with the next fit.  A second Ctrl-C
    within two seconds is a ``KeyboardInterrupt`` for the caller and ends the loop.
    Callbacks see the iterations after the choice of a size and the screening of the
    starts: all of them with a given `matrix_size` and ``n_init=1``.  Several members
    are trained one after the other; a callback that asks to stop ends them all, and the
    best so far is kept.

    References
    ----------
    .. [1] P. Cook, D. Jammooa, M. Hjorth-Jensen, D. D. Lee, D. Lee, "Parametric
       matrix models", Nat. Commun. 16, 5929 (2025).
    .. [2] D. MacKay, "Bayesian interpolation", Neural Comput. 4, 415 (1992).

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import PMMRegressor
    >>> x = np.linspace(-1, 1, 12)
    >>> X, y = x[:, np.newaxis], -x / np.sqrt(x**2 + 0.04)  # an avoided crossing
    >>> model = PMMRegressor(matrix_size=2, n_eigenvectors=1, random_state=0)
    >>> round(model.fit(X, y).score(X, y), 6)
    1.0
    >>> model.matrices_.shape
    (2, 2, 2)
    >>> model.predict([[2.0]]).round(6)  # extrapolated; exact: -0.995037
    array([-0.995037])
    """

    _structure_type = ObservableStructure
    _likelihood = GaussianLikelihood()
    log_evidence_ = OfEvidence()
    noise_ = OfEvidence()
    length_scales_ = OfEvidence()
    n_effective_parameters_ = OfEvidence()
    matrices_ = USER_MATRICES

    def __init__(
        self,
        matrix_size: Size | Literal["auto"] = "auto",
        n_eigenvectors: Count = "auto",
        *,
        which: Which = "SA",
        readout: Literal[
            "expectation", "transition", "density", "level"
        ] = "expectation",
        smearing: float = 0.125,
        level: int | None = None,
        monotonic_cst: MonotonicCst = None,
        convexity: Literal["convex", "concave"] | None = None,
        matrix_type: MatrixType = "hermitian",
        rank: Rank = None,
        loss: Loss = "squared_error",
        quantile: float | None = None,
        alpha: Alpha = "auto",
        extra_noise: bool = False,
        solver: TableSolver = "auto",
        max_iter: int = 400,
        tol: float = 1e-2,
        batch_size: int = 256,
        learning_rate_init: float = 5e-3,
        n_init: int = 4,
        n_average: Count = "auto",
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        warm_start: bool = False,
        random_state: RandomState = None,
        n_jobs: int | None = None,
        eigensolver: Eigensolver = "auto",
        verbose: int = 0,
    ):
        self.matrix_size = matrix_size
        self.n_eigenvectors = n_eigenvectors
        self.which = which
        self.readout = readout
        self.smearing = smearing
        self.level = level
        self.monotonic_cst = monotonic_cst
        self.convexity = convexity
        self.matrix_type = matrix_type
        self.rank = rank
        self.loss = loss
        self.quantile = quantile
        self.alpha = alpha
        self.extra_noise = extra_noise
        self.solver = solver
        self.max_iter = max_iter
        self.tol = tol
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.n_init = n_init
        self.n_average = n_average
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.warm_start = warm_start
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.eigensolver = eigensolver
        self.verbose = verbose

    @with_callbacks
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        y_err: ArrayLike | None = None,
        y_gradient: ArrayLike | None = None,
        y_gradient_err: ArrayLike | None = None,
    ) -> Self:
        """Learn the matrices from data.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features, in any units.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets, in any units.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of the loss of each sample; an integer weight is a repetition.
            With ``alpha="auto"`` they should have a mean of about 1.  Of means of
            several observations give `y_err`, not their numbers.
        y_err : float or array-like, default=None
            Standard deviations of the targets, as of measurements: one for all, for
            each sample, for each output, or for each entry of ``y``.  Noise is then
            not estimated, unless `extra_noise` asks for it.
        y_gradient : array-like of shape (n_samples, n_features) or \
                (n_samples, n_outputs, n_features), default=None
            Derivatives of the targets by the features, the latter if ``y`` is
            two-dimensional; NaN where one is not known.  They are data like ``y``, with
            the weights of their samples and a noise of their own, one for each output
            in units of its spread over that of a feature.  Those by a feature that is
            constant in `X` are not used.  Only by evidence, with the readouts
            "expectation" and "density": see :ref:`gradients`.
        y_gradient_err : float or array-like, default=None
            Standard deviations of the derivatives: one for all, for each feature, or
            for each entry of `y_gradient`.  Their noise is then not estimated, unless
            `extra_noise` asks for it.

        Returns
        -------
        self : PMMRegressor
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter or the data are not usable; a model fitted before is
            kept.

        Warns
        -----
        ConvergenceWarning
            If training ended before it converged, or was interrupted.
        UserWarning
            If the fitted model is no better than the mean of `y` on its own data,
            all features are constant, rows are fewer than features plus two, and
            than ten, or the model goes through targets of weights above one.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import PMMRegressor
        >>> rng = np.random.RandomState(0)
        >>> X = rng.uniform(-1, 1, size=(60, 2))
        >>> y = X**2 + 0.1 * rng.standard_normal((60, 2))  # two targets
        >>> model = PMMRegressor(3, 2, n_init=1, random_state=0).fit(X, y)
        >>> model.stop_reason_, model.n_outputs_
        ('converged', 2)

        Fifteen values with their derivatives, and what the error is without these:

        >>> X, X_new = rng.uniform(-1, 1, (15, 2)), rng.uniform(-1, 1, (200, 2))
        >>> def f(X):
        ...     return np.sin(2 * X[:, 0]) * X[:, 1]
        >>> sine, cosine = np.sin(2 * X[:, 0]), np.cos(2 * X[:, 0])
        >>> slopes = np.column_stack([2 * cosine * X[:, 1], sine])
        >>> for given in (None, slopes):
        ...     model = PMMRegressor(5, n_init=2, random_state=0)
        ...     error = model.fit(X, f(X), y_gradient=given).predict(X_new) - f(X_new)
        ...     print(bool(np.sqrt(np.mean(error**2)) < 0.01))
        False
        True
        """
        with fitted_state_kept_on_error(self):
            self._check_parameters()
            check_loss(self, y_err)
            if y_err is not None:
                check_known_errors(self)
            if y_gradient is not None:
                check_goes_with_gradient(self)
            data, is_single, error = check_table(self, X, y, sample_weight, y_err)
            warn_of_few(type(self).__name__, data.X)
            gradient = check_gradient(
                y_gradient, y_gradient_err, y, sample_weight, data.X.shape[1]
            )
            check_targets(self.loss, data)
            random_state = check_random_state(self.random_state)
            judged = data, *judge_of(self, data)
            continues = goes_on(self, *judged)
            families = regression_families(
                self, data, error, random_state, continues, gradient
            )
            description = {
                "n_outputs_": data.y.shape[1],
                "_single_output": is_single,
                "_are_logarithms": self.loss in LOG_LINK,
            }
            given = {"X": X, "y": y, "metadata": {"sample_weight": sample_weight}}
            self._train(families, random_state, description, given, continues=continues)
            warn_if_no_better(self, *judged)
            if error is None and hasattr(self, "noise_"):
                n_effective = self.n_effective_parameters_
                warn_of_repetitions(data.weight, data.y.size, n_effective)
        return self

    @available_if(has_batches)
    def partial_fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Visit the samples of a batch once, with steps of "adam".

        The units of the first batch are used for all that follow; it should be large
        enough for its means and standard deviations to be typical.  Steps have the
        length `learning_rate_init`, whatever `solver`; the moments of the gradient
        are kept between calls.  `alpha` weighs against the loss of the batch: divide
        a number by the number of batches.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each squared residual.

        Returns
        -------
        self : PMMRegressor
            The estimator, fitted a little more.  ``loss_`` is an average over the
            steps.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import PMMRegressor
        >>> rng = np.random.RandomState(0)
        >>> model = PMMRegressor(3, 2, batch_size=16, random_state=0)
        >>> for _ in range(30):
        ...     X = rng.uniform(-1, 1, size=(200, 1))
        ...     model = model.partial_fit(X, X[:, 0] ** 2)
        >>> model.score(X, X[:, 0] ** 2) > 0.9
        True
        """
        with fitted_state_kept_on_error(self):
            check_batchwise(self)
            check_loss(self)
            self._check_parameters()
            is_first = not hasattr(self, "_structure")
            data, is_single, _ = check_table(self, X, y, sample_weight, reset=is_first)
            size = size_of(self, SIDE_OTHERWISE, continues=not is_first)
            structure = observable_structure(self, data, size=size)
            self._check_goes_on(structure)
            model = structure.model()
            problem = table_problem(
                model,
                self._likelihood,
                self._units_of_stream() or self._likelihood.units(data, model),
                data,
                self._likelihood.penalty(self.alpha, data.weight, model.n_outputs),
            )
            description = {"n_outputs_": model.n_outputs, "_single_output": is_single}
            self._train_epoch(problem, structure, description)
        return self

    @overload
    def predict(
        self, X: ArrayLike, return_std: No = ..., return_cov: No = ...
    ) -> np.ndarray: ...
    @overload
    def predict(
        self, X: ArrayLike, return_std: Yes, return_cov: No = ...
    ) -> tuple[np.ndarray, np.ndarray]: ...
    @overload
    def predict(
        self, X: ArrayLike, return_std: No = ..., *, return_cov: Yes
    ) -> tuple[np.ndarray, np.ndarray]: ...
    def predict(self, X, return_std=False, return_cov=False):
        """Predict targets, and how far to trust them.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features, in the units of ``fit``.
        return_std : bool, default=False
            Whether to return standard deviations of the targets, noise included.
        return_cov : bool, default=False
            Whether to return covariances of the samples, for each target.

        Returns
        -------
        y_mean : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Predicted targets, with the number of dimensions of ``y`` in ``fit``.
        y_std : ndarray of the shape of ``y_mean``, optional
            Only with `return_std`.
        y_cov : ndarray of shape (n_samples, n_samples) or \
                (n_samples, n_samples, n_outputs), optional
            Only with `return_cov`.

        Raises
        ------
        ValueError
            If `X` does not fit the model, both options are true, or the distribution of
            the parameters is not known, as after ``partial_fit``.

        Warns
        -----
        UserWarning
            If error bars are asked for and the model goes through all its data.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import PMMRegressor
        >>> rng = np.random.RandomState(0)
        >>> X = np.linspace(-1, 1, 100)[:, np.newaxis]
        >>> y = np.sin(3 * X[:, 0]) + 0.1 * rng.standard_normal(100)
        >>> model = PMMRegressor(3, 2, n_init=1, random_state=0).fit(X, y)
        >>> y_mean, y_std = model.predict([[0.0], [3.0]], return_std=True)
        >>> bool(y_std[0] < 0.2 < y_std[1])  # the noise of 0.1; and far from the data
        True
        """
        return self._predict(X, return_std, return_cov)

    def predict_gradient(self, X: ArrayLike) -> np.ndarray:
        """Derivatives of the predictions by the features, analytic.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.

        Returns
        -------
        ndarray of shape (n_samples, n_features) or (n_samples, n_outputs, n_features)
            The former if ``y`` in ``fit`` was one-dimensional.  Finite also where a
            selected level is degenerate with another, and predictions jump.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import PMMRegressor
        >>> X = np.linspace(-1, 1, 20)[:, np.newaxis]
        >>> model = PMMRegressor(4, 2, random_state=0).fit(X, np.sin(X[:, 0]))
        >>> model.predict_gradient([[0.5]]).round(3)  # exact: cos(0.5) = 0.878
        array([[0.878]])
        """
        return self.model_.gradient(check_features(self, X))

    def as_function(
        self, gradient: bool = False, return_std: bool = False
    ) -> ModelFunction:
        """The fitted model as a plain function of arrays, fast for single samples.

        Parameters
        ----------
        gradient : bool, default=False
            Whether the function returns ``(value, gradient)``, as
            ``scipy.optimize.minimize(function, x, jac=True)`` takes it.
        return_std : bool, default=False
            Whether it returns the standard deviations of ``predict``, too, the last.

        Returns
        -------
        ModelFunction
            Of features of shape (n_features,) or (n_samples, n_features), not
            validated.  It can be pickled and shared by threads.

        Raises
        ------
        ValueError
            If standard deviations are asked for that ``predict`` does not have.

        Warns
        -----
        UserWarning
            If they are asked for and cannot be trusted, as by ``predict``.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import PMMRegressor
        >>> X = np.random.RandomState(0).uniform(-1, 1, size=(40, 2))
        >>> model = PMMRegressor(4, 2, n_init=1, random_state=0)
        >>> f = model.fit(X, X[:, 0] * X[:, 1]).as_function(gradient=True)
        >>> value, gradient = f([0.5, -0.4])
        >>> gradient.round(1)  # exact: -0.4, 0.5
        array([-0.4,  0.5])
        >>> value, std = model.as_function(return_std=True)([0.5, -0.4])
        >>> bool(std < 1e-3)
        True
        """
        return self.model_.function(gradient, return_std)

    def sample_y(
        self, X: ArrayLike, n_samples: int = 1, random_state: RandomState = 0
    ) -> np.ndarray:
        """Draw targets from their distribution, as that of the predictions.

        Each draw is one function: a change of the parameters to first order, drawn
        from their posterior density, and the noise that error bars have.

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
            the parameters is not known, as after ``partial_fit``.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import PMMRegressor
        >>> x = np.linspace(-1, 1, 30)[:, np.newaxis]
        >>> model = PMMRegressor(3, 2, n_init=1, random_state=0).fit(x, x[:, 0] ** 2)
        >>> model.sample_y(x, n_samples=3).shape
        (30, 3)
        """
        return self._sample_y(X, n_samples, random_state)

    def inverse_predict(
        self, z: ArrayLike, X_others: ArrayLike | None = None, *, feature: int | str
    ) -> np.ndarray:
        r"""Values of a feature at which the prediction is a given number.

        Only of a feature that `monotonic_cst` names, for one target and one member: the
        solution of :math:`\lambda_k(A + x B) = z` is an eigenvalue itself, see
        :ref:`shapes`.

        Parameters
        ----------
        z : float or array-like of shape (n_samples,)
            Numbers that ``predict`` is to return.
        X_others : array-like of shape (n_samples, n_features - 1), default=None
            The other features, in their order; None if there are none.
        feature : int or str
            Number or name of the feature.

        Returns
        -------
        ndarray of shape (n_samples,)
            Its values; infinite where no value is large enough: the prediction stays on
            one side of `z`.

        Raises
        ------
        ValueError
            If the prediction is not monotone in the feature, there are several targets
            or members, or the data do not fit the model.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import PMMRegressor
        >>> X = np.random.RandomState(0).uniform(-1, 1, size=(60, 2))
        >>> y = X[:, 0] ** 2 + np.exp(X[:, 1])
        >>> model = PMMRegressor(
        ...     4, readout="level", monotonic_cst=[0, 1], n_init=1, random_state=0
        ... ).fit(X, y)
        >>> x = model.inverse_predict(1.5, [[0.1], [0.2]], feature=1)
        >>> model.predict(np.stack([[0.1, 0.2], x], axis=1)).round(9)
        array([1.5, 1.5])
        """
        check_is_fitted(self)
        structure = self._fitted_structure()
        feature = number_of_feature(self, feature)
        sign = check_invertible(self, structure, feature)
        z, X = check_values_and_others(self, z, X_others, feature)
        model = self.model_
        origin = model.monomials.origin[feature]
        X[:, feature] = origin
        matrices, slope = model.hamiltonian(X), sign * model.matrices[1 + feature]
        return origin + sign * level_inverse(matrices, slope, structure.level, z)

    @property
    def model_(self) -> FittedModel:
        """The fitted model as a value: levels, Hamiltonian, sectors, and outputs.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import PMMRegressor
        >>> x = np.linspace(-1, 1, 30)[:, np.newaxis]
        >>> model = PMMRegressor(3, 2, n_init=1, random_state=0).fit(x, x[:, 0] ** 2)
        >>> model.model_.levels(x).shape
        (30, 3)
        """
        return self._fitted_model()

    @property
    def n_eigenvectors_(self) -> int:
        """Number of eigenvectors, or of levels below the chemical potential.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import PMMRegressor
        >>> x = np.linspace(-1, 1, 30)[:, np.newaxis]
        >>> PMMRegressor(5, n_init=1, random_state=0).fit(x, x[:, 0]).n_eigenvectors_
        2
        """
        return self._fitted_structure().n_eigenvectors

    def _check_parameters(self):
        check_observables(self, size_is_open=True, readouts=(*READOUTS, "level"))
        check_shapes(self)
        check_flag("extra_noise", self.extra_noise)
        check_rank(self.rank, size_of(self, SIDE_OTHERWISE)[0])

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.positive_only = self.loss in LOG_LINK
        # R^2 is about means.
        tags.regressor_tags.poor_score = self.loss == "quantile"
        return tags
