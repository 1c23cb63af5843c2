"""
Robust fits and quantiles
=========================

Outliers draw a fit of squares away; Huber's loss gives them little weight.  Quantiles
show how targets scatter, where this depends on the feature.
"""

# %%
# Outliers
# --------
# Every fifth target is wrong.  Noise and error bars are those of the others.
import matplotlib.pyplot as plt
import numpy as np

from pmm_sklearn import PMMRegressor

rng = np.random.RandomState(0)
x = np.sort(rng.uniform(-1, 1, size=100))
X, grid = x[:, np.newaxis], np.linspace(-1, 1, 201)[:, np.newaxis]
y = np.sin(3 * x) + 0.1 * rng.standard_normal(100)
wrong = rng.permutation(100)[:20]
y[wrong] += rng.uniform(1, 4, size=20)

squares = PMMRegressor(5, random_state=0).fit(X, y)
robust = PMMRegressor(5, loss="huber", random_state=0).fit(X, y)
mean, std = robust.predict(grid, return_std=True)
print(f"noise: {robust.noise_[0]:.2f}; of squares {squares.noise_[0]:.2f}")

# %%
# Quantiles
# ---------
# Noise grows with the feature: nine of ten targets are between the limits of 5 and 95
# per cent.  Each is a fit of its own.
x_many = np.sort(rng.uniform(-1, 1, size=500))
y_many = np.sin(3 * x_many) + (0.1 + 0.2 * (x_many + 1)) * rng.standard_normal(500)
limits = [
    PMMRegressor(3, loss="quantile", quantile=quantile, random_state=0)
    .fit(x_many[:, np.newaxis], y_many)
    .predict(grid)
    for quantile in (0.05, 0.95)
]

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
left.plot(x, y, ".", color="0.6")
left.plot(grid, squares.predict(grid), "--", label="squared_error")
left.plot(grid, mean, label="huber")
left.fill_between(grid[:, 0], mean - 2 * std, mean + 2 * std, color="C1", alpha=0.2)
left.plot(grid, np.sin(3 * grid), "k:", label="exact")
left.legend()
left.set(xlabel="x", ylabel="y", title="A fifth of the targets is wrong")
right.plot(x_many, y_many, ".", color="0.6")
right.fill_between(grid[:, 0], *limits, alpha=0.3, label="5 to 95 per cent")
right.legend()
right.set(xlabel="x", title="Quantiles")
plt.show()
