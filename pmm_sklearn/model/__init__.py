"""The mathematics of parametric matrix models, with NumPy and SciPy only."""

from .eigensystem import SELECTIONS, Eigensystem
from .loss import SquaredError
from .objective import DualEquations, NormalEquations, Objective
from .penalty import NoisePenalty, RidgePenalty
from .pmm import PMM, Parameters
from .primary import AffineMatrix
from .readout import READOUTS, Expectation, Transition
from .structure import HermitianBasis

__all__ = [
    "PMM",
    "READOUTS",
    "SELECTIONS",
    "AffineMatrix",
    "DualEquations",
    "Eigensystem",
    "Expectation",
    "HermitianBasis",
    "NoisePenalty",
    "NormalEquations",
    "Objective",
    "Parameters",
    "RidgePenalty",
    "SquaredError",
    "Transition",
]
