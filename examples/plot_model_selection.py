"""
Which size? Evidence, leave-one-out and folds
=============================================

A fit chooses its size by itself.  Here we look at what it goes by, and at what
leave-one-out predictions, which need no further fits, and folds say of the same models.
"""

# %%
# Models of several sizes
# -----------------------
# Sixty noisy values of a function of two features, and a thousand new ones to judge by.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import KFold, cross_val_predict

from pmm_sklearn import PMMRegressor
from pmm_sklearn.inspection import MatrixSizeDisplay, loo_predictions

rng = np.random.RandomState(0)
X, X_new = rng.uniform(-1, 1, (60, 2)), rng.uniform(-1, 1, (1000, 2))


def target(X):
    """Return the function without noise."""
    return np.sin(3 * X[:, 0]) * np.exp(X[:, 1])


y = target(X) + 0.2 * rng.standard_normal(60)
sizes = [2, 3, 4, 5, 6]
models = [PMMRegressor(size, n_init=2, random_state=0).fit(X, y) for size in sizes]
automatic = PMMRegressor(random_state=0).fit(X, y)
print(f"the fit itself has chosen size {automatic.matrix_size_}")

# %%
# It has compared some sizes after a part of their training, and kept the evidences.  A
# larger size is taken if its evidence is larger by five: this one gained less.
figure, axes = plt.subplots(figsize=(5, 3), layout="constrained")
MatrixSizeDisplay.from_fitted(automatic, ax=axes)

# %%
# What evidence and leave-one-out say
# -----------------------------------
# Both are logarithms of probabilities: the larger, the better.  The residuals of the
# data themselves say little: from size 3 on they are alike, and less than the noise.
evidences = np.array([model.log_evidence_ for model in models])
left_out = [loo_predictions(model, X, y) for model in models]
densities = np.array([loo.log_density.sum() for loo in left_out])


def root_mean_square(errors):
    """Return the size of errors."""
    return np.sqrt(np.mean(np.square(errors)))


for size, model, loo, evidence in zip(sizes, models, left_out, evidences, strict=True):
    print(
        f"size {size}: evidence {evidence:6.1f}, "
        f"residuals {root_mean_square(model.predict(X) - y):.3f}, "
        f"left out {root_mean_square(loo.mean - y):.3f}, "
        f"error of new samples "
        f"{root_mean_square(model.predict(X_new) - target(X_new)):.3f}"
    )

# %%
# Errors sample by sample
# -----------------------
# Twenty fits, each without three samples, say the same as the formula.
chosen = sizes.index(3)
again = PMMRegressor(3, n_init=1, n_average=1, random_state=0)
refits = cross_val_predict(again, X, y, cv=KFold(20))

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
left.plot(sizes, evidences - evidences.max(), "o-", label="evidence")
left.plot(sizes, densities - densities.max(), "s--", label="leave-one-out")
left.set(xlabel="matrix_size", ylabel="logarithm, below the best", xticks=sizes)
left.legend()
errors = y - left_out[chosen].mean
right.plot(y - models[chosen].predict(X), y - refits, ".", color="0.6", label="of fit")
right.plot(errors, y - refits, "o", markersize=4, label="leave-one-out")
right.axline((0, 0), slope=1, color="k", linewidth=0.8)
right.set(xlabel="error without refits", ylabel="error of a refit")
right.legend()
plt.show()
