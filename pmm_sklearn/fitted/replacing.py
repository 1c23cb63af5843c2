"""Files that are replaced whole, or not at all."""

import os
import secrets
import shutil
from contextlib import contextmanager, suppress


@contextmanager
def replacing(path):
    """Binary file to write, which takes the place of another when it is complete.

    If writing fails, the old file is what it was.  A symbolic link keeps pointing: what
    it points to is replaced.  The permissions are those of the old file, or those that
    `open` gives; other hard links keep the old content.

    Parameters
    ----------
    path : str
        Where the file will be.

    Yields
    ------
    binary file

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    given, path = path, os.path.realpath(path)
    exists = os.path.exists(path)
    if exists and not os.path.isfile(path):
        # A pipe is not to be replaced by a file.
        with open(path, "wb") as file:
            yield file
        return
    if exists:
        # Raises if the file may not be written; its folder alone would decide below.
        open(path, "r+b").close()
    temporary = f"{path}.{secrets.token_hex(4)}.tmp"
    try:
        with open(temporary, "xb") as file:
            yield file
            file.flush()
            # Some disks say only now that they are full.
            os.fsync(file.fileno())
        if exists:
            shutil.copymode(path, temporary)
        os.replace(temporary, path)
    except BaseException as error:
        with suppress(FileNotFoundError):
            os.remove(temporary)
        if isinstance(error, OSError) and error.filename == temporary:
            # Users know the name that they gave.
            raise OSError(error.errno, error.strerror, given) from error
        raise
