"""Matrices of low rank."""

import copy
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import make_regression

from pmm_sklearn import PMMRegressor
from pmm_sklearn.model import READOUTS, HermitianSpace, LowRank, observable_pmm

from ..problems import central_difference, make_objective, random_directions

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

MATRIX_TYPES = pytest.mark.parametrize("matrix_type", ["hermitian", "symmetric"])
# Of each output, for two states.
N_OBSERVABLES = {"expectation": 2, "transition": 3, "density": 1}
RANKS = [(1, 1), (3, 2), (2, None), (None, 2)]


def small(**parameters):
    defaults = {"matrix_size": 4, "n_eigenvectors": 2, "max_iter": 15, "n_init": 1}
    defaults |= {"rank": 2, "random_state": 0}
    return PMMRegressor(**{**defaults, **parameters})


@pytest.fixture(scope="module")
def data():
    X = np.random.RandomState(0).uniform(-1, 1, size=(40, 2))
    return X, np.column_stack([np.sin(2 * X[:, 0]) * X[:, 1], X[:, 0] ** 2])


@MATRIX_TYPES
@pytest.mark.parametrize("readout", READOUTS)
@pytest.mark.parametrize("rank", RANKS, ids=str)
def test_derivatives(readout, matrix_type, rank):
    structure = {"block_sizes": (4,), "rank": rank}
    objective, theta = make_objective(readout, matrix_type, structure)
    directions = random_directions(theta.size)
    _, gradient = objective.value_and_gradient(theta)
    numerical = [central_difference(objective.value, theta, d) for d in directions]
    assert_allclose(directions @ gradient, numerical, rtol=1e-6, atol=1e-5)
    _, jacobian = objective.residuals_and_jacobian(theta)
    numerical = [
        central_difference(lambda t: objective.residuals_and_jacobian(t)[0], theta, d)
        for d in directions
    ]
    assert_allclose(directions @ jacobian.T, numerical, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("n", "rank_primary", "r", "rank_secondary", "q", "expected"),
    [
        (17, 1, 5, 5, 10, 95176),  # CIFAR-10
        (15, 1, 3, 3, 100, 115570),  # CIFAR-100
        (15, 3, 5, 5, 10, 206920),  # SVHN
        (15, 1, 3, 3, 10, 66880),  # STL-10 and CINIC-10
        (17, 1, 3, 3, 257, 227207),  # Caltech256
    ],
)
def test_parameter_counts_of_the_paper(n, rank_primary, r, rank_secondary, q, expected):
    rank = (rank_primary, rank_secondary)
    model = observable_pmm(2048, q, (n,), r, readout="transition", rank=rank)
    assert model.n_parameters == expected


@MATRIX_TYPES
@pytest.mark.parametrize("rank", [1, 2, 3, 5])
class TestSpace:
    def test_matrices_are_hermitian_and_of_that_rank(self, matrix_type, rank):
        space = LowRank(5, rank, matrix_type)
        theta = np.random.RandomState(0).standard_normal((3, 2, space.size))
        matrices = space.matrices(theta)
        assert matrices.dtype == HermitianSpace((5,), matrix_type).dtype
        assert_allclose(matrices, matrices.conj().swapaxes(-1, -2))
        assert np.all(np.linalg.matrix_rank(matrices) == rank)

    def test_coordinates_are_the_shortest(self, matrix_type, rank):
        space = LowRank(5, rank, matrix_type)
        theta = np.random.RandomState(0).standard_normal((3, space.size))
        matrices = space.matrices(theta)
        shortest = space.coordinates(matrices)
        assert_allclose(space.matrices(shortest), matrices, atol=1e-12)
        nuclear = np.abs(np.linalg.eigvalsh(matrices)).sum(axis=1)
        assert_allclose(np.sum(shortest**2, axis=1), nuclear)
        assert np.all(nuclear <= np.sum(theta**2, axis=1) + 1e-12)

    def test_starts_are_as_large_as_full_matrices(self, matrix_type, rank):
        space = LowRank(5, rank, matrix_type)
        theta = np.random.RandomState(0).standard_normal((20000, space.size))
        matrices = space.matrices(space.start_scale * theta)
        squares = np.sum(np.abs(matrices) ** 2, axis=(1, 2))
        # Overlaps of the vectors, of alternating sign, make up for the rest.
        full = HermitianSpace((5,), matrix_type).size
        assert squares.mean() == pytest.approx(full, rel=0.25)


@pytest.mark.parametrize("readout", READOUTS)
@pytest.mark.parametrize("rank", RANKS, ids=str)
def test_matrices_that_act_are_full_ones(readout, rank):
    model = observable_pmm(3, 2, (5,), 2, readout=readout, rank=rank)
    parameters = model.split(model.initial(np.random.RandomState(0)))
    assert [array.shape for array in parameters[:2]] == [
        (4, 5, 5),
        (2, N_OBSERVABLES[readout], 5, 5),
    ]
    X = np.random.RandomState(1).uniform(-1, 1, size=(6, 3))
    full = observable_pmm(3, 2, (5,), 2, readout=readout)
    outputs = model.predict(parameters, X)
    assert_allclose(full.predict(parameters, X), outputs, atol=1e-12)
    again = model.split(model.join(parameters))
    assert_allclose(model.predict(again, X), outputs, atol=1e-10)


