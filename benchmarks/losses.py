"""Losses: outliers on the paper's functions, quantiles, counts and positive targets.

Every model has its defaults.  Of the functions, 200 points have normal noise of 1 % of
the spread of the target; then a fifth of them is moved by ten standard deviations of
the noise, up or down.  Errors are mean absolute errors on the grid of the test set, in
units of the spread, and as multiples of that of squared errors without outliers.

Quantiles are those of the problems of Friedman, with normal noise (1, 50 and 0.1):
1000 samples to train on, 10,000 to count how many targets are between those of 5 and
95 per cent.  Counts and positive targets have the exponential of a multiple of the
first of these problems as their mean.

    python benchmarks/losses.py            # about an hour on one core
    python benchmarks/losses.py --quick    # two functions, one problem of Friedman
"""

import argparse
import time
import warnings

import numpy as np
from sklearn.datasets import make_friedman1, make_friedman2, make_friedman3
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import GammaRegressor, PoissonRegressor
from sklearn.metrics import (
    mean_gamma_deviance,
    mean_pinball_loss,
    mean_poisson_deviance,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from pmm_sklearn import PMMRegressor
from pmm_sklearn.datasets import TEST_FUNCTIONS, make_test_function

NOISE, FRACTION, DISTANCE = 0.01, 0.2, 10.0
FRIEDMAN = {
    "friedman1": (make_friedman1, 1.0),
    "friedman2": (make_friedman2, 50.0),
    "friedman3": (make_friedman3, 0.1),
}
N_TRAIN, N_TEST = 1000, 10_000


def fitted(model, X, y):
    """The model, fitted, and the seconds of the CPU that it took."""
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y)
    return model, time.process_time() - start


def with_outliers(name, seed):
    """A function: its data, targets with noise, and with outliers beside it."""
    data = make_test_function(name, random_state=seed)
    rng = np.random.RandomState(1000 + seed)
    sigma = NOISE * np.std(data.target)
    clean = data.target + sigma * rng.standard_normal(len(data.target))
    moved = rng.permutation(len(clean))[: int(FRACTION * len(clean))]
    contaminated = clean.copy()
    contaminated[moved] += DISTANCE * sigma * rng.choice([-1.0, 1.0], len(moved))
    return data, clean, contaminated


def robust(names, seed=0):
    """Print errors of all models on functions with outliers."""
    print(
        "A fifth of the targets moved by ten standard deviations: error / spread, and"
    )
    print(
        "as a multiple of that of squared errors without outliers; seconds of the CPU"
    )
    losses = ("squared_error", "huber")
    print(f"{'':<15}{'clean':>9}", end="")
    print("".join(f"{loss:>16}{'[s]':>6}" for loss in losses), f"{'boosting':>9}")
    ratios = {loss: [] for loss in (*losses, "boosting")}
    for name in names:
        data, clean, contaminated = with_outliers(name, seed)
        spread = np.std(data.target)

        def error(model, data=data, spread=spread):
            missed = np.abs(model.predict(data.data_test) - data.target_test)
            return np.mean(missed) / spread

        model, _ = fitted(PMMRegressor(random_state=seed), data.data, clean)
        unharmed = error(model)
        cells = [f"{name:<15}{unharmed:>9.2e}"]
        for loss in losses:
            model = PMMRegressor(loss=loss, random_state=seed)
            model, seconds = fitted(model, data.data, contaminated)
            ratios[loss].append(error(model) / unharmed)
            cells.append(f"{ratios[loss][-1]:>16.2f}{seconds:>6.1f}")
        model = GradientBoostingRegressor(loss="huber", random_state=seed)
        fitted(model, data.data, contaminated)
        ratios["boosting"].append(error(model) / unharmed)
        cells.append(f"{ratios['boosting'][-1]:>10.1f}")
        print("".join(cells), flush=True)
    for loss, found in ratios.items():
        mean = np.exp(np.mean(np.log(found)))
        print(f"{loss:<15} geometric mean {mean:.2f}, largest {np.max(found):.2f}")


