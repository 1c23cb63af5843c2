"""Losses of the user's own, and how they are checked."""

from collections.abc import Callable

import numpy as np

# Of differences, in units of the spread of the targets, and what may be wrong.
_STEP, _TOLERANCE = 1e-4, 1e-3
_N_CHECKED = 50


class PointwiseLoss:
    r"""A loss of single targets, from functions for it and its derivatives.

    For ``PMMRegressor(loss=PointwiseLoss(...))``.  The loss has to be convex, and with
    ``alpha="auto"`` it is taken for the negative logarithm of the probability of a
    target, but for a constant: multiply it by a number if errors are smaller or larger.

    Parameters
    ----------
    value : callable
        ``value(y, prediction)``, for arrays of the same shape, is the loss of each.
    slope : callable
        ``slope(y, prediction)`` is its derivative by the prediction.
    curvature : callable
        ``curvature(y, prediction)`` is its second derivative, not negative.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import PMMRegressor, PointwiseLoss
    >>> loss = PointwiseLoss(  # of errors of about 0.1
    ...     lambda y, f: np.logaddexp(10 * (f - y), 10 * (y - f)),
    ...     lambda y, f: 10 * np.tanh(10 * (f - y)),
    ...     lambda y, f: 100 / np.cosh(np.clip(10 * (f - y), -300, 300)) ** 2,
    ... )
    >>> x = np.linspace(-1, 1, 60)[:, np.newaxis]
    >>> y = np.sin(2 * x[:, 0])
    >>> y[::6] += 5.0  # some are absurd
    >>> model = PMMRegressor(3, loss=loss, n_init=1, random_state=0).fit(x, y)
    >>> bool(np.abs(model.predict(x) - np.sin(2 * x[:, 0])).max() < 0.2)
    True
    """

    def __init__(self, value: Callable, slope: Callable, curvature: Callable):
        self.value = value
        self.slope = slope
        self.curvature = curvature

    def check(self, y, scale):
        """Raise unless slope and curvature are derivatives, around some targets.

        Parameters
        ----------
        y : ndarray of shape (n,)
            Targets.
        scale : float
            How far from them to look.

        Raises
        ------
        ValueError
            If one of the functions returns something else than finite numbers of the
            shape of its arguments, is not the derivative of the one before, or if the
            curvature is negative.

        Examples
        --------
        >>> import numpy as np
        >>> from pmm_sklearn import PointwiseLoss
        >>> loss = PointwiseLoss(
        ...     lambda y, f: (f - y) ** 2 / 2,
        ...     lambda y, f: f - y,
        ...     lambda y, f: np.full_like(f, 2.0),
        ... )
        >>> loss.check(np.arange(5.0), scale=1.0)
        Traceback (most recent call last):
        ...
        ValueError: curvature of PointwiseLoss is not the derivative of slope by ...
        """
        y = np.asarray(y, dtype=np.float64).ravel()[:_N_CHECKED]
        offsets = np.linspace(-1.7, 1.9, len(y)) if len(y) > 1 else np.array([0.7])
        f, step = y + scale * offsets, _STEP * scale
        for name in ("value", "slope", "curvature"):
            found = np.asarray(getattr(self, name)(y, f))
            if found.shape != y.shape or not np.all(np.isfinite(found)):
                raise ValueError(
                    f"{name} of PointwiseLoss must return finite numbers of the shape "
                    f"{y.shape} of y and prediction, got {_shown(found)}: correct it."
                )
        for name, of in (("slope", "value"), ("curvature", "slope")):
            function, found = getattr(self, of), getattr(self, name)(y, f)
            ahead, behind = function(y, f + step), function(y, f - step)
            difference = (ahead - behind) / (2 * step)
            # A few kinks are allowed: there differences are something in between.
            size = np.max(np.abs(difference)) + np.max(np.abs(found))
            wrong = np.abs(difference - found) > _TOLERANCE * max(size, 1e-300)
            if np.mean(wrong) > 0.2:
                i = int(np.argmax(np.abs(difference - found)))
                raise ValueError(
                    f"{name} of PointwiseLoss is not the derivative of {of} by the "
                    f"prediction: at y={y[i]:.4g}, prediction={f[i]:.4g} it is "
                    f"{found[i]:.6g}, and differences of {of} give "
                    f"{difference[i]:.6g}. Correct one of them."
                )
        curvature = self.curvature(y, f)
        if np.any(curvature < 0):
            raise ValueError(
                f"curvature of PointwiseLoss must not be negative, got "
                f"{np.min(curvature):.4g}: only convex losses can be trained."
            )


class OwnLoss:
    """A `PointwiseLoss` of outputs in other units.

    Parameters
    ----------
    functions : PointwiseLoss
        The loss in the user's units.
    shift, scale : ndarray of shape (n_outputs,)
        Predictions are outputs times the scale plus the shift, and so are targets.
    """

    has_noise = False

    def __init__(self, functions, shift, scale):
        self._functions, self._shift, self._scale = functions, shift, scale

    def _called(self, name, outputs, targets):
        arguments = targets, outputs
        arguments = (a * self._scale + self._shift for a in arguments)
        return np.asarray(getattr(self._functions, name)(*arguments), dtype=np.float64)

    @staticmethod
    def coupling(outputs):
        """None: each output has a loss of its own."""
        return None

    def value(self, outputs, targets):
        """Loss of each observation."""
        return self._called("value", outputs, targets)

    judged = excess = value

    def slope(self, outputs, targets):
        """Its derivative."""
        return self._scale * self._called("slope", outputs, targets)

    def curvature(self, outputs, targets):
        """Half its second derivative."""
        curvature = self._called("curvature", outputs, targets)
        return 0.5 * self._scale**2 * np.maximum(curvature, 0.0)

    def information(self, outputs, targets):
        """The second derivative, or what it would have to be to explain the slope."""
        return np.maximum(2.0 * self.curvature(outputs, targets), 1e-12)

    def majorant(self, outputs, targets):
        """Curvature of a parabola with the same slope, least at the target."""
        distance = np.abs(outputs - targets)
        slope = np.abs(self.slope(outputs, targets))
        steep = np.divide(slope, distance, out=np.zeros_like(slope), where=distance > 0)
        return np.maximum(steep, self.information(outputs, targets))

    def information_slope(self, outputs, targets):
        """Derivative of the logarithm of the information by the outputs."""
        ahead, behind = (
            np.log(self.information(outputs + step, targets))
            for step in (_STEP, -_STEP)
        )
        return (ahead - behind) / (2 * _STEP)


def _shown(found):
    return f"shape {found.shape}" if found.size else "nothing"
