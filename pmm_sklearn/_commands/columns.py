"""What the columns of a table are, with errors that say what to do."""

import re
import warnings
from difflib import get_close_matches

import numpy as np

_FEWEST_ROWS = 10
# Texts of more different values, over the number of rows, are names, not categories.
_LARGEST_SHARE_OF_TEXTS = 0.5
# Texts that are printed are cut there.
_WIDTH = 30
# Texts of more characters are neither numbers nor dates.
_LONGEST_NUMBER = 100
# Three numbers, or one beside a month.
_DATE = r"\d\D+\d+\D+\d|[A-Za-z]{3}.*\d|\d.*[A-Za-z]{3}"
# As 12 %, 1'000, $5, 0,5, and 3.2 kg.
_DECORATED_NUMBER = (
    r"[^\w.+-]*[+-]?\d[\d.,'\s]*([dDeE][+-]?\d+)?[^\w]*(\s[^\W\d]{1,5})?"
)
_SEPARATORS = "_-. ()"
_ERROR_WORDS = {"delta", "err", "error", "errors", "sd", "sigma", "std", "stdev"}
_ERROR_WORDS |= {"stderr", "unc", "uncertainty"}


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
    lower = {column.lower(): column for column in frame}
    for name in names:
        if name in frame:
            continue
        near = get_close_matches(name.lower(), lower, 1)
        known = ", ".join(frame.columns[:20])
        known += ", ..." if len(frame.columns) > 20 else ""
        hint = f"did you mean {lower[near[0]]!r}? The" if near else "the"
        raise ValueError(f"{option} {name!r} is no column; {hint} columns are {known}.")


def known_rows(frame, names, fewest=_FEWEST_ROWS):
    """Rows that have a target; how many have none is printed.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table.
    names : list of str
        Columns of targets, of which a row has at least one.
    fewest : int, default=10
        How many such rows are needed.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    ValueError
        If there are fewer.
    """
    known = frame.dropna(subset=names, how="all")
    if len(known) < fewest:
        raise ValueError(
            f"{len(known)} rows have a target, but at least {fewest} are needed."
        )
    if n_missing := len(frame) - len(known):
        missing = ", ".join(names)
        print(f"Left out: {n_missing} of {len(frame)} rows, without {missing}.")
    return known


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
        elif is_numeric(column):
            if np.all(np.isfinite(column.dropna().to_numpy(dtype=float))):
                numbers.append(name)
            else:
                left_out.append(f"{name} (infinite values)")
        elif n_different > _LARGEST_SHARE_OF_TEXTS * len(column):
            reason = why_no_numbers(column) or "texts that hardly repeat, as names"
            left_out.append(f"{name} ({reason})")
        else:
            texts.append(name)
    if not numbers and not texts:
        reasons = f" ({'; '.join(left_out)})" if left_out else ""
        raise ValueError(
            f"no column is left to predict from{reasons}: give columns of numbers or "
            f"categories."
        )
    return numbers, texts, left_out


def is_numeric(column):
    """Whether a column has nothing but numbers, truth values and gaps.

    Parameters
    ----------
    column : pandas.Series
        Values of the column.

    Returns
    -------
    bool
    """
    if column.dtype.kind != "O":
        return column.dtype.kind in "biuf"
    return all(isinstance(value, bool) for value in column.dropna())


def why_no_numbers(column):
    """Why texts are no numbers although they are meant to be, and what to do.

    Parameters
    ----------
    column : pandas.Series
        Texts, with the numbers of the rows as index.

    Returns
    -------
    str or None
        None if they are not meant to be.
    """
    import pandas as pd

    texts = column.dropna().astype(str)
    if texts.str.len().max() > _LONGEST_NUMBER:
        return None
    if _are_dates(texts.drop_duplicates()):
        return "dates: to use them, convert them to numbers, as days since the first"
    is_bad = pd.to_numeric(texts, errors="coerce").isna()
    is_meant = ~is_bad | texts.str.fullmatch(_DECORATED_NUMBER)
    if not is_bad.any() or is_meant.mean() <= _LARGEST_SHARE_OF_TEXTS:
        return None
    return bad_value(column)


def _are_dates(texts):
    import pandas as pd

    if not texts.str.contains(_DATE).all():
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dates = pd.to_datetime(texts, errors="coerce", format="mixed")
    return dates.notna().all()


def bad_value(column):
    """Say which value of a column is the first that is no number, and what to do.

    Parameters
    ----------
    column : pandas.Series
        Values of the column, with the numbers of the rows as index.

    Returns
    -------
    str
    """
    import pandas as pd

    texts = column.dropna().astype(str)
    row = pd.to_numeric(texts, errors="coerce").isna().idxmax()
    text = shortened(texts[row])
    remedy = "correct it, or leave the field empty"
    if re.fullmatch(_DECORATED_NUMBER, text):
        remedy = "write numbers as -1234.5 or 1e-3"
    return f"{text!r} in row {row} is no number: {remedy}"


def shortened(text):
    """A text in one line of moderate length.

    Parameters
    ----------
    text : object
        What is to be printed.

    Returns
    -------
    str
    """
    line = " ".join(str(text).split())
    if len(line) <= _WIDTH:
        return line
    # Long names may differ at the end alone.
    return f"{line[: _WIDTH - 14]}...{line[-11:]}"


def as_texts(columns):
    """Categories as texts, also of numbers and gaps.

    Parameters
    ----------
    columns : pandas.DataFrame
        Categories.

    Returns
    -------
    pandas.DataFrame
    """
    return columns.astype(object).where(columns.notna(), "missing").astype(str)


def looks_like(column, name):
    """Whether a column may belong to the same quantity as another one.

    That is so if the digits of their names alone differ, as of E0 and E1, or if it has
    such a name in its own, as dE1.

    Parameters
    ----------
    column, name : str
        Names of columns.

    Returns
    -------
    bool
    """
    letters = [re.escape(part) for part in re.split(r"\d+", name)]
    if len(letters) == 1:
        return re.fullmatch(rf"{letters[0]}\d+", column) is not None
    return re.search(r"\d+".join(letters), column) is not None


def is_error_of(column, name):
    """Whether a column has the errors of another one, as its name says: dE, E_err.

    Parameters
    ----------
    column, name : str
        Names of columns, of which capital letters do not matter.

    Returns
    -------
    bool
    """
    column, name = column.lower(), name.lower()
    before = column.removesuffix(name) if column.endswith(name) else ""
    after = column.removeprefix(name) if column.startswith(name) else ""
    is_named_before = before.strip(_SEPARATORS) in {"d", *_ERROR_WORDS}
    return is_named_before or after.strip(_SEPARATORS) in _ERROR_WORDS


def counts_rows(column):
    """Whether a column only numbers the rows.

    Parameters
    ----------
    column : pandas.Series
        Values of the column, with the numbers of the rows as index.

    Returns
    -------
    bool
    """
    if column.dtype.kind not in "iuf" or len(column) < 2:
        return False
    return bool(np.ptp(column.to_numpy(dtype=float) - column.index.to_numpy()) == 0)
