"""
Probabilities of a classifier
=============================

Two half moons with so much noise that no classifier can always be right.  How probable
each class is can be calculated here, and what three classifiers have learned from 300
points be held against it.
"""

# %%
# The problem
# -----------
# Points of two half circles, moved at random.  The density of a class is the mean of
# normal distributions around the points of its half circle.
import matplotlib.pyplot as plt
import numpy as np
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibrationDisplay
from sklearn.datasets import make_moons
from sklearn.ensemble import RandomForestClassifier
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.gaussian_process.kernels import RBF
from sklearn.inspection import DecisionBoundaryDisplay
from sklearn.metrics import log_loss

from pmm_sklearn import PMMClassifier

NOISE = 0.35
X_train, y_train = make_moons(300, noise=NOISE, random_state=0)
X_test, y_test = make_moons(4000, noise=NOISE, random_state=1)


class ExactClassifier(ClassifierMixin, BaseEstimator):
    """Knows the half circles; there is nothing to learn but the labels."""

    def fit(self, X, y):
        """Note the labels."""
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        """Probabilities of the two classes."""
        circles = make_moons(500, shuffle=False)[0]
        distances = np.sum((X[:, np.newaxis] - circles) ** 2, axis=2)
        shares = softmax(-distances / (2 * NOISE**2), axis=1)
        return shares.reshape(len(X), 2, 250).sum(axis=2)


# %%
# What is learned
# ---------------
# Colours are probabilities, and the line is where both classes are equally probable.
# The log-loss is that of 4000 other points; none is expected below the exact one.  Far
# from all points a Gaussian process knows nothing, and the others go on as they were.
classifiers = {
    "exact": ExactClassifier(),
    "PMMClassifier": PMMClassifier(random_state=0),
    "Gaussian process": GaussianProcessClassifier(1.0 * RBF(), random_state=0),
    "random forest": RandomForestClassifier(random_state=0),
}
figure, axes = plt.subplots(
    1, 4, figsize=(12, 3.7), sharex=True, sharey=True, layout="constrained"
)
for axis, (name, classifier) in zip(axes, classifiers.items(), strict=True):
    classifier.fit(X_train, y_train)
    options = {"response_method": "predict_proba", "ax": axis, "eps": 0.3}
    surface = DecisionBoundaryDisplay.from_estimator(
        classifier,
        X_train,
        levels=np.linspace(0, 1, 21),
        cmap="RdBu_r",
        **options,
    ).surface_
    DecisionBoundaryDisplay.from_estimator(
        classifier,
        X_train,
        plot_method="contour",
        levels=[0.5],
        colors="black",
        **options,
    )
    axis.scatter(*X_train.T, c=y_train, cmap="RdBu_r", s=16, edgecolors="white", lw=0.6)
    loss = log_loss(y_test, classifier.predict_proba(X_test))
    axis.set(title=f"{name}\nlog-loss {loss:.3f}", xlabel="", ylabel="")
_ = figure.colorbar(surface, ax=axes, label="probability of red", ticks=[0, 0.5, 1])

# %%
# Whether they can be taken at their word
# ---------------------------------------
# Of the points with a probability of 0.8, eight of ten should be red.  That is not all:
# the forest is about right on average, but has its large log-loss from points of which
# it was certain, and wrong.  PMMClassifier has learned how sure it may be: where it
# says 0.57, 56 % of the points are red, and where it says 0.82, 90 %.
figure, axis = plt.subplots(figsize=(5, 4.5), layout="constrained")
for name, classifier in classifiers.items():
    CalibrationDisplay.from_estimator(
        classifier, X_test, y_test, n_bins=8, name=name, ax=axis
    )
axis.set(xlabel="predicted probability of red", ylabel="fraction of red points")
plt.show()
