"""What PMMRegressor learns and what it says about it."""

import copy
import inspect
import os
import signal
import threading
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from pmm_sklearn import PMMRegressor
from pmm_sklearn._base import KEYBOARD
from pmm_sklearn.model import PMM, READOUTS, Parameters, observable_pmm

from .problems import make_smooth_data

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def small(**parameters):
    return PMMRegressor(
        **{
            "matrix_size": 4,
            "n_eigenvectors": 2,
            "alpha": 1e-6,
            "max_iter": 60,
            "n_init": 2,
            "random_state": 0,
            **parameters,
        }
    )


@pytest.mark.parametrize("readout", READOUTS)
@pytest.mark.parametrize("matrix_type", ["hermitian", "symmetric"])
@pytest.mark.parametrize("solver", ["lm", "lbfgs"])
def test_learns_a_smooth_function(smooth_data, readout, matrix_type, solver):
    X, y = smooth_data
    max_iter = 60 if solver == "lm" else 600
    model = small(
        matrix_size=5,
        readout=readout,
        matrix_type=matrix_type,
        solver=solver,
        max_iter=max_iter,
    )
    # Rounding errors, which depend on the eigensolver, decide between several local
    # minima after hundreds of steps.
    assert model.fit(X[:40], y[:40]).score(X[40:], y[40:]) > 0.9


@pytest.mark.parametrize("which", ["SA", "LA", "LM", "SM"])
@pytest.mark.parametrize("matrix_size", [4, (2, 2)])
def test_every_selection_and_structure_trains(smooth_data, which, matrix_size):
    X, y = smooth_data
    model = small(which=which, matrix_size=matrix_size).fit(X, y)
    assert model.score(X, y) > 0.8


def test_fitted_attributes(smooth_data):
    X, y = smooth_data
    model = small(readout="transition", n_eigenvectors=3).fit(X, y)
    assert model.matrices_.shape == (3, 4, 4)
    assert_allclose(model.matrices_, model.matrices_.conj().swapaxes(1, 2))
    assert model.observables_.shape == (1, 6, 4, 4)
    assert model.intercept_.shape == (1,)
    assert model.n_parameters_ == 3 * 16 + 6 * 16 + 1
    assert len(model.loss_curve_) == model.n_iter_ <= model.max_iter
    assert model.loss_ == model.loss_curve_[-1]
    assert model.start_losses_.shape == (2,)
    assert model.validation_loss_curve_ == []
    assert model.n_features_in_ == 2


@pytest.mark.parametrize("readout", READOUTS)
@pytest.mark.parametrize("matrix_type", ["hermitian", "symmetric"])
@pytest.mark.parametrize("matrix_size", [5, (2, 3)])
def test_number_of_parameters_is_that_of_the_documentation(
    smooth_data, readout, matrix_type, matrix_size
):
    X, y = smooth_data
    model = small(
        matrix_size=matrix_size,
        n_eigenvectors=3,
        readout=readout,
        matrix_type=matrix_type,
        max_iter=1,
    ).fit(X, np.column_stack([y, -y]))

    def elements(n):
        return n * n if matrix_type == "hermitian" else n * (n + 1) // 2

    p, q, r = 2, 2, 3
    primary = elements(5) if matrix_size == 5 else elements(2) + elements(3)
    secondary, s = {
        "expectation": (primary, r),
        "transition": (elements(5), 6),
        "density": (primary, 1),
    }[readout]
    assert model.n_parameters_ == (p + 1) * primary + q * s * secondary + q


def test_loss_is_that_of_the_documentation(smooth_data):
    """Weighted squares of the standardised target plus alpha times the norm."""
    X, y = smooth_data
    weight = np.random.RandomState(1).uniform(0.5, 2, size=60)
    model = small(alpha=0.1, max_iter=25).fit(X, y, sample_weight=weight)
    mean = np.average(y, weights=weight)
    variance = np.average((y - mean) ** 2, weights=weight)
    squares = weight @ (model.predict(X) - y) ** 2 / variance
    shift = np.average(X, axis=0, weights=weight)
    scale = np.sqrt(3 * np.average((X - shift) ** 2, axis=0, weights=weight))
    standardised = model.matrices_.copy()
    standardised[0] += np.tensordot(shift, model.matrices_[1:], axes=1)
    standardised[1:] *= scale[:, np.newaxis, np.newaxis]
    norm = np.linalg.norm(standardised) ** 2
    norm += np.linalg.norm(model.observables_) ** 2 / variance
    assert model.loss_ == pytest.approx(squares + 0.1 * norm, rel=1e-9)


