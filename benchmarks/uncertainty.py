"""How far predictions can be trusted, and what it costs to know.

Root mean square error, negative log likelihood, percentage of test points within the
nominal 68 % and 95 % intervals, and mean width of the latter, over the standard splits
(airfoil: random ones of the same kind), beside a Gaussian process, Bayesian ridge
regression on polynomials, and a random forest with the conformal intervals of MAPIE.
Nothing is chosen by the test data.

    python benchmarks/uncertainty.py                        # 20 splits, about an hour
    python benchmarks/uncertainty.py --splits 3 --sets yacht
    python benchmarks/uncertainty.py --sets diabetes        # more noise than signal
"""

import argparse
import time
import warnings

import _spectra
import numpy as np
from _data import MissingData, uci
from emulation import LFD_MODELS, SECTOR_SIZES
from joblib import Parallel, delayed
from scipy.stats import norm
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.linear_model import BayesianRidge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from threadpoolctl import threadpool_limits

from pmm_sklearn import PMMEmulator, PMMRegressor
from pmm_sklearn.datasets import load_airfoil, make_almg, make_lfd_emulation
from pmm_sklearn.model.eigensolver import EIGENSOLVERS
from pmm_sklearn.targets import Level, Observable

SETS = ("concrete", "energy", "yacht", "airfoil")
LEVELS = (0.68, 0.95)


