"""Parametric matrix models as scikit-learn estimators."""

from ._classifier import PMMClassifier
from ._eigenvector_continuation import EigenvectorContinuation
from ._emulator import PMMEmulator
from ._evolution_emulator import EvolutionEmulator
from ._image_classifier import PMMImageClassifier
from ._learned_features import LearnedFeatures
from ._regressor import PMMRegressor
from ._unitary_emulator import UnitaryPMMEmulator
from ._version import __version__
from .model.losses import PointwiseLoss

__all__ = [
    "EigenvectorContinuation",
    "EvolutionEmulator",
    "LearnedFeatures",
    "PMMClassifier",
    "PMMEmulator",
    "PMMImageClassifier",
    "PMMRegressor",
    "PointwiseLoss",
    "UnitaryPMMEmulator",
    "__version__",
]
