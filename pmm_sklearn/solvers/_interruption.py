"""A Ctrl-C ends one fit and keeps its best model; a second one ends the caller, too."""

import time

from ._result import StopReason

#: Seconds within which a second interruption is meant for a loop of fits.
WINDOW = 2.0

# The keyboard belongs to the process, and so does this time.
_last = -float("inf")


def interrupted():
    """Reason to stop, in a handler of KeyboardInterrupt.

    Raises
    ------
    KeyboardInterrupt
        That which is being handled, if the one before came shortly before it.

    Returns
    -------
    StopReason
        ``StopReason.INTERRUPTED``.

    Examples
    --------
    >>> from pmm_sklearn.solvers import interrupted
    >>> try:
    ...     raise KeyboardInterrupt  # Ctrl-C in the middle of an iteration
    ... except KeyboardInterrupt:
    ...     print(interrupted().name)
    INTERRUPTED
    """
    global _last
    before, _last = _last, time.monotonic()
    if _last - before < WINDOW:
        raise
    return StopReason.INTERRUPTED
