"""Energies of a quantum system emulated from a table of calculations."""

import time
import warnings
from shlex import quote

import numpy as np

from .._emulator import PMMEmulator
from .._threads import single_blas_thread
from .columns import (
    bad_value,
    check_columns,
    counts_rows,
    is_error_of,
    known_rows,
    looks_like,
    why_no_numbers,
)
from .interruption import stop_if_interrupted
from .pictures import NO_PICTURE, new_figure, plain
from .reading import read_table
from .withheld import folds_of, print_comparison

_FEWEST_ROWS = 4
_N_POINTS = 300
# Names of parameters in a line.
_N_SHOWN = 12


def run(options):
    """Fit an emulator, and say how far it can be trusted.

    Parameters
    ----------
    options : argparse.Namespace
        The command line, with ``data``, ``emulate``, ``errors``, ``drop``, ``seed`` and
        ``output``.
    """
    frame = read_table(options.data, options.drop)
    X, y, y_err = _split(frame, options)
    folds = folds_of(y, options.seed)
    many = "s" if y.shape[1] > 1 else ""
    print(f"{options.data.name}: {len(X)} calculations of {y.shape[1]} level{many}")
    shown = [*X.columns[:_N_SHOWN]]
    shown += [f"{n_more} more"] if (n_more := X.shape[1] - _N_SHOWN) > 0 else []
    print(f"as functions of {', '.join(shown)}.")
    _print_doubts(X, [*y.columns, *(options.errors or [])], frame.columns)
    print("Fitting PMMEmulator ...", flush=True)
    start = time.perf_counter()
    with warnings.catch_warnings(), single_blas_thread():
        warnings.simplefilter("ignore")
        emulator = PMMEmulator(random_state=options.seed, verbose=1)
        emulator.fit(X, y, y_err=None if y_err is None else y_err.to_numpy())
        stop_if_interrupted(emulator)
        seconds = time.perf_counter() - start
        _print_matrices(emulator, seconds)
        if y_err is not None:
            _print_agreement(emulator, X, y, y_err)
        print_comparison(X, y, y_err, folds, options.seed, seconds)
        file = options.output / f"{options.data.stem}_pmm.npz"
        emulator.to_npz(file)
        _draw(emulator, X, y, options.output / f"{options.data.stem}_pmm.png")
    print(f"Saved the emulator as {file}.")
    print(
        "\nNext: PMMEmulator.from_npz reads it; predict(X, return_std=True) has error"
    )
    print("bars, exceptional_points tells where levels meet.")


def _split(frame, options):
    """Parameters, levels, and their standard deviations or None."""
    levels = options.emulate
    check_columns(frame, levels, "--emulate")
    number = _as_number(options.errors, frame)
    errors = options.errors if number is None else None
    check_columns(frame, errors or [], "--errors")
    frame = known_rows(frame, levels, _FEWEST_ROWS)
    _check_numbers(frame, levels + (errors or []))
    X = frame.drop(columns=levels + (errors or []))
    X = X.loc[:, X.nunique() > 1]
    if X.shape[1] == 0:
        raise ValueError("no column but the energies varies: add the parameters.")
    _check_finite(X, frame[levels])
    if (frame[levels].nunique() < 2).all():
        raise ValueError("no energy varies: there is nothing to learn.")
    y, y_err = frame[levels], _errors_of(frame, levels, errors)
    return X, y, y_err if number is None else y.mask(y.notna(), number).fillna(number)


def _as_number(errors, frame):
    """The one number that ``--errors`` is, or None if it names columns."""
    if errors is None or len(errors) > 1 or errors[0] in frame:
        return None
    try:
        number = float(errors[0])
    except ValueError:
        return None
    if not 0 < number < np.inf:
        raise ValueError(f"--errors must be a positive number, got {errors[0]}.")
    return number


def _print_doubts(X, known, columns):
    """Name parameters that may be none: results, errors, or numbers of the rows."""
    for name in X.columns:
        is_result = any(looks_like(name, other) for other in known)
        has_error = any(
            is_error_of(name, other) or is_error_of(other, name) for other in columns
        )
        is_counter = X.shape[1] > 1 and counts_rows(X[name])
        if is_result or has_error or is_counter:
            print(
                f"{name} is taken for a parameter; --drop {quote(name)} if it is not."
            )


