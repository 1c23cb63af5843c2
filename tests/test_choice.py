"""What is chosen: sizes and priors by evidence, starts and solutions of emulators."""

import importlib
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.exceptions import ConvergenceWarning

from pmm_sklearn import PMMClassifier, PMMEmulator, PMMRegressor
from pmm_sklearn._base import BasePMM
from pmm_sklearn.model import EvidenceObjective, spectrum_pmm
from pmm_sklearn.solvers import Interruption
from pmm_sklearn.training import (
    Family,
    Observations,
    StartPrior,
    fit,
    fit_by_turns,
    most_probable,
)

LEVEL = [("level", "", ((0, 0),))]


class Candidate:
    """A problem whose evidence is known."""

    def __init__(self, log_evidence, is_exact=False, is_interrupted=False):
        self.is_interrupted = is_interrupted
        self._log_evidence = log_evidence
        self._is_exact = is_exact

    def log_evidence(self, result):
        return self._log_evidence

    def is_exact(self, result):
        return self._is_exact


def choose(*families):
    """Settings of the chosen candidate, and of all that were tried, in order."""
    tried = []

    def probe(problem, settings):
        tried.append(settings)
        is_stopped = problem.is_interrupted
        return SimpleNamespace(best=None, starts=[settings], is_stopped=is_stopped)

    choice = most_probable(families, probe, Interruption())
    _, chosen = choice.candidate
    assert choice.screened in ([chosen], ())
    assert [trial.candidate[1] for trial in choice.trials] == tried
    return chosen, tried


def family(side, evidence, **ladders):
    """One whose candidates are named by side and settings."""

    def make(**settings):
        return Candidate(evidence(**settings)), (side, *settings.values())

    return Family(make, ladders)


class TestSearch:
    def test_one_candidate_is_not_tried(self):
        assert choose(Family.of(Candidate(0.0), "one")) == ("one", [])

    def test_sizes_grow_as_long_as_it_pays(self):
        evidences = [0.0, 9.0, 13.0, 99.0]
        sizes = [family(n, lambda n=n: evidences[n]) for n in range(4)]
        assert choose(*sizes) == ((1,), [(0,), (1,), (2,)])

    def test_settings_one_after_the_other(self):
        only = family(
            3,
            lambda a, b: {(1, 0): 0, (2, 0): 20, (4, 0): 25, (2, 1): 31}.get((a, b), 0),
            a=(1, 2, 4, 8),
            b=(0, 1, 2),
        )
        chosen, tried = choose(only)
        assert chosen == (3, 2, 1)
        assert tried == [(3, 1, 0), (3, 2, 0), (3, 4, 0), (3, 2, 1), (3, 2, 2)]

    def test_no_larger_size_than_an_exact_one(self):
        exact = Family.of(Candidate(0.0, is_exact=True), "exact")
        larger = Family.of(Candidate(1e6), "larger")
        assert choose(exact, larger) == ("exact", ["exact"])

    @pytest.mark.parametrize("bad", [np.nan, -np.inf])
    def test_what_has_no_evidence_is_not_better(self, bad):
        first, second = family(2, lambda: 1.0), family(3, lambda: bad)
        assert choose(first, second)[0] == (2,)


class TestInterruptedSearch:
    """A Ctrl-C ends it, and the best so far is kept."""

    def search(self, evidences, interruption=None):
        """Sides from 0 on; an evidence that is None is a Ctrl-C before the first."""

        def probe(problem, side):
            if evidences[side] is None:
                raise KeyboardInterrupt
            return SimpleNamespace(
                best=None, starts=[side], is_stopped=side == len(evidences) - 1
            )

        sizes = [Family.of(Candidate(e), side) for side, e in enumerate(evidences)]
        sizes.append(Family.of(Candidate(1e9), "never tried"))
        return most_probable(sizes, probe, interruption or Interruption())

    @pytest.mark.parametrize(
        ("evidences", "best"), [([1.0], 0), ([0.0, 9.0, 1.0], 1), ([0.0, 9.0, None], 1)]
    )
    def test_keeps_the_best(self, evidences, best):
        choice = self.search(evidences)
        assert choice.is_interrupted
        assert choice.candidate[1] == best
        assert choice.screened == [best]

    def test_before_there_is_anything(self):
        with pytest.raises(KeyboardInterrupt):
            self.search([None])

    def test_twice_in_a_row(self):
        interruption = Interruption()
        assert self.search([0.0, None], interruption).is_interrupted
        with pytest.raises(KeyboardInterrupt):
            self.search([0.0, None], interruption)


def estimator_and_data(kind):
    X = np.random.RandomState(0).uniform(-1, 1, size=(40, 2))
    y = X[:, 0] * X[:, 1] + 0.01 * np.cos(9 * X[:, 1])
    if kind is PMMClassifier:
        y = y > 0
    if kind is PMMEmulator:
        y = -np.sqrt(1 + X[:, 0] ** 2 + X[:, 1] ** 2)
    return kind(n_init=2, warm_start=True, random_state=0, max_iter=60), X, y