def test_none_means_full_matrices(data):
    fits = [small(rank=rank).fit(*data) for rank in (None, (None, None))]
    assert_array_equal(fits[0].matrices_, fits[1].matrices_)
    assert fits[0].n_parameters_ == 3 * 16 + 2 * 2 * 16 + 2


@pytest.mark.parametrize("solver", ["lm", "lbfgs", "adam"])
def test_solvers_learn(data, solver):
    max_iter = 200 if solver == "adam" else 40
    model = small(solver=solver, rank=(2, 3), max_iter=max_iter, batch_size=8)
    assert model.fit(*data).score(*data) > 0.9


@MATRIX_TYPES
@pytest.mark.parametrize("readout", READOUTS)
def test_fitted_matrices_are_full_ones(data, matrix_type, readout):
    model = small(matrix_type=matrix_type, readout=readout).fit(*data)
    assert model.matrices_.shape == (3, 4, 4)
    assert model.observables_.shape[2:] == (4, 4)
    assert_array_equal(np.linalg.matrix_rank(model.matrices_[1:]), [2, 2])
    assert np.all(np.linalg.matrix_rank(model.observables_, tol=1e-9) == 2)
    floats = 16 if matrix_type == "hermitian" else 8
    n_secondary = 2 * N_OBSERVABLES[readout]
    assert model.n_parameters_ == (3 + n_secondary) * floats + 2


@pytest.mark.parametrize("readout", READOUTS)
def test_units_do_not_matter(data, readout):
    X, y = data
    model = small(readout=readout, alpha=1e-3)
    expected = model.fit(X, y).predict(X)
    predicted = model.fit(50 * X + 3, 7 * y - 1).predict(50 * X + 3)
    assert_allclose((predicted + 1) / 7, expected, atol=1e-6)


def test_constant_columns_have_no_influence(data):
    X, y = data
    constant = np.full(len(X), 4.0)
    model = small().fit(np.column_stack([X, constant]), np.column_stack([y, constant]))
    assert_array_equal(model.matrices_[3], np.zeros((4, 4)))
    shifted = np.column_stack([X, constant + 1])
    assert_allclose(model.predict(shifted)[:, 2], 4.0)


class TestWarmStart:
    @pytest.mark.parametrize("readout", READOUTS)
    def test_continues(self, data, readout):
        X, y = data
        model = small(warm_start=True, readout=readout, tol=0).fit(X, y)
        before = model.loss_
        model.set_params(max_iter=1).fit(X, y)
        # Orthogonal vectors of the same matrices are penalised no more.
        assert model.loss_ <= before * (1 + 1e-9)

    def test_survives_a_change_of_units(self, data):
        X, y = data
        model = small(warm_start=True, tol=0).fit(X, y)
        other = copy.deepcopy(model)
        other.matrices_[1:] /= 50
        other.matrices_[0] -= 3 * other.matrices_[1:].sum(axis=0)
        other.observables_ *= 7
        other.intercept_ = 7 * other.intercept_ - 1
        model.set_params(max_iter=3).fit(X, y)
        other.set_params(max_iter=3).fit(50 * X + 3, 7 * y - 1)
        assert_allclose(other.loss_curve_, model.loss_curve_, rtol=1e-6)

    def test_another_rank_is_refused(self, data):
        model = small(warm_start=True).fit(*data)
        with pytest.raises(ValueError, match=r"rank=\(2, 2\), got \(2, None\)"):
            model.set_params(rank=(2, None)).fit(*data)


@pytest.mark.parametrize(
    ("parameters", "error", "words"),
    [
        ({"rank": 0}, ValueError, ["rank=0", "at least 1"]),
        ({"rank": 5}, ValueError, ["rank=5", "matrix_size=4", "None"]),
        ({"rank": (1, 5)}, ValueError, ["rank=(1, 5)", "matrix_size=4"]),
        ({"rank": (1, 2, 3)}, ValueError, ["(1, 2, 3)", "rank_secondary"]),
        ({"rank": ()}, ValueError, ["()", "pair"]),
        ({"rank": 1.0}, TypeError, ["rank", "1.0", "integer"]),
        ({"rank": True}, TypeError, ["rank", "True", "integer"]),
        ({"rank": "1"}, TypeError, ["rank", "'1'", "integer"]),
        ({"rank": (1, "2")}, TypeError, ["rank", "(1, '2')", "integer"]),
        ({"matrix_size": (2, 2)}, ValueError, ["rank=2", "(2, 2)", "matrix_size=4"]),
        ({"rank": 1}, ValueError, ["rank=1", "n_features=2", "to 3", "rank to 2"]),
    ],
    ids=str,
)
def test_bad_rank(data, parameters, error, words):
    with pytest.raises(error) as caught:
        small(**parameters).fit(*data)
    for word in words:
        assert word in str(caught.value)


def test_sectors_keep_full_matrices(data):
    model = small(rank=(None, None), matrix_size=(2, 2)).fit(*data)
    assert clone(model).rank == (None, None)


def test_thousands_of_features():
    X, y = make_regression(300, 2048, n_informative=20, n_targets=2, random_state=0)
    model = small(
        matrix_size=15,
        n_eigenvectors=3,
        readout="transition",
        rank=(1, 3),
        solver="adam",
        batch_size=64,
        max_iter=6,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", ".*no better than the mean")
        model.fit(X, y)
    assert model.n_parameters_ == 2049 * 30 + 2 * (6 * 90 + 1)
    assert model.loss_curve_[-1] < 0.8 * model.loss_curve_[0]
