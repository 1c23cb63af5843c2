"""
A quench, and what comes after it
=================================

A system is in its ground state when its coupling changes suddenly.  What remains of the
state oscillates for ever, at frequencies that are differences of energies.  Exact
evolution is expensive; an emulator learns it from some couplings and times.
"""

# %%
# Pairs of particles
# ------------------
# Three pairs in six levels, 20 states.  The ground state of the coupling 0.3 evolves
# with couplings between 0 and 1.5.
import matplotlib.pyplot as plt
import numpy as np

from pmm_sklearn import EvolutionEmulator
from pmm_sklearn.targets import Observable, Survival

states = np.arange(2**6)
occupation = states[:, np.newaxis] >> np.arange(6) & 1
occupation = occupation[occupation.sum(axis=1) == 3]
levels = np.diag(2.0 * occupation @ np.arange(6))
pairing = -0.5 * (occupation @ occupation.T >= 2)
lowest = occupation[:, 0]
initial = np.linalg.eigh(levels + 0.3 * pairing)[1][:, 0]


def evolve(X):
    """Survival probability, and occupation of the lowest level."""
    results = []
    for coupling, time in X:
        energies, vectors = np.linalg.eigh(levels + coupling * pairing)
        state = vectors @ (np.exp(-1j * time * energies) * (vectors.T @ initial))
        results.append([abs(initial @ state) ** 2, lowest @ np.abs(state) ** 2])
    return np.array(results)


def grid(n_couplings, n_times):
    """Rows of coupling and time."""
    axes = np.linspace(0, 1.5, n_couplings), np.linspace(0, 8, n_times)
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)


# %%
# Ten couplings
# -------------
# The time is the last column of ``X``.
X = grid(10, 25)
emulator = EvolutionEmulator(
    targets=[Survival(), Observable("occupation")],
    quench_from=[0.3],
    n_init=2,
    random_state=0,
)
emulator.fit(X, evolve(X))

# %%
# In the picture
# --------------
# Every coupling and time, and two couplings between those that were learned.
X_fine = grid(90, 120)
predicted = emulator.predict(X_fine)
errors = np.abs(predicted - evolve(X_fine))
print(f"mean and largest errors: {errors.mean(axis=0)}, {errors.max(axis=0)}")

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
image = left.imshow(
    predicted[:, 0].reshape(90, 120),
    extent=(0, 8, 0, 1.5),
    origin="lower",
    aspect="auto",
)
figure.colorbar(image, label="survival probability")
left.axhline(0.3, color="k", ls=":")
left.text(7.8, 0.32, "before the quench", ha="right", va="bottom")
left.set(xlabel="time", ylabel="coupling", title="predicted")
times = np.linspace(0, 8, 200)
for coupling, color in ((0.75, "C0"), (1.42, "C1")):
    line = np.column_stack([np.full(200, coupling), times])
    right.plot(times, evolve(line)[:, 0], color, lw=4, alpha=0.3)
    right.plot(times, emulator.predict(line)[:, 0], color, label=f"{coupling}")
right.legend(title="coupling", loc="center left", bbox_to_anchor=(1.0, 0.5))
right.set(xlabel="time", title="predicted, over exact in pale")
plt.show()