def _check_finite(X, y):
    """Raise unless parameters are finite, and levels where they are known."""
    for name, column in X.items():
        is_bad = ~np.isfinite(column.to_numpy(dtype=float))
        if is_bad.any():
            row = X.index[is_bad.argmax()]
            raise ValueError(
                f"parameter {name!r} has no finite value in row {row}: give it, remove "
                f"the row, or leave the column out with --drop."
            )
    for name, column in y.items():
        is_bad = np.isinf(column.to_numpy(dtype=float))
        if is_bad.any():
            raise ValueError(
                f"level {name!r} is infinite in row {y.index[is_bad.argmax()]}: "
                f"correct it, or leave the field empty."
            )


def _check_numbers(frame, needed):
    """Raise unless all columns have numbers; those not needed may be dropped."""
    for name, column in frame.items():
        if column.dtype.kind in "iuf":
            continue
        reason = why_no_numbers(column) or bad_value(column)
        drop = "" if name in needed else f", or give --drop {quote(name)}"
        raise ValueError(
            f"column {name!r} has values that are no numbers ({reason}){drop}."
        )


def _errors_of(frame, levels, errors):
    """Standard deviations of the levels, in columns of their names, or None."""
    if errors is None:
        return None
    if len(errors) != len(levels):
        raise ValueError(
            f"--errors names {len(errors)} columns, but --emulate {len(levels)}: give "
            f"one for each level, in the same order."
        )
    y_err = frame[errors].set_axis(levels, axis=1)
    is_bad = frame[levels].notna() & ~((y_err > 0) & (y_err < np.inf))
    for level, error in zip(levels, errors, strict=True):
        if is_bad[level].any():
            row = is_bad[level].idxmax()
            raise ValueError(
                f"--errors {error!r} must be positive where {level!r} is known, got "
                f"{y_err[level][row]} in row {row}."
            )
    return y_err.fillna(1.0)  # of levels that are not known


def _print_matrices(emulator, seconds):
    """What was learned, and how long that took."""
    number, size, _ = emulator.matrices_.shape
    is_complex = np.iscomplexobj(emulator.matrices_)
    kind = "complex Hermitian" if is_complex else "real symmetric"
    print(f"{number} {kind} matrices of side {size}, with", end=" ")
    print(f"{emulator.n_parameters_} numbers, in {seconds:.1f} s.")


def _print_agreement(emulator, X, y, y_err):
    """Residuals of the fit over the errors of the calculations."""
    residuals = (np.reshape(emulator.predict(X), y.shape) - y) / y_err
    mean = np.nanmean(residuals.to_numpy() ** 2)
    print(f"Its chi^2 per value is {mean:.2g}. Well above 1, the errors are too small,")
    print("or the matrices are.")
    n_numbers, n_values = emulator.n_parameters_, y.notna().to_numpy().sum()
    if n_numbers >= n_values:
        print(f"Near 0 it says nothing: {n_numbers} numbers can fit {n_values} values.")


def _draw(emulator, X, y, path):
    """Levels along the parameter that varies them most, the others at their medians."""
    figure = new_figure((6, 4.5))
    if figure is None:
        print(NO_PICTURE)
        return
    ax = figure.subplots()
    gradient = np.reshape(emulator.predict_gradient(X), (len(X), -1, X.shape[1]))
    changes = np.abs(gradient).mean(axis=(0, 1)) * X.std().to_numpy()
    name = X.columns[np.argmax(changes)]
    points = X.median().to_frame().T.loc[np.zeros(_N_POINTS, dtype=int)]
    points[name] = np.linspace(X[name].min(), X[name].max(), _N_POINTS)
    mean, std = emulator.predict(points, return_std=True)
    columns = zip(
        y.columns, *(np.reshape(a, (len(a), -1)).T for a in (mean, std)), strict=True
    )
    for level, value, error in columns:
        (line,) = ax.plot(points[name], value, label=plain(level))
        band = {"color": line.get_color(), "alpha": 0.3}
        ax.fill_between(points[name], value - 2 * error, value + 2 * error, **band)
        if X.shape[1] == 1:
            ax.plot(X[name], y[level], "o", color=line.get_color(), markersize=4)
    others = "" if X.shape[1] == 1 else ", others at their medians"
    ax.set(xlabel=plain(name), ylabel="energy", title=f"Learned levels{others}")
    ax.legend()
    figure.savefig(path, dpi=120)
    print(f"Saved a picture as {path}.")
