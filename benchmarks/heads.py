"""Heads on 1280 features of a pre-trained network: PMMClassifier beside three others.

Features are those of an EfficientNet-Lite0 that stays as it is: 10 000 + 4 000 images of
CIFAR-10, 4 054 + 2 026 of Caltech-101.  Settings of the others are those that were best
on a fifth of the training images: see ``baselines_*.json`` beside the features.  Their
features are standardised.  PMM chooses its penalty in the first of its fits, for all
random starts.  The accuracy of ridge and logistic regression does not depend on one.

    python benchmarks/heads.py             # test images, about 10 minutes on one core
    python benchmarks/heads.py --compare   # sizes, ranks and readouts, on a fifth of
                                           # the training images
"""

import argparse
import json
import time
import warnings
from pathlib import Path

import numpy as np
from _data import MissingData
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from pmm_sklearn import PMMClassifier

FOLDER = Path(__file__).parents[2] / "shared" / "data" / "features"
SETS = "cifar10", "caltech101"
N_STARTS = 10
HEADS = {
    "PMM, default": PMMClassifier(),
    "PMM, symmetric 5": PMMClassifier(5, matrix_type="symmetric"),
    "PMM, Hermitian 6": PMMClassifier(6),
}
# Compared before: the last is that of the paper.
OTHERS = {
    "symmetric 8": PMMClassifier(8, matrix_type="symmetric"),
    "Hermitian 6, expectation": PMMClassifier(6, readout="expectation"),
    "Hermitian 12, rank 1": PMMClassifier(12, rank=(1, None)),
    "Hermitian 15/3, rank 1/3, transition": PMMClassifier(
        15, 3, rank=(1, 3), readout="transition"
    ),
}


def features(name):
    """Training and test features and labels."""
    file = FOLDER / f"{name}_efflite0_160.npz"
    if not file.exists():
        raise MissingData(f"{file} is missing: see the notes about data")
    with np.load(file) as arrays:
        X, X_test = (arrays[key].astype(float) for key in ("X_train", "X_test"))
        return X, X_test, arrays["y_train"], arrays["y_test"]


def rivals(name):
    """Classifiers of scikit-learn, as they were tuned."""
    tuned = json.loads((FOLDER / f"baselines_{name}.json").read_text())
    alpha = tuned["RidgeClassifier"]["best"]
    C = tuned["LogisticRegression"]["best"]
    decay = tuned["MLP(128,64) alpha tuned"]["best"]
    network = MLPClassifier((128, 64), alpha=decay, early_stopping=True)
    return {
        "ridge": RidgeClassifier(alpha),
        "logistic regression": LogisticRegression(C=C, max_iter=500),
        "network 128-64": network,
    }


def number_of_parameters(head):
    """Learned numbers of a fitted head."""
    if hasattr(head, "n_parameters_"):
        return head.n_parameters_
    arrays = head.coefs_ + head.intercepts_ if hasattr(head, "coefs_") else None
    arrays = arrays or [head.coef_, head.intercept_]
    return sum(array.size for array in arrays)


def judged(head, data, seed):
    """A fitted copy, its accuracy, plain and balanced, and seconds of the fit."""
    X, X_test, y, y_test = data
    head = clone(head)
    if "random_state" in head.get_params():
        head.set_params(random_state=seed)
    is_ours = isinstance(head, PMMClassifier)
    model = head if is_ours else make_pipeline(StandardScaler(), head)
    start = time.perf_counter()
    model.fit(X, y)
    seconds = time.perf_counter() - start
    predicted = model.predict(X_test)
    plain = np.mean(predicted == y_test)
    return head, plain, balanced_accuracy_score(y_test, predicted), seconds


def row(name, head, data, n_starts):
    """Print a line of the table."""
    figures = []
    for seed in range(n_starts):
        fitted, *found = judged(head, data, seed)
        figures.append(found)
        if isinstance(head, PMMClassifier) and seed == 0:
            head = clone(head).set_params(alpha=fitted.alpha_)
    figures = np.array(figures)
    plain, balanced = 100 * figures[:, :2].T
    spread = f"+-{np.std(plain):4.2f}" if n_starts > 1 else ""
    first, later = figures[0, 2], np.mean(figures[1:, 2]) if n_starts > 1 else None
    seconds = f"{first:7.0f}" + (f"{later:6.0f}" if n_starts > 1 else "")
    print(
        f"{name:37}{number_of_parameters(fitted):8}{np.mean(plain):7.2f}"
        f"{spread:8}{np.mean(balanced):7.2f}{seconds}",
        flush=True,
    )


def table(name, is_comparison):
    data = features(name)
    if is_comparison:
        X, _, y, _ = data
        data = train_test_split(X, y, test_size=0.2, stratify=y, random_state=0)
    which = "a fifth of the training images" if is_comparison else "test images"
    print(f"\n{name}, {len(data[0])} + {len(data[1])} ({which})")
    print(
        f"{'':37}{'numbers':>8}{'plain':>7}{'':8}{'bal.':>7}  [s] of the first, others"
    )
    heads = {**HEADS, **OTHERS} if is_comparison else {**rivals(name), **HEADS}
    for head_name, head in heads.items():
        is_random = not isinstance(head, RidgeClassifier | LogisticRegression)
        row(head_name, head, data, N_STARTS if is_random and not is_comparison else 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--compare", action="store_true")
    parser.add_argument("sets", nargs="*", choices=[*SETS, []], default=SETS)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    print("accuracy in per cent, mean and standard deviation of ten random starts")
    try:
        for name in arguments.sets or SETS:
            table(name, arguments.compare)
    except MissingData as error:
        print(error)


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
