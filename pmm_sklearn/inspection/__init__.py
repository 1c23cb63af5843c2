"""What fitted matrices tell: numbers and pictures."""

from ._exceptional_points_display import ExceptionalPointsDisplay
from ._gap_display import GapDisplay
from ._length_scales_display import LengthScalesDisplay
from ._loss_curve_display import LossCurveDisplay
from ._matrix_display import MatrixDisplay
from ._matrix_size_display import MatrixSizeDisplay
from ._prediction_display import PredictionDisplay
from ._spectrum_display import SpectrumDisplay
from .continuation import follow_levels
from .diabolic_points import DiabolicPoints, diabolic_points
from .diagnosis import diagnose
from .exceptional_points import ExceptionalPoints, exceptional_points
from .findings import Diagnosis, Finding
from .gauge import canonical_gauge
from .influence import FeatureInfluence, feature_influence
from .joint_levels import JointLevels, joint_levels
from .leave_one_out import LooPredictions, loo_predictions
from .levels import LevelContributions, level_contributions
from .minimum_gap import GapMinima, minimum_gap
from .symmetry import Sectors, commutator_norms, find_sectors

__all__ = [
    "DiabolicPoints",
    "Diagnosis",
    "ExceptionalPoints",
    "ExceptionalPointsDisplay",
    "FeatureInfluence",
    "Finding",
    "GapDisplay",
    "GapMinima",
    "JointLevels",
    "LengthScalesDisplay",
    "LevelContributions",
    "LooPredictions",
    "LossCurveDisplay",
    "MatrixDisplay",
    "MatrixSizeDisplay",
    "PredictionDisplay",
    "Sectors",
    "SpectrumDisplay",
    "canonical_gauge",
    "commutator_norms",
    "diabolic_points",
    "diagnose",
    "exceptional_points",
    "feature_influence",
    "find_sectors",
    "follow_levels",
    "joint_levels",
    "level_contributions",
    "loo_predictions",
    "minimum_gap",
]
