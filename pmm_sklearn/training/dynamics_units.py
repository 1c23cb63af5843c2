"""Units of parameters, times and observables, and how matrices absorb them."""

import numpy as np

from ..model import Parameters
from .units import FeatureUnits, moments


class DynamicsUnits:
    r"""Times in units of the longest one, and energies in units of its inverse.

    The other features are scaled to about [-1, 1]; their zero is where the initial
    state is an eigenstate, if that is known.  Each observable has a unit of its own,
    :math:`s O + m`; survival probabilities are numbers already.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Features, the time last.
    y, weight : ndarray of shape (n_samples, n_outputs)
        Targets, and their non-negative weights.
    model : PMM
        From `dynamics_pmm`.
    quench_from : ndarray of shape (n_features - 1,), optional
        Parameters at which the initial state is an eigenstate.

    Attributes
    ----------
    spread : ndarray of shape (n_outputs,)
        Standard deviation of the targets, one for all columns of an observable.
    """

    def __init__(self, X, y, weight, model, quench_from=None):
        monomials = model.primary.monomials.of_parameters
        zero = np.zeros(X.shape[1] - 1) if quench_from is None else quench_from
        self._features = FeatureUnits(
            X[:, :-1] - zero,
            weight.max(axis=1),
            monomials,
            centre=quench_from is None,
            may_count_from_mean=False,
        )
        self._features.shift = self._features.shift + zero
        self._longest = np.max(np.abs(X[:, -1])) or 1.0
        readout = model.readout
        n_names = len(readout.names)
        self._shifts, self._scales = np.zeros(n_names), np.ones(n_names)
        self._target_shift = np.zeros(readout.n_outputs)
        self._target_scale = np.ones(readout.n_outputs)
        self.spread = np.ones(readout.n_outputs)
        for column in readout.columns("survival"):
            _, deviation = _moments(y, weight, [column])
            self.spread[column] = deviation or 1.0
        for name in range(n_names):
            columns = readout.columns("expectation", name)
            shift, deviation = _moments(y, weight, columns)
            self._shifts[name], self._scales[name] = shift, deviation or 1.0
            self._target_shift[columns] = shift
            self._target_scale[columns] = self.spread[columns] = self._scales[name]

    def features(self, X):
        """Features of the standardised problem."""
        parameters = self._features.values(X[:, :-1])
        return np.column_stack([parameters, X[:, -1] / self._longest])

    def targets(self, y):
        """Targets of the standardised problem."""
        return (y - self._target_shift) / self._target_scale

    @property
    def feature_units(self):
        """Zero and unit of each feature."""
        shift = np.append(self._features.shift, 0.0)
        return shift, np.append(self._features.scale, self._longest)

    @property
    def origin(self):
        """Zero: features count from there."""
        return self._features.origin

    @property
    def target_scale(self):
        """Unit of each target."""
        return self._target_scale

    def weights(self, weight):
        """Weights of its squared residuals: errors count in units of the spread."""
        return weight * (self._target_scale / self.spread) ** 2

    def start(self, model, theta):
        """Coordinates in which features that are constant have no influence."""
        primary, secondary = np.split(theta, [model.primary.size])
        primary = self._features.silence_constants(model.primary, primary)
        return np.concatenate([primary, secondary])

    def to_user(self, parameters):
        """Parameters that give the user's targets from the user's features."""
        matrices, observables, intercept = parameters
        matrices = self._features.to_user(matrices) / self._longest
        identity = np.eye(matrices.shape[-1])
        observables = observables * _each(self._scales) + _each(self._shifts) * identity
        return Parameters(matrices, observables, intercept)

    def to_standard(self, parameters):
        """Inverse of :meth:`to_user`."""
        matrices, observables, intercept = parameters
        matrices = self._features.to_standard(matrices) * self._longest
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
