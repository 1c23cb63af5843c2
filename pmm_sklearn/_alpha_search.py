"""The weight of the penalty, chosen by what fits with different ones promise."""

from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from ._base import loss_of_means
from ._callbacks import NoBridge
from ._starts import Training
from ._threads import single_blas_thread
from .model import RidgePenalty, expected_loss
from .solvers import StopReason, interrupted

# Shares of the data that parameters use up.  Above the first, generalised
# cross-validation divides two small numbers, and one of some parts is held out instead.
_INTERPOLATING, _TIGHT = 0.75, 0.5
_PARTS = 5


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
    """

    alphas: tuple
    first: int
    tolerance: float = 1.0


class AlphaFit(NamedTuple):
    """A fit with one weight.

    Attributes
    ----------
    alpha : float
        The weight.
    training : Training
        The fit.
    expected_loss : float
        What it promises for new data.
    share : float, default=0.0
        Parameters that the data determine, over observations.
    cut : StopReason or None, default=None
        What cut it short, if anything did.
    """

    alpha: float
    training: Training
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
        return self._n_members + (len(self._ladder.alphas) - 1 if is_searched else 0)

    def _train(self, problem, starts, bridge, seed, n_kept, previous=None):
        objective = problem.objective
        is_searched = self.alpha == "auto" and self._choose_solver(objective) == "lm"
        if not is_searched or loss_of_means(objective) == 0:
            self._set_path([])
            return super()._train(problem, starts, bridge, seed, n_kept)
        if self.warm_start and hasattr(self, "alphas_"):
            problem.objective = objective.with_penalty(RidgePenalty(self.alpha_))
            return super()._train(problem, starts, bridge, seed, n_kept)

        def fit(alpha):
            if self.verbose:
                self._print(f"alpha={alpha:g}")
            problem.objective = objective.with_penalty(RidgePenalty(alpha))
            train = partial(
                super(AlphaSearchMixin, self)._train,
                problem,
                starts,
                seed=seed,
                n_kept=1,
            )
            return self._judged(alpha, train(bridge=bridge), problem, train, seed)

        best, fits, cut = search_alpha(self._ladder, fit)
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

    def _judged(self, alpha, training, problem, train, seed):
        """What a training promises for new data: `AlphaFit`."""
        result = training.results[0]
        expected, share, cut = np.inf, 0.0, _cut_of(result)
        try:
            if problem.validation_loss is not None:
                expected = float(result.score)
            elif result.reason is not StopReason.NON_FINITE:
                with single_blas_thread():
                    expected, share = expected_loss(problem.objective, result.theta)
            can_hold_out = cut is None and problem.objective.n_samples >= _PARTS
            if share > _INTERPOLATING and can_hold_out:
                if self.verbose:
                    self._print(f"alpha={alpha:g} without a fifth of the samples")
                expected, cut = _held_out_loss(problem, train, seed)
        except KeyboardInterrupt:
            # The training is complete, only what it promises is not known.
            cut = interrupted()
        if self.verbose:
            self._print(f"alpha={alpha:g} promises a loss of {expected:.6e}")
        return AlphaFit(alpha, training, expected, share, cut)

    def _set_path(self, fits):
        vars(self).pop("alphas_", None)
        vars(self).pop("alpha_losses_", None)
        if fits:
            self.alphas_ = np.array([fit.alpha for fit in fits])
            self.alpha_losses_ = np.array([fit.expected_loss for fit in fits])


def _cut_of(result):
    is_cut = result.reason in (StopReason.INTERRUPTED, StopReason.CALLBACK)
    return result.reason if is_cut else None


def _held_out_loss(problem, train, seed):
    """Mean loss of samples set aside, and what cut the training without them short."""
    whole = problem.objective
    order = np.random.RandomState(seed).permutation(whole.n_samples)
    held_out, rest = np.split(order, [whole.n_samples // _PARTS])
    try:
        problem.objective = whole.data_only(rest)
        (result,), *_ = train(bridge=NoBridge())
    finally:
        problem.objective = whole
    test = whole.data_only(held_out)
    value, _ = test.loss_and_norm(result.theta)
    loss = float(test.loss.expected(value, test.y, test.weight, 0.0))
    return loss if np.isfinite(loss) else np.inf, _cut_of(result)


def search_alpha(ladder, fit):
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

    Returns
    -------
    best : AlphaFit
        The one to take.
    fits : list of AlphaFit
        All of them, ascending.
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
    fits, cut = {}, None

    def promised(rung):
        nonlocal cut
        if rung not in fits and cut is None:
            try:
                fits[rung] = fit(ladder.alphas[rung])
                cut = fits[rung].cut
            except KeyboardInterrupt:
                if not fits:
                    raise
                cut = interrupted()
        return fits[rung].expected_loss if rung in fits else np.inf

    best = ladder.first
    promised(best)
    for step in (-1, 1):
        while best + step in range(len(ladder.alphas)):
            if not promised(best + step) < promised(best):
                break
            best += step
        if best != ladder.first:
            break
    largest = max(best, ladder.first)
    if fits[ladder.first].share > _TIGHT:
        # The smallest may be far better than those between: few data, but exact ones.
        promised(0)
    tried = [rung for rung in sorted(fits) if rung <= largest]
    limit = ladder.tolerance * min(promised(rung) for rung in tried)
    best = max(rung for rung in tried if promised(rung) <= limit)
    return fits[best], [fits[rung] for rung in sorted(fits)], cut
