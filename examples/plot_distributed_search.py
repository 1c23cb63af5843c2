"""
A grid search on a cluster
==========================

How large should the matrix be, and how strong the regularisation?  By default the
evidence decides both, in one fit.  A grid search over them is many independent fits,
which the scheduler of dask gives to the workers of a cluster.  Here the "cluster" is
two processes on this machine; on a real one only the line that makes it differs.
"""

# %%
# Data and search
# ---------------
# A function of two variables with noise.  Nothing in the search knows of a cluster.
# With ``n_jobs=1`` the starts of each fit stay together on one worker: there are more
# fits than workers anyway.
import joblib
import matplotlib.pyplot as plt
import numpy as np
from distributed import Client, LocalCluster
from sklearn.model_selection import GridSearchCV

from pmm_sklearn import PMMRegressor
from pmm_sklearn.datasets import make_test_function

surface = make_test_function("franke", n_samples=100, random_state=0)
X, y = surface.data, surface.target.copy()
y += 0.1 * y.std() * np.random.RandomState(0).standard_normal(y.shape)

sizes, penalties = [3, 4, 5, 7], [1e-4, 1e-2, 1e-1, 1.0, 10.0]
grid = {"matrix_size": sizes, "alpha": penalties}
model = PMMRegressor(max_iter=200, tol=1e-2, n_init=2, n_jobs=1, random_state=0)
search = GridSearchCV(model, grid, cv=3, scoring="neg_root_mean_squared_error")

# %%
# On the cluster
# --------------
# Worker processes import this file again, so that what starts them must be kept from
# them.
if __name__ == "__main__":
    cluster = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0")
    with cluster, Client(cluster), joblib.parallel_config(backend="dask"):
        search.fit(X, y)
    print(f"{len(search.cv_results_['params'])} models, best: {search.best_params_}")

# %%
# The scores
# ----------
# Error of cross validation over the standard deviation of the targets; the noise is
# 0.1.  With hardly any regularisation all but the smallest matrices follow the
# noise; with too much, none follows the data.
if __name__ == "__main__":
    shape = len(penalties), len(sizes)
    errors = -search.cv_results_["mean_test_score"].reshape(shape) / y.std()

    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    image = axes.imshow(errors, origin="lower", aspect="auto", cmap="Blues")
    axes.set_xticks(range(shape[1]), sizes)
    axes.set_yticks(range(shape[0]), [f"{alpha:g}" for alpha in penalties])
    for (row, column), error in np.ndenumerate(errors):
        color = "white" if error > errors.mean() + 0.1 else "black"
        axes.text(column, row, f"{error:.2f}", color=color, ha="center", va="center")
    axes.set(xlabel="matrix_size", ylabel="alpha", title="error of cross validation")
    figure.colorbar(image, label="error / standard deviation of y")
    plt.show()
