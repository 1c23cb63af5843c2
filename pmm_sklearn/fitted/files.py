"""Fitted estimators as portable files: arrays and text, no pickle."""

import os
from contextlib import nullcontext
from io import BytesIO

import numpy as np

from .archive import Archive
from .portable import FORMAT, PortableModel
from .replacing import replacing

# Errors may quote what is in a file.
_LONGEST_REASON = 200


def save_npz(file, model):
    """Write a fitted estimator.

    Parameters
    ----------
    file : str, path or binary file
        Where to; ".npz" is appended to a name without it.  A file of that name is
        replaced when the new one is complete: see `replacing`.
    model : PortableModel
        What to write.

    Raises
    ------
    ValueError
        If :func:`load_npz` would refuse it: matrices are not finite or not Hermitian,
        or labels are neither numbers nor texts.
    """
    content = BytesIO()
    try:
        np.savez(content, **model.arrays())
        has_classes = model.classes is not None
        PortableModel.read(
            Archive(content), model.estimator, type(model.structure), has_classes
        )
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"{model.estimator} cannot be written to a portable file, because "
            f"{_reason(error)}; correct that, or keep the estimator with joblib.dump."
        ) from error
    with _written(file) as stream:
        stream.write(content.getbuffer())


def load_npz(file, estimator, structure_type, has_classes):
    """Read what :func:`save_npz` wrote.

    Files may come from anyone: no code in them is run, and no more memory is taken than
    a small multiple of their size.

    Parameters
    ----------
    file : str, path or binary file
        What to read.
    estimator : str
        Name of the class whose models are read.
    structure_type : type
        Its class of structures.
    has_classes : bool
        Whether it is a classifier.

    Returns
    -------
    PortableModel

    Raises
    ------
    ValueError
        If the file is something else.
    """
    with _opened(file) as stream:
        try:
            archive = Archive(stream)
            return PortableModel.read(archive, estimator, structure_type, has_classes)
        # Bytes at random make zipfile, ast and json raise errors of many types.
        except Exception as error:
            raise ValueError(
                f"file={file!r} does not hold '{FORMAT}' of {estimator}: "
                f"{_reason(error)}; give a file that {estimator}.to_npz has written."
            ) from error


def _reason(error):
    """What an error says, in one line of moderate length."""
    reason = " ".join(f"{error}".split())[:_LONGEST_REASON]
    return reason.rstrip(".") or type(error).__name__


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
