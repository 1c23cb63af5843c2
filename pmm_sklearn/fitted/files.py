"""Fitted emulators as portable files: arrays and text, no pickle."""

import json
import os
from contextlib import nullcontext

import numpy as np

from .archive import open_archive, read_numbers, read_text
from .description import check_matrices, shapes_and_type, structure_of
from .replacing import replacing

_FORMAT = "pmm_sklearn emulator, version 1"
_ARRAYS = ("matrices", "observables", "description")
# Errors may quote what is in a file.
_LONGEST_REASON = 200


def save_npz(file, matrices, observables, structure, description):
    """Write matrices and a description.

    Parameters
    ----------
    file : str, path or binary file
        Where to; ".npz" is appended to a name without it.  A file of that name is
        replaced when the new one is complete: see `replacing`.
    matrices, observables : ndarray
        Primary and secondary matrices.
    structure : SpectrumStructure
        What the model is.
    description : dict
        What else a reader wants to know, as JSON can hold it.

    Raises
    ------
    ValueError, TypeError
        If matrices are not finite or not Hermitian: :func:`load_npz` would refuse
        them.
    """
    *_, dtype = shapes_and_type(structure)
    matrices = np.asarray(matrices).astype(dtype, casting="safe")
    observables = np.asarray(observables).astype(dtype, casting="safe")
    check_matrices(structure.fitted_model(), matrices, observables)
    fields = {"format": _FORMAT, "structure": vars(structure), **description}
    text = np.array(json.dumps(fields))
    with _written(file) as stream:
        np.savez(stream, matrices=matrices, observables=observables, description=text)


def load_npz(file):
    """Read what :func:`save_npz` wrote.

    Files may come from anyone: no code in them is run, and no more memory is taken than
    a small multiple of their size.

    Parameters
    ----------
    file : str, path or binary file
        What to read.

    Returns
    -------
    matrices, observables : ndarray
        Primary and secondary matrices.
    structure : SpectrumStructure
        What the model is.
    description : dict
        With "feature_names", a list that may be empty, and "single_output".

    Raises
    ------
    ValueError
        If the file is something else.
    """
    with _opened(file) as stream:
        try:
            return _read(stream)
        # Bytes at random make zipfile, ast and json raise errors of many types.
        except Exception as error:
            reason = " ".join(f"{error}".split())[:_LONGEST_REASON]
            raise ValueError(
                f"file={file!r} does not hold '{_FORMAT}': "
                f"{reason or type(error).__name__}; give a file that was written by "
                f"to_npz."
            ) from error


def _read(stream):
    archive = open_archive(stream, _ARRAYS)
    description = json.loads(read_text(archive, "description"))
    if not isinstance(description, dict) or description.get("format") != _FORMAT:
        raise ValueError("it is in another format")
    structure = structure_of(description)
    *shapes, dtype = shapes_and_type(structure)
    matrices, observables = (
        read_numbers(archive, name, shape, dtype)
        for name, shape in zip(_ARRAYS[:2], shapes, strict=True)
    )
    check_matrices(structure.fitted_model(), matrices, observables)
    return matrices, observables, structure, description


def _written(file):
    """Binary file to write what is meant for a name or a file."""
    if hasattr(file, "write"):
        return nullcontext(file)
    return replacing(_with_ending(os.fsdecode(file)))


def _opened(file):
    """Binary file to read, of a name with or without its ending, or of a file."""
    if hasattr(file, "read"):
        return nullcontext(file)
    path = os.fsdecode(file)
    return open(path if os.path.exists(path) else _with_ending(path), "rb")


def _with_ending(path):
    return path if path.endswith(".npz") else f"{path}.npz"
