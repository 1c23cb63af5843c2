"""Evolution of a state: exact values, and every derivative against differences."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.linalg import expm

from pmm_sklearn import model as m

OUTPUTS = [
    ("survival", "", ()),
    ("expectation", "spin", ()),
    ("expectation", "charge", ()),
    ("expectation", "spin", ()),
]
# A time of zero, where the exponent is degenerate, and a negative one.
X = np.array([[0.3, -1.0, 0.7], [1.2, 0.4, 0.0], [0.1, 0.0, 5.0], [-0.5, 2.0, -1.5]])


def made(matrix_type="hermitian", degree=1, starts_from_eigenstate=False, seed=0):
    pmm = m.dynamics_pmm(
        3,
        degree,
        4,
        matrix_type,
        OUTPUTS,
        starts_from_eigenstate=starts_from_eigenstate,
    )
    return pmm, pmm.initial(np.random.RandomState(seed))


def differences(function, point, step=1e-6):
    """Central differences by each coordinate, on the last axis."""
    steps = step * np.eye(len(point))
    rows = [(function(point + h) - function(point - h)) / (2 * step) for h in steps]
    return np.stack(rows, axis=-1)


CASES = pytest.mark.parametrize(
    ("matrix_type", "degree", "starts_from_eigenstate"),
    [
        ("hermitian", 1, False),
        ("hermitian", 1, True),
        ("symmetric", 1, False),
        ("symmetric", 2, True),
    ],
)


@CASES
def test_outputs_are_those_of_the_exponential(
    matrix_type, degree, starts_from_eigenstate
):
    pmm, theta = made(matrix_type, degree, starts_from_eigenstate)
    parameters = pmm.split(theta)
    outputs = pmm.predict(parameters, X)
    monomials = m.Monomials(2, degree).values(X[:, :2])
    for row, factors, time in zip(outputs, monomials, X[:, 2], strict=True):
        hamiltonian = np.tensordot(factors, parameters.matrices, 1)
        state = expm(-1j * time * hamiltonian)[:, 0]
        charge, spin = parameters.observables[[pmm.readout.names.index("charge"), 0]]
        expected = [abs(state[0]) ** 2]
        expected += [np.vdot(state, own @ state).real for own in (spin, charge, spin)]
        assert_allclose(row, expected, atol=1e-12)
    if starts_from_eigenstate:
        constant = parameters.matrices[0]
        assert_allclose(constant, np.diag(np.diag(constant)), atol=0)


@CASES
def test_jacobian(matrix_type, degree, starts_from_eigenstate):
    pmm, theta = made(matrix_type, degree, starts_from_eigenstate)

    def outputs(theta):
        return pmm.predict(pmm.split(theta), X)

    _, saved = pmm.forward(pmm.split(theta), pmm.inputs(X))
    jacobian = pmm.jacobian(theta, saved)
    assert_allclose(jacobian, differences(outputs, theta), atol=1e-7)
    cotangents = np.random.RandomState(1).standard_normal((len(X), len(OUTPUTS)))
    gradient = pmm.gradient(theta, saved, cotangents)
    assert_allclose(gradient, np.einsum("sk,skp->p", cotangents, jacobian), atol=1e-12)
    direction = np.random.RandomState(2).standard_normal(theta.size)
    linearised = pmm.linearised(theta, saved)
    assert_allclose(linearised.tangents(direction), jacobian @ direction, atol=1e-12)
    assert_allclose(linearised.gradient(cotangents), gradient, atol=1e-12)


@CASES
def test_derivatives_by_parameters_and_time(
    matrix_type, degree, starts_from_eigenstate
):
    pmm, theta = made(matrix_type, degree, starts_from_eigenstate)
    parameters = pmm.split(theta)
    outputs, gradient = pmm.predict_gradient(parameters, X)
    assert_allclose(outputs, pmm.predict(parameters, X), atol=1e-14)
    for row, x in zip(gradient, X, strict=True):
        found = differences(lambda x: pmm.predict(parameters, x[np.newaxis])[0], x)
        assert_allclose(row, found, atol=1e-7)


def test_degenerate_levels_have_exact_derivatives():
    pmm, theta = made("symmetric")
    parameters = pmm.split(theta)
    matrices = np.array([np.diag([1.0, 1.0, 1.0, 2.0]), *parameters.matrices[1:]])
    theta = pmm.join(parameters._replace(matrices=matrices))
    rows = np.array([[0.0, 0.0, 0.7], [0.0, 0.0, 3.0]])

    def outputs(theta):
        return pmm.predict(pmm.split(theta), rows)

    _, saved = pmm.forward(pmm.split(theta), pmm.inputs(rows))
    jacobian = pmm.jacobian(theta, saved)
    assert_allclose(jacobian, differences(outputs, theta), atol=1e-7)


def test_a_constant_energy_changes_nothing():
    pmm, theta = made()
    parameters = pmm.split(theta)
    shifted = parameters.matrices + 3.0 * np.eye(4)
    again = parameters._replace(matrices=shifted)
    assert_allclose(pmm.predict(again, X), pmm.predict(parameters, X), atol=1e-12)


def test_coordinates_and_matrices_are_each_others_inverse():
    pmm, theta = made("symmetric", 2, True)
    assert_allclose(pmm.join(pmm.split(theta)), theta, atol=1e-14)


def test_a_model_of_the_time_alone():
    pmm = m.dynamics_pmm(1, 1, 3, "symmetric", OUTPUTS[:1])
    parameters = pmm.split(pmm.initial(np.random.RandomState(0)))
    assert parameters.matrices.shape == (1, 3, 3)
    state = expm(-2j * parameters.matrices[0])[:, 0]
    outputs, gradient = pmm.predict_gradient(parameters, np.array([[2.0]]))
    assert_allclose(outputs, [[abs(state[0]) ** 2]], atol=1e-12)
    assert gradient.shape == (1, 1, 1)
