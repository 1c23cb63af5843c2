"""From the parameters of an emulator and its data to what is to be trained."""

from functools import partial

import numpy as np

from .checks.parameters import check_matrix_size
from .targets import as_outputs
from .training import SpectrumLikelihood, StartPrior, table_problem

# Standard deviations of the starts that are compared.
_SCALES = 1.0, 3.0, 9.0
_LARGEST_SIDE = 14
_SIDE_OTHERWISE = 5
_MOST_SECTORS = 4
# That has any level that is asked for.
_ANY_SIDE = 10_000
# Residuals times parameters, from which on solutions are not compared.
_LARGEST_JACOBIAN = 10_000_000


def sizes_of(estimator, n_columns):
    """Sides of the blocks to compare, the smallest first.

    Parameters
    ----------
    estimator : PMMEmulator
        Has `matrix_size` and `targets`.
    n_columns : int
        Number of targets.

    Returns
    -------
    list of tuple of int
        One, unless `matrix_size` is "auto" and no known matrix has a side.  Of several
        sectors all are alike.
    """
    if not _is_auto(estimator.matrix_size):
        return [check_matrix_size(estimator.matrix_size)]
    if estimator.warm_start and hasattr(estimator, "matrices_"):
        return [check_matrix_size(estimator.matrix_size_)]
    side = _side_of_operators(estimator)
    if side is not None:
        return [(side,)]
    n_sectors, smallest = _least_blocks(estimator.targets, n_columns)
    smallest = max(smallest, estimator.rank or 1)
    if estimator.alpha != "auto":
        return [(max(smallest + 1, _SIDE_OTHERWISE),) * n_sectors]
    sides = range(smallest + 1, max(_LARGEST_SIDE, smallest + 1) + 1)
    return [(side,) * n_sectors for side in sides]


def emulator_problems(estimator, data, target_weight):
    """What an emulator can train.

    Parameters
    ----------
    estimator : BaseEmulator
        Whose parameters have been checked.
    data : SpectrumData
        Features, targets, weights and errors.
    target_weight : ndarray of shape (n_outputs,)
        Weights of the columns.

    Returns
    -------
    list of (problem, structure), or list of lists of these
        The latter where solutions are compared: for each size, priors of growing width.
    """
    candidates = []
    for block_sizes in sizes_of(estimator, data.y.shape[1]):
        structure = estimator._make_structure(data, block_sizes)
        model, units = estimator._make_training_model(structure, data)
        problem = partial(_problem, estimator, model, units, data, target_weight)
        ladder = [problem(None)]
        if _compares_solutions(estimator, model, data):
            ladder = [problem(scale) for scale in _SCALES]
        candidates.append([(problem, structure) for problem in ladder])
    if candidates[0][0][0].prior is None:
        return candidates[0]
    return candidates


def _problem(estimator, model, units, data, target_weight, scale):
    """Problem whose starts have a given scale; None for that of the model."""
    knows_errors = data.error is not None
    likelihood = SpectrumLikelihood(data.weight, knows_errors, scale)
    is_open, prior = False, None
    if scale is not None:
        is_open = bool(data.weight.sum() <= model.n_free)
        unit = np.broadcast_to(units.spread, data.y.shape)
        log_units = np.sum(data.weight * np.log(data.error if knows_errors else unit))
        n_observed = float(data.weight.sum())
        prior = StartPrior(
            model, scale, n_observed, knows_errors, is_open, float(log_units)
        )
    return table_problem(
        model,
        likelihood,
        units,
        data.scaled(target_weight, units.spread),
        likelihood.penalty(estimator.alpha, data.weight, is_open),
        smoothness=estimator._make_smoothness(model, units, data.X),
        prior=prior,
    )


def _compares_solutions(estimator, model, data):
    return (
        estimator.alpha == "auto"
        and estimator.compares_solutions
        and data.y.size * model.n_parameters <= _LARGEST_JACOBIAN
    )


def _is_auto(size):
    return isinstance(size, str) and size == "auto"


def _side_of_operators(estimator):
    """That of known matrices, if there are any."""
    fixed = estimator.fixed
    known = [*fixed.values()] if isinstance(fixed, dict) else [fixed]
    for operator in (*known, estimator.commutes_with, estimator.parity):
        if operator is not None and np.ndim(operator) > 1:
            return np.shape(operator)[-1]
    return None


def _least_blocks(targets, n_columns):
    """Number of sectors and their least side that have the levels of all targets."""

    def have_levels(*block_sizes):
        try:
            as_outputs(targets, n_columns, block_sizes)
        except ValueError:
            return False
        return True

    n_sectors = 1
    while n_sectors < _MOST_SECTORS and not have_levels(*[_ANY_SIDE] * n_sectors):
        n_sectors += 1
    as_outputs(targets, n_columns, (_ANY_SIDE,) * n_sectors)
    side = 1
    while not have_levels(*[side] * n_sectors):
        side += 1
    return n_sectors, side
