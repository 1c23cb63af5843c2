"""What error bars are made of, in files: arrays by name, and the rest as JSON."""

import numpy as np

from ..checks.parameters import check_integer, check_number
from .plausible import check_elements

_FLOAT = np.dtype(np.float64)
_TINY = np.finfo(np.float64).tiny
_NAME = "posterior"
_LONGEST_REASON = 500


def posterior_fields(kept, arrays):
    """Fields for JSON of what an estimator keeps for error bars.

    Parameters
    ----------
    kept : dict or None
        Argument of `error_bars_of`.
    arrays : dict
        Takes the arrays, by name.

    Returns
    -------
    dict or None
    """
    if kept is not None and "reason" in kept:
        return {"reason": kept["reason"]}
    return _flattened(kept, _NAME, arrays)


def posterior_from(fields, archive, structure, n_members):
    """What an estimator keeps for error bars, from a file of anyone, checked.

    Parameters
    ----------
    fields : dict or None
        From :func:`posterior_fields`, by way of JSON.
    archive : Archive
        Where the arrays are.
    structure : Structure
        What the model is; its matrices have been read.
    n_members : int
        Number of models that are averaged.

    Returns
    -------
    dict or None
        The argument of :func:`posterior_fields`.

    Raises
    ------
    ValueError, TypeError, LookupError
        If something does not fit together, or is not finite, or a factor that has to be
        is not positive.
    """
    if fields is None:
        return None
    if "reason" in fields:
        # Of errors that there are none, which quote it.
        return {"reason": str(fields["reason"])[:_LONGEST_REASON]}
    shift, scale = (
        archive.numbers(f"{_NAME}_feature_units_{i}", (structure.n_features,), _FLOAT)
        for i in range(2)
    )
    target_scale = archive.numbers(
        f"{_NAME}_target_scale", (structure.n_outputs,), _FLOAT
    )
    check_elements("shift of the features", shift)
    check_elements("scale of the features", scale, least=_TINY)
    check_elements("scale of the targets", target_scale, least=_TINY)
    arguments = structure.arguments_from(
        fields["arguments"], f"{_NAME}_arguments", archive
    )
    members = fields["members"]
    if members is not None:
        if len(members) != n_members:
            raise ValueError(f"there are error bars of {len(members)} models")
        model, largest = structure.model(**arguments), structure.largest_element
        members = [
            _member(member, f"{_NAME}_members_{i}", archive, model, largest)
            for i, member in enumerate(members)
        ]
    return {
        "members": members,
        "feature_units": (shift, scale),
        "target_scale": target_scale,
        "arguments": arguments,
    }


def _member(fields, name, archive, model, largest):
    """Argument of `LaplacePosterior.from_arrays`, checked."""

    def numbers(part, *shape, least=-np.inf):
        array = archive.numbers(f"{name}_{part}", shape, _FLOAT)
        check_elements(part, array, least=least)
        return array

    def number(part, high=np.inf):
        check_number(part, fields[part], 0)
        if fields[part] > high:
            raise ValueError(f"{part} must not exceed {high}, got {fields[part]!r}")
        return float(fields[part])

    n = model.n_parameters
    member = {
        "theta": numbers("theta", n),
        "noise_variance": numbers("noise_variance", model.n_outputs, least=0.0),
        "free_fraction": number("free_fraction", 1.0),
        "misfit": number("misfit"),
        "inflation": numbers("inflation", model.n_outputs, least=_TINY),
    }
    with np.errstate(over="ignore", invalid="ignore"):
        parameters = model.split(member["theta"])
    for array in parameters:
        check_elements("theta", array, largest)
    if "packed" in fields:
        return {**member, "packed": numbers("packed", n * (n + 1) // 2)}
    (n_directions,) = fields["variances"]["shape"]
    check_integer("number of directions", n_directions, 0, n)
    return {
        **member,
        "directions": numbers("directions", n, n_directions),
        "variances": numbers("variances", n_directions, least=0.0),
        "prior_variance": number("prior_variance"),
    }


def _flattened(value, name, arrays):
    """A tree in which the arrays are replaced by their shapes.

    They get the names of the branches that lead to them.
    """
    if isinstance(value, np.ndarray):
        arrays[name] = value
        return {"shape": value.shape}
    if isinstance(value, dict):
        return {k: _flattened(v, f"{name}_{k}", arrays) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_flattened(v, f"{name}_{i}", arrays) for i, v in enumerate(value)]
    return value
