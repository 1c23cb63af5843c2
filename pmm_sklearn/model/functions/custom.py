"""Functions that users give."""

import warnings

import numpy as np

# Of a complex step, which no rounding limits, and of differences, relative.
_STEP, _DIFFERENCE = 1e-100, np.finfo(np.float64).eps ** (1 / 3)
# Relative difference of the two from which on the complex step is not trusted.
_TOLERANCE = 1e-5


class Custom:
    r"""A function :math:`f(z_1, z_2, \dots)` of other functions.

    Parameters
    ----------
    function : callable
        Of arrays of shape (n_samples,), element by element.
    gradient : callable or None
        Its derivatives, a tuple of arrays; None means to find them.
    others : sequence of SpectrumFunction
        The functions :math:`z_i`, of one output each.
    """

    n_outputs = 1

    def __init__(self, function, gradient, others):
        self.function, self.gradient = function, gradient
        self.others = tuple(others)

    def value(self, at):
        """The function."""
        return self.of(*self.arguments(at))[:, np.newaxis]

    def slopes(self, at):
        """The chain rule."""
        arguments = self.arguments(at)
        gradient = self.gradient_of(*arguments)
        parts = [other.slopes(at) for other in self.others]
        return tuple(
            sum(
                weight[:, np.newaxis, np.newaxis] * part[i]
                for weight, part in zip(gradient, parts, strict=True)
            )
            for i in range(2)
        )

    def arguments(self, at):
        """The arrays that the function is of."""
        return [other.value(at)[:, 0] for other in self.others]

    def of(self, *arguments):
        """Values of the function, NaN where it has none."""
        with np.errstate(all="ignore"):
            return _checked("function", self.function(*arguments), arguments)

    def gradient_of(self, *arguments):
        """Its derivatives, one array for each argument."""
        if self.gradient is None:
            return custom_gradient(self.function, *arguments)
        with np.errstate(all="ignore"):
            found = self.gradient(*arguments)
        if isinstance(found, np.ndarray) and found.ndim == 1 and len(arguments) == 1:
            found = (found,)
        if len(found) != len(arguments):
            raise ValueError(
                f"gradient of a Custom must return {len(arguments)} array(s), one for "
                f"each target in of, got {len(found)}: return a tuple of them."
            )
        return [_checked("gradient", part, arguments) for part in found]


def custom_gradient(function, *arguments):
    """Derivatives by a complex step where that agrees with a difference, else by that.

    Functions that are not analytic, as of an absolute value, have no complex step.

    Parameters
    ----------
    function : callable
        Of arrays of shape (n_samples,), element by element.
    *arguments : ndarray of shape (n_samples,)
        Where.

    Returns
    -------
    list of ndarray of shape (n_samples,)

    Examples
    --------
    >>> import warnings

    import numpy as np
    >>> from pmm_sklearn.model.functions import custom_gradient
    >>> x = np.array([-4.0, 1.0])
    >>> [part.round(6) for part in custom_gradient(lambda x: np.sqrt(abs(x)), x)]
    [array([-0.25,  0.5 ])]
    """
    return [_derivative(function, arguments, i) for i in range(len(arguments))]


def _derivative(function, arguments, i):
    with np.errstate(all="ignore"):
        difference = differences(function, arguments, i)
        moved = [np.asarray(x, np.complex128) for x in arguments]
        moved[i] = moved[i] + 1j * _STEP
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                found = np.imag(function(*moved)) / _STEP
        except (TypeError, Warning):  # what takes real numbers only, or makes them
            return difference
        size = np.abs(found) + np.abs(difference)
        agrees = np.abs(found - difference) <= _TOLERANCE * size
    return np.where(agrees | ~np.isfinite(difference), found, difference)


def differences(function, arguments, i):
    """Central differences of a function by argument ``i``.

    Parameters
    ----------
    function : callable
        Of arrays.
    arguments : sequence of ndarray of shape (n_samples,)
        Where.
    i : int
        By which of them.

    Returns
    -------
    ndarray of shape (n_samples,)
    """
    step = _DIFFERENCE * np.maximum(np.abs(arguments[i]), np.finfo(np.float64).tiny)
    step = np.where(step < _DIFFERENCE**2, _DIFFERENCE**2, step)
    with np.errstate(all="ignore"):
        ends = [
            np.asarray(function(*arguments[:i], x, *arguments[i + 1 :]))
            for x in (arguments[i] - step, arguments[i] + step)
        ]
        return (ends[1] - ends[0]) / (2.0 * step)


def _checked(name, values, arguments):
    values = np.asarray(values)
    shape = np.shape(arguments[0])
    if values.shape != shape or not np.isrealobj(values):
        raise ValueError(
            f"{name} of a Custom must return real numbers of shape {shape} for "
            f"arguments of this shape, got {values.dtype} of shape {values.shape}: "
            f"write it with functions of NumPy, element by element."
        )
    return values.astype(np.float64)
