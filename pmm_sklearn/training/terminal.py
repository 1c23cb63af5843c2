"""Lines that are printed, the last of which moves on a terminal."""

import shutil
import sys
import time

# Seconds between two pictures of a moving line.
_PAUSE = 0.1


class Lines:
    """What a training prints: lines that stay, and on a terminal one that moves.

    Examples
    --------
    >>> from pmm_sklearn.training.terminal import Lines
    >>> lines = Lines()
    >>> lines.move("iteration 1")  # no terminal
    False
    >>> lines.tell("converged")
    converged
    """

    def __init__(self):
        self._width = 0
        self._shown = -_PAUSE

    def move(self, text):
        """Show a text in place of the last one; returns whether there is a terminal."""
        if not sys.stdout.isatty():
            return False
        now = time.monotonic()
        if now - self._shown >= _PAUSE:
            columns = shutil.get_terminal_size().columns - 1
            text = text[:columns]
            print("\r" + text.ljust(min(self._width, columns)), end="", flush=True)
            self._width, self._shown = len(text), now
        return True

    def tell(self, text):
        """Print a line that stays, in place of the one that moved."""
        if self._width:
            print("\r" + " " * self._width, end="\r")
            self._width = 0
        print(text, flush=True)
