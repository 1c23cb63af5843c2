"""Readouts against their formulas, written out, and what every one of them offers."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pmm_sklearn.model import (
    READOUTS,
    Eigensystem,
    HermitianSpace,
    observable_pmm,
    rescaled,
)
from pmm_sklearn.model.readouts import Centring, Readout

from ..problems import central_difference, make_station, random_matrices

N_SAMPLES, SIDE, N_STATES, N_OUTPUTS = 4, 5, 3, 2


def centred_square(amplitude, observable):
    return abs(amplitude) ** 2 - 0.5 * np.linalg.norm(observable, 2) ** 2


# Of readouts that are sums over matrix elements; the others have files of their own.
FORMULAS = {
    "expectation": lambda amplitude, observable: amplitude.real,
    "transition": centred_square,
}


def random_case(readout, matrix_type="hermitian"):
    """Station, eigensystem and observables."""
    space = HermitianSpace((SIDE,), matrix_type)
    station, selection = make_station(readout, N_OUTPUTS, N_STATES, space)
    matrices = random_matrices(0, (SIDE,), N_SAMPLES, matrix_type)
    theta = np.random.RandomState(1).standard_normal(station.size)
    return station, Eigensystem(matrices, selection), station.split(theta)[0]


@pytest.mark.parametrize("matrix_type", ["hermitian", "symmetric"])
@pytest.mark.parametrize("readout", FORMULAS)
def test_formula(readout, matrix_type):
    station, eigensystem, observables = random_case(readout, matrix_type)
    intercept = np.array([0.5, -0.25])
    outputs, _ = station.forward(eigensystem, observables, intercept)
    pairs = list(zip(*READOUTS[readout]().pairs(N_STATES), strict=True))
    assert station.n_observables == len(pairs)
    for s, v in enumerate(eigensystem.selected):
        for k in range(N_OUTPUTS):
            expected = sum(
                FORMULAS[readout](v[:, i].conj() @ own @ v[:, j], own)
                for (i, j), own in zip(pairs, observables[k], strict=True)
            )
            assert_allclose(outputs[s, k], expected + intercept[k])


@pytest.mark.parametrize("readout", READOUTS)
def test_rescaled_observables_rescale_outputs(readout):
    station, eigensystem, observables = random_case(readout)
    scale, nothing = np.array([3.0, 1e-4]), np.zeros(N_OUTPUTS)
    changed = rescaled(observables, scale, station.degree)
    assert_allclose(
        station.forward(eigensystem, changed, nothing)[0],
        station.forward(eigensystem, observables, nothing)[0] * scale,
    )
    theta = station.scaled(station.join(observables, nothing), 3.0)
    assert_allclose(station.split(theta)[0][0], changed[0])


@pytest.mark.parametrize("readout", READOUTS)
def test_silent_outputs_are_constant(readout):
    station, eigensystem, observables = random_case(readout)
    theta = station.join(observables, np.ones(N_OUTPUTS))
    silent = station.silence(theta, np.array([False, True]))
    outputs, _ = station.forward(eigensystem, *station.split(silent))
    assert_allclose(outputs[:, 1], 1.0)
    before, _ = station.forward(eigensystem, *station.split(theta))
    assert_allclose(outputs[:, 0], before[:, 0])


@pytest.mark.parametrize("readout", READOUTS)
def test_constants_change_nothing(readout):
    station, eigensystem, observables = random_case(readout)
    expected, _ = station.forward(eigensystem, observables, 0.0)
    constants = station.constants(observables)
    outputs, _ = station.forward(eigensystem, observables, 0.0, constants)
    assert_allclose(outputs, expected, rtol=1e-12)


@pytest.mark.parametrize("readout", READOUTS)
def test_contributions_add_up(readout):
    station, eigensystem, observables = random_case(readout)
    outputs, _ = station.forward(eigensystem, observables, 0.0)
    terms = station.contributions(eigensystem, observables)
    n_states = eigensystem.selected.shape[2]
    assert terms.shape == (N_SAMPLES, N_OUTPUTS, n_states)
    assert_allclose(terms.sum(axis=2), outputs, atol=1e-12)


@pytest.mark.parametrize("readout", FORMULAS)
class TestProtocol:
    def test_methods(self, readout):
        assert isinstance(READOUTS[readout](), Readout)

    def test_slope(self, readout):
        function = READOUTS[readout]()
        rng = np.random.RandomState(0)
        pairs = np.stack(function.pairs(N_STATES))
        amplitudes = rng.standard_normal((len(pairs.T), 2, 5)).astype(complex)
        if np.any(pairs[0] != pairs[1]):
            amplitudes += 1j * rng.standard_normal(amplitudes.shape)
        direction = rng.standard_normal(amplitudes.shape)
        numerical = central_difference(function.value, amplitudes, direction)
        slope = np.broadcast_to(function.slope(amplitudes), amplitudes.shape)
        assert_allclose((slope.conj() * direction).real, numerical, atol=1e-9)

    def test_degree(self, readout):
        function, amplitudes = READOUTS[readout](), np.array([[[0.3, -2.0]]])
        assert_allclose(
            function.value(3.0 * amplitudes),
            3.0**function.degree * function.value(amplitudes),
        )

    def test_centring(self, readout):
        centring = READOUTS[readout]().centring
        if centring is None:
            return
        assert isinstance(centring, Centring)
        matrices, changes = random_matrices(0, (4,)), random_matrices(1, (4,))
        values, gradients = centring.value_and_gradient(matrices)
        assert_allclose(values, centring.value(matrices))
        found = np.einsum("sab,sba->s", gradients, changes).real
        numerical = central_difference(centring.value, matrices, changes)
        assert_allclose(found, numerical, rtol=1e-8)
        degree = READOUTS[readout]().degree
        assert_allclose(centring.value(2.0 * matrices), 2.0**degree * values)


@pytest.mark.parametrize(
    ("readout", "n", "r", "p", "expected"),
    [
        ("transition", 7, 3, 2, 442),
        ("transition", 9, 3, 2, 730),
        ("transition", 7, 3, 5, 589),
        ("transition", 15, 3, 16, 5176),
        ("expectation", 7, 3, 2, 295),
        ("density", 7, 3, 2, 197),
    ],
)
def test_parameter_counts(readout, n, r, p, expected):
    assert observable_pmm(p, 1, (n,), r, readout=readout).n_parameters == expected
