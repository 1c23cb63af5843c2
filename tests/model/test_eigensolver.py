"""Which eigensolver is chosen, and that results do not depend on it."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pmm_sklearn import model as m
from pmm_sklearn.model import eigensolver


def test_unknown_eigensolver():
    with pytest.raises(ValueError, match="eigensolver='arpack' must be one of"):
        eigensolver.choose(100, 7, np.float64, "arpack")


def test_simd_where_it_is_faster():
    pytest.importorskip("numba")
    assert eigensolver.choose(100, 7, np.float64) == "simd"
    assert eigensolver.choose(100, 7, np.complex128) == "simd"
    assert eigensolver.choose(1, 7, np.complex128) == "lapack"
    assert eigensolver.choose(1, 7, np.complex128, "simd") == "simd"
    assert eigensolver.choose(100, 200, np.float64) == "lapack"
    assert eigensolver.choose(100, 7, np.float32) == "lapack"
    assert eigensolver.choose(100, 7, np.float64, "lapack") == "lapack"


@pytest.mark.parametrize("matrix_type", ["hermitian", "symmetric"])
@pytest.mark.parametrize("readout", ["expectation", "transition"])
@pytest.mark.parametrize("sizes", [(7,), (3, 2)])
def test_models_do_not_depend_on_it(matrix_type, readout, sizes):
    pytest.importorskip("numba")
    rng = np.random.RandomState(0)
    X, cotangents = rng.standard_normal((40, 2)), rng.standard_normal((40, 2))
    structure = (2, 2, sizes, 3, "SA", readout, matrix_type)
    theta = m.observable_pmm(*structure).initial(rng)

    def results(eigensolver):
        pmm = m.observable_pmm(*structure, eigensolver=eigensolver)
        outputs, saved = pmm.forward(pmm.split(theta), pmm.inputs(X))
        gradient = pmm.gradient(theta, saved, cotangents)
        return outputs, gradient, pmm.jacobian(theta, saved)

    for actual, expected in zip(results("simd"), results("lapack"), strict=True):
        assert_allclose(actual, expected, atol=1e-10 * np.max(np.abs(expected)))
