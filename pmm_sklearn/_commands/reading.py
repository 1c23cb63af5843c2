"""A data frame from a file of separated values, or an error that says what to do."""

import csv
import re
from collections import Counter
from functools import partial
from io import StringIO
from itertools import islice

from .columns import check_columns

# In files of the first ones commas may be anything, also decimal points.
_SEPARATORS = {"\t": "tabs", ";": "semicolons", "|": "bars", ",": "commas"}
_BLANK = " "
# Rows by which the separator is chosen.
_N_TRIED = 50
_BEGIN_OF_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_BEGIN_OF_ZIP = b"PK\x03\x04"
# Excel takes the separator from it.
_LINE_OF_EXCEL = re.compile(r"sep=.\r?\n")
_NAMELESS = "Unnamed: "


def read_table(path, dropped=()):
    """Data frame from a CSV file whose first line has the names of the columns.

    Parameters
    ----------
    path : Path
        The file, in UTF-8 or UTF-16; columns are separated by commas, semicolons, tabs,
        bars, or blanks.
    dropped : sequence of str, default=()
        Columns to leave out.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    ValueError, OSError, ImportError
        If there is no such table, or pandas is not installed.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}: correct --data.")
    try:
        text = _decoded(path.read_bytes())
        separator = _separator_of(text)
        names = _checked_names(text, separator)
        frame = _parsed(text, separator, names)
    except ImportError:
        raise ImportError(
            "--data needs pandas to read tables: install it with "
            'pip install "pmm_sklearn[table]".'
        ) from None
    except (ValueError, csv.Error) as error:
        raise ValueError(f"{path} is no table that can be read: {error}") from None
    check_columns(frame, dropped, "--drop")
    frame.index += 1  # rows are numbered from the first one below the names
    return frame.drop(columns=list(dropped))


def _decoded(content):
    """Text of a file, without the mark of its encoding."""
    if content.startswith(_BEGIN_OF_ZIP):
        raise ValueError("it is a workbook or an archive; save the sheet as CSV.")
    encoding = "utf-16" if content.startswith(_BEGIN_OF_UTF16) else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"line {line} is not in UTF-8; save it as CSV UTF-8."
        ) from None
    if line := _LINE_OF_EXCEL.match(text):
        text = text[line.end() :]
    if not text.strip():
        raise ValueError("it is empty.")
    return text


def _records(text, separator):
    """Lists of fields, of the lines that are not blank."""
    lines = StringIO(text, newline="")
    if separator == _BLANK:
        lines = (line.strip() for line in lines)
    records = csv.reader(lines, delimiter=separator, skipinitialspace=True)
    return (record for record in records if "".join(record).strip() or record[1:])


def _separator_of(text):
    """What splits most of the first rows into as many fields as there are names."""
    shares = {}
    for separator in (*_SEPARATORS, _BLANK):
        records = islice(_records(text, separator), _N_TRIED)
        try:
            sizes = [len(fields) for fields in records] or [0]
        except csv.Error:  # Quotes make sense with another one.
            continue
        if sizes[0] > 1:
            share = sizes.count(sizes[0]) / len(sizes)
            shares[separator] = (share, sizes[0])
    # Blanks may be in names and texts.
    if shares.pop(_BLANK, (0.0, 0))[0] == 1.0 and not shares:
        return _BLANK
    return max(shares, key=shares.get, default=",")


def _checked_names(text, separator):
    """Names of the columns, distinct, and of all fields."""
    records = _records(text, separator)
    names = [" ".join(name.split()) for name in next(records, [""])]
    if len(names) == 1:
        raise ValueError(
            f"its first line is one name, {names[0]!r}; put the names of the columns "
            f"there, at least two, separated by commas."
        )
    for row, fields in enumerate(records, start=1):
        if len(fields) > len(names):
            marks = _SEPARATORS.get(separator, "blanks")
            raise ValueError(
                f"row {row} has {len(fields)} fields, but there are {len(names)} "
                f"names; give each column a name, and remove {marks} at the ends of "
                f"rows, or quote texts that have {marks} in them."
            )
    for name, number in Counter(filter(None, names)).items():
        if number > 1:
            raise ValueError(f"{number} columns have the name {name!r}; rename them.")
    return [name or _name_of(i, names) for i, name in enumerate(names)]


def _name_of(i, names):
    """What pandas calls a column without a name."""
    name = f"{_NAMELESS}{i}"
    return f"{name}.1" if name in names else name


def _parsed(text, separator, names):
    """Data frame of numbers, truth values and texts."""
    import pandas as pd

    read = partial(
        pd.read_csv,
        sep=r"\s+" if separator == _BLANK else separator,
        header=0,
        names=names,
        index_col=False,
        skipinitialspace=True,
        low_memory=False,
    )
    frame = read(StringIO(text))
    if separator != ",":
        with_commas = read(StringIO(text), decimal=",")
        if _numbers(frame) < _numbers(with_commas):
            print("Commas are read as decimal points.")
            frame = with_commas
    empty = [n for n in names if n.startswith(_NAMELESS) and frame[n].isna().all()]
    return frame.drop(columns=empty)


def _numbers(frame):
    """Columns that have nothing but numbers."""
    return {name for name, column in frame.items() if column.dtype.kind in "iuf"}
