"""
Trotter steps extrapolated to zero
==================================

A quantum computer moves in steps of time, and long steps are wrong.  Short steps need
more gates than it can do.  So energies are measured with long steps of several lengths
and extrapolated to zero, where polynomials are not good guides: the energies bend and
cross.  A model that is itself a product of time evolutions has the right shape.
"""

# %%
# Ten measurements
# ----------------
# The three lowest energies of a chain of ten spins, for ten time steps: the
# instance of the paper.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

from pmm_sklearn import UnitaryPMMEmulator
from pmm_sklearn.datasets import make_heisenberg_dm_trotter

chain = make_heisenberg_dm_trotter()
print(chain.X_train[:, 0].round(4))

# %%
# Model
# -----
# Five factors of side 9, as in the paper; :class:`~pmm_sklearn.UnitaryPMMEmulator` has
# these defaults.
model = UnitaryPMMEmulator(random_state=0).fit(chain.X_train, chain.y_train)
cubic = make_pipeline(PolynomialFeatures(3), LinearRegression())
cubic.fit(chain.X_train, chain.y_train)

exact = chain.y_test[0]
for name, fitted in (("PMM", model), ("cubic polynomial", cubic)):
    error = np.abs(fitted.predict([[0.0]])[0] / exact - 1)
    print(f"{name:<18} relative errors at dt = 0: {error.round(6)}")

# %%
# In the picture
# --------------
# Open circles: energies that no model has seen, two validation points and those of the
# Hamiltonian itself, at zero.
steps = np.linspace(-0.078, 0.078, 300)[:, np.newaxis]
unseen = np.vstack([chain.X_validation, chain.X_test])
energies = np.vstack([chain.y_validation, chain.y_test])
figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
polynomials = axes.plot(steps, cubic.predict(steps), "C1--")
curves = axes.plot(steps, model.predict(steps), "C0")
dots = axes.plot(chain.X_train, chain.y_train, "k.")
circles = axes.plot(unseen, energies, "ro", markersize=9, fillstyle="none")
axes.legend(
    [dots[0], curves[0], polynomials[0], circles[0]],
    ["training points", "UnitaryPMMEmulator", "cubic polynomial", "exact, not seen"],
)
axes.set(xlabel="time step dt", ylabel="energy")
plt.show()
