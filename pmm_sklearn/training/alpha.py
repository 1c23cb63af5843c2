"""The weight of the penalty, chosen by what fits with different ones promise."""

from dataclasses import dataclass, replace

import numpy as np

from .._threads import single_blas_thread
from ..model import expected_loss, mean_loss
from ..solvers import Interruption, StopReason
from .starts import Training

# Fractions of the data that parameters use up, and of the spread of the targets that is
# left: generalised cross-validation promises too much above them, see doc/defaults.rst.
_FEW_DATA, _INTERPOLATING, _NOISY = 0.75, 0.95, 0.1
# Above this fraction of the data, few but exact data are told from noisy ones.
_TIGHT = 0.5
# One part of so many is held out, and one after the other until so many observations
# were.  Their scatter is about the factor by which a larger weight may be worse.
_PARTS, _ENOUGH, _HELD_OUT_TOLERANCE = 5, 50, 1.2


@dataclass(frozen=True)
class AlphaLadder:
    """Weights to choose from.

    Attributes
    ----------
    alphas : tuple of float
        Ascending.
    first : int
        Where the search begins.
    tolerance : float, default=1.0
        A smaller weight is taken only if the expected loss of the larger one is more
        than so many times the least.
    held_out : tuple of float, default=()
        The weights that are compared by samples set aside instead where data are few or
        noisy, ascending; the search goes down.  If there are none, this is never done.
    """

    alphas: tuple
    first: int
    tolerance: float = 1.0
    held_out: tuple = ()

    def all_at_once(self):
        """The ladder of all these weights, none of them for samples set aside."""
        alphas = tuple(sorted({*self.alphas, *self.held_out}))
        first = alphas.index(self.alphas[self.first])
        return AlphaLadder(alphas, first, self.tolerance)


@dataclass(frozen=True)
class AlphaFit:
    """A fit with one weight.

    Attributes
    ----------
    alpha : float
        The weight.
    training : Training or None
        The fit; none if it was without the samples set aside.
    expected_loss : float
        What it promises for new data.
    determined : float, default=0.0
        Parameters that the data determine, over observations.
    stop : StopReason or None, default=None
        What stopped it early, if anything did.
    """

    alpha: float
    training: Training | None
    expected_loss: float
    determined: float = 0.0
    stop: StopReason | None = None


def choose_alpha(problem, ladder, train, watcher, seed=None):
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
        Sees the trainings; callbacks see those with all samples.
    seed : int, optional
        Which samples are held out.

    Returns
    -------
    best, fits, stop
        As from :func:`search_alpha`.
    """
    folds = []
    if problem.validation_loss is not None:
        ladder = ladder.all_at_once()
    if ladder.held_out:
        folds = _folds(problem.objective, seed)
    if not folds:
        ladder = replace(ladder, held_out=())

    def fit(alpha):
        watcher.tell(f"alpha={alpha:g}")
        penalised = problem.with_alpha(alpha)
        training = train(penalised, watcher)
        outcome = _promise(alpha, penalised, training, watcher.interruption)
        watcher.tell(f"alpha={alpha:g} promises a loss of {outcome.expected_loss:.6e}")
        return outcome

    def hold_out(alpha):
        outcome = _hold_out(alpha, problem, folds, train, watcher.without_callbacks())
        watcher.tell(f"alpha={alpha:g} promises a loss of {outcome.expected_loss:.6e}")
        return outcome

    return search_alpha(ladder, fit, hold_out, watcher.interruption)


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


def _hold_out(alpha, problem, folds, train, watcher):
    """Train without the samples of each fold, which judge it: `AlphaFit`."""
    losses, stop = [], None
    objective = problem.objective
    for held_out, rest in folds:
        if stop is None:
            watcher.tell(f"without {len(held_out)} of the samples:")
            watcher.tell(f"alpha={alpha:g}")
            data = problem.with_objective(objective.data_only(rest))
            best = train(data.with_alpha(alpha), watcher).members[0]
            losses.append(mean_loss(objective.data_only(held_out), best.theta))
            stop = _early_stop(best)
    return AlphaFit(alpha, None, float(np.mean(losses)), stop=stop)


def _early_stop(result):
    is_early = result.reason in (StopReason.INTERRUPTED, StopReason.CALLBACK)
    return result.reason if is_early else None


def _folds(objective, seed):
    """Indices of samples to hold out and of the others, for each of some fits.

    Samples of the same features are on the same side, whatever their order, and a
    weight is a repetition.  None of too few different samples.
    """
    _, group = np.unique(objective.X, axis=0, return_inverse=True)
    group = group.ravel()
    weight = np.bincount(group, weights=objective.weight.sum(axis=1))
    if len(weight) < _PARTS:
        return []
    order = np.random.RandomState(seed).permutation(len(weight))
    middle = np.cumsum(weight[order]) - weight[order] / 2
    part = np.empty(len(weight), dtype=int)
    part[order] = _PARTS * middle / weight.sum()
    number = max(int(np.ceil(_PARTS * _ENOUGH / weight.sum())), 1)
    parts = [part[group] == k for k in np.unique(part)[:number]]
    return [(np.flatnonzero(held), np.flatnonzero(~held)) for held in parts]


def search_alpha(ladder, fit, hold_out=None, interruption=None):
    """Fit with one weight after the other, as long as it gets better.

    Every fit begins with the same random starts: matrices that were trained with
    another weight have settled in a minimum that a better one would not have chosen.
    Smaller weights are tried before larger ones.  Where data are few or noisy, some
    samples are held out of fits with other weights, and the best is fitted to all.

    Parameters
    ----------
    ladder : AlphaLadder
        The weights.
    fit : callable
        ``fit(alpha)`` returns an `AlphaFit`.
    hold_out : callable, optional
        The same without some samples, which tell what it promises.
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
    interruption = interruption or Interruption()
    tried = _Tried(fit, interruption)
    held_out = _Tried(hold_out, interruption, can_end=True)
    first = ladder.alphas[ladder.first]
    is_noisy = tried.promised(first) > _NOISY
    if ladder.held_out and (is_noisy or tried.fits[first].determined > _FEW_DATA):
        return _best_held_out(ladder.held_out, held_out, tried, first)
    best = _walk(ladder, tried)
    determined = [fit.determined for fit in tried.fits.values()]
    if ladder.held_out and max(determined) > _INTERPOLATING:
        return _best_held_out(ladder.held_out, held_out, tried, best)
    return tried.fits[best], tried.ascending(), tried.stop


