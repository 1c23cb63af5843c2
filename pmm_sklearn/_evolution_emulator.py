"""Emulation of real-time evolution after a quench."""

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_array

from ._base import fitted_state_kept_on_error
from ._emulator_base import BaseEmulator
from ._outputs import as_dynamics_outputs
from ._typing import Alpha, Eigensolver, MatrixType, RandomState, Solver
from .checks.data import check_features, check_not_far, check_powers
from .checks.dtypes import check_real
from .checks.parameters import (
    check_degree,
    check_flag,
    check_integer,
    check_matrix_size,
    check_option,
    check_training,
    exact_solvers,
)
from .fitted import DynamicsStructure, ModelFunction
from .model import MATRIX_TYPES
from .training import DynamicsStart, DynamicsUnits

# By which probabilities without errors may miss [0, 1].
_ROUNDING = 1e-6
_PROBABILITIES = {"survival": "survival probability", "norm": "norm"}


class EvolutionEmulator(BaseEmulator):
    r"""Emulator of real-time evolution: survival and observables after a quench.

    A state :math:`\psi_0` is prepared, and evolves with a Hamiltonian that depends on
    parameters ``x``,

    .. math:: |\psi(t)\rangle = e^{-iH(x)t} |\psi_0\rangle, \qquad
              H(x) = M_0 + \sum_l x_l M_l ,

    with Hermitian matrices that are learned from some times at some parameters.  It
    predicts survival probabilities and expectation values at other parameters and
    times, and extrapolates in both; the norm is one and energy is conserved whatever
    the data.  If the state may be lost, with `decay`, the generator is :math:`H(x) -
    i\Gamma` with a positive semidefinite matrix :math:`\Gamma` that is learned too, and
    the norm never grows.

    Parameters
    ----------
    matrix_size : int, default=16
        Side ``n`` of the matrices: number of states that take part.
    targets : list of Survival, Norm or Observable, default=None
        What the columns of ``y`` are: see :mod:`pmm_sklearn.targets`.  None means
        learned observables ``y0``, ``y1``, ...
    quench_from : array-like of shape (n_features - 1,), default=None
        Parameters at which :math:`\psi_0` is an eigenstate, such as the ground state
        before a sudden change.  It makes the model stationary there, and saves about
        half of the parameters.  None if it is not known: any state then.
    matrix_type : {"hermitian", "symmetric"}, default="symmetric"
        Complex Hermitian matrices, or real symmetric ones, which have about half the
        parameters: a problem with time reversal symmetry, the initial state included.
    degree : int, default=1
        Degree of `H` in the parameters, as for `PMMEmulator`.
    decay : bool, default=False
        Whether the state may decay into others that are not part of the model: by an
        absorber, emission, or a loss of particles.  Survival probabilities and
        expectation values are those of what is left, not divided by its norm.
    alpha : float or "auto", default="auto"
        Multiplies the squared Frobenius norm of the matrices, in radians at the longest
        time, added to the sum of squared residuals in units of the spread of the
        targets; of :math:`\Gamma` it is the trace, times 50.  "auto" follows the
        residuals; see `PMMEmulator`.
    solver, max_iter, tol, n_iter_no_change
        As for `PMMEmulator`.
    n_init : int, default=6
        Number of random starts.  Each is trained on short times first, on longer ones
        next; the best goes on with all of them.
    warm_start, random_state, n_jobs, eigensolver, verbose
        As for `PMMEmulator`.

    Attributes
    ----------
    matrices_ : ndarray of shape (n_matrices, n, n)
        The matrices :math:`M_0, M_1, \dots`, and with `decay` :math:`\Gamma` as the
        last one, in units of one over those of time (:math:`\hbar = 1`).  The initial
        state is the first basis vector.
    observables_ : ndarray of shape (n_names, n, n)
        Observables in the same basis, in the order of `observable_names_`.
    observable_names_ : list of str
        Names of the observables.
    targets_ : list
        The target of every column.
    model_ : FittedModel
        The fitted model as a value.  Its matrix is the exponent, :math:`t\,H(x)`, so
        that its levels are phases.
    n_parameters_ : int
        Number of real parameters that were learned.
    n_iter_, loss_, loss_curve_, stop_reason_, alpha_
        As for `PMMEmulator`.
    start_losses_, start_loss_curves_
        As for `PMMEmulator`, without the steps on short times.
    members_, member_weights_, member_starts_
        As for `PMMEmulator`.
    n_outputs_, n_features_in_, feature_names_in_
        Numbers of targets and of features, the time included, and their names.

    See Also
    --------
    PMMEmulator : Energies and observables of eigenstates.
    UnitaryPMMEmulator : Energies of a product of evolutions.

    Notes
    -----
    The time is a feature, the last column of ``X``, so that every sample may have times
    of its own, unknown values are left out, and derivatives by time are those by a
    feature.  In cross validation keep a curve together, by
    `sklearn.model_selection.GroupKFold`: a time between two others is easy.

    Data determine differences of energies only, and times have to be close enough:
    levels that differ by more than :math:`\pi` over the distance of the times are taken
    for others.

    References
    ----------
    .. [1] P. Cook, D. Jammooa, M. Hjorth-Jensen, D. D. Lee, D. Lee, "Parametric
       matrix models", Nat. Commun. 16, 5929 (2025).

    Examples
    --------
    A spin in the field (x, 0, 1) that pointed along it at x = 0:

    >>> import numpy as np
    >>> from pmm_sklearn import EvolutionEmulator
    >>> from pmm_sklearn.targets import Survival
    >>> x, t = np.meshgrid([0.5, 1.0, 1.5], np.linspace(0.0, 3.0, 16), indexing="ij")
    >>> X = np.column_stack([x.ravel(), t.ravel()])
    >>> def survival(x, t):
    ...     return 1.0 - x**2 / (1.0 + x**2) * np.sin(np.sqrt(1.0 + x**2) * t) ** 2
    >>> emulator = EvolutionEmulator(
    ...     2, targets=[Survival()], quench_from=[0.0], random_state=0
    ... )
    >>> emulator.fit(X, survival(*X.T)).predict([[2.0, 5.0]]).round(6)
    array([0.227001])
    >>> survival(2.0, 5.0).round(6)
    np.float64(0.227001)
    """

    _structure_type = DynamicsStructure

    def __init__(
        self,
        matrix_size: int = 16,
        *,
        targets: Sequence | None = None,
        quench_from: ArrayLike | None = None,
        matrix_type: MatrixType = "symmetric",
        degree: int = 1,
        decay: bool = False,
        alpha: Alpha = "auto",
        solver: Solver = "auto",
        max_iter: int = 400,
        tol: float = 1e-2,
        n_init: int = 6,
        n_iter_no_change: int = 10,
        warm_start: bool = False,
        random_state: RandomState = None,
        n_jobs: int | None = None,
        eigensolver: Eigensolver = "auto",
        verbose: int = 0,
    ):
        self.matrix_size = matrix_size
        self.targets = targets
        self.quench_from = quench_from
        self.matrix_type = matrix_type
        self.degree = degree
        self.decay = decay
        self.alpha = alpha
        self.solver = solver
        self.max_iter = max_iter
        self.tol = tol
        self.n_init = n_init
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
        """Learn the matrices from values at some parameters and times.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Parameters, and in the last column the time, which may be negative unless
            the state decays.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets; NaN where one was not calculated.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row.
        target_weight : array-like of shape (n_outputs,), default=None
            Weight of each column.
        y_err : array-like of the shape of ``y``, default=None
            Standard deviations of the targets: see `PMMEmulator.fit`.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            If parameters or data are not valid, such as a probability outside [0, 1] by
            more than its error, or a negative time of a state that decays.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import EvolutionEmulator
        >>> t = np.linspace(0.0, 3.0, 12)[:, np.newaxis]
        >>> EvolutionEmulator(2, random_state=0).fit(t, np.cos(t)).n_outputs_
        1
        """
        with fitted_state_kept_on_error(self):
            self._fit(X, y, sample_weight, target_weight, y_err)
        return self

    def as_function(
        self, gradient: bool = False, return_std: bool = False
    ) -> ModelFunction:
        """The fitted model as a plain function of arrays, fast for single samples.

        Parameters
        ----------
        gradient : bool, default=False
            Whether derivatives by parameters and time are returned with the values.
        return_std : bool, default=False
            Whether standard deviations are returned too.

        Returns
        -------
        ModelFunction
            Of arrays of shape (n_features,) or (n_samples, n_features), not validated.
            It can be pickled and shared by threads.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import EvolutionEmulator
        >>> t = np.linspace(0.0, 3.0, 12)[:, np.newaxis]
        >>> emulator = EvolutionEmulator(2, random_state=0).fit(t, np.cos(t[:, 0]))
        >>> value, slope = emulator.as_function(gradient=True)([1.0])
        >>> bool(np.allclose([value, *slope], [np.cos(1.0), -np.sin(1.0)], atol=1e-5))
        True
        """
        return self.model_.function(gradient, return_std)

    def predict_gradient(self, X: ArrayLike) -> np.ndarray:
        """Derivatives of the predictions by parameters and time, analytic.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Parameters and times.

        Returns
        -------
        ndarray of shape (n_samples, n_features) or (n_samples, n_outputs, n_features)
            The former if ``y`` in ``fit`` was one-dimensional.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import EvolutionEmulator
        >>> t = np.linspace(0.0, 3.0, 12)[:, np.newaxis]
        >>> emulator = EvolutionEmulator(2, random_state=0).fit(t, np.cos(t[:, 0]))
        >>> bool(np.allclose(emulator.predict_gradient(t), -np.sin(t), atol=1e-4))
        True
        """
        return self.model_.gradient(check_features(self, X))

    def hamiltonian(self, X: ArrayLike) -> np.ndarray:
        r"""The Hamiltonian at given parameters.

        Of a state that decays it is the effective one, :math:`H(x) - i\Gamma`, whose
        eigenvalues are energies minus :math:`i` times half of the widths.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features - 1)
            Parameters, without the time.

        Returns
        -------
        ndarray of shape (n_samples, n, n)
            Matrices in the basis whose first vector is the initial state.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import EvolutionEmulator
        >>> t = np.linspace(0.0, 3.0, 12)[:, np.newaxis]
        >>> emulator = EvolutionEmulator(2, random_state=0).fit(t, np.cos(t))
        >>> levels = np.linalg.eigvalsh(emulator.hamiltonian(np.empty((1, 0)))[0])
        >>> (levels[1] - levels[0]).round(4)
        np.float64(1.0)
        """
        model = self.model_
        check_real("X", X)
        X = check_array(X, dtype=np.float64, ensure_min_features=0)
        n_parameters = len(model.feature_names) - 1
        if X.shape[1] != n_parameters:
            raise ValueError(
                f"X must have {n_parameters} columns, those of fit without the time, "
                f"got {X.shape[1]}: leave out the last one."
            )
        # At a time of one the exponent is the Hamiltonian.
        return model.hamiltonian(np.column_stack([X, np.ones(len(X))]))

    def _check_parameters(self):
        if len(check_matrix_size(self.matrix_size)) > 1:
            raise ValueError(
                f"matrix_size must be one integer, got {self.matrix_size!r}: a state "
                f"that evolves stays in its sector, which is the only one to learn."
            )
        check_option("matrix_type", self.matrix_type, MATRIX_TYPES)
        check_integer("degree", self.degree, 1)
        check_flag("decay", self.decay)
        check_training(self, exact_solvers())

    def _make_structure(self, data, block_sizes):
        n_features = data.X.shape[1]
        if n_features > 1:
            check_degree(self.degree, n_features - 1, *block_sizes)
        outputs = as_dynamics_outputs(self.targets, data.y.shape[1], self.decay)
        _check_probabilities(data, outputs)
        if self.decay:
            _check_times(data)
        return DynamicsStructure(
            n_features=n_features,
            degree=int(self.degree),
            block_sizes=block_sizes,
            matrix_type=self.matrix_type,
            outputs=outputs,
            eigensolver=self.eigensolver,
            quench_from=_checked_point(self.quench_from, n_features - 1),
            decay=bool(self.decay),
        )

    def _make_training_model(self, structure, data):
        quench_from = structure.quench_from
        model = structure.model(starts_from_eigenstate=quench_from is not None)
        units = DynamicsUnits(data.X, data.y, data.weight, model, quench_from)
        if structure.n_features > 1:
            shift, scale = (numbers[:-1] for numbers in units.feature_units)
            parameters = data.X[:, :-1]
            check_powers(np.abs(parameters).max(axis=0), scale, self.degree)
            check_not_far(shift, np.ptp(parameters, axis=0), self.degree)
        return model, units

    def _make_smoothness(self, model, units, X):
        return None

    _make_starts = staticmethod(DynamicsStart)


