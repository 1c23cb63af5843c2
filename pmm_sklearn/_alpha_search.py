"""The weight of the penalty, chosen by what fits with different ones promise."""

from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from ._base import loss_of_means
from ._callbacks import NoBridge
from ._starts import KEYBOARD, Training
from ._threads import single_blas_thread
from .model import RidgePenalty, expected_loss, mean_loss
from .solvers import StopReason

# Shares of the data that parameters use up, and of the spread of the targets that is
# left: generalised cross-validation promises too much above them, see doc/defaults.rst.
_FEW_DATA, _INTERPOLATING, _NOISY = 0.75, 0.95, 0.1
# Above this share of the data, few but exact data are told from noisy ones.
_TIGHT = 0.5
# One part of so many is held out, and one after the other until so many observations
# were.  Their scatter is about the factor by which a larger weight may be worse.
_PARTS, _ENOUGH, _HELD_OUT_TOLERANCE = 5, 50, 1.2


class AlphaLadder(NamedTuple):
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


class AlphaFit(NamedTuple):
    """A fit with one weight.

    Attributes
    ----------
    alpha : float
        The weight.
    training : Training or None
        The fit; none if it was without the samples set aside.
    expected_loss : float
        What it promises for new data.
    share : float, default=0.0
        Parameters that the data determine, over observations.
    cut : StopReason or None, default=None
        What cut it short, if anything did.
    """

    alpha: float
    training: Training | None
    expected_loss: float
    share: float = 0.0
    cut: StopReason | None = None


class AlphaSearchMixin:
    """Estimators whose ``alpha="auto"`` compares several fits.

    They do so with the solver "lm", whose linear systems are as large as those of the
    comparison, and keep the weight in a warm start.  Otherwise ``_make_penalty`` says
    what "auto" is, and for constant targets, which are learned at once.
    """

    @property
    def _n_fits(self):
        is_searched = self.alpha == "auto"
        at_most = len(self._ladder.all_at_once().alphas) if is_searched else 0
        return self._n_members + at_most

    def _train(self, problem, starts, bridge, seed, n_kept, previous=None):
        objective = problem.objective
        is_searched = self.alpha == "auto" and self._choose_solver(objective) == "lm"
        if not is_searched or loss_of_means(objective) == 0:
            self._set_path([])
            return super()._train(problem, starts, bridge, seed, n_kept)
        if self.warm_start and hasattr(self, "alphas_"):
            problem.objective = objective.with_penalty(RidgePenalty(self.alpha_))
            return super()._train(problem, starts, bridge, seed, n_kept)

        train = partial(super()._train, problem, starts, seed=seed, n_kept=1)
        tell = self._print if self.verbose else None
        trials = _Trials(problem, train, bridge, seed, tell)
        best, fits, cut = trials.search(self._ladder)
        problem.objective = objective.with_penalty(RidgePenalty(best.alpha))
        self._set_path(fits)
        if cut is not None:
            results = [replace(best.training.results[0], reason=cut)]
            return best.training._replace(results=results)
        if n_kept == 1:
            return best.training
        return super()._train(problem, starts, bridge, seed, n_kept, best.training)

    def _fit_epoch(self, problem, attributes):
        self._set_path([])
        super()._fit_epoch(problem, attributes)

    def _set_path(self, fits):
        vars(self).pop("alphas_", None)
        vars(self).pop("alpha_losses_", None)
        if fits:
            self.alphas_ = np.array([fit.alpha for fit in fits])
            self.alpha_losses_ = np.array([fit.expected_loss for fit in fits])


