"""Parametric matrix models as scikit-learn estimators."""

from ._regressor import PMMRegressor
from ._version import __version__

__all__ = ["PMMRegressor", "__version__"]
