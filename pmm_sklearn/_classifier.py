"""Classification with parametric matrix models."""

from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets

from ._base import BasePMM, fitted_state_kept_on_error
from ._callbacks import with_callbacks
from ._classification_problems import (
    LIKELIHOOD,
    SIDE_OTHERWISE,
    classification_families,
    penalised_problem,
    penalised_structure,
    weighted,
)
from ._level_features import LevelFeatures
from ._means import goes_on, warn_if_no_better
from ._of_evidence import OfEvidence
from ._sizes import size_of
from ._softmax import SoftmaxOutputs
from ._threads import ThreadMap
from ._typing import (
    Alpha,
    Count,
    Eigensolver,
    MatrixType,
    MonotonicCst,
    RandomState,
    Rank,
    Size,
    TableSolver,
    Which,
)
from ._user_matrices import USER_MATRICES
from .checks.data import (
    TableData,
    check_features,
    check_finite_targets,
    check_sample_weight,
    validate_samples,
)
from .checks.dtypes import check_not_masked, check_real
from .checks.labels import (
    check_class_weight,
    check_not_balanced,
    check_same_classes,
    class_factors,
    encode,
    indicators,
    online_classes,
    unique_labels,
)
from .checks.parameters import check_batchwise, check_observables, check_rank
from .checks.shapes import check_one_logit, check_shapes
from .fitted import FittedModel, ModelFunction, ObservableStructure
from .model import READOUTS, CrossEntropy

_NO_LABEL = "leave these rows out, or give them a label of their own"


