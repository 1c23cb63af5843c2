"""Units of energies and observables, and how matrices absorb them."""

import numpy as np

from ..model import Parameters
from .units import Units, moments


class SpectrumUnits(Units):
    r"""Scaling of features, and of targets that are properties of a spectrum.

    All energies have one unit, because they are eigenvalues of one matrix: levels
    become :math:`(E - m) / s` and gaps :math:`\Delta E / s`, which the model of the
    standardised data absorbs as :math:`s H + m`.  Slopes are in units of :math:`s / h`,
    with the unit ``h`` of their feature, and count like changes of energies over it.
    Each observable has a unit of its own, :math:`s_O O + m_O`, and transition
    probabilities are in units of :math:`s_O^2`.

    Parameters
    ----------
    features : FeatureUnits or TimeUnits
        Scaling of the features.
    readout : SpectrumReadout
        What the targets are.
    y : ndarray of shape (n_samples, n_outputs)
        Targets.
    weight : ndarray of shape (n_samples, n_outputs)
        Non-negative weights, some of every column positive.
    energy_scale : float, optional
        The unit ``s``; by default the standard deviation of all levels, or the largest
        gap; without them, what slopes make of the units of their features.

    Attributes
    ----------
    spread : ndarray of shape (n_outputs,)
        Standard deviation of the targets: one for all energies, which over the unit of
        a feature is that of slopes, one for the expectation values of each observable,
        one for its transitions.
    """

    def __init__(self, features, readout, y, weight, energy_scale=None):
        self._features = features
        self._readout = readout
        n_names = len(readout.names)
        self._energy_shift, self._energy_scale = 0.0, 1.0
        self._shifts, self._scales = np.zeros(n_names), np.ones(n_names)
        self.spread = np.ones(readout.n_outputs)
        self._slopes = readout.slopes.columns
        self._slope_units = 1.0 / features.scale[readout.slopes.features]
        self._fit_energies(y, weight, energy_scale)
        for name in range(n_names):
            self._fit_observable(name, y, weight)
        self._target_shift, self._target_scale = self._of_targets()

    def numbers(self):
        """All that was found in the data: dict of arrays and numbers."""
        objects = "_features", "_readout"
        return {name: v for name, v in vars(self).items() if name not in objects}

    @classmethod
    def from_numbers(cls, features, readout, numbers):
        """The same units again, from their :meth:`numbers`."""
        units = cls.__new__(cls)
        vars(units).update(numbers, _features=features, _readout=readout)
        return units

    def _fit_energies(self, y, weight, given_scale):
        levels, gaps = self._readout.columns("level"), self._readout.columns("gap")
        columns = [*levels, *gaps]
        scale = spread = 0.0
        if columns:
            spread = moments_of_group(y, weight, columns)[2]
        if levels:
            self._energy_shift, scale, _ = moments_of_group(y, weight, levels)
        if gaps:
            # Matrices have to be as large, however little their levels vary.
            scale = max(scale, _largest(y, weight, gaps))
        if scale == 0 and self._slopes.size:
            scale = self._change(y, weight)
        self._energy_scale = scale or 1.0
        spread = spread or self._energy_scale
        self.spread[columns] = spread
        self.spread[self._slopes] = spread * self._slope_units
        self._energy_scale = given_scale or self._energy_scale

    def _change(self, y, weight):
        """How much levels change over the units of the features, if slopes tell."""
        changes = np.where(weight > 0, y, 0.0)[:, self._slopes] / self._slope_units
        largest = np.max(np.abs(changes))
        if largest == 0:
            return 0.0
        squares = np.sum(weight[:, self._slopes] * (changes / largest) ** 2, axis=0)
        means = squares / weight[:, self._slopes].sum(axis=0)
        return largest * np.sqrt(np.mean(means))

    def _fit_observable(self, name, y, weight):
        values = self._readout.columns("observable", name)
        transitions = self._readout.columns("transition", name)
        if values:
            shift, scale, spread = moments_of_group(y, weight, values)
            self._shifts[name], self._scales[name] = shift, scale or 1.0
            self.spread[values] = spread or self._scales[name]
        if transitions:
            spread = moments_of_group(y, weight, transitions)[2]
            largest = _largest(y, weight, transitions)
            if not values:
                self._scales[name] = np.sqrt(largest) or 1.0
            self.spread[transitions] = spread or largest or self._scales[name] ** 2

    def _of_targets(self):
        """Shift and scale of every column of ``y``."""
        shift, scale = np.zeros(self.spread.size), np.ones(self.spread.size)
        shift[self._readout.columns("level")] = self._energy_shift
        for kind in ("level", "gap"):
            scale[self._readout.columns(kind)] = self._energy_scale
        scale[self._slopes] = self._energy_scale * self._slope_units
        for name, unit in enumerate(self._scales):
            values = self._readout.columns("observable", name)
            shift[values], scale[values] = self._shifts[name], unit
            scale[self._readout.columns("transition", name)] = unit**2
        return shift, scale

    def targets(self, y):
        """Targets of the standardised problem."""
        return (y - self._target_shift) / self._target_scale

    @property
    def target_shift(self):
        """Zero of each target."""
        return self._target_shift

    @property
    def target_scale(self):
        """Unit of each target."""
        return self._target_scale

    def weights(self, weight):
        """Weights of its squared residuals: errors count in units of the spread."""
        return weight * (self._target_scale / self.spread) ** 2

    def start(self, model, theta):
        """Coordinates in which features that are constant have no influence."""
        return self._silenced(model, theta)

    def to_user(self, parameters):
        """Parameters that give the user's targets from the user's features."""
        matrices, observables, intercept = parameters
        matrices = self._features.to_user(matrices) * self._energy_scale
        matrices[0] += self._energy_shift * np.eye(matrices.shape[-1])
        identity = np.eye(matrices.shape[-1])
        observables = observables * _each(self._scales) + _each(self._shifts) * identity
        return Parameters(matrices, observables, intercept)

    def to_standard(self, parameters):
        """Inverse of :meth:`to_user`."""
        matrices, observables, intercept = parameters
        matrices = self.matrices_to_standard(matrices)
        identity = np.eye(matrices.shape[-1])
        observables = (observables - _each(self._shifts) * identity) / _each(
            self._scales
        )
        return Parameters(matrices, observables, intercept)

    def matrices_to_standard(self, matrices):
        """Primary matrices of the standardised problem, as they act there."""
        shifted = matrices.copy()
        shifted[0] -= self._energy_shift * np.eye(matrices.shape[-1])
        return self._features.to_standard(shifted) / self._energy_scale


