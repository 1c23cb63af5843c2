"""
Complex couplings and exceptional points
========================================

Why do the levels of a quantum system repel each other at one coupling and not at
another?  Because they coincide near by, at a complex coupling: an exceptional point.
An emulator trained with energies at real couplings is a matrix, and a matrix can be
continued to complex couplings.
"""

# %%
# Training at real couplings
# --------------------------
# The model of :ref:`sphx_glr_auto_examples_plot_almg.py`: a phase transition at a
# coupling of 0.2, and two sectors of a conserved parity.
import matplotlib.pyplot as plt
import numpy as np

from pmm_sklearn import PMMEmulator
from pmm_sklearn.datasets import almg_ground_energy, make_almg
from pmm_sklearn.targets import Level, Observable

spins = make_almg()
emulator = PMMEmulator(
    (4, 3),
    targets=[Level(0, sector=0), Level(0, sector=1), Observable("n", sector=0)],
    matrix_type="symmetric",
    random_state=0,
)
emulator.fit(spins.X_train, spins.y_train)

# %%
# Exceptional points
# ------------------
# All couplings at which two levels of a sector coincide; here those of even parity near
# the data.  The exact matrix of side 501 has 250 500 of them.  A small matrix has few,
# and the ones next to the real axis are at the transition.
even, odd = emulator.exceptional_points()
near = even.x[(np.abs(even.x.real - 0.5) < 0.5) & (np.abs(even.x.imag) < 0.25)]
print(near[near.imag > 0].round(3))

# %%
# The distance of the two closest levels of even parity; the picture has its root.
real, imaginary = np.linspace(0, 1, 61), np.linspace(-0.25, 0.25, 61)
plane = real + 1j * imaginary[:, np.newaxis]
levels = emulator.eigenvalues(plane.reshape(-1, 1))[:, :4]
rows, columns = np.triu_indices(4, k=1)
distance = np.abs(levels[:, rows] - levels[:, columns]).min(axis=1)

# %%
# Continuation
# ------------
# At a complex coupling the matrix is not Hermitian, its levels are complex, and they
# have no order.  ``continue_along`` follows them by continuity, here along lines that
# start on the real axis.  ``almg_ground_energy`` does the same with the exact matrix.
heights = np.linspace(0, 0.25, 11)
lines = np.linspace(0, 1, 41)[:, np.newaxis] + 1j * heights
energies = [emulator.continue_along(line[:, np.newaxis])[:, 0] for line in lines]
error = np.abs(energies - almg_ground_energy(lines))
print(f"error of the energy per spin: median {np.median(error):.0e}, ", end="")
print(f"largest {error.max():.0e}")

# %%
# Left: levels coincide at the crosses.  Right: the error of the ground energy, which is
# of order 0.1.  It is largest next to the transition, where no data were given, and
# small a quarter away from the real axis.
figure, (left, right) = plt.subplots(
    1, 2, figsize=(10.5, 4), sharex=True, sharey=True, layout="constrained"
)
figure.get_layout_engine().set(wspace=0.12)
picture = left.pcolormesh(
    real, imaginary, np.sqrt(distance).reshape(plane.shape), cmap="magma"
)
figure.colorbar(picture, label="root of the distance", ax=left)
left.plot(near.real, near.imag, "cx", markersize=9, label="exceptional points")
left.set(title="levels of even parity", ylabel=r"Im $\xi$")
logarithm = np.log10(np.maximum(error, 1e-7)).T
contours = np.arange(-7, -1.5, 0.5)
for sign in (1, -1):
    picture = right.contourf(lines[:, 0].real, sign * heights, logarithm, contours)
figure.colorbar(picture, label=r"$\log_{10}$ error", ax=right)
right.plot(
    spins.X_train, 0 * spins.X_train, "r.", clip_on=False, label="training points"
)
right.set(title="error of the ground energy")
for axes in (left, right):
    axes.set(xlabel=r"Re $\xi$", xlim=(0, 1))
    axes.legend(loc="upper right")
plt.show()
