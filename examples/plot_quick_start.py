"""
Quick start
===========

Fit a parametric matrix model to the polarisation of a two-level system and look at
the levels of the matrix that it has learned.
"""

# %%
# An avoided crossing
# -------------------
# When a field x is swept through zero, the ground state of a spin with a weak
# transverse coupling turns over. We know its polarisation at twelve fields.
import matplotlib.pyplot as plt
import numpy as np

from pmm_sklearn import PMMRegressor


def polarisation(x):
    """Return the exact answer."""
    return -x / np.sqrt(x**2 + 0.2**2)


x_train = np.linspace(-1, 1, 12)
y_train = polarisation(x_train)

# %%
# The model
# ---------
# A real symmetric matrix of side 2, of which the lowest eigenvector is read out.
# Neither features nor targets need scaling.
model = PMMRegressor(
    matrix_size=2, n_eigenvectors=1, matrix_type="symmetric", random_state=0
)
model.fit(x_train[:, np.newaxis], y_train)
print(f"{model.n_parameters_} parameters, {model.n_iter_} iterations")

# %%
# Prediction and levels
# ---------------------
# The model extrapolates, and it is interpretable: the matrix at any x is ``M_0 + x
# M_1`` in the units of the data, and its levels show the avoided crossing, although
# no energy was given.
x = np.linspace(-3, 3, 301)
M = model.matrices_
levels = np.linalg.eigvalsh(M[0] + x[:, np.newaxis, np.newaxis] * M[1])
error = np.max(np.abs(model.predict(x[:, np.newaxis]) - polarisation(x)))
print(f"largest error for x in [-3, 3]: {error:.1e}")

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
left.plot(x, polarisation(x), color="lightgray", linewidth=6, label="exact")
left.plot(x, model.predict(x[:, np.newaxis]), label="PMMRegressor")
left.plot(x_train, y_train, "k.", label="training points")
left.set(xlabel="field x", ylabel="polarisation", title="prediction")
left.legend()
right.plot(x, levels - levels.mean(axis=1, keepdims=True))
right.set(xlabel="field x", ylabel="eigenvalue", title="levels of the learned matrix")
plt.show()
