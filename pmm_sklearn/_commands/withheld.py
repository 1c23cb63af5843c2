"""Withheld calculations, by an emulator and by models that know no Hamiltonian."""

import numpy as np
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from .._emulator import PMMEmulator
from .comparison import verdict
from .interruption import stop_if_interrupted

_N_FOLDS = 4
# Errors over the spread of the levels.
_USELESS = 0.7
_OURS = "PMMEmulator"


def folds_of(y, seed):
    """Calculations to withhold together, so that the others know of every level.

    Calculations that know the same levels are dealt out in turns.

    Parameters
    ----------
    y : pandas.DataFrame of shape (n_calculations, n_levels)
        Levels; NaN where not known.
    seed : int
        Random state.

    Returns
    -------
    list of ndarray
        Numbers of the calculations of each fold.

    Raises
    ------
    ValueError
        If a level is known in too few calculations.
    """
    is_known = y.notna().to_numpy()
    rarest_last = np.argsort(-is_known.sum(axis=0), kind="stable")
    shuffled = np.random.RandomState(seed).permutation(len(y))
    order = np.lexsort([shuffled, *is_known[:, rarest_last].T])
    n_folds = min(_N_FOLDS, len(y))
    folds = [np.sort(order[k::n_folds]) for k in range(n_folds)]
    for level, known in zip(y.columns, is_known.T, strict=True):
        if any(known[test].sum() == known.sum() for test in folds):
            raise ValueError(
                f"level {level!r} is known in too few rows, {known.sum()}, to withhold "
                f"some: add values, or give it to --drop in place of --emulate."
            )
    return folds


def print_comparison(X, y, y_err, folds, seed, seconds):
    """Errors of withheld calculations, beside those of other models.

    Parameters
    ----------
    X : pandas.DataFrame of shape (n_calculations, n_parameters)
        Parameters.
    y : pandas.DataFrame of shape (n_calculations, n_levels)
        Levels; NaN where not known.
    y_err : pandas.DataFrame of shape (n_calculations, n_levels) or None
        Their standard deviations.
    folds : list of ndarray
        Calculations that are withheld together.
    seed : int
        Random state.
    seconds : float
        How long the emulator took for all calculations.
    """
    n_folds = len(folds)
    print(
        f"\nPredicting withheld calculations in {n_folds} folds, each of which chooses"
    )
    print(f"the size of its matrix: about {n_folds * seconds:.0f} s ...", flush=True)
    residuals, stds = _by_emulator(X, y, y_err, folds, seed)
    all_residuals = {
        _OURS: residuals,
        "Gaussian process": _by_others(_gaussian_process, X, y, y_err, folds),
        "linear": _by_others(_linear, X, y, y_err, folds),
    }
    print("\nErrors of withheld calculations (root mean square):")
    print(f"  {'level':<16}" + "".join(f"{name:>18}" for name in all_residuals))
    for k, name in enumerate(y.columns):
        sizes = (_size(residuals[:, k]) for residuals in all_residuals.values())
        print(f"  {name:<16}" + "".join(f"{size:>18.3g}" for size in sizes))
    if y_err is not None:
        _print_coverage(residuals, np.hypot(stds, y_err.to_numpy()))
    _print_verdict(all_residuals, y, y_err is None, folds)


def _size(residuals):
    """Root mean square of those that are known."""
    return np.sqrt(np.nanmean(residuals**2))


def _by_emulator(X, y, y_err, folds, seed):
    """Residuals of withheld levels, and the standard deviations of the predictions."""
    residuals, stds = np.full(y.shape, np.nan), np.full(y.shape, np.nan)
    for test in folds:
        training = np.setdiff1d(np.arange(len(X)), test)
        known = None if y_err is None else y_err.iloc[training].to_numpy()
        emulator = PMMEmulator(random_state=seed)
        emulator.fit(X.iloc[training], y.iloc[training], y_err=known)
        stop_if_interrupted(emulator)
        mean, std = emulator.predict(X.iloc[test], return_std=True)
        residuals[test] = np.reshape(mean, (len(test), -1)) - y.iloc[test]
        stds[test] = np.reshape(std, (len(test), -1))
    return residuals, stds


def _by_others(fit, X, y, y_err, folds):
    """Residuals of withheld levels, each learned by a model of its own."""
    residuals = np.full(y.shape, np.nan)
    for test in folds:
        training = np.setdiff1d(np.arange(len(X)), test)
        for k in range(y.shape[1]):
            rows = training[y.iloc[training, k].notna()]
            errors = None if y_err is None else y_err.iloc[rows, k].to_numpy()
            model = fit(X.iloc[rows], y.iloc[rows, k].to_numpy(), errors)
            residuals[test, k] = model.predict(X.iloc[test]) - y.iloc[test, k]
    return residuals


def _gaussian_process(X, y, errors):
    """A length scale for each parameter, and errors that are known or learned."""
    kernel = ConstantKernel() * RBF(np.ones(X.shape[1]))
    # Targets have a variance of 1 within.
    alpha = 1e-10 if errors is None else (errors / (np.std(y) or 1.0)) ** 2
    if errors is None:
        kernel += WhiteKernel(1e-3, (1e-10, 10.0))
    process = GaussianProcessRegressor(
        kernel, alpha=alpha, n_restarts_optimizer=2, normalize_y=True, random_state=0
    )
    return make_pipeline(StandardScaler(), process).fit(X, y)


def _linear(X, y, errors):
    """Ridge regression, with weights from the errors."""
    model = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-6, 3, 10)))
    weights = None if errors is None else np.min(errors) ** 2 / errors**2
    return model.fit(X, y, ridgecv__sample_weight=weights)


def _print_coverage(residuals, stds):
    known = np.isfinite(residuals)
    share = np.mean(np.abs(residuals[known]) < 2 * stds[known])
    print("Within two standard deviations, of the prediction and of the calculation")
    print(f"together, are {share:.0%} of the withheld values (nominal 95 %).")


def _print_verdict(all_residuals, y, lacks_errors, folds):
    """What the errors of the models say, in words."""
    errors = {
        name: [_size(residuals[test]) for test in folds]
        for name, residuals in all_residuals.items()
    }
    text, is_worse = verdict(errors, _OURS)
    print(f"\n{text}")
    if _size(all_residuals[_OURS]) > _USELESS * np.mean(y.std()):
        causes = ["too few calculations", "levels that change their order"]
        causes += ["errors (--errors gives them)"] if lacks_errors else []
        print("The emulator says hardly more than the mean. Causes may be")
        print(f"{', or '.join(causes)}.")
    elif is_worse:
        hint = "Give --errors if there are any, or in" if lacks_errors else "In"
        print(f"{hint} Python try another matrix_size, n_init=16,")
        print("matrix_type='symmetric', or sectors if levels cross.")
    if is_worse:
        _print_other_model(lacks_errors)
    print()


def _print_other_model(lacks_errors):
    """Name the model of this package that knows no Hamiltonian."""
    data = "X, y" if lacks_errors else "X, y, y_err=errors"
    print(f"Another model to try, in Python: PMMRegressor().fit({data}).")
    print("For noisy energies of many couplings it is often better than an emulator,")
    print("inside the range of the data.")
