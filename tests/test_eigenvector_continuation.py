"""Eigenvector continuation: exact where fitted, an upper bound elsewhere."""

import pickle

import numpy as np
import pytest
import scipy.linalg
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, aslinearoperator
from sklearn.base import clone

from pmm_sklearn import EigenvectorContinuation, _hamiltonian
from pmm_sklearn.datasets import make_lfd_emulation, make_noninteracting_spins
from pmm_sklearn.datasets._operators import PAULI_Z, sum_over_sites
from pmm_sklearn.datasets._spins import ising_terms as ising_chain

X_TRAIN = np.array([[0.0, 0.0], [1.0, -0.5], [-0.7, 0.8]])
X_TEST = np.random.RandomState(1).uniform(-2, 2, size=(50, 2))


def random_terms(n_terms=3, side=20, dtype=float, seed=0):
    rng = np.random.RandomState(seed)
    matrices = rng.normal(size=(n_terms, side, side)).astype(dtype)
    if np.iscomplexobj(matrices):
        matrices += 1j * rng.normal(size=matrices.shape)
    return list(matrices + matrices.conj().swapaxes(1, 2))


def exact_energies(terms, X):
    coefficients = np.column_stack([np.ones(len(X)), X])
    return np.linalg.eigvalsh(np.tensordot(coefficients, np.array(terms), 1))


def ising_terms(n_spins):
    """Sparse terms of a ring: neighbours s_z s_z, transverse and longitudinal field."""
    return [*ising_chain(n_spins), -sum_over_sites(PAULI_Z, n_spins)]


# ---------------------------------------------------------------- the method


@pytest.mark.parametrize("dtype", [float, complex])
@pytest.mark.parametrize("n_levels", [1, 3])
def test_exact_at_training_rows(dtype, n_levels):
    terms = random_terms(dtype=dtype)
    model = EigenvectorContinuation(terms, n_levels=n_levels).fit(X_TRAIN)
    exact = exact_energies(terms, X_TRAIN)[:, :n_levels]
    assert_allclose(model.predict(X_TRAIN), np.squeeze(exact), rtol=1e-12)
    assert_allclose(model.training_energies_, exact, rtol=1e-12)


@pytest.mark.parametrize("dtype", [float, complex])
@pytest.mark.parametrize("n_snapshot_vectors", [None, 1, 5])
def test_upper_bound_of_every_level(dtype, n_snapshot_vectors):
    terms = random_terms(dtype=dtype)
    model = EigenvectorContinuation(
        terms, n_levels=3, n_snapshot_vectors=n_snapshot_vectors
    ).fit(X_TRAIN)
    energies = model.predict(X_TEST)
    assert energies.shape == (50, 3)
    assert np.all(energies - exact_energies(terms, X_TEST)[:, :3] > -1e-12)
    assert np.all(np.diff(energies) >= 0)


def test_upper_bound_with_hundreds_of_almost_parallel_snapshots():
    terms = [term.toarray() for term in make_noninteracting_spins(64).terms]
    X = np.linspace(-2, 2, 300)[:, np.newaxis]
    model = EigenvectorContinuation(terms, tol=1e-15).fit(X)
    error = model.predict(X) - exact_energies(terms, X)[:, 0]
    assert np.all(np.abs(error) < 1e-14)


def test_more_snapshots_lower_the_bound():
    terms = random_terms()
    few = EigenvectorContinuation(terms).fit(X_TRAIN[:2]).predict(X_TEST)
    more = EigenvectorContinuation(terms).fit(X_TRAIN).predict(X_TEST)
    assert np.all(more <= few + 1e-12)


def test_full_basis_is_exact():
    terms = random_terms(side=6)
    model = EigenvectorContinuation(terms, n_levels=6).fit(X_TRAIN[:1])
    assert model.n_basis_ == 6
    assert_allclose(model.predict(X_TEST), exact_energies(terms, X_TEST), atol=1e-12)


def test_attributes():
    terms = random_terms(dtype=complex)
    model = EigenvectorContinuation(terms, n_snapshot_vectors=2).fit(X_TRAIN)
    basis = model.basis_
    assert basis.shape == (20, model.n_basis_) == (20, 6)
    assert_allclose(basis.conj().T @ basis, np.eye(6), atol=1e-14)
    for term, reduced in zip(terms, model.reduced_terms_, strict=True):
        assert_allclose(reduced, basis.conj().T @ term @ basis, atol=1e-12)
        assert_array_equal(reduced, reduced.conj().T)
    assert_allclose(np.sum(model.singular_values_**2), 6)  # trace of the overlap
    assert (model.n_features_in_, model.n_outputs_) == (2, 1)


