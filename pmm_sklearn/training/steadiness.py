"""Which of several solutions to take: those that vary least where they will be used.

Data that are exact have many solutions, all without residuals.  Between and around the
data they differ, and the odd ones are far from most others, or uncertain themselves.
"""

from dataclasses import replace

import numpy as np

# Nats.
_FAR_LESS_PROBABLE = 20.0
_TINY = np.finfo(np.float64).tiny
# Points at which solutions are compared, on lines through pairs of samples: in units of
# their distance, how far these lines go beyond both.
_N_POINTS, _BEYOND = 256, 0.25


def steadiest(result, posteriors, n_members):
    """The members of a fit that are the least uncertain, and their weights.

    A member weighs the inverse of its mean variance plus the square of its distance
    from the median of all, in units of the spread of each target.  Members that are far
    less probable than others do not count, nor do those that miss exact data.  If all
    have residuals, those of the largest evidence are kept.  If one is kept, its
    deviations grow to the median of all solutions, or to what the others differ from
    it.

    Parameters
    ----------
    result : Fit
        All solutions.
    posteriors : list of LaplacePosterior
        Of each of them.
    n_members : int
        Number of those to keep.

    Returns
    -------
    Fit
        With these members, the best first, and their weights.
    list of LaplacePosterior
        Theirs.
    """
    counts, evidences, are_exact = _comparable(result)
    members = [result.members[i] for i in counts]
    posteriors = [posteriors[i] for i in counts]
    outputs, variances, squares = _scatter(result.problem, members, posteriors)
    order = np.argsort(squares if are_exact else -evidences, kind="stable")[:n_members]
    weights = squares[order].min() / np.maximum(squares[order], _TINY)
    weights = np.ones(1) if len(order) == 1 else weights / weights.sum()
    kept = replace(result, members=[members[i] for i in order], weights=weights)
    if n_members > 1:
        return kept, [posteriors[i] for i in order]
    best = order[0]
    factor = _distance(outputs, variances, best)
    if are_exact:
        # The least uncertain of several underestimates what it does not know.
        factor = np.sqrt(np.median(squares) / max(squares[best], _TINY))
    widening = max(float(factor), 1.0)
    return replace(kept, widening=widening), [posteriors[best].widened(widening)]


def _comparable(result):
    """Numbers of members that count, their evidences, and whether they miss no data."""
    problem = result.problem
    objective, prior = problem.objective, problem.prior
    found = np.array([prior.log_evidence(objective, m.theta) for m in result.members])
    counts = np.ones(len(found), dtype=bool)
    if prior.observed.are_exact:
        counts = np.array([problem.is_accurate(m) for m in result.members])
    are_exact = prior.observed.are_exact and bool(counts.any())
    counts = counts | (not are_exact)
    counts &= found >= np.max(found[counts]) - _FAR_LESS_PROBABLE
    return np.flatnonzero(counts), found[counts], are_exact


def _distance(outputs, variances, best):
    """Of solutions from one of them, in units of its own deviations."""
    if len(outputs) == 1:
        return 1.0
    others = np.delete(outputs, best, axis=0)
    squares = np.mean((others - outputs[best]) ** 2, axis=0)
    ratios = np.sqrt(squares / np.maximum(2.0 * variances[best], _TINY))
    ratios = ratios[np.isfinite(ratios)]
    return float(np.median(ratios)) if ratios.size else 1.0


def _scatter(problem, members, posteriors):
    """Outputs around the data, variances, and mean squares of all uncertainties."""
    points = _around(problem.objective.X, problem.objective.y)
    spread = problem.units.spread / problem.units.target_scale
    model = problem.model
    outputs = np.stack(
        [model.predict(model.split(member.theta), points) for member in members]
    )
    variances = np.stack(
        [own.variance(points) - own.noise_variance for own in posteriors]
    )
    squares = variances + (outputs - np.median(outputs, axis=0)) ** 2
    means = np.mean(squares / spread**2, axis=(1, 2))
    return outputs, variances, np.where(np.isfinite(means), means, np.inf)


def _around(X, y):
    """Points on lines through pairs of samples, evenly distributed.

    They depend neither on the order of the rows and columns nor on repetitions: rows
    are paired in the order of their targets.
    """
    n_targets = y.shape[1]
    rows = np.hstack([np.nan_to_num(y, nan=np.inf, posinf=np.inf), X])
    X = np.unique(rows, axis=0)[:, n_targets:]
    numbers = np.arange(_N_POINTS)
    first = numbers % len(X)
    # Steps of all lengths, so that neither pairs nor their targets are alike.
    steps = ((numbers * 0.4142135624) % 1.0 * (len(X) - 1)).astype(int)
    second = (first + 1 + steps) % len(X)
    fractions = -_BEYOND + (1 + 2 * _BEYOND) * ((numbers * 0.6180339887) % 1.0)
    return X[first] + fractions[:, np.newaxis] * (X[second] - X[first])
