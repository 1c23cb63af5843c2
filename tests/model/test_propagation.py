"""States that decay: the exponential, its norm, and every derivative."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.linalg import expm

from pmm_sklearn import model as m

OUTPUTS = [
    ("survival", "", ()),
    ("expectation", "spin", ()),
    ("norm", "", ()),
    ("expectation", "charge", ()),
    ("expectation", "spin", ()),
]
# A time of zero, and one of many squarings.
X = np.array([[0.3, -1.0, 0.7], [1.2, 0.4, 0.0], [0.1, 0.0, 40.0], [-0.5, 2.0, 1.5]])
# In units of one over the time, [[a, b], [b, d]] and its decay: eigenvectors coalesce.
EXCEPTIONAL = np.array([[0.0, 1.0], [1.0, -2.0j]])


def made(matrix_type="hermitian", degree=1, starts_from_eigenstate=False, seed=0):
    pmm = m.dynamics_pmm(
        3,
        degree,
        4,
        matrix_type,
        OUTPUTS,
        starts_from_eigenstate=starts_from_eigenstate,
        decay=True,
    )
    return pmm, 0.3 * pmm.initial(np.random.RandomState(seed))


def differences(function, point, step=1e-6):
    """Central differences by each coordinate, on the last axis."""
    steps = step * np.eye(len(point))
    rows = [(function(point + h) - function(point - h)) / (2 * step) for h in steps]
    return np.stack(rows, axis=-1)


def norms(exponents):
    states, _ = m.Propagation().states(exponents)
    return np.linalg.norm(states, axis=1)


def random_exponents(scale, n_samples=50, side=6, seed=0):
    """Exponents of random levels and rates."""
    rng = np.random.RandomState(seed)
    space, definite = m.HermitianSpace((side,)), m.Definite((side,))
    levels = space.matrices(rng.standard_normal((n_samples, space.size)))
    rates = definite.matrices(0.3 * rng.standard_normal((n_samples, definite.size)))
    return scale * (levels - 1j * rates)


@pytest.mark.parametrize("scale", [0.0, 1e-3, 1.0, 30.0])
def test_states_are_those_of_the_exponential(scale):
    exponents = random_exponents(scale)
    states, _ = m.Propagation().states(exponents)
    expected = np.array([expm(-1j * exponent)[:, 0] for exponent in exponents])
    # But for a phase: the real part of a multiple of the identity is left out.
    mean = np.trace(exponents, axis1=1, axis2=2).real / 6
    assert_allclose(states * np.exp(-1j * mean)[:, np.newaxis], expected, atol=1e-13)


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e3, 1e6, 1e15, 1e100])
def test_the_norm_never_grows(scale):
    exponents = random_exponents(scale)
    rounding = 1e-14 * max(1.0, min(scale, 1e12))
    assert np.all(norms(exponents) <= 1.0 + rounding)
    hermitian = 0.5 * (exponents + exponents.conj().swapaxes(1, 2))
    assert_allclose(norms(hermitian), 1.0, atol=rounding)


def test_samples_of_other_scales_do_not_matter():
    exponents = (
        random_exponents(1.0) * np.logspace(-6, 2, 50)[:, np.newaxis, np.newaxis]
    )
    together, _ = m.Propagation().states(exponents)
    alone = [m.Propagation().states(one[np.newaxis])[0][0] for one in exponents]
    assert_allclose(together, alone, atol=1e-13)


@pytest.mark.parametrize("time", [0.0, 0.3, 1.0, 20.0])
def test_exceptional_points_are_points_like_others(time):
    exponent = time * EXCEPTIONAL
    propagation = m.Propagation()
    # With K = -i + N, N^2 = 0, the state is e^{-t} (1 - i t N) e_0, N = K + i.
    states, saved = propagation.states(exponent[np.newaxis])
    expected = np.exp(-time) * np.array([1.0 + time, -1j * time])
    assert_allclose(states[0], expected, atol=1e-14)
    observable = np.array([[0.2, 0.7], [0.7, -1.0]])

    def value(parts):
        matrix = (parts[:4] + 1j * parts[4:]).reshape(1, 2, 2)
        state = propagation.states(exponent + matrix)[0][0]
        return np.vdot(state, observable @ state).real

    cotangents = 2.0 * (states @ observable)[:, np.newaxis]
    gradient = propagation.pulled_back(exponent, saved, cotangents)[0, 0].ravel()
    found = differences(value, np.zeros(8))
    assert_allclose(np.concatenate([gradient.real, gradient.imag]), found, atol=1e-8)


CASES = pytest.mark.parametrize(
    ("matrix_type", "degree", "starts_from_eigenstate"),
    [("hermitian", 1, False), ("symmetric", 1, True), ("symmetric", 2, False)],
)


@CASES
def test_outputs(matrix_type, degree, starts_from_eigenstate):
    pmm, theta = made(matrix_type, degree, starts_from_eigenstate)
    parameters = pmm.split(theta)
    outputs = pmm.predict(parameters, X)
    monomials = m.Monomials(2, degree).values(X[:, :2])
    *matrices, decay = parameters.matrices
    assert np.all(np.linalg.eigvalsh(decay) >= 0.0)
    for row, factors, time in zip(outputs, monomials, X[:, 2], strict=True):
        generator = np.tensordot(factors, matrices, 1) - 1j * decay
        state = expm(-1j * time * generator)[:, 0]
        spin, charge = parameters.observables
        expected = [abs(state[0]) ** 2, np.vdot(state, spin @ state).real]
        expected += [np.vdot(state, state).real, np.vdot(state, charge @ state).real]
        assert_allclose(row, [*expected, expected[1]], atol=1e-12)


@CASES
def test_jacobian(matrix_type, degree, starts_from_eigenstate):
    pmm, theta = made(matrix_type, degree, starts_from_eigenstate)

    def outputs(theta):
        return pmm.predict(pmm.split(theta), X)

    _, saved = pmm.forward(pmm.split(theta), pmm.inputs(X))
    jacobian = pmm.jacobian(theta, saved)
    assert_allclose(jacobian, differences(outputs, theta), atol=2e-7)
    cotangents = np.random.RandomState(1).standard_normal((len(X), len(OUTPUTS)))
    gradient = pmm.gradient(theta, saved, cotangents)
    assert_allclose(gradient, np.einsum("sk,skp->p", cotangents, jacobian), atol=1e-12)
    direction = np.random.RandomState(2).standard_normal(theta.size)
    linearised = pmm.linearised(theta, saved)
    assert_allclose(linearised.tangents(direction), jacobian @ direction, atol=1e-11)
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
        assert_allclose(row, found, atol=2e-7)


@pytest.mark.parametrize("matrix_type", ["hermitian", "symmetric"])
def test_without_decay_outputs_are_those_of_a_unitary_evolution(matrix_type):
    pmm, theta = made(matrix_type)
    parameters = pmm.split(theta)
    parameters.matrices[-1] = 0.0
    outputs, gradient = pmm.predict_gradient(parameters, X)
    assert_allclose(outputs[:, 2], 1.0, atol=1e-12)
    assert_allclose(gradient[:, 2], 0.0, atol=1e-12)
    columns = [0, 1, 3, 4]
    unitary = m.dynamics_pmm(3, 1, 4, matrix_type, [OUTPUTS[k] for k in columns])
    own = parameters._replace(matrices=parameters.matrices[:-1])
    expected, of_features = unitary.predict_gradient(own, X)
    assert_allclose(outputs[:, columns], expected, atol=1e-12)
    assert_allclose(gradient[:, columns], of_features, atol=1e-11)


def test_a_uniform_decay_is_a_factor():
    pmm, theta = made()
    parameters = pmm.split(theta)
    outputs = pmm.predict(parameters, X)
    parameters.matrices[-1] += 0.2 * np.eye(4)
    factors = np.exp(-0.4 * X[:, 2:])
    assert_allclose(pmm.predict(parameters, X), factors * outputs, atol=1e-13)


def test_another_basis_of_the_other_states_changes_nothing():
    pmm, theta = made()
    parameters = pmm.split(theta)
    unitary = np.eye(4, dtype=complex)
    unitary[1:, 1:] = np.linalg.qr(np.random.RandomState(0).standard_normal((3, 3)))[0]
    turned = parameters._replace(
        matrices=unitary.T @ parameters.matrices @ unitary,
        observables=unitary.T @ parameters.observables @ unitary,
    )
    assert_allclose(pmm.predict(turned, X), pmm.predict(parameters, X), atol=1e-12)


def test_coordinates_and_matrices_are_each_others_inverse():
    pmm, theta = made("symmetric", 2, True)
    parameters = pmm.split(theta)
    again = pmm.split(pmm.join(parameters))
    assert_allclose(again.matrices, parameters.matrices, atol=1e-13)
    assert_allclose(again.observables, parameters.observables, atol=1e-13)
    # The number c of the decay is no part of what is penalised.
    (place,) = pmm.primary.shifts
    assert np.flatnonzero(pmm.without_intercepts(theta) != theta).tolist() == [place]