# ------------------------------------------------------- published comparisons

# "Parametric matrix models", Nat. Commun. 16, 5929 (2025): N spins without
# interaction, H(c) = sum(s_z + c s_x) / 2N, fitted at five c from -2 to -1/2.
SPIN_ENERGIES = {  # N: energies per spin at c = 2, 1, 0
    2: (-1.1180, -0.7071, -0.5),
    4: (-1.1180, -0.7071, -0.5),
    8: (-0.7754, -0.6024, -0.4988),
    16: (-0.4517, -0.4614, -0.4908),
    32: (-0.2244, -0.3471, -0.4752),
    64: (-0.0850, -0.2716, -0.4595),
    128: (-0.0185, -0.2342, -0.4501),
    256: (-0.0014, -0.2244, -0.4474),
}


def spin_energies_in_closed_form(n_spins, X_train, X):
    """Generalised eigenproblem with overlaps of product states, per spin."""
    angle = np.arctan(X_train[:, 0])
    # Lowest states of s_z + c s_x, with s = Pauli matrices.
    states = np.column_stack([-np.sin(angle / 2), np.cos(angle / 2)])
    overlap = states @ states.T
    s_z, s_x = np.diag([1.0, -1.0]), np.array([[0.0, 1.0], [1.0, 0.0]])
    energies = []
    for (c,) in X:
        single = states @ (s_z + c * s_x) @ states.T / 2
        matrix = single * overlap ** (n_spins - 1)
        energies.append(scipy.linalg.eigh(matrix, overlap**n_spins)[0][0])
    return np.array(energies)


@pytest.mark.parametrize("n_spins", SPIN_ENERGIES)
def test_spins_without_interaction(n_spins):
    spins = make_noninteracting_spins(n_spins)
    X_train, X = spins.X_train, np.array([[2.0], [1.0], [0.0]])
    model = EigenvectorContinuation(spins.terms).fit(X_train)
    assert_allclose(model.predict(X), SPIN_ENERGIES[n_spins], atol=5.1e-5)
    assert_allclose(model.training_energies_[:, 0], spins.y_train, rtol=1e-12)
    # Five snapshots in the three dimensions of two spins: the overlap matrix is
    # singular, and the generalised eigenproblem has no solution.
    assert model.n_basis_ == min(5, n_spins + 1)
    if n_spins > 4:
        closed = spin_energies_in_closed_form(n_spins, X_train, X)
        assert_allclose(model.predict(X), closed, atol=1e-7)
    else:  # the basis is complete
        assert_allclose(model.predict(X), -np.sqrt(1 + X[:, 0] ** 2) / 2, atol=1e-12)


def test_random_matrices_with_a_sine():
    lfd = make_lfd_emulation()
    model = EigenvectorContinuation(lfd.terms).fit(lfd.features(lfd.X_train))
    error = model.predict(lfd.features(lfd.X_test)) - lfd.y_test
    inside, outside = error[lfd.test_interpolation], error[lfd.test_extrapolation]
    assert model.n_basis_ == 9
    assert np.sqrt(np.mean(inside**2)) == pytest.approx(3.83e-5, rel=2e-3)
    assert np.sqrt(np.mean(outside**2)) == pytest.approx(2.96e-2, rel=2e-3)


# ------------------------------------------------------------- types of terms


def as_operators(terms):
    return [aslinearoperator(term) for term in terms]


@pytest.mark.parametrize("largest_dense_side", [500, 10], ids=["lapack", "lanczos"])
@pytest.mark.parametrize("convert", [list, as_operators], ids=["sparse", "operator"])
def test_types_agree(convert, largest_dense_side, monkeypatch):
    monkeypatch.setattr(_hamiltonian, "_LARGEST_DENSE_SIDE", largest_dense_side)
    terms = ising_terms(7)
    X_train, X = np.abs(X_TRAIN) + 0.1, np.abs(X_TEST)
    parameters = {"n_levels": 2, "n_snapshot_vectors": 3}
    dense = EigenvectorContinuation([t.toarray() for t in terms], **parameters)
    other = EigenvectorContinuation(convert(terms), **parameters).fit(X_train)
    assert_allclose(other.predict(X), dense.fit(X_train).predict(X), atol=1e-9)
    assert_allclose(other.training_energies_, dense.training_energies_, atol=1e-9)


