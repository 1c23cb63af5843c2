"""What the errors of two models say, and whether they say it clearly."""

import numpy as np

# Smaller differences, relative, matter to nobody.
_SLIGHT = 0.01
# Errors below this one over the other are rounding.
_NO_ERROR = 1e-14


def clear_difference(first, second):
    """Whether the errors of two models differ by more than they vary over the folds.

    The difference in a fold is that of the logarithms, which is relative.  It is clear
    if its mean over the folds exceeds its standard deviation, and one per cent.

    Parameters
    ----------
    first, second : array-like of shape (n_folds,)
        Errors of the models in the same folds, none of them negative.

    Returns
    -------
    bool
    """
    first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    floor = max(_NO_ERROR * max(first.max(), second.max()), np.finfo(float).tiny)
    ratios = np.log(np.maximum(first, floor) / np.maximum(second, floor))
    return bool(abs(ratios.mean()) > max(ratios.std(ddof=1), _SLIGHT))


def verdict(errors, ours):
    """Which model is the best one, in words, and whether ours is clearly worse.

    Parameters
    ----------
    errors : dict of str to array-like of shape (n_folds,)
        Errors of each model in the same folds.
    ours : str
        Name of our model.

    Returns
    -------
    text : str
        One sentence.
    is_worse : bool
        Whether another model is clearly better.
    """
    means = {name: np.mean(values) for name, values in errors.items()}
    best = min(means, key=means.get)
    if best == ours:
        others = [name for name in errors if name != ours]
        equal = [n for n in others if not clear_difference(errors[n], errors[ours])]
        if equal:
            return (
                f"No clear difference between {ours} and {' or '.join(equal)}.",
                False,
            )
        return f"{ours} is the best one here.", False
    if not clear_difference(errors[ours], errors[best]):
        return f"No clear difference between {best} and {ours}.", False
    if means[best] == 0.0:
        return f"{best} is better here: it has no error.", True
    ratio = means[ours] / means[best]
    larger = f"{ratio - 1:.0%} larger" if ratio < 2 else f"{ratio:.2g} times as large"
    return f"{best} is better here: the error of {ours} is {larger}.", True
