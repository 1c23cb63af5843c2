"""Parametric matrix models as layers of PyTorch.

Needs PyTorch, ``pip install "pmm_sklearn[torch]"``, and is imported by name only.
"""

try:
    import torch as _torch  # noqa: F401
except ImportError as error:
    raise ImportError(
        'pmm_sklearn.torch needs PyTorch: pip install "pmm_sklearn[torch]".'
    ) from error

from ._conv_classifier import ConvPMMClassifier
from ._convolution import ConvPMM, GramHermitian
from ._estimators import from_estimator, to_estimator
from ._layers import (
    AffineHermitian,
    DensityMatrix,
    Eigenstates,
    MonomialFeatures,
    PMMLayer,
    States,
)
from ._matrices import HermitianParameter
from ._mean import MeanLayer
from ._readouts import (
    DensityReadout,
    ExpectationReadout,
    SpectrumReadout,
    TransitionReadout,
)

__all__ = [
    "AffineHermitian",
    "ConvPMM",
    "ConvPMMClassifier",
    "DensityMatrix",
    "DensityReadout",
    "Eigenstates",
    "ExpectationReadout",
    "GramHermitian",
    "HermitianParameter",
    "MeanLayer",
    "MonomialFeatures",
    "PMMLayer",
    "SpectrumReadout",
    "States",
    "TransitionReadout",
    "from_estimator",
    "to_estimator",
]
