"""From the parameters of an emulator and its data to what is to be trained."""

from functools import partial

import numpy as np

from ._outputs import as_functions, names_of_features
from .checks.parameters import check_matrix_size
from .checks.spectra import SpectrumData
from .targets import Strength
from .training import (
    Family,
    FeatureUnits,
    Observations,
    SpectrumLikelihood,
    StartPrior,
    table_problem,
    units_from,
    warn_of_weights,
)

# Standard deviations of the starts that are compared.
_SCALES = 1.0, 3.0, 9.0
_LARGEST_SIDE = 14
_SIDE_OTHERWISE = 5
_MOST_SECTORS = 4
# That has any level that is asked for.
_ANY_SIDE = 10_000
# Residuals times parameters, from which on solutions are not compared.
_LARGEST_JACOBIAN = 10_000_000


def sizes_of(estimator, n_columns, n_features, continues=False):
    """Sides of the blocks to compare, the smallest first.

    Parameters
    ----------
    estimator : PMMEmulator
        Has `matrix_size` and `targets`.
    n_columns, n_features : int
        Numbers of targets and of features.
    continues : bool, default=False
        Whether the fit goes on from the fitted model.

    Returns
    -------
    list of tuple of int
        One, unless `matrix_size` is "auto" and no known matrix has a side.  Of several
        sectors all are alike.
    """
    if not _is_auto(estimator.matrix_size):
        return [check_matrix_size(estimator.matrix_size)]
    if continues:
        return [check_matrix_size(estimator.matrix_size_)]
    side = _side_of_operators(estimator)
    if side is not None:
        return [(side,)]
    _check_has_no_curve(estimator.targets)
    names = names_of_features(estimator, n_features)
    n_sectors, smallest = _least_blocks(estimator.targets, n_columns, names)
    smallest = max(smallest, estimator.rank or 1)
    if estimator.alpha != "auto":
        return [(max(smallest + 1, _SIDE_OTHERWISE),) * n_sectors]
    sides = range(smallest + 1, max(_LARGEST_SIDE, smallest + 1) + 1)
    return [(side,) * n_sectors for side in sides]


def emulator_families(estimator, data, target_weight, continues):
    """What an emulator can train.

    Parameters
    ----------
    estimator : BaseEmulator
        Whose parameters have been checked.
    data : SpectrumData
        Features, targets, weights and errors.
    target_weight : ndarray of shape (n_outputs,)
        Weights of the columns.
    continues : bool
        Whether the fit goes on from the fitted model.

    Returns
    -------
    list of Family
        Of growing size; priors of each where solutions are compared.
    """
    if estimator.alpha == "auto":
        warn_of_weights(estimator.alpha, data.weight)
    sizes = sizes_of(estimator, data.y.shape[1], data.X.shape[1], continues)
    families = []
    for block_sizes in sizes:
        family = _family(estimator, data, target_weight, block_sizes)
        if len(sizes) > 1 and not family.ladders:
            # Too many data to compare the solutions of this size.
            break
        families.append(family)
    if families:
        return families
    side = max(sizes[0][0], _SIDE_OTHERWISE)
    return [_family(estimator, data, target_weight, (side,) * len(sizes[0]))]


def _family(estimator, data, target_weight, block_sizes):
    structure = estimator._make_structure(data, block_sizes)
    model, units = estimator._make_training_model(structure, data)
    problem = partial(_problem, estimator, model, units, data, target_weight)
    if not _compares_solutions(estimator, model, data):
        return Family.of(problem(None), structure)
    observed = _observations(model, units, data)

    def make(scale):
        return problem(StartPrior(model, observed, scale)), structure

    return Family(make, {"scale": _SCALES})


def training_of(result, data, target_weight):
    """What a training needs to go on with more data: plain arrays, for pickles.

    Parameters
    ----------
    result : Fit
        What the training has come to.
    data : SpectrumData
        Features, targets, weights and errors.
    target_weight : ndarray of shape (n_outputs,)
        Weights of the columns.

    Returns
    -------
    dict or None
        None after an interruption.
    """
    problem = result.problem
    if result.posterior is None:
        return None
    return {
        "data": tuple(data),
        "target_weight": target_weight,
        "units": problem.units.numbers(),
        "scale": None if problem.prior is None else problem.prior.scale,
        "widening": result.widening,
    }


def continued_problem(estimator, training, model, more):
    """The problem of a fitted emulator with more data, in the units of its fit.

    Parameters
    ----------
    estimator : PMMEmulator
        Fitted.
    training : dict
        From :func:`training_of`.
    model : PMM
        What was trained.
    more : SpectrumData
        The new data.

    Returns
    -------
    Problem
    """
    shift, scale = estimator._posterior["feature_units"]
    origin = estimator._fitted_structure().origin
    features = FeatureUnits.of(model.primary.monomials, shift, scale, origin)
    units = units_from(features, model.readout, training["units"])
    data, prior = SpectrumData(*training["data"]).followed_by(more), None
    if training["scale"] is not None:
        observed = _observations(model, units, data)
        prior = StartPrior(model, observed, training["scale"])
    return _problem(
        estimator,
        model,
        units,
        data,
        training["target_weight"],
        prior,
        training["widening"],
    )


def _observations(model, units, data):
    knows_errors = data.error is not None
    unit = data.error if knows_errors else np.broadcast_to(units.spread, data.y.shape)
    return Observations(
        number=float(data.weight.sum()),
        are_exact=bool(data.weight.sum() <= model.n_free),
        knows_errors=knows_errors,
        log_units=float(np.sum(data.weight * np.log(unit))),
    )


def _problem(estimator, model, units, data, target_weight, prior, widening=1.0):
    """Problem whose solutions a prior compares, unless it is None."""
    scale = None if prior is None else prior.scale
    knows_errors = data.error is not None
    of_model = 0.0
    if data.model_variance is not None:
        of_model = data.model_variance / units.target_scale**2
    likelihood = SpectrumLikelihood(
        data.weight, knows_errors, scale, widening, of_model
    )
    are_exact = prior is not None and prior.observed.are_exact
    return table_problem(
        model,
        likelihood,
        units,
        data.scaled(target_weight, units.spread),
        likelihood.penalty(estimator.alpha, data.weight, are_exact),
        smoothness=estimator._make_smoothness(model, units, data.X),
        prior=prior,
        make_starts=estimator._make_starts,
    )


def _compares_solutions(estimator, model, data):
    return (
        estimator.alpha == "auto"
        and estimator.compares_solutions
        and data.y.size * model.n_parameters <= _LARGEST_JACOBIAN
    )


def _check_has_no_curve(targets):
    """Raise if the number of levels is the number of peaks of a curve."""
    for target in targets if isinstance(targets, (list, tuple)) else ():
        if isinstance(target, Strength):
            raise ValueError(
                f"matrix_size='auto' cannot tell how many peaks {target!r} needs: give "
                f"matrix_size a number, as the range of the energies over the width, "
                f"and compare a few by cross validation."
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


def _least_blocks(targets, n_columns, names):
    """Number of sectors and their least side that have the levels of all targets."""

    def have_levels(*block_sizes):
        try:
            as_functions(targets, n_columns, block_sizes, names)
        except ValueError:
            return False
        return True

    n_sectors = 1
    while n_sectors < _MOST_SECTORS and not have_levels(*[_ANY_SIDE] * n_sectors):
        n_sectors += 1
    as_functions(targets, n_columns, (_ANY_SIDE,) * n_sectors, names)
    side = 1
    while not have_levels(*[side] * n_sectors):
        side += 1
    return n_sectors, side