class _Trials:
    """Trainings with one weight or another, and what they promise for new data.

    Parameters
    ----------
    problem : TrainingProblem
        Its objective is replaced.
    train : callable
        ``train(bridge=...)`` trains the problem: `Training`.
    bridge : object
        Sees the trainings with all samples.
    seed : int
        Which samples are held out.
    tell : callable or None
        Called with a line of text.
    """

    def __init__(self, problem, train, bridge, seed, tell=None):
        self.problem = problem
        self.objective = problem.objective
        self.train = train
        self.bridge = bridge
        self.seed = seed
        self.folds = []
        self.tell = tell or (lambda text: None)

    def search(self, ladder):
        """See `search_alpha`."""
        if self.problem.validation_loss is not None:
            ladder = ladder.all_at_once()
        if ladder.held_out:
            self.folds = _folds(self.objective, self.seed)
        if not self.folds:
            ladder = ladder._replace(held_out=())
        return search_alpha(ladder, self.fit, self.hold_out)

    def fit(self, alpha):
        """Train with all samples: `AlphaFit`."""
        training = self._trained(self.objective, alpha, self.bridge)
        result = training.results[0]
        expected, share, cut = np.inf, 0.0, _cut_of(result)
        try:
            if self.problem.validation_loss is not None:
                expected = float(result.score)
            elif result.reason is not StopReason.NON_FINITE:
                with single_blas_thread():
                    objective = self.problem.objective
                    expected, share = expected_loss(objective, result.theta)
        except KeyboardInterrupt:
            # The training is complete, only what it promises is not known.
            cut = KEYBOARD.reason()
        self.tell(f"alpha={alpha:g} promises a loss of {expected:.6e}")
        return AlphaFit(alpha, training, expected, share, cut)

    def hold_out(self, alpha):
        """Train without the samples of each fold, which judge it: `AlphaFit`."""
        losses, cut = [], None
        for held_out, rest in self.folds:
            if cut is None:
                self.tell(f"without {len(held_out)} of the samples:")
                data = self.objective.data_only(rest)
                result = self._trained(data, alpha, NoBridge()).results[0]
                judges = self.objective.data_only(held_out)
                losses.append(mean_loss(judges, result.theta))
                cut = _cut_of(result)
        expected = float(np.mean(losses))
        self.tell(f"alpha={alpha:g} promises a loss of {expected:.6e}")
        return AlphaFit(alpha, None, expected, cut=cut)

    def _trained(self, objective, alpha, bridge):
        self.tell(f"alpha={alpha:g}")
        self.problem.objective = objective.with_penalty(RidgePenalty(alpha))
        return self.train(bridge=bridge)


def _cut_of(result):
    is_cut = result.reason in (StopReason.INTERRUPTED, StopReason.CALLBACK)
    return result.reason if is_cut else None


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


def search_alpha(ladder, fit, hold_out=None):
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

    Returns
    -------
    best : AlphaFit
        The one to take.
    fits : list of AlphaFit
        All that were compared, ascending.
    cut : StopReason or None
        What cut the last one short, if anything did.

    Examples
    --------
    >>> from pmm_sklearn._alpha_search import AlphaFit, AlphaLadder, search_alpha
    >>> from pmm_sklearn._starts import Training
    >>> from pmm_sklearn.solvers import SolverResult, StopReason
    >>> end = SolverResult(None, 0.0, 0.0, StopReason.CONVERGED, [], [], None)
    >>> def fit(alpha):
    ...     return AlphaFit(alpha, Training([end], [], []), abs(alpha - 0.2))
    >>> best, fits, _ = search_alpha(AlphaLadder((0.0, 1e-2, 1e-1, 1.0), 2), fit)
    >>> best.alpha, [fit.alpha for fit in fits]
    (0.1, [0.01, 0.1, 1.0])
    """
    tried = _Tried(fit)
    first = ladder.alphas[ladder.first]
    is_noisy = tried.promised(first) > _NOISY
    if ladder.held_out and (is_noisy or tried.fits[first].share > _FEW_DATA):
        return _best_held_out(ladder.held_out, hold_out, tried, first)
    best = _walk(ladder, tried)
    shares = [fit.share for fit in tried.fits.values()]
    if ladder.held_out and max(shares) > _INTERPOLATING:
        return _best_held_out(ladder.held_out, hold_out, tried, best)
    return tried.fits[best], tried.ascending(), tried.cut


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
    if tried.fits[alphas[ladder.first]].share > _TIGHT:
        # The smallest may be far better than those between: few data, but exact ones.
        tried.promised(alphas[0])
    return tried.largest_within(ladder.tolerance, largest)


def _best_held_out(alphas, hold_out, tried, otherwise):
    """What `search_alpha` returns, by samples set aside; `otherwise` if interrupted."""
    held_out = _Tried(hold_out, can_end=True)
    if tried.cut is None:
        for alpha in reversed(alphas):
            if held_out.promised(alpha) > _HELD_OUT_TOLERANCE * held_out.least():
                break
        tried.cut = held_out.cut
    if tried.cut is None:
        alpha = held_out.largest_within(_HELD_OUT_TOLERANCE, np.inf)
        tried.promised(alpha)
        if alpha in tried.fits:
            return tried.fits[alpha], held_out.ascending(), tried.cut
    return tried.fits[otherwise], tried.ascending(), tried.cut


class _Tried:
    """Fits by their weights; none is begun any more once one was cut short.

    Parameters
    ----------
    fit : callable
        ``fit(alpha)`` returns an `AlphaFit`.
    can_end : bool, default=False
        Whether an interruption of the first one leaves something to return.
    """

    def __init__(self, fit, can_end=False):
        self.fits, self.cut = {}, None
        self._fit, self._can_end = fit, can_end

    def promised(self, alpha):
        """Expected loss, after the fit if there is none."""
        if alpha not in self.fits and self.cut is None:
            try:
                self.fits[alpha] = self._fit(alpha)
                self.cut = self.fits[alpha].cut
            except KeyboardInterrupt:
                if not self.fits and not self._can_end:
                    raise
                self.cut = KEYBOARD.reason()
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