def test_several_targets(smooth_data):
    X, y = smooth_data
    Y = np.column_stack([y, 1e6 * X[:, 0], -y + 3])
    model = small(matrix_size=5).fit(X, Y)
    assert model.predict(X).shape == (60, 3)
    assert model.n_outputs_ == 3
    assert model.score(X, Y) > 0.99
    column = small().fit(X, y[:, np.newaxis])
    assert column.predict(X).shape == (60, 1)
    assert_array_equal(column.predict(X)[:, 0], small().fit(X, y).predict(X))


def test_predictions_follow_from_the_fitted_matrices(smooth_data):
    """The formula of the class docstring, in the user's units."""
    X, y = smooth_data
    X = 100 + 30 * X
    model = small().fit(X, y)
    for x, prediction in zip(X[:5], model.predict(X[:5]), strict=True):
        H = model.matrices_[0] + np.tensordot(x, model.matrices_[1:], axes=1)
        v = np.linalg.eigh(H)[1]
        expected = model.intercept_[0] + sum(
            (v[:, i].conj() @ model.observables_[0, i] @ v[:, i]).real for i in range(2)
        )
        assert prediction == pytest.approx(expected, rel=1e-8)


def test_change_of_basis_of_the_fitted_matrices_changes_no_prediction(smooth_data):
    X, y = smooth_data
    model = small().fit(X, y)
    expected = model.predict(X)
    rng = np.random.RandomState(0)
    U = np.linalg.qr(rng.standard_normal((4, 4)) + 1j * rng.standard_normal((4, 4)))[0]
    model.matrices_ = U @ model.matrices_ @ U.conj().T
    model.observables_ = U @ model.observables_ @ U.conj().T
    assert_allclose(model.predict(X), expected, rtol=1e-9, atol=1e-9)


@pytest.fixture(scope="module", params=READOUTS)
def in_usual_units(request):
    """A model and its predictions of the smooth data."""
    X, y = make_smooth_data()
    model = small(readout=request.param, max_iter=25, alpha=1e-3)
    return model, model.fit(X, y).predict(X)


@pytest.mark.parametrize(
    ("factor", "shift"),
    [(1e-6, 0.0), (1e6, 0.0), (1.0, 1e3), (1.0, -1e6), (1e6, 1e6), (1e-6, 1.0)],
)
@pytest.mark.parametrize("which", ["X", "y", "both"])
def test_units_do_not_matter(smooth_data, in_usual_units, factor, shift, which):
    X, y = smooth_data
    model, expected = in_usual_units
    X_new = X if which == "y" else factor * X + shift
    y_new = y if which == "X" else factor * y + shift
    predicted = model.fit(X_new, y_new).predict(X_new)
    if which != "X":
        predicted = (predicted - shift) / factor
    assert_allclose(predicted, expected, atol=1e-6 * np.ptp(y))


def test_sample_order_does_not_matter(smooth_data):
    X, y = smooth_data
    order = np.random.RandomState(1).permutation(60)
    model = small(max_iter=25)
    expected = model.fit(X, y).predict(X)
    assert_allclose(model.fit(X[order], y[order]).predict(X), expected, atol=1e-6)


def test_weights_are_repetitions_and_zero_weight_is_absence(smooth_data):
    X, y = smooth_data
    repeats = np.arange(60) % 3
    model = small(max_iter=20)
    weighted = model.fit(X, y, sample_weight=repeats).predict(X)
    repeated = model.fit(np.repeat(X, repeats, axis=0), np.repeat(y, repeats))
    assert_allclose(weighted, repeated.predict(X), atol=1e-6)


def test_random_state_decides_and_the_global_generator_does_not(smooth_data):
    X, y = smooth_data
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    first = small().fit(X, y)
    assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002
    assert_array_equal(first.matrices_, small().fit(X, y).matrices_)
    other = small(random_state=1).fit(X, y)
    assert not np.allclose(first.matrices_, other.matrices_)


def test_more_starts_are_screened_by_their_loss(smooth_data):
    X, y = smooth_data
    model = small(n_init=5, max_iter=20).fit(X, y)
    assert model.loss_ == model.start_losses_.min()
    assert np.ptp(model.start_losses_) > 0


