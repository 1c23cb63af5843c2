"""Matrix elements and their derivatives, whatever the pairs and the slopes."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pmm_sklearn.model import HermitianSpace, MatrixElements, Pairs

SIDE, N_STATES, N_SAMPLES, N_OUTPUTS = 3, 4, 5, 2
PAIRS = {
    "states": (range(4), range(4)),
    "diagonal": ([2, 0, 2], [2, 0, 2]),
    "pairs": ([0, 0, 3, 1], [0, 2, 1, 1]),
}


def square(amplitudes):
    return amplitudes.real**2 + amplitudes.imag**2


def random_case(pairs, matrix_type):
    rng = np.random.RandomState(0)
    space = HermitianSpace((SIDE,), matrix_type)
    pairs = Pairs(*PAIRS[pairs], N_STATES)
    states = rng.standard_normal((2, N_STATES, SIDE, N_SAMPLES))
    states = states[0] + 1j * states[1] if matrix_type == "hermitian" else states[0]
    observables = space.matrices(
        rng.standard_normal((len(pairs), N_OUTPUTS, space.size))
    )
    return space, pairs, states, observables


def elements_of(states, observables, pairs):
    stacked = observables.reshape(len(observables), -1, SIDE)
    return MatrixElements(states, stacked, pairs)


@pytest.mark.parametrize("matrix_type", ["hermitian", "symmetric"])
@pytest.mark.parametrize("pairs", PAIRS)
class TestElements:
    def test_amplitudes(self, pairs, matrix_type):
        _, pairs, states, observables = random_case(pairs, matrix_type)
        found = elements_of(states, observables, pairs).amplitudes
        is_real = pairs.are_diagonal or matrix_type == "symmetric"
        assert (found.dtype == float) == is_real
        for e, (i, j) in enumerate(zip(pairs.left, pairs.right, strict=True)):
            expected = np.einsum(
                "as,kab,bs->ks", states[i].conj(), observables[e], states[j]
            )
            assert_allclose(found[e], expected, atol=1e-12)

    def test_derivatives_by_states(self, pairs, matrix_type):
        _, pairs, states, observables = random_case(pairs, matrix_type)
        rng = np.random.RandomState(1)
        change = rng.standard_normal(states.shape)
        if matrix_type == "hermitian":
            change = change + 1j * rng.standard_normal(states.shape)
        elements = elements_of(states, observables, pairs)
        slopes, step = 2.0 * elements.amplitudes, 1e-6
        ahead = elements_of(states + step * change, observables, pairs).amplitudes
        behind = elements_of(states - step * change, observables, pairs).amplitudes
        numerical = (square(ahead) - square(behind)).sum(axis=0) / (2 * step)
        found = np.einsum("ikns,ins->ks", elements.cotangents(slopes).conj(), change)
        assert_allclose(found.real, numerical, rtol=1e-6, atol=1e-7)
        weights = rng.standard_normal((1, N_OUTPUTS, N_SAMPLES))
        summed = elements.summed_cotangents(slopes * weights)
        found = np.einsum("ins,ins->s", summed.conj(), change).real
        assert_allclose(found, (weights[0] * numerical).sum(axis=0), atol=1e-5)

    def test_derivatives_by_observables(self, pairs, matrix_type):
        space, pairs, states, observables = random_case(pairs, matrix_type)
        rng = np.random.RandomState(1)
        coordinates = rng.standard_normal((len(pairs), N_OUTPUTS, space.size))
        elements = elements_of(states, observables, pairs)
        changes = space.matrices(coordinates)
        tangents = elements.tangents(changes.reshape(len(pairs), -1, SIDE))
        expected = elements_of(states, changes, pairs).amplitudes
        assert_allclose(tangents, expected, atol=1e-12)
        slopes = 2.0 * elements.amplitudes
        expected = (slopes.conj() * tangents).real
        gradients = elements.gradients(slopes, space)
        found = np.einsum("keas,eka->eks", gradients, coordinates)
        assert_allclose(found, expected, atol=1e-11)
        cotangents = rng.standard_normal((1, N_OUTPUTS, N_SAMPLES))
        sums = elements.summed_gradients(slopes, cotangents, space)
        found = np.einsum("kea,eka->ek", sums, coordinates)
        assert_allclose(found, (cotangents * expected).sum(axis=2), atol=1e-11)

    def test_one_slope_for_all_outputs(self, pairs, matrix_type):
        space, pairs, states, observables = random_case(pairs, matrix_type)
        elements = elements_of(states, observables, pairs)
        one, ones = np.ones((1, 1, 1)), np.ones(elements.amplitudes.shape)
        cotangents = np.random.RandomState(1).randn(1, N_OUTPUTS, N_SAMPLES)
        assert elements.gradients(one, space).shape[0] == 1
        assert_allclose(
            elements.summed_gradients(one, cotangents, space),
            elements.summed_gradients(ones, cotangents, space),
            atol=1e-12,
        )
        assert_allclose(elements.cotangents(one), elements.cotangents(ones))
