"""Emulators of pmm_sklearn as a method of surmise, for calibration.

Copy this file to the folder ``emulationmethods`` of surmise, or make it known without::

    sys.modules["surmise.emulationmethods.PMM"] = PMM

Then ``surmise.emulation.emulator(x, theta, f, method="PMM", args={"estimator": ...})``
is like any other emulator of surmise.  Rows of `theta` are samples, rows of `x` are the
targets: levels of several nuclei, for example, or points of a curve.
"""

import numpy as np
from sklearn.base import clone

from pmm_sklearn import PMMRegressor


def fit(fitinfo, x, theta, f, estimator=None, **kwargs):
    """Fit an emulator, and keep it.

    Parameters
    ----------
    fitinfo : dict
        Takes the fitted estimator, and `x`.
    x : ndarray of shape (n_targets, n_coordinates)
        What the rows of `f` belong to.
    theta : ndarray of shape (n_samples, n_features)
        Parameters.
    f : ndarray of shape (n_targets, n_samples)
        Results; NaN where one is not known, if the estimator is an emulator.
    estimator : PMMRegressor or PMMEmulator, optional
        Is cloned; by default a PMMRegressor.
    """
    estimator = PMMRegressor(random_state=0) if estimator is None else clone(estimator)
    fitinfo["estimator"] = estimator.fit(theta, f.T)
    fitinfo["x"] = np.array(x)
    fitinfo["param_desc"] = f"\testimator:\t{estimator}\n"


def predict(predinfo, fitinfo, x, theta, **kwargs):
    """Predict means and covariances of the targets.

    Parameters
    ----------
    predinfo : dict
        Takes "mean" and "var" of shape (n_rows, n_samples), and "covxhalf" of shape
        (n_rows, n_samples, n_rows), roots of the covariances of the rows.
    fitinfo : dict
        From :func:`fit`.
    x : ndarray of shape (n_rows, n_coordinates)
        Some of the rows of `x` in :func:`fit`.
    theta : ndarray of shape (n_samples, n_features)
        Parameters.
    """
    estimator, rows = fitinfo["estimator"], _rows(fitinfo["x"], np.asarray(x))
    mean = estimator.predict(theta).reshape(len(theta), -1)
    bars = estimator.model_.error_bars
    roots = estimator.model_.roots(np.asarray(theta, dtype=np.float64))[:, rows]
    covariance = roots @ roots.swapaxes(1, 2) + np.diag(bars.noise_variance[rows])
    scale = bars.target_scale[rows]
    variances, axes = np.linalg.eigh(covariance)
    half = scale[:, np.newaxis] * axes
    half = half * np.sqrt(np.maximum(variances, 0.0))[:, np.newaxis]
    predinfo["mean"] = mean[:, rows].T
    predinfo["covxhalf"] = half.swapaxes(0, 1)
    predinfo["var"] = np.sum(half**2, axis=2).T


def _rows(known, x):
    """Places of rows among those that were fitted."""
    is_same = np.all(x[:, np.newaxis] == known, axis=2)
    if not np.all(is_same.any(axis=1)):
        raise ValueError(
            f"x has rows that were not fitted, such as "
            f"{x[~is_same.any(axis=1)][0].tolist()}: an emulator knows the targets of "
            f"fit only."
        )
    return is_same.argmax(axis=1)
