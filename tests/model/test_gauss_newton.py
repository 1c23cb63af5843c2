"""Gauss-Newton matrices from products against those from the Jacobian."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pmm_sklearn._threads import ThreadMap
from pmm_sklearn.model import ClassData, CrossEntropy, WeightedLoss, observable_pmm
from pmm_sklearn.model.gauss_newton import GaussNewtonSum, RowSum, has_product_form

from ..problems import central_difference

STRUCTURES = [
    {"readout": "expectation"},
    {"readout": "expectation", "matrix_type": "symmetric"},
    {"readout": "density", "smearing": 0.2},
    {"readout": "density", "smearing": 0.2, "block_sizes": (2, 1)},
]


def make(structure, n_outputs=3, n_samples=7):
    structure = {"block_sizes": (3,), "n_eigenvectors": 2, **structure}
    model = observable_pmm(2, n_outputs, level_spacing=1.0, **structure)
    rng = np.random.RandomState(0)
    X = rng.standard_normal((n_samples, 2))
    labels = rng.randint(max(n_outputs, 2), size=n_samples)
    y = (labels[:, np.newaxis] == np.arange(n_outputs)).astype(float)
    return model, X, y, rng.uniform(0.5, 2.0, (n_samples, 1)), model.initial(rng)


@pytest.mark.parametrize("structure", STRUCTURES, ids=str)
@pytest.mark.parametrize("n_outputs", [1, 3])
def test_products_are_those_of_rows(structure, n_outputs, monkeypatch):
    model, X, _, _, theta = make(structure, n_outputs)
    assert has_product_form(model)
    rng = np.random.RandomState(1)
    slopes = rng.standard_normal((7, n_outputs))
    roots = rng.standard_normal((7, n_outputs, n_outputs))
    curvatures = roots @ roots.swapaxes(1, 2)
    _, saved = model.forward(model.split(theta), model.inputs(X))
    monkeypatch.setattr("pmm_sklearn.model.gauss_newton._LARGEST_CHUNK", 256)
    totals = GaussNewtonSum(model), RowSum(model)
    for total in totals:
        total.add(theta, saved, slopes, curvatures)
    assert_allclose(totals[0].matrix, totals[1].matrix, atol=1e-11)
    assert_allclose(totals[0].gradient, totals[1].gradient, atol=1e-11)


@pytest.mark.parametrize("structure", [{"readout": "transition"}, {"rank": (1, None)}])
def test_others_have_no_products(structure):
    assert not has_product_form(make(structure)[0])


@pytest.mark.parametrize("n_outputs", [1, 3])
def test_second_derivatives_of_the_loss(n_outputs):
    loss = WeightedLoss(CrossEntropy(2.0))
    *_, y, weight, _ = make({}, n_outputs)
    outputs = np.random.RandomState(2).standard_normal((7, n_outputs))
    found = loss.curvature_matrices(outputs, y, weight)
    for direction in np.eye(n_outputs):
        expected = central_difference(
            lambda z: loss.gradient(z, y, weight), outputs, direction
        )
        assert_allclose(found @ direction, expected, atol=1e-8)


@pytest.mark.parametrize("structure", [*STRUCTURES, {"readout": "transition"}], ids=str)
@pytest.mark.parametrize("n_outputs", [1, 3])
def test_gradient_of_classes(structure, n_outputs):
    model, X, y, weight, theta = make(structure, n_outputs)
    data = ClassData(model, X, y, weight)
    point = data.at(theta, np.empty(0))
    triangle, gradient = point.factorised(np.ones(model.n_parameters))
    for direction in np.random.RandomState(3).standard_normal((3, len(theta))):
        slope = central_difference(lambda t: data.at(t, None).value, theta, direction)
        assert_allclose(gradient @ direction, slope, rtol=1e-6)
    variances = np.diag(np.linalg.inv(triangle.T @ triangle))
    assert_allclose(point.variances(triangle), variances, rtol=1e-8)


def test_threads_do_not_matter(monkeypatch):
    model, X, y, weight, theta = make({"readout": "density"}, n_samples=60)
    monkeypatch.setattr("pmm_sklearn.model.objective._LARGEST_JACOBIAN", 1)
    monkeypatch.setattr("pmm_sklearn.model.objective._FEWEST_ROWS", 4)
    data = ClassData(model, X, y, weight)
    results = [
        data.at(theta, None, threads).factorised(np.ones(len(theta)))
        for threads in (map, ThreadMap(2))
    ]
    for one, other in zip(*results, strict=True):
        assert np.array_equal(one, other)