def test_complex_lanczos(monkeypatch):
    monkeypatch.setattr(_hamiltonian, "_LARGEST_DENSE_SIDE", 10)
    dense = random_terms(side=60, dtype=complex)
    mixed = [dense[0], sparse.coo_array(dense[1]), aslinearoperator(dense[2])]
    expected = EigenvectorContinuation(dense).fit(X_TRAIN).predict(X_TEST)
    actual = EigenvectorContinuation(mixed).fit(X_TRAIN).predict(X_TEST)
    assert_allclose(actual, expected, atol=1e-10)


def test_many_spins():
    # Side 4096: never a dense matrix.  The energy of the ring in a transverse field
    # g is known: a sum of single-particle energies.
    n_spins = 12
    terms = ising_chain(n_spins)
    X = np.array([[0.6], [1.0], [1.4], [1.8]])
    model = EigenvectorContinuation(terms).fit(X[::2])
    momentum = (np.arange(n_spins) + 0.5) * 2 * np.pi / n_spins
    exact = -np.sqrt(1 + X**2 - 2 * X * np.cos(momentum)).sum(axis=1)
    assert_allclose(model.predict(X[::2]), exact[::2], rtol=1e-12)
    error = model.predict(X) - exact
    assert np.all(error > -1e-10)
    assert np.all(error < 0.3)


def test_ground_states_of_different_symmetry(monkeypatch):
    # The ground state is even for x > 0 and odd for x < 0: Lanczos iterations see
    # only the symmetries of their start vector.
    monkeypatch.setattr(_hamiltonian, "_LARGEST_DENSE_SIDE", 10)
    side = 200
    chain = sparse.csr_array(np.eye(side, k=1) + np.eye(side, k=-1))
    parity = sparse.csr_array(np.fliplr(np.eye(side)))
    terms = [0.1 * chain, -parity]
    X = np.array([[1.0], [-1.0]])
    model = EigenvectorContinuation(terms).fit(X)
    exact = exact_energies([t.toarray() for t in terms], X)[:, 0]
    assert_allclose(model.predict(X), exact, rtol=1e-12)


def test_deterministic(monkeypatch):
    monkeypatch.setattr(_hamiltonian, "_LARGEST_DENSE_SIDE", 10)
    models = [EigenvectorContinuation(ising_terms(8)).fit(X_TRAIN) for _ in range(2)]
    assert_array_equal(models[0].basis_, models[1].basis_)


@pytest.mark.parametrize("dtype", [bool, int, np.float32, np.complex64])
def test_other_precision(dtype):
    terms = [np.array([[1, 1], [1, 0]], dtype), np.eye(2, dtype=dtype)]
    before = [term.copy() for term in terms]
    model = EigenvectorContinuation(terms).fit([[0.5]])
    assert model.predict([[0.5]]) == pytest.approx(1 - np.sqrt(5) / 2, rel=1e-14)
    for term, copy in zip(terms, before, strict=True):
        assert_array_equal(term, copy)
        assert term.dtype == dtype


@pytest.mark.parametrize("convert", [np.asarray, sparse.csr_array])
def test_rounding_of_terms_is_removed(convert):
    terms = random_terms()
    rounded = [convert(term + 1e-8 * np.triu(term)) for term in terms]
    symmetric = [term + 1e-8 * (np.triu(term) + np.triu(term).T) / 2 for term in terms]
    model = EigenvectorContinuation(rounded).fit(X_TRAIN)
    exact = exact_energies(symmetric, X_TRAIN)[:, 0]
    assert_allclose(model.training_energies_[:, 0], exact, rtol=1e-13)
    assert_allclose(model.predict(X_TRAIN), exact, rtol=1e-13)


def test_array_of_terms():
    terms = random_terms()
    model = EigenvectorContinuation(np.array(terms)).fit(X_TRAIN)
    other = EigenvectorContinuation(tuple(terms)).fit(X_TRAIN)
    assert_array_equal(model.predict(X_TEST), other.predict(X_TEST))


# ------------------------------------------------------ directions removed


