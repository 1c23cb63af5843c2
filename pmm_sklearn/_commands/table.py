"""A column of a table predicted from the others: a comparison, a model, a picture."""

import time
import warnings
from math import ceil
from shlex import quote

import joblib
import numpy as np
from joblib import effective_n_jobs
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.inspection import permutation_importance
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder
from sklearn.utils.parallel import Parallel, delayed

from .._threads import single_blas_thread
from ..solvers import StopReason
from ..training.terminal import Lines
from .columns import (
    as_texts,
    check_columns,
    counts_rows,
    known_rows,
    shortened,
    usable_features,
    why_no_numbers,
)
from .comparison import verdict
from .interruption import stop_if_interrupted
from .pictures import NO_PICTURE, new_figure
from .reading import read_table
from .targets import N_FOLDS, Classes, Numbers, looks_coded

_MOST_CATEGORIES = 20
_MOST_ROWS_TO_SHUFFLE = 1000
_N_SHOWN = 8
_MOST_CLASSES_SHOWN = 10
# Classes of fewer rows have no recall worth a word.
_FEWEST_ROWS_OF_CLASS = 5
_LOW_RECALL = 0.3


def run(options):
    """Compare models by cross-validation, fit ours to all rows, and save it.

    Parameters
    ----------
    options : argparse.Namespace
        The command line, with ``data``, ``target``, ``classify``, ``drop``, ``seed``
        and ``output``.
    """
    X, task, features = _read(options)
    with warnings.catch_warnings(), single_blas_thread():
        warnings.simplefilter("ignore")
        comparison = _Comparison(X, task, features)
        for name, model in task.others(len(X)).items():
            comparison.add(name, model)
        comparison.add_ours(task.ours, task.model())
        kept = _after_outliers(comparison, task)
        print(f"({N_FOLDS} folds: means over rows that were withheld, spread over the")
        print("folds, and the time of all folds, those of ours side by side)\n")
        comparison.print_verdict(kept)
        _print_recalls(task.recalls(comparison.predicted[kept]), kept)
        model = comparison.fitted[kept]
        _print_importances(model, X, task, options.seed)
        _print_convergence(model[-1])
        _save(model, task, comparison.predicted[kept], options)


def _read(options):
    """Columns to predict from, what is asked, and the transformer of the columns."""
    frame = read_table(options.data, options.drop)
    check_columns(frame, [options.target], "--target")
    frame = known_rows(frame, [options.target])
    y, X = frame.pop(options.target), frame
    numbers, texts, left_out = usable_features(X)
    is_classes = options.classify or y.dtype.kind not in "iuf"
    if is_classes and not options.classify:
        _check_texts(y)
    task = (Classes if is_classes else Numbers)(y, options.target, options.seed)
    print(f"{options.data.name}: {len(X)} rows, {task.what}, from", end=" ")
    print(f"{len(numbers)} columns of numbers and {len(texts)} of categories.")
    if not is_classes and looks_coded(y):
        print(f"{y.name!r} has {y.nunique()} whole numbers:", end=" ")
        print("if they are classes, add --classify.")
    if left_out:
        print(f"Left out: {'; '.join(left_out)}.")
    for name in filter(lambda name: counts_rows(X[name]), numbers):
        print(f"{name} numbers the rows; --drop {quote(name)} if it means nothing.")
    for name in texts:
        if reason := why_no_numbers(X[name]):
            print(f"{name} is taken for categories ({reason}).")
    return X[numbers + texts], task, _features(numbers, texts)


def _check_texts(y):
    """Raise if texts are meant as numbers."""
    if reason := why_no_numbers(y):
        raise ValueError(
            f"--target {y.name!r} has texts ({reason}); if they are classes, add "
            f"--classify."
        )


def _features(numbers, texts):
    """Numbers and categories made columns of numbers, without missing values."""
    one_hot = OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        max_categories=_MOST_CATEGORIES,
        sparse_output=False,
    )
    texts_only = FunctionTransformer(as_texts, feature_names_out="one-to-one")
    return ColumnTransformer(
        [
            ("numbers", SimpleImputer(add_indicator=True), numbers),
            ("categories", make_pipeline(texts_only, one_hot), texts),
        ],
        verbose_feature_names_out=False,
    )


