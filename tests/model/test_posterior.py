"""The Laplace posterior against dense formulas and exact answers."""

import pickle

import numpy as np
import pytest

from pmm_sklearn import model as m
from pmm_sklearn.model import posterior as module
from pmm_sklearn.model.variances import estimate_variances


def make_objective(n_samples, n_outputs=1, weight=None, seed=0, rank=(None, None)):
    rng = np.random.RandomState(seed)
    pmm = m.observable_pmm(2, n_outputs, (3,), 2, rank=rank)
    X = rng.uniform(-1, 1, size=(n_samples, 2))
    y = rng.standard_normal((n_samples, n_outputs))
    weight = np.ones((n_samples, 1)) if weight is None else weight
    objective = m.Objective(pmm, m.SquaredError(), X, y, weight, m.RidgePenalty(0.1))
    return objective, pmm.initial(rng)


def jacobian(model, theta, X):
    """Shape (n_samples, n_outputs, n_parameters)."""
    _, saved = model.forward(model.split(theta), model.inputs(X))
    return model.jacobian(theta, saved)


def dense(objective, theta, X, variances):
    """Covariance of all outputs at X from the formula, without noise."""
    noise, prior, units = variances
    J = jacobian(objective.model, theta, objective.X)
    weight = np.broadcast_to(objective.weight, objective.y.shape) / (noise * units)
    A = np.einsum("skp,sk,skq->pq", J, weight, J) + np.eye(len(theta)) / prior
    rows = jacobian(objective.model, theta, X)
    return np.einsum("skp,pq,tlq->sktl", rows, np.linalg.inv(A), rows)


def variances_of(objective, theta, posterior):
    """Correction, prior variance and mean squares, found without decompositions."""
    outputs = objective.model.predict(objective.model.split(theta), objective.X)
    count = np.broadcast_to(objective.weight, outputs.shape)
    residuals = outputs - objective.y
    units = np.sum(count * residuals**2, axis=0) / count.sum(axis=0)
    noise = posterior.noise_variance / units
    assert np.allclose(noise, noise[0])
    J = jacobian(objective.model, theta, objective.X)
    A = np.einsum("skp,sk,skq->pq", J, count / units, J)
    prior = 1.0
    for _ in range(300):
        gamma = np.trace(np.linalg.solve(A + noise[0] / prior * np.eye(len(A)), A))
        prior = theta @ theta / gamma
    assert noise[0] == pytest.approx(count.sum() / (count.sum() - gamma), rel=1e-4)
    return noise[0], prior, units


@pytest.mark.parametrize("rank", [(None, None), (1, 1)])
@pytest.mark.parametrize("n_outputs", [1, 2])
@pytest.mark.parametrize("n_samples", [8, 60, 200])
def test_variance_is_that_of_the_dense_formula(n_samples, n_outputs, rank):
    objective, theta = make_objective(n_samples, n_outputs, rank=rank)
    posterior = m.LaplacePosterior.fit(objective, theta)
    variances = variances_of(objective, theta, posterior)
    X = np.random.RandomState(1).uniform(-2, 2, size=(7, 2))
    expected = dense(objective, theta, X, variances)
    of_samples = np.einsum("sksk->sk", expected) + posterior.noise_variance
    np.testing.assert_allclose(posterior.variance(X), of_samples, rtol=1e-4)
    covariance = posterior.covariance(X)
    for k, noise in enumerate(posterior.noise_variance):
        of_output = expected[:, k, :, k] + noise * np.eye(len(X))
        np.testing.assert_allclose(
            covariance[:, :, k], of_output, rtol=1e-4, atol=1e-4 * of_output.max()
        )


@pytest.mark.parametrize("n_samples", [8, 60])
def test_both_decompositions_agree(monkeypatch, n_samples):
    objective, theta = make_objective(n_samples)
    X = np.random.RandomState(1).uniform(-2, 2, size=(5, 2))
    exact = m.LaplacePosterior.fit(objective, theta).variance(X)
    monkeypatch.setattr(module, "_LARGEST_DECOMPOSED", 0)
    squared = m.LaplacePosterior.fit(objective, theta).variance(X)
    np.testing.assert_allclose(squared, exact, rtol=1e-6)


def test_linear_model_has_the_exact_posterior():
    """Only the intercept acts: the posterior of a mean, known in closed form."""
    n = 50
    y = np.random.RandomState(0).standard_normal((n, 1))
    pmm = m.observable_pmm(1, 1, (2,), 1)
    data = np.zeros((n, 1)), y, np.ones((n, 1))
    objective = m.Objective(pmm, m.SquaredError(), *data, m.RidgePenalty(0.0))
    theta = np.zeros(pmm.n_parameters)
    theta[-1] = y.mean()
    posterior = m.LaplacePosterior.fit(objective, theta)
    noise = posterior.noise_variance[0]
    # The trace of S and the intercept are one direction; the prior hardly matters.
    assert noise == pytest.approx(y.var() * n / (n - 1), rel=0.05)
    assert noise < posterior.variance(np.zeros((1, 1)))[0, 0] < noise * (1 + 1.01 / n)


