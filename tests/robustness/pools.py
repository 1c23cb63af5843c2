"""Values of the parameters of all estimators: the first two usual, the others hostile.

A list of one usual value has it twice.
"""

import numpy as np

from pmm_sklearn import (
    EigenvectorContinuation,
    PMMClassifier,
    PMMEmulator,
    PMMImageClassifier,
    PMMRegressor,
    UnitaryPMMEmulator,
)
from pmm_sklearn.targets import Gap, Level, Observable, Transition

_TRAINING = {
    "alpha": ["auto", 0.0, 1e-6, 1.0, 1e12, -1.0, np.nan, "none", None, 10**400],
    "max_iter": [1, 5, 12, 0, -3, 2.5, "many"],
    "tol": [1e-3, 0, 1e9, -1.0, np.inf],
    "n_init": [1, 2, 0, 1.0],
    "n_iter_no_change": [1, 10, 0, None],
    "warm_start": [False, True, "yes"],
    "random_state": [0, np.random.RandomState(1), -1, "seed"],
    "n_jobs": [None, 1, 0, 1.5],
    "eigensolver": ["auto", "lapack", "simd", "magic"],
    "verbose": [0, 0, -1, "loud"],
}
_EXACT = _TRAINING | {"solver": ["auto", "lm", "lbfgs", "newton-cg", "adam", "sgd"]}
_BATCHES = {
    "early_stopping": [False, True, None],
    "validation_fraction": [0.1, 0.5, 0.0, 1.0],
    "batch_size": [5, 200, 0],
    "learning_rate_init": [1e-2, 1e-3, 1e300, -1.0],
}
_TABLE = _BATCHES | {
    "matrix_size": ["auto", 1, 2, 4, (2, 2), (3, 1), 0, -1, 2.0, "big", ()],
    "n_eigenvectors": ["auto", 1, 2, 0, 9, 1.0],
    "which": ["SA", "LA", "LM", "SM", "XX"],
    "readout": ["expectation", "transition", "density", "sum"],
    "matrix_type": ["hermitian", "symmetric", "complex"],
    "rank": [None, 1, (1, None), (None, 2), 0, (1, 2, 3), "one"],
    "smearing": [0.5, 1e-3, 0.0, np.nan],
    "n_average": ["auto", 1, 2, 0],
}
_TARGETS = [
    *(None, [Level(0)], [Level(-1)], [Gap(0, 1)], [Observable("n")]),
    *([Transition("n", 0, 1)], [Level(0), Observable("n", 1)], [Level(0), Level(1)]),
    *([Level(7)], [], "ground", [0], [Gap(1, 1)], [Level(0, sector=3)]),
]
_LADDER, _COUPLING = np.diag(np.arange(4.0)), np.ones((4, 4)) - np.eye(4)
_OTHER_TERMS = [
    *([_LADDER], [], None, "terms", [_LADDER, _COUPLING[:3]], [_LADDER, _COUPLING[0]]),
    *([_LADDER, 1j * _COUPLING], [_LADDER, _COUPLING * np.nan], [_LADDER * 1e200]),
    *([_LADDER * 0, _COUPLING * 0], [_LADDER, np.triu(_COUPLING)], np.zeros((2, 0, 0))),
    *([_LADDER.tolist(), _COUPLING.tolist()], [_LADDER.astype(str), _COUPLING]),
    *([_LADDER.astype(int), _COUPLING > 0], [_LADDER.astype(object), _COUPLING]),
]
USUAL_TERMS = [_LADDER, _COUPLING, _COUPLING @ _LADDER @ _COUPLING]

PARAMETERS = {
    PMMRegressor: _EXACT | _TABLE | {"extra_noise": [False, True, "yes"]},
    PMMClassifier: _EXACT
    | _TABLE
    | {"class_weight": [None, "balanced", {0: 1.0, 1: 3.0}, {0: -1.0}, "fair"]},
    PMMEmulator: _EXACT
    | {
        "matrix_size": ["auto", 1, 2, 3, (2, 1), 0, "big", 10**9],
        "targets": _TARGETS,
        "matrix_type": ["hermitian", "symmetric", 3],
        "degree": [1, 2, 3, 0, 1.5],
        "rank": [None, 1, 7, (1, None)],
        "smoothness": [0.0, 0.1, -1.0],
        "smoothness_exponent": [1, 2, 3, "one"],
        "paths": [None, None, [], np.zeros((2, 1)), "line"],
        "commutator": [0.0, 0.3, np.inf],
        "n_average": [1, 2, 5],
        "fixed": [None, {0: np.eye(2)}, {1: np.zeros((3, 3))}, [np.eye(2)]],
        "commutes_with": [None, np.eye(2), np.eye(3) * 1j, "all", np.zeros(2)],
        "parity": [None, np.diag([1.0, -1.0]), np.eye(2) * 3, "even"],
    },
    UnitaryPMMEmulator: _EXACT
    | {
        "matrix_size": [2, 3, 1, (2, 1), 0, "auto", 2.0],
        "n_factors": [2, 3, 1, 0, 1.5, "few"],
        "targets": _TARGETS,
        "matrix_type": ["hermitian", "symmetric", 3],
    },
    EigenvectorContinuation: {
        "terms": [USUAL_TERMS, np.array(USUAL_TERMS), *_OTHER_TERMS],
        "n_levels": [1, 2, 4, 5, 0, 1.0, "all"],
        "n_snapshot_vectors": [None, 2, 1, 4, 9, 0, 1.5],
        "tol": [1e-10, 1e-6, 0.0, 1.0, -1.0, np.nan, "small"],
    },
    PMMImageClassifier: _BATCHES
    | {name: _TRAINING[name] for name in ("max_iter", "n_iter_no_change", "warm_start")}
    | {name: _TRAINING[name] for name in ("random_state", "eigensolver", "verbose")}
    | {
        "window_shape": [2, (2, 3), None, 4, 5, 0, (2,), 2.5, "all"],
        "stride": [1, (2, 1), 9, 0, (1, 1, 1), 1.5, None],
        "latent_size": [3, 4, 1, 0, 2.0],
        "matrix_size": [2, 3, 1, 0, "auto", (1, 1)],
        "n_eigenvectors": [1, 2, 0, 9, "auto"],
        "image_shape": [None, (4, 4), 4, (4, -1), (-1, -1), (3, 5), 0, "square"],
        "which": ["SA", "LM", "LA", "SM", "XX"],
        "matrix_type": ["symmetric", "hermitian", 3],
        "temperature": [1.0, 0.1, 1e-300, 1e300, 0.0, -1.0, np.nan, "hot"],
        "alpha": [0.0, 0.1, 1e12, -1.0, "auto", None],
        "max_shift": [0, 1, 9, -1, 0.5],
        "gauge_rotations": [False, True, 1],
        "gram_dtype": ["float64", "float32", "float16", float],
        "max_memory": [2.0, 0.0, -1.0, np.nan, "much"],
    },
}
