"""Which eigensolver is chosen, and that results do not depend on it."""

import logging

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pmm_sklearn import model as m
from pmm_sklearn.model import eigensolver


@pytest.fixture
def without_numba(monkeypatch):
    monkeypatch.setattr(eigensolver, "_simd", lambda: None)


def test_lapack_without_numba(without_numba):
    assert eigensolver.choose(100, 7, np.float64) == "lapack"
    message = r"eigensolver='simd' needs numba.*pip install \"pmm_sklearn\[fast\]\""
    with pytest.raises(ImportError, match=message):
        eigensolver.choose(100, 7, np.float64, "simd")


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


@pytest.mark.parametrize(
    ("folder", "remark"),
    [("cache", "later processes find it in cache"), (None, "it cannot be kept")],
)
def test_compilation_is_logged_once(monkeypatch, caplog, folder, remark):
    simd = pytest.importorskip("pmm_sklearn.model._simd")
    monkeypatch.setattr(simd, "prepare", lambda dtype: (True, folder))
    eigensolver._prepare.cache_clear()
    with caplog.at_level(logging.INFO, logger="pmm_sklearn"):
        for _ in range(2):
            eigensolver.eigh(np.zeros((20, 3, 3)))
    (message,) = [record.getMessage() for record in caplog.records]
    assert message.startswith("Compiled the eigensolver of small symmetric matrices in")
    assert message.endswith(f"; {remark}.")


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
