r"""Outputs that are functions of the spectrum: curves, sums, functions of users.

Columns are what `SpectrumReadout` reads, and strengths of states.  They are functions
of the matrices, outputs are functions of them, and derivatives follow the chain rule.
"""

from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from .derivative_terms import DerivativeTerm
from .external_vectors import ExternalVectors
from .functions import Column, Custom, Log, Point, Strength, Sum
from .selection import states_of_strength
from .spectrum import SpectrumReadout


class ColumnUnits(NamedTuple):
    """Columns and widths of the user from those of a model in other units.

    Attributes
    ----------
    shift, scale : ndarray of shape (n_columns,)
        The user's columns are the model's times the scale, plus the shift.
    log_widths : ndarray of shape (n_widths,)
        Logarithms of the widths count from these.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import model as m
    >>> units = m.ColumnUnits(np.array([0.0]), np.array([10.0]), np.empty(0))
    >>> log = ("log", ("column", 0))
    >>> level = ("level", "", ((0, 0),))
    >>> readout = m.ComposedReadout([level], [log], (1,), "symmetric", 1, units)
    >>> system = m.Eigensystem(np.array([[[0.1]]]), readout.selection)
    >>> readout.forward(system, np.empty((0, 1, 1)), np.empty(0))[0]  # of 10 * 0.1
    array([[0.]])
    """

    shift: np.ndarray
    scale: np.ndarray
    log_widths: np.ndarray


