"""What fitted matrices tell: numbers and pictures."""

from .continuation import follow_levels
from .exceptional_points import ExceptionalPoints, exceptional_points
from .gauge import canonical_gauge
from .influence import FeatureInfluence, feature_influence
from .levels import LevelContributions, level_contributions
from .symmetry import Sectors, commutator_norms, find_sectors

__all__ = [
    "ExceptionalPoints",
    "FeatureInfluence",
    "LevelContributions",
    "Sectors",
    "canonical_gauge",
    "commutator_norms",
    "exceptional_points",
    "feature_influence",
    "find_sectors",
    "follow_levels",
    "level_contributions",
]
