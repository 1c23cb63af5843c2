"""Training: a problem and starting points in, a fit out; no estimator is known here."""

from .evidence_problem import EvidenceProblem, class_evidence, regression_evidence
from .fit import (
    Fit,
    Plan,
    affordable_solver,
    as_large_as_useful,
    fit,
    fit_by_turns,
    most_probable,
    with_posterior,
)
from .likelihood import (
    ClassEvidence,
    ClassLikelihood,
    GaussianEvidence,
    GaussianLikelihood,
    ImageLikelihood,
    Likelihood,
    SpectrumLikelihood,
    warn_of_small_weights,
)
from .online import OnlineTraining
from .problem import Problem, image_problem, table_problem
from .spectrum_units import SpectrumUnits, TimeUnits
from .start_prior import StartPrior
from .starts import Training, minimise, train
from .units import FeatureUnits, ImageUnits, LogitUnits, TargetUnits
from .watcher import Watcher, describe_errors, describe_loss

__all__ = [
    "ClassEvidence",
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
    "StartPrior",
    "TargetUnits",
    "TimeUnits",
    "Training",
    "Watcher",
    "affordable_solver",
    "as_large_as_useful",
    "class_evidence",
    "describe_errors",
    "describe_loss",
    "fit",
    "fit_by_turns",
    "image_problem",
    "minimise",
    "most_probable",
    "regression_evidence",
    "table_problem",
    "train",
    "warn_of_small_weights",
    "with_posterior",
]
