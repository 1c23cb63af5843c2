"""alpha="auto": several fits, of which the most promising is kept."""

import numpy as np
import pytest
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_diabetes, make_moons
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import shuffle

from pmm_sklearn import PMMClassifier, PMMRegressor
from pmm_sklearn.model import (
    PMM,
    Objective,
    RidgePenalty,
    SquaredError,
    expected_loss,
    observable_pmm,
)
from pmm_sklearn.solvers import SolverResult, StopReason
from pmm_sklearn.training import AlphaFit, AlphaLadder, Training, search_alpha
from pmm_sklearn.training.alpha import _folds

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RUNGS = tuple(range(6))


def regressor(matrix_size=3, **parameters):
    settings = {"n_init": 2, "max_iter": 40, "random_state": 0}
    return PMMRegressor(matrix_size, 2, **{**settings, **parameters})


def classifier(**parameters):
    settings = {"n_init": 2, "max_iter": 30, "random_state": 0}
    return PMMClassifier(3, 2, **{**settings, **parameters})


def noisy(X, y, noise, seed=0):
    return X, y + noise * np.std(y) * np.random.RandomState(seed).standard_normal(
        len(y)
    )


@pytest.fixture
def moons():
    return make_moons(80, noise=0.3, random_state=0)


def tried(losses, first, cut_at=None, tolerance=1.0):
    """Rungs in the order in which they were tried, all of them, and the choice."""
    order = []

    def fit(rung):
        order.append(rung)
        is_cut = len(order) == cut_at
        reason = StopReason.INTERRUPTED if is_cut else StopReason.CONVERGED
        result = SolverResult(None, 0.0, 0.0, reason, [], [], None)
        cut = reason if is_cut else None
        return AlphaFit(rung, Training([result], [], []), losses[rung], stop=cut)

    ladder = AlphaLadder(RUNGS[: len(losses)], first, tolerance)
    best, fits, cut = search_alpha(ladder, fit)
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

    @pytest.mark.parametrize(
        ("losses", "best"),
        [
            ([1, 3, 5, 6], 0),
            ([3, 5, 7, 9], 1),
            ([3, 5, 6, 9], 2),
            ([9, 6, 5, 4], 3),  # larger ones need not pay
            ([9, 6, 5, 6], 2),
        ],
    )
    def test_smaller_weights_have_to_pay(self, losses, best):
        assert tried(losses, 2, tolerance=2.0)[2] == best

    def test_ends_when_cut_short(self):
        assert tried([9, 9, 3, 2, 1, 0], 2, cut_at=3)[0] == [2, 1, 3]

    @pytest.mark.parametrize("first", [0, 5])
    def test_begins_at_an_end(self, first):
        order, *_ = tried([3, 3, 3, 3, 3, 3], first)
        assert order == ([0, 1] if first == 0 else [5, 4])


