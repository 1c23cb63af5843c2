"""The mathematics of parametric matrix models, with NumPy and SciPy only."""

from .commutator import CommutatorSmoothedMatrix
from .congruence import Congruence
from .eigensystem import Eigensystem
from .equations import DualEquations, NormalEquations
from .gauge import GaugeRotations
from .generalisation import expected_loss, mean_loss
from .image import ImageParameters, ImagePMM
from .loss import CrossEntropy, SquaredError
from .low_rank import LowRankForm, LowRankMatrix
from .objective import Objective
from .observables import LearnedOutputs, LowRankOutputs, observable_pmm
from .overlap import EigenvectorOverlap
from .penalty import NoisePenalty, RidgePenalty
from .pmm import PMM, Parameters
from .polynomial import Monomials
from .posterior import LaplacePosterior
from .primary import AffineMatrix
from .readout import READOUTS, Expectation, Transition
from .spectrum import SpectrumReadout, spectrum_pmm
from .states import SELECTIONS, Extremes, Levels
from .structure import MATRIX_TYPES, HermitianSpace, Subspace, solutions
from .symmetry import matrix_spaces
from .unitary import UnitaryProduct, phase_energies
from .windows import LazyGrams, ShiftedGrams, WindowGrams

__all__ = [
    "MATRIX_TYPES",
    "PMM",
    "READOUTS",
    "SELECTIONS",
    "AffineMatrix",
    "CommutatorSmoothedMatrix",
    "Congruence",
    "CrossEntropy",
    "DualEquations",
    "Eigensystem",
    "EigenvectorOverlap",
    "Expectation",
    "Extremes",
    "GaugeRotations",
    "HermitianSpace",
    "ImagePMM",
    "ImageParameters",
    "LaplacePosterior",
    "LazyGrams",
    "LearnedOutputs",
    "Levels",
    "LowRankForm",
    "LowRankMatrix",
    "LowRankOutputs",
    "Monomials",
    "NoisePenalty",
    "NormalEquations",
    "Objective",
    "Parameters",
    "RidgePenalty",
    "ShiftedGrams",
    "SpectrumReadout",
    "SquaredError",
    "Subspace",
    "Transition",
    "UnitaryProduct",
    "WindowGrams",
    "expected_loss",
    "matrix_spaces",
    "mean_loss",
    "observable_pmm",
    "phase_energies",
    "solutions",
    "spectrum_pmm",
]
