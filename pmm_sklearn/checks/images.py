"""Checks of images and of windows in them."""

import numbers

import numpy as np
from sklearn.utils.validation import check_array, validate_data

from .dtypes import check_real


def check_pair(name, value, *, one_unknown=False):
    """Two positive integers from one or two; one of two may be unknown, -1."""
    pair = (value, value) if isinstance(value, numbers.Integral) else value
    is_pair = isinstance(pair, (tuple, list)) and len(pair) == 2
    known = [n for n in pair if not (one_unknown and n == -1)] if is_pair else []
    if not known or not all(
        isinstance(n, numbers.Integral) and not isinstance(n, bool) and n > 0
        for n in known
    ):
        raise ValueError(
            f"{name} must be a positive integer or two of them, (height, width), got "
            f"{value!r}."
        )
    return int(pair[0]), int(pair[1])


def check_images(estimator, X, image_shape, *, reset):
    """Images of shape (n_samples, height, width).

    Parameters
    ----------
    estimator : estimator
        Whose ``n_features_in_`` is set or checked.
    X : array-like
        Images, or rows of pixels.
    image_shape : int, tuple of int or None
        Height and width, for rows.
    reset : bool
        Whether `X` is training data.

    Returns
    -------
    ndarray
        Of the type of `X`: pixels are often bytes.
    """
    X = X if hasattr(X, "shape") else np.asarray(X)
    _check_dimensions(X.shape, image_shape)
    is_stack = len(X.shape) == 3
    if is_stack:
        shape = X.shape[1:]
        if image_shape is not None and _inferred(image_shape, shape) != shape:
            raise ValueError(
                f"X holds images of shape {shape}, but image_shape={image_shape!r}: "
                f"leave image_shape out, or give rows of pixels."
            )
        if not reset:
            _check_same_shape(estimator, shape)
        X = X.reshape(len(X), shape[0] * shape[1])
    pixels = _check_pixels(estimator, X, reset)
    if is_stack:
        return pixels.reshape(-1, *shape)
    height, width = _inferred(image_shape, (1, pixels.shape[1]))
    if height * width != pixels.shape[1]:
        raise ValueError(
            f"image_shape={image_shape!r} has {height * width} pixels, but the rows of "
            f"X have {pixels.shape[1]}: correct image_shape."
        )
    if not reset:
        _check_same_shape(estimator, (height, width))
    return pixels.reshape(-1, height, width)


def _check_dimensions(shape, image_shape):
    """Raise unless an array of this shape may hold images, or rows of pixels."""
    if len(shape) > 3:
        raise ValueError(
            f"X must have shape (n_samples, height, width), got {shape}: give one "
            f"number for each pixel, for example X[..., 0] or X.mean(axis=-1)."
        )
    if len(shape) < 3 and image_shape is None:
        raise ValueError(
            f"X must have shape (n_samples, height, width), got {shape}: reshape it, "
            f"or give image_shape=(height, width); a single image is X[np.newaxis]."
        )


def _check_same_shape(estimator, shape):
    """Raise unless images have the shape of those of the fitted model."""
    if shape != estimator.image_shape_:
        raise ValueError(
            f"X holds images of shape {shape}, but the model was fitted to images "
            f"of shape {estimator.image_shape_}: resize or crop them."
        )


def _inferred(image_shape, shape):
    """Height and width, one of which may be given as -1."""
    pair = check_pair("image_shape", image_shape, one_unknown=True)
    known = abs(pair[0] * pair[1])
    return tuple(shape[0] * shape[1] // known if n == -1 else n for n in pair)


def _check_pixels(estimator, X, reset):
    """Finite numbers, real or complex, in rows."""
    if not np.iscomplexobj(X):
        check_real("X", X)
        return validate_data(estimator, X, reset=reset, dtype="numeric")
    # Names and number of the pixels first: names are lost with the data frame.
    validate_data(estimator, X, reset=reset, skip_check_array=True)
    X = np.asarray(X)
    for part in (X.real, X.imag):
        check_array(part, input_name="X")
    return X


def check_window(window_shape, stride, image_shape):
    """Height and width of the windows and of their steps; windows have to fit."""
    if window_shape is None:
        window_shape = image_shape
    window = check_pair("window_shape", window_shape)
    stride = check_pair("stride", stride)
    if window[0] > image_shape[0] or window[1] > image_shape[1]:
        raise ValueError(
            f"window_shape={window_shape!r} does not fit into images of shape "
            f"{tuple(image_shape)}: choose smaller windows."
        )
    # An image of a single pixel has no larger ones.
    if window == (1, 1) != tuple(image_shape):
        raise ValueError(
            f"window_shape={window_shape!r} is a single pixel, whose Gram matrices do "
            f"not depend on the image: choose larger windows."
        )
    return window, stride


def check_shift(max_shift, image_shape):
    """Raise if images may be moved out of sight."""
    if max_shift >= min(image_shape):
        raise ValueError(
            f"max_shift must be less than the sides of the images, got {max_shift} for "
            f"images of shape {tuple(image_shape)}: move them by fewer pixels, or not "
            f"at all, max_shift=0."
        )
