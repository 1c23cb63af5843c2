"""What is chosen: sizes and priors by evidence, starts and solutions of emulators."""

from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pmm_sklearn import PMMEmulator
from pmm_sklearn.model import spectrum_pmm
from pmm_sklearn.training import Family, Observations, StartPrior, most_probable

LEVEL = [("level", "", ((0, 0),))]


class Candidate:
    """A problem whose evidence is known."""

    def __init__(self, log_evidence, is_exact=False):
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
        return SimpleNamespace(best=None, starts=[settings])

    (_, chosen), screened, trials = most_probable(families, probe)
    assert screened in ([chosen], ())
    assert [trial.candidate[1] for trial in trials] == tried
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