class TestChoice:
    def test_exact_data_are_not_penalised(self, smooth_data):
        assert regressor(matrix_size=4).fit(*smooth_data).alpha_ == 0.0

    def test_noisy_data_are_penalised(self, smooth_data):
        assert regressor(matrix_size=4).fit(*noisy(*smooth_data, 0.5)).alpha_ > 0.0

    @pytest.mark.parametrize("n_average", [1, 2, 3])
    def test_it_is_the_fit_with_that_alpha(self, smooth_data, n_average):
        X, y = noisy(*smooth_data, 0.1)
        parameters = {"n_init": 3, "n_average": n_average}
        auto = regressor(**parameters).fit(X, y)
        fixed = regressor(**parameters, alpha=auto.alpha_).fit(X, y)
        assert_array_equal(auto.predict(X), fixed.predict(X))
        assert_array_equal(auto.start_losses_, fixed.start_losses_)
        assert auto.start_loss_curves_ == fixed.start_loss_curves_
        assert auto.loss_ == fixed.loss_
        for mine, other in zip(auto.members_, fixed.members_, strict=True):
            assert_array_equal(mine.matrices, other.matrices)

    def test_path(self, smooth_data):
        model = regressor().fit(*noisy(*smooth_data, 0.1))
        assert np.all(np.diff(model.alphas_) > 0)
        chosen = np.flatnonzero(model.alphas_ == model.alpha_)
        assert model.alpha_losses_[chosen] <= 2 * model.alpha_losses_.min()
        assert np.all(model.alpha_losses_ < 1)  # better than the mean

    def test_error_is_about_that_of_new_data(self):
        rng = np.random.RandomState(0)
        X = rng.uniform(-1, 1, size=(600, 2))
        y = np.sin(2 * X[:, 0]) + X[:, 1] ** 2
        X, y = noisy(X, y, 0.3)
        model = regressor(n_init=1).fit(X[:100], y[:100])
        mean_square = np.mean((model.predict(X[100:]) - y[100:]) ** 2) / np.var(y[:100])
        assert model.alpha_losses_.min() == pytest.approx(mean_square, rel=0.5)

    def test_interpolating_fits_are_measured(self):
        """Generalised cross-validation would promise an error of zero."""
        rng = np.random.RandomState(0)
        X = rng.uniform(-1, 1, size=(40, 5))
        X, y = noisy(X, np.sin(3 * X[:, 0]), 0.3)
        model = PMMRegressor(7, 3, n_init=1, random_state=0).fit(X, y)
        assert np.all(model.alpha_losses_ > 0.05)

    def test_few_exact_data_are_not_penalised(self):
        """0.01 is no better than 0.1, and 0 a hundred times."""
        X = np.random.RandomState(0).uniform(-1, 1, size=(80, 3))
        y = np.sum((X - [0.2, -0.3, 0.1]) ** 2, axis=1)
        assert PMMRegressor(5, 2, n_init=1, random_state=0).fit(X, y).alpha_ == 0

    def test_units_do_not_matter(self, smooth_data):
        X, y = noisy(*smooth_data, 0.2)
        expected = regressor().fit(X, y)
        model = regressor().fit(1e3 * X + 1e2, 1e-4 * y - 7)
        assert model.alpha_ == expected.alpha_
        assert_allclose(model.alpha_losses_, expected.alpha_losses_, rtol=1e-3)

    def test_weights_are_repetitions(self, smooth_data):
        X, y = noisy(*smooth_data, 0.2)
        weight = np.random.RandomState(0).randint(0, 3, len(X))
        rows = np.repeat(np.arange(len(X)), weight)
        few = {"max_iter": 5, "n_init": 1}  # before rounding errors have grown
        weighted = regressor(**few).fit(X, y, sample_weight=weight)
        repeated = regressor(**few).fit(X[rows], y[rows])
        assert weighted.alpha_ == repeated.alpha_
        assert_allclose(weighted.alpha_losses_, repeated.alpha_losses_, rtol=1e-5)

    def test_order_does_not_matter(self, smooth_data):
        X, y = noisy(*smooth_data, 0.2)
        few = {"max_iter": 5, "n_init": 1}
        expected = regressor(**few).fit(X, y)
        model = regressor(**few).fit(*shuffle(X, y, random_state=0))
        assert_allclose(model.alpha_losses_, expected.alpha_losses_, rtol=1e-5)

    def test_several_targets(self, smooth_data):
        X, y = smooth_data
        Y = np.column_stack([noisy(X, y, 0.2)[1], noisy(X, y, 0.2, 1)[1]])
        model = regressor().fit(X, Y)
        mean_square = np.mean((model.predict(X) - y[:, np.newaxis]) ** 2) / np.var(y)
        assert mean_square < model.alpha_losses_.min() < 0.2

    @pytest.mark.parametrize("n_jobs", [2, 3])
    @pytest.mark.parametrize("backend", ["loky", "threading"])
    def test_parallel(self, smooth_data, backend, n_jobs):
        X, y = noisy(*smooth_data, 0.2)
        expected = regressor(n_average=2).fit(X, y)
        with parallel_config(backend=backend):
            model = regressor(n_average=2, n_jobs=n_jobs).fit(X, y)
        assert_array_equal(model.alpha_losses_, expected.alpha_losses_)
        assert_array_equal(model.predict(X), expected.predict(X))

    def test_validation_data_decide(self, smooth_data):
        model = regressor(early_stopping=True).fit(*noisy(*smooth_data, 0.3))
        chosen = np.flatnonzero(model.alphas_ == model.alpha_)
        assert model.alpha_losses_[chosen] == min(model.validation_loss_curve_)

    def test_classifier(self, moons):
        auto = classifier().fit(*moons)
        assert auto.alpha_ in auto.alphas_
        assert auto.alpha_ == auto.alphas_[np.argmin(auto.alpha_losses_)]
        fixed = classifier(alpha=auto.alpha_).fit(*moons)
        assert_array_equal(auto.predict_proba(moons[0]), fixed.predict_proba(moons[0]))


