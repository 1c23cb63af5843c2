"""Training: a problem and starting points in, a fit out; no estimator is known here."""

from .alpha import AlphaFit, AlphaLadder, search_alpha
from .fit import (
    Fit,
    Plan,
    affordable_solver,
    as_large_as_useful,
    fit,
    with_posterior,
)
from .likelihood import (
    ClassLikelihood,
    GaussianEvidence,
    GaussianLikelihood,
    ImageLikelihood,
    Likelihood,
    SpectrumLikelihood,
    warn_of_small_weights,
)
from .online import OnlineTraining
from .problem import EvidenceProblem, Problem, image_problem, table_problem
from .spectrum_units import SpectrumUnits, TimeUnits
from .starts import Training, minimise, train
from .units import FeatureUnits, ImageUnits, LogitUnits, TargetUnits
from .watcher import Watcher, describe_errors, describe_loss

__all__ = [
    "AlphaFit",
    "AlphaLadder",
    "ClassLikelihood",
    "EvidenceProblem",
    "FeatureUnits",
    "Fit",
    "GaussianEvidence",
    "GaussianLikelihood",
    "ImageLikelihood",
    "ImageUnits",
    "Likelihood",
    "LogitUnits",
    "OnlineTraining",
    "Plan",
    "Problem",
    "SpectrumLikelihood",
    "SpectrumUnits",
    "TargetUnits",
    "TimeUnits",
    "Training",
    "Watcher",
    "affordable_solver",
    "as_large_as_useful",
    "describe_errors",
    "describe_loss",
    "fit",
    "image_problem",
    "minimise",
    "search_alpha",
    "table_problem",
    "train",
    "warn_of_small_weights",
    "with_posterior",
]
