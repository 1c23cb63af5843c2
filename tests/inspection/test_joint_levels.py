"""Levels of two systems that depend on the energies of each other."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pmm_sklearn import EigenvectorContinuation, PMMEmulator
from pmm_sklearn.inspection import joint_levels
from pmm_sklearn.targets import Level

from . import models

pytestmark = pytest.mark.filterwarnings("error")


def known(*terms):
    """A Hamiltonian that is given, all levels of it."""
    model = EigenvectorContinuation(terms, n_snapshot_vectors=len(terms[0]))
    return model.fit(np.zeros((1, len(terms) - 1)))


def ring(n_sites, strength):
    """Hopping on a ring, stronger for higher energies of another system."""
    shift = np.roll(np.eye(n_sites), 1, axis=0)
    return -shift - shift.T, -strength * (shift + shift.T)


def waves(n_sites):
    """Levels of the hopping alone, in ascending order."""
    return np.sort(-2 * np.cos(2 * np.pi * np.arange(n_sites) / n_sites))


def test_two_particles_on_rings_in_closed_form():
    joint = joint_levels(known(*ring(4, 0.1)), known(*ring(5, 0.2)))
    a, b = waves(4)[:, np.newaxis], waves(5)
    expected = a * (1 + 0.1 * b) / (1 - 0.02 * a * b)
    assert_allclose(joint.energies[..., 0], expected, atol=1e-12)
    expected = b * (1 + 0.2 * a) / (1 - 0.02 * a * b)
    assert_allclose(joint.energies[..., 1], expected, atol=1e-12)
    assert np.all(np.isnan(joint.std))


@pytest.mark.parametrize("is_real", [True, False])
def test_energies_fit_to_each_other(is_real):
    first, second = (models.hermitian(seed, 3, side) for seed, side in ((0, 3), (1, 4)))
    for matrices in (first, second):
        matrices[2] *= 0.5 / np.linalg.norm(matrices[2], 2)
    if is_real:
        first, second = first.real, second.real
    systems = known(*first), known(*second)
    at = [0.7, np.inf], [-0.2, 0.0]
    with pytest.raises(ValueError, match="at has NaN or infinite"):
        joint_levels(*systems, (1, 1), at)
    joint = joint_levels(*systems, ("x1", 1), ([0.7, 9.0], at[1]))
    for (i, j), (one, two) in zip(
        np.ndindex(3, 4), joint.energies.reshape(-1, 2), strict=True
    ):
        assert_allclose(systems[0].eigenvalues([[0.7, two]])[0, i], one, atol=1e-10)
        assert_allclose(systems[1].eigenvalues([[-0.2, one]])[0, j], two, atol=1e-10)


@pytest.fixture(scope="module")
def emulators():
    """Emulators of two levels each as functions of the energy of the other."""
    e = np.linspace(-3, 3, 12)[:, np.newaxis]
    fits = []
    for seed in (0, 1):
        y = np.sqrt(1.0 + (0.3 + 0.1 * seed) * (e - 4.0 * seed) ** 2) * [-0.4, 0.4]
        y += 1e-3 * np.random.RandomState(seed).standard_normal(y.shape)
        emulator = PMMEmulator(2, targets=[Level(0), Level(1)], random_state=0)
        fits.append(emulator.fit(e, y, y_err=1e-3))
    return fits


def test_error_bars_against_those_of_each_emulator(emulators):
    joint = joint_levels(*emulators)
    step = 1e-3
    for level in np.ndindex(2, 2):
        energies = joint.energies[level]
        changes = np.empty((2, 2))
        for k in range(2):
            # Both energies, if one of the emulators is wrong by a deviation.
            other = energies[np.newaxis, 1 - k : 2 - k]
            std = emulators[k].predict(other, return_std=True)[1][0, level[k]]
            moved = energies.copy()
            for _ in range(60):
                for own in range(2):
                    X = moved[np.newaxis, 1 - own : 2 - own]
                    value = emulators[own].predict(X)[0, level[own]]
                    moved[own] = value + step * std * (own == k)
            changes[k] = (moved - energies) / step
        assert_allclose(joint.std[level], np.linalg.norm(changes, axis=0), rtol=1e-3)


def test_emulators_of_rings_are_right():
    exact = joint_levels(known(*ring(3, 0.1)), known(*ring(3, 0.1)))
    e = np.linspace(-2, 2, 9)[:, np.newaxis]
    # The lowest level, and the two degenerate ones above it.
    y = (1 + 0.1 * e) * [-2.0, 1.0, 1.0]
    targets = [Level(0), Level(1), Level(2)]
    emulator = PMMEmulator(3, targets=targets, random_state=0).fit(e, y, y_err=1e-4)
    joint = joint_levels(emulator, emulator)
    assert_allclose(joint.energies, exact.energies, atol=1e-3)


def test_sectors():
    matrices = models.hermitian(0, 2, 5, sectors=(2, 3))
    matrices[1] *= 0.1
    emulator = models.emulator(size=(2, 3), matrices=matrices)
    other = known(*ring(3, 0.1))
    found = joint_levels(emulator, other, sectors=(1, 0)).energies
    own = joint_levels(known(*matrices[:, 2:, 2:]), other).energies
    assert_allclose(found, own, atol=1e-10)


def test_bad_input():
    system = known(*ring(3, 0.1))
    with pytest.raises(ValueError, match="depend less on the energies of each other"):
        joint_levels(known(*ring(3, 0.6)), known(*ring(3, 0.6)))
    large = known(*ring(51, 0.1))
    with pytest.raises(ValueError, match="product is at most 2000"):
        joint_levels(large, large)
    with pytest.raises(ValueError, match="feature must be a number from 0 to 0"):
        joint_levels(system, system, (0, 1))
    with pytest.raises(ValueError, match="at must be given for 2 features"):
        joint_levels(system, known(*models.hermitian(0, 3, 3)))
    with pytest.raises(ValueError, match="sector must be less than 1"):
        joint_levels(system, system, sectors=(0, 1))
    for name, pair in {"features": 0, "at": (1.0,), "sectors": "01"}.items():
        with pytest.raises(ValueError, match=f"{name} must be a pair"):
            joint_levels(system, system, **{name: pair})
    with pytest.raises(TypeError, match="polynomial in the features"):
        joint_levels(system, models.unitary_emulator())
