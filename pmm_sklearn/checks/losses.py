"""Checks of losses, and of the targets and parameters that go with them."""

import numpy as np

from ..model.losses import PointwiseLoss
from .parameters import check_number, check_option

LOSSES = (
    *("squared_error", "huber", "absolute_error", "quantile"),
    *("poisson", "gamma"),
)


def check_loss(estimator, y_err=None):
    """Raise unless `loss` is known and goes with the other parameters.

    Parameters
    ----------
    estimator : PMMRegressor
        Has them.
    y_err : object, optional
        Errors that were given to ``fit``.
    """
    loss, quantile = estimator.loss, estimator.quantile
    if not isinstance(loss, PointwiseLoss):
        if not isinstance(loss, str):
            raise TypeError(
                f"loss must be one of {', '.join(map(repr, LOSSES))} or a "
                f"PointwiseLoss, got {loss!r}."
            )
        check_option("loss", loss, LOSSES)
    if loss == "quantile":
        if quantile is None:
            raise ValueError(
                'loss="quantile" needs the quantile, got quantile=None: give a number '
                "between 0 and 1, such as quantile=0.9."
            )
        check_number("quantile", quantile, 0, 1, open_interval=True)
    elif quantile is not None:
        raise ValueError(
            f'quantile goes with loss="quantile" only, got quantile={quantile!r} with '
            f"loss={loss!r}: change loss, or leave quantile=None."
        )
    if loss == "squared_error":
        return
    if estimator.readout == "level":
        raise ValueError(
            f'readout="level" goes with loss="squared_error" only, got loss={loss!r}: '
            f"take another readout, or another loss."
        )
    if y_err is not None:
        raise ValueError(
            f'y_err goes with loss="squared_error" only, got loss={loss!r}: leave '
            f"y_err out, or give weights 1 / y_err**2, divided by their mean, as "
            f"sample_weight."
        )
    if estimator.extra_noise:
        raise ValueError(
            f'extra_noise=True goes with loss="squared_error" and y_err only, got '
            f"loss={loss!r}: set extra_noise=False."
        )


def check_targets(loss, data):
    """Raise unless targets are in the range of a loss.

    Parameters
    ----------
    loss : str or PointwiseLoss
        The loss.
    data : TableData
        Has the targets.
    """
    y = data.y
    if loss == "poisson" and (np.any(y < 0) or np.any(y.sum(axis=0) <= 0)):
        raise ValueError(
            f"loss='poisson' requires non-negative y and sum(y) > 0, of each column, "
            f"got values from {y.min():.4g} to {y.max():.4g}: take another loss."
        )
    if loss == "gamma" and np.any(y <= 0):
        raise ValueError(
            f"loss='gamma' requires strictly positive y, got values from "
            f"{y.min():.4g}: take another loss, or remove these samples."
        )
    if isinstance(loss, PointwiseLoss):
        loss.check(y, float(np.std(y)) or max(abs(float(y.flat[0])), 1.0))


def has_batches(estimator):
    """True, or an error for losses whose units need all samples."""
    if estimator.loss != "squared_error":
        raise AttributeError(
            f'partial_fit goes with loss="squared_error" only, got '
            f'loss={estimator.loss!r}: call fit, with solver="adam" for many samples.'
        )
    return True
