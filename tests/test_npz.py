"""Files of emulators: hostile ones are refused, and old ones replaced only whole."""

import copy
import errno
import io
import json
import os
import stat
import struct
import time
import tracemalloc
import warnings
import zipfile

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.exceptions import ConvergenceWarning

from pmm_sklearn import PMMEmulator
from pmm_sklearn.targets import Gap, Level, Observable, Transition

pytestmark = pytest.mark.filterwarnings("error")

TARGETS = [
    Level(0),
    Level(-1, sector=1),
    Gap(Level(0), Level(0, sector=1)),
    Observable("spin"),
    Transition("field", Level(0), Level(0, sector=1)),
]
NAMES = ["matrices", "observables", "description"]


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


def contents(emulator):
    """The arrays in the file of an emulator, with the description as a dict."""
    file = io.BytesIO()
    emulator.to_npz(file)
    file.seek(0)
    with np.load(file) as arrays:
        found = {name: arrays[name] for name in NAMES}
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


HOSTILE = {
    "no member": (zipped([]), "the members"),
    "missing": (zipped(as_members(VALID[0])[:2]), "the members"),
    "extra": (zipped([*as_members(VALID[0]), ("a.npy", npy(1))]), "the members"),
    "bomb": (bomb(), "compressed"),
    "declared size": (declared(2**31), "larger than the file"),
    "declared size of 4 GiB": (declared(2**32 - 2), "larger than the file"),
    "7 TiB": (replaced("matrices", with_header("'<c16'", (2**39, 5, 5))), "has shape"),
    "7 TiB of text": (replaced("description", with_header("'<U9999999999'", ())), ""),
    "size that is not there": (
        replaced("matrices", with_header("'<c16'", (3, 5, 5))),
        "the size that it claims",
    ),
    "7 TiB that the description agrees with": (huge(), "the size that it claims"),
    "long header": (replaced("matrices", with_header("'<c16'", "-" * 9999)), "large"),
    "nested header": (replaced("matrices", with_header("'<c16'", "(" * 100)), ""),
    "empty descr": (replaced("matrices", with_header("()", (3, 5, 5))), ""),
    "no array": (replaced("matrices", b"something else"), "magic"),
    "empty member": (replaced("matrices", b""), ""),
    "objects": (changed("matrices", lambda a: a.astype(object)), "type object"),
    "texts": (changed("matrices", lambda a: a.astype(str)), "elements of type"),
    "integers": (changed("matrices", lambda a: a.real.astype("i8")), "type int64"),
    "real": (changed("matrices", lambda a: a.real), "type float64"),
    "fewer": (changed("matrices", lambda a: a[:2]), "has shape"),
    "one axis": (changed("matrices", np.ravel), "has shape"),
    "no axis": (changed("observables", lambda a: a[0, 0, 0]), "has shape"),
    "no observable": (changed("observables", lambda a: a[:0]), "has shape"),
    "NaN": (changed("matrices", put((1, 2, 2), np.nan)), "NaN"),
    "infinite": (changed("observables", put((1, 2, 2), -np.inf)), "NaN"),
    "huge": (changed("observables", put((1, 2, 2), 1e200)), "beyond"),
    "not Hermitian": (changed("matrices", put((1, 0, 1), 1e3)), "not Hermitian"),
    "imaginary": (changed("matrices", put((1, 0, 0), 1e3j)), "not Hermitian"),
    "not symmetric": (
        changed("observables", put((1, 0, 1), 1e3), VALID[1]),
        "not Hermitian",
    ),
    "between sectors": (
        changed("matrices", lambda a: a + np.ones((5, 5))),
        "between the sectors",
    ),
    "nested JSON": (replaced("description", npy(np.array("[" * 10**5))), ""),
    "no JSON": (replaced("description", npy(np.array("E0"))), ""),
    "other JSON": (replaced("description", npy(np.array("[1]"))), "another format"),
    "bytes": (replaced("description", npy(np.array(b"{}"))), "elements of type"),
    "no character": (
        replaced("description", with_header("'<U1'", (), b"\xff" * 4)),
        "",
    ),
    "format": (described(format="version 2"), "another format"),
    "huge block": (described(block_sizes=[10**9]), "must not exceed"),
    "negative block": (described(block_sizes=[6, -1]), "positive"),
    "fractional block": (described(block_sizes=[2.5, 2.5]), "integers"),
    "no block": (described(block_sizes=[]), "positive"),
    "blocks": (described(block_sizes=5), ""),
    "block of truth": (described(block_sizes=[True, 4]), "integers"),
    "degree": (described(degree=10**6), "too many monomials"),
    "degrees": (described(degree=10**6, n_features=10**6), "monomials"),
    "degree of many digits": (described(degree=10**4000), ""),
    "degree 0": (described(degree=0), "at least 1"),
    "features": (described(n_features=10**12), "has shape"),
    "fractional features": (described(n_features=2.0), "integer"),
    "no number": (described(n_features=float("nan")), "integer"),
    "matrix type": (described(matrix_type="unitary"), "must be one of"),
    "eigensolver": (described(eigensolver="magic"), "must be one of"),
    "kind": (described(outputs=output([0, 0], kind="spectrum")), "spectrum"),
    "list as kind": (described(outputs=output([0, 0], kind=[])), ""),
    "no output": (described(outputs=[]), "outputs"),
    "level without a name": (described(outputs=output()), ""),
    "level that is not there": (described(outputs=output([3, 0])), "enlarge"),
    "level from above": (described(outputs=output([-1, 0])), "outputs"),
    "fractional level": (described(outputs=output([0.5, 0])), "integer"),
    "two levels": (described(outputs=output([0, 0], [1, 0])), "outputs"),
    "named level": (described(outputs=output([0, 0], name="E")), "outputs"),
    "name of numbers": (
        described(outputs=output([0, 0], kind="observable", name=5)),
        "name",
    ),
    "single": (described(single_output=True), "one output only"),
    "single number": (described(single_output=1), "True or False"),
    "feature names": (described(feature_names=["a"]), "names of features"),
    "numbers as names": (described(feature_names=[1, 2]), "list of texts"),
    "unknown field": (
        described(structure={**VALID[0]["description"]["structure"], "x": 1}),
        "unexpected",
    ),
    "fields": (described(structure=[1]), ""),
}


