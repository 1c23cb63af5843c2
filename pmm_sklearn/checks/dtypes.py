"""Checks that data hold numbers; messages name argument, column, value and remedy."""

import datetime
import numbers
import reprlib

import numpy as np
from scipy import sparse

_TIMES = (
    *(datetime.date, datetime.time, datetime.timedelta),
    *(np.datetime64, np.timedelta64),
)
_STRINGS = (str, bytes)
# For strings that are not numbers.
_REMEDIES = {
    "X": "encode categories with OneHotEncoder or OrdinalEncoder of "
    "sklearn.preprocessing",
    "y": "use PMMClassifier for classes",
}
# For sparse output of transformers; others than features do not come from these.
_DENSE_TRANSFORMERS = (
    ", or in a pipeline set sparse_output=False of OneHotEncoder, or "
    "sparse_threshold=0 of ColumnTransformer"
)


def check_not_masked(name, array):
    """Raise if a masked array hides values, which NumPy would bring back."""
    if np.ma.is_masked(array):
        raise ValueError(
            f"{name} must not be a masked array with values that are masked, got "
            f"{np.ma.count_masked(array)} of them: leave these samples out, or fill "
            f"them with {name}.filled."
        )


def check_real(name, array):
    """Raise unless an array-like holds real numbers and is dense."""
    check_not_masked(name, array)
    if sparse.issparse(array):
        in_pipelines = _DENSE_TRANSFORMERS if name == "X" else ""
        raise TypeError(
            f"Sparse data not supported: {name} is a {type(array).__name__}. Pass "
            f"{name}.toarray(){in_pipelines}."
        )
    for place, dtype, column in _columns(name, array):
        value = _first_that_is_no_number(column)
        if column.dtype.kind == "c" or _is_complex(value):
            raise ValueError(
                f"Complex data not supported: {name} has dtype {dtype}{place}. Pass "
                f"real and imaginary parts as separate columns."
            )
        if value is not None:
            error = ValueError if _is_known(value) else TypeError
            raise error(
                f"{name} must hold numbers, got dtype {dtype} with {_shown(value)}"
                f"{place}: {_remedy(name, value)}."
            )


def check_numbers(name, values):
    """Array of real or complex numbers; raises for others."""
    array = _as_array(name, values)
    if array.dtype.kind not in "biufc":
        raise TypeError(
            f"{name} must hold numbers, got dtype {array.dtype}: convert it with "
            f"numpy.asarray({name}, dtype=complex)."
        )
    return array


def is_complex(array):
    """Whether an array-like, or a column of a data frame, has a complex dtype."""
    return any(column.dtype.kind == "c" for _, _, column in _columns("X", array))


def as_numbers(name, values):
    """Array of real numbers; raises for others."""
    array = _as_array(name, values)
    if array.dtype.kind == "c":
        raise ValueError(
            f"{name} must hold real numbers, got dtype {array.dtype}: give the real "
            f"part, if that is what you mean."
        )
    check_real(name, values)
    return array.astype(np.float64)


def _columns(name, array):
    """Where in an array-like columns are, in words, their dtypes, and they themselves.

    Only data frames, and arrays of objects, may have columns of several kinds.
    """
    if hasattr(array, "iter_columns"):  # of polars
        named = [(column.name, column) for column in array.iter_columns()]
    elif hasattr(array, "items") and hasattr(array, "columns"):  # of pandas
        named = array.items()
    else:
        whole = _as_array(name, array)
        dtype = getattr(array, "dtype", whole.dtype)
        if whole.dtype.kind != "O" or whole.ndim != 2:
            return [("", dtype, whole)]
        return [(f" in column {i}", dtype, column) for i, column in enumerate(whole.T)]
    return [
        (f" in column {label!r}", column.dtype, _as_array(name, column))
        for label, column in named
    ]


def _as_array(name, values):
    """As NumPy converts it, with missing values of pandas as NaN."""
    kind = getattr(getattr(values, "dtype", None), "kind", "O")
    is_extension = kind in "biuf" and not isinstance(values, np.ndarray)
    try:
        return np.asarray(values, dtype=np.float64 if is_extension else None)
    except ValueError as error:
        raise ValueError(
            f"{name} must hold numbers, in rows of the same length: {error}"
        ) from error


def _first_that_is_no_number(array):
    """The first element of a type that is not that of real numbers, or None."""
    if array.dtype.kind in "biufc" or array.size == 0:
        return None
    if array.dtype.kind != "O":
        return array.flat[0]
    first_of_types = {type(value): value for value in array.ravel()[::-1]}
    return next((v for v in first_of_types.values() if not _is_real(v)), None)


def _is_real(value):
    if value is None:  # as good as NaN
        return True
    has_float = hasattr(value, "__float__") and np.ndim(value) == 0
    return has_float and not _is_time(value) and not _is_complex(value)


def _is_complex(value):
    return isinstance(value, numbers.Complex) and not isinstance(value, numbers.Real)


def _is_time(value):
    # Periods of pandas are neither dates nor intervals.
    return isinstance(value, _TIMES) or hasattr(value, "to_timestamp")


def _is_known(value):
    return isinstance(value, _STRINGS) or _is_time(value)


def _shown(value):
    """In short, of strings and times without the name of their type."""
    if _is_time(value):
        return str(value)
    return reprlib.repr(str(value) if isinstance(value, _STRINGS) else value)


def _remedy(name, value):
    if isinstance(value, _STRINGS):
        encode = f"{_REMEDIES[name]}, or " if name in _REMEDIES else ""
        return f"{encode}convert strings of numbers with {name}.astype(float)"
    before = ", or let a transformer in a pipeline do so" if name == "X" else ""
    if _is_time(value):
        return f"replace dates and times by numbers, such as days since one{before}"
    # In words that the checks of scikit-learn for estimators ask for.
    return (
        f"the argument must be free of strings and of objects that are no numbers. "
        f"Convert them with {name}.astype(float){before}"
    )
