"""alpha="auto" of classifiers: several fits, of which the most promising is kept."""

import numpy as np
import pytest
from joblib import parallel_config
from numpy.testing import assert_array_equal
from sklearn.datasets import make_moons
from sklearn.exceptions import ConvergenceWarning

from pmm_sklearn import PMMClassifier, PMMRegressor
from pmm_sklearn.model import PMM, expected_loss
from pmm_sklearn.solvers import SolverResult, StopReason
from pmm_sklearn.training import AlphaFit, AlphaLadder, Training, search_alpha

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RUNGS = tuple(range(6))


def classifier(**parameters):
    settings = {"n_init": 2, "max_iter": 30, "random_state": 0}
    return PMMClassifier(3, 2, **{**settings, **parameters})


@pytest.fixture
def moons():
    return make_moons(80, noise=0.3, random_state=0)


def tried(losses, first, cut_at=None):
    """Rungs in the order in which they were tried, all of them, and the choice."""
    order = []

    def fit(rung):
        order.append(rung)
        is_cut = len(order) == cut_at
        reason = StopReason.INTERRUPTED if is_cut else StopReason.CONVERGED
        result = SolverResult(None, 0.0, 0.0, reason, [], [], None)
        cut = reason if is_cut else None
        return AlphaFit(rung, Training([result], [], []), losses[rung], stop=cut)

    best, fits, cut = search_alpha(AlphaLadder(RUNGS[: len(losses)], first), fit)
    assert (cut is None) == (cut_at is None)
    return order, [fit.alpha for fit in fits], best.alpha


class TestWalk:
    @pytest.mark.parametrize(
        ("losses", "order", "best"),
        [
            ([9, 3, 2, 5, 6, 7], [2, 1, 3], 2),  # the first is best
            ([1, 2, 3, 4, 5, 6], [2, 1, 0], 0),  # down to the end
            ([9, 9, 3, 2, 1, 0], [2, 1, 3, 4, 5], 5),  # up to the end
            ([9, 1, 3, 0, 0, 0], [2, 1, 0], 1),  # down is first
            ([np.inf] * 6, [2, 1, 3], 2),
        ],
    )
    def test_order(self, losses, order, best):
        assert tried(losses, 2) == (order, sorted(order), best)

    def test_ends_when_cut_short(self):
        assert tried([9, 9, 3, 2, 1, 0], 2, cut_at=3)[0] == [2, 1, 3]

    @pytest.mark.parametrize("first", [0, 5])
    def test_begins_at_an_end(self, first):
        order, *_ = tried([3, 3, 3, 3, 3, 3], first)
        assert order == ([0, 1] if first == 0 else [5, 4])


class TestChoice:
    @pytest.mark.parametrize("n_average", [1, 2])
    def test_it_is_the_fit_with_that_alpha(self, moons, n_average):
        auto = classifier(n_average=n_average).fit(*moons)
        assert auto.alpha_ == auto.alphas_[np.argmin(auto.alpha_losses_)]
        assert np.all(np.diff(auto.alphas_) > 0)
        fixed = classifier(n_average=n_average, alpha=auto.alpha_).fit(*moons)
        assert_array_equal(auto.predict_proba(moons[0]), fixed.predict_proba(moons[0]))
        assert_array_equal(auto.start_losses_, fixed.start_losses_)
        assert auto.start_loss_curves_ == fixed.start_loss_curves_
        assert auto.loss_ == fixed.loss_

    @pytest.mark.parametrize("backend", ["loky", "threading"])
    def test_parallel(self, moons, backend):
        expected = classifier(n_average=2).fit(*moons)
        with parallel_config(backend=backend):
            model = classifier(n_average=2, n_jobs=2).fit(*moons)
        assert_array_equal(model.alpha_losses_, expected.alpha_losses_)
        assert_array_equal(
            model.predict_proba(moons[0]), expected.predict_proba(moons[0])
        )

    def test_validation_data_decide(self, moons):
        model = classifier(early_stopping=True).fit(*moons)
        chosen = np.flatnonzero(model.alphas_ == model.alpha_)
        assert model.alpha_losses_[chosen] == min(model.validation_loss_curve_)


