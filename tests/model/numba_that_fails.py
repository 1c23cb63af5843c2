"""New processes whose numba is interrupted or broken, or whose cache is damaged.

``test_compiled.py`` runs this file, and gives it a folder for caches.  Each scenario is
a fork, so that scikit-learn is imported only once.  Printed is what happened in each.
"""

import json
import os
import pickle
import resource
import shutil
import signal
import sys
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np

from pmm_sklearn import PMMRegressor
from pmm_sklearn.model import eigensolver

FOLDER = Path(sys.argv[1])
GOOD_CACHE = FOLDER / "good"
MATRICES = np.random.RandomState(0).standard_normal((20, 3, 3))


def fit(**parameters):
    X = np.linspace(-1, 1, 20)[:, np.newaxis]
    model = PMMRegressor(
        *(3, 2), matrix_type="symmetric", n_init=1, random_state=0, **parameters
    )
    return model.fit(X, X[:, 0])


def consequences():
    """Whether "auto" used LAPACK, its warnings, and the error that "simd" raised."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(2):
            values, _ = eigensolver.eigh(MATRICES)
    error = None
    try:
        fit(eigensolver="simd")
    except Exception as raised:
        error = f"{type(raised).__name__}: {raised}"
    return {
        "is_lapack": bool(np.all(values == np.linalg.eigh(MATRICES)[0])),
        "warnings": [str(warning.message) for warning in caught],
        "error": error,
    }


def full():
    """No space for the code; it is kept afterwards, for the other scenarios."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    result = consequences()
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    from pmm_sklearn.model._simd.kernels import _eigh_real

    # Compiling again would take several seconds.
    for signature, overload in _eigh_real.overloads.items():
        _eigh_real._cache.save_overload(signature, overload)
    return result


class PressKey:
    """Ctrl-C in the import of a module of numba, the first, second, ... of all."""

    def __init__(self, number):
        self.remaining = number

    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in ("numba", "llvmlite"):
            self.remaining -= 1
            if self.remaining == 0:
                signal.raise_signal(signal.SIGINT)


def interrupted(number):
    """The first fit; it may end early with a model, or raise."""
    delivered = []

    def handle(*arguments):
        delivered.append(arguments)
        signal.default_int_handler(*arguments)

    signal.signal(signal.SIGINT, handle)
    sys.meta_path.insert(0, PressKey(number))
    with suppress(KeyboardInterrupt):
        fit()
    fit()
    return {"n_delivered": len(delivered)} | consequences()


def absent():
    sys.modules["numba"] = None
    return consequences()


def broken(error):
    folder = FOLDER / error
    (folder / "numba").mkdir(parents=True)
    (folder / "numba" / "__init__.py").write_text(f"raise {error}('broken')")
    sys.path.insert(0, str(folder))
    return consequences()


def short_of_memory():
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + 2**25
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    return consequences()


def disabled():
    os.environ["NUMBA_DISABLE_JIT"] = "1"
    return consequences()


DAMAGES = {
    "truncated": lambda content: content[: len(content) // 2],
    "empty": lambda content: b"",
    "zero": lambda content: bytes(len(content)),
    "random": lambda content: np.random.RandomState(0).bytes(len(content)),
    "foreign": lambda content: pickle.dumps({"a": 1}),
}


def damaged(kind, suffix):
    folder = FOLDER / f"{kind}{suffix}"
    shutil.copytree(GOOD_CACHE, folder)
    numba.config.CACHE_DIR = str(folder)
    for path in folder.rglob(f"*{suffix}"):
        path.write_bytes(DAMAGES[kind](path.read_bytes()))
    return consequences()


def run(scenario, *arguments):
    """Print the result of a scenario that runs in a process of its own."""
    child = os.fork()
    if child == 0:
        name = " ".join([scenario.__name__, *map(str, arguments)])
        try:
            result = scenario(*arguments)
        except BaseException as error:
            result = {"failure": f"{type(error).__name__}: {error}"}
        print(json.dumps([name, result]), flush=True)
        os._exit(0)
    os.waitpid(child, 0)


os.environ["NUMBA_CACHE_DIR"] = str(GOOD_CACHE)
warnings.simplefilter("ignore")
run(full)
for number in (60, 120, 200):
    run(interrupted, number)
run(absent)
for error in ("OSError", "SystemError", "AttributeError", "MemoryError", "ImportError"):
    run(broken, error)
if sys.platform == "linux":
    run(short_of_memory)
run(disabled)
# Imported here for all that follow.
import numba  # noqa: E402

for kind in DAMAGES:
    run(damaged, kind, ".nbc")
run(damaged, "empty", ".nbi")