def test_duplicate_rows_add_nothing():
    terms = random_terms()
    once = EigenvectorContinuation(terms).fit(X_TRAIN)
    twice = EigenvectorContinuation(terms).fit(np.repeat(X_TRAIN, 2, axis=0))
    assert once.n_basis_ == twice.n_basis_ == 3
    assert twice.singular_values_.shape == (6,)
    assert_allclose(twice.predict(X_TEST), once.predict(X_TEST), atol=1e-12)


def test_almost_equal_rows():
    terms = random_terms()
    near = np.vstack([X_TRAIN, X_TRAIN[:1] + 1e-6])
    kept = EigenvectorContinuation(terms).fit(near)
    removed = EigenvectorContinuation(terms, tol=1e-4).fit(near)
    assert (kept.n_basis_, removed.n_basis_) == (4, 3)
    exact = exact_energies(terms, near)[:, 0]
    assert_allclose(kept.predict(near), exact, rtol=1e-12)
    # What is left out counts by its square.
    assert_allclose(removed.predict(near), exact, rtol=1e-10)


def test_more_snapshots_than_dimensions():
    terms = random_terms(side=4)
    model = EigenvectorContinuation(terms).fit(X_TEST)
    assert model.n_basis_ == 4
    assert_allclose(model.predict(X_TEST), exact_energies(terms, X_TEST)[:, 0])


# --------------------------------------------------------------- scikit-learn


def test_clone_pickle_and_parameters():
    terms = random_terms()
    model = EigenvectorContinuation(terms, n_levels=2, tol=1e-8).fit(X_TRAIN)
    assert model.get_params()["terms"] is terms
    for other in (
        clone(model).fit(X_TRAIN),
        pickle.loads(pickle.dumps(model)),
    ):
        assert_array_equal(other.predict(X_TEST), model.predict(X_TEST))
    assert "EigenvectorContinuation" in repr(model)
    assert "EigenvectorContinuation" in model._repr_html_()


def test_score_and_targets_are_optional():
    terms = random_terms()
    y = exact_energies(terms, X_TRAIN)[:, 0]
    assert EigenvectorContinuation(terms).fit(X_TRAIN, y).score(X_TRAIN, y) == (
        pytest.approx(1)
    )


def test_predictions_do_not_depend_on_the_batch():
    model = EigenvectorContinuation(random_terms()).fit(X_TRAIN)
    X = np.random.RandomState(2).uniform(-1, 1, size=(3000, 2))
    rows = [model.predict(X[[i]])[0] for i in (0, 1500, 2999)]
    assert_allclose(model.predict(X)[[0, 1500, 2999]], rows, atol=1e-12)


def test_feature_names():
    pandas = pytest.importorskip("pandas")
    X = pandas.DataFrame(X_TRAIN, columns=["field", "coupling"])
    model = EigenvectorContinuation(random_terms()).fit(X)
    assert list(model.feature_names_in_) == ["field", "coupling"]
    with pytest.raises(ValueError, match="feature names"):
        model.predict(X[["coupling", "field"]])


# ------------------------------------------------------------------ bad input

A, B = np.diag([1.0, 2.0]), np.eye(2)
TRIANGLE = np.array([[1.0, 2.0], [0.0, 1.0]])
NAN = np.array([[1.0, 0.0], [0.0, np.nan]])


