"""Generators of quantum problems: published values, and independent solutions."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import scipy.linalg
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from pmm_sklearn.datasets import (
    make_almg,
    make_anharmonic_oscillator,
    make_heisenberg_dm_trotter,
    make_lfd_emulation,
    make_lmg,
    make_noninteracting_spins,
    make_transverse_field_ising,
)
from pmm_sklearn.datasets._operators import PAULI_X, PAULI_Y, PAULI_Z, on_sites
from pmm_sklearn.datasets._trotter import _N_SITES, _energies, _layers, _sectors

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

MAKERS = {
    "almg": (make_almg, (20, 2, 200), 3),
    "trotter": (make_heisenberg_dm_trotter, (10, 2, 1), 3),
    "spins": (make_noninteracting_spins, (5, 0, 201), None),
    "ising": (make_transverse_field_ising, (20, 0, 100), None),
    "lmg": (make_lmg, (10, 0, 101), 5),
    "oscillator": (make_anharmonic_oscillator, (10, 0, 201), 2),
    "lfd": (make_lfd_emulation, (9, 0, 401), None),
}


@pytest.fixture(scope="module")
def problems():
    return {name: make() for name, (make, _, _) in MAKERS.items()}


def dense_levels(terms, X, n_levels):
    """Lowest eigenvalues of the terms, as a user would compute them."""
    terms = [term.toarray() if sparse.issparse(term) else term for term in terms]
    coefficients = np.column_stack([np.ones(len(X)), X])
    return np.linalg.eigvalsh(np.tensordot(coefficients, terms, 1))[:, :n_levels]


# ---------------------------------------------------------------- all of them


@pytest.mark.parametrize("name", MAKERS)
def test_bunch(name, problems):
    _, lengths, n_targets = MAKERS[name]
    problem = problems[name]
    for part, length in zip(("train", "validation", "test"), lengths, strict=True):
        X, y = problem[f"X_{part}"], problem[f"y_{part}"]
        assert X.shape == (length, 1)
        assert y.shape == ((length,) if n_targets is None else (length, n_targets))
        assert X.dtype == y.dtype == np.float64
        assert np.all(np.isfinite(y))
    assert len(problem.target_names) == (n_targets or 1)
    assert len(problem.feature_names) == 1
    # Title, feature, target, points and source.
    for word in ("---", "Feature", "Target", "points", "terms"):
        assert word in problem.DESCR
    assert "{" not in problem.DESCR
    assert max(map(len, problem.DESCR.splitlines())) <= 88


@pytest.mark.parametrize("name", [name for name in MAKERS if name != "trotter"])
def test_calls_share_nothing_and_agree(name, problems):
    state = np.random.mtrand._rand.get_state()[1].copy()
    first = MAKERS[name][0]()
    assert_array_equal(np.random.mtrand._rand.get_state()[1], state)
    for array in (first.X_train, first.y_train, first.y_test, *first.terms):
        array *= 0
    second = MAKERS[name][0]()
    assert_array_equal(second.y_test, problems[name].y_test)
    assert_array_equal(second.X_train, problems[name].X_train)
    assert all(abs(term).max() > 0 for term in second.terms)


@pytest.mark.parametrize("name", MAKERS)
def test_pickle(name, problems):
    copy = pickle.loads(pickle.dumps(problems[name]))
    assert_array_equal(copy.y_test, problems[name].y_test)


@pytest.mark.parametrize("name", ["spins", "ising", "lmg", "oscillator", "almg"])
def test_terms_reproduce_the_energies(name, problems):
    problem = problems[name]
    scale = len(problem.terms[0].toarray()) - 1 if name == "almg" else 1
    n_levels = 2 if name == "almg" else len(problem.target_names)
    rows = slice(None, None, 100 if name == "almg" else 20)
    exact = dense_levels(problem.terms, problem.X_test[rows], n_levels) / scale
    expected = problem.y_test[rows].reshape(len(exact), -1)[:, :n_levels]
    assert_allclose(expected, exact, rtol=1e-10, atol=1e-11)


# ----------------------------------------------------------- single operators


def test_on_sites_is_a_kronecker_product():
    rng = np.random.RandomState(0)
    a, b = rng.normal(size=(2, 2, 2))
    identity = np.eye(2)
    for sites, factors in {
        (0, 1): (a, b, identity),
        (1, 0): (b, a, identity),
        (2, 0): (b, identity, a),
    }.items():
        expected = np.kron(np.kron(*factors[:2]), factors[2])
        assert_allclose(on_sites(np.kron(a, b), sites, 3).toarray(), expected)
    expected = np.kron(np.kron(identity, a), identity)
    assert_allclose(on_sites(a, [1], 3).toarray(), expected)


# -------------------------------------------------------------------- Trotter


def test_trotter_file(problems):
    path = DATA / "trotter" / "DM_training_data.csv"
    if not path.exists():
        pytest.skip(f"no file {path}; original: figure of Nat. Commun. 16, 5929 (2025)")
    trotter = problems["trotter"]
    table = np.genfromtxt(path, delimiter=",", skip_header=1, dtype=None, encoding=None)
    for part, role in {"train": "train", "validation": "val", "test": "target"}.items():
        rows = [list(row)[1:5] for row in table if row[5] == role]
        actual = np.column_stack([trotter[f"X_{part}"], trotter[f"y_{part}"]])
        assert_allclose(actual[:, 0], np.array(rows)[:, 0], atol=5.1e-11)
        assert_allclose(actual[:, 1:], np.array(rows)[:, 1:], atol=5.1e-9)


def test_trotter_exact_energies(problems):
    trotter = problems["trotter"]
    expected = [[-37.07765297, -35.55326110, -34.81039999]]
    assert_allclose(trotter.y_test, expected, atol=5.1e-9)
    assert trotter.norm == pytest.approx(37.07765297, abs=5.1e-9)
    assert np.abs(trotter.X_train).max() == pytest.approx(0.9 * np.pi / trotter.norm)
    energies = np.linalg.eigvalsh(sum(trotter.terms).toarray())
    assert_allclose(trotter.y_test[0], energies[:3], rtol=1e-12)
    assert energies[-1] == pytest.approx(27.66, abs=5e-3)


def test_trotter_terms(problems):
    """The Hamiltonian again, from its formula with Kronecker products."""
    field = np.random.RandomState(281).rand(10)
    s = [PAULI_X / 2, PAULI_Y / 2, PAULI_Z / 2]
    at = [[on_sites(matrix, [i], 10) for matrix in s] for i in range(10)]
    expected = sum(4 * r * site[2] for r, site in zip(field, at, strict=True))
    for left, right in zip(at, [*at[1:], at[0]], strict=True):
        expected += 8 * sum(a @ b for a, b in zip(left, right, strict=True))
        expected += 2.6 * (left[0] @ right[1] - left[1] @ right[0])
    difference = sum(problems["trotter"].terms) - expected
    assert abs(difference).max() < 1e-13


def test_trotter_step_from_exponentials(monkeypatch):
    """Six spins, all eigenvalues of the product of the five exponentials."""
    monkeypatch.setattr("pmm_sklearn.datasets._trotter._N_SITES", 6)
    assert _N_SITES == 10
    layers, dt = _layers(), -0.07
    unitary = np.eye(64)
    for layer in layers:
        term = sum(on_sites(local, sites, 6) for local, sites in layer).toarray()
        unitary = unitary @ scipy.linalg.expm(-1j * dt * term)
    expected = np.sort(-np.angle(np.linalg.eigvals(unitary)) / dt)[:3]
    assert_allclose(_energies(layers, _sectors(), dt)[:3], expected, rtol=1e-11)


def test_trotter_grid(monkeypatch, problems):
    monkeypatch.setattr("pmm_sklearn.datasets._trotter._GRID", (-50, 0, 29))
    trotter = make_heisenberg_dm_trotter(full_grid=True)
    assert trotter.X_grid.shape == (3, 1)
    assert trotter.y_grid.shape == (3, 3)
    assert_array_equal(trotter.y_grid[0], trotter.y_train[0])
    assert_array_equal(trotter.y_grid[1], trotter.y_test[0])
    assert_array_equal(trotter.y_grid[2], trotter.y_validation[1])
    assert "X_grid" not in problems["trotter"]


# ---------------------------------------------------------------------- spins


@pytest.mark.parametrize("n_spins", [1, 3, 6])
def test_noninteracting_spins_in_the_full_space(n_spins):
    spins = make_noninteracting_spins(n_spins)
    terms = [
        sum(on_sites(matrix, [i], n_spins) for i in range(n_spins)) / (2 * n_spins)
        for matrix in (PAULI_Z, PAULI_X)
    ]
    X = spins.X_test[::20]
    assert_allclose(dense_levels(terms, X, 1)[:, 0], spins.y_test[::20], rtol=1e-13)
    assert_allclose(
        dense_levels(spins.terms, X, 1)[:, 0], spins.y_test[::20], rtol=1e-13
    )
    assert_array_equal(spins.X_train[:, 0], [-2, -1.625, -1.25, -0.875, -0.5])


@pytest.mark.parametrize("periodic", [True, False])
def test_ising_from_kronecker_products(periodic):
    chain = make_transverse_field_ising(4, 0.7, n_levels=3, periodic=periodic)
    x, z = (
        [np.kron(np.kron(np.eye(2**i), matrix), np.eye(2 ** (3 - i))) for i in range(4)]
        for matrix in (PAULI_X, PAULI_Z)
    )
    pairs = [(0, 1), (1, 2), (2, 3), (3, 0)][: 4 if periodic else 3]
    terms = [-0.7 * sum(z[i] @ z[j] for i, j in pairs), -sum(x)]
    assert chain.y_train.shape == (20, 3)
    assert_allclose(chain.y_train, dense_levels(terms, chain.X_train, 3), atol=1e-13)
    assert chain.target_names == ["E0", "E1", "E2"]


def test_ising_ring_from_free_fermions():
    chain = make_transverse_field_ising(6, 1.5)
    momentum = (np.arange(6) + 0.5) * np.pi / 3
    g = chain.X_test
    exact = -np.sqrt(1.5**2 + g**2 - 3 * g * np.cos(momentum)).sum(axis=1)
    assert_allclose(chain.y_test, exact, rtol=1e-13)


@pytest.mark.parametrize("n_spins", [2, 7])
def test_lmg_from_single_spins(n_spins):
    lmg = make_lmg(n_spins, n_levels=1)
    s_x, s_y, s_z = (
        sum(on_sites(matrix / 2, [i], n_spins) for i in range(n_spins)).toarray()
        for matrix in (PAULI_X, PAULI_Y, PAULI_Z)
    )
    # The ground state has the largest total spin, which makes it part of our basis.
    terms = [-s_z, -2 / n_spins * (s_x @ s_x - s_y @ s_y / 2)]
    assert_allclose(lmg.y_test, dense_levels(terms, lmg.X_test, 1), atol=1e-12)
    c = lmg.X_test[40, 0]
    ground = np.linalg.eigh(terms[0] + c * terms[1])[1][:, 0]
    for name, operator in {
        "squared_s_x": s_x @ s_x / n_spins**2,
        "s_z": s_z / n_spins,
    }.items():
        expected = np.vdot(ground, operator @ ground).real
        assert lmg.observables[name].y_test[40] == pytest.approx(expected, rel=1e-10)


def test_lmg_observables(problems):
    observables = problems["lmg"].observables
    for name, high in {"squared_s_x": 0.6, "s_z": 0.55}.items():
        data = observables[name]
        assert data.X_train.shape == (20, 1)
        assert data.y_train.shape == (20,)
        assert data.y_test.shape == (101,)
        assert not np.any((data.X_train > 0.4) & (data.X_train < high))
        assert data.X_train.max() == 1
    # Mean field: cos(theta) = 1 / 2c beyond the transition.
    assert observables.s_z.y_test[100] == pytest.approx(1 / 4, abs=0.01)
    assert observables.squared_s_x.y_test[100] == pytest.approx(3 / 16, abs=0.01)


def test_oscillator(problems):
    """Perturbation theory for small g, and the depth of the spectrum for g < 0."""
    oscillator = problems["oscillator"]
    assert_allclose(oscillator.y_test[100], [0, 1], atol=1e-12)
    slope = (oscillator.y_test[101] - oscillator.y_test[100]) / 1e-4
    assert_allclose(slope, [3, 15], rtol=0.02)
    assert oscillator.y_test.min() == pytest.approx(-1199.3, abs=0.1)
    assert oscillator.terms[0].shape == (100, 100)


def test_lfd(problems):
    lfd = problems["lfd"]
    assert np.std(lfd.y_test) == pytest.approx(1.71, abs=5e-3)
    assert_array_equal(lfd.test_interpolation, ~lfd.test_extrapolation)
    assert np.abs(lfd.X_test[lfd.test_interpolation]).max() <= 2
    assert np.abs(lfd.X_test[lfd.test_extrapolation]).min() > 2
    features = lfd.features(lfd.X_test)
    assert features.shape == (401, 3)
    exact = dense_levels(lfd.terms, features, 1)[:, 0]
    assert_allclose(lfd.y_test, exact, atol=1e-12)


# ------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("make", "arguments", "error", "message"),
    [
        (make_heisenberg_dm_trotter, {"full_grid": 1}, TypeError, "full_grid.*1"),
        (make_noninteracting_spins, {"n_spins": 0}, ValueError, "n_spins.*1, got 0"),
        (make_noninteracting_spins, {"n_spins": True}, TypeError, "n_spins.*True"),
        (make_transverse_field_ising, {"n_sites": 1}, ValueError, "n_sites.*2, got 1"),
        (make_transverse_field_ising, {"coupling": np.inf}, ValueError, "coupling"),
        (make_transverse_field_ising, {"periodic": 0}, TypeError, "periodic.*True or"),
        (
            make_transverse_field_ising,
            {"n_sites": 2, "n_levels": 5},
            ValueError,
            "n_levels=5 is more than the 4 levels with n_sites=2: give at most 4",
        ),
        (make_lmg, {"n_levels": 0}, ValueError, "n_levels must be at least 1, got 0"),
        (make_lmg, {"n_spins": 3}, ValueError, "n_levels=5 .*n_spins=3: give at most"),
        (make_anharmonic_oscillator, {"n_max": 1}, ValueError, "n_max.*2, got 1"),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_bad_arguments(make, arguments, error, message):
    with pytest.raises(error, match=message):
        make(**arguments)
