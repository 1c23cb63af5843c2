"""Time of a prediction for one sample, in microseconds.

``predict`` and ``predict_gradient`` of one row, and the same model as a function, next
to the eigenvectors alone and to two regressors of scikit-learn.  Two features, three
eigenvectors, one target.  Takes about 15 seconds.
"""

import argparse
import timeit
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.neural_network import MLPRegressor

from pmm_sklearn import PMMEmulator, PMMRegressor

SIDES = (5, 7, 15)


def microseconds(function, *arguments, n_calls=10):
    """Time of one call: the shortest of many measurements, each of a few calls."""
    function(*arguments)
    once = min(timeit.repeat(lambda: function(*arguments), number=1, repeat=10))
    n_repeats = int(min(500, 1 + 0.3 / (n_calls * once)))
    times = timeit.repeat(
        lambda: function(*arguments), number=n_calls, repeat=n_repeats
    )
    return 1e6 * min(times) / n_calls


def report(name, times):
    print(f"{name:<36}" + "".join(f"{time:9.1f}" for time in times), flush=True)


def times_of_a_model(model, x):
    """Times of the eigenvectors, of `predict`, and of the function, by name."""
    row = x[np.newaxis]
    hamiltonian = np.tensordot(np.append(1.0, x), model.matrices_, axes=1)
    many = np.tile(x, (100, 1))
    function = model.as_function()
    return {
        "numpy.linalg.eigh": microseconds(np.linalg.eigh, hamiltonian),
        "predict": microseconds(model.predict, row),
        "predict_gradient": microseconds(model.predict_gradient, row),
        "as_function()": microseconds(function, x),
        "as_function(gradient=True)": microseconds(model.as_function(gradient=True), x),
        "as_function(return_std=True)": microseconds(
            model.as_function(return_std=True), x
        ),
        "as_function(), each of 100 rows": microseconds(function, many, n_calls=1)
        / 100,
    }


def main():
    argparse.ArgumentParser(description=__doc__).parse_args()
    X = np.random.RandomState(0).uniform(-1, 1, size=(200, 2))
    y, x = np.sin(2 * X[:, 0]) + X[:, 1] ** 2, X[0]
    print(
        "microseconds per call" + " " * 15 + "".join(f"    n = {n:<3}" for n in SIDES)
    )
    for readout in ("expectation", "transition"):
        settings = {"readout": readout, "max_iter": 3, "n_init": 1, "random_state": 0}
        columns = [
            times_of_a_model(PMMRegressor(n, **settings).fit(X, y), x) for n in SIDES
        ]
        print(f'PMMRegressor, readout="{readout}"')
        for name in columns[0]:
            report(f"  {name}", [column[name] for column in columns])
    columns = []
    for n in SIDES:
        settings = {"max_iter": 3, "n_init": 1, "random_state": 0}
        columns.append(times_of_a_model(PMMEmulator(n, **settings).fit(X, y), x))
    print("PMMEmulator, the lowest level")
    for name in columns[0]:
        report(f"  {name}", [column[name] for column in columns])
    print("predict of others, after 200 samples")
    for other in (GaussianProcessRegressor(), MLPRegressor(max_iter=20)):
        time = microseconds(other.fit(X, y).predict, x[np.newaxis])
        report(f"  {type(other).__name__}", [time])
        if isinstance(other, GaussianProcessRegressor):
            time = microseconds(other.predict, x[np.newaxis], True)
            report(f"  {type(other).__name__}, return_std=True", [time])


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        main()
