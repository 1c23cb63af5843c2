"""Eigensystems in SIMD lanes against LAPACK, for easy and for awkward matrices."""

import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning

from pmm_sklearn import PMMClassifier, PMMEmulator, PMMImageClassifier, PMMRegressor

pytest.importorskip("numba")

from pmm_sklearn.model._simd import N_LANES, eigh

DTYPES = [np.float64, np.complex128]
SIDES = [2, 3, 5, 7, 15]


def random_arrays(dtype, n, n_samples=N_LANES + 3, seed=0):
    rng = np.random.RandomState(seed)
    arrays = rng.standard_normal((2, n_samples, n, n))
    if dtype is np.complex128:
        return arrays[0] + 1j * arrays[1]
    return arrays[0]


def hermitian(triangles):
    """Matrices that have these lower triangles."""
    below = np.tril(triangles, -1)
    diagonal = np.einsum("sii->si", triangles).real
    matrices = below + below.conj().swapaxes(1, 2)
    np.einsum("sii->si", matrices)[:] = diagonal
    return matrices


def with_spectrum(spectrum, dtype, n_samples=N_LANES + 3):
    unitary = np.linalg.qr(random_arrays(dtype, len(spectrum), n_samples))[0]
    return hermitian((unitary * spectrum) @ unitary.conj().swapaxes(1, 2))


def assert_diagonalises(triangles, tolerance=1e-13):
    """Values as those of LAPACK, vectors orthonormal, and the matrices they make."""
    matrices = hermitian(triangles)
    values, vectors = eigh(triangles)
    sizes = np.max(np.abs(matrices), axis=(1, 2), keepdims=True)
    sizes[sizes == 0] = 1.0
    expected = np.linalg.eigvalsh(matrices)
    assert_allclose(values / sizes[:, 0], expected / sizes[:, 0], atol=tolerance)
    assert np.all(np.diff(values, axis=1) >= 0)
    adjoint = vectors.conj().swapaxes(1, 2)
    identity = np.broadcast_to(np.eye(values.shape[1]), vectors.shape)
    assert_allclose(adjoint @ vectors, identity, atol=tolerance)
    scaled = values / sizes[:, 0]
    rebuilt = (vectors * scaled[:, np.newaxis]) @ adjoint
    assert_allclose(rebuilt, matrices / sizes, atol=tolerance)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [1, *SIDES, 30])
def test_random_matrices_whose_upper_triangle_is_not_read(dtype, n):
    assert_diagonalises(random_arrays(dtype, n))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", SIDES)
@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1e-150, 1e150, 1e200, 1e300])
def test_scales(dtype, n, scale):
    assert_diagonalises(scale * random_arrays(dtype, n))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", SIDES)
