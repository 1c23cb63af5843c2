"""The evidence against its definition, its derivatives against differences."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from pmm_sklearn._threads import ThreadMap
from pmm_sklearn.model import EvidenceObjective, LaplacePosterior, observable_pmm
from pmm_sklearn.model import evidence as module
from pmm_sklearn.solvers import Progress, StoppingRule, StopReason, minimize_evidence

from ..problems import central_difference

STRUCTURES = [
    {"block_sizes": (4,)},
    {"block_sizes": (4,), "matrix_type": "symmetric", "which": "LM"},
    {"block_sizes": (3, 2)},
    {"block_sizes": (2, 2), "matrix_type": "symmetric", "which": "LA"},
    {"block_sizes": (4,), "readout": "density"},
    {"block_sizes": (3, 2), "matrix_type": "symmetric", "readout": "density"},
]
# One of each readout.
READOUTS = [STRUCTURES[0], STRUCTURES[4]]


def make_objective(structure=STRUCTURES[0], n_outputs=1, n_samples=30, seed=0):
    """Objective on random data, and parameters with some noise."""
    rng = np.random.RandomState(seed)
    X = rng.uniform(-1, 1, (n_samples, 2))
    y = rng.standard_normal((n_samples, n_outputs))
    weight = rng.uniform(0.5, 2.0, (n_samples, 1))
    model = observable_pmm(
        2, n_outputs, n_eigenvectors=2, level_spacing=1.0, **structure
    )
    objective = EvidenceObjective(model, X, y, weight)
    coordinates, variances = objective.split(objective.initial(rng, deviation=0.5))
    variances = variances._replace(
        noise=rng.uniform(0.05, 0.2, n_outputs),
        observables=rng.uniform(0.5, 2.0, n_outputs),
    )
    return objective, objective.join(coordinates, variances)


def features_of(objective, coordinates):
    model = objective.model
    matrices = model.primary.split(coordinates)
    system, _ = model.eigensystem(matrices, model.inputs(objective.X))
    return model.readout.features(system)


@pytest.mark.parametrize("structure", STRUCTURES, ids=str)
@pytest.mark.parametrize("n_outputs", [1, 3])
def test_value_is_that_of_a_gaussian_process(structure, n_outputs):
    """Observables integrated out: a kernel from the features, noise, and the prior."""
    objective, theta = make_objective(structure, n_outputs)
    coordinates, variances = objective.split(theta)
    features, weight = features_of(objective, coordinates), objective.weight[:, 0]
    expected = 0.5 * np.sum(coordinates**2 / variances.matrices[objective.block_of])
    for k in range(n_outputs):
        noise, y = variances.noise[k], objective.y[:, k]
        kernel = variances.observables[k] * features @ features.T
        covariance = kernel + np.diag(noise / weight)
        expected += 0.5 * y @ np.linalg.solve(covariance, y)
        expected += 0.5 * np.linalg.slogdet(covariance)[1]
        # A weight is a repetition: the mean of equal targets, and those that differ.
        expected += 0.5 * np.sum((weight - 1) * np.log(noise) + np.log(weight))
    assert_allclose(objective.value(theta), expected, rtol=1e-10)


@pytest.mark.parametrize("structure", STRUCTURES, ids=str)
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_gradient(structure, n_outputs):
    objective, theta = make_objective(structure, n_outputs)
    value, gradient = objective.value_and_gradient(theta)
    assert value == objective.value(theta)
    for i in range(objective.size):
        direction = np.eye(theta.size)[i]
        numerical = central_difference(objective.value, theta, direction)
        assert_allclose(gradient[i], numerical, rtol=1e-6, atol=1e-6)
    assert_array_equal(gradient[objective.size :], 0.0)
    equations = objective.quadratic_model(theta)
    assert_allclose(equations.gradient, gradient[: objective.size], rtol=1e-12)


@pytest.mark.parametrize("readout", ["expectation", "density"])
def test_gradient_is_finite_at_degenerate_spectra(readout):
    model = observable_pmm(2, 1, (4,), 4, readout=readout, level_spacing=0.0)
    data = np.zeros((6, 2)), np.ones((6, 1)), np.ones((6, 1))
    objective = EvidenceObjective(model, *data)
    theta = objective.initial(np.random.RandomState(0))
    theta[: objective.size] = 0.0  # all levels are equal
    assert np.all(np.isfinite(objective.value_and_gradient(theta)[1]))


@pytest.mark.parametrize("structure", READOUTS, ids=str)
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_gauss_newton_matrix_is_that_of_variable_projection(structure, n_outputs):
    objective, theta = make_objective(structure, n_outputs)
    coordinates, variances = objective.split(theta)
    features = features_of(objective, coordinates)
    roots = np.sqrt(objective.weight)
    b, expected = objective._at(theta).b, 0.0
    for k in range(n_outputs):

        def outputs(c, k=k):
            return features_of(objective, c) @ b[:, k]

        jacobian = np.stack(
            [
                central_difference(outputs, coordinates, e)
                for e in np.eye(objective.size)
            ],
            axis=1,
        )
        weighted, projected = roots * jacobian, roots * features
        ratio = variances.noise[k] / variances.observables[k]
        A = projected.T @ projected + ratio * np.eye(len(b))
        mixed = projected.T @ weighted
        own = weighted.T @ weighted - mixed.T @ np.linalg.solve(A, mixed)
        expected = expected + own / variances.noise[k]
    matrix = objective.quadratic_model(theta).curvature
    assert_allclose(matrix, expected, atol=1e-6 * np.abs(expected).max())


def test_weights_are_repetitions():
    objective, theta = make_objective(n_samples=8)
    counts = np.arange(1, 9)
    weighted = EvidenceObjective(
        objective.model, objective.X, objective.y, counts[:, np.newaxis].astype(float)
    )
    rows = np.repeat(np.arange(8), counts)
    repeated = EvidenceObjective(
        objective.model, objective.X[rows], objective.y[rows], np.ones((len(rows), 1))
    )
    assert_allclose(weighted.value(theta), repeated.value(theta), rtol=1e-11)
    assert_allclose(weighted.log_evidence(theta), repeated.log_evidence(theta))
    equations = [o.quadratic_model(theta) for o in (weighted, repeated)]
    for n_iter in (5, 12):
        assert_allclose(
            weighted.adapted(theta, equations[0], n_iter),
            repeated.adapted(theta, equations[1], n_iter),
            rtol=1e-9,
        )


@pytest.mark.parametrize("remembers", [True, False])
def test_chunks_and_threads_do_not_matter(remembers, monkeypatch):
    objective, theta = make_objective(n_outputs=2, n_samples=50)
    expected = objective.value_and_gradient(theta)
    curvature = objective.quadratic_model(theta).curvature
    monkeypatch.setattr(module, "_LARGEST_CHUNK", 1)
    monkeypatch.setattr(module, "_LARGEST_MEMORY", 2**22 if remembers else 0)
    data = objective.X, objective.y, objective.weight
    for threads in (map, ThreadMap(2)):
        chunked = EvidenceObjective(objective.model, *data, threads)
        assert len(chunked.chunks) == 50
        value, gradient = chunked.value_and_gradient(theta)
        assert_allclose(value, expected[0], rtol=1e-12)
        assert_allclose(gradient, expected[1], rtol=1e-9, atol=1e-9)
        assert_allclose(chunked.quadratic_model(theta).curvature, curvature, rtol=1e-9)


def test_phases_of_the_basis_cost_nothing():
    """Diagonal unitary matrices leave the prior as it is, and all outputs."""
    objective, theta = make_objective()
    coordinates, variances = objective.split(theta)
    phases = np.exp(1j * np.arange(4))
    primary = objective.model.primary
    turned = phases.conj()[:, np.newaxis] * primary.split(coordinates) * phases
    other = objective.join(primary.join(turned), variances)
    assert_allclose(objective.value(other), objective.value(theta), rtol=1e-12)
    assert_allclose(objective.log_evidence(other), objective.log_evidence(theta))


def test_posterior_is_the_inverse_of_the_joint_curvature():
    objective, theta = make_objective(n_outputs=2)
    posterior = LaplacePosterior.of_evidence(objective, theta)
    factor = posterior.covariance_of_theta.factor
    precision = objective.joint_precision(theta)
    identity = precision @ factor @ factor.T
    assert_allclose(identity, np.eye(len(identity)), atol=1e-6)
    model = objective.model
    outputs = model.predict(model.split(posterior.theta), objective.X)
    state = objective._at(theta)
    features = features_of(objective, state.coordinates)
    assert_allclose(outputs, features @ state.b, atol=1e-10)


def test_posterior_with_matrices_known_is_that_of_the_gaussian_process():
    objective, theta = make_objective()
    coordinates, variances = objective.split(theta)
    known = objective.join(coordinates, variances._replace(matrices=np.full(3, 1e-9)))
    posterior = LaplacePosterior.of_evidence(objective, known)
    features = features_of(objective, coordinates)
    noise, amplitude = variances.noise[0], variances.observables[0]
    inner = features.T @ (objective.weight * features) / noise
    inner += np.eye(features.shape[1]) / amplitude
    expected = np.einsum("sf,fs->s", features, np.linalg.solve(inner, features.T))
    variance = posterior.variance(objective.X)[:, 0]
    assert_allclose(variance, expected + noise, rtol=1e-4)


class TestTraining:
    def run(self, objective, theta, max_iter=40, previous=None, tol=0.0):
        rule = StoppingRule(tol=tol, max_iter=max_iter, is_logarithm=True)
        return minimize_evidence(objective, theta, Progress(rule, previous=previous))

    def smooth(self, noise=0.1):
        rng = np.random.RandomState(0)
        X = rng.uniform(-1, 1, (80, 1))
        y = np.sin(3 * X) + noise * rng.standard_normal((80, 1))
        model = observable_pmm(1, 1, (4,), 2, level_spacing=1.0)
        objective = EvidenceObjective(model, X, y, np.ones((80, 1)))
        return objective, objective.initial(np.random.RandomState(1), 0.5)

    def test_evidence_is_maximised_and_the_noise_found(self):
        objective, theta = self.smooth()
        result = self.run(objective, theta, tol=0.05, max_iter=200)
        assert result.reason is StopReason.CONVERGED
        assert_allclose(objective.log_evidence(result.theta), -result.loss)
        assert result.loss == min(result.loss_curve)
        _, variances = objective.split(result.theta)
        assert np.sqrt(variances.noise[0]) == pytest.approx(0.1, rel=0.2)
        # Variances are at their best: no other noise is more probable.
        for change in (-0.3, 0.3):
            other = result.theta.copy()
            other[-1] += change
            assert objective.log_evidence(other) < -result.loss + 0.05

    def test_continues_as_if_it_had_not_stopped(self):
        objective, theta = self.smooth()
        whole = self.run(objective, theta)
        first = self.run(objective, theta, max_iter=15)
        rest = self.run(objective, first.resume.theta, previous=first)
        assert_array_equal(rest.theta, whole.theta)
        assert rest.loss_curve == whole.loss_curve

    def test_interruption_keeps_the_best(self):
        objective, theta = self.smooth()

        def on_iteration(n_iter, theta, loss, score):
            if n_iter == 7:
                raise KeyboardInterrupt

        rule = StoppingRule(tol=0.0, max_iter=40, is_logarithm=True)
        progress = Progress(rule, on_iteration=on_iteration)
        result = minimize_evidence(objective, theta, progress)
        assert result.reason is StopReason.INTERRUPTED
        assert result.n_iter == 7
        assert result.loss == min(result.loss_curve)

    def test_absurd_starts_are_not_finite_or_silent(self):
        objective, theta = self.smooth()
        theta[: objective.size] *= 1e200
        with np.errstate(all="ignore"):
            result = self.run(objective, theta, max_iter=5)
        assert isinstance(result.reason, StopReason)
