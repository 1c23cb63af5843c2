"""
Where to compute next
=====================

An emulator says where it knows least.  Of eighteen points it chooses twelve itself, and
its largest error is less than half of that with random ones.
"""

# %%
# Calculations
# ------------
# Three levels of :math:`H = p^2 / 2 + x^2 / 2 + a x + b x^4` in 80 harmonic states.
import matplotlib.pyplot as plt
import numpy as np

from pmm_sklearn import PMMEmulator
from pmm_sklearn.design import next_points

ladder = np.sqrt(np.arange(1, 84) / 2)
position = np.diag(ladder, 1) + np.diag(ladder, -1)
x, x4 = (np.linalg.matrix_power(position, k)[:80, :80] for k in (1, 4))
harmonic = np.diag(np.arange(80) + 0.5)


def calculate(couplings):
    """Return the three lowest levels."""
    a, b = couplings[:, :, np.newaxis, np.newaxis].swapaxes(0, 1)
    return np.linalg.eigvalsh(harmonic + a * x + b * x4)[:, :3]


rng = np.random.RandomState(0)
candidates = rng.uniform(0, [1.0, 0.5], (400, 2))
exact = calculate(candidates)
settings: dict = {"matrix_type": "symmetric", "random_state": 0}


def largest_error(emulator):
    """Of all levels at all candidates."""
    return np.abs(emulator.predict(candidates) - exact).max()


# %%
# Six random points, then three at a time
# ---------------------------------------
# Only the points that are chosen have to be calculated.
rows = np.arange(6)
errors = []
while True:
    emulator = PMMEmulator(8, **settings).fit(candidates[rows], exact[rows])
    errors.append(largest_error(emulator))
    if len(rows) == 18:
        break
    rest = np.setdiff1d(np.arange(400), rows)
    rows = np.concatenate([rows, rest[next_points(emulator, candidates[rest], 3)]])

# %%
# Random points
# -------------
numbers = [6, 12, 18, 24]
rivals = [
    largest_error(PMMEmulator(8, **settings).fit(candidates[:n], exact[:n]))
    for n in numbers
]

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
left.scatter(*candidates.T, s=4, color="0.8", label="candidates")
left.scatter(*candidates[rows[:6]].T, color="C0", label="random")
for number, row in enumerate(rows[6:], 1):
    left.scatter(*candidates[row], color="C1", label="chosen" if number == 1 else None)
    left.annotate(f" {number}", candidates[row], color="C1")
left.set(xlabel="coupling a", ylabel="coupling b")
left.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False)
right.semilogy([6, 9, 12, 15, 18], errors, "C1o-", label="chosen")
right.semilogy(numbers, rivals, "C0s-", label="random")
right.set(xlabel="number of calculations", ylabel="largest error of three levels")
right.set_xticks(numbers)
right.legend()

# %%
# One more point, at once
# -----------------------
# ``condition_on`` goes on from the fitted matrices, in tens of milliseconds.
row = next_points(emulator, candidates)
after = emulator.condition_on(candidates[row], exact[row])
print(f"largest error {largest_error(emulator):.1e}, after: {largest_error(after):.1e}")
