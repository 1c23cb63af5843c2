"""
Optimising and sampling a fitted surface
========================================

A fitted model is a smooth function with an exact gradient.  ``as_function`` returns it
as a plain Python function that takes some ten microseconds, for algorithms that call
it thousands of times.
"""

# %%
# The surface
# -----------
# A hill in two dimensions, known at 150 points.
import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import minimize

from pmm_sklearn import PMMRegressor


def hill(X):
    """Return the exact heights."""
    x, y = X.T
    return np.exp(-(((x - 0.2) / 0.9) ** 2) - ((y + 0.5 - 0.8 * x**2) / 0.5) ** 2)


rng = np.random.RandomState(0)
X = rng.uniform(-1.5, 1.5, size=(150, 2))
model = PMMRegressor(n_init=1, random_state=0).fit(X, hill(X))
surface = model.as_function(gradient=True)  # of one point: (height, gradient)

# %%
# Its top
# -------
# Optimisers of SciPy take value and gradient together.


def depth(x):
    """Return what is minimised, and its gradient."""
    height, gradient = surface(x)
    return -height, -gradient


top = minimize(depth, X[np.argmax(hill(X))], jac=True)
print(f"top at {top.x.round(3)} after {top.nfev} calls; exact: [0.2, -0.468]")

# %%
# Where the height is 0.5
# -----------------------
# Somebody has measured a height of 0.5 with an error of 0.05.  Where has it been?
# Bayes' theorem answers with a probability density, here with a normal prior about the
# origin.  Hamiltonian Monte Carlo samples it: a particle in the potential of its
# negative logarithm gets a random push, moves for a while along the gradient, and its
# new place is accepted with the probability that corrects for the finite time step.


def potential(x):
    """Return the negative logarithm of the density, and its gradient."""
    height, gradient = surface(x)
    residual = (height - 0.5) / 0.05
    return 0.5 * (residual**2 + x @ x), residual * gradient / 0.05 + x


def hamiltonian_monte_carlo(potential, x, n_samples, step=0.03, n_steps=30):
    """Return samples of shape (n_samples, n_features), and the rate of acceptance."""
    samples, n_accepted = np.empty((n_samples, len(x))), 0
    value, gradient = potential(x)
    for sample in samples:
        momentum = rng.standard_normal(len(x))
        energy, old = value + 0.5 * momentum @ momentum, (x, value, gradient)
        for _ in range(n_steps):
            momentum = momentum - 0.5 * step * gradient
            x = x + step * momentum
            value, gradient = potential(x)
            momentum = momentum - 0.5 * step * gradient
        change = value + 0.5 * momentum @ momentum - energy
        if rng.uniform() < np.exp(-max(change, 0.0)):
            n_accepted += 1
        else:
            x, value, gradient = old
        sample[:] = x
    return samples, n_accepted / n_samples


samples, rate = hamiltonian_monte_carlo(potential, top.x, n_samples=1000)
print(f"accepted: {rate:.0%}")

# %%
# The means over the samples, and those over a fine grid with the exact heights.  The
# function takes many points at once as well.
x = np.linspace(-2.5, 2.5, 251)
grid = np.stack(np.meshgrid(x, x), axis=-1).reshape(-1, 2)
density = np.exp(-0.5 * ((hill(grid) - 0.5) / 0.05) ** 2 - 0.5 * np.sum(grid**2, 1))
print(f"mean of the samples {samples.mean(axis=0).round(2)}")
print(f"mean on the grid    {np.average(grid, axis=0, weights=density).round(2)}")

figure, axes = plt.subplots(layout="constrained")
heights = surface(grid)[0].reshape(len(x), -1)
levels = axes.contourf(x, x, heights, levels=np.linspace(-0.1, 1.1, 13), cmap="Greens")
figure.colorbar(levels, label="height")
axes.plot(*samples.T, "k.", markersize=2, label="samples: height 0.5 ± 0.05")
axes.plot(*top.x, "r*", markersize=12, label="top")
axes.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), xlabel="x", ylabel="y")
axes.legend()
plt.show()
