"""Which levels carry a prediction."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from .._threads import single_blas_thread
from ..checks.data import check_features
from ._arguments import check_affine


class LevelContributions(NamedTuple):
    """Terms of the predictions, one for each level that is read out.

    Attributes
    ----------
    values : ndarray of shape (n_samples, n_outputs, n_eigenvectors)
        Their sum over the levels, plus ``intercept_``, is the prediction (of a
        classifier: the logit); with several members, that of the best one, whose
        levels these are.
    shares : ndarray of shape (n_outputs, n_eigenvectors)
        Fractions of the variance of the predictions, with a sum of 1.  A share is
        negative if a level opposes the sum of all.  NaN for an output that is
        constant.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import PMMRegressor
    >>> from pmm_sklearn.inspection import level_contributions
    >>> X = np.linspace(-1, 1, 20)[:, np.newaxis]
    >>> model = PMMRegressor(4, 2, n_init=1, random_state=0).fit(X, X[:, 0] ** 2)
    >>> terms = level_contributions(model, X)
    >>> terms.values.shape, bool(np.isclose(terms.shares.sum(), 1))
    ((20, 1, 2), True)
    """

    values: np.ndarray
    shares: np.ndarray


def level_contributions(estimator: BaseEstimator, X: ArrayLike) -> LevelContributions:
    r"""Contributions of the levels that are read out to the predictions.

    For the readout "expectation" the term of level `i` is :math:`v_i^\dagger S_{ki}
    v_i`.  A readout of pairs of levels, such as "transition", has the term of the level
    with itself, and half of its terms with other levels.  With "density" all levels
    have one, their expectation value times their occupation.

    Parameters
    ----------
    estimator : PMMRegressor or PMMClassifier
        A fitted model.
    X : array-like of shape (n_samples, n_features)
        Features.

    Returns
    -------
    LevelContributions
        Levels are in the order of the selection: from the lowest, for
        ``which="SA"``.

    Notes
    -----
    Constants may be moved between the terms and the intercept, hence shares are
    fractions of a variance: the covariance of a term with the sum of all, divided by
    the variance of the sum.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import PMMRegressor
    >>> from pmm_sklearn.inspection import level_contributions
    >>> X = np.linspace(-1, 1, 20)[:, np.newaxis]
    >>> model = PMMRegressor(4, 2, n_init=1, random_state=0).fit(X, X[:, 0] ** 2)
    >>> terms = level_contributions(model, X)
    >>> np.allclose(terms.values[:, 0].sum(axis=1) + model.intercept_, model.predict(X))
    True
    >>> terms.shares.shape
    (1, 2)
    """
    model = check_affine(estimator)
    if model.targets is not None:
        raise TypeError(
            f"estimator must be a PMMRegressor or a PMMClassifier, got "
            f"{type(estimator).__name__}: its outputs are properties of single "
            f"levels, which targets_ lists."
        )
    X = check_features(estimator, X)
    pmm = model.pmm
    values = np.empty((len(X), pmm.n_outputs, pmm.selection.n_states))
    with single_blas_thread():
        for rows in pmm.prediction_chunks(len(X)):
            system, _ = pmm.eigensystem(model.matrices, pmm.inputs(X[rows]))
            values[rows] = pmm.readout.contributions(system, model.observables)
    return LevelContributions(values, _shares(values))


def _shares(values):
    """Covariance of each term with the sum, divided by the variance of the sum."""
    terms = values - values.mean(axis=0)
    total = terms.sum(axis=2, keepdims=True)
    covariance = np.mean(terms * total, axis=0)
    variance = np.mean(total**2, axis=0)
    # Rounding errors of a constant are no variance.
    is_constant = variance <= (1e-12 * np.abs(values).max(axis=(0, 2))[:, None]) ** 2
    return np.where(is_constant, np.nan, covariance) / np.where(
        is_constant, 1.0, variance
    )
