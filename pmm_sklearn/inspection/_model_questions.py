"""Questions that a diagnosis asks of every model."""

import numpy as np

from ._cases import counted, spread
from .findings import Finding

# Of the targets, how many parameters may be determined before data are few.
_FEW_DATA = 0.5
# Share of the spread of the outputs that a feature without influence changes.
_NO_INFLUENCE = 0.003
# Gaps at the edge of a selection, over the median distance of levels.
_NEAR = 0.03
# Losses of starts that have found the same solution.
_SAME_SOLUTION = 1.1
_TINY = np.finfo(np.float64).tiny


def convergence(case):
    """Training that ended early."""
    # Models from a file, or of partial_fit, have none.
    reason = getattr(case.estimator, "stop_reason_", None)
    if reason in ("max_iter", "interrupted"):
        yield Finding(
            "training",
            float(case.estimator.n_iter_),
            f"it ended by stop_reason_={reason!r} after "
            f"{counted(case.estimator.n_iter_, 'iteration')}: increase max_iter, or "
            f"fit again with warm_start=True.",
        )


def few_data(case):
    """Parameters that are nearly as many as the targets."""
    n_effective = getattr(case.estimator, "n_effective_parameters_", None)
    if n_effective is None:
        return
    n_known = case.n_known
    share = n_effective / n_known
    if share > _FEW_DATA:
        yield Finding(
            "data",
            float(share),
            f"{counted(n_effective, 'parameter')} for {counted(n_known, 'value')} of "
            f"y: how well these are fitted says little of errors elsewhere. Give more "
            f"data or a smaller matrix_size, or check by cross-validation (cv=5).",
        )


def features(case):
    """Features without influence."""
    if case.X.shape[1] < 2:
        return
    gradient = case.model.gradient(case.X)
    gradient = np.reshape(gradient, (len(case.X), -1, case.X.shape[1]))
    changes = np.sqrt(np.mean(gradient**2, axis=0)) * spread(case.X)
    shares = np.max(changes / case.output_spread[:, np.newaxis], axis=0)
    without = np.flatnonzero(shares < _NO_INFLUENCE)
    # Where all are without, the model explains nothing, which is said elsewhere.
    if 0 < len(without) < len(shares):
        names = ", ".join(case.feature_names[i] for i in without)
        yield Finding(
            "features",
            float(shares[without].max()),
            f"{names} {'changes' if len(without) == 1 else 'change'} predictions by "
            f"less than {_NO_INFLUENCE:.1%} of their spread. What is known to be "
            f"useless is better left out; what should matter needs more rows.",
        )


def crossings(case):
    """Levels that are read out, near to others that are not, in the same sector."""
    model = case.model
    if model.targets is not None or model.structure.readout in ("density", "level"):
        return
    levels = model.levels(case.X)
    is_read = np.zeros(levels.shape, dtype=bool)
    np.put_along_axis(is_read, model.read_out(levels), True, axis=1)
    gaps = np.full(len(levels), np.inf)
    for sector in model.sectors:
        own, read = levels[:, sector], is_read[:, sector]
        is_edge = read[:, 1:] != read[:, :-1]
        between = np.where(is_edge, np.diff(own, axis=1), np.inf)
        gaps = np.minimum(gaps, between.min(axis=1, initial=np.inf))
    unit = np.median(np.diff(np.sort(levels, axis=1), axis=1))
    row = int(np.argmin(gaps))
    if gaps[row] < _NEAR * unit:
        yield Finding(
            "levels",
            float(gaps[row] / unit),
            f"at row {row} the last level that is read out comes as near to the next "
            f"one as {gaps[row] / unit:.1%} of their median distance: predictions may "
            f'jump there. readout="density" has no such edge; or take another '
            f"n_eigenvectors.",
        )


def starts(case):
    """A solution that one start alone has found."""
    losses = np.asarray(getattr(case.estimator, "start_losses_", ()))
    if not getattr(case.estimator, "compares_solutions", False) or len(losses) < 3:
        return
    n_same = int(np.sum(losses <= _SAME_SOLUTION * losses.min() + _TINY))
    if n_same == 1:
        yield Finding(
            "starts",
            float(np.sort(losses)[1] / max(losses.min(), _TINY)),
            f"one of {len(losses)} alone has found this solution: another one may be "
            f"better still. Increase n_init.",
        )
