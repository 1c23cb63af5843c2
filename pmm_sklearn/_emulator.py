"""Emulation of quantum Hamiltonians: energies and observables."""

from collections.abc import Sequence
from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike

from ._base import fitted_state_kept_on_error
from ._conditioning import Conditioning
from ._emulator_base import BaseEmulator
from ._hamiltonian_methods import HamiltonianMethods
from ._level_features import LevelFeatures
from ._outputs import as_functions, names_of_features
from ._strength_methods import StrengthMethods
from ._typing import (
    Alpha,
    Eigensolver,
    MatrixType,
    MonotonicCst,
    RandomState,
    Size,
    Solver,
)
from ._user_matrices import USER_MATRICES
from .checks.data import check_powers
from .checks.matrices import (
    check_fits,
    check_fixed,
    check_operators,
    check_parity,
    check_paths,
)
from .checks.parameters import (
    check_degree,
    check_integer,
    check_matrix_size,
    check_n_average,
    check_number,
    check_option,
    check_rank_of_couplings,
    check_training,
    exact_solvers,
)
from .checks.shapes import check_definite_terms, check_monotonic_cst
from .fitted import SpectrumStructure
from .model import (
    MATRIX_TYPES,
    EigenvectorOverlap,
    Monomials,
    matrix_spaces,
    spectrum_pmm,
)
from .training import FeatureUnits, units_of


