"""Levels, gaps, observables and transitions, symmetries and smoothing terms."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import comb
from sklearn.preprocessing import PolynomialFeatures

from pmm_sklearn.model import (
    PMM,
    AffineMatrix,
    Eigensystem,
    EigenvectorOverlap,
    HermitianSpace,
    Levels,
    Monomials,
    NoisePenalty,
    Objective,
    RidgePenalty,
    SpectrumReadout,
    SquaredError,
    matrix_spaces,
)

from ..problems import (
    central_difference,
    random_directions,
    random_matrices,
    random_unitary,
)

OUTPUTS = {
    "levels": [("level", "", ((0, None),)), ("level", "", ((3, None),))],
    "sectors": [("level", "", ((1, 0),)), ("gap", "", ((0, 0), (0, 1)))],
    "matrix elements": [
        ("observable", "a", ((0, 0),)),
        ("observable", "a", ((1, 0),)),
        ("transition", "b", ((0, 0), (2, 0))),
        ("transition", "c", ((0, 0), (0, 1))),
        ("observable", "c", ((0, 1),)),
    ],
    "slopes": [
        ("slope", 0, ((0, 0),)),
        ("level", "", ((1, 0),)),
        ("slope", 1, ((0, 0),)),
        ("slope", 1, ((0, 1),)),
        ("slope", 0, ((2, None),)),
    ],
}
OUTPUTS["everything"] = [output for outputs in OUTPUTS.values() for output in outputs]


def make_model(outputs, matrix_type="hermitian", degree=1, commutator=0.0):
    sizes = (3, 2)
    monomials = Monomials(2, degree)
    space = HermitianSpace(sizes, matrix_type)
    primary = AffineMatrix(monomials, space, commutator=commutator)
    readout = SpectrumReadout(outputs, sizes, matrix_type)
    return PMM(primary, readout.selection, readout, sizes)


def make_objective(model, penalty=None, smoothness=None):
    rng = np.random.RandomState(1)
    X = rng.uniform(-1, 1, size=(7, model.primary.monomials.n_features))
    y = rng.standard_normal((7, model.n_outputs))
    weight = rng.uniform(0.5, 2.0, size=y.shape)
    weight[2, 0] = 0.0
    objective = Objective(
        model, SquaredError(), X, y, weight, penalty or RidgePenalty(0.3), smoothness
    )
    return objective, model.initial(rng)


def assert_derivatives(objective, theta):
    value, gradient = objective.value_and_gradient(theta)
    assert value == pytest.approx(objective.value(theta), rel=1e-13)
    _, jacobian = objective.residuals_and_jacobian(theta)
    directions = random_directions(theta.size)
    numerical = [central_difference(objective.value, theta, d) for d in directions]
    assert_allclose(directions @ gradient, numerical, rtol=1e-5, atol=1e-5)
    numerical = [
        central_difference(lambda t: objective.residuals_and_jacobian(t)[0], theta, d)
        for d in directions
    ]
    assert_allclose(directions @ jacobian.T, numerical, rtol=1e-5, atol=1e-5)
    assert_allclose(
        2 * objective.quadratic_model(theta).gradient * value_slope(objective, theta),
        gradient,
        rtol=1e-9,
        atol=1e-9,
    )


def value_slope(objective, theta):
    penalised = objective.model.without_intercepts(theta)
    residuals, _ = objective.residuals_and_jacobian(theta)
    return objective.penalty.slopes(residuals @ residuals, penalised @ penalised)[0]


@pytest.mark.parametrize("matrix_type", ["hermitian", "symmetric"])
@pytest.mark.parametrize("outputs", OUTPUTS)
def test_derivatives(outputs, matrix_type):
    model = make_model(OUTPUTS[outputs], matrix_type)
    assert_derivatives(*make_objective(model))


@pytest.mark.parametrize("degree", [2, 3])
def test_derivatives_with_polynomials(degree):
    model = make_model(OUTPUTS["everything"], degree=degree)
    assert_derivatives(*make_objective(model, NoisePenalty(14.0, 2.0)))


def test_derivatives_with_a_commutator_term():
    model = make_model(OUTPUTS["everything"], commutator=0.7)
    assert_derivatives(*make_objective(model))


@pytest.mark.parametrize("exponent", [1, 2])
@pytest.mark.parametrize("commutator", [0.0, 0.4])
def test_derivatives_with_an_overlap_penalty(exponent, commutator):
    model = make_model(OUTPUTS["everything"], commutator=commutator)
    paths = [np.linspace([-1, 0.3], [1, -0.2], 5), np.linspace([0, 1], [0, 0], 3)]
    smoothness = EigenvectorOverlap(
        model.primary, model.selection, model.block_sizes, paths, 0.8, exponent
    )
    objective, theta = make_objective(model, NoisePenalty(14.0, 2.0), smoothness)
    assert smoothness.n_residuals == 6 * model.selection.n_states
    assert_derivatives(objective, theta)


def test_overlap_penalty_uses_the_given_eigensolver():
    model = make_model(OUTPUTS["levels"])
    penalty = EigenvectorOverlap(
        model.primary,
        model.selection,
        model.block_sizes,
        [np.linspace([-1.0, 0.3], [1.0, -0.2], 12)],
        1.0,
        eigensolver="none of them",
    )
    with pytest.raises(ValueError, match="none of them"):
        penalty.value(model.primary.initial(np.random.RandomState(0)))


@pytest.mark.parametrize("outputs", OUTPUTS)
def test_terms_and_tangents(outputs):
    model = make_model(OUTPUTS[outputs])
    objective, theta = make_objective(model)
    parameters, inputs = model.split(theta), model.inputs(objective.X)
    outputs, saved = model.forward(parameters, inputs)
    eigensystem, _ = model.eigensystem(parameters.matrices, inputs)
    terms = model.readout.contributions(eigensystem, parameters.observables)
    assert_allclose(terms.sum(axis=2), outputs, atol=1e-12)
    direction = np.random.RandomState(2).standard_normal(theta.size)
    found = model.linearised(theta, saved).tangents(direction)
    assert_allclose(found, model.jacobian(theta, saved) @ direction, atol=1e-10)


def test_all_levels():
    model = make_model(OUTPUTS["sectors"], commutator=0.3)
    matrices = model.split(model.initial(np.random.RandomState(0))).matrices
    X = np.random.RandomState(1).uniform(-1, 1, (5, 2))
    levels = model.levels(matrices, X)
    eigensystem, _ = model.eigensystem(matrices, model.inputs(X))
    assert_allclose(levels, eigensystem.values, atol=1e-12)


def test_overlap_penalty_formula():
    model = make_model(OUTPUTS["sectors"])
    path = np.linspace([-1.0, 0.3], [1.0, -0.2], 4)
    theta = model.initial(np.random.RandomState(0))
    matrices = model.split(theta).matrices
    states, _ = model.eigensystem(matrices, model.primary.inputs(path))
    for exponent in (1, 2):
        expected = 0.0
        for k in range(3):
            step = np.linalg.norm(path[k + 1] - path[k])
            for i in range(states.selected.shape[2]):
                before, after = states.selected[k : k + 2, :, i]
                overlap = abs(np.vdot(before, after)) ** 2
                expected += 2.0 * (1 - overlap) ** exponent / step
        penalty = EigenvectorOverlap(
            model.primary, model.selection, model.block_sizes, [path], 2.0, exponent
        )
        assert penalty.value(theta[: model.primary.size]) == pytest.approx(expected)


def test_overlap_penalty_is_finite_where_nothing_changes():
    model = make_model(OUTPUTS["levels"])
    theta = model.primary.initial(np.random.RandomState(0))
    theta = model.primary.silence(theta, np.array([False, True, True]))
    path = np.linspace([0.0, 0.0], [1.0, 1.0], 3)
    penalty = EigenvectorOverlap(
        model.primary, model.selection, model.block_sizes, [path], 1.0
    )
    residuals, jacobian = penalty.residuals_and_jacobian(theta)
    assert_allclose(residuals, 0, atol=1e-14)
    assert np.all(np.isfinite(jacobian))


def test_outputs_against_their_formulas():
    model = make_model(OUTPUTS["everything"])
    theta = model.initial(np.random.RandomState(3))
    matrices, observables, _ = parameters = model.split(theta)
    X = np.random.RandomState(4).uniform(-1, 1, (4, 2))
    outputs = model.predict(parameters, X)
    for x, z in zip(X, outputs, strict=True):
        H = matrices[0] + x[0] * matrices[1] + x[1] * matrices[2]
        (e0, v0), (e1, v1) = np.linalg.eigh(H[:3, :3]), np.linalg.eigh(H[3:, 3:])
        levels = np.sort(np.concatenate([e0, e1]))
        v0 = np.vstack([v0, np.zeros((2, 3))])
        v1 = np.vstack([np.zeros((3, 2)), v1])
        a, b, c = observables
        expected = [
            levels[0],
            levels[3],
            e0[1],
            e1[0] - e0[0],
            (v0[:, 0].conj() @ a @ v0[:, 0]).real,
            (v0[:, 1].conj() @ a @ v0[:, 1]).real,
            abs(v0[:, 0].conj() @ b @ v0[:, 2]) ** 2,
            abs(v0[:, 0].conj() @ c @ v1[:, 0]) ** 2,
            (v1[:, 0].conj() @ c @ v1[:, 0]).real,
            (v0[:, 0].conj() @ matrices[1] @ v0[:, 0]).real,
            e0[1],
            (v0[:, 0].conj() @ matrices[2] @ v0[:, 0]).real,
            (v1[:, 0].conj() @ matrices[2] @ v1[:, 0]).real,
        ]
        together = np.hstack([v0, v1])[:, np.argsort(np.concatenate([e0, e1]))]
        third = together[:, 2]
        expected.append((third.conj() @ matrices[1] @ third).real)
        assert_allclose(z, expected, rtol=1e-12)
    assert not np.any(observables[0][:3, 3:])
    assert np.any(observables[2][:3, 3:])


@pytest.mark.parametrize("spectrum", [[0, 1, 1, 2, 3], [1, 1, 1, 4, 5]])
def test_sum_of_degenerate_levels_has_a_derivative(spectrum):
    vectors = random_unitary(1, 5)
    matrix = (vectors * np.array(spectrum, float)) @ vectors.conj().swapaxes(1, 2)
    n = 3
    cotangents = np.ones((1, 1, n))
    states = Levels([(k, None) for k in range(n)])

    def total(matrices):
        return Eigensystem(matrices, states).selected_values.sum()

    gradient = Eigensystem(matrix, states).pullback(cotangents)[0, 0]
    direction = random_matrices(2, (5,), 1)
    numerical = central_difference(total, matrix, direction, step=1e-3)
    assert np.trace(gradient @ direction[0]).real == pytest.approx(numerical)


@pytest.mark.parametrize("which", ["pair together", "another level"])
def test_slopes_beside_degenerate_levels(which):
    """Sums over a degenerate pair are smooth, and so are slopes of other levels.

    Where the features leave a pair degenerate, its slopes do not depend on the basis
    of it either; matrices that part it change no sum.
    """
    states = [(0, 0), (1, 0)] if which == "pair together" else [(2, 0)]
    outputs = [("slope", j, (state,)) for j in (0, 1) for state in states]
    primary = AffineMatrix(Monomials(2), HermitianSpace((4,)))
    readout = SpectrumReadout(outputs, (4,))
    model = PMM(primary, readout.selection, readout, (4,))
    basis = random_unitary(3, 4)[0]
    diagonals = np.array(
        [[0.0, 0.0, 1.0, 2.0], [0.1, 0.1, 0.3, -0.2], [-0.2, -0.2, 0.1, 0.2]]
    )
    matrices = (basis * diagonals[:, np.newaxis]) @ basis.conj().T
    theta = primary.join(matrices)
    inputs = model.inputs(np.array([[0.3, -0.4]]))

    def total(theta):
        return model.forward(model.split(theta), inputs)[0].sum()

    _, saved = model.forward(model.split(theta), inputs)
    jacobian = model.jacobian(theta, saved)
    assert np.all(np.isfinite(jacobian))
    gradient = jacobian.sum(axis=(0, 1))
    summed = model.gradient(theta, saved, np.ones((1, len(outputs))))
    assert_allclose(summed, gradient, atol=1e-12)
    for direction in random_directions(theta.size):
        numerical = central_difference(total, theta, direction, step=1e-3)
        assert direction @ gradient == pytest.approx(numerical, rel=1e-6, abs=1e-6)


class TestCommutator:
    def test_term(self):
        model = make_model(OUTPUTS["levels"], commutator=0.7)
        theta = model.initial(np.random.RandomState(0))
        matrices = make_model(OUTPUTS["levels"]).split(theta).matrices
        C = 1j * sum(
            matrices[i] @ matrices[j] - matrices[j] @ matrices[i]
            for i in range(3)
            for j in range(i)
        )
        acting = model.split(theta).matrices
        assert_allclose(acting[0], matrices[0] + 0.7 * C)
        assert_allclose(acting[0], acting[0].conj().T)
        assert_allclose(acting[1:], matrices[1:])

    def test_term_can_be_removed(self):
        model = make_model(OUTPUTS["levels"], commutator=0.7)
        theta = model.primary.initial(np.random.RandomState(0))
        matrices = model.primary.split(theta)
        assert_allclose(model.primary.join(matrices), theta, atol=1e-13)


class TestSymmetry:
    def test_commutes_with_operators(self):
        operators = [random_matrices(0, (4,), 1)[0], np.diag([1.0, 1.0, -1.0, -1.0])]
        for Q in operators:
            _, spaces = matrix_spaces(Monomials(1), (4,), "hermitian", [Q])
            M = spaces[0].matrices(np.random.RandomState(0).randn(spaces[0].size))
            assert_allclose(M @ Q, Q @ M, atol=1e-12)
        _, spaces = matrix_spaces(Monomials(1), (4,), "hermitian", operators)
        assert spaces[0].size == 1  # only the identity commutes with both

    @pytest.mark.parametrize("degree", [1, 3])
    def test_parity_of_the_features(self, degree):
        P = np.diag([1.0, 1.0, -1.0, -1.0])
        monomials = Monomials(2, degree)
        _, spaces = matrix_spaces(monomials, (4,), "hermitian", parity=P)
        primary = AffineMatrix(monomials, spaces)
        matrices = primary.split(np.random.RandomState(0).randn(primary.size))
        X = np.random.RandomState(1).randn(5, 2)
        at_x, _ = primary.forward(matrices, primary.inputs(X))
        mirrored, _ = primary.forward(matrices, primary.inputs(-X))
        assert_allclose(mirrored, P @ at_x @ P, atol=1e-12)
        assert np.ptp(np.linalg.eigvalsh(at_x)) > 0.1

    def test_derivatives_with_fixed_matrices_and_parity(self):
        monomials, sizes = Monomials(2, 2), (3, 2)
        P = np.diag([1.0, -1.0, 1.0, -1.0, 1.0])
        free, spaces = matrix_spaces(monomials, sizes, "hermitian", (), P, (0, 3))
        rng = np.random.RandomState(0)
        offsets = np.zeros((6, 5, 5), complex)
        for i in (0, 3):
            offsets[i] = free[i].matrices(rng.standard_normal(free[i].size))
        primary = AffineMatrix(monomials, spaces, offsets)
        readout = SpectrumReadout(OUTPUTS["everything"], sizes)
        model = PMM(primary, readout.selection, readout, sizes)
        objective, theta = make_objective(model)
        assert_derivatives(objective, theta)
        parameters = model.split(theta)
        assert_allclose(parameters.matrices[[0, 3]], offsets[[0, 3]])
        assert_allclose(model.join(parameters), theta, atol=1e-12)


class TestMonomials:
    @pytest.mark.parametrize("n_features", [1, 3])
    @pytest.mark.parametrize("degree", [1, 2, 4])
    def test_order_is_that_of_scikit_learn(self, n_features, degree):
        X = np.random.RandomState(0).randn(5, n_features)
        expected = PolynomialFeatures(degree).fit(X)
        monomials = Monomials(n_features, degree)
        assert_allclose(monomials.values(X), expected.transform(X))
        assert np.array_equal(monomials.powers, expected.powers_)

    @pytest.mark.parametrize("degree", [1, 2])
    def test_of_features_counted_from_another_point(self, degree):
        X, origin = np.random.RandomState(0).randn(5, 3), np.array([1e9, 0.0, -3.0])
        X[:, 0] = 1e9 + X[:, 0]
        moved, plain = Monomials(3, degree, origin), Monomials(3, degree)
        assert_allclose(moved.values(X), plain.values(X - origin), rtol=1e-15)
        assert_allclose(moved.derivatives(X), plain.derivatives(X - origin), rtol=1e-15)
        assert_allclose(moved.values(X + 1j), plain.values(X - origin + 1j))

    @pytest.mark.parametrize("degree", [1, 2, 4])
    def test_derivatives(self, degree):
        X = np.random.RandomState(0).randn(5, 3)
        X[0] = 0.0
        monomials = Monomials(3, degree)
        derivatives = monomials.derivatives(X)
        for j, direction in enumerate(np.eye(3)):
            numerical = central_difference(monomials.values, X, direction)
            assert_allclose(derivatives[:, :, j], numerical, rtol=1e-8, atol=1e-8)

    @pytest.mark.parametrize("degree", [1, 2, 4])
    def test_derivatives_are_polynomials(self, degree):
        rng = np.random.RandomState(0)
        X, monomials = rng.randn(5, 3), Monomials(3, degree)
        values = monomials.values(X)
        coefficients = rng.randn(monomials.size, 2)
        for j, expected in enumerate(monomials.derivatives(X).transpose(2, 0, 1)):
            found = monomials.derivatives_of_values(values, j)
            assert_allclose(found, expected, rtol=1e-12)
            derivative = monomials.derivative_of_coefficients(coefficients, j)
            assert_allclose(values @ derivative, expected @ coefficients)

    @pytest.mark.parametrize("degree", [1, 2, 4])
    def test_change_of_units(self, degree):
        X = np.random.RandomState(0).randn(5, 3)
        shift, scale = np.array([1.0, -0.3, 0.0]), np.array([2.0, 0.5, 1.0])
        monomials = Monomials(3, degree)
        change = monomials.change_of_units(shift, scale)
        assert_allclose(
            monomials.values(X) @ change.T, monomials.values((X - shift) / scale)
        )

    @pytest.mark.parametrize(("n_features", "degree"), [(1, 9), (2, 3), (4, 2)])
    def test_change_of_units_is_that_of_binomials(self, n_features, degree):
        rng = np.random.RandomState(0)
        shift, scale = rng.randn(n_features), rng.uniform(0.5, 2, n_features)
        monomials = Monomials(n_features, degree)
        higher, lower = monomials.powers[:, np.newaxis], monomials.powers
        factors = comb(higher, lower) * (-shift) ** np.maximum(higher - lower, 0)
        expected = np.prod(factors / scale**higher, axis=2)
        change = monomials.change_of_units(shift, scale)
        assert_allclose(change.toarray(), expected, rtol=1e-12)

    def test_change_of_units_is_sparse(self):
        monomials = Monomials(100, 2)
        change = monomials.change_of_units(np.ones(100), np.ones(100))
        assert change.shape == (5151, 5151)
        assert change.nnz <= 4 * 5151
