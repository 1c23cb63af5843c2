"""Solvers: an objective and a starting point in, a result with a reason out."""

from ._interruption import interrupted
from ._progress import Progress
from ._result import SolverResult, StopReason
from .adam import Adam, minimize_adam, run_epoch
from .lbfgs import minimize_lbfgs
from .levenberg_marquardt import minimize_lm, minimize_newton_cg

#: Solvers of whole objectives by the name under which the estimators know them.
SOLVERS = {"lm": minimize_lm, "lbfgs": minimize_lbfgs}

__all__ = [
    "SOLVERS",
    "Adam",
    "Progress",
    "SolverResult",
    "StopReason",
    "interrupted",
    "minimize_adam",
    "minimize_lbfgs",
    "minimize_lm",
    "minimize_newton_cg",
    "run_epoch",
]
