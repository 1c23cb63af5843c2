"""Least squares first, then with a penalty."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from pmm_sklearn.model import NoisePenalty, RidgePenalty
from pmm_sklearn.solvers import (
    Progress,
    StoppingRule,
    StopReason,
    minimize_from_interpolation,
    minimize_lm,
)

from ..problems import make_objective

PENALTY = NoisePenalty(18, 10.0)


def make(penalty=PENALTY):
    structure = {"block_sizes": (3,)}
    return make_objective("expectation", "hermitian", structure, penalty=penalty)


def run(solver, objective, theta, max_iter=30, previous=None, on_iteration=None):
    rule = StoppingRule(tol=0.0, max_iter=max_iter)
    progress = Progress(rule, previous=previous, on_iteration=on_iteration)
    return solver(objective, theta, progress)


def test_begins_at_a_solution_of_least_squares():
    objective, theta = make()
    plain, _ = make(RidgePenalty(0.0))
    losses = []

    def see(n_iter, theta, loss, score):
        losses.append(plain.value(theta))

    run(minimize_from_interpolation, objective, theta, on_iteration=see)
    early = losses[0]
    losses.clear()
    run(minimize_lm, objective, theta, on_iteration=see)
    assert early < 0.5 * losses[0]


def test_goes_on_as_if_it_had_not_stopped(monkeypatch):
    monkeypatch.setattr("pmm_sklearn.solvers.interpolation._MAX_ITER", 5)
    objective, theta = make()
    whole = run(minimize_from_interpolation, objective, theta, 20)
    part = run(minimize_from_interpolation, objective, theta, 8)
    rest = run(
        minimize_from_interpolation, objective, part.resume.theta, 20, previous=part
    )
    assert_array_equal(rest.theta, whole.theta)
    assert rest.loss_curve == whole.loss_curve


def test_ctrl_c_in_the_first_part_keeps_what_is_there(monkeypatch):
    objective, theta = make()
    plain = objective.without_penalty()
    calls = []
    model = plain.quadratic_model

    def interrupted(theta):
        calls.append(theta)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return model(theta)

    plain.quadratic_model = interrupted
    monkeypatch.setattr(objective, "without_penalty", lambda: plain)
    result = run(minimize_from_interpolation, objective, theta)
    assert result.reason is StopReason.INTERRUPTED
    assert plain.value(result.theta) < plain.value(theta)
    assert np.all(np.isfinite(result.theta))


@pytest.mark.parametrize("alpha", [0.0, 2.0])
def test_the_loss_of_the_data_alone(alpha):
    objective, theta = make(RidgePenalty(alpha))
    plain, _ = make(RidgePenalty(0.0))
    assert objective.without_penalty().value(theta) == plain.value(theta)