class TestWithoutComparison:
    @pytest.mark.parametrize("solver", ["lbfgs", "adam", "newton-cg"])
    def test_other_solvers(self, moons, solver):
        model = classifier(solver=solver).fit(*moons)
        assert not hasattr(model, "alphas_")
        assert model.alpha_ == 1.0

    def test_a_number(self, moons):
        model = classifier().fit(*moons)
        assert hasattr(model, "alphas_")
        model.set_params(alpha=0.5).fit(*moons)
        assert model.alpha_ == 0.5
        assert not hasattr(model, "alphas_")
        assert not hasattr(model, "alpha_losses_")

    def test_warm_start_keeps_the_choice(self, moons):
        model = classifier(warm_start=True).fit(*moons)
        alpha, loss = model.alpha_, model.loss_
        model.fit(*moons)
        assert model.alpha_ == alpha
        assert model.loss_ <= loss * (1 + 1e-12)

    def test_partial_fit(self, moons):
        model = classifier().fit(*moons)
        model.partial_fit(*moons)
        assert not hasattr(model, "alphas_")


class TestInterruption:
    @pytest.mark.parametrize("n_calls", range(5, 60, 5))
    def test_keeps_the_best_so_far(self, moons, monkeypatch, n_calls):
        """Whatever is interrupted: a pass, a Jacobian, or the comparison."""
        calls, original = [], PMM.forward

        def forward(self, *args):
            calls.append(1)
            if len(calls) == n_calls:
                raise KeyboardInterrupt
            return original(self, *args)

        monkeypatch.setattr(PMM, "forward", forward)
        model = classifier(n_init=1, tol=0.0, max_iter=20)
        with pytest.warns(ConvergenceWarning, match="interrupted"):
            model.fit(*moons)
        assert 1 <= len(model.alphas_) <= 3
        assert model.stop_reason_ == "interrupted"
        assert np.all(np.isfinite(model.predict_proba(moons[0])))

    def test_finished_fits_survive_the_comparison(self, moons, monkeypatch):
        expected = classifier().fit(*moons)
        calls = []

        def loss(*args):
            calls.append(1)
            if len(calls) == 2:
                raise KeyboardInterrupt
            return expected_loss(*args)

        monkeypatch.setattr("pmm_sklearn.training.alpha.expected_loss", loss)
        with pytest.warns(ConvergenceWarning, match="interrupted"):
            model = classifier().fit(*moons)
        assert_array_equal(model.alphas_, [1.0, 3.0])
        assert model.alpha_ == 3.0
        assert model.alpha_losses_[1] in expected.alpha_losses_
        assert model.stop_reason_ == "interrupted"

    def test_callbacks_see_every_fit(self, moons):
        module = pytest.importorskip(
            "sklearn.callback", reason="callbacks need scikit-learn >= 1.9"
        )
        monitor = module.ScoringMonitor(scoring="accuracy")
        model = classifier(n_init=1, tol=0.0, max_iter=10).set_callbacks(monitor)
        model.fit(*moons)
        fit, *iterations = (row["accuracy"] for row in monitor.get_logs().data)
        assert fit == model.score(*moons)
        assert len(iterations) == 10 * len(model.alphas_)


def test_verbose_tells_what_every_alpha_promises(moons, capsys):
    model = classifier(verbose=1).fit(*moons)
    lines = capsys.readouterr().out.splitlines()
    told = [line for line in lines if "promises" in line]
    assert len(told) == len(model.alphas_)
    for alpha, loss in zip(model.alphas_, model.alpha_losses_, strict=True):
        assert any(f"alpha={alpha:g} " in x and f"{loss:.6e}" in x for x in told)


def test_an_error_in_the_second_fit_changes_nothing(moons, monkeypatch):
    model = classifier().fit(*moons)
    before = dict(vars(model))
    calls = []

    def loss(*args):
        calls.append(1)
        if len(calls) == 2:
            raise MemoryError
        return expected_loss(*args)

    monkeypatch.setattr("pmm_sklearn.training.alpha.expected_loss", loss)
    with pytest.raises(MemoryError):
        model.fit(*moons)
    assert vars(model) == before


@pytest.mark.parametrize("make", [PMMRegressor, PMMClassifier])
def test_weights_in_other_units(moons, make):
    X, y = moons
    model = make(3, 2, n_init=1, max_iter=5, random_state=0)
    with pytest.warns(UserWarning, match="divide sample_weight by its mean"):
        model.fit(X, y, sample_weight=np.full(len(X), 1 / len(X)))
