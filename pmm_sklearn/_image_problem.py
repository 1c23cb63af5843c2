"""The training problem of an image model."""

import numpy as np

from .model import (
    CrossEntropy,
    ImageParameters,
    ImagePMM,
    LazyGrams,
    Objective,
    RidgePenalty,
    ShiftedGrams,
    WindowGrams,
)

#: Fitted attributes, in the order of `ImageParameters`.
ATTRIBUTES = (
    "row_maps_",
    "column_maps_",
    "projections_",
    "offsets_",
    "observables_",
    "intercept_",
)


def image_model(structure):
    """Model from the structure that an estimator keeps.

    Parameters
    ----------
    structure : dict
        Arguments of `WindowGrams` and of `ImagePMM`.
    """
    arguments = dict(structure)
    grams = WindowGrams(
        *(arguments.pop(name) for name in ("image_shape", "window_shape", "stride")),
        is_complex=arguments["matrix_type"] == "hermitian",
        dtype=arguments.pop("gram_dtype"),
    )
    return ImagePMM(grams, **arguments)


class ImageProblem:
    """What is minimised, and the way back to fitted attributes.

    Parameters
    ----------
    model : ImagePMM
        Structure of the model.
    data : tuple of ndarray
        Images, targets of shape (n_samples, n_classes), weights.
    alpha : float
        Weight of the penalty.
    max_memory : float
        Bytes that the Gram matrices may take.
    shifts : tuple of int, optional
        Largest shift of the images in pixels, and the seed of random shifts.
    validation : tuple of ndarray, optional
        The same for the images set aside.

    Attributes
    ----------
    objective : Objective
    validation_loss : callable or None
        Fraction of the images set aside that a vector of parameters misclassifies.
    """

    def __init__(self, model, data, alpha, max_memory, shifts=(0, 0), validation=None):
        self.model = model
        # Ratios of pixels have no units.
        self.scaling = None
        images, targets, weight = data
        grams, inputs = model.grams, None
        if shifts[0]:
            inputs = ShiftedGrams(grams, images, *shifts)
        elif len(images) * grams.size * grams.dtype.itemsize > max_memory:
            inputs = LazyGrams(grams, images)
        self.objective = Objective(
            model,
            CrossEntropy(),
            images,
            targets,
            weight[:, np.newaxis],
            RidgePenalty(alpha),
            inputs=inputs,
        )
        self.validation_loss = None
        if validation is not None:
            self._validation = validation
            self.validation_loss = self._error_rate

    def _error_rate(self, theta):
        images, targets, weight = self._validation
        outputs = self.model.predict(self.model.split(theta), images)
        is_wrong = np.argmax(outputs, axis=1) != np.argmax(targets, axis=1)
        return weight @ is_wrong / weight.sum()

    def random_start(self, seed):
        """Random coordinates."""
        return self.model.initial(np.random.RandomState(seed))

    def start_from(self, parameters):
        """Coordinates of given parameters."""
        return self.model.join(parameters)

    def attributes(self, theta):
        """Fitted attributes that predictions depend on."""
        parts = self.model.split(theta.copy())
        return dict(zip(ATTRIBUTES, parts, strict=True))


def fitted_parameters(estimator):
    """Parameters from the attributes of a fitted estimator."""
    return ImageParameters(*(getattr(estimator, name) for name in ATTRIBUTES))
