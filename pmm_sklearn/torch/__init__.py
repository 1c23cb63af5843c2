"""PyTorch."""
from ._conv_classifier import ConvPMMClassifier
from ._convolution import ConvPMM, GramHermitian
from ._layers import (
    AffineHermitian,
    Eigenstates,
    ExpectationReadout,
    PMMLayer,
    TransitionReadout,
)
