"""Readouts against their formulas, written out."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pmm_sklearn.model import Expectation, HermitianSpace, Transition, observable_pmm

N_SAMPLES, SIDE, N_STATES, N_OUTPUTS = 4, 5, 3, 2


def random_case(readout, matrix_type):
    rng = np.random.RandomState(0)
    basis = HermitianSpace((SIDE,), matrix_type)
    matrices = basis.matrices(rng.standard_normal((N_SAMPLES, basis.size)))
    selected = np.linalg.eigh(matrices)[1][:, :, :N_STATES]
    shape = (N_OUTPUTS, readout.n_observables(N_STATES), basis.size)
    return selected, basis.matrices(rng.standard_normal(shape))


@pytest.mark.parametrize("matrix_type", ["hermitian", "symmetric"])
def test_expectation_formula(matrix_type):
    selected, S = random_case(Expectation(), matrix_type)
    outputs, _ = Expectation().forward(selected, S)
    for s, v in enumerate(selected):
        for k in range(N_OUTPUTS):
            expected = sum(
                (v[:, i].conj() @ S[k, i] @ v[:, i]).real for i in range(N_STATES)
            )
            assert_allclose(outputs[s, k], expected)


@pytest.mark.parametrize("matrix_type", ["hermitian", "symmetric"])
def test_transition_formula(matrix_type):
    selected, D = random_case(Transition(), matrix_type)
    outputs, _ = Transition().forward(selected, D)
    pairs = [(i, j) for i in range(N_STATES) for j in range(i, N_STATES)]
    for s, v in enumerate(selected):
        for k in range(N_OUTPUTS):
            expected = sum(
                abs(v[:, i].conj() @ D[k, pair] @ v[:, j]) ** 2
                - 0.5 * np.linalg.norm(D[k, pair], 2) ** 2
                for pair, (i, j) in enumerate(pairs)
            )
            assert_allclose(outputs[s, k], expected)


@pytest.mark.parametrize("readout", [Expectation(), Transition()])
def test_rescaled_observables_rescale_outputs(readout):
    selected, observables = random_case(readout, "hermitian")
    scale = np.array([3.0, 1e-4])
    rescaled = readout.rescale(observables, scale)
    assert_allclose(
        readout.forward(selected, rescaled)[0],
        readout.forward(selected, observables)[0] * scale,
    )


@pytest.mark.parametrize(
    ("readout", "n", "r", "p", "expected"),
    [
        ("transition", 7, 3, 2, 442),
        ("transition", 9, 3, 2, 730),
        ("transition", 7, 3, 5, 589),
        ("transition", 15, 3, 16, 5176),
        ("expectation", 7, 3, 2, 295),
    ],
)
def test_parameter_counts_of_the_paper(readout, n, r, p, expected):
    assert observable_pmm(p, 1, (n,), r, readout=readout).n_parameters == expected
