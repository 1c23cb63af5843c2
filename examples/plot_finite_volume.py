"""
A bound state in a finite volume
================================

Lattice calculations put particles into a periodic box of side ``L``.  The smaller the
box, the cheaper the calculation, and the larger the change of the energy.  Kinetic
energies in a box are proportional to ``1 / L**2``, and the wave function of a bound
state meets its own image with an amplitude like ``exp(-L) / L``.  An emulator whose
Hamiltonian is linear in these two functions learns from small boxes and predicts large
ones.  Functions of the features that are not polynomials are a step before the
emulator, in a pipeline.
"""

# %%
# The data
# --------
# Two particles that attract each other, in one dimension, in units of their mass and
# of the range of the force: the ground level in the plane waves ``cos(k r)``.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from pmm_sklearn import PMMEmulator


def ground_level(side, n_waves=60):
    """Return the exact energy in a box."""
    k = 2 * np.pi * np.arange(n_waves) / side
    norm = np.where(k == 0, np.sqrt(0.5), 1.0)
    depth = 2.0 * np.sqrt(np.pi) / side  # of the potential -2 exp(-r**2)
    overlap = np.exp(-(np.subtract.outer(k, k) ** 2) / 4)
    overlap += np.exp(-(np.add.outer(k, k) ** 2) / 4)
    hamiltonian = np.diag(k**2) - depth * np.outer(norm, norm) * overlap
    return np.linalg.eigvalsh(hamiltonian)[0]


small = np.linspace(3, 6, 8)[:, np.newaxis]
energies = np.array([ground_level(side) for (side,) in small])

# %%
# The emulator
# ------------
# A real symmetric matrix of side 3, linear in the two functions of the volume.


def volume_functions(L):
    """Return the features of the Hamiltonian."""
    return np.hstack([np.exp(-L) / L, 1 / L**2])


emulator = make_pipeline(
    FunctionTransformer(volume_functions),
    PMMEmulator(3, matrix_type="symmetric", random_state=0),
).fit(small, energies)

# %%
# Larger boxes
# ------------
large = np.linspace(2.8, 12, 60)[:, np.newaxis]
exact = np.array([ground_level(side) for (side,) in large])
predicted = emulator.predict(large)
beyond = large[:, 0] > 6
error = np.abs(predicted - exact)[beyond].max()
print(f"largest error beyond L = 6: {error:.1e}")
print(f"change of the energy there: {np.ptp(exact[beyond]):.1e}")

figure, axes = plt.subplots(layout="constrained")
axes.plot(large, exact, color="lightgray", linewidth=6, label="exact")
axes.plot(large, predicted, label="PMMEmulator")
axes.plot(small, energies, "k.", label="training points")
axes.set(xlabel="side of the box L", ylabel="ground energy")
axes.legend()
plt.show()
