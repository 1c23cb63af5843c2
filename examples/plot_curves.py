"""
Targets that are curves
=======================

A regressor learns a few principal components of curves in place of all their points.
"""

# %%
# Resonance curves
# ----------------
# Each sample is a curve of 80 points, which depends on two parameters: the position and
# the width of a resonance.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA

from pmm_sklearn import PMMRegressor

rng = np.random.RandomState(0)
energies = np.linspace(-3, 3, 80)


def curves(X):
    """Heights at all energies, one row for each sample."""
    position, width = X[:, :1], X[:, 1:]
    return width**2 / ((energies - position) ** 2 + width**2)


X = rng.uniform([-1, 0.7], [1, 1.5], size=(150, 2))
X_test = rng.uniform([-1, 0.7], [1, 1.5], size=(200, 2))

# %%
# Six components hold nearly everything. ``TransformedTargetRegressor`` goes to them and
# back; one matrix has an observable for each of them.
model = TransformedTargetRegressor(
    PMMRegressor(5, 2, n_init=2, random_state=0),
    transformer=PCA(6),
    check_inverse=False,
)
model.fit(X, curves(X))
errors = model.predict(X_test) - curves(X_test)
print(f"root mean square error {np.sqrt(np.mean(errors**2)):.1e}")
print(f"R^2 {model.score(X_test, curves(X_test)):.6f}")

# %%
figure, axis = plt.subplots(layout="constrained")
for i in range(4):
    (line,) = axis.plot(energies, curves(X_test)[i], alpha=0.5)
    axis.plot(energies, model.predict(X_test)[i], ".", ms=3, color=line.get_color())
_ = axis.set(
    xlabel="energy", ylabel="cross section", title="lines exact, points learned"
)

# %%
# The matrix as a transformer
# ---------------------------
# Levels of the fitted matrix are features for any other model.
levels = model.regressor_.transform(X_test)
print(model.regressor_.get_feature_names_out(), levels.shape)
