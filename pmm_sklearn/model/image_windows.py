"""Windows of images and their Gram matrices."""

import numpy as np

from ._chunks import chunks


class WindowGrams:
    r"""Gram matrices :math:`W W^\dagger` and :math:`W^\dagger W` of windows.

    Each Gram matrix is divided by its largest magnitude, and its diagonal is set to
    1 [1]_.  An empty window gives the identity.  What remains are the elements above
    the diagonal, with real and imaginary parts as numbers of their own.

    Parameters
    ----------
    image_shape : tuple of int
        Height and width of the images.
    window_shape : tuple of int
        Height ``s`` and width ``t`` of the windows.
    stride : tuple of int
        Steps from window to window; the last one ends with the image.
    is_complex : bool, default=False
        Whether the images are.
    dtype : numpy.dtype, default=numpy.float64
        Of the numbers that are returned.

    Attributes
    ----------
    places : list of tuple of slice
        The windows.
    size : int
        How many numbers there are for each image.

    References
    ----------
    .. [1] Cook et al., "Parametric matrix models", Nat. Commun. 16, 5929 (2025).

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import WindowGrams
    >>> grams = WindowGrams((2, 3), (2, 2), (1, 1))
    >>> len(grams.places), grams.size
    (2, 4)
    >>> grams.values(np.array([[[1.0, 2.0, 0.0], [0.0, 1.0, 3.0]]]))
    array([[0.4       , 0.2       , 0.4       , 0.33333333]])
    """

    def __init__(
        self, image_shape, window_shape, stride, is_complex=False, dtype=np.float64
    ):
        self.window_shape = tuple(window_shape)
        self.is_complex = is_complex
        self.dtype = np.dtype(dtype)
        self._pixel_type = np.complex128 if is_complex else np.float64
        starts = [
            window_starts(*sizes)
            for sizes in zip(image_shape, window_shape, stride, strict=True)
        ]
        height, width = window_shape
        self.places = [
            (slice(top, top + height), slice(left, left + width))
            for top in starts[0]
            for left in starts[1]
        ]
        parts = 2 if is_complex else 1
        n_pairs = [side * (side - 1) // 2 for side in window_shape]
        #: Numbers for one window: from its rows, and from its columns.
        self.sizes = tuple(parts * n for n in n_pairs)
        self.size = len(self.places) * sum(self.sizes)
        # Of the arrays in between, for each image: its pixels, and a Gram matrix.
        n_pixels = image_shape[0] * image_shape[1]
        self._largest = max(n_pixels, height**2, width**2)

    def values(self, images):
        """Elements above the diagonals.

        Parameters
        ----------
        images : ndarray of shape (n_samples, height, width)
            Real or complex.

        Returns
        -------
        ndarray of shape (n_samples, size)
            Those of the rows of all windows first, then those of the columns.
        """
        values = np.empty((len(images), self.size), dtype=self.dtype)
        for chunk in chunks(len(images), self._largest):
            # Products of bytes would overflow.
            pixels = np.asarray(images[chunk])
            pixels = pixels.astype(self._pixel_type, copy=False)
            self._fill(values[chunk], _in_own_units(pixels))
        return values

    def _fill(self, out, images):
        position = 0
        for by_columns in (False, True):
            for rows, columns in self.places:
                window = images[:, rows, columns]
                # W^T conj(W) would have the conjugate elements.
                window = window.conj().swapaxes(1, 2) if by_columns else window
                elements = _upper_elements(window)
                out[:, position : position + elements.shape[1]] = elements
                position += elements.shape[1]


def window_starts(image_side, window_side, stride):
    """Where windows begin along one side of the image.

    Examples
    --------
    >>> from pmm_sklearn.model.image_windows import window_starts
    >>> window_starts(28, 14, 7)
    [0, 7, 14]
    >>> window_starts(28, 12, 10)  # the last ends with the image
    [0, 10, 16]
    """
    last = image_side - window_side
    starts = list(range(0, last + 1, stride))
    return starts if starts[-1] == last else [*starts, last]


def _in_own_units(images):
    """Images divided by their largest magnitude, the squares of which are numbers."""
    largest = np.max(np.abs(images), axis=(1, 2), keepdims=True)
    # An empty image stays empty, whatever divides it.
    return images / np.maximum(largest, np.finfo(np.float64).tiny)


def _upper_elements(window):
    """Scaled elements above the diagonal of ``W W^H``, real parts first."""
    gram = window @ window.conj().swapaxes(1, 2)
    largest = np.max(np.abs(gram), axis=(1, 2))
    # Of an empty window all elements are zero, whatever divides them.
    gram /= np.where(largest > 0, largest, 1.0)[:, np.newaxis, np.newaxis]
    rows, columns = np.triu_indices(gram.shape[1], k=1)
    elements = gram[:, rows, columns]
    if np.iscomplexobj(elements):
        return np.concatenate([elements.real, elements.imag], axis=1)
    return elements


class LazyGrams:
    """Gram matrices that are computed when they are asked for.

    Parameters
    ----------
    grams : WindowGrams
        What is computed.
    images : ndarray of shape (n_samples, height, width)
        Images, which may be memory-mapped.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import LazyGrams, WindowGrams
    >>> images = np.random.RandomState(0).uniform(size=(10, 4, 4))
    >>> lazy = LazyGrams(WindowGrams((4, 4), (2, 2), (2, 2)), images)
    >>> len(lazy), lazy[2:5].shape
    (10, (3, 8))
    """

    def __init__(self, grams, images):
        self._grams = grams
        self._images = images

    def __len__(self):
        return len(self._images)

    def __getitem__(self, samples):
        """Values of some samples, shape (n, size)."""
        return self._grams.values(np.asarray(self._images[samples]))


class ShiftedGrams:
    """Gram matrices of images that are moved at random, anew whenever asked for.

    Parameters
    ----------
    grams, images
        As for `LazyGrams`.
    max_shift : int
        Largest number of pixels by which an image is moved in either direction; what
        it leaves is empty.
    seed : int
        Of the random numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn.model import ShiftedGrams, WindowGrams
    >>> images = np.random.RandomState(0).uniform(size=(10, 4, 4))
    >>> grams = WindowGrams((4, 4), (2, 2), (2, 2))
    >>> moved = ShiftedGrams(grams, images, max_shift=1, seed=0)
    >>> moved[:3].shape, np.allclose(moved[:3], moved[:3])
    ((3, 8), False)
    """

    def __init__(self, grams, images, max_shift, seed):
        self._grams = grams
        self._images = images
        self._max_shift = max_shift
        self._random_state = np.random.RandomState(seed)

    def __len__(self):
        return len(self._images)

    def __getitem__(self, samples):
        """Values of some samples, shape (n, size)."""
        images = np.asarray(self._images[samples])
        offsets = self._random_state.randint(
            0, 2 * self._max_shift + 1, size=(2, len(images), 1)
        )
        return self._grams.values(_cut(images, self._max_shift, offsets))


def _cut(images, margin, offsets):
    """Images cut out of themselves with an empty margin, each at its own place."""
    n_samples, height, width = images.shape
    sides = ((0, 0), (margin, margin), (margin, margin))
    rows, columns = offsets[0] + np.arange(height), offsets[1] + np.arange(width)
    sample = np.arange(n_samples)[:, np.newaxis, np.newaxis]
    return np.pad(images, sides)[
        sample, rows[:, :, np.newaxis], columns[:, np.newaxis, :]
    ]
