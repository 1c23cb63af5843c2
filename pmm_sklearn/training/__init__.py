"""Training: a problem and starting points in, a fit out; no estimator is known here."""

from .choice import Family, most_probable
from .dynamics_start import DynamicsStart
from .dynamics_units import DynamicsUnits
from .evidence_problem import EvidenceProblem, class_evidence, regression_evidence
from .fit import (
    Fit,
    Plan,
    affordable_solver,
    fit,
    fit_by_turns,
    with_posterior,
)
from .function_units import FunctionUnits, units_from, units_of
from .held_out import every_fifth, held_out_alpha
from .likelihood import (
    ClassEvidence,
    ClassLikelihood,
    GaussianEvidence,
    GaussianLikelihood,
    ImageLikelihood,
    Likelihood,
    SpectrumLikelihood,
    warn_of_repetitions,
    warn_of_weights,
)
from .losses import (
    LOG_LINK,
    OTHER_LOSSES,
    LossLikelihood,
    loss_evidence,
)
from .online import OnlineTraining
from .problem import Problem, image_problem, table_problem
from .spectrum_units import SpectrumUnits, TimeUnits
from .start_prior import Observations, StartPrior
from .starts import Training, minimise, train
from .units import FeatureUnits, ImageUnits, LogitUnits, TargetUnits
from .watcher import Watcher, describe_errors, describe_loss

__all__ = [
    "LOG_LINK",
    "OTHER_LOSSES",
    "ClassEvidence",
    "ClassLikelihood",
    "DynamicsStart",
    "DynamicsUnits",
    "EvidenceProblem",
    "Family",
    "FeatureUnits",
    "Fit",
    "FunctionUnits",
    "GaussianEvidence",
    "GaussianLikelihood",
    "ImageLikelihood",
    "ImageUnits",
    "Likelihood",
    "LogitUnits",
    "LossLikelihood",
    "Observations",
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
    "class_evidence",
    "describe_errors",
    "describe_loss",
    "every_fifth",
    "fit",
    "fit_by_turns",
    "held_out_alpha",
    "image_problem",
    "loss_evidence",
    "minimise",
    "most_probable",
    "regression_evidence",
    "table_problem",
    "train",
    "units_from",
    "units_of",
    "warn_of_repetitions",
    "warn_of_weights",
    "with_posterior",
]
