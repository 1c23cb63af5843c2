"""Options that several benchmarks have, and what they need before they start."""

import argparse
import ast

import numpy as np
from sklearn.base import clone

from pmm_sklearn import PMMRegressor


def positive(text):
    """Type of options that count something."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {value}")
    return value


def pmm_setting(text):
    """A parameter of PMMRegressor and its value, from "key=value"."""
    key, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"must be key=value, got {text!r}")
    known = PMMRegressor().get_params()
    if key not in known:
        raise argparse.ArgumentTypeError(
            f"{key!r} is no parameter of PMMRegressor, which has {', '.join(known)}"
        )
    try:
        return key, ast.literal_eval(value)
    except (SyntaxError, ValueError):
        return key, value


def add_pmm_option(parser):
    """Add ``--pmm``; its value is a list of pairs for `pmm_regressor`."""
    parser.add_argument(
        "--pmm",
        nargs="+",
        type=pmm_setting,
        default=[],
        metavar="KEY=VALUE",
        help="parameters of PMMRegressor in place of its defaults, such as n_average=4",
    )


def pmm_regressor(settings):
    """PMMRegressor with its defaults but for some settings, and a fixed random state.

    Parameters
    ----------
    settings : list of (str, object)
        The value of the option ``--pmm``.

    Returns
    -------
    PMMRegressor
    """
    return PMMRegressor(**{"random_state": 0, **dict(settings)})


def compile_once(models):
    """Fit models for one iteration, so that no timing has the compilation by numba.

    Parameters
    ----------
    models : iterable of estimator
        Estimators of this package.  They are cloned.
    """
    X = np.random.RandomState(0).uniform(-1, 1, (200, 2))
    for model in models:
        model = clone(model).set_params(max_iter=1).fit(X, X[:, 0])
        model.predict(X, return_std=True)
