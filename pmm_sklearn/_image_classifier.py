"""The estimator for classification of images."""

from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ._base import BasePMM, fitted_state_kept_on_error
from ._callbacks import with_callbacks
from ._softmax import SoftmaxOutputs
from ._threads import ThreadMap, single_blas_thread
from ._typing import Eigensolver, MatrixType, RandomState, Size, Which
from .checks.data import TableData, check_sample_weight, set_aside
from .checks.images import check_images, check_shift, check_window
from .checks.labels import (
    check_labels,
    check_same_classes,
    encode,
    online_classes,
    unique_labels,
)
from .checks.parameters import (
    check_batches,
    check_batchwise,
    check_flag,
    check_integer,
    check_number,
    check_option,
    check_training,
)
from .fitted import ImageStructure, once
from .model import MATRIX_TYPES, SELECTIONS, GaugeRotations
from .training import Family, ImageLikelihood, image_problem


class PMMImageClassifier(SoftmaxOutputs, ClassifierMixin, BasePMM):
    r"""Parametric matrix model for the classification of images.

    Windows :math:`W_l` of the image give Gram matrices :math:`R_l = W_l W_l^\dagger`
    and :math:`C_l = W_l^\dagger W_l`, each divided by its largest magnitude, with
    ones on the diagonal.  Learned matrices combine them in one latent matrix, and
    project that on a small matrix for each class, whose eigenvectors are read out:

    .. math::

        M &= \sum_l K_l R_l K_l^\dagger + L_l C_l L_l^\dagger \\
        H_k &= D_k M D_k^\dagger + B_k, \qquad H_k v_{ki} = \lambda_{ki} v_{ki} \\
        z_k &= g_k + \sum_{i \le j} |v_{ki}^\dagger D_{kij} v_{kj}|^2

    The probabilities of the classes are the softmax of :math:`z / \tau`.  Brightness
    and contrast of a window do not matter, as only ratios of its Gram matrices do.

    Parameters
    ----------
    window_shape : int, tuple of int or None, default=14
        Height and width of the windows, in pixels.  None for a single window, the
        whole image.
    stride : int or tuple of int, default=7
        Steps from window to window, in pixels.  The last windows end with the image.
    latent_size : int, default=12
        Side ``a`` of the latent matrix.
    matrix_size : int, default=5
        Side ``b`` of the matrices of the classes.
    n_eigenvectors : int, default=3
        Number ``r`` of eigenvectors that are read out.
    image_shape : int, tuple of int or None, default=None
        Height and width, for images that are given as rows of pixels.  One of them
        may be -1, and is then inferred.
    which : {"SA", "LA", "LM", "SM"}, default="SA"
        Which eigenvectors, by their eigenvalue: smallest or largest algebraically,
        largest or smallest in magnitude.  The paper has "LM".
    matrix_type : {"symmetric", "hermitian"}, default="symmetric"
        Real or complex matrices.  Complex images need the latter.
    temperature : float, default=1.0
        The :math:`\tau` of the softmax.
    alpha : float, default=0.0
        Regularisation: multiplies the squared norm of all parameters but the
        :math:`g_k`, added to the sum of the losses of all samples.
    batch_size : int, default=256
        Number of images of a training step.
    learning_rate_init : float, default=1e-2
        First learning rate, which falls to zero like a cosine.
    max_iter : int, default=50
        Number of epochs, each of which visits every image.
    max_shift : int, default=0
        Largest number of pixels by which each image is moved at random in both
        directions, anew in each epoch: images of handwriting mean the same when
        they are moved.  The Gram matrices are then computed for each batch.
    gauge_rotations : bool, default=False
        Whether to rotate the bases of all matrices at random after each epoch, which
        changes no output, but the path of the training.
    early_stopping : bool, default=False
        Whether to set aside `validation_fraction` of the images, to stop when their
        accuracy has not improved for `n_iter_no_change` epochs, and to keep the
        matrices that were best on them.
    validation_fraction : float, default=0.1
        Fraction of the images set aside by `early_stopping`.
    n_iter_no_change : int, default=10
        Number of epochs that `early_stopping` looks back.
    warm_start : bool, default=False
        Whether ``fit`` starts from the fitted matrices instead of random ones.
    gram_dtype : {"float64", "float32"}, default="float64"
        Type of the Gram matrices.  "float32" takes half the memory and time.
    max_memory : float, default=2.0
        Memory for the Gram matrices of all training images, in GiB.  If they need
        more they are computed again for each batch.
    random_state : int, RandomState instance or None, default=None
        Random numbers of the start, the order of images and the validation split.
    eigensolver : {"auto", "lapack", "simd"}, default="auto"
        What computes the eigenvectors.  "simd" is several times faster for small
        matrices and needs numba: ``pip install "pmm_sklearn[fast]"``.  "auto" is
        "simd" where that is installed and faster.  They differ by rounding errors,
        from which a long training may end in another minimum.
    verbose : int, default=0
        1 prints a line for every epoch.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels.
    row_maps_ : ndarray of shape (n_windows, a, height)
        Matrices :math:`K_l`.
    column_maps_ : ndarray of shape (n_windows, a, width)
        Matrices :math:`L_l`.
    projections_ : ndarray of shape (n_classes, b, a)
        Matrices :math:`D_k`.
    offsets_ : ndarray of shape (n_classes, b, b)
        Matrices :math:`B_k`.
    observables_ : ndarray of shape (n_classes, r (r + 1) / 2, b, b)
        Matrices :math:`D_{kij}`, in the order (1, 1), (1, 2), ...
    intercept_ : ndarray of shape (n_classes,)
        The constants :math:`g_k`.
    image_shape_ : tuple of int
        Height and width of the images.
    n_parameters_ : int
        Number of real parameters that were learned.
    n_iter_ : int
        Number of epochs.
    alpha_ : float
        The regularisation.
    loss_ : float
        Loss of the last epoch, or with `early_stopping` of the best one: the mean
        over its steps of the estimated sum.
    loss_curve_ : list of float
        Loss of each epoch.
    validation_loss_curve_ : list of float
        Fraction of the images set aside that were misclassified, after each epoch.
    members_ : tuple of ImageParameters
        All matrices, of the only member.
    member_weights_, member_starts_
        As for `PMMRegressor`, of the only member.
    stop_reason_ : str
        Why training ended: "completed", "stopped_early", "callback" or
        "interrupted".
    n_features_in_ : int
        Number of pixels.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the pixels, if rows were given as a data frame.

    See Also
    --------
    PMMClassifier : Classification of tables.

    References
    ----------
    P. Cook, D. Jammooa, M. Hjorth-Jensen, D. D. Lee, D. Lee, "Parametric matrix
    models", Nature Communications 16, 5929 (2025).

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import train_test_split
    >>> from pmm_sklearn import PMMImageClassifier
    >>> digits = load_digits()
    >>> X_train, X_test, y_train, y_test = train_test_split(
    ...     digits.images, digits.target, random_state=0)
    >>> model = PMMImageClassifier(4, 2, max_iter=20, batch_size=64, random_state=0)
    >>> model.fit(X_train, y_train).score(X_test, y_test) > 0.9
    True
    """

    _structure_type = ImageStructure
    _likelihood = ImageLikelihood()
    _every = 1
    # A schedule of one start has neither a choice of solvers nor of starts.
    solver, n_init, n_jobs, tol = "adam", 1, None, 0.0

    def __init__(
        self,
        window_shape: Size | None = 14,
        stride: Size = 7,
        latent_size: int = 12,
        matrix_size: int = 5,
        n_eigenvectors: int = 3,
        *,
        image_shape: Size | None = None,
        which: Which = "SA",
        matrix_type: MatrixType = "symmetric",
        temperature: float = 1.0,
        alpha: float = 0.0,
        batch_size: int = 256,
        learning_rate_init: float = 1e-2,
        max_iter: int = 50,
        max_shift: int = 0,
        gauge_rotations: bool = False,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        warm_start: bool = False,
        gram_dtype: Literal["float64", "float32"] = "float64",
        max_memory: float = 2.0,
        random_state: RandomState = None,
        eigensolver: Eigensolver = "auto",
        verbose: int = 0,
    ):
        self.window_shape = window_shape
        self.stride = stride
        self.latent_size = latent_size
        self.matrix_size = matrix_size
        self.n_eigenvectors = n_eigenvectors
        self.image_shape = image_shape
        self.which = which
        self.matrix_type = matrix_type
        self.temperature = temperature
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.max_shift = max_shift
        self.gauge_rotations = gauge_rotations
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.warm_start = warm_start
        self.gram_dtype = gram_dtype
        self.max_memory = max_memory
        self.random_state = random_state
        self.eigensolver = eigensolver
        self.verbose = verbose

    @with_callbacks
    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Learn the matrices from images.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width) or (n_samples, n_pixels)
            Images, real or complex, in any units; as rows with `image_shape`.
        y : array-like of shape (n_samples,)
            Labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of the loss of each image.

        Returns
        -------
        self : PMMImageClassifier
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter or the data are not usable; a model fitted before is
            kept.

        Warns
        -----
        ConvergenceWarning
            If training was interrupted; the best model so far is kept.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> from pmm_sklearn import PMMImageClassifier
        >>> digits = load_digits(n_class=2)
        >>> model = PMMImageClassifier(4, 2, 3, 3, 1, max_iter=3, random_state=0)
        >>> model.fit(digits.images, digits.target).image_shape_
        (8, 8)
        """
        with fitted_state_kept_on_error(self):
            self._check_parameters()
            images, labels, weight = self._check_samples(X, y, sample_weight, True)
            classes = unique_labels("y", labels, "the images of positive weight")
            if self.warm_start and hasattr(self, "_structure"):
                check_same_classes(classes, self.classes_)
            data = self._encoded(images, labels, weight, classes)
            structure = self._make_structure(data)
            model = structure.model()
            random_state = check_random_state(self.random_state)
            numbers = np.argmax(data.y, axis=1)
            parts = set_aside(self, data, random_state, numbers)
            seeds = random_state.randint(np.iinfo(np.int32).max, size=2)
            problem = self._problem(model, seeds[0], *parts)
            rotations = GaugeRotations(model) if self.gauge_rotations else None
            schedule = self._schedule(seeds[1], after_epoch=rotations)
            description = {"classes_": classes, "image_shape_": images.shape[1:]}
            given = {"X": X, "y": y, "metadata": {"sample_weight": sample_weight}}
            families = [Family.of(problem, structure)]
            continues = self.warm_start and hasattr(self, "_structure")
            self._train(families, random_state, description, given, schedule, continues)
        return self

    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Train for one epoch with the constant rate `learning_rate_init`.

        Parameters
        ----------
        X : array-like of shape (n_samples, height, width) or (n_samples, n_pixels)
            Images.
        y : array-like of shape (n_samples,)
            Labels.
        classes : array-like of shape (n_classes,), default=None
            All labels that will ever come; needed in the first call only.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of the loss of each image.

        Returns
        -------
        self : PMMImageClassifier
            The estimator.

        Raises
        ------
        ValueError
            If a parameter or the data are not usable; a model fitted before is
            kept.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> from pmm_sklearn import PMMImageClassifier
        >>> digits = load_digits(n_class=2)
        >>> model = PMMImageClassifier(4, 2, 3, 3, 1, max_iter=3, random_state=0)
        >>> for rows in (slice(0, 180), slice(180, 360)):
        ...     images, labels = digits.images[rows], digits.target[rows]
        ...     model = model.partial_fit(images, labels, classes=[0, 1])
        >>> model.n_iter_
        2
        """
        with fitted_state_kept_on_error(self):
            self._check_parameters()
            check_batchwise(self)
            is_first = not hasattr(self, "_structure")
            images, y, weight = self._check_samples(X, y, sample_weight, is_first)
            classes = online_classes(classes, getattr(self, "classes_", None))
            data = self._encoded(images, y, weight, classes)
            structure = self._make_structure(data)
            self._check_goes_on(structure)
            seed = getattr(self, "n_iter_", 0)
            problem = self._problem(structure.model(), seed, data)
            description = {"classes_": classes, "image_shape_": images.shape[1:]}
            self._train_epoch(problem, structure, description)
        return self

    def _check_samples(self, X, y, sample_weight, reset):
        """Images, labels and weights of the images of positive weight."""
        images = self._images(X, reset)
        y = check_labels(y, images)
        weight = check_sample_weight(sample_weight, len(images))
        if np.all(weight > 0):
            # A memory map shall stay one.
            return images, y, weight
        used = weight > 0
        return images[used], y[used], weight[used]

    def _images(self, X, reset):
        """Images of shape (n_samples, height, width)."""
        return check_images(self, X, self.image_shape, reset=reset)

    @staticmethod
    def _encoded(images, labels, weight, classes):
        """Data as the model takes them, with indicators of all classes."""
        return TableData(images, np.eye(len(classes))[encode(labels, classes)], weight)

    def _problem(self, model, seed, training, validation=None):
        return image_problem(
            model,
            self._likelihood,
            self._likelihood.units(training, model),
            training,
            self._likelihood.penalty(self.alpha),
            validation,
            self.max_memory * 2**30,
            (self.max_shift, seed) if self.max_shift else None,
        )

    def _check_parameters(self):
        """Validate all hyper-parameters."""
        for name in ("latent_size", "matrix_size", "n_eigenvectors"):
            check_integer(name, getattr(self, name), 1)
        if self.n_eigenvectors > self.matrix_size:
            raise ValueError(
                f"n_eigenvectors must not exceed matrix_size, got n_eigenvectors="
                f"{self.n_eigenvectors} with matrix_size={self.matrix_size}: select "
                f"fewer eigenvectors or enlarge the matrices."
            )
        check_option("which", self.which, tuple(SELECTIONS))
        check_option("matrix_type", self.matrix_type, MATRIX_TYPES)
        check_option("gram_dtype", self.gram_dtype, ("float64", "float32"))
        check_number("alpha", self.alpha, 0)
        check_number("max_memory", self.max_memory, 0)
        check_number("temperature", self.temperature, 0, open_interval=True)
        check_integer("max_shift", self.max_shift, 0)
        check_flag("gauge_rotations", self.gauge_rotations)
        check_batches(self)
        check_training(self, ("adam",))

    def _make_structure(self, data):
        """What the model is; raises unless images and windows fit."""
        images = data.X
        if images.dtype.kind == "c" and self.matrix_type != "hermitian":
            raise ValueError(
                f"X is complex, but matrix_type={self.matrix_type!r}: set "
                f"matrix_type='hermitian'."
            )
        shape = images.shape[1:]
        window, stride = check_window(self.window_shape, self.stride, shape)
        check_shift(self.max_shift, shape)
        return ImageStructure(
            image_shape=shape,
            window_shape=window,
            stride=stride,
            gram_dtype=self.gram_dtype,
            n_classes=data.y.shape[1],
            latent_size=self.latent_size,
            matrix_size=self.matrix_size,
            n_eigenvectors=self.n_eigenvectors,
            which=self.which,
            matrix_type=self.matrix_type,
            temperature=float(self.temperature),
            eigensolver=self.eigensolver,
        )

    def _outputs(self, X):
        """Logits, one for each class, or the difference of those of two classes."""
        check_is_fitted(self, "_structure")
        images = self._images(X, False)
        model = once(self, (self._structure,), self._fitted_structure().fitted_model)
        if images.dtype.kind == "c" and not model.grams.is_complex:
            raise ValueError(
                "X is complex, but the model was fitted to real images: give real ones."
            )
        with single_blas_thread():
            logits = model.predict(self.members_[0], images, ThreadMap(self.n_jobs))
        return logits[:, 1:] - logits[:, :1] if logits.shape[1] == 2 else logits

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags
