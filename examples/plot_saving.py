"""
Saving and loading
==================

Three ways to keep a fitted model: joblib for yourself, skops for files that others
send, and NumPy arrays for programs that know nothing of this package.
"""

# %%
# A model
# -------
# An emulator of three levels of a system with five.
import tempfile
from pathlib import Path

import joblib
import matplotlib.pyplot as plt
import numpy as np

from pmm_sklearn import PMMEmulator

rng = np.random.RandomState(1)
field, coupling = (half + half.T for half in rng.standard_normal((2, 5, 5)))
couplings = np.linspace(-1, 1, 12)[:, np.newaxis]
energies = np.linalg.eigvalsh(field + couplings[:, :, np.newaxis] * coupling)[:, :3]
emulator = PMMEmulator(5, matrix_type="symmetric", random_state=0)
emulator.fit(couplings, energies)
expected = emulator.predict(couplings)
folder = Path(tempfile.mkdtemp())

# %%
# joblib
# ------
# The whole estimator.  Loading such a file can run any code: load your own only.  A
# file of another version of the package is loaded with a warning.
joblib.dump(emulator, folder / "emulator.joblib")
again = joblib.load(folder / "emulator.joblib")
print("joblib:", np.array_equal(again.predict(couplings), expected))

# %%
# skops
# -----
# The whole estimator, but nothing is run that is not trusted by name.
try:
    import skops.io
except ImportError:
    print("skops is not installed")
else:
    skops.io.dump(emulator, folder / "emulator.skops")
    names = skops.io.get_untrusted_types(file=folder / "emulator.skops")
    print("skops asks for trust in:", names)
    again = skops.io.load(folder / "emulator.skops", trusted=names)
    print("skops:", np.array_equal(again.predict(couplings), expected))

# %%
# NumPy arrays
# ------------
# The matrices, what error bars are made of, and a description in JSON.  Another program
# needs four lines: read, form the Hamiltonian, diagonalise.
emulator.to_npz(folder / "emulator.npz")
again = PMMEmulator.from_npz(folder / "emulator.npz")
print("npz:", np.array_equal(again.predict(couplings), expected))

with np.load(folder / "emulator.npz") as file:
    constant, slope = file["matrices"]
many = np.linspace(-1.5, 1.5, 200)
levels = np.linalg.eigvalsh(constant + many[:, np.newaxis, np.newaxis] * slope)

for path in sorted(folder.iterdir()):
    print(f"{path.name:<18}{path.stat().st_size:6d} bytes")

# %%
# The picture is drawn from the arrays in the file.
figure, axes = plt.subplots(figsize=(6.5, 4), layout="constrained")
axes.plot(many, levels, color="C0")
axes.plot(couplings, energies, "k.", markersize=4)
axes.plot([], [], color="C0", label="levels of the matrices in the file")
axes.plot([], [], "k.", label="training points")
axes.set(xlabel="coupling", ylabel="energy", title="read without pmm_sklearn")
axes.legend(loc="upper center")
plt.show()
