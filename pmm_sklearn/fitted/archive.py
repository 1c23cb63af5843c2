"""Arrays in a zip file from anywhere: sizes are checked before anything is read."""

import math
import os
from zipfile import ZIP_STORED, ZipFile

import numpy as np

# NumPy parses the header of an array as Python; those of ours have 118 characters.
_LARGEST_HEADER = 256


def open_archive(stream, names):
    """Zip file with one array of each name and nothing else, not compressed.

    Parameters
    ----------
    stream : binary file
        What to read.
    names : sequence of str
        Names of the arrays.

    Returns
    -------
    ZipFile

    Raises
    ------
    ValueError
        If it holds something else, or members as large as the file cannot hold.
        Damaged files make `zipfile` raise other errors, here and below.
    """
    archive, size = ZipFile(stream), stream.seek(0, os.SEEK_END)
    members = archive.infolist()
    found = sorted(member.filename for member in members)
    if found != sorted(f"{name}.npy" for name in names):
        raise ValueError(f"it has the members {found}, not one of each of {names}")
    for member in members:
        # What is not compressed takes no more memory than the file does.
        if member.compress_type != ZIP_STORED:
            raise ValueError(f"{member.filename} is compressed")
        if not member.file_size == member.compress_size <= size:
            raise ValueError(f"{member.filename} is said to be larger than the file")
    return archive


def read_text(archive, name):
    """The text in an array without axes."""
    return str(_read(archive, name, (), lambda dtype: dtype.kind == "U")[()])


def read_numbers(archive, name, shape, dtype):
    """An array of given shape and type.

    Parameters
    ----------
    archive : ZipFile
        From :func:`open_archive`.
    name : str
        Name of the array.
    shape : tuple of int
        The shape that it must have.
    dtype : dtype
        The type that it must have, in any order of bytes.

    Returns
    -------
    ndarray of that shape and type, in the order of bytes of this machine

    Raises
    ------
    ValueError
        If it is another array.
    """
    array = _read(archive, name, shape, lambda own: own.newbyteorder("=") == dtype)
    return array.astype(dtype)


def _read(archive, name, shape, is_right):
    """An array whose header says what is expected; it shares read-only memory."""
    member = archive.getinfo(f"{name}.npy")
    with archive.open(member) as file:
        found, is_fortran, dtype = _header(file)
        if found != shape:
            raise ValueError(f"{name} has shape {found} instead of {shape}")
        if not is_right(dtype):
            raise ValueError(f"{name} has elements of type {dtype}")
        if member.file_size - file.tell() != math.prod(shape) * dtype.itemsize:
            raise ValueError(f"{name} does not have the size that it claims")
        content = file.read()
    return np.ndarray(shape, dtype, content, order="F" if is_fortran else "C")


def _header(file):
    """Shape, order and type of an array, which begins after them."""
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("it has arrays in another version of NumPy's format")
    return np.lib.format.read_array_header_1_0(file, max_header_size=_LARGEST_HEADER)
