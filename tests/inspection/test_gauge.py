"""The canonical gauge: defined by the model, not by the basis it came in."""

import copy

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pmm_sklearn import PMMRegressor
from pmm_sklearn.inspection import canonical_gauge

from . import models

MODELS = {
    "regressor": lambda: models.regressor(),
    "regressor, real": lambda: models.regressor(matrix_type="symmetric"),
    "regressor, transition": lambda: models.regressor(readout="transition"),
    "regressor, density": lambda: models.regressor(readout="density"),
    "classifier": models.classifier,
    "emulator": lambda: models.emulator(),
    "emulator, quadratic": lambda: models.emulator(degree=2),
    "emulator, sectors": lambda: models.emulator(size=(3, 2)),
    "unitary emulator": models.unitary_emulator,
}


def outputs(model, seed=1):
    low = 0.1 if model.n_features_in_ == 1 else -1.0
    X = np.random.RandomState(seed).uniform(low, 1, size=(7, model.n_features_in_))
    return getattr(model, "decision_function", model.predict)(X)


def is_real(model):
    return not np.iscomplexobj(model.matrices_)


@pytest.mark.parametrize("name", MODELS)
def test_two_bases_have_one_canonical_gauge(name):
    model = MODELS[name]()
    sizes = model._structure["block_sizes"]
    expected = canonical_gauge(model)
    assert_allclose(outputs(expected), outputs(model), rtol=1e-9, atol=1e-10)
    for seed in range(3):
        basis = models.unitary(seed, sum(sizes), is_real(model), sizes)
        other = canonical_gauge(models.turned(copy.copy(model), basis))
        assert other.matrices_.dtype == model.matrices_.dtype
        assert_allclose(other.matrices_, expected.matrices_, atol=1e-10)
        assert_allclose(other.observables_, expected.observables_, atol=1e-10)
        assert_allclose(outputs(other), outputs(model), rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("name", MODELS)
def test_first_matrix_is_diagonal_and_ascending(name):
    model = canonical_gauge(MODELS[name]())
    first = model.matrices_[0]
    assert_allclose(first, np.diag(np.diag(first)), atol=1e-12)
    for size, end in zip(
        model._structure["block_sizes"],
        np.cumsum(model._structure["block_sizes"]),
        strict=True,
    ):
        assert np.all(np.diff(np.diag(first).real[end - size : end]) > 0)


def test_the_estimator_itself_is_left_alone():
    model = models.regressor()
    before = model.matrices_.copy()
    assert canonical_gauge(model) is not model
    assert_allclose(model.matrices_, before, rtol=0)


def test_reference_point():
    model = models.emulator()
    canonical = canonical_gauge(model, reference=[0.3, -0.2])
    matrix = canonical.hamiltonian([[0.3, -0.2]])[0]
    assert_allclose(matrix, np.diag(np.diag(matrix)), atol=1e-12)
    assert_allclose(outputs(canonical), outputs(model), rtol=1e-9)


@pytest.mark.parametrize("is_real", [True, False])
@pytest.mark.parametrize("first", ["zero", "two levels", "no coupling inside"])
def test_degenerate_levels_are_split_by_the_other_matrices(is_real, first):
    matrices = models.hermitian(0, 3, 5, is_real)
    matrices[0] = {
        "zero": np.zeros((5, 5)),
        "two levels": np.diag([1.0, 1.0, 1.0, 2.0, 2.0]),
        "no coupling inside": np.diag([1.0, 1.0, 2.0, 3.0, 4.0]),
    }[first]
    if first == "no coupling inside":
        # Nothing but products of matrices tells the two lowest levels apart.
        matrices[1:, :2, :2] = 0.0
    matrix_type = "symmetric" if is_real else "hermitian"
    model = models.emulator(matrices=matrices, matrix_type=matrix_type)
    check_covariance(model, is_real)


def check_covariance(model, is_real):
    expected = canonical_gauge(model)
    for seed in range(3):
        basis = models.unitary(seed, model.matrices_.shape[1], is_real)
        other = canonical_gauge(models.turned(copy.copy(model), basis))
        assert_allclose(other.matrices_, expected.matrices_, atol=1e-10)
        assert_allclose(other.observables_, expected.observables_, atol=1e-9)
    return expected


def test_levels_that_a_symmetry_makes_degenerate_everywhere():
    # Two equal copies: every level is double, and no matrix tells them apart.
    small = models.hermitian(3, 3, 3)
    matrices = np.kron(small, np.eye(2))
    model = models.emulator(size=6, matrices=matrices, targets=models.TARGETS[:2])
    canonical = check_covariance(model, False)
    elements = canonical.matrices_.reshape(3, 3, 2, 3, 2)
    assert_allclose(elements[:, :, 0, :, 1], 0.0, atol=1e-12)
    assert_allclose(elements[:, :, 0, :, 0], elements[:, :, 1, :, 1], atol=1e-10)


def test_equal_elements_do_not_make_the_phases_arbitrary():
    # A ring: many elements of one size, with a flux that no phases remove.
    ring = np.roll(np.eye(5), 1, axis=0) * np.exp(0.3j)
    matrices = np.array([np.diag(np.arange(5.0)), ring + ring.conj().T])
    check_covariance(models.emulator(matrices=matrices), False)


def test_multiples_of_the_identity():
    matrices = np.array([2.0 * np.eye(3), np.zeros((3, 3))])
    model = models.emulator(size=3, matrices=matrices, targets=models.TARGETS[:1])
    assert_allclose(canonical_gauge(model).matrices_, matrices, atol=1e-15)


def test_sectors_of_one_size_are_sorted_where_numbers_mean_nothing():
    model = models.regressor(size=(2, 2, 1))
    other = copy.copy(model)
    order = [2, 3, 0, 1, 4]
    other.matrices_ = model.matrices_[:, order][:, :, order]
    other.observables_ = model.observables_[..., order, :][..., order]
    assert_allclose(outputs(other), outputs(model), rtol=1e-9)
    expected = canonical_gauge(model)
    canonical = canonical_gauge(other)
    assert_allclose(canonical.matrices_, expected.matrices_, atol=1e-10)
    assert_allclose(outputs(canonical), outputs(model), rtol=1e-9)


def test_two_fits_of_an_exact_model_agree():
    c = np.linspace(-2, -0.5, 8)[:, np.newaxis]
    energies = np.sqrt(1 + c**2) * [-0.5, 0.5]
    fits = []
    for seed in (0, 1):
        model = models.PMMEmulator(2, n_init=3, random_state=seed).fit(c, energies)
        fits.append(canonical_gauge(model).matrices_)
    assert_allclose(fits[0], fits[1], atol=1e-6)


def test_errors():
    with pytest.raises(TypeError, match=r"estimator must be .* pipeline\[-1\]"):
        canonical_gauge(make_pipeline(StandardScaler(), PMMRegressor()))
    model = models.regressor()
    with pytest.raises(ValueError, match=r"reference must have shape \(2,\).*\(3,\)"):
        canonical_gauge(model, reference=[1, 2, 3])
    with pytest.raises(ValueError, match="reference has NaN"):
        canonical_gauge(model, reference=[1, np.nan])
    with pytest.raises(TypeError, match="estimator must have a Hamiltonian"):
        canonical_gauge(models.unitary_emulator(), reference=[0.1])
    with pytest.raises(ValueError, match="not fitted"):
        canonical_gauge(PMMRegressor())
