"""What a relation is: a function of a case, its name, and where it applies."""

from typing import NamedTuple

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

RELATIONS = {}
_METHODS = (
    *("predict", "predict_proba", "predict_log_proba", "decision_function"),
    *("predict_gradient", "decision_function_gradient", "eigenvalues"),
)


class Relation(NamedTuple):
    """Something that must hold of a case.

    Parameters
    ----------
    check : callable
        ``check(case)`` raises AssertionError unless it holds.
    applies : callable
        ``applies(case)``, whether it makes sense.
    is_slow : bool
        Whether it starts processes.
    """

    check: callable
    applies: callable
    is_slow: bool


def relation(applies=lambda case: True, *, is_slow=False):
    """Register a relation by the name of its function."""

    def register(check):
        RELATIONS[check.__name__] = Relation(check, applies, is_slow)
        return check

    return register


def has(*names):
    """Whether the estimator has one of some methods."""
    return lambda case: any(hasattr(case.estimator, name) for name in names)


def answers(model, X, has_errors=False):
    """All that a fitted estimator tells of some rows, by name."""
    told = {name: getattr(model, name)(X) for name in _METHODS if hasattr(model, name)}
    if has_errors:
        told["std"] = model.predict(X, return_std=True)[1]
        told["cov"] = model.predict(X, return_cov=True)[1]
        told["draws"] = model.sample_y(X, 2)
    return told


def told_by(case, model=None):
    """All that a case tells of its rows."""
    model = case.fitted() if model is None else model
    return answers(model, case.X_new, case.has_errors)


def assert_same(told, expected, rtol=0.0):
    """Compare answers, bit by bit, or relative to the largest of each kind.

    Draws are compared bit by bit only: rounding errors turn directions in which the
    model does not change, and other functions are drawn from the same distribution.
    """
    assert told.keys() == expected.keys()
    for name, value in expected.items():
        if rtol > 0.0 and name == "draws":
            continue
        if rtol == 0.0 or value.dtype.kind not in "fc":
            assert_array_equal(told[name], value, err_msg=name)
        else:
            size = np.max(np.abs(value), initial=0.0, where=np.isfinite(value))
            assert_allclose(told[name], value, 0, rtol * size, err_msg=name)
