"""Emulation of quantum Hamiltonians: energies and observables."""

import numpy as np

from ._base import fitted_state_kept_on_error
from ._callbacks import with_callbacks
from ._emulator_base import BaseEmulator
from ._scaling import FeatureScaling
from ._spectrum_scaling import SpectrumScaling
from ._structure_checks import (
    check_fits,
    check_fixed,
    check_operators,
    check_parity,
    check_paths,
)
from ._validation import check_integer, check_matrix_size, check_number, check_option
from .model import (
    MATRIX_TYPES,
    PMM,
    AffineMatrix,
    CommutatorSmoothedMatrix,
    EigenvectorOverlap,
    Monomials,
    SpectrumReadout,
    matrix_spaces,
    spectrum_pmm,
)
from .targets import as_outputs


class PMMEmulator(BaseEmulator):
    def __init__(
        self,
        matrix_size=5,
        *,
        targets=None,
        matrix_type="hermitian",
        degree=1,
        commutes_with=None,
        parity=None,
        fixed=None,
        smoothness=0.0,
        smoothness_exponent=1,
        paths=None,
        commutator=0.0,
        alpha="auto",
        solver="auto",
        max_iter=400,
        tol=1e-2,
        n_init=10,
        n_iter_no_change=10,
        warm_start=False,
        random_state=None,
        n_jobs=None,
        verbose=0,
    ):
        self.matrix_size = matrix_size
        self.targets = targets
        self.matrix_type = matrix_type
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
        self.n_iter_no_change = n_iter_no_change
        self.warm_start = warm_start
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    @with_callbacks
    def fit(
        self,
        X,
        y,
        sample_weight=None,
        *,
        target_weight=None,
        y_err=None,
    ):
        with fitted_state_kept_on_error(self):
            self._fit(X, y, sample_weight, target_weight, y_err)
        return self

    def _check_parameters(self):
        check_matrix_size(self.matrix_size)
        check_option("matrix_type", self.matrix_type, MATRIX_TYPES)
        check_integer("degree", self.degree, 1)
        check_number("smoothness", self.smoothness, 0)
        if self.smoothness_exponent not in (1, 2):
            raise ValueError(
                f"smoothness_exponent must be 1 or 2, got {self.smoothness_exponent!r}."
            )
        check_number("commutator", self.commutator, -np.inf)
        self._check_training_parameters()

    def _make_structure(self, data):
        block_sizes = check_matrix_size(self.matrix_size)
        return {
            "n_features": data.X.shape[1],
            "degree": int(self.degree),
            "block_sizes": block_sizes,
            "matrix_type": self.matrix_type,
            "outputs": as_outputs(self.targets, data.y.shape[1], block_sizes),
        }

    def _make_model(self, **structure):
        return spectrum_pmm(**structure)

    def _make_training_model(self, structure, data):
        block_sizes, matrix_type = structure["block_sizes"], self.matrix_type
        side = sum(block_sizes)
        monomials = Monomials(structure["n_features"], self.degree)
        fixed = check_fixed(self.fixed, monomials.size, side)
        free, spaces = matrix_spaces(
            monomials,
            block_sizes,
            matrix_type,
            check_operators("commutes_with", self.commutes_with, side),
            check_parity(self.parity, side),
            tuple(fixed),
        )
        readout = SpectrumReadout(structure["outputs"], block_sizes, matrix_type)
        features = FeatureScaling(
            data.X,
            data.weight.max(axis=1),
            monomials,
            centre=self.parity is None and not fixed,
        )
        scaling = SpectrumScaling(features, readout, data.y, data.weight)
        offsets = self._offsets(fixed, free, scaling)
        if self.commutator == 0:
            primary = AffineMatrix(monomials, spaces, offsets)
        else:
            primary = CommutatorSmoothedMatrix(
                monomials, spaces, offsets, strength=self.commutator
            )
        return PMM(primary, readout.states, readout, block_sizes), scaling

    @staticmethod
    def _offsets(fixed, free, scaling):
        """Matrices that are not learned, in standardised units."""
        if not fixed:
            return None
        space = free[0]
        given = np.zeros((len(free), space.side, space.side), space.dtype)
        for i, matrix in fixed.items():
            given[i] = check_fits(f"fixed[{i}]", matrix, free[i])
        offsets = np.zeros_like(given)
        offsets[list(fixed)] = scaling.matrices_to_standard(given)[list(fixed)]
        return offsets

    def _make_smoothness(self, model, scaling, X):
        if self.smoothness == 0:
            return None
        paths = check_paths(self.paths, X)
        return EigenvectorOverlap(
            model.primary,
            model.states,
            model.block_sizes,
            [scaling.features(path) for path in paths],
            self.smoothness,
            self.smoothness_exponent,
        )
