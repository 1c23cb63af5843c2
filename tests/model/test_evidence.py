"""The evidence against its definition, its derivatives against differences."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from pmm_sklearn._threads import ThreadMap
from pmm_sklearn.model import EvidenceObjective, LaplacePosterior, observable_pmm
from pmm_sklearn.model import evidence as module
from pmm_sklearn.solvers import Progress, StoppingRule, StopReason, maximize_evidence
from pmm_sklearn.solvers.evidence import IN_TURN

from ..problems import central_difference, random_directions

STRUCTURES = [
    {"block_sizes": (4,)},
    {"block_sizes": (4,), "matrix_type": "symmetric", "which": "LM"},
    {"block_sizes": (3, 2)},
    {"block_sizes": (2, 2), "matrix_type": "symmetric", "which": "LA"},
    {"block_sizes": (4,), "rank": (2, None)},
    {"block_sizes": (4,), "readout": "density"},
    {"block_sizes": (4,), "readout": "density", "rank": (1, None)},
    {"block_sizes": (3, 2), "matrix_type": "symmetric", "readout": "density"},
]
# One of each readout.
READOUTS = [STRUCTURES[0], STRUCTURES[5]]


def make_objective(
    structure=STRUCTURES[0], n_outputs=1, n_samples=30, errors=False, **options
):
    """Objective on random data, and parameters with some noise."""
    rng = np.random.RandomState(0)
    X = rng.uniform(-1, 1, (n_samples, 2))
    y = rng.standard_normal((n_samples, n_outputs))
    weight = rng.uniform(0.5, 2.0, (n_samples, 1))
    errors = rng.uniform(0.1, 0.5, (n_samples, n_outputs)) if errors else None
    model = observable_pmm(
        2, n_outputs, n_eigenvectors=2, level_spacing=1.0, **structure
    )
    objective = EvidenceObjective(model, X, y, weight, errors, **options)
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


def observables_of(objective, theta, k):
    """Features, most probable coefficients, and variances of one output."""
    coordinates, variances = objective.split(theta)
    features = features_of(objective, coordinates)
    errors = np.broadcast_to(objective.squared_errors, objective.y.shape)[:, k]
    noise = (errors + variances.noise[k]) / objective.weight[:, 0]
    weighted = features / noise[:, np.newaxis]
    inner = features.T @ weighted + np.eye(features.shape[1]) / variances.observables[k]
    return features, np.linalg.solve(inner, weighted.T @ objective.y[:, k]), noise


def joint_curvature(objective, theta):
    """Gauss-Newton matrix of matrices and observables, from differences."""
    coordinates, variances = objective.split(theta)
    size, n_features = objective.size, objective.n_features
    n = size + objective.n_outputs * n_features
    total = np.zeros((n, n))
    total[:size, :size] = np.diag(1 / variances.matrices[objective.block_of])
    for k in range(objective.n_outputs):
        features, b, noise = observables_of(objective, theta, k)

        def outputs(c, b=b):
            return features_of(objective, c) @ b

        columns = [central_difference(outputs, coordinates, e) for e in np.eye(size)]
        rows = np.zeros((len(noise), n))
        rows[:, :size] = np.stack(columns, axis=1)
        own = slice(size + k * n_features, size + (k + 1) * n_features)
        rows[:, own] = features
        total += rows.T @ (rows / noise[:, np.newaxis])
        total[own, own] += np.eye(n_features) / variances.observables[k]
    return total


@pytest.mark.parametrize("errors", [False, True])
@pytest.mark.parametrize("structure", STRUCTURES, ids=str)
@pytest.mark.parametrize("n_outputs", [1, 3])
def test_value_is_that_of_laplaces_approximation(structure, n_outputs, errors):
    """A Gaussian process given the matrices, and the determinant of the curvature."""
    objective, theta = make_objective(structure, n_outputs, errors=errors)
    coordinates, variances = objective.split(theta)
    prior, weight = variances.matrices[objective.block_of], objective.weight[:, 0]
    expected = 0.5 * np.sum(coordinates**2 / prior + np.log(prior))
    determinant = np.linalg.slogdet(joint_curvature(objective, theta))[1]
    for k in range(n_outputs):
        features, _, noise = observables_of(objective, theta, k)
        amplitude, y = variances.observables[k], objective.y[:, k]
        covariance = amplitude * features @ features.T + np.diag(noise)
        expected += 0.5 * y @ np.linalg.solve(covariance, y)
        expected += 0.5 * np.linalg.slogdet(covariance)[1]
        inner = features.T @ (features / noise[:, np.newaxis])
        inner += np.eye(len(inner)) / amplitude
        determinant -= np.linalg.slogdet(inner)[1]
        # A weight is a repetition: the mean of equal targets, and those that differ.
        expected += 0.5 * np.sum((weight - 1) * np.log(noise * weight))
        expected += 0.5 * np.sum(np.log(weight))
        expected += 0.5 * weight.sum() * np.log(2 * np.pi)
    assert_allclose(objective.value(theta), expected + 0.5 * determinant, rtol=1e-7)
    assert objective.log_evidence(theta) == -objective.value(theta)


@pytest.mark.parametrize("errors", [False, True])
@pytest.mark.parametrize("structure", STRUCTURES, ids=str)
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_gradient(structure, n_outputs, errors):
    """By matrices and variances, that of the determinant included."""
    objective, theta = make_objective(structure, n_outputs, errors=errors)
    value, gradient = objective.value_and_gradient(theta)
    assert value == objective.value(theta)
    directions = random_directions(theta.size)
    numerical = [central_difference(objective.value, theta, d) for d in directions]
    assert_allclose(directions @ gradient, numerical, rtol=1e-5, atol=1e-6)
    equations = objective.quadratic_model(theta)
    assert_array_equal(equations.gradient, gradient[: objective.size])


@pytest.mark.parametrize("errors", [False, True])
@pytest.mark.parametrize("structure", STRUCTURES, ids=str)
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_potential_and_its_gradient(structure, n_outputs, errors):
    """The value without half of the determinant of the matrices."""
    objective, theta = make_objective(structure, n_outputs, errors=errors)
    size = objective.size
    triangle = objective.joint_factor(theta)[-size - n_outputs : -n_outputs, :size]
    half = np.sum(np.log(np.abs(np.diag(triangle))))
    assert_allclose(objective.potential(theta), objective.value(theta) - half)
    directions = random_directions(size)
    rest = np.zeros(theta.size - size)
    numerical = [
        central_difference(objective.potential, theta, np.append(d, rest))
        for d in directions
    ]
    turn = objective.in_turn(theta)
    assert turn.potential == objective.potential(theta)
    found = directions @ turn.matrices.gradient
    assert_allclose(found, numerical, rtol=1e-5, atol=1e-6)
    assert np.all(turn.matrices.step(0.1)[size:] == 0)
    joint = objective.quadratic_model(theta)
    assert_array_equal(turn.matrices.matrix, joint.matrix)


@pytest.mark.parametrize("structure", READOUTS, ids=str)
def test_fixed_points_of_the_variances_are_those_of_mackay(structure):
    objective, theta = make_objective(structure, n_outputs=2)
    size, n_features = objective.size, objective.n_features
    coordinates, variances = objective.split(theta)
    curvature = joint_curvature(objective, theta)
    prior = np.concatenate(
        [1 / variances.matrices[objective.block_of]]
        + [np.full(n_features, 1 / s) for s in variances.observables]
    )
    covariance = np.linalg.inv(curvature)
    numbers = 1.0 - prior * np.diag(covariance)
    squares = objective.by_matrix(coordinates**2)
    expected = list(np.log(squares / objective.by_matrix(numbers[:size])))
    noises = []
    for k in range(2):
        features, b, noise = observables_of(objective, theta, k)
        own = slice(size + k * n_features, size + (k + 1) * n_features)
        expected.append(np.log(b @ b / numbers[own].sum()))
        weighted = objective.weight[:, 0] * (objective.y[:, k] - features @ b) ** 2
        columns = [
            central_difference(
                lambda c, b=b: features_of(objective, c) @ b, coordinates, e
            )
            for e in np.eye(size)
        ]
        rows = np.hstack([np.stack(columns, axis=1), features])
        parts = np.r_[np.arange(size), np.arange(own.start, own.stop)]
        block = covariance[np.ix_(parts, parts)]
        leverage = np.einsum("sp,pq,sq->s", rows, block, rows) / noise
        left = objective.weight.sum() - leverage.sum()
        noises.append(np.log(weighted.sum() / left))
    turn = objective.in_turn(theta)
    moved = (theta + turn.widths + turn.scales)[size:]
    assert_allclose(moved, [*expected, *noises], rtol=1e-5, atol=1e-5)
    assert np.all(turn.widths[size + objective.n_matrices :] == 0)
    assert np.all(turn.scales[: size + objective.n_matrices] == 0)


@pytest.mark.parametrize("readout", ["expectation", "density"])
def test_gradient_is_finite_at_degenerate_spectra(readout):
    model = observable_pmm(2, 1, (4,), 4, readout=readout, level_spacing=0.0)
    data = np.zeros((6, 2)), np.ones((6, 1)), np.ones((6, 1))
    objective = EvidenceObjective(model, *data)
    theta = objective.initial(np.random.RandomState(0))
    theta[: objective.size] = 0.0  # all levels are equal
    assert np.all(np.isfinite(objective.value_and_gradient(theta)[1]))
    assert np.all(np.isfinite(objective.in_turn(theta).matrices.gradient))


def test_gradient_where_levels_that_are_not_selected_cross():
    """Two sectors whose levels are degenerate within each: exact, as elsewhere."""
    model = observable_pmm(1, 1, (4,), 1, readout="density", level_spacing=1.0)
    X = np.linspace(-1, 1, 9)[:, np.newaxis]
    objective = EvidenceObjective(model, X, X**2, np.ones((9, 1)))
    theta = objective.initial(np.random.RandomState(0), 0.5)
    matrices = np.zeros((2, 4, 4), complex)
    matrices[1] = np.diag([1.0, -1.0, 1.0, -1.0])
    matrices[0, 0, 1] = matrices[0, 1, 0] = 0.3
    theta[: objective.size] = model.primary.join(matrices + model.primary.offsets)
    gradient = objective.value_and_gradient(theta)[1]
    for i in range(theta.size):
        direction = np.eye(theta.size)[i]
        numerical = central_difference(objective.value, theta, direction)
        assert_allclose(gradient[i], numerical, rtol=1e-4, atol=1e-5)


def test_nothing_is_lost_where_noise_is_small():
    """Where normal equations have no correct digit left."""
    objective, theta = make_objective(READOUTS[1], n_samples=60)
    coordinates, variances = objective.split(theta)
    exact = variances._replace(noise=np.full(1, 1e-12), observables=np.full(1, 1e3))
    features = features_of(objective, coordinates)
    objective.y = features @ np.linspace(-1, 1, features.shape[1])[:, np.newaxis]
    theta = objective.join(coordinates, exact)
    gradient = objective.value_and_gradient(theta)[1]
    rng = np.random.RandomState(1)
    for _ in range(3):
        direction = rng.standard_normal(theta.size)
        direction[: objective.size] *= 1e-6
        numerical = central_difference(objective.value, theta, direction)
        assert_allclose(gradient @ direction, numerical, rtol=1e-3)


@pytest.mark.parametrize("structure", READOUTS, ids=str)
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_joint_factor_is_that_of_the_curvature(structure, n_outputs):
    objective, theta = make_objective(structure, n_outputs)
    factor = objective.joint_factor(theta)[:, :-n_outputs]
    expected = joint_curvature(objective, theta)
    assert_allclose(factor.T @ factor, expected, atol=1e-6 * np.abs(expected).max())


def test_known_errors_without_noise():
    """Noise is there in the beginning only, and fades whatever the data say."""
    objective, theta = make_objective(errors=True, learns_noise=False)
    theta = objective.initial(np.random.RandomState(0))
    for _ in range(IN_TURN):
        turn = objective.in_turn(theta)
        theta = theta + 0.5 * turn.scales
    assert objective.split(theta)[1].noise < 1e-15
    near = EvidenceObjective(
        objective.model,
        objective.X,
        objective.y,
        objective.weight,
        np.full((30, 1), 0.1),
        learns_noise=False,
        is_far=False,
    )
    given = near.start_from(np.zeros(objective.model.n_parameters))
    assert near.split(given)[1].noise < 1e-15


def test_errors_of_equal_size_are_a_noise():
    objective, theta = make_objective()
    known = EvidenceObjective(
        objective.model,
        objective.X,
        objective.y,
        objective.weight,
        np.full((30, 1), 0.3),
        learns_noise=False,
    )
    coordinates, variances = objective.split(theta)
    noise = np.full(1, 0.09)
    same = objective.join(coordinates, variances._replace(noise=noise))
    none = known.join(coordinates, variances._replace(noise=noise * 1e-16))
    assert_allclose(known.value(none), objective.value(same))
    assert_allclose(
        known.value_and_gradient(none)[1][:-1],
        objective.value_and_gradient(same)[1][:-1],
        rtol=1e-7,
        atol=1e-8,
    )


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
    values = [o.value_and_gradient(theta) for o in (weighted, repeated)]
    assert_allclose(values[0][0], values[1][0], rtol=1e-11)
    assert_allclose(values[0][1], values[1][1], rtol=1e-8, atol=1e-8)
    steps = [o.quadratic_model(theta).step(0.1) for o in (weighted, repeated)]
    assert_allclose(*steps, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("remembers", [True, False])
def test_chunks_and_threads_do_not_matter(remembers, monkeypatch):
    objective, theta = make_objective(n_outputs=2, n_samples=50, errors=True)
    expected = objective.value_and_gradient(theta)
    step = objective.quadratic_model(theta).step(0.1)
    monkeypatch.setattr(module, "_LARGEST_CHUNK", 1)
    monkeypatch.setattr(module, "_LARGEST_MEMORY", 2**22 if remembers else 0)
    data = objective.X, objective.y, objective.weight
    errors = np.sqrt(objective.squared_errors)
    found = []
    for threads in (map, ThreadMap(2)):
        chunked = EvidenceObjective(objective.model, *data, errors, threads=threads)
        assert len(chunked.chunks) == 50
        value, gradient = chunked.value_and_gradient(theta)
        assert_allclose(value, expected[0], rtol=1e-12)
        assert_allclose(gradient, expected[1], rtol=1e-8, atol=1e-8)
        assert_allclose(chunked.quadratic_model(theta).step(0.1), step, rtol=1e-7)
        found.append(gradient)
    assert_array_equal(*found)


def test_phases_of_the_basis_cost_nothing():
    """Diagonal unitary matrices leave the prior as it is, and all outputs."""
    objective, theta = make_objective()
    coordinates, variances = objective.split(theta)
    phases = np.exp(1j * np.arange(4))
    primary = objective.model.primary
    turned = phases.conj()[:, np.newaxis] * primary.split(coordinates) * phases
    other = objective.join(primary.join(turned), variances)
    assert_allclose(objective.value(other), objective.value(theta), rtol=1e-12)


def test_numbers_of_parameters_that_are_determined():
    """The trace of the Gauss-Newton matrix of the data times the covariance."""
    objective, theta = make_objective(n_outputs=2)
    curvature = joint_curvature(objective, theta)
    _, variances = objective.split(theta)
    prior = np.concatenate(
        [
            1 / variances.matrices[objective.block_of],
            np.repeat(1 / variances.observables, objective.n_features),
        ]
    )
    expected = np.trace(np.linalg.solve(curvature, curvature - np.diag(prior)))
    assert objective.n_effective(theta) == pytest.approx(expected, rel=1e-5)


def test_posterior_is_the_inverse_of_the_joint_curvature():
    objective, theta = make_objective(n_outputs=2)
    posterior = LaplacePosterior.of_evidence(objective, theta)
    factor = posterior.covariance_of_theta.factor
    assert_array_equal(factor, np.tril(factor))
    joint = objective.joint_factor(theta)
    identity = joint.T @ joint @ factor @ factor.T
    assert_allclose(identity, np.eye(len(identity)), atol=1e-6)
    model = objective.model
    outputs = model.predict(model.split(posterior.theta), objective.X)
    for k in range(2):
        features, b, _ = observables_of(objective, theta, k)
        assert_allclose(outputs[:, k], features @ b, atol=1e-10)


def test_posterior_with_matrices_known_is_that_of_the_gaussian_process():
    objective, theta = make_objective()
    coordinates, variances = objective.split(theta)
    known = objective.join(coordinates, variances._replace(matrices=np.full(3, 1e-9)))
    posterior = LaplacePosterior.of_evidence(objective, known)
    features, _, noise = observables_of(objective, known, 0)
    inner = features.T @ (features / noise[:, np.newaxis])
    inner += np.eye(features.shape[1]) / variances.observables[0]
    expected = np.einsum("sf,fs->s", features, np.linalg.solve(inner, features.T))
    variance = posterior.variance(objective.X)[:, 0]
    assert_allclose(variance, expected + variances.noise[0], rtol=1e-4)


class TestTraining:
    def run(self, objective, theta, max_iter=40, previous=None, tol=0.0):
        rule = StoppingRule(tol=tol, max_iter=max_iter, is_logarithm=True)
        return maximize_evidence(objective, theta, Progress(rule, previous=previous))

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
        assert np.all(np.diff(result.loss_curve[IN_TURN:]) < 0)
        # Variances are at their best: no other noise is more probable.
        for change in (-0.3, 0.3):
            other = result.theta.copy()
            other[-1] += change
            assert objective.log_evidence(other) < -result.loss + 0.05

    def test_continues_as_if_it_had_not_stopped(self):
        objective, theta = self.smooth()
        whole = self.run(objective, theta)
        for n_iter in (1, 15, IN_TURN, IN_TURN + 1, IN_TURN + 7):
            first = self.run(objective, theta, max_iter=n_iter)
            assert first.n_iter == n_iter
            rest = self.run(objective, first.resume.theta, previous=first)
            assert_array_equal(rest.theta, whole.theta)
            assert rest.loss_curve == whole.loss_curve

    def test_does_not_converge_while_the_evidence_may_fall(self):
        objective, theta = self.smooth()
        result = self.run(objective, theta, tol=1e9, max_iter=99)
        assert result.reason is StopReason.CONVERGED
        assert result.n_iter == IN_TURN + 10

    def test_a_start_that_is_near_takes_no_turns(self):
        objective, theta = self.smooth()
        objective.is_far = False
        losses = self.run(objective, theta).loss_curve
        assert np.all(np.diff(losses) < 0)

    @pytest.mark.parametrize("last", [7, IN_TURN + 3])
    def test_interruption_keeps_the_best(self, last):
        objective, theta = self.smooth()

        def on_iteration(n_iter, theta, loss, score):
            if n_iter == last:
                raise KeyboardInterrupt

        rule = StoppingRule(tol=0.0, max_iter=40, is_logarithm=True)
        progress = Progress(rule, on_iteration=on_iteration)
        result = maximize_evidence(objective, theta, progress)
        assert result.reason is StopReason.INTERRUPTED
        assert result.n_iter == last
        assert result.loss == min(result.loss_curve)

    def test_absurd_starts_are_not_finite_or_silent(self):
        objective, theta = self.smooth()
        theta[: objective.size] *= 1e200
        with np.errstate(all="ignore"):
            result = self.run(objective, theta, max_iter=5)
        assert isinstance(result.reason, StopReason)


@pytest.mark.parametrize("structure", [STRUCTURES[0], STRUCTURES[4], STRUCTURES[5]])
def test_few_targets_need_the_space_of_their_rows_only(structure, monkeypatch):
    def make(n_times):
        monkeypatch.setattr(module, "_MANY_TIMES", n_times)
        options = {"n_outputs": 2, "n_samples": 5, "errors": True}
        objective, theta = make_objective(structure, **options)
        return objective, theta, objective.value_and_gradient(theta)

    wide, theta, (value, gradient) = make(0)
    full, _, (expected, expected_gradient) = make(np.inf)
    assert wide.is_wide
    assert not full.is_wide
    assert_allclose(value, expected, rtol=1e-12)
    assert_allclose(gradient, expected_gradient, rtol=1e-7, atol=1e-8)
    for turn, other in zip(wide.in_turn(theta), full.in_turn(theta), strict=True):
        if not hasattr(turn, "step"):
            assert_allclose(turn, other, rtol=1e-9, atol=1e-11)
    undamped = wide.quadratic_model(theta).step(0.0)
    assert_allclose(undamped, full.quadratic_model(theta).step(0.0), rtol=1e-6)
    joint, other = wide.joint_factor(theta), full.joint_factor(theta)
    assert_allclose(joint.T @ joint, other.T @ other, rtol=1e-9, atol=1e-9)
    assert_allclose(wide.n_effective(theta), full.n_effective(theta))
