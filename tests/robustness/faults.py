"""Processes that are interrupted, killed or damaged, and what must be left of them.

Each fault has a process of its own, a fork of one that has neither fitted anything nor
imported numba.
"""

import os
import pickle
import signal
import sys
import tempfile
import threading
import time
import traceback
import warnings
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path

import joblib
import numpy as np
from joblib.externals.loky.process_executor import TerminatedWorkerError
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import cross_val_score

from pmm_sklearn import PMMClassifier, PMMEmulator, PMMRegressor

FAULTS = {}
_LONGEST = 150.0


class NotHere(Exception):
    """A fault that cannot be injected here, and why."""


def fault(variable=None):
    """Register a fault by the name of its function.

    Parameters
    ----------
    variable : callable, optional
        ``variable(folder)``, further variables of the environment; called in its
        process, as all that happens to it.
    """

    def register(inject):
        FAULTS[inject.__name__] = inject, variable or (lambda folder: {})
        return inject

    return register


def data(n_samples=60):
    """A smooth function of two features."""
    X = np.random.RandomState(0).uniform(-1, 1, (n_samples, 2))
    return X, np.sin(2 * X[:, 0]) + X[:, 1] ** 2


def estimator(seed, **parameters):
    """One of several kinds, by the seed, whose fit takes some tenths of a second."""
    X, y = data()
    common = {"random_state": 0, "tol": 0, "eigensolver": "auto", **parameters}
    kinds = [
        (PMMRegressor(4, 2, n_init=2, max_iter=25, **common), y),
        (PMMRegressor(3, 1, alpha=0.1, n_init=4, max_iter=60, **common), y),
        (PMMClassifier(3, 1, n_init=2, max_iter=20, **common), y > 0.3),
        (PMMEmulator(3, n_init=4, max_iter=60, **common), y),
    ]
    model, targets = kinds[seed % len(kinds)]
    return model, X, targets


