"""Emulation of Trotterised time evolution, and its limit of no time step."""

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from ._base import fitted_state_kept_on_error
from ._emulator_base import BaseEmulator
from ._outputs import as_outputs
from ._typing import Alpha, Eigensolver, MatrixType, RandomState, Size, Solver
from .checks.data import check_features
from .checks.parameters import (
    MOST_STARTS,
    check_integer,
    check_matrix_size,
    check_option,
    check_training,
    exact_solvers,
)
from .fitted import EvolutionStructure, ModelFunction
from .model import MATRIX_TYPES
from .targets import Slope
from .training import SpectrumUnits, TimeUnits

# Of a relative error of 1e-8 in the energies.
_SMALLEST_PHASE = 1e-8


class UnitaryPMMEmulator(BaseEmulator):
    r"""Energies of a product of unitary evolutions, as a function of the time step.

    A quantum computer approximates :math:`e^{-iHt}` by a product of simpler
    evolutions, and measures energies with an error that depends on the time step
    `t`.  The model is such a product of small matrices, :math:`U(t) = e^{-iM_1t}
    e^{-iM_2t} \cdots`; energies :math:`E_k` are read from its eigenvalues
    :math:`e^{-iE_kt}`.  At ``t = 0`` they are exactly the eigenvalues of
    :math:`\sum_l M_l`: ``predict([[0.0]])`` extrapolates to the limit without error
    of the time step.

    Parameters
    ----------
    matrix_size : int or tuple of int, default=9
        Side ``n`` of the matrices.  A tuple gives the sides of diagonal blocks
        ("sectors" of a conserved quantity).
    n_factors : int, default=5
        Number of evolutions in the product.
    targets : list of Level, Gap, Observable or Transition, default=None
        What the columns of ``y`` are: see :mod:`pmm_sklearn.targets`.  None means
        the lowest levels, as many as ``y`` has columns.
    matrix_type : {"hermitian", "symmetric"}, default="hermitian"
        Complex Hermitian or real symmetric matrices.  The energies of the latter
        are even in the time step, whatever the matrices.
    alpha : float or "auto", default=1e-6
        Multiplies the squared Frobenius norm of the matrices, in radians at the
        longest time step, added to the sum of squared residuals in units of the
        spread of the energies.  See `PMMEmulator` for "auto".
    solver, max_iter, tol, n_init, n_iter_no_change
        As for `PMMEmulator`.  The random start matters more here: many are compared.
    warm_start, random_state, n_jobs, eigensolver, verbose
        As for `PMMEmulator`.

    Attributes
    ----------
    matrices_ : ndarray of shape (n_factors, n, n)
        The matrices :math:`M_l`, in units of energy, in the order of the product.
    hamiltonian_ : ndarray of shape (n, n)
        Their sum, the effective Hamiltonian without error of the time step.
    observables_ : ndarray of shape (n_names, n, n)
        Observables of the targets, in the order of `observable_names_`.
    observable_names_ : list of str
        Names of the observables.
    targets_ : list
        The target of every column.
    model_ : FittedModel
        The fitted model as a value: levels, eigenvectors, sectors, and outputs.
    n_parameters_ : int
        Number of real parameters that were learned.
    n_iter_, loss_, loss_curve_, stop_reason_, alpha_
        As for `PMMEmulator`.
    start_losses_, start_loss_curves_
        As for `PMMEmulator`.
    members_, member_weights_, member_starts_
        As for `PMMEmulator`.
    n_outputs_, n_features_in_, feature_names_in_
        Numbers of targets and of features (one), and the name of the feature.

    See Also
    --------
    PMMEmulator : The Hamiltonian itself as a function of parameters.
    EvolutionEmulator : What a state becomes with time.

    Notes
    -----
    Phases are known modulo :math:`2\pi`, energies therefore modulo
    :math:`2\pi / t`.  Data must have :math:`|E t| < \pi`, where an energy has one
    phase: choose the time step, or shift the Hamiltonian, accordingly.

    The number of parameters is ``n_factors * n**2`` ("symmetric": ``n_factors * n *
    (n + 1) / 2``), usually more than there are data.  What makes the extrapolation
    accurate is that training starts from small matrices.

    References
    ----------
    .. [1] P. Cook, D. Jammooa, M. Hjorth-Jensen, D. D. Lee, D. Lee, "Parametric
       matrix models", Nat. Commun. 16, 5929 (2025): zero time step extrapolation.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.linalg import expm
    >>> from pmm_sklearn import UnitaryPMMEmulator
    >>> field, coupling = np.diag([1.0, -1.0]), np.array([[0.0, 1.0], [1.0, 0.0]])
    >>> t = np.array([-0.5, -0.4, -0.3, 0.3, 0.4, 0.5])
    >>> product = [expm(-1j * field * s) @ expm(-1j * coupling * s) for s in t]
    >>> energy = [min(-np.angle(np.linalg.eigvals(U)) / s) for U, s in zip(product, t)]
    >>> model = UnitaryPMMEmulator(2, n_factors=2, random_state=0)
    >>> model.fit(t[:, np.newaxis], energy).predict([[0.0]]).round(3)
    array([-1.414])
    """

    _structure_type = EvolutionStructure

    def __init__(
        self,
        matrix_size: Size = 9,
        n_factors: int = 5,
        *,
        targets: Sequence | None = None,
        matrix_type: MatrixType = "hermitian",
        alpha: Alpha = 1e-6,
        solver: Solver = "auto",
        max_iter: int = 500,
        tol: float = 1e-3,
        n_init: int = 30,
        n_iter_no_change: int = 10,
        warm_start: bool = False,
        random_state: RandomState = None,
        n_jobs: int | None = None,
        eigensolver: Eigensolver = "auto",
        verbose: int = 0,
    ):
        self.matrix_size = matrix_size
        self.n_factors = n_factors
        self.targets = targets
        self.matrix_type = matrix_type
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
        """Learn the matrices from energies at several time steps.

        Parameters
        ----------
        X : array-like of shape (n_samples, 1)
            Time steps, positive or negative, not zero.
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
        self : UnitaryPMMEmulator
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter or the data are not usable: more than one feature, a time
            step of zero, phases that wrap.  A model fitted before is kept.

        Examples
        --------
        >>> from pmm_sklearn import UnitaryPMMEmulator
        >>> from pmm_sklearn.datasets import make_heisenberg_dm_trotter
        >>> data = make_heisenberg_dm_trotter()
        >>> model = UnitaryPMMEmulator(3, n_factors=2, n_init=1, random_state=0)
        >>> model.fit(data.X_train, data.y_train[:, :2]).n_outputs_
        2
        """
        with fitted_state_kept_on_error(self):
            self._fit(X, y, sample_weight, target_weight, y_err)
        return self

    def as_function(self) -> ModelFunction:
        """The fitted model as a plain function of arrays, fast for single samples.

        Returns
        -------
        ModelFunction
            Of time steps of shape (1,) or (n_samples, 1), not validated.  It can be
            pickled and shared by threads.

        Examples
        --------
        >>> from pmm_sklearn import UnitaryPMMEmulator
        >>> from pmm_sklearn.datasets import make_heisenberg_dm_trotter
        >>> data = make_heisenberg_dm_trotter()
        >>> model = UnitaryPMMEmulator(3, n_factors=2, n_init=1, random_state=0)
        >>> import numpy as np
        >>> f = model.fit(data.X_train, data.y_train[:, 0]).as_function()
        >>> np.allclose(f([0.0]), model.predict([[0.0]]))
        True
        """
        return self.model_.function()

    @property
    def hamiltonian_(self) -> np.ndarray:
        """Sum of the matrices: the Hamiltonian without error of the time step.

        Examples
        --------
        >>> from pmm_sklearn import UnitaryPMMEmulator
        >>> from pmm_sklearn.datasets import make_heisenberg_dm_trotter
        >>> data = make_heisenberg_dm_trotter()
        >>> model = UnitaryPMMEmulator(3, n_factors=2, n_init=1, random_state=0)
        >>> import numpy as np
        >>> H = model.fit(data.X_train, data.y_train[:, 0]).hamiltonian_
        >>> np.allclose(np.linalg.eigvalsh(H)[0], model.predict([[0.0]]))
        True
        """
        return self.matrices_.sum(axis=0)

    def eigenvalues(self, X: ArrayLike) -> np.ndarray:
        r"""All energies of the model.

        Parameters
        ----------
        X : array-like of shape (n_samples, 1)
            Time steps.

        Returns
        -------
        ndarray of shape (n_samples, n)
            Energies between :math:`-\pi/|t|` and :math:`\pi/|t|`, sector after
            sector, ascending in each.

        Examples
        --------
        >>> from pmm_sklearn import UnitaryPMMEmulator
        >>> from pmm_sklearn.datasets import make_heisenberg_dm_trotter
        >>> data = make_heisenberg_dm_trotter()
        >>> model = UnitaryPMMEmulator(3, n_factors=2, n_init=1, random_state=0)
        >>> model = model.fit(data.X_train, data.y_train[:, 0])
        >>> model.eigenvalues([[0.0], [0.1]]).shape
        (2, 3)
        """
        return self.model_.levels(check_features(self, X))

    def _check_parameters(self):
        check_matrix_size(self.matrix_size)
        check_integer("n_factors", self.n_factors, 1, MOST_STARTS)
        check_option("matrix_type", self.matrix_type, MATRIX_TYPES)
        check_training(self, exact_solvers())

    def _make_structure(self, data, block_sizes):
        _check_time_steps(data)
        _check_kinds(self.targets)
        outputs = as_outputs(self.targets, data.y.shape[1], block_sizes)
        _check_phases(data, outputs)
        return EvolutionStructure(
            n_factors=int(self.n_factors),
            block_sizes=block_sizes,
            matrix_type=self.matrix_type,
            outputs=outputs,
            eigensolver=self.eigensolver,
        )

    def _make_training_model(self, structure, data):
        model = structure.model()
        longest = np.max(np.abs(data.X))
        units = SpectrumUnits(
            TimeUnits(longest),
            model.readout,
            data.y,
            data.weight,
            energy_scale=1.0 / longest,
        )
        return model, units

    def _make_smoothness(self, model, units, X):
        return None


