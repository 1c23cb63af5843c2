"""What a model is, in numbers and words: one class for each kind of model."""

from .base import Structure
from .dynamics import DynamicsStructure
from .evolution import EvolutionStructure
from .image import ImageStructure
from .observable import ObservableStructure, observable_structure
from .spectrum import SpectrumStructure

__all__ = [
    "DynamicsStructure",
    "EvolutionStructure",
    "ImageStructure",
    "ObservableStructure",
    "SpectrumStructure",
    "Structure",
    "observable_structure",
]
