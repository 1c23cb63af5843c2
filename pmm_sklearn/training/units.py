"""Units of features and targets, and how matrices absorb them.

Units offer

``features(X)``, ``targets(y)``, ``weights(weight)``
    data of the standardised problem;
``start(model, theta)``
    random coordinates made a starting point of it;
``to_user(parameters)``, ``to_standard(parameters)``
    parameters of the user's problem from those of the standardised one, and back;
``feature_units``, ``target_scale``
    shift and scale of the features, and the unit of each target, for error bars;
``origin``
    the point that the user's features are counted from, by all of these but
    ``features``: see `FeatureUnits`.
"""

from abc import ABC, abstractmethod

import numpy as np

from ..model import Parameters, rescaled

# So many digits may cancel before features count from elsewhere: 13 are left, and a fit
# ends where residuals are 1e-12.
_MOST_DIGITS = 3
# Spreads below this multiple of the rounding error count as constant.
_CONSTANT = 10 * np.finfo(np.float64).eps

_TINY = np.finfo(np.float64).tiny
# Quotients and squares of numbers in between are finite.
_SMALLEST, _LARGEST = 1e-152, 1e152


class FeatureUnits:
    r"""Affine map of features to about [-1, 1], fitted to weighted data.

    Features become :math:`(x - c) / h`.  Because monomials of the one are sums of
    monomials of the other, primary matrices absorb the map.  A constant column is
    only shifted.

    Where features are far from zero, in units of ``h``, powers of them cancel, and
    matrices for them would have no digits to predict with.  Such columns are counted
    from their mean before all else, as if the user had done it.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Features.
    sample_weight : ndarray of shape (n_samples,)
        Positive weights.
    monomials : Monomials
        What the matrices multiply.
    centre : bool, default=True
        Whether features are shifted.
    may_count_from_mean : bool, default=True
        Whether the model of the user's features can count them from elsewhere.

    Attributes
    ----------
    shift, scale : ndarray of shape (n_features,)
        The numbers ``c`` and ``h``; the former counted from the origin.
    origin : tuple of float
        Point that features are counted from, zero in most columns; empty if in all.
    is_constant : ndarray of bool of shape (n_features,)
        Which columns are constant; their scale is 1.
    """

    def __init__(
        self, X, sample_weight, monomials, centre=True, may_count_from_mean=True
    ):
        mean, deviation = moments("X", X, sample_weight)
        self._monomials = monomials
        self.origin = ()
        is_far = _are_far(mean, deviation, monomials.degree)
        if centre and may_count_from_mean and np.any(is_far):
            self.origin = tuple(np.where(is_far, mean, 0.0).tolist())
            mean, deviation = moments("X", self._counted(X), sample_weight)
        self.shift, self.scale = mean, np.sqrt(3.0) * deviation
        if not centre:
            self.shift = np.zeros_like(mean)
            self.scale = np.max(np.abs(X), axis=0)
        self.is_constant = self.scale == 0
        self.scale = np.where(self.is_constant, 1.0, self.scale)

    @classmethod
    def of(cls, monomials, shift, scale, origin):
        """Units of given numbers, for models that are fitted already."""
        units = cls.__new__(cls)
        units._monomials, units.shift, units.scale = monomials, shift, scale
        units.origin, units.is_constant = origin, np.zeros(len(scale), dtype=bool)
        return units

    def values(self, X):
        """Features of the standardised problem."""
        return (self._counted(X) - self.shift) / self.scale

    def _counted(self, X):
        return X - np.array(self.origin) if self.origin else X

    def silence_constants(self, primary, theta):
        """Coordinates without matrices of features that are zero everywhere."""
        if not np.any(self.is_constant):
            return theta
        involved = self._monomials.powers[:, self.is_constant].any(axis=1)
        return primary.silence(theta, involved)

    def to_user(self, matrices):
        """Matrices for the user's features, counted from the origin."""
        return self._monomials.in_other_units(matrices, self.shift, self.scale)

    def to_standard(self, matrices):
        """Inverse of :meth:`to_user`."""
        shift, scale = -self.shift / self.scale, 1.0 / self.scale
        return self._monomials.in_other_units(matrices, shift, scale)


