"""Without numba that works there is LAPACK, one warning, and an error for "simd"."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pmm_sklearn.model import compiled, eigensolver
from pmm_sklearn.model._once import once

pytest.importorskip("numba")

SCRIPT = Path(__file__).with_name("numba_that_fails.py")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """What happened in the scenarios of `SCRIPT`, by their names."""
    pytest.importorskip("resource", reason="no fork on this system")
    folder = tmp_path_factory.mktemp("caches")
    process = subprocess.run(
        [sys.executable, SCRIPT, folder],
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert process.returncode == 0, process.stderr
    return dict(map(json.loads, process.stdout.splitlines()))


@pytest.mark.parametrize("number", [60, 120, 200])
def test_first_fit_is_interrupted_after_numba_is_imported(results, number):
    result = results[f"interrupted {number}"]
    assert result == {
        "n_delivered": 1,
        "is_lapack": False,
        "warnings": [],
        "error": None,
    }


def test_absence_is_no_reason_to_warn(results):
    result = results["absent"]
    assert result["is_lapack"]
    assert result["warnings"] == []
    assert result["error"] == (
        "ImportError: eigensolver='simd' needs numba, which is not installed: install "
        'it with pip install "pmm_sklearn[fast]", or set eigensolver="auto".'
    )


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        ("broken OSError", ["(OSError: broken)", "install it again"]),
        ("broken SystemError", ["(SystemError: broken)", "install it again"]),
        ("broken AttributeError", ["(AttributeError: broken)", "install it again"]),
        ("broken MemoryError", ["(MemoryError: broken)", "memory is free"]),
        ("broken ImportError", ["(ImportError: broken)", "install it again"]),
        ("short_of_memory", ["cannot be imported", "memory is free"]),
        ("disabled", ["unset NUMBA_DISABLE_JIT"]),
        ("full", ["(OSError: ", "good/", "disk have space"]),
        ("damaged truncated .nbc", ["(UnpicklingError: ", "delete", "truncated.nbc/"]),
        ("damaged empty .nbc", ["(EOFError: ", "delete", "empty.nbc/"]),
        ("damaged zero .nbc", ["(UnpicklingError: ", "delete", "zero.nbc/"]),
        ("damaged random .nbc", ["(UnpicklingError: ", "delete", "random.nbc/"]),
        ("damaged foreign .nbc", ["(TypeError: ", "delete", "foreign.nbc/"]),
        ("damaged empty .nbi", ["(EOFError: ", "delete", "empty.nbi/"]),
    ],
    ids=str,
)
def test_numba_that_does_not_work(results, scenario, words):
    if scenario == "short_of_memory" and sys.platform != "linux":
        pytest.skip("the size of a process is not known")
    result = results[scenario]
    assert result["is_lapack"]
    (warning,) = result["warnings"]
    assert warning.startswith("LAPACK takes the place of numba, which ")
    assert warning.endswith(', or set eigensolver="lapack".')
    assert result["error"].startswith(
        "RuntimeError: eigensolver='simd' needs numba, which "
    )
    for word in words:
        assert word in warning
        assert word in result["error"]


@pytest.mark.parametrize(
    ("folder", "remark"),
    [("cache", "later processes find it in cache"), (None, "it cannot be kept")],
)
def test_compilation_is_logged_once(monkeypatch, caplog, folder, remark):
    simd = pytest.importorskip("pmm_sklearn.model._simd")
    monkeypatch.setattr(simd, "prepare", lambda dtype: True)
    monkeypatch.setattr(simd, "cache_folder", lambda dtype: folder)
    anew = once(compiled._compilation_failure.__wrapped__)
    monkeypatch.setattr(compiled, "_compilation_failure", anew)
    with caplog.at_level(logging.INFO, logger="pmm_sklearn"):
        for _ in range(2):
            assert eigensolver.choose(20, 3, np.dtype(float)) == "simd"
    (message,) = [record.getMessage() for record in caplog.records]
    assert message.startswith("Compiled the eigensolver of small symmetric matrices in")
    assert message.endswith(f"; {remark}.")