def test_variance_does_not_depend_on_the_gauge():
    objective, theta = make_objective(200, 2)
    rng = np.random.RandomState(2)
    Q, _ = np.linalg.qr(rng.standard_normal((3, 3)) + 1j * rng.standard_normal((3, 3)))
    matrices, observables, intercept = objective.model.split(theta)
    turned = objective.model.join(
        m.Parameters(Q @ matrices @ Q.conj().T, Q @ observables @ Q.conj().T, intercept)
    )
    X = rng.uniform(-2, 2, size=(5, 2))
    before = m.LaplacePosterior.fit(objective, theta).variance(X)
    after = m.LaplacePosterior.fit(objective, turned).variance(X)
    np.testing.assert_allclose(after, before, rtol=1e-6)


def test_weights_are_repetitions():
    weight = np.random.RandomState(3).randint(1, 4, size=(60, 1)).astype(float)
    weighted, theta = make_objective(60, weight=weight)
    rows = np.repeat(np.arange(60), weight[:, 0].astype(int))
    repeated = m.Objective(
        weighted.model,
        weighted.loss,
        weighted.X[rows],
        weighted.y[rows],
        np.ones((len(rows), 1)),
        weighted.penalty,
    )
    X = weighted.X[:5]
    np.testing.assert_allclose(
        m.LaplacePosterior.fit(weighted, theta).variance(X),
        m.LaplacePosterior.fit(repeated, theta).variance(X),
        rtol=1e-6,
    )


@pytest.mark.parametrize("n_samples", [8, 100])
def test_samples_have_the_covariance(n_samples):
    objective, theta = make_objective(n_samples, 2)
    posterior = m.LaplacePosterior.fit(objective, theta)
    X = np.random.RandomState(1).uniform(-1, 1, size=(3, 2))
    draws = posterior.sample(X, 20000, np.random.RandomState(0))
    assert draws.shape == (3, 2, 20000)
    covariance = posterior.covariance(X)
    for k in range(2):
        np.testing.assert_allclose(
            np.cov(draws[:, k]), covariance[:, :, k], atol=0.05 * covariance.max()
        )


def test_known_errors_are_not_estimated():
    objective, theta = make_objective(60)
    posterior = m.LaplacePosterior.fit(objective, theta, residuals="known errors")
    assert np.all(posterior.noise_variance == 0)
    less = m.Objective(
        objective.model,
        objective.loss,
        objective.X,
        objective.y,
        objective.weight / 100,
        objective.penalty,
    )
    X = objective.X[:5]
    larger = m.LaplacePosterior.fit(less, theta, residuals="known errors").variance(X)
    assert np.all(larger > posterior.variance(X))


def test_model_errors_that_residuals_may_hide():
    # Many data for each parameter, as large as their errors: hardly any.
    assert module._model_error(950.0, 1000, 50.0) < 0.3
    # Few data hide more of them, and large residuals are some.
    hidden = [
        module._model_error(chi_square, 120, 96.0) for chi_square in (0, 24, 48, 480)
    ]
    assert hidden[0] > 0.3
    assert hidden == sorted(hidden)
    # Chi-square grows by 1 + e (1 - p/N) (p/N)^2.
    assert hidden[-1] == pytest.approx((480 / 24 - 1) / (0.2 * 0.8**2), rel=0.2)
    # Whatever the unit of the errors was.
    one, other = (module._model_error(c, 120, 96.0) for c in (4.8e12, 4.8e22))
    assert other / one == pytest.approx(1e10, rel=1e-3)
    # Data that determine nothing.
    assert module._model_error(10.0, 10, 0.0) < 0.01
    assert np.isfinite(module._model_error(np.inf, 10, 5.0))
    # No degrees of freedom: the prior alone.
    assert module._model_error(0.0, 50, 50.0) == pytest.approx(4.0, rel=0.01)


def test_repeated_calculations_say_nothing_new():
    objective, theta = make_objective(600)
    twice = m.Objective(
        objective.model,
        objective.loss,
        objective.X,
        objective.y,
        2 * objective.weight,
        objective.penalty,
    )
    X = objective.X[:5]
    variance = [
        posterior.variance(X) - posterior.noise_variance
        for kind in ("model error", "noise")
        for posterior in (
            m.LaplacePosterior.fit(o, theta, residuals=kind) for o in (objective, twice)
        )
    ]
    assert np.all(variance[0] > variance[2])
    # But for the correction of the noise for the parameters.
    assert np.all(variance[1] > 0.85 * variance[0])
    assert np.all(variance[3] < 0.6 * variance[2])


@pytest.mark.parametrize("n_samples", [8, 200])
def test_pickles_predict_the_same(n_samples):
    objective, theta = make_objective(n_samples)
    posterior = m.LaplacePosterior.fit(objective, theta)
    copy = pickle.loads(pickle.dumps(posterior))
    X = objective.X[:5]
    np.testing.assert_allclose(copy.variance(X), posterior.variance(X), rtol=1e-14)
    full = isinstance(posterior.covariance_of_theta, module.FullCovariance)
    assert full == (n_samples == 200)


def test_too_many_parameters_are_no_posterior(monkeypatch):
    objective, theta = make_objective(60)
    monkeypatch.setattr(module, "LARGEST_FACTOR", 100)
    assert m.LaplacePosterior.fit(objective, theta) is None


@pytest.mark.parametrize("loss", [0.0, 1e-25])
@pytest.mark.parametrize("n_observations", [5, 50])
def test_perfect_fits_have_finite_variances(loss, n_observations):
    noise, prior = estimate_variances(np.arange(1.0, 6), loss, 4.0, n_observations)
    assert 0 <= noise < 1e-10
    assert prior == pytest.approx(4.0 / 5, rel=1e-3)
