"""Solvers: an objective and a starting point in, a result with a reason out."""

from ._interruption import Interruption
from ._objective import ObjectiveProtocol, QuadraticModel
from ._progress import Progress
from ._registry import EVIDENCE, FROM_INTERPOLATION, SOLVERS, Solver
from ._result import SolverResult, StopReason
from ._stopping_rule import StoppingRule
from .adam import Adam, Schedule, minimize_adam, run_epoch
from .evidence import IN_TURN, maximize_evidence
from .interpolation import minimize_from_interpolation
from .lbfgs import minimize_lbfgs
from .levenberg_marquardt import minimize_lm, minimize_newton_cg

__all__ = [
    "EVIDENCE",
    "FROM_INTERPOLATION",
    "IN_TURN",
    "SOLVERS",
    "Adam",
    "Interruption",
    "ObjectiveProtocol",
    "Progress",
    "QuadraticModel",
    "Schedule",
    "Solver",
    "SolverResult",
    "StopReason",
    "StoppingRule",
    "maximize_evidence",
    "minimize_adam",
    "minimize_from_interpolation",
    "minimize_lbfgs",
    "minimize_lm",
    "minimize_newton_cg",
    "run_epoch",
]