def _check_kinds(targets):
    slopes = [target for target in targets or () if isinstance(target, Slope)]
    if slopes:
        raise ValueError(
            f"targets has {slopes[0]!r}, but energies of a product of evolutions have "
            f"no slopes as targets: leave it out with its column of y, or use "
            f"PMMEmulator."
        )


def _check_time_steps(data):
    if data.X.shape[1] != 1:
        raise ValueError(
            f"X must have one feature, the time step, got {data.X.shape[1]} features: "
            f"give an array of shape (n_samples, 1)."
        )
    zero = np.flatnonzero(data.X[:, 0] == 0)
    if zero.size:
        raise ValueError(
            f"X has a time step of 0 in row {zero[0]} of those that count, where there "
            f"is no evolution: leave it out, and predict([[0.0]]) after the fit."
        )


def _check_phases(data, outputs):
    levels = [column for column, output in enumerate(outputs) if output[0] == "level"]
    phases = np.abs(data.y[:, levels] * data.X)
    if phases.size and phases.max() >= np.pi:
        row, column = np.unravel_index(np.argmax(phases), phases.shape)
        raise ValueError(
            f"y has an energy of {data.y[row, levels[column]]:.6g} at a time step of "
            f"{data.X[row, 0]:.6g}, a phase of {phases.max():.4g} beyond pi, where "
            f"phases wrap and an energy is not unique: use shorter time steps, or "
            f"subtract a constant from all energies."
        )
    if phases.size and 0 < phases.max() < _SMALLEST_PHASE:
        raise ValueError(
            f"y and X give phases of at most {phases.max():.3g}, too small for "
            f"floating point, whose errors of 1e-16 are divided by the time step: "
            f"use longer time steps, or check the units of energies and times."
        )
