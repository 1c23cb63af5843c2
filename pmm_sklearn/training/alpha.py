"""The weight of the penalty, chosen by what fits with different ones promise."""

from dataclasses import dataclass

import numpy as np

from .._threads import single_blas_thread
from ..model import expected_loss
from ..solvers import Interruption, StopReason
from .starts import Training

# Fraction of the data that parameters use up, above which few but exact data are told
# from noisy ones by the smallest weight.
_TIGHT = 0.5


@dataclass(frozen=True)
class AlphaLadder:
    """Weights to choose from.

    Attributes
    ----------
    alphas : tuple of float
        Ascending.
    first : int
        Where the search begins.
    """

    alphas: tuple
    first: int


@dataclass(frozen=True)
class AlphaFit:
    """A fit with one weight.

    Attributes
    ----------
    alpha : float
        The weight.
    training : Training
        The fit.
    expected_loss : float
        What it promises for new data.
    determined : float, default=0.0
        Parameters that the data determine, over observations.
    stop : StopReason or None, default=None
        What stopped it early, if anything did.
    """

    alpha: float
    training: Training
    expected_loss: float
    determined: float = 0.0
    stop: StopReason | None = None


def choose_alpha(problem, ladder, train, watcher):
    """Train with one weight after the other, and say which to take.

    Parameters
    ----------
    problem : Problem
        What is fitted.
    ladder : AlphaLadder
        The weights.
    train : callable
        ``train(problem, watcher)`` returns a `Training`.
    watcher : Watcher
        Sees the trainings.

    Returns
    -------
    best, fits, stop
        As from :func:`search_alpha`.
    """

    def fit(alpha):
        watcher.tell(f"alpha={alpha:g}")
        penalised = problem.with_alpha(alpha)
        training = train(penalised, watcher)
        outcome = _promise(alpha, penalised, training, watcher.interruption)
        watcher.tell(f"alpha={alpha:g} promises a loss of {outcome.expected_loss:.6e}")
        return outcome

    return search_alpha(ladder, fit, watcher.interruption)


def _promise(alpha, problem, training, interruption):
    """What a training with all samples promises: `AlphaFit`."""
    best = training.members[0]
    expected, determined, stop = np.inf, 0.0, _early_stop(best)
    try:
        if problem.validation_loss is not None:
            expected = float(best.score)
        elif best.reason is not StopReason.NON_FINITE:
            with single_blas_thread():
                expected, determined = expected_loss(problem.objective, best.theta)
    except KeyboardInterrupt:
        # The training is complete, only what it promises is not known.
        stop = interruption.reason()
    return AlphaFit(alpha, training, expected, determined, stop)


def _early_stop(result):
    is_early = result.reason in (StopReason.INTERRUPTED, StopReason.CALLBACK)
    return result.reason if is_early else None


def search_alpha(ladder, fit, interruption=None):
    """Fit with one weight after the other, as long as it gets better.

    Every fit begins with the same random starts: matrices that were trained with
    another weight have settled in a minimum that a better one would not have chosen.
    Smaller weights are tried before larger ones.

    Parameters
    ----------
    ladder : AlphaLadder
        The weights.
    fit : callable
        ``fit(alpha)`` returns an `AlphaFit`.
    interruption : Interruption, optional
        Tells one Ctrl-C from two.

    Returns
    -------
    best : AlphaFit
        The one to take.
    fits : list of AlphaFit
        All that were compared, ascending.
    stop : StopReason or None
        What stopped the last one early, if anything did.

    Examples
    --------
    >>> from pmm_sklearn.training import AlphaFit, AlphaLadder, search_alpha
    >>> def fit(alpha):
    ...     return AlphaFit(alpha, None, abs(alpha - 0.2))
    >>> best, fits, _ = search_alpha(AlphaLadder((0.0, 1e-2, 1e-1, 1.0), 2), fit)
    >>> best.alpha, [fit.alpha for fit in fits]
    (0.1, [0.01, 0.1, 1.0])
    """
    tried = _Tried(fit, interruption or Interruption())
    best = _walk(ladder, tried)
    return tried.fits[best], tried.ascending(), tried.stop


def _walk(ladder, tried):
    """The weight that promises least; the largest of equal ones."""
    alphas, best = ladder.alphas, ladder.first
    tried.promised(alphas[best])
    for step in (-1, 1):
        while best + step in range(len(alphas)):
            ahead = tried.promised(alphas[best + step])
            if not ahead < tried.promised(alphas[best]):
                break
            best += step
        if best != ladder.first:
            break
    if tried.fits[alphas[ladder.first]].determined > _TIGHT:
        # The smallest may be far better than those between: few data, but exact ones.
        tried.promised(alphas[0])
    return tried.best_up_to(alphas[max(best, ladder.first)])


class _Tried:
    """Fits by their weights; none is begun any more once one was stopped early.

    Parameters
    ----------
    fit : callable
        ``fit(alpha)`` returns an `AlphaFit`.
    interruption : Interruption
        Tells one Ctrl-C from two.
    """

    def __init__(self, fit, interruption):
        self.fits, self.stop = {}, None
        self._fit, self._interruption = fit, interruption

    def promised(self, alpha):
        """Expected loss, after the fit if there is none."""
        if alpha not in self.fits and self.stop is None:
            try:
                self.fits[alpha] = self._fit(alpha)
                self.stop = self.fits[alpha].stop
            except KeyboardInterrupt:
                if not self.fits:
                    raise
                self.stop = self._interruption.reason()
        return self.fits[alpha].expected_loss if alpha in self.fits else np.inf

    def ascending(self):
        """All fits, ascending in their weights."""
        return [self.fits[alpha] for alpha in sorted(self.fits)]

    def best_up_to(self, largest):
        """Weight of the least expected loss, of those up to a largest one."""
        tried = [alpha for alpha in self.fits if alpha <= largest]
        return min(tried, key=lambda alpha: (self.promised(alpha), -alpha))
