"""A fit from its starting points to the end: data in, one value out."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from .._threads import single_blas_thread
from ..solvers import Solver, SolverResult, StoppingRule, StopReason
from .problem import Problem
from .starts import train
from .steadiness import steadiest

# Root mean square of the residuals, in standard deviations of the targets, that is
# as good as none: rounding errors of eigenvectors are not far below.
_NEGLIGIBLE_RESIDUAL = 1e-12
# The time of a Levenberg-Marquardt step grows with the cube of this number.
_LARGEST_DENSE_SYSTEM = 2000
# Numbers in the Jacobian that is held where residuals are few: 400 MB.
_LARGEST_JACOBIAN = 50_000_000


@dataclass(frozen=True)
class Plan:
    """How a problem is to be trained.

    Attributes
    ----------
    solver : Solver
        What minimises.
    rule : StoppingRule
        When a start has converged.
    schedule : Schedule or None
        Of a solver that follows one.
    n_members : int
        Number of starts that are trained to the end.
    prunes : bool
        Whether starts that are not worth it are given up before.
    n_jobs : int or None
        Number of starts that are trained at the same time.
    """

    solver: Solver
    rule: StoppingRule
    schedule: object = None
    n_members: int = 1
    prunes: bool = False
    n_jobs: int | None = None

    @property
    def minimise(self):
        """Function of objective, start and progress that minimises."""
        if not self.solver.is_scheduled:
            return self.solver.minimise
        return partial(self.solver.minimise, schedule=self.schedule)


@dataclass(frozen=True)
class Fit:
    """What a training has come to.

    Attributes
    ----------
    problem : Problem
        What was minimised, with the penalty that was chosen.
    members : list of SolverResult
        The models, best first.
    starts : list of SolverResult
        How far every start has come.
    start_losses : list of float
        Loss of every start when they were compared.
    posterior : dict or None
        Plain arrays that error bars are made of: see :func:`with_posterior`.
    weights : ndarray of shape (n_members,) or None
        Of the members in their mean, if they do not follow from the losses.
    widening : float
        Factor of the deviations of the posterior, for what other solutions say.
    """

    problem: Problem
    members: list[SolverResult]
    starts: list[SolverResult]
    start_losses: list[float]
    posterior: dict | None = None
    weights: np.ndarray | None = None
    widening: float = 1.0

    @property
    def best(self):
        """The best member."""
        return self.members[0]

    @property
    def is_stopped(self):
        """Whether somebody wanted it to end."""
        return self.best.reason in (StopReason.INTERRUPTED, StopReason.CALLBACK)

    def interrupted(self, n_members):
        """The same with its best members, as if it had been a training to the end."""
        members = [
            replace(member, reason=StopReason.INTERRUPTED)
            for member in self.members[:n_members]
        ]
        return replace(self, members=members)

    @property
    def alpha(self):
        """Weight of the penalty at its parameters."""
        return float(self.problem.objective.alpha(self.best.theta))

    @property
    def decisive(self):
        """A member that has not converged, which is worth a warning, or the best."""
        return next((r for r in self.members if not r.reason.converged), self.best)


def fit(problem, starts, plan, watcher, screened=()):
    """Train from some starts.

    Parameters
    ----------
    problem : Problem
        What is minimised.
    starts : list of ndarray of shape (n_parameters,)
        Starting points.
    plan : Plan
        How.
    watcher : Watcher
        Sees the progress.
    screened : sequence of SolverResult
        How far the first starts have come already: see :func:`train`.

    Returns
    -------
    Fit
        Without posterior.
    """
    plan.solver.check(problem.objective)
    training = train(
        problem.objective,
        starts,
        plan.minimise,
        _with_floor(plan.rule, problem),
        validation_loss=problem.validation_loss,
        n_members=plan.n_members,
        is_worth=problem.is_worth if plan.prunes and plan.n_members > 1 else None,
        screened=screened,
        n_jobs=plan.n_jobs,
        watcher=watcher,
    )
    return Fit(problem, training.members, training.starts, training.start_losses)


def fit_by_turns(problem, starts, plans, watcher, screened=()):
    """The same with one plan after the other for the starts.

    Parameters
    ----------
    problem, starts, watcher, screened
        As for :func:`fit`.
    plans : list of Plan
        How; each for every so many-th start.  Of several, all starts are trained to
        the end.

    Returns
    -------
    Fit
        The members of all, best first.
    """
    n_plans = len(plans)
    if n_plans == 1:
        return fit(problem, starts, plans[0], watcher, screened)
    parts, stop = [], None
    for i, plan in enumerate(plans[: len(starts)]):
        own = starts[i::n_plans]
        plan = replace(plan, n_members=len(own))
        try:
            parts.append(fit(problem, own, plan, watcher, screened[i::n_plans]))
        except KeyboardInterrupt:
            if not parts:
                raise
            stop = watcher.interruption.reason()
            break
        if parts[-1].is_stopped:
            stop = parts[-1].best.reason
            break
    by_start = []
    for i, part in enumerate(parts):
        for start, loss in zip(part.starts, part.start_losses, strict=True):
            number = i + n_plans * start.start
            by_start.append((number, replace(start, start=number), loss))
    by_start.sort(key=lambda item: item[0])
    members = [
        replace(member, start=i + n_plans * member.start, reason=stop or member.reason)
        for i, part in enumerate(parts)
        for member in part.members
    ]
    members.sort(key=lambda member: member.score)
    _, latest, losses = zip(*by_start, strict=True)
    return Fit(problem, members, list(latest), list(losses))


def with_posterior(result, interruption, n_members=None):
    """A fit with what error bars need; the same if that cannot be had.

    ``members`` are the arrays of the posterior of each member, or None if these would
    be too large.

    Parameters
    ----------
    result : Fit
        The fit.
    interruption : Interruption
        Tells one Ctrl-C from two.
    n_members : int, optional
        Number of members to keep, the steadiest; all by default.

    Returns
    -------
    Fit
    """
    problem = result.problem
    if problem.likelihood.posterior is None:
        reason = getattr(problem.likelihood, "no_error_bars", None)
        return replace(result, posterior=reason and {"reason": reason})
    # The model is fitted: neither Ctrl-C nor absurd matrices lose it.
    try:
        with single_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
            kept, posteriors = _posteriors(result, n_members is not None)
    except np.linalg.LinAlgError:
        return replace(result, members=result.members[:n_members])
    except KeyboardInterrupt:
        interruption.reason()
        return replace(result, members=result.members[:n_members])
    result = kept
    members = None
    if n_members is not None and None not in posteriors:
        with single_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
            result, posteriors = steadiest(result, posteriors, n_members)
    elif n_members is not None:
        result = replace(result, members=result.members[:n_members])
        posteriors = posteriors[:n_members]
    if all(posterior is not None for posterior in posteriors):
        members = [posterior.arrays() for posterior in posteriors]
    posterior = {
        "members": members,
        "feature_units": problem.units.feature_units,
        "target_scale": problem.units.target_scale,
    }
    return replace(result, posterior=posterior)


def _posteriors(result, drops):
    """Of all members; those that have none, for absurd matrices, may be dropped."""
    problem, members, posteriors = result.problem, [], []
    for member in result.members:
        try:
            found = problem.likelihood.posterior(problem.objective, member.theta)
        except np.linalg.LinAlgError:
            if not drops or (member is result.members[-1] and not members):
                raise
            continue
        members.append(member)
        posteriors.append(found)
    return replace(result, members=members), posteriors


def affordable_solver(objective, many_samples=np.inf):
    """Name of the solver that suits an objective.

    Parameters
    ----------
    objective : Objective
        What is to be minimised.
    many_samples : float, default=inf
        Number of samples from which on small steps are better than exact ones.
    """
    if objective.n_samples >= many_samples:
        return "adam"
    system = min(objective.n_parameters, objective.n_residuals)
    numbers = system * objective.n_parameters
    is_affordable = system <= _LARGEST_DENSE_SYSTEM and numbers <= _LARGEST_JACOBIAN
    return "lm" if is_affordable else "lbfgs"


def _with_floor(rule, problem):
    """Loss that ends the training; with ``tol=0`` only none at all does."""
    if rule.tol == 0 or rule.is_logarithm:
        return rule
    return replace(rule, floor=_NEGLIGIBLE_RESIDUAL**2 * problem.loss_of_means())
