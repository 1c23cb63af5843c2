"""
An avoided crossing from a few points
=====================================

Two levels come close, exchange their character, and do not cross.  Polynomials need
many points to follow such a bend; the eigenvalues of a small matrix bend by themselves.
An emulator that is trained away from the crossing finds it, its gap, and the
exceptional points in the complex plane where the two levels do meet.
"""

# %%
# The system
# ----------
# A spin in a field that is reversed, weakly coupled to an oscillator: 60 states.
import matplotlib.pyplot as plt
import numpy as np

from pmm_sklearn import PMMEmulator
from pmm_sklearn.inspection import (
    ExceptionalPointsDisplay,
    PredictionDisplay,
    SpectrumDisplay,
)

lower = np.kron(np.diag(np.sqrt(np.arange(1.0, 30)), 1), np.eye(2))
spin_z, spin_x = np.diag([1.0, -1.0]), np.array([[0.0, 1.0], [1.0, 0.0]])
constant = lower.T @ lower + 0.15 * np.kron(np.eye(30), spin_x)
constant += 0.15 * (lower + lower.T) @ np.kron(np.eye(30), spin_z)
slope = np.kron(np.eye(30), spin_z)


def exact_levels(field):
    """Return the three lowest energies."""
    return np.linalg.eigvalsh(constant + field[:, :, np.newaxis] * slope)[:, :3]


# %%
# Nine points, none near zero
# ---------------------------
field = np.array([-0.9, -0.75, -0.6, -0.45, -0.3, 0.35, 0.5, 0.7, 0.9])[:, np.newaxis]
energies = exact_levels(field)
emulator = PMMEmulator(4, matrix_type="symmetric", random_state=0)
emulator.fit(field, energies)

# %%
# Blue lines are levels of the emulator, over the exact ones in broad grey.  The thin
# line is a level for which there were no data.  Red bars from level to level mark where
# two of them avoid each other.  The upper one ends at the level that no data determine,
# so its gap is a guess.
grid = np.linspace(-0.9, 0.9, 181)[:, np.newaxis]
figure, axes = plt.subplots(layout="constrained")
axes.plot(grid, exact_levels(grid), color="lightgray", linewidth=6)
display = SpectrumDisplay.from_estimator(emulator, field, y=energies, ax=axes)
axes.set_xlabel("field")
for x, below, above in display.crossings:
    levels = exact_levels(np.array([[x]]))[0]
    lower_state = np.argmin(np.abs(levels - below))
    if lower_state < 2:  # the upper bar has no exact gap to compare with
        exact = levels[lower_state + 1] - levels[lower_state]
        print(f"gap at {x:+.3f}: {above - below:.4f}, exact {exact:.4f}")

# %%
# Where the levels meet
# ---------------------
# Each avoided crossing has a pair of exceptional points nearby, at complex fields: the
# smaller the gap, the closer they are to the real axis.
points = ExceptionalPointsDisplay.from_estimator(emulator, field)
points.ax_.set(xlabel="Re field", ylabel="Im field")

# %%
# At points it has not seen
# -------------------------
# Errors are largest at the crossing in the middle, far from all data, and the error
# bars say so.
places = grid[::6]
errors = PredictionDisplay.from_estimator(
    emulator, places, exact_levels(places), kind="residual_vs_feature"
)
for panel in errors.axes_:
    panel.set(xlabel="field", ylabel="")
errors.axes_[0].set_ylabel("exact - predicted")
plt.show()
