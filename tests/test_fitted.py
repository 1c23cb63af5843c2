"""Fitted models as values, and the training that makes them."""

import pickle
import warnings
from types import SimpleNamespace

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from pmm_sklearn import PMMEmulator, PMMRegressor, UnitaryPMMEmulator
from pmm_sklearn.fitted import SpectrumStructure
from pmm_sklearn.model import LOSSES, RidgePenalty, SquaredError
from pmm_sklearn.model import overlap as overlap_module
from pmm_sklearn.solvers import Interruption, StopReason
from pmm_sklearn.training import GaussianLikelihood
from pmm_sklearn.training.workers import Workers

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X = np.linspace(-1, 1, 12)[:, np.newaxis]
LEVEL = -np.hypot(1, X[:, 0])
SHORT = {"n_init": 1, "max_iter": 5, "random_state": 0}


class TestValue:
    def test_made_once_for_each_fitted_state(self, monkeypatch):
        made = []
        original = SpectrumStructure.fitted_model
        monkeypatch.setattr(
            SpectrumStructure,
            "fitted_model",
            lambda self: made.append(1) or original(self),
        )
        emulator = PMMEmulator(2, **SHORT).fit(X, LEVEL)
        made.clear()  # the training looks at the model, too
        first = emulator.model_
        for _ in range(3):
            emulator.predict(X, return_std=True)
            emulator.eigenvalues(X)
        assert emulator.model_ is first
        assert len(made) <= 1
        emulator.fit(X, 2 * LEVEL)
        assert emulator.model_ is not first
        emulator.matrices_ = 2 * emulator.matrices_
        assert_allclose(emulator.predict(X), 4 * LEVEL, rtol=0.1)

    def test_it_is_no_part_of_files_copies_and_comparisons(self):
        emulator = PMMEmulator(2, **SHORT).fit(X, LEVEL)
        before = set(vars(emulator))
        again = pickle.loads(pickle.dumps(emulator))
        assert emulator.model_ is not again.model_
        assert set(vars(emulator)) == before

    def test_estimators_that_are_equal_have_their_own(self):
        class Equal(PMMRegressor):
            def __eq__(self, other):
                return isinstance(other, Equal)

        one = Equal(2, 1, **SHORT).fit(X, LEVEL)
        other = Equal(2, 1, **SHORT).fit(X, -LEVEL)
        assert one.model_ is not other.model_
        assert np.all(one.predict(X) < 0)
        assert np.all(other.predict(X) > 0)

    def test_error_bars_are_made_when_asked_for(self):
        model = PMMRegressor(3, 1, **SHORT).fit(X, LEVEL)
        model = pickle.loads(pickle.dumps(model))
        model.predict(X)
        assert "error_bars" not in vars(model.model_)
        model.predict(X, return_std=True)
        assert "error_bars" in vars(model.model_)

    def test_draws_do_not_warn(self):
        rng = np.random.RandomState(0)
        rows, noise = rng.standard_normal((8, 2)), rng.standard_normal(8)
        model = PMMRegressor(5, 2, alpha=1e-9, random_state=0).fit(rows, noise)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model.sample_y(rows)
        with pytest.warns(UserWarning, match="goes through all its data"):
            model.predict(rows, return_std=True)

    def test_what_a_product_of_evolutions_has_not(self):
        times = np.linspace(0.1, 0.5, 6)[:, np.newaxis]
        energies = -1 + 0.1 * times[:, 0] ** 2
        model = UnitaryPMMEmulator(2, n_factors=2, **SHORT).fit(times, energies).model_
        for call in (model.hamiltonian, model.gradient):
            with pytest.raises(TypeError, match="no Hamiltonian .* use hamiltonian_"):
                call(times)
        with pytest.raises(TypeError, match="no Hamiltonian"):
            model.function(gradient=True)
        assert model.levels(times).shape == (6, 2)


def test_a_warm_start_on_constant_targets():
    model = PMMRegressor(2, 1, n_init=1, warm_start=True, random_state=0)
    model.fit(X, LEVEL)
    model.fit(X, np.ones(12))
    assert_allclose(model.predict(X), 1.0, atol=1e-6)


def test_an_interruption_of_later_comparisons_keeps_the_earlier_results():
    def interrupted(task, on_iteration=None):
        raise KeyboardInterrupt

    workers = Workers(interrupted, 1, Interruption())
    assert workers.run([1, 2], goes_on=True) == ([], StopReason.INTERRUPTED)
    with pytest.raises(KeyboardInterrupt):
        workers.run([1, 2])


@pytest.mark.parametrize(("n_short", "n_here"), [(3, 3), (2, 3), (1, 1), (0, 0)])
def test_only_long_tasks_go_to_other_processes(monkeypatch, n_short, n_here):
    """Of three; the last one stays here in any case."""
    elsewhere, now = [], [0.0]

    def run_task(task, on_iteration=None):
        for n_iter in range(3):
            now[0] += 0.1 if task < n_short else 10.0
            if on_iteration is not None and on_iteration(n_iter):
                return SimpleNamespace(task=task, reason=StopReason.CALLBACK)
        return SimpleNamespace(task=task, reason=StopReason.CONVERGED)

    def parallel(**options):
        def run(calls):
            elsewhere.extend(calls)
            return [run_task(task) for task in range(3 - len(elsewhere), 3)]

        return run

    monkeypatch.setattr("pmm_sklearn.training.workers.Parallel", parallel)
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    with joblib.parallel_config("loky"):
        results, stop = Workers(run_task, 2, Interruption()).run([0, 1, 2])
    assert stop is None
    assert [result.task for result in results] == [0, 1, 2]
    assert {result.reason for result in results} == {StopReason.CONVERGED}
    assert len(elsewhere) == 3 - n_here


def test_smoothness_uses_the_eigensolver_of_the_emulator(monkeypatch):
    used = []
    original = overlap_module.eigh

    def eigh(matrices, eigensolver="auto"):
        used.append(eigensolver)
        return original(matrices, eigensolver)

    monkeypatch.setattr(overlap_module, "eigh", eigh)
    PMMEmulator(2, smoothness=0.1, eigensolver="lapack", **SHORT).fit(X, LEVEL)
    assert set(used) == {"lapack"}


def test_emulators_have_every_solver_that_visits_all_samples():
    for solver in ("lm", "newton-cg", "lbfgs"):
        emulator = PMMEmulator(2, solver=solver, n_init=2, random_state=0).fit(X, LEVEL)
        assert_allclose(emulator.predict(X), LEVEL, atol=1e-2)
    with pytest.raises(ValueError, match="solver must be one of .*'newton-cg'"):
        PMMEmulator(2, solver="adam").fit(X, LEVEL)


def test_a_loss_is_found_by_its_name(monkeypatch):
    class Doubled(SquaredError):
        """Another name for a loss."""

    monkeypatch.setitem(LOSSES, "doubled", Doubled)
    assert isinstance(GaussianLikelihood("doubled").loss, Doubled)
    assert isinstance(GaussianLikelihood().penalty(0.5, np.ones(3), 1), RidgePenalty)


def test_fits_by_batches_copy_their_moments_only():
    model = PMMRegressor(2, 1, random_state=0).partial_fit(X, LEVEL)
    first = model._online[0]
    model.partial_fit(X, LEVEL)
    second = model._online[0]
    assert second.units is first.units
    assert second._adam is not first._adam
    assert_array_equal(first.units.target_scale, second.units.target_scale)