class PMMEmulator(
    StrengthMethods, LevelFeatures, HamiltonianMethods, Conditioning, BaseEmulator
):
    r"""Emulator of a quantum Hamiltonian: energies and observables anywhere.

    A few expensive calculations of energies, and perhaps of observables, at some
    parameters (the features) determine a small Hermitian matrix,

    .. math:: H(x) = M_0 + \sum_l x_l M_l,

    whose eigenvalues are the energies and whose eigenvectors give the observables.
    It predicts them at other parameters, extrapolates, and continues to complex
    ones.  What is known of the problem goes into the structure of the matrices:
    conserved quantities, time reversal, symmetries, known terms.

    Features and targets are standardised inside ``fit``; the fitted matrices are
    in the user's units.

    Parameters
    ----------
    matrix_size : int, tuple of int or "auto", default="auto"
        Side ``n`` of the matrices.  A tuple gives the sides of the sectors of a
        conserved quantity: `H` is block-diagonal, and levels of different sectors
        cross.  "auto" begins with one level more than `targets` name (in each sector
        that they name), and takes larger ones as long as the evidence grows, see
        :ref:`emulator_size`; with a number as `alpha` it is at least 5.  If `fixed`,
        `commutes_with` or `parity` are given, it is their side.  With a `Strength` it
        has to be given, for it is the number of peaks.
    targets : list of targets, default=None
        What the columns of ``y`` are: see :mod:`pmm_sklearn.targets`.  None means
        the lowest levels, as many as ``y`` has columns.  A `Slope` is the derivative of
        a level by a feature, which saves points: see :ref:`slopes`.  `Custom` and `Log`
        are functions of other targets: see :ref:`own_targets`.  A `Strength` is a curve
        of many columns: see :ref:`strength_functions`.
    matrix_type : {"hermitian", "symmetric"}, default="hermitian"
        Complex Hermitian matrices, or real symmetric ones, which have about half
        the parameters: a problem with time reversal symmetry.
    rank : int, default=None
        Rank ``k`` of all matrices but :math:`M_0`, up to a multiple of the identity:
        :math:`M_l = c_l + \sum_k s_k u_{lk} u_{lk}^\dagger` with signs :math:`+, -, +,
        \dots` A few vectors for each coupling in place of a matrix, where there are
        many couplings.  None means full matrices.
    monotonic_cst : array-like of int of shape (n_features,) or dict, default=None
        Of each feature whether no level falls with it (1), as with a repulsive
        coupling, none rises (-1), or both is possible (0); a dictionary goes by names
        of features.  It holds everywhere, by definite matrices :math:`M_l`, for
        `degree` 1.
    degree : int, default=1
        Degree of `H` in the features, in the sense and the order of
        `sklearn.preprocessing.PolynomialFeatures`.  For other functions of the
        features put a transformer before the emulator, in a pipeline.
    commutes_with : ndarray of shape (n, n) or list of them, default=None
        Known matrices ``Q`` that commute with `H`, :math:`[M_l, Q] = 0`.
    parity : ndarray of shape (n, n), default=None
        A matrix ``P`` of eigenvalues 1 and -1 with :math:`H(-x) = P H(x) P`: a
        reflection of the system reverses the sign of all features.
    fixed : dict from int to ndarray of shape (n, n), default=None
        Known matrices :math:`M_l`, in the user's units, which are not learned.
        Numbers are those of `matrices_`: 0 is the constant term.
    smoothness : float, default=0.0
        Weight ``w`` of a penalty on the change of the eigenvectors of all targets
        between neighbouring points of `paths`: :math:`w \sum_k \sum_i (1 - |v_i(x_k)
        ^\dagger v_i(x_{k+1})|^2)^a / |x_{k+1} - x_k|`, with distances in units of
        the standardised features.
    smoothness_exponent : {1, 2}, default=1
        The exponent ``a``: 1 prefers few sharp changes, 2 an even change.
    paths : list of array-like of shape (n_points, n_features), default=None
        Paths of parameter points for `smoothness`.  With one feature, None means
        the training points in order.
    commutator : float, default=0.0
        Strength ``s`` of a term :math:`s\, i \sum_{k>l} [M_k, M_l]` of the
        standardised problem, which opens gaps where levels would cross.  It is not
        real: not for "symmetric".
    alpha : float or "auto", default="auto"
        Multiplies the squared Frobenius norm of all matrices of the standardised
        problem, added to the weighted sum of squared residuals in units of the
        spread of the targets.  "auto" is zero where values are no more than
        parameters that they could determine: they count as exact.  Otherwise it is the
        variance of the residuals, estimated along the way (1 if ``y_err`` is given),
        over ten times that of the matrices which starts are drawn with: see the notes.
    solver : {"auto", "lm", "newton-cg", "lbfgs"}, default="auto"
        Levenberg-Marquardt, the same by conjugate gradients, or
        `scipy.optimize.minimize`: see `PMMRegressor`.
    max_iter : int, default=400
        Largest number of iterations.
    tol : float, default=1e-2
        Training has converged when `n_iter_no_change` iterations together have
        decreased the loss by less than `tol` times its value.
    n_init : int, default=8
        Number of random starts.  With ``alpha="auto"`` all are trained to the end, and
        the least uncertain is taken; with a number the best third of them is continued
        after 20, 60, 180, ... iterations.
    n_average : int, default=1
        Number of them whose predictions are averaged, with weights inverse to their
        uncertainties; at most `n_init`.  Starts that are far less probable than the
        best one, or miss exact data, are left out, so that they may be fewer.
    n_iter_no_change : int, default=10
        Number of iterations that `tol` looks back.
    warm_start : bool, default=False
        Whether ``fit`` starts from the fitted matrices instead of random ones, if these
        leave less than 80 % of the loss of a constant on the new data.
    random_state : int, RandomState instance or None, default=None
        Random numbers of the starts.
    n_jobs : int or None, default=None
        Number of starts compared in parallel, and of threads that share many samples;
        the result does not depend on it.  Other processes are started only for what is
        left after three seconds: starting them takes as long.
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
    matrices_ : ndarray of shape (n_matrices, n, n)
        Primary matrices :math:`M_0, M_1, \dots` for features in the user's units, in
        units of energy.
    observables_ : ndarray of shape (n_names, n, n)
        Matrices of the observables, in the order of `observable_names_`, in the
        user's units.
    observable_names_ : list of str
        Names of the observables of `targets`.
    targets_ : list
        The target of every column, levels counted from the lowest.
    model_ : FittedModel
        The fitted model as a value: levels, eigenvectors, sectors, and outputs.
    matrix_size_ : int or tuple of int
        Side of the matrices, or the sides of their sectors.
    n_parameters_ : int
        Number of real parameters that were learned.
    n_effective_parameters_ : float
        How many of them the data determine, changes of basis not counted, only with
        ``alpha="auto"``.
    log_evidence_ : float
        Logarithm of the probability of the targets, only with ``alpha="auto"``: the
        larger, the better a model, of those fitted to the same data.
    evidence_path_ : list of tuple (matrix_size, float)
        Every size that was compared, in order, and the logarithm of its evidence after
        150 iterations, up to a constant that all have in common; only where there was a
        choice.  A size comes several times, with priors of growing width.  A larger
        size is taken if it gains more than 5, and a wider prior if it gains more than
        10, so that the largest number need not be that of the size taken.
        `log_evidence_` is that of the end of the training.  MatrixSizeDisplay draws it.
    model_error_ : ndarray of shape (n_outputs,)
        Standard deviation of the error of the model beside known errors of the data;
        only where residuals are larger than these explain, with ``alpha="auto"``.
    length_scales_ : ndarray of shape (n_features,)
        How far each feature has to go until its matrix is as large as that of the
        middle of the data, identities not counted: where this is large against the
        range of the data, levels are nearly linear in the feature.  Only with
        ``alpha="auto"`` and `degree` 1; infinite for a feature without influence.
    n_iter_ : int
        Number of iterations of the start that was continued.
    alpha_ : float
        The regularisation used at the end.
    loss_ : float
        Objective at the fitted parameters.
    loss_curve_ : list of float
        Objective after each iteration.
    validation_loss_curve_ : list of float
        Empty: emulators are trained on all data.
    start_losses_ : ndarray of shape (n_init,)
        Loss of each start when they were compared.
    start_loss_curves_ : list of list of float
        Objective of each start after each of its iterations.
    members_ : tuple of Parameters
        ``(matrices, observables, intercept)`` of the models averaged, the best first,
        whose are `matrices_` and `observables_`.
    member_weights_ : ndarray of shape (n_members,)
        Their weights in the mean.
    member_starts_ : ndarray of int of shape (n_members,)
        Number of the start that each of them comes from.
    stop_reason_ : str
        Why training ended: see `PMMRegressor`.
    n_outputs_ : int
        Number of targets.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if they are all strings.

    See Also
    --------
    UnitaryPMMEmulator : Energies of Trotterised time evolution.
    EigenvectorContinuation : Reduced basis method where the Hamiltonian is known.
    PMMRegressor : General regression.

    Notes
    -----
    With matrices of side ``n`` the number of parameters is ``n**2`` per primary
    matrix and per observable ("symmetric": ``n * (n + 1) / 2``), less for sectors.
    All energies count alike, in units of their common spread; each observable
    counts in units of its own spread, and slopes like the changes of energies that they
    make over the unit of their feature, the root of three times its standard deviation.

    Absolute phases and the basis of the matrices are arbitrary ("gauge"): compare
    levels and observables of two fits, not their matrices.

    References
    ----------
    .. [1] P. Cook, D. Jammooa, M. Hjorth-Jensen, D. D. Lee, D. Lee, "Parametric
       matrix models", Nat. Commun. 16, 5929 (2025).

    Examples
    --------
    Five energies of non-interacting spins, of any number, determine the exact
    Hamiltonian of one of them:

    >>> import numpy as np
    >>> from pmm_sklearn import PMMEmulator
    >>> c = np.array([[-2.0], [-1.625], [-1.25], [-0.875], [-0.5]])
    >>> energy = -0.5 * np.sqrt(1 + c[:, 0] ** 2)
    >>> emulator = PMMEmulator(2, random_state=0).fit(c, energy)
    >>> emulator.predict([[0.0], [2.0]]).round(8)  # extrapolated; exact
    array([-0.5       , -1.11803399])
    >>> np.allclose(emulator.exceptional_points()[0].x, [-1j, 1j])
    True
    """

    _structure_type = SpectrumStructure
    compares_solutions = True
    matrices_ = USER_MATRICES

    def __init__(
        self,
        matrix_size: Size | Literal["auto"] = "auto",
        *,
        targets: Sequence | None = None,
        matrix_type: MatrixType = "hermitian",
        rank: int | None = None,
        monotonic_cst: MonotonicCst = None,
        degree: int = 1,
        commutes_with: ArrayLike | list[ArrayLike] | None = None,
        parity: ArrayLike | None = None,
        fixed: dict[int, ArrayLike] | None = None,
        smoothness: float = 0.0,
        smoothness_exponent: Literal[1, 2] = 1,
        paths: Sequence[ArrayLike] | None = None,
        commutator: float = 0.0,
        alpha: Alpha = "auto",
        solver: Solver = "auto",
        max_iter: int = 400,
        tol: float = 1e-2,
        n_init: int = 8,
        n_average: int = 1,
        n_iter_no_change: int = 10,
        warm_start: bool = False,
        random_state: RandomState = None,
        n_jobs: int | None = None,
        eigensolver: Eigensolver = "auto",
        verbose: int = 0,
    ):
        self.matrix_size = matrix_size
        self.targets = targets
        self.matrix_type = matrix_type
        self.rank = rank
        self.monotonic_cst = monotonic_cst
        self.degree = degree
        self.commutes_with = commutes_with
        self.parity = parity
        self.fixed = fixed
        self.smoothness = smoothness
        self.smoothness_exponent = smoothness_exponent
        self.paths = paths
        self.commutator = commutator
        self.alpha = alpha
        self.solver = solver
        self.max_iter = max_iter
        self.tol = tol
        self.n_init = n_init
        self.n_average = n_average
        self.n_iter_no_change = n_iter_no_change
        self.warm_start = warm_start
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.eigensolver = eigensolver
        self.verbose = verbose

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        target_weight: ArrayLike | None = None,
        y_err: ArrayLike | None = None,
    ) -> Self:
        """Learn the matrices from calculations at some parameters.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features, in any units.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets; NaN where one was not calculated.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row; an integer weight is a repetition.
        target_weight : array-like of shape (n_outputs,), default=None
            Weight of each column.
        y_err : float or array-like, default=None
            Standard deviations of the targets, as of Monte Carlo calculations: one for
            all, for each row, for each column, or for each entry of ``y``.  The
            sum of squares is then chi-square, with every residual in units of its
            error.

        Returns
        -------
        self : PMMEmulator
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
            If the fitted model is no better than the mean of a column of `y` on its own
            data.

        Examples
        --------
        Two levels of a spin, of which one energy is not known:

        >>> import numpy as np
        >>> from pmm_sklearn import PMMEmulator
        >>> X = np.linspace(-1, 1, 6)[:, np.newaxis]
        >>> y = np.hypot(1, X) * [-1, 1]
        >>> y[2, 1] = np.nan
        >>> emulator = PMMEmulator(2, random_state=0).fit(X, y)
        >>> emulator.predict([[2.0]]).round(6)  # exact: the roots of 5
        array([[-2.236068,  2.236068]])
        """
        with fitted_state_kept_on_error(self):
            self._fit(X, y, sample_weight, target_weight, y_err)
        return self

    def _check_parameters(self):
        if not isinstance(self.matrix_size, str):
            check_matrix_size(self.matrix_size)
        elif self.matrix_size != "auto":
            raise TypeError(
                f"matrix_size must be an integer, a tuple of integers or 'auto', got "
                f"{self.matrix_size!r}."
            )
        check_option("matrix_type", self.matrix_type, MATRIX_TYPES)
        self._check_rank()
        check_integer("degree", self.degree, 1)
        check_definite_terms(self)
        check_number("smoothness", self.smoothness, 0)
        if self.smoothness_exponent not in (1, 2):
            raise ValueError(
                f"smoothness_exponent must be 1 or 2, got {self.smoothness_exponent!r}."
            )
        check_number("commutator", self.commutator, -np.inf)
        if self.commutator != 0 and self.matrix_type == "symmetric":
            raise ValueError(
                f"commutator={self.commutator!r} adds imaginary elements, but "
                f"matrix_type='symmetric' means real matrices: set "
                f"matrix_type='hermitian', or commutator=0."
            )
        check_training(self, exact_solvers())
        check_n_average(self)

    def _check_rank(self):
        if self.rank is None:
            return
        check_integer("rank", self.rank, 1)
        for name in ("commutes_with", "parity"):
            if getattr(self, name) is not None:
                raise ValueError(
                    f"rank must be None where {name} is given, got rank={self.rank!r}: "
                    f"matrices of low rank have no symmetry."
                )

    def _make_structure(self, data, block_sizes):
        outputs, functions = as_functions(
            self.targets,
            data.y.shape[1],
            block_sizes,
            names_of_features(self, data.X.shape[1]),
        )
        return SpectrumStructure(
            n_features=data.X.shape[1],
            degree=int(self.degree),
            block_sizes=block_sizes,
            matrix_type=self.matrix_type,
            outputs=outputs,
            eigensolver=self.eigensolver,
            functions=functions,
        )

    def _make_training_model(self, structure, data):
        block_sizes, matrix_type = structure.block_sizes, self.matrix_type
        check_rank_of_couplings(self.rank, block_sizes)
        side = sum(block_sizes)
        check_degree(structure.degree, structure.n_features, side)
        monomials = Monomials(structure.n_features, self.degree)
        fixed = check_fixed(self.fixed, monomials.size, side)
        free, spaces = matrix_spaces(
            monomials,
            block_sizes,
            matrix_type,
            check_operators("commutes_with", self.commutes_with, side),
            check_parity(self.parity, side),
            tuple(fixed),
            self.rank,
            check_monotonic_cst(self, structure.n_features),
        )
        features = FeatureUnits(
            data.X,
            data.weight.max(axis=1),
            monomials,
            centre=self.parity is None and not fixed and self._may_mix_terms(),
        )
        size = np.abs(data.X).max(axis=0)
        check_powers(size, features.scale, self.degree)
        units = units_of(structure, features, data)
        model = spectrum_pmm(
            **vars(structure),
            spaces=spaces,
            offsets=self._offsets(fixed, free, units),
            commutator=self.commutator,
            column_units=getattr(units, "column_units", None),
        )
        if model.n_parameters == 0:
            raise ValueError(
                f"fixed={list(fixed)} leaves no matrix to learn, and targets have no "
                f"observable: leave at least one of the {monomials.size} matrices out."
            )
        return model, units

    def _may_mix_terms(self):
        """Whether matrices of low rank stay so if features are centred."""
        return self.rank is None or self.degree == 1

    @staticmethod
    def _offsets(fixed, free, units):
        """Matrices that are not learned, in standardised units."""
        if not fixed:
            return None
        space = free[0]
        given = np.zeros((len(free), space.side, space.side), space.dtype)
        for i, matrix in fixed.items():
            given[i] = check_fits(f"fixed[{i}]", matrix, free[i])
        offsets = np.zeros_like(given)
        offsets[list(fixed)] = units.matrices_to_standard(given)[list(fixed)]
        return offsets

    def _make_smoothness(self, model, units, X):
        if self.smoothness == 0:
            return None
        paths = check_paths(self.paths, X)
        return EigenvectorOverlap(
            model.primary,
            model.selection,
            model.block_sizes,
            [units.features(path) for path in paths],
            self.smoothness,
            self.smoothness_exponent,
            self.eigensolver,
        )
