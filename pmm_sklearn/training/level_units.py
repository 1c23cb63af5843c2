"""Units of problems whose outputs are levels."""

from abc import abstractmethod

import numpy as np

from ..model import Parameters
from .units import FeatureUnits, Units, moments

# Of the classes that samples have, where training starts.
_FIRST_LOGITS = 2.0


class UnitsOfLevels(Units):
    r"""Scaling of features, and of outputs that are levels of a matrix each.  Abstract.

    The level of :math:`s H + m` is an output in the units of the user.
    """

    def _prepare(self, X, sample_weight, model, shift, scale):
        """Set the attributes that all have, ``m`` and ``s`` given for each output."""
        self._features = FeatureUnits(X, sample_weight, model.primary.monomials)
        self._shift, self._scale = shift, scale
        self._blocks = np.array(model.block_sizes)

    @abstractmethod
    def first_outputs(self, targets):
        """What outputs of a start come near to, from standardised targets."""

    def weights(self, sample_weight):
        """Weights of the samples, as a column."""
        return sample_weight[:, np.newaxis]

    def start(self, model, theta):
        """Coordinates in which features that are constant have no influence."""
        return self._silenced(model, theta)

    def to_user(self, parameters):
        """Parameters that give the user's targets from the user's features."""
        matrices = self._features.to_user(parameters.matrices) * self._rows(self._scale)
        matrices[0] += np.diag(np.repeat(self._shift, self._blocks))
        return Parameters(matrices, *parameters[1:])

    def to_standard(self, parameters):
        """Inverse of :meth:`to_user`."""
        matrices, *others = parameters
        matrices = matrices.copy()
        matrices[0] -= np.diag(np.repeat(self._shift, self._blocks))
        matrices = self._features.to_standard(matrices) / self._rows(self._scale)
        return Parameters(matrices, *others)

    def _rows(self, numbers):
        """A number for each row of the matrices, whose blocks are the outputs."""
        return np.repeat(numbers, self._blocks)[:, np.newaxis]


class LevelUnits(UnitsOfLevels):
    r"""Those of a regression.

    Targets become :math:`(y - m) / s` as by `TargetUnits`.

    Parameters
    ----------
    X, y, sample_weight, model
        As for `TargetUnits`; the model is one of `level_pmm`.
    """

    def __init__(self, X, y, sample_weight, model):
        shift, deviation = moments("y", y, sample_weight)
        self._is_constant = deviation == 0
        scale = np.where(self._is_constant, 1.0, deviation)
        self._prepare(X, sample_weight, model, shift, scale)

    def targets(self, y):
        """Targets of the standardised problem; zeros for a constant."""
        return np.where(self._is_constant, 0.0, (y - self._shift) / self._scale)

    def first_outputs(self, targets):
        """The targets."""
        return targets

    @property
    def target_scale(self):
        """Unit of each target."""
        return self._scale


class LevelLogitUnits(UnitsOfLevels):
    """Those of logits.

    Parameters
    ----------
    X, y, sample_weight, model, unit, shift
        As for `LogitUnits`; the model is one of `level_pmm`.
    """

    def __init__(self, X, y, sample_weight, model, unit=1.0, shift=None):
        shift = np.zeros(model.n_outputs) if shift is None else shift
        self._prepare(X, sample_weight, model, shift, np.full(model.n_outputs, unit))

    def targets(self, y):
        """The targets themselves."""
        return y

    def first_outputs(self, targets):
        """Logits of classes that are likely, as outputs of the standardised problem."""
        return _FIRST_LOGITS * (2.0 * targets - 1.0) / self._scale
