"""The mathematics of parametric matrix models, with NumPy and SciPy only."""

from .eigensystem import Eigensystem
from .equations import DualEquations, NormalEquations
from .loss import SquaredError
from .objective import Objective
from .observables import LearnedOutputs, observable_pmm
from .penalty import NoisePenalty, RidgePenalty
from .pmm import PMM, Parameters
from .polynomial import Monomials
from .primary import AffineMatrix
from .readout import READOUTS, Expectation, Transition
from .states import SELECTIONS, Extremes, Levels
from .structure import HermitianSpace

__all__ = [
    "PMM",
    "READOUTS",
    "SELECTIONS",
    "AffineMatrix",
    "DualEquations",
    "Eigensystem",
    "Expectation",
    "Extremes",
    "HermitianSpace",
    "LearnedOutputs",
    "Levels",
    "Monomials",
    "NoisePenalty",
    "NormalEquations",
    "Objective",
    "Parameters",
    "RidgePenalty",
    "SquaredError",
    "Transition",
    "observable_pmm",
]
