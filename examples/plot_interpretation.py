"""
What a fitted model has learned
===============================

A parametric matrix model has a few small matrices, and these can be looked at: the
noise of an airfoil, measured by NASA, as a function of five features.
"""

# %%
# The fit
# -------
import matplotlib.pyplot as plt
import numpy as np
from sklearn.inspection import PartialDependenceDisplay
from sklearn.metrics import PredictionErrorDisplay
from sklearn.model_selection import train_test_split

from pmm_sklearn import PMMRegressor
from pmm_sklearn.datasets import load_airfoil
from pmm_sklearn.inspection import (
    LengthScalesDisplay,
    LossCurveDisplay,
    MatrixDisplay,
    PredictionDisplay,
    SpectrumDisplay,
    canonical_gauge,
    commutator_norms,
    feature_influence,
    find_sectors,
    level_contributions,
)

X, y = load_airfoil(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
model = PMMRegressor(5, 2, n_average=1, random_state=0).fit(X_train, y_train)
print(f"R^2 on test data: {model.score(X_test, y_test):.3f}")

# %%
# All starts, and the one that was chosen, as the logarithm of its evidence grew: the
# distance to the best.
LossCurveDisplay.from_estimator(model)

# %%
# The length scales that it found, against the spread of the features: predictions bend
# most along the longest bar.  They say nothing of features in which predictions are
# linear: how much these matter, ``feature_influence`` says.
LengthScalesDisplay.from_estimator(model, X_train)

# %%
# The displays of scikit-learn work as for any regressor.
figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
PredictionErrorDisplay.from_estimator(model, X_test, y_test, ax=axes[0])
display = PartialDependenceDisplay.from_estimator(
    model, X_train, ["frequency"], ax=axes[1]
)
axes[0].set(xlabel="predicted level (dB)", ylabel="actual - predicted (dB)")
display.axes_[0, 0].set(xlabel="frequency (Hz)", ylabel="mean predicted level (dB)")

# %%
# By default several models are averaged, from different starts.  How far these agree
# says what the data leave open: residuals of some samples, with error bars, and in grey
# those of each model alone.
average = PMMRegressor(3, n_init=2, n_average=2, random_state=0)
average.fit(X_train, y_train)
PredictionDisplay.from_estimator(
    average, X_test[::6], y_test[::6], kind="residual_vs_predicted", members=True
)

# %%
# Which features matter
# ---------------------
# Two numbers for each feature, both for a change by one standard deviation: the
# largest change of any level of the matrix that is possible at all, which is a spectral
# norm, and the mean slope of the prediction.
spread = X_train.std().to_numpy()
bound = feature_influence(model).levels * spread
slope = np.abs(model.predict_gradient(X_train)).mean(axis=0) * spread
figure, axes = plt.subplots(1, 2, figsize=(9, 3), sharey=True, layout="constrained")
axes[0].barh(X.columns, bound)
axes[0].set_xlabel("bound for levels (units of H)")
axes[1].barh(X.columns, slope, color="C1")
axes[1].set_xlabel("mean slope of the prediction (dB)")
axes[0].invert_yaxis()

# %%
# Which levels carry the prediction
# ---------------------------------
# Of the matrix's levels, two are read out.  Shares are fractions of the variance of the
# predictions; a negative one works against the other.
terms = level_contributions(model, X_train)
for level, share in enumerate(terms.shares[0]):
    print(f"level {level}: {share:+.2f} of the variance")
SpectrumDisplay.from_estimator(model, X_train, "frequency")

# %%
# The matrices
# ------------
# In the basis where the Hamiltonian of the mean features is diagonal.  Each of the
# others changes the levels through its diagonal, and mixes them through the rest, whose
# real parts are above the line and whose imaginary parts are below it.
mean = X_train.mean()
MatrixDisplay.from_estimator(model, reference=mean)
canonical = canonical_gauge(model, reference=mean)
print(f"predictions unchanged: {np.allclose(canonical.predict(X), model.predict(X))}")

# %%
# Nothing is conserved here: there is a single sector, and no two matrices commute.
print(f"sectors: {find_sectors(model).block_sizes}")
print(commutator_norms(model).round(2))
plt.show()
