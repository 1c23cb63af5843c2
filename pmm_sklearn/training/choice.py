"""Which of several models is the most probable, after some iterations of each."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from .fit import Fit

# What a larger model has to gain in evidence: odds of 150, which are called very strong
# (R. Kass and A. Raftery, "Bayes factors", J. Am. Stat. Assoc. 90, 773 (1995)).
_LEAST_GAIN = 5.0
# What another prior of the same model has to gain.
_PRICE_OF_PRIOR = 10.0


@dataclass(frozen=True)
class Family:
    """Models of one size, with several priors perhaps.

    Attributes
    ----------
    make : callable
        ``make(**settings)`` returns a problem and what the model is.
    ladders : dict of str to tuple
        Values of each setting: it begins with the first, and goes on to the next as
        long as the evidence grows.
    """

    make: Callable
    ladders: dict = field(default_factory=dict)

    @classmethod
    def of(cls, problem, structure):
        """The one of a single problem."""
        return cls(lambda: (problem, structure))

    def first(self):
        """Problem and model where the search begins."""
        return self.make(**{name: values[0] for name, values in self.ladders.items()})


class Trial(NamedTuple):
    """A candidate, problem and model, after some iterations.

    Attributes
    ----------
    log_evidence : float
        How probable it is.
    candidate : tuple
        Problem and what the model is.
    fit : Fit
        How far its starts have come.
    """

    log_evidence: float
    candidate: tuple
    fit: Fit

    @property
    def size(self):
        """Side of the matrices, or the sides of their blocks."""
        sizes = self.candidate[1].block_sizes
        return sizes[0] if len(sizes) == 1 else tuple(sizes)

    def gains(self, least, other):
        """Whether its evidence is larger than another's by more than the least."""
        return self.log_evidence > other.log_evidence + least


class Choice(NamedTuple):
    """What a search has found.

    Attributes
    ----------
    candidate : tuple
        Problem, and what the model is.
    fit : Fit or None
        How far its starts have come; None if there was no choice.
    trials : list of Trial
        All that were compared, in order.
    is_interrupted : bool
        Whether a Ctrl-C has ended it: there may be a better one.
    """

    candidate: tuple
    fit: Fit | None
    trials: list
    is_interrupted: bool = False

    @property
    def screened(self):
        """How far the first starts have come: sequence of `SolverResult`."""
        return () if self.fit is None else self.fit.starts


class _Interrupted(Exception):
    """The last trial was ended by a Ctrl-C, which has been counted."""


def most_probable(families, probe, interruption):
    """The candidate of largest evidence, of sizes that grow.

    Parameters
    ----------
    families : sequence of Family
        The smallest size first.
    probe : callable
        ``probe(problem, structure)`` returns the `Fit` of some starts for as many
        iterations as starts are compared after.
    interruption : Interruption
        Tells one Ctrl-C, after which the best trial so far is chosen, from two.

    Returns
    -------
    Choice

    Raises
    ------
    KeyboardInterrupt
        If there was a Ctrl-C before there was any trial.
    """
    smallest = families[0]
    if len(families) == 1 and not smallest.ladders:
        return Choice(smallest.first(), None, [])
    trials = []
    try:
        best = _search(families, probe, trials)
        return Choice(best.candidate, best.fit, trials)
    except _Interrupted:
        pass
    except KeyboardInterrupt:
        if not trials:
            raise
        interruption.reason()
    best = max(trials, key=lambda trial: trial.log_evidence)
    return Choice(best.candidate, best.fit, trials, is_interrupted=True)


def _search(families, probe, trials):
    """The best `Trial` of all sizes; all of them are added to the trials."""
    best = None
    for family in families:
        trial, is_exact = _best_prior(family, probe, trials)
        if best is not None and not trial.gains(_LEAST_GAIN, best):
            break
        best = trial
        if is_exact:
            break
    return best


def _best_prior(family, probe, trials):
    """The best `Trial` of one size, and whether no larger size is needed."""

    def attempt():
        problem, structure = family.make(**settings)
        result = probe(problem, structure)
        found = problem.log_evidence(result)
        trial = Trial(found, (problem, structure), result)
        trials.append(trial)
        if result.is_stopped:
            raise _Interrupted
        return trial, problem.is_exact(result.best)

    settings = {name: values[0] for name, values in family.ladders.items()}
    best = attempt()
    for name, values in family.ladders.items():
        for value in values[1:]:
            former = settings[name]
            settings[name] = value
            other = attempt()
            if not other[0].gains(_PRICE_OF_PRIOR, best[0]):
                settings[name] = former
                break
            best = other
    return best