def refusal(file):
    """Why a file is refused, None if it is not; predictions are finite then."""
    message = None
    try:
        emulator = PMMEmulator.from_npz(file)
    except ValueError as error:
        message = str(error)
    if message is not None:
        assert "does not hold 'pmm_sklearn emulator" in message
        assert message.endswith("give a file that was written by to_npz.")
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


class TestHostileFiles:
    @pytest.mark.parametrize("case", HOSTILE)
    def test_is_refused_before_it_takes_time_or_memory(self, case):
        data, reason = HOSTILE[case]
        found, seconds, memory = cost(refusal, io.BytesIO(data))
        assert found is not None
        assert reason in found
        assert len(found) < 500
        assert seconds < 5
        assert memory < 20 * len(data) + 2**20

    def test_duplicate_names(self):
        members = as_members(VALID[0])
        with pytest.warns(UserWarning, match="Duplicate"):
            data = zipped([*members, members[0]])
        assert "the members" in refusal(io.BytesIO(data))

    def test_small_file_of_many_monomials(self):
        """Lawful, but their powers would take longer than a lifetime."""
        valid = {**VALID[2], "matrices": np.zeros((10**5 + 1, 1, 1))}
        valid["observables"] = np.empty((0, 1, 1))
        changes = {"degree": 10**5, "n_features": 1, "block_sizes": [1]}
        data = described(valid, **changes, outputs=output([0, 0]))
        found, seconds, _ = cost(refusal, io.BytesIO(data))
        assert "too many monomials" in found
        assert seconds < 5

    def test_small_file_of_many_outputs(self):
        names = [["observable", f"{k}", [[0, 0]]] for k in range(10**4)]
        found, seconds, _ = cost(refusal, io.BytesIO(described(outputs=names)))
        assert "too many outputs" in found
        assert seconds < 5

    def test_the_name_of_the_file_is_told(self, tmp_path):
        (tmp_path / "bad.npz").write_bytes(HOSTILE["NaN"][0])
        assert "bad.npz" in refusal(tmp_path / "bad.npz")

    @pytest.mark.parametrize("emulator", EMULATORS, ids=str)
    def test_files_of_ours_in_other_words(self, emulator):
        """Order of bytes, of axes and of members is that of the machine, not ours."""
        content = contents(emulator)
        for name in ("matrices", "observables"):
            swapped = content[name].astype(content[name].dtype.newbyteorder())
            content[name] = np.asfortranarray(swapped)
        data = zipped(reversed(as_members(content)))
        loaded = PMMEmulator.from_npz(io.BytesIO(b"before it" + data))
        X = np.linspace(-1, 1, 6).reshape(3, 2)
        assert_array_equal(loaded.predict(X), emulator.predict(X))
        assert loaded.matrices_.flags.writeable
        assert loaded.matrices_.dtype.isnative


