"""All exceptional points of a pencil."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pmm_sklearn.inspection import exceptional_points

from ..problems import random_pencil

pytestmark = pytest.mark.filterwarnings("error")


def nearest(points, others):
    """Distance of each point to the closest of the others."""
    return np.abs(points[:, np.newaxis] - others).min(axis=1)


@pytest.mark.parametrize("is_real", [True, False])
@pytest.mark.parametrize("n", range(2, 9))
def test_all_points_of_random_pencils(n, is_real):
    for seed in range(5):
        A, B = random_pencil(seed, n, is_real)
        points = exceptional_points(A, B)
        assert len(points.x) == n * (n - 1)
        assert points.residual.max() < 1e-10
        apart = np.abs(points.x[:, np.newaxis] - points.x)
        assert apart[~np.eye(len(apart), dtype=bool)].min() > 1e-5
        # The level is double: two eigenvalues are as close as rounding allows.
        for x, energy in zip(points.x, points.energies, strict=True):
            distance = np.sort(np.abs(np.linalg.eigvals(A + x * B) - energy))
            assert distance[1] < 1e-5
        assert nearest(points.x.conj(), points.x).max() < 1e-8


def test_two_levels_in_closed_form():
    A, B = random_pencil(0, 2, False)

    def gap_squared(x):
        H = A + x * B
        return np.trace(H) ** 2 - 4 * np.linalg.det(H)

    coefficients = np.polyfit([0, 1, 2], [gap_squared(x) for x in (0, 1, 2)], 2)
    expected = np.sort_complex(np.roots(coefficients))
    assert_allclose(np.sort_complex(exceptional_points(A, B).x), expected, rtol=1e-10)


def test_three_levels_by_the_discriminant():
    A, B = random_pencil(1, 3, True)
    radius = 2 * np.abs(exceptional_points(A, B).x).max()
    circle = radius * np.exp(2j * np.pi * np.arange(16) / 16)
    discriminant = []
    for x in circle:
        values = np.linalg.eigvals(A + x * B)
        gaps = values[[0, 0, 1]] - values[[1, 2, 2]]
        discriminant.append(np.prod(gaps) ** 2)
    coefficients = np.fft.fft(discriminant)[:7] / 16 / radius ** np.arange(7)
    expected = np.roots(coefficients[::-1])
    assert nearest(exceptional_points(A, B).x, expected).max() < 1e-6


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_units_and_basis_do_not_matter(scale):
    A, B = random_pencil(2, 5, False)
    expected = exceptional_points(A, B)
    U = np.linalg.qr(random_pencil(3, 5, False)[0])[0]
    # x = (x' - 3) / scale and H' = 7 H + 11
    B_new = 7 * U @ B @ U.conj().T / scale
    A_new = 7 * U @ A @ U.conj().T + 11 * np.eye(5) - 3 * B_new
    points = exceptional_points(A_new, B_new)
    assert nearest((points.x - 3) / scale, expected.x).max() < 1e-7
    assert nearest((points.energies - 11) / 7, expected.energies).max() < 1e-7


def test_crossings_without_a_gap_count_twice():
    points = exceptional_points(np.diag([1.0, 2.0, 3.0]), np.diag([0.0, 1.0, 3.0]))
    assert_allclose(points.x, [-1, -1, -2 / 3, -2 / 3, -0.5, -0.5], atol=1e-12)
    assert_allclose(points.energies, [1, 1, 1, 1, 1.5, 1.5], atol=1e-12)
    assert points.residual.max() < 1e-12


def test_a_crossing_of_two_sectors_among_branch_points():
    A, B = np.zeros((2, 4, 4))
    A[:2, :2], B[:2, :2] = random_pencil(0, 2, True)
    A[2:, 2:], B[2:, 2:] = random_pencil(1, 2, True)
    points = exceptional_points(A, B)
    assert len(points.x) == 12
    assert points.residual.max() < 1e-10


def test_degenerate_slope_has_fewer_points():
    A, _ = random_pencil(0, 4, True)
    points = exceptional_points(A, np.diag([0.0, 0.0, 1.0, 3.0]))
    assert len(points.x) == 10
    assert points.residual.max() < 1e-10


def test_nothing_to_find():
    A, _ = random_pencil(0, 4, True)
    for slope in (np.eye(4), np.zeros((4, 4)), 1e-20 * np.eye(4)):
        assert len(exceptional_points(A, slope).x) == 0
    assert len(exceptional_points([[1.0]], [[2.0]]).x) == 0


def test_all_levels_meet_at_one_point():
    A, _ = random_pencil(0, 3, True)
    points = exceptional_points(A, 2 * A)
    assert_allclose(points.x, -0.5, atol=1e-10)
    assert points.residual.max() < 1e-10


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("units", [(1e200, 1e200), (1e-200, 1e-250), (1e300, 1e200)])
def test_any_units(units):
    rng = np.random.RandomState(0)
    A, B = (matrix + matrix.T for matrix in rng.standard_normal((2, 4, 4)))
    expected = exceptional_points(A, B)
    found = exceptional_points(units[0] * A, units[1] * B)
    upper, other = (
        np.sort_complex(x[x.imag > 0])
        for x in (expected.x, found.x / (units[0] / units[1]))
    )
    assert_allclose(other, upper, rtol=1e-8)
    assert len(found.x) == 12
    assert np.all(found.residual < 1e-12)


@pytest.mark.filterwarnings("error")
def test_bad_input():
    with pytest.raises(ValueError, match=r"constant must be a square .* \(0, 0\)"):
        exceptional_points(np.zeros((0, 0)), np.zeros((0, 0)))
    with pytest.raises(TypeError, match="constant must hold numbers"):
        exceptional_points([["a"]], [[1]])
    with pytest.raises(ValueError, match="slope must hold numbers, in rows"):
        exceptional_points(np.eye(2), [[1, 2], [1]])
    with pytest.raises(ValueError, match="constant must not be beyond floating point"):
        exceptional_points(1e200 * np.eye(2), 1e-200 * np.eye(2))
    with pytest.raises(ValueError, match="constant must be a square matrix"):
        exceptional_points(np.ones((2, 3)), np.eye(2))
    with pytest.raises(ValueError, match="slope must have the shape"):
        exceptional_points(np.eye(3), np.eye(2))
    with pytest.raises(ValueError, match="slope has NaN"):
        exceptional_points(np.eye(2), np.full((2, 2), np.nan))
