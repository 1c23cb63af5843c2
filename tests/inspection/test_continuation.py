"""Levels followed by continuity."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pmm_sklearn.inspection import exceptional_points, follow_levels

from ..problems import random_pencil


def pencil(A, B):
    return lambda x: A + x[:, :, np.newaxis] * B


def loop(centre, radius, n_points):
    angle = np.linspace(0, 2 * np.pi, n_points)
    return centre + radius * np.exp(1j * angle[:, np.newaxis])


@pytest.mark.parametrize("n_points", [7, 50])
def test_a_loop_around_one_exceptional_point_exchanges_two_levels(n_points):
    A, B = random_pencil(0, 4, True)
    points = exceptional_points(A, B).x
    for x in points:
        others = np.abs(points - x)
        radius = 0.3 * np.min(others[others > 0])
        levels = follow_levels(pencil(A, B), loop(x, radius, n_points))
        moved = np.abs(levels[-1] - levels[0]) > 1e-6
        assert moved.sum() == 2
        assert_allclose(levels[-1, moved], levels[0, moved][::-1], rtol=1e-8)
        assert_allclose(levels[-1, ~moved], levels[0, ~moved], rtol=1e-8)


def test_a_loop_around_nothing_exchanges_nothing():
    A, B = random_pencil(0, 4, True)
    levels = follow_levels(pencil(A, B), loop(100.0, 1.0, 12))
    assert_allclose(levels[-1], levels[0], rtol=1e-10)


def test_the_path_counts_and_not_its_points():
    A, B = random_pencil(1, 6, False)
    ends = np.array([[0.0], [1.5 + 1.0j]])
    fine = np.linspace(*ends, 200)
    assert_allclose(
        follow_levels(pencil(A, B), ends)[-1], follow_levels(pencil(A, B), fine)[-1]
    )


def test_two_levels_in_closed_form():
    z, x = np.diag([1.0, -1.0]), np.array([[0.0, 1.0], [1.0, 0.0]])
    path = np.linspace(0, 0.9j, 20)[:, np.newaxis]
    levels = follow_levels(pencil(z, x), path)
    assert_allclose(levels[:, 1], np.sqrt(1 + path[:, 0] ** 2), atol=1e-12)


@pytest.mark.parametrize("n_points", [3, 20, 21])
def test_levels_of_sectors_go_through_each_other(n_points):
    """Also where a point of the path is the crossing itself."""
    A, B = np.diag([0.0, 1.0, -1.0]), np.diag([1.0, -1.0, 0.5])
    path = np.linspace(0, 2, n_points)[:, np.newaxis]
    levels = follow_levels(pencil(A, B), path)
    assert_allclose(levels[-1], [0.0, 2.0, -1.0], atol=1e-12)


def test_several_features():
    rng = np.random.RandomState(0)
    A, B = random_pencil(0, 3, True)
    C, _ = random_pencil(1, 3, True)

    def matrices_at(x):
        return A + x[:, 0, None, None] * B + x[:, 1, None, None] * C

    path = np.cumsum(rng.uniform(-0.1, 0.2, (30, 2)), axis=0)
    levels = follow_levels(matrices_at, path)
    # Real symmetric matrices have no crossings on a generic path.
    assert_allclose(levels.real, np.linalg.eigvalsh(matrices_at(path)), atol=1e-12)


def test_a_path_through_an_exceptional_point_is_warned_of():
    z, x = np.diag([1.0, -1.0]), np.array([[0.0, 1.0], [1.0, 0.0]])
    with pytest.warns(UserWarning, match="Levels coincide on the path between"):
        follow_levels(pencil(z, x), np.array([[0.0], [1j], [2j]]))


def test_points_given_twice_do_not_matter():
    A, B = random_pencil(0, 3, True)
    path = np.linspace(0, 1j, 5)[:, np.newaxis]
    levels = follow_levels(pencil(A, B), np.repeat(path, 2, axis=0))
    assert_allclose(levels[::2], follow_levels(pencil(A, B), path))
