"""Units where outputs are functions of a spectrum, which stay in the user's units."""

from functools import partial

import numpy as np

from ..model import ColumnUnits, Monomials, Parameters, SpectrumReadout
from ..model.functions import Column, Log, Point
from .function_arguments import arguments_of, check_function
from .spectrum_units import SpectrumUnits, moments_of_group
from .units import Units

# Of random matrices at the start, over the spread of the levels.
_RANDOM = 0.3
_MOST_HALVINGS = 20


def units_of(structure, features, data):
    """Units of the targets of an emulator.

    Parameters
    ----------
    structure : SpectrumStructure
        What the targets are.
    features : FeatureUnits
        Scaling of the features.
    data : SpectrumData
        Features, targets and weights.

    Returns
    -------
    SpectrumUnits or FunctionUnits
        The latter if targets are functions of a spectrum.
    """
    readout = structure.fitted_model().readout
    kind = FunctionUnits if structure.functions else SpectrumUnits
    return kind(features, readout, data.y, data.weight)


def units_from(features, readout, numbers):
    """The same again from their ``numbers()``."""
    kind = SpectrumUnits if isinstance(readout, SpectrumReadout) else FunctionUnits
    return kind.from_numbers(features, readout, numbers)


class FunctionUnits(Units):
    r"""Scaling of features, levels, matrix elements and strengths.

    Levels and matrix elements have the units that `SpectrumUnits` would give them, from
    targets that they are themselves or that are functions of them.  Functions are of
    the user's columns, so that widths, energies and powers need no units; only
    residuals count in units of the spread of each target, which all energies of a curve
    share.

    Parameters
    ----------
    features : FeatureUnits
        Scaling of the features.
    readout : ComposedReadout
        What the targets are.
    y : ndarray of shape (n_samples, n_outputs)
        Targets.
    weight : ndarray of shape (n_samples, n_outputs)
        Non-negative weights, some of every column positive.

    Attributes
    ----------
    column_units : ColumnUnits
        Of levels, matrix elements and strengths.
    spread : ndarray of shape (n_outputs,)
        Standard deviation of the targets.
    """

    def __init__(self, features, readout, y, weight):
        self._features, self._readout = features, readout
        found = arguments_of(readout, y, weight)
        self._check(found)
        self._spectrum = SpectrumUnits(
            features, readout.spectrum, found.columns, found.weight
        )
        self._units = np.array([own.strength for own in found.curves])
        self._levels = None
        if found.curves:
            self._levels = np.average(found.columns, axis=0, weights=_any(found.weight))
        self.column_units = self._units_of_columns(found.curves)
        self._fit_targets(y, weight)

    def _units_of_columns(self, curves):
        parts = self._readout.strengths.values()
        scales = [self._spectrum.target_scale]
        for part, unit in zip(parts, self._units, strict=True):
            scales.append(np.full(part.strengths.stop - part.strengths.start, unit))
        n_strengths = sum(map(len, scales[1:]))
        widths = [
            curve.width
            for part, curve in zip(parts, curves, strict=True)
            if isinstance(part.width, int)
        ]
        shift = np.concatenate([self._spectrum.target_shift, np.zeros(n_strengths)])
        return ColumnUnits(shift, np.concatenate(scales), np.log(np.array(widths)))

    def _fit_targets(self, y, weight):
        """Shift, scale and spread of every column of ``y``."""
        n_outputs = y.shape[1]
        self._target_shift, self._target_scale = np.zeros(n_outputs), np.ones(n_outputs)
        self.spread = np.ones(n_outputs)
        outputs, columns = [], []
        for own, function in self._readout.functions:
            if isinstance(function, Column):
                outputs.append(own.start)
                columns.append(function.column)
                continue
            within = moments_of_group(y, weight, range(own.start, own.stop))[2]
            self.spread[own] = within or np.max(np.abs(y[:, own])) or 1.0
        if outputs:
            self._target_shift[outputs] = self._spectrum.target_shift[columns]
            self._target_scale[outputs] = self._spectrum.target_scale[columns]
            told = [self._readout.spectrum.outputs[column] for column in columns]
            readout = SpectrumReadout(told, self._readout.block_sizes)
            own = y[:, outputs], weight[:, outputs]
            self.spread[outputs] = SpectrumUnits(self._features, readout, *own).spread

    def _check(self, found):
        """Raise unless functions of users are usable where the data are."""
        n_samples, n_plain = found.columns.shape
        strengths = np.ones((n_samples, self._readout.n_columns - n_plain))
        widths = np.ones((n_samples, len(self._readout.widths)))
        at = Point(np.hstack([found.columns, strengths]), widths)
        for own, function in self._readout.functions:
            check_function(function, at)
            if isinstance(function, Log) and isinstance(function.other, Column):
                column = function.other.column
                is_bad = (found.weight[:, column] > 0) & (found.columns[:, column] <= 0)
                if np.any(is_bad):
                    value = found.columns[is_bad, column][0]
                    raise ValueError(
                        f"targets has a Log, in column {own.start} of y, of what is "
                        f"{value:.6g} in another column: a logarithm needs positive "
                        f"values, as those of a Gap; take the target itself."
                    )

    def numbers(self):
        """All that was found in the data: dict of arrays and numbers."""
        objects = "_features", "_readout", "_spectrum"
        told = {name: v for name, v in vars(self).items() if name not in objects}
        return {**told, "spectrum": self._spectrum.numbers()}

    @classmethod
    def from_numbers(cls, features, readout, numbers):
        """The same units again, from their :meth:`numbers`."""
        units = cls.__new__(cls)
        numbers = dict(numbers)
        own = numbers.pop("spectrum")
        vars(units).update(
            numbers,
            _features=features,
            _readout=readout,
            _spectrum=SpectrumUnits.from_numbers(features, readout.spectrum, own),
        )
        return units

    def targets(self, y):
        """Targets of the standardised problem."""
        return (y - self._target_shift) / self._target_scale

    @property
    def target_scale(self):
        """Unit of each target."""
        return self._target_scale

    def weights(self, weight):
        """Weights of its squared residuals: errors count in units of the spread."""
        return weight * (self._target_scale / self.spread) ** 2

    def start(self, model, theta):
        """Coordinates with levels and strengths of the mean curve, if there is one.

        From elsewhere functions may have no values: then matrices are halved.
        """
        theta = self._silenced(model, theta)
        if self._levels is not None:
            theta = self._silenced(model, self._from_curves(model, theta))
        side = np.eye(len(self._features.scale))
        corners = np.vstack([0.0 * side[:1], side, -side])
        for _ in range(_MOST_HALVINGS):
            if np.all(np.isfinite(model.predict(model.split(theta), corners))):
                break
            theta = 0.5 * theta
        return theta

    def _from_curves(self, model, theta):
        """Diagonal matrices of the levels, and a part of random ones."""
        matrices, observables, constants = model.split(theta)
        size = np.sqrt(np.mean(np.abs(matrices) ** 2)) or 1.0
        matrices = _RANDOM / size / np.sqrt(model.primary.side) * matrices
        index = np.arange(model.primary.side)
        matrices[0, index, index] = self._diagonal()
        vectors, widths = np.split(constants, [self._readout.vectors.size])
        vectors = self._readout.vectors.ones(vectors)
        constants = np.concatenate([vectors, 0.0 * widths])
        return model.join(Parameters(matrices, observables, constants))

    def _diagonal(self):
        """Levels of all states: those of no curve lie outside of these."""
        units = self._spectrum
        levels = (self._levels - units.target_shift) / units.target_scale
        known = {}
        for level, (kind, _, pairs) in zip(
            levels, self._readout.spectrum.outputs, strict=True
        ):
            if kind == "level":
                known[_place(*pairs[0], self._readout.block_sizes)] = level
        places = np.array(sorted(known))
        values = np.array([known[place] for place in places])
        diagonal, start = [], 0
        for size in self._readout.block_sizes:
            own = (places >= start) & (places < start + size)
            ranks = np.arange(start, start + size)
            diagonal.append(_continued(ranks, places[own], values[own]))
            start += size
        return np.concatenate(diagonal)

    def to_user(self, parameters):
        """Parameters that give the user's targets from the user's features."""
        moved = self._spectrum.to_user(parameters)
        constants = self._readout.rescaled_constants(
            parameters.intercept, np.sqrt(self._units), self.column_units.log_widths
        )
        change = self._change(self._features.shift, self._features.scale)
        constants = self._readout.constants_in_other_units(constants, change)
        return moved._replace(intercept=constants)

    def to_standard(self, parameters):
        """Inverse of :meth:`to_user`."""
        moved = self._spectrum.to_standard(parameters)
        shift, scale = self._features.shift, self._features.scale
        change = self._change(-shift / scale, 1.0 / scale)
        constants = self._readout.constants_in_other_units(parameters.intercept, change)
        constants = self._readout.rescaled_constants(
            constants, 1.0 / np.sqrt(self._units), -self.column_units.log_widths
        )
        return moved._replace(intercept=constants)

    @staticmethod
    def _change(shift, scale):
        """Affine functions of features in other units, as a function."""
        return partial(Monomials(len(shift)).in_other_units, shift=shift, scale=scale)

    def matrices_to_standard(self, matrices):
        """Primary matrices of the standardised problem, as they act there."""
        return self._spectrum.matrices_to_standard(matrices)


def _any(weight):
    """Weights of samples that have any."""
    return weight.max(axis=1)


def _place(k, sector, block_sizes):
    """Where a level is among all; of all sectors together, in turn in each."""
    if sector is None:
        within = [(np.arange(size) + 0.5) / size for size in block_sizes]
        return int(np.argsort(np.concatenate(within), kind="stable")[k])
    return sum(block_sizes[:sector]) + k


def _continued(places, known, values):
    """Values at places, by straight lines through the known ones and beyond them."""
    if len(known) == 0:
        return np.zeros(len(places))
    slope = 1.0
    if len(known) > 1:
        slope = (values[-1] - values[0]) / (known[-1] - known[0])
    beyond = np.minimum(places - known[0], 0) + np.maximum(places - known[-1], 0)
    return np.interp(places, known, values) + slope * beyond
