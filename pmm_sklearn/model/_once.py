"""What a process does once, whatever threads call it and whenever Ctrl-C comes."""

import functools
import signal
import threading
from contextlib import contextmanager


@contextmanager
def interrupted_later():
    """Let a Ctrl-C wait for the end of the block.

    For what cannot be begun again: a package that was imported in part stays like that.
    """
    pressed = []
    before = signal.getsignal(signal.SIGINT)
    is_main = threading.current_thread() is threading.main_thread()
    if before is None or not is_main:
        # Python does not handle it, or does so in another thread.
        yield
        return
    signal.signal(signal.SIGINT, lambda *arguments: pressed.append(arguments))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if pressed:
            signal.raise_signal(signal.SIGINT)


def once(function):
    """Call a function once for all threads, and keep what it returns from Ctrl-C.

    Parameters
    ----------
    function : callable
        What it raises is not kept.

    Returns
    -------
    callable
    """
    results, lock = {}, threading.Lock()

    @functools.wraps(function)
    def call(*arguments):
        if arguments not in results:
            with interrupted_later(), lock:
                if arguments not in results:
                    results[arguments] = function(*arguments)
        return results[arguments]

    return call
