"""The main job: the NASA airfoil data, by this package and by scikit-learn."""

import time
import warnings

import joblib
import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern, WhiteKernel
from sklearn.kernel_ridge import KernelRidge
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from .._regressor import PMMRegressor
from .._threads import single_blas_thread
from ..datasets import load_airfoil
from .interruption import stop_if_interrupted
from .pictures import NO_PICTURE, new_figure

TRAIN_FRACTION = 0.35
_SETTINGS = """
Settings: PMMRegressor, RandomForestRegressor and HistGradientBoosting have their
defaults.
GaussianProcessRegressor learns its length scales and noise. KernelRidge, MLPRegressor
and SVR were set once for these data, not for each seed: benchmarks/airfoil_baselines.py
compares them with a grid, by cross-validation on the training samples."""


def baselines(seed):
    """Return scikit-learn's regressors, with settings that suit these data."""
    kernel = Matern(np.ones(5), nu=1.5) + WhiteKernel(0.1)
    scaled = {
        "GaussianProcessRegressor": GaussianProcessRegressor(kernel),
        "KernelRidge": KernelRidge(kernel="rbf", alpha=0.01, gamma=0.2),
        "MLPRegressor": MLPRegressor(
            hidden_layer_sizes=(100, 100), alpha=0.01, max_iter=2000, random_state=seed
        ),
        "SVR": SVR(C=10.0, gamma=0.3, epsilon=0.05),
    }
    models = {
        name: TransformedTargetRegressor(
            make_pipeline(StandardScaler(), model), transformer=StandardScaler()
        )
        for name, model in scaled.items()
    }
    models["RandomForestRegressor"] = RandomForestRegressor(random_state=seed)
    models["HistGradientBoosting"] = HistGradientBoostingRegressor(random_state=seed)
    return models


def count_parameters(model):
    """Count the numbers that a fitted model needs for its predictions."""
    if isinstance(model, TransformedTargetRegressor):
        model = model.regressor_[-1]
    if isinstance(model, PMMRegressor):
        return model.n_parameters_
    if isinstance(model, GaussianProcessRegressor):
        return model.X_train_.size + model.alpha_.size + model.kernel_.n_dims
    if isinstance(model, KernelRidge):
        return model.X_fit_.size + model.dual_coef_.size
    if isinstance(model, MLPRegressor):
        return sum(array.size for array in model.coefs_ + model.intercepts_)
    if isinstance(model, SVR):
        return model.support_vectors_.size + model.dual_coef_.size + 1
    if isinstance(model, RandomForestRegressor):
        return sum(tree.tree_.node_count for tree in model.estimators_)
    return sum(len(tree.nodes) for (tree,) in model._predictors)


def compare(seed):
    """Fit all models on one split and print a row for each.

    Parameters
    ----------
    seed : int
        Random state of the split and of the models.

    Returns
    -------
    models : dict of str to estimator
        The fitted models by name.
    data : tuple of ndarray
        ``X_test`` and ``y_test``.
    """
    X, y = load_airfoil(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, train_size=TRAIN_FRACTION, random_state=seed
    )
    print(
        f"NASA airfoil self-noise: {len(X_train)} samples to train on, "
        f"{len(X_test)} to test on, {X.shape[1]} features."
    )
    ours = PMMRegressor(random_state=seed, verbose=1)
    models = {"PMMRegressor": ours, **baselines(seed)}
    rows = []
    for name, model in models.items():
        print(f"Fitting {name} ...", flush=True)
        start = time.perf_counter()
        model.fit(X_train, y_train)
        seconds = time.perf_counter() - start
        stop_if_interrupted(model)
        error = np.mean(np.abs(model.predict(X_test) - y_test))
        rows.append((name, error, seconds, count_parameters(model)))
    _print_table(rows, np.max(np.abs(y_test)))
    return models, (X_test, y_test)


def _print_table(rows, largest):
    columns = "{:<28}{:>11}{:>13}{:>9}{:>9}"
    print()
    print(columns.format("model", "error [dB]", "error / max", "fit [s]", "numbers"))
    for name, error, seconds, n_parameters in sorted(rows, key=lambda row: row[1]):
        figures = f"{error:.3f}", f"{error / largest:.5f}", f"{seconds:.2f}"
        print(columns.format(name, *figures, n_parameters))
    print("\nerror: mean absolute error on the test samples; numbers: what a model")
    print("stores for its predictions (for kernels, its training data too).")
    print(_SETTINGS)


def save_picture(path, models, X_test, y_test):
    """Draw predictions against measurements; returns whether matplotlib is there."""
    figure = new_figure((9, 4.5))
    if figure is None:
        return False
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    for panel, name in zip(panels, ["PMMRegressor", "MLPRegressor"], strict=True):
        predicted = models[name].predict(X_test)
        panel.plot(y_test, predicted, "o", markersize=3, alpha=0.5)
        panel.axline((y_test.mean(), y_test.mean()), slope=1, color="black", lw=1)
        error = np.mean(np.abs(predicted - y_test))
        n_parameters = count_parameters(models[name])
        panel.set(
            title=f"{name}: {error:.2f} dB with {n_parameters} parameters",
            xlabel="measured sound pressure level [dB]",
        )
    panels[0].set_ylabel("predicted [dB]")
    figure.savefig(path, dpi=120)
    return True


def run(seed, output):
    """Compare, and save the fitted model and a picture.

    Parameters
    ----------
    seed : int
        Random state.
    output : Path
        Folder, which exists.
    """
    with warnings.catch_warnings(), single_blas_thread():
        warnings.simplefilter("ignore", ConvergenceWarning)
        models, test_data = compare(seed)
    model_file = output / "airfoil_pmm.joblib"
    joblib.dump(models["PMMRegressor"], model_file)
    print(f"\nSaved the fitted PMMRegressor as {model_file}: joblib.load reads it.")
    picture_file = output / "airfoil_pmm.png"
    if save_picture(picture_file, models, *test_data):
        print(f"Saved a picture as {picture_file}.")
    else:
        print(NO_PICTURE)
    print("\nNext: python -m pmm_sklearn --data my.csv --target y, for your own table;")
    print("examples/plot_quick_start.py, for your own program.")
