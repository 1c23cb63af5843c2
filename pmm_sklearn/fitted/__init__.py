"""Fitted models as values: predictions, derivatives, spectra, error bars, files."""

from .averages import LogitsOfMean, MeanModel, MeanOfOutputs, inverse_weights
from .cache import once
from .error_bars import ErrorBars, error_bars_of
from .files import load_npz, save_npz
from .function import ModelFunction
from .model import FittedModel
from .portable import PortableModel
from .structures import (
    DynamicsStructure,
    EvolutionStructure,
    ImageStructure,
    ObservableStructure,
    SpectrumStructure,
    Structure,
    observable_structure,
)

__all__ = [
    "DynamicsStructure",
    "ErrorBars",
    "EvolutionStructure",
    "FittedModel",
    "ImageStructure",
    "LogitsOfMean",
    "MeanModel",
    "MeanOfOutputs",
    "ModelFunction",
    "ObservableStructure",
    "PortableModel",
    "SpectrumStructure",
    "Structure",
    "error_bars_of",
    "inverse_weights",
    "load_npz",
    "observable_structure",
    "once",
    "save_npz",
]
