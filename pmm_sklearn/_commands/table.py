"""A column of a table predicted from the others: a comparison, a model, a picture."""

import time
import warnings

import joblib
import numpy as np
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import log_loss, root_mean_squared_error
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from .._classifier import PMMClassifier
from .._regressor import PMMRegressor
from .._threads import single_blas_thread
from ..training.terminal import Lines
from .files import check_columns, check_rows, read_table, usable_features
from .pictures import NO_PICTURE, new_figure

_N_FOLDS = 3
_MOST_CATEGORIES = 20
# A Gaussian process takes a time that grows like the third power of the rows.
_MOST_ROWS_OF_PROCESS = 600
_N_SHOWN = 8


def run(options):
    """Compare models by cross-validation, fit ours to all rows, and save it.

    Parameters
    ----------
    options : argparse.Namespace
        The command line, with ``data``, ``target``, ``drop``, ``seed`` and ``output``.
    """
    path, target = options.data, options.target
    seed, output = options.seed, options.output
    frame = read_table(path, options.drop)
    check_columns(frame, [target], "--target")
    frame = frame.dropna(subset=[target])
    check_rows(frame)
    y, X = frame.pop(target), frame
    numbers, texts, left_out = usable_features(X)
    kind = _Classes if y.dtype.kind not in "iuf" else _Numbers
    task = kind(y, target, seed)
    print(f"{path.name}: {len(X)} rows, {task.what}, from", end=" ")
    print(f"{len(numbers)} columns of numbers and {len(texts)} of categories.")
    if left_out:
        print(f"Left out: {'; '.join(left_out)}.")
    X = X[numbers + texts]
    models = {
        name: make_pipeline(_features(numbers, texts), model)
        for name, model in task.models(len(X)).items()
    }
    with warnings.catch_warnings(), single_blas_thread():
        warnings.simplefilter("ignore")
        predicted = _compare(models, X, task)
        print(f"Fitting {task.ours} to all rows ...\n", flush=True)
        model = models[task.ours].fit(X, task.y)
    _print_features(model, X)
    file = output / f"{path.stem}_pmm.joblib"
    joblib.dump(model, file)
    figure = new_figure((5, 4.5))
    if figure is None:
        print(NO_PICTURE)
    else:
        picture = output / f"{path.stem}_pmm.png"
        task.draw(figure.subplots(), predicted)
        figure.savefig(picture, dpi=120)
        print(f"Saved a picture as {picture}.")
    print(f"Saved the pipeline, fitted to all rows, as {file}.")
    print("\nNext: joblib.load reads it; its predict takes a data frame with the same")
    print(f"columns, and {task.hint}.")


def _features(numbers, texts):
    """Numbers and categories made columns of numbers, without missing values."""
    one_hot = OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        max_categories=_MOST_CATEGORIES,
        sparse_output=False,
    )
    filled = SimpleImputer(strategy="constant", fill_value="missing")
    return ColumnTransformer(
        [
            ("numbers", SimpleImputer(add_indicator=True), numbers),
            ("categories", make_pipeline(filled, one_hot), texts),
        ],
        verbose_feature_names_out=False,
    )


def _compare(models, X, task):
    """Print errors of withheld rows; returns the predictions of our model."""
    lines = Lines()
    print(f"\n{'model':<26}{task.measure:>24}{'spread':>10}{'seconds':>10}")
    ours, means = None, {}
    for name, model in models.items():
        lines.move(f"{name} ...")
        start = time.perf_counter()
        predicted = cross_val_predict(
            model, X, task.y, cv=task.folds, method=task.method, n_jobs=-1
        )
        seconds = time.perf_counter() - start
        errors = [task.error(predicted, rows) for _, rows in task.folds]
        mean, spread = np.mean(errors), np.std(errors)
        lines.tell(f"{name:<26}{mean:>24.4g}{spread:>10.2g}{seconds:>10.2f}")
        ours = predicted if name == task.ours else ours
        means[name] = mean
    print(
        f"({_N_FOLDS} folds, side by side: mean and spread of the errors of rows that"
    )
    print("were withheld, and the time of all)\n")
    print(_verdict(task, means))
    return ours


def _verdict(task, means):
    """Which model is the best one here, in words."""
    best = min(means, key=means.get)
    if best == task.ours:
        return f"{best} is the best one for these rows.\n"
    share = means[task.ours] / means[best] - 1
    return (
        f"{best} is better for these rows: the error of {task.ours} is {share:.0%} "
        f"larger.\n{task.advice}\n"
    )


