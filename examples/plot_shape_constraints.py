"""
=================
Shape constraints
=================

A dose and its response: the response never falls with the dose.  We fit 40 noisy
measurements by boosted trees and a level of a matrix, both with ``monotonic_cst=[1]``.
The trees are steps, flat beyond the data.  The level is continuous, keeps its promise
everywhere, and says in one line at which dose the response is half of its maximum.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor

from pmm_sklearn import PMMRegressor


def response(dose):
    """Response of Hill's equation, which is a half at a dose of 4."""
    cubes = np.maximum(dose, 0.0) ** 3
    return cubes / (cubes + 4.0**3)


rng = np.random.RandomState(0)
dose = np.sort(rng.uniform(0, 10, size=40))
measured = response(dose) + 0.08 * rng.standard_normal(40)
X = dose[:, np.newaxis]

level = PMMRegressor(5, readout="level", monotonic_cst=[1], random_state=0)
level.fit(X, measured)
trees = HistGradientBoostingRegressor(monotonic_cst=[1], min_samples_leaf=5)
trees.fit(X, measured)

# %%
# Predictions, a little beyond the data, and the dose of half of the response: that is
# no search, but an eigenvalue.

grid = np.linspace(-1, 11, 500)
half = level.inverse_predict([0.5], feature=0)[0]

figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
axes.plot(dose, measured, "k.", label="measured")
axes.plot(grid, response(grid), "k:", label="true")
axes.plot(grid, trees.predict(grid[:, np.newaxis]), label="boosted trees")
axes.plot(grid, level.predict(grid[:, np.newaxis]), label="level of a matrix")
axes.axvline(half, color="C1", linestyle="--", linewidth=1)
axes.set(xlabel="dose", ylabel="response", title=f"half of it at {half:.2f} (true: 4)")
axes.legend()
plt.show()

# %%
# It never falls, also far outside.

far = np.linspace(-100, 110, 100_000)[:, np.newaxis]
print(f"smallest step: {np.min(np.diff(level.predict(far))):.1e}")