class Units(ABC):
    """What all units have in common: those of the features.  Abstract.

    Attributes
    ----------
    _features : FeatureUnits
        Or another object with the same methods.
    """

    def features(self, X):
        """Features of the standardised problem."""
        return self._features.values(X)

    @property
    def feature_units(self):
        """Zero and unit of each feature."""
        return self._features.shift, self._features.scale

    @property
    def origin(self):
        """Point that features are counted from."""
        return self._features.origin

    @abstractmethod
    def targets(self, y):
        """Targets of the standardised problem."""

    @abstractmethod
    def weights(self, weight):
        """Weights of its squared residuals."""

    @abstractmethod
    def to_user(self, parameters):
        """Parameters that give the user's targets from the user's features."""

    @abstractmethod
    def to_standard(self, parameters):
        """Inverse of :meth:`to_user`."""

    @abstractmethod
    def start(self, model, theta):
        """Random coordinates made a starting point."""

    def _silenced(self, model, theta):
        """Coordinates in which features that are constant have no influence."""
        primary, others = np.split(theta, [model.primary.size])
        primary = self._features.silence_constants(model.primary, primary)
        return np.concatenate([primary, others])


class TargetUnits(Units):
    r"""Scaling of features, and of targets that have observables of their own.

    Targets become :math:`(y - m) / s`, of mean 0 and standard deviation 1.  Because
    the outputs are linear in intercept and observables, a model of the
    standardised data is also a model of the data themselves, with other matrices.
    A constant target is only shifted.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Features.
    y : ndarray of shape (n_samples, n_outputs)
        Targets.
    sample_weight : ndarray of shape (n_samples,)
        Positive weights.
    model : PMM
        Structure of the model.
    are_logarithms : bool, default=False
        Whether outputs are logarithms of means of the targets, which are not scaled
        then: they count from the logarithms of `means`.

    Raises
    ------
    ValueError
        If values or spreads are too large or too small for floating point.
    """

    def __init__(self, X, y, sample_weight, model, are_logarithms=False):
        self._features = FeatureUnits(X, sample_weight, model.primary.monomials)
        self._degree = model.readout.degree
        self._are_logarithms = are_logarithms
        self._shift, deviation = moments("y", y, sample_weight)
        self._is_constant = deviation == 0
        self._scale = np.where(deviation == 0, 1.0, deviation)
        rounding = _CONSTANT * np.max(np.abs(y), axis=0)
        self._rounding = np.where(self._is_constant, rounding, 0.0)
        self.means = self._shift
        if are_logarithms:
            self._shift, self._scale = np.log(self.means), np.ones_like(self.means)

    def targets(self, y):
        """Targets of the standardised problem."""
        if self._are_logarithms:
            return y
        centred = y - self._shift
        # Rounding errors of a constant are nothing to learn.
        is_rounding = np.abs(centred) <= self._rounding
        return np.where(is_rounding, 0.0, centred) / self._scale

    @property
    def target_scale(self):
        """Unit of each target."""
        return self._scale

    @property
    def gradient_units(self):
        """Unit of the derivative of each target by each feature.

        The shape is (n_outputs, n_features), with NaN for features that are constant.
        """
        scale = np.where(self._features.is_constant, np.nan, self._features.scale)
        return self._scale[:, np.newaxis] / scale

    @property
    def target_shift(self):
        """Zero of each target."""
        return self._shift

    def weights(self, sample_weight):
        """Weights of the squared residuals of the standardised problem."""
        return sample_weight[:, np.newaxis]

    def start(self, model, theta):
        """Coordinates in which columns that are constant have no influence.

        Those of the observables may be missing.
        """
        primary, secondary = np.split(theta, [model.primary.size])
        primary = self._features.silence_constants(model.primary, primary)
        if len(secondary):
            secondary = model.readout.silence(secondary, self._is_constant)
        return np.concatenate([primary, secondary])

    def to_user(self, parameters):
        """Parameters that give the user's targets from the user's features."""
        matrices, observables, intercept = parameters
        return Parameters(
            self._features.to_user(matrices),
            rescaled(observables, self._scale, self._degree),
            intercept * self._scale + self._shift,
        )

    def to_standard(self, parameters):
        """Inverse of :meth:`to_user`."""
        matrices, observables, intercept = parameters
        return Parameters(
            self._features.to_standard(matrices),
            rescaled(observables, 1.0 / self._scale, self._degree),
            (intercept - self._shift) / self._scale,
        )


