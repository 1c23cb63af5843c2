"""A Ctrl-C ends one fit and keeps its best model; a second one ends the caller, too."""

import time

from ._result import StopReason


class Interruption:
    """Tells one Ctrl-C, which ends a fit, from two, which end a loop of fits.

    Fits that are to notice each other's interruptions share one of these.  Its copies,
    and those that travel to other processes, know of no interruption yet: their clocks
    may be other ones.

    Parameters
    ----------
    window : float, default=2.0
        Seconds within which a second interruption is meant for the loop.

    Attributes
    ----------
    latest : float
        When the last interruption was, by `time.monotonic`; minus infinity at first.

    Examples
    --------
    >>> from pmm_sklearn.solvers import Interruption
    >>> interruption = Interruption()
    >>> try:
    ...     raise KeyboardInterrupt  # Ctrl-C in the middle of an iteration
    ... except KeyboardInterrupt:
    ...     print(interruption.reason().name)
    INTERRUPTED
    """

    def __init__(self, window=2.0):
        self.window = window
        self.latest = -float("inf")

    def __reduce__(self):
        return Interruption, (self.window,)

    def reason(self):
        """Reason to stop, in a handler of KeyboardInterrupt.

        Raises
        ------
        KeyboardInterrupt
            That which is being handled, if the one before came shortly before it.

        Returns
        -------
        StopReason
            ``StopReason.INTERRUPTED``.
        """
        before, self.latest = self.latest, time.monotonic()
        if self.latest - before < self.window:
            raise
        return StopReason.INTERRUPTED