class TestInterruptedFit:
    @pytest.mark.parametrize("kind", [PMMRegressor, PMMClassifier, PMMEmulator])
    def test_of_several_sizes_keeps_the_best_model(self, kind, monkeypatch):
        model, X, y = estimator_and_data(kind)
        calls, original = [], BasePMM._probe

        def probe(self, *args):
            calls.append(1)
            if len(calls) == 2:
                raise KeyboardInterrupt
            return original(self, *args)

        monkeypatch.setattr(BasePMM, "_probe", probe)
        with pytest.warns(ConvergenceWarning, match="interrupted by the user"):
            model.fit(X, y)
        assert model.stop_reason_ == "interrupted"
        assert len(model.evidence_path_) == 1
        assert model.score(X, y) > 0.5
        size = model.matrix_size_
        model.fit(X, y)  # goes on with this size
        assert model.matrix_size_ == size
        assert model.stop_reason_ != "interrupted"

    def test_in_the_middle_of_the_first_size(self, monkeypatch):
        model, X, y = estimator_and_data(PMMRegressor)
        calls, original = [], EvidenceObjective.value

        def value(self, theta):
            calls.append(1)
            if len(calls) == 15:
                raise KeyboardInterrupt
            return original(self, theta)

        monkeypatch.setattr(EvidenceObjective, "value", value)
        with pytest.warns(ConvergenceWarning, match="interrupted by the user"):
            model.fit(X, y)
        assert model.stop_reason_ == "interrupted"
        assert 1 <= model.n_iter_ < 20
        assert model.matrix_size_ == 3
        assert len(model.start_losses_) == 1

    def test_before_the_training_of_the_best_size(self, monkeypatch):
        model, X, y = estimator_and_data(PMMRegressor)

        def fit_or_interrupt(problem, starts, plans, watcher, screened=()):
            if len(screened) > 0:
                raise KeyboardInterrupt
            return fit_by_turns(problem, starts, plans, watcher)

        monkeypatch.setattr("pmm_sklearn._base.fit_by_turns", fit_or_interrupt)
        with pytest.warns(ConvergenceWarning, match="interrupted by the user"):
            model.fit(X, y)
        assert model.stop_reason_ == "interrupted"
        assert model.n_iter_ == 40

    def test_by_turns_the_first_solutions_are_kept(self, monkeypatch):
        """Of noisy levels every other start is trained in another way."""
        rng = np.random.RandomState(0)
        X = np.linspace(-1, 1, 60)[:, np.newaxis]
        y = -np.hypot(1, X[:, 0]) + 0.1 * rng.standard_normal(60)
        calls = []

        def fit_or_interrupt(*args):
            calls.append(1)
            if len(calls) == 2:
                raise KeyboardInterrupt
            return fit(*args)

        module = importlib.import_module("pmm_sklearn.training.fit")
        monkeypatch.setattr(module, "fit", fit_or_interrupt)
        emulator = PMMEmulator(2, n_init=4, random_state=0, max_iter=60)
        with pytest.warns(ConvergenceWarning, match="interrupted by the user"):
            emulator.fit(X, y)
        assert len(calls) == 2
        assert emulator.stop_reason_ == "interrupted"
        assert emulator.score(X, y) > 0.5


class TestStarts:
    def draws(self, are_exact, block_sizes=(3,), matrix_type="hermitian"):
        model = spectrum_pmm(2, 1, block_sizes, matrix_type, LEVEL)
        prior = StartPrior(model, Observations(9.0, are_exact), scale=1.0)
        thetas = [prior.draw(np.random.RandomState(seed)) for seed in range(300)]
        return np.array([model.split(theta).matrices for theta in thetas])

    @staticmethod
    def shifts(matrices):
        return np.trace(matrices, axis1=-2, axis2=-1).real / matrices.shape[-1]

    def test_couplings_are_weak_but_shifts_are_not(self):
        exact, others = self.draws(True), self.draws(False)
        shift = self.shifts(exact[:, 1:])
        traceless = exact[:, 1:] - shift[..., np.newaxis, np.newaxis] * np.eye(3)
        sizes = np.linalg.norm(traceless, axis=(2, 3))
        assert 0.02 < sizes.min() < 0.2
        assert sizes.max() > 1.5
        assert_allclose(shift.std(), self.shifts(others[:, 1:]).std(), rtol=0.15)
        assert_allclose(exact[:, 0].std(), others[:, 0].std(), rtol=0.1)

    def test_of_each_sector(self):
        exact = self.draws(True, (2, 1))
        # A matrix of side 1 is a shift.
        assert_allclose(exact[:, 1:, 2, 2].std(), np.sqrt(0.5), rtol=0.15)


class TestSolutions:
    def test_evidence_of_exact_data_prefers_solutions(self):
        """Starts that end in poor minima are not taken."""
        X = np.linspace(-1, 1, 7)[:, np.newaxis]
        y = -np.cosh(2 * X[:, 0])
        for seed in range(3):
            emulator = PMMEmulator(3, n_init=4, random_state=seed).fit(X, y)
            assert_allclose(emulator.predict(X), y, atol=1e-3)

    @pytest.mark.parametrize("n_samples", [20, 320])
    def test_bars_are_as_large_as_residuals(self, n_samples):
        rng = np.random.RandomState(0)
        X = rng.uniform(-1, 1, (n_samples, 1))
        y = -np.hypot(1, X[:, 0]) + 0.01 * rng.standard_normal(n_samples)
        emulator = PMMEmulator(2, n_init=2, random_state=0).fit(X, y)
        (std,) = emulator.predict([[0.5]], return_std=True)[1]
        assert 0.005 < std < 0.03
