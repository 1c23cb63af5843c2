"""What is made of a fitted estimator once, and forgotten with it."""

from weakref import WeakKeyDictionary

# Not attributes of estimators: these are copied, compared and pickled.
_made = WeakKeyDictionary()


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
    known, value = _made.get(estimator, ((), None))
    if len(known) != len(state) or any(
        a is not b for a, b in zip(known, state, strict=True)
    ):
        value = make()
        _made[estimator] = state, value
    return value
