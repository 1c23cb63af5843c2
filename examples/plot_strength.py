"""
A strength function that moves
==============================

How a particle on a chain absorbs light, as a function of two parameters: an emulator
learns whole curves from a dozen calculations, and finds where the peaks are.
"""

# %%
# Calculations
# ------------
# A particle hops along 60 sites with a potential that is tilted and has a well; light
# lifts it from one end.  Curves are broadened, as by an instrument.
import matplotlib.pyplot as plt
import numpy as np

from pmm_sklearn import PMMEmulator
from pmm_sklearn.targets import Strength, Sum

sites = np.arange(60)
hopping = -(np.eye(60, k=1) + np.eye(60, k=-1))
tilt = np.diag(sites / 60)
well = np.diag(-np.exp(-0.5 * ((sites - 12) / 5) ** 2))
field = np.exp(-0.5 * ((sites - 8) / 1.5) ** 2)
energies, width = np.linspace(0, 8, 61), 0.3


def calculate(parameters):
    """Return curves, and their moments of power -1."""
    a, b = parameters[:, :, np.newaxis, np.newaxis].swapaxes(0, 1)
    levels, states = np.linalg.eigh(hopping + a * tilt + b * well)
    levels += 5
    strengths = np.einsum("sai,a->si", states, field) ** 2
    peaks = (
        width
        / np.pi
        / ((energies[:, np.newaxis] - levels[:, np.newaxis]) ** 2 + width**2)
    )
    return np.einsum("si,ski->sk", strengths, peaks), np.sum(strengths / levels, axis=1)


rng = np.random.RandomState(0)
train = rng.uniform([0, 0], [2, 3], (12, 2))
curves, moments = calculate(train)

# %%
# Ten lines
# ---------
# The curve is a target of 61 columns, its moment one of one column.
emulator = PMMEmulator(
    matrix_size=10,
    targets=[Strength("light", energies, width=width), Sum("light", power=-1)],
    matrix_type="symmetric",
    alpha=1e-6,
    n_init=2,
    max_iter=200,
    random_state=0,
)
emulator.fit(train, np.column_stack([curves, moments]))

test = rng.uniform([0, 0], [2, 3], (200, 2))
exact, exact_moments = calculate(test)
predicted = emulator.predict(test)
difference = np.sum((predicted[:, :-1] - exact) ** 2, axis=1) / np.sum(exact**2, axis=1)
print(f"curves : {np.sqrt(np.median(difference)):.1%} of their norm, median")
print(f"moments: {np.median(np.abs(predicted[:, -1] / exact_moments - 1)):.1e}")

# %%
# The curve as the well gets deeper, with the levels that it is made of: their area is
# the strength.
depths = np.linspace(0, 3, 100)
line = np.column_stack([np.ones(100), depths])
fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.5), layout="constrained")
left.pcolormesh(depths, energies, emulator.strength(line, "light").T, rasterized=True)
poles = emulator.strength_poles(line, "light")
for level, strength in zip(poles.levels.T, poles.strengths.T, strict=True):
    left.scatter(depths, level, s=8 * strength, color="white", linewidths=0)
left.set(xlabel="depth of the well", ylabel="energy", ylim=energies[[0, -1]])
for depth in (0.5, 2.5):
    point = np.array([[1.0, depth]])
    (line_,) = right.plot(energies, emulator.strength(point, "light")[0])
    right.plot(energies, calculate(point)[0][0], "k:", linewidth=1)
    line_.set_label(f"depth {depth}")
right.plot([], [], "k:", linewidth=1, label="calculated")
right.set(xlabel="energy", ylabel="strength")
right.legend()
plt.show()