def load(name, split):
    """Training and test data of one split."""
    if name in ("airfoil", "diabetes"):
        loaded = load_airfoil if name == "airfoil" else load_diabetes
        X, y = loaded(return_X_y=True)
        test = np.random.RandomState(split).permutation(len(X))[: len(X) // 10]
    else:
        X, y, tests = uci(name)
        test = tests[split]
    is_train = np.ones(len(X), dtype=bool)
    is_train[test] = False
    return X[is_train], y[is_train], X[test], y[test]


def gaussian_process(n_features):
    kernel = ConstantKernel(10.0, (1e-2, 1e6)) * RBF(np.ones(n_features), (0.05, 1e3))
    kernel += WhiteKernel(0.1, (1e-8, 10.0))
    return make_pipeline(
        StandardScaler(),
        GaussianProcessRegressor(kernel, normalize_y=True, random_state=0),
    )


def models(n_features, seed):
    polynomials = [StandardScaler(), PolynomialFeatures(2), StandardScaler()]
    return {
        "PMM, defaults": PMMRegressor(random_state=seed),
        "PMM, n_average=4": PMMRegressor(n_average=4, random_state=seed),
        "Gaussian process": gaussian_process(n_features),
        "Bayesian ridge": make_pipeline(*polynomials, BayesianRidge()),
    }


def normal_scores(model, X, y, X_test, y_test):
    """Scores of a model that predicts standard deviations."""
    model.fit(X, y)
    mean, std = model.predict(X_test, return_std=True)
    error = np.abs(y_test - mean)
    inside = [100 * np.mean(error <= norm.ppf(0.5 + p / 2) * std) for p in LEVELS]
    return [
        np.sqrt(np.mean(error**2)),
        -np.mean(norm.logpdf(y_test, mean, std)),
        *inside,
        np.mean(2 * norm.ppf(0.975) * std),
    ]


def forest_scores(X, y, X_test, y_test, seed):
    """Scores of a random forest with intervals of MAPIE; it has no density."""
    from mapie.regression import CrossConformalRegressor

    forest = CrossConformalRegressor(
        RandomForestRegressor(random_state=seed), confidence_level=LEVELS, cv=5
    )
    forest.fit_conformalize(X, y)
    mean, intervals = forest.predict_interval(X_test)
    y = y_test[:, np.newaxis]
    inside = (intervals[:, 0] <= y) & (y <= intervals[:, 1])
    width = np.mean(intervals[:, 1, 1] - intervals[:, 0, 1])
    rmse = np.sqrt(np.mean((mean - y_test) ** 2))
    return [rmse, np.nan, *(100 * inside.mean(axis=0)), width]


@threadpool_limits.wrap(limits=1)
def scores_of_split(name, split):
    """Scores of all models, by their names; the last one is seconds of CPU."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    data = load(name, split)
    scores = {}
    for label, model in models(data[0].shape[1], split).items():
        start = time.process_time()
        scores[label] = normal_scores(model, *data)
        scores[label].append(time.process_time() - start)
    try:
        start = time.process_time()
        scores["forest, MAPIE CV+"] = forest_scores(*data, split)
        scores["forest, MAPIE CV+"].append(time.process_time() - start)
    except ImportError:
        print("without random forest: pip install mapie")
    return scores


def real_data(names, n_splits, n_jobs):
    """Table of means and standard errors, and the mean coverage over all sets."""
    coverage = {}
    for name in names:
        try:
            splits = Parallel(n_jobs)(
                delayed(scores_of_split)(name, split) for split in range(n_splits)
            )
        except MissingData as missing:
            print(f"{name}: skipped: {missing}")
            continue
        print(f"\n{name}, {n_splits} splits")
        header = ("RMSE", "NLL", "68 %", "95 %", "width", "CPU [s]")
        print(f"  {'':<20}" + "".join(f"{column:>16}" for column in header))
        for label in splits[0]:
            values = np.array([scores[label] for scores in splits])
            mean, error = values.mean(axis=0), values.std(axis=0) / np.sqrt(n_splits)
            cells = (f"{m:.3f} ± {e:.3f}" for m, e in zip(mean, error, strict=True))
            print(
                f"  {label:<20}" + "".join(f"{cell:>16}" for cell in cells), flush=True
            )
            coverage.setdefault(label, []).append(mean[3])
    for label, values in coverage.items():
        print(f"mean coverage of 95 % over {len(values)} sets, {label}: ", end="")
        print(f"{np.mean(values):.1f} %")


def within_two(model, X, y):
    """Percentage of true values within two standard deviations, for each target."""
    mean, std = model.predict(X, return_std=True)
    inside = np.abs(mean - y) <= 2 * std
    rmse, size = (np.sqrt(np.mean(v**2)) for v in (mean - y, std))
    percentages = " ".join(
        f"{100 * p:4.0f}" for p in np.atleast_1d(inside.mean(axis=0))
    )
    return f"{percentages} %   RMSE {rmse:.1e}, std {size:.1e}"


def emulators(n_states):
    """Withheld points of four Hamiltonians."""
    data = make_almg()
    targets = [Level(0, sector=0), Level(0, sector=1), Observable("n", sector=0)]
    print("\nALMG, withheld window: within 2 std, for E0, E1, n")
    for size in SECTOR_SIZES:
        for state in range(n_states):
            model = PMMEmulator(
                size, targets=targets, matrix_type="symmetric", random_state=state
            ).fit(data.X_train, data.y_train)
            X, y = data.X_test[data.withheld], data.y_test[data.withheld]
            print(f"  sectors {size}, state {state}: {within_two(model, X, y)}")
    data = make_lfd_emulation()
    print("\nRandom 40 x 40 matrices, 9 points: within 2 std")
    for label, model in LFD_MODELS:
        for state in range(n_states):
            model = clone(model).set_params(random_state=state)
            model.fit(data.X_train, data.y_train)
            for name, part in (
                ("|x| < 2", data.test_interpolation),
                ("|x| > 2", data.test_extrapolation),
            ):
                text = within_two(model, data.X_test[part], data.y_test[part])
                print(f"  {label}, state {state}, {name}: {text}", flush=True)
    spectra(n_states)


def spectra(n_states):
    """Ten couplings, and an oscillator inside and outside its data; the defaults."""
    for strength in ("weak", "strong"):
        for noise in (False, True):
            print(
                f"\nTen couplings, {strength}, noise {noise}: within 2 std, E0, <x^2>"
            )
            for seed in range(n_states):
                problem = _spectra.ten_couplings(strength, noise, seed)
                model = PMMEmulator(targets=problem.targets, random_state=seed)
                model.fit(problem.X_train, problem.y_train)
                text = within_two(model, problem.X_test, problem.y_test)
                print(f"  couplings {seed}: {text}", flush=True)
    print("\nOscillator, 14 points: within 2 std, for three levels")
    for seed in range(n_states):
        problem = _spectra.oscillator(seed)
        model = PMMEmulator(random_state=seed).fit(problem.X_train, problem.y_train)
        for name, part in (("inside", problem.inside), ("outside", problem.outside)):
            text = within_two(model, problem.X_test[part], problem.y_test[part])
            print(f"  points {seed}, {name}: {text}", flush=True)


def beyond_the_data(n_states):
    """A sine with noise, learned on [-1, 1]: what error bars cover there and beyond."""
    print("\nsin(4x) on [-1, 1]; percentage of new targets within 95 %")
    print("samples  noise  inside  1 < |x| < 1.5       GP inside  1 < |x| < 1.5")
    for n_samples in (60, 300):
        for noise in (0.01, 0.1, 0.5):
            rows = []
            for state in range(n_states):
                rng = np.random.RandomState(state)
                x = np.concatenate(
                    [rng.uniform(-1, 1, n_samples), rng.uniform(-1.5, 1.5, 2000)]
                )
                y = np.sin(4 * x) + 0.7 * noise * rng.standard_normal(len(x))
                X, is_inside = x[:, np.newaxis], np.abs(x[n_samples:]) < 1
                row = []
                for model in (PMMRegressor(random_state=state), gaussian_process(1)):
                    model.fit(X[:n_samples], y[:n_samples])
                    mean, std = model.predict(X[n_samples:], return_std=True)
                    inside = np.abs(mean - y[n_samples:]) < norm.ppf(0.975) * std
                    row += [inside[is_inside].mean(), inside[~is_inside].mean()]
                rows.append(row)
            figures = 100 * np.mean(rows, axis=0)
            print(
                f"{n_samples:7}{noise:7.0%}{figures[0]:8.0f}{figures[1]:15.0f}"
                f"{figures[2]:16.0f}{figures[3]:15.0f}",
                flush=True,
            )


def costs():
    """Time of `return_std` for 10 000 samples, over that of the prediction alone."""
    print("\nmicroseconds per sample: predict, with return_std, ratio")
    rng = np.random.RandomState(0)
    for n, p in ((7, 2), (7, 5), (9, 8)):
        X = rng.uniform(-1, 1, (10_000, p))
        y = np.sin(2 * X[:, 0]) + 0.1 * rng.standard_normal(len(X))
        for solver in EIGENSOLVERS:
            model = PMMRegressor(
                n, alpha=0.1, n_init=1, max_iter=5, eigensolver=solver, random_state=0
            ).fit(X[:500], y[:500])
            times = np.full(2, np.inf)
            for _ in range(5):
                for i in range(2):
                    start = time.perf_counter()
                    model.predict(X, return_std=bool(i))
                    times[i] = min(times[i], time.perf_counter() - start)
            alone, both = 1e6 * times / len(X)
            label = f"{model.n_parameters_:4} parameters, {solver}"
            print(f"  {label:<24}{alone:8.2f}{both:8.2f}{both / alone:7.1f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--splits", type=int, default=20, help="up to 20")
    parser.add_argument("--sets", nargs="*", choices=(*SETS, "diabetes"), default=SETS)
    parser.add_argument("--jobs", type=int, default=1, help="splits at a time (1)")
    parser.add_argument(
        "--states", type=int, default=3, help="starts of emulators, 0 for none"
    )
    options = parser.parse_args()
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        real_data(options.sets, options.splits, options.jobs)
        if options.states:
            emulators(options.states)
            beyond_the_data(options.states)
        costs()


if __name__ == "__main__":
    main()
