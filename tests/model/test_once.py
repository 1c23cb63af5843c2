"""Once for all threads, and a Ctrl-C waits."""

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from pmm_sklearn.model._once import interrupted_later, once


@pytest.fixture(autouse=True)
def handler():
    """Background jobs of some shells start with the signal ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield signal.default_int_handler
    signal.signal(signal.SIGINT, before)


def test_interruption_waits_for_the_end_of_the_block(handler):
    done = []

    def run():
        with interrupted_later():
            signal.raise_signal(signal.SIGINT)
            done.append(True)

    with pytest.raises(KeyboardInterrupt):
        run()
    assert done
    assert signal.getsignal(signal.SIGINT) is handler


def test_handler_is_restored_after_an_error(handler):
    with pytest.raises(ZeroDivisionError), interrupted_later():
        raise ZeroDivisionError
    assert signal.getsignal(signal.SIGINT) is handler


def test_other_threads_leave_the_handler_alone(handler):
    def inside():
        with interrupted_later():
            return signal.getsignal(signal.SIGINT)

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(inside).result() is handler


def test_result_outlives_an_interruption():
    calls = []

    @once
    def call(number):
        signal.raise_signal(signal.SIGINT)
        calls.append(number)
        return -number

    for number in (1, 2):
        with pytest.raises(KeyboardInterrupt):
            call(number)
        assert call(number) == -number
    assert calls == [1, 2]


def test_threads_wait_for_the_first():
    calls = []

    @once
    def call():
        calls.append(threading.get_ident())
        time.sleep(0.05)
        return calls[-1]

    with ThreadPoolExecutor(4) as pool:
        results = {future.result() for future in [pool.submit(call) for _ in range(4)]}
    assert results == set(calls)
    assert len(calls) == 1


def test_errors_are_not_kept():
    calls = []

    @once
    def call():
        calls.append(True)
        raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            call()
    assert len(calls) == 2