def _walk(ladder, tried):
    """The weight that promises least, or a larger one within the tolerance."""
    alphas, best = ladder.alphas, ladder.first
    for step in (-1, 1):
        while best + step in range(len(alphas)):
            ahead = tried.promised(alphas[best + step])
            if not ahead < tried.promised(alphas[best]):
                break
            best += step
        if best != ladder.first:
            break
    largest = alphas[max(best, ladder.first)]
    if tried.fits[alphas[ladder.first]].determined > _TIGHT:
        # The smallest may be far better than those between: few data, but exact ones.
        tried.promised(alphas[0])
    return tried.largest_within(ladder.tolerance, largest)


def _best_held_out(alphas, held_out, tried, otherwise):
    """What `search_alpha` returns, by samples set aside; `otherwise` if interrupted."""
    if tried.stop is None:
        for alpha in reversed(alphas):
            if held_out.promised(alpha) > _HELD_OUT_TOLERANCE * held_out.least():
                break
        tried.stop = held_out.stop
    if tried.stop is None:
        alpha = held_out.largest_within(_HELD_OUT_TOLERANCE, np.inf)
        tried.promised(alpha)
        if alpha in tried.fits:
            return tried.fits[alpha], held_out.ascending(), tried.stop
    return tried.fits[otherwise], tried.ascending(), tried.stop


class _Tried:
    """Fits by their weights; none is begun any more once one was stopped early.

    Parameters
    ----------
    fit : callable
        ``fit(alpha)`` returns an `AlphaFit`.
    interruption : Interruption
        Tells one Ctrl-C from two.
    can_end : bool, default=False
        Whether an interruption of the first one leaves something to return.
    """

    def __init__(self, fit, interruption, can_end=False):
        self.fits, self.stop = {}, None
        self._fit, self._interruption, self._can_end = fit, interruption, can_end

    def promised(self, alpha):
        """Expected loss, after the fit if there is none."""
        if alpha not in self.fits and self.stop is None:
            try:
                self.fits[alpha] = self._fit(alpha)
                self.stop = self.fits[alpha].stop
            except KeyboardInterrupt:
                if not self.fits and not self._can_end:
                    raise
                self.stop = self._interruption.reason()
        return self.fits[alpha].expected_loss if alpha in self.fits else np.inf

    def ascending(self):
        """All fits, ascending in their weights."""
        return [self.fits[alpha] for alpha in sorted(self.fits)]

    def largest_within(self, tolerance, largest):
        """Largest weight whose loss is at most `tolerance` times the least."""
        limit = tolerance * self.least(largest)
        tried = [alpha for alpha in self.fits if alpha <= largest]
        return max(alpha for alpha in tried if self.promised(alpha) <= limit)

    def least(self, largest=np.inf):
        """The least expected loss, of weights up to a largest one."""
        fits = self.fits.values()
        losses = [fit.expected_loss for fit in fits if fit.alpha <= largest]
        return min(losses, default=np.inf)
