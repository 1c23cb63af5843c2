"""The fitted matrices for features as the user has them, wherever these count from."""

from sklearn.utils.validation import check_is_fitted


def _matrices(estimator):
    """Matrices :math:`M_0, M_1, ...` for features in the user's units.

    Where features are far from zero, in units of their spread, the digits of these are
    few, but not those of predictions, which are made of matrices for features that
    count from their mean, ``model_.matrices``.  The array is then a copy, which cannot
    be written into; another one may be assigned.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import PMMEmulator
    >>> X = np.linspace(-1, 1, 6)[:, np.newaxis]
    >>> emulator = PMMEmulator(2, random_state=0).fit(X, -np.hypot(1, X[:, 0]))
    >>> emulator.matrices_.shape
    (2, 2, 2)
    """
    check_is_fitted(estimator, "_matrices")
    return estimator._fitted_model().user_matrices


def _set_matrices(estimator, matrices):
    check_is_fitted(estimator, "_matrices")
    structure = estimator._fitted_structure()
    parameters = structure.parameters_of(vars(estimator))._replace(matrices=matrices)
    of_user = structure.counted_from(())
    estimator._matrices = of_user.moved(parameters, structure.origin).matrices


USER_MATRICES = property(_matrices, _set_matrices)