class TestMutations:
    """Any file loads to finite predictions, or is refused by one error."""

    VALUES = (
        *(None, True, 0, -1, 1, 2, 3, 2.0, 0.5, 10**6, 10**9, 10**30, 1e999),
        *("", "level", "gap", "symmetric", "hermitian", "\x00", "x" * 1000),
        *([], [[]], {}, [1], [5], [3, 2], [2, 3], [1] * 5, [10**9], [-1, 6]),
        *(float("nan"), [[0, 0]], [["level", "", [[0, None]]]], {"a": 1}),
    )

    def mutated(self, rng):
        """A file in which something, or several things, have been changed."""
        content = copy.deepcopy(VALID[rng.randint(len(VALID))])
        kinds = rng.randint(6, size=1 + (rng.rand() < 0.2))
        for kind in kinds[kinds < 2]:
            (self.json_value, self.array)[kind](content, rng)
        members = as_members(content)
        for kind in kinds[(kinds > 1) & (kinds < 4)]:
            (self.header, self.member)[kind - 2](members, rng)
        data = bytearray(zipped(members))
        for kind in kinds[kinds > 3]:
            data = (self.flipped, self.cut)[kind - 4](data, rng)
        return bytes(data)

    def json_value(self, content, rng):
        """Something at random at a random depth of the description."""
        place = content["description"]
        while True:
            keys = list(place) if isinstance(place, dict) else range(len(place))
            if len(keys) == 0:
                return
            key = keys[rng.randint(len(keys))]
            inner = place[key]
            if not isinstance(inner, (dict, list)) or rng.rand() < 0.3:
                break
            place = inner
        if rng.rand() < 0.2:
            del place[key]
        else:
            value = self.VALUES[rng.randint(len(self.VALUES))]
            place[key] = copy.deepcopy(value)

    def array(self, content, rng):
        name = NAMES[rng.randint(2)]
        array = content[name]
        changes = [
            lambda: array[1:],
            lambda: array.T,
            lambda: array[..., np.newaxis],
            lambda: array.reshape(-1),
            lambda: np.concatenate([array, array]),
            lambda: array.astype(object),
            lambda: array.astype("S3"),
            lambda: array.real.astype(np.float32),
            lambda: array.astype(np.complex128),
            lambda: array * [np.nan, np.inf, 1e160, -1e-320, 0.0][rng.randint(5)],
            lambda: array + rng.standard_normal(array.shape),
            lambda: np.zeros(rng.randint(4, size=rng.randint(5))),
        ]
        with np.errstate(all="ignore"):
            content[name] = changes[rng.randint(len(changes))]()

    def header(self, members, rng):
        """Other characters in the header of an array."""
        i = rng.randint(len(members))
        name, data = members[i]
        data = bytearray(data)
        end = 10 + int.from_bytes(data[8:10], "little")
        for place in rng.randint(min(end, len(data)), size=rng.randint(1, 4)):
            data[place] = rng.choice(list(b"0123456789(),'<>|=fUOcb-{} \n\x00\xff"))
        members[i] = name, bytes(data)

    def member(self, members, rng):
        i = rng.randint(len(members))
        name, data = members[i]
        members[i : i + 1] = [
            [],
            [(name, data[: rng.randint(len(data))])],
            [(name, data + b"\x00" * 8)],
            [(name.upper(), data)],
            [(name, data), ("more/" + name, data)],
            [(name, members[rng.randint(len(members))][1])],
        ][rng.randint(6)]

    def flipped(self, data, rng):
        if data:
            for place in rng.randint(len(data), size=rng.randint(1, 5)):
                data[place] ^= 1 << rng.randint(8)
        return data

    def cut(self, data, rng):
        return data[: rng.randint(len(data) + 1)]

    @pytest.mark.parametrize("seed", range(10))
    @pytest.mark.filterwarnings("ignore::UserWarning", "ignore::SyntaxWarning")
    def test_any_file_is_loaded_or_refused(self, seed):
        rng, refused = np.random.RandomState(seed), 0
        for _ in range(100):
            data = self.mutated(rng)
            found, seconds, memory = cost(refusal, io.BytesIO(data))
            refused += found is not None
            assert seconds < 5
            assert memory < 2**23
        assert 50 < refused < 100


