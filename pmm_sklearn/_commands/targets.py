"""What a column of a table asks for: numbers, or classes."""

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import (
    accuracy_score,
    log_loss,
    mean_absolute_error,
    recall_score,
    root_mean_squared_error,
)
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from .._classifier import PMMClassifier
from .._regressor import PMMRegressor
from .columns import shortened
from .pictures import plain

N_FOLDS = 3
# A Gaussian process takes a time that grows like the third power of the rows.
_MOST_ROWS_OF_PROCESS = 600
# Residuals beyond this many robust standard deviations are outliers.
_FAR = 6.0
# Of a normal distribution, over the median of the absolute values.
_STD_OVER_MEDIAN = 1.4826
# Numbers of classes; more different ones are counts.
_MOST_CODES = 10
_FEWEST_ROWS_OF_CODE = 5
# Larger whole numbers are not exact.
_LARGEST_WHOLE = 2**53


def looks_coded(y):
    """Whether the numbers of a target may be classes: whole ones, few, and often.

    Parameters
    ----------
    y : pandas.Series
        The target, known in all rows.

    Returns
    -------
    bool
    """
    number = y.nunique()
    is_few = 2 <= number <= _MOST_CODES and len(y) >= _FEWEST_ROWS_OF_CODE * number
    return is_few and _are_whole(y)


def _are_whole(y):
    is_number = y.dtype.kind in "iuf" and bool(np.all(np.abs(y) < _LARGEST_WHOLE))
    return is_number and bool(np.all(y % 1 == 0))


def _check_numbers(y, name):
    """Raise unless a target is finite, and not the same everywhere."""
    if y.nunique() == 1:
        raise ValueError(
            f"--target {name!r} has the same value in all rows, {y.iloc[0]}: there is "
            f"nothing to learn. Give another column."
        )
    is_infinite = np.isinf(y.to_numpy(dtype=np.float64))
    if is_infinite.any():
        raise ValueError(
            f"--target {name!r} is infinite in row {y.index[is_infinite.argmax()]}: "
            f"correct it, or leave the field empty."
        )


class Numbers:
    """A target of numbers."""

    ours, robust, method = "PMMRegressor", "PMMRegressor(huber)", "predict"
    measures = "RMS error", "mean absolute error"
    scoring = "neg_root_mean_squared_error"
    hint = "return_std=True adds error bars"
    advice = "With many rows try n_average=4; inspection.diagnose says more."

    def __init__(self, y, name, seed):
        _check_numbers(y, name)
        self.y, self.name, self._seed = y.to_numpy(dtype=np.float64), name, seed
        self._rows = y.index
        self.what = f"regression of {name!r}"
        splits = KFold(N_FOLDS, shuffle=True, random_state=seed)
        self.folds = list(splits.split(self.y))

    def model(self):
        """Our model."""
        return PMMRegressor(random_state=self._seed)

    def robust_model(self):
        """Our model, less moved by outliers."""
        return PMMRegressor(loss="huber", random_state=self._seed)

    def outliers(self, predicted):
        """Rows far from their predictions: residuals in robust standard deviations."""
        residuals = self.y - predicted
        residuals -= np.median(residuals)
        std = _STD_OVER_MEDIAN * np.median(np.abs(residuals))
        far = np.flatnonzero(np.abs(residuals) > _FAR * std) if std > 0 else []
        return {self._rows[i]: residuals[i] / std for i in far}

    def recalls(self, predicted):
        """Classes, their rows and recalls: none, since there are no classes."""
        return []

    def others(self, n_rows):
        """Those of scikit-learn, by name, the fastest first."""
        scaled = {"RidgeCV": RidgeCV(np.logspace(-3, 3, 13))}
        if n_rows <= _MOST_ROWS_OF_PROCESS:
            kernel = RBF() + WhiteKernel(0.1)
            scaled["GaussianProcessRegressor"] = GaussianProcessRegressor(kernel)
        models = {
            name: TransformedTargetRegressor(
                make_pipeline(StandardScaler(), model), transformer=StandardScaler()
            )
            for name, model in scaled.items()
        }
        boosting = HistGradientBoostingRegressor(random_state=self._seed)
        return {**models, "HistGradientBoosting": boosting}

    def errors(self, predicted, rows):
        """Both measures of some rows."""
        y, predicted = self.y[rows], predicted[rows]
        return root_mean_squared_error(y, predicted), mean_absolute_error(y, predicted)

    def draw(self, ax, predicted):
        """Data against predictions of withheld rows, by ours that is kept."""
        ax.plot(predicted, self.y, "o", markersize=3, alpha=0.5)
        ax.axline((self.y.mean(), self.y.mean()), slope=1, color="black", lw=1)
        title, name = "PMMRegressor, each row predicted without it", plain(self.name)
        ax.set(title=title, xlabel=f"predicted {name}", ylabel=name)


