"""
Twelve energies, four models
============================

The same few energies for a Gaussian process, a polynomial, boosted trees and a
parametric matrix model, which learns the Hamiltonian that they come from.
"""

# %%
# Twelve energies
# ---------------
# The ground state energy of a spin in a field, with an error of .01 as from a Monte
# Carlo calculation. The calculations end just where the spin turns over.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

from pmm_sklearn import PMMEmulator


def energy(x):
    """Return the exact answer, which rises with a constant slope on both sides."""
    return 0.3 * x - np.hypot(x, 0.4)


rng = np.random.RandomState(0)
x_train = np.linspace(-2.0, 0.4, 12)
y_train = energy(x_train) + 0.01 * rng.standard_normal(12)

# %%
# Four models
# -----------
# Each with settings that suit it. The emulator is told the errors; its size is chosen
# by the evidence.
kernel = ConstantKernel() * RBF() + WhiteKernel(1e-3, (1e-6, 1.0))
polynomial = make_pipeline(PolynomialFeatures(6), RidgeCV(np.logspace(-9, 0, 10)))
models = {
    "Gaussian process": GaussianProcessRegressor(kernel, normalize_y=True),
    "polynomial": polynomial,
    "boosted trees": GradientBoostingRegressor(random_state=0),
}
ours = PMMEmulator(random_state=0)
x = np.linspace(-2.5, 2.5, 301)
is_inside = (x >= x_train.min()) & (x <= x_train.max())
for name, model in [*models.items(), ("parametric matrix model", ours)]:
    given = {"y_err": 0.01} if model is ours else {}
    model.fit(x_train[:, np.newaxis], y_train, **given)
    error = model.predict(x[:, np.newaxis]) - energy(x)
    inside, outside = (
        np.sqrt(np.mean(error[rows] ** 2)) for rows in (is_inside, ~is_inside)
    )
    print(f"{name:25} error inside {inside:.4f}, outside {outside:.3f}")
print(f"a matrix of side {ours.matrix_size_}, evidence {ours.log_evidence_:.1f}")

# %%
# Predictions, and the levels that were learned
# ---------------------------------------------
# The emulator knows that energies are levels of a matrix that is affine in the field,
# and finds the other side of the crossing, with an error bar. The upper level was never
# given.
figure, (left, right) = plt.subplots(
    1, 2, figsize=(10, 3.8), width_ratios=(2, 1), layout="constrained"
)
left.axvspan(x_train.min(), x_train.max(), color="0.95")
left.plot(x, energy(x), color="0.75", linewidth=7, label="exact")
for (name, model), colour in zip(
    models.items(), ["tab:green", "tab:purple", "tab:orange"], strict=True
):
    predicted = model.predict(x[:, np.newaxis])
    left.plot(x, predicted, color=colour, linewidth=1.2, label=name)
mean, std = ours.predict(x[:, np.newaxis], return_std=True)
left.plot(x, mean, color="tab:blue", linewidth=2, label="parametric matrix model")
left.fill_between(x, mean - 2 * std, mean + 2 * std, color="tab:blue", alpha=0.25)
left.plot(x_train, y_train, "k.", label="calculations", zorder=5)
left.set(xlabel="field", ylabel="energy", ylim=(-3.5, 0.5))
left.set_title("predictions, with two standard deviations of the matrix model")
left.legend(fontsize=8, loc="lower center")
exact = 0.3 * x[:, np.newaxis] + np.hypot(x, 0.4)[:, np.newaxis] * [-1, 1]
right.plot(x, exact, color="0.75", linewidth=7)
right.plot(x, ours.eigenvalues(x[:, np.newaxis]), color="tab:blue", linewidth=2)
right.set(xlabel="field", ylabel="energy", title="levels of the learned matrix")
plt.show()
