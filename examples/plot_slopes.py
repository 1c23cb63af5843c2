"""
Energies and their slopes
=========================

Derivatives of energies by couplings are expectation values, which codes print for
free.  As targets of an emulator they save points: here four calculations of an
anharmonic oscillator are better with slopes than eight without.
"""

# %%
# Calculations
# ------------
# Three levels of :math:`H = p^2 / 2 + x^2 / 2 + a x + b x^4` in 80 harmonic states, and
# what the operators :math:`x` and :math:`x^4` are on average in each: the slopes.
import matplotlib.pyplot as plt
import numpy as np

from pmm_sklearn import PMMEmulator
from pmm_sklearn.targets import Level, Slope

ladder = np.sqrt(np.arange(1, 84) / 2)
position = np.diag(ladder, 1) + np.diag(ladder, -1)
x, x4 = (np.linalg.matrix_power(position, k)[:80, :80] for k in (1, 4))
harmonic = np.diag(np.arange(80) + 0.5)


def calculate(couplings):
    """Return levels, and their slopes by a and b."""
    a, b = couplings[:, :, np.newaxis, np.newaxis].swapaxes(0, 1)
    levels, states = np.linalg.eigh(harmonic + a * x + b * x4)
    states = states[:, :, :3]
    slopes = [np.sum(states * (operator @ states), axis=1) for operator in (x, x4)]
    return levels[:, :3], np.hstack(slopes)


rng = np.random.RandomState(0)
steps = np.arange(10)[:, np.newaxis] * [0.7549, 0.5698]  # fill a square evenly
train = (steps + 0.3) % 1 * [1.0, 0.5]
test = rng.uniform(0, [1.0, 0.5], (400, 2))
levels, slopes = calculate(train)
exact, _ = calculate(test)

# %%
# With and without slopes
# -----------------------
# Columns of slopes come after those of levels, and ``targets`` says what they are.
of_levels = [Level(k) for k in range(3)]
of_slopes = [Slope(k, feature) for feature in (0, 1) for k in range(3)]
numbers = [4, 6, 8]
errors: dict[str, list] = {"energies": [], "energies and slopes": []}
settings: dict = {"matrix_type": "symmetric", "random_state": 0}
for n in numbers:
    without = PMMEmulator(targets=of_levels, **settings).fit(train[:n], levels[:n])
    y = np.hstack([levels, slopes])[:n]
    with_slopes = PMMEmulator(targets=[*of_levels, *of_slopes], **settings)
    with_slopes.fit(train[:n], y)
    for model, found in zip((without, with_slopes), errors.values(), strict=True):
        residuals = model.predict(test)[:, :3] - exact
        found.append(np.sqrt(np.mean(residuals**2)))

fig, ax = plt.subplots(figsize=(5, 3.5), layout="constrained")
for (name, found), marker in zip(errors.items(), "os", strict=True):
    ax.semilogy(numbers, found, marker=marker, label=name)
ax.set(xlabel="number of calculations", ylabel="root mean square error", xticks=numbers)
ax.legend(loc="center right", title="data")

# %%
# A predicted slope is the derivative of the predicted level:
point = np.array([[0.5, 0.25]])
print("predicted <x^4>:", with_slopes.predict(point)[0, 6:].round(4))
print("gradient by b  :", with_slopes.predict_gradient(point)[0, :3, 1].round(4))
plt.show()
