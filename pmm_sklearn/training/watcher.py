"""Who sees a training: the lines that it prints, and the callbacks that may end it."""

import copy
import time

from ..solvers import Interruption
from .terminal import Lines


class Watcher:
    """Shows the progress of a training, and asks callbacks whether to go on.

    Parameters
    ----------
    name : str, default=""
        Whose training it is.
    verbose : int, default=0
        0 prints nothing, 1 a line that moves or, without a terminal, one now and then,
        2 one for each iteration.
    every : int, default=10
        Iterations from line to line, with ``verbose=1``.
    describe : callable, optional
        ``describe(loss, score)`` says in words how good a model is.
    callbacks : object, optional
        Has ``active`` and ``on_iteration(theta)``, which returns whether to stop.
    interruption : Interruption, optional
        Tells one Ctrl-C from two; by default one that no other training has.
    """

    def __init__(
        self,
        name="",
        verbose=0,
        every=10,
        describe=None,
        callbacks=None,
        interruption=None,
    ):
        self._name = name
        self._verbose = verbose
        self._every = every
        self._describe = describe or describe_loss
        self._callbacks = callbacks
        self.interruption = interruption or Interruption()
        self._began = time.monotonic()
        self._lines = Lines()
        self._n_starts = self._n_members = 1

    @property
    def has_callbacks(self):
        """Whether there are any, which want to see iterations in this process."""
        return self._callbacks is not None and self._callbacks.active

    def of(self, n_starts, n_members):
        """One for so many starts, of which so many are trained to the end."""
        other = copy.copy(self)
        other._n_starts, other._n_members = n_starts, n_members
        return other

    def without_callbacks(self):
        """One for a training that no callback sees."""
        other = copy.copy(self)
        other._callbacks = None
        return other

    def tell(self, text):
        """Print a line, unless silent."""
        if self._verbose:
            self._lines.tell(f"[{self._name}] {text}")

    def on_start(self, number, result):
        """A start, counted from 1, was trained for the first iterations."""
        start = self._start(number)
        text = self._describe(result.loss, result.score)
        self.tell(f"{start} after {result.n_iter} iterations   {text}")

    def on_screening(self, number, n_iter, theta, loss, score):
        """One of these iterations, if it was in this process."""
        self._show(f"{self._start(number)}   ", n_iter, loss, score)

    def on_iteration(self, number, n_iter, theta, loss, score):
        """An iteration of a member; returns whether to stop."""
        is_one_of_many = self._n_members > 1
        member = f"member {number}/{self._n_members}   " if is_one_of_many else ""
        self._show(member, n_iter, loss, score)
        return self.has_callbacks and self._callbacks.on_iteration(theta)

    def _start(self, number):
        return f"start {number}/{self._n_starts}"

    def _show(self, who, n_iter, loss, score):
        if not self._verbose:
            return
        text = self._describe(loss, score)
        elapsed = time.monotonic() - self._began
        line = f"{who}iteration {n_iter:4d}   {text}   {elapsed:.1f} s"
        if self._verbose == 1 and self._lines.move(f"[{self._name}] {line}"):
            return
        if self._verbose > 1 or n_iter % self._every == 0:
            self.tell(line)


def describe_loss(loss, score):
    """The loss, and that of validation data if it is another."""
    validation = f"   validation loss {score:.6e}" if score != loss else ""
    return f"loss {loss:.6e}{validation}"


def describe_evidence(loss, score):
    """The logarithm of the evidence, in standardised units."""
    return f"log evidence {-loss:.2f}"


def describe_errors(loss, score):
    """The loss, and the accuracy on validation data if there are any."""
    accuracy = f"   validation accuracy {1 - score:.4f}" if score != loss else ""
    return f"loss {loss:.6e}{accuracy}"
