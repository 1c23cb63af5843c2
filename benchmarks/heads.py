"""Heads on features of a pre-trained network: PMMClassifier beside three others.

The 1280 features are those of an EfficientNet-Lite0 that stays as it is, for images of
CIFAR-10 and of Caltech-101; "roots" are their square roots.  Settings of the others are
those that were most accurate on a fifth of the training images, as ``baselines_*.json``
beside the features tell; on roots they are the same.  "alpha" of PMM is chosen in the
same way, unless it is "auto", which chooses it inside the first fit and is kept for the
other random starts.  All but PMM get standardised features.

    python benchmarks/heads.py             # test images, about 20 minutes on one core
    python benchmarks/heads.py --compare   # sizes, ranks and readouts, on a fifth of
                                           # the training images
    python benchmarks/heads.py caltech101  # one of the sets
"""

import argparse
import json
import time
import warnings
from pathlib import Path

import numpy as np
from _data import MissingData
from _options import positive
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
SETS = "cifar10", "caltech101", "cifar10-roots"
ALPHAS = 10.0, 30.0, 100.0, 300.0
DEFAULT = {"PMM 5, default": PMMClassifier()}
SMALL = {"PMM 5, symmetric": PMMClassifier(5, matrix_type="symmetric")}
LARGE = {"PMM 6": PMMClassifier(6)}
SECTORS = {"PMM 5 and 4": PMMClassifier((5, 4))}
HEADS = {
    "cifar10": SMALL | LARGE | DEFAULT,
    "caltech101": SECTORS | LARGE | DEFAULT,
    "cifar10-roots": SMALL,
}
# Each from one start, with the penalty that the fit chooses.
COMPARED = {
    "PMM 4": PMMClassifier(4),
    "PMM 5": PMMClassifier(5),
    "PMM 6": PMMClassifier(6),
    "PMM 5 and 4": PMMClassifier((5, 4)),
    "PMM 6, 3 levels": PMMClassifier(6, 3),
    "PMM 5, symmetric": PMMClassifier(5, matrix_type="symmetric"),
    "PMM 8, symmetric": PMMClassifier(8, matrix_type="symmetric"),
    "PMM 6, rank 2": PMMClassifier(6, rank=(2, None)),
    "PMM 10, rank 1": PMMClassifier(10, rank=(1, None)),
    "PMM 6, expectation": PMMClassifier(6, readout="expectation"),
    "PMM 6, transition": PMMClassifier(6, readout="transition"),
}


def features(name):
    """Training and test features and labels."""
    network, *roots = name.split("-")
    file = FOLDER / f"{network}_efflite0_160.npz"
    if not file.exists():
        raise MissingData(f"{file} is missing: see the notes about data")
    with np.load(file) as arrays:
        X, X_test = (arrays[key].astype(float) for key in ("X_train", "X_test"))
        if roots:
            X, X_test = np.sqrt(X), np.sqrt(X_test)
        return X, X_test, arrays["y_train"], arrays["y_test"]


def fifth(data):
    """The same of the training images alone."""
    X, _, y, _ = data
    return train_test_split(X, y, test_size=0.2, stratify=y, random_state=0)


def rivals(name):
    """Classifiers of scikit-learn, as they were tuned."""
    tuned = json.loads((FOLDER / f"baselines_{name.split('-')[0]}.json").read_text())
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


def tuned(head, data):
    """A copy with the alpha that is the most accurate on a fifth of the images."""
    heads = [clone(head).set_params(alpha=alpha) for alpha in ALPHAS]
    parts = fifth(data)
    return max(heads, key=lambda head: judged(head, parts, seed=0)[1])


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
    alpha = f"{fitted.alpha_:8.3g}" if isinstance(head, PMMClassifier) else ""
    print(
        f"{name:31}{number_of_parameters(fitted):8}{np.mean(plain):7.2f}{spread:8}"
        f"{np.mean(balanced):7.2f}{np.median(figures[:, 2]):7.0f}{alpha}",
        flush=True,
    )


def table(name, n_starts, is_comparison):
    """Print what all heads come to on one set."""
    data = features(name)
    if is_comparison:
        data = fifth(data)
    which = "a fifth of the training images" if is_comparison else "test images"
    print(f"\n{name}, {len(data[0])} + {len(data[1])} {which}")
    print(f"{'':31}{'numbers':>8}{'plain':>7}{'':8}{'bal.':>7}{'[s]':>7}   alpha")
    if is_comparison:
        for head_name, head in COMPARED.items():
            row(head_name, clone(head).set_params(n_init=1), data, 1)
        return
    for head_name, head in HEADS[name].items():
        if head_name not in DEFAULT:
            head = tuned(head, data)
        row(head_name, head, data, n_starts)
    for head_name, head in rivals(name).items():
        row(head_name, head, data, n_starts if "network" in head_name else 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--compare", action="store_true")
    parser.add_argument("--starts", type=positive, default=10, metavar="N")
    parser.add_argument("sets", nargs="*", default=SETS)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    n_starts = arguments.starts
    spread = f"mean and standard deviation of {n_starts} starts"
    print("accuracy in per cent:", "one start" if arguments.compare else spread)
    try:
        for name in arguments.sets or SETS:
            table(name, n_starts, arguments.compare)
    except MissingData as error:
        print(error)


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
