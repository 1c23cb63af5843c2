"""Parameters that are too large to be used, or to be converted."""

from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pmm_sklearn import (
    EigenvectorContinuation,
    PMMClassifier,
    PMMEmulator,
    PMMImageClassifier,
    PMMRegressor,
    UnitaryPMMEmulator,
)

X = np.linspace(-1, 1, 6)[:, np.newaxis]
Y = -np.hypot(1, X[:, 0])


@pytest.mark.parametrize(
    ("degree", "n_features", "words"),
    [
        (3, 200, "degree=3 of 200 features has more than 102040 monomials"),
        (2000, 2, "degree=2000 of 2 features"),
        (10**18, 3, "degree=1000000000000000000 of 3 features"),
    ],
)
def test_degree_of_too_many_monomials(degree, n_features, words):
    with pytest.raises(ValueError, match=f"{words}.*reduce degree"):
        PMMEmulator(7, degree=degree).fit(np.tile(X, n_features), Y)


def test_degree_of_many_features():
    X = np.random.RandomState(0).uniform(-1, 1, (8, 60))
    model = PMMEmulator(2, degree=2, alpha=1e-6, max_iter=2, n_init=1, random_state=0)
    with pytest.warns(UserWarning, match="stopped after 2"):
        model.fit(X, -np.hypot(1, X[:, 0]))
    assert model.matrices_.shape == (1891, 2, 2)
    # The matrices in the units of the user give the levels.
    model_matrices = np.tensordot(
        model.model_.monomials.values(X), model.matrices_, axes=1
    )
    levels = np.linalg.eigvalsh(model_matrices)
    np.testing.assert_allclose(levels[:, 0], model.predict(X), rtol=1e-10)


HUGE = {"long": 10**400, "too long to print": 10**5000, "quotient": Fraction(10**400)}
NUMBERS = {
    PMMRegressor: ["alpha", "tol", "smearing", "learning_rate_init"],
    PMMClassifier: ["alpha", "tol", "smearing", "learning_rate_init"],
    PMMEmulator: ["alpha", "tol", "smoothness", "commutator"],
    UnitaryPMMEmulator: ["alpha", "tol"],
    PMMImageClassifier: ["alpha", "temperature", "learning_rate_init"],
}
INTEGERS = {
    PMMRegressor: ["max_iter", "batch_size", "n_iter_no_change", "n_init", "n_jobs"],
    PMMClassifier: ["n_init", "n_average", "n_eigenvectors", "matrix_size"],
    PMMEmulator: ["degree", "n_init", "rank", "matrix_size", "n_jobs"],
    UnitaryPMMEmulator: ["n_factors", "n_init"],
    PMMImageClassifier: ["max_iter", "max_shift"],
}


def named(parameters):
    return [(kind, name) for kind, names in parameters.items() for name in names]


def assert_refused(kind, name, value):
    """Whatever else is given; a model that was fitted before is kept."""
    X = np.random.RandomState(0).uniform(0.1, 1, size=(8, 1))
    y = -np.hypot(1, X[:, 0])
    if kind is PMMImageClassifier:
        X = np.random.RandomState(0).uniform(size=(8, 4, 4))
    if kind in (PMMClassifier, PMMImageClassifier):
        y = np.arange(8) % 2
    model = kind().set_params(**{name: value})
    with pytest.raises(ValueError, match=f"^{name} must") as caught:
        model.fit(X, y)
    assert "got" in str(caught.value)
    assert not hasattr(model, "matrices_")


@pytest.mark.parametrize("value", HUGE.values(), ids=HUGE)
@pytest.mark.parametrize(("kind", "name"), named(NUMBERS))
def test_numbers_beyond_floating_point(kind, name, value):
    assert_refused(kind, name, value)


@pytest.mark.parametrize("value", [10**400, 10**5000], ids=["long", "not printed"])
@pytest.mark.parametrize(("kind", "name"), named(INTEGERS))
def test_integers_beyond_those_of_the_machine(kind, name, value):
    assert_refused(kind, name, value)


def test_negative_numbers_beyond_floating_point():
    assert_refused(PMMEmulator, "commutator", -(10**400))
    assert_refused(PMMRegressor, "n_jobs", -(10**400))


def test_more_starts_than_random_numbers():
    assert_refused(PMMRegressor, "n_init", 10**18)


@pytest.mark.parametrize("unit", [1e-80, 1e80, 1e150])
def test_powers_of_features_beyond_floating_point(unit):
    X = np.linspace(-1, 1, 8)[:, np.newaxis]
    emulator = PMMEmulator(2, degree=4, n_init=1, max_iter=20, random_state=0)
    with pytest.raises(ValueError, match="X has values of about .* for degree=4"):
        emulator.fit(unit * X, -np.hypot(1, X[:, 0]))
    linear = PMMEmulator(2, n_init=1, max_iter=20, random_state=0)
    linear.fit(unit * X, -np.hypot(1, X[:, 0]))
    assert np.all(np.isfinite(linear.predict(unit * X)))


def test_powers_whose_matrix_is_zero():
    X = np.linspace(-1, 1, 8)[:, np.newaxis]
    fixed = {2: np.zeros((2, 2))}
    emulator = PMMEmulator(2, degree=2, fixed=fixed, n_init=1, max_iter=9)
    emulator.fit(X, -np.hypot(1, X[:, 0]))
    with pytest.raises(ValueError, match="X is too far"):
        emulator.predict([[1e155]])


def test_eigenvector_continuation_too_far():
    terms = [np.diag([0.0, 1.0, 2.0]), np.ones((3, 3))]
    model = EigenvectorContinuation(terms).fit([[0.0], [0.5]])
    with pytest.raises(ValueError, match=r"X is too far.* 1e\+308 in column 0"):
        model.predict([[1e308]])


@pytest.mark.parametrize("degree", [1, 3])
def test_powers_of_features_far_from_zero(degree):
    """They do not cancel, up to powers that are no floating-point numbers."""
    x = np.linspace(-1, 1, 12)[:, np.newaxis]
    y = -np.hypot(1, x[:, 0])
    emulator = PMMEmulator(2, degree=degree, n_init=1, random_state=0)
    assert_allclose(emulator.fit(x + 1e9, y).predict(x + 1e9), y, atol=1e-7)
    with pytest.raises(ValueError, match=r"about 1e\+40 in column 0, too large"):
        PMMEmulator(2, degree=4, n_init=1).fit(1e40 + 1e30 * x, y)
