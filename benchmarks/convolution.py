"""Classification of images by convolutions and a matrix: ConvPMMClassifier.

Sizes and settings were chosen on a sixth of the training images (``--validate``); test
images are for the final figure.  On a GPU where there is one.

    python benchmarks/convolution.py                       # minutes on a GPU
    python benchmarks/convolution.py fashion_third         # some problems
    python benchmarks/convolution.py fashion --validate    # without the test images
    python benchmarks/convolution.py fashion --set max_iter=5 matrix_size=8
"""

import argparse
import ast
import time

import torch
from _data import MissingData
from images import load, split_for_validation
from torch import nn

from pmm_sklearn.torch import ConvPMMClassifier

COMMON = {
    "batch_size": 256,
    "max_iter": 68,
    "max_shift": 2,
    "random_state": 0,
}

PROBLEMS = {
    "mnist": {
        "data": "mnist",
        "paper": "paper: 98.99 % with 129 416; goal 99.3 % with no more",
        "model": {"channels": (24, 48, 72)},
    },
    "mnist_third": {
        "data": "mnist",
        "paper": "paper: 98.99 % with 129 416; goal 98.99 % with 43 138",
        "model": {"channels": (14, 28, 40), "n_eigenvectors": 3},
    },
    "fashion": {
        "data": "fashion_mnist",
        "paper": "paper: 90.89 % with 278 280; goal 91.8 % with no more",
        "model": {"channels": (36, 72, 108), "flips": True},
    },
    "fashion_third": {
        "data": "fashion_mnist",
        "paper": "paper: 90.89 % with 278 280; goal 90.89 % with 92 760",
        "model": {"channels": (20, 40, 62), "flips": True},
    },
    "emnist": {
        "data": "emnist",
        "paper": "paper: 85.95 % with 349 172, on all of EMNIST Balanced",
        "model": {"channels": (40, 80, 112), "batch_size": 128},
    },
    "emnist_third": {
        "data": "emnist",
        "paper": "a third of the parameters: 116 390",
        "model": {"channels": (22, 44, 64), "n_eigenvectors": 3, "batch_size": 128},
    },
}
# Of convolutional networks of the same size, the channels that make up for the head.
CNN_CHANNELS = {"emnist": (41, 82, 118), "emnist_third": (24, 48, 70)}


class ConvNet(ConvPMMClassifier):
    """The same network and training with a linear layer instead of the matrix."""

    def _network(self, n_classes):
        convolutions = super()._network(n_classes).convolutions
        return nn.Sequential(
            convolutions,
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(self.channels[-1], n_classes),
        )


def run(name, validate, changes):
    """Train, and print accuracy, parameters and seconds."""
    problem = PROBLEMS[name]
    data = load(problem["data"])
    if validate:
        data = split_for_validation(data)
    X, y, X_test, y_test = data
    settings = {**COMMON, **problem["model"], **changes}
    print(f"\n{name}: {len(X)} training images ({problem['paper']})", flush=True)
    models = {"ConvPMM": ConvPMMClassifier(**settings)}
    if name in CNN_CHANNELS:
        models["CNN"] = ConvNet(**{**settings, "channels": CNN_CHANNELS[name]})
    for kind, model in models.items():
        start = time.perf_counter()
        model.fit(X, y)
        seconds = time.perf_counter() - start
        print(
            f"  {kind}: {100 * model.score(X_test, y_test):.2f} % "
            f"({100 * model.score(X, y):.2f} % of the training images), "
            f"{model.n_parameters_} parameters, {seconds:.0f} s, "
            f"{model.n_iter_} epochs",
            flush=True,
        )


def pairs(texts):
    """Settings from texts like ``max_iter=5``."""
    split = (text.split("=", 1) for text in texts)
    return {name: ast.literal_eval(value) for name, value in split}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "problems", nargs="*", metavar="problem", help=", ".join(PROBLEMS)
    )
    parser.add_argument("--validate", action="store_true", help="no test images")
    parser.add_argument("--set", nargs="*", default=[], help="other settings")
    arguments = parser.parse_args()
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"
    print(f"convolutions and a matrix, on {device}")
    for name in arguments.problems or PROBLEMS:
        try:
            run(name, arguments.validate, pairs(arguments.set))
        except MissingData as error:
            print(f"{name}: skipped, {error}")


if __name__ == "__main__":
    main()
