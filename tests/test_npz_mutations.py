"""Files of emulators, changed at random."""

import copy
import io

import numpy as np
import pytest

from .npz_files import (
    NAMES,
    VALID,
    as_members,
    cost,
    refusal,
    zipped,
)

pytestmark = pytest.mark.filterwarnings("error")


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