def _checked_point(quench_from, n_parameters):
    """Parameters of the initial state as a tuple, or None."""
    if quench_from is None:
        return None
    check_real("quench_from", quench_from)
    point = np.asarray(quench_from, dtype=np.float64)
    if point.shape != (n_parameters,):
        raise ValueError(
            f"quench_from must have shape ({n_parameters},), a number for each column "
            f"of X but the time, got shape {point.shape}: correct it, or give None if "
            f"the initial state is no eigenstate at known parameters."
        )
    if n_parameters == 0 or not np.all(np.isfinite(point)):
        raise ValueError(
            f"quench_from must be finite, of at least one parameter, got "
            f"{quench_from!r}: correct it, or give None."
        )
    return tuple(point.tolist())


def _check_probabilities(data, outputs):
    """Raise if a probability is none, by more than its error."""
    for column, (kind, *_) in enumerate(outputs):
        if kind not in _PROBABILITIES:
            continue
        known = data.weight[:, column] > 0
        error = _ROUNDING if data.error is None else 4.0 * data.error[:, column]
        excess = np.abs(data.y[:, column] - 0.5) - 0.5 - error
        excess = np.where(known, excess, -1.0)
        row = np.argmax(excess)
        if excess[row] > 0:
            raise ValueError(
                f"y has a {_PROBABILITIES[kind]} of {data.y[row, column]:.6g} in row "
                f"{data.rows[row]}, outside [0, 1]: give y_err if it has an error, or "
                f"name the column Observable if it is another expectation value."
            )


def _check_times(data):
    """Raise if there are negative times, into which a decay would grow."""
    row = np.argmin(data.X[:, -1])
    if data.X[row, -1] < 0:
        raise ValueError(
            f"X has the time {data.X[row, -1]:.6g} in row {data.rows[row]}, but the "
            f"state that decays is prepared at 0: leave such rows out, count times "
            f"from there, or give decay=False."
        )
