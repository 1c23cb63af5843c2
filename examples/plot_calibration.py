"""
Couplings from measured energies
================================

Which couplings does a system have whose energies were measured?  A sampler that answers
asks for the energies at tens of thousands of couplings, an emulator gives them at once.
It is not exact, and says by how much: its errors belong in the likelihood.
"""

# %%
# A molecule that bends
# ---------------------
# A coordinate in the potential :math:`a x^2 + b x^4`, which has two wells for negative
# ``a``, as the bend of a molecule or the tunnelling of ammonia; 80 states of an
# oscillator.  Three excitation energies were measured, with errors of 0.03.
import time

import matplotlib.pyplot as plt
import numpy as np

from pmm_sklearn import PMMEmulator
from pmm_sklearn.targets import Gap, Level

numbers = np.arange(80.0)
lowering = np.diag(np.sqrt(numbers[1:]), 1)
x = (lowering + lowering.T) / np.sqrt(2)
kinetic = np.diag(numbers + 0.5) - 0.5 * x @ x
terms = [x @ x, np.linalg.matrix_power(x, 4)]


def excitations(X):
    """The lowest three excitation energies of each row."""
    levels = np.linalg.eigvalsh(kinetic + np.tensordot(X, terms, axes=1))[:, :4]
    return levels[:, 1:] - levels[:, :1]


true_couplings, error = np.array([-0.7, 0.45]), 0.03
noise = error * np.random.RandomState(1).standard_normal(3)
measured = excitations(true_couplings[np.newaxis])[0] + noise

# %%
# The emulator
# ------------
# Twenty exact calculations between the bounds of the couplings.  Even and odd states
# are two sectors, which do not mix.
low, high = np.array([-1.5, 0.2]), np.array([0.5, 1.0])
X = np.random.RandomState(0).uniform(low, high, size=(20, 2))
even, odd = [Level(0, 0), Level(1, 0)], [Level(0, 1), Level(1, 1)]
emulator = PMMEmulator(
    (4, 4),
    targets=[Gap(even[0], state) for state in (odd[0], even[1], odd[1])],
    matrix_type="symmetric",
    n_init=3,
    random_state=0,
)
emulator.fit(X, excitations(X))

# %%
# The likelihood
# --------------
# Errors of the measurement and of the emulator add up, at each point its own.
# ``as_function`` does without the checks of ``predict``.
energies_and_errors = emulator.as_function(return_std=True)


def log_density(X):
    """Logarithm of the posterior density of couplings, uniform between the bounds."""
    energies, std = energies_and_errors(X)
    return log_likelihood(X, energies, error**2 + std**2)


def exact_log_density(X):
    """The same without an emulator."""
    return log_likelihood(X, excitations(X), error**2)


def log_likelihood(X, energies, variance):
    """That of independent normal errors, minus infinity beyond the bounds."""
    terms = (energies - measured) ** 2 / variance + np.log(variance)
    inside = np.all(np.clip(X, low, high) == X, axis=1)
    return np.where(inside, -0.5 * terms.sum(axis=1), -np.inf)


# %%
# The sampler
# -----------
# Walkers step along the lines through each other, one half of them at a time, so that
# scales do not matter (Goodman and Weare, 2010; the package emcee does it, too).


def sample(log_density, n_walkers, n_steps, rng):
    """Draws of shape (n_steps, n_walkers, 2)."""
    walkers = rng.uniform(low, high, size=(n_walkers, 2))
    density, draws, half = log_density(walkers), [], n_walkers // 2
    for _ in range(n_steps):
        for moving in (slice(0, half), slice(half, None)):
            others = walkers[half:] if moving.start == 0 else walkers[:half]
            partner = others[rng.randint(half, size=half)]
            stretch = (1.0 + rng.uniform(size=(half, 1))) ** 2 / 2.0
            proposed = partner + stretch * (walkers[moving] - partner)
            new = log_density(proposed)
            gain = np.log(stretch[:, 0]) + new - density[moving]
            accepted = np.log(rng.uniform(size=half)) < gain
            walkers[moving][accepted] = proposed[accepted]
            density[moving][accepted] = new[accepted]
        draws.append(walkers.copy())
    return np.array(draws)


start = time.perf_counter()
draws = sample(log_density, 60, 600, np.random.RandomState(0))[100:].reshape(-1, 2)
seconds = time.perf_counter() - start
print(f"36 000 evaluations in {seconds:.1f} s")
print(f"couplings {draws.mean(axis=0)}, errors {draws.std(axis=0)}")
print(f"true ones {true_couplings}")

# %%
# Is it right?
# ------------
# The exact density on a grid, as contours over the draws.  On a grid of two couplings
# the exact calculation is affordable, with more of them it would not be.
axes = [np.linspace(a, b, 120) for a, b in zip(low, high, strict=True)]
grid = np.stack(np.meshgrid(*axes), axis=-1)
exact = np.array([exact_log_density(row) for row in grid])
exact = np.exp(exact - exact.max())
weights = exact / exact.sum()
mean = np.einsum("ij,ijk->k", weights, grid)
deviation = np.sqrt(np.einsum("ij,ijk->k", weights, (grid - mean) ** 2))
print(f"exact: couplings {mean}, errors {deviation}")

figure, ax = plt.subplots(layout="constrained")
ax.scatter(*draws[::5].T, s=3, alpha=0.3, label="draws with the emulator")
levels = np.exp([-4.5, -2.0, -0.5])
ax.contour(*axes, exact, levels=levels, colors="k", linewidths=1)
ax.plot([], [], "k", linewidth=1, label="exact density, 1, 2 and 3 deviations")
ax.plot(*true_couplings, "r*", markersize=12, label="true couplings")
ax.plot(*X.T, "kx", markersize=4, label="training points of the emulator")
ax.set(xlabel="coupling a", ylabel="coupling b")
legend = ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
legend.legend_handles[0].set(sizes=[20], alpha=1.0)
plt.show()
