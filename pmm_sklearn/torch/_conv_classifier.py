"""The estimator for classification of images by convolutions and a matrix model."""

import copy
from collections.abc import Sequence
from typing import Self

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from .._base import fitted_state_kept_on_error
from .._softmax import SoftmaxOutputs
from .._typing import MatrixType, RandomState, Size, Which
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
from ._convolution import ConvPMM, check_channels
from ._devices import device_of
from ._pixels import Standardisation
from ._training import Images, Settings, outputs_of, train


class ConvPMMClassifier(SoftmaxOutputs, ClassifierMixin, BaseEstimator):
    r"""Classification of images by convolutions before a parametric matrix model.

    The feature maps of a convolutional network give a Gram matrix, which a learned map
    makes part of one Hermitian matrix; its eigenstates are read out: see `ConvPMM`.
    The probabilities of the classes are the softmax of its outputs.  Units of pixels,
    and what is added to all of them, do not matter.

    Parameters
    ----------
    channels : sequence of int, default=(16, 32, 64)
        Channels of the stages of two convolutions; between stages, height and width
        are halved.
    matrix_size : int, default=12
        Side ``n`` of the matrix.
    n_eigenvectors : int, default=4
        Number ``r`` of eigenstates that are read out.
    image_shape : int, tuple of int or None, default=None
        Height and width, for images that are given as rows of pixels.  One of them
        may be -1, and is then inferred.
    which : {"SA", "LA", "LM", "SM"}, default="SA"
        Which eigenstates, by their eigenvalue: smallest or largest algebraically,
        largest or smallest in magnitude.
    matrix_type : {"hermitian", "symmetric"}, default="hermitian"
        Complex or real matrices; images and convolutions are real.
    alpha : float, default=1e-2
        Weight decay of AdamW, of all parameters but offsets.
    label_smoothing : float, default=0.05
        How much of the probability targets leave to all classes alike.
    batch_size : int, default=128
        Number of images of a training step.
    learning_rate_init : float, default=3e-3
        Largest learning rate: the rate rises to it over the first fifth of the
        training, and then falls to zero like a cosine.
    max_iter : int, default=40
        Number of epochs, each of which visits every image.
    max_shift : int, default=0
        Largest number of pixels by which each image is moved at random in both
        directions, anew in each epoch.
    flips : bool, default=False
        Whether to mirror half of the images, left and right, anew in each epoch.
    early_stopping : bool, default=False
        Whether to set aside `validation_fraction` of the images, to stop when their
        accuracy has not improved for `n_iter_no_change` epochs, and to keep the
        network that was best on them.
    validation_fraction : float, default=0.1
        Fraction of the images set aside by `early_stopping`.
    n_iter_no_change : int, default=10
        Number of epochs that `early_stopping` looks back.
    warm_start : bool, default=False
        Whether ``fit`` starts from the fitted network instead of a random one.
    device : str or torch.device, default="auto"
        Where to calculate; "auto" is the GPU where there is one, else the CPU.
    random_state : int, RandomState instance or None, default=None
        Random numbers of the start, the order of images, their changes and the
        validation split.  On a GPU sums are still not the same from run to run.
    verbose : int, default=0
        1 prints a line for every epoch.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels.
    network_ : ConvPMM
        The network, for images that are standardised.
    image_shape_ : tuple of int
        Height and width of the images.
    n_parameters_ : int
        Number of real parameters that were learned.
    n_iter_ : int
        Number of epochs.
    loss_ : float
        Loss of the last epoch.
    loss_curve_ : list of float
        Mean loss of each epoch.
    validation_loss_curve_ : list of float
        Fraction of the images set aside that were misclassified, after each epoch.
    stop_reason_ : str
        Why training ended: "completed", "stopped_early" or "interrupted".
    n_features_in_ : int
        Number of pixels.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the pixels, if rows were given as a data frame.

    See Also
    --------
    pmm_sklearn.PMMImageClassifier : The model without convolutions, without torch.

    Notes
    -----
    A pickled estimator has its network on the CPU, and can be loaded where there is no
    GPU.

    References
    ----------
    P. Cook, D. Jammooa, M. Hjorth-Jensen, D. D. Lee, D. Lee, "Parametric matrix
    models", Nature Communications 16, 5929 (2025).

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import train_test_split
    >>> from pmm_sklearn.torch import ConvPMMClassifier
    >>> digits = load_digits()
    >>> X_train, X_test, y_train, y_test = train_test_split(
    ...     digits.images, digits.target, random_state=0)
    >>> model = ConvPMMClassifier(
    ...     (8, 16), 6, 3, max_iter=6, batch_size=32, device="cpu", random_state=0)
    >>> model.fit(X_train, y_train).score(X_test, y_test) > 0.9
    True
    """

    def __init__(
        self,
        channels: Sequence[int] = (16, 32, 64),
        matrix_size: int = 12,
        n_eigenvectors: int = 4,
        *,
        image_shape: Size | None = None,
        which: Which = "SA",
        matrix_type: MatrixType = "hermitian",
        alpha: float = 1e-2,
        label_smoothing: float = 0.05,
        batch_size: int = 128,
        learning_rate_init: float = 3e-3,
        max_iter: int = 40,
        max_shift: int = 0,
        flips: bool = False,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        warm_start: bool = False,
        device: "str | torch.device" = "auto",
        random_state: RandomState = None,
        verbose: int = 0,
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

    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Learn from images.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width) or (n_samples, n_pixels)
            Real images, in any units; as rows with `image_shape`.
        y : array-like of shape (n_samples,)
            Labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of the loss of each image.

        Returns
        -------
        self : ConvPMMClassifier
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter or the data are not usable, or the loss becomes infinite;
            a model fitted before is kept.

        Warns
        -----
        ConvergenceWarning
            If training was interrupted; the network is kept.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> from pmm_sklearn.torch import ConvPMMClassifier
        >>> digits = load_digits(n_class=2)
        >>> model = ConvPMMClassifier((4,), 3, 1, max_iter=1, random_state=0)
        >>> model.fit(digits.images, digits.target).image_shape_
        (8, 8)
        """
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
            raise ValueError(
                "Complex data not supported: X is complex, give its parts."
            )
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
        check_is_fitted(self, "network_")
        images = check_images(self, X, self.image_shape, reset=False)
        device = device_of(self.device)
        network = self.network_.to(device)
        inputs = torch.from_numpy(self._pixels(images)).to(device)
        logits = outputs_of(network, inputs).double().cpu().numpy()
        return logits[:, 1:] - logits[:, :1] if logits.shape[1] == 2 else logits

    def _check_parameters(self):
        """Validate all hyper-parameters."""
        check_channels(self.channels)
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
        check_integer("verbose", int(self.verbose), 0)
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