def quantiles(names, seed=0):
    """Print how many targets are between two quantiles."""
    models = {
        "PMMRegressor": PMMRegressor(loss="quantile", random_state=seed),
        "GradientBoosting": GradientBoostingRegressor(
            loss="quantile", random_state=seed
        ),
        "HistGradientBoosting": HistGradientBoostingRegressor(
            loss="quantile", random_state=seed
        ),
    }
    print("\nBetween the quantiles of .05 and .95: per cent; pinball losses over those")
    print("of the exact quantiles; seconds of the CPU of both fits")
    for name in names:
        make, noise = FRIEDMAN[name]
        X, y = make(N_TRAIN, noise=noise, random_state=seed)
        X_test, y_test = make(N_TEST, noise=noise, random_state=seed + 1)
        _, exact = make(N_TEST, noise=0.0, random_state=seed + 1)
        for label, model in models.items():
            limits, losses, total = [], 0.0, 0.0
            for quantile, shift in ((0.05, -1.6449), (0.95, 1.6449)):
                own = "alpha" if label == "GradientBoosting" else "quantile"
                model.set_params(**{own: quantile})
                _, seconds = fitted(model, X, y)
                limits.append(model.predict(X_test))
                best = mean_pinball_loss(y_test, exact + shift * noise, alpha=quantile)
                losses += (
                    mean_pinball_loss(y_test, limits[-1], alpha=quantile) / best / 2
                )
                total += seconds
            inside = np.mean((limits[0] <= y_test) & (y_test <= limits[1]))
            print(
                f"{name:<11}{label:<22}{100 * inside:>6.1f}{losses:>8.3f}{total:>8.1f}",
                flush=True,
            )


def positive_targets(seed=0):
    """Print deviances of counts, and of targets with relative errors."""
    rng = np.random.RandomState(seed)
    X, t = make_friedman1(N_TRAIN, random_state=seed)
    X_test, t_test = make_friedman1(N_TEST, random_state=seed + 1)
    mean, mean_test = np.exp(t / 10), np.exp(t_test / 10)
    data = {
        "poisson": (
            rng.poisson(mean),
            rng.poisson(mean_test),
            PoissonRegressor(),
            mean_poisson_deviance,
        ),
        "gamma": (
            mean * rng.gamma(4.0, 0.25, len(mean)),
            mean_test * rng.gamma(4.0, 0.25, len(mean_test)),
            GammaRegressor(),
            mean_gamma_deviance,
        ),
    }
    print(
        "\nMean deviance of 10,000 targets, and that of the exact means; error of the"
    )
    print("logarithm of the mean, root mean square; seconds of the CPU")
    for loss, (y, y_test, linear, deviance) in data.items():
        exact = deviance(y_test, mean_test)
        models = {
            "PMMRegressor": PMMRegressor(loss=loss, random_state=seed),
            "HistGradientBoosting": HistGradientBoostingRegressor(
                loss=loss, random_state=seed
            ),
            "linear": make_pipeline(StandardScaler(), linear),
        }
        for label, model in models.items():
            _, seconds = fitted(model, X, y)
            predicted = model.predict(X_test)
            missed = np.sqrt(np.mean(np.log(predicted / mean_test) ** 2))
            print(
                f"{loss:<11}{label:<22}{deviance(y_test, predicted):>8.4f}"
                f"{exact:>8.4f}{missed:>8.3f}{seconds:>8.1f}",
                flush=True,
            )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer problems")
    parser.add_argument(
        "--only", choices=["robust", "quantiles", "positive"], help="one of the tables"
    )
    options = parser.parse_args()
    names, problems = TEST_FUNCTIONS[:13], list(FRIEDMAN)
    if options.quick:
        names, problems = names[:2], problems[:1]
    with threadpool_limits(1, "blas"):
        if options.only in (None, "robust"):
            robust(names)
        if options.only in (None, "quantiles"):
            quantiles(problems)
        if options.only in (None, "positive"):
            positive_targets()


if __name__ == "__main__":
    main()