@pytest.mark.parametrize(
    "spectrum",
    [
        lambda level: np.full(level.shape, 2.5),
        lambda level: np.where(level % 2 == 0, 1.0, -1.0),
        lambda level: np.where(level == 0, 1.0, 0.0),
        lambda level: 1.0 + 1e-14 * level,
        lambda level: 10.0**-level,
        lambda level: 1000.0 ** -np.minimum(level, 20),
        lambda level: 1000.0 ** np.minimum(level, 20),
    ],
    ids=["equal", "two", "rank one", "close", "graded", "steep", "steep upwards"],
)
def test_spectra(dtype, n, spectrum):
    assert_diagonalises(with_spectrum(spectrum(np.arange(n)), dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", SIDES)
def test_structures(dtype, n):
    arrays = random_arrays(dtype, n, 200)
    level = np.arange(n)
    assert_diagonalises(np.zeros_like(arrays))
    assert_diagonalises(np.ones_like(arrays))
    assert_diagonalises(arrays * np.eye(n))
    assert_diagonalises(arrays * np.eye(n, k=-1))
    assert_diagonalises(arrays * (np.abs(np.subtract.outer(level, level)) <= 1))
    assert_diagonalises(arrays * np.equal.outer(level % 2, level % 2))
    assert_diagonalises(np.round(arrays))
    rng = np.random.RandomState(1)
    assert_diagonalises(arrays * (rng.uniform(size=arrays.shape) < 0.3))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", SIDES)
@pytest.mark.parametrize("decades", [3, 20, 80])
def test_graded_rows(dtype, n, decades):
    weights = 10.0 ** -np.minimum(decades * np.arange(n), 150.0)
    arrays = random_arrays(dtype, n)
    assert_diagonalises(arrays * weights[:, np.newaxis] * weights)
    weights = weights[::-1]
    assert_diagonalises(arrays * weights[:, np.newaxis] * weights)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", SIDES)
@pytest.mark.parametrize("decades", [20, 100, 300])
def test_elements_of_any_size(dtype, n, decades):
    arrays = random_arrays(dtype, n, 500)
    rng = np.random.RandomState(1)
    arrays *= 10.0 ** rng.uniform(-decades, 0, size=arrays.shape)
    # Not compared with LAPACK, which fails for some of these.
    values, vectors = eigh(arrays)
    adjoint = vectors.conj().swapaxes(1, 2)
    identity = np.broadcast_to(np.eye(n), vectors.shape)
    assert_allclose(adjoint @ vectors, identity, atol=1e-13)
    matrices = hermitian(arrays)
    sizes = np.max(np.abs(matrices), axis=(1, 2), keepdims=True)
    rebuilt = (vectors * (values / sizes[:, 0])[:, np.newaxis]) @ adjoint
    assert_allclose(rebuilt, matrices / sizes, atol=1e-13)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n_samples", [0, 1, N_LANES - 1, N_LANES, 2 * N_LANES + 1])
def test_a_matrix_has_the_same_eigensystem_in_any_batch(dtype, n_samples):
    arrays = random_arrays(dtype, 5, 2 * N_LANES + 1)
    values, vectors = eigh(arrays)
    some_values, some_vectors = eigh(arrays[:n_samples])
    assert_allclose(some_values, values[:n_samples], rtol=1e-13)
    assert_allclose(some_vectors, vectors[:n_samples], atol=1e-13)


@pytest.mark.parametrize("dtype", DTYPES)
def test_any_layout(dtype):
    arrays = random_arrays(dtype, 6)
    blocks = arrays[:, 1:4, 1:4]
    expected = eigh(blocks.copy())
    assert_array_equal(eigh(blocks)[1], expected[1])
    reversed_axes = np.asfortranarray(blocks)
    reversed_axes.flags.writeable = False
    assert_array_equal(eigh(reversed_axes)[1], expected[1])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", [(0, 0), (2, 1), (2, 2)])
def test_not_finite(dtype, bad, where):
    arrays = random_arrays(dtype, 3)
    arrays[4][where] = bad
    with pytest.raises(np.linalg.LinAlgError, match="converge"):
        eigh(arrays)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [1, 2])
def test_not_finite_in_very_small_matrices(dtype, n):
    # Nor does LAPACK fail for these.
    arrays = random_arrays(dtype, n)
    arrays[4, n - 1, 0] = np.nan
    values, vectors = eigh(arrays)
    expected_values, expected_vectors = np.linalg.eigh(arrays)
    assert_array_equal(np.isnan(values), np.isnan(expected_values))
    assert_array_equal(np.isnan(vectors), np.isnan(expected_vectors))


def test_not_finite_above_the_diagonal_is_not_read():
    arrays = random_arrays(np.complex128, 4)
    arrays[:, 0, 2] = np.nan
    arrays.imag[:, 1, 1] = np.nan
    assert np.all(np.isfinite(eigh(arrays)[0]))


def test_threads():
    arrays = random_arrays(np.complex128, 7, 400)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(eigh, np.array_split(arrays, 10)))
    expected = [eigh(part) for part in np.array_split(arrays, 10)]
    for result, one in zip(results, expected, strict=True):
        assert_array_equal(result[1], one[1])


@pytest.mark.parametrize("eigensolver", ["lapack", "simd"])
def test_estimators_use_the_solver_that_they_are_given(eigensolver, monkeypatch):
    used = set()

    def choose(*arguments):
        used.add(arguments[-1])
        return "lapack"

    monkeypatch.setattr("pmm_sklearn.model.eigensolver.choose", choose)
    X = np.linspace(-1, 1, 20)[:, np.newaxis]
    fit = {"max_iter": 2, "eigensolver": eigensolver, "random_state": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for model in (PMMRegressor(**fit), PMMClassifier(**fit), PMMEmulator(3, **fit)):
            model.fit(X, (X[:, 0] > 0).astype(float)).predict(X)
            assert used == {eigensolver}
        images = X.reshape(5, 2, 2)
        classifier = PMMImageClassifier(2, 1, **fit)
        classifier.fit(images, [0, 1, 0, 1, 0]).predict(images)
        assert used == {eigensolver}


def test_a_warm_start_may_use_another_solver():
    X = np.linspace(-1, 1, 20)[:, np.newaxis]
    model = PMMRegressor(3, 2, eigensolver="simd", n_init=1, random_state=0)
    model.fit(X, X[:, 0])
    model.set_params(eigensolver="lapack", warm_start=True).fit(X, X[:, 0])
    assert model.score(X, X[:, 0]) > 0.99
