"""Bookkeeping common to all solvers: curves, best point, reasons to stop."""

import numpy as np

from ._interruption import Interruption
from ._overflow import or_infinity
from ._result import Resume, SolverResult, StopReason

# A loss this small against the first one is zero to rounding errors.
_ZERO = np.finfo(np.float64).eps ** 2


class Progress:
    """Records iterations and decides when to stop.

    Parameters
    ----------
    rule : StoppingRule
        When it has converged, and when it has taken too long.
    validation_loss : callable, optional
        ``validation_loss(theta)``.  If given, the best point is that of the least
        validation loss, and the optimisation ends when it stops improving.
    on_iteration : callable, optional
        ``on_iteration(n_iter, theta, loss, score)`` after each iteration, the
        score being the validation loss if there is one, else the loss; a true
        return value ends the optimisation.
    previous : SolverResult, optional
        Result that is continued: iterations, the best point and the patience are
        counted on.  The solver has to start from ``previous.resume.theta``.
    interruption : Interruption, optional
        Shared by fits that a second Ctrl-C shall end together; by default no other
        fit has it.

    Attributes
    ----------
    memory : object
        What the solver wants to find again when it is continued, as it was after the
        last iteration; None at the first start.  It is never changed, but replaced:
        results share it.

    Examples
    --------
    Recorded by hand, as a solver does it:

    >>> import numpy as np
    >>> from pmm_sklearn.solvers import Progress, StoppingRule
    >>> progress = Progress(StoppingRule(tol=0.0, max_iter=2))
    >>> progress.start(np.array([2.0]), 4.0)
    >>> progress.record(np.array([1.0]), 1.0)
    >>> reason = progress.record(np.array([1.5]), 2.25)
    >>> reason.name, progress.result(reason).theta  # the best, not the last
    ('MAX_ITER', array([1.]))
    """

    def __init__(
        self,
        rule,
        *,
        validation_loss=None,
        on_iteration=None,
        previous=None,
        interruption=None,
    ):
        self.rule = rule
        self.validation_loss = validation_loss
        self.on_iteration = on_iteration
        self.interruption = interruption or Interruption()
        self.loss_curve = []
        self.validation_curve = []
        self.memory = None
        self._best = None
        self._n_unsettled = 0
        if previous is not None:
            self._restore(previous)

    def _restore(self, previous):
        self.loss_curve += previous.loss_curve
        self.validation_curve += previous.validation_curve
        self._best = (previous.theta, previous.loss, previous.score)
        resume = previous.resume
        self._last, self._best_iteration, self._zero, *others = resume
        self._n_unsettled, self.memory = others

    def start(self, theta, loss):
        """Note the starting point; returns a `StopReason` or None to go on.

        Only the first one counts, be it that of a result that is continued.
        """
        if self._best is not None:
            return None
        self._last = theta
        self._best = (theta, loss, self._score(theta, loss))
        self._best_iteration = 0
        self._zero = max(self.rule.floor, _ZERO * loss)
        if self.rule.is_logarithm:
            self._zero = -np.inf
        if not loss < np.inf:
            return StopReason.NON_FINITE
        is_zero = not self.rule.is_logarithm and loss <= self.rule.floor
        return StopReason.STATIONARY if is_zero else None

    def record(self, theta, loss, memory=None, settles=True):
        """Note an iteration; returns a `StopReason` or None to go on.

        Parameters
        ----------
        theta : ndarray of shape (n_parameters,)
            Parameters after it.
        loss : float
            Loss there.
        memory : object, optional
            See the attribute.
        settles : bool, default=True
            Whether it should have decreased the loss, so that training has converged
            after many that did not.
        """
        score = self._score(theta, loss)
        # Together, for an interruption must not find one without the other.
        self._last, self.memory = theta, memory
        self.loss_curve.append(loss)
        n_iter = len(self.loss_curve)
        if not settles:
            self._n_unsettled = n_iter
        if self.validation_loss is not None:
            self.validation_curve.append(score)
        if score < self._best[2] or self._counts_last:
            self._best = (theta, loss, score)
            self._best_iteration = n_iter
        wants_stop = self.on_iteration is not None and self.on_iteration(
            n_iter, theta, loss, score
        )
        return self._stop_reason(n_iter, wants_stop)

    def interrupted(self):
        """`StopReason` in a handler of KeyboardInterrupt.

        Raises
        ------
        KeyboardInterrupt
            That which is being handled, if it was the second in a row, or if there is
            no result yet.  The latter is for the caller to count.
        """
        if self._best is None:
            raise
        return self.interruption.reason()

    def result(self, reason):
        """Wrap up, at the best point."""
        resume = Resume(
            self._last,
            self._best_iteration,
            self._zero,
            self._n_unsettled,
            self.memory,
        )
        curves = self.loss_curve, self.validation_curve
        return SolverResult(*self._best, reason, *curves, resume)

    @property
    def _counts_last(self):
        """Whether the last point is the best: the end of a schedule."""
        return self.rule.is_scheduled and self.validation_loss is None

    def _score(self, theta, loss):
        if self.validation_loss is None:
            return loss
        return or_infinity(self.validation_loss, theta)

    def _stop_reason(self, n_iter, wants_stop):
        if wants_stop:
            return StopReason.CALLBACK
        waited = n_iter - max(self._best_iteration, self._n_unsettled)
        if waited >= self.rule.n_iter_no_change:
            # The training loss itself never rises.
            return StopReason.STOPPED_EARLY
        if self.loss_curve[-1] <= self._zero:
            return StopReason.STATIONARY
        if not self.rule.is_scheduled and self._has_converged(n_iter):
            return StopReason.CONVERGED
        return StopReason.MAX_ITER if n_iter >= self.rule.max_iter else None

    def _has_converged(self, n_iter):
        patience = self.rule.n_iter_no_change
        if n_iter < patience + max(self._n_unsettled, 1):
            return False
        before, now = self.loss_curve[-1 - patience], self.loss_curve[-1]
        if self.rule.is_logarithm:
            return before - now < self.rule.tol
        return before - now < self.rule.tol * before