def quietly(call):
    """What a call returns, and the warnings that it gave."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = call()
    return result, [warning.category for warning in caught]


@contextmanager
def pressed_after(seconds, *, group=False):
    """Ctrl-C after some time, if the block still runs; of a terminal, to all."""
    signal.signal(signal.SIGINT, signal.default_int_handler)

    def press():
        if not left.wait(seconds):
            (os.killpg if group else os.kill)(os.getpid(), signal.SIGINT)

    left = threading.Event()
    thread = threading.Thread(target=press)
    thread.start()
    try:
        yield
    finally:
        left.set()
        with suppress(KeyboardInterrupt):
            thread.join()


def interrupted_fit(seed, *, is_fitted=False, group=False, **parameters):
    """A fit with Ctrl-C at a random time, and the next one."""
    model, X, y = estimator(seed, **parameters)
    expected = cold(seed, **parameters)
    if is_fitted:
        quietly(lambda: model.fit(X, y))
        before = model.predict(X)
    longest = 0.8 if is_fitted else 4.0
    seconds = np.random.RandomState(seed).uniform(0.0, longest)
    outcome = "ended before"
    try:
        with pressed_after(seconds, group=group):
            _, caught = quietly(lambda: model.fit(X, y))
        if getattr(model, "stop_reason_", None) == "interrupted":
            assert ConvergenceWarning in caught, caught
            outcome = "kept its best model"
        assert np.all(np.isfinite(model.predict(X).astype(float)))
    except KeyboardInterrupt:
        outcome = "raised"
        if is_fitted:
            assert np.array_equal(model.predict(X), before)
        else:
            assert not hasattr(model, "matrices_")
    # Without another Ctrl-C.
    again, _ = quietly(lambda: model.fit(X, y))
    assert np.array_equal(again.predict(X), expected), "another model afterwards"
    return outcome


def in_a_fork(call):
    """What a call returns in a process of its own, which keeps nothing."""
    with tempfile.TemporaryFile() as file:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                pickle.dump(call(), file)
                file.flush()
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(status)
        assert os.waitpid(child, 0)[1] == 0, "the fork has failed"
        file.seek(0)
        return pickle.load(file)


def cold(seed, **parameters):
    """Predictions of the fit in a process that nothing has happened to."""
    model, X, y = estimator(seed, **parameters)
    return in_a_fork(lambda: quietly(lambda: model.fit(X, y))[0].predict(X))


@fault()
def ctrl_c_in_the_first_fit(seed, folder):
    return interrupted_fit(seed)


@fault(lambda folder: {"NUMBA_CACHE_DIR": str(folder / "new")})
def ctrl_c_while_numba_compiles(seed, folder):
    return interrupted_fit(seed, matrix_type="symmetric", eigensolver="simd")


@fault()
def ctrl_c_in_a_later_fit(seed, folder):
    return interrupted_fit(seed, is_fitted=True)


@fault()
def ctrl_c_in_a_fit_of_two_jobs(seed, folder):
    return interrupted_fit(seed, group=True, n_jobs=2)


@fault()
def killed_worker_of_a_fit(seed, folder):
    """A worker of joblib disappears, as when memory is short."""
    model, X, y = estimator(seed, n_jobs=2)
    quietly(lambda: model.fit(X, y))
    expected = model.predict(X)
    seconds = np.random.RandomState(seed).uniform(0.0, 0.3)
    killer = threading.Timer(seconds, kill_workers)
    killer.start()
    outcome = "ended before"
    try:
        quietly(lambda: model.fit(X, y))
    except TerminatedWorkerError:
        outcome = "TerminatedWorkerError"
    killer.join()
    assert np.array_equal(model.predict(X), expected)
    try:
        quietly(lambda: model.fit(X, y))
    except TerminatedWorkerError:
        # The executor of joblib notices a death between two fits in the next one.
        quietly(lambda: model.fit(X, y))
    assert np.array_equal(model.predict(X), expected)
    return outcome


@fault()
def killed_worker_of_a_validation(seed, folder):
    model, X, y = estimator(seed)
    expected, _ = quietly(lambda: cross_val_score(model, X, y, cv=4))
    killer = threading.Timer(2.0 + 0.1 * (seed % 8), kill_workers)
    killer.start()
    outcome = "ended before"
    try:
        quietly(lambda: cross_val_score(model, X, y, cv=4, n_jobs=2))
    except TerminatedWorkerError:
        outcome = "TerminatedWorkerError"
    killer.join()
    with suppress(TerminatedWorkerError):
        quietly(lambda: cross_val_score(model, X, y, cv=4, n_jobs=2))
    scores, _ = quietly(lambda: cross_val_score(model, X, y, cv=4, n_jobs=2))
    assert np.allclose(scores, expected, rtol=1e-9)
    return outcome


def kill_workers():
    """Kill one child that is a worker."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    for child in map(int, children):
        with suppress(OSError):
            if b"popen_loky" in Path(f"/proc/{child}/cmdline").read_bytes():
                os.kill(child, signal.SIGKILL)
                return


@fault()
def killed_worker_of_a_cluster(seed, folder):
    try:
        import distributed
    except ImportError:
        raise NotHere("dask.distributed is not installed") from None
    model, X, y = estimator(seed)
    expected = quietly(lambda: model.fit(X, y))[0].predict(X)
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with (
        distributed.LocalCluster(silence_logs=50, **options) as cluster,
        distributed.Client(cluster) as client,
        joblib.parallel_config(backend="dask", client=client),
    ):
        victim = next(iter(client.run(os.getpid).values()))
        seconds = np.random.RandomState(seed).uniform(0.0, 1.0)
        killer = threading.Timer(seconds, os.kill, (victim, signal.SIGKILL))
        killer.start()
        quietly(lambda: model.fit(X, y))
        killer.join()
        assert np.array_equal(model.predict(X), expected)
    return "the other worker has done it"


@fault()
def full_disk(seed, folder):
    """Files of a limited size stand for a full disk."""
    import resource

    model, X, y = estimator(3)
    quietly(lambda: model.fit(X, y))
    file = folder / "model.npz"
    model.to_npz(file)
    content = file.read_bytes()
    size = int(np.random.RandomState(seed).randint(0, len(content)))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    words = None
    try:
        model.to_npz(file)
    except OSError as error:
        words = str(error)
    assert words, "a full disk was not noticed"
    limits = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert file.read_bytes() == content
    assert os.listdir(folder) == ["model.npz"]
    return f"OSError after {100 * size // len(content) // 25 * 25} %"


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


