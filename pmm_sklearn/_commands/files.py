"""Tables from CSV files, with errors that say what to do."""

from difflib import get_close_matches

import numpy as np

_FEWEST_ROWS = 10
# Texts of more different values, over the number of rows, are names, not categories.
_LARGEST_SHARE_OF_TEXTS = 0.5


def read_table(path):
    """Data frame from a CSV file whose first line has the names of the columns.

    Parameters
    ----------
    path : Path
        The file; columns are separated by commas, semicolons or tabs.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    ValueError, OSError, ImportError
        If there is no such table, or pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError:
        raise ImportError(
            "--data needs pandas to read tables: pip install pandas."
        ) from None
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}: correct --data.")
    try:
        frame = pd.read_csv(path, sep=None, engine="python", skipinitialspace=True)
    except (ValueError, UnicodeDecodeError) as error:
        raise ValueError(
            f"{path} is no table of comma-separated values ({error}): save it as CSV "
            f"in UTF-8, with a line of column names."
        ) from None
    frame.columns = [str(name).strip() for name in frame.columns]
    if len(frame.columns) < 2:
        raise ValueError(
            f"{path} has one column, {frame.columns[0]!r}: separate columns by commas."
        )
    return frame


def check_columns(frame, names, option):
    """Raise unless these columns are there.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table.
    names : list of str
        Names of columns.
    option : str
        Where they were given, for the message.
    """
    for name in names:
        if name in frame:
            continue
        near = get_close_matches(name, frame.columns, 1)
        known = ", ".join(frame.columns[:20])
        known += ", ..." if len(frame.columns) > 20 else ""
        hint = f"did you mean {near[0]!r}? The" if near else "the"
        raise ValueError(f"{option} {name!r} is no column; {hint} columns are {known}.")


def check_rows(frame, fewest=_FEWEST_ROWS):
    """Raise unless there are enough rows with a target."""
    if len(frame) < fewest:
        raise ValueError(
            f"{len(frame)} rows have a target, but at least {fewest} are needed."
        )


def usable_features(frame):
    """Columns that features can be made of, and why the others cannot.

    Parameters
    ----------
    frame : pandas.DataFrame
        All columns but the targets.

    Returns
    -------
    numbers, texts : list of str
        Names of columns of numbers, and of categories.
    left_out : list of str
        The others, each with a reason.
    """
    numbers, texts, left_out = [], [], []
    for name, column in frame.items():
        n_different = column.nunique()
        if n_different < 2:
            left_out.append(f"{name} (constant)")
        elif column.dtype.kind in "biuf":
            is_finite = np.isfinite(column.dropna().to_numpy(dtype=float))
            if np.all(is_finite):
                numbers.append(name)
            else:
                left_out.append(f"{name} (infinite values)")
        elif n_different > _LARGEST_SHARE_OF_TEXTS * len(column):
            left_out.append(f"{name} (texts that hardly repeat, as names or dates)")
        else:
            texts.append(name)
    if not numbers and not texts:
        raise ValueError(
            f"no column is left to predict from: {'; '.join(left_out)}. Give columns "
            f"of numbers or categories."
        )
    return numbers, texts, left_out
