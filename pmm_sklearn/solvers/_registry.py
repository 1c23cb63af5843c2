"""The solvers by name, and what each of them needs."""

from collections.abc import Callable
from typing import NamedTuple

from .adam import minimize_adam
from .evidence import maximize_evidence
from .interpolation import minimize_from_interpolation
from .lbfgs import minimize_lbfgs
from .levenberg_marquardt import minimize_lm, minimize_newton_cg


class Solver(NamedTuple):
    """A solver, and what it needs.

    Attributes
    ----------
    minimise : callable
        ``minimise(objective, theta, progress)`` returns a `SolverResult`; one with a
        schedule takes a `Schedule` besides.
    needs : tuple of str
        Methods and attributes of the objective, of those that `ObjectiveProtocol` has.
    is_scheduled : bool, default=False
        Whether it follows a schedule: it ends with that, not when the loss has
        converged, and its last point counts, for the loss may rise on the way.

    Examples
    --------
    >>> from pmm_sklearn.solvers import SOLVERS
    >>> SOLVERS["lbfgs"].needs
    ('value', 'value_and_gradient')
    >>> [name for name, solver in SOLVERS.items() if solver.is_scheduled]
    ['adam']
    >>> SOLVERS["lbfgs"].check(object())
    Traceback (most recent call last):
    ...
    TypeError: minimize_lbfgs needs an objective with value, value_and_gradient, ...
    """

    minimise: Callable
    needs: tuple
    is_scheduled: bool = False

    def check(self, objective):
        """Raise a TypeError unless the objective has all that this solver needs."""
        missing = [name for name in self.needs if not hasattr(objective, name)]
        if missing:
            raise TypeError(
                f"{self.minimise.__name__} needs an objective with "
                f"{', '.join(self.needs)}, but {type(objective).__name__} has no "
                f"{', no '.join(missing)}: add it, or choose another solver."
            )


#: Solvers by the names under which the estimators know them.
SOLVERS = {
    "lm": Solver(minimize_lm, ("value", "quadratic_model")),
    "newton-cg": Solver(minimize_newton_cg, ("value", "matrix_free_model")),
    "lbfgs": Solver(minimize_lbfgs, ("value", "value_and_gradient")),
    "adam": Solver(
        minimize_adam,
        ("sampled_gradient", "n_samples", "total_weight"),
        is_scheduled=True,
    ),
}

#: The solver of an `EvidenceObjective` or a `JointEvidence`.
EVIDENCE = Solver(maximize_evidence, ("value", "potential", "in_turn"))

#: "lm" for few data with a penalty that follows the residuals.
FROM_INTERPOLATION = Solver(
    minimize_from_interpolation, ("value", "quadratic_model", "without_penalty")
)
