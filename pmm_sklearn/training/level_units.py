"""Units of outputs that are levels, which their matrices absorb."""

import numpy as np

from ..model import Parameters
from .units import FeatureUnits, Units, moments


class LevelUnits(Units):
    r"""Scaling of features, and of targets that are levels of a matrix each.

    Targets become :math:`(y - m) / s` as by `TargetUnits`, of which the level of
    :math:`s H + m` is that in the units of the user.

    Parameters
    ----------
    X, y, sample_weight, model
        As for `TargetUnits`; the model is one of `level_pmm`.
    """

    def __init__(self, X, y, sample_weight, model):
        self._features = FeatureUnits(X, sample_weight, model.primary.monomials)
        self._shift, deviation = moments("y", y, sample_weight)
        self._is_constant = deviation == 0
        self._scale = np.where(self._is_constant, 1.0, deviation)
        self._blocks = np.array(model.block_sizes)

    def targets(self, y):
        """Targets of the standardised problem; zeros for a constant."""
        return np.where(self._is_constant, 0.0, (y - self._shift) / self._scale)

    @property
    def target_scale(self):
        """Unit of each target."""
        return self._scale

    def weights(self, sample_weight):
        """Weights of the squared residuals of the standardised problem."""
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
