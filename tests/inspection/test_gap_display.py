"""The picture of a gap over two features."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pmm_sklearn import EigenvectorContinuation
from pmm_sklearn.inspection import (
    ExceptionalPointsDisplay,
    GapDisplay,
    diabolic_points,
    exceptional_points,
    minimum_gap,
)

from . import models

pytestmark = pytest.mark.filterwarnings("error")
X = np.random.RandomState(0).uniform(-1, 1, size=(8, 3))
MATRICES = models.hermitian(5, 4, 6, is_real=True)


@pytest.fixture(scope="module")
def known():
    """A real Hamiltonian of three features."""
    model = EigenvectorContinuation(MATRICES, n_snapshot_vectors=6)
    return model.fit(np.zeros((1, 3)))


@pytest.fixture
def plt():
    plt = pytest.importorskip("matplotlib.pyplot", reason="displays need matplotlib")
    yield plt
    plt.close("all")


def test_gaps_minima_and_diabolic_points(known, plt):
    display = GapDisplay.from_estimator(
        known, X, ("x2", 0), levels=(2, 3), reference=[0, 0.2, 0], grid_resolution=7
    )
    grid = np.array([[x0, 0.2, x2] for x0 in display.y for x2 in display.x])
    levels = known.eigenvalues(grid)
    assert_allclose(display.gap.ravel(), levels[:, 3] - levels[:, 2], atol=1e-12)
    assert_allclose([display.x[0], display.x[-1]], [X[:, 2].min(), X[:, 2].max()])
    bounds = [(display.y[0], display.y[-1]), (0.2, 0.2), (display.x[0], display.x[-1])]
    minima = minimum_gap(known, bounds, (2, 3))
    points = diabolic_points(known, bounds, (2, 3))
    avoided = (minima.gap > 0) & ~minima.on_bound
    assert_allclose(display.minima[:, :2], minima.x[avoided][:, [2, 0]])
    assert_allclose(display.points[:, :2], points.x[:, [2, 0]])
    assert len(points.x) > 0
    drawn, *_ = display.points_
    assert_allclose(drawn.get_xydata(), display.points[:, :2])
    assert display.ax_.get_xlabel() == "x2"
    assert display.colorbar_.ax.get_ylabel() == "gap of levels 2 and 3"
    assert display.plot() is display
    display.figure_.canvas.draw()


def test_axes_that_are_given(known, plt):
    figure, (_, ax) = plt.subplots(1, 2)
    display = GapDisplay.from_estimator(known, X, grid_resolution=3, ax=ax)
    assert display.figure_ is figure
    assert display.ax_ is ax


@pytest.mark.parametrize("features", [(0, 0), (0, 3), 1, (0, 1, 2), ("x0", "y")])
def test_features_that_are_no_two(known, features):
    with pytest.raises(ValueError, match=r"features? must be"):
        GapDisplay.from_estimator(known, X, features)


def test_data_without_a_range(known):
    with pytest.raises(ValueError, match="X has a single value in feature 0"):
        GapDisplay.from_estimator(known, np.zeros((2, 3)))


def test_exceptional_points_along_a_line(known, plt):
    display = ExceptionalPointsDisplay.from_estimator(
        known, X, "x1", reference=[0.3, 0.0, -0.1], grid_resolution=5
    )
    constant, *slopes = MATRICES
    expected = exceptional_points(
        constant + 0.3 * slopes[0] - 0.1 * slopes[2], slopes[1]
    )
    distance = np.abs(display.points[:, np.newaxis] - expected.x).min(axis=1)
    assert distance.max() < 1e-6
    assert display.ax_.get_xlabel() == "Re x1"
    means = ExceptionalPointsDisplay.from_estimator(known, X, grid_resolution=5)
    assert_allclose(means.training, X[:, 0])
    with pytest.raises(ValueError, match="reference must have shape"):
        ExceptionalPointsDisplay.from_estimator(known, X, reference=[0.0])
