"""What fitted matrices tell, as functions of arrays."""

from .continuation import follow_levels
from .exceptional_points import ExceptionalPoints, exceptional_points

__all__ = ["ExceptionalPoints", "exceptional_points", "follow_levels"]
