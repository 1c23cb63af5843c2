"""Adam: its steps, its epochs, its schedule."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from pmm_sklearn import PMMRegressor
from pmm_sklearn.solvers import Adam, Schedule, StoppingRule, StopReason, minimize_adam
from pmm_sklearn.training import minimise

from ..problems import make_objective

RULE = StoppingRule(tol=0.0, max_iter=12, is_scheduled=True)


def problem():
    return make_objective("expectation", "hermitian", {"block_sizes": (4,)})


def adam(**changes):
    settings = {"batch_size": 4, "learning_rate": 0.05, "n_epochs": 12, "seed": 0}
    return partial(minimize_adam, schedule=Schedule(**{**settings, **changes}))


def test_samples_together_give_the_whole_gradient():
    objective, theta = problem()
    value, gradient = objective.value_and_gradient(theta)
    n_samples = objective.n_samples
    batches = np.array_split(np.random.RandomState(0).permutation(n_samples), 3)
    estimates = [objective.sampled_gradient(theta, np.sort(b)) for b in batches]
    shares = [len(batch) / n_samples for batch in batches]
    assert_allclose(np.dot(shares, [value for value, _ in estimates]), value)
    assert_allclose(np.dot(shares, [slope for _, slope in estimates]), gradient)


def test_steps_follow_the_sign_and_clip_the_length():
    step = Adam(3).step(np.array([1e8, -2.0, 0.0]), 0.1)
    assert_allclose(step, [-0.1, 0.1 * 2e-8 / 3e-8, 0.0], atol=1e-9)


def test_is_reproducible_and_follows_its_schedule_to_the_end():
    objective, theta = problem()
    result = minimise(objective, theta, adam(), RULE)
    assert result.reason is StopReason.COMPLETED
    assert result.n_iter == 12
    assert result.loss < result.loss_curve[0]
    again = minimise(objective, theta, adam(), RULE)
    assert_array_equal(again.theta, result.theta)
    other = minimise(objective, theta, adam(seed=1), RULE)
    assert not np.array_equal(other.theta, result.theta)


def test_continues_as_if_it_had_not_stopped():
    objective, theta = problem()
    whole = minimise(objective, theta, adam(), RULE)
    part = minimise(objective, theta, adam(), replace(RULE, max_iter=5))
    assert part.reason is StopReason.MAX_ITER
    rest = minimise(objective, part.resume.theta, adam(), RULE, previous=replace(part))
    assert_array_equal(rest.theta, whole.theta)
    assert rest.loss_curve == whole.loss_curve


def test_validation_data_stop_it_early():
    objective, theta = problem()
    losses = iter([9.0, 8.0, 7.0, 7.5, 7.5, 7.5, 7.5])
    rule = replace(RULE, n_iter_no_change=3)
    result = minimise(
        objective, theta, adam(), rule, validation_loss=lambda theta: next(losses)
    )
    assert result.reason is StopReason.STOPPED_EARLY
    assert result.score == 7.0
    assert result.n_iter == 5


@pytest.mark.parametrize("alpha", ["auto", 1e-3])
def test_regressor_learns_from_many_samples(alpha):
    X = np.random.RandomState(0).uniform(-1, 1, (3000, 2))
    y = np.sin(3 * X[:, 0]) * X[:, 1]
    model = PMMRegressor(
        4,
        2,
        solver="adam",
        learning_rate_init=0.03,
        max_iter=20,
        n_init=1,
        alpha=alpha,
        random_state=0,
    )
    model.fit(X[:2000], y[:2000])
    assert model.stop_reason_ == "completed"
    assert model.score(X[2000:], y[2000:]) > 0.95


class FirstSampleIsPerfect:
    """The sum of two squares, the first of which is zero at the start."""

    n_samples = 2
    total_weight = 2.0

    def sampled_gradient(self, theta, samples):
        centre = np.array([0.0, 1.0])[samples]
        factor = self.n_samples / len(samples)
        distance = theta[0] - centre
        return factor * np.sum(distance**2), factor * 2 * distance.sum(keepdims=True)


def test_a_batch_without_loss_is_not_the_end():
    result = minimise(FirstSampleIsPerfect(), np.zeros(1), adam(batch_size=1), RULE)
    assert result.reason is StopReason.COMPLETED
    assert 0 < result.theta[0] < 1


def test_nothing_comes_after_the_schedule():
    """Epochs without steps would have a loss of zero."""
    objective, theta = problem()
    whole = minimise(objective, theta, adam(n_epochs=5), RULE)
    assert whole.reason is StopReason.COMPLETED
    assert whole.n_iter == 5
    again = minimise(
        objective, whole.resume.theta, adam(n_epochs=5), RULE, previous=whole
    )
    assert again.reason is StopReason.COMPLETED
    assert again.loss_curve == whole.loss_curve