class TestEarlyStopping:
    def test_stops_before_it_learns_the_noise(self):
        rng = np.random.RandomState(0)
        X = rng.uniform(-1, 1, size=(80, 1))
        y = X[:, 0] + rng.standard_normal(80)
        # A patience beyond the screening of the starts.
        model = PMMRegressor(
            alpha=1e-9,
            tol=0,
            max_iter=300,
            early_stopping=True,
            validation_fraction=0.25,
            n_iter_no_change=30,
            random_state=0,
        ).fit(X, y)
        assert model.stop_reason_ == "stopped_early"
        assert model.n_iter_ < 300
        assert len(model.validation_loss_curve_) == model.n_iter_
        without = PMMRegressor(alpha=1e-9, tol=0, max_iter=300, random_state=0).fit(
            X, y
        )
        X_test = rng.uniform(-1, 1, size=(500, 1))
        assert model.score(X_test, X_test[:, 0]) > without.score(X_test, X_test[:, 0])

    def test_too_few_samples(self):
        with pytest.raises(ValueError, match="validation_fraction=0.1.*n_samples=1"):
            PMMRegressor(early_stopping=True).fit([[1.0]], [1.0])

    def test_zero_weight_is_absence(self, smooth_data):
        X, y = smooth_data
        model = small(early_stopping=True, validation_fraction=0.3, max_iter=15)
        expected = model.fit(X[:40], y[:40]).predict(X)
        weight = np.repeat([1.0, 0.0], [40, 20])
        weighted = model.fit(X, y, sample_weight=weight).predict(X)
        assert_allclose(weighted, expected, atol=1e-9)


class TestWarmStart:
    def test_continues_where_the_last_fit_ended(self, smooth_data):
        X, y = smooth_data
        model = small(warm_start=True, max_iter=10, tol=0).fit(X, y)
        before = model.loss_
        model.fit(X, y)
        assert model.loss_curve_[0] < before
        assert model.start_losses_.shape == (1,)

    def test_survives_a_change_of_units(self, smooth_data):
        """The fitted matrices, written by hand in other units, are continued alike."""
        X, y = smooth_data
        model = small(warm_start=True, max_iter=10, tol=0).fit(X, y)
        other = copy.deepcopy(model)
        other.matrices_[1:] /= 50
        other.matrices_[0] -= 3 * other.matrices_[1:].sum(axis=0)
        other.observables_ *= 7
        other.intercept_ = 7 * other.intercept_ - 1
        model.fit(X, y)
        other.fit(50 * X + 3, 7 * y - 1)
        assert_allclose(other.loss_curve_, model.loss_curve_, rtol=1e-6)
        assert_allclose(other.predict(50 * X + 3), 7 * model.predict(X) - 1, atol=1e-6)

    def test_another_structure_is_refused(self, smooth_data):
        X, y = smooth_data
        model = small(warm_start=True).fit(X, y)
        before = model.predict(X)
        with pytest.raises(ValueError, match="warm_start.*matrix_size=.4.*5"):
            model.set_params(matrix_size=5).fit(X, y)
        assert_array_equal(model.predict(X), before)


