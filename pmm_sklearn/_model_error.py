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
import warnings

import numpy as np
from scipy.optimize import brentq

from .training.terminal import Lines

_OF_CALLBACKS = "_skl_callbacks"
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
        and estimator.stop_reason_ not in ("interrupted", "callback")
        and estimator.model_.error_bars.misfit > 0
    )


def add_model_error(estimator, data, learn):
    """Train an emulator again, with an error of the model beside known errors.

    Parameters
    ----------
    estimator : BaseEmulator
        Fitted; left as it is if a Ctrl-C ends the fit that tells the errors.
    data : SpectrumData
        Without an error of the model.
    learn : callable
        ``learn(estimator, data)`` trains.
    """
    plain, other = (_copy_of(estimator) for _ in range(2))
    _tell(estimator, "data are missed by more than y_err: a fit without")
    with warnings.catch_warnings():
        # They are of no fit that is kept.
        warnings.simplefilter("ignore")
        learn(plain, data._replace(error=None))
    if plain.stop_reason_ == "interrupted":
        return
    _tell(estimator, "a fit with errors of the model beside y_err")
    learn(other, data.with_model_variance(variances_of_model(plain, data)))
    vars(other).pop(_OF_CALLBACKS, None)
    vars(estimator).update(vars(other))


def _copy_of(estimator):
    """The same without callbacks, which have seen a fit."""
    other = copy.copy(estimator)
    vars(other).pop(_OF_CALLBACKS, None)
    return other


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