def fake_fit(alpha, loss, share=0.0, training=True):
    result = SolverResult(None, 0.0, 0.0, StopReason.CONVERGED, [], [], None)
    trained = Training([result], [], []) if training else None
    return AlphaFit(alpha, trained, loss, share)


class TestHeldOut:
    """Few or noisy data: some samples judge the fits to the others."""

    LADDER = AlphaLadder((0.0, 0.1, 1.0), 1, held_out=(0.0, 0.5, 1.0, 10.0, 100.0))

    @pytest.mark.parametrize(
        ("expected", "shares", "is_held_out"),
        [
            (0.05, {0.1: 0.3}, False),
            (0.2, {0.1: 0.3}, True),  # noise
            (0.05, {0.1: 0.8}, True),  # few data
            (0.05, {0.0: 0.99}, True),  # one of the fits interpolates
            (0.05, {0.0: 0.9}, False),
            (np.inf, {}, True),
        ],
    )
    def test_when(self, expected, shares, is_held_out):
        fitted, held_out = [], []

        def fit(alpha):
            fitted.append(alpha)
            return fake_fit(alpha, expected, shares.get(alpha, 0.0))

        def hold_out(alpha):
            held_out.append(alpha)
            losses = {0.0: 0.5, 0.5: 9.0, 1.0: 1.0, 10.0: 1.1, 100.0: 1.5}
            return fake_fit(alpha, losses[alpha], training=False)

        best, fits, cut = search_alpha(self.LADDER, fit, hold_out)
        assert cut is None
        assert bool(held_out) == is_held_out
        if is_held_out:
            assert best.alpha == fitted[-1] == 10.0  # the largest within the scatter
            assert best.training is not None
            # Down from the top, until it is much worse.
            assert [fit.alpha for fit in fits] == [0.5, 1.0, 10.0, 100.0]
            assert fits[2].expected_loss == 1.1

    @pytest.mark.parametrize("n_calls", [1, 2, 5])
    def test_interrupted(self, n_calls):
        """In the first or second training without samples, and in the last of all."""
        calls = []

        def count():
            calls.append(1)
            if len(calls) == n_calls:
                raise KeyboardInterrupt

        def fit(alpha):
            if alpha != 0.1:
                count()
            return fake_fit(alpha, 0.5)

        def hold_out(alpha):
            count()
            return fake_fit(alpha, 1.0, training=False)

        best, fits, cut = search_alpha(self.LADDER, fit, hold_out)
        assert best.alpha == 0.1
        assert [fit.alpha for fit in fits] == [0.1]
        assert cut is StopReason.INTERRUPTED

    def test_noise_is_not_learned(self):
        rng = np.random.RandomState(0)
        X, y = rng.standard_normal((600, 6)), rng.standard_normal(600)
        model = PMMRegressor(5, 3, n_init=1, random_state=0).fit(X[:200], y[:200])
        assert model.alpha_ >= 10
        assert model.score(X[200:], y[200:]) > -0.3

    def test_diabetes(self):
        X, X_test, y, y_test = train_test_split(
            *load_diabetes(return_X_y=True), random_state=0
        )
        model = PMMRegressor(random_state=0).fit(X, y)
        assert model.alpha_ >= 10
        assert model.score(X_test, y_test) > 0.25

    @pytest.mark.parametrize("change", ["order", "repetition"])
    def test_order_and_weights(self, smooth_data, change):
        X, y = noisy(*smooth_data, 1.0)
        few = {"max_iter": 5, "n_init": 1}  # before rounding errors have grown
        weight = np.random.RandomState(0).randint(0, 3, len(X))
        rows = np.repeat(np.arange(len(X)), weight)
        expected = regressor(**few).fit(X[rows], y[rows])
        assert max(expected.alphas_) == 100.0
        if change == "order":
            model = regressor(**few).fit(*shuffle(X[rows], y[rows], random_state=0))
        else:
            model = regressor(**few).fit(X, y, sample_weight=weight)
        assert model.alpha_ == expected.alpha_
        assert_allclose(model.alpha_losses_, expected.alpha_losses_, rtol=1e-5)

    def test_validation_data_judge_all_weights(self):
        ladder = self.LADDER.all_at_once()
        assert ladder == AlphaLadder((0.0, 0.1, 0.5, 1.0, 10.0, 100.0), 1)

    @pytest.mark.parametrize(
        ("n_samples", "n_folds"), [(4, 0), (5, 5), (50, 5), (51, 5), (125, 2), (300, 1)]
    )
    def test_folds(self, n_samples, n_folds):
        """As many as needed to hold out fifty observations; repetitions together."""
        X = np.arange(float(n_samples))[:, np.newaxis]
        X = np.vstack([X, X[: n_samples // 2]])
        weight = np.ones((len(X), 1))
        weight[: n_samples // 2] = weight[n_samples:] = 0.5
        objective = Objective(
            observable_pmm(1, 1, (2,), 1),
            SquaredError(),
            X,
            np.zeros((len(X), 1)),
            weight,
            RidgePenalty(0.1),
        )
        folds = _folds(objective, seed=0)
        assert len(folds) == n_folds
        for held_out, rest in folds:
            assert_array_equal(np.sort(np.r_[held_out, rest]), np.arange(len(X)))
            assert not set(X[held_out, 0]) & set(X[rest, 0])
            assert weight[held_out].sum() == pytest.approx(n_samples / 5, abs=1)
        if n_folds == 5:
            everything = np.concatenate([held_out for held_out, _ in folds])
            assert_array_equal(np.sort(everything), np.arange(len(X)))


class TestWithoutComparison:
    @pytest.mark.parametrize("solver", ["lbfgs", "adam", "newton-cg"])
    def test_other_solvers(self, smooth_data, moons, solver):
        model = regressor(solver=solver).fit(*noisy(*smooth_data, 0.2))
        assert not hasattr(model, "alphas_")
        assert 0 < model.alpha_ < 1
        model = classifier(solver=solver).fit(*moons)
        assert not hasattr(model, "alphas_")
        assert model.alpha_ == 1.0

    @pytest.mark.parametrize("model", [regressor(), classifier()])
    def test_a_number(self, smooth_data, moons, model):
        data = moons if isinstance(model, PMMClassifier) else smooth_data
        model = clone(model).fit(*data)
        assert hasattr(model, "alphas_")
        model.set_params(alpha=0.5).fit(*data)
        assert model.alpha_ == 0.5
        assert not hasattr(model, "alphas_")
        assert not hasattr(model, "alpha_losses_")

    def test_warm_start_keeps_the_choice(self, smooth_data):
        X, y = noisy(*smooth_data, 0.3)
        model = regressor(warm_start=True).fit(X, y)
        alpha, loss = model.alpha_, model.loss_
        model.fit(X, y)
        assert model.alpha_ == alpha
        assert model.loss_ <= loss * (1 + 1e-12)

    def test_partial_fit(self, smooth_data):
        model = regressor().fit(*smooth_data)
        model.partial_fit(*smooth_data)
        assert not hasattr(model, "alphas_")


class TestInterruption:
    @pytest.mark.parametrize("n_calls", range(5, 60, 5))
    def test_keeps_the_best_so_far(self, smooth_data, monkeypatch, n_calls):
        """Whatever is interrupted: a pass, a Jacobian, or the comparison."""
        X, y = noisy(*smooth_data, 0.1)
        calls, original = [], PMM.forward

        def forward(self, *args):
            calls.append(1)
            if len(calls) == n_calls:
                raise KeyboardInterrupt
            return original(self, *args)

        monkeypatch.setattr(PMM, "forward", forward)
        model = regressor(n_init=1, tol=0.0, max_iter=20)
        with pytest.warns(ConvergenceWarning, match="interrupted"):
            model.fit(X, y)
        assert 1 <= len(model.alphas_) <= 3
        assert model.stop_reason_ == "interrupted"
        assert np.all(np.isfinite(model.predict(X)))

    def test_finished_fits_survive_the_comparison(self, smooth_data, monkeypatch):
        X, y = noisy(*smooth_data, 0.1)
        expected = regressor().fit(X, y)
        calls = []

        def loss(*args):
            calls.append(1)
            if len(calls) == 2:
                raise KeyboardInterrupt
            return expected_loss(*args)

        monkeypatch.setattr("pmm_sklearn.training.alpha.expected_loss", loss)
        with pytest.warns(ConvergenceWarning, match="interrupted"):
            model = regressor().fit(X, y)
        assert_array_equal(model.alphas_, [0.01, 0.1])
        assert model.alpha_ == 0.1
        assert model.alpha_losses_[1] in expected.alpha_losses_
        assert model.stop_reason_ == "interrupted"

    def test_while_samples_are_held_out(self, smooth_data, monkeypatch):
        X, y = noisy(*smooth_data, 0.1)
        calls, original = [], Objective.data_only

        def data_only(self, *args, **kwargs):
            calls.append(1)
            monkeypatch.setattr(PMM, "jacobian", interrupt)
            return original(self, *args, **kwargs)

        def interrupt(self, *args):
            monkeypatch.undo()
            raise KeyboardInterrupt

        monkeypatch.setattr(Objective, "data_only", data_only)
        with pytest.warns(ConvergenceWarning, match="interrupted"):
            model = regressor(7, n_init=1).fit(X[:30], y[:30])
        assert len(calls) == 1
        assert model.stop_reason_ == "interrupted"
        assert len(model.alphas_) == 1

    def test_callbacks_see_every_fit(self, smooth_data):
        module = pytest.importorskip(
            "sklearn.callback", reason="callbacks need scikit-learn >= 1.9"
        )
        monitor = module.ScoringMonitor(scoring="r2")
        model = regressor(n_init=1, tol=0.0, max_iter=10).set_callbacks(monitor)
        model.fit(*noisy(*smooth_data, 0.1))
        fit, *iterations = (row["r2"] for row in monitor.get_logs().data)
        assert fit == pytest.approx(model.score(*noisy(*smooth_data, 0.1)))
        assert len(iterations) == 10 * len(model.alphas_)


def test_verbose_tells_what_every_alpha_promises(smooth_data, capsys):
    model = regressor(verbose=1).fit(*noisy(*smooth_data, 0.1))
    lines = capsys.readouterr().out.splitlines()
    told = [line for line in lines if "promises" in line]
    assert len(told) == len(model.alphas_)
    for alpha, loss in zip(model.alphas_, model.alpha_losses_, strict=True):
        assert any(f"alpha={alpha:g} " in x and f"{loss:.6e}" in x for x in told)


def test_an_error_in_the_second_fit_changes_nothing(smooth_data, monkeypatch):
    model = regressor().fit(*smooth_data)
    before = dict(vars(model))
    calls = []

    def loss(*args):
        calls.append(1)
        if len(calls) == 2:
            raise MemoryError
        return expected_loss(*args)

    monkeypatch.setattr("pmm_sklearn.training.alpha.expected_loss", loss)
    with pytest.raises(MemoryError):
        model.fit(*noisy(*smooth_data, 0.3))
    assert vars(model) == before


@pytest.mark.parametrize("make", [regressor, classifier])
def test_weights_in_other_units(smooth_data, moons, make):
    X, y = noisy(*smooth_data, 0.3) if make is regressor else moons
    with pytest.warns(UserWarning, match="divide sample_weight by its mean"):
        model = make().fit(X, y, sample_weight=np.full(len(X), 1 / len(X)))
    assert np.all(np.isfinite(model.alpha_losses_))
