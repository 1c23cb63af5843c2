"""What the emulation benchmarks share: tables, repeated fits, rivals."""

import argparse
import time
import warnings

import numpy as np
from _published import PUBLISHED
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from threadpoolctl import threadpool_limits

N_STATES = 5


class Row:
    """A line of a table: errors of one method, NaN where there is none.

    `cover` is the percentage of test points within intervals of 95 %.
    """

    def __init__(
        self, method, errors, worst=None, parameters=None, seconds=None, cover=None
    ):
        self.method = method
        self.cover = cover
        self.errors = np.atleast_1d(errors)
        self.worst = worst if worst is None else np.asarray(worst)
        self.parameters = parameters
        self.seconds = seconds

    def __str__(self):
        text = f"  {self.method:<36} {_cells(self.errors)}"
        text += f"  {self.parameters or '':>6}"
        text += f"  {self.seconds:7.2f}" if self.seconds is not None else ""
        if self.worst is not None:
            text += f"\n    {'worst':<34} {_cells(self.worst)}"
        if self.cover is not None:
            # Of the targets, whose errors are in the last columns.
            left = 11 * (self.errors.size - len(self.cover))
            covers = "  ".join(f"{cover:9.0f}" for cover in self.cover)
            text += f"\n    {'% within intervals of 95 %':<34} {' ' * left}{covers}"
        return "\n".join(line.rstrip() for line in text.splitlines())


def _cells(errors):
    """Of one width, empty where there is no error."""
    cells = ("" if np.isnan(error) else f"{error:.2e}" for error in errors)
    return "  ".join(f"{cell:>9}" for cell in cells)


def show(title, columns, rows):
    print(f"\n{title}")
    header = "  ".join(f"{column:>9}" for column in columns)
    print(f"  {'':<36} {header}  {'param.':>6}  {'seconds':>7}")
    for row in rows:
        print(row, flush=True)


def published(experiment):
    return [
        Row(method, errors, parameters=parameters)
        for method, errors, parameters in PUBLISHED[experiment]
    ]


def fit_quietly(model, X, y, **fit_params):
    """Fit, and the time it took; running to max_iter is part of the settings."""
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y, **fit_params)
    return time.perf_counter() - start


def measure(method, model, data, error_of, n_states=N_STATES):
    """Median and worst error of a model over random states."""
    errors, seconds = [], []
    for state in range(n_states):
        fitted = model.set_params(random_state=state)
        seconds.append(fit_quietly(fitted, data.X_train, data.y_train))
        errors.append(np.atleast_1d(error_of(fitted.predict)))
    return Row(
        method,
        np.median(errors, axis=0),
        np.max(errors, axis=0),
        fitted.n_parameters_,
        np.mean(seconds),
    )


def baselines(data, error_of):
    """Gaussian process and polynomial, one for each output."""
    kernel = ConstantKernel(1.0, (1e-3, 1e6)) * RBF(1.0, (1e-2, 1e3))
    process = GaussianProcessRegressor(
        kernel, alpha=1e-10, normalize_y=True, n_restarts_optimizer=3, random_state=0
    )
    process = make_pipeline(StandardScaler(), MultiOutputRegressor(process))
    y = data.y_train.reshape(len(data.y_train), -1)
    rows = []
    for name, model in (
        ("Gaussian process", process),
        ("polynomial, degree by leave-one-out", best_polynomial(data.X_train, y)),
    ):
        seconds = fit_quietly(model, data.X_train, y)
        error = error_of(
            lambda X, model=model: model.predict(X).reshape(-1, *data.y_train.shape[1:])
        )
        rows.append(Row(name, error, seconds=seconds))
    return rows


def best_polynomial(X, y):
    candidates = [
        make_pipeline(StandardScaler(), PolynomialFeatures(degree), LinearRegression())
        for degree in range(1, min(10, len(X) - 1))
    ]
    scores = [
        np.sum((cross_val_predict(model, X, y, cv=LeaveOneOut()) - y) ** 2)
        for model in candidates
    ]
    return candidates[int(np.argmin(scores))]


def run(experiments, description):
    """Run the experiments that the command line names; all, if it names none."""
    parser = argparse.ArgumentParser(description=description.split("\n")[0])
    parser.add_argument("experiments", nargs="*", help=", ".join(experiments))
    names = parser.parse_args().experiments or list(experiments)
    unknown = set(names) - set(experiments)
    if unknown:
        parser.error(f"unknown experiments {sorted(unknown)}: {', '.join(experiments)}")
    with threadpool_limits(1):
        for name in names:
            experiments[name]()
