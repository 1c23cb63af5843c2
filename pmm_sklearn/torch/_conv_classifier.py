"""The estimator for classification of images by convolutions and a matrix model."""

import copy

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from .._base import fitted_state_kept_on_error
from .._softmax import SoftmaxOutputs
from .._warnings import warn_caller
from ..checks.data import TableData, check_sample_weight, set_aside
from ..checks.images import check_images, check_shift
from ..checks.labels import check_labels, check_same_classes, encode, unique_labels
from ..checks.parameters import (
    check_batches,
    check_flag,
    check_integer,
    check_number,
    check_option,
)
from ..model import MATRIX_TYPES, SELECTIONS
from ._convolution import ConvPMM
from ._devices import device_of
from ._pixels import Standardisation
from ._training import Images, Settings, outputs_of, train


class ConvPMMClassifier(SoftmaxOutputs, ClassifierMixin, BaseEstimator):
    def __init__(
        self,
        channels=(16, 32, 64),
        matrix_size=16,
        n_eigenvectors=6,
        *,
        image_shape=None,
        which="SA",
        matrix_type="symmetric",
        alpha=1e-2,
        label_smoothing=0.0,
        batch_size=128,
        learning_rate_init=3e-3,
        max_iter=30,
        max_shift=0,
        flips=False,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=10,
        warm_start=False,
        device="auto",
        random_state=None,
        verbose=0,
    ):
        self.channels = channels
        self.matrix_size = matrix_size
        self.n_eigenvectors = n_eigenvectors
        self.image_shape = image_shape
        self.which = which
        self.matrix_type = matrix_type
        self.alpha = alpha
        self.label_smoothing = label_smoothing
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.max_shift = max_shift
        self.flips = flips
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.warm_start = warm_start
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X, y, sample_weight=None):
        with fitted_state_kept_on_error(self):
            self._check_parameters()
            device = device_of(self.device)
            data, classes = self._check_samples(X, y, sample_weight)
            random_state = check_random_state(self.random_state)
            parts = set_aside(self, data, random_state, data.y)
            seeds = random_state.randint(np.iinfo(np.int32).max, size=2).tolist()
            network, pixels = self._start(parts[0].X, len(classes), seeds[0])
            network.to(device)
            training, validation = (
                None if part is None else _on_device(part, pixels, device)
                for part in parts
            )
            history = train(
                network, training, validation, self._settings(), seeds[1], self._tell
            )
            self.network_, self._pixels = network, pixels
            self.classes_, self.image_shape_ = classes, data.X.shape[1:]
            self.n_parameters_ = sum(p.numel() for p in network.parameters())
            self.loss_curve_, self.validation_loss_curve_, self.stop_reason_ = history
            self.n_iter_ = len(self.loss_curve_)
            self.loss_ = self.loss_curve_[-1]
        if self.stop_reason_ == "interrupted":
            warn_caller(
                f"{type(self).__name__} was interrupted after {self.n_iter_} epochs: "
                f"the network is that of the last one, or the best one on the images "
                f"set aside.",
                ConvergenceWarning,
            )
        return self

    def _tell(self, line):
        if self.verbose:
            print(f"[{type(self).__name__}] {line}", flush=True)

    def _settings(self):
        return Settings(
            batch_size=self.batch_size,
            learning_rate=float(self.learning_rate_init),
            weight_decay=float(self.alpha),
            label_smoothing=float(self.label_smoothing),
            n_epochs=self.max_iter,
            max_shift=self.max_shift,
            flips=bool(self.flips),
            n_iter_no_change=self.n_iter_no_change,
        )

    def _start(self, images, n_classes, seed):
        """The network to start from, and how pixels become its inputs."""
        if self.warm_start and hasattr(self, "network_"):
            return copy.deepcopy(self.network_), self._pixels
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = self._network(n_classes).float()
        return network, Standardisation.of(images)

    def _network(self, n_classes):
        return ConvPMM(
            n_classes,
            tuple(self.channels),
            self.matrix_size,
            self.n_eigenvectors,
            self.matrix_type,
            self.which,
        )

    def _check_samples(self, X, y, sample_weight):
        """Images, numbers of classes and weights, of positive ones; the classes."""
        images = check_images(self, X, self.image_shape, reset=True)
        if np.iscomplexobj(images):
            raise ValueError("Complex data not supported: X is complex, give its parts.")
        labels = check_labels(y, images)
        weight = check_sample_weight(sample_weight, len(images))
        used = weight > 0
        if not used.all():
            images, labels, weight = images[used], labels[used], weight[used]
        check_shift(self.max_shift, images.shape[1:])
        classes = unique_labels("y", labels, "the images of positive weight")
        if self.warm_start and hasattr(self, "network_"):
            check_same_classes(classes, self.classes_)
        return TableData(images, encode(labels, classes), weight), classes

    def _outputs(self, X):
        """Logits, one for each class, or the difference of those of two classes."""
        check_is_fitted(self)
        images = check_images(self, X, self.image_shape, reset=False)
        device = device_of(self.device)
        network = self.network_.to(device)
        inputs = torch.from_numpy(self._pixels(images)).to(device)
        logits = outputs_of(network, inputs).double().cpu().numpy()
        return logits[:, 1:] - logits[:, :1] if logits.shape[1] == 2 else logits

    def _check_parameters(self):
        """Validate all hyper-parameters."""
        for channels in self.channels:
            check_integer("channels", channels, 1)
        for name in ("matrix_size", "n_eigenvectors", "max_iter", "n_iter_no_change"):
            check_integer(name, getattr(self, name), 1)
        if self.n_eigenvectors > self.matrix_size:
            raise ValueError(
                f"n_eigenvectors must not exceed matrix_size, got n_eigenvectors="
                f"{self.n_eigenvectors} with matrix_size={self.matrix_size}: select "
                f"fewer eigenvectors or enlarge the matrices."
            )
        check_option("which", self.which, tuple(SELECTIONS))
        check_option("matrix_type", self.matrix_type, MATRIX_TYPES)
        check_number("alpha", self.alpha, 0)
        check_number("label_smoothing", self.label_smoothing, 0, 1)
        check_integer("max_shift", self.max_shift, 0)
        check_flag("flips", self.flips)
        check_flag("warm_start", self.warm_start)
        check_batches(self)

    def __getstate__(self):
        state = super().__getstate__()
        if "network_" in state:
            state["network_"] = copy.deepcopy(state["network_"]).cpu()
        return state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags


def _on_device(data, pixels, device):
    """Samples as the training takes them."""
    weight = data.weight / data.weight.mean()
    return Images(
        torch.from_numpy(pixels(data.X)).to(device),
        torch.from_numpy(data.y).long().to(device),
        torch.from_numpy(weight).float().to(device),
    )
