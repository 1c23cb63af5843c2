"""Faults of files: full disks, damaged caches, a numba that does not work."""

import os
import signal
import subprocess
import sys
from contextlib import suppress

import joblib
import numpy as np

from pmm_sklearn import PMMRegressor

from .fault import NotHere, data, estimator, fault, in_a_fork, quietly


@fault()
def full_disk(seed, folder):
    """Files of a limited size stand for a full disk."""
    import resource

    model, file, content = _written(folder)
    size = int(np.random.RandomState(seed).randint(0, len(content)))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    _assert_noticed(lambda: model.to_npz(file))
    limits = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert file.read_bytes() == content
    assert os.listdir(folder) == ["model.npz"]
    return f"OSError after {100 * size // len(content) // 25 * 25} %"


@fault()
def full_file_system(seed, folder):
    """A file system in memory with room for one model and a part of another."""
    disk = folder / "disk"
    disk.mkdir()
    model, _, content = _written(folder)
    free = len(content) + int(np.random.RandomState(seed).randint(0, len(content)))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={free}", "tmpfs", str(disk)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        raise NotHere("file systems may not be mounted") from None
    try:
        file = disk / "model.npz"
        file.write_bytes(content)
        # The rest of the last page.
        with suppress(OSError), open(disk / "other", "wb", buffering=0) as other:
            while True:
                other.write(bytes(512))
        _assert_noticed(lambda: model.to_npz(file))
        assert file.read_bytes() == content
        before = model.predict(data()[0])
        _assert_noticed(lambda: joblib.dump(model, disk / "model.joblib"))
        assert np.array_equal(model.predict(data()[0]), before)
        assert sorted(os.listdir(disk)) in (
            ["model.joblib", "model.npz", "other"],
            ["model.npz", "other"],
        )
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    return "OSError, the old file is whole"


def _written(folder):
    """A model, its file, and what is in it."""
    model, X, y = estimator(3)
    quietly(lambda: model.fit(X, y))
    model.to_npz(folder / "model.npz")
    return model, folder / "model.npz", (folder / "model.npz").read_bytes()


def _assert_noticed(write):
    words = None
    try:
        write()
    except OSError as error:
        words = str(error)
    assert words, "a full disk was not noticed"


_DAMAGES = {
    "truncated": lambda content: content[: len(content) // 2],
    "empty": lambda content: b"",
    "random": lambda content: np.random.RandomState(0).bytes(len(content)),
    "foreign": lambda content: b"\x80\x04K\x01.",
}


def _fit_of_real_matrices():
    """Predictions of a fit that uses compiled code where it can, and warnings."""
    X, y = data()
    model = PMMRegressor(
        *(3, 1), alpha=0.1, matrix_type="symmetric", n_init=1, random_state=0, tol=0
    )
    model, caught = quietly(lambda: model.set_params(max_iter=5).fit(X, y))
    return model.predict(X), caught


@fault(lambda folder: {"NUMBA_CACHE_DIR": str(folder / "cache")})
def damaged_cache(seed, folder):
    """The cache of numba, in five ways."""
    expected, _ = in_a_fork(_fit_of_real_matrices)
    files = sorted((folder / "cache").rglob("*.nb[ic]"))
    assert files, "nothing was kept"
    kind = sorted([*_DAMAGES, "unreadable"])[seed % 5]
    for file in files:
        if kind == "unreadable":
            file.chmod(0)
        else:
            file.write_bytes(_DAMAGES[kind](file.read_bytes()))
    predicted, caught = _fit_of_real_matrices()
    assert np.allclose(predicted, expected, atol=1e-6)
    return f"{kind}: {caught.count(RuntimeWarning)} warnings"


def _assert_fits(*, warns):
    predicted, caught = _fit_of_real_matrices()
    assert np.all(np.isfinite(predicted))
    n_warnings = caught.count(RuntimeWarning)
    assert n_warnings == warns, f"{n_warnings} warnings"


def _without_permission(folder):
    (folder / "home").mkdir(exist_ok=True)
    (folder / "home").chmod(0o500)
    names = "HOME", "NUMBA_CACHE_DIR", "XDG_CACHE_HOME"
    return {name: str(folder / "home") for name in names}


@fault(_without_permission)
def read_only_home(seed, folder):
    """Root may write there, too."""
    predicted, _ = _fit_of_real_matrices()
    assert np.all(np.isfinite(predicted))
    return "root may write there" if os.geteuid() == 0 else "fitted"


@fault(lambda folder: {"NUMBA_CACHE_DIR": "/proc/nowhere"})
def cache_that_cannot_be_made(seed, folder):
    predicted, caught = _fit_of_real_matrices()
    assert np.all(np.isfinite(predicted))
    return f"{caught.count(RuntimeWarning)} warnings"


@fault(lambda folder: {"NUMBA_CACHE_DIR": str(folder / "cache")})
def full_cache(seed, folder):
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limit = int(np.random.RandomState(seed).randint(0, 8192))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    _assert_fits(warns=1)
    return "LAPACK, one warning"


def _broken_numba(folder):
    package = folder / "front" / "numba"
    package.mkdir(parents=True, exist_ok=True)
    error = ("OSError", "SystemError", "AttributeError", "MemoryError", "ValueError")
    seed = int(folder.name)
    (package / "__init__.py").write_text(f"raise {error[seed % 5]}('broken')")
    sys.path.insert(0, str(folder / "front"))
    return {}


@fault(_broken_numba)
def broken_numba(seed, folder):
    _assert_fits(warns=1)
    return "LAPACK, one warning"


@fault(lambda folder: {"NUMBA_DISABLE_JIT": "1"})
def numba_told_not_to_compile(seed, folder):
    _assert_fits(warns=1)
    return "LAPACK, one warning"
