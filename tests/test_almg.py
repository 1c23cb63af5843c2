"""Anharmonic LMG model: published values, mean field, complex couplings."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from pmm_sklearn.datasets import _almg_continuation, almg_ground_energy, make_almg


@pytest.fixture(scope="module")
def almg():
    return make_almg()


@pytest.mark.parametrize(
    ("coupling", "values"),  # E0/N, E1/N and <n>/N of the article's figure
    [
        (0.15, (0.149805, 0.150266, 9.69e-5)),
        (0.25, (0.210543, 0.210543, 0.312931)),
        (1.0, (-0.177009, -0.177009, 0.588421)),
        (0.0, (0.0, 9.988e-4, 0.0)),
    ],
)
def test_values(coupling, values, almg):
    X = np.concatenate([almg.X_validation, almg.X_test])[:, 0]
    y = np.concatenate([almg.y_validation, almg.y_test])
    assert_allclose(y[np.equal(X, coupling)][0], values, atol=6e-7)


def mean_field(xi):
    fraction = np.where(xi.real > 0.2, (5 * xi - 1) / (8 * xi - 1.2), 0)
    energy = (1 - 5 * xi) * fraction + (4 * xi - 0.6) * fraction**2 + xi
    return energy, fraction


def test_is_close_to_the_mean_field(almg):
    energy, fraction = mean_field(almg.X_test[:, 0])
    far = np.abs(almg.X_test[:, 0] - 0.2) > 0.02
    assert_allclose(almg.y_test[:, 0], energy, atol=6e-4)
    assert_allclose(almg.y_test[far, 2], fraction[far], atol=2e-3)


def test_points(almg):
    assert_array_equal(almg.X_test[:, 0], np.arange(200) / 199)
    assert_array_equal(np.diff(almg.X_train[:4, 0] * 199).round(), [9, 9, 42])
    assert not np.any((almg.X_train > 0.1) & (almg.X_train < 0.3))
    gap = almg.X_test[almg.withheld, 0]
    assert (len(gap), gap.min() > 0.1, gap.max() < 0.3) == (40, True, True)
    assert np.all(np.isin(almg.X_train, almg.X_test))


def test_hamiltonian_from_spin_matrices():
    n_spins, xi, alpha = 5, 0.7, -0.3
    spin = n_spins / 2
    m = np.arange(-spin, spin + 1)
    ladder = np.sqrt(spin * (spin + 1) - m[:-1] * (m[:-1] + 1)) / 2
    s_x = np.diag(ladder, 1) + np.diag(ladder, -1)
    number = np.diag(spin + m)
    expected = (
        (1 - xi) * number
        + 2 * xi / spin * (spin**2 * np.eye(n_spins + 1) - s_x @ s_x)
        + alpha / (2 * spin) * number @ (number + np.eye(n_spins + 1))
    )
    constant, linear = make_almg(n_spins, alpha).terms
    assert_allclose((constant + xi * linear).toarray(), expected, atol=1e-13)


# Followed from the real axis in steps of at most 0.002, in arithmetic of 50 digits in
# the basis of S_z, where condition numbers reach 1e29.
CONTINUATION = {
    0.22 + 0.05j: 0.2295347126120979 - 0.0018042501762049348j,
    0.22 + 0.1j: 0.2480790470549829 - 0.03011699937638649j,
    0.22 + 0.3j: 0.2634999540224344 - 0.15645726979809152j,
    0.25 + 0.1j: 0.2300241782830784 - 0.036781671720137826j,
    0.25 + 0.4j: 0.24720487675302746 - 0.21586143730995572j,
}


def test_continuation_in_many_digits():
    energies = almg_ground_energy(list(CONTINUATION))
    assert_allclose(energies, list(CONTINUATION.values()), atol=1e-14)


def test_continuation_between_exceptional_points():
    # 50 digits in steps of 0.00005; larger steps without a check end on another level.
    energy = almg_ground_energy(0.203 + 0.005j)
    assert energy == pytest.approx(0.20300195708806945 + 0.004214436402192475j, 1e-11)


@pytest.mark.parametrize("real", [0.1, 0.24, 0.28, 0.6])
def test_continuation_of_all_eigenvalues(real):
    # Few spins: condition numbers are small, and dense eigenvalues good.
    n_spins, height = 40, 0.4
    constant, linear = (
        term.toarray()[::2, ::2] for term in make_almg(n_spins=n_spins).terms
    )
    energy = np.linalg.eigvalsh(constant + real * linear)[0]
    change = 0
    for y in np.linspace(0, height, 801):
        levels = np.linalg.eigvals(constant + (real + 1j * y) * linear)
        nearest = levels[np.argmin(np.abs(levels - energy - change))]
        energy, change = nearest, nearest - energy
    actual = almg_ground_energy(real + 1j * height, n_spins=n_spins)
    assert_allclose(actual, energy / n_spins, atol=1e-12)


def test_continuation_does_not_depend_on_the_step(monkeypatch):
    xi = np.array([0.0, 0.2, 0.26, 0.9]) + 0.2j
    energies = almg_ground_energy(xi)
    monkeypatch.setattr(_almg_continuation, "_LARGEST_STEP", 0.002)
    assert_allclose(almg_ground_energy(xi), energies, atol=1e-13)
    assert_allclose(energies, mean_field(xi)[0], atol=6e-4)


def test_ground_energy_at_real_couplings(almg):
    for parity, column in (("even", 0), ("odd", 1)):
        energies = almg_ground_energy(almg.X_test, parity=parity)
        assert energies.dtype == np.float64
        assert_array_equal(energies[:, 0], almg.y_test[:, column])
    xi = np.array([[0.4, 0.4 + 0.1j], [0.4 - 0.1j, 0.3]])
    energies = almg_ground_energy(xi)
    assert energies.shape == (2, 2)
    assert energies[0, 0].imag == 0
    assert energies[1, 0] == energies[0, 1].conj()
    assert almg_ground_energy(0.3) == pytest.approx(energies[1, 1].real, rel=1e-12)
    assert almg_ground_energy([]).shape == (0,)


def test_level_lost(monkeypatch):
    monkeypatch.setattr(_almg_continuation, "_LARGEST_SURPRISE", 0.0)
    with pytest.raises(RuntimeError, match=r"beyond xi=.*leave out couplings"):
        almg_ground_energy(0.3 + 0.1j, n_spins=20)


@pytest.mark.parametrize(
    ("function", "arguments", "error", "message"),
    [
        (make_almg, {"n_spins": 3}, ValueError, "n_spins must be at least 4, got 3"),
        (make_almg, {"n_spins": 10.0}, TypeError, "n_spins must be an integer"),
        (make_almg, {"anharmonicity": np.nan}, ValueError, "anharmonicity.*nan"),
        (make_almg, {"anharmonicity": "0"}, TypeError, "anharmonicity.*'0'"),
        (almg_ground_energy, {"xi": np.inf}, ValueError, "xi has NaN or infinite"),
        (almg_ground_energy, {"xi": "a"}, ValueError, "xi must hold"),
        (almg_ground_energy, {"xi": 0, "parity": "any"}, ValueError, "parity.*'even'"),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_bad_arguments(function, arguments, error, message):
    with pytest.raises(error, match=message):
        function(**arguments)
