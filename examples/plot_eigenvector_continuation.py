"""
Eigenvector continuation and parametric matrix models
=====================================================

Eigenvector continuation projects a known Hamiltonian on eigenvectors at a few
parameters.  It needs the matrices and no training, its energies are upper bounds, and
few methods are as accurate, unless the system is large: eigenvectors of many particles
at different parameters have almost no overlap.  A parametric matrix model needs no
vectors, only energies.
"""

# %%
# Spins in a field
# ----------------
# ``N`` spins without interaction in a field of direction ``(1, c)``.  The ground energy
# per spin does not depend on ``N``; the eigenvectors do.
import matplotlib.pyplot as plt
import numpy as np

from pmm_sklearn import EigenvectorContinuation, PMMEmulator
from pmm_sklearn.datasets import make_noninteracting_spins

sizes = 2 ** np.arange(1, 9)
errors: dict[str, list] = {"eigenvector continuation": [], "PMM 2 x 2": []}
curves = {}
for n_spins in sizes:
    spins = make_noninteracting_spins(int(n_spins))
    continuation = EigenvectorContinuation(spins.terms).fit(spins.X_train)
    emulator = PMMEmulator(2, random_state=0).fit(spins.X_train, spins.y_train)
    outputs = (continuation.predict(spins.X_test), emulator.predict(spins.X_test))
    for name, predicted in zip(errors, outputs, strict=True):
        errors[name].append(np.max(np.abs(predicted - spins.y_test)))
    if n_spins in (4, 16, 64, 256):
        curves[f"continuation, {n_spins} spins"] = outputs[0]
for name, values in errors.items():
    print(f"{name:<26}" + " ".join(f"{value:8.1e}" for value in values))

# %%
# The pictures
# ------------
# Left: between the five training points all is well.  Right: the largest error for
# ``c`` from -2 to 2.
figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 4), layout="constrained")
for name, energies in curves.items():
    left.plot(spins.X_test, energies, label=name)
left.plot(spins.X_test, spins.y_test, "0.8", linewidth=7, zorder=0, label="exact")
left.plot(spins.X_test, outputs[1], "k--", label="PMM, 256 spins")
left.plot(spins.X_train, spins.y_train, "k.", markersize=9, label="training points")
left.set(xlabel="field c", ylabel="ground energy per spin")
left.legend(fontsize="small", loc="upper left")
for (name, values), style in zip(errors.items(), ("C1o-", "ks--"), strict=True):
    right.loglog(sizes, np.maximum(values, 1e-16), style, label=name)
right.set(xlabel="number of spins", ylabel="largest error of the energy per spin")
right.set_xscale("log", base=2)
right.legend()
plt.show()

# %%
# For few spins continuation is exact, and it needed no training.  If the matrices of
# the Hamiltonian are at hand, try it first.
