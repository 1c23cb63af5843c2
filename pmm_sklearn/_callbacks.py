"""Bridge from solver iterations to the callbacks of scikit-learn >= 1.9.

The callback API of scikit-learn is experimental; this is the only file that
knows it.  Older versions of scikit-learn fit without callbacks.
"""

from typing import TypeVar

try:
    from sklearn.callback import CallbackSupportMixin
    from sklearn.callback import with_callbacks as _with_callbacks
except ImportError:  # scikit-learn < 1.9

    class CallbackSupportMixin:
        """Stand-in without callbacks."""

    def _with_callbacks(method):
        return method


_Method = TypeVar("_Method")


def with_callbacks(method: _Method) -> _Method:
    """Let callbacks see the fit; type checkers see the method as it is."""
    return _with_callbacks(method)


class CallbackBridge:
    """Reports a fit and its iterations to the callbacks set on an estimator.

    Several starts are screened without a report, perhaps in other processes: the
    first iteration reported is the one after the screening.

    Parameters
    ----------
    estimator : estimator
        The one being fitted, a `CallbackSupportMixin`.
    data : dict
        Keyword arguments ``X``, ``y`` and ``metadata`` of the callback hooks, as
        the user passed them.
    max_iter : int
        Largest number of iterations that will be reported.
    reconstruct : callable
        ``reconstruct(theta)`` returns the attributes of a fitted estimator.
    """

    def __init__(self, estimator, data, max_iter, reconstruct):
        self._estimator = estimator
        self._data = data
        self._reconstruct = reconstruct
        self._iteration = None
        self._fit = None
        if hasattr(estimator, "_init_callback_context"):
            # One more task than iterations: the one that the last never starts.
            self._fit = estimator._init_callback_context(max_subtasks=max_iter + 1)
            self._fit.call_on_fit_task_begin(estimator=estimator, **data)
        self.active = bool(getattr(estimator, "_skl_callbacks", ()))

    def on_iteration(self, theta):
        """Report the end of an iteration; returns whether a callback asks to stop."""
        if not self.active:
            return False
        if self._iteration is None:
            self._begin_iteration()
        stop = self._iteration.call_on_fit_task_end(
            estimator=self._estimator,
            reconstruction_attributes=lambda: self._reconstruct(theta),
            **self._data,
        )
        self._begin_iteration()
        return stop

    def close(self):
        """Report the end of the fit."""
        if self._iteration is not None:
            self._iteration.call_on_fit_task_end(estimator=self._estimator)
        if self._fit is not None:
            self._fit.call_on_fit_task_end(
                estimator=self._estimator, reconstruction_attributes={}, **self._data
            )

    def _begin_iteration(self):
        self._iteration = self._fit.subcontext(task_name="iteration")
        self._iteration.call_on_fit_task_begin(estimator=self._estimator, **self._data)
