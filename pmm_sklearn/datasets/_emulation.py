"""The example problem of a course on emulators."""

import numpy as np
from sklearn.utils import Bunch

from ._problem import known_problem, lowest_states

_SIDE = 40
_SEED = 123
# Standard deviations of the elements of H0, V and W before symmetrisation.
_SCALES = (0.5, 0.25, 0.08)
_LARGEST_TRAINING_X = 2.0

_DESCRIPTION = """\
Emulation of a random Hamiltonian
---------------------------------

H(x) = H0 + x V + x^2 W + 0.15 sin(1.5 x) D, real symmetric, side 40: H0, V and W are
random, D is diagonal, with elements from 0 to 4.
Feature: x.  Target: the lowest eigenvalue.  No units.  Training points: 9 x from -2
to 2.  Test points: 401 x from -3 to 3; test_interpolation and test_extrapolation mark
those within and outside the range of the training points.

terms: [H0, V, W, D]; features: a function of X that gives the coefficients of V, W, D.

Course "Learning from data for physicists", chapter on parametric matrix model
emulators (LFD_for_Physicists, numpy.random.default_rng(123)).
"""


def make_lfd_emulation() -> Bunch:
    r"""Lowest eigenvalue of a random Hamiltonian that is not affine in its feature.

    The Hamiltonian is :math:`H(x) = H_0 + x V + x^2 W + 0.15 \sin(1.5 x) D` with
    fixed random matrices of side 40: the example of the course "Learning from data
    for physicists" [1]_, the same for every call.

    Returns
    -------
    problem : :class:`~sklearn.utils.Bunch`
        ``X_train`` of shape (9, 1), ``y_train`` of shape (9,), ``X_test`` of shape
        (401, 1), ``y_test`` of shape (401,), empty ``X_validation`` and
        ``y_validation``, boolean ``test_interpolation`` and ``test_extrapolation``
        of shape (401,), ``terms`` (four arrays of shape (40, 40)), ``features`` (a
        function that turns ``X`` into the coefficients of ``terms[1:]``, of shape
        (n_samples, 3)), ``feature_names``, ``target_names`` and ``DESCR``.

    References
    ----------
    .. [1] "Learning from data for physicists", chapter on parametric matrix model
       emulators, LFD_for_Physicists.

    Examples
    --------
    Eigenvector continuation knows the Hamiltonian:

    >>> import numpy as np
    >>> from pmm_sklearn import EigenvectorContinuation
    >>> from pmm_sklearn.datasets import make_lfd_emulation
    >>> lfd = make_lfd_emulation()
    >>> model = EigenvectorContinuation(lfd.terms).fit(lfd.features(lfd.X_train))
    >>> error = model.predict(lfd.features(lfd.X_test)) - lfd.y_test
    >>> for mask in (lfd.test_interpolation, lfd.test_extrapolation):
    ...     print(f"{np.sqrt(np.mean(error[mask] ** 2)):.1e}")
    3.8e-05
    3.0e-02
    """
    rng = np.random.default_rng(_SEED)
    matrices = [rng.normal(scale=scale, size=(_SIDE, _SIDE)) for scale in _SCALES]
    terms = [(matrix + matrix.T) / 2 for matrix in matrices]
    terms.append(np.diag(np.linspace(-2, 2, _SIDE) ** 2))

    def exact(x):
        energies = lowest_states(terms, lfd_features(x[:, np.newaxis]), 1)[0]
        return energies[:, 0]

    test = np.linspace(-3, 3, 401)
    inside = np.abs(test) <= _LARGEST_TRAINING_X
    return known_problem(
        exact,
        train=np.linspace(-_LARGEST_TRAINING_X, _LARGEST_TRAINING_X, 9),
        test=test,
        test_interpolation=inside,
        test_extrapolation=~inside,
        terms=terms,
        features=lfd_features,
        feature_names=["x"],
        target_names=["E0"],
        DESCR=_DESCRIPTION,
    )


def lfd_features(X):
    """Coefficients of V, W and D, of shape (n_samples, 3), from X of one column."""
    x = np.asarray(X, dtype=np.float64)[:, 0]
    return np.column_stack([x, x**2, 0.15 * np.sin(1.5 * x)])
