"""Two numbers of nuclei by linear response: learning curve and extrapolation.

The dipole polarisability of 180Yb and the half-life of 80Ni at a grid of 15 x 15 values
of two couplings (../shared/data; arXiv 2510.13989), learned by PMMRegressor, Gaussian
processes (squared exponential and Matern 5/2, a length scale for each coupling, learned
noise) and one level of a small matrix.  Published figures stand beside them.

Learning curve: the polarisability at 50 random points of the grid from n others; mean
relative error, median over the splits, and the percentage of test points within the
nominal 95 % interval, mean over the splits.  Extrapolation: from the 121 points inside
a box to the 104 outside; median and largest relative error.  The half-life is learned
as its logarithm, and the error is that of the half-life.

    python benchmarks/response.py                         # ten splits, some minutes
    python benchmarks/response.py --splits 3 --parts learning
    python benchmarks/response.py --methods PMM GP-RBF --pmm n_average=4
"""

import argparse
import time
import warnings

import numpy as np
from _baselines import GaussianProcess, one_level
from _data import MissingData, linear_response
from _options import add_pmm_option, compile_once, pmm_regressor, positive
from _published import RESPONSE_EXTRAPOLATION, RESPONSE_LEARNING, RESPONSE_SIZES
from _spectra import BOXES, N_RESPONSE_TEST, SCALES
from scipy.stats import norm
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

METHODS = ("PMM", "GP-RBF", "GP-Matern", "one-level")
PARTS = ("learning", "extrapolation")
TITLES = {
    "alphaD": "polarisability of 180Yb",
    "half_life_Ni80": "half-life of 80Ni, learned as log10",
}


def make_model(method, settings):
    """An estimator that is not fitted; settings are those of PMMRegressor."""
    if method == "PMM":
        return pmm_regressor(settings)
    if method == "one-level":
        return one_level()
    # The data have next to no noise, less than the usual lower bound.
    nu = np.inf if method == "GP-RBF" else 2.5
    return GaussianProcess(nu, (1e-10, 10.0), 0, n_restarts=4)


def fit_and_score(model, name, data, is_train, is_test):
    """Relative errors of test points, percentage within 95 %, seconds of CPU.

    Parameters
    ----------
    model : estimator
        Is fitted.
    name : {"alphaD", "half_life_Ni80"}
        Which result.
    data : tuple of ndarray
        Couplings and results, all 225.
    is_train, is_test : ndarray
        Indices or masks of the points.

    Returns
    -------
    errors : ndarray of shape (n_test,)
    cover : float
    seconds : float
    """
    X, y = data
    learned, back = SCALES[name]
    start = time.process_time()
    model.fit(X[is_train], learned(y[is_train]))
    seconds = time.process_time() - start
    mean, std = model.predict(X[is_test], return_std=True)
    y_test = y[is_test]
    inside = np.abs(mean - learned(y_test)) <= norm.ppf(0.975) * std
    return np.abs(back(mean) / y_test - 1), 100 * np.mean(inside), seconds


def learning_curve(method, data, options):
    """Error, cover and seconds for each number of training points: (3, n_sizes)."""
    scores = np.empty((options.splits, len(RESPONSE_SIZES), 3))
    for split in range(options.splits):
        order = np.random.default_rng(split).permutation(len(data[1]))
        test, others = order[:N_RESPONSE_TEST], order[N_RESPONSE_TEST:]
        for i, n in enumerate(RESPONSE_SIZES):
            errors, *rest = fit_and_score(
                make_model(method, options.pmm), "alphaD", data, others[:n], test
            )
            scores[split, i] = [errors.mean(), *rest]
    return np.array([np.median(scores[..., 0], 0), *scores[..., 1:].mean(0).T])


def print_learning(options):
    """Learning curves of all methods, and the published ones."""
    data = linear_response("alphaD")
    curves = {name: learning_curve(name, data, options) for name in options.methods}
    blocks = (
        ("mean relative error, median over splits", ".1e", RESPONSE_LEARNING),
        ("percentage of test points within 95 %, mean over splits", ".0f", {}),
        ("seconds of CPU of a fit, mean over splits", ".2f", {}),
    )
    print(f"\n{TITLES['alphaD']}; training points (splits: {options.splits})")
    print(f"  {'':<26}" + "".join(f"{n:>9}" for n in RESPONSE_SIZES))
    for i, (title, form, published) in enumerate(blocks):
        print(f" {title}")
        rows = {name: curve[i] for name, curve in curves.items()}
        for name, values in {**rows, **published}.items():
            cells = "".join(f"{value:>9{form}}" for value in values)
            print(f"  {name:<26}{cells}", flush=True)


def print_extrapolation(name, options):
    """Errors of all methods outside a box, and the published ones."""
    data = linear_response(name)
    lowest, highest = BOXES[name]
    inside = np.all((data[0] >= lowest) & (data[0] <= highest), axis=1)
    print(f"\n{TITLES[name]}: {inside.sum()} points inside, {(~inside).sum()} outside")
    print(
        f"  {'relative error':<26}{'median':>9}{'largest':>9}{'95 %':>9}{'CPU [s]':>9}"
    )
    for method in options.methods:
        model = make_model(method, options.pmm)
        errors, cover, seconds = fit_and_score(model, name, data, inside, ~inside)
        cells = f"{np.median(errors):>9.1e}{errors.max():>9.1e}"
        print(f"  {method:<26}{cells}{cover:>9.0f}{seconds:>9.2f}", flush=True)
    for method, (median, largest) in RESPONSE_EXTRAPOLATION[name].items():
        print(f"  {method:<26}{median:>9.1e}{largest:>9.1e}")


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--splits", type=positive, default=10, help="of the learning curve (10)")
    add("--methods", nargs="+", choices=METHODS, default=METHODS, help="all")
    add("--parts", nargs="+", choices=PARTS, default=PARTS, help="both")
    add_pmm_option(parser)
    return parser.parse_args()


def main():
    options = parse_arguments()
    print(f"PMM: {pmm_regressor(options.pmm)}")
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        ours = [name for name in ("PMM", "one-level") if name in options.methods]
        compile_once(make_model(name, options.pmm) for name in ours)
        try:
            if "learning" in options.parts:
                print_learning(options)
            if "extrapolation" in options.parts:
                for name in BOXES:
                    print_extrapolation(name, options)
        except MissingData as missing:
            print(f"skipped: {missing}")


if __name__ == "__main__":
    main()