class TestWriting:
    """A file is replaced when the new one is complete."""

    @pytest.fixture
    def path(self, tmp_path):
        EMULATORS[0].to_npz(tmp_path / "model.npz")
        return tmp_path / "model.npz"

    @staticmethod
    def fail_after_half(monkeypatch, error):
        def savez(file, **arrays):
            file.write(b"PK\x03\x04 half of it")
            raise error

        monkeypatch.setattr(np, "savez", savez)

    @pytest.mark.parametrize("function", ["savez", "fsync", "replace"])
    @pytest.mark.parametrize(
        "error",
        [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()],
        ids=["full disk", "interruption"],
    )
    def test_an_old_file_survives_a_failure(self, function, error, path, monkeypatch):
        def fail(*arguments):
            raise error

        if function == "savez":
            self.fail_after_half(monkeypatch, error)
        else:
            monkeypatch.setattr(os, function, fail)
        before = path.read_bytes()
        with pytest.raises(type(error)):
            EMULATORS[1].to_npz(path)
        assert path.read_bytes() == before
        assert os.listdir(path.parent) == ["model.npz"]

    def test_nothing_stays_of_a_new_file_that_failed(self, tmp_path, monkeypatch):
        self.fail_after_half(monkeypatch, OSError(errno.ENOSPC, "full"))
        with pytest.raises(OSError, match="full"):
            EMULATORS[0].to_npz(tmp_path / "model")
        assert os.listdir(tmp_path) == []

    def test_matrices_that_could_not_be_read_are_not_written(self, path):
        emulator, before = copy.deepcopy(EMULATORS[0]), path.read_bytes()
        emulator.matrices_ = emulator.matrices_ * np.nan
        with pytest.raises(ValueError, match="matrices has elements that are NaN"):
            emulator.to_npz(path)
        assert path.read_bytes() == before

    def test_the_new_file_replaces_the_old_one(self, path):
        EMULATORS[1].to_npz(path)
        assert PMMEmulator.from_npz(path).matrix_type == "symmetric"
        assert os.listdir(path.parent) == ["model.npz"]

    def test_a_folder_that_does_not_exist(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="model.npz"):
            EMULATORS[0].to_npz(tmp_path / "no" / "model.npz")

    @pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
    @pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
    def test_permissions_of_a_new_file_are_those_of_open(self, mask, tmp_path):
        before = os.umask(mask)
        try:
            EMULATORS[0].to_npz(tmp_path / "model.npz")
        finally:
            os.umask(before)
        mode = stat.S_IMODE((tmp_path / "model.npz").stat().st_mode)
        assert mode == 0o666 & ~mask

    @pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
    def test_permissions_of_an_old_file_are_kept(self, path):
        path.chmod(0o640)
        EMULATORS[1].to_npz(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o640

    @pytest.mark.skipif(
        os.name != "posix" or os.geteuid() == 0, reason="root may write any file"
    )
    def test_a_file_that_may_not_be_written_is_not_replaced(self, path):
        path.chmod(0o440)
        with pytest.raises(PermissionError, match="model.npz"):
            EMULATORS[1].to_npz(path)
        assert PMMEmulator.from_npz(path).matrix_type == "hermitian"

    @pytest.mark.skipif(os.name != "posix", reason="symbolic links of POSIX")
    @pytest.mark.parametrize("exists", [True, False])
    def test_a_symbolic_link_keeps_pointing(self, exists, path, tmp_path):
        target = path if exists else tmp_path / "other.npz"
        link = tmp_path / "link.npz"
        link.symlink_to(target.name)
        EMULATORS[1].to_npz(link)
        assert os.readlink(link) == target.name
        assert PMMEmulator.from_npz(target).matrix_type == "symmetric"
        assert not target.is_symlink()

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes of POSIX")
    def test_what_is_no_regular_file_is_not_replaced(self, tmp_path):
        (tmp_path / "folder.npz").mkdir()
        with pytest.raises(IsADirectoryError):
            EMULATORS[0].to_npz(tmp_path / "folder.npz")
        assert os.listdir(tmp_path) == ["folder.npz"]
