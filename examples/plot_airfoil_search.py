"""
Airfoil noise: a pipeline and a grid search
===========================================

How loud is a wing?  NASA measured the noise of airfoils in a wind tunnel.  We put a
transformer before the model, search its settings by cross-validation, and look at
what the chosen model says about each quantity.
"""

# %%
# The data
# --------
# 1503 measurements of five quantities.  A third of them is enough to train on.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.inspection import PartialDependenceDisplay
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from pmm_sklearn import PMMRegressor
from pmm_sklearn.datasets import load_airfoil

airfoil = load_airfoil()
X_train, X_test, y_train, y_test = train_test_split(
    airfoil.data, airfoil.target, train_size=0.35, random_state=0
)
print(f"{len(X_train)} measurements to train on, {len(X_test)} to test on")

# %%
# Pipeline and search
# -------------------
# Frequencies span two decades.  Does their logarithm serve better?  "passthrough" is
# the frequency itself.  No scaler is needed, the model has its own.
logarithm = FunctionTransformer(np.log, feature_names_out="one-to-one")
features = ColumnTransformer([("frequency", logarithm, [0])], remainder="passthrough")
pipeline = Pipeline(
    [
        ("features", features),
        ("pmm", PMMRegressor(n_init=1, tol=0.05, random_state=0)),
    ]
)
grid = {
    "features__frequency": [logarithm, "passthrough"],
    "pmm__matrix_size": [5, 7],
    "pmm__alpha": ["auto", 1.0],
}
search = GridSearchCV(pipeline, grid, cv=3, scoring="neg_mean_absolute_error")
search.fit(X_train, y_train)

for row in np.argsort(search.cv_results_["rank_test_score"]):
    parameters = search.cv_results_["params"][row]
    is_logarithm = (
        parameters["features__frequency"] is not grid["features__frequency"][1]
    )
    print(
        f"{-search.cv_results_['mean_test_score'][row]:.2f} dB: "
        f"{'log(frequency)' if is_logarithm else 'frequency     '}  "
        f"matrix_size={parameters['pmm__matrix_size']}  "
        f"alpha={parameters['pmm__alpha']}"
    )

# %%
# "auto" maximises the evidence, which gives every feature a width of its own.  A fixed
# ``alpha`` is one number for all matrices; whether it serves as well depends on the
# data.  Small differences are within the scatter of the folds.

# %%
# What it learned
# ---------------
# Left: the measurements that it has not seen.  Right: the mean prediction when one
# quantity is changed and all others stay.
predicted = search.predict(X_test)
error = np.mean(np.abs(predicted - y_test))
print(f"mean absolute error on the test set: {error:.2f} dB")

figure, axes = plt.subplots(1, 3, figsize=(11, 3.6), layout="constrained")
axes[0].plot([100, 142], [100, 142], color="lightgray", linewidth=3)
axes[0].plot(y_test, predicted, ".", markersize=4, alpha=0.6)
axes[0].set(
    xlabel="measured level [dB]",
    ylabel="predicted level [dB]",
    title=f"test set: error {error:.2f} dB",
)
PartialDependenceDisplay.from_estimator(
    search,
    X_train,
    [0, 4],
    feature_names=["frequency [Hz]", "angle", "chord", "velocity", "thickness [m]"],
    grid_resolution=50,
    ax=axes[1:],
)
axes[1].set(ylabel="mean predicted level [dB]", title="change of the frequency")
axes[2].set(ylabel="", title="change of the thickness")
plt.show()
