"""Fitted emulators as portable files: arrays and text, no pickle."""

import json
import os
from zipfile import BadZipFile

import numpy as np

_FORMAT = "pmm_sklearn emulator, version 1"
_ARRAYS = ("matrices", "observables", "description")


def save_npz(file, matrices, observables, structure, description):
    """Write matrices and a description.

    Parameters
    ----------
    file : str, path or binary file
        Where to; `numpy.savez` appends ".npz" to a name without it.
    matrices, observables : ndarray
        Primary and secondary matrices.
    structure : dict
        Arguments of the model, as JSON can hold them.
    description : dict
        What else a reader wants to know, as JSON can hold it.
    """
    text = json.dumps({"format": _FORMAT, "structure": structure, **description})
    np.savez(
        file,
        matrices=matrices,
        observables=observables,
        description=np.array(text),
    )


def load_npz(file):
    """Read what :func:`save_npz` wrote.

    Returns
    -------
    matrices, observables : ndarray
        Primary and secondary matrices.
    description : dict
        Has a key "structure".

    Raises
    ------
    ValueError
        If the file is something else.
    """
    try:
        matrices, observables, description = _read_arrays(file)
        description = json.loads(str(description))
        is_ours = description["format"] == _FORMAT
    # NumPy would advise to load anything else as a pickle, which is not safe.
    except (BadZipFile, EOFError, KeyError, TypeError, ValueError):
        is_ours = False
    if not is_ours:
        raise ValueError(
            f"file={file!r} does not hold '{_FORMAT}': give a file that was written by "
            f"to_npz."
        )
    description["structure"] = _with_tuples(description["structure"])
    return matrices, observables, description


def _read_arrays(file):
    """The arrays that :func:`save_npz` writes; raises KeyError if one is missing."""
    if isinstance(file, (str, os.PathLike)) and not os.path.exists(file):
        # `numpy.savez` appends it.
        file = os.fspath(file).removesuffix(".npz") + ".npz"
    content = np.load(file, allow_pickle=False)
    if isinstance(content, np.ndarray):
        raise KeyError("one array without a name")
    with content:
        return [content[name] for name in _ARRAYS]


def _with_tuples(structure):
    """The structure with tuples again where JSON has lists."""
    outputs = [
        (kind, name, tuple(map(tuple, levels)))
        for kind, name, levels in structure["outputs"]
    ]
    block_sizes = tuple(structure["block_sizes"])
    return {**structure, "block_sizes": block_sizes, "outputs": outputs}
