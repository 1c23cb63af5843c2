"""The mathematics of parametric matrix models, with NumPy and SciPy only."""

from .composed import ColumnUnits, ComposedReadout
from .congruence import Congruence
from .data_terms import ClassData, NormalData
from .definite import Definite
from .density import DensityReadout, FermiDirac
from .derivative_data import DerivativeData
from .dissipative import DissipativeMatrix
from .dynamics import DynamicsReadout, UnitaryEvolution, dynamics_pmm
from .eigensystem import Eigensystem
from .elements import MatrixElements, Pairs
from .equations import DualEquations, NormalEquations
from .evidence import EvidenceObjective
from .external_vectors import ExternalVectors
from .image import ImageParameters, ImagePMM
from .image_gauge import GaugeRotations
from .image_windows import LazyGrams, ShiftedGrams, WindowGrams
from .joint_evidence import JointEvidence
from .level import convex_start, level_pmm
from .level_inverse import level_inverse
from .loss_evidence import LossEvidence
from .losses import LOSSES, CrossEntropy, SquaredError, WeightedLoss
from .low_rank import LowRank
from .objective import Objective
from .observables import ObservableReadout, observable_pmm, rescaled
from .overlap import EigenvectorOverlap
from .penalty import NoisePenalty, RidgePenalty
from .pmm import PMM, Parameters
from .polynomial import Monomials
from .posterior import LaplacePosterior
from .primary import AffineMatrix
from .propagation import Propagation
from .readout_station import Element
from .readouts import READOUTS, Expectation, HalfSquaredNorm, Transition
from .scaled import Scaled
from .selection import SELECTIONS, Extremes, Levels, states_of_strength
from .shifted_low_rank import ShiftedLowRank
from .shifted_space import ShiftedSpace
from .slopes import LevelSlopes
from .solution_evidence import evidence_of_solution
from .spaces import MATRIX_TYPES, HermitianSpace, Subspace
from .spectrum import SpectrumReadout
from .spectrum_model import spectrum_pmm
from .symmetry import matrix_spaces, solutions
from .timed import DampedMonomials, TimedMonomials
from .unitary import UnitaryProduct, phase_energies

__all__ = [
    "LOSSES",
    "MATRIX_TYPES",
    "PMM",
    "READOUTS",
    "SELECTIONS",
    "AffineMatrix",
    "ClassData",
    "ColumnUnits",
    "ComposedReadout",
    "Congruence",
    "CrossEntropy",
    "DampedMonomials",
    "Definite",
    "DensityReadout",
    "DerivativeData",
    "DissipativeMatrix",
    "DualEquations",
    "DynamicsReadout",
    "Eigensystem",
    "EigenvectorOverlap",
    "Element",
    "EvidenceObjective",
    "Expectation",
    "ExternalVectors",
    "Extremes",
    "FermiDirac",
    "GaugeRotations",
    "HalfSquaredNorm",
    "HermitianSpace",
    "ImagePMM",
    "ImageParameters",
    "JointEvidence",
    "LaplacePosterior",
    "LazyGrams",
    "LevelSlopes",
    "Levels",
    "LossEvidence",
    "LowRank",
    "MatrixElements",
    "Monomials",
    "NoisePenalty",
    "NormalData",
    "NormalEquations",
    "Objective",
    "ObservableReadout",
    "Pairs",
    "Parameters",
    "Propagation",
    "RidgePenalty",
    "Scaled",
    "ShiftedGrams",
    "ShiftedLowRank",
    "ShiftedSpace",
    "SpectrumReadout",
    "SquaredError",
    "Subspace",
    "TimedMonomials",
    "Transition",
    "UnitaryEvolution",
    "UnitaryProduct",
    "WeightedLoss",
    "WindowGrams",
    "convex_start",
    "dynamics_pmm",
    "evidence_of_solution",
    "level_inverse",
    "level_pmm",
    "matrix_spaces",
    "observable_pmm",
    "phase_energies",
    "rescaled",
    "solutions",
    "spectrum_pmm",
    "states_of_strength",
]
