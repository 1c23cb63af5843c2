"""Energies of a quantum system emulated from a table of calculations."""

import time
import warnings

import numpy as np
from sklearn.base import clone
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from .._emulator import PMMEmulator
from .._threads import single_blas_thread
from .files import check_columns, check_rows, read_table
from .pictures import NO_PICTURE, new_figure

_N_FOLDS = 4
_FEWEST_ROWS = 4
_N_POINTS = 300
# Errors over the spread of the levels.
_USELESS = 0.7


def run(path, levels, errors, seed, output):
    """Fit an emulator, and say how far it can be trusted.

    Parameters
    ----------
    path : Path
        The CSV file.
    levels : list of str
        Columns of energies, from the lowest level up.
    errors : list of str or None
        Columns of their standard deviations.
    seed : int
        Random state.
    output : Path
        Folder, which exists.
    """
    frame = read_table(path)
    check_columns(frame, levels, "--emulate")
    check_columns(frame, errors or [], "--errors")
    frame = frame.dropna(subset=levels, how="all")
    check_rows(frame, _FEWEST_ROWS)
    _check_numbers(frame)
    y, y_err = frame[levels], _errors_of(frame, levels, errors)
    X = frame.drop(columns=levels + (errors or []))
    X = X.loc[:, X.nunique() > 1]
    if X.shape[1] == 0:
        raise ValueError("no column but the energies varies: add the parameters.")
    print(
        f"{path.name}: {len(X)} calculations of {len(levels)} levels, which depend on"
    )
    print(f"{', '.join(X.columns)}.")
    print("Fitting PMMEmulator ...", flush=True)
    start = time.perf_counter()
    with warnings.catch_warnings(), single_blas_thread():
        warnings.simplefilter("ignore")
        emulator = PMMEmulator(random_state=seed, verbose=1)
        emulator.fit(X, y, y_err=None if y_err is None else y_err.to_numpy())
        seconds = time.perf_counter() - start
        size, number = emulator.matrix_size_, emulator.n_parameters_
        print(f"A matrix of side {size}, {number} numbers, in {seconds:.1f} s.\n")
        _print_errors(X, y, y_err, size, seed)
        file = output / f"{path.stem}_pmm.npz"
        emulator.to_npz(file)
        picture = output / f"{path.stem}_pmm.png"
        _draw(emulator, X, y, picture)
    print(f"Saved the emulator as {file}.")
    print(
        "\nNext: PMMEmulator.from_npz reads it; predict(X, return_std=True) has error"
    )
    print("bars, exceptional_points tells where levels meet.")


def _check_numbers(frame):
    for name, column in frame.items():
        if column.dtype.kind not in "iuf":
            raise ValueError(
                f"column {name!r} has values that are no numbers, as "
                f"{column.dropna().iloc[0]!r}: remove it, or these."
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
    is_bad = frame[levels].notna() & ~(y_err > 0)
    for level, error in zip(levels, errors, strict=True):
        if is_bad[level].any():
            row = is_bad[level].to_numpy().argmax()
            raise ValueError(
                f"--errors {error!r} must be positive where {level!r} is known, got "
                f"{y_err[level].iloc[row]} in row {row + 1}."
            )
    return y_err.fillna(1.0)  # of levels that are not known


def _print_errors(X, y, y_err, size, seed):
    """Errors of withheld calculations, beside those of other models."""
    folds = KFold(min(_N_FOLDS, len(X)), shuffle=True, random_state=seed)
    models = {
        "PMMEmulator": PMMEmulator(size, random_state=seed),
        "Gaussian process": _scaled(
            GaussianProcessRegressor(RBF() + WhiteKernel(1e-3), normalize_y=True)
        ),
        "linear": _scaled(RidgeCV(np.logspace(-6, 3, 10))),
    }
    errors = {}
    for name, model in models.items():
        print(f"Predicting withheld calculations: {name} ...", flush=True)
        errors[name] = _withheld(model, X, y, y_err, folds)
    print("\nErrors of calculations that were withheld (root mean square):")
    print(f"  {'level':<16}" + "".join(f"{name:>18}" for name in errors))
    for k, name in enumerate(y.columns):
        cells = "".join(f"{error[k]:>18.3g}" for error in errors.values())
        print(f"  {name:<16}{cells}")
    if y_err is not None:
        print("Errors of the calculations themselves are a part of these.")
    means = {name: np.mean(error) for name, error in errors.items()}
    print(_verdict(means, y, y_err is None))


def _scaled(model):
    """A model of scikit-learn that sees parameters of about the same size."""
    return make_pipeline(StandardScaler(), model)


def _withheld(model, X, y, y_err, folds):
    """Root mean square errors of the levels, each calculation predicted without it."""
    errors = np.full(y.shape, np.nan)
    for training, test in folds.split(X):
        if isinstance(model, PMMEmulator):
            known = None if y_err is None else y_err.iloc[training].to_numpy()
            fitted = clone(model).fit(X.iloc[training], y.iloc[training], y_err=known)
            predicted = np.reshape(fitted.predict(X.iloc[test]), (len(test), -1))
            errors[test] = predicted - y.iloc[test]
            continue
        for k, name in enumerate(y.columns):
            known = y[name].iloc[training].dropna()
            fitted = clone(model).fit(X.loc[known.index], known)
            errors[test, k] = fitted.predict(X.iloc[test]) - y[name].iloc[test]
    return np.sqrt(np.nanmean(errors**2, axis=0))


def _verdict(means, y, lacks_errors):
    """What the errors of the models say, in words."""
    best = min(means, key=means.get)
    if means["PMMEmulator"] > _USELESS * np.mean(y.std()):
        causes = ["too few calculations", "levels that change their order"]
        causes += ["errors (--errors names their columns)"] if lacks_errors else []
        return (
            f"\nThe emulator says hardly more than the mean. Causes may be\n"
            f"{', or '.join(causes)}.\n"
        )
    if best == "PMMEmulator":
        return "\nThe emulator is the best one for these calculations.\n"
    hint = "Give --errors if the calculations have any, or in" if lacks_errors else "In"
    return (
        f"\nBetter here: {best}. {hint}\nPython try another matrix_size, n_init=16, "
        f"matrix_type='symmetric', or sectors if levels cross.\n"
    )


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
        (line,) = ax.plot(points[name], value, label=level)
        band = {"color": line.get_color(), "alpha": 0.3}
        ax.fill_between(points[name], value - 2 * error, value + 2 * error, **band)
        if X.shape[1] == 1:
            ax.plot(X[name], y[level], "o", color=line.get_color(), markersize=4)
    others = "" if X.shape[1] == 1 else ", others at their medians"
    ax.set(xlabel=name, ylabel="energy", title=f"Learned levels{others}")
    ax.legend()
    figure.savefig(path, dpi=120)
    print(f"Saved a picture as {path}.")
