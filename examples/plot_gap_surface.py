"""
A gap over two parameters
=========================

Two levels of a real Hamiltonian meet at single points of a plane of parameters, and are
a double cone around them, a "diabolic point".  Where they do not meet they may come
close.  An emulator that has seen energies at some points finds both, and says how sure
it is.
"""

# %%
# Bosons on a triangle
# --------------------
# Four bosons hop between three sites, with two hoppings that vary, and a third one of
# 1.  They are frustrated: a triangle of equal sides has two ground states, which turn
# around it to the left and to the right.  So the lowest two levels meet at (1, 1).
import matplotlib.pyplot as plt
import numpy as np

from pmm_sklearn import PMMEmulator
from pmm_sklearn.inspection import GapDisplay, diabolic_points, minimum_gap
from pmm_sklearn.targets import Level

states = [(i, j, 4 - i - j) for i in range(5) for j in range(5 - i)]
index = {state: k for k, state in enumerate(states)}


def hopping(a, b):
    """Matrix that moves a boson between two sites, both ways."""
    matrix = np.zeros((len(states), len(states)))
    for state in states:
        if state[b] > 0:
            moved = list(state)
            moved[a] += 1
            moved[b] -= 1
            matrix[index[tuple(moved)], index[state]] = np.sqrt(state[b] * moved[a])
    return matrix + matrix.T


interaction = np.diag([sum(0.5 * n * (n - 1) for n in state) for state in states])
terms = [interaction + hopping(0, 1), hopping(1, 2), hopping(0, 2)]


def lowest_levels(X):
    """The lowest two energies of each row."""
    H = terms[0] + np.tensordot(X, terms[1:], axes=1)
    return np.linalg.eigvalsh(H)[:, :2]


# %%
# Forty points
# ------------
# Both levels at random hoppings.  The matrices are real, as the Hamiltonian is: of
# complex ones, levels would not meet in a plane.
X = np.random.RandomState(0).uniform(0.4, 1.6, size=(40, 2))
emulator = PMMEmulator(
    targets=[Level(0), Level(1)], matrix_type="symmetric", n_init=4, random_state=0
)
emulator.fit(X, lowest_levels(X))
print(f"{len(terms[0])} states, emulated by {emulator.matrix_size_}")

# %%
# Where the levels meet
# ---------------------
# The sign of the ground state changes around the point, a Berry phase of pi.
bounds = [(0.4, 1.6), (0.4, 1.6)]
points = diabolic_points(emulator, bounds)
for x, x_std, phase in zip(points.x, points.x_std, points.berry_phase, strict=True):
    print(
        f"{x} with errors {x_std}, Berry phase {phase / np.pi:.0f} pi; exact: [1. 1.]"
    )

# %%
# On a line the gap is not closed.  A feature is fixed by equal bounds.
line = minimum_gap(emulator, [(0.8, 0.8), (0.4, 1.6)])
print(f"least gap at 0.8: {line.gap[0]:.5f} +- {line.gap_std[0]:.5f}, at {line.x[0]}")
exact = np.diff(lowest_levels(line.x[:1]))
print(f"exact there: {exact[0, 0]:.5f}")

# %%
# In the picture
# --------------
# Dots are the points that were learned.
display = GapDisplay.from_estimator(emulator, X)
display.ax_.set(xlabel="hopping between sites 1 and 2", ylabel="between sites 0 and 2")
plt.show()