def _print_features(pipeline, X):
    """Features by how many length scales their spread is."""
    transformer, model = pipeline
    lengths = getattr(model, "length_scales_", None)
    if lengths is None:
        return
    names = transformer.get_feature_names_out()
    print("Features along which predictions bend most (spread over length scale):")
    shares = np.std(transformer.transform(X), axis=0) / lengths
    for i in np.argsort(-shares)[:_N_SHOWN]:
        if shares[i] > 0:
            print(f"  {names[i]:<30}{shares[i]:>12.2g}")
    print()


class _Numbers:
    """A target of numbers."""

    ours, method = "PMMRegressor", "predict"
    measure = "root mean square error"
    hint = "return_std=True adds error bars"
    advice = (
        "With outliers loss='huber' helps, with many rows n_average=4; "
        "pmm_sklearn.inspection.diagnose says more."
    )

    def __init__(self, y, name, seed):
        self.y, self.name, self._seed = y.to_numpy(dtype=np.float64), name, seed
        self.what = f"regression of {name!r}"
        splits = KFold(_N_FOLDS, shuffle=True, random_state=seed)
        self.folds = list(splits.split(self.y))

    def models(self, n_rows):
        """Ours, and those of scikit-learn, by name."""
        scaled = {"RidgeCV": RidgeCV(np.logspace(-3, 3, 13))}
        if n_rows <= _MOST_ROWS_OF_PROCESS:
            kernel = RBF() + WhiteKernel(0.1)
            scaled["GaussianProcessRegressor"] = GaussianProcessRegressor(kernel)
        others = {
            name: TransformedTargetRegressor(
                make_pipeline(StandardScaler(), model), transformer=StandardScaler()
            )
            for name, model in scaled.items()
        }
        boosting = HistGradientBoostingRegressor(random_state=self._seed)
        ours = PMMRegressor(random_state=self._seed)
        return {self.ours: ours, "HistGradientBoosting": boosting, **others}

    def error(self, predicted, rows):
        """Error of some rows."""
        return root_mean_squared_error(self.y[rows], predicted[rows])

    def draw(self, ax, predicted):
        """Data against predictions of withheld rows."""
        ax.plot(predicted, self.y, "o", markersize=3, alpha=0.5)
        ax.axline((self.y.mean(), self.y.mean()), slope=1, color="black", lw=1)
        title = "PMMRegressor, each row predicted without it"
        ax.set(title=title, xlabel=f"predicted {self.name}", ylabel=self.name)


class _Classes:
    """A target of categories."""

    ours, method = "PMMClassifier", "predict_proba"
    measure = "negative log-likelihood"
    hint = "its predict_proba gives probabilities"
    advice = "Try readout='level', or n_init=20 where classes are many-sided."

    def __init__(self, y, name, seed):
        self.y, self.name, self._seed = y.astype(str).to_numpy(), name, seed
        self._labels, numbers = np.unique(self.y, return_counts=True)
        if len(numbers) < 2 or numbers.min() < _N_FOLDS:
            rarest = self._labels[np.argmin(numbers)]
            raise ValueError(
                f"--target {name!r} has {len(numbers)} classes, {rarest!r} with "
                f"{numbers.min()} rows: at least two classes of {_N_FOLDS} rows are "
                f"needed. Put rare ones together, or give a column of numbers."
            )
        self.what = f"{len(numbers)} classes of {name!r}"
        splits = StratifiedKFold(_N_FOLDS, shuffle=True, random_state=seed)
        self.folds = list(splits.split(self.y, self.y))

    def models(self, n_rows):
        """Ours, and those of scikit-learn, by name."""
        boosting = HistGradientBoostingClassifier(random_state=self._seed)
        linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        ours = PMMClassifier(random_state=self._seed)
        return {
            self.ours: ours,
            "HistGradientBoosting": boosting,
            "LogisticRegression": linear,
        }

    def error(self, predicted, rows):
        """Error of some rows."""
        return log_loss(self.y[rows], predicted[rows], labels=self._labels)

    def draw(self, ax, predicted):
        """Probabilities of the true classes of withheld rows."""
        own = predicted[np.arange(len(self.y)), np.searchsorted(self._labels, self.y)]
        for label in self._labels:
            ax.hist(own[self.y == label], np.linspace(0, 1, 21), alpha=0.5, label=label)
        title = "PMMClassifier, each row predicted without it"
        ax.set(title=title, xlabel="probability of the true class", ylabel="rows")
        ax.legend(title=self.name)
