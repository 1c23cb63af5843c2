"""Functions of a spectrum: curves, sums, logarithms, functions of users."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import trapezoid

from pmm_sklearn.model import (
    PMM,
    AffineMatrix,
    ColumnUnits,
    ComposedReadout,
    Eigensystem,
    HermitianSpace,
    Levels,
    Monomials,
    Objective,
    RidgePenalty,
    SquaredError,
    states_of_strength,
)
from pmm_sklearn.model.functions import Point, Strength, custom_gradient

from ..problems import central_difference, random_directions

SIZES = 3, 2
ENERGIES = (-2.0, 0.1, 0.7, 3.0)
COLUMNS = [
    ("level", "", ((0, 0),)),
    ("gap", "", ((0, 0), (1, 0))),
    ("observable", "a", ((1, 0),)),
    ("slope", 1, ((0, 1),)),
    ("transition", "b", ((0, 0), (2, 0))),
]


def curve(
    name="d", width=0.6, shape="lorentzian", vector="constant", states=None, sector=None
):
    return "strength", name, ENERGIES, width, shape, vector, states, sector


def product(a, b):
    return a * b**2 + np.sin(a)


def its_gradient(a, b):
    return b**2 + np.cos(a), 2 * a * b


OF_COLUMNS = ("column", 2), ("column", 3)
FUNCTIONS = {
    "log of a gap": [("log", ("column", 1))],
    "log of a transition": [("log", ("column", 4))],
    "custom": [("custom", product, None, OF_COLUMNS)],
    "custom with gradient": [("custom", product, its_gradient, OF_COLUMNS)],
    "nested": [
        ("custom", product, None, (("log", ("column", 1)), ("sum", "d", 1, None))),
        curve(),
        ("column", 0),
    ],
    "lorentzian": [curve()],
    "gaussian": [curve(shape="gaussian")],
    "learned width": [curve(width="learned")],
    "affine": [curve(width="affine", vector="affine", shape="gaussian")],
    "two fields": [
        ("column", 3),
        curve("e", "learned", states=0.5, sector=0),
        curve("d", "affine", vector="affine", states=(1, 4)),
        ("sum", "e", 2, None),
        ("sum", "d", -1, -7.0),
        ("sum", "d", -1, 0.0),
        ("log", ("sum", "d", 0, None)),
    ],
}


def make_model(functions, matrix_type="hermitian", degree=1, has_units=True):
    readout = ComposedReadout(COLUMNS, functions, SIZES, matrix_type, 2)
    rng = np.random.RandomState(3)
    if has_units:
        units = ColumnUnits(
            rng.uniform(-1, 1, readout.n_columns) * (np.arange(readout.n_columns) > 4),
            rng.uniform(0.5, 2, readout.n_columns),
            rng.uniform(-1, 0, len(readout.widths)),
        )
        readout = ComposedReadout(COLUMNS, functions, SIZES, matrix_type, 2, units)
    primary = AffineMatrix(Monomials(2, degree), HermitianSpace(SIZES, matrix_type))
    return PMM(primary, readout.selection, readout, SIZES)


@pytest.mark.parametrize("matrix_type", ["hermitian", "symmetric"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_derivatives_by_parameters(name, matrix_type):
    model = make_model(FUNCTIONS[name], matrix_type)
    rng = np.random.RandomState(1)
    X = rng.uniform(-1, 1, size=(6, 2))
    y = rng.standard_normal((6, model.n_outputs))
    weight = rng.uniform(0.5, 2.0, size=y.shape)
    weight[2, 0] = 0.0
    penalty = RidgePenalty(0.3)
    objective = Objective(model, SquaredError(), X, y, weight, penalty)
    theta = model.initial(rng)
    theta[-model.readout.n_intercepts or len(theta) :] += 0.1
    _, gradient = objective.value_and_gradient(theta)
    directions = random_directions(theta.size, 2)
    step = 1e-4
    numerical = [
        central_difference(objective.value, theta, d, step) for d in directions
    ]
    assert_allclose(directions @ gradient, numerical, rtol=1e-5, atol=1e-5)
    _, jacobian = objective.residuals_and_jacobian(theta)
    numerical = [
        central_difference(
            lambda t: objective.residuals_and_jacobian(t)[0], theta, d, step
        )
        for d in directions
    ]
    assert_allclose(directions @ jacobian.T, numerical, rtol=1e-5, atol=1e-5)
    free = objective.matrix_free_model(theta)
    assert_allclose(2 * free.gradient, gradient, rtol=1e-9, atol=1e-9)
    parameters = model.split(theta)
    _, saved = model.forward(parameters, model.inputs(X))
    linear = model.linearised(theta, saved)
    tangents = linear.tangents(directions[0])
    expected = model.jacobian(theta, saved) @ directions[0]
    assert_allclose(tangents, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("degree", [1, 2])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_derivatives_by_features(name, degree):
    model = make_model(FUNCTIONS[name], degree=degree)
    rng = np.random.RandomState(1)
    X = rng.uniform(-1, 1, size=(5, 2))
    parameters = model.split(model.initial(rng))
    outputs, gradient = model.predict_gradient(parameters, X)
    assert_allclose(outputs, model.predict(parameters, X))
    for feature in (0, 1):
        numerical = central_difference(
            lambda x: model.predict(parameters, x), X, np.eye(2)[feature]
        )
        assert_allclose(gradient[..., feature], numerical, rtol=1e-5, atol=1e-6)


def test_split_and_join_are_inverse():
    model = make_model(FUNCTIONS["two fields"])
    theta = model.initial(np.random.RandomState(0))
    assert_allclose(model.join(model.split(theta)), theta)


@pytest.mark.parametrize("shape", ["lorentzian", "gaussian"])
def test_peaks_have_integral_one_and_their_width(shape):
    energies = np.linspace(-400, 400, 400_001)
    strength = Strength([0], [1], energies, shape, 0.5)
    peak = strength.value(Point(np.array([[1.0, 1.0]]), np.empty((1, 0))))[0]
    assert trapezoid(peak, energies) == pytest.approx(1.0, abs=1e-3)
    half = energies[peak >= 0.5 * peak.max()]
    factor = 1.0 if shape == "lorentzian" else np.sqrt(2 * np.log(2))
    assert np.ptp(half) == pytest.approx(factor, abs=0.01)


def test_a_curve_is_that_of_a_resolvent():
    """Of a Lorentzian: the imaginary part of a diagonal element, over pi."""
    model = make_model([curve()], has_units=False)
    rng = np.random.RandomState(2)
    parameters = model.split(model.initial(rng))
    X = rng.uniform(-1, 1, size=(3, 2))
    (vector,) = model.readout.vectors.split(parameters.intercept)[0]
    for x, found in zip(X, model.predict(parameters, X), strict=True):
        H = np.tensordot([1.0, *x], parameters.matrices, axes=1)
        for energy, value in zip(ENERGIES, found, strict=True):
            solved = np.linalg.solve((energy + 0.6j) * np.eye(5) - H, vector)
            assert value == pytest.approx(-(vector.conj() @ solved).imag / np.pi)


def test_sums_are_of_the_states_above_an_energy():
    outputs = make_model(
        [curve(), ("sum", "d", 2, 0.3), ("sum", "d", 2, None)], has_units=False
    )
    rng = np.random.RandomState(2)
    parameters = outputs.split(outputs.initial(rng))
    X = rng.uniform(-1, 1, size=(3, 2))
    system, _ = outputs.eigensystem(parameters.matrices, outputs.inputs(X))
    (vector,) = outputs.readout.vectors.split(parameters.intercept)[0]
    strengths = np.abs(system.vectors.conj().swapaxes(1, 2) @ vector) ** 2
    terms = system.values**2 * strengths
    found = outputs.predict(parameters, X)[:, -2:]
    assert_allclose(found[:, 1], terms.sum(axis=1))
    assert_allclose(found[:, 0], np.where(system.values > 0.3, terms, 0).sum(axis=1))
    assert np.all(found[:, 0] < found[:, 1])


@pytest.mark.parametrize("gap", [0.0, 1e-13, 1e-9, 1e-5])
def test_curves_do_not_see_how_close_levels_are(gap):
    """Derivatives of the whole curve at and near a degeneracy."""
    functions = [("strength", "d", ENERGIES, 0.6, "lorentzian", "constant", None, None)]
    readout = ComposedReadout([], functions, (3,), "hermitian", 1)
    primary = AffineMatrix(Monomials(1), HermitianSpace((3,), "hermitian"))
    model = PMM(primary, readout.selection, readout, (3,))
    rng = np.random.RandomState(0)
    theta = model.initial(rng)
    parameters = model.split(theta)
    basis = np.linalg.qr(parameters.matrices[1])[0]
    levels = np.diag([0.4, 0.4 + gap, 1.7])
    parameters.matrices[0] = basis @ levels @ basis.conj().T
    theta = model.join(parameters)
    inputs = np.array([[1.0, 0.0]])
    outputs, saved = model.forward(model.split(theta), inputs)
    jacobian = model.jacobian(theta, saved)
    for direction in random_directions(theta.size, 3):
        numerical = central_difference(
            lambda t: model.forward(model.split(t), inputs)[0], theta, direction
        )
        assert_allclose(jacobian[0] @ direction, numerical[0], rtol=1e-5, atol=1e-6)
        tangents = model.linearised(theta, saved).tangents(direction)
        assert_allclose(tangents[0], numerical[0], rtol=1e-5, atol=1e-6)
    cotangents = rng.standard_normal(outputs.shape)
    gradient = model.gradient(theta, saved, cotangents)
    assert_allclose(gradient, cotangents[0] @ jacobian[0], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("states", "sector", "sizes", "expected"),
    [
        (None, None, (3,), [(0, 0), (1, 0), (2, 0)]),
        (2, None, (3, 2), [(0, None), (1, None)]),
        ((1, 3), 1, (2, 4), [(1, 1), (2, 1)]),
        (0.5, 0, (6,), [(1, 0), (2, 0), (3, 0)]),
        (0.01, 0, (5,), [(2, 0)]),
    ],
)
def test_states_of_strengths(states, sector, sizes, expected):
    assert list(states_of_strength(states, sector, sizes)) == expected


@pytest.mark.parametrize(
    "function",
    [
        lambda a, b: a / b,
        lambda a, b: np.abs(a) * np.maximum(b, 0.1),
        lambda a, b: np.vectorize(lambda x, y: float(x) * float(y))(a, b),
    ],
)
def test_gradients_of_plain_functions(function):
    a, b = np.array([0.3, -2.0]), np.array([1.5, 0.2])
    found = custom_gradient(function, a, b)
    for i, step in enumerate(np.eye(2)):
        expected = central_difference(
            lambda x: function(*x), np.array([a, b]), step[:, None]
        )
        assert_allclose(found[i], expected, rtol=1e-6)


def test_levels_that_are_not_selected_do_not_matter():
    functions = [curve(states=(1, 2), sector=0)]
    readout = ComposedReadout([], functions, SIZES, "symmetric", 2)
    assert readout.selection.levels == ((1, 0),)
    eigensystem = Eigensystem(
        np.diag([1.0, 2.0, 3.0, 4, 5])[np.newaxis], Levels([(1, 0)])
    )
    eigensystem.features = np.zeros((1, 2))
    vector = np.array([9.0, 2.0, 9.0, 9.0, 9.0])
    found, _ = readout.forward(eigensystem, np.empty((0, 5, 5)), vector)
    distance = np.array(ENERGIES) - 2.0
    assert_allclose(found[0], 4 * 0.6 / np.pi / (distance**2 + 0.36))
