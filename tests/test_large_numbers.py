"""Parameters that are too large to be used, or to be converted."""

import numpy as np
import pytest

from pmm_sklearn import PMMEmulator

X = np.linspace(-1, 1, 6)[:, np.newaxis]
Y = -np.hypot(1, X[:, 0])


@pytest.mark.parametrize(
    ("degree", "n_features", "words"),
    [
        (3, 200, "degree=3 of 200 features has more than 102040 monomials"),
        (2000, 2, "degree=2000 of 2 features"),
        (10**18, 3, "degree=1000000000000000000 of 3 features"),
    ],
)
def test_degree_of_too_many_monomials(degree, n_features, words):
    with pytest.raises(ValueError, match=f"{words}.*reduce degree"):
        PMMEmulator(7, degree=degree).fit(np.tile(X, n_features), Y)


def test_degree_of_many_features():
    X = np.random.RandomState(0).uniform(-1, 1, (8, 60))
    model = PMMEmulator(2, degree=2, alpha=1e-6, max_iter=2, n_init=1, random_state=0)
    with pytest.warns(UserWarning, match="stopped after 2"):
        model.fit(X, -np.hypot(1, X[:, 0]))
    assert model.matrices_.shape == (1891, 2, 2)
    # The matrices in the units of the user give the levels.
    model_matrices = np.tensordot(
        model.model_.monomials.values(X), model.matrices_, axes=1
    )
    levels = np.linalg.eigvalsh(model_matrices)
    np.testing.assert_allclose(levels[:, 0], model.predict(X), rtol=1e-10)