@fault()
def forks_while_threads_predict(seed, folder):
    model, X, y = estimator(seed)
    quietly(lambda: model.fit(X, y))
    rows = np.concatenate([X] * 10)
    expected, is_done = model.predict(rows), threading.Event()

    def predict():
        while not is_done.is_set():
            model.predict(rows)

    threads = [threading.Thread(target=predict) for _ in range(3)]
    for thread in threads:
        thread.start()
    statuses = []
    for number in range(10):
        time.sleep(0.01 * np.random.RandomState(10 * seed + number).uniform())
        child = os.fork()
        if child == 0:
            signal.alarm(30)
            os._exit(0 if np.array_equal(model.predict(rows), expected) else 1)
        statuses.append(os.waitpid(child, 0)[1])
    is_done.set()
    for thread in threads:
        thread.join()
    assert statuses == [0] * 10, statuses
    return "ten forks"


@fault()
def ctrl_c_while_a_file_is_written(seed, folder):
    model, X, y = estimator(3)
    quietly(lambda: model.fit(X, y))
    file, outcome = folder / "model.npz", "ended before"
    model.to_npz(file)
    seconds = np.random.RandomState(seed).uniform(0.0, 0.05)
    try:
        with pressed_after(seconds):
            for _ in range(20):
                model.to_npz(file)
    except KeyboardInterrupt:
        outcome = "raised"
    assert np.array_equal(PMMEmulator.from_npz(file).predict(X), model.predict(X))
    assert os.listdir(folder) == ["model.npz"], os.listdir(folder)
    return outcome


def inject(name, seed):
    """Run a fault in a process of its own.

    Returns
    -------
    outcome : str
        What happened.
    is_finding : bool
        Whether it must not.
    """
    assert "numba" not in sys.modules, "numba was imported before the fault"
    with tempfile.TemporaryDirectory() as parent:
        file = Path(parent) / "outcome"
        child = os.fork()
        if child == 0:
            _run_here(name, seed, Path(parent), file)
        end = time.monotonic() + _LONGEST
        while os.waitpid(child, os.WNOHANG) == (0, 0):
            time.sleep(0.02)
            if time.monotonic() > end:
                os.killpg(child, signal.SIGKILL)
                os.waitpid(child, 0)
                return f"hangs for more than {_LONGEST} s", True
        with suppress(ProcessLookupError):
            # Workers that it has left.
            os.killpg(child, signal.SIGKILL)
        if not file.exists():
            return "the process has died", True
        return pickle.loads(file.read_bytes())


def _run_here(name, seed, parent, file):
    """In the fork: inject, write what happened, and end."""
    os.setsid()
    folder = parent / f"{seed}"
    folder.mkdir()
    function, variable = FAULTS[name]
    try:
        os.environ.update(variable(folder))
        outcome = function(seed, folder), False
    except NotHere as reason:
        outcome = f"not injected: {reason}", False
    except BaseException:
        outcome = traceback.format_exc()[-1500:], True
    try:
        import resource

        # Some faults limit the size of files.
        limits = resource.RLIM_INFINITY, resource.RLIM_INFINITY
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        file.write_bytes(pickle.dumps(outcome))
    finally:
        os._exit(0)


def run(first, number, names=()):
    """Inject some faults, all kinds in turn; print what must not happen.

    Returns
    -------
    int
        Number of findings.
    """
    names, outcomes, n_findings = list(names or FAULTS), Counter(), 0
    for count in range(first, first + number):
        seed, kind = divmod(count, len(names))
        outcome, is_finding = inject(names[kind], seed)
        if is_finding:
            n_findings += 1
            print(f"{names[kind]} {seed}: {outcome}", flush=True)
        outcomes[names[kind], "finding" if is_finding else outcome] += 1
    for (name, outcome), count in sorted(outcomes.items()):
        print(f"{count:4d} {name}: {outcome}")
    print(f"{number} faults, {n_findings} findings")
    return n_findings
