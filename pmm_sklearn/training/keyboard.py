"""Ctrl-C: one ends a fit, two in a row end a loop of fits."""

from ..solvers import Interruption

#: The keyboard belongs to the process, and all fits of a process share this.
KEYBOARD = Interruption()
