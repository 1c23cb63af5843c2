"""What is made of a fitted estimator once, and forgotten with it."""

import weakref

# By the identity of estimators.  Not attributes of theirs: these are copied, compared
# and pickled.
_made = {}


def once(estimator, state, make):
    """What ``make()`` has returned for this state of the estimator, or returns now.

    Parameters
    ----------
    estimator : object
        Whose state it is.
    state : tuple of object
        What the result depends on, compared by identity: new arrays are a new state.
    make : callable
        Without arguments.

    Returns
    -------
    object

    Examples
    --------
    >>> from sklearn.base import BaseEstimator
    >>> from pmm_sklearn.fitted import once
    >>> estimator, state = BaseEstimator(), (object(),)
    >>> once(estimator, state, list) is once(estimator, state, list)
    True
    >>> once(estimator, state, list) is once(estimator, (object(),), list)
    False
    """
    key = id(estimator)
    known = _made.get(key)
    if known is not None and _is_same(known[0], state):
        return known[1]
    value = make()
    if known is None:
        weakref.finalize(estimator, _made.pop, key, None).atexit = False
    _made[key] = state, value
    return value


def _is_same(state, other):
    return len(state) == len(other) and all(
        a is b for a, b in zip(state, other, strict=True)
    )
