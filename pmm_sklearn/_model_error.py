r"""Errors of an emulator beside the known errors of its data.

A matrix of finite side is hardly ever exact.  Where it misses data by more than their
known errors, weights by these alone would leave it to the few data that are most
precise.  A fit without them tells how large its own errors are,

.. math:: \sum_s \frac{\rho_{sk}^2}{e_{sk}^2 + \sigma_k^2} = N_k - p_k ,

with the residuals :math:`\rho` of that fit, the known errors ``e``, and the number
``p`` of parameters that the data determine, in proportion to the number ``N`` of data
of each target; :math:`\sigma` is zero where known errors are larger.
"""

import copy

import numpy as np
from scipy.optimize import brentq
from sklearn.exceptions import ConvergenceWarning

from ._base import KEYBOARD
from ._warnings import recorded_warnings, warn_caller
from .solvers import StopReason
from .training.terminal import Lines

_STOPPED = "interrupted", "callback"
_LARGEST_ERROR = 1e100


def misses_known_errors(estimator, data):
    """Whether known errors do not explain what a fit has left, for a reason to mend.

    Parameters
    ----------
    estimator : BaseEmulator
        Fitted.
    data : SpectrumData
        What it was fitted to.

    Returns
    -------
    bool
    """
    return bool(
        data.error is not None
        and data.model_variance is None
        and estimator.compares_solutions
        and estimator.alpha == "auto"
        and estimator.stop_reason_ not in _STOPPED
        and estimator.model_.error_bars.misfit > 0
    )


def add_model_error(estimator, before, data, learn):
    """Train an emulator again, with an error of the model beside known errors.

    Parameters
    ----------
    estimator : BaseEmulator
        Fitted; but for its `stop_reason_` left as it is if a Ctrl-C or a callback ends
        the fit that tells the errors.
    before : BaseEmulator
        The same before that fit, from which the others start, too.
    data : SpectrumData
        Without an error of the model.
    learn : callable
        ``learn(estimator, data)`` trains.

    Returns
    -------
    bool
        Whether the estimator is the one with an error of the model.
    """
    plain = copy.copy(before)
    _tell(estimator, "data are missed by more than y_err: a fit without")
    try:
        with recorded_warnings():
            learn(plain, data._replace(error=None))
        reason = plain.stop_reason_
    except KeyboardInterrupt:
        reason = KEYBOARD.reason().name.lower()
    if reason in _STOPPED:
        estimator.stop_reason_ = reason
        if reason == "interrupted":
            warn_caller(
                f"{type(estimator).__name__} stopped before errors of the model beside "
                f"y_err were known: {StopReason.INTERRUPTED.value}.",
                ConvergenceWarning,
            )
        return False
    _tell(estimator, "a fit with errors of the model beside y_err")
    learn(before, data.with_model_variance(variances_of_model(plain, data)))
    vars(estimator).update(vars(before))
    return True


def _tell(estimator, text):
    if estimator.verbose:
        Lines().tell(f"[{type(estimator).__name__}] {text}")


def variances_of_model(plain, data):
    """Variance of the error of the model for each target.

    Parameters
    ----------
    plain : BaseEmulator
        Fitted without the errors.
    data : SpectrumData
        What it was fitted to, and the errors.

    Returns
    -------
    ndarray of shape (n_outputs,)
    """
    outputs = plain.model_.outputs(data.X)
    squares = (data.y - np.reshape(outputs, data.y.shape)) ** 2
    share = plain.n_effective_parameters_ / data.weight.sum()
    columns = zip(squares.T, data.error.T, data.weight.T, strict=True)
    return np.array([_variance(*column, share) for column in columns])


def _variance(squares, errors, weight, share):
    known = weight > 0
    squares, errors, weight = squares[known], errors[known], weight[known]
    free = max((1.0 - share) * weight.sum(), 1.0)
    # That without known errors.
    largest = np.sum(weight * squares) / free
    if largest == 0:
        return 0.0
    # A larger error does not count at all.
    relative = np.minimum(errors / np.sqrt(largest), _LARGEST_ERROR)
    squares, known_variances = squares / largest, relative**2

    def excess(variance):
        return np.sum(weight * squares / (known_variances + variance)) - free

    if excess(0.0) <= 0:
        return 0.0
    if excess(1.0) >= 0:
        # Known errors are less than rounding.
        return largest
    return largest * brentq(excess, 0.0, 1.0)