class TestInterruption:
    @pytest.fixture
    def interruptible(self):
        """Background jobs of some shells start with the signal ignored."""
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        yield
        signal.signal(signal.SIGINT, before)

    @pytest.mark.usefixtures("interruptible")
    def test_signal_keeps_the_best_model(self, smooth_data):
        X, y = smooth_data
        # Bounded, so that a lost signal is a failure and not a hang.
        model = small(tol=0, max_iter=5000, alpha=0.0, n_init=1)
        timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with pytest.warns(ConvergenceWarning, match="interrupted by the user"):
            model.fit(X, y)
        timer.join()
        assert model.stop_reason_ == "interrupted"
        assert model.score(X, y) > 0.9
        assert model.n_iter_ > 10

    def test_during_the_screening_of_starts(self, smooth_data, monkeypatch):
        X, y = smooth_data
        calls = []
        original = PMM.jacobian

        def jacobian(self, *args):
            calls.append(1)
            if len(calls) == 50:
                raise KeyboardInterrupt
            return original(self, *args)

        monkeypatch.setattr(PMM, "jacobian", jacobian)
        with pytest.warns(ConvergenceWarning, match="interrupted"):
            model = small(n_init=6).fit(X, y)
        assert len(model.start_losses_) == 3
        assert model.n_iter_ == 20

    @pytest.fixture
    def interrupted_often(self, monkeypatch):
        """Every thirtieth iteration."""
        calls = []
        original = PMM.jacobian

        def jacobian(self, *args):
            calls.append(1)
            if len(calls) % 30 == 0:
                raise KeyboardInterrupt
            return original(self, *args)

        monkeypatch.setattr(PMM, "jacobian", jacobian)
        return calls

    @pytest.mark.parametrize("n_init", [1, 2])
    def test_twice_in_a_row_ends_the_loop(self, smooth_data, interrupted_often, n_init):
        model = small(tol=0, n_init=n_init)
        with pytest.raises(KeyboardInterrupt):
            cross_val_score(model, *smooth_data, cv=5)
        assert len(interrupted_often) == 60

    def test_rarely_ends_one_fit_each(
        self, smooth_data, interrupted_often, monkeypatch
    ):
        monkeypatch.setattr(KEYBOARD, "window", 0.0)
        cross_val_score(small(tol=0, n_init=1), *smooth_data, cv=5)
        # The last is for the error bars of the last fit.
        assert len(interrupted_often) == 151

    @pytest.mark.usefixtures("interruptible")
    def test_two_signals_end_a_loop(self, smooth_data):
        model = small(tol=0, max_iter=3000, alpha=0.0, n_init=1)
        timers = [
            threading.Timer(delay, os.kill, (os.getpid(), signal.SIGINT))
            for delay in (0.3, 0.6)
        ]
        for timer in timers:
            timer.start()
        with pytest.raises(KeyboardInterrupt):
            [model.fit(*smooth_data) for _ in range(3)]
        for timer in timers:
            timer.join()
        assert model.stop_reason_ == "interrupted"


class TestConvergenceWarning:
    def test_once_per_fit_with_the_remedy(self, smooth_data):
        X, y = smooth_data
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            small(max_iter=25, tol=0, n_init=4).fit(X, y)
        (warning,) = (w for w in caught if w.category is ConvergenceWarning)
        assert "25 iterations" in str(warning.message)
        assert "increase max_iter" in str(warning.message)

    @pytest.mark.parametrize(
        "fit",
        [
            lambda model, X, y: model.fit(X, y),
            lambda model, X, y: inspect.unwrap(PMMRegressor.fit)(model, X, y),
            lambda model, X, y: make_pipeline(model).fit(X, y),
            lambda model, X, y: cross_val_score(model, X, y, cv=2),
        ],
        ids=["fit", "fit without callbacks", "pipeline", "cross validation"],
    )
    def test_points_at_the_line_of_the_user(self, smooth_data, fit):
        with pytest.warns(ConvergenceWarning) as caught:
            fit(small(max_iter=2), *smooth_data)
        assert {warning.filename for warning in caught} == {__file__}

    def test_exact_fit_ends_at_rounding_level(self):
        """Relative decreases go on below."""
        x = np.linspace(-1, 1, 40)
        X, y = x[:, np.newaxis], -x / np.sqrt(x**2 + 0.04)
        model = PMMRegressor(2, 1, alpha=0.0, random_state=0, max_iter=1000).fit(X, y)
        assert model.stop_reason_ == "stationary"
        assert np.std(model.predict(X) - y) < 1e-11
        floor = 1e-24 * len(y)
        assert model.loss_ <= floor < model.loss_curve_[-2]
        # With tol=0 only a loss that falls no more ends it.
        model.set_params(tol=0).fit(X, y)
        assert model.loss_ < floor
        assert model.loss_ == min(model.loss_curve_)

    @pytest.mark.parametrize("early_stopping", [False, True])
    @pytest.mark.parametrize("solver", ["lm", "lbfgs"])
    @pytest.mark.parametrize("value", [5.0, 0.1, 1e9 / 3, -7e-30, 0.0])
    def test_constant_target_is_learned_at_once(self, value, solver, early_stopping):
        X = np.linspace(-1, 1, 30)[:, np.newaxis]
        model = PMMRegressor(
            solver=solver, early_stopping=early_stopping, max_iter=1, random_state=0
        )
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model.fit(X, np.full(30, value))
        assert_allclose(model.predict(X), value, rtol=1e-15)
        if not hasattr(model, "log_evidence_"):
            assert model.loss_ == 0
            assert model.loss_curve_ == []

    def test_silent_when_converged(self, smooth_data):
        X, y = smooth_data
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model = small(alpha=0.1, tol=0.05, max_iter=500).fit(X, y)
        assert model.stop_reason_ == "converged"


