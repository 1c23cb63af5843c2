"""Classifiers of tables with far more parameters than samples: heads of networks."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone

from pmm_sklearn import PMMClassifier
from pmm_sklearn.model import (
    AffineMatrix,
    HermitianSpace,
    LowRank,
    Monomials,
)
from pmm_sklearn.solvers import Interruption
from pmm_sklearn.training import every_fifth, held_out_alpha

ALL_SPACES = [
    HermitianSpace((3,)),
    HermitianSpace((2, 1), "symmetric"),
    LowRank(4, 1),
    LowRank(3, 2, "symmetric"),
]


@pytest.fixture(scope="module")
def table():
    """Few directions of many matter; there is noise in all of them."""
    rng = np.random.RandomState(0)
    y = np.arange(240) % 3
    X = rng.standard_normal((240, 150))
    X[:, :40] += 0.5 * rng.standard_normal((3, 40))[y]
    return X[:120], y[:120], X[120:], y[120:]


def wide(**parameters):
    return PMMClassifier(
        4, rank=None, solver="adam", max_iter=20, n_init=1, random_state=0
    ).set_params(**parameters)


def log_loss(model, X, y):
    return -np.mean(np.log(model.predict_proba(X)[np.arange(len(y)), y]))


@pytest.mark.parametrize("space", ALL_SPACES, ids=lambda space: repr(space)[20:40])
def test_sums_and_derivatives_of_many_matrices(space):
    rng = np.random.RandomState(0)
    primary = AffineMatrix(Monomials(120), space)
    theta, X = primary.initial(rng), rng.standard_normal((7, 120))
    matrices = primary.split(theta)
    found, saved = primary.forward(matrices, primary.inputs(X))
    expected = matrices[0] + np.tensordot(X, matrices[1:], axes=1)
    np.testing.assert_allclose(found, expected, atol=1e-12)

    weights = space.ambient.matrices(rng.standard_normal((7, space.ambient.size)))
    direction, step = rng.standard_normal(primary.size), 1e-5

    def value(theta):
        H, _ = primary.forward(primary.split(theta), saved)
        return np.sum(weights.conj() * H).real

    slope = value(theta + step * direction) - value(theta - step * direction)
    gradient = primary.gradient(theta, saved, weights)
    np.testing.assert_allclose(gradient @ direction, slope / (2 * step), rtol=1e-7)


def test_penalty_is_chosen_and_pays(table):
    X, y, X_test, y_test = table
    chosen = wide().fit(X, y)
    weak = wide(alpha=0.01).fit(X, y)
    assert log_loss(chosen, X_test, y_test) < log_loss(weak, X_test, y_test)
    again = wide().fit(X, y)
    np.testing.assert_array_equal(again.matrices_, chosen.matrices_)
    copy = pickle.loads(pickle.dumps(chosen))
    np.testing.assert_array_equal(copy.predict_proba(X), chosen.predict_proba(X))


def test_more_noise_means_a_larger_penalty(table):
    X, y, *_ = table
    noise = np.random.RandomState(1).standard_normal(X.shape)
    noisy = wide().fit(X + noise, y)
    assert noisy.alpha_ > wide().fit(X, y).alpha_


def test_units_of_features_do_not_matter(table):
    X, y, X_test, _ = table
    units = np.logspace(-3, 3, X.shape[1])
    plain, other = wide().fit(X, y), wide().fit(X * units + units, y)
    assert plain.alpha_ == other.alpha_
    np.testing.assert_allclose(
        other.predict_proba(X_test * units + units),
        plain.predict_proba(X_test),
        atol=1e-5,
    )


def test_a_class_of_one_sample(table):
    X, y, *_ = table
    y = np.where(np.arange(len(y)) == 0, 3, y)
    probabilities = wide(max_iter=10).fit(X, y).predict_proba(X)
    assert probabilities.shape == (120, 4)
    assert np.all(probabilities > 0)


def test_every_class_is_set_aside_in_part():
    labels = np.repeat([0, 1, 2], [50, 4, 11])
    chosen = every_fifth(labels, np.random.RandomState(0))
    np.testing.assert_array_equal(np.bincount(labels[chosen]), [10, 0, 2])


def test_few_samples_have_the_usual_penalty(table):
    X, y, *_ = table
    few = np.array([0, 1, 2, 3, 4, 5])
    assert wide().fit(X[few], y[few]).alpha_ == 1.0


def test_given_penalty_and_early_stopping_choose_nothing(table):
    X, y, *_ = table
    assert wide(alpha=7.0).fit(X, y).alpha_ == 7.0
    assert wide(early_stopping=True).fit(X, y).alpha_ == 1.0


def test_ctrl_c_during_the_choice_leaves_the_estimator_as_it_was(table, monkeypatch):
    X, y, *_ = table
    model = wide(alpha=7.0).fit(X, y)
    before = model.matrices_

    def interrupted(self, theta):
        raise KeyboardInterrupt

    monkeypatch.setattr("pmm_sklearn.model.Objective.value_and_gradient", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model.set_params(alpha="auto").fit(X, y)
    assert model.matrices_ is before or np.array_equal(model.matrices_, before)


def test_batches_of_a_wide_table(table):
    X, y, X_test, y_test = table
    model = wide(rank=(1, None), alpha=0.1, batch_size=20)
    for _ in range(20):
        for part in np.split(np.arange(len(y)), 2):
            model.partial_fit(X[part], y[part], classes=[0, 1, 2])
    assert model.n_parameters_ == 151 * 8 + 3 * 17
    assert model.score(X_test, y_test) > 0.6


def test_batches_of_the_features_of_a_network():
    """As many as a network has, far from zero, in sectors."""
    rng = np.random.RandomState(0)
    y = np.arange(400) % 4
    X = 2.0 + 0.3 * rng.standard_normal((400, 1280))
    X[:, :40] += 0.3 * rng.standard_normal((4, 40))[y]
    model = PMMClassifier((2, 2), alpha=1.0, batch_size=25, random_state=0)
    for _ in range(8):
        model.partial_fit(X[:200], y[:200], classes=[0, 1, 2, 3])
    assert model.n_parameters_ == 1281 * 8 + 4 * 9
    assert model.score(X[200:], y[200:]) > 0.7


def test_fitted_head_is_no_other_for_a_clone(table):
    X, y, X_test, _ = table
    model = wide(rank=1, alpha=3.0)
    probabilities = model.fit(X, y).predict_proba(X_test)
    np.testing.assert_array_equal(
        clone(model).fit(X, y).predict_proba(X_test), probabilities
    )


def test_search_goes_down_where_less_is_better():
    class Trivial:
        """A loss of nothing, and a validation loss that grows with the weight."""

        class objective:
            alpha = None

            @classmethod
            def with_penalty(cls, penalty):
                cls.alpha = penalty.alpha
                return cls

            @staticmethod
            def value(theta):
                return float(theta @ theta)

            @staticmethod
            def value_and_gradient(theta):
                return float(theta @ theta), 2 * theta

        @classmethod
        def validation_loss(cls, theta):
            return 1 + abs(np.log(cls.objective.alpha / 0.3))

    alpha = held_out_alpha(Trivial, np.ones(2), Interruption())
    np.testing.assert_allclose(alpha, 0.3)
