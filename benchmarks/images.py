"""Classification of images: PMMImageClassifier beside the figures of the paper.

Sizes and epochs were chosen on a sixth of the training images (``--validate``); test
images are for the final figure.  One BLAS thread.

    python benchmarks/images.py                     # about an hour on one core
    python benchmarks/images.py mnist               # some problems
    python benchmarks/images.py mnist --validate    # without the test images
    python benchmarks/images.py cost                # a step against its eigh alone
"""

import argparse
import time
import warnings
from functools import partial
from resource import RUSAGE_SELF, getrusage

import numpy as np
from _data import MissingData, emnist_bymerge, idx_images
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from pmm_sklearn import PMMImageClassifier
from pmm_sklearn.model import (
    CrossEntropy,
    ImagePMM,
    Objective,
    RidgePenalty,
    WindowGrams,
)

COMMON = {"gram_dtype": "float32", "random_state": 0}

PROBLEMS = {
    "mnist": {
        "data": "mnist",
        "paper": "paper: 97.38 % with 4 990; goal 97.6 % with 4 990",
        "model": {
            "window_shape": 10,
            "stride": 6,
            "latent_size": 9,
            "matrix_size": 7,
            "n_eigenvectors": 2,
            "learning_rate_init": 1.5e-2,
            "max_iter": 40,
        },
    },
    "mnist_larger": {
        "data": "mnist",
        "paper": "paper: ConvPMM 98.99 % with 129 416; goal 98.6 % with 20 000",
        "model": {
            "window_shape": 8,
            "stride": 5,
            "latent_size": 34,
            "matrix_size": 10,
            "n_eigenvectors": 2,
            "max_shift": 1,
            "max_iter": 45,
        },
    },
    "fashion": {
        "data": "fashion_mnist",
        "paper": "paper: 88.58 % with 16 744; goal 88.8 % with 16 744",
        "model": {
            "window_shape": 10,
            "stride": 6,
            "latent_size": 34,
            "matrix_size": 10,
            "n_eigenvectors": 2,
            "max_iter": 30,
        },
    },
    "emnist": {
        "data": "emnist",
        "paper": "paper: 81.57 % with 13 792, on all of EMNIST Balanced",
        "model": {
            "window_shape": 10,
            "stride": 6,
            "latent_size": 16,
            "matrix_size": 6,
            "n_eigenvectors": 2,
            "max_shift": 1,
            "batch_size": 128,
            "max_iter": 60,
        },
    },
}


def load(name):
    """Training images and labels, test images and labels."""
    if name != "emnist":
        return idx_images(name)
    X, y = emnist_bymerge()
    parts = train_test_split(X, y, test_size=0.2, stratify=y, random_state=0)
    return parts[0], parts[2], parts[1], parts[3]


def split_for_validation(data):
    """The same, with a sixth of the training images in place of the test images."""
    X, y = data[:2]
    parts = train_test_split(X, y, test_size=1 / 6, stratify=y, random_state=0)
    return parts[0], parts[2], parts[1], parts[3]


def run(name, validate, changes):
    """Train, and print accuracy, parameters, seconds and memory."""
    problem = PROBLEMS[name]
    data = load(problem["data"])
    if validate:
        data = split_for_validation(data)
    X, y, X_test, y_test = data
    print(f"\n{name}: {len(X)} training images ({problem['paper']})", flush=True)
    model = PMMImageClassifier(**{**COMMON, **problem["model"], **changes})
    start = time.perf_counter()
    model.fit(X, y)
    seconds = time.perf_counter() - start
    show(
        "PMM",
        model.score(X, y),
        model.score(X_test, y_test),
        model.n_parameters_,
        seconds,
        seconds / model.n_iter_,
    )
    if name == "emnist":
        show_mlp(data, model.n_parameters_)
    peak = getrusage(RUSAGE_SELF).ru_maxrss / 2**20
    print(f"  largest memory of the process {peak:.2f} GiB", flush=True)


def show_mlp(data, n_parameters):
    """A multilayer perceptron of as many parameters."""
    X, y, X_test, y_test = data
    X, X_test = (part.reshape(len(part), -1) / 255.0 for part in (X, X_test))
    n_inputs, n_classes = X.shape[1], len(np.unique(y))
    hidden = (n_parameters - n_classes) // (n_inputs + 1 + n_classes)
    model = MLPClassifier((hidden,), early_stopping=True, max_iter=200, random_state=0)
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y)
    seconds = time.perf_counter() - start
    n_parameters = sum(part.size for part in model.coefs_ + model.intercepts_)
    accuracies = model.score(X, y), model.score(X_test, y_test)
    show("MLP", *accuracies, n_parameters, seconds, seconds / model.n_iter_)


def show(name, train, test, n_parameters, seconds, per_epoch):
    print(
        f"  {name}: {100 * test:.2f} % ({100 * train:.2f} % of the training images), "
        f"{n_parameters} parameters, {seconds:.0f} s, {per_epoch:.1f} s per epoch",
        flush=True,
    )


def cost():
    """Value and gradient of a batch, against the bare `eigh` of its matrices."""
    print("\ncost of a step of 256 images / bare batched eigh of its matrices")
    X, y = idx_images("mnist")[:2]
    for name in ("mnist", "mnist_larger", "fashion"):
        settings = PROBLEMS[name]["model"]
        window, stride = settings["window_shape"], settings["stride"]
        grams = WindowGrams((28, 28), (window,) * 2, (stride,) * 2, dtype="float32")
        sizes = [settings[k] for k in ("latent_size", "matrix_size", "n_eigenvectors")]
        model = ImagePMM(grams, 10, *sizes)
        data = X[:256], np.eye(10)[y[:256]], np.ones((256, 1))
        objective = Objective(model, CrossEntropy(), *data, RidgePenalty(0.0))
        theta = model.initial(np.random.RandomState(0))
        shape = (2560, settings["matrix_size"], settings["matrix_size"])
        matrices = np.random.RandomState(0).standard_normal(shape)
        matrices += matrices.swapaxes(1, 2)
        samples = np.arange(256)
        step, eigh = best_of(
            partial(objective.sampled_gradient, theta, samples),
            partial(np.linalg.eigh, matrices),
        )
        print(
            f"  {name:<14} {1e3 * step:6.1f} ms / {1e3 * eigh:6.1f} ms = "
            f"{step / eigh:.2f}"
        )


def best_of(*functions, repetitions=20):
    """Least seconds of each function, measured in turn."""
    times = np.empty((repetitions, len(functions)))
    for row in times:
        for i, function in enumerate(functions):
            start = time.perf_counter()
            function()
            row[i] = time.perf_counter() - start
    return times.min(axis=0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    names = [*PROBLEMS, "cost"]
    parser.add_argument("problems", nargs="*", metavar="problem", help=", ".join(names))
    parser.add_argument("--validate", action="store_true", help="no test images")
    parser.add_argument("--verbose", type=int, default=0)
    arguments = parser.parse_args()
    with threadpool_limits(1):
        for name in arguments.problems or names:
            try:
                if name == "cost":
                    cost()
                else:
                    run(name, arguments.validate, {"verbose": arguments.verbose})
            except MissingData as error:
                print(f"{name}: skipped, {error}")


if __name__ == "__main__":
    main()