class TimeUnits:
    """Time steps in units of the longest, energies in units of its inverse.

    The matrices multiply the time step, so that the unit of energy does it all.
    """

    origin = ()

    def __init__(self, longest):
        self.shift, self.scale = np.zeros(1), np.array([longest])

    def values(self, X):
        """Time steps in these units."""
        return X / self.scale

    def silence_constants(self, primary, theta):
        """The coordinates as they are: no matrix belongs to a constant feature."""
        return theta

    def to_user(self, matrices):
        """The matrices as they are: energies have another unit."""
        return matrices

    def to_standard(self, matrices):
        """The matrices as they are."""
        return matrices


def _each(numbers):
    return numbers[:, np.newaxis, np.newaxis]


def moments_of_group(y, weight, columns):
    """Mean, standard deviation, and standard deviation within columns of a group."""
    sums, means, deviations = [], [], []
    for column in columns:
        used = weight[:, column] > 0
        mean, deviation = moments(
            "y", y[used, column, np.newaxis], weight[used, column]
        )
        sums.append(weight[used, column].sum())
        means.append(mean[0])
        deviations.append(deviation[0])
    fractions = np.array(sums) / np.sum(sums)
    mean, between = moments("y", np.array(means)[:, np.newaxis], fractions)
    largest = max(deviations) or 1.0
    within = np.sqrt(fractions @ (np.array(deviations) / largest) ** 2) * largest
    return mean[0], np.hypot(between[0], within), within


def _largest(y, weight, columns):
    return np.max(np.abs(np.where(weight > 0, y, 0.0)[:, columns]))
