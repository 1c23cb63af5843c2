"""Units of parameters, times and observables, and how matrices absorb them."""

import numpy as np

from ..model import Parameters
from .units import FeatureUnits, Units, moments


class TimedFeatureUnits:
    """Units of features of which the last is a time.

    Energies are in units of the inverse of the longest time.

    Parameters
    ----------
    of_parameters : FeatureUnits
        Those of the other features.
    n_monomials : int
        Number of functions of these.
    longest : float
        The unit of time.
    """

    origin = ()

    def __init__(self, of_parameters, n_monomials, longest):
        self._of_parameters, self._longest = of_parameters, longest
        self._n_monomials = n_monomials
        self.shift = np.append(of_parameters.shift, 0.0)
        self.scale = np.append(of_parameters.scale, longest)

    def values(self, X):
        """Features of the standardised problem."""
        return np.column_stack(
            [self._of_parameters.values(X[:, :-1]), X[:, -1] / self._longest]
        )

    def silence_constants(self, primary, theta):
        """As of `FeatureUnits`."""
        return self._of_parameters.silence_constants(primary, theta)

    def to_user(self, matrices):
        """Matrices for the user's features; that of a decay is the last one."""
        return self._changed(self._of_parameters.to_user, matrices) / self._longest

    def to_standard(self, matrices):
        """Inverse of :meth:`to_user`."""
        return self._changed(self._of_parameters.to_standard, matrices) * self._longest

    def _changed(self, change, matrices):
        """Matrices of which those that multiply parameters are in other units."""
        own, decay = np.split(matrices, [self._n_monomials])
        return np.concatenate([change(own), decay])


class DynamicsUnits(Units):
    r"""Times in units of the longest one, and energies in units of its inverse.

    The other features are scaled to about [-1, 1]; their zero is where the initial
    state is an eigenstate, if that is known.  Each observable has a unit of its own,
    :math:`s O + m`, without ``m`` if states decay: the expectation value of a constant
    is no constant then.  Probabilities are numbers already.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Features, the time last.
    y, weight : ndarray of shape (n_samples, n_outputs)
        Targets, and their non-negative weights.
    model : PMM
        From `dynamics_pmm`.
    quench_from : sequence of float of length n_features - 1, optional
        Parameters at which the initial state is an eigenstate.

    Attributes
    ----------
    spread : ndarray of shape (n_outputs,)
        Standard deviation of the targets, one for all columns of an observable.
    """

    def __init__(self, X, y, weight, model, quench_from=None):
        monomials = model.primary.monomials.of_parameters
        zero = np.zeros(X.shape[1] - 1)
        if quench_from is not None:
            zero = np.array(quench_from)
        of_parameters = FeatureUnits(
            X[:, :-1] - zero,
            weight.max(axis=1),
            monomials,
            centre=quench_from is None,
            may_count_from_mean=False,
        )
        of_parameters.shift = of_parameters.shift + zero
        longest = np.max(np.abs(X[:, -1])) or 1.0
        self._features = TimedFeatureUnits(of_parameters, monomials.size, longest)
        readout = model.readout
        n_names = len(readout.names)
        self._shifts, self._scales = np.zeros(n_names), np.ones(n_names)
        self._target_shift = np.zeros(readout.n_outputs)
        self._target_scale = np.ones(readout.n_outputs)
        self.spread = np.ones(readout.n_outputs)
        for column in [*readout.columns("survival"), *readout.columns("norm")]:
            _, deviation = _moments(y, weight, [column])
            self.spread[column] = deviation or 1.0
        for name in range(n_names):
            columns = readout.columns("expectation", name)
            shift, deviation = _moments(y, weight, columns)
            shift = 0.0 if model.selection is None else shift
            self._shifts[name], self._scales[name] = shift, deviation or 1.0
            self._target_shift[columns] = shift
            self._target_scale[columns] = self.spread[columns] = self._scales[name]

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
        """Coordinates in which features that are constant have no influence."""
        return self._silenced(model, theta)

    def to_user(self, parameters):
        """Parameters that give the user's targets from the user's features."""
        matrices, observables, intercept = parameters
        matrices = self._features.to_user(matrices)
        identity = np.eye(matrices.shape[-1])
        observables = observables * _each(self._scales) + _each(self._shifts) * identity
        return Parameters(matrices, observables, intercept)

    def to_standard(self, parameters):
        """Inverse of :meth:`to_user`."""
        matrices, observables, intercept = parameters
        matrices = self._features.to_standard(matrices)
        shifts = _each(self._shifts) * np.eye(matrices.shape[-1])
        observables = (observables - shifts) / _each(self._scales)
        return Parameters(matrices, observables, intercept)


def _each(numbers):
    return numbers[:, np.newaxis, np.newaxis]


def _moments(y, weight, columns):
    """Mean and standard deviation of all values of some columns."""
    values, weights = y[:, columns].ravel(), weight[:, columns].ravel()
    used = weights > 0
    mean, deviation = moments("y", values[used, np.newaxis], weights[used])
    return mean[0], deviation[0]