class ComposedReadout:
    r"""Functions :math:`z = f(c_1, c_2, \dots)` of the columns of a spectrum.

    Parameters are the observables, and constants: external vectors and, not penalised,
    widths, whose logarithms are affine in the features or constant.

    Parameters
    ----------
    outputs : sequence of tuple (kind, name, levels)
        Columns that functions name by their numbers: see `SpectrumReadout`.
    functions : sequence of tuple
        What the outputs are, ``("column", number)``, ``("log", function)``,
        ``("custom", f, gradient, functions)``, ``("strength", name, energies, width,
        shape, vector, states, sector)`` or ``("sum", name, power, above)``.
    block_sizes : tuple of int
        Sides of the diagonal blocks ("sectors") of the primary matrix.
    matrix_type : {"hermitian", "symmetric"}
        Complex Hermitian or real symmetric observables, and complex or real vectors.
    n_features : int
        Number of features.
    units : ColumnUnits, optional
        Of the columns.  Outputs are in the user's units, but for columns themselves.

    Attributes
    ----------
    spectrum : SpectrumReadout
        The columns but strengths.
    vectors : ExternalVectors
        The strengths, columns after these.
    strengths : dict from str to StrengthPart
        Where those of each name are.
    functions : list of tuple (slice, function)
        Outputs and what they are.
    widths : list of int
        Numbers of constants of each width that is learned.

    Examples
    --------
    >>> import numpy as np
    >>> from pmm_sklearn import model as m
    >>> outputs = [("level", "", ((0, 0),))]
    >>> log = ("log", ("column", 0))
    >>> readout = m.ComposedReadout(outputs, [log], (2,), "symmetric", 1)
    >>> eigensystem = m.Eigensystem(np.diag([1.0, 4.0])[np.newaxis], readout.selection)
    >>> readout.forward(eigensystem, np.empty((0, 2, 2)), np.empty(0))[0]
    array([[0.]])
    """

    def __init__(
        self, outputs, functions, block_sizes, matrix_type, n_features, units=None
    ):
        self._n_features = n_features
        self.block_sizes = tuple(block_sizes)
        fields = [function for function in functions if function[0] == "strength"]
        states = [states_of_strength(*field[6:], block_sizes) for field in fields]
        levels = [("level", "", (pair,)) for own in states for pair in own]
        columns = list(dict.fromkeys([*outputs, *levels]))
        self.spectrum = SpectrumReadout(columns, block_sizes, matrix_type)
        self.selection, self.names = self.spectrum.selection, self.spectrum.names
        self.slope_features = self.spectrum.slope_features
        selected = self.selection.levels
        self.vectors = ExternalVectors(
            [[selected.index(pair) for pair in own] for own in states],
            [field[5] == "affine" for field in fields],
            sum(block_sizes),
            n_features,
            matrix_type == "hermitian",
        )
        self.n_columns = len(columns) + self.vectors.n_columns
        self._set_strengths(fields, states, columns)
        self.n_intercepts = sum(self.widths)
        self.n_constants = self.vectors.size + self.n_intercepts
        self.size = self.spectrum.size + self.n_constants
        self.reads_features = n_features if self.n_constants else 0
        self._set_functions(functions, columns)
        self.working_size = self.spectrum.working_size + self.n_outputs * self.n_columns
        self.working_size += self.vectors.n_columns * sum(block_sizes) ** 2
        ones, zeros = np.ones(self.n_columns), np.zeros(self.n_columns)
        self.units = units or ColumnUnits(zeros, ones, np.zeros(len(self.widths)))

    def _set_strengths(self, fields, states, columns):
        """Where columns of each field are, and which widths are learned."""
        self.strengths, self.widths = {}, []
        for field, own, part in zip(fields, states, self.vectors.columns, strict=True):
            _, name, _, width, shape, *_ = field
            number = len(self.widths) if isinstance(width, str) else float(width)
            if isinstance(width, str):
                self.widths.append(1 + self._n_features * (width == "affine"))
            self.strengths[name] = StrengthPart(
                np.array([columns.index(("level", "", (pair,))) for pair in own]),
                slice(len(columns) + part.start, len(columns) + part.stop),
                number,
                shape,
            )

    def _set_functions(self, functions, columns):
        """What the outputs are."""
        self.functions = list(self._numbered(functions))
        self.n_outputs = self.functions[-1][0].stop
        self.outputs = tuple(
            _told(function, columns)
            for function, (own, _) in zip(functions, self.functions, strict=True)
            for _ in range(own.start, own.stop)
        )

    def _numbered(self, functions):
        start = 0
        for described in functions:
            function = self.function(described)
            yield slice(start, start + function.n_outputs), function
            start += function.n_outputs

    def function(self, described):
        """The function that a tuple describes."""
        kind, *rest = described
        if kind == "column":
            return Column(*rest)
        if kind == "log":
            return Log(self.function(rest[0]))
        if kind == "custom":
            call, gradient, others = rest
            return Custom(call, gradient, [self.function(other) for other in others])
        part = self.strengths[rest[0]]
        if kind == "sum":
            _, power, above = rest
            if above is None:
                above = -np.inf if power >= 0 and float(power).is_integer() else 0.0
            return Sum(part.levels, part.strengths, power, above)
        return self.curve(*rest[:2])

    def curve(self, name, energies):
        """The strength function of a name at any energies."""
        part = self.strengths[name]
        energies = np.array(energies)
        return Strength(part.levels, part.strengths, energies, part.shape, part.width)

    def split(self, theta):
        """Observables of shape (n_names, n, n), and the constants."""
        own, constants = np.split(theta, [self.spectrum.size])
        return self.spectrum.split(own)[0], constants

    def join(self, observables, constants):
        """Inverse of :meth:`split`."""
        return np.concatenate([self.spectrum.join(observables, None), constants])

    def initial(self, random_state):
        """Standard normal coordinates, and widths where they count from."""
        theta = random_state.standard_normal(self.size)
        theta[self.size - self.n_intercepts :] = 0.0
        return theta

    def constants(self, observables):
        """Nothing: see :meth:`PMM.constants`."""
        return None

    def forward(self, eigensystem, observables, constants, _=None):
        """Outputs of shape (n_samples, n_outputs), and what derivatives need."""
        found = self.pass_of(eigensystem, observables, constants)
        outputs = np.empty((len(found.raw), self.n_outputs))
        for own, function in self.functions:
            if isinstance(function, Column):
                outputs[:, own] = found.raw[:, function.column, np.newaxis]
            else:
                outputs[:, own] = function.value(found.point)
        return outputs, found

    def pass_of(self, eigensystem, observables, constants):
        """Columns and widths: `_Pass`."""
        plain, saved = self.spectrum.forward(eigensystem, observables, None)
        coordinates, coefficients = np.split(constants, [self.vectors.size])
        strengths, of_vectors = self.vectors.forward(eigensystem, coordinates)
        raw = np.hstack([plain, strengths])
        inputs = np.ones((len(raw), 1 + self._n_features))
        if self.reads_features:
            inputs[:, 1:] = eigensystem.features
        own = [coefficients[a:b] for a, b in self._places]
        logs = np.empty((len(raw), len(own)))
        for j, part in enumerate(own):
            logs[:, j] = inputs[:, : len(part)] @ part
        widths = np.exp(logs + self.units.log_widths)
        point = Point(raw * self.units.scale + self.units.shift, widths)
        return _Pass(self, raw, point, inputs, own, saved, of_vectors)

    @cached_property
    def _places(self):
        """Where coefficients of each width begin and end."""
        ends = np.cumsum([0, *self.widths]).tolist()
        return list(pairwise(ends))

    def matrix_gradients(self, eigensystem, found):
        """Gradients of outputs by the primary matrix, (n_samples, n_outputs, n, n)."""
        plain = self.spectrum.matrix_gradients(eigensystem, found.saved)
        gradients = _contracted(found.slopes[:, :, : self.spectrum.n_outputs], plain)
        return gradients + self._of_strengths(eigensystem, found, found.slopes)

    def _of_strengths(self, eigensystem, found, slopes):
        """What strengths are to gradients, (n_samples, n_outputs, n, n)."""
        strengths = self.vectors.matrix_gradients(eigensystem, found.of_vectors)
        gradients = _contracted(slopes[:, :, self.spectrum.n_outputs :], strengths)
        parts = self.strengths.values()
        by_strengths = [slopes[:, :, part.strengths] for part in parts]
        by_levels = [slopes[:, :, part.levels] for part in parts]
        given = found.of_vectors, by_strengths, by_levels
        return gradients + self.vectors.close_pairs(eigensystem, *given)

    def summed_matrix_gradient(self, eigensystem, found, cotangents):
        """The same of weighted sums over the outputs of each sample."""
        columns = _pulled_back(found, cotangents)
        plain = columns[:, : self.spectrum.n_outputs]
        gradient = self.spectrum.summed_matrix_gradient(eigensystem, found.saved, plain)
        slopes = columns[:, np.newaxis]
        return gradient + self._of_strengths(eigensystem, found, slopes)[:, 0]

    def derivative_terms(self, found):
        """Gradients by derivatives of the primary matrix: `DerivativeTerm` tuples."""
        return [
            DerivativeTerm(
                term.feature,
                np.arange(self.n_outputs),
                _contracted(found.slopes[:, :, term.columns], term.gradients),
            )
            for term in self.spectrum.derivative_terms(found.saved)
        ]

    def gradient(self, theta, found, cotangents):
        r"""Gradient of :math:`\sum_{sk} c_{sk} z_{sk}`, shape (size,)."""
        columns = _pulled_back(found, cotangents)
        plain, strengths = np.split(columns, [self.spectrum.n_outputs], axis=1)
        own = theta[: self.spectrum.size]
        gradient = [self.spectrum.gradient(own, found.saved, plain)]
        of_vectors = self.vectors.jacobian(found.of_vectors, len(found.raw))
        gradient.append(np.einsum("sc,scp->p", strengths, of_vectors))
        gradient.append(np.einsum("sk,skp->p", cotangents, found.coefficient_slopes))
        return np.concatenate(gradient)

    def jacobian(self, theta, found, out):
        """Write the derivatives by these parameters, (n_samples, n_outputs, size)."""
        n_plain, size = self.spectrum.n_outputs, self.spectrum.size
        plain = np.empty((len(found.raw), n_plain, size))
        self.spectrum.jacobian(theta[:size], found.saved, out=plain)
        out[:, :, :size] = found.slopes[:, :, :n_plain] @ plain
        of_vectors = self.vectors.jacobian(found.of_vectors, len(found.raw))
        end = size + self.vectors.size
        out[:, :, size:end] = found.slopes[:, :, n_plain:] @ of_vectors
        out[:, :, end:] = found.coefficient_slopes

    def tangent(self, theta, found, direction):
        """Change of the outputs for a change of these parameters, (size,)."""
        size = self.spectrum.size
        plain = self.spectrum.tangent(theta[:size], found.saved, direction[:size])
        end = size + self.vectors.size
        strengths = (
            self.vectors.jacobian(found.of_vectors, len(found.raw))
            @ direction[size:end]
        )
        changes = np.hstack([plain, strengths])[:, :, np.newaxis]
        outputs = (found.slopes @ changes)[:, :, 0]
        return outputs + found.coefficient_slopes @ direction[end:]

    def feature_slopes(self, found):
        """Derivatives by features that vectors and widths depend on.

        The shape is (n_samples, n_outputs, n_features).
        """
        n_plain = self.spectrum.n_outputs
        shape = len(found.raw), self._n_features
        of_vectors = self.vectors.feature_slopes(found.of_vectors, shape)
        slopes = found.slopes[:, :, n_plain:] @ of_vectors
        for j, own in enumerate(found.coefficients):
            if len(own) > 1:
                slopes += found.log_width_slopes[:, :, j, np.newaxis] * own[1:]
        return slopes

    def rescaled_constants(self, constants, factors, steps):
        """Constants with each external vector times a factor, and moved log widths."""
        coordinates, coefficients = np.split(constants, [self.vectors.size])
        vectors = [
            factor * w
            for factor, w in zip(factors, self.vectors.split(coordinates), strict=True)
        ]
        moved = coefficients.copy()
        moved[[a for a, _ in self._places]] += steps
        return np.concatenate([self.vectors.join(vectors), moved])

    def constants_in_other_units(self, constants, change):
        """Constants of the same vectors and widths for features in other units.

        Parameters
        ----------
        constants : ndarray of shape (n_constants,)
            Of features in these units.
        change : callable
            ``change(coefficients)`` of affine functions, (1 + n_features, ...).
        """
        coordinates, coefficients = np.split(constants, [self.vectors.size])
        vectors = [
            change(w) if len(w) > 1 else w for w in self.vectors.split(coordinates)
        ]
        own = [coefficients[a:b] for a, b in self._places]
        widths = [change(part) if len(part) > 1 else part for part in own]
        return np.concatenate([self.vectors.join(vectors), *widths])


