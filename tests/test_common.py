"""scikit-learn's own checks, without expected failures."""

import pytest
from sklearn.utils.estimator_checks import (
    estimator_checks_generator,
    parametrize_with_checks,
)

from pmm_sklearn import (
    EvolutionEmulator,
    PMMClassifier,
    PMMEmulator,
    PMMImageClassifier,
    PMMRegressor,
)

# A small max_iter: rounding errors, amplified by a long non-convex path, would make
# the fit with weights and the fit with repeated samples end at different minima.
SMALL = {"matrix_size": 4, "n_eigenvectors": 2, "max_iter": 15}
SMALLER = {"matrix_size": 3, "n_eigenvectors": 1, "max_iter": 3, "n_init": 1}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(
    [
        # On 15 samples with labels a longer fit amplifies rounding errors of weights.
        PMMRegressor(**{**SMALL, "max_iter": 4}, n_init=1),
        PMMRegressor(**SMALL, n_init=2, readout="transition", alpha=0.1),
        PMMRegressor(**SMALL, n_init=1, matrix_type="symmetric", solver="lbfgs"),
        PMMRegressor(**SMALLER, loss="huber"),
        PMMRegressor(**SMALLER, loss="absolute_error"),
        PMMRegressor(**SMALLER, loss="quantile", quantile=0.9),
        PMMRegressor(3, max_iter=4, n_init=1, readout="level"),
        PMMRegressor(
            3, max_iter=6, n_init=1, readout="level", alpha=0.1, convexity="convex"
        ),
        PMMClassifier(**{**SMALL, "max_iter": 6}, n_init=1),
        PMMClassifier(
            **SMALL,
            n_init=1,
            solver="adam",
            learning_rate_init=0.1,
        ),
        PMMClassifier(3, max_iter=20, n_init=1, readout="level", alpha=0.1),
        PMMEmulator(5, n_init=1, max_iter=8),
        PMMEmulator((3, 2), n_init=1, max_iter=8, degree=2, matrix_type="symmetric"),
        EvolutionEmulator(4, n_init=1, max_iter=3),
        EvolutionEmulator(3, n_init=1, max_iter=3, degree=2, matrix_type="hermitian"),
    ]
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


# Each row an image of one line, whose products of pixels, divided by the largest, say
# nothing of its length: classes that differ in this alone cannot be told apart.
LINES = PMMImageClassifier(
    None,
    image_shape=(1, -1),
    latent_size=5,
    matrix_size=3,
    n_eigenvectors=2,
    batch_size=1000,
    learning_rate_init=0.05,
    max_iter=5,
)
APPLICABLE = [
    pytest.param(estimator, check, id=check.func.__name__)
    for estimator, check in estimator_checks_generator(LINES)
    if check.func.__name__ != "check_classifiers_train"
]


@pytest.mark.parametrize(("estimator", "check"), APPLICABLE)
def test_checks_of_flattened_images(estimator, check):
    check(estimator)


# Checks of several columns and of transformers have targets that are not positive,
# whatever the tags say.
POSITIVE = [
    pytest.param(estimator, check, id=f"{estimator.loss}-{check.func.__name__}")
    for loss in ("poisson", "gamma")
    for estimator, check in estimator_checks_generator(
        PMMRegressor(**{**SMALL, "max_iter": 8}, n_init=1, loss=loss)
    )
    if check.func.__name__ != "check_regressor_multioutput"
    and not check.func.__name__.startswith("check_transformer")
]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("estimator", "check"), POSITIVE)
def test_checks_of_positive_targets(estimator, check):
    check(estimator)