class _Comparison:
    """Errors of withheld rows, which are printed as models are added."""

    def __init__(self, X, task, features):
        self._X, self._task, self._features = X, task, features
        self._lines = Lines()
        self.predicted, self.errors, self.fitted = {}, {}, {}
        first, second = task.measures
        print(f"\n{'model':<26}{first:>12}{'spread':>10}{second:>20}{'seconds':>10}")

    def add(self, name, model):
        """Predict each row without it."""
        self._lines.move(f"{name} ...")
        task, start = self._task, time.perf_counter()
        predicted = cross_val_predict(
            make_pipeline(self._features, model),
            self._X,
            task.y,
            cv=task.folds,
            method=task.method,
        )
        self._tell(name, predicted, time.perf_counter() - start)

    def _tell(self, name, predicted, seconds):
        task = self._task
        errors = np.array([task.errors(predicted, rows) for _, rows in task.folds])
        (first, second), spread = errors.mean(axis=0), errors[:, 0].std()
        cells = f"{first:>12.4g}{spread:>10.2g}{second:>20.4g}{seconds:>10.2f}"
        self._lines.tell(f"{name:<26}{cells}")
        self.predicted[name], self.errors[name] = predicted, errors

    def add_ours(self, name, model):
        """Fit to all rows and, side by side, to those of each fold, and add it."""
        task, everything = self._task, np.arange(len(self._X))
        splits = [(everything, everything[:0]), *task.folds]
        pipeline = make_pipeline(self._features, model)
        start = time.perf_counter()
        self._lines.move(f"{name}: all rows and {N_FOLDS} folds ...")
        fits = Parallel(n_jobs=-1, return_as="generator")(
            delayed(_fit_and_predict)(clone(pipeline), self._X, task, train, test)
            for train, test in splits
        )
        predicted = {}
        for number, (fitted, of_test) in enumerate(fits):
            stop_if_interrupted(fitted[-1])
            seconds = time.perf_counter() - start
            if number == 0:
                self.fitted[name] = fitted
                self._tell_expected(name, seconds, len(splits))
            else:
                predicted.update(zip(task.folds[number - 1][1], of_test, strict=True))
            self._lines.move(f"{name}: {number} of {N_FOLDS} folds, {seconds:.0f} s")
        self._tell(name, np.array([predicted[row] for row in everything]), seconds)

    def _tell_expected(self, name, seconds, n_fits):
        """How long what is left takes, after the first fit."""
        further_turns = ceil(n_fits / effective_n_jobs(-1)) - 1
        if further_turns:
            self._lines.tell(
                f"({name}: all rows took {seconds:.1f} s; the folds take about "
                f"{further_turns * seconds:.0f} s more)"
            )

    def print_verdict(self, kept):
        """Say which model is the best one, of ours the one that is kept."""
        is_one_of_two = len(self.fitted) > 1
        errors = {
            # Few rows make most of a mean square.
            name: errors[:, 1 if is_one_of_two else 0]
            for name, errors in self.errors.items()
            if name == kept or name not in self.fitted
        }
        text, is_worse = verdict(errors, kept)
        print(f"By mean absolute error: {text}" if is_one_of_two else text)
        print(f"{self._task.advice}\n" if is_worse else "")


def _fit_and_predict(pipeline, X, task, train, test):
    """Fitted to some rows, and predictions of others; a task for any process."""
    pipeline.fit(X.iloc[train], task.y[train])
    of_test = getattr(pipeline, task.method)(X.iloc[test]) if len(test) else []
    return pipeline, of_test


def _after_outliers(comparison, task):
    """Name rows that are far from their predictions, and try a robust loss if any are.

    Returns the name of the model to keep.
    """
    outliers = task.outliers(comparison.predicted[task.ours])
    if not outliers:
        return task.ours
    comparison.add_ours(task.robust, task.robust_model())
    errors = {name: comparison.errors[name][:, 1].mean() for name in comparison.fitted}
    kept = min(errors, key=errors.get)
    farthest = sorted(outliers, key=lambda row: -abs(outliers[row]))
    shown = [f"row {row} ({outliers[row]:+.0f})" for row in farthest[:_N_SHOWN]]
    shown += [f"{len(outliers) - _N_SHOWN} more"] if len(outliers) > _N_SHOWN else []
    print("\nFar from their predictions, in robust standard deviations:")
    print(f"{', '.join(shown)}.")
    print("Check these rows (the first below the names is 1). Beside squares, the loss")
    print(f"'huber' was tried; by mean absolute error {kept} is kept.\n")
    return kept


def _print_recalls(recalls, kept):
    """Rows and recalls of classes, and what to do if rare ones are not found."""
    if not recalls:
        return
    print(f"Classes, and the recall of their withheld rows by {kept}:")
    print(f"  {'class':<30}{'rows':>12}{'recall':>10}")
    for label, n_rows, recall in recalls[:_MOST_CLASSES_SHOWN]:
        print(f"  {shortened(label):<30}{n_rows:>12}{recall:>10.2f}")
    if len(recalls) > _MOST_CLASSES_SHOWN:
        print(f"  {len(recalls) - _MOST_CLASSES_SHOWN} more of higher recall")
    if any(n >= _FEWEST_ROWS_OF_CLASS and r < _LOW_RECALL for _, n, r in recalls):
        print(f"{kept}(class_weight='balanced'), in Python, helps rare classes.")
    print()


def _print_importances(model, X, task, seed):
    """Columns of the file by what predictions lose without them."""
    losses = permutation_importance(
        model,
        X,
        task.y,
        scoring=task.scoring,
        max_samples=min(len(X), _MOST_ROWS_TO_SHUFFLE),
        random_state=seed,
    ).importances_mean
    print(f"Columns by how much the {task.measures[0]} of the fit grows when their")
    print("values are shuffled:")
    for i in np.argsort(-losses)[:_N_SHOWN]:
        print(f"  {shortened(X.columns[i]):<30}{losses[i]:>12.2g}")
    print()


def _print_convergence(model):
    if not StopReason[model.stop_reason_.upper()].converged:
        print(
            f"Its training ended before it converged, after {model.n_iter_} iterations "
            f"({model.stop_reason_}): more, by max_iter, may help."
        )


def _save(model, task, predicted, options):
    """Write the pipeline and the picture, and say what to do next."""
    file = options.output / f"{options.data.stem}_pmm.joblib"
    joblib.dump(model, file)
    figure = new_figure((5, 4.5))
    if figure is None:
        print(NO_PICTURE)
    else:
        picture = options.output / f"{options.data.stem}_pmm.png"
        task.draw(figure.subplots(), predicted)
        figure.savefig(picture, dpi=120)
        print(f"Saved a picture as {picture}.")
    print(f"Saved the pipeline, fitted to all rows, as {file}.")
    print("\nNext: joblib.load reads it; its predict takes a data frame with the same")
    print("columns, in any order and with new categories or gaps, and")
    print(f"{task.hint}.")
