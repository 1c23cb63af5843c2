"""Portable files to read: valid ones, and ones with something in them changed."""

import copy
import io
import json
import struct
import time
import tracemalloc
import warnings
import zipfile

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from pmm_sklearn import (
    PMMClassifier,
    PMMEmulator,
    PMMImageClassifier,
    PMMRegressor,
    UnitaryPMMEmulator,
)
from pmm_sklearn.targets import Gap, Level, Observable, Transition

TARGETS = [
    Level(0),
    Level(-1, sector=1),
    Gap(Level(0), Level(0, sector=1)),
    Observable("spin"),
    Transition("field", Level(0), Level(0, sector=1)),
]
NAMES = ["matrices", "observables", "weights"]


def emulator_of(matrix_type="hermitian", sizes=(3, 2), targets=TARGETS, **parameters):
    """An emulator of two features that has hardly been trained."""
    rng = np.random.RandomState(0)
    emulator = PMMEmulator(
        sizes,
        targets=targets,
        matrix_type=matrix_type,
        max_iter=1,
        n_init=1,
        alpha=0.1,
        random_state=0,
        **parameters,
    )
    n_columns = 1 if targets is None else len(targets)
    X, y = rng.standard_normal((4, 2)), rng.standard_normal((4, n_columns))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return emulator.fit(X, y)


EMULATORS = [
    emulator_of(),
    emulator_of("symmetric", degree=2),
    emulator_of("symmetric", (2,), None),
]


X = np.linspace(-1, 1, 24)[:, np.newaxis] * [1.0, 0.5]
SHORT = {"max_iter": 2, "random_state": 0}
IMAGES = np.random.RandomState(0).uniform(size=(9, 5, 4))
LABELS = np.array(["left", "mid", "right"])


def quietly_fitted(estimator, X, y, **parameters):
    """The same, fitted without a warning that it has not converged."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return estimator.fit(X, y, **parameters)


def other_models():
    """An estimator of every other kind, with the data that it predicts."""
    symmetric = {"matrix_type": "symmetric"}
    several = {"n_init": 2, "n_average": 2}
    y = np.tanh(3 * X[:, 0])
    labels = LABELS[np.digitize(X[:, 0], [-0.3, 0.3])]
    times = X[:, :1]
    fits = [
        (PMMRegressor(3, 2, n_init=1, **SHORT), X, y),
        (PMMRegressor(3, 1, readout="density", **several, **SHORT), X, np.c_[y, y**2]),
        (PMMClassifier(3, 1, n_init=1, **SHORT), X, labels),
        (UnitaryPMMEmulator(2, 2, n_init=1, **SHORT), times, -1 + times[:, 0] ** 2),
        (PMMEmulator(3, commutator=0.1, **several, **SHORT), times, y),
        (PMMEmulator(3, rank=1, n_init=1, **symmetric, **SHORT), times, y),
        (PMMImageClassifier(3, 2, 2, 2, 1, **SHORT), IMAGES, LABELS[np.arange(9) % 3]),
    ]
    return [(quietly_fitted(*fit), fit[1]) for fit in fits]


def written(estimator):
    """The bytes of the file of an estimator."""
    file = io.BytesIO()
    estimator.to_npz(file)
    return file.getvalue()


def contents(estimator):
    """The arrays in the file of an estimator, with the description as a dict."""
    with np.load(io.BytesIO(written(estimator))) as arrays:
        found = dict(arrays)
    return {**found, "description": json.loads(str(found["description"]))}


VALID = [contents(emulator) for emulator in EMULATORS]


def npy(array):
    """The bytes of a file of one array."""
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def with_header(descr, shape, data=b""):
    """The same of an array with any header, true or not."""
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n"
    size = struct.pack("<H", len(header))
    return b"\x93NUMPY\x01\x00" + size + header.encode() + data


def as_members(content):
    """Pairs of names and bytes of all members of a file."""
    content = {**content, "description": np.array(json.dumps(content["description"]))}
    return [(f"{name}.npy", npy(array)) for name, array in content.items()]


def zipped(members, compression=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return file.getvalue()


def replaced(name, data, valid=VALID[0]):
    """A file with other bytes in one member."""
    members = dict(as_members(valid))
    return zipped({**members, f"{name}.npy": data}.items())


def described(valid=VALID[0], **changes):
    """A file with other values wherever its description has these keys."""
    content = copy.deepcopy(valid)
    description = content["description"]
    for place in (description["structure"], description):
        place |= {key: value for key, value in changes.items() if key in place}
    return zipped(as_members(content))


def changed(name, change, valid=VALID[0]):
    """A file in one array of which something has been changed."""
    array = valid[name].copy()
    result = change(array)
    return replaced(name, npy(array if result is None else result), valid)


def put(place, value):
    return lambda array: array.__setitem__(place, value)


def declared(size):
    """A file whose directory says that a member is as large as that."""
    file = bytearray(zipped(as_members(VALID[0])))
    entry = file.index(b"PK\x01\x02")
    file[entry + 20 : entry + 28] = struct.pack("<II", size, size)
    return bytes(file)


def output(*levels, kind="level", name=""):
    return [[kind, name, list(levels)]]


def bomb():
    """A small file that would take a gigabyte."""
    shape = (3, 5, 5)
    zeros = with_header("'<c16'", shape) + bytes(2**24)
    members = {**dict(as_members(VALID[0])), "matrices.npy": zeros}
    return zipped(members.items(), zipfile.ZIP_DEFLATED)


def huge():
    """A small file whose description and headers agree on 7 TiB."""
    changes = {"n_features": 10**4, "block_sizes": [10**4], "feature_names": []}
    content = {**VALID[2], "observables": np.empty((0, 10**4, 10**4))}
    with zipfile.ZipFile(io.BytesIO(described(content, **changes))) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["matrices.npy"] = with_header("'<f8'", (10**4 + 1, 10**4, 10**4))
    return zipped(members.items())


def reason(kind, file):
    """Why a file is refused, or what was read."""
    try:
        return None, kind.from_npz(file)
    except ValueError as error:
        message = str(error)
    name = kind.__name__
    assert f"does not hold 'pmm_sklearn model, version 1' of {name}: " in message
    assert message.endswith(f"; give a file that {name}.to_npz has written.")
    return message, None


def refusal(file):
    """Why a file is refused, None if it is not; predictions are finite then."""
    message, emulator = reason(PMMEmulator, file)
    if message is not None:
        return message
    X = np.linspace(-1, 1, 3 * emulator.n_features_in_).reshape(3, -1)
    assert np.all(np.isfinite(emulator.predict(X)))
    assert np.all(np.isfinite(emulator.predict_gradient(X)))
    return None


def cost(function, *arguments):
    """What a function returns, and processor time and memory that it took."""
    tracemalloc.start()
    start = time.process_time()
    try:
        result = function(*arguments)
        memory = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    return result, time.process_time() - start, memory