class StrengthPart(NamedTuple):
    """Columns of levels and strengths of a field, width or its number, and shape."""

    levels: np.ndarray
    strengths: slice
    width: float | int
    shape: str


class _Pass:
    """Columns at a batch of samples, and slopes of the outputs when asked for."""

    def __init__(self, readout, raw, point, inputs, coefficients, saved, of_vectors):
        self._readout = readout
        self.raw, self.point, self.coefficients = raw, point, coefficients
        self._inputs = inputs
        self.saved, self.of_vectors = saved, of_vectors

    @cached_property
    def _parts(self):
        readout = self._readout
        shape = len(self.raw), readout.n_outputs
        by_columns = np.zeros((*shape, readout.n_columns))
        by_widths = np.zeros((*shape, len(readout.widths)))
        for own, function in readout.functions:
            slopes = function.slopes(self.point)
            if isinstance(function, Column):
                by_columns[:, own] = slopes[0]
            else:
                by_columns[:, own] = slopes[0] * readout.units.scale
                by_widths[:, own] = slopes[1]
        return by_columns, by_widths

    @property
    def slopes(self):
        """Derivatives of outputs by columns in units of the model."""
        return self._parts[0]

    @cached_property
    def log_width_slopes(self):
        """Derivatives of outputs by logarithms of widths."""
        return self._parts[1] * self.point.widths[:, np.newaxis]

    @cached_property
    def coefficient_slopes(self):
        """Derivatives of outputs by the coefficients of the widths."""
        parts = [
            self.log_width_slopes[:, :, j, np.newaxis]
            * self._inputs[:, np.newaxis, : len(own)]
            for j, own in enumerate(self.coefficients)
        ]
        return np.concatenate(
            [np.empty((*self._parts[1].shape[:2], 0)), *parts], axis=2
        )


def _contracted(slopes, gradients):
    """Gradients of outputs from those of columns."""
    n_samples, _, side, _ = gradients.shape
    flat = slopes @ gradients.reshape(n_samples, -1, side * side)
    return flat.reshape(n_samples, -1, side, side)


def _pulled_back(found, cotangents):
    """Cotangents of the columns."""
    return np.einsum("sk,skc->sc", cotangents, found.slopes)


def _told(function, columns):
    """What an output is, if it is a column."""
    if function[0] == "column":
        return columns[function[1]]
    return function[0], "", ()