class Classes:
    """A target of categories."""

    ours, method = "PMMClassifier", "predict_proba"
    measures = "log-loss", "accuracy"
    scoring = "neg_log_loss"
    hint = "its predict_proba gives probabilities"
    advice = "Try readout='level', or n_init=20 where classes are many-sided."

    def __init__(self, y, name, seed):
        labels = y.astype(np.int64 if _are_whole(y) else str)
        self.y, self.name, self._seed = labels.to_numpy(), name, seed
        self._labels, numbers = np.unique(self.y, return_counts=True)
        if len(numbers) < 2 or numbers.min() < N_FOLDS:
            rarest = shortened(self._labels[np.argmin(numbers)])
            is_number = y.dtype.kind in "iuf"
            other = "leave --classify out" if is_number else "give a column of numbers"
            raise ValueError(
                f"--target {name!r} has {len(numbers)} classes, '{rarest}' with "
                f"{numbers.min()} rows: at least two classes of {N_FOLDS} rows are "
                f"needed. Put rare ones together, or {other}."
            )
        self.what = f"{len(numbers)} classes of {name!r}"
        splits = StratifiedKFold(N_FOLDS, shuffle=True, random_state=seed)
        self.folds = list(splits.split(self.y, self.y))

    def model(self):
        """Our model."""
        return PMMClassifier(random_state=self._seed)

    def outliers(self, predicted):
        """Rows far from their predictions: none, since classes have no distance."""
        return {}

    def recalls(self, predicted):
        """Classes, their rows and recalls, the lowest recall first."""
        likeliest, labels = self._likeliest(predicted), self._labels
        recalls = recall_score(self.y, likeliest, labels=labels, average=None)
        rows = [np.sum(self.y == label) for label in labels]
        found = zip(labels, rows, recalls, strict=True)
        return sorted(found, key=lambda of_class: of_class[2])

    def _likeliest(self, predicted):
        return self._labels[predicted.argmax(axis=1)]

    def others(self, n_rows):
        """Those of scikit-learn, by name, the fastest first."""
        boosting = HistGradientBoostingClassifier(random_state=self._seed)
        linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        return {"LogisticRegression": linear, "HistGradientBoosting": boosting}

    def errors(self, predicted, rows):
        """Both measures of some rows."""
        y, predicted = self.y[rows], predicted[rows]
        accuracy = accuracy_score(y, self._likeliest(predicted))
        return log_loss(y, predicted, labels=self._labels), accuracy

    def draw(self, ax, predicted):
        """Probabilities of the true classes of withheld rows."""
        own = predicted[np.arange(len(self.y)), np.searchsorted(self._labels, self.y)]
        for label in self._labels:
            of_class, bins = own[self.y == label], np.linspace(0, 1, 21)
            ax.hist(of_class, bins, alpha=0.5, label=plain(shortened(label)))
        title = "PMMClassifier, each row predicted without it"
        ax.set(title=title, xlabel="probability of the true class", ylabel="rows")
        ax.legend(title=plain(self.name))