def test_verbose(smooth_data, capsys):
    X, y = smooth_data
    small(n_init=1).fit(X, y)
    assert capsys.readouterr().out == ""
    small(n_init=1, verbose=1, max_iter=30, tol=0).fit(X, y)
    out = capsys.readouterr().out
    assert "iteration   10" in out
    assert "iteration   20" in out
    assert "iteration   11" not in out
    assert "loss" in out


@pytest.mark.usefixtures("processes_at_once")
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_verbose_shows_the_screening(smooth_data, capsys, n_jobs):
    X, y = smooth_data
    small(n_init=3, verbose=1, max_iter=40, tol=0, n_jobs=n_jobs).fit(X, y)
    first, *lines = capsys.readouterr().out.replace("[PMMRegressor] ", "").splitlines()
    assert first == "60 samples, 81 parameters, 60 residuals, solver 'lm'"
    begins = [line.partition("   loss")[0] for line in lines]
    screening = []
    for start in ("start 1/3", "start 2/3", "start 3/3"):
        # Other processes are silent.
        if n_jobs == 1:
            screening += [f"{start}   iteration   {n}" for n in (10, 20)]
        screening.append(f"{start} after 20 iterations")
    assert begins[:-1] == [*screening, "iteration   30", "iteration   40"]


def test_verbose_shows_every_iteration_of_the_screening(smooth_data, capsys):
    small(n_init=2, verbose=2, max_iter=5).fit(*smooth_data)
    out = capsys.readouterr().out
    for start in (1, 2):
        for n_iter in range(1, 6):
            assert f"start {start}/2   iteration    {n_iter}   loss" in out


def test_auto_solver_depends_on_the_size(smooth_data):
    X, y = smooth_data
    auto = small(max_iter=3, n_init=1).fit(X, y)
    lm = small(max_iter=3, n_init=1, solver="lm").fit(X, y)
    assert_array_equal(auto.matrices_, lm.matrices_)


def test_parameters_are_model_parameters(smooth_data):
    """The public attributes are all that a prediction needs."""
    X, y = smooth_data
    model = small().fit(X, y)
    structure = observable_pmm(2, 1, (4,), 2)
    parameters = Parameters(model.matrices_, model.observables_, model.intercept_)
    assert_array_equal(structure.predict(parameters, X)[:, 0], model.predict(X))


class TestPartialFit:
    def test_learns_batch_by_batch_in_the_units_of_the_first(self, smooth_data):
        X, y = smooth_data
        y = 1e3 * y + 1e4
        model = small(learning_rate_init=0.05, batch_size=10)
        for _ in range(60):
            for batch in (slice(0, 20), slice(20, 40)):
                model.partial_fit(X[batch], y[batch])
        assert model.score(X[40:], y[40:]) > 0.9
        assert model.n_iter_ == 120
        again = small(learning_rate_init=1e-12).partial_fit(X, y)
        before = again.predict(X)
        again.partial_fit(X + 3, 7 * y)
        assert_allclose(again.predict(X), before, rtol=1e-9)

    def test_continues_from_a_copy_and_from_a_fit(self, smooth_data):
        X, y = smooth_data
        model = small().partial_fit(X, y)
        other = copy.deepcopy(model).partial_fit(X, y)
        assert_array_equal(model.partial_fit(X, y).matrices_, other.matrices_)
        fitted = small(learning_rate_init=1e-12).fit(X, y)
        before = fitted.predict(X)
        assert_allclose(fitted.partial_fit(X[:9], y[:9]).predict(X), before, atol=1e-9)

    @pytest.mark.parametrize("rate", [1e150, 1e300])
    def test_a_step_that_is_too_long_loses_nothing(self, smooth_data, rate):
        """Also if it is the last one, after which no loss is calculated."""
        X, y = smooth_data
        model = small().partial_fit(X, y)
        before = model.predict(X)
        model.set_params(learning_rate_init=rate)
        with pytest.raises(ValueError, match="reduce learning_rate_init"):
            model.partial_fit(X, y)
        assert_array_equal(model.predict(X), before)

    def test_number_of_targets_stays(self, smooth_data):
        X, y = smooth_data
        model = small().partial_fit(X, y)
        with pytest.raises(ValueError, match="partial_fit continues.*n_outputs=1.*2"):
            model.partial_fit(X, np.stack([y, y], axis=1))
        assert model.predict(X).shape == (60,)
