"""The readout of density matrices against its definition, derivatives everywhere."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pmm_sklearn.model import (
    DensityReadout,
    Eigensystem,
    Extremes,
    FermiDirac,
    HermitianSpace,
    ObservableReadout,
    observable_pmm,
)

from ..problems import central_difference, random_matrices, random_unitary

SIDE, N_SAMPLES = 4, 3
SPECTRA = {
    "distinct": [-1.0, 0.2, 0.5, 2.0],
    "degenerate": [-0.3, 0.5, 0.5, 0.5],
    "all equal": [0.5, 0.5, 0.5, 0.5],
    "at the potential": [-1.0, 0.3, 0.3, 2.0],
    "nearly degenerate": [-1.0, 0.5, 0.5 + 1e-9, 0.5 + 1e-7],
    "wide": [-40.0, -39.0, 50.0, 51.0],
}
FERMI = FermiDirac(potential=0.3, temperature=0.7)


def make_station(occupation=FERMI, n_outputs=2, side=SIDE, matrix_type="hermitian"):
    return DensityReadout(n_outputs, HermitianSpace((side,), matrix_type), occupation)


def eigensystem_of(matrices):
    return Eigensystem(matrices, Extremes(matrices.shape[-1]))


def with_spectrum(spectrum, seed=0):
    vectors = random_unitary(seed, len(spectrum))
    return (vectors * np.array(spectrum)) @ vectors.conj().swapaxes(1, 2)


def outputs_of(station, matrices, observables):
    return station.forward(eigensystem_of(matrices), observables, 0.0)[0]


@pytest.mark.parametrize("matrix_type", ["hermitian", "symmetric"])
def test_formula(matrix_type):
    station = make_station(matrix_type=matrix_type)
    matrices = random_matrices(0, (SIDE,), N_SAMPLES, matrix_type)
    observables, _ = station.split(np.random.RandomState(1).randn(station.size))
    assert observables.shape == (2, 1, SIDE, SIDE)
    intercept = np.array([0.5, -0.25])
    system = eigensystem_of(matrices)
    outputs, _ = station.forward(system, observables, intercept)
    for s in range(N_SAMPLES):
        density = np.zeros((SIDE, SIDE), dtype=complex)
        values, vectors = np.linalg.eigh(matrices[s])
        for i in range(SIDE):
            occupation = 1 / (1 + np.exp((values[i] - 0.3) / 0.7))
            density += occupation * np.outer(vectors[:, i], vectors[:, i].conj())
        for k in range(2):
            expected = np.trace(observables[k, 0] @ density).real + intercept[k]
            assert_allclose(outputs[s, k], expected)


@pytest.mark.parametrize("spectrum", SPECTRA)
def test_gradients_by_the_matrix(spectrum):
    """Exact at degeneracies, for there is no guard against them."""
    station, rng = make_station(), np.random.RandomState(0)
    matrices = with_spectrum(SPECTRA[spectrum])
    observables, _ = station.split(rng.randn(station.size))
    system = eigensystem_of(matrices)
    _, saved = station.forward(system, observables, 0.0)
    gradients = station.matrix_gradients(system, saved)
    weights = rng.standard_normal((1, 2))
    summed = station.summed_matrix_gradient(system, saved, weights)
    assert_allclose(summed, np.tensordot(weights[0], gradients[0], axes=1)[None])
    pulled = station.pull_back_features(
        system,
        weights @ station._parts(station.join(observables, np.zeros(2)))[0][:, 0],
    )
    assert_allclose(pulled, summed, atol=1e-14)
    for change in random_matrices(1, (SIDE,), 6):
        numerical = central_difference(
            lambda m: outputs_of(station, m, observables), matrices, change, 1e-3
        )
        found = np.einsum("kab,ba->k", gradients[0], change).real
        assert_allclose(found, numerical[0], rtol=1e-8, atol=1e-10)


def test_divided_differences_do_not_cancel():
    """Against the quotient where it is accurate, and the derivative where it is not."""
    levels = np.array([-3.0, -0.5, 0.1, 0.7, 2.0])
    found, f = FERMI.divided_differences(levels), FERMI.occupations(levels)
    off = ~np.eye(5, dtype=bool)
    with np.errstate(invalid="ignore"):
        quotients = (f[:, None] - f) / (levels[:, None] - levels)
    assert_allclose(found[off], quotients[off], rtol=1e-12)
    assert_allclose(np.diag(found), -f * (1 - f) / 0.7, rtol=1e-13)
    for gap in 10.0 ** np.arange(-16, -4):
        middle, pair = 0.4, np.array([0.4 - gap / 2, 0.4 + gap / 2])
        f = FERMI.occupations(middle)
        assert_allclose(
            FERMI.divided_differences(pair)[0, 1], -f * (1 - f) / 0.7, rtol=1e-9
        )


@pytest.mark.parametrize("scale", [1e10, 1e200, 1e307])
def test_huge_energies_neither_overflow_nor_warn(scale):
    station = make_station(FermiDirac(0.0, 1e-3), n_outputs=1)
    vectors = random_unitary(0, SIDE)
    system = eigensystem_of(with_spectrum([-1.0, -0.5, 0.5, 1.0]))
    system.values, system.vectors = scale * system.values, vectors
    observables, _ = station.split(np.random.RandomState(0).randn(station.size))
    with warnings.catch_warnings(), np.errstate(over="raise", invalid="raise"):
        warnings.simplefilter("error")
        outputs, saved = station.forward(system, observables, 0.0)
        gradients = station.matrix_gradients(system, saved)
    states = vectors[0, :, :2]
    expected = np.trace(states.conj().T @ observables[0, 0] @ states).real
    assert_allclose(outputs, [[expected]])
    assert np.all(np.isfinite(gradients))
    assert np.linalg.norm(gradients) < 2 * np.linalg.norm(observables) / scale


def test_no_temperature_is_one_observable_of_the_lowest_states():
    matrices = random_matrices(0, (SIDE,), N_SAMPLES)
    matrices -= np.array(
        [np.eye(SIDE) * np.linalg.eigvalsh(m)[1:3].mean() for m in matrices]
    )
    station = make_station(FermiDirac(0.0, 1e-6))
    observables, _ = station.split(np.random.RandomState(1).randn(station.size))
    lowest = ObservableReadout("expectation", 2, 2, station.space)
    shared = np.repeat(observables, 2, axis=1)
    system = Eigensystem(matrices, Extremes(2))
    expected, saved = lowest.forward(system, shared, 0.0)
    outputs, own = station.forward(eigensystem_of(matrices), observables, 0.0)
    assert_allclose(outputs, expected)
    assert_allclose(
        station.matrix_gradients(eigensystem_of(matrices), own),
        lowest.matrix_gradients(system, saved),
        atol=1e-9,
    )


def test_change_of_basis_changes_nothing():
    station, unitary = make_station(), random_unitary(3, SIDE)[0]
    matrices = random_matrices(0, (SIDE,), N_SAMPLES)
    observables, _ = station.split(np.random.RandomState(1).randn(station.size))
    turned = [unitary.conj().T @ x @ unitary for x in (matrices, observables)]
    assert_allclose(
        outputs_of(station, *turned), outputs_of(station, matrices, observables)
    )


def test_outputs_are_linear_in_the_features():
    station = make_station()
    system = eigensystem_of(random_matrices(0, (SIDE,), N_SAMPLES))
    coefficients = np.random.RandomState(0).randn(station.n_features, 2)
    observables = station.observables_of(coefficients)
    outputs, _ = station.forward(system, observables, 0.0)
    assert_allclose(station.features(system) @ coefficients, outputs)


@pytest.mark.parametrize(
    ("sizes", "spacing", "n_below", "expected"),
    [
        ((5,), 1.0, 2, 1.5),
        ((5,), 3.0, 5, 13.5),
        ((3, 2), 1.0, 2, 0.5),  # levels 0 0 1 1 2
        ((3, 2), 1.0, 3, 1.0),
        ((4,), 0.0, 2, 0.0),
    ],
)
def test_chemical_potential(sizes, spacing, n_below, expected):
    """Half way between levels of a matrix to start from."""
    model = observable_pmm(
        2, 1, sizes, n_below, "SA", "density", level_spacing=spacing, smearing=0.25
    )
    occupation = model.readout.occupation
    assert_allclose(occupation.potential, expected, atol=1e-14)
    assert_allclose(occupation.temperature, 0.25 * (spacing or np.sqrt(6.0)))


@pytest.mark.parametrize("matrix_type", ["hermitian", "symmetric"])
def test_random_matrices_have_about_as_many_levels_below_the_potential(matrix_type):
    model = observable_pmm(2, 1, (7,), 2, "SA", "density", matrix_type)
    rng, counts = np.random.RandomState(0), []
    for _ in range(100):
        matrices = model.split(model.initial(rng)).matrices
        levels = model.levels(matrices, rng.standard_normal((5, 2)))
        counts.append(np.mean(np.sum(levels < model.readout.occupation.potential, 1)))
    assert 1.5 < np.mean(counts) < 2.5
