"""Compare the settings of ``python -m pmm_sklearn`` with a grid around them.

By five-fold cross-validation on the training samples of the main job, for the
regressors whose settings were chosen.  Takes about half a minute on one core.
"""

import argparse
import warnings

from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, KFold, train_test_split

from pmm_sklearn._commands.airfoil import TRAIN_FRACTION, baselines
from pmm_sklearn.datasets import load_airfoil

GRIDS = {
    "KernelRidge": {
        "alpha": [0.001, 0.003, 0.01, 0.03, 0.1],
        "gamma": [0.05, 0.1, 0.2, 0.3, 0.5],
    },
    "MLPRegressor": {
        "hidden_layer_sizes": [(100,), (100, 100)],
        "alpha": [1e-4, 0.01, 0.1, 1.0],
    },
    "SVR": {
        "C": [3.0, 10.0, 30.0, 100.0],
        "gamma": [0.1, 0.2, 0.3, 0.5],
        "epsilon": [0.02, 0.05, 0.1],
    },
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    seed = parser.parse_args().seed
    X, y = load_airfoil(return_X_y=True)
    X, _, y, _ = train_test_split(X, y, train_size=TRAIN_FRACTION, random_state=seed)
    folds = KFold(5, shuffle=True, random_state=seed)
    models = baselines(seed)
    print("mean absolute error in dB: settings of the main job, best of the grid")
    for name, grid in GRIDS.items():
        step = f"regressor__{name.lower()}__"
        grid = {step + key: values for key, values in grid.items()}
        own = {key: [models[name].get_params()[key]] for key in grid}
        errors = []
        for candidates in (own, grid):
            search = GridSearchCV(
                models[name], candidates, cv=folds, scoring="neg_mean_absolute_error"
            ).fit(X, y)
            errors.append(-search.best_score_)
        best = {key.removeprefix(step): v for key, v in search.best_params_.items()}
        print(f"{name:<14}{errors[0]:8.3f}{errors[1]:8.3f}   {best}", flush=True)


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        main()
