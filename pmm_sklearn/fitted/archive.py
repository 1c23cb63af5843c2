"""Arrays in a zip file from anyone: sizes are checked before anything is read."""

import math
import os
from zipfile import ZIP_STORED, ZipFile

import numpy as np

# NumPy parses the header of an array as Python; those of ours have 118 characters.
_LARGEST_HEADER = 256
# Types of labels, the kinds of NumPy.
_KINDS_OF_LABELS = "biufU"
_MOST_NAMES_SHOWN = 5


class Archive:
    """Zip file with arrays, not compressed, each of which is read once.

    Parameters
    ----------
    stream : binary file
        What to read.

    Raises
    ------
    ValueError
        If there are members as large as the file cannot hold, or of the same name.
        Damaged files make `zipfile` raise other errors, here and below.
    """

    def __init__(self, stream):
        self._file, size = ZipFile(stream), stream.seek(0, os.SEEK_END)
        members = self._file.infolist()
        self._unread = {member.filename: member for member in members}
        if len(self._unread) < len(members):
            raise ValueError("some of the members have the same name")
        for member in members:
            # What is not compressed takes no more memory than the file does.
            if member.compress_type != ZIP_STORED:
                raise ValueError(f"{member.filename} is compressed")
            if not member.file_size == member.compress_size <= size:
                raise ValueError(
                    f"{member.filename} is said to be larger than the file"
                )

    def text(self, name):
        """The text in an array without axes."""
        return str(self._read(name, (), lambda dtype: dtype.kind == "U")[()])

    def numbers(self, name, shape, dtype):
        """An array of given shape and type.

        Parameters
        ----------
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
            If it is another array, or there is none of that name.
        """
        array = self._read(name, shape, lambda own: own.newbyteorder("=") == dtype)
        return array.astype(dtype)

    def labels(self, name, n_labels):
        """Numbers, truth values or texts, of shape (n_labels,)."""
        array = self._read(name, (n_labels,), lambda own: own.kind in _KINDS_OF_LABELS)
        return array.astype(array.dtype.newbyteorder("="))

    def check_all_read(self):
        """Raise if there are arrays that nobody has asked for."""
        if self._unread:
            raise ValueError(f"nothing belongs to the members {_shown(self._unread)}")

    def _read(self, name, shape, is_right):
        """An array whose header says what is expected; it shares read-only memory."""
        member = self._unread.pop(f"{name}.npy", None)
        if member is None:
            raise ValueError(f"{name} is not among the members, or asked for twice")
        with self._file.open(member) as file:
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


def _shown(names):
    """The first of some names."""
    return sorted(names)[:_MOST_NAMES_SHOWN]
