"""
Error bars
==========

``predict(X, return_std=True)`` says how far a prediction can be trusted if the model is
right.  Conformal intervals of MAPIE cover a given fraction of new data, whatever the
model, as long as these come from where the old ones did.
"""

# %%
# Standard deviations
# -------------------
# An avoided crossing with noise, and no data between 0.2 and 0.6.  The orange band is
# the exact curve's: draws from the posterior density scatter there.  The blue one has
# the noise of a new observation in addition, as everything that ``return_std`` returns.
import matplotlib.pyplot as plt
import numpy as np
from mapie.conformity_scores import StdConformityScore
from mapie.regression import CrossConformalRegressor, SplitConformalRegressor

from pmm_sklearn import PMMRegressor


def exact(x):
    """Return the curve."""
    return x / np.sqrt(x**2 + 0.02) + 0.5 * x


rng = np.random.RandomState(0)
x = rng.uniform(-1, 1, size=160)
x = x[(x < 0.2) | (x > 0.6)]
y = exact(x) + 0.15 * rng.standard_normal(x.size)
X = x[:, np.newaxis]
model = PMMRegressor(4, 1, random_state=0).fit(X, y)

grid = np.linspace(-1.5, 1.5, 301)[:, np.newaxis]
mean, std = model.predict(grid, return_std=True)

# %%
# Intervals with a guarantee
# --------------------------
# Split conformal intervals correct the width by data that the model has not seen:
# with ``StdConformityScore`` that of ``return_std``.  CV+ needs no such data, but
# several fits.
n_fit = len(X) // 2
split = SplitConformalRegressor(
    PMMRegressor(4, 1, random_state=0).fit(X[:n_fit], y[:n_fit]),
    confidence_level=0.95,
    conformity_score=StdConformityScore(),
    prefit=True,
).conformalize(X[n_fit:], y[n_fit:])
crossed = CrossConformalRegressor(
    PMMRegressor(4, 1, n_init=1, random_state=0),
    confidence_level=0.95,
    cv=5,
    random_state=0,
).fit_conformalize(X, y)

X_new = rng.uniform(-1, 1, size=1000)[:, np.newaxis]
y_new = exact(X_new[:, 0]) + 0.15 * rng.standard_normal(1000)
new_mean, new_std = model.predict(X_new, return_std=True)
print(f"mean ± 1.96 std: {np.mean(np.abs(y_new - new_mean) < 1.96 * new_std):.1%}")
for name, conformal in (("split conformal", split), ("CV+", crossed)):
    low, high = conformal.predict_interval(X_new)[1][:, :, 0].T
    inside = (low <= y_new) & (y_new <= high)
    print(f"{name}: {inside.mean():.1%} of new data, width {np.mean(high - low):.2f}")

# %%
# The picture
# -----------
# Outside the data the conformal models disagree: they were fitted to different parts of
# the data, and nothing there makes them agree.  The guarantee is for new samples from
# where the old ones were: there is none outside, nor in the gap.
figure, axes = plt.subplots(
    1, 2, figsize=(10, 4), sharex=True, sharey=True, layout="constrained"
)
for panel in axes:
    panel.plot(x, y, "k.", markersize=4, label="data")
    panel.plot(grid, exact(grid), "k:", label="exact")
    panel.plot(grid, mean, "C0", label="prediction")
    panel.set(xlabel="x", ylim=(-3, 3))
noise_free = np.sqrt(np.maximum(std**2 - model.noise_**2, 0))
for width, alpha, label in (
    (std, 0.2, "± 2 std, with noise"),
    (noise_free, 0.35, "± 2 std of the curve"),
):
    axes[0].fill_between(
        grid[:, 0], mean - 2 * width, mean + 2 * width, alpha=alpha, label=label
    )
for (name, conformal), color in zip(
    (("split, std", split), ("CV+", crossed)), ("C1", "C2"), strict=True
):
    low, high = conformal.predict_interval(grid)[1][:, :, 0].T
    axes[1].fill_between(grid[:, 0], low, high, alpha=0.25, color=color, label=name)
axes[0].set(title="return_std", ylabel="y")
axes[1].set_title("conformal intervals of 95 %")
for panel in axes:
    panel.legend(loc="lower right")
plt.show()