class LogitUnits(Units):
    """Scaling of features, and of outputs that are logits.

    Features are standardised as by `TargetUnits`.

    Parameters
    ----------
    X, y, sample_weight, model
        As for `TargetUnits`; `y` is not scaled.
    unit : float, default=1.0
        The logits are the outputs of the standardised problem times this.
    shift : ndarray of shape (n_outputs,), optional
        And then this, which no datum has a part in; none by default.
    """

    def __init__(self, X, y, sample_weight, model, unit=1.0, shift=None):
        self._features = FeatureUnits(X, sample_weight, model.primary.monomials)
        self._degree = model.readout.degree
        self._unit = unit
        self._shift = np.zeros(model.n_outputs) if shift is None else shift

    def targets(self, y):
        """The targets themselves."""
        return y

    def weights(self, sample_weight):
        """Weights of the samples, as a column."""
        return sample_weight[:, np.newaxis]

    def start(self, model, theta):
        """Coordinates of logits of order 1, constant features without influence.

        From larger ones training may end at once, in classes that are certain.
        """
        primary, secondary = np.split(theta, [model.primary.size])
        primary = self._features.silence_constants(model.primary, primary)
        secondary = model.readout.scaled(secondary, 1.0 / self._unit)
        return np.concatenate([primary, secondary])

    def to_user(self, parameters):
        """Parameters that give logits from the user's features.

        Intercepts of more than two classes get a sum of zero: a softmax does not see
        it, and the training leaves it open.
        """
        matrices, observables, intercept = parameters
        intercept = intercept * self._unit + self._shift
        if len(intercept) > 1:
            intercept = intercept - np.mean(intercept)
        unit = np.full(len(intercept), self._unit)
        return Parameters(
            self._features.to_user(matrices),
            rescaled(observables, unit, self._degree),
            intercept,
        )

    def to_standard(self, parameters):
        """Inverse of :meth:`to_user`."""
        matrices, observables, intercept = parameters
        unit = np.full(len(intercept), self._unit)
        return Parameters(
            self._features.to_standard(matrices),
            rescaled(observables, 1.0 / unit, self._degree),
            (intercept - self._shift) / unit,
        )


class ImageUnits:
    """None: ratios of pixels have no units, and logits are outputs."""

    origin = ()

    def start(self, model, theta):
        """The coordinates as they are."""
        return theta

    def to_user(self, parameters):
        """The parameters as they are."""
        return parameters

    def to_standard(self, parameters):
        """The parameters as they are."""
        return parameters


def _are_far(mean, deviation, degree):
    """Whether too many digits of the highest power of a feature cancel."""
    unit = np.where(deviation > 0, np.sqrt(3.0) * deviation, np.inf)
    return degree * np.log10(1.0 + np.abs(mean / unit)) > _MOST_DIGITS


def moments(name, columns, weight):
    """Weighted mean and standard deviation; exactly 0 where a column is constant.

    Deviations are divided by the largest one before they are squared, so that
    units however small or large neither underflow nor overflow.
    """
    size = np.max(np.abs(columns), axis=0)
    _refuse(name, "values up to", "divide", size, size > _LARGEST)
    weight = weight / weight.sum()
    smallest, greatest = np.min(columns, axis=0), np.max(columns, axis=0)
    # Not from the mean, whose rounding errors grow with the number of samples.
    is_constant = greatest - smallest <= _CONSTANT * size
    mean = np.where(is_constant, 0.5 * (smallest + greatest), weight @ columns)
    centred = columns - mean
    largest = np.max(np.abs(centred), axis=0)
    # Old NumPy reports an overflow in divisions by denormal numbers.
    divisor = np.where(is_constant, 1.0, np.maximum(largest, _TINY))
    deviation = np.sqrt(weight @ (centred / divisor) ** 2) * divisor
    deviation = np.where(is_constant, 0.0, deviation)
    is_tiny = (deviation > 0) & (deviation < _SMALLEST)
    _refuse(name, "standard deviation", "multiply", deviation, is_tiny)
    return mean, deviation


def _refuse(name, what, remedy, values, is_bad):
    """Raise for the first of the columns that are bad."""
    for column in np.flatnonzero(is_bad):
        raise ValueError(
            f"{name} has {what} {values[column]:.3g} in column {column}, beyond "
            f"{_SMALLEST:g} to {_LARGEST:g}: choose other units, that is {remedy} "
            f"the column by a power of ten, or remove it."
        )
