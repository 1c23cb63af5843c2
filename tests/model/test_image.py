"""The image model: Gram matrices of windows, congruences, derivatives."""

import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pmm_sklearn.model import (
    Congruence,
    GaugeRotations,
    HermitianSpace,
    ImagePMM,
    ShiftedGrams,
    WindowGrams,
)
from pmm_sklearn.solvers import Adam

TYPES = pytest.mark.parametrize("matrix_type", ["symmetric", "hermitian"])


def random_matrices(rng, shape, matrix_type):
    matrices = rng.standard_normal(shape)
    if matrix_type == "hermitian":
        matrices = matrices + 1j * rng.standard_normal(shape)
    return matrices


def make_model(matrix_type="symmetric", n_eigenvectors=2, **settings):
    rng = np.random.RandomState(0)
    grams = WindowGrams((6, 5), (3, 2), (2, 2), matrix_type == "hermitian")
    model = ImagePMM(grams, 3, 4, 3, n_eigenvectors, "SA", matrix_type, **settings)
    images = random_matrices(rng, (7, 6, 5), matrix_type)
    return model, model.initial(rng), images


@TYPES
def test_grams_are_scaled_products(matrix_type):
    rng = np.random.RandomState(1)
    image = random_matrices(rng, (1, 6, 5), matrix_type)
    grams = WindowGrams((6, 5), (3, 2), (3, 3), matrix_type == "hermitian")
    assert [(r.start, c.start) for r, c in grams.places] == [
        (0, 0),
        (0, 3),
        (3, 0),
        (3, 3),
    ]
    window = image[0, 3:6, 0:2]
    expected = window @ window.conj().T
    expected = (expected / np.abs(expected).max())[np.triu_indices(3, 1)]
    values = grams.values(image)[0]
    size = grams.sizes[0]
    found = values[2 * size : 3 * size]
    if matrix_type == "hermitian":
        found = found[:3] + 1j * found[3:]
    assert_allclose(found, expected)
    assert_allclose(grams.values(5.0 * image), grams.values(image), atol=1e-15)
    assert not np.any(grams.values(0 * image))


@pytest.mark.parametrize(
    ("image_shape", "window_shape"), [((300, 300), (3, 3)), ((1, 300), (1, 300))]
)
def test_grams_of_many_images_take_little_memory(image_shape, window_shape):
    grams = WindowGrams(image_shape, window_shape, (200, 200))
    images = np.ones((300, *image_shape), dtype=np.uint8)
    tracemalloc.start()
    values = grams.values(images)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < values.nbytes + 40e6


@TYPES
def test_congruence(matrix_type):
    rng = np.random.RandomState(0)
    inner, outer = (HermitianSpace((n,), matrix_type) for n in (3, 4))
    congruence = Congruence(inner, outer)
    K = random_matrices(rng, (2, 4, 3), matrix_type)
    theta = rng.standard_normal(inner.size)
    expected = K @ inner.matrices(theta) @ K.conj().swapaxes(1, 2)
    assert_allclose(outer.matrices(theta @ congruence.matrix(K)), expected)
    weights = rng.standard_normal((2, inner.size, outer.size))
    gradient = congruence.gradient(K, weights)
    direction = random_matrices(rng, K.shape, matrix_type)
    step = 1e-6
    ahead, behind = (
        np.sum(weights * congruence.matrix(K + sign * step * direction))
        for sign in (1, -1)
    )
    slope = np.sum(gradient.conj() * direction).real
    assert slope == pytest.approx((ahead - behind) / (2 * step), rel=1e-7)


@TYPES
@pytest.mark.parametrize("temperature", [1.0, 0.3])
def test_gradient(matrix_type, temperature):
    model, theta, images = make_model(matrix_type, temperature=temperature)
    inputs = model.inputs(images)
    rng = np.random.RandomState(2)
    cotangents = rng.standard_normal((len(images), 3))

    def value(theta):
        return np.sum(cotangents * model.forward(model.split(theta), inputs)[0])

    _, saved = model.forward(model.split(theta), inputs)
    gradient = model.gradient(theta, saved, cotangents)
    for direction in rng.standard_normal((5, len(theta))):
        step = 1e-5
        slope = (value(theta + step * direction) - value(theta - step * direction)) / (
            2 * step
        )
        assert gradient @ direction == pytest.approx(slope, rel=1e-6, abs=1e-7)


