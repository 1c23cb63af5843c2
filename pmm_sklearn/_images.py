"""Checks of images and of windows in them."""

import numbers

import numpy as np
from sklearn.utils.validation import check_array, validate_data

from ._validation import check_real


def check_pair(name, value):
    """Two positive integers from one or two."""
    pair = (value, value) if isinstance(value, numbers.Integral) else value
    is_pair = isinstance(pair, (tuple, list)) and len(pair) == 2
    if not is_pair or not all(
        isinstance(n, numbers.Integral) and not isinstance(n, bool) and n > 0
        for n in pair
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
    image_shape : tuple of int or None
        Height and width, for rows.
    reset : bool
        Whether `X` is training data.

    Returns
    -------
    ndarray
        Of the type of `X`: pixels are often bytes.
    """
    X = X if hasattr(X, "dtype") else np.asarray(X)
    is_stack = len(X.shape) == 3
    if is_stack:
        shape = X.shape[1:]
        if image_shape is not None and _inferred(image_shape, shape) != shape:
            raise ValueError(
                f"X holds images of shape {shape}, but image_shape={image_shape!r}: "
                f"leave image_shape out, or give rows of pixels."
            )
        if not reset and shape != estimator.image_shape_:
            raise ValueError(
                f"X holds images of shape {shape}, but the model was fitted to images "
                f"of shape {estimator.image_shape_}: resize or crop them."
            )
        X = X.reshape(len(X), -1)
    pixels = _check_pixels(estimator, X, reset)
    if is_stack:
        return pixels.reshape(-1, *shape)
    if image_shape is None:
        raise ValueError(
            f"X must have shape (n_samples, height, width), got {X.shape}: reshape it, "
            f"or give image_shape=(height, width)."
        )
    height, width = _inferred(image_shape, (1, pixels.shape[1]))
    if height * width != pixels.shape[1]:
        raise ValueError(
            f"image_shape={image_shape!r} has {height * width} pixels, but the rows of "
            f"X have {pixels.shape[1]}: correct image_shape."
        )
    return pixels.reshape(-1, height, width)


def _inferred(image_shape, shape):
    """Height and width, one of which may be given as -1."""
    if np.shape(image_shape) == (2,) and list(image_shape).count(-1) == 1:
        known = check_pair("image_shape", tuple(abs(n) for n in image_shape))
        n_pixels = shape[0] * shape[1]
        return tuple(
            n_pixels // (known[0] * known[1]) if given == -1 else given
            for given in image_shape
        )
    return check_pair("image_shape", image_shape)


def _check_pixels(estimator, X, reset):
    """Finite numbers, real or complex, in rows."""
    if getattr(X.dtype, "kind", None) != "c":
        check_real("X", X)
        return validate_data(estimator, X, reset=reset, dtype="numeric")
    check_array(X.real)
    check_array(X.imag)
    if reset:
        estimator.n_features_in_ = X.shape[1]
    elif X.shape[1] != estimator.n_features_in_:
        raise ValueError(
            f"X has {X.shape[1]} features, but {type(estimator).__name__} is expecting "
            f"{estimator.n_features_in_} features as input."
        )
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
    return window, stride