class PMMClassifier(LevelFeatures, SoftmaxOutputs, ClassifierMixin, BasePMM):
    r"""Parametric matrix model for classification.

    The features control a Hermitian matrix, :math:`H(x) = M_0 + \sum_l x_l M_l`.
    Its low levels are read out with learned Hermitian observables, one set for each
    class.  A softmax of these logits gives probabilities.  By default the widths of
    the priors of all matrices, and with them a length scale for every feature, are
    those of largest evidence: there is nothing to tune.

    Features are standardised inside ``fit``; the fitted matrices absorb the scaling
    and are for features in the user's units.  No scaler is needed.

    Parameters
    ----------
    matrix_size : int, tuple of int or "auto", default="auto"
        Side ``n`` of the matrices.  A tuple gives the sides of diagonal blocks
        ("sectors" of a conserved quantity): `H` has no elements between them.  "auto"
        is 3, or 5 if the evidence is clearly larger; 5 where there is no evidence.
    n_eigenvectors : int or "auto", default="auto"
        Number ``r`` of levels below the chemical potential; of other readouts the
        number of eigenvectors that are read out.  "auto" is half of ``n - 1``, at
        least 1.
    which : {"SA", "LA", "LM", "SM"}, default="SA"
        Which eigenvectors, by their eigenvalue: smallest or largest algebraically,
        largest or smallest in magnitude.  "SA" and "LA" make outputs smooth where
        levels do not cross; "LM" is the choice of the paper and trains worse,
        because the selection jumps where :math:`\lambda = -\lambda'`.  Not used by
        "density".
    readout : {"density", "expectation", "transition", "level"}, default="density"
        "expectation": :math:`z_k = g_k + \sum_i v_i^\dagger S_{ki} v_i`.
        "transition": :math:`z_k = g_k + \sum_{i \le j} (|v_i^\dagger D_{kij}
        v_j|^2 - \tfrac12 \|D_{kij}\|_2^2)`, as in the paper.
        "density": :math:`z_k = g_k + \operatorname{tr}(S_k f(H))`, with the occupation
        :math:`f(e) = 1 / (1 + e^{(e - \mu) / kT})` of all levels.  No states are
        selected, and levels may cross: see :ref:`readouts`.
        "level": :math:`z_k = \lambda(M_{k0} + \sum_l x_l M_{kl})`, one eigenvalue of a
        matrix for each logit, without observables: see :ref:`shapes`.
    smearing : float, default=0.5
        The temperature :math:`kT` of "density", in units of the spacing of the levels
        that the penalty of :math:`M_0` counts from.  Large ones make outputs smoother;
        for very small ones they are those of one observable for the `r` lowest states.
    level : int, default=None
        Which eigenvalue "level" is, from the lowest (0, 1, ...) or from the highest
        (-1, -2, ...).  None is the middle one, number ``(n - 1) // 2``.
    monotonic_cst : array-like of int of shape (n_features,) or dict, default=None
        Of each feature whether the probability of the second of two classes never
        falls with it (1), never rises (-1), or may do either (0), as in
        `HistGradientBoostingClassifier`; with "level" only.  A dictionary has names of
        features, the others being free.  It holds everywhere, not only at the data.
    convexity : {"convex", "concave"}, default=None
        The highest level is a convex function of the features, the lowest one a concave
        one: this sets `level`.  The region in which the probability of the first of two
        classes is at least a half is then convex, or that of the second.
    matrix_type : {"hermitian", "symmetric"}, default="hermitian"
        Complex Hermitian or real symmetric matrices.  The latter have about half
        the parameters.
    rank : int, None or pair of these, default=None
        Rank of the primary and of the secondary matrices; a pair gives them
        separately.  A matrix of rank `k` is :math:`\sum_k s_k u_k u_k^\dagger` with
        learned vectors and fixed signs :math:`+, -, +, \dots`.  None stands for full
        matrices.  A small rank of the primary matrices saves most parameters where
        features are many.  Not for matrices with sectors.
    alpha : float or "auto", default="auto"
        Regularisation.  "auto" maximises the evidence: see the notes.  A number
        multiplies the squared Frobenius norm of all matrices of the standardised
        problem, added to the weighted sum of the negative log-likelihoods.  Intercepts
        are not penalised.  There is no evidence with `early_stopping`, another solver
        than "lm", or where it would take more than about a minute.  "auto" then stands
        for 1; without `early_stopping`, if parameters are more than samples and more
        than 2000, for a number that a fifth of the samples, set aside, prefers.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes, positive; 1 for classes that are not in the dictionary.
        "balanced" gives all classes the same total weight.  By evidence they change the
        odds of the classes, as if these were drawn in other proportions, and do not
        count as more samples; with a number as `alpha` they multiply `sample_weight`.
    solver : {"auto", "lm", "newton-cg", "lbfgs", "adam"}, default="auto"
        "lm" is Levenberg-Marquardt with the generalised Gauss-Newton matrix, the
        best where its linear systems are affordable.  "newton-cg" takes the same
        steps, from conjugate gradients, for many parameters.  "lbfgs" is
        `scipy.optimize.minimize`.  "adam" takes small steps after each batch of
        samples, for very many of these.  "auto" takes "adam" from 10 000 samples on,
        or 2000, with 1000 steps, if there are more parameters than samples; else "lm"
        up to 2000 parameters or residuals, which are samples times outputs, else
        "lbfgs".
    max_iter : int, default=200
        Largest number of iterations; for "adam" the number of epochs, each of which
        visits every sample.
    tol : float, default=1e-2
        Training has converged when `n_iter_no_change` iterations together have
        decreased the loss by less than `tol` times its value.
    batch_size : int, default=256
        Number of samples of a step of "adam".
    learning_rate_init : float, default=2e-2
        First learning rate of "adam", which falls to zero like a cosine.
    n_init : int, default=8
        Number of random starts.  After 40 iterations, 120, 360, ... the best third of
        them is continued, until `n_average` are left; with a penalty after 20, 60, ...
    n_average : int or "auto", default="auto"
        Number of starts that are trained to the end, whose probabilities are
        averaged; at most `n_init`.  "auto" takes two, if the evidence gives the second
        one a weight that matters; 1 where there is no evidence.  See the notes.
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
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    matrices_ : ndarray of shape (n_features + 1, n, n)
        Primary matrices :math:`M_0, M_1, \dots`, for features in the user's units.
    observables_ : ndarray of shape (n_outputs, n_observables, n, n)
        Secondary matrices, for one output if there are two classes, else for one
        output per class.  There are ``r`` for "expectation", 1 for "density", and
        ``r (r + 1) / 2`` for "transition", in the order of pairs (1, 1), (1, 2), ...
    intercept_ : ndarray of shape (n_outputs,)
        The constants :math:`g_k`.  With more than two classes their sum is zero.
    n_parameters_ : int
        Number of real parameters that were learned, of all members together.
    n_iter_ : int
        Number of iterations of the best member, whose are the curves and losses, too.
    matrix_size_ : int or tuple of int
        Side of the matrices, or the sides of their blocks.
    n_eigenvectors_ : int
        Number of levels below the chemical potential, or of eigenvectors.
    alpha_ : float
        The regularisation; by evidence that of the observables, half the inverse of
        their variance.
    log_evidence_ : float
        Logarithm of the probability of the labels, only by evidence: the larger, the
        better a model, of those fitted to the same data.
    evidence_path_ : list of tuple (matrix_size, float)
        Every size that was compared, in order, and the logarithm of its evidence after
        40 iterations, up to a constant that all have in common; only where there was a
        choice.  A larger size is taken if it gains more than 5, so that the largest
        number need not be that of the size taken.  `log_evidence_` is that of the end
        of the training.  MatrixSizeDisplay draws it.
    length_scales_ : ndarray of shape (n_features,)
        Length scale of each feature in its own unit, only by evidence:
        where it is large against the range of the data, logits are nearly linear in
        this feature, or do not depend on it; infinite for a constant feature.
    n_effective_parameters_ : float
        How many parameters the data determine, not their priors, only by evidence.
    loss_ : float
        Objective at the fitted parameters: weighted sum of negative
        log-likelihoods plus `alpha` times the squared norm; by evidence its negative
        logarithm.  "adam" estimates it during the last epoch.
    loss_curve_ : list of float
        Objective after each iteration.
    validation_loss_curve_ : list of float
        Negative log-likelihood of the samples set aside, after each iteration.
        Empty without `early_stopping`.
    start_losses_ : ndarray of shape (n_init,)
        Loss of each start when they were compared, or at the end if all were
        trained to it.
    start_loss_curves_ : list of list of float
        Objective of each start after each of its iterations.
    model_ : FittedModel
        The fitted model as a value: levels, Hamiltonian, sectors, and logits.
    members_ : tuple of Parameters
        ``(matrices, observables, intercept)`` of each of the `n_average` models, the
        best first, which also is in `matrices_`, `observables_` and `intercept_`.
    member_weights_ : ndarray of shape (n_average,)
        Their weights in the mean: their probabilities by the evidence of ten samples,
        otherwise inverse to the roots of their losses.
    member_starts_ : ndarray of int of shape (n_average,)
        Number of the start that each of them comes from.
    stop_reason_ : str
        Why training ended (of several members, of one that has not converged if there
        is one): "converged", "stationary", "completed", "max_iter",
        "stopped_early", "callback" or "interrupted".
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if they are all strings.

    See Also
    --------
    PMMRegressor : The same model for regression.
    sklearn.linear_model.LogisticRegression : Logits that are linear in the features.
    sklearn.neural_network.MLPClassifier : Logits from layers of neurons.

    Notes
    -----
    Two classes need one output only, the logit of the second, since a softmax of two
    depends on their difference.  For more classes there is one output each, so that
    no class is special.  Adding the same to all of them changes no probability: of
    all these equivalent models, the penalty selects the one whose observables
    ("expectation") have a sum of zero, and intercepts, which are not penalised, are
    shifted to a sum of zero after the fit.

    With ``alpha="auto"`` matrices and observables have normal priors, :math:`M_0`
    around equidistant levels, and matrices and observables together are integrated out
    in Laplace's approximation, with the generalised Gauss-Newton matrix [2]_: see
    :ref:`evidence`.  The variances of the priors, one for every feature and one for the
    observables of all classes, maximise this evidence.  Probabilities are those of the
    most probable model: averages over its posterior distribution are less sure than
    they should be (:ref:`classification`).

    Eigenvectors do not depend on the scale of `H`, so that a penalty on its size could
    be avoided by making `H` smaller.  Therefore that of a given `alpha` is on the
    deviation of :math:`M_0` from a diagonal matrix of equidistant levels, too, of
    spacing 3 (in each sector), for standardised features, and logits are in units of
    10, in which all matrix elements are of order 1.  In ``fit`` with more parameters
    than samples, and than 2000, they are in units of 30, so that the matrices of the
    features are held back more than the observables.  The chemical potential of
    "density" is half way from level `r` of these to the next, and `smearing` is in
    units of their spacing.

    For `p` features and `q` outputs the number of parameters is
    :math:`(p + 1) n^2 + q s n^2 + q`, as for `PMMRegressor`.

    Different starts are certain of different things.  With `n_average` above 1 the
    probabilities are means over several of them.  The decision function is the logit,
    or for several classes the logarithms, of the mean probabilities.

    Ctrl-C, and a callback that asks to stop, end the fit; the best model so far is
    kept.  A second Ctrl-C within two seconds is a ``KeyboardInterrupt`` for the caller.

    References
    ----------
    .. [1] P. Cook, D. Jammooa, M. Hjorth-Jensen, D. D. Lee, D. Lee, "Parametric
       matrix models", Nat. Commun. 16, 5929 (2025).
    .. [2] D. MacKay, "The evidence framework applied to classification networks",
       Neural Comput. 4, 720 (1992).

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from pmm_sklearn import PMMClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = PMMClassifier(random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.95
    True
    >>> model.predict_proba(X[:2]).round(1)
    array([[1., 0., 0.],
           [1., 0., 0.]])
    """

    _structure_type = ObservableStructure
    _likelihood = LIKELIHOOD
    log_evidence_ = OfEvidence()
    length_scales_ = OfEvidence()
    n_effective_parameters_ = OfEvidence()
    matrices_ = USER_MATRICES

    def __init__(
        self,
        matrix_size: Size | Literal["auto"] = "auto",
        n_eigenvectors: Count = "auto",
        *,
        which: Which = "SA",
        readout: Literal["density", "expectation", "transition", "level"] = "density",
        smearing: float = 0.5,
        level: int | None = None,
        monotonic_cst: MonotonicCst = None,
        convexity: Literal["convex", "concave"] | None = None,
        matrix_type: MatrixType = "hermitian",
        rank: Rank = None,
        alpha: Alpha = "auto",
        class_weight: dict | Literal["balanced"] | None = None,
        solver: TableSolver = "auto",
        max_iter: int = 200,
        tol: float = 1e-2,
        batch_size: int = 256,
        learning_rate_init: float = 2e-2,
        n_init: int = 8,
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
        self.alpha = alpha
        self.class_weight = class_weight
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
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Learn the matrices from data.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features, in any units.
        y : array-like of shape (n_samples,)
            Labels of two or more classes: numbers, strings or booleans.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each sample; an integer weight is a repetition, and a weight of
            zero is absence, also of a class all of whose samples have it.

        Returns
        -------
        self : PMMClassifier
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
            If the fitted model is no better than the mean of `y` on its own data, or
            all features are constant.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from pmm_sklearn import PMMClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> names = load_iris().target_names[y]
        >>> PMMClassifier(n_init=1, random_state=0).fit(X, names).classes_
        array(['setosa', 'versicolor', 'virginica'], dtype='<U10')
        """
        with fitted_state_kept_on_error(self):
            self._check_parameters()
            X_used, labels, weight = self._check_samples(X, y, sample_weight)
            classes = unique_labels("y", labels, "the samples of positive weight")
            check_one_logit(self, len(classes))
            if self.warm_start and hasattr(self, "_structure"):
                check_same_classes(classes, self.classes_)
            encoded = self._encoded(X_used, labels, weight, classes)
            random_state = check_random_state(self.random_state)
            judged = weighted(*encoded), CrossEntropy(), _logits
            continues = goes_on(self, *judged)
            families = classification_families(self, *encoded, random_state, continues)
            description = self._description(classes)
            given = {"X": X, "y": y, "metadata": {"sample_weight": sample_weight}}
            self._train(families, random_state, description, given, continues=continues)
            warn_if_no_better(self, *judged)
        return self

    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Visit the samples of a batch once, with steps of "adam".

        The units of the features of the first batch are used for all that follow; it
        should be large enough for its means and standard deviations to be typical.
        Steps have the length `learning_rate_init`, whatever `solver`; the moments of
        the gradient are kept between calls.  `alpha` weighs against the loss of the
        batch: divide it by the number of batches.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples,)
            Labels.
        classes : array-like of shape (n_classes,), default=None
            All labels that will ever come; needed in the first call, unless after
            ``fit``.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each sample.

        Returns
        -------
        self : PMMClassifier
            The estimator, fitted a little more.  ``loss_`` is an average over the
            steps.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import PMMClassifier
        >>> rng = np.random.RandomState(0)
        >>> model = PMMClassifier(4, 2, alpha=0.05, batch_size=32, random_state=0)
        >>> for _ in range(20):
        ...     X = rng.uniform(-1, 1, size=(200, 2))
        ...     y = X[:, 0] * X[:, 1] > 0
        ...     model = model.partial_fit(X, y, classes=[False, True])
        >>> model.score(X, y) > 0.9
        True
        """
        with fitted_state_kept_on_error(self):
            self._check_parameters()
            check_batchwise(self)
            check_not_balanced(self.class_weight)
            is_first = not hasattr(self, "_structure")
            X, y, weight = self._check_samples(X, y, sample_weight, is_first)
            classes = online_classes(classes, getattr(self, "classes_", None))
            check_one_logit(self, len(classes))
            data = weighted(*self._encoded(X, y, weight, classes))
            structure = penalised_structure(self, data, continues=not is_first)
            self._check_goes_on(structure)
            model = structure.model()
            units = self._units_of_stream() or LIKELIHOOD.units(data, model)
            problem = penalised_problem(self, model, units, data)
            self._train_epoch(problem, structure, self._description(classes))
        return self

    def decision_function_gradient(self, X: ArrayLike) -> np.ndarray:
        """Derivatives of the decision function by the features, analytic.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.

        Returns
        -------
        ndarray of shape (n_samples, n_features) or (n_samples, n_classes, n_features)
            The former with two classes.  Finite also where a selected level is
            degenerate with another, and the decision function jumps.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from pmm_sklearn import PMMClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = PMMClassifier(n_init=1, random_state=0).fit(X, y)
        >>> model.decision_function_gradient(X[:5]).shape
        (5, 3, 4)
        """
        return self.model_.gradient(check_features(self, X))

    def as_function(self, gradient: bool = False) -> ModelFunction:
        """The decision function as a plain function of arrays.

        Parameters
        ----------
        gradient : bool, default=False
            Whether the function returns ``(value, gradient)``.

        Returns
        -------
        ModelFunction
            Of features of shape (n_features,) or (n_samples, n_features), not
            validated.  It can be pickled and shared by threads.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from pmm_sklearn import PMMClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = PMMClassifier(n_init=1, random_state=0).fit(X, y)
        >>> value, gradient = model.as_function(gradient=True)(X[0])
        >>> value.shape, gradient.shape  # the logits of three classes
        ((3,), (3, 4))
        """
        return self.model_.function(gradient)

    @property
    def model_(self) -> FittedModel:
        """The fitted model as a value: levels, Hamiltonian, sectors, and logits.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from pmm_sklearn import PMMClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = PMMClassifier(n_init=1, random_state=0).fit(X, y)
        >>> model.model_.levels(X).shape
        (150, 3)
        """
        return self._fitted_model()

    @property
    def n_eigenvectors_(self) -> int:
        """Number of eigenvectors, or of levels below the chemical potential.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from pmm_sklearn import PMMClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> PMMClassifier(5, n_init=1, random_state=0).fit(X, y).n_eigenvectors_
        2
        """
        return self._fitted_structure().n_eigenvectors

    def _outputs(self, X):
        X = check_features(self, X)
        return self.model_.outputs(X, ThreadMap(self.n_jobs))

    def _check_parameters(self):
        check_observables(self, size_is_open=True, readouts=(*READOUTS, "level"))
        check_shapes(self)
        check_rank(self.rank, size_of(self, SIDE_OTHERWISE)[0])
        check_class_weight(self.class_weight)

    @staticmethod
    def _description(classes):
        """Fitted attributes that say what the outputs are."""
        return {"classes_": classes, "_single_output": len(classes) == 2}

    def _check_samples(self, X, y, sample_weight, reset=True):
        """Features, labels and weights of the samples of positive weight."""
        check_real("X", X)
        check_not_masked("y", y)
        check_finite_targets(y, _NO_LABEL)
        X, y = validate_samples(self, X, y, dtype=np.float64, reset=reset)
        check_classification_targets(y)
        weight = check_sample_weight(sample_weight, len(X))
        used = weight > 0
        return X[used], y[used], weight[used]

    def _encoded(self, X, y, weight, classes):
        """Data as the model takes them, and weights of the classes."""
        labels = encode(y, classes)
        factors = class_factors(self.class_weight, classes, labels, weight)
        return TableData(X, indicators(labels, len(classes)), weight), factors


def _logits(shares):
    """Logits of classes with given shares, or of the second of two."""
    logarithms = np.log(np.maximum(shares, np.finfo(np.float64).tiny))
    if len(shares) > 1:
        return logarithms
    return logarithms - np.log1p(-np.minimum(shares, 1.0 - 1e-16))