@TYPES
def test_split_and_join_are_inverse(matrix_type):
    model, theta, _ = make_model(matrix_type)
    assert_allclose(model.join(model.split(theta)), theta, atol=1e-14)


@TYPES
def test_forward_is_the_formula(matrix_type):
    model, theta, images = make_model(matrix_type)
    p = model.split(theta)
    image = images[0]

    def scaled(gram):
        gram = gram / np.abs(gram).max()
        np.fill_diagonal(gram, 1.0)
        return gram

    latent = 0.0
    for K, L, place in zip(p.rows, p.columns, model.grams.places, strict=True):
        W = image[place]
        latent = latent + K @ scaled(W @ W.conj().T) @ K.conj().T
        latent = latent + L @ scaled(W.conj().T @ W) @ L.conj().T
    expected = []
    for k in range(3):
        D = p.projections[k]
        _, v = np.linalg.eigh(D @ latent @ D.conj().T + p.offsets[k])
        pairs = [(0, 0), (0, 1), (1, 1)]
        expected.append(
            sum(
                abs(v[:, i].conj() @ p.observables[k, m] @ v[:, j]) ** 2
                for m, (i, j) in enumerate(pairs)
            )
        )
    outputs = model.predict(p, images)
    assert_allclose(outputs[0], expected + p.intercept, rtol=1e-10)


@pytest.mark.parametrize(
    ("window", "stride", "a", "b", "r", "n_classes", "n_parameters"),
    [
        (14, 7, 12, 5, 3, 10, 4684),
        (10, 6, 24, 8, 3, 10, 12130),
        (14, 7, 24, 10, 3, 10, 12308),
    ],
)
def test_number_of_parameters(window, stride, a, b, r, n_classes, n_parameters):
    grams = WindowGrams((28, 28), (window, window), (stride, stride))
    assert ImagePMM(grams, n_classes, a, b, r).n_parameters == n_parameters


def test_shifted_grams_are_those_of_moved_images():
    rng = np.random.RandomState(0)
    images = np.zeros((50, 6, 5))
    images[:, 2:4, 1:4] = rng.uniform(size=(50, 2, 3))
    grams = WindowGrams((6, 5), (6, 5), (1, 1))
    still, moved = grams.values(images), ShiftedGrams(grams, images, 1, 0)
    # A window of the whole image: the largest elements only change their places.
    found = moved[np.arange(50)]
    assert_allclose(found.sum(axis=1), still.sum(axis=1))
    assert np.mean(np.any(found != still, axis=1)) > 0.6
    assert not np.array_equal(moved[np.arange(50)], found)
    assert_allclose(ShiftedGrams(grams, images, 1, 0)[np.arange(50)], found)


@TYPES
def test_gauge_rotations_turn_parameters_and_moments(matrix_type):
    model, theta, images = make_model(matrix_type)
    inputs = model.inputs(images)
    cotangents = np.random.RandomState(3).standard_normal((len(images), 3))

    def outputs_and_gradient(theta):
        outputs, saved = model.forward(model.split(theta), inputs)
        return outputs, model.gradient(theta, saved, cotangents)

    outputs, gradient = outputs_and_gradient(theta)
    adam = Adam(model.n_parameters)
    adam.first, adam.second = gradient, gradient**2
    turned = GaugeRotations(model)(theta, adam, np.random.RandomState(0))
    assert np.max(np.abs(turned - theta)) > 0.1
    new_outputs, new_gradient = outputs_and_gradient(turned)
    assert_allclose(new_outputs, outputs, atol=1e-10)
    assert_allclose(adam.first, new_gradient, atol=1e-9)
    # On average over all rotations the squares keep their sum.
    assert adam.second.sum() == pytest.approx(np.sum(new_gradient**2))
    again = model.average_over_bases(adam.second)
    assert_allclose(again, adam.second)
