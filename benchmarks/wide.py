"""Tables of more features than samples: defaults beside ridge regression and the lasso.

Four of the features matter, two of them as a product; 500 new samples.

    python benchmarks/wide.py      # about a minute
"""

import time

import numpy as np
from sklearn.linear_model import LassoCV, RidgeCV
from threadpoolctl import threadpool_limits

from pmm_sklearn import PMMRegressor

SIZES = (60, 100), (60, 300)
SEEDS = 1, 2
RIVALS = {"ridge": RidgeCV(np.logspace(-3, 4, 15)), "lasso": LassoCV()}


def table(n_samples, n_features, seed):
    rng = np.random.RandomState(seed)
    X = rng.standard_normal((n_samples, n_features))
    y = np.tanh(X[:, 0]) + 0.5 * X[:, 1] + 0.3 * X[:, 2] * X[:, 3]
    return X, y + 0.1 * rng.standard_normal(n_samples)


def main():
    print("R^2 of new samples, seconds of PMMRegressor")
    print("samples  features  seed     PMM   ridge   lasso     [s]")
    for n_samples, n_features in SIZES:
        for seed in SEEDS:
            X, y = table(n_samples + 500, n_features, seed)
            train, test = slice(n_samples), slice(n_samples, None)
            start = time.perf_counter()
            models = [PMMRegressor(random_state=0).fit(X[train], y[train])]
            seconds = time.perf_counter() - start
            models += [rival.fit(X[train], y[train]) for rival in RIVALS.values()]
            scores = "".join(f"{m.score(X[test], y[test]):8.2f}" for m in models)
            line = f"{n_samples:7}{n_features:10}{seed:6}{scores}{seconds:8.1f}"
            print(line, flush=True)


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
