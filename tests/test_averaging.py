"""Estimators that average several of their starts."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, softmax
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from pmm_sklearn import PMMClassifier, PMMRegressor
from pmm_sklearn.fitted import inverse_weights
from pmm_sklearn.model import PMM

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

STEP = 1e-6


def regressor(**parameters):
    settings = {"n_init": 4, "n_average": 3, "max_iter": 40, "random_state": 0}
    return PMMRegressor(4, 2, **{**settings, **parameters})


def classifier(**parameters):
    settings = {"n_init": 3, "n_average": 3, "max_iter": 15, "random_state": 0}
    return PMMClassifier(3, 2, **{**settings, **parameters})


def labels(X, n_classes):
    noise = np.random.RandomState(1).standard_normal(len(X))
    edges = [0.0] if n_classes == 2 else [-0.3, 0.3]
    return np.digitize(X[:, 0] + 0.3 * noise, edges)


def outputs_of(model, X):
    """Outputs of each member alone, from its matrices."""
    return np.stack([model.model_.pmm.predict(m, X) for m in model.members_])


def losses_of(model, best=None):
    """Loss of each member, from the weights."""
    ratios = model.member_weights_[0] / model.member_weights_
    return (model.loss_ if best is None else best) * ratios**2


def finite_differences(function, X):
    steps = STEP * np.eye(X.shape[1])
    slopes = [(function(X + d) - function(X - d)) / (2 * STEP) for d in steps]
    return np.stack(slopes, axis=-1)


class TestRegressor:
    def test_prediction_is_the_mean_weighted_by_residuals(self, smooth_data):
        X, y = smooth_data
        model = regressor(alpha=1e-3).fit(X, y)
        single = outputs_of(model, X)[:, :, 0]
        assert_allclose(model.predict(X), model.member_weights_ @ single, atol=1e-12)
        assert model.member_weights_.sum() == pytest.approx(1.0)
        # Best first; the penalty makes the losses differ from the squares.
        assert np.all(np.diff(model.member_weights_) <= 0)
        assert len({float(w) for w in model.member_weights_}) == 3
        losses = losses_of(model)
        squares = np.sum((single - y) ** 2, axis=1) / np.var(y)
        assert np.all(losses > squares)

    def test_attributes_are_those_of_the_best_member(self, smooth_data):
        X, y = smooth_data
        model = regressor().fit(X, y)
        assert len(model.members_) == 3
        assert model.members_[0].matrices is model.matrices_
        assert model.loss_ == model.loss_curve_[-1]
        assert model.n_parameters_ == 3 * regressor(n_average=1).fit(X, y).n_parameters_
        for member in model.members_:
            assert member.matrices.shape == model.matrices_.shape

    def test_weights_follow_from_the_losses(self, smooth_data):
        X, y = smooth_data
        model = regressor(alpha=1e-3, n_init=3, tol=0.0).fit(X, y)
        expected = inverse_weights(np.sort(model.start_losses_))
        assert_allclose(model.member_weights_, expected)
        assert model.start_losses_.min() == model.loss_

    def test_one_is_the_best_of_all(self, smooth_data):
        X, y = smooth_data
        model = regressor(n_average=1).fit(X, y)
        assert_array_equal(model.member_weights_, [1.0])
        parameters = model.members_[0]
        expected = model.model_.pmm.predict(parameters, X)[:, 0]
        assert_array_equal(model.predict(X), expected)

    def test_less_error_than_the_best_on_noisy_data(self):
        rng = np.random.RandomState(0)
        X = rng.uniform(-1, 1, size=(150, 2))
        exact = np.sin(3 * X[:, 0]) * X[:, 1]
        y = exact + 0.2 * rng.standard_normal(150)
        X_test = rng.uniform(-1, 1, size=(1000, 2))
        truth = np.sin(3 * X_test[:, 0]) * X_test[:, 1]
        errors = [
            np.mean(
                (regressor(n_average=k, alpha=0.1).fit(X, y).predict(X_test) - truth)
                ** 2
            )
            for k in (1, 4)
        ]
        assert errors[1] < 0.9 * errors[0]

    @pytest.mark.parametrize("n_outputs", [1, 2])
    def test_gradient_function_and_several_targets(self, smooth_data, n_outputs):
        X, y = smooth_data
        y = y if n_outputs == 1 else np.column_stack([y, 1e3 * X[:, 0] ** 2])
        model = regressor().fit(X, y)
        gradient = model.predict_gradient(X[:5])
        expected = finite_differences(model.predict, X[:5])
        assert_allclose(gradient, expected, rtol=1e-5, atol=1e-6 * np.ptp(y))
        f = pickle.loads(pickle.dumps(model.as_function(gradient=True)))
        value, slopes = f(X)
        assert_allclose(value, model.predict(X), rtol=1e-12)
        assert_allclose(slopes[:5], gradient, rtol=1e-9, atol=1e-9)
        before = f(X[0])[0]
        model.members_[1].matrices[:] *= 1.5
        assert_array_equal(f(X[0])[0], before)

    def test_units_do_not_matter(self, smooth_data):
        X, y = smooth_data
        model = regressor(max_iter=25, alpha=1e-3)
        expected = model.fit(X, y).predict(X)
        predicted = model.fit(100 * X + 7, 1e6 * y - 5).predict(100 * X + 7)
        assert_allclose((predicted + 5) / 1e6, expected, atol=1e-6 * np.ptp(y))

    @pytest.mark.usefixtures("processes_at_once")
    def test_in_parallel_the_same(self, smooth_data):
        X, y = smooth_data
        model = regressor(max_iter=25).fit(X, y)
        other = regressor(max_iter=25, n_jobs=2).fit(X, y)
        assert_allclose(model.predict(X), other.predict(X), atol=1e-9)

    def test_warm_start_continues_every_member(self, smooth_data):
        X, y = smooth_data
        model = regressor(warm_start=True, max_iter=5, tol=0.0, alpha=1e-3).fit(X, y)
        losses = losses_of(model)
        model.set_params(n_average=4).fit(X, y)
        assert len(model.start_losses_) == 4
        # Three of the four have come farther than in five iterations.
        assert np.all(model.start_losses_[:3] < losses)
        assert len(model.set_params(n_average=2).fit(X, y).members_) == 2

    def test_more_than_there_are_starts(self, smooth_data):
        with pytest.raises(ValueError, match="n_average=5 with n_init=4"):
            regressor(n_average=5).fit(*smooth_data)

    def test_not_fitted(self):
        with pytest.raises(NotFittedError):
            regressor().members_  # noqa: B018

    def test_partial_fit_trains_every_member(self, smooth_data):
        X, y = smooth_data
        model = regressor(learning_rate_init=0.05, batch_size=20)
        for _ in range(40):
            model.partial_fit(X, y)
        assert len(model.members_) == 3
        assert np.ptp(model.member_weights_) > 0
        for prediction in outputs_of(model, X)[:, :, 0]:
            assert np.mean((prediction - y) ** 2) < 0.2 * np.var(y)
        still = regressor(learning_rate_init=1e-12).fit(X, y)
        before = outputs_of(still, X)
        assert_allclose(outputs_of(still.partial_fit(X, y), X), before, atol=1e-8)

    def test_early_stopping(self, smooth_data):
        model = regressor(early_stopping=True).fit(*smooth_data)
        assert len(model.members_) == 3
        best = min(model.validation_loss_curve_)
        assert np.all(losses_of(model, best) >= best)

    def test_warning_if_any_member_has_not_converged(self, smooth_data):
        with pytest.warns(ConvergenceWarning, match="maximum number"):
            model = regressor(max_iter=22, tol=0.0, n_average=4, alpha=1e-3).fit(
                *smooth_data
            )
        assert model.stop_reason_ == "max_iter"


@pytest.mark.parametrize(("n_calls", "n_members"), [(50, 2), (100, 3), (160, 3)])
def test_interruption_keeps_what_is_there(smooth_data, monkeypatch, n_calls, n_members):
    calls = []
    original = PMM.jacobian

    def jacobian(self, *args):
        calls.append(1)
        if len(calls) == n_calls:
            raise KeyboardInterrupt
        return original(self, *args)

    monkeypatch.setattr(PMM, "jacobian", jacobian)
    # The screening takes 80 calls; the first calls end in the third start.
    n_average = 2 if n_calls == 50 else 3
    model = regressor(alpha=1e-3, tol=0.0, max_iter=60, n_average=n_average)
    with pytest.warns(ConvergenceWarning, match="interrupted"):
        model.fit(*smooth_data)
    assert len(model.members_) == n_members
    assert model.stop_reason_ == "interrupted"
    # One call more for the error bars of each member.
    assert len(calls) == n_calls + n_members


class TestClassifier:
    @pytest.mark.parametrize("n_classes", [2, 3])
    def test_probabilities_are_the_mean(self, smooth_data, n_classes):
        X, _ = smooth_data
        model = classifier().fit(X, labels(X, n_classes))
        logits = outputs_of(model, X)
        if n_classes == 2:
            probabilities = expit(np.concatenate([-logits, logits], axis=2))
        else:
            probabilities = softmax(logits, axis=2)
        expected = np.tensordot(model.member_weights_, probabilities, axes=1)
        assert_allclose(model.predict_proba(X), expected, rtol=1e-10)
        assert_allclose(np.exp(model.predict_log_proba(X)), expected, rtol=1e-10)
        assert_array_equal(model.predict(X), model.classes_[expected.argmax(axis=1)])
        # Not the mean of the logits.
        mean = np.tensordot(model.member_weights_, logits, axes=1)
        assert not np.allclose(softmax(mean, axis=1), expected, rtol=1e-3)

    @pytest.mark.parametrize("n_classes", [2, 3])
    def test_decision_function_and_its_gradient(self, smooth_data, n_classes):
        X, _ = smooth_data
        model = classifier().fit(X, labels(X, n_classes))
        decision = model.decision_function(X)
        probabilities = model.predict_proba(X)
        if n_classes == 2:
            assert_allclose(expit(decision), probabilities[:, 1], rtol=1e-10)
        else:
            assert_allclose(softmax(decision, axis=1), probabilities, rtol=1e-10)
        gradient = model.decision_function_gradient(X[:6])
        expected = finite_differences(model.decision_function, X[:6])
        assert_allclose(gradient, expected, rtol=1e-5, atol=1e-6)
        value, slopes = model.as_function(gradient=True)(X[:6])
        assert_allclose(value, decision[:6], rtol=1e-10)
        assert_allclose(slopes, gradient, rtol=1e-9, atol=1e-12)

    def test_certain_members_neither_overflow_nor_lose_the_logit(self, smooth_data):
        X, _ = smooth_data
        model = classifier(max_iter=3).fit(X, labels(X, 2))
        model.observables_ *= 1e6
        for member in model.members_[1:]:
            member.observables[:] *= 1e6
        assert np.all(np.isfinite(model.decision_function(X)))
        assert np.all(np.isfinite(model.decision_function_gradient(X)))


def test_weights_of_a_perfect_member():
    assert_allclose(inverse_weights([4.0, 1.0, 16.0]), np.array([2, 4, 1]) / 7)
    assert_array_equal(inverse_weights([0.0, 0.0, 1.0]), [0.5, 0.5, 0.0])
    assert_array_equal(inverse_weights([1e-300, 1.0]), [1.0, 1e-150])


class TestErrorBars:
    def test_those_of_a_mixture(self, smooth_data):
        X, y = smooth_data
        model = regressor().fit(X, y)
        mean, std = model.predict(X, return_std=True)
        _, covariance = model.predict(X, return_cov=True)
        assert_allclose(np.sqrt(np.diag(covariance)), std, rtol=1e-10)
        draws = model.sample_y(X, 4000, random_state=0)
        assert_allclose(draws.mean(axis=1), mean, atol=5 * std.max() / np.sqrt(4000))
        assert_allclose(draws.std(axis=1), std, rtol=0.1)

    def test_members_far_apart_are_uncertain(self, smooth_data):
        X, y = smooth_data
        model = regressor().fit(X, y)
        _, near = model.predict(X, return_std=True)
        _, first, *others = model.members_
        moved = first._replace(intercept=first.intercept + 10.0)
        model._other_members = (moved, *others)
        _, far = model.predict(X, return_std=True)
        w = model.member_weights_[1]
        shifted = np.sqrt(w * (1 - w)) * 10.0
        assert_allclose(far, shifted, rtol=0.2)
        assert np.all(far > near)
