"""One Ctrl-C, or two."""

import copy
import pickle

import pytest

from pmm_sklearn.solvers import Interruption, StopReason


def press(interruption):
    try:
        raise KeyboardInterrupt
    except KeyboardInterrupt:
        return interruption.reason()


def test_the_second_goes_on_to_the_caller():
    interruption = Interruption()
    assert press(interruption) is StopReason.INTERRUPTED
    with pytest.raises(KeyboardInterrupt):
        press(interruption)


def test_much_later_it_is_the_first_again(monkeypatch):
    times = iter([10.0, 13.0, 14.0])
    monkeypatch.setattr("time.monotonic", lambda: next(times))
    interruption = Interruption(window=2.0)
    assert press(interruption) is press(interruption) is StopReason.INTERRUPTED
    with pytest.raises(KeyboardInterrupt):
        press(interruption)


def pickled(interruption):
    return pickle.loads(pickle.dumps(interruption))


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
)
def test_what_travels_does_not_take_the_time_along(copied):
    interruption = Interruption(window=60.0)
    press(interruption)
    other = copied(interruption)
    assert other.window == 60.0
    assert press(other) is StopReason.INTERRUPTED
