"""Whether known errors of targets go with what a model has left of these."""

import numpy as np
from scipy.stats import chi2

from ._cases import FAR
from .findings import Finding

# Chi-square that is no chance, as for error bars, and errors that are not worth a word,
# as a factor of chi-square.  Of regressions whose errors were right it was 0.55 to 1.9
# per degree of freedom, of errors ten times too small 18 to 260, of errors ten times
# too large below 0.08.
_UNLIKELY, _WORTH = 1e-4, 2.0


def known_errors(case):
    """Errors that do not explain what the model has left."""
    if case.y_err is None:
        return
    if getattr(case.estimator, "model_error_", None) is not None:
        yield from _errors_of_model(case)
    elif errors_are_too_large(case):
        ratio = _chi_square(case)[0]
        # Of exact data that are fitted exactly nothing is left.
        factor = f", at least by a factor of {ratio**-0.5:.2g}," if ratio > 0 else ""
        yield Finding(
            "residuals",
            ratio,
            f"they are much smaller than y_err (chi-square {ratio:.3g} per degree of "
            f"freedom): y_err seem too large{factor} and error bars with them; what is "
            f"within y_err is not learned. Check y_err, which are standard deviations.",
        )
    elif misfit(case) > 0:
        reason = "the model is too simple, or ended in a poor minimum. Try another "
        remedy = "matrix_size or n_init=16"
        if hasattr(case.estimator, "extra_noise"):
            reason = "noise is larger than y_err, and fitted in part, or the model is "
            remedy = "too simple. Check y_err, or set extra_noise=True, which learns "
            remedy += "the noise beside them"
        yield Finding(
            "residuals",
            misfit(case),
            f"they are larger than y_err explain (chi-square {misfit(case):.3g} per "
            f"degree of freedom): {reason}{remedy}.",
        )


def misfit(case):
    """Chi-square per degree of freedom where errors do not explain it, else 0."""
    if case.y_err is None:
        return 0.0
    found = case.model.error_bars.misfit
    if found > 0 or not hasattr(case.estimator, "noise_"):
        return float(found)
    ratio, degrees_of_freedom = _chi_square(case)
    is_chance = chi2.sf(ratio * degrees_of_freedom, degrees_of_freedom) > _UNLIKELY
    return 0.0 if is_chance or ratio < _WORTH else ratio


def errors_are_too_large(case):
    """Whether residuals are much smaller than known errors, by more than chance."""
    if case.y_err is None or not hasattr(case.estimator, "n_effective_parameters_"):
        return False
    ratio, degrees_of_freedom = _chi_square(case)
    is_chance = chi2.cdf(ratio * degrees_of_freedom, degrees_of_freedom) > _UNLIKELY
    return not is_chance and ratio < 1.0 / _WORTH


def _errors_of_model(case):
    """Errors of an emulator that are larger than those of its data."""
    of_model = case.estimator.model_error_
    for k, name in case.columns.items():
        error = of_model[k]
        ratio = error / np.median(case.y_err[~np.isnan(case.y[:, k]), k])
        if ratio > 1.0:
            yield Finding(
                "residuals",
                float(ratio),
                f"the model misses {name or 'the target'} by {error:.2g}, "
                f"{ratio:.2g} times the median of y_err: more or more precise data "
                f"will hardly help this matrix_size. Compare with PMMRegressor and "
                f"a Gaussian process, which are often better inside the range of the "
                f"data, or try sectors or a larger matrix_size.",
            )


def _chi_square(case):
    """Per degree of freedom, without outliers, and how many degrees there are."""
    noise = getattr(case.estimator, "noise_", np.zeros(case.y.shape[1]))
    shares = case.residuals / np.hypot(case.y_err, noise)
    total, n_known = 0.0, 0
    for k in case.columns:
        counts = case.deviations(k) <= FAR
        total += np.sum(shares[counts, k] ** 2)
        n_known += counts.sum()
    free = max(n_known - case.estimator.n_effective_parameters_, 1.0)
    return float(total / free), float(free)
