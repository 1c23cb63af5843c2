"""Files of emulators: hostile ones are refused."""

import io

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from pmm_sklearn import PMMEmulator

from .npz_files import (
    EMULATORS,
    VALID,
    as_members,
    bomb,
    changed,
    contents,
    cost,
    declared,
    described,
    huge,
    npy,
    output,
    put,
    refusal,
    replaced,
    with_header,
    zipped,
)

pytestmark = pytest.mark.filterwarnings("error")

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
