"""The joint evidence against its definition, its derivatives against differences."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from pmm_sklearn._threads import ThreadMap
from pmm_sklearn.model import (
    EvidenceObjective,
    JointEvidence,
    LaplacePosterior,
    NormalData,
    observable_pmm,
)
from pmm_sklearn.solvers import Progress, StoppingRule, StopReason, maximize_evidence

from ..problems import central_difference, random_directions

STRUCTURES = [
    {"readout": "transition"},
    {"readout": "transition", "matrix_type": "symmetric", "rank": (2, None)},
    {"readout": "transition", "block_sizes": (2, 2)},
    {"readout": "expectation", "rank": (None, 2)},
    {"readout": "density", "rank": (1, 1)},
]


def make(structure=STRUCTURES[0], n_outputs=1, n_samples=30, errors=False, **options):
    """Evidence on random data, and parameters with some noise."""
    rng = np.random.RandomState(0)
    X = rng.uniform(-1, 1, (n_samples, 2))
    y = rng.standard_normal((n_samples, n_outputs))
    weight = rng.uniform(0.5, 2.0, (n_samples, 1))
    errors = rng.uniform(0.1, 0.5, (n_samples, n_outputs)) if errors else None
    structure = {"block_sizes": (4,), "n_eigenvectors": 2, **structure}
    model = observable_pmm(2, n_outputs, level_spacing=1.0, **structure)
    data = NormalData(model, X, y, weight, errors)
    evidence = JointEvidence(data, **options)
    coordinates, variances = evidence.split(evidence.initial(rng))
    coordinates[-n_outputs:] = 0.3  # the intercepts
    variances = variances._replace(
        noise=rng.uniform(0.05, 0.2, n_outputs),
        observables=rng.uniform(0.5, 2.0, n_outputs),
    )
    return evidence, evidence.join(coordinates, variances)


def parts(evidence, theta):
    """Jacobian in units of the noise (outputs, samples, size), residuals, prior."""
    coordinates, variances = evidence.split(theta)
    model = evidence.model

    def outputs(c):
        return model.predict(model.split(c), evidence.X)

    columns = [
        central_difference(outputs, coordinates, e) for e in np.eye(evidence.size)
    ]
    scale = np.sqrt(evidence.weight / (evidence.data.squared_errors + variances.noise))
    rows = (np.stack(columns, axis=2) * scale[:, :, np.newaxis]).transpose(1, 0, 2)
    residuals = (scale * (evidence.y - outputs(coordinates))).T
    n_features = model.readout.n_features
    prior = np.concatenate(
        [
            1 / variances.matrices[evidence.block_of],
            np.repeat(1 / variances.observables, n_features),
            np.full(model.n_outputs, 0.1),
        ]
    )
    return rows, residuals, prior, scale


@pytest.mark.parametrize("errors", [False, True])
@pytest.mark.parametrize("structure", STRUCTURES, ids=str)
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_value_gradient_and_fixed_points(structure, n_outputs, errors):
    evidence, theta = make(structure, n_outputs, errors=errors)
    size = evidence.size
    coordinates, variances = evidence.split(theta)
    rows, residuals, prior, scale = parts(evidence, theta)
    curvature = np.einsum("ksp,ksq->pq", rows, rows) + np.diag(prior)
    weight = evidence.weight
    potential = 0.5 * np.sum(residuals**2) + 0.5 * prior @ coordinates**2
    potential += 0.5 * np.sum(weight * np.log(2 * np.pi * weight / scale**2))
    potential -= 0.5 * np.sum(np.log(prior))
    assert_allclose(evidence.potential(theta), potential, rtol=1e-9)
    half = 0.5 * np.linalg.slogdet(curvature)[1]
    assert_allclose(evidence.value(theta), potential + half, rtol=1e-7)
    turn = evidence.in_turn(theta)
    directions = random_directions(size)
    rest = np.zeros(theta.size - size)
    numerical = [
        central_difference(evidence.potential, theta, np.append(d, rest))
        for d in directions
    ]
    found = directions @ turn.matrices.gradient
    assert_allclose(found, numerical, rtol=1e-6, atol=1e-5)
    assert_allclose(
        turn.matrices.matrix, curvature, rtol=1e-5, atol=1e-6 * np.abs(curvature).max()
    )
    covariance = np.linalg.inv(curvature)
    numbers = 1.0 - prior * np.diag(covariance)
    leverage = np.einsum("ksp,pq,ksq->sk", rows, covariance, rows)
    share = variances.noise / (variances.noise + evidence.data.squared_errors)
    n_blocks = len(evidence.block_of)
    n_features = evidence.model.readout.n_features
    determined = list(evidence.by_matrix(numbers[:n_blocks]))
    squares = list(evidence.by_matrix((prior * coordinates**2)[:n_blocks]))
    for k in range(n_outputs):
        own = slice(n_blocks + k * n_features, n_blocks + (k + 1) * n_features)
        determined.append(numbers[own].sum())
        squares.append((prior * coordinates**2)[own].sum())
    left = np.sum(share * (weight - leverage), axis=0)
    found = np.sum(share * residuals.T**2, axis=0)
    numbers_of = np.concatenate([determined, left])
    # Where a number is at least one: the ratio of the squares to it.
    change = np.concatenate([squares, found]) - numbers_of
    expected = np.log(1.0 + change / np.maximum(numbers_of, 1.0))
    moved = (turn.widths + turn.scales)[size:]
    # That of the observables is fixed.
    expected[evidence.n_matrices : -n_outputs] = 0.0
    use = np.abs(expected) < 2.5
    assert use.sum() > 1
    assert_allclose(moved[use], expected[use], rtol=1e-4, atol=1e-4)
    assert evidence.n_effective(theta) == pytest.approx(
        numbers[:-n_outputs].sum(), 1e-4
    )


def test_weights_are_repetitions():
    evidence, theta = make(n_samples=8)
    counts = np.arange(1, 9)
    data = evidence.model, evidence.X, evidence.y
    weighted = JointEvidence(NormalData(*data, counts[:, np.newaxis].astype(float)))
    rows = np.repeat(np.arange(8), counts)
    data = evidence.model, evidence.X[rows], evidence.y[rows], np.ones((len(rows), 1))
    repeated = JointEvidence(NormalData(*data))
    assert_allclose(weighted.value(theta), repeated.value(theta), rtol=1e-11)
    turns = [e.in_turn(theta) for e in (weighted, repeated)]
    assert_allclose(*[t.scales + t.widths for t in turns], rtol=1e-7, atol=1e-9)


def test_threads_do_not_matter(monkeypatch):
    evidence, theta = make(n_outputs=2, n_samples=50, errors=True)
    errors = np.sqrt(evidence.data.squared_errors)
    data = evidence.model, evidence.X, evidence.y, evidence.weight, errors
    monkeypatch.setattr("pmm_sklearn.model.objective._LARGEST_JACOBIAN", 1)
    monkeypatch.setattr("pmm_sklearn.model.objective._FEWEST_ROWS", 4)
    turns = []
    for threads in (map, ThreadMap(2)):
        chunked = JointEvidence(NormalData(*data)).with_threads(threads)
        assert len(chunked.data._objective.jacobian_chunks) > 10
        assert_allclose(chunked.value(theta), evidence.value(theta), rtol=1e-11)
        turns.append(chunked.in_turn(theta))
    assert_array_equal(turns[0].scales, turns[1].scales)
    assert_array_equal(turns[0].matrices.gradient, turns[1].matrices.gradient)
    assert_allclose(turns[0].scales, evidence.in_turn(theta).scales, rtol=1e-7)


def test_agrees_with_the_other_where_outputs_are_linear(monkeypatch):
    """At the most probable observables, if the intercept is as good as fixed."""
    monkeypatch.setattr("pmm_sklearn.model.joint_evidence._INTERCEPT_VARIANCE", 1e-8)
    evidence, theta = make({"readout": "expectation"})
    data = evidence.model, evidence.X, evidence.y, evidence.weight
    linear = EvidenceObjective(*data)
    _, variances = evidence.split(theta)
    coordinates = theta[: linear.size]
    reduced = linear.join(coordinates, variances)
    full = evidence.model.join(linear.parameters(reduced))
    same = evidence.join(full, variances)
    assert_allclose(evidence.value(same), linear.value(reduced), rtol=1e-6)
    assert_allclose(evidence.n_effective(same), linear.n_effective(reduced), rtol=1e-6)


def smooth():
    rng = np.random.RandomState(0)
    X = rng.uniform(-1, 1, (120, 1))
    y = np.sin(3 * X) + 0.1 * rng.standard_normal((120, 1))
    model = observable_pmm(1, 1, (4,), 2, readout="transition", level_spacing=1.0)
    evidence = JointEvidence(NormalData(model, X, y, np.ones((120, 1))))
    return evidence, evidence.initial(np.random.RandomState(1), 0.5)


def run(evidence, theta, max_iter=200, tol=0.5, previous=None):
    rule = StoppingRule(tol=tol, max_iter=max_iter, is_logarithm=True)
    return maximize_evidence(evidence, theta, Progress(rule, previous=previous))


def test_noise_is_found():
    evidence, theta = smooth()
    result = run(evidence, theta)
    assert result.reason.converged
    assert_allclose(evidence.log_evidence(result.theta), -result.loss)
    assert result.loss == min(result.loss_curve)
    _, variances = evidence.split(result.theta)
    assert np.sqrt(variances.noise[0]) == pytest.approx(0.1, rel=0.2)


def test_continues_as_if_it_had_not_stopped():
    evidence, theta = smooth()
    whole = run(evidence, theta, 45, 0.0)
    for n_iter in (7, 37):
        first = run(evidence, theta, n_iter, 0.0)
        assert first.reason is StopReason.MAX_ITER
        rest = run(evidence, first.resume.theta, 45, 0.0, first)
        assert rest.loss_curve == whole.loss_curve


def test_posterior_is_the_inverse_of_the_curvature():
    evidence, theta = make(n_outputs=2)
    posterior = LaplacePosterior.of_evidence(evidence, theta)
    factor = posterior.covariance_of_theta.factor
    joint = evidence.joint_factor(theta)
    assert_allclose(joint.T @ joint @ factor @ factor.T, np.eye(len(joint)), atol=1e-6)
    assert_allclose(posterior.theta, theta[: evidence.size], rtol=1e-12)
