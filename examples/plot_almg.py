"""
A phase transition that was not in the data
===========================================

1000 spins with a phase transition at a coupling of 0.2, and no data between 0.1 and
0.3.  The Hamiltonian conserves a parity.  An emulator that knows this has two blocks,
one for each parity, and their levels may come as close as they like.  An emulator
without blocks has to learn that from the energies.  This is the figure of the paper
on parametric matrix models, with both.
"""

# %%
# Data
# ----
# The lowest energy of each parity, and the order parameter :math:`\langle n \rangle`,
# for the anharmonic Lipkin-Meshkov-Glick model.  Each point is the diagonalisation of
# a matrix of side 1001.
import matplotlib.pyplot as plt
import numpy as np

from pmm_sklearn import PMMEmulator
from pmm_sklearn.datasets import make_almg
from pmm_sklearn.targets import Level, Observable

spins = make_almg()
print(spins.X_train.shape, spins.target_names)

# %%
# Two emulators
# -------------
# With sectors: real symmetric blocks of sides 4 and 3.  Without: a complex Hermitian
# matrix of side 9 and a penalty on sudden changes of its eigenvectors, as in the
# paper.
with_sectors = PMMEmulator(
    (4, 3),
    targets=[Level(0, sector=0), Level(0, sector=1), Observable("n", sector=0)],
    matrix_type="symmetric",
    random_state=0,
)
without_sectors = PMMEmulator(
    9,
    targets=[Level(0), Level(1), Observable("n")],
    smoothness=1e-7,
    paths=[np.linspace(0, 1, 50)[:, np.newaxis]],
    random_state=0,
)
models = {"two parity sectors": with_sectors, "no structure": without_sectors}
predictions = {}
for name, model in models.items():
    model.fit(spins.X_train, spins.y_train)
    predictions[name] = model.predict(spins.X_test)
    errors = np.abs(predictions[name] - spins.y_test)[spins.withheld].mean(axis=0)
    print(
        f"{name:<20}{model.n_parameters_:4d} parameters, mean errors in the window: "
        + ", ".join(f"{e:.1e}" for e in errors)
    )

# %%
# The figure
# ----------
# Grey: the window without data.  Lower row: errors, on a logarithmic axis.
xi = spins.X_test[:, 0]
figure, axes = plt.subplots(
    2, 2, figsize=(9, 6), sharex=True, layout="constrained", height_ratios=[2, 1]
)
titles = {0: "ground energy per spin", 2: r"order parameter $\langle n\rangle/N$"}
for column, (target, title) in enumerate(titles.items()):
    top, bottom = axes[:, column]
    top.plot(xi, spins.y_test[:, target], color="lightgray", linewidth=7, label="exact")
    for (name, predicted), color in zip(predictions.items(), ("C0", "C3"), strict=True):
        top.plot(xi, predicted[:, target], color=color, label=name)
        error = np.abs(predicted - spins.y_test)[:, target]
        bottom.semilogy(xi, error, color=color)
    top.plot(spins.X_train, spins.y_train[:, target], "k.", label="training points")
    top.set(title=title)
    bottom.set(xlabel=r"coupling $\xi$", ylim=(1e-7, 1))
    for panel in (top, bottom):
        panel.axvspan(0.1, 0.3, color="0.95", zorder=0)
axes[0, 0].legend()
axes[1, 0].set_ylabel("error")
plt.show()
