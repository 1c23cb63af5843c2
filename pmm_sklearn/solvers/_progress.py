"""Bookkeeping common to all solvers: curves, best point, reasons to stop."""

from ._result import SolverResult, StopReason


class Progress:
    """Records iterations and decides when to stop.

    Parameters
    ----------
    tol : float
        The optimisation has converged when ``n_iter_no_change`` iterations
        together decreased the loss by less than ``tol`` times its value.
    max_iter : int
        Largest number of iterations.
    n_iter_no_change : int, default=10
        Patience, for the loss and for the validation loss.
    validation_loss : callable, optional
        ``validation_loss(theta)``.  If given, the best point is that of the least
        validation loss, and the optimisation ends when it stops improving.
    on_iteration : callable, optional
        ``on_iteration(n_iter, theta, loss)`` after each iteration; a true return
        value ends the optimisation.
    """

    def __init__(
        self,
        *,
        tol,
        max_iter,
        n_iter_no_change=10,
        validation_loss=None,
        on_iteration=None,
    ):
        self.tol = tol
        self.max_iter = max_iter
        self.n_iter_no_change = n_iter_no_change
        self.validation_loss = validation_loss
        self.on_iteration = on_iteration
        self.loss_curve = []
        self.validation_curve = []

    def start(self, theta, loss):
        """Note the starting point; returns a `StopReason` or None."""
        self.theta = self._best_theta = theta
        self._first_loss = loss
        if self.validation_loss is not None:
            self._best_validation = self.validation_loss(theta)
            self._best_iteration = 0
        return None if loss < float("inf") else StopReason.NON_FINITE

    def record(self, theta, loss):
        """Note an iteration; returns a `StopReason` or None to go on."""
        self.theta = theta
        self.loss_curve.append(loss)
        stop = self._check_validation(theta)
        if self.on_iteration is not None and self.on_iteration(
            len(self.loss_curve), theta, loss
        ):
            stop = stop or StopReason.CALLBACK
        if stop is None and self._has_converged():
            stop = StopReason.CONVERGED
        if stop is None and len(self.loss_curve) >= self.max_iter:
            stop = StopReason.MAX_ITER
        return stop

    def result(self, reason):
        """Wrap up, at the best point."""
        best = self.theta if self.validation_loss is None else self._best_theta
        losses = self.loss_curve or [self._first_loss]
        if self.validation_loss is not None and self._best_iteration < len(losses):
            loss = losses[max(self._best_iteration - 1, 0)]
        else:
            loss = losses[-1]
        return SolverResult(best, loss, reason, self.loss_curve, self.validation_curve)

    def _has_converged(self):
        patience = self.n_iter_no_change
        if len(self.loss_curve) <= patience:
            return False
        before, now = self.loss_curve[-1 - patience], self.loss_curve[-1]
        return before - now <= self.tol * before

    def _check_validation(self, theta):
        if self.validation_loss is None:
            return None
        loss = self.validation_loss(theta)
        self.validation_curve.append(loss)
        iteration = len(self.validation_curve)
        if loss < self._best_validation:
            self._best_validation, self._best_iteration = loss, iteration
            self._best_theta = theta
        if iteration - self._best_iteration >= self.n_iter_no_change:
            return StopReason.STOPPED_EARLY
        return None