@pytest.mark.parametrize(
    ("terms", "error", "words"),
    [
        ([A, TRIANGLE], ValueError, ["terms[1]", "not Hermitian", "2", "triangle"]),
        ([A, sparse.csr_matrix(TRIANGLE)], ValueError, ["terms[1]", "not Hermitian"]),
        ([A, aslinearoperator(TRIANGLE)], ValueError, ["terms[1]", "not Hermitian"]),
        ([1j * A, B], ValueError, ["terms[0]", "not Hermitian"]),
        ([aslinearoperator(1j * A), B], ValueError, ["terms[0]", "not Hermitian"]),
        ([A, np.eye(3)], ValueError, ["terms[1]", "(2, 2)", "(3, 3)"]),
        ([A, np.ones((2, 3))], ValueError, ["terms[1]", "square", "(2, 3)"]),
        ([A, np.ones(4)], ValueError, ["terms[1]", "square", "(4,)"]),
        ([A, np.ones((0, 0))], ValueError, ["terms[1]", "(0, 0)"]),
        ([A, NAN], ValueError, ["terms[1]", "NaN"]),
        ([A, sparse.csr_array(NAN)], ValueError, ["terms[1]", "NaN"]),
        ([A, aslinearoperator(NAN)], ValueError, ["terms[1]", "NaN", "matvec"]),
        ([A, "matrix"], TypeError, ["terms[1]", "numbers", "LinearOperator"]),
        ([A, None], TypeError, ["terms[1]", "numbers", "object"]),
        ([A], ValueError, ["terms", "1 in all", "at least two"]),
        (None, TypeError, ["terms", "None", "list"]),
        (sparse.csr_array(A), TypeError, ["terms", "list"]),
        (aslinearoperator(A), TypeError, ["terms", "list"]),
    ],
)
def test_terms(terms, error, words):
    with pytest.raises(error) as caught:
        EigenvectorContinuation(terms).fit([[0.0]])
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("parameters", "error", "words"),
    [
        ({"n_levels": 0}, ValueError, ["n_levels", "0", "at least 1"]),
        ({"n_levels": 1.0}, TypeError, ["n_levels", "1.0", "integer"]),
        ({"n_levels": 21}, ValueError, ["n_levels=21", "side 20", "reduce"]),
        ({"n_snapshot_vectors": 0}, ValueError, ["n_snapshot_vectors", "0"]),
        ({"n_snapshot_vectors": 30}, ValueError, ["n_snapshot_vectors=30", "side 20"]),
        (
            {"n_levels": 4, "n_snapshot_vectors": 1},
            ValueError,
            ["n_levels=4", "3 independent", "3 snapshots", "n_snapshot_vectors"],
        ),
        ({"tol": -1.0}, ValueError, ["tol", "-1.0"]),
        ({"tol": 1.0}, ValueError, ["tol", "1.0", "less than 1"]),
        ({"tol": "auto"}, TypeError, ["tol", "'auto'", "number"]),
    ],
    ids=str,
)
def test_parameters(parameters, error, words):
    with pytest.raises(error) as caught:
        EigenvectorContinuation(random_terms(), **parameters).fit(X_TRAIN)
    for word in words:
        assert word in str(caught.value)


def test_features():
    model = EigenvectorContinuation(random_terms())
    with pytest.raises(ValueError, match=r"1 columns with 3 terms: give 2 features"):
        model.fit(X_TRAIN[:, :1])
    with pytest.raises(ValueError, match="NaN"):
        model.fit([[0.0, np.nan]])
    with pytest.raises(ValueError, match="Complex"):
        model.fit(X_TRAIN + 1j)
    with pytest.raises(AttributeError, match="not fitted"):
        model.predict(X_TRAIN)
    model.fit(X_TRAIN)
    with pytest.raises(ValueError, match="expecting 2 features"):
        model.predict(X_TRAIN[:, :1])
    with pytest.raises(ValueError, match="NaN"):
        model.predict([[0.0, np.nan]])


def test_failed_fit_keeps_the_model():
    model = EigenvectorContinuation(random_terms()).fit(X_TRAIN)
    before = model.predict(X_TEST)
    with pytest.raises(ValueError, match="columns"):
        model.fit(np.ones((4, 3)))
    with pytest.raises(ValueError, match="n_levels=4"):
        model.set_params(n_levels=4, n_snapshot_vectors=1).fit(X_TRAIN)
    assert_array_equal(model.predict(X_TEST), before)


def test_eigenvectors_not_found(monkeypatch):
    def fail(*args, **kwargs):
        raise ArpackNoConvergence("No convergence.", np.empty(0), np.empty((0, 0)))

    monkeypatch.setattr(_hamiltonian, "_LARGEST_DENSE_SIDE", 10)
    monkeypatch.setattr(_hamiltonian, "eigsh", fail)
    with pytest.raises(ValueError, match=r"X\[0\]=.*convergence.*dense"):
        EigenvectorContinuation(ising_terms(5)).fit(X_TRAIN)


def test_operator_given_by_a_function():
    def matvec(vector):
        return np.arange(20) * np.ravel(vector)

    operator = LinearOperator((20, 20), matvec=matvec, dtype=float)
    terms = random_terms(n_terms=2)
    expected = EigenvectorContinuation([*terms, np.diag(np.arange(20.0))]).fit(X_TRAIN)
    model = EigenvectorContinuation([*terms, operator]).fit(X_TRAIN)
    assert_allclose(model.predict(X_TEST), expected.predict(X_TEST), atol=1e-12)
